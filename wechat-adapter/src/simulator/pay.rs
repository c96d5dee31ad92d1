//! Cash red packets of WeChat Pay V2: `sendredpack` and `gethbinfo`, checked field by field.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::calendar::{beijing_date, beijing_hour, beijing_text, later};
use super::config::SimulatorConfig;
use super::packet::{Course, Order, Packet, Texts};
use super::seal::{derive, pay_sign};
use super::view::PacketState;
use super::wire::xml;
use super::world::World;
use super::xml::{Leaves, Writer};
use crate::Response;

/// Two requests of one number must be at least this far apart.
const REENTRY: TimeDelta = TimeDelta::seconds(1);
/// Packets older than this cannot be queried.
const QUERY_WINDOW: TimeDelta = TimeDelta::days(30);
/// Refused numbers remembered before the old ones are forgotten.
const REFUSED_KEPT: usize = 4096;

/// Field, longest value in bytes, whether it must be there.
const SEND_FIELDS: [(&str, usize, bool); 17] = [
    ("nonce_str", 32, true),
    ("sign", 32, true),
    ("mch_billno", 28, true),
    ("mch_id", 32, true),
    ("wxappid", 32, true),
    ("send_name", 32, true),
    ("re_openid", 32, true),
    ("total_amount", 20, true),
    ("total_num", 4, true),
    ("wishing", 128, true),
    ("client_ip", 15, true),
    ("act_name", 32, true),
    ("remark", 256, true),
    ("scene_id", 32, false),
    ("risk_info", 128, false),
    ("consume_mch_id", 32, false),
    ("sub_mch_id", 32, false),
];
const QUERY_FIELDS: [(&str, usize, bool); 6] = [
    ("nonce_str", 32, true),
    ("sign", 32, true),
    ("mch_billno", 28, true),
    ("mch_id", 32, true),
    ("appid", 32, true),
    ("bill_type", 32, true),
];
const SCENES: [&str; 8] = [
    "PRODUCT_1",
    "PRODUCT_2",
    "PRODUCT_3",
    "PRODUCT_4",
    "PRODUCT_5",
    "PRODUCT_6",
    "PRODUCT_7",
    "PRODUCT_8",
];

/// Why a request has no effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) err_code: String,
    description: &'static str,
    /// Whether `return_code` is FAIL too: the request itself is wrong.
    request_wrong: bool,
}

fn wrong(err_code: &str, description: &'static str) -> Refusal {
    Refusal {
        err_code: err_code.to_owned(),
        description,
        request_wrong: true,
    }
}

pub(super) fn refused(err_code: &str, description: &'static str) -> Refusal {
    Refusal {
        err_code: err_code.to_owned(),
        description,
        request_wrong: false,
    }
}

/// What limits the merchant as a whole, counted as it goes.
#[derive(Debug, Default)]
pub(super) struct Counters {
    second: (i64, u32),
    day: (NaiveDate, u64),
    /// Numbers that were refused, with the time of the last request.
    refused_at: BTreeMap<String, DateTime<Utc>>,
}

impl Counters {
    /// Remembers the time of a refused request, for the distance its repetition must keep.
    pub(super) fn note_refusal(&mut self, bill_number: String, now: DateTime<Utc>) {
        if self.refused_at.len() >= REFUSED_KEPT {
            self.refused_at.retain(|_, at| now < later(*at, REENTRY));
        }
        self.refused_at.insert(bill_number, now);
    }
}

type Fields<'a> = BTreeMap<&'a str, &'a str>;

