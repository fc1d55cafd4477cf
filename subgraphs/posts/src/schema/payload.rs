//! What mutations answer: the object as it is now, or what was wrong with the input.

use async_graphql::SimpleObject;
use chatty_graphql::{Refusal, UserError, answer};
use chatty_kit::Fault;

use super::{comment::Comment, post::Post};

macro_rules! payloads {
    ($($(#[$doc:meta])* $payload:ident { $(#[$field_doc:meta])* $field:ident: $object:ty })*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, SimpleObject)]
            pub(crate) struct $payload {
                $(#[$field_doc])*
                $field: Option<$object>,
                /// What was wrong with the input; empty when it was done.
                errors: Vec<UserError>,
            }

            impl $payload {
                pub(crate) fn new<R>(result: Result<R, Refusal>) -> Result<Self, Fault>
                where
                    $object: From<R>,
                {
                    let (row, errors) = answer(result)?;
                    Ok(Self { $field: row.map(<$object>::from), errors })
                }
            }
        )*
    };
}

payloads! {
    /// What `createPost` answers.
    CreatePostPayload {
        /// The new post; null when there are errors.
        post: Post
    }
    /// What `updatePost` answers.
    UpdatePostPayload {
        /// The post as it is now; null when there are errors.
        post: Post
    }
    /// What `deletePost` answers.
    DeletePostPayload {
        /// The deleted post; null when there are errors.
        post: Post
    }
    /// What `likePost` answers.
    LikePostPayload {
        /// The post as it is now; null when there are errors.
        post: Post
    }
    /// What `unlikePost` answers.
    UnlikePostPayload {
        /// The post as it is now; null when there are errors.
        post: Post
    }
    /// What `createComment` answers.
    CreateCommentPayload {
        /// The new comment; null when there are errors.
        comment: Comment
    }
    /// What `deleteComment` answers.
    DeleteCommentPayload {
        /// The deleted comment; null when there are errors.
        comment: Comment
    }
}
