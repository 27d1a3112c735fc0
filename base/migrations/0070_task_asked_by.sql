-- Who did what a task is about must not be the one who finds it in order.
ALTER TABLE task ADD COLUMN asked_by TEXT NOT NULL DEFAULT ''; -- "staff:ID", '' where anybody may close it