/// Reads a body's fields and checks form, presence, length and sign.
fn signed_fields<'a>(
    config: &SimulatorConfig,
    body: Option<&'a Leaves>,
    rules: &[(&str, usize, bool)],
) -> Result<Fields<'a>, Refusal> {
    let fields: Fields<'a> = body
        .and_then(Leaves::flat)
        .ok_or_else(|| wrong("XML_ERROR", "the body is no flat XML document"))?
        .into_iter()
        .collect();
    let sign = pay_sign(
        fields.iter().map(|(name, value)| (*name, *value)),
        &config.merchant_key,
    );
    if fields.get("sign") != Some(&sign.as_str()) {
        return Err(wrong("SIGN_ERROR", "the sign does not match"));
    }
    if fields.contains_key("sign_type") {
        return Err(wrong("SIGN_ERROR", "this interface knows no sign_type"));
    }
    for (name, longest, required) in rules {
        match fields.get(name).map_or(0, |value| value.len()) {
            0 if *required => return Err(wrong("PARAM_ERROR", "a required field is missing")),
            length if length > *longest => return Err(wrong("PARAM_ERROR", "a field is too long")),
            _ => {}
        }
    }
    if fields.get("mch_id") != Some(&config.merchant_id.as_str()) {
        return Err(wrong("PARAM_ERROR", "mch_id is not this merchant"));
    }
    let number = fields.get("mch_billno").copied().unwrap_or_default();
    if !number.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(wrong(
            "PARAM_ERROR",
            "mch_billno has characters other than letters and digits",
        ));
    }
    Ok(fields)
}

fn text(fields: &Fields<'_>, name: &str) -> String {
    fields.get(name).copied().unwrap_or_default().to_owned()
}

/// Checks a `sendredpack` body; nothing here depends on what has happened before.
pub(super) fn read_order(
    config: &SimulatorConfig,
    body: Option<&Leaves>,
) -> Result<Order, Refusal> {
    let fields = signed_fields(config, body, &SEND_FIELDS)?;
    if fields.get("wxappid") != Some(&config.app_id.as_str()) {
        return Err(wrong(
            "ILLEGAL_APPID",
            "wxappid is not bound to this merchant",
        ));
    }
    if fields.get("total_num") != Some(&"1") {
        return Err(wrong("PARAM_ERROR", "total_num must be 1"));
    }
    if text(&fields, "client_ip").parse::<Ipv4Addr>().is_err() {
        return Err(wrong("PARAM_ERROR", "client_ip is no IPv4 address"));
    }
    let amount = text(&fields, "total_amount");
    let amount_fen: u64 = amount
        .parse()
        .ok()
        .filter(|_| amount.bytes().all(|byte| byte.is_ascii_digit()))
        .ok_or_else(|| wrong("PARAM_ERROR", "total_amount is no whole number of fen"))?;
    let limits = &config.channel;
    if !(limits.min_fen.max(1)..=limits.max_fen).contains(&amount_fen) {
        return Err(refused(
            "MONEY_LIMIT",
            "total_amount is outside the merchant's limits",
        ));
    }
    let free_of_scene = limits.min_fen_without_scene..=limits.max_fen_without_scene;
    match fields
        .get("scene_id")
        .copied()
        .filter(|scene| !scene.is_empty())
    {
        Some(scene) if SCENES.contains(&scene) => {}
        Some(_) => {
            return Err(wrong(
                "PARAM_ERROR",
                "scene_id is none of PRODUCT_1..PRODUCT_8",
            ));
        }
        None if free_of_scene.contains(&amount_fen) => {}
        None => return Err(wrong("PARAM_ERROR", "this total_amount needs a scene_id")),
    }
    let parts: Vec<&[u8]> = fields
        .iter()
        .filter(|(name, value)| !["nonce_str", "sign"].contains(*name) && !value.is_empty())
        .flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()])
        .collect();
    Ok(Order {
        bill_number: text(&fields, "mch_billno"),
        openid: text(&fields, "re_openid"),
        amount_fen,
        texts: Texts {
            send_name: text(&fields, "send_name"),
            wishing: text(&fields, "wishing"),
            act_name: text(&fields, "act_name"),
            remark: text(&fields, "remark"),
        },
        digest: derive(&parts),
    })
}

