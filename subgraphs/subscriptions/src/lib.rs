//! The subscriptions subgraph: who follows whom, and the home feed that follows from it.
//!
//! **Owns** follows with their counters, and home feeds; keeps replicas of accounts (`user_ref`) and posts (`post_ref`).
//! **Contributes** followers, counts and the viewer's relationship to `User`.
//!
//! **Publishes** `subscriptions.follow.created`, `subscriptions.follow.removed`, `subscriptions.erasure.continued`,
//! `subscriptions.erasure.completed`, and the broadcast `subscriptions.feed.appended`.
//! **Consumes** `auth.user.registered`, `auth.user.deleted`, `posts.post.created`, `posts.post.updated`,
//! `posts.post.deleted`, and its own events about follows and erasures.
//!
//! Invariants:
//! - A feed is what the pull query says: posts of actively followed authors that are published and PUBLIC or FOLLOWERS.
//!   The table is filled by events in any order and any number of times, and equals it once they have been handled
//!   (except that a new follow brings the newest 100 posts only).
//! - Every change of a user's feed takes that user's next number, without gaps, under a lock held to the commit.
//! - A counter changes only in the transaction that changes the follow it counts.
//!
//! Start with `domain/feed.rs`.

#![expect(clippy::similar_names, reason = "follower and followee are the words for the two ends of a follow")]

mod app;
mod config;
mod domain;
mod events;
mod schema;
mod store;

use std::sync::Arc;

use chatty_bus::{Consumer, Group};
use chatty_kit::{Env, Service};
use chatty_store::{Error, Migration};

use crate::app::App;
pub use crate::config::Config;

/// The service's name: of its subgraph, its database, its durable group and its configuration section.
pub const NAME: &str = "subscriptions";

/// The service's durable group.
pub const GROUP: Group = Group { name: NAME, keys: events::KEYS };

/// Opens the service's database and builds its part of the graph.
pub async fn service(env: &Env, _config: &Config) -> Result<Service, Error> {
    let db = env.storage.open(NAME, &migrations()).await?;
    let app = Arc::new(App {
        db: db.clone(),
        clock: env.clock.clone(),
        cursors: env.cursors.clone(),
        bus: Arc::clone(&env.bus),
    });
    let consumer = Consumer { group: GROUP, db: db.clone(), handler: app.clone() };
    Ok(Service {
        name: NAME,
        subgraph: Arc::new(schema::build(app, env.exposure)),
        routes: axum::Router::new(),
        internal: axum::Router::new(),
        consumers: vec![consumer],
        db: Some(db),
    })
}

/// The subgraph's SDL for composition. Needs no database.
pub fn sdl() -> String {
    schema::sdl()
}

/// Every migration of this service's database, in order.
pub fn migrations() -> Vec<Migration> {
    let own = [
        Migration {
            version: 1001,
            name: "follow",
            sql: include_str!("../../../migrations/subscriptions/1001_follow.sql"),
        },
        Migration { version: 1002, name: "feed", sql: include_str!("../../../migrations/subscriptions/1002_feed.sql") },
        Migration {
            version: 1003,
            name: "erasure",
            sql: include_str!("../../../migrations/subscriptions/1003_erasure.sql"),
        },
    ];
    chatty_bus::MIGRATIONS.iter().copied().chain(own).collect()
}
