-- Reader apps of a reader. Days, and not instants, say when something was done: by
-- an instant a row could be laid beside the sign-in that made it, which knows the
-- account. For the same reason the memberships, and when they were last heard of,
-- lie sealed with the refresh token.
CREATE TABLE device (
	id          TEXT   NOT NULL PRIMARY KEY,
	reader      TEXT   NOT NULL,
	name        TEXT   NOT NULL,        -- as the reader calls it
	login       TEXT   NOT NULL,
	digest      TEXT   NOT NULL,        -- of the password, under the master key
	made_on     TEXT   NOT NULL,
	used_on     TEXT   NOT NULL,        -- '' is never
	ended_on    TEXT   NOT NULL,        -- when the sign-on did not know it any longer; '' works
	sealed      TEXT   NOT NULL,        -- refresh token, memberships and when they were heard of
	turn        BIGINT NOT NULL,        -- counts what was heard
	lease_until BIGINT,                 -- somebody is asking the sign-on until then
	rests_until BIGINT                  -- the sign-on was not there; nobody asks it before then
);
CREATE UNIQUE INDEX device_login ON device (login);
CREATE INDEX device_reader ON device (reader);
CREATE INDEX device_ended ON device (ended_on) WHERE ended_on <> '';

-- An app is used without a browser, and long after the session in which it was let
-- in. Only clients of which an operator says so get tokens that last.
ALTER TABLE signon_client ADD COLUMN lasting BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE signon_grant ADD COLUMN lasting BOOLEAN NOT NULL DEFAULT FALSE;
