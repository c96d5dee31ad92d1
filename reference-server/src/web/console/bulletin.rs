//! Daily bulletins: the list of days, the page as it is sent, its picture and workbook, the signing.

use std::sync::Arc;

use askama::Template;
use axum::{
    Form as Fields,
    extract::{Path, Query, State},
    response::{IntoResponse as _, Redirect, Response},
};
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{
    chart::{Bars, Hours},
    error,
    form::{Field, Form, Kind as FieldKind},
    frame::Frame,
    gate::Signed,
    list::{Cell, Kind, List, columns},
    overview::{grouped, yuan},
    statistics::percent,
    wording,
};
use crate::{
    app::App,
    contest::{
        bulletin::{
            self, Bulletin, BulletinRow, DayState, DistrictFigures, Figures, Signing, date_of,
            day_of,
        },
        organiser::{Organiser, Role},
        season,
    },
    web::{frame, moment},
};

/// The days of a city.
pub(super) const LIST: &str = "/console/cities/{city}/bulletins";
/// One day's bulletin.
pub(super) const PAGE: &str = "/console/cities/{city}/bulletin";
/// The same as a picture.
pub(super) const PICTURE: &str = "/console/cities/{city}/bulletin/picture";
/// The same as a workbook.
pub(super) const WORKBOOK: &str = "/console/cities/{city}/bulletin/workbook";
/// Counts a day.
pub(super) const COUNT: &str = "/console/cities/{city}/bulletin/count";
/// Signs a count.
pub(super) const SIGN: &str = "/console/cities/{city}/bulletin/sign";

/// Which bulletin is asked for.
#[derive(Deserialize)]
pub(in crate::web) struct Asked {
    /// The date, as `2020-04-22`; the newest day that has begun without one.
    day: Option<String>,
    /// The version; what was counted last without one.
    version: Option<i64>,
}

/// Whether somebody may count and sign for a city.
pub(super) fn may_sign(organiser: &Organiser) -> bool {
    organiser
        .roles
        .has_any(&[Role::ProvinceAdmin, Role::CityEditor])
}

/// Whether a city has opened, so that there is a day to count.
pub(super) fn has_begun(app: &App, city: &str) -> bool {
    let edition = app.season.edition();
    let mut rounds = edition.rounds().iter();
    let round = rounds.find(|round| round.city().slug().as_str() == city);
    round.is_some_and(|round| app.now() >= round.window().start())
}

/// The path of a day's bulletin; of a version, if one is named.
fn path_of(pattern: &str, city: &str, day: i64, version: Option<i64>) -> String {
    let path = format!("{}?day={}", pattern.replace("{city}", city), date_of(day));
    version.map_or_else(
        || path.clone(),
        |version| format!("{path}&version={version}"),
    )
}

/// The days of a city, with what became of each.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
) -> Response {
    let days = match bulletin::days(&app, &city).await {
        Ok(days) => days,
        Err(failed) => return error::answer(&app, Some(&organiser), false, failed),
    };
    let rows = days.iter().flat_map(|day| day_rows(&city, day)).collect();
    let title = format!("每日通报 · {}", app.season.city_name(&city));
    frame::personal(&super::frame::Page {
        frame: Frame::of_city(&app, Some(&organiser), LIST, Some(&city)),
        title,
        lead: "每天 00:10 自动起草前一天的通报；签发以后数字不再变，更正是新的一版。".to_owned(),
        action: None,
        list: Some(List::plain(
            "每日通报",
            columns([
                ("日期", Kind::Text),
                ("第几天", Kind::Number),
                ("状态", Kind::Chip),
                ("签发", Kind::Text),
                ("指纹", Kind::Id),
            ]),
            rows,
            "还没有开赛。开赛第二天 00:10 起草第一份。",
        )),
        forms: Vec::new(),
    })
}

fn day_rows(city: &str, day: &DayState) -> Vec<Vec<Cell>> {
    let line = |version: Option<i64>, state: Cell, signed: String, digest: String| {
        vec![
            Cell::link(
                moment::date(day.begins),
                path_of(PAGE, city, day.day, version),
            ),
            Cell::text(day.nth_day.to_string()),
            state,
            Cell::text(signed),
            Cell::text(digest),
        ]
    };
    let newest = day.versions.last();
    let has_newer_draft = day.draft > newest.map(|row| row.draft);
    let mut rows = Vec::new();
    if has_newer_draft || newest.is_none() {
        let state = match day.draft {
            Some(_) => Cell::chip("草稿，待签发", "warn"),
            None => Cell::chip("未起草", ""),
        };
        rows.push(line(None, state, String::new(), String::new()));
    }
    for row in day.versions.iter().rev() {
        let is_newest = newest.is_some_and(|newest| newest.version == row.version);
        let state = if is_newest {
            Cell::chip(format!("第 {} 版", row.version), "good")
        } else {
            Cell::chip(format!("第 {} 版，已更正", row.version), "")
        };
        let signed = format!(
            "{} {}",
            row.signed_name,
            moment::minute(season::instant(row.signed_ms))
        );
        rows.push(line(Some(row.version), state, signed, row.digest.clone()));
    }
    rows
}

