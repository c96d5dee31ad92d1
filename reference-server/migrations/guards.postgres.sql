-- Refusals only, never effects: the same as guards.sqlite.sql, in the words of PostgreSQL,
-- and against TRUNCATE, which SQLite does not have.
-- Applied after every migration; the application behaves the same without them.
-- The functions look at this schema first and at temporary tables last, so that no session
-- can put a table of its own in front of what they count.

CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation'; END $$;

-- The version of the key that sealed a value, 0 for what is no sealed value: such a value
-- may be replaced by one of a newer key, and by nothing else.
CREATE OR REPLACE FUNCTION key_version(sealed text) RETURNS bigint LANGUAGE sql IMMUTABLE AS
$$ SELECT COALESCE(CAST(substring(sealed FROM '^[0-9]{1,9}') AS bigint), 0) $$;

CREATE TRIGGER packet_never_changes BEFORE UPDATE ON packet
FOR EACH ROW EXECUTE FUNCTION refuse('a sealed packet never changes');
CREATE TRIGGER packet_never_leaves BEFORE DELETE ON packet
FOR EACH ROW EXECUTE FUNCTION refuse('a sealed packet never leaves');
CREATE TRIGGER packet_is_never_emptied BEFORE TRUNCATE ON packet
EXECUTE FUNCTION refuse('a sealed packet never leaves');

CREATE TRIGGER season_never_changes BEFORE UPDATE ON season
FOR EACH ROW EXECUTE FUNCTION refuse('the terms of a season never change');
CREATE OR REPLACE FUNCTION season_is_one() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS
$$ BEGIN
    IF EXISTS (SELECT 1 FROM season) THEN
        RAISE EXCEPTION 'a database holds one season' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER season_is_one BEFORE INSERT ON season
FOR EACH ROW EXECUTE FUNCTION season_is_one();
CREATE TRIGGER bank_never_changes BEFORE UPDATE ON bank
FOR EACH ROW WHEN (NEW.digest <> OLD.digest OR NEW.city <> OLD.city OR NEW.frozen_ms <> OLD.frozen_ms
  OR (NEW.content_sealed <> OLD.content_sealed
      AND key_version(NEW.content_sealed) <= key_version(OLD.content_sealed)))
EXECUTE FUNCTION refuse('a frozen bank never changes');
CREATE TRIGGER bank_never_leaves BEFORE DELETE ON bank
FOR EACH ROW EXECUTE FUNCTION refuse('a frozen bank never leaves');
CREATE TRIGGER bank_is_never_emptied BEFORE TRUNCATE ON bank
EXECUTE FUNCTION refuse('a frozen bank never leaves');
CREATE TRIGGER invite_keeps_its_owner BEFORE UPDATE ON invite
FOR EACH ROW WHEN (NEW.code <> OLD.code OR NEW.person <> OLD.person)
EXECUTE FUNCTION refuse('a code never changes its owner');

CREATE TRIGGER award_never_changes BEFORE UPDATE ON award
FOR EACH ROW EXECUTE FUNCTION refuse('an award never changes');
CREATE TRIGGER award_never_leaves BEFORE DELETE ON award
FOR EACH ROW EXECUTE FUNCTION refuse('an award never leaves');
CREATE TRIGGER award_is_never_emptied BEFORE TRUNCATE ON award
EXECUTE FUNCTION refuse('an award never leaves');

CREATE TRIGGER attempt_never_changes BEFORE UPDATE ON attempt
FOR EACH ROW EXECUTE FUNCTION refuse('a submitted attempt never changes');
CREATE TRIGGER attempt_never_leaves BEFORE DELETE ON attempt
FOR EACH ROW EXECUTE FUNCTION refuse('a submitted attempt never leaves');
CREATE TRIGGER attempt_is_never_emptied BEFORE TRUNCATE ON attempt
EXECUTE FUNCTION refuse('a submitted attempt never leaves');
CREATE TRIGGER rescore_never_changes BEFORE UPDATE ON rescore
FOR EACH ROW EXECUTE FUNCTION refuse('an attempt scored again never changes');
CREATE TRIGGER rescore_never_leaves BEFORE DELETE ON rescore
FOR EACH ROW EXECUTE FUNCTION refuse('an attempt scored again never leaves');
CREATE TRIGGER rescore_is_never_emptied BEFORE TRUNCATE ON rescore
EXECUTE FUNCTION refuse('an attempt scored again never leaves');
CREATE OR REPLACE FUNCTION rescore_only_raises() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS
$$ BEGIN
    IF NOT EXISTS (SELECT 1 FROM attempt WHERE attempt.attempt = NEW.attempt
           AND attempt.score = NEW.score_by_keys AND attempt.pass_mark = NEW.pass_mark
           AND attempt.submitted_ms = NEW.submitted_ms AND attempt.n_questions >= NEW.score)
       OR EXISTS (SELECT 1 FROM rescore WHERE rescore.attempt = NEW.attempt
           AND (rescore.score >= NEW.score OR rescore.version >= NEW.version)) THEN
        RAISE EXCEPTION 'scoring again only raises' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER rescore_only_raises BEFORE INSERT ON rescore
FOR EACH ROW EXECUTE FUNCTION rescore_only_raises();
CREATE TRIGGER question_correction_never_changes BEFORE UPDATE ON question_correction
FOR EACH ROW EXECUTE FUNCTION refuse('a correction of a question never changes');
CREATE TRIGGER question_correction_never_leaves BEFORE DELETE ON question_correction
FOR EACH ROW EXECUTE FUNCTION refuse('a correction of a question never leaves');
CREATE TRIGGER question_correction_is_never_emptied BEFORE TRUNCATE ON question_correction
EXECUTE FUNCTION refuse('a correction of a question never leaves');
CREATE OR REPLACE FUNCTION question_correction_takes_two() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS
$$ BEGIN
    IF NOT EXISTS (SELECT 1 FROM proposal_decision WHERE proposal_decision.proposal = NEW.proposal
           AND proposal_decision.verdict = 'approved')
       OR NEW.version <> (SELECT n_corrections + 1 FROM city WHERE city.city = NEW.city)
       OR NEW.bank <> (SELECT bank FROM city WHERE city.city = NEW.city) THEN
        RAISE EXCEPTION 'a correction is the next of its bank, and two persons have made it' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER question_correction_takes_two BEFORE INSERT ON question_correction
