//! Refusals and failures of the console, as pages and as problem documents.

use askama::Template;
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};

use super::{frame::Frame, wording};
use crate::{
    app::App,
    contest::organiser::{Error, Organiser, Refused},
    web::{api::problem::Problem, error, frame},
};

#[derive(Template)]
#[template(path = "console/message.html")]
struct Message {
    frame: Frame,
    title: String,
    detail: String,
}

/// The answer to a request that came to nothing.
pub(super) fn answer(
    app: &App,
    organiser: Option<&Organiser>,
    is_api: bool,
    error: Error,
) -> Response {
    match error {
        Error::Refused(refused) => {
            let (title, detail) = wording::refused(&refused);
            let status = status(&refused);
            if is_api {
                return problem(refused.code(), status, title, detail);
            }
            with_status(status, page(app, organiser, title, detail))
        }
        Error::Failed(failure) => {
            let status = error::failed(&failure);
            if is_api {
                return Problem::of_status(status).into_response();
            }
            let title = "这次操作没有完成".to_owned();
            let detail = "服务器暂时没有办成，没有做一半的事。请稍后再试。".to_owned();
            with_status(status, page(app, organiser, title, detail))
        }
    }
}

/// The status of an expected no.
fn status(refused: &Refused) -> StatusCode {
    match refused {
        Refused::SignIn | Refused::WrongCode => StatusCode::UNAUTHORIZED,
        Refused::Wait { .. } => StatusCode::TOO_MANY_REQUESTS,
        Refused::LinkEnded => StatusCode::GONE,
        Refused::PasswordLength
        | Refused::PasswordPlain
        | Refused::PasswordsDiffer
        | Refused::NameForm
        | Refused::RolesClash
        | Refused::ReasonMissing
        | Refused::SentenceForm
        | Refused::TextTooLong
        | Refused::SubjectUnknown
        | Refused::ScheduleUnfit { .. }
        | Refused::SecretForm(_)
        | Refused::BankFile { .. }
        | Refused::QuestionUnfit { .. }
        | Refused::PageUnfit { .. }
        | Refused::PictureUnfit { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        Refused::StepUpRequired
        | Refused::SamePerson
        | Refused::NotTheMaker
        | Refused::NotYours
        | Refused::TwoPersons => StatusCode::FORBIDDEN,
        Refused::NameTaken
        | Refused::NotWaiting
        | Refused::OtherContent
        | Refused::TooLate
        | Refused::TooEarly
        | Refused::BooksDiffer
        | Refused::NothingToCorrect
        | Refused::NotPaused
        | Refused::AlreadyProposed
        | Refused::NotInThisState { .. }
        | Refused::IncidentEnded
        | Refused::ActionUnfit
        | Refused::Overdrawn
        | Refused::RailNotPaused
        | Refused::DayOpen
        | Refused::DayClosed
        | Refused::BooksOpen { .. }
        | Refused::Superseded
        | Refused::BooksSealed
        | Refused::BankFrozen
        | Refused::BankCorrected
        | Refused::BankNotReady { .. }
        | Refused::BankSame
        | Refused::DraftChanged => StatusCode::CONFLICT,
        Refused::NotFound => StatusCode::NOT_FOUND,
    }
}

/// Whoever is signed in may not do this.
pub(super) fn forbidden(app: &App, organiser: &Organiser, is_api: bool) -> Response {
    let title = "您的角色不能做这件事".to_owned();
    let detail = "需要的话，请安全管理员调整账号的角色。".to_owned();
    if is_api {
        return problem("role-forbidden", StatusCode::FORBIDDEN, title, detail);
    }
    with_status(
        StatusCode::FORBIDDEN,
        page(app, Some(organiser), title, detail),
    )
}

/// The form is not one of this session.
pub(super) fn foreign_form(app: &App, organiser: &Organiser) -> Response {
    let title = "这张表不是从本次登录的页面交来的".to_owned();
    let detail = "请回到原来的页面，刷新后重新填写。".to_owned();
    with_status(
        StatusCode::FORBIDDEN,
        page(app, Some(organiser), title, detail),
    )
}

/// A call that is no JSON.
pub(super) fn not_json() -> Response {
    Problem::malformed("the body of a call is application/json").into_response()
}

/// A call without a session.
pub(super) fn sign_in_required() -> Response {
    problem(
        "sign-in-required",
        StatusCode::UNAUTHORIZED,
        "请先登录管理台".to_owned(),
        "打开 /console/sign-in 登录后再试。".to_owned(),
    )
}

/// A page of one sentence and what can be done now.
pub(super) fn page(
    app: &App,
    organiser: Option<&Organiser>,
    title: String,
    detail: String,
) -> Response {
    frame::personal(&Message {
        frame: Frame::of(app, organiser, "/console"),
        title,
        detail,
    })
}

pub(super) fn with_status(status: StatusCode, mut response: Response) -> Response {
    if response.status().is_success() {
        *response.status_mut() = status;
    }
    response
}

/// A problem document of the console.
pub(super) fn problem(code: &str, status: StatusCode, title: String, detail: String) -> Response {
    let document = serde_json::json!({
        "type": format!("/problems/{code}"),
        "title": title,
        "detail": detail,
        "status": status.as_u16(),
    });
    let mut response = (status, Json(document)).into_response();
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    response
}
