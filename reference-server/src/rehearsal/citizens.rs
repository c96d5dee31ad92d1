//! Who takes part: simulated citizens, each following from the seed, the city and a number.

use chrono::{DateTime, TimeDelta, Utc};
use rand::{Rng as _, SeedableRng as _, rngs::ChaCha12Rng};
use schedule_core::Window;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

const DAY_MS: u64 = 86_400_000;
/// Shares of the seven days, most on the first; the last entry serves every later day.
const DAY_WEIGHTS: [u32; 7] = [22, 14, 12, 12, 12, 13, 15];
/// Shares of the hours of a day: noon and the evening.
const HOUR_WEIGHTS: [u32; 24] = [
    8, 3, 1, 1, 1, 2, 6, 14, 18, 18, 18, 22, 40, 34, 20, 18, 18, 20, 26, 44, 56, 52, 36, 18,
];
/// Kinds with their shares of a thousand; whoever is left is of average knowledge.
const KINDS: [(u32, Kind); 11] = [
    (250, Kind::Careful),
    (120, Kind::Guesser),
    (90, Kind::Sharer),
    (40, Kind::Returner),
    (30, Kind::DoubleTapper),
    (20, Kind::Replayer),
    (30, Kind::Ignorer),
    (30, Kind::Unfollower),
    (20, Kind::NeverFollower),
    (10, Kind::LastMinute),
    (10, Kind::TooLate),
];

/// A citizen's place in the season: the city he lives in and his number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CitizenId {
    /// 1-based place of the city in the order of play.
    pub city: u32,
    /// 0-based number among the city's citizens.
    pub number: u32,
}

impl CitizenId {
    /// The openid of this citizen: valid for WeChat, the same in every run.
    #[must_use]
    pub fn openid(self) -> String {
        format!("oRehearsal{:02}x{:015}", self.city, self.number)
    }
}

/// How a citizen behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Reads the page and knows nearly everything.
    Careful,
    /// Knows about two thirds.
    Average,
    /// Knows nothing and tries again and again.
    Guesser,
    /// Wins, makes a poster, and comes back for the packets his friends earn him.
    Sharer,
    /// Came by a sharer's code and never followed before.
    Friend,
    /// Came by a sharer's code, and had followed and left before: earns nobody a chance.
    OldFollower,
    /// Won in the city before and tries again in this one.
    Returner,
    /// Presses "open" twice.
    DoubleTapper,
    /// Sends submissions, claims and callbacks again.
    Replayer,
    /// Never opens the packet: WeChat takes it back.
    Ignorer,
    /// Leaves the account between passing and opening, or right after.
    Unfollower,
    /// Does not follow at all.
    NeverFollower,
    /// Starts in the last minutes of the last day.
    LastMinute,
    /// Passes in time and opens, or hands in, after midnight of the last day.
    TooLate,
}

/// One simulated citizen.
#[derive(Debug, Clone)]
pub struct Citizen {
    /// Who.
    pub id: CitizenId,
    /// How he behaves.
    pub kind: Kind,
    /// How often of a thousand he knows an answer.
    pub knows_per_mille: u32,
    /// How many papers he is ready to take until one passes.
    pub n_tries: u32,
    /// When he comes; for whoever was brought by a sharer, at the earliest.
    pub arrives: DateTime<Utc>,
    /// The sharer who brings him.
    pub brought_by: Option<u32>,
    /// The friends a sharer brings: their numbers.
    pub friends: Vec<u32>,
    /// Whether everything he is sent before submitting is searched for keys.
    pub is_watched: bool,
}

/// A generator for one purpose of one citizen; independent of every other.
pub(super) fn words(seed: u64, id: CitizenId, purpose: &str, number: u64) -> ChaCha12Rng {
    let mut hasher = Sha256::new();
    hasher.update(seed.to_be_bytes());
    hasher.update(id.city.to_be_bytes());
    hasher.update(id.number.to_be_bytes());
    hasher.update(number.to_be_bytes());
    hasher.update(purpose.as_bytes());
    ChaCha12Rng::from_seed(hasher.finalize().into())
}

/// A number in `0..n`; the bias of a 64-bit word is far below what a rehearsal could show.
pub(super) fn below(words: &mut ChaCha12Rng, n: u64) -> u64 {
    words.next_u64().checked_rem(n).unwrap_or(0)
}

/// A span between two numbers of seconds, to the millisecond.
pub(super) fn seconds(words: &mut ChaCha12Rng, from: u64, to: u64) -> TimeDelta {
    let width_ms = to.saturating_sub(from).saturating_mul(1_000);
    let ms = from
        .saturating_mul(1_000)
        .saturating_add(below(words, width_ms));
    TimeDelta::milliseconds(i64::try_from(ms).unwrap_or(0))
}

