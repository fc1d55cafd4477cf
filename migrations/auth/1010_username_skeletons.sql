-- What names look like, so that nobody gets one that looks like another's.
ALTER TABLE account ADD COLUMN username_skeleton TEXT;

-- The same as `skeleton` in `domain/username.rs`.
UPDATE account SET username_skeleton =
    REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(username, '_', ''), '1', 'l'), 'i', 'l'), '0', 'o'), 'rn', 'm'), 'vv', 'w');

-- Accounts whose names look alike already keep them; the oldest stands for all. Whoever comes later finds it in the way.
UPDATE account SET username_skeleton = NULL WHERE id IN (
    SELECT id FROM (
        SELECT id, ROW_NUMBER() OVER (PARTITION BY username_skeleton ORDER BY created_at, id) AS place FROM account
    ) AS placed
    WHERE place > 1
);
CREATE UNIQUE INDEX account_by_username_skeleton ON account (username_skeleton);
