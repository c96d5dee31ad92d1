-- Refusals only, never effects: what constraints alone cannot say about a single row.
-- Applied after every migration; the application behaves the same without them.
-- A sealed value begins with the version of its key, which is what CAST reads of it: such
-- a value may be replaced by one of a newer key, and by nothing else.

CREATE TRIGGER IF NOT EXISTS packet_never_changes BEFORE UPDATE ON packet
BEGIN SELECT RAISE(ABORT, 'a sealed packet never changes'); END;
CREATE TRIGGER IF NOT EXISTS packet_never_leaves BEFORE DELETE ON packet
BEGIN SELECT RAISE(ABORT, 'a sealed packet never leaves'); END;

CREATE TRIGGER IF NOT EXISTS season_never_changes BEFORE UPDATE ON season
BEGIN SELECT RAISE(ABORT, 'the terms of a season never change'); END;
CREATE TRIGGER IF NOT EXISTS season_is_one BEFORE INSERT ON season
WHEN EXISTS (SELECT 1 FROM season)
BEGIN SELECT RAISE(ABORT, 'a database holds one season'); END;
CREATE TRIGGER IF NOT EXISTS bank_never_changes BEFORE UPDATE ON bank
WHEN NEW.digest <> OLD.digest OR NEW.city <> OLD.city OR NEW.frozen_ms <> OLD.frozen_ms
  OR (NEW.content_sealed <> OLD.content_sealed
      AND CAST(NEW.content_sealed AS INTEGER) <= CAST(OLD.content_sealed AS INTEGER))
BEGIN SELECT RAISE(ABORT, 'a frozen bank never changes'); END;
CREATE TRIGGER IF NOT EXISTS bank_never_leaves BEFORE DELETE ON bank
BEGIN SELECT RAISE(ABORT, 'a frozen bank never leaves'); END;
CREATE TRIGGER IF NOT EXISTS invite_keeps_its_owner BEFORE UPDATE ON invite
WHEN NEW.code <> OLD.code OR NEW.person <> OLD.person
BEGIN SELECT RAISE(ABORT, 'a code never changes its owner'); END;

CREATE TRIGGER IF NOT EXISTS award_never_changes BEFORE UPDATE ON award
BEGIN SELECT RAISE(ABORT, 'an award never changes'); END;
CREATE TRIGGER IF NOT EXISTS award_never_leaves BEFORE DELETE ON award
BEGIN SELECT RAISE(ABORT, 'an award never leaves'); END;

CREATE TRIGGER IF NOT EXISTS attempt_never_changes BEFORE UPDATE ON attempt
BEGIN SELECT RAISE(ABORT, 'a submitted attempt never changes'); END;
CREATE TRIGGER IF NOT EXISTS attempt_never_leaves BEFORE DELETE ON attempt
BEGIN SELECT RAISE(ABORT, 'a submitted attempt never leaves'); END;
CREATE TRIGGER IF NOT EXISTS rescore_never_changes BEFORE UPDATE ON rescore
BEGIN SELECT RAISE(ABORT, 'an attempt scored again never changes'); END;
CREATE TRIGGER IF NOT EXISTS rescore_never_leaves BEFORE DELETE ON rescore
BEGIN SELECT RAISE(ABORT, 'an attempt scored again never leaves'); END;
CREATE TRIGGER IF NOT EXISTS rescore_only_raises BEFORE INSERT ON rescore
WHEN NOT EXISTS (SELECT 1 FROM attempt WHERE attempt.attempt = NEW.attempt
     AND attempt.score = NEW.score_by_keys AND attempt.pass_mark = NEW.pass_mark
     AND attempt.submitted_ms = NEW.submitted_ms AND attempt.n_questions >= NEW.score)
  OR EXISTS (SELECT 1 FROM rescore WHERE rescore.attempt = NEW.attempt
     AND (rescore.score >= NEW.score OR rescore.version >= NEW.version))
BEGIN SELECT RAISE(ABORT, 'scoring again only raises'); END;
CREATE TRIGGER IF NOT EXISTS question_correction_never_changes BEFORE UPDATE ON question_correction
BEGIN SELECT RAISE(ABORT, 'a correction of a question never changes'); END;
CREATE TRIGGER IF NOT EXISTS question_correction_never_leaves BEFORE DELETE ON question_correction
BEGIN SELECT RAISE(ABORT, 'a correction of a question never leaves'); END;
CREATE TRIGGER IF NOT EXISTS question_correction_takes_two BEFORE INSERT ON question_correction
WHEN NOT EXISTS (SELECT 1 FROM proposal_decision WHERE proposal_decision.proposal = NEW.proposal
     AND proposal_decision.verdict = 'approved')
  OR NEW.version <> (SELECT n_corrections + 1 FROM city WHERE city.city = NEW.city)
  OR NEW.bank <> (SELECT bank FROM city WHERE city.city = NEW.city)
BEGIN SELECT RAISE(ABORT, 'a correction is the next of its bank, and two persons have made it'); END;
CREATE TRIGGER IF NOT EXISTS city_keeps_its_corrections BEFORE UPDATE ON city
WHEN NEW.n_corrections <> OLD.n_corrections
 AND (NEW.n_corrections <> OLD.n_corrections + 1 OR NOT EXISTS (SELECT 1 FROM question_correction
      WHERE question_correction.city = NEW.city AND question_correction.version = NEW.n_corrections))
