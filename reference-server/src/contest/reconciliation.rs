//! What the newest comparison with the bills came to, by day and city, as it was kept; and closing a day.
//!
//! A comparison looks at every payment and every line. Its outcome is kept as a document, so
//! that whoever looks at a page compares nothing.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use reward_core::BillClass;
use schedule_core::ShanghaiDay;
use serde::{Deserialize, Serialize};

use super::{
    Failure,
    bills::{self, Imported},
    books::{self, Reconciled},
    organiser::{Error, Organiser, Refused},
    reconcile::{Comparison, Order},
    season,
};
use crate::{
    app::App,
    store::{
        Tx, audit,
        bills::version_in_force,
        reconciliations::{self as rows, ClosedDayRow, ReconciliationRow},
    },
};

/// Numbers that differ or wait and are kept with a comparison; further ones are counted only.
const ORDERS_KEPT: usize = 2_000;

/// How many numbers are of each class, and what differs, in fen.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// By class, from R0 to R7.
    pub n_by_class: [usize; 8],
    /// Numbers of which nothing can be said yet.
    pub n_waiting: usize,
    /// Numbers that differ and were explained by two persons; they are counted in their class too.
    pub n_explained: usize,
    /// What is out by our books.
    pub ours_fen: i64,
    /// What is out by the bills.
    pub bill_fen: i64,
    /// What differs and is not explained; each number by itself.
    pub difference_fen: i64,
}

impl Counts {
    fn add(&mut self, order: &Order) {
        match order.class {
            None => self.n_waiting = self.n_waiting.saturating_add(1),
            Some(class) => {
                for (count, other) in self.n_by_class.iter_mut().zip(BillClass::ALL) {
                    *count = count.saturating_add(usize::from(class == other));
                }
            }
        }
        self.n_explained = self
            .n_explained
            .saturating_add(usize::from(order.is_explained));
        self.ours_fen = self.ours_fen.saturating_add(order.ours_fen);
        self.bill_fen = self.bill_fen.saturating_add(order.bill_fen);
        self.difference_fen = self.difference_fen.saturating_add(order.difference_fen());
    }

    /// How many numbers there are.
    #[must_use]
    pub fn n_orders(&self) -> usize {
        let classes = self.n_by_class.iter();
        classes.fold(self.n_waiting, |sum, n| sum.saturating_add(*n))
    }
}

/// A day of the comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComparedDay {
    /// Shanghai day number.
    pub day: i64,
    /// Version and number of lines of the bill that was in force; nothing without a bill.
    pub bill: Option<(i64, i64)>,
    /// What the bill paid out to people, in fen.
    pub paid_fen: i64,
    /// What came back from people, in fen.
    pub returned_fen: i64,
    /// Top-ups less withdrawals and fees, in fen.
    pub own_fen: i64,
    /// All its numbers.
    pub counts: Counts,
    /// Its numbers by city; those that are not ours have none.
    pub cities: Vec<(Option<String>, Counts)>,
}

impl ComparedDay {
    /// Whether the day agrees to the fen: it has a bill, and nothing in it is unexplained or waits.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.bill.is_some() && self.counts.difference_fen == 0 && self.counts.n_waiting == 0
    }
}

/// A number that differs, or of which nothing can be said yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComparedOrder {
    /// The order number.
    pub bill_number: String,
    /// The day it is counted in.
    pub day: i64,
    /// `R1` to `R7`; nothing while it waits.
    pub class: Option<String>,
    /// The city and the state of our payment, if the number is ours.
    pub ours: Option<(String, String)>,
    /// What is out by our books, in fen.
    pub ours_fen: i64,
    /// What is out by the bills, in fen.
    pub bill_fen: i64,
    /// Whether two persons have explained it.
    pub is_explained: bool,
}

/// A kept comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Content {
    days: Vec<ComparedDay>,
    orders: Vec<ComparedOrder>,
    unbilled_days: Vec<i64>,
    account_difference_fen: Option<i64>,
}

