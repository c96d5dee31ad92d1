//! Reconciliation, incidents, seals and lists for the tax office as JSON.

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
    books, error,
    gate::Signed,
    incidents,
    money_api::{BillLineBody, MoneyProposedBody, answered, nothing, proposed},
    wording,
};
use crate::{
    app::App,
    contest::{
        bills::{Day, ImportError, News},
        books_seal,
        decision::Id,
        incident::{self, Ending, Incident},
        organiser::Error,
        reconciliation::{self, ComparedDay, ComparedOrder, Counts, Latest},
        season,
        tax::{self, TaxList},
    },
    web::{
        api::{problem::Problem, rejected},
        moment,
    },
};

pub(super) const BOOKS: &str = "/api/v1/console/books";
pub(super) const DAY: &str = "/api/v1/console/books/{day}";
pub(super) const CLOSE: &str = "/api/v1/console/books/{day}/close";
pub(super) const RECONCILE: &str = "/api/v1/console/reconcile";
pub(super) const BILLS: &str = "/api/v1/console/bills";
pub(super) const INCIDENTS: &str = "/api/v1/console/incidents";
pub(super) const INCIDENT: &str = "/api/v1/console/incidents/{incident}";
pub(super) const TAKE: &str = "/api/v1/console/incidents/{incident}/take";
pub(super) const PROPOSE: &str = "/api/v1/console/incidents/{incident}/propose";
pub(super) const SEAL: &str = "/api/v1/console/cities/{city}/seal";
pub(super) const TAX: &str = "/api/v1/console/tax";

/// How many order numbers are of each class, and what differs.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct CountsBody {
    /// By class, from R0 to R7.
    n_by_class: Vec<usize>,
    n_waiting: usize,
    n_explained: usize,
    ours_fen: i64,
    bill_fen: i64,
    difference_fen: i64,
}

impl CountsBody {
    fn of(counts: &Counts) -> Self {
        Self {
            n_by_class: counts.n_by_class.to_vec(),
            n_waiting: counts.n_waiting,
            n_explained: counts.n_explained,
            ours_fen: counts.ours_fen,
            bill_fen: counts.bill_fen,
            difference_fen: counts.difference_fen,
        }
    }
}

/// The numbers of one city on one day; those that are not ours have no city.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct CityCountsBody {
    city: Option<String>,
    counts: CountsBody,
}

/// A day of the newest comparison.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct ComparedDayBody {
    /// Such as `2020-05-09`.
    day: String,
    bill_version: Option<i64>,
    n_lines: Option<i64>,
    paid_fen: i64,
    returned_fen: i64,
    own_fen: i64,
    counts: CountsBody,
    cities: Vec<CityCountsBody>,
    /// Whether it has a bill and nothing in it is unexplained or waits.
    is_clean: bool,
    closed_by: Option<String>,
}

impl ComparedDayBody {
    fn of(latest: &Latest, day: &ComparedDay) -> Self {
        let cities = day.cities.iter().map(|(city, counts)| CityCountsBody {
            city: city.clone(),
            counts: CountsBody::of(counts),
        });
        Self {
            day: Day::of_column(day.day).to_string(),
            bill_version: day.bill.map(|(version, _n_lines)| version),
            n_lines: day.bill.map(|(_version, n_lines)| n_lines),
            paid_fen: day.paid_fen,
            returned_fen: day.returned_fen,
            own_fen: day.own_fen,
            counts: CountsBody::of(&day.counts),
            cities: cities.collect(),
            is_clean: day.is_clean(),
            closed_by: latest.closed.get(&day.day).map(|(by, _at)| by.clone()),
        }
    }
}

/// An order number that differs, or of which nothing can be said yet.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct ComparedOrderBody {
    number: String,
    /// `R1` to `R7`; nothing while it waits for a bill.
    class: Option<String>,
    /// Nothing for a number that is not ours.
    city: Option<String>,
    state: Option<String>,
    ours_fen: i64,
    bill_fen: i64,
    is_explained: bool,
}

