//! The values that every part of Chatty speaks: prefixed ids, the clock, keyset cursors and pages.
//!
//! Nothing here performs input or output, and nothing here knows a service. Start with [`Id`].

mod clock;
mod cursor;
mod id;
mod keys;
mod page;
#[cfg(feature = "sqlx")]
mod sql;

pub use clock::Clock;
pub use cursor::{CursorError, Cursors, List, Position};
pub use id::{AnyId, CommentId, Id, IdError, Kind, PostId, SessionId, SigningKeyId, UserId, kind};
pub use keys::{Purpose, Secret, SecretTooShort};
pub use page::{Page, PageArgs};
