//! The public log of a city's awards: every entry carries on the digest of all before it.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};

use super::sealed::PlanRoot;
use crate::{
    DeckKind, Fen, ParseDigestError,
    digest::{digest_text, hexadecimal, parse_hexadecimal, sha256},
};

const OPEN_TAG: &[u8] = b"reward-core/award-log/1\0";
const ENTRY_TAG: &[u8] = b"reward-core/award/1\0";

/// The digest of a log up to some entry.
///
/// Before the first entry `SHA-256("reward-core/award-log/1\0" || plan root)`; each entry makes it
/// `SHA-256("reward-core/award/1\0" || head before || text of the entry)`.
/// Two logs with the same head have the same entries in the same order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogHead([u8; 32]);

digest_text!(LogHead);

impl LogHead {
    /// Returns the head of an empty log; the log belongs to this root and to no other.
    #[must_use]
    pub fn opening(root: &PlanRoot) -> Self {
        Self(sha256(&[OPEN_TAG, &root.to_bytes()]))
    }

    /// Returns the head after one more entry.
    #[must_use]
    pub fn after(&self, entry: &AwardEntry) -> Self {
        Self(sha256(&[ENTRY_TAG, &self.0, entry.to_string().as_bytes()]))
    }
}

/// Who got an award, as the public may know it: 16 bytes that mean nothing to a stranger.
///
/// Make it a keyed hash of person and city, so that the log shows one person's awards in a city together, links no two
/// cities, and never names an account of WeChat.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Claimant([u8; 16]);

impl Claimant {
    /// Takes the 16 bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Returns the 16 bytes.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }
}

/// Writes 32 lower-case hexadecimal digits.
impl fmt::Display for Claimant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&hexadecimal(&self.0))
    }
}

impl fmt::Debug for Claimant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Claimant({self})")
    }
}

/// Reads 32 lower-case hexadecimal digits.
impl FromStr for Claimant {
    type Err = ParseDigestError;

    fn from_str(text: &str) -> Result<Self, ParseDigestError> {
        parse_hexadecimal(text).map(Self)
    }
}

/// One award as the log shows it.
///
/// Its text is one line without line feed, values separated by one space, numbers in decimal:
/// `number decided_ms day deck sequence amount_fen claimant`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a line of the public log: another column would be another log"
)]
pub struct AwardEntry {
    /// Place in the log, from 0.
    pub number: u64,
    /// Instant of the decision, milliseconds since 1970-01-01 00:00 UTC.
    pub decided_ms: i64,
    /// Day of the city, from 1.
    pub day: u8,
    /// Deck of that day.
    pub deck: DeckKind,
    /// Place in the deck, from 0.
    pub sequence: u32,
    /// Amount.
    pub amount: Fen,
    /// Who got it.
    pub claimant: Claimant,
}

impl AwardEntry {
    /// Returns the instant of the decision, or `None` if it lies beyond the calendar.
    #[must_use]
    pub const fn decided(&self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_millis(self.decided_ms)
    }
}

impl fmt::Display for AwardEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            number,
            decided_ms,
            day,
            deck,
            sequence,
            amount,
            claimant,
        } = self;
        let fen = amount.get();
        write!(
            f,
            "{number} {decided_ms} {day} {deck} {sequence} {fen} {claimant}"
        )
    }
}

impl FromStr for AwardEntry {
    type Err = ParseLogError;

    fn from_str(text: &str) -> Result<Self, ParseLogError> {
        let mut words = text.split(' ');
        let mut next = |column| words.next().ok_or(ParseLogError { column });
        let entry = Self {
            number: column("number", next("number")?)?,
            decided_ms: column("decided_ms", next("decided_ms")?)?,
            day: column("day", next("day")?)?,
            deck: DeckKind::from_name(next("deck")?).ok_or(ParseLogError { column: "deck" })?,
            sequence: column("sequence", next("sequence")?)?,
            amount: Fen::new(column("amount_fen", next("amount_fen")?)?),
            claimant: column("claimant", next("claimant")?)?,
        };
        if entry.to_string() == text {
            Ok(entry)
        } else {
            Err(ParseLogError { column: "end" })
        }
    }
}

fn column<T: FromStr>(column: &'static str, text: &str) -> Result<T, ParseLogError> {
    text.parse().map_err(|_| ParseLogError { column })
}

/// The first column of a line that is missing, unreadable or not in its canonical form (then `end`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the column {column} cannot be read")]
#[non_exhaustive]
pub struct ParseLogError {
    /// Name of the column.
    pub column: &'static str,
}

