-- A letter knows what it is about ("account:ID", "customer:ID"), so that whoever
-- wrote it hears when it comes back: refused at once, or by a notice days later.
-- Of that notice only its code is kept.
ALTER TABLE outbox ADD COLUMN about TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN returned_at BIGINT;
ALTER TABLE outbox ADD COLUMN return_code TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN return_hard BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX outbox_about ON outbox (about, queued_at) WHERE about <> '';
