//! The parts of an installation that a process may run: the services and the router.

use std::str::FromStr;

use chatty_bus::Group;
use chatty_store::Migration;

/// One part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Accounts, sessions and tokens.
    Auth,
    /// Posts, comments and likes.
    Posts,
    /// Follows and feeds.
    Subscriptions,
    /// Objects by id, and what the installation is.
    Platform,
    /// Mail: what others ask for is written and delivered here.
    Email,
    /// The public API over all services.
    Router,
}

/// Every durable group of the installation, whichever process its members run in.
pub(crate) const GROUPS: &[Group] =
    &[chatty_auth::GROUP, chatty_posts::GROUP, chatty_subscriptions::GROUP, chatty_email::GROUP];

impl Part {
    /// All parts: what a process runs that is told nothing else.
    pub const ALL: &[Self] = &[Self::Auth, Self::Posts, Self::Subscriptions, Self::Platform, Self::Email, Self::Router];

    /// The services: the parts that the router stands in front of.
    pub(crate) fn services() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|part| *part != Self::Router)
    }

    /// Whether it has a part of the graph.
    pub(crate) fn has_subgraph(self) -> bool {
        match self {
            Self::Auth | Self::Posts | Self::Subscriptions | Self::Platform => true,
            Self::Email | Self::Router => false,
        }
    }

    /// The name on the command line and, of a service, of its subgraph, if it has one, and its database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auth => chatty_auth::NAME,
            Self::Posts => chatty_posts::NAME,
            Self::Subscriptions => chatty_subscriptions::NAME,
            Self::Platform => chatty_platform::NAME,
            Self::Email => chatty_email::NAME,
            Self::Router => "router",
        }
    }

    /// The migrations of its database; `None` for a part without data.
    pub(crate) fn migrations(self) -> Option<Vec<Migration>> {
        match self {
            Self::Auth => Some(chatty_auth::migrations()),
            Self::Posts => Some(chatty_posts::migrations()),
            Self::Subscriptions => Some(chatty_subscriptions::migrations()),
            Self::Email => Some(chatty_email::migrations()),
            Self::Platform | Self::Router => None,
        }
    }

    /// Below which paths it has routes for everybody.
    pub(crate) fn prefixes(self) -> &'static [&'static str] {
        match self {
            Self::Auth => chatty_auth::PREFIXES,
            Self::Email => chatty_email::PREFIXES,
            _ => &[],
        }
    }
}

/// The text names no part.
#[derive(Debug, thiserror::Error)]
#[error("there is no part `{0}`; there are auth, posts, subscriptions, platform, email and router")]
pub struct UnknownPart(String);

impl FromStr for Part {
    type Err = UnknownPart;

    fn from_str(text: &str) -> Result<Self, UnknownPart> {
        Self::ALL.iter().copied().find(|part| part.name() == text).ok_or_else(|| UnknownPart(text.to_owned()))
    }
}
