//! One's own account, and everybody's.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Form as Sent, Path, Query, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use serde::Deserialize;

use super::{
    error,
    form::{Field, Form, Kind},
    frame::{Frame, Page},
    gate::Signed,
    list::{Cell, File, Kind as Column, List, columns},
    wording,
};
use crate::{
    app::App,
    contest::organiser::{
        Error, Organiser, Refused, Role, Roles,
        roster::{self, Account, AccountState, LinkToken, Newcomer},
    },
    web::frame,
};

#[derive(Template)]
#[template(path = "console/account.html")]
struct OwnPage {
    frame: Frame,
    name: String,
    roles: String,
    city: Option<String>,
    n_recovery_codes: i64,
}

pub(super) async fn own(State(app): State<Arc<App>>, Signed(organiser): Signed) -> Response {
    let left = match roster::n_recovery_codes(&app, &organiser.name).await {
        Ok(left) => left,
        Err(failed) => return error::answer(&app, Some(&organiser), false, failed),
    };
    frame::personal(&OwnPage {
        frame: Frame::of(&app, Some(&organiser), "/console/account"),
        roles: wording::roles(&organiser.roles),
        city: organiser
            .city
            .as_deref()
            .map(|city| app.season.city_name(city)),
        name: organiser.name,
        n_recovery_codes: left,
    })
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    file: Option<File>,
}

pub(super) async fn all(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Query(wanted): Query<Wanted>,
) -> Response {
    let accounts = match roster::accounts(&app).await {
        Ok(accounts) => accounts,
        Err(failed) => return error::answer(&app, Some(&organiser), false, failed),
    };
    let may_change = organiser.roles.has_any(&[Role::SecurityAdmin]);
    let rows = accounts
        .iter()
        .map(|account| row(&app, account, may_change));
    let list = List {
        files: Some("/console/accounts?".to_owned()),
        ..List::plain(
            "账号",
            columns([
                ("账号名称", Column::Text),
                ("姓名", Column::Text),
                ("角色", Column::Text),
                ("城市", Column::Text),
                ("状态", Column::Chip),
            ]),
            rows.collect(),
            "还没有账号。点“新建账号”发出第一个链接。",
        )
    };
    if let Some(file) = wanted.file {
        return list.file(file);
    }
    frame::personal(&Page {
        frame: Frame::of(&app, Some(&organiser), "/console/accounts"),
        title: "账号".to_owned(),
        lead: "名称写进审计日志，一旦用过就不再给别人；离开的人停用账号。".to_owned(),
        action: may_change.then_some(("新建账号", "/console/accounts/new")),
        list: Some(list),
        forms: Vec::new(),
    })
}

fn row(app: &App, account: &Account, may_change: bool) -> Vec<Cell> {
    let name = if may_change {
        Cell::link(
            account.name.as_str(),
            format!("/console/accounts/{}", account.name),
        )
    } else {
        Cell::text(account.name.as_str())
    };
    let tone = match account.state {
        AccountState::Active => "good",
        AccountState::Invited => "warn",
        AccountState::Disabled => "bad",
    };
    let city = account.city.as_deref();
    vec![
        name,
        Cell::text(account.display_name.as_str()),
        Cell::text(wording::roles(&account.roles)),
        Cell::text(city.map_or_else(|| "全省".to_owned(), |city| app.season.city_name(city))),
        Cell::chip(wording::account_state(account.state), tone),
    ]
}

/// A new account as somebody fills it in; each role ticked comes as a field of its own.
#[derive(Default)]
struct Wish {
    name: String,
    display_name: String,
    roles: Vec<String>,
    city: String,
}

impl Wish {
    fn of(pairs: Vec<(String, String)>) -> Self {
        let mut wish = Self::default();
        for (name, value) in pairs {
            match name.as_str() {
                "name" => wish.name = value.trim().to_owned(),
                "display_name" => wish.display_name = value,
                "roles" => wish.roles.push(value),
                "city" => wish.city = value,
                _ => {}
            }
        }
        wish
    }

    fn newcomer(&self) -> Result<Newcomer, Refused> {
        let roles: Option<Vec<Role>> = self.roles.iter().map(|name| Role::of_name(name)).collect();
        let city = (!self.city.is_empty()).then(|| self.city.clone());
        Ok(Newcomer {
            name: self.name.clone(),
            display_name: self.display_name.clone(),
            roles: Roles::new(roles.ok_or(Refused::RolesClash)?, city.as_deref())?,
            city,
        })
    }
}

pub(super) async fn ask(State(app): State<Arc<App>>, Signed(organiser): Signed) -> Response {
    asking(&app, &organiser, &Wish::default(), None)
}

