//! What a person has to explain: opened by the comparison or by a held payment, ended by two persons.
//!
//! One proposes, another approves; the database refuses one person for both.
//! While an incident of R4 to R7 is open, nothing is sent to the person it names.

use std::str::FromStr;

use reward_core::{Account, BillClass, Event, EvidenceId, OperatorId, Resolution};
use sha2::{Digest as _, Sha256};

use super::{
    Error, Failure,
    payout::{self, tail},
    reconcile::{Comparison, Order},
};
use crate::{
    app::App,
    store::{
        StoreError, Tx, audit, books, facts,
        incidents::{self as rows, ApprovalRow, CorrectionRow, CorrectionTransfer, IncidentRow},
        payments::{self, TransferRow},
    },
};

/// The class of an incident about a payment that only persons move.
const HELD: &str = "held";

/// What one run of the comparison changed about incidents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Changes {
    /// Incidents opened.
    pub n_opened: usize,
    /// Incidents that settled themselves.
    pub n_settled: usize,
}

/// What a proposal does once it is approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Nothing moves: the difference is explained as it stands.
    Explained,
    /// Money moves between two accounts of a city.
    Transfer {
        /// The city's slug.
        city: String,
        /// The account that gives.
        debit: Account,
        /// The account that gets.
        credit: Account,
        /// How much, in fen.
        amount_fen: i64,
    },
    /// A held payment goes on or ends (row 24 of the payout table).
    Held(Resolution),
}

/// A name that is no action.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{given:?} is none of explained, deferred, unknown, dead, received, refunded or CITY:FROM:TO:FEN"
)]
pub struct UnknownAction {
    given: String,
}

/// Reads `explained`, an end of a held payment, or a transfer as `nanjing:suspense:received:120`.
impl FromStr for Action {
    type Err = UnknownAction;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownAction {
            given: text.to_owned(),
        };
        if text == "explained" {
            return Ok(Self::Explained);
        }
        if let Some(resolution) = RESOLUTIONS.iter().find(|(name, _)| *name == text) {
            return Ok(Self::Held(resolution.1));
        }
        let parts: Vec<&str> = text.split(':').collect();
        let [city, debit, credit, amount] = parts.as_slice() else {
            return Err(unknown());
        };
        let account = |name: &str| {
            let found = Account::ALL
                .into_iter()
                .find(|account| account.name() == name);
            // What was never awarded is counted by the counters, which nobody moves back.
            found.filter(|account| *account != Account::Pool)
        };
        let amount_fen = amount.parse().ok().filter(|fen: &i64| *fen > 0);
        match (account(debit), account(credit), amount_fen) {
            (Some(debit), Some(credit), Some(amount_fen))
                if debit != credit && !city.is_empty() =>
            {
                Ok(Self::Transfer {
                    city: (*city).to_owned(),
                    debit,
                    credit,
                    amount_fen,
                })
            }
            _ => Err(unknown()),
        }
    }
}

const RESOLUTIONS: [(&str, Resolution); 5] = [
    ("deferred", Resolution::Deferred),
    ("unknown", Resolution::Unknown),
    ("dead", Resolution::Dead),
    ("received", Resolution::Received),
    ("refunded", Resolution::Refunded),
];

impl Action {
    fn name(&self) -> &'static str {
        match self {
            Self::Explained => "explained",
            Self::Transfer { .. } => "transfer",
            Self::Held(resolution) => RESOLUTIONS
                .iter()
                .find(|(_name, known)| known == resolution)
                .map_or("unknown", |(name, _)| name),
        }
    }

    fn of_row(row: &CorrectionRow) -> Result<Self, Failure> {
        let text = match &row.transfer {
            None => row.action.clone(),
            Some(transfer) => format!(
                "{}:{}:{}:{}",
                transfer.city, transfer.debit, transfer.credit, transfer.amount_fen
            ),
        };
        text.parse()
            .map_err(|_unknown: UnknownAction| Failure::Unreadable {
                what: "correction.action",
            })
    }
}

