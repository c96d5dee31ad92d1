//! Another edition of the timetable, as calls.

use std::sync::Arc;

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use schedule_core::CivilDay;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{edition, error, gate::Signed, wording};
use crate::{
    app::App,
    content::BankFile,
    contest::{
        edition::{self as use_case, Days, Look, Turn, Version},
        season,
    },
    web::{
        api::{file_bytes, problem::Problem, rejected},
        moment,
    },
};

/// A timetable is read from a file.
pub(super) const READ: &str = "/api/v1/console/schedule/read";
/// A look at what an edition would change.
pub(super) const PREVIEW: &str = "/api/v1/console/schedule/preview";
/// An edition is handed in.
pub(super) const PROPOSE: &str = "/api/v1/console/schedule/editions";
/// Somebody decides about it.
pub(super) const DECIDE: &str = "/api/v1/console/schedule/decide";

/// A city's turn in an edition: whole days, such as `2020-05-06`, both ends included.
#[derive(Serialize, Deserialize, ToSchema)]
pub(in crate::web) struct EditionTurnBody {
    city: String,
    contest_from: String,
    contest_to: String,
    /// Both or none of the next two.
    #[serde(default)]
    preheat_from: Option<String>,
    #[serde(default)]
    preheat_to: Option<String>,
}

impl EditionTurnBody {
    fn of(turn: &Turn) -> Self {
        Self {
            city: turn.city.clone(),
            contest_from: turn.contest.first.to_string(),
            contest_to: turn.contest.last.to_string(),
            preheat_from: turn.preheat.map(|days| days.first.to_string()),
            preheat_to: turn.preheat.map(|days| days.last.to_string()),
        }
    }

    fn turn(self) -> Result<Turn, Problem> {
        let day = |text: &str| {
            let no_day = |_error| Problem::malformed("a day is written as 2020-05-06");
            text.parse::<CivilDay>().map_err(no_day)
        };
        let days = |from: &str, to: &str| {
            Ok::<_, Problem>(Days {
                first: day(from)?,
                last: day(to)?,
            })
        };
        let preheat = match (&self.preheat_from, &self.preheat_to) {
            (Some(from), Some(to)) => Some(days(from, to)?),
            (None, None) => None,
            _ => return Err(Problem::malformed("a preheat has a first and a last day")),
        };
        Ok(Turn {
            contest: days(&self.contest_from, &self.contest_to)?,
            preheat,
            city: self.city,
        })
    }
}

fn turns(bodies: Vec<EditionTurnBody>) -> Result<Vec<Turn>, Problem> {
    bodies.into_iter().map(EditionTurnBody::turn).collect()
}

/// An edition that was proposed, and what became of it.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct EditionVersionBody {
    proposal: i64,
    digest: String,
    /// Which of the season's editions it is, from 2.
    ordinal: u32,
    maker: String,
    reason: String,
    proposed: String,
    turns: Vec<EditionTurnBody>,
    /// `approved`, `rejected` or `withdrawn`; nothing while it waits.
    verdict: Option<String>,
    checker: Option<String>,
    decided: Option<String>,
}

impl EditionVersionBody {
    pub(super) fn of(version: Version) -> Self {
        let decision = version.decision;
        Self {
            proposal: version.proposal,
            digest: version.digest,
            ordinal: version.ordinal,
            maker: version.maker,
            reason: version.reason,
            proposed: moment::rfc3339(version.at),
            turns: version.turns.iter().map(EditionTurnBody::of).collect(),
            verdict: decision.as_ref().map(|row| row.verdict.clone()),
            checker: decision.as_ref().map(|row| row.checker.clone()),
            decided: decision.map(|row| moment::rfc3339(season::instant(row.decided_ms))),
        }
    }
}

/// The turns of an edition to be looked at.
#[derive(Deserialize, ToSchema)]
pub(in crate::web) struct EditionDraftBody {
    turns: Vec<EditionTurnBody>,
}

/// What becomes of a city's turn.
#[derive(Serialize, ToSchema)]
struct EditionChangeBody {
    city: String,
    /// RFC 3339; nothing for a new turn.
    opens_before: Option<String>,
    /// RFC 3339; nothing for a cancelled one.
    opens_after: Option<String>,
    /// In words.
    change: String,
}

/// What an edition would change, and what stands against it.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct EditionLookBody {
    /// The proposal in force, which an edition is written over; 0 for the configuration's.
    based_on: i64,
    /// Sentences; the edition can be handed in when there is none.
    problems: Vec<String>,
    /// Sentences for whoever decides.
    notes: Vec<String>,
    changes: Vec<EditionChangeBody>,
}

