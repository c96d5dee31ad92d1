-- What operating a season leaves behind: WeChat Pay's certificates as they were downloaded, and
-- what two persons decided about payments that stopped.

-- A platform certificate, sealed like a secret although it is none: whoever writes a row by
-- hand cannot make us believe another signature. Several are valid at once.
CREATE TABLE platform_certificate (
    serial           TEXT   NOT NULL PRIMARY KEY CHECK (serial <> ''),
    pem_sealed       TEXT   NOT NULL CHECK (pem_sealed <> ''),
    added_ms         BIGINT NOT NULL
);

-- When a merchant's certificates were asked for last, and when WeChat last gave them; whoever
-- writes the first has the turn.
CREATE TABLE certificate_download (
    merchant_id      TEXT   NOT NULL PRIMARY KEY,
    asked_ms         BIGINT NOT NULL,
    answered_ms      BIGINT
);

-- What one person proposes about a payment that has ended without paying: a new number for its award.
CREATE TABLE renewal_proposal (
    proposal         BIGINT NOT NULL PRIMARY KEY CHECK (proposal >= 1),
    bill_number      TEXT   NOT NULL REFERENCES payment (bill_number),
    reason           TEXT   NOT NULL CHECK (reason <> ''),
    evidence         TEXT   NOT NULL CHECK (evidence <> ''),
    maker            TEXT   NOT NULL CHECK (maker <> ''),
    proposed_ms      BIGINT NOT NULL,
    UNIQUE (proposal, bill_number, maker)
);

-- What another person approves; only then there is a new number, and once for a payment.
CREATE TABLE renewal_approval (
    proposal         BIGINT NOT NULL PRIMARY KEY,
    bill_number      TEXT   NOT NULL UNIQUE,
    maker            TEXT   NOT NULL,
    checker          TEXT   NOT NULL CHECK (checker <> ''),
    approved_ms      BIGINT NOT NULL,
    CHECK (LOWER(TRIM(maker)) <> LOWER(TRIM(checker))),
    FOREIGN KEY (proposal, bill_number, maker)
        REFERENCES renewal_proposal (proposal, bill_number, maker)
);
