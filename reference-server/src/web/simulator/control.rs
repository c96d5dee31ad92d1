//! `/simulator/api`: the simulated WeChat and the clock, for scripts and tests.

use std::collections::BTreeMap;

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, post},
};
use chrono::{DateTime, FixedOffset, SecondsFormat, TimeDelta};
use schedule_core::CHINA_STANDARD_TIME;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wechat_adapter::simulator::{
    FaultRule, NewPerson, Operation, OracleLedger, PacketView, PersonView, SimulatorError,
    TransferBill,
};

use super::{
    act::{self, ActError, Jump},
    host::SimulatedWeChat,
};
use crate::web::api::problem::Problem;

pub(super) fn routes() -> Router<SimulatedWeChat> {
    let person = "/simulator/api/people/{openid}";
    Router::new()
        .route("/simulator/api/people", get(people).post(create))
        .route(person, get(one))
        .route(&format!("{person}/follow"), post(follow))
        .route(&format!("{person}/unfollow"), post(unfollow))
        .route(&format!("{person}/scan"), post(scan))
        .route(&format!("{person}/say"), post(say))
        .route(&format!("{person}/press"), post(press))
        .route(&format!("{person}/notices"), post(answer_notices))
        .route(&format!("{person}/open"), post(open))
        .route(&format!("{person}/confirm"), post(confirm))
        .route("/simulator/api/transfers", get(transfers))
        .route("/simulator/api/calls", get(calls))
        .route("/simulator/api/clock", get(clock).post(move_clock))
        .route("/simulator/api/faults", get(faults).post(set_faults))
        .route("/simulator/api/ledger", get(ledger))
        .route("/simulator/api/top-up", post(top_up))
}

impl From<ActError> for Problem {
    fn from(error: ActError) -> Self {
        match &error {
            ActError::NoSimulator
            | ActError::Simulator(
                SimulatorError::UnknownPerson { .. }
                | SimulatorError::UnknownPacket { .. }
                | SimulatorError::UnknownPackage
                | SimulatorError::UnknownMenuItem { .. },
            ) => Self::of_status(StatusCode::NOT_FOUND),
            ActError::Simulator(_) | ActError::NotAhead => Self::malformed(&error.to_string()),
        }
    }
}

type Answer<T> = Result<Json<T>, Problem>;

async fn people(State(host): State<SimulatedWeChat>) -> Answer<Vec<PersonView>> {
    Ok(Json(act::people(&host)?))
}

async fn create(
    State(host): State<SimulatedWeChat>,
    Json(person): Json<NewPerson>,
) -> Result<(StatusCode, Json<PersonView>), Problem> {
    let made = host
        .simulator
        .create_person(person, host.now())
        .map_err(ActError::from)?;
    Ok((StatusCode::CREATED, Json(made)))
}

async fn one(
    State(host): State<SimulatedWeChat>,
    Path(openid): Path<String>,
) -> Answer<PersonView> {
    view(&host, &openid)
}