/// The newest comparison, and the days that are closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Latest {
    /// Its number.
    pub number: i64,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// Numbers that differ without an explanation, and days without a bill.
    pub n_findings: i64,
    /// What differs and is not explained, in fen.
    pub difference_fen: i64,
    /// Its days, in order.
    pub days: Vec<ComparedDay>,
    /// Numbers that differ or wait, in order; the first two thousand.
    pub orders: Vec<ComparedOrder>,
    /// Days without a bill between others that have one.
    pub unbilled_days: Vec<i64>,
    /// What WeChat's account holds beyond what our books say, once there is a bill.
    pub account_difference_fen: Option<i64>,
    /// Who closed which day, and when.
    pub closed: BTreeMap<i64, (String, DateTime<Utc>)>,
}

fn summary(comparison: &Comparison) -> Content {
    let mut counts: BTreeMap<i64, (Counts, BTreeMap<Option<String>, Counts>)> = BTreeMap::new();
    for order in &comparison.orders {
        let (of_day, cities) = counts.entry(order.day).or_default();
        of_day.add(order);
        let city = order.ours.as_ref().map(|ours| ours.city.clone());
        cities.entry(city).or_default().add(order);
    }
    let days = comparison.days.iter().map(|day| {
        let (of_day, cities) = counts.remove(&day.day).unwrap_or_default();
        ComparedDay {
            day: day.day,
            bill: day.bill,
            paid_fen: day.paid_fen,
            returned_fen: day.returned_fen,
            own_fen: day.own_income_fen.saturating_sub(day.own_expense_fen),
            counts: of_day,
            cities: cities.into_iter().collect(),
        }
    });
    let days = days.collect();
    let orders = comparison.orders.iter();
    let orders = orders.filter(|order| order.class != Some(BillClass::Agrees));
    Content {
        days,
        orders: orders
            .take(ORDERS_KEPT)
            .map(|order| ComparedOrder {
                bill_number: order.bill_number.clone(),
                day: order.day,
                class: order.class.map(|class| class.code().to_owned()),
                ours: order
                    .ours
                    .as_ref()
                    .map(|ours| (ours.city.clone(), ours.state.clone())),
                ours_fen: order.ours_fen,
                bill_fen: order.bill_fen,
                is_explained: order.is_explained,
            })
            .collect(),
        unbilled_days: comparison.unbilled_days.clone(),
        account_difference_fen: comparison.account.map(|account| account.difference_fen()),
    }
}

/// Keeps what a comparison came to.
///
/// # Errors
/// Fails when the database does.
pub(super) async fn keep(app: &App, reconciled: &Reconciled) -> Result<(), super::Error> {
    let comparison = &reconciled.comparison;
    let content = serde_json::to_string(&summary(comparison)).map_err(Failure::defect)?;
    let row = ReconciliationRow {
        reconciliation: 0,
        done_ms: app.now().timestamp_millis(),
        n_findings: i64::try_from(reconciled.n_findings()).map_err(Failure::defect)?,
        difference_fen: comparison.difference_fen(),
        content,
    };
    app.store
        .write(move |tx| Ok::<_, super::Error>(rows::insert(tx, &row).map(drop)?))
        .await
}

/// The newest comparison; `None` before the first.
///
/// Cost: one row, and the closed days.
///
/// # Errors
/// Fails with [`Failure::Unreadable`] for a damaged row, and when the database does.
pub async fn latest(app: &App) -> Result<Option<Latest>, Error> {
    let (row, closed) = app
        .store
        .read(|read| Ok::<_, Error>((rows::latest(read)?, rows::closed_days(read)?)))
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let content: Content =
        serde_json::from_str(&row.content).map_err(|_error| Failure::Unreadable {
            what: "reconciliation.content",
        })?;
    let closed = closed.into_iter();
    Ok(Some(Latest {
        number: row.reconciliation,
        at: season::instant(row.done_ms),
        n_findings: row.n_findings,
        difference_fen: row.difference_fen,
        days: content.days,
        orders: content.orders,
        unbilled_days: content.unbilled_days,
        account_difference_fen: content.account_difference_fen,
        closed: closed
            .map(|row| (row.day, (row.closed_by, season::instant(row.closed_ms))))
            .collect(),
    }))
}

