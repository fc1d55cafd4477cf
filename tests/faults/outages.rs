//! Processes, broker and database go away under load and come back.

use std::time::{Duration, Instant};

use chatty_testkit::eventually;
use serde_json::{Value, json};

use crate::{
    cluster::{Cluster, PLAIN, Plan},
    ledger::Load,
    world::rounds,
};

/// Two relays and two consumers at once of each service that consumes.
const DOUBLE: Plan = Plan {
    processes: &[
        (&["auth"], 1),
        (&["posts"], 2),
        (&["subscriptions"], 2),
        (&["platform", "email"], 1),
        (&["router"], 1),
    ],
    variables: &[],
};

/// Says how long the API took to answer well again. A figure, not a test: the wait itself has its limit.
async fn first_good_answer(cluster: &Cluster, after: &str) {
    let (anybody, fault) = (cluster.remote().anonymous(), Instant::now());
    let query = "{ posts(first: 1) { nodes { id author { username followerCount } } } serverInfo { name } }";
    eventually("the first good answer", async || {
        let reply = anybody.try_send(query, Value::Null).await;
        reply.is_ok_and(|reply| reply.status == 200 && reply.body["errors"].is_null())
    })
    .await;
    println!("first good answer {} ms after {after}", fault.elapsed().as_millis());
}

#[tokio::test(flavor = "multi_thread")]
async fn any_process_may_be_killed_while_people_write() {
    let mut cluster = Cluster::start(&DOUBLE).await;
    let load = Load::start(&cluster.remotes).await;
    for _ in 0..rounds() {
        for at in 0..cluster.processes.len() {
            load.more(10).await;
            cluster.processes[at].replace();
            let name = cluster.processes[at].name().to_owned();
            first_good_answer(&cluster, &format!("{name} was killed")).await;
        }
    }
    load.more(10).await;
    load.verify(cluster.remote(), cluster.settle()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_broker_may_be_gone_for_a_while() {
    let cluster = Cluster::start(&PLAIN).await;
    let load = Load::start(&cluster.remotes).await;
    for _ in 0..rounds() {
        load.more(10).await;
        cluster.servers.order("kill-rabbitmq");
        // Who writes does not notice.
        let failed = load.failed();
        load.more(30).await;
        assert_eq!(load.failed(), failed);
        cluster.servers.order("start-rabbitmq");
        load.more(10).await;
    }
    load.verify(cluster.remote(), cluster.settle()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_may_be_killed() {
    let cluster = Cluster::start(&PLAIN).await;
    let load = Load::start(&cluster.remotes).await;
    for _ in 0..rounds() {
        load.more(20).await;
        cluster.servers.order("kill-postgres");
        first_good_answer(&cluster, "PostgreSQL was killed and started").await;
        load.more(20).await;
    }
    load.verify(cluster.remote(), cluster.settle()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subgraph_that_does_not_answer_takes_only_its_own_fields_with_it() {
    const DEADLINE: Plan =
        Plan { processes: PLAIN.processes, variables: &[("CHATTY_ROUTER__LIMITS__SUBGRAPH_TIMEOUT_MS", "1000")] };
    let mut cluster = Cluster::start(&DEADLINE).await;
    let ana = cluster.remote().register("ana").await;
    let post = ana.post("still here").await;
    let query = "query($post: ID!) { post(id: $post) { body author { username followerCount } } serverInfo { name } }";
    let ask = async || ana.send(query, json!({"post": post})).await;
    eventually("all subgraphs answer", async || ask().await.body["errors"].is_null()).await;

    cluster.process("subscriptions-1").hold();
    let reply = tokio::time::timeout(Duration::from_secs(20), ask()).await.expect("the deadline is kept");
    let author = &reply.body["data"]["post"]["author"];
    assert_eq!(reply.body["data"]["post"]["body"], "still here");
    assert_eq!(reply.body["data"]["serverInfo"]["name"], "chatty");
    assert_eq!(reply.status, 200);
    // The deadline passes, or the router has noticed before that nobody answers.
    assert!(["TIMEOUT", "SUBGRAPH_UNAVAILABLE"].contains(&reply.codes()[0]), "{:?}", reply.body);
    let path = reply.body["errors"][0]["path"].as_array().expect("a path");
    assert_eq!(path[..2], [json!("post"), json!("author")], "{author}");

    cluster.process("subscriptions-1").release();
    eventually("the subgraph is back", async || ask().await.body["errors"].is_null()).await;
}