/// The numbers of a bulletin as its page, picture and workbook show them.
pub(super) struct View {
    pub(super) city: String,
    pub(super) date: String,
    pub(super) figures: Figures,
    pub(super) counted: String,
    /// The five numbers: label, number, unit, note.
    pub(super) tiles: Vec<(&'static str, String, &'static str, String)>,
    /// Label and value.
    pub(super) money: Vec<(&'static str, String)>,
    pub(super) checks: Vec<(&'static str, String, &'static str)>,
    pub(super) audit_number: i64,
    pub(super) audit_hash: String,
    pub(super) signed: Option<BulletinRow>,
    pub(super) signed_at: String,
    pub(super) next: String,
}

impl View {
    /// What is shown of a bulletin.
    pub(super) fn of(app: &App, found: &Bulletin) -> Self {
        let figures = found.draft.figures.clone();
        let row = &found.draft.row;
        let begins = season::instant(
            row.day
                .saturating_mul(86_400_000)
                .saturating_sub(28_800_000),
        );
        let after = begins + chrono::TimeDelta::days(1);
        Self {
            city: app.season.city_name(&figures.city),
            date: moment::date(begins),
            counted: moment::second(season::instant(row.counted_ms)),
            tiles: tiles(&figures),
            money: money(&figures),
            checks: checks(&figures),
            audit_number: row.audit_number,
            audit_hash: row.audit_hash.clone(),
            signed: found.signed.clone(),
            signed_at: found.signed.as_ref().map_or_else(String::new, |signed| {
                moment::minute(season::instant(signed.signed_ms))
            }),
            next: next(app, after),
            figures,
        }
    }

    fn hours(&self) -> Hours {
        let hours: Vec<(i64, i64, i64)> = (0..)
            .zip(&self.figures.hours)
            .map(|(hour, (n_attempts, n_awards))| (hour, *n_attempts, *n_awards))
            .collect();
        Hours::new("当日各时段交卷与拆红包", ["交卷", "拆红包"], &hours)
    }

    fn bars(&self) -> Bars {
        let own = self
            .figures
            .districts
            .iter()
            .filter(|line| !line.name.is_empty());
        let counts: Vec<(String, i64)> = own
            .map(|line| (line.name.clone(), line.people.parse().unwrap_or(0)))
            .collect();
        let labels = ["区县", "交卷人数"];
        Bars::of(
            "各区县交卷人数（累计）",
            labels,
            None,
            &counts,
            "没有区县。",
        )
    }

    /// The table of districts.
    pub(super) fn districts(&self) -> List {
        districts(&self.figures.districts)
    }

