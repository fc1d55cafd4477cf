-- Signed-in devices. A session is one family of refresh tokens: each use of its token makes the next one.
-- Only SHA-256 hashes of tokens are stored.
CREATE TABLE session (
    id UUID NOT NULL PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES account (id),
    -- The User-Agent that signed in.
    device TEXT,
    -- Of the one token that may be used.
    token_hash BYTEA NOT NULL,
    -- Of the token that it replaced.
    parent_hash BYTEA,
    -- When the token in force was issued.
    rotated_at TIMESTAMPTZ NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    -- When the token in force ends, and the session with it unless it is used before.
    expires_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX session_by_token ON session (token_hash);
CREATE INDEX session_by_user ON session (user_id) WHERE ended_at IS NULL;
CREATE INDEX session_by_end ON session (expires_at);

-- Tokens that were used, kept to recognise a second use until they would have ended anyway.
CREATE TABLE spent_token (
    hash BYTEA NOT NULL PRIMARY KEY,
    session_id UUID NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    expires_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX spent_token_by_session ON spent_token (session_id);
CREATE INDEX spent_token_by_end ON spent_token (expires_at);
