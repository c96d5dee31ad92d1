//! A city's page: its text beside a phone that shows it, handed in by one person, approved by another.

use std::sync::Arc;

use askama::Template;
use axum::{
    Json,
    extract::{Form as Sent, Path, State, rejection::JsonRejection},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    error,
    form::{Field, Form, Kind},
    frame::Frame,
    gate::Signed,
    table, wording,
};
use crate::{
    app::App,
    contest::{
        city_page::{self, Board, Text, Verdict, Version, WrittenLink},
        organiser::{Error, Organiser, Refused},
    },
    web::{
        api::{problem::Problem, rejected},
        frame, markdown, moment,
    },
};

/// The screen, to which a version is sent as well.
pub(super) const PAGE: &str = "/console/cities/{city}/page";
/// Where a text is sent for a look at it.
pub(super) const PREVIEW: &str = "/console/cities/{city}/page/preview";
/// Where a version is approved or rejected.
pub(super) const DECIDE: &str = "/console/cities/{city}/page/decide";
/// Where its maker takes a version back.
pub(super) const WITHDRAW: &str = "/console/cities/{city}/page/withdraw";
/// The same as calls.
pub(super) const API: &str = "/api/v1/console/cities/{city}/page";
pub(super) const API_DECIDE: &str = "/api/v1/console/cities/{city}/page/decide";

/// A version that waits.
struct WaitingView {
    maker: String,
    at: String,
    reason: String,
    html: String,
    links: Vec<WrittenLink>,
    forms: Vec<Form>,
}

#[derive(Template)]
#[template(path = "console/city_page.html")]
struct CityPage {
    frame: Frame,
    city: String,
    slug: String,
    /// Which version is shown to everybody.
    version: String,
    waiting: Option<WaitingView>,
    editor: Option<Form>,
    /// What the phone beside the text shows.
    html: String,
    links: Vec<WrittenLink>,
    /// Whether that is a text nobody has handed in yet.
    is_preview: bool,
    pictures: Vec<String>,
}

/// A text as a form sends it: a link on each line, its words before its address.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Written {
    #[serde(default)]
    markdown: String,
    #[serde(default)]
    links: String,
    #[serde(default)]
    reason: String,
}

impl Written {
    fn of(text: &Text) -> Self {
        let lines = text.links.iter();
        let lines: Vec<String> = lines
            .map(|link| format!("{} {}", link.title, link.url))
            .collect();
        Self {
            markdown: text.markdown.clone(),
            links: lines.join("\n"),
            reason: String::new(),
        }
    }

    fn text(&self) -> Text {
        let lines = self.links.lines().map(str::trim);
        let links = lines.filter(|line| !line.is_empty()).map(|line| {
            let (title, url) = line.rsplit_once(char::is_whitespace).unwrap_or(("", line));
            WrittenLink {
                title: title.to_owned(),
                url: url.to_owned(),
            }
        });
        Text {
            markdown: self.markdown.clone(),
            links: links.collect(),
        }
    }
}

/// What somebody has just sent, and why it was not taken if it was not.
struct JustSent {
    written: Written,
    problem: Option<(String, String)>,
}

/// A city's page.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
) -> Response {
    shown(&app, &organiser, &city, None).await
}

async fn shown(app: &App, organiser: &Organiser, city: &str, sent: Option<JustSent>) -> Response {
    match screen(app, organiser, city, sent).await {
        Ok(page) => frame::personal(&page),
        Err(failed) => error::answer(app, Some(organiser), false, failed),
    }
}

async fn screen(
    app: &App,
    organiser: &Organiser,
    city: &str,
    sent: Option<JustSent>,
) -> Result<CityPage, Error> {
    let board = city_page::board(app, city).await?;
    let frame = Frame::of_city(app, Some(organiser), PAGE, Some(city));
    let is_preview = sent.is_some();
    let written = sent.as_ref().map(|sent| sent.written.clone());
    let text = match &written {
        // A text that is refused is not drawn.
        Some(_) if sent.as_ref().is_some_and(|sent| sent.problem.is_some()) => board.shown.clone(),
        Some(written) => written.text(),
        None => board.shown.clone(),
    };
    let (html, links) = drawn(app, city, text);
    let may_write = table::may_send(PAGE, &organiser.roles) && board.waiting.is_none();
    let editor = may_write.then(|| editor(&frame, city, &board, sent));
    let waiting = board.waiting.as_ref();
    let waiting = waiting.map(|version| waiting_view(app, organiser, &frame, city, version));
    Ok(CityPage {
        city: app.season.city_name(city),
        slug: city.to_owned(),
        version: version_words(board.version.as_ref()),
        waiting,
        editor,
        html,
        links,
        is_preview,
        pictures: board.pictures,
        frame,
    })
}

/// A text as a phone shows it.
fn drawn(app: &App, city: &str, text: Text) -> (String, Vec<WrittenLink>) {
    let links = text.links.clone();
    match city_page::preview(app, city, text) {
        Ok(content) => (markdown::to_html(&content), links),
        // A page without a word is no page yet.
        Err(_refused) => (String::new(), Vec::new()),
    }
}