/// Fetches the bills that are missing where that is set up, compares everything and follows it up.
///
/// Cost: a comparison of everything with the bills.
///
/// # Errors
/// Fails when the database does.
pub async fn run(app: &App, by: &Organiser) -> Result<Reconciled, Error> {
    let reconciled = if app.wechat.pay_v3.is_some() {
        books::morning(app).await?
    } else {
        books::reconcile(app).await?
    };
    note(
        app,
        by,
        "books.reconciled",
        reconciled.n_findings().to_string(),
    )
    .await?;
    Ok(reconciled)
}

/// Takes a bill that somebody downloaded, then compares everything and follows it up.
///
/// # Errors
/// [`bills::ImportError`], naming the line; nothing is stored then.
pub async fn import(
    app: &App,
    by: &Organiser,
    (name, content): (&str, &[u8]),
    day: Option<ShanghaiDay>,
) -> Result<Imported, bills::ImportError> {
    let imported = bills::import(app, name, content, day).await?;
    books::reconcile(app).await?;
    let detail = format!("day={} version={}", imported.day, imported.version);
    note(app, by, "bill.handed_in", detail).await?;
    Ok(imported)
}

async fn note(
    app: &App,
    by: &Organiser,
    action: &'static str,
    detail: String,
) -> Result<(), super::Error> {
    let (actor, now_ms) = (by.name.clone(), app.now().timestamp_millis());
    app.store
        .write(move |tx| Ok(audit::append(tx, now_ms, &actor, action, &detail)?))
        .await
}

/// Closes a day: it agrees with its bill to the fen, or two persons have explained what does not.
///
/// # Errors
/// Refuses with [`Refused::DayOpen`] while anything in it is open, [`Refused::DayClosed`] the second time, and
/// [`Refused::NotFound`] for a day that no comparison has.
pub async fn close_day(app: &App, day: ShanghaiDay, by: &Organiser) -> Result<(), Error> {
    // What was kept may be older than the newest bill or incident.
    books::reconcile(app).await?;
    let latest = latest(app).await?.ok_or(Refused::NotFound)?;
    let number = i64::from(day.number());
    let found = latest.days.into_iter().find(|row| row.day == number);
    let found = found.ok_or(Refused::NotFound)?;
    let version = match found.bill {
        Some((version, _n_lines)) if found.is_clean() => version,
        Some(_) | None => return Err(Refused::DayOpen.into()),
    };
    let row = ClosedDayRow {
        day: number,
        bill_version: version,
        reconciliation: latest.number,
        paid_fen: found.paid_fen,
        returned_fen: found.returned_fen,
        n_orders: i64::try_from(found.counts.n_orders()).map_err(Failure::defect)?,
        closed_by: by.name.clone(),
        closed_ms: app.now().timestamp_millis(),
    };
    app.store.write(move |tx| closed(tx, &row, day)).await
}

fn closed(tx: &Tx<'_>, row: &ClosedDayRow, day: ShanghaiDay) -> Result<(), Error> {
    let read = tx.read();
    if rows::closed_days(&read)?
        .iter()
        .any(|other| other.day == row.day)
    {
        return Err(Refused::DayClosed.into());
    }
    let is_stale = version_in_force(&read, row.day)? != Some(row.bill_version);
    if is_stale || rows::n_open_incidents(&read, row.day)? > 0 {
        return Err(Refused::DayOpen.into());
    }
    rows::close_day(tx, row)?;
    let detail = format!(
        "day={day} version={} orders={} paid_fen={} returned_fen={}",
        row.bill_version, row.n_orders, row.paid_fen, row.returned_fen
    );
    let (actor, at_ms) = (row.closed_by.as_str(), row.closed_ms);
    Ok(audit::append(
        tx,
        at_ms,
        actor,
        "books.day_closed",
        &detail,
    )?)
}
