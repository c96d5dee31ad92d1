//! A half of a bank being written and approved, as JSON.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{Path, Query, State, rejection::JsonRejection},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use quiz_core::{Difference, Question, import::table::Role};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    bank_draft::column_key,
    bank_files::{AskedPaper, looked},
    bank_review::verdict,
    error,
    gate::Signed,
    money_api::{answered, nothing},
};
use crate::{
    app::App,
    content::BankFile,
    contest::{
        bank::{
            desk::{self, Desk, Standing},
            draft::{Item, State as ItemState, Words},
            examination::FindingReport,
            submission::{self, Review, Submission},
        },
        city_page::Verdict,
        organiser::{Error, Organiser},
    },
    web::{
        api::{file_bytes, problem::Problem, rejected},
        moment,
    },
};

pub(super) const DRAFT: &str = "/api/v1/console/cities/{city}/bank-draft";
pub(super) const COLUMNS: &str = "/api/v1/console/cities/{city}/bank-draft/columns";
pub(super) const ADD: &str = "/api/v1/console/cities/{city}/bank-draft/questions";
pub(super) const ITEM: &str = "/api/v1/console/cities/{city}/bank-draft/questions/{item}";
pub(super) const LEAVE: &str = "/api/v1/console/cities/{city}/bank-draft/questions/{item}/leave";
pub(super) const TAKE_BACK: &str =
    "/api/v1/console/cities/{city}/bank-draft/questions/{item}/take-back";
pub(super) const PREVIEW: &str = "/api/v1/console/cities/{city}/bank-draft/preview";
pub(super) const SUBMIT: &str = "/api/v1/console/cities/{city}/bank-draft/submit";
pub(super) const REVIEW: &str = "/api/v1/console/cities/{city}/bank-submission";
pub(super) const DECIDE: &str = "/api/v1/console/cities/{city}/bank-submission/decide";
pub(super) const WITHDRAW: &str = "/api/v1/console/cities/{city}/bank-submission/withdraw";

/// A question with its key.
#[derive(Serialize, ToSchema)]
struct DraftQuestionBody {
    stem: String,
    choices: Vec<String>,
    /// Letter of the right option.
    key: String,
    explanation: Option<String>,
    source: Option<String>,
    /// As 2020-04-22.
    law_as_of: Option<String>,
}

impl DraftQuestionBody {
    fn of(question: &Question) -> Self {
        let choices = question.choices().iter();
        Self {
            stem: question.stem().to_owned(),
            choices: choices.map(|choice| choice.text().to_owned()).collect(),
            key: question.key().letter().to_string(),
            explanation: question.explanation().map(str::to_owned),
            source: question.source().map(str::to_owned),
            law_as_of: question.law_as_of().map(|day| day.to_string()),
        }
    }
}

/// A question of a draft, or a row of which none came.
#[derive(Serialize, ToSchema)]
struct DraftItemBody {
    /// What names it in the calls.
    item: String,
    sheet: Option<String>,
    row: u32,
    /// `read`, `mended`, `added`, `broken` or `left`.
    state: &'static str,
    /// Its number in the half, from 1; nothing for what does not count.
    number: Option<usize>,
    question: Option<DraftQuestionBody>,
}

impl DraftItemBody {
    fn of(item: &Item) -> Self {
        Self {
            item: item.key.clone(),
            sheet: item.place.sheet.clone(),
            row: item.place.row,
            state: match item.state {
                ItemState::Read => "read",
                ItemState::Mended => "mended",
                ItemState::Added => "added",
                ItemState::Broken => "broken",
                ItemState::Left => "left",
            },
            number: item.number,
            question: item.question.as_ref().map(DraftQuestionBody::of),
        }
    }
}

/// Something found in a file or in its questions.
#[derive(Serialize, ToSchema)]
struct DraftFindingBody {
    /// `error`, `warning` or `note`.
    severity: String,
    sheet: Option<String>,
    /// 0 for the whole.
    row: u32,
    /// Letters of the column.
    column: Option<String>,
    /// In Chinese.
    message: String,
    /// The words of the file.
    original: String,
    /// In Chinese.
    suggestion: String,
}