BEGIN SELECT RAISE(ABORT, 'a city counts its corrections one by one'); END;
CREATE TRIGGER IF NOT EXISTS bank_draft_advances BEFORE UPDATE ON bank_draft
WHEN NEW.city <> OLD.city OR (NEW.version <> OLD.version + 1
  AND NOT (NEW.version = OLD.version AND NEW.changed_by = OLD.changed_by AND NEW.changed_ms = OLD.changed_ms
    AND CAST(NEW.content_sealed AS INTEGER) > CAST(OLD.content_sealed AS INTEGER)))
BEGIN SELECT RAISE(ABORT, 'a draft advances one version at a time'); END;
CREATE TRIGGER IF NOT EXISTS bank_draft_never_leaves BEFORE DELETE ON bank_draft
BEGIN SELECT RAISE(ABORT, 'a draft never leaves'); END;
CREATE TRIGGER IF NOT EXISTS city_terms_of_its_bank_take_two BEFORE UPDATE ON city
WHEN NEW.bank <> OLD.bank AND (NEW.last_decision_ms >= OLD.opens_ms OR OLD.n_corrections > 0
  OR NOT EXISTS (SELECT 1 FROM proposal JOIN proposal_decision
      ON proposal_decision.proposal = proposal.proposal AND proposal_decision.verdict = 'approved'
    WHERE proposal.kind = 'bank' AND proposal.city = NEW.city AND proposal.content = 'bank=' || NEW.bank))
BEGIN SELECT RAISE(ABORT, 'a bank is exchanged before the opening, and two persons have made it'); END;

CREATE TRIGGER IF NOT EXISTS referral_never_changes BEFORE UPDATE ON referral
BEGIN SELECT RAISE(ABORT, 'a referral never changes'); END;
CREATE TRIGGER IF NOT EXISTS referral_never_leaves BEFORE DELETE ON referral
BEGIN SELECT RAISE(ABORT, 'a referral never leaves'); END;

CREATE TRIGGER IF NOT EXISTS follow_first_never_changes BEFORE UPDATE ON follow
WHEN NEW.first_ms <> OLD.first_ms OR NEW.person <> OLD.person
BEGIN SELECT RAISE(ABORT, 'the first follow never changes'); END;
CREATE TRIGGER IF NOT EXISTS follow_never_leaves BEFORE DELETE ON follow
BEGIN SELECT RAISE(ABORT, 'the ever-followed record never leaves'); END;

CREATE TRIGGER IF NOT EXISTS transfer_never_changes BEFORE UPDATE ON transfer
BEGIN SELECT RAISE(ABORT, 'a transfer never changes'); END;
CREATE TRIGGER IF NOT EXISTS transfer_never_leaves BEFORE DELETE ON transfer
BEGIN SELECT RAISE(ABORT, 'a transfer never leaves'); END;

CREATE TRIGGER IF NOT EXISTS payment_event_never_changes BEFORE UPDATE ON payment_event
BEGIN SELECT RAISE(ABORT, 'a payment event never changes'); END;
CREATE TRIGGER IF NOT EXISTS payment_event_never_leaves BEFORE DELETE ON payment_event
BEGIN SELECT RAISE(ABORT, 'a payment event never leaves'); END;

CREATE TRIGGER IF NOT EXISTS audit_event_never_changes BEFORE UPDATE ON audit_event
BEGIN SELECT RAISE(ABORT, 'an audit event never changes'); END;
CREATE TRIGGER IF NOT EXISTS audit_event_never_leaves BEFORE DELETE ON audit_event
BEGIN SELECT RAISE(ABORT, 'an audit event never leaves'); END;
CREATE TRIGGER IF NOT EXISTS audit_event_is_dense BEFORE INSERT ON audit_event
WHEN NEW.number <> (SELECT COALESCE(MAX(number), 0) + 1 FROM audit_event)
  OR (NEW.number > 1 AND NEW.previous_hash <> (SELECT hash FROM audit_event WHERE number = NEW.number - 1))
BEGIN SELECT RAISE(ABORT, 'the audit chain is dense and never forks'); END;

CREATE TRIGGER IF NOT EXISTS payment_identity_never_changes BEFORE UPDATE ON payment
WHEN NEW.bill_number <> OLD.bill_number OR NEW.award <> OLD.award
  OR NEW.attempt_number <> OLD.attempt_number OR NEW.amount_fen <> OLD.amount_fen
  OR NEW.rail <> OLD.rail
BEGIN SELECT RAISE(ABORT, 'the number, amount, rail and request of a payment never change'); END;
CREATE TRIGGER IF NOT EXISTS payment_request_never_changes BEFORE UPDATE ON payment
WHEN NEW.request_sealed <> OLD.request_sealed
  AND (CAST(NEW.request_sealed AS INTEGER) <= CAST(OLD.request_sealed AS INTEGER)
    OR (OLD.request_sealed = '' AND NEW.version = OLD.version))
  AND NOT (NEW.request_sealed = '' AND OLD.state IN ('received', 'refunded', 'dead')
    AND EXISTS (SELECT 1 FROM award JOIN person ON person.person = award.person
                WHERE award.award = OLD.award AND person.openid_sealed = ''))
