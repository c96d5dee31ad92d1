//! Payments as people look at them: those of a city, and one with everything that is known of it.

use chrono::{DateTime, Utc};
use schedule_core::ShanghaiDay;

use super::{
    bills::Day,
    dead_letter::{self, Look},
    organiser::{Error, Refused},
    season,
};
use crate::{
    app::App,
    contest::{budget::Posting, order::Order},
    store::{
        bills::{self, DatedFlow},
        books::{self, PostingSearch},
        incidents::{self, IncidentRow},
        payment_list::{self as rows, EventRow, ListedRow, Search},
        payments,
    },
};

/// Payments of a page.
const PAGE: usize = 50;
/// Payments of a list as a file.
pub const FILE: usize = 50_000;
/// Postings of one payment; it has a handful.
const POSTINGS: i64 = 100;

/// A payment and the award it pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The order number.
    pub bill_number: String,
    /// The award it pays.
    pub award: String,
    /// Whose award it is, by our identifier.
    pub person: String,
    /// The award's city.
    pub city: String,
    /// The day of the award.
    pub day: Day,
    /// The amount.
    pub amount_fen: i64,
    /// Which number of the award it is, from 1.
    pub attempt_number: i64,
    /// The rail's name.
    pub rail: String,
    /// The state's name.
    pub state: String,
    /// When it was awarded.
    pub decided: DateTime<Utc>,
    /// When the payment changed last.
    pub changed: DateTime<Utc>,
    /// When something is done next, if anything is.
    pub due: Option<DateTime<Utc>>,
}

impl From<ListedRow> for Listed {
    fn from(row: ListedRow) -> Self {
        Self {
            bill_number: row.bill_number,
            award: row.award,
            person: row.person,
            city: row.city,
            day: Day::of_column(row.day),
            amount_fen: row.amount_fen,
            attempt_number: row.attempt_number,
            rail: row.rail,
            state: row.state,
            decided: season::instant(row.decided_ms),
            changed: season::instant(row.changed_ms),
            due: row.due_ms.map(season::instant),
        }
    }
}

/// Which payments of a city are looked for; empty texts look for nothing in particular.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    /// A state's name.
    pub state: String,
    /// A rail's name.
    pub rail: String,
    /// The day of the award.
    pub day: Option<ShanghaiDay>,
    /// Only what comes after this in the list, as the list before it said.
    pub after: Option<Place>,
}

/// A place in the list: the day and what it had awarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    day: i64,
    total_fen: i64,
}

impl Place {
    /// The place as an address carries it.
    #[must_use]
    pub fn text(self) -> String {
        format!("{}-{}", self.day, self.total_fen)
    }

    /// Reads a place from an address.
    #[must_use]
    pub fn of_text(text: &str) -> Option<Self> {
        let (day, total) = text.split_once('-')?;
        Some(Self {
            day: day.parse().ok()?,
            total_fen: total.parse().ok()?,
        })
    }
}

/// Payments of a city, the latest award first, fifty at a time or `n_max`; the place of further ones.
///
/// Cost: at most the city's awards, by index.
///
/// # Errors
/// Fails when the database does.
pub async fn search(
    app: &App,
    city: &str,
    wanted: Wanted,
    n_max: Option<usize>,
) -> Result<(Vec<Listed>, Option<Place>), Error> {
    let n_max = n_max.unwrap_or(PAGE);
    let city = city.to_owned();
    let found = app
        .store
        .read(move |read| {
            let after = wanted.after.map(|place| (place.day, place.total_fen));
            Ok::<_, Error>(rows::search(
                read,
                &Search {
                    city: &city,
                    state: &wanted.state,
                    rail: &wanted.rail,
                    day: wanted.day.map(|day| i64::from(day.number())),
                    before: after.unwrap_or((i64::MAX, i64::MAX)),
                    n_max: i64::try_from(n_max).unwrap_or(i64::MAX),
                },
            )?)
        })
        .await?;
    let further = found.last().filter(|_last| found.len() == n_max);
    let place = further.map(|last| Place {
        day: last.day,
        total_fen: last.day_total_fen,
    });
    Ok((found.into_iter().map(Listed::from).collect(), place))
}

/// One event of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// When.
    pub at: DateTime<Utc>,
    /// What, in the payout machine's word.
    pub event: String,
    /// The raw answer, or the persons and their reason.
    pub evidence: Option<String>,
    /// The state before.
    pub before: String,
    /// The state after.
    pub after: String,
}

