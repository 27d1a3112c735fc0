-- One visitor's registration on the web: the form while it is filled in, the
-- order as it was agreed, and the contract that came of it.
CREATE TABLE registration (
	id              TEXT   PRIMARY KEY,
	organisation_id TEXT   NOT NULL REFERENCES organisation (id),
	account_id      TEXT   NOT NULL,
	username        TEXT   NOT NULL,
	state           TEXT   NOT NULL CHECK (state IN ('open', 'ordered', 'member', 'dropped')),
	fields          TEXT   NOT NULL, -- sealed, as typed; '' once it is over
	branch_id       TEXT   NOT NULL, -- '' until it is ordered
	agreed          TEXT   NOT NULL, -- what was ordered: the price list's line and the cost build-up, as JSON
	text_version    TEXT   NOT NULL, -- of the conditions that stood above the button
	customer_id     TEXT   NOT NULL,
	membership_id   TEXT   NOT NULL,
	begun_at        BIGINT NOT NULL,
	updated_at      BIGINT NOT NULL,
	ordered_at      BIGINT,
	member_at       BIGINT,          -- when the contract was made
	withdraw_until  TEXT   NOT NULL, -- the last day of the cooling-off period
	withdrawn_at    BIGINT
);
-- An account has one registration under way at a library, in however many tabs.
CREATE UNIQUE INDEX registration_live ON registration (account_id, organisation_id) WHERE state IN ('open', 'ordered');
CREATE INDEX registration_updated ON registration (updated_at) WHERE state IN ('open', 'ordered');
CREATE INDEX registration_customer ON registration (customer_id, member_at);
CREATE INDEX registration_membership ON registration (membership_id) WHERE membership_id <> '';

-- Statements of withdrawal as they were made, also those that fit no contract.
CREATE TABLE withdrawal (
	id              TEXT   PRIMARY KEY,
	organisation_id TEXT   NOT NULL,
	registration_id TEXT   NOT NULL, -- '' when none was found
	sealed          TEXT   NOT NULL, -- number, name and address, as typed
	outcome         TEXT   NOT NULL CHECK (outcome IN ('withdrawn', 'again', 'late', 'unknown')),
	at              BIGINT NOT NULL
);
CREATE INDEX withdrawal_registration ON withdrawal (registration_id);
