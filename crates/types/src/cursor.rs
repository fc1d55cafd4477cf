//! Opaque keyset cursors: a position in one list, signed, so that a cursor of another list is an error and not nonsense.
//!
//! Layout before base64url: version (1 byte) ‖ sort key (8) ‖ id (16) ‖ list hash (8) ‖ MAC (8). The MAC is HMAC-SHA256
//! cut to 8 bytes: it keeps clients from building positions, it does not guard a secret.

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use crate::{Purpose, Secret};

const VERSION: u8 = 1;
const BODY: usize = 1 + 8 + 16 + 8;
const MAC: usize = 8;

/// A place in an ordered list: the row's sort key and, where keys tie, its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// A time in milliseconds, a sequence number, or 0 where the id alone orders the list.
    pub sort: i64,
    /// The row's id; nil in streams, which are ordered by a number alone.
    pub id: Uuid,
}

/// Which list a cursor belongs to: its name and the arguments that choose its rows.
///
/// ```
/// # use chatty_types::List;
/// let list = List::new("User.posts").with("user", "usr_01").with("order", "NEW");
/// ```
#[derive(Debug, Clone)]
pub struct List(Sha256);

impl List {
    /// The list called `name`, such as `Post.comments`.
    pub fn new(name: &str) -> Self {
        Self(Sha256::new()).with("list", name)
    }

    /// Adds an argument that changes which rows the list holds, or their order.
    #[must_use]
    pub fn with(mut self, argument: &str, value: impl std::fmt::Display) -> Self {
        let value = value.to_string();
        for part in [argument.as_bytes(), value.as_bytes()] {
            self.0.update((part.len() as u64).to_be_bytes());
            self.0.update(part);
        }
        self
    }

    fn hash(&self) -> [u8; 8] {
        let digest = self.0.clone().finalize();
        std::array::from_fn(|at| digest[at])
    }
}

/// The text is not a cursor of this list: changed, cut, of another list, or of the same list with other arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cursor does not belong to this list with these arguments")]
pub struct CursorError;

/// Encodes and decodes cursors with the installation's key.
#[derive(Clone)]
pub struct Cursors {
    key: Hmac<Sha256>,
    previous: Option<Hmac<Sha256>>,
}

impl Cursors {
    /// Derives the cursor key from the installation's secret.
    pub fn new(secret: &Secret) -> Self {
        Self { key: key(secret), previous: None }
    }

    /// Also takes the cursors of the secret before this one, as long as clients may still hold some.
    #[must_use]
    pub fn accepting(self, previous: Option<&Secret>) -> Self {
        Self { previous: previous.map(key), ..self }
    }

    /// The cursor of `position` in `list`.
    pub fn encode(&self, list: &List, position: Position) -> String {
        let mut bytes = [0; BODY + MAC];
        bytes[0] = VERSION;
        bytes[1..9].copy_from_slice(&position.sort.to_be_bytes());
        bytes[9..25].copy_from_slice(position.id.as_bytes());
        bytes[25..33].copy_from_slice(&list.hash());
        let mac = mac(&self.key, &bytes[..BODY]);
        bytes[BODY..].copy_from_slice(&mac);
        BASE64URL_NOPAD.encode(&bytes)
    }

    /// The position that `cursor` names in `list`.
    pub fn decode(&self, list: &List, cursor: &str) -> Result<Position, CursorError> {
        let bytes = BASE64URL_NOPAD.decode(cursor.as_bytes()).map_err(|_| CursorError)?;
        let bytes: [u8; BODY + MAC] = bytes.try_into().map_err(|_| CursorError)?;
        let (body, tag) = bytes.split_at(BODY);
        let made_by = |key: &Hmac<Sha256>| bool::from(mac(key, body).as_slice().ct_eq(tag));
        let genuine = made_by(&self.key) || self.previous.as_ref().is_some_and(made_by);
        if !genuine || body[0] != VERSION || body[25..33] != list.hash() {
            return Err(CursorError);
        }
        Ok(Position {
            sort: i64::from_be_bytes(std::array::from_fn(|at| body[1 + at])),
            id: Uuid::from_bytes(std::array::from_fn(|at| body[9 + at])),
        })
    }
}

fn key(secret: &Secret) -> Hmac<Sha256> {
    Hmac::new_from_slice(&secret.derive(Purpose::Cursor)).expect("HMAC takes keys of any length")
}

fn mac(key: &Hmac<Sha256>, body: &[u8]) -> [u8; MAC] {
    let mut mac = key.clone();
    mac.update(body);
    let tag = mac.finalize().into_bytes();
    std::array::from_fn(|at| tag[at])
}

impl std::fmt::Debug for Cursors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cursors(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cursors() -> Cursors {
        Cursors::new(&Secret::new(&[1; 32]).expect("long enough"))
    }

    proptest! {
        #[test]
        fn a_cursor_survives_its_text_and_no_other_list_takes_it(sort: i64, id: u128) {
            let (posts, position) = (List::new("posts").with("author", "usr_1"), Position { sort, id: Uuid::from_u128(id) });
            let text = cursors().encode(&posts, position);
            prop_assert_eq!(cursors().decode(&posts, &text), Ok(position));
            prop_assert_eq!(cursors().decode(&List::new("posts").with("author", "usr_2"), &text), Err(CursorError));
            prop_assert_eq!(cursors().decode(&List::new("posts"), &text), Err(CursorError));
        }

        #[test]
        fn a_changed_cursor_is_refused(at in 0..55usize, letter in "[A-Za-z0-9_-]") {
            let list = List::new("posts");
            let mut text = cursors().encode(&list, Position { sort: 5, id: Uuid::from_u128(9) });
            prop_assume!(text[at..=at] != letter);
            text.replace_range(at..=at, &letter);
            prop_assert_eq!(cursors().decode(&list, &text), Err(CursorError));
        }

        #[test]
        fn any_text_is_answered(text in "\\PC{0,80}") {
            prop_assert_eq!(cursors().decode(&List::new("posts"), &text), Err(CursorError));
        }
    }

    #[test]
    fn another_installation_does_not_take_it() {
        let list = List::new("posts");
        let text = cursors().encode(&list, Position { sort: 0, id: Uuid::nil() });
        let other = Cursors::new(&Secret::new(&[2; 32]).expect("long enough"));
        assert_eq!(other.decode(&list, &text), Err(CursorError));
    }

    #[test]
    fn a_cursor_outlives_a_change_of_the_secret() {
        let (list, position) = (List::new("posts"), Position { sort: 7, id: Uuid::nil() });
        let text = cursors().encode(&list, position);
        let (new, old) = (Secret::new(&[2; 32]).expect("long enough"), Secret::new(&[1; 32]).expect("long enough"));
        assert_eq!(Cursors::new(&new).accepting(Some(&old)).decode(&list, &text), Ok(position));
    }
}
