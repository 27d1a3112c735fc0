-- Search keys are compared by bytes, as on SQLite, so that the beginning of a
-- key is a range of an index whatever locale the server was installed with.
ALTER TABLE customer
	ALTER COLUMN key_sort TYPE TEXT COLLATE "C",
	ALTER COLUMN key_last TYPE TEXT COLLATE "C",
	ALTER COLUMN key_second TYPE TEXT COLLATE "C",
	ALTER COLUMN key_full TYPE TEXT COLLATE "C",
	ALTER COLUMN key_first TYPE TEXT COLLATE "C",
	ALTER COLUMN key_initials TYPE TEXT COLLATE "C",
	ALTER COLUMN key_email TYPE TEXT COLLATE "C",
	ALTER COLUMN postcode TYPE TEXT COLLATE "C";
ALTER TABLE customer_number ALTER COLUMN number TYPE TEXT COLLATE "C";
