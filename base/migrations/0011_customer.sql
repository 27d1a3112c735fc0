CREATE TABLE customer (
	id               TEXT    PRIMARY KEY,
	organisation_id  TEXT    NOT NULL REFERENCES organisation (id),
	branch_id        TEXT    NOT NULL REFERENCES branch (id),
	type             TEXT    NOT NULL CHECK (type IN ('regular')),
	number           TEXT    NOT NULL UNIQUE,
	initials         TEXT    NOT NULL,
	prefix           TEXT    NOT NULL,
	last_name        TEXT    NOT NULL CHECK (last_name <> ''),
	first_name       TEXT    NOT NULL,
	birth            TEXT    NOT NULL,
	country          TEXT    NOT NULL,
	postcode         TEXT    NOT NULL,
	house_number     BIGINT  NOT NULL,
	house_addition   TEXT    NOT NULL,
	street           TEXT    NOT NULL,
	place            TEXT    NOT NULL,
	address_checked  BOOLEAN NOT NULL,
	email            TEXT    NOT NULL,
	phone            TEXT    NOT NULL,
	lang             TEXT    NOT NULL,
	iban             TEXT    NOT NULL,
	bic              TEXT    NOT NULL,
	identity_checked BOOLEAN NOT NULL,
	identity_by      TEXT    NOT NULL,
	identity_at      BIGINT,
	account_id       TEXT    NOT NULL,
	link_how         TEXT    NOT NULL CHECK (link_how IN ('', 'generated', 'existing', 'forgotten')),
	link_at          BIGINT,
	ended_on         TEXT    NOT NULL,
	registered_at    BIGINT  NOT NULL,
	registered_by    TEXT    NOT NULL,
	changed_at       BIGINT  NOT NULL,
	key_sort         TEXT    NOT NULL,
	key_last         TEXT    NOT NULL,
	key_second       TEXT    NOT NULL,
	key_full         TEXT    NOT NULL,
	key_first        TEXT    NOT NULL,
	key_initials     TEXT    NOT NULL,
	key_email        TEXT    NOT NULL
);

-- Search goes by the beginning of a key. Keys compare by bytes: on SQLite always,
-- on PostgreSQL by 0011_customer_keys.
CREATE INDEX customer_key_last ON customer (organisation_id, key_last, key_first, key_initials, id);
CREATE INDEX customer_key_full ON customer (organisation_id, key_full, key_first, key_initials, id);
CREATE INDEX customer_key_second ON customer (organisation_id, key_second, key_first, key_initials, id);
CREATE INDEX customer_key_email ON customer (organisation_id, key_email);
CREATE INDEX customer_birth ON customer (organisation_id, birth, key_last);
CREATE INDEX customer_postcode ON customer (organisation_id, postcode, house_number);

-- One login account opens at most one membership of the same library.
CREATE UNIQUE INDEX customer_account ON customer (account_id, organisation_id) WHERE account_id <> '';

-- Every number that was ever given out, so that none is given out twice.
CREATE TABLE customer_number (
	number          TEXT   PRIMARY KEY,
	organisation_id TEXT   NOT NULL REFERENCES organisation (id),
	customer_id     TEXT   NOT NULL REFERENCES customer (id),
	state           TEXT   NOT NULL CHECK (state IN ('active', 'replaced', 'blocked', 'retired')),
	given_at        BIGINT NOT NULL,
	ended_at        BIGINT
);

CREATE INDEX customer_number_customer ON customer_number (customer_id);

-- Serials that may be given out; a NULL branch is the reserve of the organisation.
CREATE TABLE number_range (
	id              TEXT   PRIMARY KEY,
	organisation_id TEXT   NOT NULL REFERENCES organisation (id),
	branch_id       TEXT   REFERENCES branch (id),
	label           TEXT   NOT NULL,
	first_serial    BIGINT NOT NULL,
	last_serial     BIGINT NOT NULL CHECK (last_serial >= first_serial),
	next_serial     BIGINT NOT NULL
);

CREATE UNIQUE INDEX number_range_first ON number_range (label, first_serial);
CREATE INDEX number_range_owner ON number_range (organisation_id);

-- Two records that look like one person, and the clerk's word that they are two.
CREATE TABLE customer_override (
	customer_id TEXT   NOT NULL REFERENCES customer (id),
	other_id    TEXT   NOT NULL,
	reason      TEXT   NOT NULL,
	actor       TEXT   NOT NULL,
	at          BIGINT NOT NULL,
	PRIMARY KEY (customer_id, other_id)
);
