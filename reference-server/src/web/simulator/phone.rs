//! `/simulator`: a drawn phone, the people who may hold it, the clock, faults, and who was really paid.

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    response::Response,
    routing::get,
};
use reward_core::Fen;
use serde::Deserialize;
use wechat_adapter::simulator::{
    FaultRule, MenuButton, MessageContent, PacketState, PersonView, TransferBill, TransferStage,
};

use super::{act, fault_panel::FaultChoice, host::SimulatedWeChat};
use crate::{
    app::App,
    contest::Refusal,
    rail::Rail,
    web::{assets::ASSETS, error::PageError, frame, moment, session::Visitor},
};

/// Lines of the ledger that are shown.
const LEDGER_LINES: usize = 12;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/simulator", get(phone))
}

/// One line of the dialogue.
enum Line {
    Account(String),
    Person(String),
    Packet(PacketLine),
    Transfer(TransferLine),
    Notice(&'static str),
    /// A notice of WeChat's, with the values of its fields.
    Service(String),
}

/// An item of the account's menu: it opens a page of ours, or others.
struct MenuLine {
    name: String,
    next: String,
    below: Vec<Self>,
}

struct PacketLine {
    bill_number: String,
    wishing: String,
    send_name: String,
    amount: Option<String>,
    can_open: bool,
    state: &'static str,
}

/// A transfer as the person's wallet shows it.
struct TransferLine {
    bill_number: String,
    remark: String,
    amount: String,
    can_confirm: bool,
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
    menu: Vec<MenuLine>,
    scan: String,
    scene: String,
    said: &'static str,
    people: Vec<PersonLine>,
    posters: Vec<(String, String)>,
    faults: Vec<FaultChoice>,
    rules: Vec<FaultRule>,
    rail: Rail,
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
    let host = SimulatedWeChat::of(&app).ok_or(Refusal::NotFound)?;
    let people = act::people(&host).map_err(|_none| Refusal::NotFound)?;
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
        stage: app.season.edition().contest_at(now).map_or_else(
            || "没有城市在竞赛".to_owned(),
            |round| format!("{}竞赛中", round.city().name()),
        ),
        lines: dialogue(&host, &chosen),
        menu: menu(host.simulator.menu(), &app.public_url),
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
        rail: app.season.rail,
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

/// The menu as far as it leads to our own pages.
fn menu(buttons: Vec<MenuButton>, public_url: &str) -> Vec<MenuLine> {
    buttons
        .into_iter()
        .map(|button| MenuLine {
            name: button.name,
            next: button
                .url
                .as_deref()
                .and_then(|url| url.strip_prefix(public_url))
                .unwrap_or_default()
                .to_owned(),
            below: menu(button.below, public_url),
        })
        .collect()
}

/// Scenes that people came by, so that somebody else can scan the same poster.
fn posters(people: &[PersonView]) -> Vec<(String, String)> {
    people
        .iter()
        .filter_map(|person| Some((person.name.clone(), person.follow_scene.clone()?)))
        .collect()
}

/// What was said and sent, in its order; transfers stand where WeChat told of them.
fn dialogue(host: &SimulatedWeChat, person: &PersonView) -> Vec<(String, Line)> {
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
        MessageContent::Notice { fields, .. } => {
            let values: Vec<&str> = fields.values().map(String::as_str).collect();
            Line::Service(values.join("\n"))
        }
        _ => Line::Notice("收到一条消息"),
    };
    let said = person.dialogue.iter();
    let transfers = host.simulator.transfers_to(&person.openid);
    let mut lines: Vec<_> = said
        .map(|message| (message.at, line(&message.content)))
        .chain(
            transfers
                .iter()
                .map(|bill| (bill.created_at, Line::Transfer(transfer_line(bill)))),
        )
        .collect();
    lines.sort_by_key(|(at, _)| *at);
    lines
        .into_iter()
        .map(|(at, line)| (moment::minute(at), line))
        .collect()
}

fn transfer_line(bill: &TransferBill) -> TransferLine {
    TransferLine {
        bill_number: bill.bill_number.clone(),
        remark: bill.remark.clone(),
        amount: Fen::new(bill.amount_fen).to_string(),
        can_confirm: bill.stage == TransferStage::WaitUserConfirm,
        state: stage_word(bill.stage),
    }
}

fn stage_word(stage: TransferStage) -> &'static str {
    match stage {
        TransferStage::Processing => "处理中",
        TransferStage::WaitUserConfirm => "待确认",
        TransferStage::Transferring => "到账中",
        TransferStage::Success => "已到账",
        TransferStage::Failed => "未到账，已退回",
        TransferStage::Cancelling | TransferStage::Cancelled => "已撤回",
        _ => "",
    }
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

/// The latest packets and transfers of the simulator's own record.
fn bills(app: &App, people: &[PersonView]) -> Vec<BillLine> {
    let Some(host) = &app.simulator else {
        return Vec::new();
    };
    let ledger = host.simulator.ledger();
    let name = |openid: &str| {
        let found = people.iter().find(|person| person.openid == openid);
        found.map_or_else(|| "—".to_owned(), |person| person.name.clone())
    };
    let packets = ledger.bills.into_iter().map(|(number, bill)| {
        let line = BillLine {
            name: name(&bill.openid),
            amount: Fen::new(bill.amount_fen).to_string(),
            state: state_word(bill.state),
            at: moment::minute(bill.landed_at),
            requests: bill.requests,
            number,
        };
        (bill.landed_at, bill.serial, line)
    });
    let transfers = ledger.transfers.into_iter().map(|(number, bill)| {
        let line = BillLine {
            name: name(&bill.openid),
            amount: Fen::new(bill.amount_fen).to_string(),
            state: stage_word(bill.stage),
            at: moment::minute(bill.created_at),
            requests: bill.requests,
            number,
        };
        (bill.created_at, 0, line)
    });
    let mut lines: Vec<_> = packets.chain(transfers).collect();
    lines.sort_by_key(|(at, serial, _)| std::cmp::Reverse((*at, *serial)));
    lines
        .into_iter()
        .take(LEDGER_LINES)
        .map(|(_, _, line)| line)
        .collect()
}

/// What went wrong, by the word in the address.
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
