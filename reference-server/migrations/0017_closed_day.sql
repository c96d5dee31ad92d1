-- What a comparison with WeChat's bills came to, and the days that finance has closed.

-- One run of the comparison: its days and cities, and the numbers that differ, as a document.
-- The newest is what people look at; nobody has to compare a season again to see it.
CREATE TABLE reconciliation (
    reconciliation   BIGINT NOT NULL PRIMARY KEY CHECK (reconciliation >= 1),
    done_ms          BIGINT NOT NULL,
    n_findings       BIGINT NOT NULL CHECK (n_findings >= 0),
    difference_fen   BIGINT NOT NULL CHECK (difference_fen >= 0),
    content          TEXT   NOT NULL
);

-- A day is closed: it has a bill, and nothing in it is open or unexplained.
CREATE TABLE closed_day (
    day              BIGINT NOT NULL PRIMARY KEY,
    bill_version     BIGINT NOT NULL,
    reconciliation   BIGINT NOT NULL REFERENCES reconciliation (reconciliation),
    paid_fen         BIGINT NOT NULL CHECK (paid_fen >= 0),
    returned_fen     BIGINT NOT NULL CHECK (returned_fen >= 0),
    n_orders         BIGINT NOT NULL CHECK (n_orders >= 0),
    closed_by        TEXT   NOT NULL CHECK (closed_by <> ''),
    closed_ms        BIGINT NOT NULL,
    FOREIGN KEY (day, bill_version) REFERENCES fund_flow_bill (day, version)
);
CREATE INDEX incident_by_day ON incident (day);

-- The second person of a seal.
ALTER TABLE books_seal ADD COLUMN checked_by TEXT
    CHECK (checked_by <> '' AND LOWER(TRIM(checked_by)) <> LOWER(TRIM(sealed_by)));
