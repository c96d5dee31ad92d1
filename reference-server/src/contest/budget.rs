//! A city's money as a balance sheet: what was planned, awarded, sent, received and left, and the postings behind it.
//!
//! Balances are folded forward: the ledger is never changed, so a process adds up each transfer once.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use reward_core::Account;
use schedule_core::ShanghaiDay;

use super::{
    bills::day_of,
    organiser::{Error, Refused},
    season,
};
use crate::{
    app::App,
    store::{
        Read,
        books::{self, LedgerRow, PostingSearch},
        season::{self as rows, CityRow, DayRow},
    },
};

/// Postings of a page.
const PAGE: usize = 50;
/// Postings of a list as a file.
pub const FILE: usize = 50_000;

/// What a city's accounts hold, added up as far as one has come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Folded {
    last: i64,
    n_transfers: i64,
    balances: BTreeMap<String, i64>,
}

impl Folded {
    /// Adds what has moved since.
    fn further(mut self, read: &Read<'_>, city: &str) -> Result<Self, Error> {
        for row in books::moved_after(read, city, self.last)? {
            let debit = self.balances.entry(row.debit).or_default();
            *debit = debit.saturating_sub(row.amount_fen);
            let credit = self.balances.entry(row.credit).or_default();
            *credit = credit.saturating_add(row.amount_fen);
            self.n_transfers = self.n_transfers.saturating_add(row.n_transfers);
            self.last = self.last.max(row.last);
        }
        Ok(self)
    }

    /// Whether this one has come further.
    pub(crate) fn is_beyond(&self, other: &Self) -> bool {
        self.last >= other.last
    }

    fn of(&self, account: Account) -> i64 {
        self.balances.get(account.name()).copied().unwrap_or(0)
    }
}

/// What a day of a city may award and has awarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayLine {
    /// The day.
    pub day: ShanghaiDay,
    /// The most it may award.
    pub cap_fen: i64,
    /// What it has awarded.
    pub used_fen: i64,
    /// How many packets it has awarded.
    pub n_awards: i64,
}

/// A city's money at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// The city's slug.
    pub city: String,
    /// The most it can award.
    pub pool_fen: i64,
    /// What its days may award together.
    pub planned_fen: i64,
    /// What was awarded, gross.
    pub awarded_fen: i64,
    /// What is awarded and not out yet.
    pub reserved_fen: i64,
    /// What is out and not received yet.
    pub sent_fen: i64,
    /// What was received.
    pub received_fen: i64,
    /// What came back, or never went out and never will.
    pub left_fen: i64,
    /// What two persons have to explain.
    pub suspense_fen: i64,
    /// What was never awarded.
    pub undrawn_fen: i64,
    /// How many transfers the ledger has.
    pub n_transfers: i64,
    /// Its days, in order.
    pub days: Vec<DayLine>,
    /// The published digest of seed and rules.
    pub commitment: String,
    /// The published digest over the sealed packets.
    pub root: String,
    /// Who sealed its books and when, if they are sealed.
    pub sealed: Option<(String, DateTime<Utc>)>,
}

impl Sheet {
    fn of(city: CityRow, days: &[DayRow], folded: &Folded, sealed: Option<(String, i64)>) -> Self {
        let lines: Vec<DayLine> = days
            .iter()
            .filter_map(|row| {
                Some(DayLine {
                    day: day_of(row.day)?,
                    cap_fen: row.cap_fen,
                    used_fen: row.used_fen,
                    n_awards: row.taken,
                })
            })
            .collect();
        Self {
            pool_fen: city.pool_fen,
            planned_fen: days
                .iter()
                .fold(0, |sum, day| sum.saturating_add(day.cap_fen)),
            awarded_fen: city.used_fen,
            reserved_fen: folded.of(Account::Reserved),
            sent_fen: folded.of(Account::Sent),
            received_fen: folded.of(Account::Received),
            left_fen: folded.of(Account::Left),
            suspense_fen: folded.of(Account::Suspense),
            undrawn_fen: city.pool_fen.saturating_add(folded.of(Account::Pool)),
            n_transfers: folded.n_transfers,
            days: lines,
            commitment: city.plan_commitment,
            root: city.plan_root,
            sealed: sealed.map(|(by, at_ms)| (by, season::instant(at_ms))),
            city: city.city,
        }
    }

