-- Single sign-on: who may ask for a sign-in, what they asked, what they were
-- given, and the keys that sign it. Secrets, codes and tokens are only kept as
-- digests, signing keys only sealed.

CREATE TABLE signon_client (
	id            TEXT NOT NULL PRIMARY KEY,
	name          TEXT NOT NULL,
	secret_digest TEXT,              -- NULL for a public client
	scopes        TEXT NOT NULL,     -- what it may ask, separated by spaces
	algorithm     TEXT NOT NULL,     -- of its ID tokens: ES256 or RS256
	sector        TEXT NOT NULL,     -- '' gives every client the same subject; else a pairwise one per sector
	created_at    BIGINT NOT NULL,
	changed_at    BIGINT NOT NULL
);

CREATE TABLE signon_client_uri (
	client_id TEXT NOT NULL REFERENCES signon_client (id) ON DELETE CASCADE,
	kind      TEXT NOT NULL CHECK (kind IN ('redirect', 'logout', 'origin')),
	uri       TEXT NOT NULL,
	PRIMARY KEY (client_id, kind, uri)
);
CREATE INDEX signon_client_uri_origin ON signon_client_uri (kind, uri);

CREATE TABLE signon_request (
	id           TEXT NOT NULL PRIMARY KEY,
	client_id    TEXT NOT NULL REFERENCES signon_client (id) ON DELETE CASCADE,
	redirect_uri TEXT NOT NULL,
	scope        TEXT NOT NULL,
	state        TEXT NOT NULL,
	nonce        TEXT NOT NULL,
	challenge    TEXT NOT NULL,      -- PKCE, S256
	prompt       TEXT NOT NULL,      -- '', 'none' or 'login'
	lang         TEXT NOT NULL,
	login_hint   TEXT NOT NULL,
	fresh_since  BIGINT,             -- a sign-in from before this instant does not do (max_age, prompt=login)
	created_at   BIGINT NOT NULL,
	expires_at   BIGINT NOT NULL,
	answered_at  BIGINT
);
CREATE INDEX signon_request_expires ON signon_request (expires_at);

-- One answered request: the code, and everything that the code gave. To revoke
-- the grant is to revoke every token under it.
CREATE TABLE signon_grant (
	id              TEXT NOT NULL PRIMARY KEY,
	client_id       TEXT NOT NULL REFERENCES signon_client (id) ON DELETE CASCADE,
	account_id      TEXT NOT NULL,
	username        TEXT NOT NULL,
	email           TEXT NOT NULL,
	session_id      TEXT NOT NULL,
	acr             TEXT NOT NULL,
	auth_time       BIGINT NOT NULL,
	scope           TEXT NOT NULL,
	nonce           TEXT NOT NULL,
	redirect_uri    TEXT NOT NULL,
	challenge       TEXT NOT NULL,
	code_digest     TEXT NOT NULL,
	code_expires_at BIGINT NOT NULL,
	code_spent_at   BIGINT,
	created_at      BIGINT NOT NULL,
	expires_at      BIGINT NOT NULL, -- nothing under the grant lives longer
	revoked_at      BIGINT
);
CREATE UNIQUE INDEX signon_grant_code ON signon_grant (code_digest);
CREATE INDEX signon_grant_session ON signon_grant (session_id);
CREATE INDEX signon_grant_account ON signon_grant (account_id);
CREATE INDEX signon_grant_expires ON signon_grant (expires_at);

CREATE TABLE signon_token (
	digest     TEXT NOT NULL PRIMARY KEY,
	grant_id   TEXT NOT NULL REFERENCES signon_grant (id) ON DELETE CASCADE,
	kind       TEXT NOT NULL CHECK (kind IN ('access', 'refresh')),
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	spent_at   BIGINT,               -- a refresh token that was rotated; seen again it revokes the grant
	revoked_at BIGINT
);
CREATE INDEX signon_token_grant ON signon_token (grant_id);
CREATE INDEX signon_token_expires ON signon_token (expires_at);

-- One current and at most one next key per algorithm, also when two nodes make
-- them at the same moment: the partial indexes decide.
CREATE TABLE signon_key (
	id         TEXT NOT NULL PRIMARY KEY, -- kid: the RFC 7638 thumbprint
	algorithm  TEXT NOT NULL CHECK (algorithm IN ('ES256', 'RS256')),
	state      TEXT NOT NULL CHECK (state IN ('next', 'current', 'old')),
	public_key TEXT NOT NULL,             -- as it is shown in the key set
	sealed     TEXT NOT NULL,             -- private key, PKCS #8 under the master key
	not_before BIGINT NOT NULL,           -- it signs nothing before this instant
	created_at BIGINT NOT NULL,
	retired_at BIGINT
);
CREATE UNIQUE INDEX signon_key_current ON signon_key (algorithm) WHERE state = 'current';
CREATE UNIQUE INDEX signon_key_next ON signon_key (algorithm) WHERE state = 'next';
