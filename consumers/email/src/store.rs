//! The SQL of email, one function a statement.

pub(crate) mod addressee;
pub(crate) mod message;
pub(crate) mod recipient;