BEGIN SELECT RAISE(ABORT, 'the number, amount, rail and request of a payment never change'); END;
CREATE TRIGGER IF NOT EXISTS payment_terminal_is_final BEFORE UPDATE ON payment
WHEN OLD.state IN ('received', 'refunded', 'dead') AND NEW.state <> OLD.state
BEGIN SELECT RAISE(ABORT, 'a settled payment never leaves its state'); END;
CREATE TRIGGER IF NOT EXISTS payment_leaves_before_it_arrives BEFORE UPDATE ON payment
WHEN OLD.state = 'reserved' AND NEW.state IN ('sent', 'refunding', 'received', 'refunded', 'dead')
BEGIN SELECT RAISE(ABORT, 'a payment that never left cannot have arrived or died'); END;
CREATE TRIGGER IF NOT EXISTS payment_version_advances BEFORE UPDATE ON payment
WHEN NEW.version <> OLD.version + 1
  AND NOT (NEW.version = OLD.version AND (NEW.request_sealed <> OLD.request_sealed
    OR COALESCE(NEW.package_sealed <> OLD.package_sealed, FALSE))
    AND NEW.state = OLD.state AND NEW.due_ms IS OLD.due_ms AND NEW.machine = OLD.machine
    AND NEW.changed_ms = OLD.changed_ms)
BEGIN SELECT RAISE(ABORT, 'a payment advances one version at a time'); END;
CREATE TRIGGER IF NOT EXISTS payment_never_leaves BEFORE DELETE ON payment
BEGIN SELECT RAISE(ABORT, 'a payment never leaves'); END;

CREATE TRIGGER IF NOT EXISTS city_terms_are_frozen_once_awarded BEFORE UPDATE ON city
WHEN (NEW.opens_ms <> OLD.opens_ms OR NEW.closes_ms <> OLD.closes_ms OR NEW.pool_fen <> OLD.pool_fen
   OR NEW.bank <> OLD.bank OR NEW.plan_commitment <> OLD.plan_commitment
   OR NEW.plan_root <> OLD.plan_root OR NEW.ordinal <> OLD.ordinal
   OR (NEW.plan_seed_sealed <> OLD.plan_seed_sealed
       AND CAST(NEW.plan_seed_sealed AS INTEGER) <= CAST(OLD.plan_seed_sealed AS INTEGER)))
  AND EXISTS (SELECT 1 FROM award WHERE award.city = OLD.city)
BEGIN SELECT RAISE(ABORT, 'the terms of a city are frozen once it has awarded'); END;
CREATE TRIGGER IF NOT EXISTS city_latch_never_goes_back BEFORE UPDATE ON city
WHEN NEW.last_decision_ms < OLD.last_decision_ms OR NEW.used_fen < OLD.used_fen
  OR NEW.top_awarded < OLD.top_awarded
BEGIN SELECT RAISE(ABORT, 'a city never takes back an instant, money or its top packet'); END;
CREATE TRIGGER IF NOT EXISTS budget_day_never_goes_back BEFORE UPDATE ON budget_day
WHEN NEW.used_fen < OLD.used_fen OR NEW.taken < OLD.taken OR NEW.top_taken < OLD.top_taken
  OR NEW.cap_fen <> OLD.cap_fen OR (OLD.deck IS NOT NULL AND NEW.deck IS NOT OLD.deck)
BEGIN SELECT RAISE(ABORT, 'a day never takes back money, and its deck never changes'); END;
CREATE TRIGGER IF NOT EXISTS budget_day_never_leaves BEFORE DELETE ON budget_day
BEGIN SELECT RAISE(ABORT, 'a day never leaves'); END;
CREATE TRIGGER IF NOT EXISTS budget_day_is_counted_in_its_city BEFORE UPDATE ON budget_day
WHEN NEW.used_fen > OLD.used_fen AND (SELECT used_fen FROM city WHERE city = NEW.city)
   <> (SELECT SUM(used_fen) FROM budget_day WHERE city = NEW.city) + NEW.used_fen - OLD.used_fen
BEGIN SELECT RAISE(ABORT, 'a city counts what its days count, before they do'); END;
-- That no award comes to a sealed city follows: its days count no more.
CREATE TRIGGER IF NOT EXISTS award_is_counted BEFORE INSERT ON award
WHEN NEW.day_total_fen IS NULL OR NEW.day_total_fen - NEW.amount_fen <>
     COALESCE((SELECT MAX(day_total_fen) FROM award WHERE city = NEW.city AND day = NEW.day), 0)
     AND EXISTS (SELECT 1 FROM budget_day WHERE city = NEW.city AND day = NEW.day)
  OR NEW.day_total_fen > (SELECT used_fen FROM budget_day WHERE city = NEW.city AND day = NEW.day)
BEGIN SELECT RAISE(ABORT, 'an award is counted in its day before it is written'); END;
CREATE TRIGGER IF NOT EXISTS budget_day_counts_awards BEFORE UPDATE ON budget_day
WHEN NEW.used_fen > OLD.used_fen AND OLD.used_fen <>
     COALESCE((SELECT MAX(day_total_fen) FROM award WHERE city = OLD.city AND day = OLD.day), 0)
