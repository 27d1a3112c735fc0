-- Login accounts for library systems other than ours. An organisation and its
-- tokens, and which of its own customers has which account. Names and addresses
-- stay with the account; the rest stays in the organisation's own system.

CREATE TABLE provision_organisation (
	slug       TEXT   PRIMARY KEY,
	name       TEXT   NOT NULL,     -- as its customers read it in letters
	created_at BIGINT NOT NULL
);

CREATE TABLE provision_token (
	id           TEXT   PRIMARY KEY,
	organisation TEXT   NOT NULL REFERENCES provision_organisation (slug),
	name         TEXT   NOT NULL,   -- what the administrator calls it
	digest       TEXT   NOT NULL,
	scopes       TEXT   NOT NULL,   -- separated by blanks
	created_at   BIGINT NOT NULL,
	expires_at   BIGINT NOT NULL,
	used_on      TEXT,              -- the last day on which it was used; more would be a time sheet
	revoked_at   BIGINT
);
CREATE UNIQUE INDEX provision_token_digest ON provision_token (digest);

CREATE TABLE provision_user (
	id           TEXT    PRIMARY KEY,
	organisation TEXT    NOT NULL REFERENCES provision_organisation (slug),
	external_id  TEXT    NOT NULL,  -- of the customer, in the organisation's own words
	account_id   TEXT    NOT NULL,
	active       BOOLEAN NOT NULL,  -- false: the organisation lets its customer use nothing for now
	version      BIGINT  NOT NULL,
	created_at   BIGINT  NOT NULL,
	changed_at   BIGINT  NOT NULL
);
CREATE UNIQUE INDEX provision_user_external ON provision_user (organisation, external_id);
CREATE UNIQUE INDEX provision_user_account ON provision_user (account_id, organisation);
CREATE INDEX provision_user_listed ON provision_user (organisation, created_at, id);
