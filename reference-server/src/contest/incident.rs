//! What a person has to explain: opened by the comparison or by a held payment, and ended by itself or by two persons.
//!
//! While an incident of R4 to R7 is open, nothing is sent to the person it names.

use chrono::{DateTime, Utc};
use reward_core::{BillClass, Event};

use super::{
    Error,
    dual_control::{Missing, given},
    payment_list::BillLine,
    payout::{self, tail},
    reconcile::{Answers, Comparison, Order, compare},
    season,
};
use crate::{
    app::App,
    store::{
        StoreError, Tx, audit, bills, books,
        incidents::{self as rows, CorrectionRow, Ended, IncidentRow},
        payments::{self, PaymentRow},
    },
};

/// The class of an incident about a payment that only persons move.
pub(super) const HELD: &str = "held";

/// What one run of the comparison changed about incidents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Changes {
    /// Incidents opened.
    pub n_opened: usize,
    /// Incidents that settled themselves.
    pub n_settled: usize,
}

/// Why nothing is done about an incident.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IncidentRefusal {
    /// There is no such incident.
    #[error("there is no incident {incident}")]
    NoIncident {
        /// The number given.
        incident: i64,
    },
    /// There is no such proposal.
    #[error("there is no proposal {correction}")]
    NoProposal {
        /// The number given.
        correction: i64,
    },
    /// It has ended already.
    #[error("incident {incident} has ended")]
    Ended {
        /// The incident.
        incident: i64,
    },
    /// A name, a reason or evidence is missing.
    #[error(transparent)]
    Missing(#[from] Missing),
    /// The one who proposed cannot approve.
    #[error("{name} proposed it; another person has to approve")]
    SamePerson {
        /// The person.
        name: String,
    },
    /// The action does not go with the incident.
    #[error("incident {incident} is of class {class}: {problem}")]
    NotForThis {
        /// The incident.
        incident: i64,
        /// Its class.
        class: String,
        /// What does not fit.
        problem: &'static str,
    },
    /// The account does not hold so much.
    #[error("{account} of {city} holds {balance_fen} fen, less than {amount_fen}")]
    Overdrawn {
        /// The city.
        city: String,
        /// The account that would give.
        account: &'static str,
        /// What it holds.
        balance_fen: i64,
        /// What was to be taken.
        amount_fen: i64,
    },
    /// Something below failed.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl From<StoreError> for IncidentRefusal {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// Every incident and every proposal that waits for a second person.
///
/// # Errors
/// Fails when the database does.
pub async fn list(app: &App) -> Result<(Vec<IncidentRow>, Vec<CorrectionRow>), Error> {
    app.store
        .read(|read| Ok::<_, Error>((rows::incidents(read)?, rows::waiting_corrections(read)?)))
        .await
}

/// A row of an incident, for whoever does not look into the store.
pub type Incident = IncidentRow;
/// A row of a proposal about one.
pub type Correction = CorrectionRow;

/// How an incident ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever shows an incident shows each of its ends"
)]
pub enum Ending {
    /// By itself.
    Settled,
    /// By two persons.
    Explained,
}

impl From<Ended> for Ending {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Settled => Self::Settled,
            Ended::Explained => Self::Explained,
        }
    }
}

/// An incident with everything that is known of it.
#[derive(Debug, Clone)]
pub struct Detail {
    /// The incident.
    pub incident: IncidentRow,
    /// Proposals about it that wait for a second person.
    pub waiting: Vec<CorrectionRow>,
    /// How two persons ended it, if they did: the correction, who approved it, and when.
    pub approved: Option<(CorrectionRow, String, DateTime<Utc>)>,
    /// What the bills in force say of its number.
    pub lines: Vec<BillLine>,
    /// The state of our payment, if the number is ours.
    pub payment: Option<String>,
}

