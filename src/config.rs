//! The configuration of a whole installation, in one struct.

use std::{net::SocketAddr, path::PathBuf};

use anyhow::Context;
use chatty_kit::telemetry;
use chatty_router::transport::Origin;
use serde::{Deserialize, Serialize};

/// All keys. `chatty config print` shows them with their values.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// What kind of installation it is.
    pub mode: Mode,
    /// Where everything is kept: databases, and in development the secret.
    pub data_dir: PathBuf,
    /// The address of the public listener.
    pub listen: SocketAddr,
    /// The origin of all links and the issuer of tokens. In development the listener's address unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,
    /// At least 32 bytes. In development made on the first start and kept in the data folder unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
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
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RouterConfig {
    /// Origins besides the public URL whose pages may use the API, such as `https://app.example.com`.
    pub allowed_origins: Vec<String>,
    /// What one request may ask for.
    pub limits: chatty_router::Limits,
}

impl RouterConfig {
    /// The allowed origins, parsed.
    pub(crate) fn origins(&self) -> anyhow::Result<Vec<Origin>> {
        let parse = |text: &String| text.parse().with_context(|| format!("`router.allowed_origins` holds {text}"));
        self.allowed_origins.iter().map(parse).collect()
    }
}

/// What kind of installation it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
            listen: SocketAddr::from(([127, 0, 0, 1], 4000)),
            public_url: None,
            secret: None,
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
    pub const SECRETS: &[&str] = &["secret"];

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
        if let Some(secret) = &self.secret {
            chatty_types::Secret::new(secret.as_bytes())?;
        }
        if let Some(url) = &self.public_url {
            url.parse::<Origin>().with_context(|| format!("`public_url` is {url}"))?;
        }
        self.router.origins()?;
        telemetry::check(&self.log).with_context(|| format!("`log` is {}", self.log))?;
        Ok(())
    }

    /// The configuration as TOML, with secrets masked.
    pub fn to_masked_toml(&self) -> String {
        let mut masked = self.clone();
        masked.secret = masked.secret.map(|_| "********".to_owned());
        toml::to_string_pretty(&masked).expect("the configuration has string keys and plain values")
    }
}
