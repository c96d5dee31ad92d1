//! Signing in and out, the second factor again, and an account set up by its link.

use std::{net::SocketAddr, sync::Arc};

use askama::Template;
use axum::{
    Extension,
    extract::{ConnectInfo, Form as Sent, Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Redirect, Response},
};
use serde::Deserialize;

use super::{
    error,
    form::{Field, Form, Kind},
    frame::Frame,
    gate::{self, Signed},
    wording,
};
use crate::{
    app::App,
    contest::organiser::{
        Error, Refused,
        roster::{self, Invitation},
        sign_in::{self, Credentials},
    },
    web::{frame, qr_code::QrCode},
};

/// A page with one form, for whoever is not signed in or is asked again.
#[derive(Template)]
#[template(path = "console/door.html")]
struct Door {
    frame: Frame,
    title: &'static str,
    lead: String,
    form: Form,
    /// The QR code of an authenticator and the same to be typed.
    authenticator: Option<(String, String)>,
    /// The present codes of a demo's accounts.
    codes: Vec<(String, String)>,
}

/// Where somebody wanted to go.
#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    next: String,
}

/// What somebody types at the door.
#[derive(Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    next: String,
}

/// What somebody types to set an account up.
#[derive(Deserialize)]
pub(super) struct Chosen {
    #[serde(default)]
    password: String,
    #[serde(default)]
    again: String,
    #[serde(default)]
    code: String,
}

fn code_field() -> Field {
    Field::new("code", "验证码", Kind::Code)
        .hint("手机验证器上的 6 位数；手机不在身边时用一个恢复码")
        .autocomplete("one-time-code")
}