/// One incident; `None` when there is none of this number.
///
/// # Errors
/// Fails when the database does.
pub async fn detail(app: &App, incident: i64) -> Result<Option<Detail>, Error> {
    app.store
        .read(move |read| {
            let Some(row) = rows::incident(read, incident)? else {
                return Ok(None);
            };
            let mut waiting = rows::waiting_corrections(read)?;
            waiting.retain(|proposal| proposal.incident == incident);
            let approved = rows::approved(read, incident)?;
            let approved =
                approved.map(|(row, checker, at_ms)| (row, checker, season::instant(at_ms)));
            let lines = bills::flows_of(read, &row.bill_number)?;
            let payment = payments::payment(read, &row.bill_number)?;
            Ok::<_, Error>(Some(Detail {
                waiting,
                approved,
                lines: lines.into_iter().map(BillLine::from).collect(),
                payment: payment.map(|payment| payment.state),
                incident: row,
            }))
        })
        .await
}

/// Makes somebody the owner of an incident.
///
/// # Errors
/// [`IncidentRefusal`] when there is no such incident, or no name.
pub async fn take(app: &App, incident: i64, owner: &str) -> Result<(), IncidentRefusal> {
    let owner = given("the owner", owner)?;
    let now_ms = app.now().timestamp_millis();
    app.store
        .write(move |tx| {
            open_incident(tx, incident)?;
            rows::set_owner(tx, incident, &owner)?;
            let detail = format!("incident={incident}");
            Ok(audit::append(
                tx,
                now_ms,
                &owner,
                "incident.taken",
                &detail,
            )?)
        })
        .await
}

/// Opens an incident for every difference that needs a person and for every held payment.
///
/// Contradictions of ended payments go to the payout machine, and incidents that a later bill
/// has answered are settled. Running it again changes nothing.
///
/// # Errors
/// Fails when the database does.
pub async fn follow(app: &App, comparison: &Comparison) -> Result<Changes, Error> {
    let mut changes = Changes::default();
    for order in &comparison.orders {
        let Some(class) = order.class.filter(|class| class.needs_person()) else {
            continue;
        };
        if !order.is_explained && open_for(app, class, order).await? {
            changes.n_opened = changes.n_opened.saturating_add(1);
        }
        contradict(app, order).await?;
    }
    for order in &comparison.orders {
        let is_held = order.ours.as_ref().is_some_and(|ours| ours.state == HELD);
        if is_held && open_row(app, HELD, order).await? {
            changes.n_opened = changes.n_opened.saturating_add(1);
        }
    }
    changes.n_settled = settle(app, comparison).await?;
    Ok(changes)
}

/// The open incident of a held payment, opened now unless the comparison of a morning has done so.
pub(super) async fn of_held(app: &App, payment: &PaymentRow) -> Result<i64, IncidentRefusal> {
    let compared = compare(app, Answers::new()).await?;
    let number = payment.bill_number.as_str();
    let found = compared
        .orders
        .binary_search_by(|order| order.bill_number.as_str().cmp(number));
    let order = found.ok().and_then(|index| compared.orders.get(index));
    if let Some(order) = order {
        open_row(app, HELD, order).await?;
    }
    let bill_number = payment.bill_number.clone();
    let opened = app
        .store
        .read(move |read| Ok::<_, Error>(rows::latest(read, HELD, &bill_number)?))
        .await?;
    let incident = opened.map_or(0, |row| row.incident);
    if incident == 0 {
        return Err(IncidentRefusal::NoIncident { incident });
    }
    Ok(incident)
}

/// Opens the incident of a difference unless it is open; whether it was opened.
async fn open_for(app: &App, class: BillClass, order: &Order) -> Result<bool, Error> {
    let is_new = open_row(app, class.code(), order).await?;
    if is_new {
        tracing::error!(
            bill.tail = tail(&order.bill_number),
            class = class.code(),
            ours_fen = order.ours_fen,
            bill_fen = order.bill_fen,
            "a person is needed: the bill differs"
        );
    }
    Ok(is_new)
}

