-- Letters that came back, and sign-ins of all accounts, as Beheer counts them.
CREATE INDEX outbox_returned ON outbox (returned_at, id) WHERE returned_at IS NOT NULL;
DROP INDEX account_event_at;
CREATE INDEX account_event_at ON account_event (at, kind);
