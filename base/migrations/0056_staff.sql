-- Who looked at whom: one row for a worker, an object and an hour.
CREATE TABLE audit_look (
	actor   TEXT   NOT NULL,
	object  TEXT   NOT NULL,
	slot_at BIGINT NOT NULL, -- the beginning of the hour
	at      BIGINT NOT NULL, -- the first look in it
	branch  TEXT   NOT NULL,
	PRIMARY KEY (object, actor, slot_at)
);
CREATE INDEX audit_look_at ON audit_look (at);

-- A question to an owner is answered by the mailed code, or on the owner's own
-- telephone behind a link. The account that agreed there waits in agreed_by
-- until the desk takes it.
ALTER TABLE account_ask ADD COLUMN asker TEXT NOT NULL DEFAULT '';
ALTER TABLE account_ask ADD COLUMN about TEXT NOT NULL DEFAULT '';
ALTER TABLE account_ask ADD COLUMN token_digest TEXT NOT NULL DEFAULT '';
ALTER TABLE account_ask ADD COLUMN agreed_by TEXT NOT NULL DEFAULT '';
ALTER TABLE account_ask ADD COLUMN agreed_at BIGINT;
CREATE UNIQUE INDEX account_ask_token ON account_ask (token_digest) WHERE token_digest <> '';

-- The open question of a desk about a customer who is enrolled already.
CREATE TABLE link_ask (
	customer_id TEXT   PRIMARY KEY REFERENCES customer (id),
	ask_id      TEXT   NOT NULL,
	username    TEXT   NOT NULL, -- as typed, '' when the owner answers on a telephone
	asked_at    BIGINT NOT NULL
);

-- When the owner deleted the login account that was linked.
ALTER TABLE customer ADD COLUMN account_left_at BIGINT;
