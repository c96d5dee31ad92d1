//! How an incident ends: one person proposes, another approves; the database refuses one person for both.

use std::str::FromStr;

use reward_core::{Account, Event, EvidenceId, Resolution};

use super::{
    Error, Failure,
    dual_control::{given, operator, same_person},
    incident::{HELD, IncidentRefusal, open_incident},
    payout,
};
use crate::{
    app::App,
    store::{
        Tx, audit, books, facts,
        incidents::{self as rows, ApprovalRow, CorrectionRow, CorrectionTransfer, IncidentRow},
        payments::{self, TransferRow},
    },
};

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
    /// The stable name, as rows and programs carry it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Explained => "explained",
            Self::Transfer { .. } => "transfer",
            Self::Held(resolution) => RESOLUTIONS
                .iter()
                .find(|(_name, known)| known == resolution)
                .map_or("unknown", |(name, _)| name),
        }
    }

    pub(super) fn of_row(row: &CorrectionRow) -> Result<Self, Failure> {
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

/// What a stored proposal does; `None` for a damaged row.
#[must_use]
pub fn action_of(row: &CorrectionRow) -> Option<Action> {
    Action::of_row(row).ok()
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
    let is_refused = app
        .store
        .read(move |read| Ok::<_, Error>(rows::is_refused(read, correction)?))
        .await?;
    if is_refused {
        return Err(IncidentRefusal::NoProposal { correction });
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

/// Ends a proposal that is not approved: its maker takes it back, or another person rejects it.
///
/// # Errors
/// [`IncidentRefusal`] when nothing of this number waits, or no name or reason is given.
pub async fn refuse(
    app: &App,
    correction: i64,
    by: &str,
    reason: &str,
) -> Result<(), IncidentRefusal> {
    let (by, reason) = (given("who refuses", by)?, given("the reason", reason)?);
    let now_ms = app.now().timestamp_millis();
    app.store
        .write(move |tx| {
            let waiting = rows::waiting_corrections(&tx.read())?;
            let row = waiting.into_iter().find(|row| row.correction == correction);
            let row = row.ok_or(IncidentRefusal::NoProposal { correction })?;
            rows::refuse(tx, &row, &by, &reason, now_ms)?;
            let action = if same_person(&row.maker, &by) {
                "correction.withdrawn"
            } else {
                "correction.rejected"
            };
            let detail = format!(
                "correction={correction} maker={} reason={reason}",
                row.maker
            );
            Ok(audit::append(tx, now_ms, &by, action, &detail)?)
        })
        .await
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
