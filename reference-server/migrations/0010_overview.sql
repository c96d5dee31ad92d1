-- What the console counts and searches, so that no page adds up a season.

-- Events of people among the many of the server's own parts.
CREATE INDEX audit_event_of_people ON audit_event (number)
    WHERE actor NOT IN ('server', 'worker', 'books');

-- Submitted attempts by city and Shanghai hour (floor((ms + 28,800,000) / 3,600,000)), counted in
-- the transaction that stores them: all, passing, the first of a person on that day, and the
-- first of a person in that city.
CREATE TABLE attempt_tally (
    city             TEXT   NOT NULL REFERENCES city (city),
    hour             BIGINT NOT NULL,
    n_attempts       BIGINT NOT NULL CHECK (n_attempts >= 0),
    n_passes         BIGINT NOT NULL CHECK (n_passes >= 0 AND n_passes <= n_attempts),
    n_of_day         BIGINT NOT NULL CHECK (n_of_day >= 0 AND n_of_day <= n_attempts),
    n_of_city        BIGINT NOT NULL CHECK (n_of_city >= 0 AND n_of_city <= n_of_day),
    PRIMARY KEY (city, hour)
);
INSERT INTO attempt_tally (city, hour, n_attempts, n_passes, n_of_day, n_of_city)
SELECT city, hour, COUNT(*), SUM(passed), SUM(CASE WHEN nth_of_day = 1 THEN 1 ELSE 0 END),
       SUM(CASE WHEN nth_of_city = 1 THEN 1 ELSE 0 END)
FROM (SELECT city, passed, (submitted_ms + 28800000) / 3600000 AS hour,
             ROW_NUMBER() OVER (PARTITION BY city, person, (submitted_ms + 28800000) / 86400000
                                ORDER BY submitted_ms, attempt) AS nth_of_day,
             ROW_NUMBER() OVER (PARTITION BY city, person
                                ORDER BY submitted_ms, attempt) AS nth_of_city
      FROM attempt) AS numbered
GROUP BY city, hour;

-- Who first followed within a window.
CREATE INDEX follow_by_first ON follow (first_ms);
