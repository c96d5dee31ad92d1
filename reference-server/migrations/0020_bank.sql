-- A half of a bank as its office is writing it: one draft for each city, replaced as it is edited.
-- What is submitted of it is frozen into `bank` beside its proposal, and never changes there.
CREATE TABLE bank_draft (
    city             TEXT   NOT NULL PRIMARY KEY,
    version          BIGINT NOT NULL CHECK (version >= 1),
    content_sealed   TEXT   NOT NULL,
    changed_by       TEXT   NOT NULL,
    changed_ms       BIGINT NOT NULL
);
