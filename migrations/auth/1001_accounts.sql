-- Who may sign in. One text for SQLite and PostgreSQL.
CREATE TABLE account (
    id UUID NOT NULL PRIMARY KEY,
    -- Lower case.
    username TEXT NOT NULL,
    -- As its owner wrote it; mail goes there.
    email TEXT NOT NULL,
    -- The same, normalised for comparison.
    email_key TEXT NOT NULL,
    email_status TEXT NOT NULL,
    -- A PHC string.
    password_hash TEXT NOT NULL,
    role TEXT NOT NULL,
    state TEXT NOT NULL,
    version BIGINT NOT NULL CHECK (version > 0),
    created_at TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX account_by_username ON account (username);
CREATE UNIQUE INDEX account_by_email ON account (email_key);
CREATE INDEX account_admins ON account (id) WHERE role = 'ADMIN';
