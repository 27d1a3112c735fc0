-- Loans of the Online Bibliotheek. The reader is a digest of what the sign-on
-- said, and is forgotten when the loan ends.
CREATE TABLE loan (
	id        TEXT   NOT NULL PRIMARY KEY,
	title_id  TEXT   NOT NULL REFERENCES title (id),
	kind      TEXT   NOT NULL,
	reader    TEXT,
	lent_at   BIGINT NOT NULL,
	due_at    BIGINT NOT NULL,                  -- the first instant at which it is over
	ended_at  BIGINT,
	place     TEXT,                             -- where the reader is, as JSON
	placed_at BIGINT,
	progress  BIGINT NOT NULL,                  -- thousandths
	CHECK (ended_at IS NULL OR reader IS NULL)
);
CREATE UNIQUE INDEX loan_once ON loan (reader, title_id) WHERE ended_at IS NULL;
CREATE INDEX loan_due ON loan (due_at) WHERE ended_at IS NULL;
CREATE INDEX loan_title ON loan (title_id);
