//! Every statement of the service, one function each, grouped by table. Rules live in `domain`.

pub(crate) mod erasure;
pub(crate) mod feed;
pub(crate) mod follow;
pub(crate) mod replica;
pub(crate) mod timeline;
