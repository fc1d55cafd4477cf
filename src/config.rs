//! The configuration of a whole installation, in one struct.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::Context;
use chatty_bus::rabbitmq::{self, RabbitMq};
use chatty_email::Delivery;
use chatty_kit::{STOP_WITHIN, http::LAST_REQUEST, telemetry};
use chatty_router::{
    check_endpoint,
    transport::{self, Origin, parse_network},
};
use chatty_types::{Clock, Secret};
use http::Uri;
use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Part, part::GROUPS};

/// All keys. `chatty config print` shows them with their values.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// What kind of installation it is.
    pub mode: Mode,
    /// Folder of what is kept in files: SQLite databases, and in development the secret.
    pub data_dir: PathBuf,
    /// PostgreSQL of all services, a schema each: `postgres://user:password@host:5432/chatty`. SQLite files unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_url: Option<String>,
    /// PostgreSQL of auth alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_database_url: Option<String>,
    /// PostgreSQL of posts alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub posts_database_url: Option<String>,
    /// PostgreSQL of subscriptions alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscriptions_database_url: Option<String>,
    /// PostgreSQL of email alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_database_url: Option<String>,
    /// RabbitMQ: `amqp://user:password@host:5672/%2f`. Unless set, events stay in the process, which then runs all parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broker_url: Option<String>,
    /// What the names of all exchanges and queues begin with, for several installations on one virtual host.
    pub broker_prefix: String,
    /// Where a router finds auth: the origins of its processes, `http://10.0.0.1:4001,http://10.0.0.2:4001`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_url: Option<String>,
    /// Where a router finds posts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub posts_url: Option<String>,
    /// Where a router finds subscriptions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscriptions_url: Option<String>,
    /// Where a router finds platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform_url: Option<String>,
    /// Where a router finds email.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_url: Option<String>,
    /// The address that the process listens on.
    pub listen: SocketAddr,
    /// The origin of all links and the issuer of tokens. In development the listener's address unless set, if the process
    /// runs all parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,
    /// At least 32 bytes. In development made on the first start and kept in the data folder unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// The secret before this one, while what it sealed is still about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_previous: Option<String>,
    /// Networks of the proxies in front, such as `10.0.0.0/8`; whose `X-Forwarded-For` is believed.
    #[schemars(with = "Vec<String>")]
    #[serde(deserialize_with = "networks")]
    pub trusted_proxies: Vec<IpNet>,
    /// Seconds for which a stopping process still answers while `/readyz` says 503, so that balancers turn away. 0 in
    /// development and 3 in production unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drain_seconds: Option<u16>,
    /// What is logged: directives such as `info,chatty_router=debug`.
    pub log: String,
    /// Accounts and tokens.
    pub auth: chatty_auth::Config,
    /// Posts and comments.
    pub posts: chatty_posts::Config,
    /// Follows and feeds.
    pub subscriptions: chatty_subscriptions::Config,
    /// The gateway.
    pub router: RouterConfig,
}

/// The gateway's section.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RouterConfig {
    /// Origins besides the public URL whose pages may use the API, such as `https://app.example.com`.
    pub allowed_origins: Vec<String>,
    /// Whether equal queries to a subgraph elsewhere, under way at the same time for the same caller, are sent once.
    pub deduplicate: bool,
    /// Sockets and event streams that one process has open at once; whoever comes then is told to try again. Each takes
    /// a file descriptor.
    pub streams: usize,
    /// What one request may ask for.
    pub limits: chatty_router::Limits,
}

impl Default for RouterConfig {
    fn default() -> Self {
        Self {
            allowed_origins: Vec::new(),
            deduplicate: false,
            streams: transport::Config::STREAMS,
            limits: chatty_router::Limits::default(),
        }
    }
}

impl RouterConfig {
    /// The allowed origins, parsed.
    pub(crate) fn origins(&self) -> anyhow::Result<Vec<Origin>> {
        let parse = |text: &String| text.parse().with_context(|| format!("`router.allowed_origins` holds {text}"));
        self.allowed_origins.iter().map(parse).collect()
    }
}