FOR EACH ROW EXECUTE FUNCTION question_correction_takes_two();
CREATE OR REPLACE FUNCTION city_keeps_its_corrections() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS
$$ BEGIN
    IF NEW.n_corrections <> OLD.n_corrections + 1 OR NOT EXISTS (SELECT 1 FROM question_correction
           WHERE question_correction.city = NEW.city AND question_correction.version = NEW.n_corrections) THEN
        RAISE EXCEPTION 'a city counts its corrections one by one' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER city_keeps_its_corrections BEFORE UPDATE ON city
FOR EACH ROW WHEN (NEW.n_corrections <> OLD.n_corrections) EXECUTE FUNCTION city_keeps_its_corrections();
CREATE TRIGGER bank_draft_advances BEFORE UPDATE ON bank_draft
FOR EACH ROW WHEN (NEW.city <> OLD.city OR (NEW.version <> OLD.version + 1
  AND NOT (NEW.version = OLD.version AND NEW.changed_by = OLD.changed_by AND NEW.changed_ms = OLD.changed_ms
    AND key_version(NEW.content_sealed) > key_version(OLD.content_sealed))))
EXECUTE FUNCTION refuse('a draft advances one version at a time');
CREATE TRIGGER bank_draft_never_leaves BEFORE DELETE ON bank_draft
FOR EACH ROW EXECUTE FUNCTION refuse('a draft never leaves');
CREATE TRIGGER bank_draft_is_never_emptied BEFORE TRUNCATE ON bank_draft
EXECUTE FUNCTION refuse('a draft never leaves');
CREATE OR REPLACE FUNCTION city_terms_of_its_bank_take_two() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS
$$ BEGIN
    IF NEW.last_decision_ms >= OLD.opens_ms OR OLD.n_corrections > 0
       OR NOT EXISTS (SELECT 1 FROM proposal JOIN proposal_decision
           ON proposal_decision.proposal = proposal.proposal AND proposal_decision.verdict = 'approved'
         WHERE proposal.kind = 'bank' AND proposal.city = NEW.city AND proposal.content = 'bank=' || NEW.bank) THEN
        RAISE EXCEPTION 'a bank is exchanged before the opening, and two persons have made it' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER city_terms_of_its_bank_take_two BEFORE UPDATE ON city
FOR EACH ROW WHEN (NEW.bank <> OLD.bank) EXECUTE FUNCTION city_terms_of_its_bank_take_two();

CREATE TRIGGER referral_never_changes BEFORE UPDATE ON referral
FOR EACH ROW EXECUTE FUNCTION refuse('a referral never changes');
CREATE TRIGGER referral_never_leaves BEFORE DELETE ON referral
FOR EACH ROW EXECUTE FUNCTION refuse('a referral never leaves');
CREATE TRIGGER referral_is_never_emptied BEFORE TRUNCATE ON referral
EXECUTE FUNCTION refuse('a referral never leaves');

CREATE TRIGGER follow_first_never_changes BEFORE UPDATE ON follow
FOR EACH ROW WHEN (NEW.first_ms <> OLD.first_ms OR NEW.person <> OLD.person)
EXECUTE FUNCTION refuse('the first follow never changes');
CREATE TRIGGER follow_never_leaves BEFORE DELETE ON follow
FOR EACH ROW EXECUTE FUNCTION refuse('the ever-followed record never leaves');
CREATE TRIGGER follow_is_never_emptied BEFORE TRUNCATE ON follow
EXECUTE FUNCTION refuse('the ever-followed record never leaves');

CREATE TRIGGER transfer_never_changes BEFORE UPDATE ON transfer
FOR EACH ROW EXECUTE FUNCTION refuse('a transfer never changes');
CREATE TRIGGER transfer_never_leaves BEFORE DELETE ON transfer
FOR EACH ROW EXECUTE FUNCTION refuse('a transfer never leaves');
CREATE TRIGGER transfer_is_never_emptied BEFORE TRUNCATE ON transfer
EXECUTE FUNCTION refuse('a transfer never leaves');

CREATE TRIGGER payment_event_never_changes BEFORE UPDATE ON payment_event
FOR EACH ROW EXECUTE FUNCTION refuse('a payment event never changes');
CREATE TRIGGER payment_event_never_leaves BEFORE DELETE ON payment_event
FOR EACH ROW EXECUTE FUNCTION refuse('a payment event never leaves');
CREATE TRIGGER payment_event_is_never_emptied BEFORE TRUNCATE ON payment_event
EXECUTE FUNCTION refuse('a payment event never leaves');

CREATE TRIGGER audit_event_never_changes BEFORE UPDATE ON audit_event
FOR EACH ROW EXECUTE FUNCTION refuse('an audit event never changes');
CREATE TRIGGER audit_event_never_leaves BEFORE DELETE ON audit_event
FOR EACH ROW EXECUTE FUNCTION refuse('an audit event never leaves');
CREATE TRIGGER audit_event_is_never_emptied BEFORE TRUNCATE ON audit_event
EXECUTE FUNCTION refuse('an audit event never leaves');
CREATE OR REPLACE FUNCTION audit_event_is_dense() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS
$$ DECLARE head record;
BEGIN
    SELECT number, hash INTO head FROM audit_event ORDER BY number DESC LIMIT 1;
    IF NEW.number <> COALESCE(head.number, 0) + 1 OR NEW.previous_hash <> head.hash THEN
        RAISE EXCEPTION 'the audit chain is dense and never forks' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_event_is_dense BEFORE INSERT ON audit_event
FOR EACH ROW EXECUTE FUNCTION audit_event_is_dense();

CREATE TRIGGER payment_identity_never_changes BEFORE UPDATE ON payment
FOR EACH ROW WHEN (NEW.bill_number <> OLD.bill_number OR NEW.award <> OLD.award
  OR NEW.attempt_number <> OLD.attempt_number OR NEW.amount_fen <> OLD.amount_fen
  OR NEW.rail <> OLD.rail)