async fn open_row(app: &App, class: &'static str, order: &Order) -> Result<bool, Error> {
    let now_ms = app.now().timestamp_millis();
    let ours = order.ours.as_ref();
    let row = IncidentRow {
        incident: 0,
        class: class.to_owned(),
        bill_number: order.bill_number.clone(),
        occurrence: 1,
        city: ours.map(|ours| ours.city.clone()),
        person: ours.map(|ours| ours.person.clone()),
        day: order.day,
        ours_fen: order.ours_fen,
        bill_fen: order.bill_fen,
        evidence: format!(
            "{class}: ours {} {} fen, the bills {} fen",
            ours.map_or("nothing", |ours| ours.state.as_str()),
            order.ours_fen,
            order.bill_fen
        ),
        opened_ms: now_ms,
        owner: None,
        ended: None,
    };
    app.store
        .write(move |tx| {
            let before = rows::latest(&tx.read(), &row.class, &row.bill_number)?;
            if before.as_ref().is_some_and(|before| before.ended.is_none()) {
                return Ok(false);
            }
            let row = IncidentRow {
                occurrence: before.map_or(1, |before| before.occurrence.saturating_add(1)),
                ..row
            };
            let number = rows::open(tx, &row)?;
            let detail = format!(
                "incident={number} class={} bill=…{}",
                row.class,
                tail(&row.bill_number)
            );
            audit::append(tx, now_ms, "books", "incident.opened", &detail)?;
            Ok::<_, Error>(true)
        })
        .await
}

/// Row 25 of the payout table: the money of an ended payment waits in suspense until persons have decided.
async fn contradict(app: &App, order: &Order) -> Result<(), Error> {
    let (Some(finding), Some(ours)) = (order.finding, &order.ours) else {
        return Ok(());
    };
    let has_ended = ["received", "refunded", "dead"].contains(&ours.state.as_str());
    if !has_ended || ours.is_in_dispute || order.is_explained {
        return Ok(());
    }
    let city = ours.city.clone();
    let sealed = app
        .store
        .read(move |read| Ok::<_, Error>(books::seal(read, &city)?))
        .await?;
    // Sealed books move by corrections only.
    if sealed.is_none() {
        let evidence = format!(
            "bill: paid net {} fen, ours {} fen",
            order.bill_fen, order.ours_fen
        );
        let event = Event::BillContradicts { finding };
        payout::apply(app, &order.bill_number, event, evidence).await?;
    }
    Ok(())
}

/// Settles open incidents whose difference is gone; how many.
async fn settle(app: &App, comparison: &Comparison) -> Result<usize, Error> {
    let (incidents, _proposals) = list(app).await?;
    let now_ms = app.now().timestamp_millis();
    let mut n_settled = 0_usize;
    for incident in incidents.into_iter().filter(|row| row.ended.is_none()) {
        let found = comparison
            .orders
            .binary_search_by(|order| order.bill_number.cmp(&incident.bill_number));
        let order = found.ok().and_then(|index| comparison.orders.get(index));
        let Some(evidence) = answered(&incident, order) else {
            continue;
        };
        app.store
            .write(move |tx| {
                rows::settle(tx, incident.incident, &evidence, now_ms)?;
                let detail = format!("incident={} {evidence}", incident.incident);
                Ok::<_, Error>(audit::append(
                    tx,
                    now_ms,
                    "books",
                    "incident.settled",
                    &detail,
                )?)
            })
            .await?;
        n_settled = n_settled.saturating_add(1);
    }
    Ok(n_settled)
}

/// Why an open incident needs nobody any more, if so.
fn answered(incident: &IncidentRow, order: Option<&Order>) -> Option<String> {
    let Some(order) = order else {
        // The bill that had it was replaced by one that has not.
        return Some("on no bill in force any more".to_owned());
    };
    let ours = order.ours.as_ref();
    if incident.class == HELD {
        let state = ours.map_or("nothing", |ours| ours.state.as_str());
        return (state != HELD).then(|| format!("the payment is {state}"));
    }
    let is_in_dispute = ours.is_some_and(|ours| ours.is_in_dispute);
    let class = order.class?;
    (!class.needs_person() && !is_in_dispute).then(|| {
        format!(
            "{}: ours {} fen, the bills {} fen",
            class.code(),
            order.ours_fen,
            order.bill_fen
        )
    })
}

/// The incident, while it has not ended.
pub(super) fn open_incident(tx: &Tx<'_>, incident: i64) -> Result<IncidentRow, IncidentRefusal> {
    let row =
        rows::incident(&tx.read(), incident)?.ok_or(IncidentRefusal::NoIncident { incident })?;
    if row.ended.is_some() {
        return Err(IncidentRefusal::Ended { incident });
    }
    Ok(row)
}