    /// Which version it is, in words.
    pub(super) fn version(&self) -> String {
        match &self.signed {
            Some(signed) => format!("第 {} 版", signed.version),
            None => "草稿，未签发".to_owned(),
        }
    }
}

fn tiles(figures: &Figures) -> Vec<(&'static str, String, &'static str, String)> {
    let (day, sum) = (&figures.of_day, &figures.so_far);
    vec![
        (
            "参与人数",
            grouped(day.n_people),
            "人",
            format!(
                "本市首次 {} · 累计 {}",
                grouped(day.n_new_people),
                grouped(sum.n_people)
            ),
        ),
        (
            "交卷",
            grouped(day.n_attempts),
            "次",
            format!(
                "通过 {} · 通过率 {}",
                grouped(day.n_passes),
                percent(day.n_passes, day.n_attempts)
            ),
        ),
        (
            "新增关注",
            grouped(day.n_new_followers),
            "人",
            format!(
                "累计 {}，仍关注 {}",
                grouped(sum.n_new_followers),
                grouped(sum.n_new_following)
            ),
        ),
        (
            "发出红包",
            grouped(day.n_awards),
            "个",
            format!("累计 {} 个", grouped(sum.n_awards)),
        ),
        (
            "红包金额",
            yuan(day.awarded_fen),
            "元",
            format!(
                "当日上限 {} · 累计 {}",
                yuan(day.cap_fen),
                yuan(sum.awarded_fen)
            ),
        ),
    ]
}

/// What a city's ledger holds: label and yuan.
pub(super) fn money(figures: &Figures) -> Vec<(&'static str, String)> {
    let held = &figures.ledger;
    let mut lines = vec![
        ("奖池总额", yuan(figures.so_far.pool_fen)),
        ("尚未发出", yuan(held.pool_fen)),
        ("已获得，待发放", yuan(held.reserved_fen)),
        ("已发放，待领取", yuan(held.sent_fen)),
        ("已到账", yuan(held.received_fen)),
        ("退回或未能发放", yuan(held.left_fen)),
    ];
    if held.suspense_fen != 0 {
        lines.push(("存疑", yuan(held.suspense_fen)));
    }
    lines
}

fn checks(figures: &Figures) -> Vec<(&'static str, String, &'static str)> {
    let mut lines = vec![if figures.differences.is_empty() {
        (
            "账目自核",
            "红包、日额度、奖池与分录一致，0 差异".to_owned(),
            "good",
        )
    } else {
        let words: Vec<&str> = figures
            .differences
            .iter()
            .map(|one| wording::difference(*one))
            .collect();
        ("账目自核", words.join("；"), "bad")
    }];
    lines.push(match figures.reconciled {
        None => ("与微信账单核对", "还没有做过".to_owned(), "warn"),
        Some((at_ms, n)) => (
            "与微信账单核对",
            format!("{} 核对，{n} 差异", moment::minute(season::instant(at_ms))),
            if n == 0 { "good" } else { "bad" },
        ),
    });
    lines.push(match figures.n_incidents {
        0 => ("未结差异事项", "0 件".to_owned(), "good"),
        n => ("未结差异事项", format!("{n} 件"), "bad"),
    });
    let top = if figures.so_far.top_awarded {
        "已发出"
    } else {
        "还没有发出"
    };
    lines.push(("100 元红包", top.to_owned(), ""));
    lines
}

/// What comes on the day after.
fn next(app: &App, after: DateTime<Utc>) -> String {
    let edition = app.season.edition();
    match (edition.contest_at(after), edition.next_opening(after)) {
        (Some(round), _) => {
            let day = round.window().contest_day(after);
            let nth = day.map_or(1, schedule_core::ContestDay::ordinal);
            format!("{}第 {nth} 天", round.city().name())
        }
        (None, Some(round)) => format!(
            "下一站 {}，{} 开赛",
            round.city().name(),
            moment::minute(round.window().start())
        ),
        (None, None) => "全省接力已经结束".to_owned(),
    }
}

/// A number of people as it may be shown.
pub(super) fn shown(text: &str) -> &str {
    if text == "withheld" { "略" } else { text }
}

fn districts(lines: &[DistrictFigures]) -> List {
    let rows = lines.iter().map(|line| {
        let name = match line.place.as_str() {
            "other-city" => "其他设区市",
            "elsewhere" => "外地",
            "undisclosed" => "不愿透露",
            "unknown" => "未知",
            _ => line.name.as_str(),
        };
        vec![
            Cell::text(name),
            Cell::text(shown(&line.new_followers)),
            Cell::text(shown(&line.people)),
            Cell::text(shown(&line.awarded)),
        ]
    });
    List::plain(
        "各区县（累计，按本人申报）",
        columns([
            ("区县", Kind::Text),
            ("新增关注", Kind::Number),
            ("交卷人数", Kind::Number),
            ("获红包人数", Kind::Number),
        ]),
        rows.collect(),
        "没有区县。",
    )
}

#[derive(Template)]
#[template(path = "console/bulletin.html")]
struct BulletinPage {
    frame: Frame,
    view: View,
    hours: Hours,
    bars: Bars,
    districts: List,
    picture: String,
    workbook: String,
    list: String,
    newer: Option<(String, i64)>,
    count: Option<Form>,
    sign: Option<Form>,
}

#[derive(Template)]
#[template(path = "console/bulletin_none.html")]
struct NoBulletin {
    frame: Frame,
    list: String,
    date: String,
    count: Option<Form>,
}

/// The day asked for, or the newest that has begun; nothing before the first.
pub(super) async fn wanted(
    app: &App,
    city: &str,
    asked: &Asked,
) -> Result<Option<(DayState, Option<Bulletin>)>, crate::contest::organiser::Error> {
    let days = bulletin::days(app, city).await?;
    let day = match asked.day.as_deref() {
        None | Some("") => days.into_iter().next(),
        Some(date) => {
            let day = day_of(date);
            days.into_iter().find(|state| Some(state.day) == day)
        }
    };
    let Some(day) = day else {
        return Ok(None);
    };
    let found = bulletin::bulletin(app, city, day.day, asked.version).await?;
    Ok(Some((day, found)))
}

/// A day's bulletin as it is sent, or its draft.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let found = match wanted(&app, &city, &asked).await {
        Ok(found) => found,
        Err(failed) => return error::answer(&app, Some(&organiser), false, failed),
    };
    let frame = Frame::of_city(&app, Some(&organiser), PAGE, Some(&city));
    let list = LIST.replace("{city}", &city);
    let Some((day, found)) = found else {
        return Redirect::to(&list).into_response();
    };
    let may_sign = may_sign(&organiser);
    let count = may_sign.then(|| count_form(&frame, &city, &day, found.is_some()));
    let Some(found) = found else {
        return frame::personal(&NoBulletin {
            frame,
            list,
            date: moment::date(day.begins),
            count,
        });
    };
    let version = found.signed.as_ref().map(|row| row.version);
    let newest = day.versions.last().map(|row| row.version);
    let is_newest_draft = Some(found.draft.row.draft) == day.draft;
    let is_signed = day
        .versions
        .iter()
        .any(|row| row.draft == found.draft.row.draft);
    let sign = (may_sign && is_newest_draft && !is_signed && found.draft.row.n_differences == 0)
        .then(|| sign_form(&frame, &city, &found, newest.is_some()));
    let newer = newest.filter(|newest| version.is_some_and(|version| version < *newest));
    let view = View::of(&app, &found);
    frame::personal(&BulletinPage {
        hours: view.hours(),
        bars: view.bars(),
        districts: view.districts(),
        picture: path_of(PICTURE, &city, day.day, version),
        workbook: path_of(WORKBOOK, &city, day.day, version),
        newer: newer.map(|newest| (path_of(PAGE, &city, day.day, Some(newest)), newest)),
        count: count.filter(|_form| version.is_none() || version == newest),
        sign,
        list,
        view,
        frame,
    })
}

