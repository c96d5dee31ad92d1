-- What people in the console look for among payments, bills and proposals.

-- Payments that may have stopped for a person: few among many, and none on the way of a claim.
CREATE INDEX payment_stopped ON payment (state, bill_number)
    WHERE state IN ('unknown', 'held', 'dead');

-- What the bills say of one order number.
CREATE INDEX fund_flow_by_bill ON fund_flow (bill_number);

-- A correction that nobody approves: its maker takes it back, or another person rejects it.
CREATE TABLE correction_refusal (
    correction       BIGINT NOT NULL PRIMARY KEY,
    incident         BIGINT NOT NULL,
    maker            TEXT   NOT NULL,
    refused_by       TEXT   NOT NULL CHECK (refused_by <> ''),
    reason           TEXT   NOT NULL CHECK (reason <> ''),
    refused_ms       BIGINT NOT NULL,
    FOREIGN KEY (correction, incident, maker) REFERENCES correction (correction, incident, maker)
);

-- The same for a proposed new number.
CREATE TABLE renewal_refusal (
    proposal         BIGINT NOT NULL PRIMARY KEY,
    bill_number      TEXT   NOT NULL,
    maker            TEXT   NOT NULL,
    refused_by       TEXT   NOT NULL CHECK (refused_by <> ''),
    reason           TEXT   NOT NULL CHECK (reason <> ''),
    refused_ms       BIGINT NOT NULL,
    FOREIGN KEY (proposal, bill_number, maker)
        REFERENCES renewal_proposal (proposal, bill_number, maker)
);