/// Executes a checked order; `Ok` when the packet is, or was before, accepted.
pub(super) fn place(
    config: &SimulatorConfig,
    world: &mut World,
    order: Order,
    course: Course,
    now: DateTime<Utc>,
) -> Result<(), Refusal> {
    if let Some(packet) = world.packets.get_mut(&order.bill_number) {
        return repeat(packet, &order, now);
    }
    let allowed = allow(config, world, &order, now);
    let number = order.bill_number.clone();
    let placed = allowed.and_then(|()| {
        let amount_fen = order.amount_fen;
        let World {
            packets,
            book,
            people,
            counters,
            ..
        } = world;
        packets
            .land(order, course, book, people, now)
            .ok_or_else(|| refused("NOTENOUGH", "the merchant's balance is too small"))?;
        let date = beijing_date(now);
        counters.day = (date, sum_on(counters.day, date).saturating_add(amount_fen));
        Ok(())
    });
    if placed.is_ok() {
        world.counters.refused_at.remove(&number);
    } else {
        world.counters.note_refusal(number, now);
    }
    placed
}

fn sum_on(day: (NaiveDate, u64), date: NaiveDate) -> u64 {
    if day.0 == date { day.1 } else { 0 }
}

/// A number that landed before: the same order is answered as the first time, another one is an error.
fn repeat(packet: &mut Packet, order: &Order, now: DateTime<Utc>) -> Result<(), Refusal> {
    if packet.digest != order.digest {
        return Err(refused(
            "FATAL_ERROR",
            "the order differs from the original one",
        ));
    }
    let too_early = now < later(packet.last_request_at, REENTRY);
    packet.last_request_at = now;
    packet.requests = packet.requests.saturating_add(1);
    if too_early {
        return Err(refused(
            "FREQ_LIMIT",
            "one number may be repeated after one second",
        ));
    }
    match packet.state {
        PacketState::Failed => Err(refused(
            "SEND_FAILED",
            "the packet has failed, use another number",
        )),
        PacketState::Sending if !packet.doomed => {
            Err(refused("PROCESSING", "the order is being processed"))
        }
        PacketState::Sending
        | PacketState::Sent
        | PacketState::Received
        | PacketState::Refunding
        | PacketState::Refunded => Ok(()),
    }
}

fn allow(
    config: &SimulatorConfig,
    world: &mut World,
    order: &Order,
    now: DateTime<Utc>,
) -> Result<(), Refusal> {
    let limits = &config.channel;
    let counters = &mut world.counters;
    let again = counters.refused_at.get(&order.bill_number);
    if again.is_some_and(|at| now < later(*at, REENTRY)) {
        return Err(refused(
            "FREQ_LIMIT",
            "one number may be repeated after one second",
        ));
    }
    if let Some(per_second) = limits.sends_per_second {
        let second = now.timestamp();
        let count = if counters.second.0 == second {
            counters.second.1
        } else {
            0
        };
        if count >= per_second {
            return Err(refused("FREQ_LIMIT", "too many requests in one second"));
        }
        counters.second = (second, count.saturating_add(1));
    }
    let Some(person) = world.people.get(&order.openid) else {
        return Err(refused("OPENID_ERROR", "re_openid is nobody under wxappid"));
    };
    if limits
        .quiet_hours
        .is_some_and(|quiet| quiet.covers(beijing_hour(now)))
    {
        return Err(refused(
            "TIME_LIMITED",
            "nothing is sent in the quiet hours",
        ));
    }
    let date = beijing_date(now);
    if person.packets_sent_on(date) >= limits.per_person_per_day {
        return Err(refused(
            "SENDNUM_LIMIT",
            "the person's packets of the day are used up",
        ));
    }
    if sum_on(counters.day, date).saturating_add(order.amount_fen) > limits.merchant_day_fen {
        return Err(refused(
            "DAY_OVER_LIMITED",
            "the merchant's amount of the day is used up",
        ));
    }
    Ok(())
}

