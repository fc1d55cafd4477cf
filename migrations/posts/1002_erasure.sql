-- Erasing accounts. One text for SQLite and PostgreSQL.

-- Stays set for good, so that nothing that comes late makes anything new of an erased account.
ALTER TABLE user_ref ADD COLUMN erased BOOLEAN NOT NULL DEFAULT FALSE;

-- How far each erasure has come: it is done in chunks, and each counts what it erased.
CREATE TABLE erasure (
    user_id UUID NOT NULL PRIMARY KEY,
    erasure_id UUID NOT NULL,
    posts BIGINT NOT NULL,
    comments BIGINT NOT NULL,
    likes BIGINT NOT NULL,
    finished_at TIMESTAMPTZ
);

-- What is left to erase of an account. Nothing is without words but what was erased, or deleted by its author.
CREATE INDEX post_to_erase ON post (author_id, id) WHERE body <> '';
CREATE INDEX post_comment_to_erase ON post_comment (author_id, post_id, id) WHERE body <> '';
CREATE INDEX post_like_by_user ON post_like (user_id, post_id);
CREATE INDEX follow_ref_by_followee ON follow_ref (followee_id);
