//! What every page has around its content: files, text size, the simulator's bar.

use askama::Template;
use axum::{
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};

use super::{assets::ASSETS, moment, session::Visitor};
use crate::app::App;

/// How large the text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum TextSize {
    /// Questions at 20 px.
    #[default]
    Standard,
    /// Questions at 23 px.
    Large,
    /// Questions at 30 px, targets at 60.
    Largest,
}

impl TextSize {
    pub(super) const ALL: [Self; 3] = [Self::Standard, Self::Large, Self::Largest];

    /// The size of this word; the standard one for any other.
    pub(super) fn of_word(word: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|size| size.word() == word)
            .unwrap_or_default()
    }

    /// The word in addresses and in the cookie.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Large => "large",
            Self::Largest => "largest",
        }
    }

    /// The class of the page.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Standard => "",
            Self::Large => "large",
            Self::Largest => "largest",
        }
    }

    /// The size that a tap on the top of a page leads to; after the largest comes the first again.
    pub(super) fn next(self) -> Self {
        match self {
            Self::Standard => Self::Large,
            Self::Large => Self::Largest,
            Self::Largest => Self::Standard,
        }
    }

    /// What leads to this size from the top of a page.
    pub(super) fn switch(self) -> &'static str {
        match self {
            Self::Standard => "标准字",
            Self::Large => "大字",
            Self::Largest => "特大字",
        }
    }

    /// What the switch says.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Standard => "标准",
            Self::Large => "大",
            Self::Largest => "特大",
        }
    }
}

/// The bar that tells a demo from the real thing.
pub(super) struct SimulatorBar {
    /// Who holds the phone.
    pub(super) person: String,
    /// The holder's openid; empty while nobody is logged in.
    pub(super) openid: String,
    /// The contest's clock.
    pub(super) clock: String,
}

/// What every page has around its content.
pub(super) struct Frame {
    pub(super) first_css: &'static str,
    pub(super) css: &'static str,
    pub(super) js: &'static str,
    pub(super) icon: &'static str,
    pub(super) account: String,
    pub(super) size: TextSize,
    pub(super) path: String,
    pub(super) simulator: Option<SimulatorBar>,
    /// The clock of a contest whose WeChat another process simulates.
    pub(super) trial: Option<String>,
}

impl Frame {
    /// The frame of a page for this visitor.
    pub(super) fn of(app: &App, visitor: &Visitor) -> Self {
        let assets = &*ASSETS;
        let simulator = app.simulator.as_ref().map(|host| {
            let holder = visitor.holder.as_deref().filter(|openid| {
                let index = app.keys.openid_index(openid);
                let person = visitor.person.as_ref();
                person.is_some_and(|person| index.as_deref() == Ok(person.as_str()))
            });
            let holder = holder.and_then(|openid| host.simulator.person(openid));
            let (person, openid) = holder.map_or_else(
                || ("未登录".to_owned(), String::new()),
                |holder| (holder.name, holder.openid),
            );
            SimulatorBar {
                person,
                openid,
                clock: moment::minute(app.now()),
            }
        });
        let is_trial = app.wechat.is_simulated && app.simulator.is_none();
        Self {
            trial: is_trial.then(|| moment::minute(app.now())),
            first_css: &assets.first_css.text,
            css: &assets.css.href,
            js: &assets.js.href,
            icon: &assets.icon.href,
            account: app.wechat.account_name.clone(),
            size: visitor.size,
            path: visitor.path.clone(),
            simulator,
        }
    }

    /// The sizes to choose from.
    pub(super) fn sizes(&self) -> [TextSize; 3] {
        TextSize::ALL
    }
}

/// A page that belongs to one person and is kept nowhere.
pub(super) fn personal(page: &impl Template) -> Response {
    rendered(page, "private, no-store")
}

/// A page that is the same for everybody who is not logged in.
pub(super) fn rendered(page: &impl Template, caching: &'static str) -> Response {
    match page.render() {
        Ok(html) => {
            // The text size and the simulator's bar hang on cookies.
            let headers = [(header::CACHE_CONTROL, caching), (header::VARY, "cookie")];
            (headers, Html(html)).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
