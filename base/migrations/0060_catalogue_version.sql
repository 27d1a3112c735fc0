-- Each change of the catalogue gets the next number, so that a copy of it in
-- memory asks only for what it does not have yet.
CREATE TABLE catalogue_version (n BIGINT NOT NULL);
INSERT INTO catalogue_version (n) VALUES (1);
ALTER TABLE title ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE title ADD COLUMN withdrawn BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX title_version ON title (version);
