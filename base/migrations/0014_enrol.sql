-- A form in the making, seen only by the clerk who began it, at that branch.
CREATE TABLE draft (
	id         TEXT   PRIMARY KEY,
	staff_id   TEXT   NOT NULL,
	branch_id  TEXT   NOT NULL,
	version    BIGINT NOT NULL,
	fields     TEXT   NOT NULL, -- as typed; emptied once it is saved
	ask_id     TEXT   NOT NULL, -- the question to an account's owner
	account_id TEXT   NOT NULL, -- the account that its owner confirmed
	username   TEXT   NOT NULL,
	updated_at BIGINT NOT NULL,
	saved_at   BIGINT,
	result     TEXT   NOT NULL
);
CREATE INDEX draft_owner ON draft (staff_id, branch_id, updated_at);
CREATE INDEX draft_updated ON draft (updated_at);

-- A parent or guardian who was named when a child was enrolled.
CREATE TABLE guardian (
	customer_id TEXT PRIMARY KEY,
	name        TEXT NOT NULL,
	email       TEXT NOT NULL
);
