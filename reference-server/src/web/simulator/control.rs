//! `/simulator/api`: the simulated WeChat and the clock, for scripts and tests.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, post},
};
use chrono::{DateTime, FixedOffset, TimeDelta};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wechat_adapter::simulator::{
    FaultRule, NewPerson, OracleLedger, PacketView, PersonView, SimulatorError,
};

use super::act::{self, ActError, Jump};
use crate::{
    app::App,
    web::{api::problem::Problem, moment},
};

pub(super) fn routes() -> Router<Arc<App>> {
    let person = "/simulator/api/people/{openid}";
    Router::new()
        .route("/simulator/api/people", get(people).post(create))
        .route(person, get(one))
        .route(&format!("{person}/follow"), post(follow))
        .route(&format!("{person}/unfollow"), post(unfollow))
        .route(&format!("{person}/scan"), post(scan))
        .route(&format!("{person}/say"), post(say))
        .route(&format!("{person}/open"), post(open))
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
                SimulatorError::UnknownPerson { .. } | SimulatorError::UnknownPacket { .. },
            ) => Self::of_status(StatusCode::NOT_FOUND),
            ActError::Simulator(_) | ActError::NotAhead => Self::malformed(&error.to_string()),
        }
    }
}

type Answer<T> = Result<Json<T>, Problem>;

async fn people(State(app): State<Arc<App>>) -> Answer<Vec<PersonView>> {
    Ok(Json(act::people(&app)?))
}

async fn create(
    State(app): State<Arc<App>>,
    Json(person): Json<NewPerson>,
) -> Result<(StatusCode, Json<PersonView>), Problem> {
    let made = act::host(&app)?
        .simulator
        .create_person(person, app.now())
        .map_err(ActError::from)?;
    Ok((StatusCode::CREATED, Json(made)))
}

async fn one(State(app): State<Arc<App>>, Path(openid): Path<String>) -> Answer<PersonView> {
    view(&app, &openid)
}

fn view(app: &App, openid: &str) -> Answer<PersonView> {
    act::host(app)?
        .simulator
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
    State(app): State<Arc<App>>,
    Path(openid): Path<String>,
    body: Option<Json<Follow>>,
) -> Answer<PersonView> {
    let scene = body.and_then(|Json(follow)| follow.scene);
    act::follow(&app, &openid, scene.as_deref()).await?;
    view(&app, &openid)
}

async fn unfollow(State(app): State<Arc<App>>, Path(openid): Path<String>) -> Answer<PersonView> {
    act::unfollow(&app, &openid).await?;
    view(&app, &openid)
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
    State(app): State<Arc<App>>,
    Path(openid): Path<String>,
    Json(scan): Json<Scan>,
) -> Answer<Scanned> {
    let (Scan::Scene(scanned) | Scan::Url(scanned)) = scan;
    Ok(Json(match act::scan(&app, &openid, &scanned).await? {
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
    State(app): State<Arc<App>>,
    Path(openid): Path<String>,
    Json(say): Json<Say>,
) -> Answer<PersonView> {
    act::say(&app, &openid, &say.text).await?;
    view(&app, &openid)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Open {
    bill_number: String,
}

async fn open(
    State(app): State<Arc<App>>,
    Path(openid): Path<String>,
    Json(open): Json<Open>,
) -> Answer<PacketView> {
    let opened = act::host(&app)?
        .simulator
        .open_packet(&openid, &open.bill_number, app.now());
    Ok(Json(opened.map_err(ActError::from)?))
}

async fn clock(State(app): State<Arc<App>>) -> Json<Value> {
    Json(json!({ "now": moment::rfc3339(app.now()) }))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum MoveClock {
    To(DateTime<FixedOffset>),
    Jump(Jump),
    AdvanceSeconds(u32),
}

async fn move_clock(State(app): State<Arc<App>>, Json(wanted): Json<MoveClock>) -> Answer<Value> {
    let to = match wanted {
        MoveClock::To(to) => to.to_utc(),
        MoveClock::Jump(jump) => act::destination(&app, jump)?,
        MoveClock::AdvanceSeconds(seconds) => app.now() + TimeDelta::seconds(i64::from(seconds)),
    };
    act::move_clock(&app, to)?;
    Ok(clock(State(app)).await)
}

async fn faults(State(app): State<Arc<App>>) -> Answer<Vec<FaultRule>> {
    Ok(Json(act::host(&app)?.simulator.faults()))
}

async fn set_faults(
    State(app): State<Arc<App>>,
    Json(rules): Json<Vec<FaultRule>>,
) -> Answer<Vec<FaultRule>> {
    act::host(&app)?.simulator.set_faults(rules);
    faults(State(app)).await
}

async fn ledger(State(app): State<Arc<App>>) -> Answer<OracleLedger> {
    Ok(Json(act::host(&app)?.simulator.ledger()))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TopUp {
    fen: u64,
}

async fn top_up(State(app): State<Arc<App>>, Json(top_up): Json<TopUp>) -> Answer<Value> {
    let host = act::host(&app)?;
    host.simulator.top_up(top_up.fen, app.now());
    Ok(Json(
        json!({ "balance_fen": host.simulator.totals().balance_fen }),
    ))
}
