-- Of the moment of lending and of ending only the day is kept: next to the instants
-- of a sign-in or of a web server's log it would tell who has a loan. Loans from
-- before know their day by Greenwich.
UPDATE loan SET lent_at = lent_at - lent_at % 86400000000;
UPDATE loan SET ended_at = ended_at - ended_at % 86400000000 WHERE ended_at IS NOT NULL;
CREATE INDEX loan_lent ON loan (lent_at, title_id);

-- Loans of long ago, of which only the number is kept.
CREATE TABLE loan_count (
	month TEXT    NOT NULL,  -- its first day
	kind  TEXT    NOT NULL,
	youth BOOLEAN NOT NULL,  -- titles for children
	n     BIGINT  NOT NULL,
	PRIMARY KEY (month, kind, youth)
);

-- Of a membership that opens the Online Bibliotheek: only its titles for children.
ALTER TABLE definition ADD COLUMN youth BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE membership ADD COLUMN youth BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE provision_kind ADD COLUMN youth BOOLEAN NOT NULL DEFAULT FALSE;