impl ComparedOrderBody {
    fn of(order: &ComparedOrder) -> Self {
        let (city, state) = order.ours.clone().unzip();
        Self {
            number: order.bill_number.clone(),
            class: order.class.clone(),
            city,
            state,
            ours_fen: order.ours_fen,
            bill_fen: order.bill_fen,
            is_explained: order.is_explained,
        }
    }
}

/// The newest comparison with WeChat's bills.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct BooksBody {
    number: i64,
    at: String,
    n_findings: i64,
    difference_fen: i64,
    /// What WeChat's account holds beyond what our books say.
    account_difference_fen: Option<i64>,
    days_without_bill: Vec<String>,
    days: Vec<ComparedDayBody>,
}

impl BooksBody {
    fn of(latest: &Latest) -> Self {
        let missing = latest.unbilled_days.iter();
        let days = latest.days.iter();
        Self {
            number: latest.number,
            at: moment::rfc3339(latest.at),
            n_findings: latest.n_findings,
            difference_fen: latest.difference_fen,
            account_difference_fen: latest.account_difference_fen,
            days_without_bill: missing
                .map(|day| Day::of_column(*day).to_string())
                .collect(),
            days: days.map(|day| ComparedDayBody::of(latest, day)).collect(),
        }
    }
}

/// A day and its differing numbers.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct DayOfBooksBody {
    day: ComparedDayBody,
    orders: Vec<ComparedOrderBody>,
}

/// A bill somebody downloaded from the merchant's console.
#[derive(Deserialize, ToSchema)]
pub(in crate::web) struct BillBody {
    /// The name of the file, for messages.
    name: String,
    /// The file as it is, UTF-8.
    content: String,
    /// Such as `2020-05-09`; only for a bill without movements.
    day: Option<String>,
}

/// What an import did.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct ImportedBody {
    day: String,
    version: i64,
    n_lines: usize,
    /// `first`, `known` or `changed`.
    news: String,
}

/// What a comparison came to.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct ReconciledBody {
    n_asked: usize,
    n_opened: usize,
    n_settled: usize,
    n_findings: usize,
    difference_fen: i64,
}

/// Something a person has to explain.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct IncidentBody {
    incident: i64,
    /// `R3` to `R7`, or `held`.
    class: String,
    /// The order number.
    number: String,
    city: Option<String>,
    day: String,
    ours_fen: i64,
    bill_fen: i64,
    evidence: String,
    opened_at: String,
    owner: Option<String>,
    /// `settled` or `explained`, once it has ended.
    ended: Option<String>,
}

impl From<Incident> for IncidentBody {
    fn from(row: Incident) -> Self {
        Self {
            incident: row.incident,
            class: row.class,
            number: row.bill_number,
            city: row.city,
            day: Day::of_column(row.day).to_string(),
            ours_fen: row.ours_fen,
            bill_fen: row.bill_fen,
            evidence: row.evidence,
            opened_at: moment::rfc3339(season::instant(row.opened_ms)),
            owner: row.owner,
            ended: row.ended.map(|ended| {
                match Ending::from(ended) {
                    Ending::Settled => "settled",
                    Ending::Explained => "explained",
                }
                .to_owned()
            }),
        }
    }
}

/// An incident with everything that is known of it.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct IncidentDetailBody {
    incident: IncidentBody,
    bill_lines: Vec<BillLineBody>,
    /// The state of our payment, if the number is ours.
    payment_state: Option<String>,
    /// Proposals that wait for a second person, such as `correction-3`.
    waiting: Vec<String>,
}

/// What is proposed about an incident.
#[derive(Deserialize, ToSchema)]
pub(in crate::web) struct CorrectionBody {
    /// `explained`; `deferred`, `unknown`, `dead`, `received` or `refunded` for a held payment; or
    /// a transfer as `CITY:FROM:TO:FEN`.
    action: String,
    /// 1 to 500 characters; it stands in the audit log.
    reason: String,
    /// 1 to 500 characters.
    evidence: String,
}

