//! The email consumer: takes requests for mail from the bus, writes the mail in the reader's language, and delivers it.
//!
//! - **Owns** recipients (addresses, languages, time zones) and messages, the mails with what became of them.
//! - **Publishes** `email.erasure.completed`.
//! - **Consumes** `email.recipient.changed`, `email.message.requested`, `auth.user.deleted`.
//! - **Has** `GET /dev/mailbox`, where mail goes that is not sent; see [`Delivery`].
//! - **Invariants**: a request is one mail, however often it comes, and of requests with one key only the first is; a
//!   request may come before its recipient, and then waits for it; the token of a link stands in the row until the mail
//!   is done with, and no longer; of whom is erased nothing is left but the id, and nothing that comes late brings more
//!   back; a message is forgotten seven days after it was requested.
//!
//! `events.rs` fills the tables; `sender.rs` works from them alone; `letter` writes. There is no SMTP yet: it will be
//! another [`Delivery`].

mod app;
mod events;
mod letter;
mod mailbox;
mod retention;
mod sender;
mod store;

use std::sync::Arc;

use chatty_bus::{Consumer, Group};
use chatty_kit::{Env, Worker};
use chatty_store::{Error, Migration};

use crate::app::App;
pub use crate::{app::Delivery, mailbox::PATH as MAILBOX_PATH};

/// The service's name: of its database and its durable group.
pub const NAME: &str = "email";

/// The service's durable group.
pub const GROUP: Group = Group { name: NAME, keys: events::KEYS };

/// Below which this service has routes for everybody. A router elsewhere passes them on.
pub const PREFIXES: &[&str] = &["/dev"];

/// Opens the service's database, and starts the sender and the hourly clean-up among the tasks of the `env`.
pub async fn worker(env: &Env, delivery: Delivery) -> Result<Worker, Error> {
    let app = Arc::new(App::open(env, delivery).await?);
    retention::clean_up(&app).await?;
    retention::start(&env.tasks, &app);
    sender::start(&env.tasks, &app);
    Ok(Worker {
        name: NAME,
        routes: mailbox::routes(&app),
        consumers: vec![Consumer { group: GROUP, db: app.db.clone(), handler: app.clone() }],
        db: app.db.clone(),
    })
}

/// Every migration of this service's database, in order.
pub fn migrations() -> Vec<Migration> {
    let own = [Migration { version: 1001, name: "mail", sql: include_str!("../../../migrations/email/1001_mail.sql") }];
    chatty_bus::MIGRATIONS.iter().copied().chain(own).collect()
}
