-- The books checked by SQL alone, with nothing of the program: one row for each thing that does not hold, none when all does.
-- The same text runs on every engine:
--   sqlite3 -readonly data/contest.db < books.sql
-- Names are those of the invariants in ARCHITECTURE.md.
-- Not seen by SQL: whether the packets are those of the seed and whether a hash is that of its event (command `audit`),
-- and what WeChat says beyond the bills that were imported.

-- M1: a city never gives more than its pool, and counts what it gave.
SELECT 'M1 pool' AS invariant, city.city AS detail
FROM city
WHERE (SELECT COALESCE(SUM(award.amount_fen), 0) FROM award WHERE award.city = city.city) > city.pool_fen
UNION ALL
SELECT 'M1 counter', city.city
FROM city
WHERE city.used_fen <> (SELECT COALESCE(SUM(award.amount_fen), 0) FROM award WHERE award.city = city.city)
   OR city.used_fen <> (SELECT COALESCE(SUM(budget_day.used_fen), 0) FROM budget_day WHERE budget_day.city = city.city)

-- M2: a day never gives more than its cap, and counts what it gave, packets and money.
UNION ALL
SELECT 'M2 cap', budget_day.city || ' ' || budget_day.day
FROM budget_day
WHERE (SELECT COALESCE(SUM(award.amount_fen), 0) FROM award
       WHERE award.city = budget_day.city AND award.day = budget_day.day) > budget_day.cap_fen
UNION ALL
SELECT 'M2 counter', budget_day.city || ' ' || budget_day.day
FROM budget_day
WHERE budget_day.used_fen <> (SELECT COALESCE(SUM(award.amount_fen), 0) FROM award
                              WHERE award.city = budget_day.city AND award.day = budget_day.day)
   OR budget_day.taken <> (SELECT COUNT(*) FROM award
                           WHERE award.city = budget_day.city AND award.day = budget_day.day)

-- M3: every award is a planned packet of the deck its day plays; every deck sums to its day's cap.
UNION ALL
SELECT 'M3 planned packet', award.award
FROM award
WHERE NOT EXISTS (SELECT 1 FROM packet JOIN budget_day
                      ON budget_day.city = packet.city AND budget_day.day = packet.day
                     AND budget_day.deck = packet.deck
                  WHERE packet.city = award.city AND packet.day = award.day AND packet.deck = award.deck
                    AND packet.sequence = award.sequence AND packet.amount_fen = award.amount_fen)
UNION ALL
SELECT 'M3 bounds', award.award
FROM award
WHERE award.amount_fen NOT BETWEEN 10 AND 10000
UNION ALL
SELECT 'M3 deck', packet.city || ' ' || packet.day || ' ' || packet.deck
FROM packet JOIN budget_day ON budget_day.city = packet.city AND budget_day.day = packet.day
GROUP BY packet.city, packet.day, packet.deck, budget_day.cap_fen
HAVING SUM(packet.amount_fen) <> budget_day.cap_fen
    OR MIN(packet.sequence) <> 0 OR MAX(packet.sequence) <> COUNT(*) - 1

-- M4: a city gives its top packet once, and says so. Its rescue comes before 23:30 of the last day.
UNION ALL
SELECT 'M4 top packet', city.city
FROM city
LEFT JOIN (SELECT packet.city, MAX(packet.amount_fen) AS top_fen FROM packet GROUP BY packet.city) AS plan
  ON plan.city = city.city
WHERE city.top_awarded <> (SELECT COUNT(*) FROM award
                           WHERE award.city = city.city AND award.amount_fen = plan.top_fen)
UNION ALL
SELECT 'M4 not rescued', city.city
FROM city
WHERE city.top_awarded = 0
  AND EXISTS (SELECT 1 FROM award WHERE award.city = city.city AND award.decided_ms >= city.closes_ms - 1800000)

-- M5, M6, M8: a chance, an attempt, a friend and a packet are used once.
UNION ALL
SELECT 'M5 chance', award.person
FROM award
WHERE award.kind = 'base'
GROUP BY award.person, award.scope
HAVING COUNT(*) > 1
UNION ALL
SELECT 'M5 chance', award.friend
FROM award
WHERE award.kind = 'referral'
GROUP BY award.friend
HAVING COUNT(*) > 1
UNION ALL
SELECT 'M6 attempt', award.award
FROM award
LEFT JOIN attempt ON attempt.attempt = award.attempt AND attempt.person = award.person
 AND attempt.city = award.city
 AND COALESCE((SELECT MAX(rescore.score) FROM rescore WHERE rescore.attempt = attempt.attempt),
              attempt.score) >= attempt.pass_mark
 AND attempt.submitted_ms <= award.decided_ms
