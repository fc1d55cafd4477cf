//! Texts that clients hand back: ids, cursors, and the seals of the router.

use std::sync::LazyLock;

use chatty_access::{Caller, SealError, Seals};
use chatty_types::{AnyId, CursorError, Cursors, IdError, List, Position, PostId, Secret, UserId};
use chrono::{DateTime, TimeDelta};
use uuid::Uuid;

static SECRET: LazyLock<Secret> = LazyLock::new(|| Secret::new(&[7; 32]).expect("long enough"));

/// An id that is taken has one spelling, its own.
pub fn id(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (user, post): (Result<UserId, IdError>, Result<PostId, IdError>) = (text.parse(), text.parse());
    assert!(user.is_err() || post.is_err(), "an id is of one kind");
    if let Ok(user) = user {
        assert_eq!(user.to_string(), text);
    }
    if let Ok(any) = text.parse::<AnyId>() {
        let UserIdText(spelled) = UserIdText::of(any.uuid);
        assert_eq!(text.split_once('_').map(|(_, rest)| rest), Some(spelled.as_str()));
    }
    if let Some(uuid) = bytes.first_chunk::<16>().map(|bytes| Uuid::from_bytes(*bytes)) {
        let id = UserId::from_uuid(uuid);
        assert_eq!(id.to_string().parse(), Ok(id));
    }
}

/// The part of a user's id behind the prefix.
struct UserIdText(String);

impl UserIdText {
    fn of(uuid: Uuid) -> Self {
        let text = UserId::from_uuid(uuid).to_string();
        Self(text.split_once('_').map(|(_, rest)| rest.to_owned()).unwrap_or_default())
    }
}

/// A cursor is taken only as it was given, and only for its list.
pub fn cursor(bytes: &[u8]) {
    let cursors = Cursors::new(&SECRET);
    let (list, other) = (List::new("posts"), List::new("posts").with("author", "usr_1"));
    let text = String::from_utf8_lossy(bytes);
    if let Ok(position) = cursors.decode(&list, &text) {
        assert_eq!(cursors.encode(&list, position), text);
    }
    let Some((head, rest)) = bytes.split_first_chunk::<24>() else { return };
    let (sort, id) = head.split_at(8);
    let position = Position {
        sort: i64::from_be_bytes(sort.try_into().expect("8 bytes")),
        id: Uuid::from_bytes(id.try_into().expect("16 bytes")),
    };
    let mut given = cursors.encode(&list, position).into_bytes();
    assert_eq!(cursors.decode(&other, &String::from_utf8_lossy(&given)), Err(CursorError));
    if disturb(&mut given, rest) {
        assert_eq!(cursors.decode(&list, &String::from_utf8_lossy(&given)), Err(CursorError));
    } else {
        assert_eq!(cursors.decode(&list, &String::from_utf8_lossy(&given)), Ok(position));
    }
}

/// A seal is taken only as it was given, for its subgraph, its body and half a minute.
pub fn seal(bytes: &[u8]) {
    let (seals, now) = (Seals::new(&SECRET, None), DateTime::UNIX_EPOCH);
    let header = String::from_utf8_lossy(bytes);
    assert!(seals.check(&header, "posts", now).is_err(), "nobody else can seal");
    let at = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let (agent, change) = (&bytes[..at], bytes.get(at + 1..).unwrap_or_default());
    let caller = Caller { user_agent: Some(String::from_utf8_lossy(agent).into_owned()), ..Caller::anonymous() };
    let mut header = seals.seal("posts", &caller, agent, now).into_bytes();
    assert!(header.iter().all(u8::is_ascii_graphic), "it is a header's value");
    let changed = disturb(&mut header, change);
    let header = String::from_utf8_lossy(&header);
    assert!(seals.check(&header, "users", now).is_err());
    assert!(matches!(
        seals.check(&header, "posts", now + TimeDelta::seconds(31)),
        Err(SealError::Expired | SealError::Invalid)
    ));
    match seals.check(&header, "posts", now) {
        Err(_) => assert!(changed),
        Ok(sealed) => {
            assert!(!changed, "what was changed is another header");
            let opened = sealed.open(agent).expect("the same body");
            assert_eq!((opened.user_agent, opened.trace_id), (caller.user_agent, caller.trace_id));
        }
    }
}

/// Changes bytes at places that pairs of `by` say. Says whether any is another one now.
fn disturb(text: &mut [u8], by: &[u8]) -> bool {
    let before = text.to_vec();
    for pair in by.chunks_exact(2) {
        let at = usize::from(pair[0]) * text.len() / 256;
        text[at] ^= pair[1];
    }
    text != before
}
