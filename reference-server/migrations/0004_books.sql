-- What WeChat's bills say, what differs from it, who explained that, and what is sealed.
-- Everything here is evidence: rows are added and never changed.

-- The fund-flow bill of one Shanghai day as it was read. The same file again changes nothing;
-- another file of the same day is its next version, and the newest is in force.
-- A day on which no money moved has a bill without lines.
CREATE TABLE fund_flow_bill (
    day              BIGINT NOT NULL,
    version          BIGINT NOT NULL CHECK (version >= 1),
    sha256           TEXT   NOT NULL,
    source           TEXT   NOT NULL CHECK (source IN ('wechat', 'file')),
    n_lines          BIGINT NOT NULL CHECK (n_lines >= 0),
    income_fen       BIGINT NOT NULL CHECK (income_fen >= 0),
    expense_fen      BIGINT NOT NULL CHECK (expense_fen >= 0),
    imported_ms      BIGINT NOT NULL,
    PRIMARY KEY (day, version),
    UNIQUE (day, sha256),
    UNIQUE (day, version, n_lines)
);

-- One movement of money on the merchant's account. The number is the payment's, or whatever
-- else WeChat names the movement by; own movements are top-ups, withdrawals and fees.
CREATE TABLE fund_flow (
    day              BIGINT NOT NULL,
    version          BIGINT NOT NULL,
    n_lines          BIGINT NOT NULL,
    line             BIGINT NOT NULL,
    flow_number      TEXT   NOT NULL,
    bill_number      TEXT   NOT NULL,
    business         TEXT   NOT NULL,
    kind             TEXT   NOT NULL CHECK (kind IN ('payout', 'own')),
    direction        TEXT   NOT NULL CHECK (direction IN ('income', 'expense')),
    amount_fen       BIGINT NOT NULL CHECK (amount_fen >= 0),
    balance_fen      BIGINT NOT NULL CHECK (balance_fen >= 0),
    booked_ms        BIGINT NOT NULL,
    CHECK (line >= 1 AND line <= n_lines),
    PRIMARY KEY (day, version, line),
    FOREIGN KEY (day, version, n_lines) REFERENCES fund_flow_bill (day, version, n_lines),
    UNIQUE (day, version, flow_number)
);
CREATE INDEX fund_flow_by_movement ON fund_flow (flow_number);

-- Something a person has to explain: a difference of class R3 to R7, or a held payment.
-- It is open until a correction is approved or a later bill settles it; while an open one
-- of R4 to R7 names a person, nothing is sent to that person.
CREATE TABLE incident (
    incident         BIGINT NOT NULL PRIMARY KEY,
    class            TEXT   NOT NULL CHECK (class IN ('R3', 'R4', 'R5', 'R6', 'R7', 'held')),
    bill_number      TEXT   NOT NULL,
    occurrence       BIGINT NOT NULL CHECK (occurrence >= 1),
    city             TEXT   REFERENCES city (city),
    person           TEXT   REFERENCES person (person),
    day              BIGINT NOT NULL,
    ours_fen         BIGINT NOT NULL CHECK (ours_fen >= 0),
    bill_fen         BIGINT NOT NULL,
    evidence         TEXT   NOT NULL,
    opened_ms        BIGINT NOT NULL,
    owner            TEXT   CHECK (owner <> ''),
    UNIQUE (class, bill_number, occurrence)
);
CREATE INDEX incident_by_person ON incident (person) WHERE person IS NOT NULL;

-- A later bill, or an end of the payment, has settled an incident without anybody.
CREATE TABLE incident_settled (
    incident         BIGINT NOT NULL PRIMARY KEY REFERENCES incident (incident),
    evidence         TEXT   NOT NULL CHECK (evidence <> ''),
    settled_ms       BIGINT NOT NULL
);

