//! What waits for a second person about money, whatever it is about: one list, one way to decide.
//!
//! | begins with | what waits | what approving does |
//! |---|---|---|
//! | `correction-` | the end of an incident | `correction::approve` |
//! | `renewal-` | a new number for a dead payment | `dead_letter::approve_renewal` |
//! | `proposal-` | whatever takes two persons besides, by its kind | what its kind says |
//!
//! The commands `incident` and `payment` end in the same functions.

use std::{collections::BTreeMap, fmt, str::FromStr};

use chrono::{DateTime, Utc};

use super::{
    books_seal,
    correction::{self, Action},
    dead_letter::{self, DeadLetterRefusal},
    dual_control::same_person,
    incident::IncidentRefusal,
    organiser::{
        Error, Organiser, Refused,
        proposal::{self, Word},
        reason,
    },
    pause::{self, Verdict},
    rail_pause, season,
};
use crate::{
    app::App,
    store::{
        Read,
        incidents::{self, CorrectionRow, IncidentRow},
        pauses::PauseRow,
        payment_list,
        proposals::{self, ProposalRow},
        renewals::{self, RenewalRow},
    },
};

/// Kinds of proposals that are decided here; every other kind has a screen of its own.
const KINDS: [&str; 3] = [
    rail_pause::RESUME,
    books_seal::PROPOSAL,
    pause::LIFT_PAYOUTS,
];

/// Which of the waiting ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Id {
    /// The end of an incident.
    Correction(i64),
    /// A new number.
    Renewal(i64),
    /// Anything else.
    Proposal(i64),
}

impl fmt::Display for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Correction(number) => write!(formatter, "correction-{number}"),
            Self::Renewal(number) => write!(formatter, "renewal-{number}"),
            Self::Proposal(number) => write!(formatter, "proposal-{number}"),
        }
    }
}

impl FromStr for Id {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        let (kind, number) = text.split_once('-').ok_or(Refused::NotFound)?;
        let number = number.parse().map_err(|_no_number| Refused::NotFound)?;
        match kind {
            "correction" => Ok(Self::Correction(number)),
            "renewal" => Ok(Self::Renewal(number)),
            "proposal" => Ok(Self::Proposal(number)),
            _ => Err(Refused::NotFound),
        }
    }
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// An incident ends in this way.
    Correction {
        /// The incident.
        incident: i64,
        /// Its class.
        class: String,
        /// The order number it is about.
        bill_number: String,
        /// What is done.
        action: Action,
    },
    /// The award of this dead payment gets a new number.
    Renewal {
        /// The dead payment.
        bill_number: String,
    },
    /// Sending goes on over this rail, which was paused with these words.
    Resume {
        /// The rail's name.
        rail: String,
        /// Who paused it, and why.
        paused: String,
    },
    /// The payouts of this city go on, which were paused with this sentence for people.
    ResumePayouts {
        /// The city's slug.
        city: String,
        /// What people read meanwhile.
        sentence: String,
        /// Why they were paused.
        paused: String,
    },
    /// The books of this city are sealed as they stand.
    Seal {
        /// The city's slug.
        city: String,
        /// The totals that are sealed.
        totals: String,
    },
}

/// Something that waits for a second person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Which one.
    pub id: Id,
    /// What is asked for.
    pub asked: Asked,
    /// The city it belongs to, if it belongs to one.
    pub city: Option<String>,
    /// Why.
    pub reason: String,
    /// What it rests on, where that is asked for.
    pub evidence: Option<String>,
    /// Who proposes.
    pub maker: String,
    /// When.
    pub proposed: DateTime<Utc>,
    /// What a decision names, so that it is about what was looked at.
    pub digest: String,
}

impl Waiting {
    fn correction(row: CorrectionRow, incident: IncidentRow) -> Result<Self, Error> {
        Ok(Self {
            id: Id::Correction(row.correction),
            asked: Asked::Correction {
                action: Action::of_row(&row)?,
                incident: row.incident,
                class: incident.class,
                bill_number: incident.bill_number,
            },
            city: incident.city,
            digest: Id::Correction(row.correction).to_string(),
            reason: row.reason,
            evidence: Some(row.evidence),
            maker: row.maker,
            proposed: season::instant(row.proposed_ms),
        })
    }

    fn renewal(row: RenewalRow) -> Self {
        Self {
            id: Id::Renewal(row.proposal),
            digest: Id::Renewal(row.proposal).to_string(),
            asked: Asked::Renewal {
                bill_number: row.bill_number,
            },
            city: None,
            reason: row.reason,
            evidence: Some(row.evidence),
            maker: row.maker,
            proposed: season::instant(row.proposed_ms),
        }
    }

