-- What a library offers: its price list, by code.
CREATE TABLE definition (
	organisation_id      TEXT    NOT NULL,
	code                 TEXT    NOT NULL,
	name_nl              TEXT    NOT NULL,
	name_en              TEXT    NOT NULL,
	about_nl             TEXT    NOT NULL,
	about_en             TEXT    NOT NULL,
	kind                 TEXT    NOT NULL CHECK (kind IN ('fixed', 'temporary')),
	cents                BIGINT  NOT NULL CHECK (cents >= 0 AND cents = CAST(cents AS BIGINT)),
	term_months          BIGINT  NOT NULL CHECK (term_months > 0),
	digital              BOOLEAN NOT NULL,
	physical             BOOLEAN NOT NULL,
	newsletter           BOOLEAN NOT NULL,
	min_age              BIGINT  NOT NULL,
	max_age              BIGINT  NOT NULL,
	discount_cents       BIGINT  NOT NULL CHECK (discount_cents >= 0 AND discount_cents = CAST(discount_cents AS BIGINT)),
	discount_through_age BIGINT  NOT NULL,
	desk                 BOOLEAN NOT NULL,
	online               BOOLEAN NOT NULL,
	active               BOOLEAN NOT NULL,
	PRIMARY KEY (organisation_id, code)
);

-- A definition without rows here is offered at every branch.
CREATE TABLE definition_branch (
	organisation_id TEXT NOT NULL,
	code            TEXT NOT NULL,
	branch_code     TEXT NOT NULL,
	PRIMARY KEY (organisation_id, code, branch_code),
	FOREIGN KEY (organisation_id, code) REFERENCES definition (organisation_id, code)
);

-- One row is one period of being a member. Rights are those of the day it began.
CREATE TABLE membership (
	id              TEXT    PRIMARY KEY,
	customer_id     TEXT    NOT NULL,
	organisation_id TEXT    NOT NULL,
	branch_id       TEXT    NOT NULL,
	code            TEXT    NOT NULL,
	kind            TEXT    NOT NULL,
	digital         BOOLEAN NOT NULL,
	physical        BOOLEAN NOT NULL,
	newsletter      BOOLEAN NOT NULL,
	first_day       TEXT    NOT NULL,
	valid_through   TEXT    NOT NULL,
	last_day        TEXT    NOT NULL, -- of its rights; before valid_through when it was ended
	end_reason      TEXT    NOT NULL,
	open            BOOLEAN NOT NULL, -- false once it is history
	started_at      BIGINT  NOT NULL,
	started_by      TEXT    NOT NULL,
	FOREIGN KEY (organisation_id, code) REFERENCES definition (organisation_id, code)
);
CREATE INDEX membership_customer ON membership (customer_id, first_day);
CREATE INDEX membership_branch ON membership (branch_id, started_at);
CREATE INDEX membership_first_day ON membership (organisation_id, first_day);
-- One running membership for each customer.
CREATE UNIQUE INDEX membership_one_open ON membership (customer_id) WHERE open;

-- Every yes and no to the newsletter with its proof; the highest number counts.
CREATE TABLE newsletter_consent (
	customer_id  TEXT    NOT NULL,
	number       BIGINT  NOT NULL,
	wanted       BOOLEAN NOT NULL,
	address      TEXT    NOT NULL,
	text_version TEXT    NOT NULL,
	text_shown   TEXT    NOT NULL,
	channel      TEXT    NOT NULL CHECK (channel IN ('desk', 'web', 'mail')),
	staff_id     TEXT    NOT NULL,
	branch_id    TEXT    NOT NULL,
	at           BIGINT  NOT NULL,
	PRIMARY KEY (customer_id, number)
);