impl DraftFindingBody {
    fn of(found: &FindingReport) -> Self {
        let place = &found.finding.place;
        Self {
            severity: found.severity.to_string(),
            sheet: place.sheet.clone(),
            row: place.row,
            column: place.column.as_ref().map(|column| column.letter.clone()),
            message: found.message_zh.clone(),
            original: found.finding.original.clone(),
            suggestion: found.suggestion_zh.to_owned(),
        }
    }
}

/// How a column is read.
#[derive(Serialize, ToSchema)]
struct DraftColumnBody {
    sheet: Option<String>,
    /// What names it in the call: its title, or `@` and its letters.
    column: String,
    letter: String,
    /// What it is read as, such as `题目`; nothing when it is not read.
    role: Option<String>,
    samples: Vec<String>,
}

/// What was submitted and waits.
#[derive(Serialize, ToSchema)]
struct BankSubmissionBody {
    proposal: i64,
    /// What a decision names.
    digest: String,
    /// Digest of the bank.
    bank: String,
    maker: String,
    reason: String,
    /// RFC 3339.
    submitted: String,
}

impl BankSubmissionBody {
    fn of(submission: &Submission) -> Self {
        Self {
            proposal: submission.proposal,
            digest: submission.digest.clone(),
            bank: submission.bank.clone(),
            maker: submission.maker.clone(),
            reason: submission.reason.clone(),
            submitted: moment::rfc3339(submission.at),
        }
    }
}

/// A city's half as its office is writing it.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct BankDraftBody {
    /// What a change names; 0 before anybody has begun.
    version: i64,
    /// `missing`, `filed`, `in_force`, `corrected`, `frozen` or `over`.
    standing: &'static str,
    /// Digest of the bank there is.
    bank: Option<String>,
    /// RFC 3339.
    opens: String,
    file: String,
    n_valid: usize,
    n_required: u16,
    n_errors: usize,
    n_warnings: usize,
    /// Probability that somebody who only guesses passes, in millionths.
    guess_floor_millionths: Option<u32>,
    columns: Vec<DraftColumnBody>,
    findings: Vec<DraftFindingBody>,
    items: Vec<DraftItemBody>,
    /// What stands against submitting, in Chinese.
    obstacles: Vec<String>,
    waiting: Option<BankSubmissionBody>,
}

impl BankDraftBody {
    fn of(desk: Desk) -> Self {
        let layouts = desk.reading.layouts.iter();
        let columns = layouts.flat_map(|layout| {
            layout.columns.iter().map(|column| DraftColumnBody {
                sheet: layout.name.clone(),
                column: column_key(column),
                letter: column.letter.clone(),
                role: column.role.map(Role::title_zh),
                samples: column.samples.clone(),
            })
        });
        Self {
            version: desk.version,
            standing: match &desk.standing {
                Standing::Missing => "missing",
                Standing::Filed => "filed",
                Standing::InForce { .. } => "in_force",
                Standing::Corrected { .. } => "corrected",
                Standing::Frozen { .. } => "frozen",
                Standing::Over => "over",
            },
            bank: desk.standing.digest().map(str::to_owned),
            opens: moment::rfc3339(desk.opens),
            n_valid: desk.reading.import.questions.len(),
            n_required: desk.size.city,
            n_errors: desk.report.n_errors,
            n_warnings: desk.report.n_warnings,
            guess_floor_millionths: desk.report.guess_floor_millionths,
            columns: columns.collect(),
            findings: desk
                .report
                .findings
                .iter()
                .map(DraftFindingBody::of)
                .collect(),
            items: desk.reading.items.iter().map(DraftItemBody::of).collect(),
            obstacles: desk.obstacles,
            waiting: desk.waiting.as_ref().map(BankSubmissionBody::of),
            file: desk.file,
        }
    }
}

