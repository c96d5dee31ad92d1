-- What of a city stands still, and the sentence people read meanwhile.

-- One row from the moment somebody stops something until it goes on again, or gets another
-- sentence. What is paused now is read from here and from nowhere else; the column
-- `city.paused_sentence` of the first version is empty and no longer read.
CREATE TABLE pause (
    pause            BIGINT NOT NULL PRIMARY KEY,
    city             TEXT   NOT NULL CHECK (city <> ''),
    subject          TEXT   NOT NULL CHECK (subject IN ('quiz', 'claims', 'payouts', 'referral')),
    sentence         TEXT   NOT NULL CHECK (sentence <> ''),
    reason           TEXT   NOT NULL CHECK (reason <> ''),
    begun_by         TEXT   NOT NULL CHECK (begun_by <> ''),
    begun_ms         BIGINT NOT NULL,
    ended            TEXT   CHECK (ended IN ('lifted', 'reworded')),
    ended_by         TEXT,
    -- Who proposed to let money out again: never the one who then decided so.
    ended_proposed_by TEXT,
    ended_reason     TEXT,
    ended_ms         BIGINT,
    CHECK ((ended IS NULL AND ended_by IS NULL AND ended_proposed_by IS NULL AND ended_reason IS NULL
            AND ended_ms IS NULL)
        OR (ended IS NOT NULL AND ended_by IS NOT NULL AND ended_reason IS NOT NULL
            AND ended_ms IS NOT NULL)),
    CHECK (ended_ms >= begun_ms),
    CHECK (subject <> 'payouts' OR ended IS NULL OR ended = 'reworded'
        OR (ended_proposed_by IS NOT NULL AND ended_proposed_by <> ended_by))
);
CREATE UNIQUE INDEX pause_running_once ON pause (city, subject) WHERE ended_ms IS NULL;
CREATE INDEX pause_by_city ON pause (city, begun_ms);