EXECUTE FUNCTION refuse('the number, amount, rail and request of a payment never change');
CREATE OR REPLACE FUNCTION payment_request_never_changes() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS
$$ BEGIN
    IF NEW.request_sealed = '' AND OLD.state IN ('received', 'refunded', 'dead')
       AND EXISTS (SELECT 1 FROM award JOIN person ON person.person = award.person
                   WHERE award.award = OLD.award AND person.openid_sealed = '') THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the number, amount, rail and request of a payment never change' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER payment_request_never_changes BEFORE UPDATE ON payment
FOR EACH ROW WHEN (NEW.request_sealed <> OLD.request_sealed
  AND (key_version(NEW.request_sealed) <= key_version(OLD.request_sealed)
    OR (OLD.request_sealed = '' AND NEW.version = OLD.version)))
EXECUTE FUNCTION payment_request_never_changes();
CREATE TRIGGER payment_terminal_is_final BEFORE UPDATE ON payment
FOR EACH ROW WHEN (OLD.state IN ('received', 'refunded', 'dead') AND NEW.state <> OLD.state)
EXECUTE FUNCTION refuse('a settled payment never leaves its state');
CREATE TRIGGER payment_leaves_before_it_arrives BEFORE UPDATE ON payment
FOR EACH ROW WHEN (OLD.state = 'reserved' AND NEW.state IN ('sent', 'refunding', 'received', 'refunded', 'dead'))
EXECUTE FUNCTION refuse('a payment that never left cannot have arrived or died');
CREATE TRIGGER payment_version_advances BEFORE UPDATE ON payment
FOR EACH ROW WHEN (NEW.version <> OLD.version + 1
  AND NOT (NEW.version = OLD.version AND (NEW.request_sealed <> OLD.request_sealed
    OR COALESCE(NEW.package_sealed <> OLD.package_sealed, FALSE))
    AND NEW.state = OLD.state AND NEW.due_ms IS NOT DISTINCT FROM OLD.due_ms
    AND NEW.machine = OLD.machine AND NEW.changed_ms = OLD.changed_ms))
EXECUTE FUNCTION refuse('a payment advances one version at a time');
CREATE TRIGGER payment_never_leaves BEFORE DELETE ON payment
FOR EACH ROW EXECUTE FUNCTION refuse('a payment never leaves');
CREATE TRIGGER payment_is_never_emptied BEFORE TRUNCATE ON payment
EXECUTE FUNCTION refuse('a payment never leaves');

CREATE OR REPLACE FUNCTION city_terms_are_frozen_once_awarded() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS
$$ BEGIN
    IF EXISTS (SELECT 1 FROM award WHERE award.city = OLD.city) THEN
        RAISE EXCEPTION 'the terms of a city are frozen once it has awarded' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER city_terms_are_frozen_once_awarded BEFORE UPDATE ON city
FOR EACH ROW WHEN (NEW.opens_ms <> OLD.opens_ms OR NEW.closes_ms <> OLD.closes_ms OR NEW.pool_fen <> OLD.pool_fen
  OR NEW.bank <> OLD.bank OR NEW.plan_commitment <> OLD.plan_commitment
  OR NEW.plan_root <> OLD.plan_root OR NEW.ordinal <> OLD.ordinal
  OR (NEW.plan_seed_sealed <> OLD.plan_seed_sealed
      AND key_version(NEW.plan_seed_sealed) <= key_version(OLD.plan_seed_sealed)))
EXECUTE FUNCTION city_terms_are_frozen_once_awarded();
CREATE TRIGGER city_latch_never_goes_back BEFORE UPDATE ON city
FOR EACH ROW WHEN (NEW.last_decision_ms < OLD.last_decision_ms OR NEW.used_fen < OLD.used_fen
  OR NEW.top_awarded < OLD.top_awarded)
EXECUTE FUNCTION refuse('a city never takes back an instant, money or its top packet');
CREATE TRIGGER budget_day_never_goes_back BEFORE UPDATE ON budget_day
FOR EACH ROW WHEN (NEW.used_fen < OLD.used_fen OR NEW.taken < OLD.taken OR NEW.top_taken < OLD.top_taken
  OR NEW.cap_fen <> OLD.cap_fen OR (OLD.deck IS NOT NULL AND NEW.deck IS DISTINCT FROM OLD.deck))
EXECUTE FUNCTION refuse('a day never takes back money, and its deck never changes');
CREATE TRIGGER budget_day_never_leaves BEFORE DELETE ON budget_day
FOR EACH ROW EXECUTE FUNCTION refuse('a day never leaves');
CREATE TRIGGER budget_day_is_never_emptied BEFORE TRUNCATE ON budget_day
EXECUTE FUNCTION refuse('a day never leaves');
CREATE OR REPLACE FUNCTION budget_day_is_counted_in_its_city() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS
$$ BEGIN
    IF (SELECT used_fen FROM city WHERE city = NEW.city)
       <> (SELECT SUM(used_fen) FROM budget_day WHERE city = NEW.city) + NEW.used_fen - OLD.used_fen THEN
        RAISE EXCEPTION 'a city counts what its days count, before they do' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER budget_day_is_counted_in_its_city BEFORE UPDATE ON budget_day
FOR EACH ROW WHEN (NEW.used_fen > OLD.used_fen) EXECUTE FUNCTION budget_day_is_counted_in_its_city();
-- The awards of a statement go on where those before them ended, without a gap, up to what is
-- counted. That no award comes to a sealed city follows: its days count no more.
CREATE OR REPLACE FUNCTION award_is_counted() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS
$$ BEGIN
    IF EXISTS (
        SELECT 1 FROM (
            SELECT city, day, COUNT(*) AS n_awards,
                   MIN(day_total_fen - amount_fen) AS first_fen, MAX(day_total_fen) AS last_fen,
                   COUNT(*) FILTER (WHERE day_total_fen IS NULL OR day_total_fen - amount_fen <> before_fen) AS n_gaps
            FROM (SELECT city, day, amount_fen, day_total_fen,
                         LAG(day_total_fen) OVER (PARTITION BY city, day ORDER BY day_total_fen) AS before_fen
                  FROM added) AS chained
            GROUP BY city, day) AS run
        WHERE run.n_gaps > 0
           OR run.last_fen > (SELECT used_fen FROM budget_day WHERE budget_day.city = run.city AND budget_day.day = run.day)
           OR run.first_fen <> COALESCE((SELECT MAX(day_total_fen) FROM award WHERE award.city = run.city
                                         AND award.day = run.day AND day_total_fen <= run.first_fen), 0)
           OR run.n_awards <> (SELECT COUNT(*) FROM award WHERE award.city = run.city
                               AND award.day = run.day AND day_total_fen > run.first_fen)) THEN
        RAISE EXCEPTION 'an award is counted in its day before it is written' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER award_is_counted AFTER INSERT ON award
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION award_is_counted();
CREATE OR REPLACE FUNCTION budget_day_counts_awards() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS
$$ BEGIN
    IF OLD.used_fen <>
       COALESCE((SELECT MAX(day_total_fen) FROM award WHERE city = OLD.city AND day = OLD.day), 0) THEN
        RAISE EXCEPTION 'what is counted in its day is awarded before more is counted' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER budget_day_counts_awards BEFORE UPDATE ON budget_day
