-- Lists of the few: accounts with a role, and accounts that are not in use. Those of the many are read in their order.
CREATE INDEX account_by_role ON account (role, id) WHERE role <> 'USER';
CREATE INDEX account_by_state ON account (state, id) WHERE state <> 'ACTIVE';
