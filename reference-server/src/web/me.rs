//! `/me`: a person's attempts, chances and packets, each with its state in words.

use std::sync::Arc;

use askama::Template;
use axum::{
    Json, Router,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};

use super::{
    api::records_body::ExportBody,
    error::PageError,
    frame::{self, Frame},
    moment,
    session::SignedIn,
    share::Profile,
    wording,
};
use crate::{
    app::App,
    contest::{
        Error, PersonId,
        claim::Packet,
        personal,
        records::{self, AttemptLine, ChanceLine, ChanceState},
    },
};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/me", get(me))
        .route("/me/export", get(export))
}

struct AttemptView {
    id: String,
    city_name: String,
    score: u16,
    of: u16,
    passed: bool,
    when: String,
}

struct ChanceView {
    title: String,
    state: &'static str,
    chip: &'static str,
    detail: String,
}

struct PacketLine {
    award: String,
    amount: String,
    state: &'static str,
    chip: &'static str,
    kind: &'static str,
    city_name: String,
    when: String,
    bill_tail: String,
}

#[derive(Template)]
#[template(path = "me.html")]
struct MePage {
    frame: Frame,
    chances_open: usize,
    n_attempts: u32,
    best: u16,
    n_invited: usize,
    referral_on: bool,
    poster_title: &'static str,
    is_open: bool,
    pass_mark: u16,
    district: String,
    packets: Vec<PacketLine>,
    chances: Vec<ChanceView>,
    attempts: Vec<AttemptView>,
}

async fn me(State(app): State<Arc<App>>, signed_in: SignedIn) -> Result<Response, PageError> {
    let records = records::records(&app, &signed_in.person).await?;
    let account = &app.wechat.account_name;
    Ok(frame::personal(&MePage {
        frame: Frame::of(&app, &signed_in.visitor),
        chances_open: records.n_chances_open,
        n_attempts: records.n_attempts,
        best: records.best_score,
        n_invited: records.n_invited,
        referral_on: Profile::of(&app.season).rewards_friends(),
        poster_title: Profile::of(&app.season).poster_title(),
        is_open: app.season.edition().contest_at(app.now()).is_some(),
        pass_mark: app.season.pass_mark.right(),
        district: records.district.map_or_else(
            || "还没有选".to_owned(),
            |district| district.name(&app.season),
        ),
        packets: records
            .packets
            .into_iter()
            .map(|packet| packet_line(packet, account))
            .collect(),
        chances: records.chances.into_iter().map(chance).collect(),
        attempts: records.attempts.into_iter().map(attempt).collect(),
    }))
}

fn attempt(line: AttemptLine) -> AttemptView {
    AttemptView {
        id: line.id,
        city_name: line.city_name,
        score: line.score,
        of: line.of,
        passed: line.passed,
        when: moment::minute(line.submitted),
    }
}

fn packet_line(packet: Packet, account: &str) -> PacketLine {
    let (state, _detail, chip) = wording::packet(&packet, account);
    PacketLine {
        award: packet.award,
        amount: packet.amount.to_string(),
        state,
        chip,
        kind: wording::chance_kind(packet.kind),
        city_name: packet.city_name,
        when: moment::minute(packet.decided),
        bill_tail: packet.bill_tail,
    }
}

/// A chance's word, colour and reason.
pub(super) fn chance_words(state: &ChanceState) -> (&'static str, &'static str, String) {
    match state {
        ChanceState::Open => (
            "可以拆",
            "chip-ok",
            "到最近一次通过的成绩里点“拆红包”。".to_owned(),
        ),
        ChanceState::NeedsPass => ("待通过", "", "再通过一次答题就可以拆。".to_owned()),
        ChanceState::Waiting(refusal) => {
            let said = wording::refusal(refusal);
            ("保留中", "", format!("{}。{}", said.title, said.detail))
        }
        ChanceState::Used { amount } => ("已使用", "chip-off", format!("拆得 {amount} 元。")),
        ChanceState::Lapsed => ("已过期", "chip-off", "所在城市的竞赛已经结束。".to_owned()),
    }
}

fn chance(line: ChanceLine) -> ChanceView {
    let (state, chip, reason) = chance_words(&line.state);
    let is_live = !matches!(line.state, ChanceState::Used { .. } | ChanceState::Lapsed);
    let until = line
        .usable_until
        .filter(|_| is_live)
        .map(|until| format!("{} 前有效。", moment::end(until)))
        .unwrap_or_default();
    let place = line.city_name.unwrap_or_else(|| "全部城市".to_owned());
    ChanceView {
        title: format!("{} · {place}", wording::chance_kind(line.kind)),
        state,
        chip,
        detail: format!("{reason}{until}"),
    }
}

/// Everything we keep about the person, as one file.
async fn export(State(app): State<Arc<App>>, signed_in: SignedIn) -> Result<Response, PageError> {
    let body = export_of(&app, &signed_in.person).await?;
    let headers = [
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"my-contest.json\"",
        ),
        (header::CACHE_CONTROL, "private, no-store"),
    ];
    Ok((headers, Json(body)).into_response())
}

/// Everything we keep about a person, as the person and an operator get it.
pub(super) async fn export_of(app: &App, person: &PersonId) -> Result<ExportBody, Error> {
    let particulars = personal::particulars(app, person).await?;
    let records = records::all_records(app, person).await?;
    Ok(ExportBody::of(app, particulars, records))
}
