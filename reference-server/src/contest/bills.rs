//! WeChat's bill of a day comes in: read whole, stored once, every later version beside the first.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use schedule_core::ShanghaiDay;
use sha2::{Digest as _, Sha256};
use wechat_adapter::pay::v3::{FlowDirection, FundFlow, FundFlowBill, FundFlowSums, InvalidBill};

use super::{Error, Failure};
use crate::{
    app::App,
    crash_point::{Point, reach},
    store::{
        audit,
        bills::{self as rows, BillRow, FlowRow},
    },
};

/// What the merchant moves on the account without paying anybody; WeChat names the business so.
///
/// Every other movement under a number that is not ours is somebody's payment, and has to be explained.
const OWN_MOVEMENTS: [&str; 3] = ["充值", "提现", "手续费"];

/// Where a bill came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// WeChat was asked for it.
    WeChat,
    /// Somebody downloaded the file and handed it in.
    File,
}

impl Source {
    const fn name(self) -> &'static str {
        match self {
            Self::WeChat => "wechat",
            Self::File => "file",
        }
    }
}

/// What an import did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    /// The day of the bill.
    pub day: ShanghaiDay,
    /// The version it is, from 1.
    pub version: i64,
    /// How many movements it has.
    pub n_lines: usize,
    /// What was new about it.
    pub news: News,
}

/// What was new about an imported bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// The day had no bill before.
    First,
    /// The same file was imported before; nothing changed.
    Known,
    /// The day had another bill, which this one replaces; the old one is kept.
    Changed,
}

