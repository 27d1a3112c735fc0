-- The code app of an account or a worker. The secret is sealed; offered is the one
-- of an app that was not confirmed yet. last_step and failures guard the codes.
CREATE TABLE code_app (
	owner        TEXT   PRIMARY KEY,
	sealed       TEXT   NOT NULL,
	offered      TEXT   NOT NULL,
	offered_at   BIGINT,
	confirmed_at BIGINT,
	used_at      BIGINT,
	last_step    BIGINT NOT NULL,
	failures     BIGINT NOT NULL
);

CREATE TABLE recovery_code (
	owner   TEXT   NOT NULL,
	digest  TEXT   NOT NULL,
	made_at BIGINT NOT NULL,
	used_at BIGINT,
	PRIMARY KEY (owner, digest)
);

-- A passkey (WebAuthn credential). record is what the next sign-in is checked
-- with: the public key, the counter and the flags. No secret is among them.
CREATE TABLE passkey (
	id         TEXT   PRIMARY KEY,
	owner      TEXT   NOT NULL,
	host       TEXT   NOT NULL,
	name       TEXT   NOT NULL,
	record     TEXT   NOT NULL,
	created_at BIGINT NOT NULL,
	used_at    BIGINT
);
CREATE INDEX passkey_owner ON passkey (owner);

-- Challenges that were answered. One that stands here is never taken again.
CREATE TABLE passkey_answered (
	digest     TEXT   PRIMARY KEY,
	expires_at BIGINT NOT NULL
);
CREATE INDEX passkey_answered_expiry ON passkey_answered (expires_at);

-- Until when a password that somebody else gave out may be used, and only to choose
-- one's own; empty for a password of the worker's own.
ALTER TABLE worker ADD COLUMN temporary_until BIGINT;
