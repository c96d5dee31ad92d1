//! Budget, payments and decisions as JSON: the same use cases behind the same gate.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Query, State, rejection::JsonRejection},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    api::ReasonBody,
    budget::AskedPostings,
    decisions, error,
    gate::Signed,
    payments::{self, AskedPayments},
};
use crate::{
    app::App,
    contest::{
        books_seal,
        budget::{self, Sheet},
        dead_letter::{self, Act},
        decision::{self, Asked, Id},
        organiser::{Error, Organiser},
        pause::LIFT_PAYOUTS,
        payment_list::{self, BillLine, Detail, Listed},
        rail_pause,
    },
    web::{
        api::{problem::Problem, rejected},
        moment,
    },
};

pub(super) const BUDGET: &str = "/api/v1/console/cities/{city}/budget";
pub(super) const POSTINGS: &str = "/api/v1/console/cities/{city}/postings";
pub(super) const PAYMENTS: &str = "/api/v1/console/cities/{city}/payments";
pub(super) const STOPPED: &str = "/api/v1/console/payments";
pub(super) const PAYMENT: &str = "/api/v1/console/payments/{payment}";
pub(super) const QUERY: &str = "/api/v1/console/payments/{payment}/query";
pub(super) const HOLD: &str = "/api/v1/console/payments/{payment}/hold";
pub(super) const RESEND: &str = "/api/v1/console/payments/{payment}/resend";
pub(super) const RENEW: &str = "/api/v1/console/payments/{payment}/renew";
pub(super) const PAUSE: &str = "/api/v1/console/rail/pause";
pub(super) const RESUME: &str = "/api/v1/console/rail/resume";
pub(super) const DECISIONS: &str = "/api/v1/console/decisions";
pub(super) const APPROVE: &str = "/api/v1/console/decisions/{decision}/approve";
pub(super) const REJECT: &str = "/api/v1/console/decisions/{decision}/reject";
pub(super) const WITHDRAW: &str = "/api/v1/console/decisions/{decision}/withdraw";

/// What a day may award and has awarded.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct DayBody {
    /// Such as `2020-05-09`.
    day: String,
    cap_fen: i64,
    awarded_fen: i64,
    n_awards: i64,
}

/// A city's balance sheet: `undrawn` to `suspense` add up to `pool`.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct BudgetBody {
    city: String,
    pool_fen: i64,
    /// What its days may award together.
    planned_fen: i64,
    awarded_fen: i64,
    undrawn_fen: i64,
    reserved_fen: i64,
    sent_fen: i64,
    received_fen: i64,
    left_fen: i64,
    suspense_fen: i64,
    n_postings: i64,
    days: Vec<DayBody>,
    plan_commitment: String,
    plan_root: String,
    is_sealed: bool,
}

impl BudgetBody {
    fn of(sheet: Sheet) -> Self {
        let days = sheet.days.iter().map(|line| DayBody {
            day: line.day.to_string(),
            cap_fen: line.cap_fen,
            awarded_fen: line.used_fen,
            n_awards: line.n_awards,
        });
        Self {
            days: days.collect(),
            city: sheet.city,
            pool_fen: sheet.pool_fen,
            planned_fen: sheet.planned_fen,
            awarded_fen: sheet.awarded_fen,
            undrawn_fen: sheet.undrawn_fen,
            reserved_fen: sheet.reserved_fen,
            sent_fen: sheet.sent_fen,
            received_fen: sheet.received_fen,
            left_fen: sheet.left_fen,
            suspense_fen: sheet.suspense_fen,
            n_postings: sheet.n_transfers,
            plan_commitment: sheet.commitment,
            plan_root: sheet.root,
            is_sealed: sheet.sealed.is_some(),
        }
    }
}

/// A transfer between two accounts of a city.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct PostingBody {
    number: i64,
    at: String,
    /// `pool`, `reserved`, `sent`, `received`, `left` or `suspense`.
    debit: String,
    credit: String,
    amount_fen: i64,
    /// The order number of the payment it belongs to.
    payment: String,
}

