-- How many failures of a person, a device or a network still count, and from
-- when they may try again. The key is a digest: names and addresses stay out.
CREATE TABLE throttle (
	rule         TEXT   NOT NULL,
	digest       TEXT   NOT NULL,
	forgotten_at BIGINT NOT NULL,
	free_at      BIGINT NOT NULL,
	PRIMARY KEY (rule, digest)
);
CREATE INDEX throttle_forgotten ON throttle (forgotten_at);