fn view(host: &SimulatedWeChat, openid: &str) -> Answer<PersonView> {
    host.simulator
        .person(openid)
        .map(Json)
        .ok_or_else(|| Problem::of_status(StatusCode::NOT_FOUND))
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Follow {
    #[serde(default)]
    scene: Option<String>,
}

async fn follow(
    State(host): State<SimulatedWeChat>,
    Path(openid): Path<String>,
    body: Option<Json<Follow>>,
) -> Answer<PersonView> {
    let scene = body.and_then(|Json(follow)| follow.scene);
    act::follow(&host, &openid, scene.as_deref()).await?;
    view(&host, &openid)
}

async fn unfollow(
    State(host): State<SimulatedWeChat>,
    Path(openid): Path<String>,
) -> Answer<PersonView> {
    act::unfollow(&host, &openid).await?;
    view(&host, &openid)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Scan {
    /// The scene of a code.
    Scene(String),
    /// What a code encodes, or its ticket.
    Url(String),
}

/// What scanning led to.
#[derive(Debug, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum Scanned {
    /// The person does not follow: following is the next call, with this scene.
    FollowPage { scene: String },
    /// The account was told.
    Told,
}

async fn scan(
    State(host): State<SimulatedWeChat>,
    Path(openid): Path<String>,
    Json(scan): Json<Scan>,
) -> Answer<Scanned> {
    let (Scan::Scene(scanned) | Scan::Url(scanned)) = scan;
    Ok(Json(match act::scan(&host, &openid, &scanned).await? {
        Some(scene) => Scanned::FollowPage { scene },
        None => Scanned::Told,
    }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Say {
    text: String,
}

async fn say(
    State(host): State<SimulatedWeChat>,
    Path(openid): Path<String>,
    Json(say): Json<Say>,
) -> Answer<PersonView> {
    act::say(&host, &openid, &say.text).await?;
    view(&host, &openid)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Press {
    /// The item's key, address or name.
    item: String,
}

async fn press(
    State(host): State<SimulatedWeChat>,
    Path(openid): Path<String>,
    Json(press): Json<Press>,
) -> Answer<PersonView> {
    act::press(&host, &openid, &press.item).await?;
    view(&host, &openid)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Notices {
    template_id: String,
    accept: bool,
}

async fn answer_notices(
    State(host): State<SimulatedWeChat>,
    Path(openid): Path<String>,
    Json(answer): Json<Notices>,
) -> Answer<PersonView> {
    act::answer_notices(&host, &openid, &answer.template_id, answer.accept).await?;
    view(&host, &openid)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Confirm {
    /// What opened the confirm page.
    PackageInfo(String),
    /// The merchant's number, for whoever has no page.
    BillNumber(String),
}

async fn confirm(
    State(host): State<SimulatedWeChat>,
    Path(openid): Path<String>,
    Json(confirm): Json<Confirm>,
) -> Answer<TransferBill> {
    let package_info = match confirm {
        Confirm::PackageInfo(package_info) => package_info,
        Confirm::BillNumber(number) => {
            let bill = host.simulator.transfer(&number);
            bill.ok_or_else(|| Problem::of_status(StatusCode::NOT_FOUND))?
                .package_info
        }
    };
    let confirmed = host
        .simulator
        .confirm_transfer(&openid, &package_info, host.now());
    Ok(Json(confirmed.map_err(ActError::from)?))
}

async fn transfers(State(host): State<SimulatedWeChat>) -> Json<Vec<TransferBill>> {
    Json(host.simulator.transfers())
}

async fn calls(State(host): State<SimulatedWeChat>) -> Json<BTreeMap<Operation, u64>> {
    Json(host.simulator.calls())
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Open {
    bill_number: String,
}

async fn open(
    State(host): State<SimulatedWeChat>,
    Path(openid): Path<String>,
    Json(open): Json<Open>,
) -> Answer<PacketView> {
    let opened = host
        .simulator
        .open_packet(&openid, &open.bill_number, host.now());
    Ok(Json(opened.map_err(ActError::from)?))
}

async fn clock(State(host): State<SimulatedWeChat>) -> Json<Value> {
    // To the millisecond: a program of another process goes by it.
    let now = host.now().with_timezone(&CHINA_STANDARD_TIME);
    Json(json!({ "now": now.to_rfc3339_opts(SecondsFormat::Millis, false) }))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum MoveClock {
    To(DateTime<FixedOffset>),
    Jump(Jump),
    AdvanceSeconds(u32),
}

async fn move_clock(
    State(host): State<SimulatedWeChat>,
    Json(wanted): Json<MoveClock>,
) -> Answer<Value> {
    let to = match wanted {
        MoveClock::To(to) => to.to_utc(),
        MoveClock::Jump(jump) => act::destination(&host, jump)?,
        MoveClock::AdvanceSeconds(seconds) => host.now() + TimeDelta::seconds(i64::from(seconds)),
    };
    act::move_clock(&host, to)?;
    Ok(clock(State(host)).await)
}

async fn faults(State(host): State<SimulatedWeChat>) -> Answer<Vec<FaultRule>> {
    Ok(Json(host.simulator.faults()))
}

async fn set_faults(
    State(host): State<SimulatedWeChat>,
    Json(rules): Json<Vec<FaultRule>>,
) -> Answer<Vec<FaultRule>> {
    host.simulator.set_faults(rules);
    faults(State(host)).await
}

async fn ledger(State(host): State<SimulatedWeChat>) -> Answer<OracleLedger> {
    Ok(Json(host.simulator.ledger()))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TopUp {
    fen: u64,
}

async fn top_up(State(host): State<SimulatedWeChat>, Json(top_up): Json<TopUp>) -> Answer<Value> {
    host.simulator.top_up(top_up.fen, host.now());
    Ok(Json(
        json!({ "balance_fen": host.simulator.totals().balance_fen }),
    ))
}
