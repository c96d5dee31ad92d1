//! The transition table, cell by cell, and what each row does.

use std::collections::BTreeSet;

use reward_core::{
    Account, Authority, BillFinding, ChannelError, ChannelProfile, Command, DeadReason,
    DeferReason, Event, Fen, HeldMoney, HoldReason, Jitter, LedgerTransfer, OperatorId, PageReason,
    Payout, PayoutPolicy, PayoutState, Permit, PersonRefusal, QueryClass, QuietHours, RailFault,
    Refused, RefusedReason, ReplyClass, Resolution, Transition, WorkerId,
};

use crate::payout_states::{
    AMOUNT, HOUR, WORKER, answer, at, dead, deferred, due, held, in_flight, one_of_each, operator,
    received, refunded, refunding, refused, replied, reply, reserved, sent, step, unknown,
};

const DAY: i64 = 24 * HOUR;

/// No row: the step is refused as not listed.
const NO: u8 = 0;

/// Renews by two operators while the city is open.
fn renewal() -> Event {
    Event::NewAttempt {
        authority: Authority::DualControl {
            maker: OperatorId::new(1),
            checker: OperatorId::new(2),
        },
        city_open: true,
    }
}

/// One line of the table: an event, the second at which it happens, and the row it takes in each state
/// in the order of [`one_of_each`].
struct Line {
    name: &'static str,
    event: fn(&Payout) -> Event,
    second: i64,
    rows: [u8; 11],
}

const fn line(
    name: &'static str,
    event: fn(&Payout) -> Event,
    second: i64,
    rows: [u8; 11],
) -> Line {
    Line {
        name,
        event,
        second,
        rows,
    }
}

/// A line for a reply, which only a payout in flight takes.
const fn reply_line(name: &'static str, event: fn(&Payout) -> Event, row: u8) -> Line {
    line(
        name,
        event,
        20,
        [NO, row, NO, NO, NO, NO, NO, NO, 26, 26, 26],
    )
}

#[rustfmt::skip]
fn table() -> [Line; 27] {
    use QueryClass as Q;
    use ReplyClass as R;
    [
        //                                            res inf unk ref def sen rfg hel rcv rfd dea
        line("due", |_| due(), HOUR,                  [1, NO, NO, NO, 1, NO, NO, NO, 26, 26, 26]),
        reply_line("accepted", |p| reply(p, R::Accepted { echo_equal: true }), 2),
        reply_line("echo differs", |p| reply(p, R::Accepted { echo_equal: false }), 3),
        reply_line("no definite result", |p| reply(p, R::NoDefiniteResult), 4),
        reply_line("unknown code", |p| reply(p, R::UnknownCode), 4),
        reply_line("processing", |p| reply(p, R::Processing), 5),
        reply_line("too fast", |p| reply(p, R::TooFast), 6),
        reply_line("person's day is full", |p| reply(p, R::PersonDayLimit), 7),
        reply_line("merchant's day is full", |p| reply(p, R::MerchantDayLimit), 7),
        reply_line("rail broken", |p| reply(p, R::RailBroken(RailFault::BalanceTooLow)), 8),
        reply_line("refused", |p| reply(p, R::RefusedForPerson(PersonRefusal::NoRealName)), 9),
        reply_line("parameters differ", |p| reply(p, R::ParametersDiffer), 10),
        line("lease expired", |_| Event::LeaseExpired, HOUR, [NO, 11, NO, NO, NO, NO, NO, NO, 26, 26, 26]),
        line("received", |_| answer(Q::Received, HOUR), HOUR, [NO, NO, 12, 12, 12, 12, 12, NO, 26, 26, 26]),
        line("refunded", |_| answer(Q::Refunded, HOUR), HOUR, [NO, NO, 13, 13, 13, 13, 13, NO, 26, 26, 26]),
        line("refunding", |_| answer(Q::Refunding, HOUR), HOUR, [NO, NO, 14, 14, 14, 14, 14, NO, 26, 26, 26]),
        line("awaiting", |_| answer(Q::AwaitingRecipient, HOUR), HOUR, [NO, NO, 15, 15, 15, 15, 15, NO, 26, 26, 26]),
        line("in process", |_| answer(Q::Processing, HOUR), HOUR, [NO, NO, 16, 16, NO, 20, 20, NO, 26, 26, 26]),
        line("failed", |_| answer(Q::Failed, HOUR), HOUR, [NO, NO, 17, 17, NO, 17, 20, NO, 26, 26, 26]),
        line("not found", |_| answer(Q::NotFound, HOUR), HOUR, [NO, NO, 18, 19, NO, 20, 20, NO, 26, 26, 26]),
        line("query error", |_| Event::QueryError, HOUR, [20, 20, 20, 20, 20, 20, 20, 20, 26, 26, 26]),
        line("25 days", |_| Event::Tick, 26 * DAY,    [22, 22, 22, 22, 22, 22, 22, NO, 26, 26, 26]),
        line("20 hours", |_| Event::Tick, 21 * HOUR,  [NO, NO, 21, 21, 21, NO, NO, NO, 26, 26, 26]),
        line("new attempt", |_| renewal(), HOUR,      [NO, NO, NO, NO, NO, NO, NO, NO, 26, 23, 23]),
        line("operator", |_| operator(Resolution::Dead), HOUR, [NO, NO, NO, NO, NO, NO, NO, 24, 26, 26, 26]),
        line("hold", |_| Event::Hold { operator: OperatorId::new(7) }, HOUR, [27, NO, 27, 27, 27, 27, 27, NO, 26, 26, 26]),
        line("bill", |_| Event::BillContradicts { finding: BillFinding::ParametersDiffer }, HOUR,
                                                      [NO, NO, NO, NO, NO, NO, NO, NO, 25, 25, 25]),
    ]
}

