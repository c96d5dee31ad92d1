//! Laws of the payout machine under any events in any order.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use reward_core::{
    Account, Authority, BillFinding, ChannelProfile, Event, EvidenceId, Jitter, Ledger, OperatorId,
    Payout, PayoutPolicy, PayoutState, Permit, PersonRefusal, QueryClass, RailFault, ReplyClass,
    Resolution, Transition, WorkerId,
};

use crate::payout_states::{
    AMOUNT, HOUR, answer, at, deferred, one_of_each, refused, sent, step, unknown,
};

fn reply_class() -> impl Strategy<Value = ReplyClass> {
    prop::sample::select(vec![
        ReplyClass::Accepted { echo_equal: true },
        ReplyClass::Accepted { echo_equal: false },
        ReplyClass::NoDefiniteResult,
        ReplyClass::UnknownCode,
        ReplyClass::Processing,
        ReplyClass::TooFast,
        ReplyClass::PersonDayLimit,
        ReplyClass::MerchantDayLimit,
        ReplyClass::RailBroken(RailFault::Signature),
        ReplyClass::RefusedForPerson(PersonRefusal::NotAuthorised),
        ReplyClass::ParametersDiffer,
    ])
}

fn query_class() -> impl Strategy<Value = QueryClass> {
    prop::sample::select(vec![
        QueryClass::Received,
        QueryClass::Refunded,
        QueryClass::Refunding,
        QueryClass::AwaitingRecipient,
        QueryClass::Processing,
        QueryClass::Failed,
        QueryClass::NotFound,
        QueryClass::NotFound,
        QueryClass::NotFound,
    ])
}

fn resolution() -> impl Strategy<Value = Resolution> {
    prop::sample::select(vec![
        Resolution::Deferred,
        Resolution::Unknown,
        Resolution::Dead,
        Resolution::Received,
        Resolution::Refunded,
    ])
}

fn finding() -> impl Strategy<Value = BillFinding> {
    prop::sample::select(vec![
        BillFinding::Paid,
        BillFinding::Refunded,
        BillFinding::Absent,
        BillFinding::ParametersDiffer,
    ])
}

fn operator() -> impl Strategy<Value = OperatorId> {
    (1_u64..3).prop_map(OperatorId::new)
}

/// An event that fits no payout in particular; [`fitted`] makes most replies fit.
fn event() -> impl Strategy<Value = Event> {
    let permit = prop::sample::select(vec![
        Permit::Granted,
        Permit::Granted,
        Permit::RailPaused,
        Permit::Throttled,
    ]);
    let worker = (1_u64..3).prop_map(WorkerId::new);
    prop_oneof![
        (worker.clone(), permit).prop_map(|(worker, permit)| Event::Due { worker, permit }),
        Just(Event::LeaseExpired),
        (worker, 0_u64..40, reply_class()).prop_map(|(worker, version, class)| Event::Reply {
            worker,
            version,
            class
        }),
        (query_class(), 0_i64..200_000).prop_map(|(class, second)| answer(class, second)),
        Just(Event::QueryError),
        Just(Event::Tick),
        (prop::option::of((operator(), operator())), any::<bool>()).prop_map(
            |(persons, city_open)| Event::NewAttempt {
                authority: persons.map_or(Authority::Policy, |(maker, checker)| {
                    Authority::DualControl { maker, checker }
                }),
                city_open,
            }
        ),
        (operator(), operator(), resolution()).prop_map(|(maker, checker, resolution)| {
            Event::Operator {
                maker,
                checker,
                evidence: EvidenceId::new(5),
                resolution,
            }
        }),
        finding().prop_map(|finding| Event::BillContradicts { finding }),
        operator().prop_map(|operator| Event::Hold { operator }),
    ]
}

/// Gives a reply the owner and version of the payout, and a query the present instant, if `fits`.
fn fitted(event: Event, payout: &Payout, now: DateTime<Utc>, fits: bool) -> Event {
    match (event, *payout.state()) {
        (Event::Reply { class, .. }, PayoutState::InFlight { owner, .. }) if fits => Event::Reply {
            worker: owner,
            version: payout.version(),
            class,
        },
        (Event::QueryResult { class, .. }, _) if fits => Event::QueryResult {
            class,
            issued_at: now,
        },
        _ => event,
    }
}

