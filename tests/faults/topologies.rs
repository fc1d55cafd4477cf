//! The README's operations give the same answers in one process on SQLite and in separate processes on PostgreSQL and
//! RabbitMQ.

use std::path::Path;

use chatty_testkit::{Invocation, Readme, Remote};

use crate::cluster::{Cluster, PLAIN};

#[tokio::test(flavor = "multi_thread")]
async fn the_readme_works_alike_in_every_topology() {
    let readme = Readme::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"));
    let folder = tempfile::tempdir().expect("a folder");
    let invocation = Invocation {
        binary: env!("CARGO_BIN_EXE_chatty").into(),
        folder: folder.path().to_owned(),
        name: "chatty".to_owned(),
        arguments: ["--listen", "127.0.0.1:0"].map(str::to_owned).to_vec(),
        variables: vec![("CHATTY_LOG".to_owned(), "warn".to_owned())],
    };
    let one = invocation.start(1);
    let embedded = readme.drive(&Remote::new(one.url())).await;

    let cluster = Cluster::start(&PLAIN).await;
    let separate = readme.drive(cluster.remote()).await;
    assert!(embedded.len() >= 7, "every operation was run");
    assert_eq!(embedded, separate);
}
