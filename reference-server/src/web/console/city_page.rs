//! A city's page: its text beside a phone that shows it, handed in by one person, approved by another.

use std::sync::Arc;

use askama::Template;
use axum::{
    Json,
    extract::{Form as Sent, Path, State, rejection::JsonRejection},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use chrono::{DateTime, NaiveDateTime, SecondsFormat, Utc};
use schedule_core::CHINA_STANDARD_TIME;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    city_picture::{self, PagePictureBody},
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
        season,
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
pub(super) const API_CHECK: &str = "/api/v1/console/cities/{city}/page/check";
pub(super) const API_DECIDE: &str = "/api/v1/console/cities/{city}/page/decide";

/// A version that waits.
struct WaitingView {
    maker: String,
    at: String,
    reason: String,
    html: String,
    links: Vec<WrittenLink>,
    /// From when it is to be shown, if not from its approval.
    hour: Option<String>,
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
    /// Whether that is a text nobody has handed in yet, and what stands against it.
    is_preview: bool,
    flaws: Vec<String>,
    /// When the text in the phone would be shown, if it waits for an hour.
    hour: Option<String>,
    /// The version that is approved and waits for its hour.
    coming: Option<String>,
    shelf: Option<Shelf>,
}

/// The pictures a text may show, and the form that adds one.
struct Shelf {
    pictures: Vec<ShelfPicture>,
    upload: Form,
}

struct ShelfPicture {
    /// What a text writes to show it.
    name: String,
    address: String,
    said: String,
}

/// A text as a form sends it: a link on each line, its words before its address.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Written {
    #[serde(default)]
    markdown: String,
    #[serde(default)]
    links: String,
    #[serde(default)]
    publish_at: String,
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
            publish_at: String::new(),
            reason: String::new(),
        }
    }

    /// The text; the hour as it was written when it is none.
    fn text(&self) -> Result<Text, String> {
        let written = self.publish_at.trim();
        let publish_ms = match (written.is_empty(), instant(written)) {
            (true, _) => None,
            (false, Some(at)) => Some(at.timestamp_millis()),
            (false, None) => return Err(written.to_owned()),
        };
        let lines = self.links.lines().map(str::trim);
        let links = lines.filter(|line| !line.is_empty()).map(|line| {
            let (title, url) = line.rsplit_once(char::is_whitespace).unwrap_or(("", line));
            WrittenLink {
                title: title.to_owned(),
                url: url.to_owned(),
            }
        });
        Ok(Text {
            markdown: self.markdown.clone(),
            links: links.collect(),
            publish_ms,
        })
    }
}

/// A day and an hour in Shanghai as a form sends them.
fn instant(text: &str) -> Option<DateTime<Utc>> {
    let text = text.replace(' ', "T");
    let forms = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S%.f"];
    let mut read = forms
        .iter()
        .filter_map(|form| NaiveDateTime::parse_from_str(&text, form).ok());
    let local = read.next()?.and_local_timezone(CHINA_STANDARD_TIME);
    Some(local.single()?.to_utc())
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
    let written = sent.as_ref().and_then(|sent| sent.written.text().ok());
    let text = written.unwrap_or_else(|| board.shown.clone());
    let (drawn, flaws) = drawn(app, city, text).await?;
    let may_write = table::may_send(PAGE, &organiser.roles) && board.waiting.is_none();
    let shelf = may_write.then(|| shelf(&frame, city, &board));
    let editor = may_write.then(|| editor(&frame, city, &board, sent));
    let waiting = match &board.waiting {
        Some(version) => Some(waiting_view(app, organiser, &frame, city, version).await?),
        None => None,
    };
    Ok(CityPage {
        city: app.season.city_name(city),
        slug: city.to_owned(),
        version: version_words(board.version.as_ref()),
        waiting,
        editor,
        html: drawn.html,
        links: drawn.links,
        hour: drawn.hour.filter(|_hour| is_preview),
        flaws: if is_preview { flaws } else { Vec::new() },
        is_preview,
        coming: board.coming.as_ref().map(coming_words),
        shelf,
        frame,
    })
}

/// A text as a phone shows it.
struct Drawn {
    html: String,
    links: Vec<WrittenLink>,
    /// From when, if not from its approval.
    hour: Option<String>,
}

async fn drawn(app: &App, city: &str, text: Text) -> Result<(Drawn, Vec<String>), Error> {
    let (links, hour) = (text.links.clone(), text.publish_ms);
    let (content, flaws) = city_page::look(app, city, text).await?;
    let own = city_picture::PAGE.replace("{city}", city);
    let own = own.trim_end_matches("{picture}");
    let drawn = Drawn {
        html: markdown::to_html_from(&content, own),
        links,
        hour: hour.map(|at| moment::second(season::instant(at))),
    };
    Ok((drawn, flaws.iter().map(wording::flaw).collect()))
}

