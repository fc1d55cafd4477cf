//! What every subgraph schema shares: how errors look, ids, scalars, connections, batching, idempotency.
//!
//! It knows no service. A subgraph builds its schema with [`subgraph`], reads the request with [`Request`], loads
//! through [`Loader`], answers pages with [`connection!`] and refusals with [`Refusal`].

mod change;
mod connection;
mod entities;
mod enums;
pub mod idempotency;
mod language;
mod loader;
mod policy;
mod problem;
mod refusals;
mod request;
mod scalars;
mod schema;
mod stream;
mod tag;
mod text;

pub use change::Change;
pub use connection::{PageInfo, PageRequest};
pub use entities::Entities;
pub use enums::{AccountState, EmailStatus, Role, Visibility};
pub use language::language_tag;
pub use loader::{Load, Loader};
pub use policy::PerRequest;
pub use problem::{Problem, Problems, Refusal, UserError, UserErrorCode, answer};
pub use request::Request;
pub use scalars::{Cursor, DateTime, EmailAddress, Key, Locale, Long, TimeZone};
pub use schema::{sdl, subgraph};
pub use stream::{ResyncReason, ResyncRequired};
pub use tag::StreamTag;
pub use text::{Text, characters};
