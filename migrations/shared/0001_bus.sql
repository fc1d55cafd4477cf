-- Tables that every service has for its events. One text for SQLite and PostgreSQL.

-- What this service has to tell, written in the transaction of the change itself. Ids are UUIDv7, so they sort in
-- the order of the commits of one writer.
CREATE TABLE outbox (
    id UUID NOT NULL PRIMARY KEY,
    envelope TEXT NOT NULL
);

-- What this service's consumers have handled, written in the transaction of the effect.
CREATE TABLE inbox (
    consumer TEXT NOT NULL,
    event_id UUID NOT NULL,
    handled_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (consumer, event_id)
);
CREATE INDEX inbox_by_age ON inbox (consumer, handled_at);

-- The in-process bus: events stored for a consumer and not yet acknowledged.
CREATE TABLE delivery (
    consumer TEXT NOT NULL,
    event_id UUID NOT NULL,
    envelope TEXT NOT NULL,
    attempt BIGINT NOT NULL,
    due_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (consumer, event_id)
);

-- Events that a consumer gave up on.
CREATE TABLE dead_letter (
    consumer TEXT NOT NULL,
    event_id UUID NOT NULL,
    envelope TEXT NOT NULL,
    reason TEXT NOT NULL,
    attempt BIGINT NOT NULL,
    died_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (consumer, event_id)
);