pub(super) async fn page(
    State(app): State<Arc<App>>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Response {
    match gate::organiser_of(&app, &headers).await {
        Ok(Some(_organiser)) => Redirect::to(gate::local(&wanted.next)).into_response(),
        Ok(None) => door(&app, "", &wanted.next, None).await,
        Err(failed) => error::answer(&app, None, false, failed),
    }
}

async fn door(app: &App, name: &str, next: &str, problem: Option<(String, String)>) -> Response {
    let codes = match roster::codes_for_show(app).await {
        Ok(codes) => codes,
        Err(failed) => return error::answer(app, None, false, failed),
    };
    let frame = Frame::of(app, None, "/console/sign-in");
    let form = Form::new(
        &frame,
        "/console/sign-in",
        "登录",
        vec![
            Field::new("name", "账号名称", Kind::Text)
                .value(name)
                .autocomplete("username"),
            Field::new("password", "密码", Kind::Password).autocomplete("current-password"),
            code_field(),
            Field::hidden("next", gate::local(next)),
        ],
    )
    .problem(problem);
    frame::personal(&Door {
        frame,
        title: "登录管理台",
        lead: "给主办单位的工作人员使用。没有账号请找本省的安全管理员。".to_owned(),
        form,
        authenticator: None,
        codes,
    })
}

pub(super) async fn enter(
    State(app): State<Arc<App>>,
    connection: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
    Sent(typed): Sent<Typed>,
) -> Response {
    let connection = connection.map(|Extension(connection)| connection);
    let credentials = Credentials {
        name: &typed.name,
        password: &typed.password,
        code: &typed.code,
        address: gate::address_of(&app, connection.as_ref(), &headers),
    };
    match sign_in::sign_in(&app, credentials).await {
        Ok(token) => {
            let response = Redirect::to(gate::local(&typed.next)).into_response();
            gate::keep(&app, &token, response)
        }
        Err(Error::Refused(refused)) => {
            let said = Some(wording::refused(&refused));
            let page = door(&app, &typed.name, &typed.next, said).await;
            error::with_status(status_of(&refused), page)
        }
        Err(failed) => error::answer(&app, None, false, failed),
    }
}

/// A form that was not taken is shown again, and says so in its status.
fn status_of(refused: &Refused) -> StatusCode {
    match refused {
        Refused::Wait { .. } => StatusCode::TOO_MANY_REQUESTS,
        Refused::SignIn | Refused::WrongCode => StatusCode::UNAUTHORIZED,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

pub(super) async fn leave(State(app): State<Arc<App>>, Signed(organiser): Signed) -> Response {
    match sign_in::sign_out(&app, &organiser).await {
        Ok(()) => gate::forget(&app, Redirect::to("/console/sign-in").into_response()),
        Err(failed) => error::answer(&app, Some(&organiser), false, failed),
    }
}

pub(super) async fn ask_again(
    State(app): State<Arc<App>>,
    signed: Signed,
    Query(wanted): Query<Wanted>,
) -> Response {
    second_door(&app, &signed, &wanted.next, None).await
}

async fn second_door(
    app: &App,
    Signed(organiser): &Signed,
    next: &str,
    problem: Option<(String, String)>,
) -> Response {
    let codes = match roster::codes_for_show(app).await {
        Ok(codes) => codes,
        Err(failed) => return error::answer(app, Some(organiser), false, failed),
    };
    let frame = Frame::of(app, Some(organiser), "/console/step-up");
    let fields = vec![code_field(), Field::hidden("next", gate::local(next))];
    let form = Form::new(&frame, "/console/step-up", "继续", fields).problem(problem);
    frame::personal(&Door {
        frame,
        title: "请再输入一次验证码",
        lead:
            "涉及资金和账号的操作要确认是您本人，5 分钟内有效。刚用过的验证码不能再用，请等下一个。"
                .to_owned(),
        form,
        authenticator: None,
        codes: codes
            .into_iter()
            .filter(|(name, _code)| *name == organiser.name)
            .collect(),
    })
}

pub(super) async fn step_up(
    State(app): State<Arc<App>>,
    signed: Signed,
    Sent(typed): Sent<Typed>,
) -> Response {
    match sign_in::step_up(&app, &signed.0, &typed.code).await {
        Ok(()) => Redirect::to(gate::local(&typed.next)).into_response(),
        Err(Error::Refused(refused)) => {
            let said = Some(wording::refused(&refused));
            let page = second_door(&app, &signed, &typed.next, said).await;
            error::with_status(status_of(&refused), page)
        }
        Err(failed) => error::answer(&app, Some(&signed.0), false, failed),
    }
}

pub(super) async fn invited(State(app): State<Arc<App>>, Path(token): Path<String>) -> Response {
    match roster::invitation(&app, &token).await {
        Ok(invitation) => invitation_page(&app, &token, &invitation, None),
        Err(failed) => error::answer(&app, None, false, failed),
    }
}

fn invitation_page(
    app: &App,
    token: &str,
    invitation: &Invitation,
    problem: Option<(String, String)>,
) -> Response {
    let frame = Frame::of(app, None, "/console/setup/{token}");
    let form = Form::new(
        &frame,
        format!("/console/setup/{token}"),
        "设置完成",
        vec![
            Field::new("password", "密码", Kind::Password)
                .hint("12 到 128 个字符，可以用一句话")
                .autocomplete("new-password"),
            Field::new("again", "再输一次密码", Kind::Password).autocomplete("new-password"),
            Field::new("code", "验证码", Kind::Code)
                .hint("用手机验证器扫左边的二维码，再输入它显示的 6 位数")
                .autocomplete("one-time-code"),
        ],
    )
    .problem(problem);
    let code = QrCode::of(&invitation.authenticator_url);
    frame::personal(&Door {
        frame,
        title: "设置您的账号",
        lead: format!(
            "{}，您的账号名称是 {}。这个链接只能用一次。",
            invitation.display_name, invitation.name
        ),
        form,
        authenticator: code.map(|code| {
            (
                code.svg("手机验证器的二维码"),
                invitation.typed_secret.clone(),
            )
        }),
        codes: Vec::new(),
    })
}

/// The recovery codes, shown once.
#[derive(Template)]
#[template(path = "console/recovery.html")]
struct Recovery {
    frame: Frame,
    codes: Vec<String>,
}

pub(super) async fn set_up(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    Sent(chosen): Sent<Chosen>,
) -> Response {
    let outcome = if chosen.password == chosen.again {
        roster::set_up(&app, &token, &chosen.password, &chosen.code).await
    } else {
        Err(Refused::PasswordsDiffer.into())
    };
    match outcome {
        Ok(codes) => frame::personal(&Recovery {
            frame: Frame::of(&app, None, "/console/setup/{token}"),
            codes: codes
                .iter()
                .map(|code| code.as_bytes().chunks(4))
                .map(|fours| {
                    let fours: Vec<_> = fours.map(String::from_utf8_lossy).collect();
                    fours.join("-")
                })
                .collect(),
        }),
        Err(Error::Refused(refused)) if refused != Refused::LinkEnded => {
            match roster::invitation(&app, &token).await {
                Ok(invitation) => {
                    let said = Some(wording::refused(&refused));
                    let page = invitation_page(&app, &token, &invitation, said);
                    error::with_status(status_of(&refused), page)
                }
                Err(failed) => error::answer(&app, None, false, failed),
            }
        }
        Err(failed) => error::answer(&app, None, false, failed),
    }
}
