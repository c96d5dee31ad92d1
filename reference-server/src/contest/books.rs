//! The books of a morning: WeChat's bills are fetched, everything is compared, what differs is followed up.

use chrono::{NaiveDate, TimeDelta};
use schedule_core::ShanghaiDay;
use wechat_adapter::{
    TransportError,
    pay::{
        PayError,
        v3::{
            BillError, Freshness, FundAccount, FundFlowBill, FundFlowSums, RequestError,
            RequestFundFlow,
        },
    },
};

use super::{
    Error,
    bills::{self, ImportError, Imported, News, Source},
    incident::{self, Changes},
    payout, platform_keys,
    reconcile::{self, Answers, Comparison},
    reconciliation, season,
};
use crate::{
    app::App,
    crash_point::{Point, reach},
    store::{bills as rows, books},
};

/// WeChat's word for a day without a bill; whether it has none yet or never, it does not say.
const NO_BILL: &str = "NO_STATEMENT_EXIST";
/// The longest bill that is fetched: more than a million movements.
const BILL_BYTES_MAX: usize = FundFlowBill::MAX_BYTES;
/// So many of the latest days are fetched again: WeChat may cut a day off midnight, or correct it.
const FETCHED_AGAIN: i64 = 2;

/// What a reconciliation did and found.
#[derive(Debug)]
pub struct Reconciled {
    /// The bills that came in, by day.
    pub imported: Vec<Imported>,
    /// The days whose bill could not be fetched, and why.
    pub unfetched: Vec<(ShanghaiDay, FetchError)>,
    /// How many orders WeChat was asked about.
    pub n_asked: usize,
    /// Incidents opened and settled.
    pub changes: Changes,
    /// How everything compares now.
    pub comparison: Comparison,
}

impl Reconciled {
    /// How many numbers differ without an explanation, and days that have no bill.
    #[must_use]
    pub fn n_findings(&self) -> usize {
        let orders = self.comparison.orders.iter();
        let n_open = orders
            .filter(|order| {
                !order.is_explained && order.class.is_some_and(|class| class.needs_person())
            })
            .count();
        n_open
            .saturating_add(self.unfetched.len())
            .saturating_add(self.comparison.unbilled_days.len())
    }
}

