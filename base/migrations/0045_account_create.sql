-- Making a login account oneself, on the way to something at another site. Mail
-- may take hours and be opened elsewhere, so the way on is kept with the account.

-- Where a site takes people up again: the initiate_login_uri of OpenID Connect; ''
-- when it does not.
ALTER TABLE signon_client ADD COLUMN initiate_uri TEXT NOT NULL DEFAULT '';

-- The page of that site at which the person should arrive later; '' for none.
ALTER TABLE signon_request ADD COLUMN target TEXT NOT NULL DEFAULT '';

-- Whether its owner made the account, and not a library; the site and the page at
-- which they go on once it is active.
ALTER TABLE account ADD COLUMN self_made BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE account ADD COLUMN client_id TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN target TEXT NOT NULL DEFAULT '';
