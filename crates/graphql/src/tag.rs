//! Tags for fields of the subscription root.
//!
//! The library's `#[graphql(tag)]` does not know these fields. A custom directive would do, except that its definition
//! must not be written into the SDL: federation brings `@tag` by itself.

use std::borrow::Cow;

use async_graphql::{
    TypeDirective, Value,
    registry::{MetaDirectiveInvocation, Registry, location_traits::Directive_At_FIELD_DEFINITION},
};

/// What a gateway has to know of a stream: `#[graphql(directive = StreamTag::apply(StreamTag::VIEWER))]`.
pub struct StreamTag;

impl StreamTag {
    /// What the stream says depends on who asks.
    pub const VIEWER: &str = "viewer";

    /// One stream may serve all who subscribe alike. Without `after` it says from any moment on what a stream that began
    /// then would say; with `after` it goes on behind that event. Who may not have it is told so by errors or by an event
    /// of a type tagged `resync`, such as [`ResyncRequired`](crate::ResyncRequired).
    pub const SHARED: &str = "shared";

    /// `@tag(name: …)`.
    pub fn apply(name: &str) -> MetaDirectiveInvocation {
        MetaDirectiveInvocation { name: "tag".to_owned(), args: [("name".to_owned(), Value::from(name))].into() }
    }
}

impl TypeDirective for StreamTag {
    fn name(&self) -> Cow<'static, str> {
        "tag".into()
    }

    fn register(&self, _: &mut Registry) {}
}

impl Directive_At_FIELD_DEFINITION for StreamTag {}
