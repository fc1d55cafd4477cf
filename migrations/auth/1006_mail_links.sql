-- Who wants a link mailed, until it is looked whether the address is anybody's. It is stored for every address alike, so
-- that neither the answer nor its time tells who has an account.
CREATE TABLE mail_wish (
    id UUID NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL,
    -- Normalised.
    address_key TEXT NOT NULL,
    trace_id TEXT NOT NULL
);

-- Links in mails: one of each purpose for an account, so that only the newest works. It is deleted by its use.
CREATE TABLE mail_link (
    -- SHA-256 of the token in the mail.
    token_hash BYTEA NOT NULL PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES account (id),
    purpose TEXT NOT NULL,
    -- Where it was sent, as written and normalised; what it confirms, if it confirms an address.
    address TEXT NOT NULL,
    address_key TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX mail_link_by_user ON mail_link (user_id, purpose);
CREATE INDEX mail_link_by_end ON mail_link (expires_at);
