//! Roles and the scopes that each grants.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What an account is trusted with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Role {
    /// Everyone who registered.
    User,
    /// Reviews reports and moderates.
    Moderator,
    /// Runs the installation.
    Admin,
}

impl Role {
    /// The spelling in tokens, databases and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "USER",
            Self::Moderator => "MODERATOR",
            Self::Admin => "ADMIN",
        }
    }

    /// What a session of this role may do.
    pub fn scopes(self) -> Scopes {
        let user = Scopes::NONE.with(Scope::SelfWrite);
        let moderator = user.with(Scope::ModRead).with(Scope::ModWrite).with(Scope::Graphiql);
        match self {
            Self::User => user,
            Self::Moderator => moderator,
            Self::Admin => moderator.with(Scope::AdminRead).with(Scope::AdminWrite).with(Scope::AdminOps),
        }
    }
}

impl std::str::FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::User, Self::Moderator, Self::Admin]
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| format!("unknown role `{text}`"))
    }
}

macro_rules! scopes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// One permission of a session.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Scope { $($(#[$doc])* $name,)* }

        impl Scope {
            const ALL: &[Self] = &[$(Self::$name),*];

            /// The spelling in tokens and in `@requiresScopes`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

scopes! {
    /// Act as oneself: read and write one's own things.
    SelfWrite = "self",
    /// Read one's own things only (a suspended account).
    SelfRead = "self:read",
    /// Delete one's own account (a suspended account).
    AccountDelete = "account:delete",
    /// Read reports and moderation.
    ModRead = "mod:read",
    /// Moderate.
    ModWrite = "mod:write",
    /// Use free-form documents where only registered ones are allowed.
    Graphiql = "graphiql",
    /// Read what administrators read.
    AdminRead = "admin:read",
    /// Change roles, accounts and mailings.
    AdminWrite = "admin:write",
    /// Operate the installation.
    AdminOps = "admin:ops",
}

/// A set of scopes.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u16);

impl Scopes {
    /// No scope.
    pub const NONE: Self = Self(0);

    /// This set with `scope`.
    #[must_use]
    pub fn with(self, scope: Scope) -> Self {
        Self(self.0 | 1 << scope as u16)
    }

    /// Whether the set holds `scope`.
    pub fn has(self, scope: Scope) -> bool {
        self.0 & (1 << scope as u16) != 0
    }

    /// The scopes in the set.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.iter().copied().filter(move |scope| self.has(*scope))
    }

    /// The scopes as words.
    pub fn words(self) -> Vec<String> {
        self.iter().map(|scope| scope.as_str().to_owned()).collect()
    }

    /// Reads the words of a token; unknown ones grant nothing.
    pub fn of_words<'w>(words: impl IntoIterator<Item = &'w str>) -> Self {
        words
            .into_iter()
            .filter_map(|word| Scope::ALL.iter().find(|scope| scope.as_str() == word))
            .fold(Self::NONE, |set, scope| set.with(*scope))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, scope) in self.iter().enumerate() {
            write!(f, "{}{}", if at == 0 { "" } else { " " }, scope.as_str())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_grant_what_the_table_says_and_scopes_survive_their_text() {
        assert_eq!(Role::User.scopes().to_string(), "self");
        assert_eq!(Role::Moderator.scopes().to_string(), "self mod:read mod:write graphiql");
        let admin = Role::Admin.scopes();
        assert_eq!(Scopes::of_words(admin.words().iter().map(String::as_str)), admin);
        assert!(admin.has(Scope::AdminOps) && !Role::Moderator.scopes().has(Scope::AdminRead));
        assert_eq!(Scopes::of_words(["root", "everything", "self:"]), Scopes::NONE);
    }
}