/// The head that is published with a day's bulletin.
///
/// Its text is one line: `day 3 entries 2871 head <64 hexadecimal digits>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a published line; whoever publishes states every value"
)]
pub struct DailyHead {
    /// Day of the city that it closes, from 1.
    pub day: u8,
    /// Entries up to the end of that day, those of the days before included.
    pub entries: u64,
    /// Head after them.
    pub head: LogHead,
}

impl fmt::Display for DailyHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { day, entries, head } = self;
        write!(f, "day {day} entries {entries} head {head}")
    }
}

impl FromStr for DailyHead {
    type Err = ParseLogError;

    fn from_str(text: &str) -> Result<Self, ParseLogError> {
        let mut words = text.split(' ');
        let mut value = |name: &'static str| {
            let named = words.next().filter(|&word| word == name);
            named
                .and_then(|_| words.next())
                .ok_or(ParseLogError { column: name })
        };
        let daily = Self {
            day: column("day", value("day")?)?,
            entries: column("entries", value("entries")?)?,
            head: column("head", value("head")?)?,
        };
        if daily.to_string() == text {
            Ok(daily)
        } else {
            Err(ParseLogError { column: "end" })
        }
    }
}

/// The end of a city's log, all that is needed to carry it on.
///
/// ```
/// use reward_core::{AwardEntry, AwardLog, Claimant, DeckKind, Fen, PlanRoot};
///
/// let mut log = AwardLog::open(PlanRoot::from_bytes([0; 32]));
/// let entry = AwardEntry {
///     number: 0,
///     decided_ms: 1_587_484_800_000,
///     day: 1,
///     deck: DeckKind::Plain,
///     sequence: 0,
///     amount: Fen::new(88),
///     claimant: Claimant::from_bytes([0; 16]),
/// };
/// log.append(&entry)?;
/// assert_eq!(log.daily_head(1).entries, 1);
/// assert!(log.append(&entry).is_err()); // its number is taken
/// # Ok::<(), reward_core::LogError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwardLog {
    head: LogHead,
    entries: u64,
    last_decided_ms: i64,
    last_day: u8,
}

impl AwardLog {
    /// Opens the log of the city with this root.
    #[must_use]
    pub fn open(root: PlanRoot) -> Self {
        Self {
            head: LogHead::opening(&root),
            entries: 0,
            last_decided_ms: i64::MIN,
            last_day: 0,
        }
    }

    /// Takes the next entry; one hash.
    ///
    /// # Errors
    ///
    /// [`LogError::Number`] unless it has the next number, [`LogError::BackInTime`] if it was decided before the entry
    /// before it, [`LogError::BackADay`] if it belongs to an earlier day; nothing is appended then.
    pub fn append(&mut self, entry: &AwardEntry) -> Result<LogHead, LogError> {
        if entry.number != self.entries {
            return Err(LogError::Number {
                expected: self.entries,
                found: entry.number,
            });
        }
        if entry.decided_ms < self.last_decided_ms {
            return Err(LogError::BackInTime {
                number: entry.number,
            });
        }
        if entry.day < self.last_day {
            return Err(LogError::BackADay {
                number: entry.number,
            });
        }
        self.head = self.head.after(entry);
        self.entries = self.entries.saturating_add(1);
        self.last_decided_ms = entry.decided_ms;
        self.last_day = entry.day;
        Ok(self.head)
    }

    /// Returns the digest of all entries so far.
    #[must_use]
    pub const fn head(&self) -> LogHead {
        self.head
    }

    /// Returns the number of entries so far.
    #[must_use]
    pub const fn entries(&self) -> u64 {
        self.entries
    }

    /// Returns what is published when a day has ended and before the next one's first award.
    #[must_use]
    pub const fn daily_head(&self, day: u8) -> DailyHead {
        DailyHead {
            day,
            entries: self.entries,
            head: self.head,
        }
    }
}

/// Why an entry does not follow the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// Numbers count up from 0 without a gap.
    #[error("entry {found} where {expected} is next")]
    Number {
        /// The next number.
        expected: u64,
        /// The number of the entry.
        found: u64,
    },
    /// Decided before the entry before it.
    #[error("entry {number} was decided before the one before it")]
    BackInTime {
        /// The entry.
        number: u64,
    },
    /// Belongs to a day before that of the entry before it.
    #[error("entry {number} belongs to an earlier day than the one before it")]
    BackADay {
        /// The entry.
        number: u64,
    },
}
