-- Each time that a title is kept its files lie in a new folder, and its row says in
-- which one: the files and the list that numbers them change in one moment.
ALTER TABLE title ADD COLUMN folder TEXT NOT NULL DEFAULT '';

UPDATE title SET folder = digest;