/// The draft of a city's half, with everything found in it.
#[utoipa::path(get, path = DRAFT, tag = "console",
    params(("city" = String, Path, description = "The city's slug")),
    responses((status = 200, body = BankDraftBody), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(in crate::web) async fn draft(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
) -> Response {
    let desk = desk::desk(&app, &city).await;
    answered(&app, &organiser, desk.map(BankDraftBody::of))
}

/// A file, a text, or the bank in force to begin with.
#[derive(Deserialize, ToSchema)]
pub(in crate::web) struct NewBankFileBody {
    /// The version that was seen.
    version: i64,
    /// With its ending, which says how it is read.
    name: Option<String>,
    /// The file in base64; of text files the text may be given instead.
    content_base64: Option<String>,
    /// The text of a file.
    text: Option<String>,
    /// Begin with the city's half of the bank in force instead.
    #[serde(default)]
    from_bank: bool,
}

/// A draft that was changed.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct BankDraftVersionBody {
    /// What the next change names.
    version: i64,
}

fn changed(app: &App, organiser: &Organiser, done: Result<i64, Error>) -> Response {
    let body = done.map(|version| BankDraftVersionBody { version });
    answered(app, organiser, body)
}

/// Takes a file in, in place of the one before.
#[utoipa::path(post, path = DRAFT, tag = "console", request_body = NewBankFileBody,
    params(("city" = String, Path, description = "The city's slug")),
    responses((status = 200, body = BankDraftVersionBody), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(in crate::web) async fn hand_in(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    body: Result<Json<NewBankFileBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let seen = body.version;
    if body.from_bank {
        let done = desk::begin_with_bank(&app, &organiser, &city, seen).await;
        return Ok(changed(&app, &organiser, done));
    }
    let bytes = file_bytes(body.content_base64, body.text)?;
    let name = body.name.unwrap_or_default();
    let file = BankFile { name, bytes };
    let done = desk::upload(&app, &organiser, &city, (seen, file)).await;
    Ok(changed(&app, &organiser, done))
}

/// What columns hold.
#[derive(Deserialize, ToSchema)]
pub(in crate::web) struct BankColumnsBody {
    /// The version that was seen.
    version: i64,
    /// By the column's title, or `@` and its letters: a title it is read by, such as `题目`; an empty one for
    /// a column that is not read.
    columns: BTreeMap<String, String>,
}

/// Says what columns hold; remembered for the city's next file.
#[utoipa::path(post, path = COLUMNS, tag = "console", request_body = BankColumnsBody,
    params(("city" = String, Path, description = "The city's slug")),
    responses((status = 200, body = BankDraftVersionBody), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 413, body = Problem)))]
pub(in crate::web) async fn choose(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    body: Result<Json<BankColumnsBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let mut titles = BTreeMap::new();
    for (column, word) in body.columns {
        let role = match word.as_str() {
            "" => Role::Ignored,
            word => Role::of_title(word)
                .ok_or_else(|| Problem::malformed("a column is read by a title that is known"))?,
        };
        titles.insert(column, role);
    }
    let done = desk::read_columns(&app, &organiser, &city, (body.version, titles)).await;
    Ok(changed(&app, &organiser, done))
}

/// A question as somebody writes it.
#[derive(Deserialize, ToSchema)]
pub(in crate::web) struct WrittenQuestionBody {
    /// The version that was seen.
    version: i64,
    stem: String,
    /// 2 to 6, from A on.
    choices: Vec<String>,
    /// Letter of the right option.
    key: String,
    #[serde(default)]
    explanation: String,
    #[serde(default)]
    source: String,
    /// As 2020-04-22.
    #[serde(default)]
    law_as_of: String,
}

impl WrittenQuestionBody {
    fn words(self) -> (i64, Words) {
        let words = Words {
            stem: self.stem,
            choices: self.choices,
            key: self.key,
            explanation: self.explanation,
            source: self.source,
            law_as_of: self.law_as_of,
        };
        (self.version, words)
    }
}

