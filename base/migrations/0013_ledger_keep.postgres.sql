-- Postings are added and never changed: the database itself refuses.
CREATE OR REPLACE FUNCTION posting_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'postings are never changed or deleted';
END $$;
CREATE OR REPLACE TRIGGER posting_keep_update BEFORE UPDATE OR DELETE ON posting FOR EACH ROW EXECUTE FUNCTION posting_keep();
CREATE OR REPLACE TRIGGER posting_keep_truncate BEFORE TRUNCATE ON posting FOR EACH STATEMENT EXECUTE FUNCTION posting_keep();