    /// What the accounts hold together less the pool; zero, whatever happens.
    #[must_use]
    pub fn imbalance_fen(&self) -> i64 {
        [
            self.undrawn_fen,
            self.reserved_fen,
            self.sent_fen,
            self.received_fen,
            self.left_fen,
            self.suspense_fen,
        ]
        .into_iter()
        .fold(0_i64, i64::saturating_add)
        .saturating_sub(self.pool_fen)
    }
}

/// The balance sheet of a city; `None` before its packets are sealed.
///
/// Cost: the transfers since this process looked last, and the city's seven days.
///
/// # Errors
/// Fails when the database does.
pub async fn sheet(app: &App, city: &str) -> Result<Option<Sheet>, Error> {
    let mut sheets = sheets(app, vec![city.to_owned()]).await?;
    Ok(sheets.pop())
}

/// The balance sheets of every planned city, in the order of play.
///
/// # Errors
/// Fails when the database does.
pub async fn all(app: &App) -> Result<Vec<Sheet>, Error> {
    let edition = app.season.edition();
    let rounds = edition.rounds().iter();
    let slugs = rounds.map(|round| round.city().slug().as_str().to_owned());
    sheets(app, slugs.collect()).await
}

async fn sheets(app: &App, slugs: Vec<String>) -> Result<Vec<Sheet>, Error> {
    let begun: Vec<(String, Folded)> = slugs
        .into_iter()
        .map(|slug| {
            let folded = app.folded_ledger(&slug);
            (slug, folded)
        })
        .collect();
    let read = app
        .store
        .read(move |read| {
            let mut read_of = Vec::new();
            for (slug, folded) in begun {
                let Some(city) = rows::city(read, &slug)? else {
                    continue;
                };
                let folded = folded.further(read, &slug)?;
                let seal = books::seal(read, &slug)?;
                let sealed = seal.map(|seal| (seal.sealed_by, seal.sealed_ms));
                read_of.push((city, rows::days(read, &slug)?, folded, sealed));
            }
            Ok::<_, Error>(read_of)
        })
        .await?;
    let sheets = read.into_iter().map(|(city, days, folded, sealed)| {
        app.keep_folded_ledger(&city.city, &folded);
        Sheet::of(city, &days, &folded, sealed)
    });
    Ok(sheets.collect())
}

/// Which postings are looked for; empty texts look for nothing in particular.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    /// An account that gives or gets.
    pub account: String,
    /// An order number.
    pub bill_number: String,
    /// Only those of this day.
    pub day: Option<ShanghaiDay>,
    /// Only those before this number.
    pub before: Option<i64>,
}

/// A transfer of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// Its number in the city, from 1.
    pub number: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// The account that gives.
    pub debit: String,
    /// The account that gets.
    pub credit: String,
    /// How much.
    pub amount_fen: i64,
    /// The payment it belongs to.
    pub bill_number: String,
}

impl From<LedgerRow> for Posting {
    fn from(row: LedgerRow) -> Self {
        Self {
            number: row.number,
            at: season::instant(row.at_ms),
            debit: row.debit,
            credit: row.credit,
            amount_fen: row.amount_fen,
            bill_number: row.bill_number,
        }
    }
}

/// Postings of a city, the newest first, fifty at a time or `n_max`; where further ones are.
///
/// # Errors
/// Refuses with [`Refused::NotFound`] for a name that is no account; fails when the database does.
pub async fn postings(
    app: &App,
    city: &str,
    wanted: Wanted,
    n_max: Option<usize>,
) -> Result<(Vec<Posting>, Option<i64>), Error> {
    let n_max = n_max.unwrap_or(PAGE);
    let is_account = Account::ALL
        .into_iter()
        .any(|account| account.name() == wanted.account);
    if !wanted.account.is_empty() && !is_account {
        return Err(Refused::NotFound.into());
    }
    let (from_ms, to_ms) = wanted.day.map_or((i64::MIN, i64::MAX), |day| {
        (day.start().timestamp_millis(), day.end().timestamp_millis())
    });
    let city = city.to_owned();
    let found = app
        .store
        .read(move |read| {
            Ok::<_, Error>(books::postings(
                read,
                &PostingSearch {
                    city: &city,
                    account: &wanted.account,
                    bill_number: &wanted.bill_number,
                    from_ms,
                    to_ms,
                    before: wanted.before.unwrap_or(i64::MAX),
                    n_max: i64::try_from(n_max).unwrap_or(i64::MAX),
                },
            )?)
        })
        .await?;
    let before = match found.last() {
        Some(last) if found.len() == n_max && last.number > 1 => Some(last.number),
        _ => None,
    };
    Ok((found.into_iter().map(Posting::from).collect(), before))
}
