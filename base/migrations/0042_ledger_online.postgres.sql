-- Money that comes and goes online, and charges that are taken back (credit).
ALTER TABLE posting DROP CONSTRAINT posting_kind_check;
ALTER TABLE posting DROP CONSTRAINT posting_method_check;
ALTER TABLE posting ADD CONSTRAINT posting_kind_check CHECK (kind IN ('charge', 'discount', 'credit', 'payment', 'refund'));
ALTER TABLE posting ADD CONSTRAINT posting_method_check CHECK (method IN ('', 'cash', 'pin', 'online'));