fn asking(
    app: &App,
    organiser: &Organiser,
    wish: &Wish,
    problem: Option<(String, String)>,
) -> Response {
    let frame = Frame::of(app, Some(organiser), "/console/accounts");
    let roles = Role::ALL
        .into_iter()
        .map(|role| (role.name().to_owned(), wording::role(role).to_owned()));
    let cities = app.season.province.cities().iter();
    let cities = cities.map(|city| (city.slug().as_str().to_owned(), city.name().to_owned()));
    let none = [(String::new(), "全省".to_owned())];
    let form = Form::new(
        &frame,
        "/console/accounts/new",
        "新建并生成链接",
        vec![
            Field::new("name", "账号名称", Kind::Text)
                .value(&wish.name)
                .hint("小写字母、数字、点、连字符，如 wang.fang；以后不能改"),
            Field::new("display_name", "姓名", Kind::Text).value(&wish.display_name),
            Field::new("roles", "角色", Kind::Many(roles.collect()))
                .value(&wish.roles.join(","))
                .hint("财务经办和财务复核要由两个人担任；审计和城市编辑不兼其他角色"),
            Field::new(
                "city",
                "城市",
                Kind::Choice(none.into_iter().chain(cities).collect()),
            )
            .value(&wish.city)
            .hint("只有城市编辑要选城市")
            .optional(),
        ],
    )
    .problem(problem);
    frame::personal(&Page {
        frame,
        title: "新建账号".to_owned(),
        lead: "新建后会显示一个链接，请当面或用安全的方式交给本人，24 小时内有效。".to_owned(),
        action: None,
        list: None,
        forms: vec![("", form)],
    })
}

#[derive(Template)]
#[template(path = "console/link.html")]
struct LinkPage {
    frame: Frame,
    name: String,
    address: String,
}

fn linked(app: &App, organiser: &Organiser, name: &str, link: &LinkToken) -> Response {
    frame::personal(&LinkPage {
        frame: Frame::of(app, Some(organiser), "/console/accounts"),
        name: name.to_owned(),
        address: link.address(&app.public_url),
    })
}

pub(super) async fn make(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Sent(pairs): Sent<Vec<(String, String)>>,
) -> Response {
    let wish = Wish::of(pairs);
    let made = match wish.newcomer() {
        Ok(newcomer) => roster::create(&app, newcomer, &organiser.name).await,
        Err(refused) => Err(refused.into()),
    };
    match made {
        Ok(link) => linked(&app, &organiser, &wish.name, &link),
        Err(Error::Refused(refused)) => {
            let said = Some(wording::refused(&refused));
            let page = asking(&app, &organiser, &wish, said);
            error::with_status(StatusCode::UNPROCESSABLE_ENTITY, page)
        }
        Err(failed) => error::answer(&app, Some(&organiser), false, failed),
    }
}

pub(super) async fn one(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(name): Path<String>,
) -> Response {
    let accounts = match roster::accounts(&app).await {
        Ok(accounts) => accounts,
        Err(failed) => return error::answer(&app, Some(&organiser), false, failed),
    };
    let Some(account) = accounts.into_iter().find(|account| account.name == name) else {
        return error::answer(&app, Some(&organiser), false, Refused::NotFound.into());
    };
    let frame = Frame::of(&app, Some(&organiser), "/console/accounts");
    let path = format!("/console/accounts/{name}");
    let reset = Form::new(
        &frame,
        format!("{path}/reset"),
        "重新设置并生成链接",
        vec![Field::reason()],
    )
    .named("reset-");
    let mut forms = vec![(
        "忘了密码，或换了手机：原来的密码、验证器和登录立即失效",
        reset,
    )];
    if account.state != AccountState::Disabled {
        let disable = Form::new(
            &frame,
            format!("{path}/disable"),
            "停用账号",
            vec![Field::reason()],
        );
        forms.push((
            "不再参与工作：立即退出登录，不能再进入",
            disable.named("disable-").danger(),
        ));
    }
    frame::personal(&Page {
        frame,
        title: format!("账号 {name}"),
        lead: format!(
            "{} · {} · {}",
            account.display_name,
            wording::roles(&account.roles),
            wording::account_state(account.state)
        ),
        action: None,
        list: None,
        forms,
    })
}

/// Why something is done.
#[derive(Deserialize)]
pub(super) struct Said {
    #[serde(default)]
    reason: String,
}

pub(super) async fn disable(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(name): Path<String>,
    Sent(said): Sent<Said>,
) -> Response {
    match roster::disable(&app, &name, &said.reason, &organiser.name).await {
        Ok(()) => Redirect::to("/console/accounts").into_response(),
        Err(failed) => error::answer(&app, Some(&organiser), false, failed),
    }
}

pub(super) async fn reset(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(name): Path<String>,
    Sent(said): Sent<Said>,
) -> Response {
    match roster::reset(&app, &name, &said.reason, &organiser.name).await {
        Ok(link) => linked(&app, &organiser, &name, &link),
        Err(failed) => error::answer(&app, Some(&organiser), false, failed),
    }
}
