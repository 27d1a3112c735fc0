-- The login account in its owner's hands: a new password, another name, another
-- address, what happened to the account, and leaving.

-- The e-mail address as it is looked up: A–Z do not count. Other letters do, so
-- that a lookup finds a few too many at most; the program compares them exactly.
-- Many accounts may have one address.
ALTER TABLE account ADD COLUMN email_key TEXT NOT NULL DEFAULT '';
UPDATE account SET email_key =
	REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(email, 'A', 'a'), 'B', 'b'), 'C', 'c'), 'D', 'd'), 'E', 'e'), 'F', 'f'), 'G', 'g'), 'H', 'h'), 'I', 'i'), 'J', 'j'), 'K', 'k'), 'L', 'l'), 'M', 'm'), 'N', 'n'), 'O', 'o'), 'P', 'p'), 'Q', 'q'), 'R', 'r'), 'S', 's'), 'T', 't'), 'U', 'u'), 'V', 'v'), 'W', 'w'), 'X', 'x'), 'Y', 'y'), 'Z', 'z');
CREATE INDEX account_email ON account (email_key);

-- Digest of that same key of an account that expired: "username forgotten" finds
-- it, and the address itself stays sealed. Older memories have none and are
-- found by their name until they are forgotten, a month from now at most.
ALTER TABLE account_expired ADD COLUMN email_digest TEXT NOT NULL DEFAULT '';
CREATE INDEX account_expired_email ON account_expired (email_digest);

-- What the browser is, in words: "Firefox, Windows".
ALTER TABLE account_device ADD COLUMN name TEXT NOT NULL DEFAULT '';

-- Links that were mailed to the owner of an active account. A row is written for
-- a name that nobody has too; its account_id belongs to nobody.
CREATE TABLE account_own_link (
	digest      TEXT   PRIMARY KEY,
	account_id  TEXT   NOT NULL,
	kind        TEXT   NOT NULL CHECK (kind IN ('reset', 'email', 'undo')),
	email       TEXT   NOT NULL, -- email: the new address; undo: the one to go back to
	username    TEXT   NOT NULL, -- the name that goes along with it, '' when the name stays
	mailed_at   BIGINT NOT NULL,
	expires_at  BIGINT NOT NULL,
	replaced_at BIGINT,
	used_at     BIGINT
);
CREATE INDEX account_own_link_account ON account_own_link (account_id, kind);
CREATE INDEX account_own_link_expiry ON account_own_link (expires_at);

-- Names that were given up. Until then only the account that had one may take it.
CREATE TABLE account_name_rest (
	username_key TEXT   PRIMARY KEY,
	account_id   TEXT   NOT NULL,
	until        BIGINT NOT NULL
);
CREATE INDEX account_name_rest_until ON account_name_rest (until);

-- What happened to an account, for its owner to see. A refused sign-in with a name
-- that nobody has writes a row too, so that the time it takes tells nothing.
CREATE TABLE account_event (
	id         TEXT   PRIMARY KEY,
	account_id TEXT   NOT NULL, -- '' for nobody's
	at         BIGINT NOT NULL,
	kind       TEXT   NOT NULL,
	device     TEXT   NOT NULL  -- in words, '' when unknown
);
CREATE INDEX account_event_account ON account_event (account_id, at);
CREATE INDEX account_event_at ON account_event (at);
