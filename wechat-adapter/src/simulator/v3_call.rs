//! The endpoints of version 3: transfers, certificates, echo, bills.

use ::http::header::USER_AGENT;
use ::http::{HeaderMap, StatusCode};
use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::config::SimulatorConfig;
use super::fault::Fault;
use super::identifier;
use super::notice::Echo;
use super::operation::Operation;
use super::transfer_bill::{NewTransfer, TransferBill, TransferStage};
use super::v3_bill;
use super::v3_seal::{Flaw, Keys, Signed};
use super::v3_setup::TransferSetup;
use super::wire::{self, Call};
use super::world::World;
use crate::Response;

const BY_OUR_NUMBER: &str = "/v3/fund-app/mch-transfer/transfer-bills/out-bill-no/";
const BY_THEIR_NUMBER: &str = "/v3/fund-app/mch-transfer/transfer-bills/transfer-bill-no/";
/// Queries reach back this far.
const QUERY_TIME: TimeDelta = TimeDelta::days(30);

/// The simulated WeChat of version 3.
#[derive(Clone, Copy)]
pub(super) struct V3<'a> {
    pub(super) setup: &'a TransferSetup,
    pub(super) keys: &'a Keys,
}

/// What an endpoint answers before it is signed.
#[derive(Debug)]
pub(super) struct Outcome {
    status: StatusCode,
    body: Value,
    /// Whether anything took effect.
    pub(super) effective: bool,
}

impl Outcome {
    pub(super) fn done_with(body: Value) -> Self {
        Self {
            status: StatusCode::OK,
            body,
            effective: true,
        }
    }

    /// A refusal with this status and code.
    pub(super) fn refused(status: u16, code: &str, message: &str) -> Self {
        Self {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST),
            body: json!({"code": code, "message": message}),
            effective: false,
        }
    }

    /// The refusal that a fault asks for, if it asks for one.
    pub(super) fn of_fault(fault: &Fault) -> Option<Self> {
        if let Fault::V3Error { status, code } = fault {
            return Some(Self::refused(*status, code, "simulated"));
        }
        let known = [
            (Fault::SystemErrorThenSuccess, 500, "SYSTEM_ERROR"),
            (Fault::NotEnough, 403, "NOT_ENOUGH"),
            (Fault::NotEnoughUntilTopUp, 403, "NOT_ENOUGH"),
            (Fault::FreqLimit, 429, "FREQUENCY_LIMITED"),
            (Fault::NoAuth, 403, "NO_AUTH"),
            (Fault::UnknownErrCode, 400, "ERR_268458547"),
        ];
        let (_, status, code) = known.into_iter().find(|(known, _, _)| known == fault)?;
        Some(Self::refused(status, code, "simulated"))
    }
}

/// The order number a call is about, from its path or its body.
pub(super) fn bill_number<'a>(path: &'a str, body: Option<&'a Value>) -> Option<&'a str> {
    match path.strip_prefix(BY_OUR_NUMBER) {
        Some(rest) => rest.split('/').next(),
        None => body?.get("out_bill_no")?.as_str(),
    }
}

/// Signs an answer with the key that the request named.
pub(super) fn signed(
    v3: V3<'_>,
    world: &mut World,
    call: &Call<'_>,
    outcome: &Outcome,
    flaw: Flaw,
    now: DateTime<Utc>,
) -> Response {
    let body = if flaw.reordered {
        wire::reordered(&outcome.body)
    } else {
        outcome.body.to_string()
    }
    .into_bytes();
    let serial = if signs_by_certificate(v3, world, call) {
        &v3.setup.signing(now).serial
    } else {
        &v3.setup.wechat_public_key_id
    };
    let nonce = world.identifiers.bytes("answer nonce");
    let signed_at = world.callers_time(now);
    let headers = v3
        .keys
        .sign(serial, &body, &hex::encode(nonce), flaw, signed_at);
    let mut response = wire::answer(outcome.status, "application/json; charset=utf-8", body);
    response.headers_mut().extend(headers);
    response
}