WHERE attempt.attempt IS NULL
UNION ALL
SELECT 'M6 attempt', award.attempt
FROM award
GROUP BY award.attempt
HAVING COUNT(*) > 1
UNION ALL
SELECT 'M8 friend', award.award
FROM award
WHERE award.kind = 'referral'
  AND NOT EXISTS (SELECT 1 FROM referral WHERE referral.friend = award.friend AND referral.sharer = award.person
                    AND referral.city = award.city AND referral.credited_ms <= award.decided_ms)
UNION ALL
SELECT 'M6 packet', award.city
FROM award
GROUP BY award.city, award.day, award.deck, award.sequence
HAVING COUNT(*) > 1

-- M9: nothing is decided outside its city's window or on another day than it says.
UNION ALL
SELECT 'M9 window', award.award
FROM award JOIN city ON city.city = award.city
WHERE award.decided_ms < city.opens_ms OR award.decided_ms >= city.closes_ms
   OR award.day * 86400000 - 28800000 > award.decided_ms
   OR (award.day + 1) * 86400000 - 28800000 <= award.decided_ms

-- M11, M12: an award is paid by attempts in a row, of its amount, of which one at most lives.
UNION ALL
SELECT 'M11 payment', award.award
FROM award
LEFT JOIN (SELECT payment.award, COUNT(*) AS n_payments, MAX(payment.attempt_number) AS last_number,
                  SUM(CASE WHEN payment.state IN ('dead', 'refunded') THEN 0 ELSE 1 END) AS n_live
           FROM payment GROUP BY payment.award) AS paid ON paid.award = award.award
WHERE paid.award IS NULL OR paid.n_payments <> paid.last_number OR paid.n_live > 1
UNION ALL
SELECT 'M12 amount', payment.bill_number
FROM payment LEFT JOIN award ON award.award = payment.award
WHERE award.award IS NULL OR award.amount_fen <> payment.amount_fen

-- M15: a payment begins reserved; its state is the last of an unbroken row of events since.
UNION ALL
SELECT 'M15 events', payment.bill_number
FROM payment
LEFT JOIN payment_event AS latest ON latest.bill_number = payment.bill_number
 AND latest.version = payment.version AND latest.state_after = payment.state
LEFT JOIN payment_event AS later ON later.bill_number = payment.bill_number
 AND later.version = payment.version + 1
WHERE (latest.bill_number IS NULL AND (payment.version <> 0 OR payment.state <> 'reserved'))
   OR later.bill_number IS NOT NULL
UNION ALL
SELECT 'M15 events', event.bill_number
FROM (SELECT bill_number, version, state_before,
             LAG(state_after) OVER (PARTITION BY bill_number ORDER BY version) AS state_left,
             LAG(version) OVER (PARTITION BY bill_number ORDER BY version) AS version_before
      FROM payment_event) AS event
WHERE COALESCE(event.state_left, 'reserved') <> event.state_before
   OR event.version <> COALESCE(event.version_before, 0) + 1

-- M18: what transfers did with an award's money is what the state of its last payment says, corrections by two
-- persons and what was paid beyond the award left aside; what a bill contradicts waits in suspense.
UNION ALL
SELECT 'M18 ledger', standing.award
FROM (SELECT award.award, award.amount_fen, payment.state,
             CASE WHEN EXISTS (SELECT 1 FROM payment_event
                               WHERE payment_event.bill_number = payment.bill_number
                                 AND payment_event.event = 'bill_contradicts') THEN 'suspense'
                  WHEN payment.state IN ('sent', 'refunding') THEN 'sent'
                  WHEN payment.state = 'received' THEN 'received'
                  WHEN payment.state IN ('refunded', 'dead') THEN 'left'
                  ELSE 'reserved' END AS account
      FROM award
      JOIN payment ON payment.award = award.award
       AND payment.attempt_number = (SELECT MAX(latest.attempt_number) FROM payment AS latest
                                     WHERE latest.award = award.award)) AS standing
