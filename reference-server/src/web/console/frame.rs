//! What every page of the console has around its content: the bar, the city switch, the clock.

use askama::Template;

use super::{
    audit_log, bank, books, budget, bulletin, city_page, codes, decisions,
    form::Form,
    gate::FORM_TOKEN,
    honour, incidents,
    list::List,
    overview, pause, payments, preflight, report, schedule, settings, statistics,
    table::{self, Scope},
    wording,
};
use crate::{
    app::App,
    contest::organiser::{Organiser, Role, sign_in},
    web::{assets::ASSETS, moment},
};

/// A screen of the navigation: what it is called, and its path in the table of routes.
type Screen = (&'static str, &'static str);

/// The navigation: what a group of screens is about, and its screens.
const NAVIGATION: [(&str, &[Screen]); 6] = [
    ("总览", &[("总览", overview::PAGE)]),
    (
        "筹备",
        &[
            ("赛程", schedule::PAGE),
            ("题库", bank::PAGE),
            ("城市页面", city_page::PAGE),
            ("二维码", codes::PAGE),
            ("开赛前检查", preflight::PAGE),
        ],
    ),
    (
        "数据",
        &[
            ("参与与区县", statistics::PAGE),
            ("题目分析", statistics::ITEMS),
            ("全省进度", statistics::SEASON),
        ],
    ),
    (
        "通报与总结",
        &[
            ("每日通报", bulletin::LIST),
            ("城市总结", report::CITY),
            ("全省总结", report::SEASON),
            ("优秀组织奖", honour::PAGE),
        ],
    ),
    (
        "资金",
        &[
            ("预算与账目", budget::PAGE),
            ("付款", payments::STOPPED),
            ("对账", books::PAGE),
            ("差异事项", incidents::PAGE),
            ("待复核", decisions::PAGE),
            ("暂停与恢复", pause::PAGE),
        ],
    ),
    (
        "管理",
        &[
            ("审计日志", audit_log::PAGE),
            ("设置", settings::PAGE),
            ("账号", "/console/accounts"),
            ("我的账号", "/console/account"),
        ],
    ),
];

/// A group of the navigation; only screens that the person may open.
pub(super) struct NavGroup {
    pub(super) label: &'static str,
    pub(super) items: Vec<NavItem>,
}

impl NavGroup {
    /// Whether it needs a heading: one that is a single screen of the same name does not.
    pub(super) fn is_titled(&self) -> bool {
        self.items.iter().any(|item| item.label != self.label)
    }
}

/// A line of the navigation.
pub(super) struct NavItem {
    pub(super) label: &'static str,
    pub(super) href: String,
    pub(super) is_current: bool,
    /// How much is open there; nothing when nothing is.
    pub(super) n_open: Option<String>,
}

/// Who is signed in, as the frame shows it.
pub(super) struct Who {
    pub(super) display_name: String,
    pub(super) roles: String,
    /// What every form of this session carries.
    pub(super) form_token: String,
}

/// What every page of the console has around its content.
pub(super) struct Frame {
    pub(super) css: &'static str,
    pub(super) js: &'static str,
    pub(super) icon: &'static str,
    pub(super) is_simulated: bool,
    pub(super) clock: String,
    pub(super) who: Option<Who>,
    pub(super) navigation: Vec<NavGroup>,
    /// Slug, name, and whether it is the one shown.
    pub(super) cities: Vec<(String, String, bool)>,
    /// The path of the page, with `{city}` where the city switch puts another.
    pub(super) pattern: &'static str,
}

impl Frame {
    /// The frame of a page without a city; `pattern` is its path in the table of routes.
    pub(super) fn of(app: &App, organiser: Option<&Organiser>, pattern: &'static str) -> Self {
        Self::of_city(app, organiser, pattern, None)
    }