BEGIN SELECT RAISE(ABORT, 'what is counted in its day is awarded before more is counted'); END;

-- The books: evidence is added and never changed, and a sealed city takes corrections only.
CREATE TRIGGER IF NOT EXISTS fund_flow_bill_never_changes BEFORE UPDATE ON fund_flow_bill
BEGIN SELECT RAISE(ABORT, 'an imported bill never changes'); END;
CREATE TRIGGER IF NOT EXISTS fund_flow_bill_never_leaves BEFORE DELETE ON fund_flow_bill
BEGIN SELECT RAISE(ABORT, 'an imported bill never leaves'); END;
CREATE TRIGGER IF NOT EXISTS fund_flow_never_changes BEFORE UPDATE ON fund_flow
BEGIN SELECT RAISE(ABORT, 'a line of a bill never changes'); END;
CREATE TRIGGER IF NOT EXISTS fund_flow_never_leaves BEFORE DELETE ON fund_flow
BEGIN SELECT RAISE(ABORT, 'a line of a bill never leaves'); END;
CREATE TRIGGER IF NOT EXISTS incident_settled_never_changes BEFORE UPDATE ON incident_settled
BEGIN SELECT RAISE(ABORT, 'what settled an incident never changes'); END;
CREATE TRIGGER IF NOT EXISTS incident_settled_never_leaves BEFORE DELETE ON incident_settled
BEGIN SELECT RAISE(ABORT, 'what settled an incident never leaves'); END;
CREATE TRIGGER IF NOT EXISTS correction_never_changes BEFORE UPDATE ON correction
BEGIN SELECT RAISE(ABORT, 'a correction never changes'); END;
CREATE TRIGGER IF NOT EXISTS correction_never_leaves BEFORE DELETE ON correction
BEGIN SELECT RAISE(ABORT, 'a correction never leaves'); END;
CREATE TRIGGER IF NOT EXISTS correction_approval_never_changes BEFORE UPDATE ON correction_approval
BEGIN SELECT RAISE(ABORT, 'an approval never changes'); END;
CREATE TRIGGER IF NOT EXISTS correction_approval_never_leaves BEFORE DELETE ON correction_approval
BEGIN SELECT RAISE(ABORT, 'an approval never leaves'); END;
CREATE TRIGGER IF NOT EXISTS books_seal_never_changes BEFORE UPDATE ON books_seal
BEGIN SELECT RAISE(ABORT, 'a seal never changes'); END;
CREATE TRIGGER IF NOT EXISTS books_seal_never_leaves BEFORE DELETE ON books_seal
BEGIN SELECT RAISE(ABORT, 'a seal never leaves'); END;
CREATE TRIGGER IF NOT EXISTS duty_never_changes BEFORE UPDATE ON duty
BEGIN SELECT RAISE(ABORT, 'the outcome of a duty never changes'); END;
CREATE TRIGGER IF NOT EXISTS duty_never_leaves BEFORE DELETE ON duty
BEGIN SELECT RAISE(ABORT, 'the outcome of a duty never leaves'); END;
CREATE TRIGGER IF NOT EXISTS incident_keeps_its_facts BEFORE UPDATE ON incident
WHEN NEW.incident <> OLD.incident OR NEW.class <> OLD.class
  OR NEW.bill_number <> OLD.bill_number OR NEW.occurrence <> OLD.occurrence
  OR NEW.city IS NOT OLD.city OR NEW.person IS NOT OLD.person OR NEW.day <> OLD.day
  OR NEW.ours_fen <> OLD.ours_fen OR NEW.bill_fen <> OLD.bill_fen
  OR NEW.evidence <> OLD.evidence OR NEW.opened_ms <> OLD.opened_ms
BEGIN SELECT RAISE(ABORT, 'of an incident only its owner changes'); END;
CREATE TRIGGER IF NOT EXISTS incident_never_leaves BEFORE DELETE ON incident
BEGIN SELECT RAISE(ABORT, 'an incident never leaves'); END;
CREATE TRIGGER IF NOT EXISTS attempt_of_a_sealed_city BEFORE INSERT ON attempt
WHEN EXISTS (SELECT 1 FROM books_seal WHERE city = NEW.city)
BEGIN SELECT RAISE(ABORT, 'the books of this city are sealed'); END;
CREATE TRIGGER IF NOT EXISTS referral_of_a_sealed_city BEFORE INSERT ON referral
WHEN EXISTS (SELECT 1 FROM books_seal WHERE city = NEW.city)
BEGIN SELECT RAISE(ABORT, 'the books of this city are sealed'); END;
CREATE TRIGGER IF NOT EXISTS packet_of_a_sealed_city BEFORE INSERT ON packet
WHEN EXISTS (SELECT 1 FROM books_seal WHERE city = NEW.city)
BEGIN SELECT RAISE(ABORT, 'the books of this city are sealed'); END;
CREATE TRIGGER IF NOT EXISTS budget_day_of_a_sealed_city BEFORE INSERT ON budget_day
WHEN EXISTS (SELECT 1 FROM books_seal WHERE city = NEW.city)
BEGIN SELECT RAISE(ABORT, 'the books of this city are sealed'); END;
CREATE TRIGGER IF NOT EXISTS budget_day_of_a_sealed_city_stands BEFORE UPDATE ON budget_day
WHEN EXISTS (SELECT 1 FROM books_seal WHERE city = NEW.city)
BEGIN SELECT RAISE(ABORT, 'the books of this city are sealed'); END;
CREATE TRIGGER IF NOT EXISTS city_whose_books_are_sealed BEFORE UPDATE ON city
WHEN (NEW.opens_ms <> OLD.opens_ms OR NEW.closes_ms <> OLD.closes_ms
  OR NEW.pool_fen <> OLD.pool_fen OR NEW.used_fen <> OLD.used_fen
  OR NEW.top_awarded <> OLD.top_awarded OR NEW.bank <> OLD.bank
  OR NEW.plan_commitment <> OLD.plan_commitment OR NEW.plan_root <> OLD.plan_root
  OR NEW.ordinal <> OLD.ordinal)
  AND EXISTS (SELECT 1 FROM books_seal WHERE city = OLD.city)