    /// A proposal that is decided here; one about a pause that runs no more waits for nobody.
    fn proposal(row: ProposalRow, running: &[PauseRow]) -> Option<Self> {
        let asked = match row.kind.as_str() {
            pause::LIFT_PAYOUTS => {
                let pause = pause::asked_to_end(&row, running)?;
                Asked::ResumePayouts {
                    city: row.subject,
                    sentence: pause.sentence.clone(),
                    paused: format!("{}：{}", pause.begun_by, pause.reason),
                }
            }
            rail_pause::RESUME => Asked::Resume {
                rail: row.subject,
                paused: row.content,
            },
            books_seal::PROPOSAL => Asked::Seal {
                city: row.subject,
                totals: row.content,
            },
            _ => return None,
        };
        Some(Self {
            id: Id::Proposal(row.proposal),
            asked,
            city: row.city,
            reason: row.reason,
            evidence: None,
            maker: row.maker,
            proposed: season::instant(row.proposed_ms),
            digest: row.digest,
        })
    }

    /// Whether this organiser may decide about it: whoever proposed it may not.
    #[must_use]
    pub fn is_for(&self, organiser: &Organiser) -> bool {
        !same_person(&self.maker, &organiser.name)
    }
}

/// Everything that waits for a second person, the oldest first.
///
/// Cost: a fixed number of queries, however much waits.
///
/// # Errors
/// Fails when the database does.
pub async fn waiting(app: &App) -> Result<Vec<Waiting>, Error> {
    app.store.read(all_waiting).await
}

fn all_waiting(read: &Read<'_>) -> Result<Vec<Waiting>, Error> {
    let about: BTreeMap<i64, IncidentRow> = incidents::with_waiting_correction(read)?
        .into_iter()
        .map(|row| (row.incident, row))
        .collect();
    let mut all = Vec::new();
    for row in incidents::waiting_corrections(read)? {
        if let Some(incident) = about.get(&row.incident) {
            all.push(Waiting::correction(row, incident.clone())?);
        }
    }
    let renewals = renewals::waiting(read)?;
    all.extend(renewals.into_iter().map(Waiting::renewal));
    let running = pause::running_payouts(read)?;
    let proposals = proposals::waiting(read, None)?.into_iter();
    all.extend(proposals.filter_map(|row| Waiting::proposal(row, &running)));
    all.sort_by_key(|waiting| (waiting.proposed, waiting.id));
    Ok(all)
}

/// What is open for people about money, in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OpenWork {
    /// Open incidents.
    pub n_incidents: i64,
    /// Held payments.
    pub n_held: i64,
    /// Who proposed what waits, a name for each.
    pub makers: Vec<String>,
}

impl OpenWork {
    /// How many proposals wait for this organiser: whoever proposed one does not decide it.
    #[must_use]
    pub fn n_waiting_for(&self, organiser: &Organiser) -> usize {
        let makers = self.makers.iter();
        makers
            .filter(|maker| !same_person(maker, &organiser.name))
            .count()
    }
}

/// Counts what is open, in one snapshot.
///
/// Cost: a fixed number of queries by index, however much waits; every page of the console asks.
///
/// # Errors
/// Fails when the database does.
pub async fn open_work(app: &App) -> Result<OpenWork, Error> {
    app.store
        .read(|read| {
            let incidents = incidents::open_by_class(read)?.into_iter();
            Ok(OpenWork {
                n_incidents: incidents.fold(0, |sum, (_class, n)| sum.saturating_add(n)),
                n_held: payment_list::n_held(read)?,
                makers: all_waiting(read)?
                    .into_iter()
                    .map(|waiting| waiting.maker)
                    .collect(),
            })
        })
        .await
}

/// Does what was proposed, because another person agrees.
///
/// # Errors
/// Refuses with [`Refused::SamePerson`], [`Refused::NotWaiting`], [`Refused::OtherContent`],
/// [`Refused::ReasonMissing`], or with what stands against the act itself.
pub async fn approve(
    app: &App,
    checker: &Organiser,
    id: Id,
    digest: &str,
    why: &str,
) -> Result<(), Error> {
    reason(why)?;
    match id {
        Id::Correction(number) => {
            said(id, digest)?;
            Ok(correction::approve(app, number, &checker.name).await?)
        }
        Id::Renewal(number) => {
            said(id, digest)?;
            Ok(dead_letter::approve_renewal(app, number, &checker.name).await?)
        }
        Id::Proposal(number) => {
            let row = expect_kind(app, number).await?;
            if row.kind == books_seal::PROPOSAL {
                let word = (number, digest, why);
                return books_seal::approve(app, &row.subject, checker, word).await;
            }
            if row.kind == pause::LIFT_PAYOUTS {
                let verdict = Verdict {
                    proposal: number,
                    digest: digest.to_owned(),
                    approves: true,
                    reason: why.to_owned(),
                };
                return pause::decide_payouts(app, &row.subject, verdict, checker).await;
            }
            let (checker, digest, why) = (checker.clone(), digest.to_owned(), why.to_owned());
            let now = app.now();
            app.store
                .write(move |tx| {
                    let word = Word {
                        proposal: number,
                        digest: &digest,
                        reason: &why,
                    };
                    rail_pause::resume(tx, &checker, word, now)
                })
                .await
        }
    }
}

