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
CREATE INDEX customer_key_last ON customer (organisation_id, key_last, key_first, key_initials, id);
CREATE INDEX customer_key_full ON customer (organisation_id, key_full, key_first, key_initials, id);
CREATE INDEX customer_key_second ON customer (organisation_id, key_second, key_first, key_initials, id);
CREATE INDEX customer_key_email ON customer (organisation_id, key_email);
CREATE INDEX customer_birth ON customer (organisation_id, birth, key_last);
CREATE INDEX customer_postcode ON customer (organisation_id, postcode, house_number);
