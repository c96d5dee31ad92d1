//! `/simulator/act`: what the buttons beside the drawn phone do, and those that the pages have in a demo.

use std::sync::Arc;

use axum::{
    Form, Router,
    extract::{Path, State},
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
    routing::post,
};
use chrono::TimeDelta;
use serde::Deserialize;
use wechat_adapter::simulator::{NewPerson, SimulatorError};

use super::{
    act::{self, ActError, Jump},
    fault_panel::FaultChoice,
    host::SimulatedWeChat,
};
use crate::{
    app::App,
    contest::{Refusal, attempt},
    web::{
        error::PageError,
        session::{Jar, Name, SignedIn, local_path},
    },
};

/// Who chose to hold the phone holds it for a month.
pub(super) const HOLDER_SECONDS: i64 = 30 * 86_400;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/simulator/act", post(act_on))
        .route("/simulator/follow", post(follow_self))
        .route("/simulator/remind", post(remind_self))
        .route("/simulator/answer/{token}", post(answer_rightly))
}

/// What a button of the page does.
#[derive(Debug, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
enum Act {
    Create {
        name: String,
    },
    Enter {
        person: String,
        #[serde(default)]
        next: String,
    },
    Follow {
        person: String,
        #[serde(default)]
        scene: String,
    },
    Unfollow {
        person: String,
    },
    Scan {
        person: String,
        scanned: String,
    },
    Open {
        person: String,
        bill_number: String,
    },
    Confirm {
        person: String,
        bill_number: String,
    },
    Jump {
        person: String,
        jump: Jump,
    },
    Advance {
        person: String,
        hours: String,
    },
    Fault {
        person: String,
        fault: FaultChoice,
    },
}

async fn act_on(State(app): State<Arc<App>>, headers: HeaderMap, Form(act): Form<Act>) -> Response {
    if let Act::Enter { person, next } = &act {
        return Jar::of(&app, &headers)
            .set(Name::Holder, person, HOLDER_SECONDS)
            .forget(Name::Session)
            .redirect(&format!("/login?next={}", local_path(next)));
    }
    match perform(&app, act).await {
        Ok(to) => Redirect::to(&to).into_response(),
        Err(error) => Redirect::to(&format!("/simulator?said={}", why(&error))).into_response(),
    }
}

/// Does it, and says where to look next.
async fn perform(app: &Arc<App>, act: Act) -> Result<String, ActError> {
    let host = SimulatedWeChat::of(app).ok_or(ActError::NoSimulator)?;
    let back = |person: &str| format!("/simulator?person={person}");
    match act {
        Act::Create { name } => {
            let name: String = name.trim().chars().take(12).collect();
            let name = if name.is_empty() {
                "新用户".to_owned()
            } else {
                name
            };
            let made = host
                .simulator
                .create_person(NewPerson::named(&name), app.now())?;
            Ok(back(&made.openid))
        }
        Act::Enter { person, .. } => Ok(back(&person)),
        Act::Follow { person, scene } => {
            let scene = Some(scene.as_str()).filter(|scene| !scene.is_empty());
            act::follow(&host, &person, scene).await?;
            Ok(back(&person))
        }
        Act::Unfollow { person } => {
            act::unfollow(&host, &person).await?;
            Ok(back(&person))
        }
        Act::Scan { person, scanned } => {
            Ok(match act::scan(&host, &person, scanned.trim()).await? {
                Some(scene) => format!("{}&scene={scene}", back(&person)),
                None => back(&person),
            })
        }
        Act::Open {
            person,
            bill_number,
        } => {
            host.simulator
                .open_packet(&person, &bill_number, app.now())?;
            Ok(back(&person))
        }
        Act::Confirm {
            person,
            bill_number,
        } => {
            let bill = host.simulator.transfer(&bill_number);
            let package = bill.map(|bill| bill.package_info).unwrap_or_default();
            host.simulator
                .confirm_transfer(&person, &package, app.now())?;
            Ok(back(&person))
        }
        Act::Jump { person, jump } => {
            act::move_clock(&host, act::destination(&host, jump)?)?;
            Ok(back(&person))
        }
        Act::Advance { person, hours } => {
            let hours = hours.parse::<u8>().unwrap_or(1);
            act::move_clock(&host, app.now() + TimeDelta::hours(i64::from(hours)))?;
            Ok(back(&person))
        }
        Act::Fault { person, fault } => {
            host.simulator.set_faults(fault.rules(app.season.rail));
            Ok(back(&person))
        }
    }
}

/// A word for the address of the page that says what went wrong.
fn why(error: &ActError) -> &'static str {
    match error {
        ActError::NotAhead => "not-ahead",
        ActError::Simulator(SimulatorError::UnknownQrCode { .. }) => "unknown-code",
        ActError::Simulator(SimulatorError::ExpiredQrCode { .. }) => "expired-code",
        ActError::Simulator(
            SimulatorError::PacketNotOpenable { .. }
            | SimulatorError::TransferNotConfirmable { .. },
        ) => "not-openable",
        ActError::Simulator(_) | ActError::NoSimulator => "other",
    }
}

/// Makes whoever is logged in follow, from the page that asks for it.
async fn follow_self(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
) -> Result<Response, PageError> {
    let host = SimulatedWeChat::of(&app).ok_or(Refusal::NotFound)?;
    act::follow(&host, &holder(&app, signed_in)?, None)
        .await
        .map_err(|_unknown| Refusal::NotFound)?;
    Ok(Redirect::to("/quiz").into_response())
}

/// Agrees to one notice for whoever is logged in, as WeChat's own window would.
async fn remind_self(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
) -> Result<Response, PageError> {
    let host = SimulatedWeChat::of(&app).ok_or(Refusal::NotFound)?;
    let notice = app.wechat.chance_notice.as_ref().ok_or(Refusal::NotFound)?;
    act::answer_notices(&host, &holder(&app, signed_in)?, &notice.template_id, true)
        .await
        .map_err(|_unknown| Refusal::NotFound)?;
    Ok(Redirect::to("/poster?reminded=1").into_response())
}

/// Hands in a paper with every answer right, so that a newcomer sees an envelope at once.
async fn answer_rightly(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    signed_in: SignedIn,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let outcome = attempt::submit_rightly(&app, &signed_in.person, &token).await?;
    Ok(Jar::of(&app, &headers)
        .forget(Name::Attempt)
        .forget(Name::Answers)
        .redirect(&format!("/result/{}", outcome.id)))
}

/// The openid of whoever holds the phone, if that is who is logged in.
fn holder(app: &App, signed_in: SignedIn) -> Result<String, Refusal> {
    let is_logged_in = |openid: &String| {
        let index = app.keys.openid_index(openid);
        index.as_deref() == Ok(signed_in.person.as_str())
    };
    let holder = signed_in.visitor.holder.filter(is_logged_in);
    holder.ok_or(Refusal::NotFound)
}
