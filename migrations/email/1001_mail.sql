-- Whom mail reaches, and the mails.

-- Everybody whom an event was about. The row is locked by every transaction that writes what is kept of them, and it
-- outlives their erasure, so that an event that comes late recreates nothing.
CREATE TABLE addressee (
    user_id UUID NOT NULL PRIMARY KEY,
    erased_at TIMESTAMPTZ
);

-- Where mail reaches somebody, and how to write to them. A change counts only when its version is newer.
CREATE TABLE recipient (
    user_id UUID NOT NULL PRIMARY KEY,
    address TEXT NOT NULL,
    locale TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    verified BOOLEAN NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE message (
    -- As its producer named it.
    id UUID NOT NULL PRIMARY KEY,
    template TEXT NOT NULL,
    to_user_id UUID NOT NULL,
    -- In place of the recipient's address.
    to_address TEXT,
    params JSONB NOT NULL,
    -- The token of the link. NULL as soon as the mail is not QUEUED any more.
    secret TEXT,
    -- Of several messages with one key only the first is sent.
    dedupe_key TEXT,
    -- QUEUED, SENT, FAILED or SUPPRESSED.
    state TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    sent_at TIMESTAMPTZ,
    -- What was sent, and to which address, as written and normalised; only where the mailbox keeps it.
    address TEXT,
    address_key TEXT,
    subject TEXT,
    text_body TEXT,
    html_body TEXT
);
CREATE UNIQUE INDEX message_by_dedupe_key ON message (dedupe_key);
CREATE INDEX message_queued ON message (created_at) WHERE state = 'QUEUED';
CREATE INDEX message_by_user ON message (to_user_id);
CREATE INDEX message_by_age ON message (created_at);
