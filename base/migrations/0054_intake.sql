-- Accounts taken over from another system. A run is one file for one library; its
-- id is a digest of both, so that the same file goes on where it was.
CREATE TABLE intake_run (
	id          TEXT   PRIMARY KEY,
	started_at  BIGINT NOT NULL,
	moved_at    BIGINT NOT NULL,
	finished_at BIGINT,
	total       BIGINT NOT NULL,  -- rows in the file
	done        BIGINT NOT NULL,  -- rows from its beginning that are dealt with
	taken       BIGINT NOT NULL,
	waiting     BIGINT NOT NULL,  -- of those taken: the address must still be confirmed
	unhashed    BIGINT NOT NULL,  -- of those taken: without a password
	linked      BIGINT NOT NULL,  -- of those taken: a customer has the account now
	present     BIGINT NOT NULL,
	refused     BIGINT NOT NULL
);

-- Why a line was refused, or taken without what it asked for. No names: the line
-- of the file has them.
CREATE TABLE intake_remark (
	run_id TEXT    NOT NULL REFERENCES intake_run (id) ON DELETE CASCADE,
	line   BIGINT  NOT NULL,
	taken  BOOLEAN NOT NULL,
	reason TEXT    NOT NULL,
	PRIMARY KEY (run_id, line)
);

-- What the foreign password hashes cost, each as a hash that nothing opens.
CREATE TABLE intake_shape (
	shape TEXT PRIMARY KEY
);