/// What kind of installation it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Everything has a default; logs are for people.
    Development,
    /// Secret and public URL must be given; logs are JSON; strangers do not read the schema.
    Production,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            mode: Mode::Development,
            data_dir: "chatty-data".into(),
            database_url: None,
            auth_database_url: None,
            posts_database_url: None,
            subscriptions_database_url: None,
            email_database_url: None,
            broker_url: None,
            broker_prefix: String::new(),
            auth_url: None,
            posts_url: None,
            subscriptions_url: None,
            platform_url: None,
            email_url: None,
            listen: SocketAddr::from(([127, 0, 0, 1], 4000)),
            public_url: None,
            secret: None,
            secret_previous: None,
            trusted_proxies: Vec::new(),
            drain_seconds: None,
            log: "info".to_owned(),
            auth: chatty_auth::Config::default(),
            posts: chatty_posts::Config::default(),
            subscriptions: chatty_subscriptions::Config::default(),
            router: RouterConfig::default(),
        }
    }
}

impl Config {
    /// Keys that may come from a `*_FILE` variable and are never printed.
    pub const SECRETS: &[&str] = &[
        "secret",
        "secret_previous",
        "database_url",
        "auth_database_url",
        "posts_database_url",
        "subscriptions_database_url",
        "email_database_url",
        "broker_url",
    ];

    /// The database of a service; `None` for an SQLite file.
    pub(crate) fn database_of(&self, part: Part) -> Option<&String> {
        let (_, own) = self.own_database_of(part)?;
        own.or(self.database_url.as_ref())
    }

    /// The key of a service's own database and what it says; `None` for a part without data.
    fn own_database_of(&self, part: Part) -> Option<(&'static str, Option<&String>)> {
        Some(match part {
            Part::Auth => ("auth_database_url", self.auth_database_url.as_ref()),
            Part::Posts => ("posts_database_url", self.posts_database_url.as_ref()),
            Part::Subscriptions => ("subscriptions_database_url", self.subscriptions_database_url.as_ref()),
            Part::Email => ("email_database_url", self.email_database_url.as_ref()),
            Part::Platform | Part::Router => return None,
        })
    }

    /// The broker and the names on it; `None` where events stay in the process.
    pub(crate) fn broker(&self) -> Option<rabbitmq::Config> {
        let url = self.broker_url.clone()?;
        Some(rabbitmq::Config { url, prefix: self.broker_prefix.clone() })
    }

    /// The key that says where a service runs, and what it says.
    pub(crate) fn url_of(&self, part: Part) -> (&'static str, Option<&String>) {
        match part {
            Part::Auth => ("auth_url", self.auth_url.as_ref()),
            Part::Posts => ("posts_url", self.posts_url.as_ref()),
            Part::Subscriptions => ("subscriptions_url", self.subscriptions_url.as_ref()),
            Part::Platform => ("platform_url", self.platform_url.as_ref()),
            Part::Email => ("email_url", self.email_url.as_ref()),
            Part::Router => unreachable!("nobody looks for routers"),
        }
    }

    /// What becomes of mail: nothing can send it yet, and only developers may read the mail of others.
    pub(crate) fn mail_delivery(&self) -> Delivery {
        match self.mode {
            Mode::Development => Delivery::Mailbox,
            Mode::Production => Delivery::Nowhere,
        }
    }

    /// For how long a stopping process still answers.
    pub(crate) fn drain(&self) -> Duration {
        let unless_set = if self.mode == Mode::Production { 3 } else { 0 };
        Duration::from_secs(self.drain_seconds.unwrap_or(unless_set).into())
    }

    /// How this installation logs.
    pub fn log_format(&self) -> telemetry::Format {
        match self.mode {
            Mode::Development => telemetry::Format::Text,
            Mode::Production => telemetry::Format::Json,
        }
    }

    /// The origin of links and issuer of tokens of an installation that listens on `address`; no slash at its end.
    pub(crate) fn public_url_at(&self, address: SocketAddr) -> String {
        let url = self.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
        url.trim_end_matches('/').to_owned()
    }

