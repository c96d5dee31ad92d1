//! A worker following the machine against a faulty rail: nobody is paid twice, and everybody gets an end.
//!
//! The rail keeps its own truth per number and tells it only by replies and answers to queries.
//! Packets are lost, or late by up to what the quarantine assumes; replies are lost, or come after the lease;
//! workers die between commit and reply. A number in processing is found by a query.

use chrono::{DateTime, TimeDelta, Utc};
use rand::{Rng, SeedableRng, rngs::ChaCha12Rng};
use reward_core::{
    Authority, ChannelProfile, Event, Jitter, NextStep, Payout, PayoutPolicy, PersonRefusal,
    QueryClass, RailFault, ReplyClass,
};

use crate::payout_states::{AMOUNT, WORKER, at, due};

/// What the rail knows about one number.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Truth {
    Unseen,
    Processing { fails: bool, until: DateTime<Utc> },
    Waiting { since: DateTime<Utc> },
    Received,
    Refunding { until: DateTime<Utc> },
    Refunded,
    Failed,
}

impl Truth {
    /// Whether money is with the person or may still get there.
    const fn pays(self) -> bool {
        !matches!(self, Self::Unseen | Self::Refunded | Self::Failed)
    }

    /// One step of the rail's own course.
    fn grown(self, now: DateTime<Utc>, opens_after: Option<TimeDelta>) -> Self {
        let day = TimeDelta::hours(24);
        match self {
            Self::Processing { fails: true, until } if until <= now => Self::Failed,
            Self::Processing { until, .. } if until <= now => Self::Waiting { since: until },
            Self::Waiting { since } if opens_after.is_some_and(|wait| since + wait <= now) => {
                Self::Received
            }
            Self::Waiting { since } if since + day <= now => Self::Refunding {
                until: since + day + TimeDelta::minutes(30),
            },
            Self::Refunding { until } if until <= now => Self::Refunded,
            same => same,
        }
    }
}

/// One number at the rail.
struct Number {
    truth: Truth,
    /// How long the person takes to open it; never, if `None`.
    opens_after: Option<TimeDelta>,
}

struct World {
    random: ChaCha12Rng,
    now: DateTime<Utc>,
    faults_until: DateTime<Utc>,
    policy: PayoutPolicy,
    numbers: Vec<Number>,
    attempts: Vec<Payout>,
    /// Packets on the wire: arrival and index of the number.
    wire: Vec<(DateTime<Utc>, usize)>,
    /// Replies that a stalled worker writes late: instant, index of the attempt, event.
    stalled: Vec<(DateTime<Utc>, usize, Event)>,
    /// The largest number of an award's payments that were alive at once.
    alive_at_once: usize,
    trace: Vec<(usize, u8, &'static str)>,
    ended_at: Vec<DateTime<Utc>>,
}

impl World {
    fn new(seed: u64, policy: PayoutPolicy) -> Self {
        let mut world = Self {
            random: ChaCha12Rng::seed_from_u64(seed),
            now: at(0),
            faults_until: at(0),
            policy,
            numbers: Vec::new(),
            attempts: Vec::new(),
            wire: Vec::new(),
            stalled: Vec::new(),
            alive_at_once: 0,
            trace: Vec::new(),
            ended_at: Vec::new(),
        };
        world.faults_until = at(world.below(16 * 3_600));
        world.begin(Payout::reserve(AMOUNT, at(0)).unwrap().0);
        world
    }

    fn begin(&mut self, payout: Payout) {
        let opens = self.below(4) > 0;
        let wait = TimeDelta::seconds(self.below(80_000));
        self.attempts.push(payout);
        self.numbers.push(Number {
            truth: Truth::Unseen,
            opens_after: opens.then_some(wait),
        });
    }

    fn below(&mut self, n: u32) -> i64 {
        i64::from(self.random.next_u32() % n)
    }

    /// True in one of `n` cases, and never once the faults are over.
    fn fault(&mut self, n: u32) -> bool {
        self.below(n) == 0 && self.now < self.faults_until
    }

    /// Moves the clock, stopping at every packet and late reply on the way.
    fn pass_until(&mut self, until: DateTime<Utc>) {
        self.wire.sort();
        while let Some(index) = self.wire.iter().position(|(arrival, _)| *arrival <= until) {
            let (arrival, number) = self.wire.remove(index);
            self.now = self.now.max(arrival);
            self.grow();
            let _unheard = self.execute(number);
            self.grow();
        }
        while let Some(index) = self.stalled.iter().position(|(late, ..)| *late <= until) {
            let (late, attempt, event) = self.stalled.remove(index);
            self.now = self.now.max(late);
            self.apply(attempt, event);
        }
        self.now = self.now.max(until);
        self.grow();
    }

