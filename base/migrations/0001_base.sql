-- Browser sessions of every door. The cookie holds a token, the table its digest.
CREATE TABLE session (
	digest     TEXT   PRIMARY KEY,
	id         TEXT   NOT NULL,
	door       TEXT   NOT NULL,
	subject    TEXT   NOT NULL,
	data       TEXT   NOT NULL,
	device     TEXT   NOT NULL,
	auth_at    BIGINT NOT NULL,
	seen_at    BIGINT NOT NULL,
	expires_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX session_id ON session (id);
CREATE INDEX session_subject ON session (door, subject);
CREATE INDEX session_expiry ON session (expires_at);

-- Who did what to whom, where and when. Append-only by habit: no act changes a row.
CREATE TABLE audit (
	id     TEXT   PRIMARY KEY,
	at     BIGINT NOT NULL,
	actor  TEXT   NOT NULL,
	act    TEXT   NOT NULL,
	object TEXT   NOT NULL,
	branch TEXT   NOT NULL,
	detail TEXT   NOT NULL
);
CREATE INDEX audit_object ON audit (object, at);
CREATE INDEX audit_actor ON audit (actor, at);
