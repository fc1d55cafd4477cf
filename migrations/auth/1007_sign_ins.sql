-- What was tried how often, counted in windows: the brake on guessing.
CREATE TABLE attempt (
    -- The purpose, and a hash of whom or where: see `domain/brake.rs`.
    subject BYTEA NOT NULL PRIMARY KEY,
    count BIGINT NOT NULL,
    -- How many a window may have, and whether it begins anew with each.
    most BIGINT NOT NULL,
    is_strict BOOLEAN NOT NULL,
    window_end TIMESTAMPTZ NOT NULL
);
CREATE INDEX attempt_by_end ON attempt (window_end);

-- To tell whether a device is new.
CREATE INDEX session_devices ON session (user_id, device);

-- Counts the passwords that the account has had. Another hash of the same password does not count.
ALTER TABLE account ADD COLUMN password_number BIGINT NOT NULL DEFAULT 1;
