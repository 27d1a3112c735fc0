-- Postings are what the library owns of its money: added, never changed.
CREATE TABLE posting (
	id          TEXT    PRIMARY KEY,
	customer_id TEXT    NOT NULL,
	kind        TEXT    NOT NULL CHECK (kind IN ('charge', 'discount', 'payment', 'refund')),
	cents       BIGINT  NOT NULL CHECK (cents <> 0 AND cents = CAST(cents AS BIGINT)),
	subject     TEXT    NOT NULL,
	object_id   TEXT    NOT NULL,
	text        TEXT    NOT NULL,
	method      TEXT    NOT NULL CHECK (method IN ('', 'cash', 'pin')),
	branch_id   TEXT    NOT NULL,
	staff_id    TEXT    NOT NULL,
	at          BIGINT  NOT NULL,
	command     TEXT    NOT NULL,
	CHECK ((kind IN ('charge', 'refund')) = (cents > 0)),
	CHECK ((kind IN ('payment', 'refund')) = (method <> ''))
);
CREATE UNIQUE INDEX posting_command ON posting (command);
CREATE INDEX posting_customer ON posting (customer_id, at);
CREATE INDEX posting_branch ON posting (branch_id, at);