/// A proposal by one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The incident.
    pub incident: i64,
    /// What is to be done.
    pub action: Action,
    /// Why.
    pub reason: String,
    /// What it rests on: a document, a number of a ticket, a line of the merchant's console.
    pub evidence: String,
    /// Who proposes.
    pub maker: String,
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
    #[error("{what} must be given")]
    Missing {
        /// What is missing.
        what: &'static str,
    },
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

/// Writes down what one person proposes; nothing happens until another approves. Gives the proposal's number.
///
/// # Errors
/// [`IncidentRefusal`] when the incident has ended, something is not given, or the action does not fit.
pub async fn propose(app: &App, proposal: Proposal) -> Result<i64, IncidentRefusal> {
    let row = CorrectionRow {
        correction: 0,
        incident: proposal.incident,
        action: proposal.action.name().to_owned(),
        transfer: match &proposal.action {
            Action::Transfer {
                city,
                debit,
                credit,
                amount_fen,
            } => Some(CorrectionTransfer {
                city: city.clone(),
                debit: debit.name().to_owned(),
                credit: credit.name().to_owned(),
                amount_fen: *amount_fen,
            }),
            Action::Explained | Action::Held(_) => None,
        },
        reason: given("the reason", &proposal.reason)?,
        evidence: given("the evidence", &proposal.evidence)?,
        maker: given("who proposes", &proposal.maker)?,
        proposed_ms: app.now().timestamp_millis(),
    };
    app.store
        .write(move |tx| {
            let incident = open_incident(tx, row.incident)?;
            fits(&incident, &proposal.action)?;
            let correction = rows::propose(tx, &row)?;
            let detail = format!(
                "incident={} correction={correction} action={}",
                row.incident, row.action
            );
            audit::append(
                tx,
                row.proposed_ms,
                &row.maker,
                "correction.proposed",
                &detail,
            )?;
            Ok(correction)
        })
        .await
}

