-- One row is one try to pay an order online. Its id is the order's key at the
-- provider and part of the address to which the payer comes back.
CREATE TABLE payment (
	id              TEXT   PRIMARY KEY,
	organisation_id TEXT   NOT NULL REFERENCES organisation (id),
	order_id        TEXT   NOT NULL,
	provider        TEXT   NOT NULL,
	provider_id     TEXT,                    -- NULL until the provider has answered
	cents           BIGINT NOT NULL CHECK (cents > 0 AND cents = CAST(cents AS BIGINT)),
	text            TEXT   NOT NULL,
	lang            TEXT   NOT NULL,
	state           TEXT   NOT NULL CHECK (state IN ('begun', 'open', 'paid', 'failed', 'cancelled', 'expired')),
	checkout        TEXT   NOT NULL,
	method          TEXT   NOT NULL,         -- the provider's word; only ever shown
	surplus         TEXT   NOT NULL,         -- why nothing was given for the money; '' when something was, or none came
	charged_back    BIGINT NOT NULL CHECK (charged_back >= 0 AND charged_back = CAST(charged_back AS BIGINT)),
	begun_at        BIGINT NOT NULL,
	settled_at      BIGINT,                  -- of the last change of state
	paid_at         BIGINT,
	due_at          BIGINT,                  -- when to ask the provider again; NULL is never
	looks           BIGINT NOT NULL,         -- how often that was tried in vain
	last_error      TEXT   NOT NULL
);
CREATE UNIQUE INDEX payment_provider ON payment (provider, provider_id) WHERE provider_id IS NOT NULL;
-- Three clicks and two tabs are one payment.
CREATE UNIQUE INDEX payment_live ON payment (order_id) WHERE state IN ('begun', 'open');
CREATE INDEX payment_order ON payment (order_id, begun_at);
CREATE INDEX payment_due ON payment (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX payment_paid ON payment (organisation_id, paid_at) WHERE paid_at IS NOT NULL;

-- Money that goes back through the provider.
CREATE TABLE refund (
	id          TEXT   PRIMARY KEY,          -- its key at the provider
	payment_id  TEXT   NOT NULL REFERENCES payment (id),
	cents       BIGINT NOT NULL CHECK (cents > 0 AND cents = CAST(cents AS BIGINT)),
	reason      TEXT   NOT NULL,
	state       TEXT   NOT NULL CHECK (state IN ('wanted', 'underway', 'done', 'failed')),
	provider_id TEXT,
	wanted_at   BIGINT NOT NULL,
	settled_at  BIGINT,
	due_at      BIGINT,                      -- when to ask the provider for it (again)
	looks       BIGINT NOT NULL,
	last_error  TEXT   NOT NULL
);
-- One reason pays back once.
CREATE UNIQUE INDEX refund_once ON refund (payment_id, reason);
CREATE UNIQUE INDEX refund_provider ON refund (payment_id, provider_id) WHERE provider_id IS NOT NULL;
CREATE INDEX refund_due ON refund (due_at) WHERE due_at IS NOT NULL;
