-- When the catalogue last changed, which every node tells alike to apps that keep feeds.
ALTER TABLE catalogue_version ADD COLUMN changed_at BIGINT NOT NULL DEFAULT 0;
UPDATE catalogue_version SET changed_at = COALESCE((SELECT MAX(added_at) FROM title), 0);
