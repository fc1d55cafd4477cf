-- What people say of themselves, and in which language and zone they are written to.
ALTER TABLE account ADD COLUMN display_name TEXT;
-- The same, normalised for search.
ALTER TABLE account ADD COLUMN display_key TEXT;
ALTER TABLE account ADD COLUMN bio TEXT;
ALTER TABLE account ADD COLUMN locale TEXT NOT NULL DEFAULT 'en';
ALTER TABLE account ADD COLUMN time_zone TEXT NOT NULL DEFAULT 'UTC';
CREATE INDEX account_by_display_key ON account (display_key) WHERE display_key IS NOT NULL;

-- Names that somebody gave up not long ago: nobody else may take them, and they lead to the account that had them.
CREATE TABLE held_username (
    username TEXT NOT NULL PRIMARY KEY,
    -- NULL when the account was erased: the name leads nowhere then, and is held all the same.
    user_id UUID,
    -- What the name looks like: names that look alike are held with it. See the migration 1010.
    skeleton TEXT,
    held_until TIMESTAMPTZ NOT NULL
);
CREATE INDEX held_username_by_skeleton ON held_username (skeleton);
CREATE INDEX held_username_by_user ON held_username (user_id);
CREATE INDEX held_username_by_end ON held_username (held_until);
