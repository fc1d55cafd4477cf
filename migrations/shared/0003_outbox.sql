-- The outbox keeps what it sent for a while, and processes take turns at sending it.

-- When the bus had stored the event for everybody; NULL until then. Sent rows are deleted after an hour.
ALTER TABLE outbox ADD COLUMN sent_at TIMESTAMPTZ;
CREATE INDEX outbox_unsent ON outbox (id) WHERE sent_at IS NULL;
CREATE INDEX outbox_by_age ON outbox (sent_at) WHERE sent_at IS NOT NULL;

-- Whose turn it is: one row. The holder raises `turns` about once a second; a process that sees it stand still takes
-- over. No time is stored, so the clocks of machines are never compared.
CREATE TABLE relay_lease (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    holder UUID,
    turns BIGINT NOT NULL
);
INSERT INTO relay_lease (id, holder, turns) VALUES (1, NULL, 0);
