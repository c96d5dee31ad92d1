//! `/simulator`: a drawn phone, the people who may hold it, the clock, faults, and who was really paid.

use std::sync::Arc;

use askama::Template;
use axum::{
    Form, Router,
    extract::{Query, State},
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use chrono::TimeDelta;
use reward_core::Fen;
use serde::Deserialize;
use wechat_adapter::simulator::{
    Fault, FaultRule, MessageContent, NewPerson, Operation, PacketState, PersonView, SimulatorError,
};

use super::act::{self, ActError, Jump};
use crate::{
    app::App,
    contest::Refusal,
    web::{
        assets::ASSETS,
        error::PageError,
        frame, moment,
        session::{Jar, Name, SignedIn, Visitor},
    },
};

/// Who chose to hold the phone holds it for a month.
const HOLDER_SECONDS: i64 = 30 * 86_400;
/// Lines of the ledger that are shown.
const LEDGER_LINES: usize = 12;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/simulator", get(phone))
        .route("/simulator/act", post(act_on))
        .route("/simulator/follow", post(follow_self))
}

/// One line of the dialogue.
enum Line {
    Account(String),
    Person(String),
    Packet(PacketLine),
    Notice(&'static str),
}

struct PacketLine {
    bill_number: String,
    wishing: String,
    send_name: String,
    amount: Option<String>,
    can_open: bool,
    state: &'static str,
}

struct PersonLine {
    openid: String,
    name: String,
    following: bool,
    n_packets: usize,
    chosen: bool,
}

struct BillLine {
    number: String,
    name: String,
    amount: String,
    state: &'static str,
    at: String,
    requests: u32,
}

struct Sums {
    balance: Fen,
    sent: Fen,
    in_flight: Fen,
    received: Fen,
    returned: Fen,
    packets: u64,
    is_balanced: bool,
}

#[derive(Template)]
#[template(path = "phone.html")]
struct PhonePage {
    css: &'static str,
    js: &'static str,
    icon: &'static str,
    account: String,
    clock: String,
    now_ms: i64,
    stage: String,
    openid: String,
    name: String,
    following: bool,
    lines: Vec<(String, Line)>,
    scan: String,
    scene: String,
    said: &'static str,
    people: Vec<PersonLine>,
    posters: Vec<(String, String)>,
    faults: Vec<FaultChoice>,
    rules: Vec<FaultRule>,
    sums: Sums,
    bills: Vec<BillLine>,
}

#[derive(Deserialize)]
struct Looking {
    #[serde(default)]
    person: String,
    #[serde(default)]
    scan: String,
    #[serde(default)]
    scene: String,
    #[serde(default)]
    said: String,
}

async fn phone(
    State(app): State<Arc<App>>,
    Query(looking): Query<Looking>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let host = act::host(&app).map_err(|_none| Refusal::NotFound)?;
    let people = act::people(&app).map_err(|_none| Refusal::NotFound)?;
    let chosen = [Some(looking.person.as_str()), visitor.holder.as_deref()]
        .into_iter()
        .flatten()
        .find_map(|openid| host.simulator.person(openid))
        .or_else(|| people.first().cloned())
        .ok_or(Refusal::NotFound)?;
    let now = app.now();
    Ok(frame::personal(&PhonePage {
        css: &ASSETS.phone_css.href,
        js: &ASSETS.phone_js.href,
        icon: &ASSETS.icon.href,
        account: app.wechat.account_name.clone(),
        clock: moment::minute(now),
        now_ms: now.timestamp_millis(),
        stage: app.season.edition.contest_at(now).map_or_else(
            || "没有城市在竞赛".to_owned(),
            |round| format!("{}竞赛中", round.city().name()),
        ),
        lines: dialogue(&chosen),
        scan: looking.scan,
        scene: looking.scene,
        said: said(&looking.said),
        people: people
            .iter()
            .map(|person| person_line(person, &chosen))
            .collect(),
        posters: posters(&people),
        faults: FaultChoice::ALL.to_vec(),
        rules: host.simulator.faults(),
        sums: sums(&app),
        bills: bills(&app, &people),
        openid: chosen.openid,
        name: chosen.name,
        following: chosen.following,
    }))
}

fn person_line(person: &PersonView, chosen: &PersonView) -> PersonLine {
    PersonLine {
        openid: person.openid.clone(),
        name: person.name.clone(),
        following: person.following,
        n_packets: person.packets.len(),
        chosen: person.openid == chosen.openid,
    }
}

/// Scenes that people came by, so that somebody else can scan the same poster.
fn posters(people: &[PersonView]) -> Vec<(String, String)> {
    people
        .iter()
        .filter_map(|person| Some((person.name.clone(), person.follow_scene.clone()?)))
        .collect()
}

fn dialogue(person: &PersonView) -> Vec<(String, Line)> {
    let line = |content: &MessageContent| match content {
        MessageContent::FromPerson { text } => Line::Person(text.clone()),
        MessageContent::FromAccount { text } => Line::Account(text.clone()),
        MessageContent::RedPacket {
            bill_number,
            send_name,
            wishing,
        } => Line::Packet(packet_line(person, bill_number, send_name, wishing)),
        MessageContent::ServiceUnavailable => {
            Line::Notice("该公众号提供的服务出现故障，请稍后再试")
        }
        _ => Line::Notice("收到一条消息"),
    };
    person
        .dialogue
        .iter()
        .map(|message| (moment::minute(message.at), line(&message.content)))
        .collect()
}

fn packet_line(
    person: &PersonView,
    bill_number: &str,
    send_name: &str,
    wishing: &str,
) -> PacketLine {
    let packet = person
        .packets
        .iter()
        .find(|packet| packet.bill_number == bill_number);
    let state = packet.map(|packet| packet.state);
    PacketLine {
        bill_number: bill_number.to_owned(),
        wishing: wishing.to_owned(),
        send_name: send_name.to_owned(),
        amount: packet
            .filter(|packet| packet.state == PacketState::Received)
            .map(|packet| Fen::new(packet.amount_fen).to_string()),
        can_open: state == Some(PacketState::Sent),
        state: state.map_or("", state_word),
    }
}

fn state_word(state: PacketState) -> &'static str {
    match state {
        PacketState::Sending => "发放中",
        PacketState::Sent => "待领取",
        PacketState::Received => "已领取",
        PacketState::Failed => "发放失败",
        PacketState::Refunding => "退回中",
        PacketState::Refunded => "已退回",
        _ => "",
    }
}

