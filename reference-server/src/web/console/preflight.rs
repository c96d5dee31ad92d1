//! Whether a season may open: every check with its sentence and the next step, as a page and as calls.

use std::sync::Arc;

use axum::{
    extract::State,
    response::{IntoResponse as _, Redirect, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    error,
    form::Form,
    frame::Frame,
    gate::Signed,
    list::{Cell, Kind, List, columns},
    money_api::answered,
    sections::{Part, Section, Sections},
    table,
};
use crate::{
    app::App,
    contest::{
        organiser::Error,
        preflight::{self, Check, Report, Verdict},
    },
    web::{api::problem::Problem, frame, moment},
};

/// The page, to which the wish for a new report is sent as well.
pub(super) const PAGE: &str = "/console/preflight";
pub(super) const API: &str = "/api/v1/console/preflight";

/// The word for a verdict, and its tone.
pub(super) const fn verdict(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Good => ("正常", "good"),
        Verdict::Unknown => ("不知道", "warn"),
        Verdict::Doubt => ("要看看", "warn"),
        Verdict::Fault => ("不能开赛", "bad"),
    }
}

/// Checks as a list, the worst first; what to do next is a column where there is anything to do.
pub(super) fn listed<'a>(title: &'static str, checks: impl Iterator<Item = &'a Check>) -> List {
    let mut checks: Vec<&Check> = checks.collect();
    checks.sort_by_key(|check| std::cmp::Reverse(check.verdict));
    let wants_work = checks.iter().any(|check| !check.next.is_empty());
    let mut heads = columns([
        ("结果", Kind::Chip),
        ("项目", Kind::Text),
        ("看到的", Kind::Text),
    ]);
    if wants_work {
        heads.extend(columns([("下一步", Kind::Text)]));
    }
    let row = |check: &Check| {
        let (word, tone) = verdict(check.verdict);
        let mut row = vec![
            Cell::chip(word, tone),
            Cell::text(check.title.as_str()),
            Cell::text(check.detail.as_str()),
        ];
        if wants_work {
            row.push(Cell::text(check.next.as_str()));
        }
        row
    };
    let rows = checks.into_iter().map(row).collect();
    List::plain(title, heads, rows, "没有。")
}

/// What it comes to, in one sentence with its tone.
fn summary(report: &Report) -> (&'static str, String) {
    let (faults, doubts) = (
        report.count(Verdict::Fault),
        report.count(Verdict::Doubt) + report.count(Verdict::Unknown),
    );
    match (faults, doubts) {
        (0, 0) => ("good", "全部正常，可以开赛。".to_owned()),
        (0, n) => ("warn", format!("可以开赛；还有 {n} 项请人看一看。")),
        (n, 0) => ("bad", format!("{n} 项不能这样开赛，请先处理。")),
        (n, more) => (
            "bad",
            format!("{n} 项不能这样开赛，请先处理；另有 {more} 项请人看一看。"),
        ),
    }
}

/// The latest report.
pub(super) async fn page(State(app): State<Arc<App>>, Signed(organiser): Signed) -> Response {
    let report = match preflight::latest(&app).await {
        Ok(report) => report,
        Err(failed) => return error::answer(&app, Some(&organiser), false, failed.into()),
    };
    let frame = Frame::of(&app, Some(&organiser), PAGE);
    let is_open = |check: &&Check| check.verdict != Verdict::Good;
    let mut sections = vec![
        Section::new(
            "要处理的",
            "",
            vec![Part::List(listed(
                "要处理的",
                report.checks.iter().filter(is_open),
            ))],
        ),
        Section::new(
            "正常的",
            "",
            vec![Part::List(listed(
                "正常的",
                report.checks.iter().filter(|check| !is_open(check)),
            ))],
        ),
    ];
    if table::may_send(PAGE, &organiser.roles) {
        let form = Form::new(&frame, PAGE, "现在重新检查", Vec::new());
        let lead = "会向微信要一次令牌、问一张不存在的单，并访问自己的回调地址；不会付款，也不改任何设置。";
        sections.insert(0, Section::new("", lead, vec![Part::Form(form)]));
    }
    frame::personal(&Sections {
        frame,
        title: "开赛前检查".to_owned(),
        lead: format!(
            "{} 检查。命令 reference-server preflight 说的是同样的话，另外会从每一行重新复算账目。",
            moment::second(report.at)
        ),
        tools: Vec::new(),
        alarms: vec![summary(&report)],
        sections,
    })
}

/// Makes a new report.
pub(super) async fn make(State(app): State<Arc<App>>, Signed(organiser): Signed) -> Response {
    match preflight::anew(&app, &organiser.name).await {
        Ok(_report) => Redirect::to(PAGE).into_response(),
        Err(failed) => error::answer(&app, Some(&organiser), false, failed.into()),
    }
}

/// One check.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct PreflightCheckBody {
    /// A stable word, such as `bank.nanjing`.
    name: String,
    title: String,
    /// `ok`, `unknown`, `warn` or `fail`.
    verdict: &'static str,
    detail: String,
    /// What to do now; empty when there is nothing to do.
    next: String,
}

impl PreflightCheckBody {
    pub(super) fn of(check: &Check) -> Self {
        Self {
            name: check.name.clone(),
            title: check.title.clone(),
            verdict: check.verdict.name(),
            detail: check.detail.clone(),
            next: check.next.clone(),
        }
    }
}

/// Every check of one instant.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct PreflightBody {
    /// When they were made.
    at: String,
    /// Whether nothing stands against opening.
    may_open: bool,
    checks: Vec<PreflightCheckBody>,
}

impl PreflightBody {
    fn of(report: &Report) -> Self {
        Self {
            at: moment::rfc3339(report.at),
            may_open: report.count(Verdict::Fault) == 0,
            checks: report.checks.iter().map(PreflightCheckBody::of).collect(),
        }
    }
}

/// The latest report of the instance that answers; made anew when it is older than ten minutes.
#[utoipa::path(get, path = API, tag = "console",
    responses((status = 200, body = PreflightBody), (status = 401, body = Problem),
        (status = 403, body = Problem)))]
pub(in crate::web) async fn call(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
) -> Response {
    let report = preflight::latest(&app).await.map_err(Error::from);
    answered(
        &app,
        &organiser,
        report.map(|report| PreflightBody::of(&report)),
    )
}

/// A new report; a few requests go to WeChat, and nobody is paid.
#[utoipa::path(post, path = API, tag = "console",
    responses((status = 200, body = PreflightBody), (status = 401, body = Problem),
        (status = 403, body = Problem)))]
pub(in crate::web) async fn call_make(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
) -> Response {
    let report = preflight::anew(&app, &organiser.name)
        .await
        .map_err(Error::from);
    answered(
        &app,
        &organiser,
        report.map(|report| PreflightBody::of(&report)),
    )
}
