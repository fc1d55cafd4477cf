-- Accounts that are closed for a time, and accounts that are going to be erased.
CREATE TABLE suspension (
    user_id UUID NOT NULL PRIMARY KEY REFERENCES account (id),
    -- The moderator's decision.
    action_id UUID NOT NULL,
    reason TEXT NOT NULL,
    -- NULL: for good.
    ends_at TIMESTAMPTZ,
    decided_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX suspension_by_end ON suspension (ends_at) WHERE ends_at IS NOT NULL;

-- Decisions that were taken back before they arrived here.
CREATE TABLE revoked_moderation (
    action_id UUID NOT NULL PRIMARY KEY,
    revoked_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE deletion (
    user_id UUID NOT NULL PRIMARY KEY REFERENCES account (id),
    erasure_id UUID NOT NULL,
    -- The owner, or an administrator.
    requested_by UUID NOT NULL,
    due_at TIMESTAMPTZ NOT NULL,
    -- NULL until the account was erased.
    erased_at TIMESTAMPTZ
);
CREATE INDEX deletion_by_due ON deletion (due_at) WHERE erased_at IS NULL;

-- What each service said it erased.
CREATE TABLE erasure_receipt (
    erasure_id UUID NOT NULL,
    service TEXT NOT NULL,
    -- JSON: how many of what.
    counts TEXT NOT NULL,
    finished_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (erasure_id, service)
);