fn sums(app: &App) -> Sums {
    let ledger = app.simulator.as_ref().map(|host| host.simulator.ledger());
    let totals = ledger
        .as_ref()
        .map(|ledger| ledger.totals)
        .unwrap_or_default();
    Sums {
        balance: Fen::new(totals.balance_fen),
        sent: Fen::new(totals.sent_fen),
        in_flight: Fen::new(totals.in_flight_fen),
        received: Fen::new(totals.received_fen),
        returned: Fen::new(totals.returned_fen),
        packets: totals.packets,
        is_balanced: ledger.is_some_and(|ledger| ledger.is_balanced()),
    }
}

/// The latest packets of the simulator's own record.
fn bills(app: &App, people: &[PersonView]) -> Vec<BillLine> {
    let Some(host) = &app.simulator else {
        return Vec::new();
    };
    let mut bills: Vec<_> = host.simulator.ledger().bills.into_iter().collect();
    bills.sort_by_key(|(_, bill)| std::cmp::Reverse(bill.serial));
    bills
        .into_iter()
        .take(LEDGER_LINES)
        .map(|(number, bill)| BillLine {
            name: people
                .iter()
                .find(|person| person.openid == bill.openid)
                .map_or_else(|| "—".to_owned(), |person| person.name.clone()),
            amount: Fen::new(bill.amount_fen).to_string(),
            state: state_word(bill.state),
            at: moment::minute(bill.landed_at),
            requests: bill.requests,
            number,
        })
        .collect()
}

/// A switch of the fault panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FaultChoice {
    None,
    Slow,
    AnswerLost,
    Balance,
    Processing,
    Certificate,
    Token,
    CallbackTwice,
    CallbackLost,
}