FOR EACH ROW WHEN (NEW.used_fen > OLD.used_fen) EXECUTE FUNCTION budget_day_counts_awards();

-- The books: evidence is added and never changed, and a sealed city takes corrections only.
CREATE TRIGGER fund_flow_bill_never_changes BEFORE UPDATE ON fund_flow_bill
FOR EACH ROW EXECUTE FUNCTION refuse('an imported bill never changes');
CREATE TRIGGER fund_flow_bill_never_leaves BEFORE DELETE ON fund_flow_bill
FOR EACH ROW EXECUTE FUNCTION refuse('an imported bill never leaves');
CREATE TRIGGER fund_flow_bill_is_never_emptied BEFORE TRUNCATE ON fund_flow_bill
EXECUTE FUNCTION refuse('an imported bill never leaves');
CREATE TRIGGER fund_flow_never_changes BEFORE UPDATE ON fund_flow
FOR EACH ROW EXECUTE FUNCTION refuse('a line of a bill never changes');
CREATE TRIGGER fund_flow_never_leaves BEFORE DELETE ON fund_flow
FOR EACH ROW EXECUTE FUNCTION refuse('a line of a bill never leaves');
CREATE TRIGGER fund_flow_is_never_emptied BEFORE TRUNCATE ON fund_flow
EXECUTE FUNCTION refuse('a line of a bill never leaves');
CREATE TRIGGER incident_settled_never_changes BEFORE UPDATE ON incident_settled
FOR EACH ROW EXECUTE FUNCTION refuse('what settled an incident never changes');
CREATE TRIGGER incident_settled_never_leaves BEFORE DELETE ON incident_settled
FOR EACH ROW EXECUTE FUNCTION refuse('what settled an incident never leaves');
CREATE TRIGGER incident_settled_is_never_emptied BEFORE TRUNCATE ON incident_settled
EXECUTE FUNCTION refuse('what settled an incident never leaves');
CREATE TRIGGER correction_never_changes BEFORE UPDATE ON correction
FOR EACH ROW EXECUTE FUNCTION refuse('a correction never changes');
CREATE TRIGGER correction_never_leaves BEFORE DELETE ON correction
FOR EACH ROW EXECUTE FUNCTION refuse('a correction never leaves');
CREATE TRIGGER correction_is_never_emptied BEFORE TRUNCATE ON correction
EXECUTE FUNCTION refuse('a correction never leaves');
CREATE TRIGGER correction_approval_never_changes BEFORE UPDATE ON correction_approval
FOR EACH ROW EXECUTE FUNCTION refuse('an approval never changes');
CREATE TRIGGER correction_approval_never_leaves BEFORE DELETE ON correction_approval
FOR EACH ROW EXECUTE FUNCTION refuse('an approval never leaves');
CREATE TRIGGER correction_approval_is_never_emptied BEFORE TRUNCATE ON correction_approval
EXECUTE FUNCTION refuse('an approval never leaves');
CREATE TRIGGER books_seal_never_changes BEFORE UPDATE ON books_seal
FOR EACH ROW EXECUTE FUNCTION refuse('a seal never changes');
CREATE TRIGGER books_seal_never_leaves BEFORE DELETE ON books_seal
FOR EACH ROW EXECUTE FUNCTION refuse('a seal never leaves');
CREATE TRIGGER books_seal_is_never_emptied BEFORE TRUNCATE ON books_seal
EXECUTE FUNCTION refuse('a seal never leaves');
CREATE TRIGGER duty_never_changes BEFORE UPDATE ON duty
FOR EACH ROW EXECUTE FUNCTION refuse('the outcome of a duty never changes');
CREATE TRIGGER duty_never_leaves BEFORE DELETE ON duty
FOR EACH ROW EXECUTE FUNCTION refuse('the outcome of a duty never leaves');
CREATE TRIGGER duty_is_never_emptied BEFORE TRUNCATE ON duty
EXECUTE FUNCTION refuse('the outcome of a duty never leaves');
CREATE TRIGGER incident_keeps_its_facts BEFORE UPDATE ON incident
FOR EACH ROW WHEN (NEW.incident <> OLD.incident OR NEW.class <> OLD.class
  OR NEW.bill_number <> OLD.bill_number OR NEW.occurrence <> OLD.occurrence
  OR NEW.city IS DISTINCT FROM OLD.city OR NEW.person IS DISTINCT FROM OLD.person
  OR NEW.day <> OLD.day OR NEW.ours_fen <> OLD.ours_fen OR NEW.bill_fen <> OLD.bill_fen
  OR NEW.evidence <> OLD.evidence OR NEW.opened_ms <> OLD.opened_ms)
EXECUTE FUNCTION refuse('of an incident only its owner changes');
CREATE TRIGGER incident_never_leaves BEFORE DELETE ON incident
FOR EACH ROW EXECUTE FUNCTION refuse('an incident never leaves');
CREATE TRIGGER incident_is_never_emptied BEFORE TRUNCATE ON incident
EXECUTE FUNCTION refuse('an incident never leaves');
CREATE OR REPLACE FUNCTION sealed_city_stands() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS
$$ BEGIN
    IF EXISTS (SELECT 1 FROM books_seal WHERE city = NEW.city) THEN
        RAISE EXCEPTION 'the books of this city are sealed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION sealed_attempts_stand() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS
