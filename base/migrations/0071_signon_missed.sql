-- Sign-outs that were given up: the site did not hear them for a day. The row goes
-- when the site hears one again.
CREATE TABLE signon_missed (
	client_id TEXT   NOT NULL PRIMARY KEY REFERENCES signon_client (id) ON DELETE CASCADE,
	missed    BIGINT NOT NULL,
	last_at   BIGINT NOT NULL -- when the last was given up
);
