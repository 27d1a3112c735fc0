-- What a person of the library must look at, because no rule may decide it.
CREATE TABLE task (
	id              TEXT   PRIMARY KEY,
	organisation_id TEXT   NOT NULL REFERENCES organisation (id),
	kind            TEXT   NOT NULL,
	object          TEXT   NOT NULL, -- "payment:ID", "customer:ID"
	cents           BIGINT NOT NULL CHECK (cents = CAST(cents AS BIGINT)), -- money that waits for an answer, 0 for none
	sealed          TEXT   NOT NULL, -- what a person must read to do it, '' for nothing
	opened_at       BIGINT NOT NULL,
	done_at         BIGINT,
	done_by         TEXT   NOT NULL DEFAULT '',
	note            TEXT   NOT NULL DEFAULT ''
);
-- One thing to look at is one task, however often it is noticed.
CREATE UNIQUE INDEX task_once ON task (kind, object);
CREATE INDEX task_open ON task (organisation_id, opened_at) WHERE done_at IS NULL;
