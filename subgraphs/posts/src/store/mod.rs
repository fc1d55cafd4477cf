//! The service's SQL: one function a statement, one text for both databases.
//!
//! `visible!` is the SQL twin of [`crate::domain::visibility::can_see`]; every statement that reads posts or comments
//! on somebody's behalf contains it, with the reader's id as `$1` and whether they moderate as `$2`.

/// Whether the reader (`$1`, `$2`) may see the post `p`.
macro_rules! visible {
    () => {
        "($2 OR p.author_id = $1 OR (p.state = 'PUBLISHED' AND (p.visibility = 'PUBLIC' OR (p.visibility = 'FOLLOWERS'
          AND EXISTS (SELECT 1 FROM follow_ref f
                      WHERE f.follower_id = $1 AND f.followee_id = p.author_id AND f.active)))))"
    };
}

pub(crate) mod comment;
pub(crate) mod erasure;
pub(crate) mod like;
pub(crate) mod post;
pub(crate) mod replica;
pub(crate) mod thread_event;