BEGIN SELECT RAISE(ABORT, 'the books of this city are sealed'); END;
-- An award of a sealed city has its first payment.
CREATE TRIGGER IF NOT EXISTS payment_of_a_sealed_city BEFORE INSERT ON payment
WHEN NEW.attempt_number > 1 AND EXISTS (SELECT 1 FROM award JOIN books_seal ON books_seal.city = award.city WHERE award.award = NEW.award)
BEGIN SELECT RAISE(ABORT, 'the books of this city are sealed'); END;
CREATE TRIGGER IF NOT EXISTS payment_of_a_sealed_city_stands BEFORE UPDATE ON payment
WHEN NOT (NEW.version = OLD.version AND NEW.request_sealed <> OLD.request_sealed)
  AND EXISTS (SELECT 1 FROM award JOIN books_seal ON books_seal.city = award.city WHERE award.award = NEW.award)
BEGIN SELECT RAISE(ABORT, 'the books of this city are sealed'); END;
CREATE TRIGGER IF NOT EXISTS payment_event_of_a_sealed_city BEFORE INSERT ON payment_event
WHEN EXISTS (SELECT 1 FROM payment JOIN award ON award.award = payment.award
             JOIN books_seal ON books_seal.city = award.city WHERE payment.bill_number = NEW.bill_number)
BEGIN SELECT RAISE(ABORT, 'the books of this city are sealed'); END;
CREATE TRIGGER IF NOT EXISTS transfer_of_a_sealed_city BEFORE INSERT ON transfer
WHEN EXISTS (SELECT 1 FROM books_seal WHERE city = NEW.city)
  AND NOT EXISTS (SELECT 1 FROM correction_approval
      JOIN correction ON correction.correction = correction_approval.correction
      WHERE correction_approval.city = NEW.city AND correction_approval.transfer_number = NEW.number
        AND correction.debit = NEW.debit AND correction.credit = NEW.credit
        AND correction.amount_fen = NEW.amount_fen)
BEGIN SELECT RAISE(ABORT, 'the books of this city are sealed'); END;
CREATE TRIGGER IF NOT EXISTS books_seal_waits_for_every_payment BEFORE INSERT ON books_seal
WHEN EXISTS (SELECT 1 FROM award LEFT JOIN payment ON payment.award = award.award
             WHERE award.city = NEW.city
               AND COALESCE(payment.state, 'none') NOT IN ('received', 'refunded', 'dead'))
BEGIN SELECT RAISE(ABORT, 'books are sealed when every payment has ended'); END;

CREATE TRIGGER IF NOT EXISTS field_key_never_changes BEFORE UPDATE ON field_key
WHEN NEW.ring <> OLD.ring OR NEW.version <> OLD.version OR NEW.fingerprint <> OLD.fingerprint
  OR NEW.added_ms <> OLD.added_ms OR (OLD.destroyed_ms IS NOT NULL AND NEW.destroyed_ms IS NOT OLD.destroyed_ms)
BEGIN SELECT RAISE(ABORT, 'a key never changes, and a destroyed one never comes back'); END;
CREATE TRIGGER IF NOT EXISTS field_key_never_leaves BEFORE DELETE ON field_key
BEGIN SELECT RAISE(ABORT, 'the record of a key never leaves'); END;
CREATE TRIGGER IF NOT EXISTS chance_message_ends_once BEFORE UPDATE ON chance_message
WHEN OLD.state <> 'waiting' OR NEW.friend <> OLD.friend
BEGIN SELECT RAISE(ABORT, 'a message about a chance ends once'); END;
CREATE TRIGGER IF NOT EXISTS chance_message_never_leaves BEFORE DELETE ON chance_message
BEGIN SELECT RAISE(ABORT, 'a message about a chance never leaves'); END;
CREATE TRIGGER IF NOT EXISTS announcement_keeps_its_words BEFORE UPDATE ON announcement
WHEN NEW.city <> OLD.city OR NEW.content <> OLD.content
  OR (OLD.released_by IS NOT NULL AND NEW.released_by IS NOT OLD.released_by)
  OR OLD.state IN ('sent', 'refused')
  OR (OLD.state = 'draft' AND NEW.state NOT IN ('draft', 'released'))
