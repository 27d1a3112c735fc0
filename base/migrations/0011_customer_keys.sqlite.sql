-- SQLite compares by bytes already.
CREATE INDEX customer_key_last ON customer (organisation_id, key_last, key_first, key_initials, id);
CREATE INDEX customer_key_full ON customer (organisation_id, key_full, key_first, key_initials, id);
CREATE INDEX customer_key_second ON customer (organisation_id, key_second, key_first, key_initials, id);
CREATE INDEX customer_key_email ON customer (organisation_id, key_email);
CREATE INDEX customer_birth ON customer (organisation_id, birth, key_last);
CREATE INDEX customer_postcode ON customer (organisation_id, postcode, house_number);