#[test]
fn every_event_in_every_state_takes_the_row_of_the_table_or_is_refused() {
    let mut seen = BTreeSet::new();
    for line in table() {
        for ((state, payout), row) in one_of_each().into_iter().zip(line.rows) {
            let case = format!("{} in {state}", line.name);
            match step(&payout, (line.event)(&payout), line.second) {
                Ok(transition) => {
                    assert_eq!(transition.row, row, "{case}");
                    seen.insert(row);
                }
                Err(Refused::NotListed { .. }) => assert_eq!(row, NO, "{case}"),
                // An age that is not reached names its instant instead.
                Err(Refused::TooEarly { .. }) => {
                    assert_eq!((line.name, row), ("20 hours", NO), "{case}");
                }
                Err(other) => panic!("{case}: {other}"),
            }
        }
    }
    assert_eq!(seen, (1..=27).collect());
}

fn transfer(debit: Account, credit: Account) -> Vec<LedgerTransfer> {
    vec![LedgerTransfer::new(debit, credit, AMOUNT).unwrap()]
}

fn on_reply(class: ReplyClass) -> Transition {
    let payout = in_flight();
    step(&payout, reply(&payout, class), 2).unwrap()
}

#[test]
fn row_1_writes_the_lease_before_it_asks_to_send() {
    let t = step(&reserved(), due(), 1).unwrap();
    let expect = PayoutState::InFlight {
        owner: WORKER,
        lease_until: at(31),
    };
    assert_eq!(*t.next.state(), expect);
    assert_eq!(t.commands, [Command::Send]);
    assert_eq!((t.next.version(), t.next.sendings()), (1, 1));
    assert_eq!(t.next.first_sent_at(), Some(at(1)));
}

#[test]
fn row_1_waits_for_every_guard() {
    let with = |permit| Event::Due {
        worker: WORKER,
        permit,
    };
    let reserved = reserved();
    let paused = step(&reserved, with(Permit::RailPaused), 1);
    assert_eq!(paused, Err(Refused::RailPaused));
    let throttled = step(&reserved, with(Permit::Throttled), 1);
    assert_eq!(throttled, Err(Refused::Throttled));
    let early = step(&deferred(), due(), 61);
    assert_eq!(early, Err(Refused::TooEarly { until: at(62) }));
    let old = step(&deferred(), due(), 20 * HOUR + 1);
    assert_eq!(
        old,
        Err(Refused::TooOldToSend {
            first_sent_at: at(1)
        })
    );
    assert!(step(&deferred(), due(), 20 * HOUR).is_ok());
}

