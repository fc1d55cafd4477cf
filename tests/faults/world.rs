//! The two servers, which all stories share and one at a time may harm.

use std::{path::Path, process::Command, sync::Arc};

use chatty_scratch::variable;
use tokio::sync::{Mutex, OwnedMutexGuard};

/// The right to harm the servers. Whoever has it finds both running.
pub(crate) struct Servers {
    _turn: OwnedMutexGuard<()>,
    folder: String,
}

impl Servers {
    /// Waits for its turn.
    pub(crate) async fn reserve() -> Self {
        static TURN: std::sync::LazyLock<Arc<Mutex<()>>> = std::sync::LazyLock::new(Arc::default);
        let turn = Arc::clone(&TURN).lock_owned().await;
        let folder =
            variable("CHATTY_TEST_SERVICES_DIR").expect("CHATTY_TEST_SERVICES_DIR: use `scripts/test-all faults`");
        let servers = Self { _turn: turn, folder };
        // An earlier story may have failed while one was down.
        servers.order("start");
        servers
    }

    /// Runs `scripts/services`, such as with `kill-rabbitmq`.
    pub(crate) fn order(&self, order: &str) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/services");
        let mut command = Command::new(script);
        command.arg(order).args(["--dir", &self.folder]);
        if order == "start" {
            command.arg("--fsync");
        }
        let output = command.output().expect("the script runs");
        assert!(output.status.success(), "{order}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// How often a story repeats its faults: once, unless the environment wants more.
pub(crate) fn rounds() -> usize {
    variable("CHATTY_TEST_FAULT_ROUNDS").map_or(1, |text| text.parse().expect("CHATTY_TEST_FAULT_ROUNDS is a number"))
}