/// Adds a question that is in no file.
#[utoipa::path(post, path = ADD, tag = "console", request_body = WrittenQuestionBody,
    params(("city" = String, Path, description = "The city's slug")),
    responses((status = 200, body = BankDraftVersionBody), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(in crate::web) async fn add(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    body: Result<Json<WrittenQuestionBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let (seen, words) = body.words();
    let done = desk::write_question(&app, &organiser, &city, (seen, None), &words).await;
    Ok(changed(&app, &organiser, done))
}

/// Writes the question of an item.
#[utoipa::path(post, path = ITEM, tag = "console", request_body = WrittenQuestionBody,
    params(("city" = String, Path, description = "The city's slug"),
        ("item" = String, Path, description = "The item")),
    responses((status = 200, body = BankDraftVersionBody), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(in crate::web) async fn write(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path((city, item)): Path<(String, String)>,
    body: Result<Json<WrittenQuestionBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let (seen, words) = body.words();
    let done = desk::write_question(&app, &organiser, &city, (seen, Some(&item)), &words).await;
    Ok(changed(&app, &organiser, done))
}

/// The version that was seen.
#[derive(Deserialize, ToSchema)]
pub(in crate::web) struct SeenDraftBody {
    version: i64,
}

/// Leaves an item out.
#[utoipa::path(post, path = LEAVE, tag = "console", request_body = SeenDraftBody,
    params(("city" = String, Path, description = "The city's slug"),
        ("item" = String, Path, description = "The item")),
    responses((status = 200, body = BankDraftVersionBody), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 413, body = Problem)))]
pub(in crate::web) async fn leave(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path((city, item)): Path<(String, String)>,
    body: Result<Json<SeenDraftBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let done = desk::leave(&app, &organiser, &city, (body.version, &item), true).await;
    Ok(changed(&app, &organiser, done))
}

/// Takes an item back in, as the file has it.
#[utoipa::path(post, path = TAKE_BACK, tag = "console", request_body = SeenDraftBody,
    params(("city" = String, Path, description = "The city's slug"),
        ("item" = String, Path, description = "The item")),
    responses((status = 200, body = BankDraftVersionBody), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 413, body = Problem)))]
pub(in crate::web) async fn take_back(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path((city, item)): Path<(String, String)>,
    body: Result<Json<SeenDraftBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let done = desk::leave(&app, &organiser, &city, (body.version, &item), false).await;
    Ok(changed(&app, &organiser, done))
}

/// An item of a paper as a phone shows it.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct PreviewItemBody {
    number: u16,
    stem: String,
    /// In the order shown, from A on.
    options: Vec<String>,
}

/// A paper as a phone would show it, drawn by chance: `of` is `draft`, `submitted` or `in_force`.
#[utoipa::path(get, path = PREVIEW, tag = "console",
    params(("city" = String, Path, description = "The city's slug"),
        ("of" = Option<String>, Query, description = "`draft`, `submitted` or `in_force`")),
    responses((status = 200, body = [PreviewItemBody]), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(in crate::web) async fn preview(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    Query(asked): Query<AskedPaper>,
) -> Response {
    let items = desk::preview(&app, &city, looked(&asked.of)).await;
    let body = items.map(|items| {
        let items = items.into_iter().map(|item| PreviewItemBody {
            number: item.ordinal.number(),
            stem: item.stem,
            options: item
                .options
                .into_iter()
                .map(|(_place, text)| text)
                .collect(),
        });
        items.collect::<Vec<_>>()
    });
    answered(&app, &organiser, body)
}

/// A draft that is to be submitted.
#[derive(Deserialize, ToSchema)]
pub(in crate::web) struct SubmitDraftBody {
    /// The version that was seen.
    version: i64,
    /// 1 to 500 characters; it stands in the audit log.
    reason: String,
}

/// What was submitted.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct DraftSubmittedBody {
    proposal: i64,
}

/// Submits a draft; somebody else approves it.
#[utoipa::path(post, path = SUBMIT, tag = "console", request_body = SubmitDraftBody,
    params(("city" = String, Path, description = "The city's slug")),
    responses((status = 201, body = DraftSubmittedBody), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(in crate::web) async fn submit(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    body: Result<Json<SubmitDraftBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let made = submission::submit(&app, &organiser, &city, body.version, &body.reason).await;
    Ok(match made {
        Ok(proposal) => {
            (StatusCode::CREATED, Json(DraftSubmittedBody { proposal })).into_response()
        }
        Err(failed) => error::answer(&app, Some(&organiser), true, failed),
    })
}

/// What becomes of a question.
#[derive(Serialize, ToSchema)]
struct BankDifferenceBody {
    /// `added`, `removed` or `kept`.
    change: &'static str,
    /// Its number in the bank in force, from 1.
    before: Option<u16>,
    /// Its number in the bank that was submitted, from 1.
    after: Option<u16>,
    question: Option<DraftQuestionBody>,
    /// As it is in the bank in force.
    question_before: Option<DraftQuestionBody>,
}

/// A bank that was submitted and waits, with what differs from the one in force.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct BankReviewBody {
    submission: BankSubmissionBody,
    /// Digest of the bank in force.
    before: Option<String>,
    differences: Vec<BankDifferenceBody>,
    findings: Vec<DraftFindingBody>,
    guess_floor_millionths: Option<u32>,
}