    /// The frame of a page of this city.
    pub(super) fn of_city(
        app: &App,
        organiser: Option<&Organiser>,
        pattern: &'static str,
        city: Option<&str>,
    ) -> Self {
        let assets = &*ASSETS;
        Self {
            css: &assets.console_css.href,
            js: &assets.console_js.href,
            icon: &assets.icon.href,
            is_simulated: app.wechat.is_simulated,
            clock: moment::minute(app.now()),
            navigation: organiser.map_or_else(Vec::new, |organiser| {
                navigation(app, organiser, pattern, &city_or_own(app, organiser, city))
            }),
            cities: organiser
                .filter(|_organiser| city.is_some())
                .map_or_else(Vec::new, |organiser| cities(app, organiser, city)),
            who: organiser.map(|organiser| Who {
                display_name: organiser.display_name.clone(),
                roles: wording::roles(&organiser.roles),
                form_token: sign_in::form_token(app, &organiser.session),
            }),
            pattern,
        }
    }

    /// The name under which a form carries its token.
    pub(super) fn token_field(&self) -> &'static str {
        FORM_TOKEN
    }
}

/// A page of a heading, a list and forms; most screens are one.
#[derive(Template)]
#[template(path = "console/page.html")]
pub(super) struct Page {
    pub(super) frame: Frame,
    pub(super) title: String,
    pub(super) lead: String,
    /// A button beside the heading: its label and where it leads.
    pub(super) action: Option<(&'static str, &'static str)>,
    pub(super) list: Option<List>,
    /// Each form with a sentence above it.
    pub(super) forms: Vec<(&'static str, Form)>,
}

/// The city to begin with: the one named, the organiser's own, the open one, or the first.
pub(super) fn city_or_own(app: &App, organiser: &Organiser, city: Option<&str>) -> String {
    let edition = app.season.edition();
    let first = || edition.rounds().first().map(schedule_core::Round::city);
    let open = || {
        edition
            .contest_at(app.now())
            .map(schedule_core::Round::city)
    };
    city.or(organiser.city.as_deref()).map_or_else(
        || {
            let city = open().or_else(first);
            city.map_or_else(String::new, |city| city.slug().as_str().to_owned())
        },
        str::to_owned,
    )
}

/// Whether the navigation says how much is open about money.
pub(super) fn shows_open_work(organiser: &Organiser) -> bool {
    let entry = table::page(decisions::PAGE);
    entry.is_some_and(|entry| entry.allows(&organiser.roles)) && organiser.city.is_none()
}

/// How much is open behind a line of the navigation.
fn n_open(app: &App, organiser: &Organiser, path: &str) -> Option<String> {
    if !shows_open_work(organiser) {
        return None;
    }
    let open = app.open_work();
    let n = match path {
        payments::STOPPED => open.n_held,
        incidents::PAGE => open.n_incidents,
        decisions::PAGE if organiser.roles.has_any(&[Role::FinanceApprover]) => {
            i64::try_from(open.n_waiting_for(organiser)).unwrap_or(i64::MAX)
        }
        decisions::PAGE => i64::try_from(open.makers.len()).unwrap_or(i64::MAX),
        _ => 0,
    };
    (n > 0).then(|| n.to_string())
}

fn navigation(app: &App, organiser: &Organiser, current: &str, city: &str) -> Vec<NavGroup> {
    let is_reachable = |path: &str| {
        table::page(path).is_some_and(|entry| {
            entry.allows(&organiser.roles)
                && (entry.scope != Scope::Province || organiser.city.is_none())
        })
    };
    let groups = NAVIGATION.into_iter().map(|(label, screens)| {
        let reachable = screens.iter().filter(|(_label, path)| is_reachable(path));
        let items = reachable.map(|&(label, path)| NavItem {
            label,
            href: path.replace("{city}", city),
            is_current: path == current,
            n_open: n_open(app, organiser, path),
        });
        NavGroup {
            label,
            items: items.collect(),
        }
    });
    groups.filter(|group| !group.items.is_empty()).collect()
}

fn cities(app: &App, organiser: &Organiser, shown: Option<&str>) -> Vec<(String, String, bool)> {
    let edition = app.season.edition();
    let rounds = edition.rounds().iter();
    rounds
        .map(|round| round.city())
        .filter(|city| organiser.sees(city.slug().as_str()))
        .map(|city| {
            let slug = city.slug().as_str();
            (slug.to_owned(), city.name().to_owned(), shown == Some(slug))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_navigation_is_a_route() {
        for (label, path) in NAVIGATION.into_iter().flat_map(|(_group, screens)| screens) {
            assert!(table::page(path).is_some(), "{label}: {path}");
        }
    }
}
