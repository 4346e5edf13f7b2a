-- Version 1. Times are seconds since 1970, at most 2^63-1.
CREATE TABLE tokens (
    payment_hash BLOB NOT NULL PRIMARY KEY,
    spent INTEGER NOT NULL,
    -- The latest of its expiries and of the ends of its leases.
    forget_after INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_by_expiry ON tokens (forget_after);

CREATE TABLE leases (
    payment_hash BLOB NOT NULL,
    lease BLOB NOT NULL,
    leased_until INTEGER NOT NULL,
    PRIMARY KEY (payment_hash, lease)
) STRICT, WITHOUT ROWID;

-- How many tokens there are, since to count them would take as long as there are many.
CREATE TABLE total (tokens INTEGER NOT NULL) STRICT;
INSERT INTO total VALUES (0);
CREATE TRIGGER token_remembered AFTER INSERT ON tokens BEGIN
    UPDATE total SET tokens = tokens + 1;
END;
CREATE TRIGGER token_forgotten AFTER DELETE ON tokens BEGIN
    UPDATE total SET tokens = tokens - 1;
    DELETE FROM leases WHERE payment_hash = old.payment_hash;
END;

PRAGMA application_id = 0x4c343032; -- "L402"
PRAGMA user_version = 1;