/// The citizens of one city whose contest is open in `window`.
#[must_use]
pub fn citizens(seed: u64, city: u32, window: Window, people: u32) -> Vec<Citizen> {
    let mut all = Vec::new();
    let mut number = 0;
    while number < people {
        let mut citizen = alone(seed, CitizenId { city, number }, window);
        number = number.saturating_add(1);
        let mut friends = Vec::new();
        if citizen.kind == Kind::Sharer {
            let mut words = words(seed, citizen.id, "friends", 0);
            let n_friends = below(&mut words, 3).saturating_add(1);
            for _ in 0..n_friends {
                if number >= people {
                    break;
                }
                let is_old = below(&mut words, 8) == 0;
                let mut friend = alone(seed, CitizenId { city, number }, window);
                friend.kind = if is_old {
                    Kind::OldFollower
                } else {
                    Kind::Friend
                };
                friend.brought_by = Some(citizen.id.number);
                (friend.knows_per_mille, friend.n_tries) = (640, 3);
                citizen.friends.push(number);
                friends.push(friend);
                number = number.saturating_add(1);
            }
        }
        all.push(citizen);
        all.append(&mut friends);
    }
    all
}

fn alone(seed: u64, id: CitizenId, window: Window) -> Citizen {
    let mut words = words(seed, id, "character", 0);
    let kind = kind(below(&mut words, 1_000), id);
    let spread = u32::try_from(below(&mut words, 120)).unwrap_or(0);
    let extra = u32::try_from(below(&mut words, 3)).unwrap_or(0);
    let (knows, n_tries) = match kind {
        Kind::Careful | Kind::Sharer => (840, 3),
        Kind::Guesser => (190, 3 + extra),
        Kind::LastMinute | Kind::TooLate => (860, 1),
        Kind::Average
        | Kind::Friend
        | Kind::OldFollower
        | Kind::Returner
        | Kind::DoubleTapper
        | Kind::Replayer
        | Kind::Ignorer
        | Kind::Unfollower
        | Kind::NeverFollower => (560, 4),
    };
    Citizen {
        id,
        kind,
        knows_per_mille: knows + spread,
        n_tries,
        arrives: arrival(&mut words, kind, window),
        brought_by: None,
        friends: Vec::new(),
        is_watched: id.number.is_multiple_of(50),
    }
}

fn kind(draw: u64, id: CitizenId) -> Kind {
    let mut left = draw;
    for (share, kind) in KINDS {
        if left < u64::from(share) {
            // Nobody has played before the first city.
            let is_new = kind == Kind::Returner && id.city <= 1;
            return if is_new { Kind::Average } else { kind };
        }
        left = left.saturating_sub(u64::from(share));
    }
    Kind::Average
}

fn arrival(words: &mut ChaCha12Rng, kind: Kind, window: Window) -> DateTime<Utc> {
    let (opens, closes) = (window.start(), window.end());
    match kind {
        Kind::LastMinute => closes - seconds(words, 60, 240),
        Kind::TooLate => closes - seconds(words, 20, 70),
        _ if below(words, 1_000) < 80 => opens + seconds(words, 0, 600),
        _ => {
            let day = weighted(words, &DAY_WEIGHTS).min(u64::from(window.n_days()) - 1);
            let hour = weighted(words, &HOUR_WEIGHTS);
            let within_hour = below(words, 3_600_000);
            let ms = day * DAY_MS + hour * 3_600_000 + within_hour;
            opens + TimeDelta::milliseconds(i64::try_from(ms).unwrap_or(0))
        }
    }
}

fn weighted(words: &mut ChaCha12Rng, weights: &[u32]) -> u64 {
    let total: u32 = weights.iter().sum();
    let mut left = below(words, u64::from(total));
    for (index, &weight) in (0_u64..).zip(weights) {
        if left < u64::from(weight) {
            return index;
        }
        left = left.saturating_sub(u64::from(weight));
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window() -> Window {
        crate::setup::edition_of(crate::config::EditionName::Postponed)
            .rounds()
            .get(2)
            .expect("Nanjing plays third")
            .window()
    }

    #[test]
    fn the_same_seed_gives_the_same_citizens() {
        let first = format!("{:?}", citizens(7, 3, window(), 300));
        assert_eq!(first, format!("{:?}", citizens(7, 3, window(), 300)));
        assert_ne!(first, format!("{:?}", citizens(8, 3, window(), 300)));
    }

    #[test]
    fn a_city_has_as_many_citizens_as_were_asked_for_each_with_a_number_of_his_own() {
        for people in [0, 1, 2, 3, 57, 500] {
            let all = citizens(7, 3, window(), people);
            let numbers: Vec<u32> = all.iter().map(|citizen| citizen.id.number).collect();
            assert_eq!(numbers, (0..people).collect::<Vec<_>>());
        }
    }

    #[test]
    fn every_kind_appears_in_a_large_city_and_arrives_in_its_week() {
        let all = citizens(7, 3, window(), 5_000);
        let kinds = KINDS.iter().map(|(_, kind)| *kind);
        for kind in kinds.chain([Kind::Average, Kind::Friend, Kind::OldFollower]) {
            assert!(
                all.iter().any(|citizen| citizen.kind == kind),
                "no {kind:?}"
            );
        }
        assert!(all.iter().all(|citizen| window().contains(citizen.arrives)));
    }

    #[test]
    fn whoever_is_brought_is_listed_by_the_one_who_brings_him() {
        let all = citizens(7, 3, window(), 1_000);
        for friend in &all {
            let Some(sharer) = friend.brought_by else {
                continue;
            };
            let sharer = &all[usize::try_from(sharer).expect("small")];
            assert_eq!(sharer.kind, Kind::Sharer);
            assert!(sharer.friends.contains(&friend.id.number));
        }
    }
}