$$ BEGIN
    IF EXISTS (SELECT 1 FROM books_seal WHERE city IN (SELECT added.city FROM added)) THEN
        RAISE EXCEPTION 'the books of this city are sealed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER attempt_of_a_sealed_city AFTER INSERT ON attempt
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION sealed_attempts_stand();
CREATE TRIGGER referral_of_a_sealed_city BEFORE INSERT ON referral
FOR EACH ROW EXECUTE FUNCTION sealed_city_stands();
CREATE TRIGGER packet_of_a_sealed_city BEFORE INSERT ON packet
FOR EACH ROW EXECUTE FUNCTION sealed_city_stands();
CREATE TRIGGER budget_day_of_a_sealed_city BEFORE INSERT OR UPDATE ON budget_day
FOR EACH ROW EXECUTE FUNCTION sealed_city_stands();
CREATE TRIGGER city_whose_books_are_sealed BEFORE UPDATE ON city
FOR EACH ROW WHEN (NEW.opens_ms <> OLD.opens_ms OR NEW.closes_ms <> OLD.closes_ms
  OR NEW.pool_fen <> OLD.pool_fen OR NEW.used_fen <> OLD.used_fen
  OR NEW.top_awarded <> OLD.top_awarded OR NEW.bank <> OLD.bank
  OR NEW.plan_commitment <> OLD.plan_commitment OR NEW.plan_root <> OLD.plan_root
  OR NEW.ordinal <> OLD.ordinal)
EXECUTE FUNCTION sealed_city_stands();
CREATE OR REPLACE FUNCTION sealed_payment_stands() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS
$$ BEGIN
    IF EXISTS (SELECT 1 FROM award JOIN books_seal ON books_seal.city = award.city WHERE award.award = NEW.award) THEN
        RAISE EXCEPTION 'the books of this city are sealed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
-- An award of a sealed city has its first payment.
CREATE TRIGGER payment_of_a_sealed_city BEFORE INSERT ON payment
FOR EACH ROW WHEN (NEW.attempt_number > 1) EXECUTE FUNCTION sealed_payment_stands();
-- A request may be sealed anew, or emptied for an erased person: other guards watch that.
CREATE TRIGGER payment_of_a_sealed_city_stands BEFORE UPDATE ON payment
FOR EACH ROW WHEN (NOT (NEW.version = OLD.version AND NEW.request_sealed <> OLD.request_sealed))
EXECUTE FUNCTION sealed_payment_stands();
CREATE OR REPLACE FUNCTION sealed_event_stands() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS
$$ BEGIN
    IF EXISTS (SELECT 1 FROM payment JOIN award ON award.award = payment.award
               JOIN books_seal ON books_seal.city = award.city WHERE payment.bill_number = NEW.bill_number) THEN
        RAISE EXCEPTION 'the books of this city are sealed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payment_event_of_a_sealed_city BEFORE INSERT ON payment_event
FOR EACH ROW EXECUTE FUNCTION sealed_event_stands();
CREATE OR REPLACE FUNCTION sealed_ledger_stands() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS
$$ BEGIN
    IF EXISTS (SELECT 1 FROM added JOIN books_seal ON books_seal.city = added.city
       WHERE NOT EXISTS (SELECT 1 FROM correction_approval
           JOIN correction ON correction.correction = correction_approval.correction
           WHERE correction_approval.city = added.city AND correction_approval.transfer_number = added.number
             AND correction.debit = added.debit AND correction.credit = added.credit
             AND correction.amount_fen = added.amount_fen)) THEN
        RAISE EXCEPTION 'the books of this city are sealed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER transfer_of_a_sealed_city AFTER INSERT ON transfer
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION sealed_ledger_stands();
CREATE OR REPLACE FUNCTION books_seal_waits_for_every_payment() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS
$$ BEGIN
    IF EXISTS (SELECT 1 FROM award LEFT JOIN payment ON payment.award = award.award
               WHERE award.city = NEW.city
                 AND COALESCE(payment.state, 'none') NOT IN ('received', 'refunded', 'dead')) THEN
        RAISE EXCEPTION 'books are sealed when every payment has ended' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER books_seal_waits_for_every_payment BEFORE INSERT ON books_seal
FOR EACH ROW EXECUTE FUNCTION books_seal_waits_for_every_payment();

CREATE TRIGGER field_key_never_changes BEFORE UPDATE ON field_key
FOR EACH ROW WHEN (NEW.ring <> OLD.ring OR NEW.version <> OLD.version OR NEW.fingerprint <> OLD.fingerprint
  OR NEW.added_ms <> OLD.added_ms
  OR (OLD.destroyed_ms IS NOT NULL AND NEW.destroyed_ms IS DISTINCT FROM OLD.destroyed_ms))
EXECUTE FUNCTION refuse('a key never changes, and a destroyed one never comes back');
CREATE TRIGGER field_key_never_leaves BEFORE DELETE ON field_key
FOR EACH ROW EXECUTE FUNCTION refuse('the record of a key never leaves');
CREATE TRIGGER field_key_is_never_emptied BEFORE TRUNCATE ON field_key
EXECUTE FUNCTION refuse('the record of a key never leaves');
CREATE TRIGGER chance_message_ends_once BEFORE UPDATE ON chance_message
FOR EACH ROW WHEN (OLD.state <> 'waiting' OR NEW.friend <> OLD.friend)
EXECUTE FUNCTION refuse('a message about a chance ends once');
CREATE TRIGGER chance_message_never_leaves BEFORE DELETE ON chance_message
FOR EACH ROW EXECUTE FUNCTION refuse('a message about a chance never leaves');
CREATE TRIGGER chance_message_is_never_emptied BEFORE TRUNCATE ON chance_message
EXECUTE FUNCTION refuse('a message about a chance never leaves');
CREATE TRIGGER announcement_keeps_its_words BEFORE UPDATE ON announcement
FOR EACH ROW WHEN (NEW.city <> OLD.city OR NEW.content <> OLD.content
  OR (OLD.released_by IS NOT NULL AND NEW.released_by IS DISTINCT FROM OLD.released_by)
  OR OLD.state IN ('sent', 'refused')
  OR (OLD.state = 'draft' AND NEW.state NOT IN ('draft', 'released')))
