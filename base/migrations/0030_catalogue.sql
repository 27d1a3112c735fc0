-- What the Online Bibliotheek has to lend. The files lie outside the database,
-- in a folder named after the digest.
CREATE TABLE title (
	id          TEXT    NOT NULL PRIMARY KEY,
	digest      TEXT    NOT NULL,               -- SHA-256 of the content
	kind        TEXT    NOT NULL CHECK (kind IN ('ebook', 'audiobook')),
	identifier  TEXT    NOT NULL,               -- a URI
	name        TEXT    NOT NULL,
	language    TEXT    NOT NULL,
	youth       BOOLEAN NOT NULL,
	duration    BIGINT  NOT NULL,               -- microseconds of an audiobook, else 0
	size        BIGINT  NOT NULL,
	cover       TEXT    NOT NULL,               -- href of the picture, '' for none
	details     TEXT    NOT NULL,               -- what is only shown, as JSON
	sort_name   TEXT    NOT NULL,
	search_text TEXT    NOT NULL,               -- folded in Go
	added_at    BIGINT  NOT NULL
);
CREATE UNIQUE INDEX title_digest ON title (digest);
CREATE INDEX title_sort ON title (sort_name, id);

-- Reading order and contents, apart, so that lists do not carry it along.
CREATE TABLE title_manifest (
	title_id TEXT NOT NULL PRIMARY KEY REFERENCES title (id) ON DELETE CASCADE,
	manifest TEXT NOT NULL
);
