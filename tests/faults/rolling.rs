//! Processes are replaced one after the other, and nobody notices.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use chatty_testkit::{Client, Remote, eventually};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::cluster::{Cluster, Plan};

/// Two of everything that takes requests.
pub(crate) const PAIRS: Plan = Plan {
    processes: &[(&["auth", "platform"], 2), (&["posts"], 2), (&["subscriptions", "email"], 2), (&["router"], 2)],
    variables: &[("CHATTY_DRAIN_SECONDS", "2")],
};

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_under_load_fails_no_request() {
    let mut cluster = Cluster::start(&PAIRS).await;
    let ana = cluster.remote().register("ana").await;
    let balancer = Arc::new(Balancer::new(&cluster.remotes, &ana));
    let stop = Arc::new(AtomicBool::new(false));
    let answered = Arc::new(AtomicUsize::new(0));
    let mut clients = JoinSet::new();
    for client in 0..4 {
        let (balancer, stop, answered) = (Arc::clone(&balancer), Arc::clone(&stop), Arc::clone(&answered));
        clients.spawn(async move {
            for number in 0.. {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                balancer.request(&format!("{client} of {number}")).await;
                answered.fetch_add(1, Ordering::SeqCst);
            }
        });
    }
    let (looking, stopped) = (Arc::clone(&balancer), Arc::clone(&stop));
    clients.spawn(async move {
        while !stopped.load(Ordering::Relaxed) {
            looking.look().await;
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    });
    for at in 0..cluster.processes.len() {
        let wanted = answered.load(Ordering::SeqCst) + 20;
        eventually("requests are answered", async || answered.load(Ordering::SeqCst) >= wanted).await;
        let process = &mut cluster.processes[at];
        process.terminate();
        let ended = process.wait();
        assert!(ended.success(), "{} stops cleanly", process.name());
        process.start_again();
        // The next one goes when this one is back.
        let url = process.url().replace("/graphql", "");
        Remote::new(&format!("{url}/graphql")).ready().await;
        balancer.look().await;
    }
    stop.store(true, Ordering::Relaxed);
    while let Some(client) = clients.join_next().await {
        client.expect("no request fails");
    }
    println!("{} requests, none failed", answered.load(Ordering::SeqCst));
}

/// What stands before routers: sends requests to those that say they are ready.
struct Balancer {
    routers: Vec<(Client, Remote, AtomicBool)>,
    next: AtomicUsize,
}

impl Balancer {
    fn new(remotes: &[Remote], user: &Client) -> Self {
        let routers = remotes.iter().map(|remote| {
            let client = remote.anonymous().with_token(user.token().expect("signed in"));
            (client, remote.clone(), AtomicBool::new(true))
        });
        Self { routers: routers.collect(), next: AtomicUsize::new(0) }
    }

    async fn look(&self) {
        for (_, remote, ready) in &self.routers {
            ready.store(remote.is_ready().await, Ordering::SeqCst);
        }
    }

    /// A write and a read, which must succeed.
    async fn request(&self, body: &str) {
        let ready: Vec<_> = self.routers.iter().filter(|(.., ready)| ready.load(Ordering::SeqCst)).collect();
        let (client, ..) = ready[self.next.fetch_add(1, Ordering::Relaxed) % ready.len()];
        let post = client.post(body).await;
        let query = "query($post: ID!) { post(id: $post) { body author { username followerCount } } me { scopes } }";
        let data = client.query(query, json!({"post": post})).await;
        assert_eq!(data["post"]["body"], body);
        assert_ne!(data["post"]["author"]["followerCount"], Value::Null);
    }
}
