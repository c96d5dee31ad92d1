//! Requests written by hand and signed by the adapter, for the tests of the simulator.

use chrono::{DateTime, TimeDelta, Utc};
use wechat_adapter::pay::{SignType, sign};
use wechat_adapter::simulator::{Handled, NewPerson, Simulator, SimulatorConfig};
use wechat_adapter::{Request, Response, Secret};

pub(crate) const OFFICIAL: &str = "http://127.0.0.1:8080/simulator/wechat";

pub(crate) fn config() -> SimulatorConfig {
    SimulatorConfig::rehearsal(
        "http://127.0.0.1:8080",
        "http://127.0.0.1:9090/callback?x=1",
    )
}

/// 9 May 2020, 10:00 in Beijing, and `seconds` more.
pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    "2020-05-09T02:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::seconds(seconds)
}

pub(crate) fn simulator_with(config: SimulatorConfig) -> (Simulator, String) {
    let simulator = Simulator::new(config).unwrap();
    let person = simulator
        .create_person(NewPerson::named("Zhang San"), at(0))
        .unwrap();
    (simulator, person.openid)
}

pub(crate) fn simulator() -> (Simulator, String) {
    simulator_with(config())
}

pub(crate) type Fields = Vec<(&'static str, String)>;

pub(crate) fn send_fields(openid: &str, bill_number: &str, amount_fen: u64) -> Fields {
    let config = config();
    vec![
        ("nonce_str", "n1".to_owned()),
        ("mch_billno", bill_number.to_owned()),
        ("mch_id", config.merchant_id),
        ("wxappid", config.app_id),
        ("send_name", "知识竞赛".to_owned()),
        ("re_openid", openid.to_owned()),
        ("total_amount", amount_fen.to_string()),
        ("total_num", "1".to_owned()),
        ("wishing", "恭喜 <发财> & more".to_owned()),
        ("client_ip", "127.0.0.1".to_owned()),
        ("act_name", "答题".to_owned()),
        ("remark", "南京".to_owned()),
        ("scene_id", "PRODUCT_2".to_owned()),
    ]
}

pub(crate) fn query_fields(bill_number: &str) -> Fields {
    let config = config();
    vec![
        ("nonce_str", "n2".to_owned()),
        ("mch_billno", bill_number.to_owned()),
        ("mch_id", config.merchant_id),
        ("appid", config.app_id),
        ("bill_type", "MCHT".to_owned()),
    ]
}

pub(crate) fn set(fields: &mut Fields, name: &'static str, value: &str) {
    fields.retain(|(field, _)| *field != name);
    fields.push((name, value.to_owned()));
}

pub(crate) fn signed(mut fields: Fields) -> Fields {
    let key = Secret::new(config().merchant_key).unwrap();
    let pairs: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let signature = sign(&pairs, &key, SignType::Md5);
    fields.push(("sign", signature));
    fields
}

pub(crate) fn pay_request(path: &str, fields: &Fields) -> Request {
    let mut body = "<xml>".to_owned();
    for (name, value) in fields {
        body.push_str(&format!("<{name}><![CDATA[{value}]]></{name}>"));
    }
    body.push_str("</xml>");
    post(&format!("/mmpaymkttransfers/{path}"), &body)
}

pub(crate) fn send(fields: Fields) -> Request {
    pay_request("sendredpack", &signed(fields))
}

pub(crate) fn query(bill_number: &str) -> Request {
    pay_request("gethbinfo", &signed(query_fields(bill_number)))
}

pub(crate) fn post(path: &str, body: &str) -> Request {
    http::Request::post(format!("{OFFICIAL}{path}"))
        .body(body.as_bytes().to_vec())
        .unwrap()
}

pub(crate) fn get(path_and_query: &str) -> Request {
    http::Request::get(format!("{OFFICIAL}{path_and_query}"))
        .body(Vec::new())
        .unwrap()
}

pub(crate) fn answered(handled: Handled) -> Response {
    match handled {
        Handled::Answer(answer) => answer,
        other => panic!("no plain answer: {other:?}"),
    }
}

/// The answer to `request` as text.
pub(crate) fn body(simulator: &Simulator, request: &Request, now: DateTime<Utc>) -> String {
    String::from_utf8(answered(simulator.handle(request, now)).into_body()).unwrap()
}

/// The text of a CDATA or bare field in a WeChat Pay answer.
pub(crate) fn field(document: &str, name: &str) -> Option<String> {
    let (_, rest) = document.split_once(&format!("<{name}>"))?;
    let (value, _) = rest.split_once(&format!("</{name}>"))?;
    let value = value
        .strip_prefix("<![CDATA[")
        .and_then(|value| value.strip_suffix("]]>"))
        .unwrap_or(value);
    Some(value.to_owned())
}

pub(crate) fn err_code(simulator: &Simulator, request: &Request, now: DateTime<Utc>) -> String {
    field(&body(simulator, request, now), "err_code").unwrap()
}

pub(crate) fn status(simulator: &Simulator, bill_number: &str, now: DateTime<Utc>) -> String {
    let answer = body(simulator, &query(bill_number), now);
    field(&answer, "status").unwrap_or_else(|| field(&answer, "err_code").unwrap())
}

pub(crate) fn json(
    simulator: &Simulator,
    request: &Request,
    now: DateTime<Utc>,
) -> serde_json::Value {
    serde_json::from_str(&body(simulator, request, now)).unwrap()
}

pub(crate) fn stable_token(simulator: &Simulator, now: DateTime<Utc>) -> String {
    let config = config();
    let order = serde_json::json!({
        "grant_type": "client_credential", "appid": config.app_id, "secret": config.app_secret,
    });
    let answer = json(
        simulator,
        &post("/cgi-bin/stable_token", &order.to_string()),
        now,
    );
    answer["access_token"].as_str().unwrap().to_owned()
}