-- What one person proposes about an incident: that it is explained as it stands, that money
-- moves between two accounts of a city, or where a held payment goes.
CREATE TABLE correction (
    correction       BIGINT NOT NULL PRIMARY KEY,
    incident         BIGINT NOT NULL REFERENCES incident (incident),
    action           TEXT   NOT NULL CHECK (action IN ('explained', 'transfer', 'deferred', 'unknown',
                         'dead', 'received', 'refunded')),
    city             TEXT   REFERENCES city (city),
    debit            TEXT   CHECK (debit IN ('reserved', 'sent', 'received', 'left', 'suspense')),
    credit           TEXT   CHECK (credit IN ('reserved', 'sent', 'received', 'left', 'suspense')),
    amount_fen       BIGINT CHECK (amount_fen > 0),
    reason           TEXT   NOT NULL CHECK (reason <> ''),
    evidence         TEXT   NOT NULL CHECK (evidence <> ''),
    maker            TEXT   NOT NULL CHECK (maker <> ''),
    proposed_ms      BIGINT NOT NULL,
    CHECK ((action = 'transfer' AND city IS NOT NULL AND debit IS NOT NULL AND credit IS NOT NULL
            AND amount_fen IS NOT NULL AND debit <> credit)
        OR (action <> 'transfer' AND city IS NULL AND debit IS NULL AND credit IS NULL
            AND amount_fen IS NULL)),
    UNIQUE (correction, incident, maker)
);

-- What another person approves; only then it is done. A transfer is named by its number.
CREATE TABLE correction_approval (
    correction       BIGINT NOT NULL PRIMARY KEY,
    incident         BIGINT NOT NULL UNIQUE,
    maker            TEXT   NOT NULL,
    checker          TEXT   NOT NULL CHECK (checker <> ''),
    city             TEXT,
    transfer_number  BIGINT,
    approved_ms      BIGINT NOT NULL,
    CHECK (LOWER(TRIM(maker)) <> LOWER(TRIM(checker))),
    CHECK ((city IS NULL) = (transfer_number IS NULL)),
    FOREIGN KEY (correction, incident, maker) REFERENCES correction (correction, incident, maker),
    UNIQUE (city, transfer_number)
);

-- A city's books are closed: three days after its end, every fen accounted for.
-- From then on its money moves by approved corrections only.
CREATE TABLE books_seal (
    city             TEXT   NOT NULL PRIMARY KEY,
    opens_ms         BIGINT NOT NULL,
    closes_ms        BIGINT NOT NULL,
    pool_fen         BIGINT NOT NULL,
    undrawn_fen      BIGINT NOT NULL CHECK (undrawn_fen >= 0),
    received_fen     BIGINT NOT NULL CHECK (received_fen >= 0),
    left_fen         BIGINT NOT NULL CHECK (left_fen >= 0),
    suspense_fen     BIGINT NOT NULL,
    n_awards         BIGINT NOT NULL CHECK (n_awards >= 0),
    n_transfers      BIGINT NOT NULL CHECK (n_transfers >= 0),
    ledger_sha256    TEXT   NOT NULL,
    audit_number     BIGINT NOT NULL REFERENCES audit_event (number),
    audit_hash       TEXT   NOT NULL,
    sealed_by        TEXT   NOT NULL CHECK (sealed_by <> ''),
    sealed_ms        BIGINT NOT NULL,
    CHECK (sealed_ms >= closes_ms + 259200000),
    CHECK (undrawn_fen + received_fen + left_fen + suspense_fen = pool_fen),
    FOREIGN KEY (city, opens_ms, closes_ms) REFERENCES city (city, opens_ms, closes_ms)
);

-- What is done once a day, and what came out.
CREATE TABLE duty (
    duty             TEXT   NOT NULL CHECK (duty IN ('audit', 'reconcile')),
    day              BIGINT NOT NULL,
    n_findings       BIGINT NOT NULL CHECK (n_findings >= 0),
    detail           TEXT   NOT NULL,
    done_ms          BIGINT NOT NULL,
    PRIMARY KEY (duty, day)
);