/// Whether WeChat signs what it tells this caller under the certificate's serial, and not under the public key's.
///
/// The key that the request names decides.
/// A caller that names none gets the certificate when it has downloaded certificates before, as it can know no other key.
fn signs_by_certificate(v3: V3<'_>, world: &World, call: &Call<'_>) -> bool {
    let header = |name: &str| call.headers.get(name)?.to_str().ok();
    match header("Wechatpay-Serial") {
        Some(named) => v3.setup.is_certificate(named),
        None => {
            v3.setup.signs_by_certificate
                || call.operation == Operation::Certificates
                || world.certificate_holders.contains(agent(call))
        }
    }
}

/// What a caller calls itself.
fn agent<'a>(call: &Call<'a>) -> &'a str {
    call.headers
        .get(USER_AGENT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// Checks the merchant's signature, then answers.
pub(super) fn execute(
    v3: V3<'_>,
    config: &SimulatorConfig,
    world: &mut World,
    call: &Call<'_>,
    fault: Option<&Fault>,
    now: DateTime<Utc>,
) -> Outcome {
    let signed = Signed {
        method: call.method.as_str(),
        targets: call.targets,
        headers: call.headers,
        body: call.body,
    };
    let callers_time = world.callers_time(now);
    let checked = v3
        .keys
        .check(v3.setup, &config.merchant_id, &signed, callers_time);
    if let Err(reason) = checked {
        return Outcome::refused(401, "SIGN_ERROR", reason);
    }
    if !accepts_json(call.headers) {
        return Outcome::refused(406, "PARAM_ERROR", "Accept must allow application/json");
    }
    if call.operation == Operation::CreateTransfer {
        create(v3, config, world, call, fault, now)
    } else if call.operation == Operation::QueryTransfer {
        query(config, world, call.path, now)
    } else if call.operation == Operation::CancelTransfer {
        cancel(world, call.path, now)
    } else if call.operation == Operation::Certificates {
        world.certificate_holders.insert(agent(call).to_owned());
        certificates(v3, world, fault, now)
    } else if call.operation == Operation::SecurityEcho {
        echo(v3, world, call, now)
    } else {
        v3_bill::ticket(config, world, call, now)
    }
}

fn accepts_json(headers: &HeaderMap) -> bool {
    headers
        .get(::http::header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.contains("json") || accept.contains("*/*"))
}

fn create(
    v3: V3<'_>,
    config: &SimulatorConfig,
    world: &mut World,
    call: &Call<'_>,
    fault: Option<&Fault>,
    now: DateTime<Utc>,
) -> Outcome {
    let mut new = match read(v3, config, call.json.as_ref()) {
        Ok(new) => new,
        Err(refusal) => return refusal,
    };
    if let Some(bill) = world.transfers.get_mut(&new.bill_number) {
        if bill.parameters != new.parameters {
            let message = "the number exists with other parameters";
            return Outcome::refused(400, "ALREADY_EXISTS", message);
        }
        bill.requests = bill.requests.saturating_add(1);
        return Outcome::done_with(created(bill));
    }
    if world.people.get(&new.openid).is_none() {
        return Outcome::refused(400, "INVALID_REQUEST", "openid and appid do not match");
    }
    match fault {
        Some(Fault::Processing { seconds }) => {
            new.processing = Some(TimeDelta::seconds(i64::from(*seconds)));
        }
        Some(Fault::TransferFails { fail_reason }) => new.doom = Some(fail_reason.clone()),
        _ => {}
    }
    new.by_certificate = v3.setup.signs_by_certificate || signs_by_certificate(v3, world, call);
    let number = new.bill_number.clone();
    new.package_info = identifier::package_info(config.seed, &number);
    if !world.transfers.create(new, &mut world.book, now) {
        return Outcome::refused(403, "NOT_ENOUGH", "balance is too small");
    }
    match world.transfers.get(&number) {
        Some(bill) => Outcome::done_with(created(bill)),
        None => Outcome::refused(500, "SYSTEM_ERROR", "lost"),
    }
}

/// A body that passed every check of form.
fn read(
    v3: V3<'_>,
    config: &SimulatorConfig,
    body: Option<&Value>,
) -> Result<NewTransfer, Outcome> {
    let wrong = |message: &str| Outcome::refused(400, "PARAM_ERROR", message);
    let invalid = |message: &str| Outcome::refused(400, "INVALID_REQUEST", message);
    let body = body.ok_or_else(|| wrong("body is not JSON"))?;
    let text = |name: &str, maximum: usize| {
        body.get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty() && text.chars().count() <= maximum)
            .ok_or_else(|| wrong(name))
    };
    let bill_number = text("out_bill_no", 32)?;
    if !bill_number.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(wrong("out_bill_no"));
    }
    let openid = text("openid", 64)?;
    let remark = text("transfer_remark", 32)?;
    let scene = text("transfer_scene_id", 36)?;
    if text("appid", 32)? != config.app_id {
        return Err(invalid("appid is not bound to mchid"));
    }
    let amount_fen = body
        .get("transfer_amount")
        .and_then(Value::as_u64)
        .ok_or_else(|| wrong("transfer_amount"))?;
    if amount_fen < v3.setup.min_fen || amount_fen > v3.setup.max_fen {
        return Err(invalid("transfer_amount is outside the merchant's window"));
    }
    match body.get("user_name") {
        None if amount_fen >= 200_000 => return Err(wrong("user_name")),
        None => {}
        Some(name) => {
            let name = name.as_str().and_then(|sealed| v3.keys.unseal(sealed));
            name.ok_or_else(|| wrong("user_name does not decrypt"))?;
        }
    }
    check_scene(body, scene)
        .map_err(|message| Outcome::refused(400, "INVALID_REQUEST", message))?;
    let notify_url = body.get("notify_url").and_then(Value::as_str);
    if notify_url.is_some_and(|url| url.contains('?') || url.len() > 256) {
        return Err(wrong("notify_url"));
    }
    Ok(NewTransfer {
        bill_number: bill_number.to_owned(),
        openid: openid.to_owned(),
        amount_fen,
        remark: remark.to_owned(),
        notify_url: notify_url.map(str::to_owned),
        parameters: body.to_string(),
        package_info: String::new(),
        by_certificate: false,
        processing: None,
        doom: None,
    })
}

