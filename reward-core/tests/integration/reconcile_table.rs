//! Three sides of one number, cell by cell: every state against everything a bill can say.

use proptest::prelude::*;
use reward_core::{
    AnswerFacts, Authority, BillClass, BillFacts, BillFinding, Event, Fen, OperatorId, OrderFacts,
    Payout, QueryClass, ReplyClass,
};

use crate::payout_states::{
    AMOUNT, answer, dead, one_of_each, queried, received, refunded, replied, sent, step, unknown,
};

/// Nothing can be said yet.
const NO: &str = "–";

const ABSENT: BillFacts = BillFacts {
    n_paid: 0,
    paid: Fen::ZERO,
    n_returned: 0,
    returned: Fen::ZERO,
};
const KEPT: BillFacts = BillFacts {
    n_paid: 1,
    paid: AMOUNT,
    ..ABSENT
};
const RETURNED: BillFacts = BillFacts {
    n_returned: 1,
    returned: AMOUNT,
    ..KEPT
};
const ONLY_RETURNED: BillFacts = BillFacts {
    n_paid: 0,
    paid: Fen::ZERO,
    ..RETURNED
};

/// Which bills are at hand: those of the landing, those of the end.
const NONE: (bool, bool) = (false, false);
const LANDING: (bool, bool) = (true, false);
const BOTH: (bool, bool) = (true, true);

/// One line of the table: its name, the bill, which bills are at hand, and the class in each state.
type Line = (&'static str, BillFacts, (bool, bool), [&'static str; 13]);

fn facts(ours: Option<&Payout>, bill: BillFacts, billed: (bool, bool)) -> OrderFacts<'_> {
    OrderFacts {
        ours,
        answer: None,
        bill,
        paid_otherwise: false,
        landing_is_billed: billed.0,
        ending_is_billed: billed.1,
    }
}