LEFT JOIN (SELECT moved.award, moved.account, SUM(moved.amount_fen) AS balance_fen
           FROM (SELECT payment.award, transfer.credit AS account, transfer.amount_fen
                 FROM transfer JOIN payment ON payment.bill_number = transfer.bill_number
                 LEFT JOIN correction_approval AS fix
                   ON fix.city = transfer.city AND fix.transfer_number = transfer.number
                 WHERE transfer.debit <> 'suspense' AND fix.correction IS NULL
                 UNION ALL
                 SELECT payment.award, transfer.debit, -transfer.amount_fen
                 FROM transfer JOIN payment ON payment.bill_number = transfer.bill_number
                 LEFT JOIN correction_approval AS fix
                   ON fix.city = transfer.city AND fix.transfer_number = transfer.number
                 WHERE transfer.debit <> 'suspense' AND fix.correction IS NULL) AS moved
           GROUP BY moved.award, moved.account) AS held
  ON held.award = standing.award AND held.account = standing.account
WHERE standing.state <> 'held' AND COALESCE(held.balance_fen, 0) <> standing.amount_fen
UNION ALL
SELECT 'M18 ledger', city.city
FROM city
LEFT JOIN (SELECT transfer.city, COUNT(*) AS n_transfers, MAX(transfer.number) AS last_number,
                  SUM(CASE WHEN transfer.debit = 'pool' THEN transfer.amount_fen
                           WHEN transfer.credit = 'pool' THEN -transfer.amount_fen
                           ELSE 0 END) AS taken_fen
           FROM transfer GROUP BY transfer.city) AS books ON books.city = city.city
WHERE city.used_fen <> COALESCE(books.taken_fen, 0) OR books.n_transfers <> books.last_number
UNION ALL
SELECT 'M18 ledger', transfer.bill_number
FROM transfer
LEFT JOIN payment ON payment.bill_number = transfer.bill_number
LEFT JOIN award ON award.award = payment.award AND award.city = transfer.city
LEFT JOIN correction_approval AS fix ON fix.city = transfer.city AND fix.transfer_number = transfer.number
WHERE award.award IS NULL AND fix.correction IS NULL

-- M22: a bill is whole, its versions and days have no gap, and nothing on one in force is left without an incident:
-- no number that is not ours, no other amount, no payment that is dead here.
UNION ALL
SELECT 'M22 bill', bill.day || ' ' || bill.version
FROM fund_flow_bill AS bill
LEFT JOIN (SELECT day, version, COUNT(*) AS n_lines,
                  SUM(CASE WHEN direction = 'income' THEN amount_fen ELSE 0 END) AS income_fen,
                  SUM(CASE WHEN direction = 'expense' THEN amount_fen ELSE 0 END) AS expense_fen
           FROM fund_flow GROUP BY day, version) AS lines
  ON lines.day = bill.day AND lines.version = bill.version
WHERE bill.n_lines <> COALESCE(lines.n_lines, 0) OR bill.income_fen <> COALESCE(lines.income_fen, 0)
   OR bill.expense_fen <> COALESCE(lines.expense_fen, 0)
   OR bill.version > (SELECT COUNT(*) FROM fund_flow_bill AS other WHERE other.day = bill.day)
UNION ALL
SELECT 'M22 day without a bill', CAST(bill.day + 1 AS TEXT)
FROM fund_flow_bill AS bill
WHERE bill.version = 1 AND bill.day < (SELECT MAX(day) FROM fund_flow_bill)
  AND NOT EXISTS (SELECT 1 FROM fund_flow_bill AS next WHERE next.day = bill.day + 1)
UNION ALL
SELECT 'M22 unexplained', standing.bill_number
FROM (SELECT flow.bill_number, payment.amount_fen, payment.state, payment.changed_ms,
             SUM(CASE WHEN flow.direction = 'expense' THEN flow.amount_fen ELSE 0 END) AS paid_fen,
             SUM(CASE WHEN flow.direction = 'income' THEN flow.amount_fen ELSE 0 END) AS returned_fen,
             MAX(CASE WHEN flow.kind = 'payout' THEN 1 ELSE 0 END) AS is_payout
      FROM (SELECT DISTINCT flow_number, bill_number, kind, direction, amount_fen FROM fund_flow
            WHERE version = (SELECT MAX(newest.version) FROM fund_flow_bill AS newest
                             WHERE newest.day = fund_flow.day)) AS flow
      LEFT JOIN payment ON payment.bill_number = flow.bill_number
      GROUP BY flow.bill_number, payment.amount_fen, payment.state, payment.changed_ms) AS standing
