//! What the hostility has really exercised: a thing that never happened was not tested.

use std::collections::BTreeMap;

use reward_core::{BillClass, NoCredit, Refusal, Resolution};

use super::rail::Code;

/// Where a process can die between two writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CrashPoint {
    BeforeIntent,
    AfterIntent,
    AfterSending,
    BeforeReplyIsWritten,
    AfterReplyIsWritten,
    AfterQuestion,
    BeforeAnswerIsWritten,
    BeforeAward,
    AfterAward,
    AtAnInstant,
}

impl CrashPoint {
    const ALL: [Self; 10] = [
        Self::BeforeIntent,
        Self::AfterIntent,
        Self::AfterSending,
        Self::BeforeReplyIsWritten,
        Self::AfterReplyIsWritten,
        Self::AfterQuestion,
        Self::BeforeAnswerIsWritten,
        Self::BeforeAward,
        Self::AfterAward,
        Self::AtAnInstant,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::BeforeIntent => "before the intention is committed",
            Self::AfterIntent => "after the intention, before the wire",
            Self::AfterSending => "after the wire, before the reply",
            Self::BeforeReplyIsWritten => "after the reply, before its commit",
            Self::AfterReplyIsWritten => "after the commit of a reply",
            Self::AfterQuestion => "after a question, before its answer",
            Self::BeforeAnswerIsWritten => "after an answer, before its commit",
            Self::BeforeAward => "before an award is committed",
            Self::AfterAward => "after an award, before the person is told",
            Self::AtAnInstant => "at any instant",
        }
    }
}

/// The failures of the catalogue that this layer can make happen.
pub(crate) const FAILURES: [&str; 22] = [
    "F1 crash between the rail's success and our commit",
    "F2 crash before the request left",
    "F3 time-out, and the request lands later",
    "F4 reply after the lease has ended",
    "F5 commit of unknown outcome",
    "F6 callback or event repeated, late or out of order",
    "F7 instance clock off the database's",
    "F8 failover to a clock that is behind",
    "F9 database clock jumps ahead",
    "F10 claims within three seconds of 00:00 or 24:00",
    "F13 failover forgets an award",
    "F13 failover forgets a step of a payment",
    "F16 rail away for an hour or more",
    "F17 questions while the rail is away",
    "F18 merchant's balance runs out",
    "F19 person over the packets of a day",
    "F20 amount refused",
    "F21 unfollow, and follow again",
    "F22 one person, two accounts",
    "F23 person refused",
    "F24 not opened within 24 h",
    "F27 bill late, repeated or cut at midnight",
];

/// Further failures that only the books see.
pub(crate) const BOOKS: [&str; 3] = [
    "F26 bill line without our record",
    "packet taken back after it was received",
    "award restored under another amount",
];

/// Counts by group and name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Coverage(BTreeMap<(&'static str, &'static str), u64>);

pub(crate) const ROWS: [&str; 27] = [
    "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17",
    "18", "19", "20", "21", "22", "23", "24", "25", "26", "27",
];

impl Coverage {
    pub(crate) fn count(&mut self, group: &'static str, name: &'static str) {
        *self.0.entry((group, name)).or_default() += 1;
    }

    pub(crate) fn row(&mut self, row: u8) {
        if let Some(name) = usize::from(row).checked_sub(1).and_then(|at| ROWS.get(at)) {
            self.count("row of the table", name);
        }
    }

    pub(crate) fn crash(&mut self, point: CrashPoint) {
        self.count("crash point", point.name());
    }

    /// Counts a failure of the catalogue by the beginning of its name.
    pub(crate) fn failure(&mut self, name: &'static str) {
        let known = FAILURES.iter().chain(&BOOKS);
        if let Some(known) = known.copied().find(|known| known.starts_with(name)) {
            self.count("failure", known);
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (key, n) in &other.0 {
            *self.0.entry(*key).or_default() += n;
        }
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        self.0.iter().map(|(&(group, name), &n)| (group, name, n))
    }

    /// What a run of many seasons must have met at least once, and this one has not.
    pub(crate) fn missing(&self) -> Vec<(&'static str, &'static str)> {
        let refusals = Refusal::CODES;
        let resolutions = RESOLUTIONS.map(|(_, name)| name);
        let required = ROWS
            .iter()
            .map(|row| ("row of the table", *row))
            .chain(Code::ALL.iter().map(|code| ("reply", code.name())))
            .chain(CrashPoint::ALL.iter().map(|p| ("crash point", p.name())))
            .chain(FAILURES.iter().chain(&BOOKS).map(|f| ("failure", *f)))
            .chain(refusals.iter().map(|code| ("claim refused", *code)))
            .chain(no_credits().map(|why| ("follow without credit", why.code())))
            .chain(resolutions.iter().map(|name| ("resolution", *name)))
            .chain(
                BillClass::ALL
                    .iter()
                    .filter(|class| happens(**class))
                    .map(|class| ("bill class", class.code())),
            );
        required.filter(|key| !self.0.contains_key(key)).collect()
    }
}

/// Why a follow earns nothing; who has earned a chance has followed, and that reason comes first.
fn no_credits() -> impl Iterator<Item = NoCredit> {
    let all = NoCredit::ALL.into_iter();
    all.filter(|why| *why != NoCredit::AlreadyCredited)
}

/// Whether a class can occur when nothing is wrong with us: a second payment cannot.
fn happens(class: BillClass) -> bool {
    !matches!(class, BillClass::PaidTwice | BillClass::Missing)
}

/// The ends that two operators give.
pub(crate) const RESOLUTIONS: [(Resolution, &str); 5] = [
    (Resolution::Deferred, "deferred"),
    (Resolution::Unknown, "unknown"),
    (Resolution::Dead, "dead"),
    (Resolution::Received, "received"),
    (Resolution::Refunded, "refunded"),
];