impl From<budget::Posting> for PostingBody {
    fn from(posting: budget::Posting) -> Self {
        Self {
            number: posting.number,
            at: moment::rfc3339(posting.at),
            debit: posting.debit,
            credit: posting.credit,
            amount_fen: posting.amount_fen,
            payment: posting.bill_number,
        }
    }
}

/// Postings that were found, the newest first.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct PostingsBody {
    postings: Vec<PostingBody>,
    /// Ask again with `before` for further ones, if there may be any.
    before: Option<i64>,
}

/// A payment.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct PaymentBody {
    /// The order number.
    number: String,
    award: String,
    /// By our identifier.
    person: String,
    city: String,
    /// The day of the award, such as `2020-05-09`.
    day: String,
    amount_fen: i64,
    /// Which number of the award it is, from 1.
    attempt: i64,
    /// `red-packet` or `transfer`.
    rail: String,
    /// `reserved`, `in_flight`, `unknown`, `deferred`, `sent`, `refunding`, `held`, `received`, `refunded`, `dead`.
    state: String,
    decided_at: String,
    changed_at: String,
    /// When something is done next.
    due_at: Option<String>,
}

impl From<Listed> for PaymentBody {
    fn from(payment: Listed) -> Self {
        Self {
            number: payment.bill_number,
            award: payment.award,
            person: payment.person,
            city: payment.city,
            day: payment.day.to_string(),
            amount_fen: payment.amount_fen,
            attempt: payment.attempt_number,
            rail: payment.rail,
            state: payment.state,
            decided_at: moment::rfc3339(payment.decided),
            changed_at: moment::rfc3339(payment.changed),
            due_at: payment.due.map(moment::rfc3339),
        }
    }
}

/// Payments that were found, the latest award first.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct PaymentsBody {
    payments: Vec<PaymentBody>,
    /// Ask again with `after` for further ones, if there may be any.
    after: Option<String>,
}

/// A payment that stopped for a person.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct StoppedBody {
    number: String,
    award: String,
    city: String,
    amount_fen: i64,
    state: String,
    since: String,
    /// Why it stopped, for people.
    reason: String,
    /// What comes next, for people.
    next_step: String,
    /// `query`, `hold`, `resend`, `renew`.
    acts: Vec<String>,
}

/// One event of a payment.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct PaymentEventBody {
    at: String,
    event: String,
    /// The raw answer, or the persons and their reason.
    evidence: Option<String>,
    before: String,
    after: String,
}

/// A line of WeChat's bills.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct BillLineBody {
    day: String,
    flow_number: String,
    business: String,
    is_income: bool,
    amount_fen: i64,
    booked_at: String,
}

impl From<BillLine> for BillLineBody {
    fn from(line: BillLine) -> Self {
        Self {
            day: line.day.to_string(),
            flow_number: line.flow_number,
            business: line.business,
            is_income: line.is_income,
            amount_fen: line.amount_fen,
            booked_at: moment::rfc3339(line.booked),
        }
    }
}

/// A field of the frozen request; who is paid is masked.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct FieldBody {
    field: String,
    value: String,
}

/// A payment with everything that is known of it.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct PaymentDetailBody {
    payment: PaymentBody,
    /// Every number of its award, in order.
    numbers: Vec<String>,
    events: Vec<PaymentEventBody>,
    postings: Vec<PostingBody>,
    bill_lines: Vec<BillLineBody>,
    request: Vec<FieldBody>,
    /// Why it stopped, if it did.
    reason: Option<String>,
    next_step: Option<String>,
    acts: Vec<String>,
}

fn act_names(acts: &[Act]) -> Vec<String> {
    acts.iter().map(|act| act.name().to_owned()).collect()
}