#[test]
fn row_1_keeps_quiet_hours_and_the_channels_range() {
    let send = |payout: &Payout, channel: &ChannelProfile, second| {
        let policy = PayoutPolicy::PUBLISHED;
        payout.step(due(), at(second), channel, &policy, Jitter::NONE)
    };
    let quiet = ChannelProfile {
        quiet_hours: Some(QuietHours::new(0, 480).unwrap()),
        ..ChannelProfile::red_packet_default()
    };
    let until = at(8 * HOUR);
    let at_night = send(&reserved(), &quiet, 1);
    assert_eq!(at_night, Err(Refused::QuietHours { until }));
    assert!(send(&reserved(), &quiet, 8 * HOUR).is_ok());

    let small = Payout::reserve(Fen::new(10), at(0)).unwrap().0;
    let refused = send(&small, &ChannelProfile::red_packet_default(), 1);
    assert_eq!(
        refused,
        Err(Refused::NotPayable(ChannelError::BelowFloor {
            amount: Fen::new(10),
            floor: Fen::new(100),
        }))
    );
    assert!(send(&small, &ChannelProfile::red_packet_with_scene(), 1).is_ok());
}

#[test]
fn rows_2_to_10_take_a_reply_only_from_the_owner_of_this_version() {
    let payout = in_flight();
    let from = |worker, version| Event::Reply {
        worker,
        version,
        class: ReplyClass::Accepted { echo_equal: true },
    };
    let stranger = WorkerId::new(8);
    let refused = step(&payout, from(stranger, payout.version()), 2);
    assert_eq!(refused, Err(Refused::NotTheOwner { worker: stranger }));
    let stale = step(&payout, from(WORKER, 0), 2);
    assert_eq!(
        stale,
        Err(Refused::StaleVersion {
            seen: 0,
            current: 1
        })
    );
}

#[test]
fn rows_2_and_3_trust_an_acceptance_only_with_an_equal_echo() {
    let t = on_reply(ReplyClass::Accepted { echo_equal: true });
    assert_eq!(t.transfers, transfer(Account::Reserved, Account::Sent));
    assert_eq!(t.commands, [Command::QueryAt(at(22))]);

    let t = on_reply(ReplyClass::Accepted { echo_equal: false });
    let reason = HoldReason::EchoDiffers;
    let expect = PayoutState::Held {
        reason,
        money: HeldMoney::Reserved,
    };
    assert_eq!(*t.next.state(), expect);
    assert_eq!(t.commands, [Command::Page(PageReason::Held(reason))]);
    assert_eq!(t.transfers, []);
}

#[test]
fn row_4_never_moves_money_and_queries_after_the_back_off() {
    let t = on_reply(ReplyClass::NoDefiniteResult);
    assert_eq!(t.commands, [Command::QueryAt(at(3))]);
    assert_eq!(t.transfers, []);
    let t = on_reply(ReplyClass::UnknownCode);
    assert_eq!(t.commands[1], Command::Page(PageReason::UnknownCode));
}

#[test]
fn rows_5_to_7_wait_as_long_as_the_table_says() {
    assert_eq!(replied(ReplyClass::Processing).due_at(), Some(at(1_202)));
    assert_eq!(replied(ReplyClass::TooFast).due_at(), Some(at(62)));
    let next_00_05 = at(300);
    assert_eq!(
        replied(ReplyClass::PersonDayLimit).due_at(),
        Some(next_00_05)
    );
    let late = step(&reserved(), due(), 12 * HOUR).unwrap().next;
    let t = step(
        &late,
        reply(&late, ReplyClass::MerchantDayLimit),
        12 * HOUR + 1,
    );
    assert_eq!(t.unwrap().next.due_at(), Some(at(DAY + 300)));
}

#[test]
fn row_8_pauses_the_rail_for_everybody_and_keeps_the_number() {
    let fault = RailFault::BalanceTooLow;
    let t = on_reply(ReplyClass::RailBroken(fault));
    assert_eq!(
        t.commands,
        [
            Command::PauseRail(fault),
            Command::Page(PageReason::RailBroken(fault))
        ]
    );
    assert!(step(&t.next, due(), HOUR).is_ok());
}

#[test]
fn row_9_never_sends_a_refused_number_again() {
    let payout = refused();
    assert_eq!(payout.due_at(), Some(at(902)));
    assert!(matches!(
        step(&payout, due(), HOUR),
        Err(Refused::NotListed { .. })
    ));
}

#[test]
fn row_11_queries_before_anything_else_and_not_before_the_lease_ends() {
    let early = step(&in_flight(), Event::LeaseExpired, 30);
    assert_eq!(early, Err(Refused::TooEarly { until: at(31) }));
    let t = step(&in_flight(), Event::LeaseExpired, 31).unwrap();
    assert_eq!(t.commands, [Command::QueryAt(at(31))]);
    assert_eq!(t.next.state().name(), "unknown");
}

