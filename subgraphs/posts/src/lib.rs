//! The posts subgraph: posts, comments and likes.
//!
//! **Owns** the tables of `migrations/posts`: posts with their counters, likes, comments, the events of threads.
//! **Adds** `posts` and `postCount` to `User`.
//!
//! **Publishes** `posts.post.created`, `.updated`, `.deleted`, `.liked`, `.unliked`, `posts.comment.created`,
//! `.deleted`, `posts.erasure.continued`, `.completed`.
//!
//! **Consumes** `auth.user.registered` (which accounts exist), `subscriptions.follow.created` and `.removed` (who may
//! see what is for followers), `auth.user.deleted` and its own `posts.erasure.continued` (whom to erase).
//!
//! Invariants:
//! - A post that somebody may not see answers exactly like one that does not exist: lookups, entities, lists, mutations
//!   and streams all ask one rule (`domain::visibility`).
//! - A counter changes only in the transaction that changes what it counts, and only if that changed something.
//! - Every change of a post or its thread begins by locking the post's row, so a thread's event numbers have no gap and
//!   become visible in their order.

mod app;
mod config;
mod domain;
mod events;
mod schema;
mod store;

use std::{sync::Arc, time::Duration};

use chatty_bus::{Consumer, Group};
use chatty_graphql::idempotency;
use chatty_kit::{Env, Service};
use chatty_store::{Error, Migration};

use app::App;
pub use config::Config;

/// The service's name: of its subgraph, its database and its durable group.
pub const NAME: &str = "posts";

/// The service's durable group.
pub const GROUP: Group = Group { name: NAME, keys: events::KEYS };

const MIGRATIONS: &[Migration] = &[
    Migration { version: 1001, name: "posts", sql: include_str!("../../../migrations/posts/1001_posts.sql") },
    Migration { version: 1002, name: "erasure", sql: include_str!("../../../migrations/posts/1002_erasure.sql") },
];

/// How often old rows are forgotten.
const PRUNE_EVERY: Duration = Duration::from_mins(10);

/// Opens the database and gives the service, ready to run.
pub async fn service(env: &Env, config: &Config) -> Result<Service, Error> {
    let db = env.storage.open(NAME, &migrations()).await?;
    let app = App::new(env, config, db.clone());
    domain::thread::prune(&app).await?;
    let pruned = app.clone();
    env.tasks.repeat("forgetting old rows", PRUNE_EVERY, move || {
        let app = pruned.clone();
        async move { domain::thread::prune(&app).await }
    });
    Ok(Service {
        name: NAME,
        subgraph: Arc::new(schema::build(&app, env.exposure)),
        routes: axum::Router::new(),
        internal: axum::Router::new(),
        consumers: vec![Consumer { group: GROUP, db: db.clone(), handler: Arc::new(app) }],
        db: Some(db),
    })
}

/// Every migration of this service's database, in order.
pub fn migrations() -> Vec<Migration> {
    [chatty_bus::MIGRATIONS, &[idempotency::MIGRATION], MIGRATIONS].concat()
}

/// The service's schema, as composition takes it.
pub fn sdl() -> String {
    schema::sdl()
}
