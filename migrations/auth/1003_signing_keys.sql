-- The key pairs that sign access tokens. Slots make creation safe: of two processes that fill one, the first wins.
-- The highest slot signs; tokens of the others are still accepted.
CREATE TABLE signing_key (
    slot BIGINT NOT NULL PRIMARY KEY,
    id UUID NOT NULL,
    pkcs8 BYTEA NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);
