-- Posts, comments, likes and what live streams replay. One text for SQLite and PostgreSQL.

CREATE TABLE post (
    id UUID NOT NULL PRIMARY KEY,
    author_id UUID NOT NULL,
    title TEXT,
    body TEXT NOT NULL,
    language TEXT,
    content_warning TEXT,
    visibility TEXT NOT NULL CHECK (visibility IN ('PUBLIC', 'FOLLOWERS', 'PRIVATE')),
    state TEXT NOT NULL CHECK (state IN ('PUBLISHED', 'DELETED', 'REMOVED')),
    created_at TIMESTAMPTZ NOT NULL,
    edited_at TIMESTAMPTZ,
    version BIGINT NOT NULL CHECK (version >= 1),
    like_count BIGINT NOT NULL CHECK (like_count >= 0),
    -- Comments that can be read.
    comment_count BIGINT NOT NULL CHECK (comment_count >= 0),
    -- Deleted comments that still hold replies.
    tombstone_count BIGINT NOT NULL CHECK (tombstone_count >= 0),
    -- The number of the newest row in post_event, taken under this row's lock.
    event_seq BIGINT NOT NULL CHECK (event_seq >= 0)
);
-- Lists page by id, which is ordered by creation.
CREATE INDEX post_by_author ON post (author_id, id);

CREATE TABLE post_like (
    post_id UUID NOT NULL REFERENCES post (id),
    user_id UUID NOT NULL,
    liked_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (post_id, user_id)
);

CREATE TABLE post_comment (
    id UUID NOT NULL PRIMARY KEY,
    post_id UUID NOT NULL REFERENCES post (id),
    parent_id UUID REFERENCES post_comment (id),
    -- 0 for a comment on the post itself.
    depth BIGINT NOT NULL CHECK (depth >= 0),
    author_id UUID NOT NULL,
    -- Emptied when the comment is deleted.
    body TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('PUBLISHED', 'DELETED', 'REMOVED')),
    created_at TIMESTAMPTZ NOT NULL,
    version BIGINT NOT NULL CHECK (version >= 1),
    -- Direct replies that the thread lists; a deleted comment is listed while it has some.
    reply_count BIGINT NOT NULL CHECK (reply_count >= 0)
);
CREATE INDEX post_comment_by_post ON post_comment (post_id, id);

-- What happened in a thread, kept for a day. Numbers of one post have no gap but the one that pruning leaves.
CREATE TABLE post_event (
    post_id UUID NOT NULL REFERENCES post (id),
    seq BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('COMMENT_ADDED', 'COMMENT_REMOVED')),
    comment_id UUID NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (post_id, seq)
);
CREATE INDEX post_event_by_age ON post_event (at);

-- Accounts, as far as this service knows them: from auth's events or by their first public post, whichever comes first.
CREATE TABLE user_ref (
    id UUID NOT NULL PRIMARY KEY,
    -- Published posts that everyone may see.
    post_count BIGINT NOT NULL CHECK (post_count >= 0)
);

-- Who follows whom, from subscriptions' events. An ended follow stays, because its version outranks late events.
CREATE TABLE follow_ref (
    follower_id UUID NOT NULL,
    followee_id UUID NOT NULL,
    version BIGINT NOT NULL,
    active BOOLEAN NOT NULL,
    PRIMARY KEY (follower_id, followee_id)
);
