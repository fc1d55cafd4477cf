//! The rules: following, keeping feeds true, reading them live. Nothing here knows the schema.

pub(crate) mod erasure;
pub(crate) mod feed;
pub(crate) mod follow;
pub(crate) mod live;
