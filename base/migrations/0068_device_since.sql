-- Since when an account knows a browser: two of one name are told apart by it.
ALTER TABLE account_device ADD COLUMN since_at BIGINT; -- empty for those of before