/// A random course: seconds to wait, whether the event fits, jitter, event.
fn course() -> impl Strategy<Value = Vec<(i64, bool, u16, Event)>> {
    let wait = prop_oneof![0_i64..5, 0_i64..1_000, 0_i64..100_000];
    let step = (wait, prop::bool::weighted(0.9), 0_u16..1_100, event());
    prop::collection::vec(step, 0..40)
}

/// Where each row leads, from which states; the other half of the table's check.
fn allowed(row: u8, from: &str, to: &str) -> bool {
    let open = ["unknown", "sent", "refunding", "deferred"].contains(&from);
    let ended = ["received", "refunded", "dead"].contains(&from);
    match row {
        1 => ["reserved", "deferred"].contains(&from) && to == "in_flight",
        2 => from == "in_flight" && to == "sent",
        3 | 10 => from == "in_flight" && to == "held",
        4 | 5 | 9 | 11 => from == "in_flight" && to == "unknown",
        6..=8 => from == "in_flight" && to == "deferred",
        12 => open && to == "received",
        13 => open && to == "refunded",
        14 => open && to == "refunding",
        15 => open && (to == "sent" || (from, to) == ("refunding", "refunding")),
        16 => from == "unknown" && to == "unknown",
        17 => ["unknown", "sent"].contains(&from) && to == "dead",
        18 => from == "unknown" && to == "deferred",
        19 => from == "unknown" && ["unknown", "dead"].contains(&to),
        20 => !ended && from == to,
        21 => ["unknown", "deferred"].contains(&from) && to == "unknown",
        22 => !ended && to == "held",
        23 => ["refunded", "dead"].contains(&from) && from == to,
        24 => {
            from == "held" && ["deferred", "unknown", "dead", "received", "refunded"].contains(&to)
        }
        25 | 26 => ended && from == to,
        27 => !ended && !["in_flight", "held"].contains(&from) && to == "held",
        _ => false,
    }
}

fn check_step(before: &Payout, t: &Transition) -> Result<(), TestCaseError> {
    let (from, to) = (before.state().name(), t.next.state().name());
    prop_assert!(allowed(t.row, from, to), "row {}: {from} to {to}", t.row);
    prop_assert_eq!(t.next.amount(), before.amount());
    prop_assert_eq!(t.next.attempt(), before.attempt());
    let changes = u64::from(t.next != *before);
    prop_assert_eq!(t.next.version(), before.version() + changes);
    if before.state().is_terminal() {
        prop_assert_eq!(t.next.state(), before.state());
    } else if t.next.state().is_terminal() {
        prop_assert!([12, 13, 17, 19, 24].contains(&t.row));
    }
    prop_assert_eq!(t.successor.is_some(), t.row == 23);
    if let Some(successor) = &t.successor {
        prop_assert_eq!(successor.attempt(), before.attempt() + 1);
        prop_assert_eq!(successor.amount(), before.amount());
    }
    Ok(())
}

