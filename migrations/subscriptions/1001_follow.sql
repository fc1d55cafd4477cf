-- Who follows whom, and the replica of who there is. One text for SQLite and PostgreSQL.

-- Accounts that this service has heard of.
CREATE TABLE user_ref (
    id UUID NOT NULL PRIMARY KEY
);

-- A pair keeps its row after an unfollow: `version` goes on counting its changes, and the feeds of former followers
-- can still be found from the author.
CREATE TABLE follow (
    follower_id UUID NOT NULL,
    followee_id UUID NOT NULL,
    active BOOLEAN NOT NULL,
    version BIGINT NOT NULL,
    -- When the follow in force began, or the last one that was.
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (follower_id, followee_id),
    CHECK (follower_id <> followee_id)
);
CREATE INDEX follow_by_followee ON follow (followee_id, follower_id, active);
CREATE INDEX follow_followers ON follow (followee_id, created_at, follower_id) WHERE active = TRUE;
CREATE INDEX follow_following ON follow (follower_id, created_at, followee_id) WHERE active = TRUE;

-- Counters, changed in the transaction that changes `follow`. No row means zero.
CREATE TABLE follow_count (
    user_id UUID NOT NULL PRIMARY KEY,
    followers BIGINT NOT NULL CHECK (followers >= 0),
    following BIGINT NOT NULL CHECK (following >= 0)
);
