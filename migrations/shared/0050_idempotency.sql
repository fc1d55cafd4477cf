-- Mutations that were executed under a client's key. `outcome` is the id of what was created.
CREATE TABLE idempotency (
    scope TEXT NOT NULL,
    mutation TEXT NOT NULL,
    key UUID NOT NULL,
    input_hash BYTEA NOT NULL,
    outcome UUID NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (scope, mutation, key)
);
CREATE INDEX idempotency_by_age ON idempotency (created_at);