BEGIN SELECT RAISE(ABORT, 'an announcement keeps its words, and is sent once, after a person released it'); END;
CREATE TRIGGER IF NOT EXISTS announcement_never_leaves BEFORE DELETE ON announcement
BEGIN SELECT RAISE(ABORT, 'an announcement never leaves'); END;
CREATE TRIGGER IF NOT EXISTS platform_certificate_never_changes BEFORE UPDATE ON platform_certificate
WHEN NEW.serial <> OLD.serial OR NEW.added_ms <> OLD.added_ms
  OR (NEW.pem_sealed <> OLD.pem_sealed
      AND CAST(NEW.pem_sealed AS INTEGER) <= CAST(OLD.pem_sealed AS INTEGER))
BEGIN SELECT RAISE(ABORT, 'a certificate never changes'); END;
CREATE TRIGGER IF NOT EXISTS platform_certificate_never_leaves BEFORE DELETE ON platform_certificate
BEGIN SELECT RAISE(ABORT, 'a certificate never leaves'); END;
CREATE TRIGGER IF NOT EXISTS renewal_proposal_never_changes BEFORE UPDATE ON renewal_proposal
BEGIN SELECT RAISE(ABORT, 'a proposal never changes'); END;
CREATE TRIGGER IF NOT EXISTS renewal_proposal_never_leaves BEFORE DELETE ON renewal_proposal
BEGIN SELECT RAISE(ABORT, 'a proposal never leaves'); END;
CREATE TRIGGER IF NOT EXISTS renewal_approval_never_changes BEFORE UPDATE ON renewal_approval
BEGIN SELECT RAISE(ABORT, 'an approval never changes'); END;
CREATE TRIGGER IF NOT EXISTS renewal_approval_never_leaves BEFORE DELETE ON renewal_approval
BEGIN SELECT RAISE(ABORT, 'an approval never leaves'); END;
CREATE TRIGGER IF NOT EXISTS correction_refusal_never_changes BEFORE UPDATE ON correction_refusal
BEGIN SELECT RAISE(ABORT, 'a refusal never changes'); END;
CREATE TRIGGER IF NOT EXISTS correction_refusal_never_leaves BEFORE DELETE ON correction_refusal
BEGIN SELECT RAISE(ABORT, 'a refusal never leaves'); END;
CREATE TRIGGER IF NOT EXISTS renewal_refusal_never_changes BEFORE UPDATE ON renewal_refusal
BEGIN SELECT RAISE(ABORT, 'a refusal never changes'); END;
CREATE TRIGGER IF NOT EXISTS renewal_refusal_never_leaves BEFORE DELETE ON renewal_refusal
BEGIN SELECT RAISE(ABORT, 'a refusal never leaves'); END;
CREATE TRIGGER IF NOT EXISTS correction_that_was_refused BEFORE INSERT ON correction_approval
WHEN EXISTS (SELECT 1 FROM correction_refusal WHERE correction = NEW.correction)
BEGIN SELECT RAISE(ABORT, 'a refused proposal is not approved'); END;
CREATE TRIGGER IF NOT EXISTS renewal_that_was_refused BEFORE INSERT ON renewal_approval
WHEN EXISTS (SELECT 1 FROM renewal_refusal WHERE proposal = NEW.proposal)
BEGIN SELECT RAISE(ABORT, 'a refused proposal is not approved'); END;
CREATE TRIGGER IF NOT EXISTS reconciliation_never_changes BEFORE UPDATE ON reconciliation
BEGIN SELECT RAISE(ABORT, 'a comparison never changes'); END;
CREATE TRIGGER IF NOT EXISTS reconciliation_never_leaves BEFORE DELETE ON reconciliation
BEGIN SELECT RAISE(ABORT, 'a comparison never leaves'); END;
CREATE TRIGGER IF NOT EXISTS closed_day_never_changes BEFORE UPDATE ON closed_day
BEGIN SELECT RAISE(ABORT, 'a closed day never changes'); END;
CREATE TRIGGER IF NOT EXISTS closed_day_never_leaves BEFORE DELETE ON closed_day
BEGIN SELECT RAISE(ABORT, 'a closed day never leaves'); END;
CREATE TRIGGER IF NOT EXISTS closed_day_has_nothing_open BEFORE INSERT ON closed_day
WHEN EXISTS (SELECT 1 FROM incident WHERE incident.day = NEW.day
  AND NOT EXISTS (SELECT 1 FROM correction_approval WHERE correction_approval.incident = incident.incident)
  AND NOT EXISTS (SELECT 1 FROM incident_settled WHERE incident_settled.incident = incident.incident))
BEGIN SELECT RAISE(ABORT, 'a day with an open incident is not closed'); END;

