//! The tag `viewer` for fields of the subscription root.
//!
//! The library's `#[graphql(tag)]` does not know these fields. A custom directive would do, except that its definition
//! must not be written into the SDL: federation brings `@tag` by itself.

use std::borrow::Cow;

use async_graphql::{
    TypeDirective, Value,
    registry::{MetaDirectiveInvocation, Registry, location_traits::Directive_At_FIELD_DEFINITION},
};

/// `#[graphql(directive = ViewerTag::apply())]` marks a field whose values depend on who asks.
pub(crate) struct ViewerTag;

impl ViewerTag {
    /// `@tag(name: "viewer")`.
    pub(crate) fn apply() -> MetaDirectiveInvocation {
        MetaDirectiveInvocation { name: "tag".to_owned(), args: [("name".to_owned(), Value::from("viewer"))].into() }
    }
}

impl TypeDirective for ViewerTag {
    fn name(&self) -> Cow<'static, str> {
        "tag".into()
    }

    fn register(&self, _: &mut Registry) {}
}

impl Directive_At_FIELD_DEFINITION for ViewerTag {}