/// A city's seal.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct SealBody {
    city: String,
    sealed_at: String,
    sealed_by: String,
    checked_by: Option<String>,
    pool_fen: i64,
    undrawn_fen: i64,
    received_fen: i64,
    left_fen: i64,
    suspense_fen: i64,
    n_awards: i64,
    n_transfers: i64,
    n_later: usize,
    ledger_sha256: String,
    audit_number: i64,
    audit_hash: String,
}

/// What a city's people received.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct TaxCityBody {
    city: String,
    n_recipients: usize,
    n_packets: usize,
    received_fen: i64,
}

/// A person who received something, by our number.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct TaxRecipientBody {
    person: String,
    n_packets: usize,
    received_fen: i64,
    first_day: String,
    last_day: String,
}

/// Who received how much.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct TaxBody {
    /// Of every recipient, as the next two.
    received_fen: i64,
    n_recipients: usize,
    cities: Vec<TaxCityBody>,
    /// At most a thousand, in the order of their numbers.
    recipients: Vec<TaxRecipientBody>,
    /// What the next call names as `after`; nothing when these were the last.
    next: Option<String>,
}

/// The newest comparison with WeChat's bills; nothing before the first.
#[utoipa::path(get, path = BOOKS, tag = "console",
    responses((status = 200, body = Option<BooksBody>), (status = 401, body = Problem),
        (status = 403, body = Problem)))]
pub(in crate::web) async fn books(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
) -> Response {
    let latest = reconciliation::latest(&app).await;
    let body = latest.map(|latest| latest.as_ref().map(BooksBody::of));
    answered(&app, &organiser, body)
}

/// A day of the newest comparison, by city, with its differing numbers.
#[utoipa::path(get, path = DAY, tag = "console",
    params(("day" = String, Path, description = "Such as `2020-05-09`")),
    responses((status = 200, body = DayOfBooksBody), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(in crate::web) async fn day(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(text): Path<String>,
) -> Response {
    let found = books::compared_day(&app, &text).await;
    let body = found.map(|(latest, day)| {
        let orders = latest.orders.iter().filter(|order| order.day == day.day);
        DayOfBooksBody {
            orders: orders.map(ComparedOrderBody::of).collect(),
            day: ComparedDayBody::of(&latest, &day),
        }
    });
    answered(&app, &organiser, body)
}

/// Closes a day in which nothing is open.
#[utoipa::path(post, path = CLOSE, tag = "console",
    params(("day" = String, Path, description = "Such as `2020-05-09`")),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(in crate::web) async fn close(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(text): Path<String>,
) -> Response {
    let done = books::closed(&app, &organiser, &text).await;
    nothing(&app, &organiser, done)
}

/// Fetches missing bills where that is set up, compares everything and follows it up.
#[utoipa::path(post, path = RECONCILE, tag = "console",
    responses((status = 200, body = ReconciledBody), (status = 401, body = Problem),
        (status = 403, body = Problem)))]
pub(in crate::web) async fn reconcile(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
) -> Response {
    let done = reconciliation::run(&app, &organiser).await;
    let body = done.map(|done| ReconciledBody {
        n_asked: done.n_asked,
        n_opened: done.changes.n_opened,
        n_settled: done.changes.n_settled,
        n_findings: done.n_findings(),
        difference_fen: done.comparison.difference_fen(),
    });
    answered(&app, &organiser, body)
}

/// Takes a bill in, compares everything and follows it up.
#[utoipa::path(post, path = BILLS, tag = "console", request_body = BillBody,
    responses((status = 200, body = ImportedBody), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 413, body = Problem),
        (status = 422, body = Problem)))]