impl FaultChoice {
    const ALL: [Self; 9] = [
        Self::None,
        Self::Slow,
        Self::AnswerLost,
        Self::Balance,
        Self::Processing,
        Self::Certificate,
        Self::Token,
        Self::CallbackTwice,
        Self::CallbackLost,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Slow => "slow",
            Self::AnswerLost => "answer_lost",
            Self::Balance => "balance",
            Self::Processing => "processing",
            Self::Certificate => "certificate",
            Self::Token => "token",
            Self::CallbackTwice => "callback_twice",
            Self::CallbackLost => "callback_lost",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::None => "一切正常",
            Self::Slow => "微信变慢（3 秒）",
            Self::AnswerLost => "发了红包但答复丢失",
            Self::Balance => "余额不足",
            Self::Processing => "处理中（20 秒）",
            Self::Certificate => "证书错误",
            Self::Token => "令牌失效一次",
            Self::CallbackTwice => "回调重复",
            Self::CallbackLost => "回调丢失",
        }
    }

    fn rules(self) -> Vec<FaultRule> {
        let pay = |fault| FaultRule {
            operation: Some(Operation::SendRedPacket),
            ..FaultRule::always(fault)
        };
        match self {
            Self::None => Vec::new(),
            Self::Slow => vec![pay(Fault::Delay {
                milliseconds: 3_000,
            })],
            Self::AnswerLost => vec![pay(Fault::ExecuteThenDrop)],
            Self::Balance => vec![pay(Fault::NotEnough)],
            Self::Processing => vec![pay(Fault::Processing { seconds: 20 })],
            Self::Certificate => vec![pay(Fault::CertificateError)],
            Self::Token => vec![FaultRule::once(Fault::InvalidateToken)],
            Self::CallbackTwice => vec![FaultRule::always(Fault::DuplicateCallbacks)],
            Self::CallbackLost => vec![FaultRule::always(Fault::LoseCallback)],
        }
    }

    /// Whether these are the rules in force.
    fn is_on(self, app_rules: &[FaultRule]) -> bool {
        let kinds = |rules: &[FaultRule]| -> Vec<Fault> {
            rules.iter().map(|rule| rule.fault.clone()).collect()
        };
        kinds(&self.rules()) == kinds(app_rules)
    }
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
            .redirect(&format!(
                "/login?next={}",
                crate::web::session::local_path(next)
            ));
    }
    match perform(&app, act).await {
        Ok(to) => Redirect::to(&to).into_response(),
        Err(error) => Redirect::to(&format!("/simulator?said={}", why(&error))).into_response(),
    }
}

/// Does it, and says where to look next.
async fn perform(app: &Arc<App>, act: Act) -> Result<String, ActError> {
    let host = act::host(app)?;
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
            act::follow(app, &person, scene).await?;
            Ok(back(&person))
        }
        Act::Unfollow { person } => {
            act::unfollow(app, &person).await?;
            Ok(back(&person))
        }
        Act::Scan { person, scanned } => {
            Ok(match act::scan(app, &person, scanned.trim()).await? {
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
        Act::Jump { person, jump } => {
            act::move_clock(app, act::destination(app, jump)?)?;
            Ok(back(&person))
        }
        Act::Advance { person, hours } => {
            let hours = hours.parse::<u8>().unwrap_or(1);
            act::move_clock(app, app.now() + TimeDelta::hours(i64::from(hours)))?;
            Ok(back(&person))
        }
        Act::Fault { person, fault } => {
            host.simulator.set_faults(fault.rules());
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
        ActError::Simulator(SimulatorError::PacketNotOpenable { .. }) => "not-openable",
        ActError::Simulator(_) | ActError::NoSimulator => "other",
    }
}

fn said(word: &str) -> &'static str {
    match word {
        "" => "",
        "not-ahead" => "时钟只能往前拨，前面没有这样的时刻了。",
        "unknown-code" => "没有这个二维码。先让一个人打开“我的邀请海报”。",
        "expired-code" => "这个二维码过期了。",
        "not-openable" => "这个红包现在不能打开。",
        _ => "没有做成。",
    }
}

/// Makes whoever is logged in follow, from the page that asks for it.
async fn follow_self(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
) -> Result<Response, PageError> {
    let holder = signed_in
        .visitor
        .holder
        .filter(|openid| app.keys.openid_index(openid) == signed_in.person.as_str())
        .ok_or(Refusal::NotFound)?;
    act::follow(&app, &holder, None)
        .await
        .map_err(|_unknown| Refusal::NotFound)?;
    Ok(Redirect::to("/quiz").into_response())
}
