-- A letter about a new second step takes that one away and no other. The letters of
-- before do not say which: they stop working.
ALTER TABLE account_own_link ADD COLUMN step TEXT NOT NULL DEFAULT ''; -- factor: the second step it is about
-- Since when what was added counts as that of whoever asked for the change.
ALTER TABLE account_own_link ADD COLUMN since_at BIGINT; -- undo
UPDATE account_own_link SET replaced_at = mailed_at WHERE kind = 'factor' AND used_at IS NULL AND replaced_at IS NULL;

-- Since an undo: the passkey counts behind the password only, until it was given there.
ALTER TABLE passkey ADD COLUMN doubted_at BIGINT;

-- For whom a library asked, in its own words.
ALTER TABLE account_factor_removal ADD COLUMN about TEXT NOT NULL DEFAULT '';
CREATE INDEX account_factor_removal_ended ON account_factor_removal (account_id, ended_at);