WHERE ((standing.state IS NULL AND standing.is_payout = 1)
       OR standing.paid_fen > standing.amount_fen OR standing.returned_fen > standing.amount_fen
       OR (standing.state = 'dead' AND standing.paid_fen > standing.returned_fen
           AND (SELECT MAX(day) FROM fund_flow_bill) > (standing.changed_ms + 28800000) / 86400000))
  AND NOT EXISTS (SELECT 1 FROM incident WHERE incident.bill_number = standing.bill_number)

-- M23: sealed books add up to the pool, and are those that the transfers up to the seal make.
UNION ALL
SELECT 'M23 seal', books_seal.city
FROM books_seal
WHERE books_seal.undrawn_fen + books_seal.received_fen + books_seal.left_fen + books_seal.suspense_fen
      <> (SELECT city.pool_fen FROM city WHERE city.city = books_seal.city)
   OR books_seal.received_fen <>
      (SELECT COALESCE(SUM(CASE WHEN transfer.credit = 'received' THEN transfer.amount_fen
                                WHEN transfer.debit = 'received' THEN -transfer.amount_fen ELSE 0 END), 0)
       FROM transfer WHERE transfer.city = books_seal.city AND transfer.number <= books_seal.n_transfers)
   OR books_seal.left_fen <>
      (SELECT COALESCE(SUM(CASE WHEN transfer.credit = 'left' THEN transfer.amount_fen
                                WHEN transfer.debit = 'left' THEN -transfer.amount_fen ELSE 0 END), 0)
       FROM transfer WHERE transfer.city = books_seal.city AND transfer.number <= books_seal.n_transfers)
   OR books_seal.n_awards <> (SELECT COUNT(*) FROM award WHERE award.city = books_seal.city)
   OR EXISTS (SELECT 1 FROM award JOIN payment ON payment.award = award.award
              WHERE award.city = books_seal.city AND payment.state NOT IN ('received', 'refunded', 'dead'))
UNION ALL
SELECT 'M23 seal', transfer.city
FROM transfer JOIN books_seal ON books_seal.city = transfer.city AND transfer.number > books_seal.n_transfers
LEFT JOIN correction_approval AS fix ON fix.city = transfer.city AND fix.transfer_number = transfer.number
WHERE fix.correction IS NULL

-- M27: nobody approved what he proposed, and what was approved is what was moved.
UNION ALL
SELECT 'M27 two persons', CAST(fix.correction AS TEXT)
FROM correction_approval AS fix
LEFT JOIN correction ON correction.correction = fix.correction AND correction.maker = fix.maker
LEFT JOIN transfer ON transfer.city = fix.city AND transfer.number = fix.transfer_number
 AND transfer.debit = correction.debit AND transfer.credit = correction.credit
 AND transfer.amount_fen = correction.amount_fen
WHERE correction.correction IS NULL OR LOWER(TRIM(fix.maker)) = LOWER(TRIM(fix.checker))
   OR (correction.action = 'transfer' AND transfer.number IS NULL)

-- M31: nothing was awarded between the beginning and the end of a pause of claims.
UNION ALL
SELECT 'M31 pause', award.award
FROM award
WHERE EXISTS (SELECT 1 FROM pause
              WHERE pause.city = award.city AND pause.subject = 'claims'
                AND pause.begun_ms < award.decided_ms
                AND COALESCE(pause.ended_ms, award.decided_ms + 1) > award.decided_ms)

-- M32: an attempt scored again rises each time, from the score that it has.
UNION ALL
SELECT 'M32 rescore', rescore.attempt
FROM rescore
LEFT JOIN attempt ON attempt.attempt = rescore.attempt AND attempt.person = rescore.person
 AND attempt.city = rescore.city AND attempt.score = rescore.score_by_keys
WHERE attempt.attempt IS NULL OR rescore.score > attempt.n_questions
   OR rescore.score <= (SELECT COALESCE(MAX(before.score), rescore.score_by_keys) FROM rescore AS before
                        WHERE before.attempt = rescore.attempt AND before.version < rescore.version)
   OR NOT EXISTS (SELECT 1 FROM question_correction
                  WHERE question_correction.city = rescore.city AND question_correction.version = rescore.version)

-- M20: the audit chain has no gap and every link holds the one before.
UNION ALL
SELECT 'M20 audit chain', CAST(link.number AS TEXT)
FROM (SELECT number, previous_hash, LAG(hash) OVER (ORDER BY number) AS hash_before,
             LAG(number) OVER (ORDER BY number) AS number_before
      FROM audit_event) AS link
WHERE (link.number_before IS NULL AND link.number <> 1)
   OR link.number <> link.number_before + 1
   OR link.previous_hash <> link.hash_before;