#[test]
fn rows_12_to_15_book_from_where_the_money_is() {
    let moved = |payout: &Payout, class| step(payout, answer(class, 30), 30).unwrap().transfers;
    use Account::{Left, Received, Reserved, Sent};
    assert_eq!(
        moved(&unknown(), QueryClass::Received),
        transfer(Reserved, Received)
    );
    assert_eq!(
        moved(&sent(), QueryClass::Received),
        transfer(Sent, Received)
    );
    assert_eq!(
        moved(&deferred(), QueryClass::Refunded),
        transfer(Reserved, Left)
    );
    assert_eq!(
        moved(&unknown(), QueryClass::Refunding),
        transfer(Reserved, Sent)
    );
    assert_eq!(
        moved(&deferred(), QueryClass::AwaitingRecipient),
        transfer(Reserved, Sent)
    );
    assert_eq!(moved(&refunding(), QueryClass::AwaitingRecipient), []);
}

#[test]
fn row_15_follows_the_schedule_of_row_2_from_the_acceptance() {
    let mut payout = sent();
    let mut waits = Vec::new();
    let mut now = 2;
    while now < 2 + 75 * HOUR {
        let next = payout.due_at().unwrap();
        now = (next - at(0)).num_seconds();
        waits.push(now - 2);
        payout = step(&payout, answer(QueryClass::AwaitingRecipient, now), now)
            .unwrap()
            .next;
    }
    let mut expect = vec![20, 120, 1_200, HOUR, 6 * HOUR, 24 * HOUR + 600];
    expect.extend((26..=72).map(|hour| hour * HOUR));
    expect.push(96 * HOUR);
    assert_eq!(waits, expect);
}

#[test]
fn row_16_asks_ever_more_seldom_down_to_once_an_hour() {
    let mut payout = unknown();
    let mut waits = Vec::new();
    for _ in 0..6 {
        let t = step(&payout, answer(QueryClass::Processing, HOUR), HOUR).unwrap();
        waits.push((t.next.due_at().unwrap() - at(HOUR)).num_seconds());
        payout = t.next;
    }
    assert_eq!(waits, [300, 600, 1_200, 2_400, 3_600, 3_600]);
}

#[test]
fn row_18_sends_the_same_number_again_only_after_it_had_time_to_arrive() {
    let early = step(&unknown(), answer(QueryClass::NotFound, 180), 200).unwrap();
    assert_eq!((early.row, early.next.due_at()), (20, Some(at(201))));
    let t = step(&unknown(), answer(QueryClass::NotFound, 181), 200).unwrap();
    let expect = PayoutState::Deferred {
        reason: DeferReason::NotFound,
        until: at(200),
    };
    assert_eq!((t.row, *t.next.state()), (18, expect));
    assert_eq!(t.next.attempt(), 1);
}

#[test]
fn row_18_stops_at_20_hours() {
    let last = 20 * HOUR;
    let t = step(&unknown(), answer(QueryClass::NotFound, last), last).unwrap();
    assert_eq!(t.row, 18);
    let t = step(&unknown(), answer(QueryClass::NotFound, last), last + 1).unwrap();
    assert_eq!(t.row, 20);
}

#[test]
fn row_19_needs_three_spaced_absences_after_the_quarantine() {
    let absent = |payout: &Payout, issued, now| {
        let t = step(payout, answer(QueryClass::NotFound, issued), now).unwrap();
        (t.row, t.next)
    };
    // Sent at second 1, quarantine 640 s: an answer counts by when its query left.
    let (row, payout) = absent(&refused(), 640, 5_000);
    assert_eq!(row, 20);
    let (row, payout) = absent(&payout, 641, 5_000);
    assert_eq!(row, 19);
    let (row, payout) = absent(&payout, 641, 5_000);
    assert_eq!(row, 20, "the same answer again proves nothing more");
    let (row, payout) = absent(&payout, 1_540, 5_000);
    assert_eq!(row, 20, "less than 15 minutes after the last");
    let (row, payout) = absent(&payout, 1_541, 5_000);
    assert_eq!((row, payout.state().name()), (19, "unknown"));
    let (row, payout) = absent(&payout, 2_441, 5_000);
    let reason = DeadReason::Refused(RefusedReason::Person(PersonRefusal::NotAuthorised));
    assert_eq!((row, *payout.state()), (19, PayoutState::Dead { reason }));
}