impl EditionLookBody {
    fn of(look: Look) -> Self {
        let opens = |round: Option<&schedule_core::Round>| {
            round.map(|round| moment::rfc3339(round.window().start()))
        };
        let rounds = look.change.iter().flat_map(|change| change.rounds());
        Self {
            based_on: look.before.proposal,
            problems: edition::sentences(&look.problems),
            notes: look.notes.iter().map(wording::note).collect(),
            changes: rounds
                .map(|round| EditionChangeBody {
                    city: round.city().slug().as_str().to_owned(),
                    opens_before: opens(round.before()),
                    opens_after: opens(round.after()),
                    change: edition::alteration(round.alteration()).0,
                })
                .collect(),
        }
    }
}

/// An edition as a call hands it in.
#[derive(Deserialize, ToSchema)]
pub(in crate::web) struct NewEditionBody {
    /// The proposal in force that was looked at; 0 for the configuration's.
    based_on: i64,
    turns: Vec<EditionTurnBody>,
    /// 1 to 500 characters; it stands in the audit log.
    reason: String,
}

/// The number of an edition that waits.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct EditionProposedBody {
    proposal: i64,
}

/// A decision about an edition.
#[derive(Deserialize, ToSchema)]
pub(in crate::web) struct EditionDecisionBody {
    proposal: i64,
    /// The digest of what was looked at.
    digest: String,
    /// `approve`, `reject` or, by its maker, `withdraw`.
    verdict: String,
    /// 1 to 500 characters; it stands in the audit log.
    reason: String,
}

/// A timetable as an office sends it.
#[derive(Deserialize, ToSchema)]
pub(in crate::web) struct TimetableFileBody {
    /// With its ending, which says how it is read: `.docx`, `.xlsx`, `.xls`, `.ods`, `.csv`, `.tsv`, `.txt`.
    name: String,
    /// The file in base64; of text files the text may be given instead.
    content_base64: Option<String>,
    /// The text of a file.
    text: Option<String>,
}

/// What a file came to; nothing is written.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct TimetableReadBody {
    /// The turns, when the file is a timetable.
    turns: Option<Vec<EditionTurnBody>>,
    /// What is wrong with it, by line and column.
    problems: Vec<String>,
    /// What somebody should confirm, by line and column.
    notes: Vec<String>,
}

/// Reads a timetable from a file, as turns that can be looked at and handed in.
#[utoipa::path(post, path = READ, tag = "console", request_body = TimetableFileBody,
    responses((status = 200, body = TimetableReadBody), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 413, body = Problem)))]
pub(in crate::web) async fn call_read(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    body: Result<Json<TimetableFileBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let file = BankFile {
        name: body.name,
        bytes: file_bytes(body.content_base64, body.text)?,
    };
    Ok(match use_case::read_file(&app, file).await {
        Ok(read) => {
            let turns = read.turns.as_deref();
            let body = TimetableReadBody {
                turns: turns.map(|turns| turns.iter().map(EditionTurnBody::of).collect()),
                problems: read.problems,
                notes: read.notes,
            };
            Json(body).into_response()
        }
        Err(failed) => error::answer(&app, Some(&organiser), true, failed),
    })
}

/// What these turns would change, and what stands against them; nothing is written.
#[utoipa::path(post, path = PREVIEW, tag = "console", request_body = EditionDraftBody,
    responses((status = 200, body = EditionLookBody), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 413, body = Problem)))]
pub(in crate::web) async fn call_preview(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    body: Result<Json<EditionDraftBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let turns = turns(body.turns)?;
    Ok(match use_case::look(&app, &turns).await {
        Ok(look) => Json(EditionLookBody::of(look)).into_response(),
        Err(failed) => error::answer(&app, Some(&organiser), true, failed),
    })
}

/// Hands an edition of the timetable in; somebody else approves it.
#[utoipa::path(post, path = PROPOSE, tag = "console", request_body = NewEditionBody,
    responses((status = 201, body = EditionProposedBody), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(in crate::web) async fn call_propose(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    body: Result<Json<NewEditionBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let turns = turns(body.turns)?;
    let proposed = use_case::propose(&app, turns, body.based_on, &body.reason, &organiser).await;
    Ok(match proposed {
        Ok(proposal) => {
            let body = EditionProposedBody { proposal };
            (StatusCode::CREATED, Json(body)).into_response()
        }
        Err(failed) => error::answer(&app, Some(&organiser), true, failed),
    })
}

/// Decides about an edition that somebody else has handed in, or takes one's own back.
#[utoipa::path(post, path = DECIDE, tag = "console", request_body = EditionDecisionBody,
    responses((status = 204), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 409, body = Problem), (status = 413, body = Problem),
        (status = 422, body = Problem)))]
pub(in crate::web) async fn call_decide(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    body: Result<Json<EditionDecisionBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let Some(verdict) = edition::verdict(&body.verdict) else {
        let words = "a verdict is `approve`, `reject` or `withdraw`";
        return Err(Problem::malformed(words));
    };
    let bound = (body.proposal, body.digest.as_str());
    let decided = use_case::decide(&app, verdict, bound, &body.reason, &organiser).await;
    Ok(match decided {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(failed) => error::answer(&app, Some(&organiser), true, failed),
    })
}
