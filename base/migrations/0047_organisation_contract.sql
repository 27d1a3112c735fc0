-- Who the library is, as a contract must say (BW 6:230m).
ALTER TABLE organisation ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE organisation ADD COLUMN register TEXT NOT NULL DEFAULT '';