-- The console: names are for ever, what was used up stays so, a decision stands.
CREATE TRIGGER IF NOT EXISTS organiser_keeps_its_name BEFORE UPDATE ON organiser
WHEN NEW.organiser <> OLD.organiser OR NEW.created_by <> OLD.created_by OR NEW.created_ms <> OLD.created_ms
BEGIN SELECT RAISE(ABORT, 'an organiser keeps its name and its origin'); END;
CREATE TRIGGER IF NOT EXISTS organiser_never_leaves BEFORE DELETE ON organiser
BEGIN SELECT RAISE(ABORT, 'an organiser never leaves'); END;
CREATE TRIGGER IF NOT EXISTS organiser_code_is_used_once BEFORE UPDATE ON organiser
WHEN NEW.totp_step < OLD.totp_step
BEGIN SELECT RAISE(ABORT, 'a code of the second factor is used once'); END;
CREATE TRIGGER IF NOT EXISTS setup_link_ends_once BEFORE UPDATE ON setup_link
WHEN OLD.ended_ms IS NOT NULL OR NEW.link_hash <> OLD.link_hash OR NEW.organiser <> OLD.organiser
  OR NEW.created_ms <> OLD.created_ms OR NEW.expires_ms <> OLD.expires_ms
BEGIN SELECT RAISE(ABORT, 'a setup link ends once'); END;
CREATE TRIGGER IF NOT EXISTS setup_link_never_leaves BEFORE DELETE ON setup_link
BEGIN SELECT RAISE(ABORT, 'a setup link never leaves'); END;
CREATE TRIGGER IF NOT EXISTS recovery_code_ends_once BEFORE UPDATE ON recovery_code
WHEN OLD.ended_ms IS NOT NULL OR NEW.code_hash <> OLD.code_hash OR NEW.organiser <> OLD.organiser
  OR NEW.created_ms <> OLD.created_ms
BEGIN SELECT RAISE(ABORT, 'a recovery code ends once'); END;
CREATE TRIGGER IF NOT EXISTS recovery_code_never_leaves BEFORE DELETE ON recovery_code
BEGIN SELECT RAISE(ABORT, 'a recovery code never leaves'); END;
CREATE TRIGGER IF NOT EXISTS organiser_session_ends_once BEFORE UPDATE ON organiser_session
WHEN OLD.ended_ms IS NOT NULL OR NEW.session_hash <> OLD.session_hash OR NEW.organiser <> OLD.organiser
  OR NEW.created_ms <> OLD.created_ms
BEGIN SELECT RAISE(ABORT, 'a session ends once'); END;
CREATE TRIGGER IF NOT EXISTS organiser_session_never_leaves BEFORE DELETE ON organiser_session
BEGIN SELECT RAISE(ABORT, 'a session never leaves'); END;
CREATE TRIGGER IF NOT EXISTS proposal_never_changes BEFORE UPDATE ON proposal
BEGIN SELECT RAISE(ABORT, 'a proposal never changes'); END;
CREATE TRIGGER IF NOT EXISTS proposal_never_leaves BEFORE DELETE ON proposal
BEGIN SELECT RAISE(ABORT, 'a proposal never leaves'); END;
CREATE TRIGGER IF NOT EXISTS proposal_decision_never_changes BEFORE UPDATE ON proposal_decision
BEGIN SELECT RAISE(ABORT, 'a decision never changes'); END;
CREATE TRIGGER IF NOT EXISTS proposal_decision_never_leaves BEFORE DELETE ON proposal_decision
BEGIN SELECT RAISE(ABORT, 'a decision never leaves'); END;
CREATE TRIGGER IF NOT EXISTS attempt_tally_never_goes_back BEFORE UPDATE ON attempt_tally
WHEN NEW.city <> OLD.city OR NEW.hour <> OLD.hour OR NEW.n_attempts < OLD.n_attempts
  OR NEW.n_passes < OLD.n_passes OR NEW.n_of_day < OLD.n_of_day OR NEW.n_of_city < OLD.n_of_city
BEGIN SELECT RAISE(ABORT, 'a tally never goes back'); END;
CREATE TRIGGER IF NOT EXISTS attempt_tally_never_leaves BEFORE DELETE ON attempt_tally
BEGIN SELECT RAISE(ABORT, 'a tally never leaves'); END;
CREATE TRIGGER IF NOT EXISTS statistics_mark_never_goes_back BEFORE UPDATE ON statistics_mark
WHEN NEW.city <> OLD.city OR NEW.until_ms < OLD.until_ms
BEGIN SELECT RAISE(ABORT, 'a mark never goes back'); END;
CREATE TRIGGER IF NOT EXISTS statistics_mark_never_leaves BEFORE DELETE ON statistics_mark
BEGIN SELECT RAISE(ABORT, 'a mark never leaves'); END;
CREATE TRIGGER IF NOT EXISTS participant_stays_one BEFORE UPDATE ON participant
WHEN NEW.person <> OLD.person OR NEW.city <> OLD.city OR NEW.is_new <> OLD.is_new
  OR NEW.has_passed < OLD.has_passed
BEGIN SELECT RAISE(ABORT, 'a participant stays one'); END;
CREATE TRIGGER IF NOT EXISTS participant_never_leaves BEFORE DELETE ON participant
BEGIN SELECT RAISE(ABORT, 'a participant never leaves'); END;
CREATE TRIGGER IF NOT EXISTS answer_tally_never_goes_back BEFORE UPDATE ON answer_tally
WHEN NEW.city <> OLD.city OR NEW.item <> OLD.item OR NEW.choice <> OLD.choice
  OR NEW.score <> OLD.score OR NEW.n < OLD.n