fn check_scene(body: &Value, scene: &str) -> Result<(), &'static str> {
    let reports = body
        .get("transfer_scene_report_infos")
        .and_then(Value::as_array)
        .ok_or("transfer_scene_report_infos is missing")?;
    if scene != "1000" {
        return Ok(());
    }
    let mut types: Vec<&str> = reports
        .iter()
        .filter_map(|report| report.get("info_type")?.as_str())
        .collect();
    types.sort_unstable();
    if types != ["奖励说明", "活动名称"] {
        return Err("transfer_scene_report_infos is incomplete");
    }
    match body.get("user_recv_perception").and_then(Value::as_str) {
        None | Some("活动奖励" | "现金奖励") => Ok(()),
        Some(_) => Err("this user_recv_perception cannot be shown"),
    }
}

fn created(bill: &TransferBill) -> Value {
    let mut body = json!({
        "out_bill_no": bill.bill_number,
        "transfer_bill_no": bill.transfer_number,
        "create_time": beijing(bill.created_at),
        "state": bill.stage.as_wire(),
    });
    if let Value::Object(fields) = &mut body {
        if bill.stage == TransferStage::WaitUserConfirm {
            fields.insert("package_info".to_owned(), bill.package_info.as_str().into());
        }
        put_reason(fields, bill);
    }
    body
}

fn put_reason(fields: &mut Map<String, Value>, bill: &TransferBill) {
    if let Some(reason) = &bill.fail_reason {
        fields.insert("fail_reason".to_owned(), reason.as_str().into());
    }
}

/// What queries and notifications say of a transfer.
pub(super) fn record(config: &SimulatorConfig, bill: &TransferBill) -> Value {
    let mut body = json!({
        "mch_id": config.merchant_id,
        "out_bill_no": bill.bill_number,
        "transfer_bill_no": bill.transfer_number,
        "appid": config.app_id,
        "state": bill.stage.as_wire(),
        "transfer_amount": bill.amount_fen,
        "transfer_remark": bill.remark,
        "openid": bill.openid,
        "create_time": beijing(bill.created_at),
        "update_time": beijing(bill.updated_at),
    });
    if let Value::Object(fields) = &mut body {
        put_reason(fields, bill);
    }
    body
}