EXECUTE FUNCTION refuse('an announcement keeps its words, and is sent once, after a person released it');
CREATE TRIGGER announcement_never_leaves BEFORE DELETE ON announcement
FOR EACH ROW EXECUTE FUNCTION refuse('an announcement never leaves');
CREATE TRIGGER announcement_is_never_emptied BEFORE TRUNCATE ON announcement
EXECUTE FUNCTION refuse('an announcement never leaves');
CREATE TRIGGER platform_certificate_never_changes BEFORE UPDATE ON platform_certificate
FOR EACH ROW WHEN (NEW.serial <> OLD.serial OR NEW.added_ms <> OLD.added_ms
  OR (NEW.pem_sealed <> OLD.pem_sealed AND key_version(NEW.pem_sealed) <= key_version(OLD.pem_sealed)))
EXECUTE FUNCTION refuse('a certificate never changes');
CREATE TRIGGER platform_certificate_never_leaves BEFORE DELETE ON platform_certificate
FOR EACH ROW EXECUTE FUNCTION refuse('a certificate never leaves');
CREATE TRIGGER platform_certificate_is_never_emptied BEFORE TRUNCATE ON platform_certificate
EXECUTE FUNCTION refuse('a certificate never leaves');
CREATE TRIGGER renewal_proposal_never_changes BEFORE UPDATE ON renewal_proposal
FOR EACH ROW EXECUTE FUNCTION refuse('a proposal never changes');
CREATE TRIGGER renewal_proposal_never_leaves BEFORE DELETE ON renewal_proposal
FOR EACH ROW EXECUTE FUNCTION refuse('a proposal never leaves');
CREATE TRIGGER renewal_proposal_is_never_emptied BEFORE TRUNCATE ON renewal_proposal
EXECUTE FUNCTION refuse('a proposal never leaves');
CREATE TRIGGER renewal_approval_never_changes BEFORE UPDATE ON renewal_approval
FOR EACH ROW EXECUTE FUNCTION refuse('an approval never changes');
CREATE TRIGGER renewal_approval_never_leaves BEFORE DELETE ON renewal_approval
FOR EACH ROW EXECUTE FUNCTION refuse('an approval never leaves');
CREATE TRIGGER renewal_approval_is_never_emptied BEFORE TRUNCATE ON renewal_approval
EXECUTE FUNCTION refuse('an approval never leaves');
CREATE TRIGGER correction_refusal_never_changes BEFORE UPDATE ON correction_refusal
FOR EACH ROW EXECUTE FUNCTION refuse('a refusal never changes');
CREATE TRIGGER correction_refusal_never_leaves BEFORE DELETE ON correction_refusal
FOR EACH ROW EXECUTE FUNCTION refuse('a refusal never leaves');
CREATE TRIGGER correction_refusal_is_never_emptied BEFORE TRUNCATE ON correction_refusal
EXECUTE FUNCTION refuse('a refusal never leaves');
CREATE TRIGGER renewal_refusal_never_changes BEFORE UPDATE ON renewal_refusal
FOR EACH ROW EXECUTE FUNCTION refuse('a refusal never changes');
CREATE TRIGGER renewal_refusal_never_leaves BEFORE DELETE ON renewal_refusal
FOR EACH ROW EXECUTE FUNCTION refuse('a refusal never leaves');
CREATE TRIGGER renewal_refusal_is_never_emptied BEFORE TRUNCATE ON renewal_refusal
EXECUTE FUNCTION refuse('a refusal never leaves');
CREATE OR REPLACE FUNCTION correction_that_was_refused() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS
$$ BEGIN
    IF EXISTS (SELECT 1 FROM correction_refusal WHERE correction = NEW.correction) THEN
        RAISE EXCEPTION 'a refused proposal is not approved' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER correction_that_was_refused BEFORE INSERT ON correction_approval
FOR EACH ROW EXECUTE FUNCTION correction_that_was_refused();
CREATE OR REPLACE FUNCTION renewal_that_was_refused() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS
$$ BEGIN
    IF EXISTS (SELECT 1 FROM renewal_refusal WHERE proposal = NEW.proposal) THEN
        RAISE EXCEPTION 'a refused proposal is not approved' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER renewal_that_was_refused BEFORE INSERT ON renewal_approval
FOR EACH ROW EXECUTE FUNCTION renewal_that_was_refused();
CREATE TRIGGER reconciliation_never_changes BEFORE UPDATE ON reconciliation
FOR EACH ROW EXECUTE FUNCTION refuse('a comparison never changes');
CREATE TRIGGER reconciliation_never_leaves BEFORE DELETE ON reconciliation
FOR EACH ROW EXECUTE FUNCTION refuse('a comparison never leaves');
CREATE TRIGGER reconciliation_is_never_emptied BEFORE TRUNCATE ON reconciliation
EXECUTE FUNCTION refuse('a comparison never leaves');
CREATE TRIGGER closed_day_never_changes BEFORE UPDATE ON closed_day
FOR EACH ROW EXECUTE FUNCTION refuse('a closed day never changes');
CREATE TRIGGER closed_day_never_leaves BEFORE DELETE ON closed_day
FOR EACH ROW EXECUTE FUNCTION refuse('a closed day never leaves');
CREATE TRIGGER closed_day_is_never_emptied BEFORE TRUNCATE ON closed_day
EXECUTE FUNCTION refuse('a closed day never leaves');
CREATE OR REPLACE FUNCTION closed_day_has_nothing_open() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS
$$ BEGIN
    IF EXISTS (SELECT 1 FROM incident WHERE incident.day = NEW.day
  AND NOT EXISTS (SELECT 1 FROM correction_approval WHERE correction_approval.incident = incident.incident)
  AND NOT EXISTS (SELECT 1 FROM incident_settled WHERE incident_settled.incident = incident.incident)) THEN
        RAISE EXCEPTION 'a day with an open incident is not closed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER closed_day_has_nothing_open BEFORE INSERT ON closed_day
FOR EACH ROW EXECUTE FUNCTION closed_day_has_nothing_open();

