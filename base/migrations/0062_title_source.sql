-- What an import did with each file that it met, so that it reads no file again
-- that did not change.
CREATE TABLE title_source (
	path    TEXT    NOT NULL PRIMARY KEY,
	mark    TEXT    NOT NULL, -- sizes and times of its files, digested
	taken   BOOLEAN NOT NULL,
	digest  TEXT    NOT NULL, -- of the title, '' when it was refused
	remark  TEXT    NOT NULL, -- why it was refused, or what was mended
	read_at BIGINT  NOT NULL
);
