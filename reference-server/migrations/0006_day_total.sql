-- What a day has awarded up to and including each award, so that a guard can check a counter by
-- its latest award and need not add up the day for every claim.

ALTER TABLE award ADD COLUMN day_total_fen BIGINT CHECK (day_total_fen > 0);
CREATE UNIQUE INDEX award_by_total ON award (city, day, day_total_fen);
