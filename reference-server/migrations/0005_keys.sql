-- The keys that ever belonged to this database, by what tells them apart and nothing of
-- them: another key under an old name is refused, and a destroyed one stays destroyed.

CREATE TABLE field_key (
    ring             TEXT   NOT NULL CHECK (ring IN ('season', 'contest', 'people', 'index')),
    version          BIGINT NOT NULL CHECK (version >= 1),
    fingerprint      TEXT   NOT NULL UNIQUE,
    added_ms         BIGINT NOT NULL,
    destroyed_ms     BIGINT,
    PRIMARY KEY (ring, version),
    CHECK (destroyed_ms IS NULL OR ring IN ('people', 'index'))
);

-- A shared token is fetched by one instance at a time: whoever leaves the end of its fetch
-- here; and it is never replaced by one that was obtained earlier.

ALTER TABLE shared_token ADD COLUMN obtained_ms BIGINT;
ALTER TABLE shared_token ADD COLUMN fetching_until_ms BIGINT;
ALTER TABLE shared_token ADD COLUMN fetch_failed BIGINT NOT NULL DEFAULT 0
    CHECK (fetch_failed IN (0, 1));