    fn grow(&mut self) {
        for number in &mut self.numbers {
            loop {
                let grown = number.truth.grown(self.now, number.opens_after);
                if grown == number.truth {
                    break;
                }
                number.truth = grown;
            }
        }
        let alive = self.numbers.iter().filter(|n| n.truth.pays()).count();
        self.alive_at_once = self.alive_at_once.max(alive);
    }

    /// The rail executes one packet, and would reply this.
    fn execute(&mut self, number: usize) -> ReplyClass {
        match self.numbers[number].truth {
            Truth::Unseen => {}
            Truth::Processing { .. } => return ReplyClass::Processing,
            Truth::Failed => return ReplyClass::RefusedForPerson(PersonRefusal::FinallyFailed),
            Truth::Waiting { .. } | Truth::Received | Truth::Refunding { .. } | Truth::Refunded => {
                return ReplyClass::Accepted { echo_equal: true };
            }
        }
        if self.fault(2) {
            let not_executed = [
                ReplyClass::TooFast,
                ReplyClass::PersonDayLimit,
                ReplyClass::RailBroken(RailFault::BalanceTooLow),
                ReplyClass::RefusedForPerson(PersonRefusal::NotAuthorised),
                ReplyClass::NoDefiniteResult,
                ReplyClass::UnknownCode,
            ];
            return not_executed[usize::try_from(self.below(6)).unwrap()];
        }
        if self.fault(4) {
            let fails = self.below(2) == 0;
            let until = self.faults_until;
            self.numbers[number].truth = Truth::Processing { fails, until };
            return ReplyClass::Processing;
        }
        self.numbers[number].truth = Truth::Waiting { since: self.now };
        if self.fault(4) {
            ReplyClass::NoDefiniteResult
        } else {
            ReplyClass::Accepted { echo_equal: true }
        }
    }

    /// Puts one packet on the wire; `None` if the worker does not get to write a reply now.
    fn send(&mut self, attempt: usize) -> Option<ReplyClass> {
        if self.fault(3) {
            if self.below(3) > 0 {
                let delay = TimeDelta::seconds(self.below(640));
                self.wire.push((self.now + delay, attempt));
            }
            self.pass_until(self.now + TimeDelta::seconds(10));
            return (!self.fault(2)).then_some(ReplyClass::NoDefiniteResult);
        }
        let reply = self.execute(attempt);
        self.grow();
        if self.fault(4) {
            let event = Event::Reply {
                worker: WORKER,
                version: self.attempts[attempt].version(),
                class: reply,
            };
            let late = self.now + TimeDelta::seconds(self.below(1_000));
            self.stalled.push((late, attempt, event));
            return None;
        }
        Some(reply)
    }

    fn query(&mut self, attempt: usize) -> Event {
        if self.fault(3) {
            return Event::QueryError;
        }
        let class = match self.numbers[attempt].truth {
            Truth::Unseen => QueryClass::NotFound,
            Truth::Processing { .. } => QueryClass::Processing,
            Truth::Waiting { .. } => QueryClass::AwaitingRecipient,
            Truth::Received => QueryClass::Received,
            Truth::Refunding { .. } => QueryClass::Refunding,
            Truth::Refunded => QueryClass::Refunded,
            Truth::Failed => QueryClass::Failed,
        };
        Event::QueryResult {
            class,
            issued_at: self.now,
        }
    }

    /// Applies an event; a refused one changes nothing.
    fn apply(&mut self, attempt: usize, event: Event) -> bool {
        let jitter = Jitter::from_permille(u16::try_from(self.below(1_001)).unwrap());
        let channel = ChannelProfile::red_packet_default();
        let before = self.attempts[attempt];
        let Ok(t) = before.step(event, self.now, &channel, &self.policy, jitter) else {
            return false;
        };
        if t.next.state().is_terminal() && !before.state().is_terminal() {
            self.ended_at.push(self.now);
        }
        self.trace.push((attempt, t.row, t.next.state().name()));
        self.attempts[attempt] = t.next;
        if let Some(successor) = t.successor {
            self.begin(successor);
        }
        true
    }

