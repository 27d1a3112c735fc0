-- Money that comes and goes online, and charges that are taken back (credit).
-- SQLite changes no CHECK, so the table is made anew with all its postings.
CREATE TABLE posting_new (
	id          TEXT   PRIMARY KEY,
	customer_id TEXT   NOT NULL,
	kind        TEXT   NOT NULL CHECK (kind IN ('charge', 'discount', 'credit', 'payment', 'refund')),
	cents       BIGINT NOT NULL CHECK (cents <> 0 AND cents = CAST(cents AS BIGINT)),
	subject     TEXT   NOT NULL,
	object_id   TEXT   NOT NULL,
	text        TEXT   NOT NULL,
	method      TEXT   NOT NULL CHECK (method IN ('', 'cash', 'pin', 'online')),
	branch_id   TEXT   NOT NULL,
	staff_id    TEXT   NOT NULL,
	at          BIGINT NOT NULL,
	command     TEXT   NOT NULL,
	CHECK ((kind IN ('charge', 'refund')) = (cents > 0)),
	CHECK ((kind IN ('payment', 'refund')) = (method <> ''))
);
INSERT INTO posting_new SELECT id, customer_id, kind, cents, subject, object_id, text, method, branch_id, staff_id, at, command FROM posting;
DROP TABLE posting;
ALTER TABLE posting_new RENAME TO posting;
CREATE UNIQUE INDEX posting_command ON posting (command);
CREATE INDEX posting_customer ON posting (customer_id, at);
CREATE INDEX posting_branch ON posting (branch_id, at);
CREATE TRIGGER posting_keep_update BEFORE UPDATE ON posting
BEGIN
	SELECT RAISE(ABORT, 'postings are never changed');
END;
CREATE TRIGGER posting_keep_delete BEFORE DELETE ON posting
BEGIN
	SELECT RAISE(ABORT, 'postings are never deleted');
END;
