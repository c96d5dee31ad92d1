//! One award and the real payout machine, with two workers, packets that come late or twice, and processes that die.
//!
//! Time goes in whole seconds under a policy whose waits are as short as their order allows: what matters is which
//! wait outlasts which packet, not how long either is.

use reward_core::{
    Authority, ChannelProfile, Event, Fen, Jitter, NextStep, Payout, PayoutPolicy, PayoutState,
    Permit, PersonRefusal, QueryClass, ReplyClass, WorkerId,
};
use stateright::{Model, Property};

use super::{Explored, Reach, check};
use crate::season::instant_of_second as at;

/// One slip each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Variant {
    Right,
    /// A refused number is dead at the first "not found".
    NoQuarantine,
    /// The quarantine is held against the answer's instant.
    QuarantineAfterQuery,
    /// "Not found" is taken for failed.
    NewNumberOnNotFound,
    /// No answer is taken for failed.
    NewNumberOnSilence,
    /// After a death the worker begins anew under another number.
    NewNumberAfterDeath,
}

const VARIANTS: [(Variant, &str); 6] = [
    (Variant::Right, "payout"),
    (Variant::NoQuarantine, "payout, released without quarantine"),
    (
        Variant::QuarantineAfterQuery,
        "payout, quarantine checked after the query",
    ),
    (
        Variant::NewNumberOnNotFound,
        "payout, new number on NOT_FOUND",
    ),
    (Variant::NewNumberOnSilence, "payout, new number on silence"),
    (
        Variant::NewNumberAfterDeath,
        "payout, new number after a death",
    ),
];

/// What the rail knows of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Truth {
    Unseen,
    Paid,
}

/// A message on the wire: of which attempt, and until when it arrives at the latest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Message {
    Packet {
        attempt: usize,
        latest: u8,
        version: u64,
        worker: u64,
    },
    Reply {
        attempt: usize,
        version: u64,
        worker: u64,
        code: u8,
    },
    Answer {
        attempt: usize,
        issued: u8,
        code: u8,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    now: u8,
    attempts: Vec<Payout>,
    truths: Vec<Truth>,
    /// Sorted, so that the order of sending makes no other state.
    wire: Vec<Message>,
    deaths_left: u8,
    sendings_left: u8,
    /// Whether a question is under way.
    asking: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    /// A worker takes the next step, and dies right after its commit or not.
    Step {
        worker: u64,
        dies: bool,
    },
    /// The rail takes a packet; it executes, refuses or keeps silent after executing or not.
    Deliver {
        index: usize,
        code: u8,
        doubled: bool,
    },
    Lose {
        index: usize,
    },
    /// A reply or an answer is written.
    Hear {
        index: usize,
    },
    Silence {
        index: usize,
    },
    Wait,
    Renew,
}

#[derive(Debug, Clone, Copy)]
struct World {
    variant: Variant,
    last: u8,
    deaths: u8,
    sendings: u8,
}

const POLICY: PayoutPolicy = PayoutPolicy {
    lease_seconds: 2,
    request_limit_seconds: 1,
    quarantine_margin_seconds: 1,
    absences_needed: 1,
    absence_spacing_seconds: 1,
    settle_seconds: 1,
    backoff_base_millis: 1_000,
    backoff_cap_millis: 1_000,
    processing_seconds: 1,
    too_fast_seconds: 1,
    refused_seconds: 1,
    refunding_seconds: 1,
    in_process_base_seconds: 1,
    in_process_cap_seconds: 1,
    attempts_by_policy: 2,
    renew_after_close: true,
    ..PayoutPolicy::PUBLISHED
};

/// A packet arrives within so many seconds of its commit: what the quarantine is made for.
const LATEST: u8 = 3;

const OK: u8 = 0;
const REFUSED: u8 = 1;
const DONE_BUT_SILENT: u8 = 2;
const BUSY: u8 = 3;

fn reply_of(code: u8) -> ReplyClass {
    match code {
        OK => ReplyClass::Accepted { echo_equal: true },
        REFUSED => ReplyClass::RefusedForPerson(PersonRefusal::NotAuthorised),
        BUSY => ReplyClass::TooFast,
        _ => ReplyClass::NoDefiniteResult,
    }
}

impl World {
    fn policy(self) -> PayoutPolicy {
        match self.variant {
            Variant::NoQuarantine => PayoutPolicy {
                lease_seconds: 2,
                request_limit_seconds: 0,
                quarantine_margin_seconds: 0,
                ..POLICY
            },
            _ => POLICY,
        }
    }

    fn channel() -> ChannelProfile {
        ChannelProfile {
            resend_interval_seconds: 1,
            ..ChannelProfile::red_packet_default()
        }
    }