impl PaymentDetailBody {
    fn of(detail: Detail) -> Self {
        let events = detail.events.into_iter().map(|event| PaymentEventBody {
            at: moment::rfc3339(event.at),
            event: event.event,
            evidence: event.evidence,
            before: event.before,
            after: event.after,
        });
        let lines = detail.lines.into_iter().map(BillLineBody::from);
        let request = detail.request.into_iter();
        Self {
            numbers: detail
                .numbers
                .into_iter()
                .map(|number| number.bill_number)
                .collect(),
            events: events.collect(),
            postings: detail.postings.into_iter().map(PostingBody::from).collect(),
            bill_lines: lines.collect(),
            request: request
                .map(|(field, value)| FieldBody { field, value })
                .collect(),
            reason: detail.look.reason.map(str::to_owned),
            next_step: detail.look.next_step.map(str::to_owned),
            acts: act_names(&detail.look.acts),
            payment: detail.payment.into(),
        }
    }
}

/// What a query has shown.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct QueriedBody {
    state: String,
    /// Whether WeChat gave an answer that can be used.
    is_answered: bool,
}

/// Why something is proposed, and what it rests on.
#[derive(Deserialize, ToSchema)]
pub(in crate::web) struct ProposalBody {
    /// 1 to 500 characters; it stands in the audit log.
    reason: String,
    /// 1 to 500 characters: a ticket, a line of the merchant's console.
    evidence: String,
}

/// What waits for a second person.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct MoneyProposedBody {
    /// Such as `renewal-3`; the decision names it.
    decision: String,
}

/// Something that waits for a second person.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct MoneyWaitingBody {
    /// Such as `renewal-3`.
    decision: String,
    /// `correction`, `renewal`, `rail.resume`, `payouts.resume` or `books.seal`.
    kind: String,
    /// What is asked for, in one sentence.
    asked: String,
    city: Option<String>,
    reason: String,
    evidence: Option<String>,
    maker: String,
    proposed_at: String,
    /// What a decision has to name.
    digest: String,
}

/// Somebody's word about what waits.
#[derive(Deserialize, ToSchema)]
pub(in crate::web) struct WordBody {
    /// The digest of what was looked at.
    digest: String,
    /// 1 to 500 characters; it stands in the audit log.
    reason: String,
}

pub(super) fn answered<T: Serialize>(
    app: &App,
    organiser: &Organiser,
    answer: Result<T, Error>,
) -> Response {
    match answer {
        Ok(body) => Json(body).into_response(),
        Err(failed) => error::answer(app, Some(organiser), true, failed),
    }
}

pub(super) fn nothing(app: &App, organiser: &Organiser, done: Result<(), Error>) -> Response {
    match done {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(failed) => error::answer(app, Some(organiser), true, failed),
    }
}

pub(super) fn proposed(app: &App, organiser: &Organiser, id: Result<Id, Error>) -> Response {
    match id {
        Ok(id) => {
            let decision = id.to_string();
            (StatusCode::CREATED, Json(MoneyProposedBody { decision })).into_response()
        }
        Err(failed) => error::answer(app, Some(organiser), true, failed),
    }
}

