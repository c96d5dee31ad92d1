-- The contest's tables, one portable text for every engine: BIGINT and TEXT only,
-- amounts in whole fen, instants in Unix milliseconds, flags 0 or 1, days as
-- Shanghai day numbers (floor((ms + 28,800,000) / 86,400,000)).
-- Facts a money row depends on are repeated in it and tied by composite foreign
-- keys, so that "inside the window" and "passed" are plain CHECKs.

CREATE TABLE season (
    season           TEXT   NOT NULL PRIMARY KEY,
    edition          TEXT   NOT NULL,
    rules            TEXT   NOT NULL,
    created_ms       BIGINT NOT NULL
);

-- A frozen bank, named by its digest; the content is the canonical form, sealed.
CREATE TABLE bank (
    digest           TEXT   NOT NULL PRIMARY KEY,
    city             TEXT   NOT NULL,
    content_sealed   TEXT   NOT NULL,
    frozen_ms        BIGINT NOT NULL
);

-- One round of the rotation: a city, its window and its money.
CREATE TABLE city (
    city             TEXT   NOT NULL PRIMARY KEY,
    ordinal          BIGINT NOT NULL UNIQUE,
    opens_ms         BIGINT NOT NULL,
    closes_ms        BIGINT NOT NULL,
    pool_fen         BIGINT NOT NULL CHECK (pool_fen >= 0),
    used_fen         BIGINT NOT NULL CHECK (used_fen >= 0 AND used_fen <= pool_fen),
    top_awarded      BIGINT NOT NULL CHECK (top_awarded IN (0, 1)),
    last_decision_ms BIGINT NOT NULL,
    bank             TEXT   NOT NULL REFERENCES bank (digest),
    plan_commitment  TEXT   NOT NULL,
    plan_root        TEXT   NOT NULL,
    plan_seed_sealed TEXT   NOT NULL,
    paused_sentence  TEXT,
    CHECK (opens_ms < closes_ms),
    UNIQUE (city, opens_ms, closes_ms)
);

-- One day of one city: the cap, what is spent of it, which sealed deck is in play.
CREATE TABLE budget_day (
    city             TEXT   NOT NULL REFERENCES city (city),
    day              BIGINT NOT NULL,
    cap_fen          BIGINT NOT NULL CHECK (cap_fen >= 0),
    used_fen         BIGINT NOT NULL CHECK (used_fen >= 0 AND used_fen <= cap_fen),
    deck             TEXT   CHECK (deck IN ('plain', 'top')),
    taken            BIGINT NOT NULL CHECK (taken >= 0),
    top_taken        BIGINT NOT NULL CHECK (top_taken IN (0, 1)),
    PRIMARY KEY (city, day)
);

-- A sealed packet. Written once when the city is planned, never changed.
CREATE TABLE packet (
    city             TEXT   NOT NULL,
    day              BIGINT NOT NULL,
    deck             TEXT   NOT NULL CHECK (deck IN ('plain', 'top')),
    sequence         BIGINT NOT NULL CHECK (sequence >= 0),
    amount_fen       BIGINT NOT NULL CHECK (amount_fen >= 10 AND amount_fen <= 10000),
    PRIMARY KEY (city, day, deck, sequence),
    FOREIGN KEY (city, day) REFERENCES budget_day (city, day),
    UNIQUE (city, day, deck, sequence, amount_fen)
);

-- A person: the openid stands only sealed and as a keyed index.
CREATE TABLE person (
    person           TEXT   NOT NULL PRIMARY KEY,
    openid_index     TEXT   NOT NULL UNIQUE,
    openid_sealed    TEXT   NOT NULL,
    created_ms       BIGINT NOT NULL,
    consented_ms     BIGINT,
    district         TEXT
);

-- Who ever followed; the row stays when he leaves.
CREATE TABLE follow (
    person           TEXT   NOT NULL PRIMARY KEY REFERENCES person (person),
    first_ms         BIGINT NOT NULL,
    following        BIGINT NOT NULL CHECK (following IN (0, 1)),
    changed_ms       BIGINT NOT NULL,
    source           TEXT   NOT NULL CHECK (source IN ('event', 'query', 'import'))
);

-- A sharer's personal code, carried as the scene of his QR.
CREATE TABLE invite (
    code             TEXT   NOT NULL PRIMARY KEY,
    person           TEXT   NOT NULL UNIQUE REFERENCES person (person),
    created_ms       BIGINT NOT NULL,
    qr_url           TEXT,
    qr_expires_ms    BIGINT
);

