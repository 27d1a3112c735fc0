-- What a right of a membership lets a reader borrow. The name of the right is the
-- one in the sign-on claim; a right that is not here opens nothing.
CREATE TABLE lending_rule (
	right_name  TEXT    NOT NULL PRIMARY KEY,
	ebooks      BIGINT  NOT NULL CHECK (ebooks >= 0),       -- at the same time
	audiobooks  BIGINT  NOT NULL CHECK (audiobooks >= 0),   -- at the same time, beside the e-books
	days        BIGINT  NOT NULL CHECK (days > 0),          -- after the day of borrowing
	extensions  BIGINT  NOT NULL CHECK (extensions >= 0),   -- of one loan
	extend_days BIGINT  NOT NULL CHECK (extend_days > 0),
	extend_from BIGINT  NOT NULL CHECK (extend_from > 0),   -- offered in so many last days
	youth       BOOLEAN NOT NULL                            -- titles for children only
);
INSERT INTO lending_rule (right_name, ebooks, audiobooks, days, extensions, extend_days, extend_from, youth) VALUES
	('digital', 10, 10, 21, 1, 21, 3, FALSE),
	('digital-youth', 10, 10, 21, 1, 21, 3, TRUE);
ALTER TABLE loan ADD COLUMN extended BIGINT NOT NULL DEFAULT 0; -- how often
