//! Auth: accounts, sessions and tokens; the only issuer of access tokens.
//!
//! - **Owns** accounts with their profiles, roles and states, sessions with their refresh tokens, links in mails, and the
//!   keys that sign access tokens.
//! - **Publishes** `auth.user.*`, `auth.session.started`, `auth.security.suspicious`, `auth.access.revoked`, and what it
//!   wants mailed: `email.recipient.changed`, `email.message.requested`.
//! - **Consumes** `admin.moderation.*` and the services' `*.erasure.completed`.
//! - **Invariants**: a refresh token is exchanged at most once; what ends access tells of it in its own transaction; of
//!   a token or a password only a hash is stored; passwords are hashed on threads of their own, and nobody waits long for them;
//!   whether an identifier exists shows neither in the answer to a sign-in nor in its cost; a username has one owner,
//!   and for a while after it was given up no other; no change of roles leaves nobody who administers.
//!
//! Start with [`Auth`]; the rules are in `domain`, the API in `schema`.

mod app;
mod config;
mod domain;
mod due;
mod events;
mod retention;
mod routes;
mod schema;
mod store;

use std::sync::Arc;

use chatty_access::Snapshot;
use chatty_bus::Consumer;
use chatty_kit::{Env, Exposure, Service};
use chatty_store::{Db, Migration};

use app::App;
pub use app::OpenError;
pub use config::Config;
use domain::key_rotation;
pub use domain::{
    admin::{Admin, AdminError, FirstAdmin, NewAdmin},
    key_rotation::{KEYS_EVERY, Rotation, RotationError},
};
pub use events::GROUP;
pub use routes::{KEYS_PATH, REVOCATIONS_PATH};

/// The service's name: of its subgraph, its database and its configuration section.
pub const NAME: &str = "auth";

/// Below which this service has routes for everybody. A router elsewhere passes them on.
pub const PREFIXES: &[&str] = &["/.well-known"];

/// The service, opened: its database is up to date, its signing key exists and `env.keys` holds the public half.
#[derive(Clone)]
pub struct Auth {
    app: Arc<App>,
    env: Env,
}

impl Auth {
    /// Opens the database, creates the signing key if there is none, and publishes the public keys to `env.keys`. They
    /// follow rotations while the [`service`](Self::service) runs.
    pub async fn open(env: &Env, config: &Config) -> Result<Self, OpenError> {
        let app = Arc::new(App::open(env, config).await?);
        retention::clean_up(&app).await?;
        Ok(Self { app, env: env.clone() })
    }

    /// What the process runs. Also starts the hourly clean-up and the reading of keys among the tasks of the `env`, so
    /// call it once.
    pub fn service(&self) -> Service {
        retention::start(&self.env.tasks, &self.app);
        due::start(&self.env.tasks, &self.app);
        let handler = Arc::new(events::Events(Arc::clone(&self.app)));
        key_rotation::start(&self.env.tasks, &self.app);
        Service {
            name: NAME,
            subgraph: Arc::new(schema::with_app(&self.app, self.env.exposure)),
            routes: routes::routes(&self.app),
            internal: routes::internal(&self.app),
            consumers: vec![Consumer { group: GROUP, db: self.app.db.clone(), handler }],
            db: Some(self.app.db.clone()),
        }
    }

    /// Everything that is revoked and that access tokens may still be in force for. `GET` [`REVOCATIONS_PATH`] gives
    /// the same to other processes, as JSON.
    pub async fn revocations(&self) -> Result<Snapshot, chatty_store::Error> {
        domain::revocation::snapshot(&self.app).await
    }

    /// Creates the administrator `admin` with a random password, unless the installation has an administrator.
    ///
    /// `None` also when somebody else is called `admin` already: a name alone must never grant the role.
    pub async fn first_admin(&self) -> Result<Option<FirstAdmin>, AdminError> {
        domain::admin::create_first(&self.app).await
    }

    /// Creates an administrator, with a random password if none is given.
    pub async fn create_admin(&self, new: NewAdmin) -> Result<Admin, AdminError> {
        domain::admin::create(&self.app, new).await
    }

    /// Makes the next key pair, which is published at once and signs once everybody who verifies tokens knows it.
    pub async fn rotate_keys(&self) -> Result<Rotation, RotationError> {
        key_rotation::rotate(&self.app).await
    }
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Auth").field("app", &self.app).finish_non_exhaustive()
    }
}

/// The subgraph's federation SDL.
pub fn sdl() -> String {
    chatty_graphql::sdl(&schema::builder(Exposure::InProcess).finish())
}

/// Every migration of this service's database, in order.
pub fn migrations() -> Vec<Migration> {
    let own = [
        Migration { version: 1001, name: "accounts", sql: include_str!("../../../migrations/auth/1001_accounts.sql") },
        Migration { version: 1002, name: "sessions", sql: include_str!("../../../migrations/auth/1002_sessions.sql") },
        Migration {
            version: 1003,
            name: "signing keys",
            sql: include_str!("../../../migrations/auth/1003_signing_keys.sql"),
        },
        Migration {
            version: 1004,
            name: "revocations",
            sql: include_str!("../../../migrations/auth/1004_revocations.sql"),
        },
        Migration { version: 1005, name: "profiles", sql: include_str!("../../../migrations/auth/1005_profiles.sql") },
        Migration {
            version: 1006,
            name: "mail links",
            sql: include_str!("../../../migrations/auth/1006_mail_links.sql"),
        },
        Migration { version: 1007, name: "sign-ins", sql: include_str!("../../../migrations/auth/1007_sign_ins.sql") },
        Migration { version: 1008, name: "endings", sql: include_str!("../../../migrations/auth/1008_endings.sql") },
        Migration {
            version: 1009,
            name: "key rotation",
            sql: include_str!("../../../migrations/auth/1009_key_rotation.sql"),
        },
        Migration {
            version: 1010,
            name: "username skeletons",
            sql: include_str!("../../../migrations/auth/1010_username_skeletons.sql"),
        },
        Migration {
            version: 1011,
            name: "admin lists",
            sql: include_str!("../../../migrations/auth/1011_admin_lists.sql"),
        },
    ];
    chatty_bus::MIGRATIONS.iter().copied().chain([chatty_graphql::idempotency::MIGRATION]).chain(own).collect()
}

/// Opens this service's database.
async fn open_db(env: &Env) -> Result<Db, chatty_store::Error> {
    env.storage.open(NAME, &migrations()).await
}