#[test]
fn row_19_starts_over_when_the_number_turns_out_to_exist() {
    let once = step(&refused(), answer(QueryClass::NotFound, 1_000), 1_000).unwrap();
    let twice = step(&once.next, answer(QueryClass::NotFound, 2_000), 2_000).unwrap();
    let exists = step(&twice.next, answer(QueryClass::Processing, 2_500), 2_500).unwrap();
    let third = step(&exists.next, answer(QueryClass::NotFound, 3_000), 3_000).unwrap();
    assert_eq!(third.next.state().name(), "unknown");
}

#[test]
fn row_19_does_not_believe_a_clock_that_runs_ahead() {
    let t = step(&refused(), answer(QueryClass::NotFound, 641), 600).unwrap();
    assert_eq!(t.row, 20);
}

#[test]
fn row_20_backs_off_up_to_half_an_hour_and_never_gives_up() {
    let mut payout = sent();
    let mut waits = Vec::new();
    for _ in 0..13 {
        let t = step(&payout, Event::QueryError, HOUR).unwrap();
        waits.push((t.next.due_at().unwrap() - at(HOUR)).num_seconds());
        payout = t.next;
    }
    assert_eq!(
        waits,
        [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]
    );
    assert_eq!(payout.state().name(), "sent");
}

#[test]
fn row_21_wakes_a_person_only_if_nothing_speaks_for_a_refusal() {
    let now = 20 * HOUR + 1;
    let t = step(&unknown(), Event::Tick, now).unwrap();
    assert!(
        t.commands
            .contains(&Command::Page(PageReason::OutcomeOverdue))
    );
    assert!(t.next.needs_person());
    let t = step(&replied(ReplyClass::TooFast), Event::Tick, now).unwrap();
    assert_eq!(t.commands, [Command::QueryAt(at(now))]);
    assert!(!t.next.needs_person());
    let again = step(&t.next, Event::Tick, now);
    assert_eq!(
        again,
        Err(Refused::TooEarly {
            until: at(25 * DAY + 1)
        })
    );
}

#[test]
fn row_22_counts_from_the_first_sending_and_keeps_the_money_where_it_is() {
    let early = step(&sent(), Event::Tick, 25 * DAY);
    assert_eq!(
        early,
        Err(Refused::TooEarly {
            until: at(25 * DAY + 1)
        })
    );
    let t = step(&sent(), Event::Tick, 25 * DAY + 1).unwrap();
    let expect = PayoutState::Held {
        reason: HoldReason::QueryWindowEnding,
        money: HeldMoney::Sent,
    };
    assert_eq!((*t.next.state(), t.transfers), (expect, vec![]));
    let t = step(&reserved(), Event::Tick, 25 * DAY).unwrap();
    assert_eq!(t.next.state().account(), Account::Reserved);
}

#[test]
fn row_27_stops_what_is_not_in_flight_and_leaves_the_money_where_it_waits() {
    let hold = Event::Hold {
        operator: OperatorId::new(7),
    };
    for (payout, money) in [(reserved(), HeldMoney::Reserved), (sent(), HeldMoney::Sent)] {
        let t = step(&payout, hold, HOUR).unwrap();
        let expect = PayoutState::Held {
            reason: HoldReason::Operator(OperatorId::new(7)),
            money,
        };
        assert_eq!((*t.next.state(), t.transfers), (expect, vec![]));
        assert_eq!(t.next.due_at(), None);
        // What one operator stopped, two let go on.
        let on = step(&t.next, operator(Resolution::Unknown), HOUR).unwrap();
        assert_eq!((on.row, on.next.state().name()), (24, "unknown"));
    }
}

#[test]
fn row_23_makes_one_successor_under_the_next_attempt() {
    let t = step(&dead(), renewal(), HOUR).unwrap();
    let successor = t.successor.unwrap();
    assert_eq!(successor.attempt(), 2);
    assert_eq!((successor.amount(), successor.version()), (AMOUNT, 0));
    assert_eq!(successor.state(), &PayoutState::Reserved);
    assert_eq!(t.transfers, transfer(Account::Left, Account::Reserved));
    let again = step(&t.next, renewal(), HOUR);
    assert_eq!(again, Err(Refused::AlreadyRenewed { attempt: 1 }));
}

