-- The bank of the demo: what a payment provider would know. Empty outside the demo.
CREATE TABLE testbank_payment (
	id             TEXT    PRIMARY KEY, -- "tb_…"
	key            TEXT    NOT NULL,    -- the shop's name for it
	cents          BIGINT  NOT NULL CHECK (cents > 0 AND cents = CAST(cents AS BIGINT)),
	text           TEXT    NOT NULL,
	lang           TEXT    NOT NULL,
	return_to      TEXT    NOT NULL,
	webhook        TEXT    NOT NULL, -- '' tells nobody
	state          TEXT    NOT NULL CHECK (state IN ('open', 'paid', 'failed', 'cancelled', 'expired')),
	begun_at       BIGINT  NOT NULL,
	due_at         BIGINT,           -- left for later: the bank pays by itself
	paid_at        BIGINT,
	charged_back   BIGINT  NOT NULL DEFAULT 0 CHECK (charged_back = CAST(charged_back AS BIGINT)),
	account_closed BOOLEAN NOT NULL DEFAULT FALSE,
	CHECK ((state = 'paid') = (paid_at IS NOT NULL))
);
CREATE UNIQUE INDEX testbank_payment_key ON testbank_payment (key);
CREATE INDEX testbank_payment_begun ON testbank_payment (begun_at);
CREATE INDEX testbank_payment_due ON testbank_payment (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE testbank_refund (
	id         TEXT   PRIMARY KEY, -- "tbr_…"
	payment_id TEXT   NOT NULL REFERENCES testbank_payment (id),
	key        TEXT   NOT NULL,
	cents      BIGINT NOT NULL CHECK (cents > 0 AND cents = CAST(cents AS BIGINT)),
	state      TEXT   NOT NULL CHECK (state IN ('underway', 'done', 'failed')),
	begun_at   BIGINT NOT NULL
);
CREATE UNIQUE INDEX testbank_refund_key ON testbank_refund (key);
CREATE INDEX testbank_refund_payment ON testbank_refund (payment_id, begun_at);
CREATE INDEX testbank_refund_underway ON testbank_refund (payment_id) WHERE state = 'underway';
