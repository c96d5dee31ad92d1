//! Follows of two friends and a sharer's second account: the real decision over every order of events.

use reward_core::{FollowFacts, FollowMoment, ReferralPolicy};
use stateright::{Model, Property};

use super::{Explored, Reach, check};

/// One slip each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Variant {
    Right,
    RefollowCounts,
    EventsRepeat,
    AliasIsStranger,
    CreditOnScan,
}

const VARIANTS: [(Variant, &str); 5] = [
    (Variant::Right, "referral"),
    (
        Variant::RefollowCounts,
        "referral, who comes back counts again",
    ),
    (Variant::EventsRepeat, "referral, repeated events count"),
    (
        Variant::AliasIsStranger,
        "referral, the second account counts",
    ),
    (Variant::CreditOnScan, "referral, a scan counts"),
];

/// Accounts: 0 and 1 share; 2, 3 and 4 may follow, and 4 is the second account of 0.
const ACCOUNTS: usize = 5;
const SHARERS: usize = 2;
const ALIAS: usize = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Event {
    account: usize,
    sharer: usize,
    kind: Kind,
    /// Which of the account's own events it is.
    ordinal: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Kind {
    Subscribe,
    Scan,
    Leave,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    /// On their way, sorted: they overtake each other.
    wire: Vec<Event>,
    seen: Vec<Event>,
    following: [bool; ACCOUNTS],
    ever: [bool; ACCOUNTS],
    /// How often an account has earned somebody a chance, and whom at last.
    earned: [u8; ACCOUNTS],
    own: bool,
    unsubscribed: bool,
    /// Whether the account truly follows, and how many events it has made.
    truly: [bool; ACCOUNTS],
    made: [u8; ACCOUNTS],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Do {
        account: usize,
        sharer: usize,
        kind: Kind,
    },
    Deliver {
        index: usize,
        again: bool,
    },
}

#[derive(Debug, Clone, Copy)]
struct World {
    variant: Variant,
    /// Events of each friend but the first, who follows, leaves and comes back.
    others: u8,
}

impl World {
    fn deliver(self, state: &mut State, index: usize, again: bool) -> bool {
        let Some(event) = state.wire.get(index).copied() else {
            return false;
        };
        if !again {
            state.wire.remove(index);
        }
        if state.seen.contains(&event) && self.variant != Variant::EventsRepeat {
            return !again;
        }
        if !state.seen.contains(&event) {
            state.seen.push(event);
            state.seen.sort_unstable();
        }
        let Event {
            account,
            sharer,
            kind,
            ..
        } = event;
        let scan_counts = self.variant == Variant::CreditOnScan;
        match kind {
            Kind::Leave => {
                state.following[account] = false;
                return true;
            }
            Kind::Scan if !scan_counts => return true,
            Kind::Scan | Kind::Subscribe => {}
        }
        let repeats = self.variant == Variant::EventsRepeat;
        let forgets = matches!(
            self.variant,
            Variant::RefollowCounts | Variant::EventsRepeat
        );
        let is_own = sharer == 0 && account == ALIAS;
        let facts = FollowFacts {
            policy: ReferralPolicy::OnePerNewFollower,
            through_sharers_code: true,
            friend_is_sharer: is_own && self.variant != Variant::AliasIsStranger,
            friend_ever_followed: state.ever[account] && !forgets && kind == Kind::Subscribe,
            friend_already_credited: state.earned[account] > 0 && !repeats && !forgets,
            sharer_following: state.following[sharer],
            moment: FollowMoment::CityOpen,
        };
        if facts.decide().is_ok() {
            state.earned[account] += 1;
            state.own |= is_own;
            state.unsubscribed |= kind == Kind::Scan;
        }
        state.following[account] = true;
        state.ever[account] = true;
        true
    }
}

impl Model for World {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let mut follows = [false; ACCOUNTS];
        follows[0] = true;
        follows[1] = true;
        vec![State {
            wire: Vec::new(),
            seen: Vec::new(),
            following: follows,
            ever: follows,
            earned: [0; ACCOUNTS],
            own: false,
            unsubscribed: false,
            truly: follows,
            made: [0; ACCOUNTS],
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for account in SHARERS..ACCOUNTS {
            for sharer in 0..SHARERS {
                for kind in [Kind::Subscribe, Kind::Scan, Kind::Leave] {
                    actions.push(Action::Do {
                        account,
                        sharer,
                        kind,
                    });
                }
            }
        }
        for index in 0..state.wire.len() {
            for again in [false, true] {
                actions.push(Action::Deliver { index, again });
            }
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Do {
                account,
                sharer,
                kind,
            } => {
                let ordinal = state.made[account];
                let follows = state.truly[account];
                let possible = match kind {
                    Kind::Subscribe => !follows,
                    Kind::Scan => follows,
                    Kind::Leave => follows && sharer == 0,
                };
                let most = if account == SHARERS { 3 } else { self.others };
                if ordinal >= most || !possible {
                    return None;
                }
                state.made[account] += 1;
                state.truly[account] = kind != Kind::Leave;
                state.wire.push(Event {
                    account,
                    sharer,
                    kind,
                    ordinal,
                });
                state.wire.sort_unstable();
            }
            Action::Deliver { index, again } => {
                if !self.deliver(&mut state, index, again) {
                    return None;
                }
            }
        }
        (state != *last).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("a friend counts once", |_, state: &State| {
                state.earned.iter().all(|n| *n <= 1)
            }),
            Property::always("a friend is somebody else", |_, state: &State| !state.own),
            Property::always("only a subscription counts", |_, state: &State| {
                !state.unsubscribed
            }),
            Property::sometimes("all friends can count", |_, state: &State| {
                state.earned[2] == 1 && state.earned[3] == 1
            }),
        ]
    }
}

pub(super) fn explore(reach: Reach, jobs: usize) -> Vec<Explored> {
    let (others, states) = match reach {
        Reach::Short => (1, 2_000_000),
        Reach::Long => (2, 5_000_000),
    };
    VARIANTS
        .map(|(variant, name)| {
            let is_wrong = variant != Variant::Right;
            check(name, World { variant, others }, is_wrong, states, jobs)
        })
        .into()
}