    /// Does what the machine says until nothing is left to do.
    fn run(mut self) -> Self {
        let renewal = Event::NewAttempt {
            authority: Authority::Policy,
            city_open: true,
        };
        let channel = ChannelProfile::red_packet_default();
        for _ in 0..10_000 {
            let newest = self.attempts.len() - 1;
            let payout = self.attempts[newest];
            match payout.next_step(self.now, &channel, &self.policy) {
                NextStep::Send => {
                    assert!(self.apply(newest, due()), "{payout:?} at {}", self.now);
                    let version = self.attempts[newest].version();
                    if let Some(class) = self.send(newest) {
                        let worker = WORKER;
                        let reply = Event::Reply {
                            worker,
                            version,
                            class,
                        };
                        self.apply(newest, reply);
                    }
                }
                NextStep::Query => {
                    let event = self.query(newest);
                    assert!(self.apply(newest, event), "{payout:?} at {}", self.now);
                }
                NextStep::ExpireLease => assert!(self.apply(newest, Event::LeaseExpired)),
                NextStep::Tick => assert!(self.apply(newest, Event::Tick)),
                NextStep::Wait(until) => self.pass_until(until),
                NextStep::Nothing => {
                    let renewable = payout.state().name() != "received";
                    if !(renewable && self.apply(newest, renewal)) {
                        break;
                    }
                }
            }
        }
        // Whatever is still on the wire arrives, and every course at the rail runs out.
        self.pass_until(self.now + TimeDelta::hours(50));
        self
    }
}

const SEEDS: u64 = 2_000;

/// P1 and P7.
#[test]
fn under_any_faults_one_award_pays_at_most_once_and_ends_in_time() {
    let lag = TimeDelta::hours(27);
    for seed in 0..SEEDS {
        let world = World::new(seed, PayoutPolicy::PUBLISHED).run();
        assert!(world.alive_at_once <= 1, "seed {seed}: {:?}", world.trace);
        assert_eq!(world.ended_at.len(), world.attempts.len(), "seed {seed}");
        for (payout, ended_at) in world.attempts.iter().zip(&world.ended_at) {
            let last_sent_at = payout.last_sent_at().unwrap();
            let calm = world.faults_until.max(last_sent_at);
            assert!(*ended_at <= calm + lag, "seed {seed}: {:?}", world.trace);
            let calm = world.faults_until.max(payout.reserved_at());
            let next_day = TimeDelta::minutes(24 * 60 + 36);
            assert!(last_sent_at <= calm + next_day, "seed {seed}");
        }
    }
}

/// What the machine ends with is what the rail did.
#[test]
fn under_any_faults_the_end_tells_the_truth() {
    for seed in 0..SEEDS {
        let world = World::new(seed, PayoutPolicy::PUBLISHED).run();
        for (payout, number) in world.attempts.iter().zip(&world.numbers) {
            let agrees = match payout.state().name() {
                "received" => number.truth == Truth::Received,
                "refunded" => number.truth == Truth::Refunded,
                "dead" => matches!(number.truth, Truth::Unseen | Truth::Failed),
                _ => false,
            };
            assert!(agrees, "seed {seed}: {payout:?} but {:?}", number.truth);
        }
    }
}

/// The seeds reach the hard corners; without this the laws above could be empty.
#[test]
fn the_seeds_take_every_row_that_a_worker_can_meet() {
    let mut rows = std::collections::BTreeSet::new();
    let mut renewed = 0;
    for seed in 0..SEEDS {
        let world = World::new(seed, PayoutPolicy::PUBLISHED).run();
        rows.extend(world.trace.iter().map(|(_, row, _)| *row));
        renewed += world.attempts.len() - 1;
    }
    let expect = [
        1, 2, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 23, 26,
    ];
    assert_eq!(rows.into_iter().collect::<Vec<_>>(), expect);
    assert!(renewed > 100, "{renewed}");
}

/// The quarantine is what keeps a dead number from paying: without it some seed pays twice.
#[test]
fn without_the_quarantine_somebody_is_paid_twice() {
    let reckless = PayoutPolicy {
        request_limit_seconds: 0,
        quarantine_margin_seconds: 0,
        refused_seconds: 30,
        absences_needed: 1,
        ..PayoutPolicy::PUBLISHED
    };
    assert!((0..SEEDS).any(|seed| World::new(seed, reckless).run().alive_at_once > 1));
}

/// P9.
#[test]
fn the_same_seed_gives_the_same_trace() {
    let trace = |seed| World::new(seed, PayoutPolicy::PUBLISHED).run().trace;
    for seed in 0..50 {
        assert_eq!(trace(seed), trace(seed));
    }
    assert!((0..50).any(|seed| trace(seed) != trace(seed + 1)));
}
