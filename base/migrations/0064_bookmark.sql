-- Bookmarks in a title on loan. They are the reader's, lie with the loan, and go
-- when it ends. When one was made is nobody's business.
CREATE TABLE bookmark (
	id       TEXT   NOT NULL PRIMARY KEY,
	loan_id  TEXT   NOT NULL REFERENCES loan (id),
	href     TEXT   NOT NULL,                     -- the part
	fragment TEXT   NOT NULL,                     -- where in it, as of a place
	total    BIGINT NOT NULL,                     -- how far in the whole, in millionths
	chapter  TEXT   NOT NULL,
	words    TEXT   NOT NULL                      -- the first ones after it
);
CREATE UNIQUE INDEX bookmark_once ON bookmark (loan_id, href, fragment);
