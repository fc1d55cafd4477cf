-- When a key begins to sign; it does until the next slot's key begins. Keys that were there before sign now.
ALTER TABLE signing_key ADD COLUMN signs_from TIMESTAMPTZ;
UPDATE signing_key SET signs_from = created_at;
