//! The Official Account's server endpoints: admission, tokens, tickets, followers and QR codes.

use ::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::calendar::later;
use super::config::SimulatorConfig;
use super::oauth;
use super::official_menu;
use super::official_messages;
use super::operation::Operation;
use super::people::Person;
use super::qr_code::QrCodeOrder;
use super::token::{Issued, Standing};
use super::wire::{self, Call};
use super::world::World;
use crate::Response;

/// How many openids one page of followers holds.
const FOLLOWERS_PER_PAGE: usize = 10_000;
const TICKET_LIFETIME: TimeDelta = TimeDelta::seconds(7200);

/// The ticket that signs pages.
#[derive(Debug, Clone)]
pub(super) struct JsTicket {
    text: String,
    expires_at: DateTime<Utc>,
}

/// An answer, or the `errcode` and sentence of a refusal.
pub(super) type Answer = Result<Value, (i64, &'static str)>;

/// Answers one call of the account's server.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "operations of others never come here"
)]
pub(super) fn handle(
    config: &SimulatorConfig,
    world: &mut World,
    call: &Call<'_>,
    now: DateTime<Utc>,
) -> Response {
    let result = admit(world, call, now).and_then(|()| match call.operation {
        Operation::StableToken => stable_token(config, world, call.body, now),
        Operation::Token => token(config, world, call, now),
        Operation::JsTicket => js_ticket(world, call, now),
        Operation::UserInfo => user_info(world, call),
        Operation::UserBatch => user_batch(world, call),
        Operation::UserList => user_list(world, call),
        Operation::CreateQrCode => create_qr_code(world, call.body, now),
        Operation::SendCustomerMessage => official_messages::customer(world, call, now),
        Operation::SendTemplate => official_messages::template_message(world, call, now),
        Operation::SendNotice => official_messages::notice(world, call, now),
        Operation::SendToEveryone => official_messages::everyone(world, call, now),
        Operation::CreateMenu => official_menu::create(&mut world.menu, call),
        Operation::FetchMenu => official_menu::fetch(world.menu.as_ref()),
        Operation::DeleteMenu => {
            world.menu = None;
            Ok(json!({"errcode": 0, "errmsg": "ok"}))
        }
        Operation::CallbackAddresses => Ok(json!({"ip_list": ["127.0.0.1", "127.0.0.128/25"]})),
        Operation::QueryQuota => world.quotas.query(call, now),
        Operation::ExplainRequest => world.refusals.explain(call),
        Operation::ClearQuota => clear_quota(config, world, call, false, now),
        Operation::ClearQuotaBySecret => clear_quota(config, world, call, true, now),
        Operation::ExchangeCode => oauth::exchange(config, world, call, now),
        Operation::RenewGrant => oauth::renew(config, world, call, now),
        Operation::CheckGrant => oauth::check(world, call, now),
        Operation::Profile => oauth::profile(world, call, now),
        _ => Err((40066, "invalid url")),
    });
    let body = match result {
        Ok(body) => body,
        Err((code, message)) => world.refusals.refuse(call, code, message, now),
    };
    if call.path.starts_with("/sns/") {
        // These answers have always been declared as text.
        let body = body.to_string().into_bytes();
        return wire::answer(StatusCode::OK, "text/plain", body);
    }
    wire::json(&body)
}

/// Clears the day's counts, by token or by the account's secret.
fn clear_quota(
    config: &SimulatorConfig,
    world: &mut World,
    call: &Call<'_>,
    by_secret: bool,
    now: DateTime<Utc>,
) -> Answer {
    let field = |name: &str| call.json.as_ref()?.get(name)?.as_str();
    if field("appid") != Some(config.app_id.as_str()) {
        return Err((40013, "invalid appid"));
    }
    if by_secret && field("appsecret") != Some(config.app_secret.as_str()) {
        return Err((40125, "invalid appsecret"));
    }
    world.quotas.clear(now)
}

fn admit(
    world: &mut World,
    call: &Call<'_>,
    now: DateTime<Utc>,
) -> Result<(), (i64, &'static str)> {
    if call.operation.needs_access_token() {
        let token = call
            .parameter("access_token")
            .ok_or((41001, "access_token missing"))?;
        let standings = [
            world.stable_tokens.standing(token, now),
            world.tokens.standing(token, now),
        ];
        if standings.contains(&Standing::Expired) {
            return Err((42001, "access_token expired"));
        }
        if !standings.contains(&Standing::Valid) {
            return Err((
                40001,
                "invalid credential, access_token is invalid or not latest",
            ));
        }
    }
    if world.quotas.take(call.operation, now) {
        Ok(())
    } else {
        Err((45009, "reach max api daily quota limit"))
    }
}

fn credentials(
    config: &SimulatorConfig,
    grant_type: Option<&str>,
    app_id: Option<&str>,
    secret: Option<&str>,
) -> Result<(), (i64, &'static str)> {
    if grant_type != Some("client_credential") {
        return Err((40002, "invalid grant_type"));
    }
    match app_id {
        None => return Err((41002, "appid missing")),
        Some(app_id) if app_id != config.app_id => return Err((40013, "invalid appid")),
        Some(_) => {}
    }
    match secret {
        None => Err((41004, "appsecret missing")),
        Some(secret) if secret != config.app_secret => Err((40125, "invalid appsecret")),
        Some(_) => Ok(()),
    }
}

