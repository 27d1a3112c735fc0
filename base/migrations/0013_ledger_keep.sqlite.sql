-- Postings are added and never changed: the database itself refuses.
CREATE TRIGGER IF NOT EXISTS posting_keep_update BEFORE UPDATE ON posting
BEGIN
	SELECT RAISE(ABORT, 'postings are never changed');
END;
CREATE TRIGGER IF NOT EXISTS posting_keep_delete BEFORE DELETE ON posting
BEGIN
	SELECT RAISE(ABORT, 'postings are never deleted');
END;