/// Why a day's bill could not be fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The merchant's credentials of version 3 are not configured.
    #[error("there are no credentials of version 3 to fetch a bill with; import it as a file")]
    NoCredentials,
    /// The request cannot be made.
    #[error("the bill cannot be asked for: {0}")]
    Request(#[from] RequestError),
    /// WeChat could not be reached.
    #[error("WeChat: {0}")]
    Transport(#[from] TransportError),
    /// The file is longer than any bill of a day.
    #[error(
        "the file is longer than {} MiB, which no bill of a day is; look at it in the merchant's console",
        BILL_BYTES_MAX >> 20
    )]
    TooLong,
    /// WeChat refused, or its answer is not believed.
    #[error("WeChat: {0}")]
    Pay(#[from] PayError),
    /// WeChat says that there is no bill, and we know of a payment on that day.
    #[error("WeChat has no bill yet, but orders were accepted on that day")]
    NotThereYet,
    /// The file is not the announced one.
    #[error("{0}")]
    Bill(#[from] BillError),
    /// The bill is not taken.
    #[error(transparent)]
    Import(#[from] ImportError),
}

/// Fetches the bills that are missing and those of the last two days, then compares and follows up.
///
/// Doing it again changes nothing; a bill that cannot be fetched keeps nothing else from being done.
///
/// # Errors
/// Fails when the database does.
pub async fn morning(app: &App) -> Result<Reconciled, Error> {
    platform_keys::refresh(app).await?;
    let mut imported = Vec::new();
    let mut unfetched = Vec::new();
    for day in wanted_days(app).await? {
        match fetch(app, day).await {
            Ok(bill) => imported.push(bill),
            Err(FetchError::Import(ImportError::Failed(error))) => return Err(error),
            Err(problem) => {
                tracing::error!(bill.day = %day, %problem, "a bill could not be fetched");
                unfetched.push((day, problem));
            }
        }
    }
    Ok(Reconciled {
        imported,
        unfetched,
        ..reconcile(app).await?
    })
}

/// Compares everything, asks WeChat about what a query may settle, and follows up what needs a person.
///
/// What it came to is kept, for whoever looks at it later.
///
/// # Errors
/// Fails when the database does; WeChat's failures leave a difference as it is.
pub async fn reconcile(app: &App) -> Result<Reconciled, Error> {
    let mut comparison = reconcile::compare(app, Answers::new()).await?;
    let mut answers = Answers::new();
    let mut n_asked = 0_usize;
    for order in &comparison.orders {
        let is_asked = order.class.is_some_and(|class| class.is_asked_about());
        if is_asked && order.ours.is_some() && !order.is_explained {
            n_asked = n_asked.saturating_add(1);
            if let Some(answer) = payout::ask_about(app, &order.bill_number).await? {
                answers.insert(order.bill_number.clone(), answer);
            }
        }
    }
    if n_asked > 0 {
        comparison = reconcile::compare(app, answers).await?;
    }
    let changes = incident::follow(app, &comparison).await?;
    if changes != Changes::default() {
        comparison = reconcile::compare(app, Answers::new()).await?;
    }
    let reconciled = Reconciled {
        imported: Vec::new(),
        unfetched: Vec::new(),
        n_asked,
        changes,
        comparison,
    };
    reconciliation::keep(app, &reconciled).await?;
    Ok(reconciled)
}

/// The days to fetch: from the first award to yesterday, as long as payments moved, those that have no bill and the
/// latest two.
async fn wanted_days(app: &App) -> Result<Vec<ShanghaiDay>, Error> {
    let (span, billed) = app
        .store
        .read(|read| Ok::<_, Error>((books::money_span(read)?, rows::in_force(read)?)))
        .await?;
    let Some((first_ms, last_ms)) = span else {
        return Ok(Vec::new());
    };
    let number = |instant| i64::from(ShanghaiDay::from_instant(instant).number());
    let yesterday = yesterday(app);
    // What moved last may be booked on the day after.
    let last = number(season::instant(last_ms))
        .saturating_add(1)
        .min(yesterday);
    let again = yesterday.saturating_sub(FETCHED_AGAIN);
    let days = (number(season::instant(first_ms))..=last)
        .filter(|day| *day > again || !billed.iter().any(|bill| bill.day == *day));
    Ok(days.filter_map(bills::day_of).collect())
}

/// The latest day that has ended, as a day number.
fn yesterday(app: &App) -> i64 {
    i64::from(ShanghaiDay::from_instant(app.now()).number()).saturating_sub(1)
}

/// Fetches one day's bill and imports it; a day without movements becomes a bill without lines.
///
/// # Errors
/// [`FetchError`].
pub async fn fetch(app: &App, day: ShanghaiDay) -> Result<Imported, FetchError> {
    let v3 = app
        .wechat
        .pay_v3
        .as_ref()
        .ok_or(FetchError::NoCredentials)?;
    let call = RequestFundFlow::new(civil(day), FundAccount::Operation);
    let keys = platform_keys::ring(app, v3);
    let request = call.request(&v3.credentials, &keys, &fresh(app)?)?;
    let response = app.wechat.pay_http.send(request).await?;
    let ticket = match call.parse(&response, &keys, app.now()) {
        Err(PayError::Refused { code, .. }) if code == NO_BILL => return nothing(app, day).await,
        ticket => ticket?,
    };
    let request = ticket.request(&v3.credentials, &fresh(app)?)?;
    let file = app.wechat.pay_http.download(request, BILL_BYTES_MAX);
    let response = file.await.map_err(|error| match error {
        TransportError::AnswerTooLarge { .. } => FetchError::TooLong,
        error => FetchError::Transport(error),
    })?;
    let bill = ticket.parse(&response)?;
    let name = format!("the bill of {day}");
    let (flows, sums) = (bill.flows(), bill.sums());
    let content = response.body();
    reach(Point::BillFetched);
    Ok(bills::keep(app, &name, Source::WeChat, day, content, (flows, sums)).await?)
}

/// A day of which WeChat has no bill: a bill without lines, unless we know better or it may still come.
///
/// What we learnt on a day may have moved on the day before, so our record alone does not promise a bill for ever: once
/// the day is older than those fetched again, a payment that no bill has shows as a difference of its own.
async fn nothing(app: &App, day: ShanghaiDay) -> Result<Imported, FetchError> {
    let (from_ms, to_ms) = (day.start().timestamp_millis(), day.end().timestamp_millis());
    let number = i64::from(day.number());
    let (accepted, known) = app
        .store
        .read(move |read| {
            Ok::<_, Error>((
                books::accepted_within(read, from_ms, to_ms)?,
                rows::version_in_force(read, number)?,
            ))
        })
        .await
        .map_err(ImportError::from)?;
    if let Some(version) = known {
        // A bill that was there is not taken back by WeChat's silence.
        return Ok(Imported {
            day,
            version,
            n_lines: 0,
            news: News::Known,
        });
    }
    if accepted && number > yesterday(app).saturating_sub(FETCHED_AGAIN) {
        return Err(FetchError::NotThereYet);
    }
    let name = format!("the bill of {day}");
    let none = (&[][..], FundFlowSums::default());
    Ok(bills::keep(app, &name, Source::WeChat, day, b"", none).await?)
}

fn fresh(app: &App) -> Result<Freshness, FetchError> {
    Ok(Freshness {
        now: app.now(),
        nonce: payout::nonce(app).map_err(ImportError::from)?,
    })
}

/// The same day as the adapter writes it into a request.
fn civil(day: ShanghaiDay) -> NaiveDate {
    // Noon in Shanghai is on the same civil day in UTC.
    (day.start() + TimeDelta::hours(12)).date_naive()
}
