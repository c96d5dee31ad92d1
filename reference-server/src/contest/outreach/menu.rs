//! The account's menu follows the season: computed from edition and clock, set when it differs.

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest as _, Sha256};
use wechat_adapter::official::{
    CreateMenu, FetchMenu, InvalidMenu, Menu, MenuAction, MenuItem, MenuStep,
};

use super::{LEASE, Then, after_failure};
use crate::{
    app::{App, Season},
    contest::{Error, Failure, token},
    store::outreach as rows,
};

/// The menu that suits an instant: one of four, by what is on.
///
/// Names at the top have at most five Han characters, which is what a phone shows.
///
/// # Errors
/// [`InvalidMenu`] when an address is too long for a menu.
pub fn wanted(season: &Season, public_url: &str, now: DateTime<Utc>) -> Result<Menu, InvalidMenu> {
    let action = |path: &str| MenuAction::View {
        url: format!("{public_url}{path}"),
    };
    let leaf = |name: &str, path: &str| MenuItem::Leaf {
        name: name.to_owned(),
        action: action(path),
    };
    let branch = |name: &str, leaves: &[(&str, &str)]| MenuItem::Branch {
        name: name.to_owned(),
        leaves: leaves
            .iter()
            .map(|(name, path)| ((*name).to_owned(), action(path)))
            .collect(),
    };
    let about = |slug: &str| format!("/city/{slug}");
    let edition = season.edition();
    if let Some(round) = edition.contest_at(now) {
        let city = about(round.city().slug().as_str());
        return Menu::new(vec![
            leaf("开始答题", "/"),
            leaf("我的红包", "/me"),
            branch(
                "活动",
                &[
                    ("城市风采", &city),
                    ("我的海报", "/poster"),
                    ("全省赛程", "/#stations"),
                    ("活动规则", "/rules"),
                    ("公开核验", "/verify"),
                ],
            ),
        ]);
    }
    let Some(next) = edition.next_opening(now) else {
        return Menu::new(vec![
            leaf("成绩单", "/summary"),
            leaf("我的证书", "/me/certificate"),
            branch(
                "回顾",
                &[
                    ("我的竞答", "/me"),
                    ("错题本", "/me/mistakes"),
                    ("公开核验", "/verify"),
                    ("活动规则", "/rules"),
                ],
            ),
        ]);
    };
    let rest = branch(
        "活动",
        &[
            ("我的竞答", "/me"),
            ("成绩单", "/summary"),
            ("活动规则", "/rules"),
            ("公开核验", "/verify"),
        ],
    );
    let first = if edition.preheat_at(now).is_some() {
        leaf("城市风采", &about(next.city().slug().as_str()))
    } else {
        leaf("活动首页", "/")
    };
    Menu::new(vec![first, leaf("全省赛程", "/#stations"), rest])
}

/// Sets the menu that suits this instant, unless it is set; returns whether WeChat was asked.
///
/// Instances share what was set last by a row, and one of them does it. What WeChat does
/// not take is tried again.
///
/// # Errors
/// Fails when the database does.
pub async fn keep(app: &App) -> Result<bool, Error> {
    let now = app.now();
    let menu = wanted(&app.season, &app.public_url, now).map_err(Failure::defect)?;
    let digest = hex::encode(Sha256::digest(menu.written().as_bytes()));
    let app_id = app.wechat.official.app_id().as_str().to_owned();
    let (account, now_ms) = (app_id.clone(), now.timestamp_millis());
    let present = app
        .store
        .read(move |read| Ok::<_, Error>(rows::menu_digest(read, &account)?))
        .await?;
    if present.as_deref() == Some(digest.as_str()) {
        return Ok(false);
    }
    let (account, taken) = (app_id.clone(), digest.clone());
    let until_ms = (now + LEASE).timestamp_millis();
    let is_ours = app
        .store
        .write(move |tx| Ok::<_, Error>(rows::take_menu(tx, &account, &taken, now_ms, until_ms)?))
        .await?;
    if !is_ours {
        return Ok(false);
    }
    let again = match set(app, &menu).await {
        Ok(()) => None,
        Err(error) => {
            tracing::error!(%error, "the account's menu could not be set");
            match after_failure(error, 1, now)? {
                Then::Again(at) => Some(at),
                // A menu that WeChat does not take today it may take after an update.
                Then::End => Some(now + TimeDelta::hours(1)),
            }
        }
    };
    app.store
        .write(move |tx| {
            match again {
                None => rows::set_menu(tx, &app_id, &digest, now_ms)?,
                Some(at) => rows::postpone_menu(tx, &app_id, now_ms, at.timestamp_millis())?,
            }
            Ok::<_, Error>(())
        })
        .await?;
    Ok(true)
}

/// Creates the menu unless WeChat has it, because phones take minutes to see a new one.
async fn set(app: &App, menu: &Menu) -> Result<(), Error> {
    let official = &app.wechat.official;
    let fetch = FetchMenu::new();
    let present = token::with_access_token(
        app,
        |token| fetch.request(official, token),
        FetchMenu::parse,
    )
    .await?;
    if menu.step_from(&present) == MenuStep::Keep {
        return Ok(());
    }
    let create = CreateMenu::new(menu.clone());
    token::with_access_token(
        app,
        |token| create.request(official, token),
        CreateMenu::parse,
    )
    .await
}