fn stable_token(
    config: &SimulatorConfig,
    world: &mut World,
    body: &[u8],
    now: DateTime<Utc>,
) -> Answer {
    let order: Value = serde_json::from_slice(body).map_err(|_| (47001, "data format error"))?;
    let field = |name| order.get(name).and_then(Value::as_str);
    credentials(config, field("grant_type"), field("appid"), field("secret"))?;
    let forced = order
        .get("force_refresh")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    let issued = if forced {
        world
            .stable_tokens
            .force(&mut world.identifiers, now)
            .ok_or((45009, "reach max api daily quota limit"))?
    } else {
        world.stable_tokens.stable(&mut world.identifiers, now)
    };
    Ok(token_body(&issued, now))
}

fn token(
    config: &SimulatorConfig,
    world: &mut World,
    call: &Call<'_>,
    now: DateTime<Utc>,
) -> Answer {
    credentials(
        config,
        call.parameter("grant_type"),
        call.parameter("appid"),
        call.parameter("secret"),
    )?;
    Ok(token_body(
        &world.tokens.renew(&mut world.identifiers, now),
        now,
    ))
}

fn token_body(issued: &Issued, now: DateTime<Utc>) -> Value {
    json!({ "access_token": issued.token, "expires_in": issued.seconds_left(now) })
}

fn js_ticket(world: &mut World, call: &Call<'_>, now: DateTime<Utc>) -> Answer {
    if call.parameter("type") != Some("jsapi") {
        return Err((40097, "invalid args: type"));
    }
    let current = world
        .js_ticket
        .take()
        .filter(|ticket| now < ticket.expires_at);
    let ticket = current.unwrap_or_else(|| JsTicket {
        text: world.identifiers.text("jsapi_ticket", 86),
        expires_at: later(now, TICKET_LIFETIME),
    });
    let left = ticket.expires_at.signed_duration_since(now).num_seconds();
    let body = json!({ "errcode": 0, "errmsg": "ok", "ticket": ticket.text, "expires_in": left });
    world.js_ticket = Some(ticket);
    Ok(body)
}

fn user_info(world: &World, call: &Call<'_>) -> Answer {
    let openid = call.parameter("openid").ok_or((41009, "missing openid"))?;
    let person = world.people.get(openid).ok_or((40003, "invalid openid"))?;
    Ok(describe(person))
}

fn user_batch(world: &World, call: &Call<'_>) -> Answer {
    let asked = call
        .json
        .as_ref()
        .and_then(|body| body.get("user_list")?.as_array())
        .ok_or((47001, "data format error"))?;
    if !(1..=100).contains(&asked.len()) {
        return Err((40032, "invalid openid list size"));
    }
    let people: Result<Vec<Value>, _> = asked
        .iter()
        .map(|entry| {
            let openid = entry.get("openid").and_then(Value::as_str);
            let person = openid.and_then(|openid| world.people.get(openid));
            person.map(describe).ok_or((40003, "invalid openid"))
        })
        .collect();
    Ok(json!({"user_info_list": people?}))
}

fn describe(person: &Person) -> Value {
    let Some(follow) = &person.follow else {
        return json!({ "subscribe": 0, "openid": person.openid, "tagid_list": [] });
    };
    let scene = follow.scene.as_deref().unwrap_or_default();
    let subscribe_scene = if follow.scene.is_some() {
        "ADD_SCENE_QR_CODE"
    } else {
        "ADD_SCENE_SEARCH"
    };
    json!({
        "subscribe": 1,
        "openid": person.openid,
        "nickname": "",
        "sex": 0,
        "language": "zh_CN",
        "city": "",
        "province": "",
        "country": "",
        "headimgurl": "",
        "subscribe_time": follow.at.timestamp(),
        "remark": "",
        "groupid": 0,
        "tagid_list": [],
        "subscribe_scene": subscribe_scene,
        "qr_scene": scene.parse::<u32>().unwrap_or(0),
        "qr_scene_str": scene,
    })
}

fn user_list(world: &World, call: &Call<'_>) -> Answer {
    let after = match call.parameter("next_openid") {
        None => 0,
        Some(openid) => world
            .people
            .get(openid)
            .map(|person| person.follow_order)
            .filter(|order| *order > 0)
            .ok_or((40003, "invalid openid"))?,
    };
    let page: Vec<&str> = world
        .people
        .followers_after(after, FOLLOWERS_PER_PAGE)
        .collect();
    let mut body = Map::new();
    body.insert("total".to_owned(), json!(world.people.follower_count()));
    body.insert("count".to_owned(), json!(page.len()));
    body.insert(
        "next_openid".to_owned(),
        json!(page.last().copied().unwrap_or_default()),
    );
    if !page.is_empty() {
        body.insert("data".to_owned(), json!({ "openid": page }));
    }
    Ok(Value::Object(body))
}

fn create_qr_code(world: &mut World, body: &[u8], now: DateTime<Utc>) -> Answer {
    let order = QrCodeOrder::parse(body)?;
    let expire_seconds = order.expire_seconds;
    let code = world
        .qr_codes
        .create(order, &mut world.identifiers, now)
        .ok_or((45029, "qrcode count out of limit"))?;
    Ok(match expire_seconds {
        Some(seconds) => {
            json!({ "ticket": code.ticket, "expire_seconds": seconds, "url": code.url })
        }
        None => json!({ "ticket": code.ticket, "url": code.url }),
    })
}