/// A city's balance sheet; nothing before its packets are sealed.
#[utoipa::path(get, path = BUDGET, tag = "console",
    params(("city" = String, Path, description = "The city's slug")),
    responses((status = 200, body = Option<BudgetBody>), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(in crate::web) async fn budget(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
) -> Response {
    let sheet = budget::sheet(&app, &city).await;
    answered(
        &app,
        &organiser,
        sheet.map(|sheet| sheet.map(BudgetBody::of)),
    )
}

/// Searches a city's postings.
#[utoipa::path(get, path = POSTINGS, tag = "console",
    params(("city" = String, Path, description = "The city's slug"),
        ("account" = Option<String>, Query, description = "An account that gives or gets"),
        ("day" = Option<String>, Query, description = "Such as `2020-05-09`"),
        ("number" = Option<String>, Query, description = "An order number"),
        ("before" = Option<i64>, Query, description = "Only postings before this number")),
    responses((status = 200, body = PostingsBody), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(in crate::web) async fn postings(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    Query(asked): Query<AskedPostings>,
) -> Response {
    let found = match asked.wanted() {
        Ok(wanted) => budget::postings(&app, &city, wanted, None).await,
        Err(refused) => Err(refused.into()),
    };
    let body = found.map(|(postings, before)| PostingsBody {
        postings: postings.into_iter().map(PostingBody::from).collect(),
        before,
    });
    answered(&app, &organiser, body)
}

/// Searches a city's payments.
#[utoipa::path(get, path = PAYMENTS, tag = "console",
    params(("city" = String, Path, description = "The city's slug"),
        ("state" = Option<String>, Query, description = "A state's name"),
        ("rail" = Option<String>, Query, description = "`red-packet` or `transfer`"),
        ("day" = Option<String>, Query, description = "The day of the award, such as `2020-05-09`"),
        ("after" = Option<String>, Query, description = "The place an answer before named")),
    responses((status = 200, body = PaymentsBody), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(in crate::web) async fn payments(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    Query(asked): Query<AskedPayments>,
) -> Response {
    let found = match asked.wanted() {
        Ok(wanted) => payment_list::search(&app, &city, wanted, None).await,
        Err(refused) => Err(refused.into()),
    };
    let body = found.map(|(payments, further)| PaymentsBody {
        payments: payments.into_iter().map(PaymentBody::from).collect(),
        after: further.map(payment_list::Place::text),
    });
    answered(&app, &organiser, body)
}

/// Every payment that stopped for a person, the oldest award first.
#[utoipa::path(get, path = STOPPED, tag = "console",
    responses((status = 200, body = [StoppedBody]), (status = 401, body = Problem),
        (status = 403, body = Problem)))]
pub(in crate::web) async fn stopped(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
) -> Response {
    let letters = dead_letter::list(&app).await.map_err(Error::from);
    let bodies = letters.map(|(letters, _waiting)| {
        let bodies = letters.into_iter().map(|letter| StoppedBody {
            acts: act_names(&letter.acts),
            number: letter.bill_number,
            award: letter.award,
            city: letter.city,
            amount_fen: letter.amount_fen,
            state: letter.state,
            since: moment::rfc3339(letter.since),
            reason: letter.reason.to_owned(),
            next_step: letter.next_step.to_owned(),
        });
        bodies.collect::<Vec<_>>()
    });
    answered(&app, &organiser, bodies)
}

/// One payment with its whole timeline.
#[utoipa::path(get, path = PAYMENT, tag = "console",
    params(("payment" = String, Path, description = "The order number")),
    responses((status = 200, body = PaymentDetailBody), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(in crate::web) async fn payment(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(number): Path<String>,
) -> Response {
    let detail = payment_list::detail(&app, &number).await;
    answered(&app, &organiser, detail.map(PaymentDetailBody::of))
}

/// Asks WeChat about a payment now.
#[utoipa::path(post, path = QUERY, tag = "console",
    params(("payment" = String, Path, description = "The order number")),
    responses((status = 200, body = QueriedBody), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(in crate::web) async fn query(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(number): Path<String>,
) -> Response {
    let asked = dead_letter::ask(&app, &number, &organiser.name).await;
    let body = asked.map(|(state, is_answered)| QueriedBody { state, is_answered });
    answered(&app, &organiser, body.map_err(Error::from))
}

/// Stops a payment until two persons decide.
#[utoipa::path(post, path = HOLD, tag = "console", request_body = ReasonBody,
    params(("payment" = String, Path, description = "The order number")),
    responses((status = 204), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(in crate::web) async fn hold(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(number): Path<String>,
    body: Result<Json<ReasonBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let done = payments::held(&app, &organiser, &number, &body.reason).await;
    Ok(nothing(&app, &organiser, done))
}

/// Proposes that a held payment goes out again under the same number.
#[utoipa::path(post, path = RESEND, tag = "console", request_body = ProposalBody,
    params(("payment" = String, Path, description = "The order number")),
    responses((status = 201, body = MoneyProposedBody), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(in crate::web) async fn resend(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(number): Path<String>,
    body: Result<Json<ProposalBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let about = (Act::SendAgain, number.as_str());
    let id = payments::proposed(&app, &organiser, about, &body.reason, &body.evidence).await;
    Ok(proposed(&app, &organiser, id))
}

/// Proposes a new number for the award of a dead payment.
#[utoipa::path(post, path = RENEW, tag = "console", request_body = ProposalBody,
    params(("payment" = String, Path, description = "The order number")),
    responses((status = 201, body = MoneyProposedBody), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(in crate::web) async fn renew(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(number): Path<String>,
    body: Result<Json<ProposalBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let about = (Act::Renew, number.as_str());
    let id = payments::proposed(&app, &organiser, about, &body.reason, &body.evidence).await;
    Ok(proposed(&app, &organiser, id))
}

/// Stops all sending at once.
#[utoipa::path(post, path = PAUSE, tag = "console", request_body = ReasonBody,
    responses((status = 204), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(in crate::web) async fn pause(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    body: Result<Json<ReasonBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let done = rail_pause::pause(&app, &organiser, &body.reason).await;
    Ok(nothing(&app, &organiser, done))
}

/// Proposes that sending goes on.
#[utoipa::path(post, path = RESUME, tag = "console", request_body = ReasonBody,
    responses((status = 201, body = MoneyProposedBody), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(in crate::web) async fn resume(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    body: Result<Json<ReasonBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let number = rail_pause::propose_resuming(&app, &organiser, &body.reason).await;
    Ok(proposed(&app, &organiser, number.map(Id::Proposal)))
}

/// Everything about money that waits for a second person, the oldest first.
#[utoipa::path(get, path = DECISIONS, tag = "console",
    responses((status = 200, body = [MoneyWaitingBody]), (status = 401, body = Problem),
        (status = 403, body = Problem)))]
pub(in crate::web) async fn waiting(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
) -> Response {
    let all = decision::waiting(&app).await;
    let bodies = all.map(|all| {
        let bodies = all.into_iter().map(|waiting| MoneyWaitingBody {
            decision: waiting.id.to_string(),
            kind: match &waiting.asked {
                Asked::Correction { .. } => "correction",
                Asked::Renewal { .. } => "renewal",
                Asked::Resume { .. } => rail_pause::RESUME,
                Asked::ResumePayouts { .. } => LIFT_PAYOUTS,
                Asked::Seal { .. } => books_seal::PROPOSAL,
            }
            .to_owned(),
            asked: decisions::asked_words(&app, &waiting.asked),
            city: waiting.city,
            reason: waiting.reason,
            evidence: waiting.evidence,
            maker: waiting.maker,
            proposed_at: moment::rfc3339(waiting.proposed),
            digest: waiting.digest,
        });
        bodies.collect::<Vec<_>>()
    });
    answered(&app, &organiser, bodies)
}

/// Does what another person proposed; wants the second factor of the last five minutes.
#[utoipa::path(post, path = APPROVE, tag = "console", request_body = WordBody,
    params(("decision" = String, Path, description = "Such as `renewal-3`")),
    responses((status = 204), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(in crate::web) async fn approve(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(id): Path<String>,
    body: Result<Json<WordBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let done = decisions::approved(&app, &organiser, &id, &body.digest, &body.reason).await;
    Ok(nothing(&app, &organiser, done))
}

/// Rejects what another person proposed.
#[utoipa::path(post, path = REJECT, tag = "console", request_body = WordBody,
    params(("decision" = String, Path, description = "Such as `renewal-3`")),
    responses((status = 204), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(in crate::web) async fn reject(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(id): Path<String>,
    body: Result<Json<WordBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let word = (body.digest.as_str(), body.reason.as_str());
    let done = decisions::refused(&app, &organiser, &id, word, false).await;
    Ok(nothing(&app, &organiser, done))
}

/// Takes one's own proposal back.
#[utoipa::path(post, path = WITHDRAW, tag = "console", request_body = WordBody,
    params(("decision" = String, Path, description = "Such as `renewal-3`")),
    responses((status = 204), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(in crate::web) async fn withdraw(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(id): Path<String>,
    body: Result<Json<WordBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let word = (body.digest.as_str(), body.reason.as_str());
    let done = decisions::refused(&app, &organiser, &id, word, true).await;
    Ok(nothing(&app, &organiser, done))
}