BEGIN SELECT RAISE(ABORT, 'a count of answers never goes back'); END;
CREATE TRIGGER IF NOT EXISTS answer_tally_never_leaves BEFORE DELETE ON answer_tally
BEGIN SELECT RAISE(ABORT, 'a count of answers never leaves'); END;

-- Pauses: begun once, ended once, and their words stand.
CREATE TRIGGER IF NOT EXISTS pause_ends_once BEFORE UPDATE ON pause
WHEN OLD.ended_ms IS NOT NULL OR NEW.pause <> OLD.pause OR NEW.city <> OLD.city OR NEW.subject <> OLD.subject
  OR NEW.sentence <> OLD.sentence OR NEW.reason <> OLD.reason OR NEW.begun_by <> OLD.begun_by
  OR NEW.begun_ms <> OLD.begun_ms
BEGIN SELECT RAISE(ABORT, 'a pause ends once'); END;
CREATE TRIGGER IF NOT EXISTS pause_never_leaves BEFORE DELETE ON pause
BEGIN SELECT RAISE(ABORT, 'a pause never leaves'); END;
CREATE TRIGGER IF NOT EXISTS bulletin_draft_never_changes BEFORE UPDATE ON bulletin_draft
BEGIN SELECT RAISE(ABORT, 'a count of a day never changes'); END;
CREATE TRIGGER IF NOT EXISTS bulletin_draft_never_leaves BEFORE DELETE ON bulletin_draft
BEGIN SELECT RAISE(ABORT, 'a count of a day never leaves'); END;
CREATE TRIGGER IF NOT EXISTS bulletin_never_changes BEFORE UPDATE ON bulletin
BEGIN SELECT RAISE(ABORT, 'a signed bulletin never changes'); END;
CREATE TRIGGER IF NOT EXISTS bulletin_never_leaves BEFORE DELETE ON bulletin
BEGIN SELECT RAISE(ABORT, 'a signed bulletin never leaves'); END;
CREATE TRIGGER IF NOT EXISTS secret_never_changes BEFORE UPDATE ON secret
WHEN NEW.secret <> OLD.secret OR NEW.name <> OLD.name OR NEW.fingerprint <> OLD.fingerprint
  OR NEW.replaces <> OLD.replaces OR NEW.proposal IS NOT OLD.proposal
  OR NEW.given_by <> OLD.given_by OR NEW.given_ms <> OLD.given_ms OR OLD.state = 'over'
  OR (NEW.state <> OLD.state AND NEW.state = 'waiting')
  OR (NEW.value_sealed <> OLD.value_sealed AND NEW.state <> 'over'
      AND CAST(NEW.value_sealed AS INTEGER) <= CAST(OLD.value_sealed AS INTEGER))
BEGIN SELECT RAISE(ABORT, 'a secret never changes'); END;
CREATE TRIGGER IF NOT EXISTS secret_never_leaves BEFORE DELETE ON secret
BEGIN SELECT RAISE(ABORT, 'a secret never leaves'); END;
CREATE TRIGGER IF NOT EXISTS secret_takes_two BEFORE UPDATE ON secret
WHEN NEW.state = 'kept' AND OLD.state <> 'kept' AND NOT EXISTS (SELECT 1 FROM proposal_decision
     WHERE proposal_decision.proposal = NEW.proposal AND proposal_decision.verdict = 'approved')
BEGIN SELECT RAISE(ABORT, 'a secret that waits is kept by two persons'); END;
CREATE TRIGGER IF NOT EXISTS secret_waits_first BEFORE INSERT ON secret
WHEN NEW.proposal IS NOT NULL AND NEW.state <> 'waiting'
BEGIN SELECT RAISE(ABORT, 'a secret that waits is kept by two persons'); END;
CREATE TRIGGER IF NOT EXISTS page_picture_never_changes BEFORE UPDATE ON page_picture
BEGIN SELECT RAISE(ABORT, 'an uploaded picture never changes'); END;
CREATE TRIGGER IF NOT EXISTS page_picture_never_leaves BEFORE DELETE ON page_picture
BEGIN SELECT RAISE(ABORT, 'an uploaded picture never leaves'); END;
CREATE TRIGGER IF NOT EXISTS page_hour_never_changes BEFORE UPDATE ON page_hour
BEGIN SELECT RAISE(ABORT, 'the hour of a version never changes'); END;
CREATE TRIGGER IF NOT EXISTS page_hour_never_leaves BEFORE DELETE ON page_hour
BEGIN SELECT RAISE(ABORT, 'the hour of a version never leaves'); END;

-- What was done about backups.
CREATE TRIGGER IF NOT EXISTS safekeeping_never_changes BEFORE UPDATE ON safekeeping
BEGIN SELECT RAISE(ABORT, 'what was done about a backup never changes'); END;
CREATE TRIGGER IF NOT EXISTS safekeeping_never_leaves BEFORE DELETE ON safekeeping
BEGIN SELECT RAISE(ABORT, 'what was done about a backup never leaves'); END;
