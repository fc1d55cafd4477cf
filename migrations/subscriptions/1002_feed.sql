-- Home feeds, and the replica of posts that they are filled from.

-- Posts as the feed sees them. A change counts only when its version is newer; a creation is version 0.
CREATE TABLE post_ref (
    post_id UUID NOT NULL PRIMARY KEY,
    author_id UUID NOT NULL,
    visibility TEXT NOT NULL,
    state TEXT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX post_ref_by_author ON post_ref (author_id, post_id);

-- One row an author, locked by every transaction that changes feeds on account of them: see `store/feed.rs`.
CREATE TABLE author_gate (
    author_id UUID NOT NULL PRIMARY KEY,
    turns BIGINT NOT NULL
);

-- The last change number of a user's feed, and the number up to which removed rows may have been dropped.
CREATE TABLE feed_head (
    user_id UUID NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL,
    trimmed_to BIGINT NOT NULL
);

-- A user's feed. Pages are ordered by post_id, changes by seq; a removed row stays as a tombstone for replay.
CREATE TABLE feed (
    user_id UUID NOT NULL,
    post_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    -- Bit set: 1 = the author is followed.
    reasons BIGINT NOT NULL,
    removed BOOLEAN NOT NULL,
    inserted_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (user_id, post_id)
);
CREATE UNIQUE INDEX feed_by_seq ON feed (user_id, seq);
