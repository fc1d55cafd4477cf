//! An installation of separate processes.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::atomic::{AtomicU16, Ordering},
};

use chatty_bus::{Group, settled};
use chatty_scratch::Scratch;
use chatty_store::Db;
use chatty_testkit::{Invocation, Process, Remote, eventually};
use chatty_types::Clock;

use crate::world::Servers;

/// A running installation.
pub(crate) struct Cluster {
    pub(crate) processes: Vec<Process>,
    pub(crate) remotes: Vec<Remote>,
    scratch: Scratch,
    pub(crate) servers: Servers,
}

/// How many processes of each part, and what all are told.
pub(crate) struct Plan {
    /// Parts that run in one process, such as `["auth", "platform"]`, and in how many.
    pub(crate) processes: &'static [(&'static [&'static str], usize)],
    pub(crate) variables: &'static [(&'static str, &'static str)],
}

/// One process a part.
pub(crate) const PLAIN: Plan = Plan {
    processes: &[
        (&["auth"], 1),
        (&["posts"], 1),
        (&["subscriptions"], 1),
        (&["platform"], 1),
        (&["email"], 1),
        (&["router"], 1),
    ],
    variables: &[],
};

impl Cluster {
    /// Starts everything on a database of its own, and waits until its routers are ready.
    pub(crate) async fn start(plan: &Plan) -> Self {
        let servers = Servers::reserve().await;
        let scratch = Scratch::new().await;
        let broker = scratch.broker().expect("CHATTY_TEST_BROKER_URL: use `scripts/test-all faults`").clone();
        let mut variables = BTreeMap::from(
            [
                ("CHATTY_DATABASE_URL", scratch.database_url().expect("CHATTY_TEST_DATABASE_URL")),
                ("CHATTY_BROKER_URL", &broker.url),
                ("CHATTY_BROKER_PREFIX", &broker.prefix),
                ("CHATTY_SECRET", "a secret that only this test knows"),
                ("CHATTY_PUBLIC_URL", "http://chatty.test"),
                ("CHATTY_LOG", "warn"),
            ]
            .map(|(key, value)| (key.to_owned(), value.to_owned())),
        );
        variables.extend(plan.variables.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        let mut places = Vec::new();
        for (parts, count) in plan.processes {
            for number in 1..=*count {
                places.push((*parts, format!("{}-{number}", parts.join("-")), free_address()));
            }
        }
        for part in ["auth", "posts", "subscriptions", "platform", "email"] {
            let here: Vec<_> = places.iter().filter(|(parts, ..)| parts.contains(&part)).collect();
            let urls: Vec<_> = here.iter().map(|(.., address)| format!("http://{address}")).collect();
            variables.insert(format!("CHATTY_{}_URL", part.to_uppercase()), urls.join(","));
        }
        let mut processes = Vec::new();
        let mut remotes = Vec::new();
        for (parts, name, address) in places {
            let invocation = Invocation::new(env!("CARGO_BIN_EXE_chatty"), scratch.folder(), &name)
                .arguments(["serve"])
                .arguments(parts.iter().copied())
                .arguments(["--listen", &address.to_string()])
                .variables(variables.clone());
            processes.push(invocation.start(1));
            if parts.contains(&"router") {
                remotes.push(Remote::new(&format!("http://{address}/graphql")));
            }
        }
        for remote in &remotes {
            remote.ready().await;
        }
        Self { processes, remotes, scratch, servers }
    }

    /// The API by its first router.
    pub(crate) fn remote(&self) -> &Remote {
        &self.remotes[0]
    }

    /// The process of that name, such as `posts-1`.
    pub(crate) fn process(&mut self, name: &str) -> &mut Process {
        self.processes.iter_mut().find(|process| process.name() == name).expect("a process of the plan")
    }

    /// Waits until every event that was accepted has had its effect: each id of an outbox is in the inbox of every group
    /// that wants it.
    pub(crate) async fn settle(&self) {
        let clock = Clock::system();
        let posts = self.open("posts", &chatty_posts::migrations()).await;
        let subscriptions = self.open("subscriptions", &chatty_subscriptions::migrations()).await;
        let auth = self.open("auth", &chatty_auth::migrations()).await;
        let email = self.open("email", &chatty_email::migrations()).await;
        let consumers: [(Group, Db); 3] = [
            (chatty_posts::GROUP, posts.clone()),
            (chatty_subscriptions::GROUP, subscriptions.clone()),
            (chatty_email::GROUP, email.clone()),
        ];
        let databases = [auth, posts, subscriptions, email];
        eventually("every event has had its effect", async || {
            settled(&databases, &consumers, &clock).await.is_ok_and(|settled| settled)
        })
        .await;
        for db in databases {
            db.close().await;
        }
    }

    async fn open(&self, service: &'static str, migrations: &[chatty_store::Migration]) -> Db {
        Db::open_postgres(self.scratch.database_url().expect("a database"), service, migrations).await.unwrap()
    }
}

/// A port below those that the system takes for outgoing connections, so that a process that was killed finds its own
/// again.
fn free_address() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 12_000 + u16::try_from(std::process::id() % 6_000).expect("below 6,000");
    loop {
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}
