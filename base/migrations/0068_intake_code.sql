-- Why a line was refused, as a word for programs beside the sentence for people.
ALTER TABLE intake_remark ADD COLUMN code TEXT NOT NULL DEFAULT '';
