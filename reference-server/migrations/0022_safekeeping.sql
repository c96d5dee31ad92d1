-- What is known of backups: when one was taken, tried or put back. The copies themselves lie elsewhere.

CREATE TABLE safekeeping (
    number           BIGINT NOT NULL PRIMARY KEY,
    event            TEXT   NOT NULL CHECK (event IN ('taken', 'drilled', 'restored')),
    -- The backup's file, and the instant it is of.
    backup           TEXT   NOT NULL CHECK (backup <> ''),
    of_ms            BIGINT NOT NULL,
    -- What did not hold: of a drill, and of a restored database.
    n_findings       BIGINT NOT NULL CHECK (n_findings >= 0),
    -- How long it took.
    took_ms          BIGINT NOT NULL CHECK (took_ms >= 0),
    at_ms            BIGINT NOT NULL
);
CREATE INDEX safekeeping_by_event ON safekeeping (event, number);