/// The `n`th attempt of an award, dead.
fn dead_attempt(n: u8) -> Payout {
    (1..n).fold(dead(), |payout, _| {
        let fresh = step(&payout, renewal(), 40).unwrap().successor.unwrap();
        let sending = step(&fresh, due(), 41).unwrap().next;
        let lost = reply(&sending, ReplyClass::NoDefiniteResult);
        let unknown = step(&sending, lost, 42).unwrap().next;
        step(&unknown, answer(QueryClass::Failed, 43), 43)
            .unwrap()
            .next
    })
}

#[test]
fn row_23_allows_two_attempts_by_policy_and_three_by_two_persons() {
    let by_policy = Event::NewAttempt {
        authority: Authority::Policy,
        city_open: true,
    };
    let none_left = |attempt, limit| Err(Refused::NoAttemptLeft { attempt, limit });
    assert!(step(&dead_attempt(1), by_policy, HOUR).is_ok());
    assert_eq!(step(&dead_attempt(2), by_policy, HOUR), none_left(2, 2));
    assert!(step(&dead_attempt(2), renewal(), HOUR).is_ok());
    assert_eq!(step(&dead_attempt(3), renewal(), HOUR), none_left(3, 3));
}

#[test]
fn row_23_needs_an_open_city_and_two_persons() {
    let closed = Event::NewAttempt {
        authority: Authority::Policy,
        city_open: false,
    };
    assert_eq!(step(&dead(), closed, HOUR), Err(Refused::CityNotOpen));
    let operator = OperatorId::new(3);
    let alone = Event::NewAttempt {
        authority: Authority::DualControl {
            maker: operator,
            checker: operator,
        },
        city_open: true,
    };
    assert_eq!(
        step(&refunded(), alone, HOUR),
        Err(Refused::MakerIsChecker { operator })
    );
}

#[test]
fn row_24_resolves_a_held_payout_to_each_of_five_ends() {
    let ends = [
        (Resolution::Deferred, "deferred"),
        (Resolution::Unknown, "unknown"),
        (Resolution::Dead, "dead"),
        (Resolution::Received, "received"),
        (Resolution::Refunded, "refunded"),
    ];
    for (resolution, expect) in ends {
        let t = step(&held(), operator(resolution), HOUR).unwrap();
        assert_eq!(t.next.state().name(), expect);
        assert!(matches!(t.commands[0], Command::Audit { .. }));
    }
}

#[test]
fn row_25_puts_the_money_of_a_contradicted_end_in_suspense_once() {
    let paid = Event::BillContradicts {
        finding: BillFinding::Paid,
    };
    let t = step(&dead(), paid, HOUR).unwrap();
    assert_eq!(t.transfers, transfer(Account::Left, Account::Suspense));
    assert_eq!(t.next.state(), dead().state());
    let again = step(&t.next, paid, HOUR).unwrap();
    assert_eq!((again.row, again.transfers), (26, vec![]));
    let renewed = step(&t.next, renewal(), HOUR);
    assert_eq!(renewed, Err(Refused::InDispute { attempt: 1 }));
}

#[test]
fn row_25_books_a_second_payment_as_money_beyond_the_award() {
    let renewed = step(&dead(), renewal(), HOUR).unwrap().next;
    let paid = Event::BillContradicts {
        finding: BillFinding::Paid,
    };
    let t = step(&renewed, paid, HOUR).unwrap();
    assert_eq!(t.transfers, transfer(Account::Suspense, Account::Received));
    assert_eq!(t.next.position_fen(Account::Suspense), -1_428);
    assert_eq!(t.next.position_fen(Account::Received), 1_428);
}

#[test]
fn row_26_counts_a_bill_that_agrees_as_a_duplicate() {
    let agreeing = [
        (received(), BillFinding::Paid),
        (refunded(), BillFinding::Refunded),
        (dead(), BillFinding::Absent),
    ];
    for (payout, finding) in agreeing {
        let t = step(&payout, Event::BillContradicts { finding }, HOUR).unwrap();
        assert_eq!((t.row, t.next), (26, payout));
        assert_eq!(t.commands, [Command::CountDuplicate]);
    }
}

#[test]
fn row_26_keeps_the_end_but_wakes_a_person_if_money_moved_after_it() {
    let t = step(&dead(), answer(QueryClass::Received, HOUR), HOUR).unwrap();
    assert_eq!(t.next, dead());
    assert_eq!(
        t.commands,
        [
            Command::CountDuplicate,
            Command::Page(PageReason::TerminalContradicted)
        ]
    );
}
