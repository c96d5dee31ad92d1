-- What the three roles may do, if the database has them; whoever migrates owns everything.
--
--   CREATE ROLE contest_app NOLOGIN;     -- the server: adds rows, moves counters and states
--   CREATE ROLE contest_keys NOLOGIN;    -- rotates and destroys keys; beside contest_app
--   CREATE ROLE contest_reader NOLOGIN;  -- reports: reads, but nothing that is sealed
--
-- No role but the owner deletes, empties or alters anything, and the ledger, the awards,
-- the attempts, the events and the sealed packets are beyond the server's own hand.

DO $$
DECLARE place text := quote_ident(current_schema());
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'contest_app') THEN
        EXECUTE 'GRANT USAGE ON SCHEMA ' || place || ' TO contest_app';
        EXECUTE 'REVOKE ALL ON ALL TABLES IN SCHEMA ' || place || ' FROM contest_app';
        EXECUTE 'GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA ' || place || ' TO contest_app';
        REVOKE INSERT ON schema_version FROM contest_app;
        GRANT UPDATE (used_fen, top_awarded, last_decision_ms, n_corrections, bank) ON city TO contest_app;
        GRANT UPDATE (version, content_sealed, changed_by, changed_ms) ON bank_draft TO contest_app;
        GRANT UPDATE (version, after, n_attempts, is_done, changed_ms) ON rescoring TO contest_app;
        GRANT UPDATE (used_fen, deck, taken, top_taken) ON budget_day TO contest_app;
        GRANT UPDATE (openid_sealed, consented_ms, district) ON person TO contest_app;
        GRANT UPDATE (following, changed_ms) ON follow TO contest_app;
        GRANT UPDATE (qr_url, qr_expires_ms) ON invite TO contest_app;
        GRANT UPDATE (state, due_ms, machine, version, changed_ms, request_sealed,
            package_sealed) ON payment TO contest_app;
        GRANT UPDATE (paused_reason, paused_until_ms, changed_ms, sending_second, n_in_second) ON rail
            TO contest_app;
        GRANT UPDATE (value_sealed, expires_ms, obtained_ms, fetching_until_ms, fetch_failed)
            ON shared_token TO contest_app;
        GRANT UPDATE (number) ON commit_mark TO contest_app;
        GRANT UPDATE (owner) ON incident TO contest_app;
        GRANT UPDATE (digest, due_ms, changed_ms) ON account_menu TO contest_app;
        GRANT UPDATE (state, due_ms, n_tries, outcome, changed_ms) ON chance_message TO contest_app;
        GRANT UPDATE (state, released_by, released_ms, due_ms, n_tries, outcome, changed_ms)
            ON announcement TO contest_app;
        GRANT UPDATE (asked_ms, answered_ms) ON certificate_download TO contest_app;
        GRANT UPDATE (display_name, roles, city, password, totp_sealed, totp_step, disabled_ms, changed_ms)
            ON organiser TO contest_app;
        GRANT UPDATE (ended_ms) ON setup_link, recovery_code TO contest_app;
        GRANT UPDATE (seen_ms, stepped_up_ms, ended_ms) ON organiser_session TO contest_app;
        GRANT UPDATE (n_tries, last_ms) ON sign_in_pace TO contest_app;
        GRANT UPDATE (ended, ended_by, ended_proposed_by, ended_reason, ended_ms) ON pause TO contest_app;
        GRANT UPDATE (n_attempts, n_passes, n_of_day, n_of_city) ON attempt_tally TO contest_app;
        GRANT UPDATE (until_ms) ON statistics_mark TO contest_app;
        GRANT UPDATE (code) ON district_scan TO contest_app;
        GRANT UPDATE (has_passed, declared, scanned) ON participant TO contest_app;
        GRANT UPDATE (n_people, n_new, n_passed) ON participant_tally TO contest_app;
        GRANT UPDATE (n) ON answer_tally TO contest_app;
        GRANT UPDATE (value_sealed, state) ON secret TO contest_app;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'contest_keys') THEN
        EXECUTE 'GRANT USAGE ON SCHEMA ' || place || ' TO contest_keys';
        EXECUTE 'REVOKE ALL ON ALL TABLES IN SCHEMA ' || place || ' FROM contest_keys';
        GRANT UPDATE (content_sealed) ON bank, bank_draft TO contest_keys;
        GRANT UPDATE (plan_seed_sealed) ON city TO contest_keys;
        GRANT UPDATE (destroyed_ms) ON field_key TO contest_keys;
        GRANT UPDATE (pem_sealed) ON platform_certificate TO contest_keys;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'contest_reader') THEN
        EXECUTE 'GRANT USAGE ON SCHEMA ' || place || ' TO contest_reader';
        EXECUTE 'REVOKE ALL ON ALL TABLES IN SCHEMA ' || place || ' FROM contest_reader';
        GRANT SELECT ON season, budget_day, packet, follow, referral, attempt, rescore, question_correction,
            rescoring, award, rail,
            transfer, audit_event, fund_flow_bill, fund_flow, incident, incident_settled, correction,
            correction_approval, correction_refusal, reconciliation, closed_day, books_seal, duty,
            field_key, certificate_download, renewal_proposal, renewal_approval, renewal_refusal,
            proposal, proposal_decision, attempt_tally, statistics_mark, participant_tally,
            answer_tally, pause, bulletin_draft, bulletin, page_picture, page_hour,
            safekeeping TO contest_reader;
        GRANT SELECT (city, ordinal, opens_ms, closes_ms, pool_fen, used_fen, top_awarded,
            last_decision_ms, bank, plan_commitment, plan_root, n_corrections) ON city
            TO contest_reader;
        GRANT SELECT (bill_number, award, attempt_number, amount_fen, rail, state, due_ms, version,
            changed_ms) ON payment TO contest_reader;
        GRANT SELECT (bill_number, version, at_ms, event, state_before, state_after)
            ON payment_event TO contest_reader;
        GRANT SELECT (secret, name, fingerprint, replaces, state, proposal, given_by, given_ms)
            ON secret TO contest_reader;
    END IF;
END $$;
