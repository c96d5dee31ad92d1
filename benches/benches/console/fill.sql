-- A season of 100,000 people on top of one that a few have played: a million attempts, a
-- thousand packets a day awarded and received. Guards, keys and syncs are off: the rows obey them.
PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA foreign_keys=OFF; PRAGMA cache_size=-1000000; PRAGMA temp_store=MEMORY;
CREATE TEMP TABLE n (n INTEGER PRIMARY KEY);
WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n+1 FROM s WHERE n<999999) INSERT INTO n SELECT n FROM s;
-- Person p has turn p % 13 of the rotation, and the place j = p / 13 in that city.
CREATE TEMP TABLE p AS SELECT n AS p, printf('Z%025d', n) AS person, n % 13 + 1 AS ordinal, n / 13 AS j FROM n WHERE n < 100000;
INSERT INTO person (person, openid_index, openid_sealed, created_ms, consented_ms, district)
 SELECT person, 'x'||person, '1a.'||hex(randomblob(30)), opens_ms + 1000, opens_ms+2000, NULL FROM p JOIN city USING (ordinal);
INSERT INTO follow SELECT person, opens_ms + (p * 7919) % 500000000, CASE WHEN p % 11 = 0 THEN 0 ELSE 1 END, opens_ms + 600000000, 'event' FROM p JOIN city USING (ordinal);
-- Ten attempts each, all on one day: the first thousand of a city on its first day, and so on.
INSERT INTO attempt (attempt, person, city, opens_ms, closes_ms, started_ms, submitted_ms, answers, score, n_questions, pass_mark, passed)
 SELECT printf('%012x', at)||hex(randomblob(10)), person, city, opens_ms, closes_ms, at - 60000, at,
   '1=A,2=B,3=C,4=D,5=A,6=B,7=C,8=D,9=A,10=B', sc, 10, 5, sc >= 5
 FROM (SELECT p.*, city, opens_ms, closes_ms, k, (p + k * 3) % 9 + 1 AS sc,
   opens_ms + MIN(j / 1000, 6) * 86400000 + 100000 + k * 2400000 + (p * 7919) % 2300000 + (j % 1000) * 50000 AS at
   FROM (SELECT n % 100000 AS p0, n / 100000 AS k FROM n) JOIN p ON p.p = p0 JOIN city USING (ordinal));

-- The first thousand packets of every deck in play that nobody has, to a person who passed on their day.
UPDATE budget_day SET deck = 'plain' WHERE deck IS NULL;
CREATE TEMP TABLE passing AS SELECT person, city, MIN(attempt) AS attempt, submitted_ms AS at FROM attempt WHERE passed = 1 AND person LIKE 'Z%' GROUP BY person;
CREATE TEMP TABLE won AS
 SELECT city.city, city.opens_ms, city.closes_ms, packet.day, packet.deck, packet.sequence, packet.amount_fen, p.person, passing.attempt, passing.at,
   budget_day.used_fen + SUM(packet.amount_fen) OVER (PARTITION BY packet.city, packet.day ORDER BY packet.sequence) AS total
 FROM p JOIN city USING (ordinal) JOIN passing ON passing.person = p.person
 JOIN budget_day ON budget_day.city = city.city AND budget_day.day = (city.opens_ms + 28800000) / 86400000 + p.j / 1000
 JOIN packet ON packet.city = budget_day.city AND packet.day = budget_day.day AND packet.deck = budget_day.deck AND packet.sequence = p.j % 1000 AND NOT EXISTS (SELECT 1 FROM award a WHERE a.city = packet.city AND a.day = packet.day AND a.sequence = packet.sequence)
 WHERE p.j < 7000;
INSERT INTO award (award, person, city, opens_ms, closes_ms, kind, scope, friend, attempt, passed, gained, day, deck, sequence, amount_fen, decided_ms, request_key, day_total_fen)
 SELECT city||'-'||day||'-'||sequence, person, city, opens_ms, closes_ms, 'base', 'jiangsu-2020', NULL, attempt, 1, NULL, day, deck, sequence, amount_fen, at, NULL, total FROM won;
UPDATE budget_day SET taken = 1000, used_fen = COALESCE((SELECT MAX(total) FROM won WHERE won.city = budget_day.city AND won.day = budget_day.day), used_fen);
UPDATE city SET used_fen = (SELECT SUM(used_fen) FROM budget_day WHERE budget_day.city = city.city);

-- Each of them paid and received, as the season's own payments were.
CREATE TEMP TABLE model AS SELECT * FROM payment WHERE state = 'received' AND version = 6 LIMIT 1;
CREATE TEMP TABLE paid AS SELECT won.*, substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + abs(random()) % 32, 1) || substr(hex(randomblob(14)), 1, 27) AS bill, ROW_NUMBER() OVER (PARTITION BY city ORDER BY day, sequence) AS nth FROM won;
INSERT INTO payment (bill_number, award, attempt_number, amount_fen, request_sealed, state, due_ms, machine, version, changed_ms) SELECT bill, city||'-'||day||'-'||sequence, 1, paid.amount_fen, model.request_sealed, 'received', NULL, replace(model.machine, '"amount":'||model.amount_fen||',', '"amount":'||paid.amount_fen||','), 6, at + 3600000 FROM paid, model;
INSERT INTO payment_event SELECT bill, payment_event.version, at + payment_event.at_ms - (SELECT MIN(e.at_ms) FROM payment_event e WHERE e.bill_number = model.bill_number), event, evidence, state_before, state_after FROM paid, model JOIN payment_event ON payment_event.bill_number = model.bill_number;
CREATE TEMP TABLE last AS SELECT city AS c, MAX(number) AS m FROM transfer GROUP BY city;
INSERT INTO transfer SELECT city, COALESCE((SELECT m FROM last WHERE c = city), 0) + (nth - 1) * 3 + step, debit, credit, amount_fen, bill, at + step * 10000 FROM paid, (SELECT 1 AS step, 'pool' AS debit, 'reserved' AS credit UNION ALL SELECT 2, 'reserved', 'sent' UNION ALL SELECT 3, 'sent', 'received');
INSERT INTO audit_event SELECT (SELECT MAX(number) FROM audit_event) + rowid * 7 + step, at + step * 1000, CASE step WHEN 0 THEN 'server' ELSE 'worker' END, CASE step WHEN 0 THEN 'award.granted' ELSE 'payment.step' END, 'bill=…'||substr(bill, -4)||' row='||step||' sent -> sent', hex(randomblob(32)), hex(randomblob(32)) FROM (SELECT *, ROW_NUMBER() OVER (ORDER BY at) AS rowid FROM paid), (SELECT 0 AS step UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6);

-- What is counted is counted anew.
DELETE FROM attempt_tally;
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
DELETE FROM statistics_mark; DELETE FROM participant; DELETE FROM participant_tally; DELETE FROM answer_tally;
