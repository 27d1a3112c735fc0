-- Login accounts. The username is the key, never the e-mail address: one address
-- may belong to a whole family.
CREATE TABLE account (
	id           TEXT   PRIMARY KEY,
	username     TEXT   NOT NULL,           -- as it is shown
	username_key TEXT   NOT NULL,           -- as it is compared
	email        TEXT   NOT NULL,
	lang         TEXT   NOT NULL,
	library      TEXT   NOT NULL,           -- name of the library that opened it, for letters
	password     TEXT   NOT NULL,           -- PHC text; '' before activation
	opened_at    BIGINT NOT NULL,
	until        BIGINT,                    -- until when it may be activated; NULL once it is
	confirmed_at BIGINT,                    -- when its owner confirmed the e-mail address
	activated_at BIGINT,
	signed_in_at BIGINT
);
CREATE UNIQUE INDEX account_username ON account (username_key);
CREATE INDEX account_until ON account (until);

-- Activation links that were mailed. An account that waits has one that lives.
-- A link outlives a deleted account for a while, so that it can offer a new one.
CREATE TABLE account_link (
	digest      TEXT   PRIMARY KEY,
	account_id  TEXT   NOT NULL,
	mailed_at   BIGINT NOT NULL,
	replaced_at BIGINT,
	used_at     BIGINT
);
CREATE INDEX account_link_account ON account_link (account_id);
CREATE INDEX account_link_mailed ON account_link (mailed_at);

-- What is remembered of a deleted account that was never activated: enough to
-- open it again for the same address, sealed.
CREATE TABLE account_expired (
	account_id   TEXT   PRIMARY KEY,
	username_key TEXT   NOT NULL,
	sealed       TEXT   NOT NULL,
	until        BIGINT NOT NULL,
	forget_at    BIGINT NOT NULL
);
CREATE UNIQUE INDEX account_expired_username ON account_expired (username_key);
CREATE INDEX account_expired_forget ON account_expired (forget_at);

-- Browsers in which an account signed in before. They have a counter of their own.
CREATE TABLE account_device (
	digest     TEXT   NOT NULL,
	account_id TEXT   NOT NULL REFERENCES account (id) ON DELETE CASCADE,
	seen_at    BIGINT NOT NULL,
	PRIMARY KEY (digest, account_id)
);
CREATE INDEX account_device_seen ON account_device (seen_at);

-- Questions to an owner: may this library link your account? A row is made for
-- usernames that do not exist too; its account_id is NULL.
CREATE TABLE account_ask (
	id          TEXT   PRIMARY KEY,
	account_id  TEXT,
	code_digest TEXT   NOT NULL,
	asked_at    BIGINT NOT NULL,
	expires_at  BIGINT NOT NULL,
	tries       BIGINT NOT NULL,
	proved_at   BIGINT
);
CREATE INDEX account_ask_expiry ON account_ask (expires_at);
