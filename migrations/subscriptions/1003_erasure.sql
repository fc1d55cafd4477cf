-- Erasing accounts. One text for SQLite and PostgreSQL.

-- Both stay set for good, so that nothing that comes late makes anything new of an erased account.
ALTER TABLE user_ref ADD COLUMN erased BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE author_gate ADD COLUMN erased BOOLEAN NOT NULL DEFAULT FALSE;

-- How far each erasure has come: it is done in chunks, and each counts what it erased.
CREATE TABLE erasure (
    user_id UUID NOT NULL PRIMARY KEY,
    erasure_id UUID NOT NULL,
    following BIGINT NOT NULL,
    followers BIGINT NOT NULL,
    feed_items BIGINT NOT NULL,
    finished_at TIMESTAMPTZ
);
