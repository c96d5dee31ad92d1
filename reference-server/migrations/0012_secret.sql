-- Secrets of the account and the merchant that somebody has given at the console.

-- A value goes in sealed and comes out nowhere but at the start of a server, which takes it in
-- place of the file's. `replaces` says which value of the file it was given in place of: a file
-- that is changed later is newer, and counts again. What was never taken, or gave way to another,
-- keeps its fingerprint and loses its value.
CREATE TABLE secret (
    secret           TEXT   NOT NULL PRIMARY KEY,
    name             TEXT   NOT NULL CHECK (name IN ('app-secret', 'callback-token', 'encoding-aes-key',
                         'red-packet-key', 'red-packet-identity', 'v3-private-key', 'api-v3-key')),
    value_sealed     TEXT   NOT NULL,
    fingerprint      TEXT   NOT NULL CHECK (fingerprint <> ''),
    replaces         TEXT   NOT NULL,
    state            TEXT   NOT NULL CHECK (state IN ('waiting', 'kept', 'over')),
    -- A payment's secret takes two persons.
    proposal         BIGINT REFERENCES proposal (proposal),
    given_by         TEXT   NOT NULL CHECK (given_by <> ''),
    given_ms         BIGINT NOT NULL,
    CHECK ((state = 'over') = (value_sealed = '')),
    CHECK (proposal IS NOT NULL OR name IN ('app-secret', 'callback-token', 'encoding-aes-key')),
    CHECK (proposal IS NOT NULL OR state <> 'waiting')
);
CREATE UNIQUE INDEX secret_kept_once ON secret (name) WHERE state = 'kept';
CREATE UNIQUE INDEX secret_waits_once ON secret (name) WHERE state = 'waiting';