/// What was approved and waits for its hour.
fn coming_words(version: &Version) -> String {
    let at = version.text.publish_ms.unwrap_or_default();
    format!(
        "{} 提交的一版已经批准，{} 起公布；在那以前再批准一版，它就不再公布。",
        version.maker,
        moment::second(season::instant(at))
    )
}

fn shelf(frame: &Frame, city: &str, board: &Board) -> Shelf {
    let uploaded = board.uploaded.iter().map(|picture| ShelfPicture {
        address: city_picture::address(city, &picture.name),
        said: format!(
            "{}×{}，{} {}",
            picture.width,
            picture.height,
            picture.by,
            moment::day(picture.at)
        ),
        name: picture.name.clone(),
    });
    let own = board.pictures.iter().map(|(name, digest)| ShelfPicture {
        name: name.clone(),
        address: city_picture::address(city, digest),
        said: "内容目录里的".to_owned(),
    });
    let file = vec![
        Field::new("file", "图片", Kind::File(".jpg,.jpeg,.png,.webp"))
            .hint("JPEG、PNG、WebP，最多 2 MB；会缩到 750 像素宽，拍摄地点等信息一律去掉"),
    ];
    let action = city_picture::UPLOAD.replace("{city}", city);
    Shelf {
        pictures: uploaded.chain(own).collect(),
        upload: Form::new(frame, action, "上传", file),
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
                "## 小标题，**加粗**，- 列表，[文字](https://地址)，![说明](图片名)；图片一定要有说明；最多 1 万字",
            ),
        Field::new("links", "相关链接", Kind::Area)
            .value(&written.links)
            .hint("每行一个：名称 空格 https 地址，最多 6 个")
            .optional(),
        Field::new("publish_at", "公布时间", Kind::Instant)
            .value(&written.publish_at)
            .hint("北京时间；留空表示批准后立即公布，到点以前大家看到的还是现在这一版")
            .optional(),
        Field::reason().value(&written.reason),
    ];
    Form::new(frame, PAGE.replace("{city}", city), "提交审核", fields)
        .also("预览并检查链接和图片", PREVIEW.replace("{city}", city))
        .problem(problem)
}

async fn waiting_view(
    app: &App,
    organiser: &Organiser,
    frame: &Frame,
    city: &str,
    version: &Version,
) -> Result<WaitingView, Error> {
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
        let word = match version.text.publish_ms {
            Some(_hour) => "批准，到点公布",
            None => "批准，立即公布",
        };
        forms.push(form(DECIDE, word, "approve"));
        forms.push(form(DECIDE, "驳回", "reject").danger());
    }
    let (drawn, _flaws) = drawn(app, city, version.text.clone()).await?;
    Ok(WaitingView {
        maker: version.maker.clone(),
        at: moment::second(version.at),
        reason: version.reason.clone(),
        html: drawn.html,
        links: drawn.links,
        hour: drawn.hour,
        forms,
    })
}

pub(super) async fn preview(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    Sent(written): Sent<Written>,
) -> Response {
    let (problem, is_refused) = match written.text() {
        Ok(text) => match city_page::look(&app, &city, text).await {
            Ok((_content, flaws)) => (None, !flaws.is_empty()),
            Err(failed) => return error::answer(&app, Some(&organiser), false, failed),
        },
        Err(hour) => (Some(no_hour(&hour)), true),
    };
    let page = shown(&app, &organiser, &city, Some(JustSent { written, problem })).await;
    if is_refused {
        error::with_status(StatusCode::UNPROCESSABLE_ENTITY, page)
    } else {
        page
    }
}

/// Why an hour is none.
fn no_hour(written: &str) -> (String, String) {
    (
        "公布时间读不懂".to_owned(),
        format!("“{written}”不是日期和时间，请写成 2020-05-12 08:00 的样子。"),
    )
}