-- The console: names are for ever, what was used up stays so, a decision stands.
CREATE TRIGGER organiser_keeps_its_name BEFORE UPDATE ON organiser
FOR EACH ROW WHEN (NEW.organiser <> OLD.organiser OR NEW.created_by <> OLD.created_by OR NEW.created_ms <> OLD.created_ms)
EXECUTE FUNCTION refuse('an organiser keeps its name and its origin');
CREATE TRIGGER organiser_never_leaves BEFORE DELETE ON organiser
FOR EACH ROW EXECUTE FUNCTION refuse('an organiser never leaves');
CREATE TRIGGER organiser_is_never_emptied BEFORE TRUNCATE ON organiser
EXECUTE FUNCTION refuse('an organiser never leaves');
CREATE TRIGGER organiser_code_is_used_once BEFORE UPDATE ON organiser
FOR EACH ROW WHEN (NEW.totp_step < OLD.totp_step)
EXECUTE FUNCTION refuse('a code of the second factor is used once');
CREATE TRIGGER setup_link_ends_once BEFORE UPDATE ON setup_link
FOR EACH ROW WHEN (OLD.ended_ms IS NOT NULL OR NEW.link_hash <> OLD.link_hash OR NEW.organiser <> OLD.organiser
  OR NEW.created_ms <> OLD.created_ms OR NEW.expires_ms <> OLD.expires_ms)
EXECUTE FUNCTION refuse('a setup link ends once');
CREATE TRIGGER setup_link_never_leaves BEFORE DELETE ON setup_link
FOR EACH ROW EXECUTE FUNCTION refuse('a setup link never leaves');
CREATE TRIGGER setup_link_is_never_emptied BEFORE TRUNCATE ON setup_link
EXECUTE FUNCTION refuse('a setup link never leaves');
CREATE TRIGGER recovery_code_ends_once BEFORE UPDATE ON recovery_code
FOR EACH ROW WHEN (OLD.ended_ms IS NOT NULL OR NEW.code_hash <> OLD.code_hash OR NEW.organiser <> OLD.organiser
  OR NEW.created_ms <> OLD.created_ms)
EXECUTE FUNCTION refuse('a recovery code ends once');
CREATE TRIGGER recovery_code_never_leaves BEFORE DELETE ON recovery_code
FOR EACH ROW EXECUTE FUNCTION refuse('a recovery code never leaves');
CREATE TRIGGER recovery_code_is_never_emptied BEFORE TRUNCATE ON recovery_code
EXECUTE FUNCTION refuse('a recovery code never leaves');
CREATE TRIGGER organiser_session_ends_once BEFORE UPDATE ON organiser_session
FOR EACH ROW WHEN (OLD.ended_ms IS NOT NULL OR NEW.session_hash <> OLD.session_hash OR NEW.organiser <> OLD.organiser
  OR NEW.created_ms <> OLD.created_ms)
EXECUTE FUNCTION refuse('a session ends once');
CREATE TRIGGER organiser_session_never_leaves BEFORE DELETE ON organiser_session
FOR EACH ROW EXECUTE FUNCTION refuse('a session never leaves');
CREATE TRIGGER organiser_session_is_never_emptied BEFORE TRUNCATE ON organiser_session
EXECUTE FUNCTION refuse('a session never leaves');
CREATE TRIGGER proposal_never_changes BEFORE UPDATE ON proposal
FOR EACH ROW EXECUTE FUNCTION refuse('a proposal never changes');
CREATE TRIGGER proposal_never_leaves BEFORE DELETE ON proposal
FOR EACH ROW EXECUTE FUNCTION refuse('a proposal never leaves');
CREATE TRIGGER proposal_is_never_emptied BEFORE TRUNCATE ON proposal
EXECUTE FUNCTION refuse('a proposal never leaves');
CREATE TRIGGER proposal_decision_never_changes BEFORE UPDATE ON proposal_decision
FOR EACH ROW EXECUTE FUNCTION refuse('a decision never changes');
CREATE TRIGGER proposal_decision_never_leaves BEFORE DELETE ON proposal_decision
FOR EACH ROW EXECUTE FUNCTION refuse('a decision never leaves');
CREATE TRIGGER proposal_decision_is_never_emptied BEFORE TRUNCATE ON proposal_decision
EXECUTE FUNCTION refuse('a decision never leaves');
CREATE TRIGGER attempt_tally_never_goes_back BEFORE UPDATE ON attempt_tally
FOR EACH ROW WHEN (NEW.city <> OLD.city OR NEW.hour <> OLD.hour OR NEW.n_attempts < OLD.n_attempts
  OR NEW.n_passes < OLD.n_passes OR NEW.n_of_day < OLD.n_of_day OR NEW.n_of_city < OLD.n_of_city)
EXECUTE FUNCTION refuse('a tally never goes back');
CREATE TRIGGER attempt_tally_never_leaves BEFORE DELETE ON attempt_tally
FOR EACH ROW EXECUTE FUNCTION refuse('a tally never leaves');
CREATE TRIGGER attempt_tally_is_never_emptied BEFORE TRUNCATE ON attempt_tally
EXECUTE FUNCTION refuse('a tally never leaves');
CREATE TRIGGER statistics_mark_never_goes_back BEFORE UPDATE ON statistics_mark
FOR EACH ROW WHEN (NEW.city <> OLD.city OR NEW.until_ms < OLD.until_ms)
EXECUTE FUNCTION refuse('a mark never goes back');
CREATE TRIGGER statistics_mark_never_leaves BEFORE DELETE ON statistics_mark
FOR EACH ROW EXECUTE FUNCTION refuse('a mark never leaves');
CREATE TRIGGER statistics_mark_is_never_emptied BEFORE TRUNCATE ON statistics_mark
EXECUTE FUNCTION refuse('a mark never leaves');
CREATE TRIGGER participant_stays_one BEFORE UPDATE ON participant
FOR EACH ROW WHEN (NEW.person <> OLD.person OR NEW.city <> OLD.city OR NEW.is_new <> OLD.is_new
  OR NEW.has_passed < OLD.has_passed)
EXECUTE FUNCTION refuse('a participant stays one');
CREATE TRIGGER participant_never_leaves BEFORE DELETE ON participant
FOR EACH ROW EXECUTE FUNCTION refuse('a participant never leaves');
CREATE TRIGGER participant_is_never_emptied BEFORE TRUNCATE ON participant
EXECUTE FUNCTION refuse('a participant never leaves');
CREATE TRIGGER answer_tally_never_goes_back BEFORE UPDATE ON answer_tally
FOR EACH ROW WHEN (NEW.city <> OLD.city OR NEW.item <> OLD.item OR NEW.choice <> OLD.choice
  OR NEW.score <> OLD.score OR NEW.n < OLD.n)
