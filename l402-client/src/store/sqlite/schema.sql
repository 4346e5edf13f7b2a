-- Version 1. Times are seconds since 1970 and amounts are msat, both at most 2^63-1.
CREATE TABLE payments (
    number INTEGER PRIMARY KEY, -- in the order in which they began
    payment_hash BLOB NOT NULL UNIQUE,
    state INTEGER NOT NULL, -- 0 intent, 1 paying, 2 paid, 3 delivered, 4 failed
    begun_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    max_fee INTEGER NOT NULL,
    fee INTEGER,
    cost INTEGER NOT NULL, -- what counts against budgets
    host TEXT NOT NULL,
    origin TEXT NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    request BLOB NOT NULL,
    lsat INTEGER NOT NULL, -- the scheme: 0 L402, 1 LSAT
    macaroon TEXT NOT NULL,
    invoice TEXT NOT NULL,
    preimage BLOB,
    used INTEGER NOT NULL,
    dropped INTEGER NOT NULL,
    session TEXT NOT NULL -- who began it, see session.rs
) STRICT;
CREATE INDEX payments_by_time ON payments (begun_at);
CREATE INDEX payments_open ON payments (state) WHERE state < 2;
CREATE INDEX payments_with_token ON payments (origin) WHERE preimage IS NOT NULL AND dropped = 0;

-- What all payments to a host come to, since to add them up would take as long as there are many.
CREATE TABLE hosts (host TEXT NOT NULL PRIMARY KEY, cost INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TRIGGER payment_begun AFTER INSERT ON payments BEGIN
    INSERT INTO hosts VALUES (new.host, new.cost) ON CONFLICT (host) DO UPDATE SET cost = cost + new.cost;
END;
CREATE TRIGGER payment_changed AFTER UPDATE OF cost ON payments BEGIN
    UPDATE hosts SET cost = cost - old.cost + new.cost WHERE host = new.host;
END;

PRAGMA application_id = 0x4c343043; -- "L40C"
PRAGMA user_version = 1;
