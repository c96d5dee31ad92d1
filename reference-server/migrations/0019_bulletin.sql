-- Daily bulletins: what was counted, and what somebody signed.

-- What a city's day came to when it was counted, with the head of the audit chain of that
-- moment; counted again, it is another draft.
CREATE TABLE bulletin_draft (
    city             TEXT   NOT NULL,
    day              BIGINT NOT NULL,
    draft            BIGINT NOT NULL CHECK (draft > 0),
    figures          TEXT   NOT NULL,
    n_differences    BIGINT NOT NULL CHECK (n_differences >= 0),
    audit_number     BIGINT NOT NULL,
    audit_hash       TEXT   NOT NULL,
    counted_by       TEXT   NOT NULL CHECK (counted_by <> ''),
    counted_ms       BIGINT NOT NULL,
    PRIMARY KEY (city, day, draft),
    UNIQUE (city, day, draft, n_differences)
);

-- A bulletin that was signed. A correction is the next version and says what it corrects; books
-- that differ are not signed.
CREATE TABLE bulletin (
    city             TEXT   NOT NULL,
    day              BIGINT NOT NULL,
    version          BIGINT NOT NULL CHECK (version > 0),
    draft            BIGINT NOT NULL,
    n_differences    BIGINT NOT NULL CHECK (n_differences = 0),
    situation        TEXT   NOT NULL,
    outlook          TEXT   NOT NULL,
    correction       TEXT   NOT NULL,
    digest           TEXT   NOT NULL CHECK (digest <> ''),
    signed_by        TEXT   NOT NULL CHECK (signed_by <> ''),
    signed_name      TEXT   NOT NULL CHECK (signed_name <> ''),
    signed_ms        BIGINT NOT NULL,
    CHECK ((version = 1 AND correction = '') OR (version > 1 AND correction <> '')),
    PRIMARY KEY (city, day, version),
    UNIQUE (city, day, draft),
    FOREIGN KEY (city, day, draft, n_differences)
        REFERENCES bulletin_draft (city, day, draft, n_differences)
);
