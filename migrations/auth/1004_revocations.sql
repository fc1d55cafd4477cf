-- Access that ended before its tokens did, kept until the last of these tokens has ended by itself.
-- Without references: what is revoked stays so when its session or its account is deleted.

-- Every token of the session is refused.
CREATE TABLE revoked_session (
    session_id UUID NOT NULL PRIMARY KEY,
    reason TEXT NOT NULL,
    revoked_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX revoked_session_by_age ON revoked_session (revoked_at);

-- Tokens of the user that were issued before a time are refused.
CREATE TABLE revoked_user (
    user_id UUID NOT NULL PRIMARY KEY,
    not_before TIMESTAMPTZ NOT NULL,
    reason TEXT NOT NULL
);
CREATE INDEX revoked_user_by_age ON revoked_user (not_before);
