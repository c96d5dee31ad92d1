//! The database as the application sees it: rows, unique keys, conditional updates; a copy of it is a standby.

use std::collections::{BTreeMap, BTreeSet};

use reward_core::{DeckKind, Ledger, Payout};

use super::time::Ms;

/// What makes an award's chance one of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Chance {
    pub(crate) person: usize,
    /// The city that the scope names; `usize::MAX` for the whole season.
    pub(crate) scope: usize,
    pub(crate) kind: ChanceOf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum ChanceOf {
    Base,
    /// Earned by this friend.
    Friend(usize),
    /// The closing draw of this city.
    Closing(usize),
}

impl Chance {
    /// The number at the rail: a function of the chance and the attempt, and of nothing else.
    pub(crate) fn number(self, attempt: u8) -> u64 {
        let wide = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        let (kind, of) = match self.kind {
            ChanceOf::Base => (1, 0),
            ChanceOf::Friend(friend) => (2, wide(friend)),
            ChanceOf::Closing(city) => (3, wide(city)),
        };
        [
            wide(self.person),
            wide(self.scope),
            kind,
            of,
            u64::from(attempt),
        ]
        .into_iter()
        .fold(0xcbf2_9ce4_8422_2325, mixed)
    }
}

/// One step of a hash that is the same on every machine.
pub(crate) const fn mixed(state: u64, word: u64) -> u64 {
    let mut x = (state ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x ^= x >> 29;
    x = x.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x ^ (x >> 32)
}

#[derive(Debug, Clone)]
pub(crate) struct Award {
    pub(crate) chance: Chance,
    pub(crate) city: usize,
    /// Shanghai day of the decision.
    pub(crate) day: i64,
    pub(crate) deck: DeckKind,
    pub(crate) sequence: u32,
    pub(crate) amount: u64,
    pub(crate) decided: Ms,
    /// The request that was granted.
    pub(crate) key: u64,
}

/// One attempt to pay an award.
#[derive(Debug, Clone)]
pub(crate) struct Payment {
    pub(crate) number: u64,
    pub(crate) award: usize,
    pub(crate) person: usize,
    pub(crate) city: usize,
    pub(crate) payout: Payout,
    pub(crate) due: Option<Ms>,
    pub(crate) ended: Option<Ms>,
    /// Somebody told of news: the next look is a question.
    pub(crate) told: bool,
    /// When this row was last written, whatever was written.
    pub(crate) touched: Ms,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct DayRow {
    pub(crate) deck: Option<DeckKind>,
    pub(crate) taken: u32,
    pub(crate) top_taken: bool,
    pub(crate) used: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct City {
    pub(crate) latch: Ms,
    pub(crate) top_awarded: bool,
    pub(crate) days: BTreeMap<i64, DayRow>,
    pub(crate) ledger: Ledger,
    pub(crate) paused: bool,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Person {
    pub(crate) following: bool,
    pub(crate) ever_followed: bool,
    /// Passing attempts by city: all, and those no award has used.
    pub(crate) passes: BTreeMap<usize, (u32, u32)>,
}

/// A chance earned by a friend.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Earned {
    pub(crate) sharer: usize,
    pub(crate) friend: usize,
    pub(crate) city: usize,
    pub(crate) used: bool,
}

/// The chain of audit events; each carries the hash of the one before.
#[derive(Debug, Clone, Default)]
pub(crate) struct Audit {
    pub(crate) links: Vec<(u64, u64)>,
    pub(crate) awards: usize,
}

impl Audit {
    pub(crate) fn head(&self) -> u64 {
        self.links.last().map_or(0, |(_, hash)| *hash)
    }

    pub(crate) fn append(&mut self, previous: u64, event: u64) {
        self.links.push((previous, mixed(previous, event)));
    }
}

/// Every row. Unique keys are the keys of the maps and sets.
#[derive(Debug, Clone)]
pub(crate) struct Tables {
    pub(crate) cities: Vec<City>,
    pub(crate) people: Vec<Person>,
    pub(crate) awards: Vec<Award>,
    pub(crate) by_chance: BTreeMap<Chance, usize>,
    pub(crate) by_key: BTreeMap<u64, usize>,
    pub(crate) payments: Vec<Payment>,
    pub(crate) by_number: BTreeMap<u64, usize>,
    pub(crate) due: BTreeSet<(Ms, usize)>,
    pub(crate) earned: Vec<Earned>,
    pub(crate) inbox: BTreeSet<u64>,
    pub(crate) audit: Audit,
    pub(crate) rail_paused_until: Ms,
    /// Sendings of a second, shared by all instances.
    pub(crate) rail_second: (Ms, u32),
    /// Sendings of a person on a day.
    pub(crate) person_day: BTreeMap<(usize, i64), BTreeSet<u64>>,
    /// Lines of the bills by their place in the rail's own list.
    pub(crate) billed: BTreeSet<usize>,
    /// Every day before this one has its bill here.
    pub(crate) bills_until_day: i64,
    pub(crate) incidents: BTreeMap<u64, &'static str>,
}

impl Tables {
    pub(crate) fn payment(&self, number: u64) -> Option<&Payment> {
        self.payments.get(*self.by_number.get(&number)?)
    }

    /// Writes a payment anew, and its place among those that are due.
    pub(crate) fn put(&mut self, index: usize, payment: Payment) {
        if let Some(old) = self.payments.get(index).and_then(|old| old.due) {
            self.due.remove(&(old, index));
        }
        if let Some(due) = payment.due {
            self.due.insert((due, index));
        }
        if let Some(row) = self.payments.get_mut(index) {
            *row = payment;
        }
    }

    /// Inserts a payment; false if the number is there already.
    pub(crate) fn insert(&mut self, payment: Payment) -> bool {
        if self.by_number.contains_key(&payment.number) {
            return false;
        }
        let index = self.payments.len();
        self.by_number.insert(payment.number, index);
        if let Some(due) = payment.due {
            self.due.insert((due, index));
        }
        self.payments.push(payment);
        true
    }

    /// Looks at a payment at another instant than its own.
    pub(crate) fn reschedule(&mut self, index: usize, due: Option<Ms>, told: bool) {
        if let Some(payment) = self.payments.get(index) {
            let payment = Payment {
                due,
                told,
                ..payment.clone()
            };
            self.put(index, payment);
        }
    }
}
