//! Claims, the close and a failover: the real decision, a latch, and a standby whose clock is behind.

use chrono::{DateTime, Utc};
use reward_core::{
    BaseUse, ChanceKind, ClaimFacts, ClaimPhase, ClaimScope, MoneyState, ReferralPolicy, Refusal,
};
use stateright::{Model, Property};

use super::{Explored, Reach, check};
use crate::season::instant_of_second as at;

/// One slip each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Variant {
    Right,
    NoLatch,
    NoHeartbeat,
    Inclusive,
    NotUnique,
    CheckThenAct,
}

const VARIANTS: [(Variant, &str); 6] = [
    (Variant::Right, "claim × close × failover"),
    (Variant::NoLatch, "claim, without the latch"),
    (Variant::NoHeartbeat, "claim, without the heartbeat"),
    (Variant::Inclusive, "claim, the last instant included"),
    (Variant::NotUnique, "claim, chances not unique"),
    (Variant::CheckThenAct, "claim, counted before the lock"),
];

/// The close, in seconds; the standby is behind by so many.
const CLOSES: u8 = 4;
const BEHIND: u8 = 2;
const PACKETS: u8 = 3;
const PEOPLE: usize = 4;

/// What a person waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Person {
    Idle,
    /// Taps under way: the facts an instance read for each, before its write.
    Read {
        taken: u8,
        used: bool,
        tapped_twice: bool,
    },
    Awarded,
    Refused,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    now: u8,
    behind: u8,
    latch: u8,
    taken: u8,
    people: [Person; PEOPLE],
    awards: [u8; PEOPLE],
    /// The latest decision, and whether one was ever decided earlier or outside the window.
    last: u8,
    went_back: bool,
    outside: bool,
    told_closed: bool,
    reopened: bool,
    failed_over: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Tick,
    Read(usize),
    Write { person: usize, known: bool },
    TapAgain(usize),
    FailOver,
    Look,
}

#[derive(Debug, Clone, Copy)]
struct World {
    variant: Variant,
    until: u8,
}

fn second(n: u8) -> DateTime<Utc> {
    at(i64::from(n))
}

/// What is known about somebody who passed twice.
fn facts(over: bool, used: bool, has_money: bool) -> ClaimFacts {
    ClaimFacts {
        phase: if over {
            ClaimPhase::Closed {
                closed: second(CLOSES),
            }
        } else {
            ClaimPhase::Open
        },
        following: true,
        passes_here: 2,
        passes_unused_here: 1,
        base_used: used.then_some(BaseUse::Here { at: second(0) }),
        referral_chances_open_here: 0,
        scope: ClaimScope::Season,
        referral: ReferralPolicy::Off,
        money: if has_money {
            MoneyState::Available
        } else {
            MoneyState::CityExhausted
        },
    }
}

impl World {
    fn clock(state: &State) -> u8 {
        state.now.saturating_sub(state.behind)
    }

    /// The transaction: the real decision over the facts as they are now, or as they were read with a slip.
    fn write(self, state: &mut State, person: usize, known: bool) -> bool {
        let Person::Read {
            taken,
            used,
            tapped_twice,
        } = state.people[person]
        else {
            return false;
        };
        let decided = if self.variant == Variant::NoLatch {
            Self::clock(state)
        } else {
            state.latch.max(Self::clock(state))
        };
        let stale = self.variant == Variant::CheckThenAct;
        let taken = if stale { taken } else { state.taken };
        let used = if self.variant == Variant::NotUnique {
            used
        } else {
            state.awards[person] > 0
        };
        let over = if self.variant == Variant::Inclusive {
            decided > CLOSES
        } else {
            decided >= CLOSES
        };
        state.latch = state.latch.max(decided);
        let outcome = match facts(over, used, taken < PACKETS).decide() {
            Ok(claim) => {
                debug_assert_eq!(claim.kind, ChanceKind::Base);
                state.taken += 1;
                state.awards[person] += 1;
                state.went_back |= decided < state.last;
                state.outside |= decided >= CLOSES;
                state.reopened |= state.told_closed;
                state.last = decided;
                Person::Awarded
            }
            Err(refusal) => {
                state.told_closed |= known && matches!(refusal, Refusal::Closed { .. });
                Person::Refused
            }
        };
        // An answer that is lost is asked for again; so is the second of two taps.
        state.people[person] = if tapped_twice || !known {
            Person::Read {
                taken,
                used,
                tapped_twice: false,
            }
        } else {
            outcome
        };
        true
    }
}

impl Model for World {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            now: 0,
            behind: 0,
            latch: 0,
            taken: 0,
            people: [Person::Idle; PEOPLE],
            awards: [0; PEOPLE],
            last: 0,
            went_back: false,
            outside: false,
            told_closed: false,
            reopened: false,
            failed_over: false,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.now < self.until {
            actions.push(Action::Tick);
        }
        for person in 0..PEOPLE {
            actions.push(Action::Read(person));
            actions.push(Action::TapAgain(person));
            for known in [true, false] {
                actions.push(Action::Write { person, known });
            }
        }
        if !state.failed_over {
            actions.push(Action::FailOver);
        }
        actions.push(Action::Look);
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Tick => {
                state.now += 1;
                // Every second somebody raises the latch.
                if !matches!(self.variant, Variant::NoHeartbeat | Variant::NoLatch) {
                    state.latch = state.latch.max(Self::clock(&state));
                }
            }
            Action::Read(person) => match state.people[person] {
                Person::Idle => {
                    state.people[person] = Person::Read {
                        taken: state.taken,
                        used: state.awards[person] > 0,
                        tapped_twice: false,
                    };
                }
                _ => return None,
            },
            Action::TapAgain(person) => match &mut state.people[person] {
                Person::Read { tapped_twice, .. } => *tapped_twice = true,
                _ => return None,
            },
            Action::Write { person, known } => {
                if !self.write(&mut state, person, known) {
                    return None;
                }
            }
            Action::FailOver => {
                state.failed_over = true;
                state.behind = BEHIND;
            }
            // Somebody looks at the page, which goes by the clock.
            Action::Look => state.told_closed |= Self::clock(&state) >= CLOSES,
        }
        (state != *last).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("one award a chance", |_, state: &State| {
                state.awards.iter().all(|n| *n <= 1)
            }),
            Property::always("no more than there is", |_, state: &State| {
                state.taken <= PACKETS
            }),
            Property::always("decided inside the window", |_, state: &State| {
                !state.outside
            }),
            Property::always("instants never decrease", |_, state: &State| {
                !state.went_back
            }),
            Property::always("closed is closed", |_, state: &State| !state.reopened),
            Property::sometimes("everything is taken", |_, state: &State| {
                state.taken == PACKETS
            }),
            Property::sometimes("somebody comes too late", |_, state: &State| {
                state.told_closed
            }),
        ]
    }
}

pub(super) fn explore(reach: Reach, jobs: usize) -> Vec<Explored> {
    let (until, states) = match reach {
        Reach::Short => (7, 2_000_000),
        Reach::Long => (9, 11_000_000),
    };
    VARIANTS
        .map(|(variant, name)| {
            let is_wrong = variant != Variant::Right;
            check(name, World { variant, until }, is_wrong, states, jobs)
        })
        .into()
}