/// All attempts of one award hold together what the books say.
fn check_image(attempts: &[Payout], ledger: &Ledger) -> Result<(), TestCaseError> {
    prop_assert_eq!(ledger.check(), Ok(()));
    for account in Account::ALL {
        let image: i128 = attempts.iter().map(|p| p.position_fen(account)).sum();
        prop_assert_eq!(image, i128::from(ledger.balance_fen(account)));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// P2, P5, P6, P8: total, only listed transitions, ends only by evidence, books equal to the image.
    #[test]
    fn any_course_stays_in_the_table_and_in_the_books(course in course(), pick in any::<u64>()) {
        let (first, award) = Payout::reserve(AMOUNT, at(0)).unwrap();
        let mut ledger = Ledger::open(AMOUNT).unwrap();
        ledger.apply(&award).unwrap();
        let mut attempts = vec![first];
        let mut now = at(0);
        let (channel, policy) = (ChannelProfile::red_packet_default(), PayoutPolicy::PUBLISHED);
        for (index, (wait, fits, jitter, event)) in course.into_iter().enumerate() {
            now += TimeDelta::seconds(wait);
            // Mostly the newest attempt, sometimes an older one.
            let older = (pick >> (index % 64)) & 7 == 7;
            let slot = if older { 0 } else { attempts.len() - 1 };
            let before = attempts[slot];
            let event = fitted(event, &before, now, fits);
            let _next_step = before.next_step(now, &channel, &policy);
            let jitter = Jitter::from_permille(jitter);
            let Ok(t) = before.step(event, now, &channel, &policy, jitter) else { continue };
            check_step(&before, &t)?;
            for transfer in &t.transfers {
                prop_assert_eq!(ledger.apply(transfer), Ok(()));
            }
            attempts[slot] = t.next;
            attempts.extend(t.successor);
            check_image(&attempts, &ledger)?;
        }
        prop_assert!(attempts.len() <= 3);
        prop_assert!(attempts.iter().filter(|p| !p.is_renewed()).count() == 1);
    }

    /// P2 at the edges of time and policy: nothing overflows.
    #[test]
    fn no_instant_and_no_figure_makes_a_step_panic(
        event in event(),
        millis in prop_oneof![Just(i64::MIN), Just(i64::MAX), any::<i64>()],
        figure in prop_oneof![Just(0_u32), Just(u32::MAX), any::<u32>()],
        jitter in any::<u16>(),
    ) {
        let now = DateTime::from_timestamp_millis(millis).unwrap_or(if millis < 0 {
            DateTime::<Utc>::MIN_UTC
        } else {
            DateTime::<Utc>::MAX_UTC
        });
        let channel = ChannelProfile {
            resend_interval_seconds: figure,
            refund_after_seconds: figure,
            number_reuse_seconds: figure,
            ..ChannelProfile::red_packet_default()
        };
        let policy = PayoutPolicy {
            lease_seconds: figure,
            absence_spacing_seconds: figure,
            backoff_base_millis: figure,
            too_fast_seconds: figure,
            next_day_second: figure,
            next_day_spread_seconds: figure,
            in_process_base_seconds: figure,
            hold_age_seconds: figure,
            ..PayoutPolicy::PUBLISHED
        };
        for (_, payout) in one_of_each() {
            let event = fitted(event, &payout, now, true);
            let _next_step = payout.next_step(now, &channel, &policy);
            if let Ok(t) = payout.step(event, now, &channel, &policy, Jitter::from_permille(jitter)) {
                check_step(&payout, &t)?;
            }
        }
    }

    /// P3: what happened once cannot happen again by being told again.
    #[test]
    fn an_event_told_twice_books_once(event in event(), second in 0_i64..3_000_000) {
        for (state, payout) in one_of_each() {
            let event = fitted(event, &payout, at(second), true);
            let Ok(once) = step(&payout, event, second) else { continue };
            if let Ok(twice) = step(&once.next, event, second) {
                prop_assert_eq!(twice.next.state().name(), once.next.state().name(), "{}", state);
                prop_assert_eq!(&twice.transfers, &vec![], "{}", state);
                prop_assert!(twice.successor.is_none());
            }
        }
    }
}

/// Every order of `evidence`.
fn permutations(evidence: &[QueryClass]) -> Vec<Vec<QueryClass>> {
    if evidence.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for index in 0..evidence.len() {
        let mut rest = evidence.to_vec();
        let head = rest.remove(index);
        for mut tail in permutations(&rest) {
            tail.insert(0, head);
            all.push(tail);
        }
    }
    all
}

/// Where a payout ends up after these answers, refused ones left out, and in which account its money is.
fn ends_at(start: &Payout, answers: &[QueryClass]) -> (&'static str, Account) {
    let end = answers.iter().fold(*start, |payout, &class| {
        step(&payout, answer(class, HOUR), HOUR).map_or(payout, |t| t.next)
    });
    (end.state().name(), end.state().account())
}

/// P4: answers that overtake each other tell the same story.
///
/// The sets are the courses a number can take at the rail; "not found" is no evidence and in none of them.
#[test]
fn evidence_ends_in_the_same_state_in_every_order() {
    use QueryClass::{AwaitingRecipient, Failed, Processing, Received, Refunded, Refunding};
    let courses: [(&[QueryClass], &str); 7] = [
        (&[Processing, AwaitingRecipient], "sent"),
        (&[Processing, AwaitingRecipient, Received], "received"),
        (&[Processing, AwaitingRecipient, Refunding], "refunding"),
        (
            &[Processing, AwaitingRecipient, Refunding, Refunded],
            "refunded",
        ),
        (&[AwaitingRecipient, Refunding, Received], "received"),
        (&[Processing, Failed], "dead"),
        (&[Processing, AwaitingRecipient, Failed], "dead"),
    ];
    for (evidence, expect) in courses {
        let mut starts = vec![unknown(), refused(), sent()];
        // A deferred number is not listed for "failed": it goes again, and fails again.
        if !evidence.contains(&Failed) {
            starts.push(deferred());
        }
        for start in starts {
            let ends: BTreeSet<_> = permutations(evidence)
                .iter()
                .map(|order| ends_at(&start, order))
                .collect();
            let names: Vec<_> = ends.iter().map(|(name, _)| *name).collect();
            assert_eq!(names, [expect], "{evidence:?} from {:?}", start.state());
        }
    }
}

#[test]
fn state_names_are_distinct_and_listed() {
    let names: BTreeSet<_> = one_of_each().map(|(_, p)| p.state().name()).into();
    assert_eq!(names, PayoutState::NAMES.into());
}

#[test]
fn a_terminal_or_held_payout_is_never_due() {
    for (state, payout) in one_of_each() {
        let rests = payout.state().is_terminal() || payout.state().name() == "held";
        assert_eq!(payout.due_at().is_none(), rests, "{state}");
    }
}

#[cfg(feature = "serde")]
#[test]
fn every_state_is_read_back_as_it_was_written() {
    for (state, payout) in one_of_each() {
        let text = serde_json::to_string(&payout).unwrap();
        assert_eq!(
            serde_json::from_str::<Payout>(&text).unwrap(),
            payout,
            "{state}"
        );
    }
}

/// What a store has on disk must be read by every later version.
#[cfg(feature = "serde")]
#[test]
fn value_stability_of_a_stored_payout() {
    let expect = concat!(
        r#"{"attempt":1,"amount":1428,"version":0,"reserved_at":"2020-05-05T16:00:00Z","#,
        r#""first_sent_at":null,"last_sent_at":null,"sendings":0,"failed_queries":0,"#,
        r#""standing":"own","state":"reserved"}"#
    );
    assert_eq!(
        serde_json::to_string(&crate::payout_states::reserved()).unwrap(),
        expect
    );
    let expect = concat!(
        r#"{"attempt":1,"amount":1428,"version":2,"reserved_at":"2020-05-05T16:00:00Z","#,
        r#""first_sent_at":"2020-05-05T16:00:01Z","last_sent_at":"2020-05-05T16:00:01Z","#,
        r#""sendings":1,"failed_queries":0,"standing":"own","state":"unknown","#,
        r#""refused":{"person":"not_authorised"},"absences":0,"last_absence_at":null,"#,
        r#""processing_answers":0,"sending_over":false,"query_at":"2020-05-05T16:15:02Z"}"#
    );
    assert_eq!(serde_json::to_string(&refused()).unwrap(), expect);
}

#[cfg(feature = "serde")]
#[test]
fn every_event_and_transition_can_be_kept_in_a_journal() {
    let events = [
        crate::payout_states::due(),
        answer(QueryClass::NotFound, 5),
        Event::Tick,
        Event::BillContradicts {
            finding: BillFinding::Absent,
        },
        crate::payout_states::operator(Resolution::Dead),
    ];
    for event in events {
        let text = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event);
    }
    let transition = step(&sent(), answer(QueryClass::Received, 50), 50).unwrap();
    let text = serde_json::to_string(&transition).unwrap();
    assert_eq!(
        serde_json::from_str::<Transition>(&text).unwrap(),
        transition
    );
}