fn count_form(frame: &Frame, city: &str, day: &DayState, is_counted: bool) -> Form {
    let submit = if is_counted {
        "重新统计"
    } else {
        "生成通报"
    };
    let fields = vec![Field::hidden("day", &date_of(day.day))];
    Form::new(frame, COUNT.replace("{city}", city), submit, fields)
}

fn sign_form(frame: &Frame, city: &str, found: &Bulletin, is_correction: bool) -> Form {
    let mut fields = vec![
        Field::hidden("day", &date_of(found.draft.row.day)),
        Field::hidden("draft", &found.draft.row.draft.to_string()),
        Field::new("situation", "情况说明", FieldKind::Area)
            .optional()
            .hint("今天发生了什么，最多 2000 个字"),
        Field::new("outlook", "明日安排", FieldKind::Area)
            .optional()
            .hint("最多 2000 个字"),
    ];
    if is_correction {
        fields.push(
            Field::new("correction", "更正了什么", FieldKind::Area)
                .hint("印在通报上，最多 500 个字；上一版保留可查"),
        );
    }
    let submit = if is_correction {
        "签发更正"
    } else {
        "签发"
    };
    Form::new(frame, SIGN.replace("{city}", city), submit, fields)
}

/// Which day is to be counted.
#[derive(Deserialize)]
pub(super) struct CountFields {
    #[serde(default)]
    day: String,
}

/// Counts a day, and shows what came out.
pub(super) async fn count(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    Fields(fields): Fields<CountFields>,
) -> Response {
    let newest = match bulletin::days(&app, &city).await {
        Ok(days) => days.first().map(|state| state.day),
        Err(failed) => return error::answer(&app, Some(&organiser), false, failed),
    };
    let Some(day) = day_of(&fields.day).or(newest) else {
        return Redirect::to(&LIST.replace("{city}", &city)).into_response();
    };
    match bulletin::count(&app, &city, day, &organiser.name).await {
        Ok(_draft) => Redirect::to(&path_of(PAGE, &city, day, None)).into_response(),
        Err(failed) => error::answer(&app, Some(&organiser), false, failed),
    }
}

/// What somebody signs.
#[derive(Deserialize)]
pub(super) struct SignFields {
    #[serde(default)]
    day: String,
    #[serde(default)]
    draft: i64,
    #[serde(default)]
    situation: String,
    #[serde(default)]
    outlook: String,
    #[serde(default)]
    correction: String,
}

/// Signs a count.
pub(super) async fn sign(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    Fields(fields): Fields<SignFields>,
) -> Response {
    let day = day_of(&fields.day).unwrap_or(-1);
    let signing = Signing {
        day,
        draft: fields.draft,
        situation: fields.situation,
        outlook: fields.outlook,
        correction: fields.correction,
    };
    match bulletin::sign(&app, &organiser, &city, signing).await {
        Ok(version) => Redirect::to(&path_of(PAGE, &city, day, Some(version))).into_response(),
        Err(failed) => error::answer(&app, Some(&organiser), false, failed),
    }
}
