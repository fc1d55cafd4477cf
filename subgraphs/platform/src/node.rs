//! `interface Node` and one stub a kind of entity. The owners resolve everything but the id.

use async_graphql::{ID, Interface, SimpleObject};
use chatty_types::{AnyId, IdError, Kind, kind};

macro_rules! nodes {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        $(
            $(#[$doc])*
            #[derive(SimpleObject)]
            #[graphql(unresolvable = "id")]
            pub(crate) struct $name {
                /// The object's global id.
                id: ID,
            }
        )*

        /// Anything with a global id.
        #[derive(Interface)]
        #[graphql(field(name = "id", ty = "&ID", desc = "The object's global id."))]
        pub(crate) enum Node {
            $($(#[$doc])* $name($name),)*
        }

        impl Node {
            /// The stub of the kind that the id's prefix names.
            pub(crate) fn from_id(id: ID) -> Result<Self, IdError> {
                let AnyId { prefix, .. } = id.parse()?;
                $(if prefix == kind::$name::PREFIX {
                    return Ok(Self::$name($name { id }));
                })*
                Err(IdError::Malformed)
            }
        }
    };
}

nodes! {
    /// An account.
    User,
    /// A post.
    Post,
    /// A comment on a post.
    Comment,
}

#[cfg(test)]
mod tests {
    use chatty_types::{Clock, PostId, SessionId, UserId};

    use super::*;

    #[test]
    fn the_prefix_decides_and_nothing_else_passes() {
        let clock = Clock::system();
        assert!(matches!(Node::from_id(UserId::new(&clock).to_string().into()), Ok(Node::User(_))));
        assert!(matches!(Node::from_id(PostId::new(&clock).to_string().into()), Ok(Node::Post(_))));
        for bad in [SessionId::new(&clock).to_string(), "usr_".into(), "pst".into(), String::new(), "1".into()] {
            assert_eq!(Node::from_id(bad.into()).err(), Some(IdError::Malformed));
        }
    }
}