/// Does what was proposed, because another person agrees; the incident has then ended.
///
/// # Errors
/// [`IncidentRefusal`] when the approver is the proposer, the incident has ended, or the money is not there.
pub async fn approve(app: &App, correction: i64, checker: &str) -> Result<(), IncidentRefusal> {
    let checker = given("who approves", checker)?;
    let row = app
        .store
        .read(move |read| Ok::<_, Error>(rows::correction(read, correction)?))
        .await?
        .ok_or(IncidentRefusal::NoProposal { correction })?;
    if same_person(&row.maker, &checker) {
        return Err(IncidentRefusal::SamePerson { name: checker });
    }
    let action = Action::of_row(&row).map_err(Error::from)?;
    if let Action::Held(resolution) = action {
        move_held(app, &row, &checker, resolution).await?;
    }
    let now_ms = app.now().timestamp_millis();
    app.store
        .write(move |tx| {
            let incident = open_incident(tx, row.incident)?;
            fits(&incident, &action)?;
            let transfer = row.transfer.as_ref();
            let number = match transfer {
                Some(transfer) => Some(checked_transfer(tx, transfer)?),
                None => None,
            };
            rows::approve(
                tx,
                &ApprovalRow {
                    correction,
                    incident: row.incident,
                    maker: &row.maker,
                    checker: &checker,
                    transfer: transfer.map(|transfer| transfer.city.as_str()).zip(number),
                    approved_ms: now_ms,
                },
            )?;
            if let Some(transfer) = transfer {
                payments::insert_transfer(
                    tx,
                    &TransferRow {
                        city: &transfer.city,
                        debit: &transfer.debit,
                        credit: &transfer.credit,
                        amount_fen: transfer.amount_fen,
                        bill_number: &incident.bill_number,
                        at_ms: now_ms,
                    },
                )?;
            }
            let detail = format!(
                "incident={} correction={correction} action={} maker={}",
                row.incident, row.action, row.maker
            );
            Ok(audit::append(
                tx,
                now_ms,
                &checker,
                "correction.approved",
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

/// Row 24 of the payout table; a payment that has moved on since is left alone.
async fn move_held(
    app: &App,
    row: &CorrectionRow,
    checker: &str,
    resolution: Resolution,
) -> Result<(), IncidentRefusal> {
    let number = row.incident;
    let incident = app
        .store
        .read(move |read| Ok::<_, Error>(rows::incident(read, number)?))
        .await?
        .filter(|incident| incident.ended.is_none())
        .ok_or(IncidentRefusal::Ended { incident: number })?;
    fits(&incident, &Action::Held(resolution))?;
    let event = Event::Operator {
        maker: operator(&row.maker),
        checker: operator(checker),
        evidence: EvidenceId::new(u64::try_from(row.correction).unwrap_or_default()),
        resolution,
    };
    let evidence = format!("correction {}: {}", row.correction, row.evidence);
    payout::apply(app, &incident.bill_number, event, evidence).await?;
    Ok(())
}

/// A person as the payout machine tells persons apart, until there are accounts: a digest of the name.
fn operator(name: &str) -> OperatorId {
    let digest: [u8; 32] = Sha256::digest(plain_name(name)).into();
    let (first, _rest) = digest.split_at(8);
    OperatorId::new(
        first
            .iter()
            .fold(0, |number, byte| (number << 8) | u64::from(*byte)),
    )
}

fn plain_name(name: &str) -> String {
    name.trim().to_lowercase()
}

fn same_person(one: &str, other: &str) -> bool {
    plain_name(one) == plain_name(other)
}

fn given(what: &'static str, text: &str) -> Result<String, IncidentRefusal> {
    let text = text.trim();
    if text.is_empty() {
        return Err(IncidentRefusal::Missing { what });
    }
    Ok(text.to_owned())
}

fn open_incident(tx: &Tx<'_>, incident: i64) -> Result<IncidentRow, IncidentRefusal> {
    let row =
        rows::incident(&tx.read(), incident)?.ok_or(IncidentRefusal::NoIncident { incident })?;
    if row.ended.is_some() {
        return Err(IncidentRefusal::Ended { incident });
    }
    Ok(row)
}

fn fits(incident: &IncidentRow, action: &Action) -> Result<(), IncidentRefusal> {
    let problem = match (incident.class == HELD, action) {
        (true, Action::Held(_)) | (false, Action::Explained | Action::Transfer { .. }) => None,
        (true, _) => Some("say where the payment goes"),
        (false, Action::Held(_)) => Some("only a held payment can be sent on or ended"),
    };
    let problem = match action {
        Action::Transfer { city, .. } if incident.city.as_ref().is_some_and(|own| own != city) => {
            Some("the transfer is of another city")
        }
        _ => problem,
    };
    match problem {
        None => Ok(()),
        Some(problem) => Err(IncidentRefusal::NotForThis {
            incident: incident.incident,
            class: incident.class.clone(),
            problem,
        }),
    }
}

/// The number a transfer gets, once it is sure that its account holds the money.
fn checked_transfer(tx: &Tx<'_>, transfer: &CorrectionTransfer) -> Result<i64, IncidentRefusal> {
    let read = tx.read();
    let balance_fen = facts::accounts(&read)?
        .into_iter()
        .find(|account| account.city == transfer.city && account.account == transfer.debit)
        .map_or(0, |account| account.balance_fen);
    // Suspense is the one account that may be negative: the rail paid more than was awarded.
    if transfer.debit != Account::Suspense.name() && balance_fen < transfer.amount_fen {
        let account = Account::ALL
            .into_iter()
            .find(|account| account.name() == transfer.debit);
        return Err(IncidentRefusal::Overdrawn {
            city: transfer.city.clone(),
            account: account.map_or("the account", Account::name),
            balance_fen,
            amount_fen: transfer.amount_fen,
        });
    }
    Ok(books::next_transfer(&read, &transfer.city)?)
}
