//! Laws of the console: who gets in, who may do what, and what is refused to whom.

mod audit_log;
mod bank;
mod bank_draft_calls;
mod bank_drafts;
mod books_calls;
mod bulletin;
mod calls;
mod city_pages;
mod doors;
mod editions;
mod formulas;
mod honour;
mod matrix;
mod money;
mod money_calls;
mod overview;
mod pauses;
mod preflight;
mod schedule;
pub(super) mod settings;
mod statistics;

use chrono::TimeDelta;
use reference_server::contest::organiser::{
    Role, Roles,
    roster::{self, Newcomer},
};

use super::browser::{Answer, Browser, between};
use crate::app::{SECOND_CITY, TestApp};

/// Somebody with an account.
pub(super) struct Colleague {
    pub(super) name: String,
    pub(super) password: String,
}

/// An account of one role; a city editor's is of the second city.
pub(super) async fn colleague(test: &TestApp, name: &str, role: Role) -> Colleague {
    let city = (role == Role::CityEditor).then(|| SECOND_CITY.to_owned());
    let newcomer = Newcomer {
        name: name.to_owned(),
        display_name: format!("同事 {name}"),
        roles: Roles::new([role], city.as_deref()).unwrap(),
        city,
    };
    let password = roster::demonstrate(&test.app, newcomer).await.unwrap();
    Colleague {
        name: name.to_owned(),
        password: password.as_str().to_owned(),
    }
}

/// The present code of somebody's authenticator, after a wait for one that is not used yet.
pub(super) async fn fresh_code(test: &TestApp, name: &str) -> String {
    test.clock.advance_by(TimeDelta::seconds(31));
    present_code(test, name).await
}

/// The present code of somebody's authenticator.
pub(super) async fn present_code(test: &TestApp, name: &str) -> String {
    let codes = roster::codes_for_show(&test.app).await.unwrap();
    let mut codes = codes.into_iter();
    codes.find(|(whose, _code)| whose == name).unwrap().1
}

/// Types name, password and code at the door.
pub(super) async fn knock(browser: &mut Browser, name: &str, password: &str, code: &str) -> Answer {
    let fields = form_urlencoded::Serializer::new(String::new())
        .append_pair("name", name)
        .append_pair("password", password)
        .append_pair("code", code)
        .finish();
    browser.form("/console/sign-in", &fields).await
}

/// A browser of somebody who is signed in.
pub(super) async fn signed_in(test: &TestApp, colleague: &Colleague) -> Browser {
    let mut browser = Browser::new(test);
    let code = fresh_code(test, &colleague.name).await;
    let answer = knock(&mut browser, &colleague.name, &colleague.password, &code).await;
    answer.assert_leads("/console");
    browser
}

/// The same for a new colleague of this role.
pub(super) async fn signed_in_as(test: &TestApp, name: &str, role: Role) -> Browser {
    let colleague = colleague(test, name, role).await;
    signed_in(test, &colleague).await
}

/// Sends a form with the token of the session's pages.
pub(super) async fn send(browser: &mut Browser, target: &str, fields: &str) -> Answer {
    let page = browser.get("/console/account").await;
    let token = between(&page.body, "name=\"form_token\" value=\"", "\"");
    let fields = format!("form_token={token}&{fields}");
    browser.form(target, &fields).await
}

/// Shows the second factor again.
pub(super) async fn step_up(test: &TestApp, browser: &mut Browser, name: &str) {
    let code = fresh_code(test, name).await;
    let answer = send(browser, "/console/step-up", &format!("code={code}")).await;
    answer.assert_leads("/console");
}
