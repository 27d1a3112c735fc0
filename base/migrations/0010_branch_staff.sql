CREATE TABLE organisation (
	id     TEXT PRIMARY KEY,
	slug   TEXT NOT NULL UNIQUE,
	name   TEXT NOT NULL,
	email  TEXT NOT NULL,
	phone  TEXT NOT NULL,
	site   TEXT NOT NULL,
	colour TEXT NOT NULL,
	ink    TEXT NOT NULL
);

CREATE TABLE branch (
	id              TEXT    PRIMARY KEY,
	organisation_id TEXT    NOT NULL REFERENCES organisation (id),
	code            TEXT    NOT NULL,
	name            TEXT    NOT NULL,
	place           TEXT    NOT NULL,
	enrols          BOOLEAN NOT NULL,
	choices         TEXT    NOT NULL
);

CREATE UNIQUE INDEX branch_code ON branch (organisation_id, code);

CREATE TABLE worker (
	id              TEXT    PRIMARY KEY,
	organisation_id TEXT    NOT NULL REFERENCES organisation (id),
	username        TEXT    NOT NULL,
	username_key    TEXT    NOT NULL UNIQUE,
	name            TEXT    NOT NULL,
	lang            TEXT    NOT NULL,
	hash            TEXT    NOT NULL,
	active          BOOLEAN NOT NULL,
	created_at      BIGINT  NOT NULL,
	signed_in_at    BIGINT
);

CREATE INDEX worker_organisation ON worker (organisation_id);

-- One role at one branch; an empty branch_id is the whole organisation.
CREATE TABLE post (
	worker_id TEXT NOT NULL REFERENCES worker (id),
	branch_id TEXT NOT NULL,
	role      TEXT NOT NULL CHECK (role IN ('balie', 'beheer', 'financieel')),
	PRIMARY KEY (worker_id, branch_id, role)
);
