-- The day on which a title was lent, as its first instant. It is all that an ended
-- loan keeps of lent_at: with the instant itself, the log of a web server would
-- tell who had it. Loans from before know their day by Greenwich.
ALTER TABLE loan ADD COLUMN lent_on BIGINT NOT NULL DEFAULT 0;
UPDATE loan SET lent_on = lent_at - lent_at % 86400000000;
UPDATE loan SET lent_at = lent_on, ended_at = ended_at - ended_at % 86400000000 WHERE ended_at IS NOT NULL;
CREATE INDEX loan_lent ON loan (lent_at, title_id);
CREATE INDEX loan_lent_on ON loan (lent_on) WHERE ended_at IS NOT NULL;

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