-- One friend credits one sharer once in the season.
CREATE TABLE referral (
    friend           TEXT   NOT NULL PRIMARY KEY REFERENCES person (person),
    sharer           TEXT   NOT NULL REFERENCES person (person),
    city             TEXT   NOT NULL REFERENCES city (city),
    credited_ms      BIGINT NOT NULL,
    CHECK (friend <> sharer),
    UNIQUE (friend, sharer, city)
);
CREATE INDEX referral_by_sharer ON referral (sharer, city, credited_ms);

-- A submitted attempt; the nonce of its token is the key, so a replay is refused.
CREATE TABLE attempt (
    attempt          TEXT   NOT NULL PRIMARY KEY,
    person           TEXT   NOT NULL REFERENCES person (person),
    city             TEXT   NOT NULL,
    opens_ms         BIGINT NOT NULL,
    closes_ms        BIGINT NOT NULL,
    started_ms       BIGINT NOT NULL,
    submitted_ms     BIGINT NOT NULL,
    answers          TEXT   NOT NULL,
    score            BIGINT NOT NULL,
    n_questions      BIGINT NOT NULL,
    pass_mark        BIGINT NOT NULL,
    passed           BIGINT NOT NULL,
    CHECK (score >= 0 AND score <= n_questions),
    CHECK (passed = CASE WHEN score >= pass_mark THEN 1 ELSE 0 END),
    CHECK (started_ms >= opens_ms AND started_ms <= submitted_ms AND submitted_ms < closes_ms),
    FOREIGN KEY (city, opens_ms, closes_ms) REFERENCES city (city, opens_ms, closes_ms),
    UNIQUE (attempt, person, city, opens_ms, closes_ms, passed)
);
CREATE INDEX attempt_by_person ON attempt (person, submitted_ms);
CREATE INDEX attempt_passed ON attempt (person, city, submitted_ms, attempt) WHERE passed = 1;

-- An attempt scored again by the corrections of its bank, where that gives more right answers than
-- ever before. Append-only, and the attempt itself never changes. `passed` is what it was by the
-- keys; `gained` stands in the one row by which an attempt passes that did not before.
CREATE TABLE rescore (
    attempt          TEXT   NOT NULL,
    version          BIGINT NOT NULL CHECK (version >= 1),
    person           TEXT   NOT NULL,
    city             TEXT   NOT NULL,
    opens_ms         BIGINT NOT NULL,
    closes_ms        BIGINT NOT NULL,
    submitted_ms     BIGINT NOT NULL,
    score_by_keys    BIGINT NOT NULL,
    passed           BIGINT NOT NULL,
    score            BIGINT NOT NULL,
    pass_mark        BIGINT NOT NULL,
    gained           BIGINT CHECK (gained = 1),
    rescored_ms      BIGINT NOT NULL,
    PRIMARY KEY (attempt, version),
    CHECK (score > score_by_keys),
    CHECK (passed = CASE WHEN score_by_keys >= pass_mark THEN 1 ELSE 0 END),
    CHECK (gained IS NULL OR (passed = 0 AND score >= pass_mark)),
    FOREIGN KEY (attempt, person, city, opens_ms, closes_ms, passed)
        REFERENCES attempt (attempt, person, city, opens_ms, closes_ms, passed),
    UNIQUE (attempt, person, city, opens_ms, closes_ms, gained)
);
CREATE INDEX rescore_by_person ON rescore (person, city);
CREATE INDEX rescore_gained ON rescore (city, submitted_ms, attempt) WHERE gained = 1;

-- An award: one chance and one passing attempt become one packet. Append-only. Its attempt
-- ties it to a person, a city and the city's window; its packet to a day of the city. The attempt
-- passed by its keys, or gained its pass by a correction: one of the two stands there.
-- Its name is its packet's place, so what is indexed by it grows at its end.
CREATE TABLE award (
    award            TEXT   NOT NULL PRIMARY KEY,
    person           TEXT   NOT NULL,
    city             TEXT   NOT NULL,
    opens_ms         BIGINT NOT NULL,
    closes_ms        BIGINT NOT NULL,
    kind             TEXT   NOT NULL CHECK (kind IN ('base', 'referral')),
    scope            TEXT   NOT NULL,
    friend           TEXT,
    attempt          TEXT   NOT NULL UNIQUE,
    passed           BIGINT CHECK (passed = 1),
    gained           BIGINT CHECK (gained = 1),
    day              BIGINT NOT NULL,
    deck             TEXT   NOT NULL,
    sequence         BIGINT NOT NULL,
    amount_fen       BIGINT NOT NULL CHECK (amount_fen >= 10 AND amount_fen <= 10000),
    decided_ms       BIGINT NOT NULL,
    request_key      TEXT,
    CHECK ((kind = 'base' AND friend IS NULL) OR (kind = 'referral' AND friend IS NOT NULL)),
    CHECK ((passed IS NULL) <> (gained IS NULL)),
    CHECK (decided_ms >= opens_ms AND decided_ms < closes_ms),
    CHECK (day = (decided_ms + 28800000) / 86400000),
    FOREIGN KEY (attempt, person, city, opens_ms, closes_ms, passed)
        REFERENCES attempt (attempt, person, city, opens_ms, closes_ms, passed),
    FOREIGN KEY (attempt, person, city, opens_ms, closes_ms, gained)
        REFERENCES rescore (attempt, person, city, opens_ms, closes_ms, gained),
    FOREIGN KEY (friend, person, city) REFERENCES referral (friend, sharer, city),
    FOREIGN KEY (city, day, deck, sequence, amount_fen)
        REFERENCES packet (city, day, deck, sequence, amount_fen),
    UNIQUE (city, day, sequence),
    UNIQUE (award, amount_fen)
);
-- A chance becomes one award; also what a person's awards are found by.
CREATE UNIQUE INDEX award_once ON award (person, scope, COALESCE(friend, ''));
CREATE UNIQUE INDEX award_referral_once ON award (friend) WHERE kind = 'referral';
CREATE UNIQUE INDEX award_request_once ON award (person, request_key) WHERE request_key IS NOT NULL;

