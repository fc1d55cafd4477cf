//! Who is asking: access tokens in, a [`Viewer`] out; roles, scopes and the guards that use them.
//!
//! This crate verifies tokens and cannot issue user tokens: only `subgraphs/auth` holds a private key. It knows no
//! service and no transport. Start with [`Verifier`] for tokens and [`Caller`] for what a resolver sees.

mod caller;
mod revocation;
mod scope;
mod seal;
mod verifier;

pub use caller::{Caller, Denied, Viewer};
pub use revocation::{Revocation, Revocations, Snapshot, accepted_from};
pub use scope::{Role, Scope, Scopes};
pub use seal::{CONTEXT_HEADER, SealError, Sealed, Seals};
pub use verifier::{AUDIENCE, Claims, Keys, TOKEN_TYPE, TokenError, Verifier};