impl From<EventRow> for Happened {
    fn from(row: EventRow) -> Self {
        Self {
            at: season::instant(row.at_ms),
            event: row.event,
            evidence: row.evidence,
            before: row.state_before,
            after: row.state_after,
        }
    }
}

/// A line of WeChat's bills about a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillLine {
    /// The day of the bill.
    pub day: Day,
    /// WeChat's number of the movement.
    pub flow_number: String,
    /// The business in WeChat's words.
    pub business: String,
    /// Whether the money came back.
    pub is_income: bool,
    /// How much.
    pub amount_fen: i64,
    /// When it was booked.
    pub booked: DateTime<Utc>,
}

impl From<DatedFlow> for BillLine {
    fn from(row: DatedFlow) -> Self {
        Self {
            day: Day::of_column(row.day),
            flow_number: row.flow.flow_number,
            business: row.flow.business,
            is_income: row.flow.is_income,
            amount_fen: row.flow.amount_fen,
            booked: season::instant(row.flow.booked_ms),
        }
    }
}

/// A payment with everything that is known of it.
#[derive(Debug, Clone)]
pub struct Detail {
    /// The payment.
    pub payment: Listed,
    /// Every number of its award, this one included, in order.
    pub numbers: Vec<Listed>,
    /// What happened, in order.
    pub events: Vec<Happened>,
    /// What was sent to WeChat: field and value, the person masked; nothing before the first sending, and once it is erased.
    pub request: Vec<(String, String)>,
    /// What it moved between the city's accounts, in order.
    pub postings: Vec<Posting>,
    /// What the bills in force say of it.
    pub lines: Vec<BillLine>,
    /// Incidents about it.
    pub incidents: Vec<IncidentRow>,
    /// Why it stopped if it did, what comes next, and what may be done.
    pub look: Look,
}

/// One payment with its whole timeline.
///
/// Cost: its own rows, and at most the transfers of its city.
///
/// # Errors
/// Refuses with [`Refused::NotFound`]; fails when the database does or the row is damaged.
pub async fn detail(app: &App, bill_number: &str) -> Result<Detail, Error> {
    let number = bill_number.to_owned();
    let found = app
        .store
        .read(move |read| {
            let Some(row) = payments::payment(read, &number)? else {
                return Ok(None);
            };
            let numbers = rows::of_award(read, &number)?;
            let city = numbers.first().map_or("", |first| first.city.as_str());
            let mut postings = books::postings(
                read,
                &PostingSearch {
                    city,
                    account: "",
                    bill_number: &number,
                    from_ms: i64::MIN,
                    to_ms: i64::MAX,
                    before: i64::MAX,
                    n_max: POSTINGS,
                },
            )?;
            postings.reverse();
            Ok::<_, Error>(Some((
                row,
                rows::events(read, &number)?,
                bills::flows_of(read, &number)?,
                incidents::about(read, &number)?,
                books::seal(read, city)?.is_some(),
                postings,
                numbers,
            )))
        })
        .await?;
    let Some((row, events, lines, incidents, is_sealed, postings, numbers)) = found else {
        return Err(Refused::NotFound.into());
    };
    let numbers: Vec<Listed> = numbers.into_iter().map(Listed::from).collect();
    let payment = numbers
        .iter()
        .find(|other| other.bill_number == bill_number)
        .cloned()
        .ok_or(Refused::NotFound)?;
    let request = if row.request_sealed.is_empty() {
        Vec::new()
    } else {
        Order::frozen(&app.keys, &row)?.masked()?
    };
    Ok(Detail {
        look: dead_letter::look(app, &row, is_sealed)?,
        payment,
        numbers,
        events: events.into_iter().map(Happened::from).collect(),
        request,
        postings: postings.into_iter().map(Posting::from).collect(),
        lines: lines.into_iter().map(BillLine::from).collect(),
        incidents,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_as_it_is_written() {
        let place = Place {
            day: 18_374,
            total_fen: 142_800,
        };
        assert_eq!(Place::of_text(&place.text()), Some(place));
        for bad in ["", "-", "1", "1-", "a-2", "1-2-3"] {
            assert_eq!(Place::of_text(bad), None, "{bad}");
        }
    }
}
