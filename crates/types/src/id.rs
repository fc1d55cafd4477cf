//! Global ids: `<prefix>_<uuidv7 in Crockford base32>`, typed by what they name.

use std::{fmt, marker::PhantomData, str::FromStr};

use data_encoding::{Encoding, Specification};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use uuid::Uuid;

use crate::Clock;

/// What an id names; its prefix tells kinds apart in text.
pub trait Kind: 'static {
    /// Three lower-case letters.
    const PREFIX: &'static str;
}

/// The kinds of ids. Add one here when a service gains an entity.
pub mod kind {
    use super::Kind;

    macro_rules! kinds {
        ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {
            $($(#[$doc])* pub enum $name {}
            impl Kind for $name { const PREFIX: &'static str = $prefix; })*
        };
    }

    kinds! {
        /// An account (auth).
        User = "usr";
        /// A signed-in device (auth).
        Session = "ses";
        /// A key that signs access tokens (auth).
        SigningKey = "key";
        /// A post (posts).
        Post = "pst";
        /// A comment on a post (posts).
        Comment = "cmt";
    }
}

/// Names an account.
pub type UserId = Id<kind::User>;
/// Names a session.
pub type SessionId = Id<kind::Session>;
/// Names a signing key; the `kid` of tokens.
pub type SigningKeyId = Id<kind::SigningKey>;
/// Names a post.
pub type PostId = Id<kind::Post>;
/// Names a comment.
pub type CommentId = Id<kind::Comment>;

/// An id of kind `K`. Ordered by creation, because the UUID is version 7.
pub struct Id<K>(Uuid, PhantomData<fn() -> K>);

impl<K> Id<K> {
    /// A new id, derived from the clock.
    pub fn new(clock: &Clock) -> Self {
        Self(clock.uuid(), PhantomData)
    }

    /// Reads an id from its stored form.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid, PhantomData)
    }

    /// The stored form.
    pub const fn uuid(self) -> Uuid {
        self.0
    }
}

/// Why a text is not an id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text has another kind's prefix, or none.
    #[error("expected an id that starts with `{expected}_`")]
    WrongKind {
        /// The prefix that the place wants.
        expected: &'static str,
    },
    /// The part behind the prefix is not 26 Crockford base32 letters in lower case.
    #[error("not a well-formed id")]
    Malformed,
}

/// An id whose kind is known only from its prefix, as `node(id)` takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnyId {
    /// The part before the underscore, not checked against the known kinds.
    pub prefix: String,
    /// The part behind it.
    pub uuid: Uuid,
}

impl FromStr for AnyId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let (prefix, rest) = text.split_once('_').ok_or(IdError::Malformed)?;
        Ok(Self { prefix: prefix.to_owned(), uuid: decode(rest)? })
    }
}

impl<K: Kind> FromStr for Id<K> {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let rest = text
            .strip_prefix(K::PREFIX)
            .and_then(|rest| rest.strip_prefix('_'))
            .ok_or(IdError::WrongKind { expected: K::PREFIX })?;
        decode(rest).map(Self::from_uuid)
    }
}

impl<K: Kind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", K::PREFIX, crockford().encode(self.0.as_bytes()))
    }
}

/// One spelling an id: no upper case, no look-alike letters, no stray trailing bits.
fn decode(text: &str) -> Result<Uuid, IdError> {
    let bytes = crockford().decode(text.as_bytes()).map_err(|_| IdError::Malformed)?;
    Uuid::from_slice(&bytes).map_err(|_| IdError::Malformed)
}

fn crockford() -> &'static Encoding {
    static ENCODING: std::sync::LazyLock<Encoding> = std::sync::LazyLock::new(|| {
        let mut spec = Specification::new();
        spec.symbols.push_str("0123456789abcdefghjkmnpqrstvwxyz");
        spec.encoding().expect("32 distinct symbols make a base32")
    });
    &ENCODING
}

// Derives would ask the same of `K`, which is only a marker.
impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Id<K> {}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}
impl<K> std::hash::Hash for Id<K> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<K: Kind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl<K: Kind> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de, K: Kind> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <std::borrow::Cow<'de, str>>::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_id_survives_its_text(bits: u128) {
            let id = UserId::from_uuid(Uuid::from_u128(bits));
            prop_assert_eq!(id.to_string().parse::<UserId>(), Ok(id));
        }

        #[test]
        fn text_order_is_id_order(a: u128, b: u128) {
            let (a, b) = (PostId::from_uuid(Uuid::from_u128(a)), PostId::from_uuid(Uuid::from_u128(b)));
            prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
        }

        #[test]
        fn any_text_is_refused_or_is_the_canonical_spelling(text in "\\PC{0,40}") {
            if let Ok(id) = text.parse::<UserId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }

    #[test]
    fn another_kind_is_named_as_such() {
        let post = PostId::from_uuid(Uuid::nil()).to_string();
        assert_eq!(post, "pst_00000000000000000000000000");
        assert_eq!(post.parse::<UserId>(), Err(IdError::WrongKind { expected: "usr" }));
        assert_eq!("usr_xyz".parse::<UserId>(), Err(IdError::Malformed));
        assert_eq!("USR_00000000000000000000000000".parse::<UserId>(), Err(IdError::WrongKind { expected: "usr" }));
    }
}