pub(in crate::web) async fn hand_in(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    body: Result<Json<BillBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let bill = (body.name.as_str(), body.content.as_bytes());
    let day = body.day.as_deref().unwrap_or_default();
    Ok(match books::imported(&app, &organiser, bill, day).await {
        Ok(done) => Json(ImportedBody {
            day: done.day.to_string(),
            version: done.version,
            n_lines: done.n_lines,
            news: match done.news {
                News::First => "first",
                News::Known => "known",
                News::Changed => "changed",
            }
            .to_owned(),
        })
        .into_response(),
        Err(ImportError::Failed(failed)) => {
            error::answer(&app, Some(&organiser), true, failed.into())
        }
        Err(refused) => error::problem(
            "bill-refused",
            StatusCode::UNPROCESSABLE_ENTITY,
            "这个文件没有收下，账没有变".to_owned(),
            wording::bill(&refused).unwrap_or_default(),
        ),
    })
}

/// Every incident, in order.
#[utoipa::path(get, path = INCIDENTS, tag = "console",
    responses((status = 200, body = [IncidentBody]), (status = 401, body = Problem),
        (status = 403, body = Problem)))]
pub(in crate::web) async fn incidents(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
) -> Response {
    let all = incident::list(&app).await.map_err(Error::from);
    let bodies =
        all.map(|(all, _waiting)| all.into_iter().map(IncidentBody::from).collect::<Vec<_>>());
    answered(&app, &organiser, bodies)
}