/// The answer to `sendredpack`.
pub(super) fn send_answer(
    config: &SimulatorConfig,
    body: Option<&Leaves>,
    world: &World,
    outcome: &Result<(), Refusal>,
) -> Response {
    let head = match outcome {
        Ok(()) => success(),
        Err(refusal) => refusal.head(),
    };
    let field = |name| body.and_then(|body| body.find(name)).unwrap_or_default();
    let mut writer = head
        .text("mch_billno", field("mch_billno"))
        .text("mch_id", &config.merchant_id)
        .text("wxappid", &config.app_id)
        .text("re_openid", field("re_openid"))
        .bare(
            "total_amount",
            &field("total_amount").parse().unwrap_or(0_u64).to_string(),
        );
    if outcome.is_ok()
        && let Some(packet) = world.packets.get(field("mch_billno"))
    {
        writer = writer.text("send_listid", &packet.list_id);
    }
    xml(writer.finish())
}

/// Answers a `gethbinfo` body.
pub(super) fn query(
    config: &SimulatorConfig,
    world: &World,
    body: Option<&Leaves>,
    now: DateTime<Utc>,
) -> Response {
    let packet = signed_fields(config, body, &QUERY_FIELDS).and_then(|fields| {
        if fields.get("appid") != Some(&config.app_id.as_str()) {
            return Err(wrong(
                "ILLEGAL_APPID",
                "appid is not bound to this merchant",
            ));
        }
        if fields.get("bill_type") != Some(&"MCHT") {
            return Err(wrong("PARAM_ERROR", "bill_type must be MCHT"));
        }
        world
            .packets
            .get(fields.get("mch_billno").copied().unwrap_or_default())
            .filter(|packet| now < later(packet.landed_at, QUERY_WINDOW))
            .ok_or_else(|| refused("NOT_FOUND", "no such packet in the last 30 days"))
    });
    xml(match packet {
        Ok(packet) => packet_fields(success(), config, packet).finish(),
        Err(refusal) => refusal.head().finish(),
    })
}

fn packet_fields(head: Writer, config: &SimulatorConfig, packet: &Packet) -> Writer {
    let amount = packet.amount_fen.to_string();
    let mut writer = head
        .text("mch_billno", &packet.bill_number)
        .text("mch_id", &config.merchant_id)
        .text("detail_id", &packet.list_id)
        .text("status", packet.state.as_wire())
        .text("send_type", "API")
        .text("hb_type", "NORMAL")
        .bare("total_num", "1")
        .bare("total_amount", &amount);
    if packet.state == PacketState::Failed {
        writer = writer.text("reason", "the packet was not delivered");
    }
    writer = writer.text(
        "send_time",
        &beijing_text(packet.sent_at.unwrap_or(packet.landed_at)),
    );
    if let (PacketState::Refunded, Some(at)) = (packet.state, packet.returned_at) {
        writer = writer
            .text("refund_time", &beijing_text(at))
            .bare("refund_amount", &amount);
    }
    writer = writer
        .text("wishing", &packet.texts.wishing)
        .text("remark", &packet.texts.remark)
        .text("act_name", &packet.texts.act_name);
    if let Some(at) = packet.received_at {
        let receiver = format!(
            "<hbinfo><openid><![CDATA[{}]]></openid><amount>{amount}</amount><rcv_time><![CDATA[{}]]></rcv_time></hbinfo>",
            packet.openid,
            beijing_text(at),
        );
        writer = writer.bare("hblist", &receiver);
    }
    writer
}

fn success() -> Writer {
    Writer::new()
        .text("return_code", "SUCCESS")
        .text("return_msg", "OK")
        .text("result_code", "SUCCESS")
        .text("err_code", "SUCCESS")
        .text("err_code_des", "OK")
}

impl Refusal {
    fn head(&self) -> Writer {
        let return_code = if self.request_wrong {
            "FAIL"
        } else {
            "SUCCESS"
        };
        Writer::new()
            .text("return_code", return_code)
            .text("return_msg", self.description)
            .text("result_code", "FAIL")
            .text("err_code", &self.err_code)
            .text("err_code_des", self.description)
    }

    /// The whole answer when nothing is known of the order.
    pub(super) fn answer(&self) -> Response {
        xml(self.head().finish())
    }
}
