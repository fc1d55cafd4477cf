//! Inputs of the mutations, and the domain types that they become.

use async_graphql::{ID, InputObject, MaybeUndefined};
use chatty_graphql::{Key, Locale, Visibility};

use crate::domain::{
    comment,
    post::{Draft, Edit},
};

/// A post to publish.
#[derive(Debug, InputObject)]
pub(crate) struct CreatePostInput {
    /// A headline of at most 200 characters.
    title: Option<String>,
    /// The text: 1 to 10,000 characters, plain.
    body: String,
    /// What to warn readers of before they see the text, at most 200 characters.
    content_warning: Option<String>,
    /// The language of the text, such as `ru` or `pt-BR`.
    language: Option<Locale>,
    /// Who may see it.
    #[graphql(default_with = "Visibility::Public")]
    visibility: Visibility,
    /// Leave it empty: posts have no attachments yet.
    #[graphql(default)]
    attachment_ids: Vec<ID>,
    /// A UUID of your choice. The same input with the same key publishes once within 24 hours.
    idempotency_key: Option<Key>,
}

impl From<CreatePostInput> for Draft {
    fn from(input: CreatePostInput) -> Self {
        Self {
            title: input.title,
            body: input.body,
            content_warning: input.content_warning,
            language: input.language.map(|Locale(tag)| tag),
            visibility: input.visibility.into(),
            has_attachments: !input.attachment_ids.is_empty(),
            idempotency_key: input.idempotency_key.map(|Key(key)| key),
        }
    }
}

/// A change to a post of yours. A field that is absent stays as it is; null empties it.
#[derive(Debug, InputObject)]
pub(crate) struct UpdatePostInput {
    /// The post.
    post_id: ID,
    /// A headline of at most 200 characters.
    title: MaybeUndefined<String>,
    /// The text: 1 to 10,000 characters. It cannot be emptied.
    body: MaybeUndefined<String>,
    /// What to warn readers of before they see the text, at most 200 characters.
    content_warning: MaybeUndefined<String>,
    /// The language of the text, such as `ru` or `pt-BR`.
    language: MaybeUndefined<Locale>,
    /// Who may see it. It cannot be emptied.
    visibility: MaybeUndefined<Visibility>,
    /// The `version` that you read. If the post has another by now, nothing is changed and the problem is
    /// `VERSION_CONFLICT`.
    expected_version: Option<i32>,
}

impl From<UpdatePostInput> for Edit {
    fn from(input: UpdatePostInput) -> Self {
        Self {
            post_id: input.post_id.0,
            title: input.title.into(),
            body: input.body.into(),
            content_warning: input.content_warning.into(),
            language: input.language.map_value(|Locale(tag)| tag).into(),
            visibility: input.visibility.map_value(Into::into).into(),
            expected_version: input.expected_version.map(Into::into),
        }
    }
}

/// A post of yours to delete.
#[derive(Debug, InputObject)]
pub(crate) struct DeletePostInput {
    /// The post.
    pub(crate) post_id: ID,
}

/// A post to like.
#[derive(Debug, InputObject)]
pub(crate) struct LikePostInput {
    /// The post.
    pub(crate) post_id: ID,
}

/// A post to take your like back from.
#[derive(Debug, InputObject)]
pub(crate) struct UnlikePostInput {
    /// The post.
    pub(crate) post_id: ID,
}

/// A comment to write.
#[derive(Debug, InputObject)]
pub(crate) struct CreateCommentInput {
    /// The post that it belongs to.
    post_id: ID,
    /// The text: 1 to 5,000 characters, plain.
    body: String,
    /// The comment of the same post that it answers. Replies go at most 8 levels deep.
    parent_id: Option<ID>,
    /// A UUID of your choice. The same input with the same key comments once within 24 hours.
    idempotency_key: Option<Key>,
}

impl From<CreateCommentInput> for comment::Draft {
    fn from(input: CreateCommentInput) -> Self {
        Self {
            post_id: input.post_id.0,
            parent_id: input.parent_id.map(|id| id.0),
            body: input.body,
            idempotency_key: input.idempotency_key.map(|Key(key)| key),
        }
    }
}

/// A comment of yours to delete.
#[derive(Debug, InputObject)]
pub(crate) struct DeleteCommentInput {
    /// The comment.
    pub(crate) comment_id: ID,
}
