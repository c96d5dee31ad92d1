-- What the Official Account does of its own accord: written down first, done by the worker.

-- The menu as it was set last, and when it may be tried again; one row an account.
CREATE TABLE account_menu (
    app_id           TEXT   NOT NULL PRIMARY KEY,
    digest           TEXT   NOT NULL,
    due_ms           BIGINT NOT NULL,
    changed_ms       BIGINT NOT NULL
);

-- At most one message about a chance that a friend has brought.
CREATE TABLE chance_message (
    friend           TEXT   NOT NULL PRIMARY KEY,
    person           TEXT   NOT NULL,
    city             TEXT   NOT NULL,
    state            TEXT   NOT NULL CHECK (state IN ('waiting', 'sent', 'dropped')),
    due_ms           BIGINT,
    n_tries          BIGINT NOT NULL CHECK (n_tries BETWEEN 0 AND 5),
    outcome          TEXT,
    changed_ms       BIGINT NOT NULL,
    CHECK ((state = 'waiting' AND due_ms IS NOT NULL AND outcome IS NULL)
        OR (state <> 'waiting' AND due_ms IS NULL AND outcome IS NOT NULL)),
    FOREIGN KEY (friend, person, city) REFERENCES referral (friend, sharer, city)
);
CREATE INDEX chance_message_due ON chance_message (due_ms) WHERE state = 'waiting';

-- The announcement of a city's opening: drafted by the server, released by a named person, sent once.
CREATE TABLE announcement (
    city             TEXT   NOT NULL PRIMARY KEY REFERENCES city (city),
    content          TEXT   NOT NULL,
    drafted_ms       BIGINT NOT NULL,
    state            TEXT   NOT NULL CHECK (state IN ('draft', 'released', 'sent', 'refused')),
    released_by      TEXT   CHECK (released_by <> ''),
    released_ms      BIGINT,
    due_ms           BIGINT,
    n_tries          BIGINT NOT NULL CHECK (n_tries >= 0),
    outcome          TEXT,
    changed_ms       BIGINT NOT NULL,
    CHECK ((state = 'draft' AND released_by IS NULL AND released_ms IS NULL)
        OR (state <> 'draft' AND released_by IS NOT NULL AND released_ms IS NOT NULL)),
    CHECK ((state = 'released' AND due_ms IS NOT NULL) OR (state <> 'released' AND due_ms IS NULL)),
    CHECK ((state IN ('sent', 'refused') AND outcome IS NOT NULL)
        OR (state IN ('draft', 'released') AND outcome IS NULL))
);