impl BankReviewBody {
    fn of(review: &Review) -> Self {
        let differences = review.differences.iter();
        let before = review.before.as_ref();
        Self {
            submission: BankSubmissionBody::of(&review.submission),
            before: before.map(|bank| bank.digest().to_string()),
            differences: differences
                .map(|difference| {
                    let (change, old, new) = match difference {
                        Difference::Added { new } => ("added", None, Some(*new)),
                        Difference::Removed { old } => ("removed", Some(*old), None),
                        Difference::Kept { old, new, .. } => ("kept", Some(*old), Some(*new)),
                        _ => ("kept", None, None),
                    };
                    let after = new.and_then(|id| review.bank.question(id));
                    let was = old.and_then(|id| before?.question(id));
                    BankDifferenceBody {
                        change,
                        before: old.map(|id| id.get().saturating_add(1)),
                        after: new.map(|id| id.get().saturating_add(1)),
                        question: after.map(DraftQuestionBody::of),
                        question_before: was.map(DraftQuestionBody::of),
                    }
                })
                .collect(),
            findings: review
                .report
                .findings
                .iter()
                .map(DraftFindingBody::of)
                .collect(),
            guess_floor_millionths: review.report.guess_floor_millionths,
        }
    }
}

/// The bank that was submitted and waits; nothing when none does.
#[utoipa::path(get, path = REVIEW, tag = "console",
    params(("city" = String, Path, description = "The city's slug")),
    responses((status = 200, body = Option<BankReviewBody>), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(in crate::web) async fn review(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
) -> Response {
    let review = submission::review(&app, &city).await;
    let body = review.map(|review| review.as_ref().map(BankReviewBody::of));
    answered(&app, &organiser, body)
}

/// A decision about a bank.
#[derive(Deserialize, ToSchema)]
pub(in crate::web) struct BankDecisionBody {
    proposal: i64,
    /// The digest of what was looked at.
    digest: String,
    /// `approve` or `reject`.
    verdict: String,
    /// 1 to 500 characters; it stands in the audit log.
    reason: String,
}

/// Decides about a bank that somebody else has submitted; approved, it is in force at once.
#[utoipa::path(post, path = DECIDE, tag = "console", request_body = BankDecisionBody,
    params(("city" = String, Path, description = "The city's slug")),
    responses((status = 204), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(in crate::web) async fn decide(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    body: Result<Json<BankDecisionBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let Some(verdict) = verdict(&body.verdict) else {
        return Err(Problem::malformed("a verdict is `approve` or `reject`"));
    };
    let bound = (body.proposal, body.digest.as_str());
    let done = submission::decide(&app, &city, verdict, bound, &body.reason, &organiser).await;
    Ok(nothing(&app, &organiser, done))
}

/// What its maker takes back.
#[derive(Deserialize, ToSchema)]
pub(in crate::web) struct BankWithdrawalBody {
    proposal: i64,
    digest: String,
    /// 1 to 500 characters; it stands in the audit log.
    reason: String,
}

/// Takes one's own bank back before anybody has decided.
#[utoipa::path(post, path = WITHDRAW, tag = "console", request_body = BankWithdrawalBody,
    params(("city" = String, Path, description = "The city's slug")),
    responses((status = 204), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(in crate::web) async fn withdraw(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    body: Result<Json<BankWithdrawalBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let bound = (body.proposal, body.digest.as_str());
    let (verdict, why) = (Verdict::Withdraw, body.reason.as_str());
    let done = submission::decide(&app, &city, verdict, bound, why, &organiser).await;
    Ok(nothing(&app, &organiser, done))
}
