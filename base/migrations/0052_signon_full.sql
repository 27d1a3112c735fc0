-- The rest of single sign-on: sites of others, that ask consent; refresh tokens;
-- requests that are pushed ahead; clients that sign instead of showing a secret;
-- and telling sites that somebody signed out.

-- A site of the library itself asks no consent. The others do.
ALTER TABLE signon_client ADD COLUMN own BOOLEAN NOT NULL DEFAULT FALSE;
-- While a secret is changed, the one from before still works until an instant.
ALTER TABLE signon_client ADD COLUMN old_digest TEXT;
ALTER TABLE signon_client ADD COLUMN old_until BIGINT;
ALTER TABLE signon_client ADD COLUMN jwks TEXT NOT NULL DEFAULT '';             -- public keys of private_key_jwt
ALTER TABLE signon_client ADD COLUMN pushed_only BOOLEAN NOT NULL DEFAULT FALSE; -- require_pushed_authorization_requests
ALTER TABLE signon_client ADD COLUMN introspects BOOLEAN NOT NULL DEFAULT FALSE; -- a resource server: may ask about anybody's token
ALTER TABLE signon_client ADD COLUMN logout_uri TEXT NOT NULL DEFAULT '';        -- backchannel_logout_uri

-- A request that is pushed ahead waits under the digest of its request_uri until
-- a browser brings that; then it is a request like any other.
ALTER TABLE signon_request ADD COLUMN pushed_digest TEXT;
ALTER TABLE signon_request ADD COLUMN claims TEXT NOT NULL DEFAULT '';       -- single claims that were asked, as id_token.name and userinfo.name
ALTER TABLE signon_request ADD COLUMN subject TEXT NOT NULL DEFAULT '';      -- only this person will do; '' for anybody
ALTER TABLE signon_request ADD COLUMN level BIGINT NOT NULL DEFAULT 0;       -- of sign-in that was wished: 1 password, 2 second factor
ALTER TABLE signon_request ADD COLUMN level_least BIGINT NOT NULL DEFAULT 0; -- a weaker sign-in does not do
ALTER TABLE signon_request ADD COLUMN asks_consent BOOLEAN NOT NULL DEFAULT FALSE; -- also of who gave it before
CREATE UNIQUE INDEX signon_request_pushed ON signon_request (pushed_digest) WHERE pushed_digest IS NOT NULL;

ALTER TABLE signon_grant ADD COLUMN claims TEXT NOT NULL DEFAULT '';
ALTER TABLE signon_grant ADD COLUMN refreshes BOOLEAN NOT NULL DEFAULT FALSE; -- scope offline_access
ALTER TABLE signon_token ADD COLUMN scope TEXT NOT NULL DEFAULT '';           -- narrower than the grant's; '' is all of it

-- What a person lets the site of somebody else hear.
CREATE TABLE signon_consent (
	account_id TEXT NOT NULL,
	client_id  TEXT NOT NULL REFERENCES signon_client (id) ON DELETE CASCADE,
	scope      TEXT NOT NULL,   -- separated by spaces, in the order of our list
	given_at   BIGINT NOT NULL, -- the last time
	PRIMARY KEY (account_id, client_id)
);

-- Assertions that a client used, until they would be too old anyway.
CREATE TABLE signon_assertion (
	client_id  TEXT NOT NULL REFERENCES signon_client (id) ON DELETE CASCADE,
	jti        TEXT NOT NULL,
	expires_at BIGINT NOT NULL,
	PRIMARY KEY (client_id, jti)
);
CREATE INDEX signon_assertion_expires ON signon_assertion (expires_at);

-- Where a session was known, to tell those sites when it ends. Their own sessions
-- last longer than anything we gave them.
CREATE TABLE signon_visit (
	session_id TEXT NOT NULL,
	client_id  TEXT NOT NULL REFERENCES signon_client (id) ON DELETE CASCADE,
	account_id TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	PRIMARY KEY (session_id, client_id)
);
CREATE INDEX signon_visit_account ON signon_visit (account_id);
CREATE INDEX signon_visit_created ON signon_visit (created_at);

-- Sign-outs on their way to a site. What is told leaves the table.
CREATE TABLE signon_logout (
	id         TEXT NOT NULL PRIMARY KEY,
	client_id  TEXT NOT NULL REFERENCES signon_client (id) ON DELETE CASCADE,
	session_id TEXT NOT NULL,
	account_id TEXT NOT NULL,
	queued_at  BIGINT NOT NULL,
	due_at     BIGINT NOT NULL,
	attempts   BIGINT NOT NULL,
	claim      TEXT NOT NULL    -- of the worker that has it in hand; '' for none
);
CREATE INDEX signon_logout_due ON signon_logout (due_at);

-- The session at the sign-on from which a door's session came; '' for none.
ALTER TABLE session ADD COLUMN sign_on_id TEXT NOT NULL DEFAULT '';
CREATE INDEX session_sign_on ON session (sign_on_id) WHERE sign_on_id <> '';