fn version_words(version: Option<&Version>) -> String {
    match version {
        Some(version) => format!(
            "现在公布的是 {} 提交的一版（{}）。",
            version.maker,
            moment::second(version.at)
        ),
        None => "现在公布的是内容目录里的一版，还没有在这里改过。".to_owned(),
    }
}

fn editor(frame: &Frame, city: &str, board: &Board, sent: Option<JustSent>) -> Form {
    let (written, problem) = match sent {
        Some(sent) => (sent.written, sent.problem),
        None => (Written::of(&board.shown), None),
    };
    let fields = vec![
        Field::new("markdown", "正文（Markdown）", Kind::Area)
            .value(&written.markdown)
            .hint(
                "## 小标题，**加粗**，- 列表，[文字](https://地址)，![说明](图片名)；最多 1 万字",
            ),
        Field::new("links", "相关链接", Kind::Area)
            .value(&written.links)
            .hint("每行一个：名称 空格 https 地址，最多 6 个")
            .optional(),
        Field::reason().value(&written.reason),
    ];
    Form::new(frame, PAGE.replace("{city}", city), "提交审核", fields)
        .also("预览，不提交", PREVIEW.replace("{city}", city))
        .problem(problem)
}

fn waiting_view(
    app: &App,
    organiser: &Organiser,
    frame: &Frame,
    city: &str,
    version: &Version,
) -> WaitingView {
    let bound = |name: &str| {
        vec![
            Field::hidden("proposal", &version.proposal.to_string()),
            Field::hidden("digest", &version.digest),
            Field::hidden("verdict", name),
            Field::reason(),
        ]
    };
    let form = |path: &str, word: &'static str, name: &str| {
        Form::new(frame, path.replace("{city}", city), word, bound(name)).named(&format!("{name}-"))
    };
    let is_own = version.maker == organiser.name;
    let mut forms = Vec::new();
    if is_own && table::may_send(WITHDRAW, &organiser.roles) {
        forms.push(form(WITHDRAW, "撤回，继续修改", "withdraw"));
    }
    if !is_own && table::may_send(DECIDE, &organiser.roles) {
        forms.push(form(DECIDE, "批准，立即公布", "approve"));
        forms.push(form(DECIDE, "驳回", "reject").danger());
    }
    let (html, links) = drawn(app, city, version.text.clone());
    WaitingView {
        maker: version.maker.clone(),
        at: moment::second(version.at),
        reason: version.reason.clone(),
        html,
        links,
        forms,
    }
}

pub(super) async fn preview(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    Sent(written): Sent<Written>,
) -> Response {
    let looked_at = city_page::preview(&app, &city, written.text());
    let problem = match looked_at {
        Ok(_content) => None,
        Err(Error::Refused(refused)) => Some(wording::refused(&refused)),
        Err(failed) => return error::answer(&app, Some(&organiser), false, failed),
    };
    let is_refused = problem.is_some();
    let page = shown(&app, &organiser, &city, Some(JustSent { written, problem })).await;
    if is_refused {
        error::with_status(StatusCode::UNPROCESSABLE_ENTITY, page)
    } else {
        page
    }
}

pub(super) async fn propose(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    Sent(written): Sent<Written>,
) -> Response {
    let proposed =
        city_page::propose(&app, &city, written.text(), &written.reason, &organiser).await;
    match proposed {
        Ok(_number) => leads_back(&city),
        Err(Error::Refused(refused @ (Refused::PageForm | Refused::ReasonMissing))) => {
            let problem = Some(wording::refused(&refused));
            let page = shown(&app, &organiser, &city, Some(JustSent { written, problem })).await;
            error::with_status(StatusCode::UNPROCESSABLE_ENTITY, page)
        }
        Err(failed) => error::answer(&app, Some(&organiser), false, failed),
    }
}

fn leads_back(city: &str) -> Response {
    Redirect::to(&PAGE.replace("{city}", city)).into_response()
}

/// Somebody's word as a form sends it.
#[derive(Deserialize)]
pub(super) struct Decision {
    #[serde(default)]
    proposal: String,
    #[serde(default)]
    digest: String,
    #[serde(default)]
    verdict: String,
    #[serde(default)]
    reason: String,
}

async fn said(
    app: &App,
    organiser: &Organiser,
    city: &str,
    verdict: Option<Verdict>,
    said: &Decision,
) -> Response {
    let Some(verdict) = verdict else {
        return error::answer(app, Some(organiser), false, Refused::NotWaiting.into());
    };
    // A number that is none belongs to no proposal.
    let number = said.proposal.parse().unwrap_or_default();
    let bound = (number, said.digest.as_str());
    match city_page::decide(app, city, verdict, bound, &said.reason, organiser).await {
        Ok(()) => leads_back(city),
        Err(failed) => error::answer(app, Some(organiser), false, failed),
    }
}