fn query(config: &SimulatorConfig, world: &World, path: &str, now: DateTime<Utc>) -> Outcome {
    let bill = match path.strip_prefix(BY_THEIR_NUMBER) {
        Some(number) => world.transfers.by_transfer_number(number),
        None => bill_number(path, None).and_then(|number| world.transfers.get(number)),
    };
    match bill.filter(|bill| now.signed_duration_since(bill.created_at) <= QUERY_TIME) {
        Some(bill) => Outcome::done_with(record(config, bill)),
        None => Outcome::refused(404, "NOT_FOUND", "no such transfer"),
    }
}

fn cancel(world: &mut World, path: &str, now: DateTime<Utc>) -> Outcome {
    let number = bill_number(path, None).unwrap_or_default();
    if world.transfers.get(number).is_none() {
        return Outcome::refused(404, "NOT_FOUND", "no such transfer");
    }
    let cancelled = world.transfers.cancel(number, now);
    match world.transfers.get(number).filter(|_| cancelled) {
        Some(bill) => Outcome::done_with(json!({
            "out_bill_no": bill.bill_number,
            "transfer_bill_no": bill.transfer_number,
            "state": bill.stage.as_wire(),
            "update_time": beijing(bill.updated_at),
        })),
        None => Outcome::refused(400, "INVALID_REQUEST", "the person has confirmed"),
    }
}

fn certificates(
    v3: V3<'_>,
    world: &mut World,
    fault: Option<&Fault>,
    now: DateTime<Utc>,
) -> Outcome {
    let listed = v3.setup.listed(now);
    let entries = listed.map(|certificate| {
        let nonce = world.identifiers.text("certificate nonce", 12);
        let ciphertext = v3
            .keys
            .encrypt(&nonce, "certificate", &certificate.pem)
            .unwrap_or_default();
        let expire_time = if fault == Some(&Fault::ExpiredCertificate) {
            &certificate.effective_time
        } else {
            &certificate.expire_time
        };
        json!({
            "serial_no": certificate.serial,
            "effective_time": certificate.effective_time,
            "expire_time": expire_time,
            "encrypt_certificate": {
                "algorithm": "AEAD_AES_256_GCM", "nonce": nonce,
                "associated_data": "certificate", "ciphertext": ciphertext,
            },
        })
    });
    let entries: Vec<Value> = entries.collect();
    Outcome::done_with(json!({ "data": entries }))
}

/// Says back what was said; an encrypted text must decrypt, and an address is notified.
fn echo(v3: V3<'_>, world: &mut World, call: &Call<'_>, now: DateTime<Utc>) -> Outcome {
    let text = |name: &str| call.json.as_ref()?.get(name)?.as_str();
    let Some(message) = text("echo_message") else {
        return Outcome::refused(400, "PARAM_ERROR", "echo_message");
    };
    if text("encrypted_echo_message").is_some_and(|sealed| v3.keys.unseal(sealed).is_none()) {
        return Outcome::refused(
            400,
            "PARAM_ERROR",
            "encrypted_echo_message does not decrypt",
        );
    }
    if let Some(url) = text("notify_url") {
        let by_certificate = v3.setup.signs_by_certificate || signs_by_certificate(v3, world, call);
        let echo = Echo {
            url: url.to_owned(),
            message: message.to_owned(),
            by_certificate,
        };
        world.notices.echo(echo, &mut world.identifiers, now);
    }
    Outcome::done_with(json!({"echo_message": message}))
}

/// RFC 3339 with Beijing's offset, to the second.
pub(super) fn beijing(at: DateTime<Utc>) -> String {
    FixedOffset::east_opt(8 * 3_600).map_or_else(
        || at.to_rfc3339(),
        |zone| {
            at.with_timezone(&zone)
                .format("%Y-%m-%dT%H:%M:%S%:z")
                .to_string()
        },
    )
}
