-- A reader who lost every second step asks a library's desk to take them away. It is
-- done a day later, unless somebody stops it. One such wish of an account waits.
CREATE TABLE account_factor_removal (
	id         TEXT    PRIMARY KEY,
	account_id TEXT    NOT NULL,
	library    TEXT    NOT NULL, -- that asked, as letters name it
	asked_by   TEXT    NOT NULL, -- as the audit log names people
	asked_at   BIGINT  NOT NULL,
	due_at     BIGINT  NOT NULL,
	ended_at   BIGINT,           -- empty while it waits
	ended_by   TEXT    NOT NULL, -- '' while it waits
	done       BOOLEAN NOT NULL  -- how it ended: the steps are gone, or it was stopped
);
CREATE UNIQUE INDEX account_factor_removal_waits ON account_factor_removal (account_id) WHERE ended_at IS NULL;
CREATE INDEX account_factor_removal_account ON account_factor_removal (account_id, asked_at);
CREATE INDEX account_factor_removal_due ON account_factor_removal (due_at) WHERE ended_at IS NULL;

-- Two more kinds of links to an owner. Neither engine widens a CHECK in the same words,
-- so that the table is made anew.
CREATE TABLE account_own_link_wider (
	digest      TEXT   PRIMARY KEY,
	account_id  TEXT   NOT NULL,
	kind        TEXT   NOT NULL CHECK (kind IN ('reset', 'email', 'undo', 'factor', 'removal')),
	email       TEXT   NOT NULL, -- email: the new address; undo: the one to go back to
	username    TEXT   NOT NULL, -- the name that goes along with it, '' when the name stays
	mailed_at   BIGINT NOT NULL,
	expires_at  BIGINT NOT NULL,
	replaced_at BIGINT,
	used_at     BIGINT
);
INSERT INTO account_own_link_wider (digest, account_id, kind, email, username, mailed_at, expires_at, replaced_at, used_at)
SELECT digest, account_id, kind, email, username, mailed_at, expires_at, replaced_at, used_at FROM account_own_link;
DROP TABLE account_own_link;
ALTER TABLE account_own_link_wider RENAME TO account_own_link;
CREATE INDEX account_own_link_account ON account_own_link (account_id, kind);
CREATE INDEX account_own_link_expiry ON account_own_link (expires_at);