/// Ends a proposal that is not approved: its maker takes it back, or another person rejects it.
///
/// The word about it is the digest of what was looked at, and why.
///
/// # Errors
/// Refuses with [`Refused::SamePerson`] or [`Refused::NotTheMaker`], [`Refused::NotWaiting`],
/// [`Refused::OtherContent`], [`Refused::ReasonMissing`].
pub async fn refuse(
    app: &App,
    by: &Organiser,
    id: Id,
    (digest, why): (&str, &str),
    takes_back: bool,
) -> Result<(), Error> {
    let why = reason(why)?;
    if let Id::Proposal(number) = id {
        expect_kind(app, number).await?;
        let (by, digest, now) = (by.clone(), digest.to_owned(), app.now());
        return app
            .store
            .write(move |tx| {
                let word = Word {
                    proposal: number,
                    digest: &digest,
                    reason: &why,
                };
                if takes_back {
                    proposal::withdraw(tx, &by, word, now).map(drop)
                } else {
                    proposal::reject(tx, &by, word, now).map(drop)
                }
            })
            .await;
    }
    said(id, digest)?;
    let all = waiting(app).await?;
    let found = all.into_iter().find(|waiting| waiting.id == id);
    let found = found.ok_or(Refused::NotWaiting)?;
    match (takes_back, same_person(&found.maker, &by.name)) {
        (true, false) => return Err(Refused::NotTheMaker.into()),
        (false, true) => return Err(Refused::SamePerson.into()),
        (true, true) | (false, false) => {}
    }
    match id {
        Id::Correction(number) => Ok(correction::refuse(app, number, &by.name, &why).await?),
        Id::Renewal(number) => Ok(dead_letter::refuse_renewal(app, number, &by.name, &why).await?),
        Id::Proposal(_) => Ok(()),
    }
}

/// A row that never changes is named by its number.
fn said(id: Id, digest: &str) -> Result<(), Refused> {
    if id.to_string() == digest {
        Ok(())
    } else {
        Err(Refused::OtherContent)
    }
}

/// A proposal of another screen is as if it were not here.
async fn expect_kind(app: &App, number: i64) -> Result<ProposalRow, Error> {
    let found = app
        .store
        .read(move |read| Ok::<_, Error>(proposals::proposal(read, number)?))
        .await?;
    match found {
        Some(row) if KINDS.contains(&row.kind.as_str()) => Ok(row),
        Some(_) | None => Err(Refused::NotWaiting.into()),
    }
}

impl From<IncidentRefusal> for Error {
    fn from(refusal: IncidentRefusal) -> Self {
        match refusal {
            IncidentRefusal::NoIncident { .. } => Refused::NotFound.into(),
            IncidentRefusal::NoProposal { .. } => Refused::NotWaiting.into(),
            IncidentRefusal::Ended { .. } => Refused::IncidentEnded.into(),
            IncidentRefusal::Missing(_) => Refused::ReasonMissing.into(),
            IncidentRefusal::SamePerson { .. } => Refused::SamePerson.into(),
            IncidentRefusal::NotForThis { .. } => Refused::ActionUnfit.into(),
            IncidentRefusal::Overdrawn { .. } => Refused::Overdrawn.into(),
            IncidentRefusal::Failed(error) => error.into(),
        }
    }
}

impl From<DeadLetterRefusal> for Error {
    fn from(refusal: DeadLetterRefusal) -> Self {
        match refusal {
            DeadLetterRefusal::NoPayment { .. } => Refused::NotFound.into(),
            DeadLetterRefusal::NoProposal { .. } => Refused::NotWaiting.into(),
            DeadLetterRefusal::Missing(_) => Refused::ReasonMissing.into(),
            DeadLetterRefusal::SamePerson { .. } => Refused::SamePerson.into(),
            DeadLetterRefusal::NotNow { state, .. } => Refused::NotInThisState { state }.into(),
            DeadLetterRefusal::Incident(refusal) => refusal.into(),
            DeadLetterRefusal::Failed(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_reads_as_it_is_written() {
        for id in [Id::Correction(1), Id::Renewal(22), Id::Proposal(333)] {
            assert_eq!(id.to_string().parse(), Ok(id));
        }
        for bad in ["", "correction", "correction-", "renewal-x", "page-1"] {
            assert_eq!(bad.parse::<Id>(), Err(Refused::NotFound), "{bad}");
        }
    }
}