fn code(facts: OrderFacts<'_>) -> &'static str {
    facts.class().map_or(NO, BillClass::code)
}

/// Refused for its person, and proved absent by three queries after the quarantine.
fn dead_by_absence() -> Payout {
    use reward_core::PersonRefusal::NotAuthorised;
    let mut payout = replied(ReplyClass::RefusedForPerson(NotAuthorised));
    for second in [1_000, 2_000, 3_000] {
        let absent = answer(QueryClass::NotFound, second);
        payout = step(&payout, absent, second).unwrap().next;
    }
    assert_eq!(payout.state().name(), "dead");
    payout
}

/// Held after the rail accepted something else than was sent.
fn held_after_sending() -> Payout {
    let payout = sent();
    let after_25_days = 26 * 86_400;
    let payout = step(&payout, Event::Tick, after_25_days).unwrap().next;
    assert_eq!(payout.state().name(), "held");
    payout
}

#[test]
#[rustfmt::skip]
fn every_state_has_its_class_for_everything_a_bill_can_say() {
    let [reserved, in_flight, unknown, refused, deferred, sent, refunding, held, received, refunded, failed] =
        one_of_each().map(|(_name, payout)| payout);
    let payouts = [
        reserved, in_flight, unknown, refused, deferred, held,
        sent, refunding, held_after_sending(), received, refunded, failed, dead_by_absence(),
    ];
    let lines: [Line; 12] = [
        //                                      res   inf   unk   ref   def   hel   sen   rfg   hes   rcv   rfd   fai   dea
        ("absent, no bill",  ABSENT, NONE,      [NO,   NO,   NO,   NO,   NO,   NO,   NO,   NO,   NO,   NO,   NO,   NO,   NO]),
        ("absent, landing",  ABSENT, LANDING,   [NO,   NO,   NO,   NO,   NO,   NO,  "R3", "R3", "R3", "R3",  NO,   NO,   NO]),
        ("absent, both",     ABSENT, BOTH,      [NO,   NO,   NO,   NO,   NO,   NO,  "R3", "R3", "R3", "R3", "R0", "R0", "R0"]),
        ("kept, no bill",    KEPT, NONE,        ["R2","R2", "R2", "R2", "R2", "R2", "R0", "R0", "R0", "R0",  NO,   NO,  "R4"]),
        ("kept, landing",    KEPT, LANDING,     ["R2","R2", "R2", "R2", "R2", "R2", "R0", "R0", "R0", "R0",  NO,   NO,  "R4"]),
        ("kept, both",       KEPT, BOTH,        ["R2","R2", "R2", "R2", "R2", "R2", "R0", "R0", "R0", "R0", "R4", "R4", "R4"]),
        ("returned, none",   RETURNED, NONE,    ["R2","R2", "R2", "R2", "R2", "R2", "R1", "R1", "R1", "R4", "R0", "R0", "R0"]),
        ("returned, landing",RETURNED, LANDING, ["R2","R2", "R2", "R2", "R2", "R2", "R1", "R1", "R1", "R4", "R0", "R0", "R0"]),
        ("returned, both",   RETURNED, BOTH,    ["R2","R2", "R2", "R2", "R2", "R2", "R1", "R1", "R1", "R4", "R0", "R0", "R0"]),
        ("half, no bill",    ONLY_RETURNED, NONE, [NO; 13]),
        ("half, landing",    ONLY_RETURNED, LANDING, ["R6"; 13]),
        ("half, both",       ONLY_RETURNED, BOTH, ["R6"; 13]),
    ];
    for (name, bill, billed, classes) in lines {
        for (payout, class) in payouts.iter().zip(classes) {
            let state = payout.state();
            assert_eq!(code(facts(Some(payout), bill, billed)), class, "{name}: {state:?}");
        }
    }
}

#[test]
fn a_number_that_is_not_ours_is_an_orphan_as_soon_as_it_is_on_a_bill() {
    for bill in [KEPT, RETURNED, ONLY_RETURNED] {
        for billed in [NONE, LANDING, BOTH] {
            assert_eq!(code(facts(None, bill, billed)), "R5");
        }
    }
    assert_eq!(code(facts(None, ABSENT, BOTH)), NO);
}

#[test]
fn one_fen_more_or_less_a_second_payment_or_a_part_returned_differs() {
    let one = |fen: u64| Fen::new(fen);
    let wrong = [
        BillFacts {
            paid: one(AMOUNT.get() + 1),
            ..KEPT
        },
        BillFacts {
            paid: one(AMOUNT.get() - 1),
            ..KEPT
        },
        BillFacts {
            n_paid: 2,
            paid: one(AMOUNT.get() * 2),
            ..KEPT
        },
        // Two movements that happen to sum to the amount are still two.
        BillFacts { n_paid: 2, ..KEPT },
        BillFacts {
            returned: one(AMOUNT.get() - 1),
            ..RETURNED
        },
        BillFacts {
            n_returned: 2,
            ..RETURNED
        },
        BillFacts {
            n_returned: 2,
            returned: one(AMOUNT.get() * 2),
            ..RETURNED
        },
    ];
    for bill in wrong {
        for (name, payout) in one_of_each() {
            let facts = facts(Some(&payout), bill, NONE);
            assert_eq!(code(facts), "R6", "{name}: {bill:?}");
            assert_eq!(facts.finding(), Some(BillFinding::ParametersDiffer));
        }
    }
}

#[test]
fn another_recipient_in_the_answer_differs_whatever_the_bill_says() {
    let sent = sent();
    for bill in [ABSENT, KEPT, RETURNED] {
        let facts = OrderFacts {
            answer: Some(AnswerFacts {
                class: QueryClass::Received,
                same_terms: false,
            }),
            ..facts(Some(&sent), bill, NONE)
        };
        assert_eq!(code(facts), "R6");
    }
}

#[test]
fn an_answer_that_the_rail_has_ended_it_puts_an_accepted_number_behind() {
    let sent = sent();
    let with = |class| OrderFacts {
        answer: Some(AnswerFacts {
            class,
            same_terms: true,
        }),
        ..facts(Some(&sent), KEPT, BOTH)
    };
    use QueryClass as Q;
    for class in [Q::Received, Q::Refunded, Q::Failed] {
        assert_eq!(code(with(class)), "R1", "{class:?}");
    }
    for class in [
        Q::Refunding,
        Q::AwaitingRecipient,
        Q::Processing,
        Q::NotFound,
    ] {
        assert_eq!(code(with(class)), "R0", "{class:?}");
    }
}

#[test]
fn an_answer_that_the_rail_knows_it_recovers_an_open_number_before_any_bill() {
    let unknown = unknown();
    let with = |class| OrderFacts {
        answer: Some(AnswerFacts {
            class,
            same_terms: true,
        }),
        ..facts(Some(&unknown), ABSENT, NONE)
    };
    use QueryClass as Q;
    for class in [Q::Received, Q::Refunded, Q::Refunding, Q::AwaitingRecipient] {
        assert_eq!(code(with(class)), "R2", "{class:?}");
    }
    for class in [Q::Processing, Q::Failed, Q::NotFound] {
        assert_eq!(code(with(class)), NO, "{class:?}");
    }
}

#[test]
fn two_numbers_of_one_award_that_were_both_paid_are_r7_and_a_returned_one_is_not() {
    let dead = dead();
    let newer = Event::NewAttempt {
        authority: Authority::DualControl {
            maker: OperatorId::new(1),
            checker: OperatorId::new(2),
        },
        city_open: true,
    };
    let renewed = step(&dead, newer, 100).unwrap().next;
    for payout in [dead, renewed, received(), refunded(), sent(), unknown()] {
        let twice = |bill| OrderFacts {
            paid_otherwise: true,
            ..facts(Some(&payout), bill, BOTH)
        };
        assert_eq!(code(twice(KEPT)), "R7");
        assert_eq!(twice(KEPT).finding(), Some(BillFinding::Paid));
        assert_ne!(code(twice(RETURNED)), "R7");
    }
}

/// What the class hands to the payout machine is what that machine books, and it books it once.
#[test]
fn a_finding_against_an_ended_payout_moves_its_money_to_suspense_once() {
    for (payout, bill, finding) in [
        (dead_by_absence(), KEPT, BillFinding::Paid),
        (dead(), KEPT, BillFinding::Paid),
        (received(), RETURNED, BillFinding::Refunded),
        (refunded(), KEPT, BillFinding::Paid),
    ] {
        let facts = facts(Some(&payout), bill, BOTH);
        assert_eq!(facts.class(), Some(BillClass::Contradicted));
        assert_eq!(facts.finding(), Some(finding));
        let booked = step(&payout, Event::BillContradicts { finding }, 9_000).unwrap();
        assert_eq!(booked.row, 25);
        assert!(booked.next.is_in_dispute());
        let again = step(&booked.next, Event::BillContradicts { finding }, 9_001).unwrap();
        assert_eq!((again.row, again.transfers.len()), (26, 0));
    }
}

#[test]
fn r0_to_r2_settle_themselves_and_all_others_need_a_person() {
    let codes = BillClass::ALL.map(BillClass::code);
    assert_eq!(codes, ["R0", "R1", "R2", "R3", "R4", "R5", "R6", "R7"]);
    let persons = BillClass::ALL.map(BillClass::needs_person);
    assert_eq!(persons, [false, false, false, true, true, true, true, true]);
    let frozen = BillClass::ALL.map(BillClass::freezes_person);
    assert_eq!(frozen, [false, false, false, false, true, true, true, true]);
    let asked = BillClass::ALL.map(BillClass::is_asked_about);
    assert_eq!(asked, [false, true, true, true, false, false, false, false]);
}

fn any_bill() -> impl Strategy<Value = BillFacts> {
    let fen = prop_oneof![Just(0), Just(AMOUNT.get()), 0..3_000_u64];
    (0..3_u32, fen.clone(), 0..3_u32, fen).prop_map(|(n_paid, paid, n_returned, returned)| {
        BillFacts {
            n_paid,
            paid: Fen::new(paid),
            n_returned,
            returned: Fen::new(returned),
        }
    })
}

proptest! {
    /// A bill at hand never takes back what was said without it, except "nothing".
    #[test]
    fn more_bills_only_add_to_what_is_said(
        index in 0..11_usize,
        bill in any_bill(),
        landing: bool,
        ending: bool,
    ) {
        let (_name, payout) = one_of_each()[index];
        let fewer = facts(Some(&payout), bill, (landing, ending)).class();
        let all = facts(Some(&payout), bill, BOTH).class();
        prop_assert!(fewer.is_none() || fewer == all, "{fewer:?} became {all:?}");
    }

    /// What agrees costs exactly what our books say it costs.
    #[test]
    fn what_agrees_has_no_difference_in_money(index in 0..11_usize, bill in any_bill(), landing: bool, ending: bool) {
        let (_name, payout) = one_of_each()[index];
        if facts(Some(&payout), bill, (landing, ending)).class() == Some(BillClass::Agrees) {
            let net = bill.paid.get() - bill.returned.get();
            let is_out = ["sent", "refunding", "received"].contains(&payout.state().name());
            prop_assert_eq!(net, if is_out { AMOUNT.get() } else { 0 });
        }
    }

    /// No number of ours is called an orphan, and a stranger's is nothing else.
    #[test]
    fn orphans_are_exactly_the_numbers_that_are_not_ours(index in 0..11_usize, bill in any_bill()) {
        let (_name, payout) = one_of_each()[index];
        prop_assert_ne!(facts(Some(&payout), bill, BOTH).class(), Some(BillClass::Orphan));
        let stranger = facts(None, bill, BOTH).class();
        prop_assert!(stranger.is_none() || stranger == Some(BillClass::Orphan));
    }
}

#[test]
fn a_query_brings_what_was_behind_to_agreement() {
    let behind = sent();
    assert_eq!(code(facts(Some(&behind), RETURNED, BOTH)), "R1");
    let asked = queried(&behind, QueryClass::Refunded);
    assert_eq!(code(facts(Some(&asked), RETURNED, BOTH)), "R0");
}