/// Why a file is not taken as a day's bill; nothing of it is stored, and nothing stored changes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The file is no bill, or not a whole one.
    #[error("{file}: {problem}")]
    NotABill {
        /// The file as it was named.
        file: String,
        /// What is wrong, and in which line.
        problem: InvalidBill,
    },
    /// The file has no movement, and nobody said of which day it is.
    #[error("{file}: a bill without movements does not tell its day; say which")]
    DayUnknown {
        /// The file as it was named.
        file: String,
    },
    /// The day is not over, so its bill cannot be whole.
    #[error("{file}: {day} is not over yet")]
    DayNotOver {
        /// The file as it was named.
        file: String,
        /// The day.
        day: ShanghaiDay,
    },
    /// A movement is of another day.
    #[error("{file}: line {line} was booked on {booked}, this is the bill of {day}")]
    OtherDay {
        /// The file as it was named.
        file: String,
        /// The line.
        line: usize,
        /// The day it was booked on.
        booked: ShanghaiDay,
        /// The day of the bill.
        day: ShanghaiDay,
    },
    /// Two movements have one number.
    #[error("{file}: line {line} repeats the movement {flow_number}")]
    Repeated {
        /// The file as it was named.
        file: String,
        /// The line.
        line: usize,
        /// The number of the movement.
        flow_number: String,
    },
    /// The bill of another day has the movement with another number, direction or amount.
    #[error("{file}: movement {line}, {flow_number}, stands otherwise on the bill of {other}")]
    Contradicts {
        /// The file as it was named.
        file: String,
        /// Which movement of the file, from 1.
        line: i64,
        /// The number of the movement.
        flow_number: String,
        /// The other day.
        other: Day,
    },
    /// An amount is beyond what the books count.
    #[error("{file}: line {line} has an amount that cannot be counted")]
    Amount {
        /// The file as it was named.
        file: String,
        /// The line.
        line: usize,
    },
    /// Something below failed.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl From<crate::store::StoreError> for ImportError {
    fn from(error: crate::store::StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// A stored day, which may be none that a calendar has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day(i64);

impl Day {
    /// A day from its column.
    #[must_use]
    pub const fn of_column(number: i64) -> Self {
        Self(number)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match day_of(self.0) {
            Some(day) => day.fmt(formatter),
            None => write!(formatter, "day {}", self.0),
        }
    }
}

/// The day of a column, if the calendar has it.
pub(super) fn day_of(number: i64) -> Option<ShanghaiDay> {
    ShanghaiDay::from_number(i32::try_from(number).ok()?).ok()
}

/// Imports a bill that somebody hands in as a file; `day` is needed only for a bill without movements.
///
/// The same file again changes nothing.
/// Cost grows linearly with the length of the file.
///
/// # Errors
/// [`ImportError`], naming the file and the line.
pub async fn import(
    app: &App,
    name: &str,
    content: &[u8],
    day: Option<ShanghaiDay>,
) -> Result<Imported, ImportError> {
    let file = name.to_owned();
    let bill = FundFlowBill::parse(content).map_err(|problem| ImportError::NotABill {
        file: file.clone(),
        problem,
    })?;
    let day = day
        .or_else(|| usual_day(bill.flows()))
        .ok_or(ImportError::DayUnknown { file })?;
    let movements = (bill.flows(), bill.sums());
    keep(app, name, Source::File, day, content, movements).await
}

/// The day on which most movements were booked: a few may lie beyond its midnight.
fn usual_day(flows: &[FundFlow]) -> Option<ShanghaiDay> {
    let mut days: BTreeMap<ShanghaiDay, usize> = BTreeMap::new();
    for flow in flows {
        let day = ShanghaiDay::from_instant(flow.booked_at);
        let n_lines = days.entry(day).or_default();
        *n_lines = n_lines.saturating_add(1);
    }
    let most = days.into_iter().max_by_key(|(_day, n_lines)| *n_lines);
    most.map(|(day, _n_lines)| day)
}

/// Checks a bill's movements and sums against its day and stores them, in one transaction.
pub(super) async fn keep(
    app: &App,
    name: &str,
    source: Source,
    day: ShanghaiDay,
    content: &[u8],
    (movements, sums): (&[FundFlow], FundFlowSums),
) -> Result<Imported, ImportError> {
    let now = app.now();
    let file = name.to_owned();
    if day.end() > now {
        return Err(ImportError::DayNotOver { file, day });
    }
    let flows = flow_rows(name, day, movements)?;
    let column = |fen: u64| i64::try_from(fen).map_err(Failure::defect);
    let row = BillRow {
        day: i64::from(day.number()),
        version: 0,
        sha256: hex::encode(Sha256::digest(content)),
        source: source.name().to_owned(),
        n_lines: i64::try_from(flows.len()).map_err(|range| Error::from(Failure::defect(range)))?,
        income_fen: column(sums.income_fen).map_err(Error::from)?,
        expense_fen: column(sums.expense_fen).map_err(Error::from)?,
        imported_ms: now.timestamp_millis(),
    };
    store(app, file, day, row, flows).await
}

async fn store(
    app: &App,
    file: String,
    day: ShanghaiDay,
    row: BillRow,
    flows: Vec<FlowRow>,
) -> Result<Imported, ImportError> {
    let n_lines = flows.len();
    let imported = app
        .store
        .write(move |tx| {
            let told = |version, news| Imported {
                day,
                version,
                n_lines,
                news,
            };
            if let Some(version) = rows::version_of(&tx.read(), row.day, &row.sha256)? {
                return Ok(told(version, News::Known));
            }
            let before = rows::version_in_force(&tx.read(), row.day)?;
            let version = before.map_or(1, |before| before.saturating_add(1));
            let row = BillRow { version, ..row };
            rows::insert(tx, &row, &flows)?;
            reach(Point::BillStoring);
            let contradicted = rows::contradicted_line(&tx.read(), row.day, version)?;
            if let Some((line, flow_number, other)) = contradicted {
                let other = Day::of_column(other);
                return Err(ImportError::Contradicts {
                    file,
                    line,
                    flow_number,
                    other,
                });
            }
            let detail = format!(
                "day={day} version={version} source={} lines={n_lines} sha256={}",
                row.source, row.sha256
            );
            audit::append(tx, row.imported_ms, "books", "bill.imported", &detail)?;
            let news = if before.is_some() {
                News::Changed
            } else {
                News::First
            };
            Ok(told(version, news))
        })
        .await?;
    if imported.news == News::Changed {
        tracing::warn!(bill.day = %day, bill.version = imported.version, "WeChat changed a bill");
    }
    Ok(imported)
}

fn flow_rows(
    file: &str,
    day: ShanghaiDay,
    flows: &[FundFlow],
) -> Result<Vec<FlowRow>, ImportError> {
    let mut numbers = BTreeSet::new();
    let mut rows = Vec::with_capacity(flows.len());
    for (ordinal, flow) in (1_i64..).zip(flows) {
        let booked = ShanghaiDay::from_instant(flow.booked_at);
        // WeChat may cut a day some seconds off midnight.
        if booked.number().abs_diff(day.number()) > 1 {
            return Err(ImportError::OtherDay {
                file: file.to_owned(),
                line: flow.line,
                booked,
                day,
            });
        }
        if !numbers.insert(flow.flow_number.as_str()) {
            return Err(ImportError::Repeated {
                file: file.to_owned(),
                line: flow.line,
                flow_number: flow.flow_number.clone(),
            });
        }
        let column = |fen: u64| {
            i64::try_from(fen).map_err(|_range| ImportError::Amount {
                file: file.to_owned(),
                line: flow.line,
            })
        };
        rows.push(FlowRow {
            line: ordinal,
            flow_number: flow.flow_number.clone(),
            bill_number: bill_number(flow).to_owned(),
            business: flow.business_name.clone(),
            is_payout: !is_own_movement(flow),
            is_income: flow.direction == FlowDirection::Income,
            amount_fen: column(flow.amount_fen)?,
            balance_fen: column(flow.balance_fen)?,
            booked_ms: flow.booked_at.timestamp_millis(),
        });
    }
    Ok(rows)
}

/// The order number; without one, whatever else tells the movement from others.
fn bill_number(flow: &FundFlow) -> &str {
    let numbers = [&flow.voucher_number, &flow.business_number];
    let named = numbers
        .into_iter()
        .map(|number| number.trim())
        .find(|number| !number.is_empty());
    named.unwrap_or(&flow.flow_number)
}

fn is_own_movement(flow: &FundFlow) -> bool {
    let names = [&flow.business_name, &flow.business_kind];
    OWN_MOVEMENTS
        .iter()
        .any(|own| names.iter().any(|name| name.contains(own)))
}