    /// Feeds one event; false if the machine refuses it.
    fn feed(self, state: &mut State, attempt: usize, event: Event) -> bool {
        let Some(payout) = state.attempts.get(attempt).copied() else {
            return false;
        };
        let now = at(i64::from(state.now));
        let stepped = payout.step(event, now, &Self::channel(), &self.policy(), Jitter::NONE);
        let Ok(step) = stepped else { return false };
        state.attempts[attempt] = step.next;
        if let Some(newer) = step.successor {
            state.attempts.push(newer);
            state.truths.push(Truth::Unseen);
        }
        true
    }

    fn renew(self, state: &mut State, attempt: usize) -> bool {
        let authority = Authority::Policy;
        let city_open = true;
        self.feed(
            state,
            attempt,
            Event::NewAttempt {
                authority,
                city_open,
            },
        )
    }

    /// A number given up without proof: only in a wrong variant.
    fn abandon(self, state: &mut State, attempt: usize) {
        let amount = state.attempts[attempt].amount();
        if state.attempts.len() < 2
            && let Ok((fresh, _)) = Payout::reserve(amount, at(i64::from(state.now)))
        {
            state.attempts.push(fresh);
            state.truths.push(Truth::Unseen);
        }
    }

    fn step(self, state: &mut State, worker: u64, dies: bool) -> bool {
        let newest = state.attempts.len() - 1;
        let payout = state.attempts[newest];
        let now = at(i64::from(state.now));
        match payout.next_step(now, &Self::channel(), &self.policy()) {
            NextStep::Send if state.sendings_left > 0 => {
                let id = WorkerId::new(worker);
                let permit = Permit::Granted;
                if !self.feed(state, newest, Event::Due { worker: id, permit }) {
                    return false;
                }
                state.sendings_left -= 1;
                if !dies {
                    state.wire.push(Message::Packet {
                        attempt: newest,
                        latest: state.now + LATEST,
                        version: state.attempts[newest].version(),
                        worker,
                    });
                }
                true
            }
            NextStep::Query if !state.asking && !dies => {
                let code = match state.truths[newest] {
                    Truth::Unseen => 0,
                    Truth::Paid => 1,
                };
                state.wire.push(Message::Answer {
                    attempt: newest,
                    issued: state.now,
                    code,
                });
                state.asking = true;
                true
            }
            NextStep::ExpireLease if !dies => {
                if self.variant == Variant::NewNumberAfterDeath {
                    let n = state.attempts.len();
                    self.abandon(state, newest);
                    if state.attempts.len() > n {
                        return true;
                    }
                }
                self.feed(state, newest, Event::LeaseExpired)
            }
            NextStep::Tick if !dies => self.feed(state, newest, Event::Tick),
            _ => false,
        }
    }

    fn deliver(state: &mut State, index: usize, code: u8, doubled: bool) -> bool {
        let Some(Message::Packet {
            attempt,
            version,
            worker,
            latest,
        }) = state.wire.get(index).copied()
        else {
            return false;
        };
        if !doubled {
            state.wire.remove(index);
        } else if state.wire.len() > 3 || latest <= state.now {
            return false;
        }
        let truth = state.truths[attempt];
        let code = match truth {
            // The rail keeps to what it has done under a number.
            Truth::Paid if code == DONE_BUT_SILENT => DONE_BUT_SILENT,
            Truth::Paid => OK,
            Truth::Unseen => code,
        };
        if code == OK || code == DONE_BUT_SILENT {
            state.truths[attempt] = Truth::Paid;
        }
        if code != DONE_BUT_SILENT && !doubled {
            state.wire.push(Message::Reply {
                attempt,
                version,
                worker,
                code,
            });
        }
        true
    }

    fn hear(self, state: &mut State, index: usize) -> bool {
        let message = state.wire.remove(index);
        match message {
            Message::Reply {
                attempt,
                version,
                worker,
                code,
            } => {
                let class = reply_of(code);
                let worker = WorkerId::new(worker);
                self.feed(
                    state,
                    attempt,
                    Event::Reply {
                        worker,
                        version,
                        class,
                    },
                )
            }
            Message::Answer {
                attempt,
                issued,
                code,
            } => {
                state.asking = false;
                let class = match code {
                    0 if self.variant == Variant::NewNumberOnNotFound => QueryClass::Failed,
                    0 => QueryClass::NotFound,
                    1 => QueryClass::Received,
                    _ => QueryClass::Failed,
                };
                let issued = if self.variant == Variant::QuarantineAfterQuery {
                    state.now
                } else {
                    issued
                };
                let issued_at = at(i64::from(issued));
                let _taken = self.feed(state, attempt, Event::QueryResult { class, issued_at });
                true
            }
            Message::Packet { .. } => false,
        }
    }

