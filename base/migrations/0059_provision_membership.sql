-- Memberships that a library system other than ours keeps, so that its customers
-- can borrow. What a kind opens is said by who runs the login account, never by the
-- system: its token may say who has what, and not what that gives.

CREATE TABLE provision_kind (
	organisation TEXT    NOT NULL REFERENCES provision_organisation (slug),
	code         TEXT    NOT NULL,  -- as its system writes it
	name_nl      TEXT    NOT NULL,
	name_en      TEXT    NOT NULL,  -- '' is the Dutch name
	digital      BOOLEAN NOT NULL,
	physical     BOOLEAN NOT NULL,
	offered      BOOLEAN NOT NULL,  -- false: nobody gets it any more, who has it keeps it
	PRIMARY KEY (organisation, code)
);

CREATE TABLE provision_membership (
	user_id      TEXT NOT NULL REFERENCES provision_user (id) ON DELETE CASCADE,
	external_id  TEXT NOT NULL,     -- of the membership, in the organisation's own words
	organisation TEXT NOT NULL,
	code         TEXT NOT NULL,
	first_day    TEXT NOT NULL,
	last_day     TEXT,              -- counts whole; NULL has no end
	PRIMARY KEY (user_id, external_id),
	FOREIGN KEY (organisation, code) REFERENCES provision_kind (organisation, code)
);
