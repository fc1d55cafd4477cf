//! A running email consumer on a temporary database and an in-process bus, and the events that others send it.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use chatty_access::Keys;
use chatty_bus::{
    Bus, InProcess,
    relay::{self, Turn},
    settled,
};
use chatty_email::{Delivery, MAILBOX_PATH};
use chatty_events::{
    Envelope, Event,
    auth::UserDeleted,
    email::{MessageRequested, RecipientChanged, Template},
};
use chatty_kit::{Env, Exposure, Storage, Tasks, Worker, http};
use chatty_scratch::Scratch;
use chatty_store::{Db, query};
use chatty_types::{Clock, Cursors, Secret, UserId};
use serde_json::Value;
use tokio::net::TcpListener;
use uuid::Uuid;

pub(crate) struct World {
    pub(crate) env: Env,
    pub(crate) worker: Worker,
    pub(crate) http: reqwest::Client,
    bus: Arc<InProcess>,
    address: String,
    _scratch: Scratch,
}

impl Drop for World {
    fn drop(&mut self) {
        self.env.tasks.stop();
    }
}

impl World {
    /// With a mailbox.
    pub(crate) async fn start() -> Self {
        Self::with(Delivery::Mailbox).await
    }

    pub(crate) async fn with(delivery: Delivery) -> Self {
        let scratch = Scratch::new().await;
        let clock = Clock::system();
        let bus = Arc::new(InProcess::new(clock.clone(), &[chatty_email::GROUP]));
        let env = Env {
            clock: clock.clone(),
            cursors: Cursors::new(&Secret::new(&[5; 32]).unwrap()),
            keys: Keys::default(),
            bus: bus.clone(),
            tasks: Tasks::default(),
            public_url: "http://chatty.test".to_owned(),
            storage: Storage::folder(scratch.folder()).with_database(scratch.database_url().map(str::to_owned)),
            exposure: Exposure::InProcess,
        };
        let worker = chatty_email::worker(&env, delivery).await.unwrap();
        for consumer in worker.consumers.clone() {
            env.tasks.spawn(bus.consume(consumer, env.tasks.stopping()));
        }
        let stop = env.tasks.stopping();
        env.tasks.spawn(relay::run(worker.name, worker.db.clone(), bus.clone(), clock, Turn::Alone, stop));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        env.tasks.spawn(http::serve(listener, worker.routes.clone(), env.tasks.clone()));
        Self { env, worker, http: reqwest::Client::new(), bus, address, _scratch: scratch }
    }

    pub(crate) fn db(&self) -> &Db {
        &self.worker.db
    }

    /// The URL of the mailbox, with a query behind it.
    pub(crate) fn mailbox(&self, query: &str) -> String {
        format!("{}{MAILBOX_PATH}{query}", self.address)
    }

    pub(crate) async fn publish(&self, event: &impl Event) {
        self.bus.publish(&[Envelope::new(&self.env.clock, event)]).await.unwrap();
    }

    /// Publishes, and waits until it has been handled.
    pub(crate) async fn tell(&self, event: &impl Event) {
        self.publish(event).await;
        let consumers = [(chatty_email::GROUP, self.db().clone())];
        let databases = std::slice::from_ref(self.db());
        self.until(async || settled(databases, &consumers, &self.env.clock).await.unwrap()).await;
    }

    /// Waits until `count` mails are SENT.
    pub(crate) async fn sent(&self, count: i64) {
        let rows = async || {
            let sent = query!("SELECT COUNT(1) FROM message WHERE state = 'SENT'");
            sent.fetch_one::<(i64,)>(self.db()).await.unwrap().0
        };
        self.until(async || rows().await >= count).await;
        assert_eq!(rows().await, count);
    }

    /// Waits until something holds that a commit brings about.
    pub(crate) async fn until(&self, mut holds: impl AsyncFnMut() -> bool) {
        let mut commits = self.db().commits();
        let waiting = async {
            while !holds().await {
                commits.changed().await.unwrap();
            }
        };
        tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("in time");
    }

    /// What programs read from the mailbox.
    pub(crate) async fn mails(&self, query: &str) -> Vec<Value> {
        let request = self.http.get(self.mailbox(query)).header("accept", "application/json");
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.json().await.unwrap()
    }

    pub(crate) fn user(&self) -> UserId {
        UserId::new(&self.env.clock)
    }

    /// Somebody whose address is known.
    pub(crate) async fn recipient(&self, address: &str, locale: &str) -> UserId {
        let user = self.user();
        self.tell(&recipient(user, address, locale, 1)).await;
        user
    }

    pub(crate) fn request(&self, to_user_id: UserId, template: Template) -> MessageRequested {
        MessageRequested {
            message_id: self.env.clock.uuid(),
            template,
            to_user_id,
            to_address: None,
            params: BTreeMap::from([("username".to_owned(), "ana".to_owned())]),
            secret: Some("T0ken-_".to_owned()),
            dedupe_key: None,
        }
    }

    pub(crate) fn deletion(&self, user_id: UserId) -> UserDeleted {
        UserDeleted { user_id, erasure_id: self.env.clock.uuid() }
    }

    /// State and secret of a message.
    pub(crate) async fn row(&self, id: Uuid) -> (String, Option<String>) {
        query!("SELECT state, secret FROM message WHERE id = $1").bind(id).fetch_one(self.db()).await.unwrap()
    }

    /// How many recipients and messages there are.
    pub(crate) async fn stored(&self) -> (i64, i64) {
        let counts = query!("SELECT (SELECT COUNT(1) FROM recipient), (SELECT COUNT(1) FROM message)");
        counts.fetch_one(self.db()).await.unwrap()
    }
}

pub(crate) fn recipient(user_id: UserId, address: &str, locale: &str, version: i64) -> RecipientChanged {
    let (address, locale) = (address.to_owned(), locale.to_owned());
    RecipientChanged { user_id, address, locale, time_zone: "UTC".to_owned(), verified: false, version }
}
