//! A process under test: how it is started, and what the system says that it uses.

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    thread,
    time::Duration,
};

/// CPU time in `/proc` is counted in hundredths of a second, whatever the machine.
const TICKS_PER_SECOND: f64 = 100.0;

/// A running process, which is killed when this is dropped.
pub(crate) struct Process {
    child: Child,
    /// Our own children end when it closes.
    _stdin: Option<ChildStdin>,
}

impl Process {
    /// Starts a command and waits until it accepts connections at `address`.
    pub(crate) fn start(command: &mut Command, address: SocketAddr) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", command.get_program().display()));
        while TcpStream::connect(address).is_err() {
            if let Some(status) = child.try_wait().expect("it is our child") {
                panic!("{} ended with {status}", command.get_program().display());
            }
            thread::sleep(Duration::from_millis(10));
        }
        Self { child, _stdin: None }
    }

    /// Starts this program in another role, which says where it listens, a line an address.
    pub(crate) fn ourselves(role: &str, input: &str, addresses: usize) -> (Self, Vec<String>) {
        let own = std::env::current_exe().expect("the system knows what runs");
        let mut child =
            Command::new(own).arg(role).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("we run already");
        let mut stdin = child.stdin.take().expect("it is piped");
        stdin.write_all(format!("{input}\n").as_bytes()).expect("it reads");
        let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let urls = lines.take(addresses).map(|line| line.expect("it says where")).collect();
        (Self { child, _stdin: Some(stdin) }, urls)
    }

    /// Seconds of CPU that it has used, in the kernel and outside.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        let stat = self.read("stat");
        // The name before the last parenthesis may hold anything.
        let (_, fields) = stat.rsplit_once(')').expect("as proc(5) says");
        let ticks = fields.split_whitespace().skip(11).take(2).map(|field| field.parse::<f64>().expect("a number"));
        ticks.sum::<f64>() / TICKS_PER_SECOND
    }

    /// Resident memory in MiB.
    pub(crate) fn resident_mib(&self) -> f64 {
        let status = self.read("status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("as proc(5) says");
        line.trim().trim_end_matches(" kB").parse::<f64>().expect("a number") / 1024.0
    }

    /// Open descriptors.
    pub(crate) fn descriptors(&self) -> usize {
        std::fs::read_dir(self.proc("fd")).expect("it runs").count()
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.proc(file)).expect("it runs")
    }

    fn proc(&self, file: &str) -> std::path::PathBuf {
        Path::new("/proc").join(self.child.id().to_string()).join(file)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// An address on this machine at which nobody listens.
pub(crate) fn free_address() -> SocketAddr {
    let probe = std::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port");
    probe.local_addr().expect("it is bound")
}