    /// The worker's own wait for an answer is over.
    fn silence(self, state: &mut State, index: usize) -> bool {
        match state.wire.get(index).copied() {
            Some(Message::Packet {
                attempt,
                version,
                worker,
                ..
            }) => {
                let payout = state.attempts[attempt];
                if payout.version() != version {
                    return false;
                }
                let class = ReplyClass::NoDefiniteResult;
                let worker = WorkerId::new(worker);
                if self.variant == Variant::NewNumberOnSilence {
                    self.abandon(state, attempt);
                }
                self.feed(
                    state,
                    attempt,
                    Event::Reply {
                        worker,
                        version,
                        class,
                    },
                )
            }
            _ => false,
        }
    }

    /// Whether a packet must arrive or be lost before time may go on.
    fn is_urgent(state: &State) -> bool {
        state.wire.iter().any(
            |message| matches!(message, Message::Packet { latest, .. } if *latest <= state.now),
        )
    }
}

impl Model for World {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let reserved = Payout::reserve(Fen::new(1_428), at(0));
        let attempts = reserved.map(|(payout, _)| vec![payout]).unwrap_or_default();
        vec![State {
            now: 0,
            attempts,
            truths: vec![Truth::Unseen],
            wire: Vec::new(),
            deaths_left: self.deaths,
            sendings_left: self.sendings,
            asking: false,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for worker in 1..=2 {
            actions.push(Action::Step {
                worker,
                dies: false,
            });
            if state.deaths_left > 0 {
                actions.push(Action::Step { worker, dies: true });
            }
        }
        for (index, message) in state.wire.iter().enumerate() {
            if let Message::Packet { .. } = message {
                for code in [OK, REFUSED, DONE_BUT_SILENT, BUSY] {
                    actions.push(Action::Deliver {
                        index,
                        code,
                        doubled: false,
                    });
                }
                actions.push(Action::Deliver {
                    index,
                    code: REFUSED,
                    doubled: true,
                });
                actions.push(Action::Silence { index });
            } else {
                actions.push(Action::Hear { index });
            }
            actions.push(Action::Lose { index });
        }
        if state.now < self.last && !Self::is_urgent(state) {
            actions.push(Action::Wait);
        }
        actions.push(Action::Renew);
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        let moved = match action {
            Action::Step { worker, dies } => {
                if dies {
                    state.deaths_left -= 1;
                }
                self.step(&mut state, worker, dies)
            }
            Action::Deliver {
                index,
                code,
                doubled,
            } => Self::deliver(&mut state, index, code, doubled),
            Action::Lose { index } => {
                if let Message::Answer { .. } = state.wire.remove(index) {
                    state.asking = false;
                }
                true
            }
            Action::Hear { index } => self.hear(&mut state, index),
            Action::Silence { index } => self.silence(&mut state, index),
            Action::Wait => {
                state.now += 1;
                true
            }
            Action::Renew => {
                let newest = state.attempts.len() - 1;
                self.renew(&mut state, newest) && state.attempts.len() > last.attempts.len()
            }
        };
        state.wire.sort_unstable();
        (moved && state != *last).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("nobody is paid twice", |_, state: &State| {
                state
                    .truths
                    .iter()
                    .filter(|truth| **truth == Truth::Paid)
                    .count()
                    <= 1
            }),
            Property::always("the dead do not pay", |_, state: &State| {
                let dead = |payout: &Payout| matches!(payout.state(), PayoutState::Dead { .. });
                let both = state.attempts.iter().zip(&state.truths);
                !both
                    .into_iter()
                    .any(|(payout, truth)| dead(payout) && *truth == Truth::Paid)
            }),
            Property::always("received is paid", |_, state: &State| {
                let got = |payout: &Payout| matches!(payout.state(), PayoutState::Received);
                let both = state.attempts.iter().zip(&state.truths);
                !both
                    .into_iter()
                    .any(|(payout, truth)| got(payout) && *truth != Truth::Paid)
            }),
            Property::sometimes("it can end well", |_, state: &State| {
                state
                    .attempts
                    .iter()
                    .any(|p| matches!(p.state(), PayoutState::Received))
            }),
            Property::sometimes("a second attempt can be paid", |_, state: &State| {
                state.truths.get(1) == Some(&Truth::Paid)
            }),
        ]
    }
}

pub(super) fn explore(reach: Reach, jobs: usize) -> Vec<Explored> {
    let (last, states) = match reach {
        Reach::Short => (16, 3_000_000),
        Reach::Long => (16, 9_000_000),
    };
    let world = |variant| World {
        variant,
        last,
        deaths: 2,
        sendings: 4,
    };
    VARIANTS
        .map(|(variant, name)| {
            let is_wrong = variant != Variant::Right;
            check(name, world(variant), is_wrong, states, jobs)
        })
        .into()
}
