-- What the statistics count, behind a mark that moves on; nothing here is written by a submission.

-- A city's attempts in the order they were decided in; grows at its end only. Over an expression,
-- so that only a statement that writes the same one is planned over it: without statistics a plain
-- one is taken for questions about one person, which then look through a whole city.
CREATE INDEX attempt_by_city ON attempt ((city || ''), submitted_ms);

-- How far a city's attempts are counted: all that were decided before this instant.
CREATE TABLE statistics_mark (
    city             TEXT   NOT NULL PRIMARY KEY REFERENCES city (city),
    until_ms         BIGINT NOT NULL
);

-- A code that stands on one district's posters, and what its QR encodes once WeChat has made it.
CREATE TABLE district_code (
    code             TEXT   NOT NULL PRIMARY KEY,
    city             TEXT   NOT NULL,
    district         TEXT   NOT NULL CHECK (district <> ''),
    qr_url           TEXT   NOT NULL CHECK (qr_url <> ''),
    created_by       TEXT   NOT NULL CHECK (created_by <> ''),
    created_ms       BIGINT NOT NULL,
    UNIQUE (city, district)
);

-- By which district's code a person came first; nothing once the person had it erased.
CREATE TABLE district_scan (
    person           TEXT   NOT NULL PRIMARY KEY REFERENCES person (person),
    code             TEXT   REFERENCES district_code (code),
    at_ms            BIGINT NOT NULL
);

-- Who has submitted in a city, as counted: the district declared and the one whose code was
-- scanned, each as city/district, or nothing.
CREATE TABLE participant (
    person           TEXT   NOT NULL REFERENCES person (person),
    city             TEXT   NOT NULL REFERENCES city (city),
    is_new           BIGINT NOT NULL CHECK (is_new IN (0, 1)),
    has_passed       BIGINT NOT NULL CHECK (has_passed IN (0, 1)),
    declared         TEXT   NOT NULL,
    scanned          TEXT   NOT NULL,
    PRIMARY KEY (person, city)
);

-- The same added up: people, those who had submitted in no city before, those who passed.
CREATE TABLE participant_tally (
    city             TEXT   NOT NULL REFERENCES city (city),
    declared         TEXT   NOT NULL,
    scanned          TEXT   NOT NULL,
    n_people         BIGINT NOT NULL CHECK (n_people >= 0),
    n_new            BIGINT NOT NULL CHECK (n_new >= 0 AND n_new <= n_people),
    n_passed         BIGINT NOT NULL CHECK (n_passed >= 0 AND n_passed <= n_people),
    PRIMARY KEY (city, declared, scanned)
);

-- Answers of everybody's first attempt in a city: the question by its place in the bank, the
-- option by its letter there, nothing when it was left open, and the score of the attempt.
CREATE TABLE answer_tally (
    city             TEXT   NOT NULL REFERENCES city (city),
    item             BIGINT NOT NULL CHECK (item >= 0),
    choice           TEXT   NOT NULL,
    score            BIGINT NOT NULL CHECK (score >= 0),
    n                BIGINT NOT NULL CHECK (n > 0),
    PRIMARY KEY (city, item, choice, score)
);