-- One attempt to pay one award. The row is the outbox: written with the award,
-- committed before anything is sent; the request is frozen in the step that first lets it
-- leave. `machine` is the state machine's value.
CREATE TABLE payment (
    bill_number      TEXT   NOT NULL PRIMARY KEY,
    award            TEXT   NOT NULL,
    attempt_number   BIGINT NOT NULL CHECK (attempt_number BETWEEN 1 AND 3),
    amount_fen       BIGINT NOT NULL,
    request_sealed   TEXT   NOT NULL,
    state            TEXT   NOT NULL CHECK (state IN ('reserved', 'in_flight', 'unknown', 'deferred',
                         'sent', 'refunding', 'held', 'received', 'refunded', 'dead')),
    due_ms           BIGINT,
    machine          TEXT   NOT NULL,
    version          BIGINT NOT NULL,
    changed_ms       BIGINT NOT NULL,
    CHECK (request_sealed <> '' OR state NOT IN ('in_flight', 'unknown', 'sent', 'refunding')),
    FOREIGN KEY (award, amount_fen) REFERENCES award (award, amount_fen),
    UNIQUE (award, attempt_number)
);
CREATE UNIQUE INDEX payment_live_once ON payment (award) WHERE state NOT IN ('dead', 'refunded');
CREATE INDEX payment_due ON payment (due_ms) WHERE due_ms IS NOT NULL;

-- Everything that happened to a payment, with its evidence. Append-only.
CREATE TABLE payment_event (
    bill_number      TEXT   NOT NULL REFERENCES payment (bill_number),
    version          BIGINT NOT NULL,
    at_ms            BIGINT NOT NULL,
    event            TEXT   NOT NULL,
    evidence         TEXT,
    state_before     TEXT   NOT NULL,
    state_after      TEXT   NOT NULL,
    PRIMARY KEY (bill_number, version)
);

-- Whether a payout channel is stopped for everybody, and why.
CREATE TABLE rail (
    rail             TEXT   NOT NULL PRIMARY KEY,
    paused_reason    TEXT,
    paused_until_ms  BIGINT,
    changed_ms       BIGINT NOT NULL
);

-- Double entry: one row is one transfer, balanced by construction. Append-only.
CREATE TABLE transfer (
    city             TEXT   NOT NULL REFERENCES city (city),
    number           BIGINT NOT NULL,
    debit            TEXT   NOT NULL,
    credit           TEXT   NOT NULL,
    amount_fen       BIGINT NOT NULL CHECK (amount_fen > 0),
    bill_number      TEXT   NOT NULL,
    at_ms            BIGINT NOT NULL,
    CHECK (debit <> credit),
    PRIMARY KEY (city, number)
);

-- A callback is handled once.
CREATE TABLE callback_seen (
    callback         TEXT   NOT NULL PRIMARY KEY,
    at_ms            BIGINT NOT NULL
);

-- Tokens every instance shares.
CREATE TABLE shared_token (
    name             TEXT   NOT NULL PRIMARY KEY,
    value_sealed     TEXT   NOT NULL,
    expires_ms       BIGINT NOT NULL
);

-- Who did what: a hash chain.
CREATE TABLE audit_event (
    number           BIGINT NOT NULL PRIMARY KEY,
    at_ms            BIGINT NOT NULL,
    actor            TEXT   NOT NULL,
    action           TEXT   NOT NULL,
    detail           TEXT   NOT NULL,
    previous_hash    TEXT   NOT NULL UNIQUE,
    hash             TEXT   NOT NULL UNIQUE
);