    /// What is wrong with values that are each well-formed.
    pub fn check(&self) -> anyhow::Result<()> {
        if self.mode == Mode::Production {
            anyhow::ensure!(self.secret.is_some(), "production needs `secret` (CHATTY_SECRET or CHATTY_SECRET_FILE)");
            anyhow::ensure!(self.public_url.is_some(), "production needs `public_url` (CHATTY_PUBLIC_URL)");
        }
        for (key, secret) in [("secret", &self.secret), ("secret_previous", &self.secret_previous)] {
            if let Some(secret) = secret {
                Secret::new(secret.as_bytes()).with_context(|| format!("`{key}` cannot be used"))?;
            }
        }
        let databases = Part::services().filter_map(|part| self.own_database_of(part));
        for (key, url) in databases.chain([("database_url", self.database_url.as_ref())]) {
            if let Some(url) = url {
                chatty_store::check_postgres_url(url).with_context(|| format!("`{key}` cannot be used"))?;
            }
        }
        if let Some(broker) = self.broker() {
            // Connects nowhere.
            RabbitMq::new(broker, GROUPS, Clock::system())
                .context("`broker_url` and `broker_prefix` cannot be used")?;
        }
        for part in Part::services() {
            self.endpoints_of(part)?;
        }
        if let Some(url) = &self.public_url {
            url.parse::<Origin>().with_context(|| format!("`public_url` is {url}"))?;
        }
        let longest = STOP_WITHIN.saturating_sub(LAST_REQUEST);
        anyhow::ensure!(
            self.drain() <= longest,
            "`drain_seconds` may be at most {}: requests in hand need the rest of the {} s of a stop",
            longest.as_secs(),
            STOP_WITHIN.as_secs()
        );
        self.router.origins()?;
        telemetry::check(&self.log).with_context(|| format!("`log` is {}", self.log))?;
        Ok(())
    }

    /// What is wrong, also with running only `parts`.
    pub(crate) fn check_for(&self, parts: &[Part]) -> anyhow::Result<()> {
        self.check()?;
        anyhow::ensure!(!parts.is_empty(), "there is nothing to serve");
        for name in self.router.limits.subgraph_timeouts_ms.keys() {
            let known = Part::services().any(|part| part.has_subgraph() && part.name() == name);
            anyhow::ensure!(known, "`router.limits.subgraph_timeouts_ms` names `{name}`, which is no subgraph");
        }
        if Part::ALL.iter().all(|part| parts.contains(part)) {
            return Ok(());
        }
        let needs = "a process that runs not all parts needs";
        anyhow::ensure!(
            self.broker_url.is_some(),
            "{needs} `broker_url` (CHATTY_BROKER_URL), or events would never leave it"
        );
        anyhow::ensure!(
            self.public_url.is_some(),
            "{needs} `public_url` (CHATTY_PUBLIC_URL), the same in every process, because tokens are issued in its name"
        );
        if parts.contains(&Part::Router) {
            for part in Part::services().filter(|part| !parts.contains(part)) {
                let (key, url) = self.url_of(part);
                let name = part.name();
                let variable = key.to_uppercase();
                anyhow::ensure!(url.is_some(), "a router without {name} beside it needs `{key}` (CHATTY_{variable})");
            }
        }
        Ok(())
    }

    /// The origins at which a service is found elsewhere.
    pub(crate) fn endpoints_of(&self, part: Part) -> anyhow::Result<Vec<Uri>> {
        let (key, url) = self.url_of(part);
        let texts = url.iter().flat_map(|url| url.split(',')).map(str::trim);
        // The text is not repeated: it may hold a password, although it must not.
        texts.map(|text| origin(text).with_context(|| format!("`{key}` cannot be used"))).collect()
    }

    /// The configuration as TOML, with secrets masked.
    pub fn to_masked_toml(&self) -> String {
        let mut masked = toml::Table::try_from(self).expect("the configuration has string keys and plain values");
        for key in Self::SECRETS {
            if let Some(secret) = masked.get_mut(*key) {
                *secret = "********".into();
            }
        }
        toml::to_string_pretty(&masked).expect("a table is TOML")
    }
}

/// `http://host:port` or `https://host:port`, and nothing behind it.
fn origin(text: &str) -> anyhow::Result<Uri> {
    let uri: Uri = text.parse()?;
    check_endpoint(&uri)?;
    anyhow::ensure!(uri.path() == "/" && uri.query().is_none(), "an origin has no path");
    Ok(uri)
}

/// Networks as CIDRs or plain addresses.
fn networks<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts.iter().map(|text| parse_network(text).map_err(serde::de::Error::custom)).collect()
}
