-- A letter waits here from the transaction that wrote it until a mail server
-- took it. The address and the text are only in sealed, so that a copy of the
-- database hands out no links and no addresses.
CREATE TABLE outbox (
	id          TEXT   PRIMARY KEY,
	kind        TEXT   NOT NULL,
	sealed      TEXT   NOT NULL,
	state       TEXT   NOT NULL CHECK (state IN ('queued', 'sent', 'dead')),
	attempts    BIGINT NOT NULL DEFAULT 0,
	claim       TEXT   NOT NULL DEFAULT '',
	due_at      BIGINT NOT NULL,
	last_error  TEXT   NOT NULL DEFAULT '',
	queued_at   BIGINT NOT NULL,
	finished_at BIGINT
);

CREATE INDEX outbox_due ON outbox (due_at) WHERE state = 'queued';
CREATE INDEX outbox_queued_at ON outbox (queued_at, id);
CREATE INDEX outbox_finished ON outbox (finished_at);
CREATE INDEX outbox_dead ON outbox (finished_at, id) WHERE state = 'dead';

-- One row for each piece of periodic work and each slot of time in which it
-- was tried. The primary key decides which node does it.
CREATE TABLE job_run (
	name        TEXT   NOT NULL,
	slot_at     BIGINT NOT NULL,
	started_at  BIGINT NOT NULL,
	finished_at BIGINT,
	last_error  TEXT   NOT NULL DEFAULT '',
	PRIMARY KEY (name, slot_at)
);
