-- What was wrong with a frozen bank that is in use, and how far its attempts are scored again.

-- A correction: a question is void, or further options count beside its key. Written once, in the
-- transaction in which a second person approves it; a city's corrections are numbered from 1.
CREATE TABLE question_correction (
    city             TEXT   NOT NULL REFERENCES city (city),
    version          BIGINT NOT NULL CHECK (version >= 1),
    bank             TEXT   NOT NULL REFERENCES bank (digest),
    question         BIGINT NOT NULL CHECK (question >= 0),
    accepted         TEXT   NOT NULL,
    reason           TEXT   NOT NULL CHECK (reason <> ''),
    proposal         BIGINT NOT NULL REFERENCES proposal_decision (proposal),
    decided_ms       BIGINT NOT NULL,
    PRIMARY KEY (city, version),
    UNIQUE (city, question, accepted)
);

-- How many corrections a city has: a submission that was marked by fewer is scored again.
ALTER TABLE city ADD COLUMN n_corrections BIGINT NOT NULL DEFAULT 0 CHECK (n_corrections >= 0);

-- Scoring a city's attempts again, from the first to the last, by all corrections up to `version`.
CREATE TABLE rescoring (
    city             TEXT   NOT NULL PRIMARY KEY REFERENCES city (city),
    version          BIGINT NOT NULL CHECK (version >= 1),
    after            TEXT   NOT NULL,
    n_attempts       BIGINT NOT NULL CHECK (n_attempts >= 0),
    is_done          BIGINT NOT NULL CHECK (is_done IN (0, 1)),
    changed_ms       BIGINT NOT NULL
);
