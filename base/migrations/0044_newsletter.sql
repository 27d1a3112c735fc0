-- One mailbox that takes the newsletter of one library organisation, of a member
-- or of anybody. A family that shares a mailbox is one subscriber.
CREATE TABLE subscriber (
	id              TEXT   PRIMARY KEY,
	organisation_id TEXT   NOT NULL REFERENCES organisation (id),
	address         TEXT   NOT NULL, -- as it was typed
	address_key     TEXT   NOT NULL, -- in small letters, to compare
	customer_id     TEXT   NOT NULL, -- the first customer who asked; '' for nobody's
	lang            TEXT   NOT NULL,
	state           TEXT   NOT NULL CHECK (state IN ('asked', 'confirmed', 'stopped')),
	link_digest     TEXT   NOT NULL, -- of the link that confirms; '' for none that works
	link_at         BIGINT,          -- when that link was mailed
	asked_at        BIGINT NOT NULL,
	confirmed_at    BIGINT,          -- the last time
	stopped_at      BIGINT           -- the last time
);
CREATE UNIQUE INDEX subscriber_address ON subscriber (organisation_id, address_key);
CREATE UNIQUE INDEX subscriber_link ON subscriber (link_digest) WHERE link_digest <> '';
CREATE INDEX subscriber_list ON subscriber (organisation_id, state, id);
CREATE INDEX subscriber_state ON subscriber (state, asked_at);

-- Every saying of before this step was made by a member, so the customer gives
-- the organisation. Members of one library who named the same mailbox become one
-- subscriber; the last saying of each counts, and one yes is enough.
--
-- A yes of before this step becomes 'asked', not 'confirmed': a clerk typed the
-- address and nobody has shown since that it is theirs. Nor is it lost: without
-- link_at the house mails a letter to confirm by itself (newsletter.Tend).
INSERT INTO subscriber (id, organisation_id, address, address_key, customer_id, lang, state, link_digest, asked_at, stopped_at)
SELECT MIN(customer_id), organisation_id, MIN(address), address_key, MIN(customer_id), MIN(lang),
	CASE WHEN MAX(yes) = 1 THEN 'asked' ELSE 'stopped' END, '', MAX(at), MAX(CASE WHEN yes = 1 THEN NULL ELSE at END)
FROM (
	SELECT n.customer_id, c.organisation_id, n.address, c.lang, n.at, CASE WHEN n.wanted THEN 1 ELSE 0 END AS yes,
		CASE WHEN n.address = c.email THEN c.key_email ELSE LOWER(n.address) END AS address_key
	FROM newsletter_consent n JOIN customer c ON c.id = n.customer_id
	WHERE n.number = (SELECT MAX(m.number) FROM newsletter_consent m WHERE m.customer_id = n.customer_id)
) AS last_words
GROUP BY organisation_id, address_key;

-- The proof, word for word: who asked, who confirmed, who stopped, how and when.
-- Rows are only added, until nobody needs the proof any more.
ALTER TABLE newsletter_consent RENAME TO newsletter_consent_before;

CREATE TABLE newsletter_consent (
	subscriber_id TEXT   NOT NULL REFERENCES subscriber (id),
	number        BIGINT NOT NULL,
	customer_id   TEXT   NOT NULL, -- who said it, '' for who is no member or only pressed a link
	act           TEXT   NOT NULL CHECK (act IN ('asked', 'confirmed', 'stopped')),
	address       TEXT   NOT NULL,
	text_version  TEXT   NOT NULL,
	text_shown    TEXT   NOT NULL,
	channel       TEXT   NOT NULL CHECK (channel IN ('desk', 'web', 'mail', 'one-click', 'sign-on')),
	staff_id      TEXT   NOT NULL,
	branch_id     TEXT   NOT NULL,
	at            BIGINT NOT NULL,
	PRIMARY KEY (subscriber_id, number)
);
CREATE INDEX newsletter_consent_customer ON newsletter_consent (customer_id, subscriber_id);

-- All that a customer ever said goes with the mailbox of the customer's last
-- words; each row keeps the address that it was about.
INSERT INTO newsletter_consent (subscriber_id, number, customer_id, act, address, text_version, text_shown, channel, staff_id, branch_id, at)
SELECT s.id, ROW_NUMBER() OVER (PARTITION BY s.id ORDER BY b.at, b.customer_id, b.number), b.customer_id,
	CASE WHEN b.wanted THEN 'asked' ELSE 'stopped' END, b.address, b.text_version, b.text_shown, b.channel, b.staff_id, b.branch_id, b.at
FROM newsletter_consent_before b
JOIN customer c ON c.id = b.customer_id
JOIN newsletter_consent_before n ON n.customer_id = b.customer_id
	AND n.number = (SELECT MAX(m.number) FROM newsletter_consent_before m WHERE m.customer_id = b.customer_id)
JOIN subscriber s ON s.organisation_id = c.organisation_id
	AND s.address_key = CASE WHEN n.address = c.email THEN c.key_email ELSE LOWER(n.address) END;

DROP TABLE newsletter_consent_before;