pub(super) async fn propose(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    Sent(written): Sent<Written>,
) -> Response {
    let problem = match written.text() {
        Ok(text) => {
            let why = written.reason.as_str();
            match city_page::propose(&app, &city, text, why, &organiser).await {
                Ok(_number) => return leads_back(&city),
                // What stands against the text is said beside it.
                Err(Error::Refused(Refused::PageUnfit { .. })) => None,
                Err(Error::Refused(refused @ Refused::ReasonMissing)) => {
                    Some(wording::refused(&refused))
                }
                Err(failed) => return error::answer(&app, Some(&organiser), false, failed),
            }
        }
        Err(hour) => Some(no_hour(&hour)),
    };
    let page = shown(&app, &organiser, &city, Some(JustSent { written, problem })).await;
    error::with_status(StatusCode::UNPROCESSABLE_ENTITY, page)
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
    /// RFC 3339; from when it is shown, if not from its approval.
    publish_at: Option<String>,
}

impl From<Text> for PageTextBody {
    fn from(text: Text) -> Self {
        let links = text.links.into_iter();
        let at = text.publish_ms.map(season::instant);
        Self {
            publish_at: at.map(|at| at.to_rfc3339_opts(SecondsFormat::Millis, true)),
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
    /// The version that is approved and waits for its hour.
    coming: Option<PageVersionBody>,
    waiting: Option<PageVersionBody>,
    /// The pictures that a text may show.
    pictures: Vec<PagePictureBody>,
    /// The hosts that links may lead to, their subdomains included; any without one.
    link_hosts: Vec<String>,
}

impl From<Version> for PageVersionBody {
    fn from(version: Version) -> Self {
        Self {
            proposal: version.proposal,
            digest: version.digest,
            maker: version.maker,
            reason: version.reason,
            proposed: moment::rfc3339(version.at),
            text: version.text.into(),
        }
    }
}

/// A version as a call hands it in.
#[derive(Deserialize, ToSchema)]
pub(in crate::web) struct NewPageBody {
    /// Markdown, at most 10,000 characters.
    markdown: String,
    /// At most six.
    #[serde(default)]
    links: Vec<PageLinkBody>,
    /// RFC 3339, ahead of now; from when it is shown. From its approval unless stated.
    #[serde(default)]
    publish_at: Option<String>,
    /// 1 to 500 characters; it stands in the audit log.
    reason: String,
}

/// A text to be looked at.
#[derive(Deserialize, ToSchema)]
pub(in crate::web) struct PageDraftBody {
    /// Markdown, at most 10,000 characters.
    markdown: String,
    /// At most six.
    #[serde(default)]
    links: Vec<PageLinkBody>,
    /// RFC 3339.
    #[serde(default)]
    publish_at: Option<String>,
}

impl PageDraftBody {
    fn text(self) -> Result<Text, Problem> {
        let no_instant = |_error| Problem::malformed("an hour is written as RFC 3339");
        let at = self.publish_at.as_deref();
        let at = at.map(DateTime::parse_from_rfc3339).transpose();
        let links = self.links.into_iter();
        Ok(Text {
            publish_ms: at.map_err(no_instant)?.map(|at| at.timestamp_millis()),
            markdown: self.markdown,
            links: links
                .map(|link| WrittenLink {
                    title: link.title,
                    url: link.url,
                })
                .collect(),
        })
    }
}

/// What stands against a text, and how it looks.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct PageLookBody {
    /// Sentences; the text can be handed in when there is none.
    problems: Vec<String>,
    /// As a phone shows it.
    html: String,
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
        Ok(board) => {
            let uploaded = board.uploaded.iter();
            let uploaded = uploaded.map(|picture| PagePictureBody::uploaded(&city, picture));
            let own = board.pictures.iter();
            let own = own.map(|(name, digest)| PagePictureBody::of(&city, name, digest));
            Json(PageBody {
                pictures: uploaded.chain(own).collect(),
                shown: board.shown.into(),
                coming: board.coming.map(Into::into),
                waiting: board.waiting.map(Into::into),
                link_hosts: board.hosts,
            })
            .into_response()
        }
        Err(failed) => error::answer(&app, Some(&organiser), true, failed),
    }
}

/// What stands against a text, its links and pictures, and how a phone would show it; nothing is written.
#[utoipa::path(post, path = API_CHECK, tag = "console", request_body = PageDraftBody,
    params(("city" = String, Path, description = "The city's slug")),
    responses((status = 200, body = PageLookBody), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 413, body = Problem)))]
pub(in crate::web) async fn call_check(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    body: Result<Json<PageDraftBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    Ok(match drawn(&app, &city, body.text()?).await {
        Ok((drawn, problems)) => Json(PageLookBody {
            problems,
            html: drawn.html,
        })
        .into_response(),
        Err(failed) => error::answer(&app, Some(&organiser), true, failed),
    })
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
    let text = PageDraftBody {
        markdown: body.markdown,
        links: body.links,
        publish_at: body.publish_at,
    }
    .text()?;
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