fn verdict(word: &str) -> Option<Verdict> {
    match word {
        "approve" => Some(Verdict::Approve),
        "reject" => Some(Verdict::Reject),
        _ => None,
    }
}

pub(super) async fn decide(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    Sent(decision): Sent<Decision>,
) -> Response {
    let verdict = verdict(&decision.verdict);
    said(&app, &organiser, &city, verdict, &decision).await
}

pub(super) async fn withdraw(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    Sent(decision): Sent<Decision>,
) -> Response {
    said(&app, &organiser, &city, Some(Verdict::Withdraw), &decision).await
}

/// A link of a page.
#[derive(Serialize, Deserialize, ToSchema)]
pub(in crate::web) struct PageLinkBody {
    /// 1 to 30 characters.
    title: String,
    /// `https` only.
    url: String,
}

/// The text of a city's page.
#[derive(Serialize, ToSchema)]
struct PageTextBody {
    /// Markdown, at most 10,000 characters.
    markdown: String,
    links: Vec<PageLinkBody>,
}

impl From<Text> for PageTextBody {
    fn from(text: Text) -> Self {
        let links = text.links.into_iter();
        Self {
            markdown: text.markdown,
            links: links
                .map(|link| PageLinkBody {
                    title: link.title,
                    url: link.url,
                })
                .collect(),
        }
    }
}

/// A version that waits for somebody.
#[derive(Serialize, ToSchema)]
struct PageVersionBody {
    proposal: i64,
    digest: String,
    maker: String,
    reason: String,
    proposed: String,
    text: PageTextBody,
}

/// A city's page.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct PageBody {
    /// What people read now.
    shown: PageTextBody,
    waiting: Option<PageVersionBody>,
    /// The names of the pictures that a text may show.
    pictures: Vec<String>,
}

/// A version as a call hands it in.
#[derive(Deserialize, ToSchema)]
pub(in crate::web) struct NewPageBody {
    /// Markdown, at most 10,000 characters.
    markdown: String,
    /// At most six.
    #[serde(default)]
    links: Vec<PageLinkBody>,
    /// 1 to 500 characters; it stands in the audit log.
    reason: String,
}

/// The number of a version that waits.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct PageProposedBody {
    proposal: i64,
}

/// A decision about a version.
#[derive(Deserialize, ToSchema)]
pub(in crate::web) struct PageDecisionBody {
    proposal: i64,
    /// The digest of what was looked at.
    digest: String,
    /// `approve` or `reject`.
    verdict: String,
    /// 1 to 500 characters; it stands in the audit log.
    reason: String,
}

/// A city's page: what people read, and the version that waits.
#[utoipa::path(get, path = API, tag = "console",
    params(("city" = String, Path, description = "The city's slug")),
    responses((status = 200, body = PageBody), (status = 401, body = Problem),
        (status = 404, body = Problem)))]
pub(in crate::web) async fn call(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
) -> Response {
    match city_page::board(&app, &city).await {
        Ok(board) => Json(PageBody {
            shown: board.shown.into(),
            waiting: board.waiting.map(|version| PageVersionBody {
                proposal: version.proposal,
                digest: version.digest,
                maker: version.maker,
                reason: version.reason,
                proposed: moment::rfc3339(version.at),
                text: version.text.into(),
            }),
            pictures: board.pictures,
        })
        .into_response(),
        Err(failed) => error::answer(&app, Some(&organiser), true, failed),
    }
}

/// Hands a version of a city's page in; somebody else approves it.
#[utoipa::path(post, path = API, tag = "console", request_body = NewPageBody,
    params(("city" = String, Path, description = "The city's slug")),
    responses((status = 201, body = PageProposedBody), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(in crate::web) async fn call_propose(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    body: Result<Json<NewPageBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let links = body.links.into_iter();
    let text = Text {
        markdown: body.markdown,
        links: links
            .map(|link| WrittenLink {
                title: link.title,
                url: link.url,
            })
            .collect(),
    };
    let proposed = city_page::propose(&app, &city, text, &body.reason, &organiser).await;
    Ok(match proposed {
        Ok(proposal) => (StatusCode::CREATED, Json(PageProposedBody { proposal })).into_response(),
        Err(failed) => error::answer(&app, Some(&organiser), true, failed),
    })
}

/// Decides about a version of a city's page that somebody else has handed in.
#[utoipa::path(post, path = API_DECIDE, tag = "console", request_body = PageDecisionBody,
    params(("city" = String, Path, description = "The city's slug")),
    responses((status = 204), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(in crate::web) async fn call_decide(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    body: Result<Json<PageDecisionBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let Some(verdict) = verdict(&body.verdict) else {
        return Err(Problem::malformed("a verdict is `approve` or `reject`"));
    };
    let bound = (body.proposal, body.digest.as_str());
    let decided = city_page::decide(&app, &city, verdict, bound, &body.reason, &organiser).await;
    Ok(match decided {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(failed) => error::answer(&app, Some(&organiser), true, failed),
    })
}
