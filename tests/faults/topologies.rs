//! The README's operations give the same answers in every topology, and topologies that cannot work are refused.

use std::path::Path;

use chatty_scratch::Scratch;
use chatty_testkit::{Invocation, Readme, Remote, eventually};

use crate::{
    cluster::{Cluster, PLAIN, Plan},
    world::Servers,
};

/// A router with a service in its own process, and the others together in another.
const MIXED: Plan = Plan {
    processes: &[(&["auth", "router"], 1), (&["posts", "subscriptions", "platform", "email"], 1)],
    variables: &[],
};

fn readme() -> Readme {
    Readme::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"))
}

/// Everything in one process that is told `variables`.
fn one_process(scratch: &Scratch, name: &str, variables: &[(&str, &str)]) -> Invocation {
    Invocation::new(env!("CARGO_BIN_EXE_chatty"), scratch.folder(), name)
        .arguments(["--listen", "127.0.0.1:0"])
        .variables([("CHATTY_LOG", "warn"), ("CHATTY_DATA_DIR", name)])
        .variables(variables.iter().copied())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_readme_works_alike_in_every_topology() {
    let readme = readme();
    let embedded = {
        let (_servers, scratch) = (Servers::reserve().await, Scratch::new().await);
        let files = one_process(&scratch, "files", &[]).start(1);
        let embedded = readme.drive(&Remote::new(files.url())).await;
        assert!(embedded.len() >= 7, "every operation was run");

        // Posts on PostgreSQL, the others on files.
        let database = scratch.database_url().expect("CHATTY_TEST_DATABASE_URL");
        let both = one_process(&scratch, "both", &[("CHATTY_POSTS_DATABASE_URL", database)]).start(1);
        assert_eq!(embedded, readme.drive(&Remote::new(both.url())).await);
        let file = |name| scratch.folder().join("both").join(name);
        assert!(file("auth.sqlite").exists() && !file("posts.sqlite").exists());
        embedded
    };
    for plan in [&PLAIN, &MIXED] {
        let cluster = Cluster::start(plan).await;
        assert_eq!(embedded, readme.drive(cluster.remote()).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_broker_a_database_serves_one_process_and_the_next_when_that_was_killed() {
    let (_servers, scratch) = (Servers::reserve().await, Scratch::new().await);
    let database = scratch.database_url().expect("CHATTY_TEST_DATABASE_URL");
    let variables = [("CHATTY_DATABASE_URL", database)];
    let mut first = one_process(&scratch, "first", &variables).start(1);
    let refused = one_process(&scratch, "second", &variables).refused();
    assert!(refused.contains("another chatty process serves auth from the same database"), "{refused}");
    assert!(!refused.contains(database), "{refused}");
    first.kill();
    one_process(&scratch, "third", &variables).start(1).stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_start_together_on_an_empty_database_all_serve() {
    let (_servers, scratch) = (Servers::reserve().await, Scratch::new().await);
    let broker = scratch.broker().expect("CHATTY_TEST_BROKER_URL");
    let variables = [
        ("CHATTY_DATABASE_URL", scratch.database_url().expect("CHATTY_TEST_DATABASE_URL")),
        ("CHATTY_BROKER_URL", &broker.url),
        ("CHATTY_BROKER_PREFIX", &broker.prefix),
        ("CHATTY_PUBLIC_URL", "http://chatty.test"),
        ("CHATTY_SECRET", "a secret that only this test knows"),
    ];
    let starting: Vec<_> = (0..6)
        .map(|number| {
            let invocation = one_process(&scratch, &format!("process-{number}"), &variables);
            std::thread::spawn(move || invocation.start(1))
        })
        .collect();
    let processes: Vec<_> = starting.into_iter().map(|thread| thread.join().expect("it starts")).collect();
    // All of them serve, and hear of each other's events.
    let remotes: Vec<_> = processes.iter().map(|process| Remote::new(process.url())).collect();
    let (ana, bob) = (remotes[0].register("ana").await, remotes[1].register("bob").await);
    ana.follow(&bob).await;
    bob.post("seen everywhere").await;
    for remote in &remotes {
        let ana = remote.anonymous().with_token(ana.token().expect("signed in"));
        eventually("the post is in the feed", async || ana.feed().await == ["seen everywhere"]).await;
    }
}