/// One incident.
#[utoipa::path(get, path = INCIDENT, tag = "console",
    params(("incident" = String, Path, description = "Its number")),
    responses((status = 200, body = IncidentDetailBody), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(in crate::web) async fn incident(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(text): Path<String>,
) -> Response {
    let found = incidents::found(&app, &text).await;
    let body = found.map(|detail| IncidentDetailBody {
        waiting: detail
            .waiting
            .iter()
            .map(|row| Id::Correction(row.correction).to_string())
            .collect(),
        bill_lines: detail.lines.into_iter().map(BillLineBody::from).collect(),
        payment_state: detail.payment,
        incident: detail.incident.into(),
    });
    answered(&app, &organiser, body)
}

/// Makes the caller the owner of an incident.
#[utoipa::path(post, path = TAKE, tag = "console",
    params(("incident" = String, Path, description = "Its number")),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(in crate::web) async fn take(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(text): Path<String>,
) -> Response {
    let done = incidents::taken(&app, &organiser, &text).await;
    nothing(&app, &organiser, done)
}

/// Proposes how an incident ends.
#[utoipa::path(post, path = PROPOSE, tag = "console", request_body = CorrectionBody,
    params(("incident" = String, Path, description = "Its number")),
    responses((status = 201, body = MoneyProposedBody), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(in crate::web) async fn propose(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(text): Path<String>,
    body: Result<Json<CorrectionBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let about = (text.as_str(), Some(body.action.as_str()));
    let id = incidents::proposed(&app, &organiser, about, &body.reason, &body.evidence).await;
    Ok(proposed(&app, &organiser, id))
}

/// The seal of a city; nothing before it is sealed.
#[utoipa::path(get, path = SEAL, tag = "console",
    params(("city" = String, Path, description = "The city's slug")),
    responses((status = 200, body = Option<SealBody>), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(in crate::web) async fn seal(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
) -> Response {
    let sealed = books_seal::sealed(&app, &city).await.map_err(Error::from);
    let body = sealed.map(|sealed| {
        sealed.map(|sealed| SealBody {
            sealed_at: moment::rfc3339(season::instant(sealed.seal.sealed_ms)),
            city: sealed.seal.city,
            sealed_by: sealed.seal.sealed_by,
            checked_by: sealed.seal.checked_by,
            pool_fen: sealed.seal.pool_fen,
            undrawn_fen: sealed.seal.undrawn_fen,
            received_fen: sealed.seal.received_fen,
            left_fen: sealed.seal.left_fen,
            suspense_fen: sealed.seal.suspense_fen,
            n_awards: sealed.seal.n_awards,
            n_transfers: sealed.seal.n_transfers,
            n_later: sealed.n_later,
            ledger_sha256: sealed.seal.ledger_sha256,
            audit_number: sealed.seal.audit_number,
            audit_hash: sealed.seal.audit_hash,
        })
    });
    answered(&app, &organiser, body)
}

/// Proposes to seal a city's books as they stand.
#[utoipa::path(post, path = SEAL, tag = "console", request_body = ReasonBody,
    params(("city" = String, Path, description = "The city's slug")),
    responses((status = 201, body = MoneyProposedBody), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(in crate::web) async fn propose_seal(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    body: Result<Json<ReasonBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let number = books_seal::propose(&app, &city, &organiser, &body.reason).await;
    Ok(proposed(&app, &organiser, number.map(Id::Proposal)))
}

/// Which list for the tax office, and from where on.
#[derive(Deserialize)]
pub(in crate::web) struct AskedTaxCall {
    city: Option<String>,
    after: Option<String>,
}

/// Recipients in one answer.
const RECIPIENTS: usize = 1_000;

/// Who received how much, a thousand recipients in an answer; counted anew every half minute at most.
#[utoipa::path(get, path = TAX, tag = "console",
    params(("city" = Option<String>, Query, description = "One city; all of them without it"),
        ("after" = Option<String>, Query, description = "What the answer before named as `next`")),
    responses((status = 200, body = TaxBody), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(in crate::web) async fn tax(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Query(asked): Query<AskedTaxCall>,
) -> Response {
    let found = tax::shown(&app, asked.city.as_deref().filter(|city| !city.is_empty())).await;
    let body = found
        .map(|list| tax_body(&list, asked.after.as_deref()))
        .map_err(Error::from);
    answered(&app, &organiser, body)
}

fn tax_body(list: &TaxList, after: Option<&str>) -> TaxBody {
    let first = after.map_or(0, |after| {
        let recipients = &list.recipients;
        recipients.partition_point(|row| row.person.as_str() <= after)
    });
    let rest = list.recipients.get(first..).unwrap_or_default();
    let shown = rest.get(..RECIPIENTS).unwrap_or(rest);
    let is_last = shown.len() == rest.len();
    let last = shown.last().filter(|_row| !is_last);
    TaxBody {
        received_fen: list.received_fen(),
        n_recipients: list.recipients.len(),
        cities: list
            .cities
            .iter()
            .map(|row| TaxCityBody {
                city: row.city.clone(),
                n_recipients: row.n_recipients,
                n_packets: row.n_packets,
                received_fen: row.received_fen,
            })
            .collect(),
        recipients: shown
            .iter()
            .map(|row| TaxRecipientBody {
                person: row.person.clone(),
                n_packets: row.n_packets,
                received_fen: row.received_fen,
                first_day: row.first.to_string(),
                last_day: row.last.to_string(),
            })
            .collect(),
        next: last.map(|row| row.person.clone()),
    }
}

#[cfg(test)]
mod tests {
    use schedule_core::ShanghaiDay;

    use super::*;
    use crate::contest::tax::Recipient;

    #[test]
    fn every_recipient_is_in_exactly_one_answer() {
        let day = ShanghaiDay::from_ymd(2020, 4, 22).unwrap();
        let recipients = (0..2_500).map(|n| Recipient {
            person: format!("P{n:05}"),
            openid: None,
            n_packets: 1,
            received_fen: 36,
            first: day,
            last: day,
        });
        let list = TaxList {
            recipients: recipients.collect(),
            cities: Vec::new(),
        };
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let body = tax_body(&list, after.as_deref());
            assert_eq!((body.n_recipients, body.received_fen), (2_500, 90_000));
            seen.extend(body.recipients.into_iter().map(|row| row.person));
            after = body.next;
            if after.is_none() {
                break;
            }
            assert_eq!(seen.len() % RECIPIENTS, 0);
        }
        let all: Vec<_> = list.recipients.iter().map(|row| &row.person).collect();
        assert_eq!(seen.iter().collect::<Vec<_>>(), all);
        assert!(tax_body(&list, Some("P99999")).recipients.is_empty());
    }
}