EXECUTE FUNCTION refuse('a count of answers never goes back');
CREATE TRIGGER answer_tally_never_leaves BEFORE DELETE ON answer_tally
FOR EACH ROW EXECUTE FUNCTION refuse('a count of answers never leaves');
CREATE TRIGGER answer_tally_is_never_emptied BEFORE TRUNCATE ON answer_tally
EXECUTE FUNCTION refuse('a count of answers never leaves');

-- Pauses: begun once, ended once, and their words stand.
CREATE TRIGGER pause_ends_once BEFORE UPDATE ON pause
FOR EACH ROW WHEN (OLD.ended_ms IS NOT NULL OR NEW.pause <> OLD.pause OR NEW.city <> OLD.city
  OR NEW.subject <> OLD.subject OR NEW.sentence <> OLD.sentence OR NEW.reason <> OLD.reason
  OR NEW.begun_by <> OLD.begun_by OR NEW.begun_ms <> OLD.begun_ms)
EXECUTE FUNCTION refuse('a pause ends once');
CREATE TRIGGER pause_never_leaves BEFORE DELETE ON pause
FOR EACH ROW EXECUTE FUNCTION refuse('a pause never leaves');
CREATE TRIGGER pause_is_never_emptied BEFORE TRUNCATE ON pause
EXECUTE FUNCTION refuse('a pause never leaves');
CREATE TRIGGER bulletin_draft_never_changes BEFORE UPDATE ON bulletin_draft
FOR EACH ROW EXECUTE FUNCTION refuse('a count of a day never changes');
CREATE TRIGGER bulletin_draft_never_leaves BEFORE DELETE ON bulletin_draft
FOR EACH ROW EXECUTE FUNCTION refuse('a count of a day never leaves');
CREATE TRIGGER bulletin_draft_is_never_emptied BEFORE TRUNCATE ON bulletin_draft
EXECUTE FUNCTION refuse('a count of a day never leaves');
CREATE TRIGGER bulletin_never_changes BEFORE UPDATE ON bulletin
FOR EACH ROW EXECUTE FUNCTION refuse('a signed bulletin never changes');
CREATE TRIGGER bulletin_never_leaves BEFORE DELETE ON bulletin
FOR EACH ROW EXECUTE FUNCTION refuse('a signed bulletin never leaves');
CREATE TRIGGER bulletin_is_never_emptied BEFORE TRUNCATE ON bulletin
EXECUTE FUNCTION refuse('a signed bulletin never leaves');
CREATE TRIGGER secret_never_changes BEFORE UPDATE ON secret
FOR EACH ROW WHEN (NEW.secret <> OLD.secret OR NEW.name <> OLD.name OR NEW.fingerprint <> OLD.fingerprint
  OR NEW.replaces <> OLD.replaces OR NEW.proposal IS DISTINCT FROM OLD.proposal
  OR NEW.given_by <> OLD.given_by OR NEW.given_ms <> OLD.given_ms OR OLD.state = 'over'
  OR (NEW.state <> OLD.state AND NEW.state = 'waiting')
  OR (NEW.value_sealed <> OLD.value_sealed AND NEW.state <> 'over'
      AND key_version(NEW.value_sealed) <= key_version(OLD.value_sealed)))
EXECUTE FUNCTION refuse('a secret never changes');
CREATE TRIGGER secret_never_leaves BEFORE DELETE ON secret
FOR EACH ROW EXECUTE FUNCTION refuse('a secret never leaves');
CREATE TRIGGER secret_is_never_emptied BEFORE TRUNCATE ON secret
EXECUTE FUNCTION refuse('a secret never leaves');
CREATE OR REPLACE FUNCTION secret_takes_two() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS
$$ BEGIN
    IF NOT EXISTS (SELECT 1 FROM proposal_decision WHERE proposal_decision.proposal = NEW.proposal
           AND proposal_decision.verdict = 'approved') THEN
        RAISE EXCEPTION 'a secret that waits is kept by two persons' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER secret_takes_two BEFORE UPDATE ON secret
FOR EACH ROW WHEN (NEW.state = 'kept' AND OLD.state <> 'kept') EXECUTE FUNCTION secret_takes_two();
CREATE TRIGGER secret_waits_first BEFORE INSERT ON secret
FOR EACH ROW WHEN (NEW.proposal IS NOT NULL AND NEW.state <> 'waiting')
EXECUTE FUNCTION refuse('a secret that waits is kept by two persons');
CREATE TRIGGER page_picture_never_changes BEFORE UPDATE ON page_picture
FOR EACH ROW EXECUTE FUNCTION refuse('an uploaded picture never changes');
CREATE TRIGGER page_picture_never_leaves BEFORE DELETE ON page_picture
FOR EACH ROW EXECUTE FUNCTION refuse('an uploaded picture never leaves');
CREATE TRIGGER page_picture_is_never_emptied BEFORE TRUNCATE ON page_picture
EXECUTE FUNCTION refuse('an uploaded picture never leaves');
CREATE TRIGGER page_hour_never_changes BEFORE UPDATE ON page_hour
FOR EACH ROW EXECUTE FUNCTION refuse('the hour of a version never changes');
CREATE TRIGGER page_hour_never_leaves BEFORE DELETE ON page_hour
FOR EACH ROW EXECUTE FUNCTION refuse('the hour of a version never leaves');
CREATE TRIGGER page_hour_is_never_emptied BEFORE TRUNCATE ON page_hour
EXECUTE FUNCTION refuse('the hour of a version never leaves');

-- What was done about backups.
CREATE TRIGGER safekeeping_never_changes BEFORE UPDATE ON safekeeping
FOR EACH ROW EXECUTE FUNCTION refuse('what was done about a backup never changes');
CREATE TRIGGER safekeeping_never_leaves BEFORE DELETE ON safekeeping
FOR EACH ROW EXECUTE FUNCTION refuse('what was done about a backup never leaves');
CREATE TRIGGER safekeeping_is_never_emptied BEFORE TRUNCATE ON safekeeping
EXECUTE FUNCTION refuse('what was done about a backup never leaves');
