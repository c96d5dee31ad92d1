//! Who takes part, from where and when; how the questions are answered; how far the season has come.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, Query, State},
    http::header,
    response::{IntoResponse as _, Redirect, Response},
};
use serde::Deserialize;

use super::{
    chart::{Bars, Hours},
    error,
    form::Form,
    frame::Frame,
    gate::Signed,
    list::{Cell, File, Filter, Kind, List, columns},
    overview::{grouped, yuan},
    wording,
};
use crate::{
    app::App,
    contest::{
        organiser::Role,
        overview::FOLLOWERS_OF_CITY,
        statistics::{
            self, DistrictLine, FOLLOWERS_OF_SEASON, Funnel, Hour, ItemFigures, ItemSet, Place,
            SeasonStatistics, Shown, Statistics,
        },
    },
    web::{frame, moment, qr_code::QrCode},
};

/// A city's people and districts.
pub(super) const PAGE: &str = "/console/cities/{city}/statistics";
/// A city's questions.
pub(super) const ITEMS: &str = "/console/cities/{city}/items";
/// The cities beside each other.
pub(super) const SEASON: &str = "/console/season";

/// The codes of a city's districts.
pub(super) const CODES: &str = "/console/cities/{city}/district-codes";
/// One of them as a picture.
pub(super) const PICTURE: &str = "/console/cities/{city}/district-codes/picture";

/// What is asked of a page of statistics.
#[derive(Deserialize)]
pub(super) struct Asked {
    /// The day whose hours are shown; all of them added up without one.
    day: Option<i64>,
    /// Which table is wanted as a file.
    #[serde(default)]
    table: String,
    file: Option<File>,
    /// `flagged` for the questions that somebody should look at.
    #[serde(default)]
    show: String,
}

/// A number beside its target.
struct Goal {
    label: &'static str,
    figure: String,
    note: String,
    share: i64,
}

impl Goal {
    fn of(label: &'static str, net: i64, new: i64, target: i64) -> Self {
        let left = new.saturating_sub(net);
        Self {
            label,
            figure: grouped(net),
            note: format!(
                "目标 {} · 新增 {}，其中已取关 {}",
                grouped(target),
                grouped(new),
                grouped(left)
            ),
            share: net
                .saturating_mul(100)
                .checked_div(target)
                .unwrap_or(0)
                .clamp(0, 100),
        }
    }
}

#[derive(Template)]
#[template(path = "console/statistics.html")]
struct StatisticsPage {
    frame: Frame,
    path: String,
    codes: String,
    city: String,
    stamp: String,
    goal: Goal,
    n_attempts: String,
    n_passes: String,
    funnel: Bars,
    steps: List,
    hours: Hours,
    /// Number and whether it is shown; 0 for all days.
    days: Vec<(i64, bool)>,
    files: String,
    districts: List,
    coverage: Vec<(&'static str, String)>,
}

pub(super) async fn page(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let found = match statistics::of_city(&app, &city).await {
        Ok(found) => found,
        Err(failed) => return error::answer(&app, Some(&organiser), false, failed),
    };
    let path = PAGE.replace("{city}", &city);
    if let Some(file) = asked.file {
        return match asked.table.as_str() {
            "hours" => hours_list(&found.hours).file(file),
            "steps" => steps(&found.funnel).file(file),
            _ => districts(&found.districts, None).file(file),
        };
    }
    let n_days = (found.closes - found.opens).num_days();
    let shown = asked.day.filter(|day| (1..=n_days).contains(day));
    let funnel = &found.funnel;
    frame::personal(&StatisticsPage {
        frame: Frame::of_city(&app, Some(&organiser), PAGE, Some(&city)),
        city: app.season.city_name(&city),
        stamp: moment::second(found.at),
        goal: Goal::of(
            "本市净新增关注",
            funnel.n_new_following,
            funnel.n_new_followers,
            FOLLOWERS_OF_CITY,
        ),
        n_attempts: grouped(found.n_attempts),
        n_passes: grouped(found.n_passes),
        funnel: funnel_bars(funnel),
        steps: steps(funnel),
        hours: hours_chart(&found, shown),
        days: (0..=n_days)
            .map(|day| (day, day == shown.unwrap_or(0)))
            .collect(),
        files: format!("{path}?table=hours&"),
        districts: districts(&found.districts, Some(format!("{path}?table=districts&"))),
        coverage: coverage(&found),
        codes: CODES.replace("{city}", &city),
        path,
    })
}

/// The steps with what each is called.
fn named_steps(funnel: &Funnel) -> [(&'static str, i64); 4] {
    [
        ("交卷", funnel.n_people),
        ("通过", funnel.n_passed),
        ("获得红包", funnel.n_awarded),
        ("红包到账", funnel.n_received),
    ]
}

fn funnel_bars(funnel: &Funnel) -> Bars {
    let steps = named_steps(funnel).map(|(label, n)| (label.to_owned(), n));
    Bars::of(
        "从交卷到红包到账（人数）",
        ["步骤", "人数"],
        None,
        &steps,
        "还没有人交卷。",
    )
}

/// The steps as a table.
pub(super) fn steps(funnel: &Funnel) -> List {
    let mut rows = vec![
        vec![
            Cell::text("新增关注"),
            Cell::text(funnel.n_new_followers.to_string()),
            Cell::text("—"),
        ],
        vec![
            Cell::text("仍在关注"),
            Cell::text(funnel.n_new_following.to_string()),
            Cell::text(percent(funnel.n_new_following, funnel.n_new_followers)),
        ],
    ];
    let mut before: Option<i64> = None;
    for (label, n) in named_steps(funnel) {
        rows.push(vec![
            Cell::text(label),
            Cell::text(n.to_string()),
            Cell::text(before.map_or_else(|| "—".to_owned(), |before| percent(n, before))),
        ]);
        before = Some(n);
    }
    rows.push(vec![
        Cell::text("交卷的人里第一次参加本季竞赛的"),
        Cell::text(funnel.n_new_people.to_string()),
        Cell::text(percent(funnel.n_new_people, funnel.n_people)),
    ]);
    List::plain(
        "参与漏斗",
        columns([
            ("步骤", Kind::Text),
            ("人数", Kind::Number),
            ("占比", Kind::Number),
        ]),
        rows,
        "还没有人参加。",
    )
}

/// A share with one decimal; nothing known of nothing.
pub(super) fn percent(part: i64, whole: i64) -> String {
    let permille = part.saturating_mul(1_000).checked_div(whole);
    permille.map_or_else(|| "无数据".to_owned(), tenths)
}

/// Thousandths as a percentage with one decimal.
fn tenths(permille: i64) -> String {
    format!("{}.{}%", permille / 10, (permille % 10).abs())
}

fn hours_chart(found: &Statistics, shown: Option<i64>) -> Hours {
    let counted = |hour: i64| {
        let hours = found.hours.iter().filter(|row| row.hour == hour);
        hours
            .filter(|row| shown.is_none_or(|day| row.day == day))
            .fold((0_i64, 0_i64), |sum, row| {
                (
                    sum.0.saturating_add(row.n_attempts),
                    sum.1.saturating_add(row.n_awards),
                )
            })
    };
    let hours: Vec<(i64, i64, i64)> = (0..24)
        .map(|hour| {
            let (n_attempts, n_awards) = counted(hour);
            (hour, n_attempts, n_awards)
        })
        .collect();
    Hours::new("各时段交卷与拆红包", ["交卷", "拆红包"], &hours)
}

/// Every hour as a table.
pub(super) fn hours_list(hours: &[Hour]) -> List {
    let rows = hours.iter().map(|hour| {
        vec![
            Cell::text(hour.day.to_string()),
            Cell::text(format!("{:02}:00", hour.hour)),
            Cell::text(hour.n_attempts.to_string()),
            Cell::text(hour.n_passes.to_string()),
            Cell::text(hour.n_of_day.to_string()),
            Cell::text(hour.n_awards.to_string()),
        ]
    });
    List::plain(
        "分时段统计",
        columns([
            ("第几天", Kind::Number),
            ("时段", Kind::Text),
            ("交卷", Kind::Number),
            ("通过", Kind::Number),
            ("当日首次交卷人数", Kind::Number),
            ("拆红包", Kind::Number),
        ]),
        rows.collect(),
        "还没有开赛。",
    )
}

/// A number of people as it is shown.
pub(super) fn shown(n: Shown) -> String {
    match n {
        Shown::Exact(n) => n.to_string(),
        Shown::Few => "<5".to_owned(),
        Shown::Withheld => "略".to_owned(),
    }
}

fn place(place: &Place) -> &str {
    match place {
        Place::District(_slug, name) => name,
        Place::OtherCity => "其他设区市",
        Place::Elsewhere => "外地",
        Place::Undisclosed => "不愿透露",
        Place::Unknown => "未知",
    }
}

/// The table of districts, as a page and a bulletin have it.
pub(super) fn districts(lines: &[DistrictLine], files: Option<String>) -> List {
    let rows = lines.iter().map(|line| {
        let mut row = vec![Cell::text(place(&line.place))];
        row.extend(
            [
                line.followers_declared,
                line.followers_scanned,
                line.people_declared,
                line.people_scanned,
                line.passed_declared,
                line.awarded_declared,
                line.received_declared,
            ]
            .map(|n| Cell::text(shown(n))),
        );
        row
    });
    List {
        files,
        ..List::plain(
            "各区县参与情况",
            columns([
                ("区县", Kind::Text),
                ("新增关注（申报）", Kind::Number),
                ("新增关注（扫码）", Kind::Number),
                ("交卷人数（申报）", Kind::Number),
                ("交卷人数（扫码）", Kind::Number),
                ("通过人数", Kind::Number),
                ("获红包人数", Kind::Number),
                ("到账人数", Kind::Number),
            ]),
            rows.collect(),
            "这个城市没有区县。",
        )
    }
}

fn coverage(found: &Statistics) -> Vec<(&'static str, String)> {
    let known = &found.coverage;
    let of = |n: i64| {
        format!(
            "{} 人（{}）",
            shown(Shown::of(n)),
            percent(n, known.n_people)
        )
    };
    let few = |n: i64| match Shown::of(n) {
        Shown::Exact(_) => of(n),
        small => format!("{} 人", shown(small)),
    };
    vec![
        ("交卷人数", format!("{} 人", grouped(known.n_people))),
        ("申报了本市区县", few(known.n_declared)),
        ("扫本市区县码而来", few(known.n_scanned)),
        ("两种来源一致", few(known.n_same)),
        ("两种来源不一致", few(known.n_different)),
        ("两种来源都没有", few(known.n_unknown)),
    ]
}

#[derive(Template)]
#[template(path = "console/items.html")]
struct ItemsPage {
    frame: Frame,
    city: String,
    n_people: String,
    is_own_half: bool,
    list: List,
}

pub(super) async fn items(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let found = match statistics::items(&app, &organiser, &city).await {
        Ok(found) => found,
        Err(failed) => return error::answer(&app, Some(&organiser), false, failed),
    };
    let path = ITEMS.replace("{city}", &city);
    let list = items_list(&found, &asked.show, &path);
    match asked.file {
        Some(file) => list.file(file),
        None => frame::personal(&ItemsPage {
            frame: Frame::of_city(&app, Some(&organiser), ITEMS, Some(&city)),
            city: app.season.city_name(&city),
            n_people: grouped(found.n_people),
            is_own_half: organiser.city.is_some(),
            list,
        }),
    }
}

fn items_list(found: &ItemSet, show: &str, path: &str) -> List {
    let is_flagged = show == "flagged";
    let wanted = found
        .items
        .iter()
        .filter(|item| !is_flagged || !item.flags.is_empty());
    List {
        title: "题目分析",
        columns: columns([
            ("题号", Kind::Number),
            ("来源", Kind::Text),
            ("题干", Kind::Text),
            ("抽到人次", Kind::Number),
            ("答对率", Kind::Number),
            ("误差", Kind::Number),
            ("区分度", Kind::Number),
            ("各选项选择率", Kind::Text),
            ("提示", Kind::Text),
        ]),
        rows: wanted.map(item_row).collect(),
        filters: vec![Filter {
            name: "show",
            label: "显示",
            value: show.to_owned(),
            options: [("", "全部题目"), ("flagged", "只看需要复核的")]
                .map(|(value, label)| (value.to_owned(), label.to_owned()))
                .to_vec(),
        }],
        files: Some(format!(
            "{path}?show={}&",
            if is_flagged { "flagged" } else { "" }
        )),
        empty: if is_flagged {
            "没有需要复核的题目。每题满 50 人次才给提示。"
        } else {
            "题库还没有冻结。冻结并开赛以后，这里按首次作答统计。"
        },
        more: None,
    }
}

fn item_row(item: &ItemFigures) -> Vec<Cell> {
    let share = |permille: Option<i64>| permille.map_or_else(|| "无数据".to_owned(), tenths);
    let options: Vec<String> = item
        .options
        .iter()
        .map(|(letter, permille)| {
            let mark = if *letter == item.key { "✓" } else { "" };
            format!("{letter}{mark} {}", share(*permille))
        })
        .chain([format!("未答 {}", share(item.unanswered_permille))])
        .collect();
    let has_figures = item.facility_permille.is_some();
    let flags: Vec<String> = item.flags.iter().map(wording::item_flag).collect();
    vec![
        Cell::text(item.number.to_string()),
        Cell::text(if item.is_province { "省库" } else { "市库" }),
        Cell::text(item.stem.as_str()),
        Cell::text(shown(item.n_shown)),
        Cell::text(share(item.facility_permille)),
        Cell::text(item.error_permille.map_or_else(
            || "无数据".to_owned(),
            |permille| format!("±{}", tenths(permille)),
        )),
        Cell::text(item.discrimination_permille.map_or_else(
            || "无数据".to_owned(),
            |permille| {
                let sign = if permille < 0 { "-" } else { "" };
                let size = permille.abs();
                format!("{sign}{}.{:02}", size / 1_000, size % 1_000 / 10)
            },
        )),
        Cell::text(if has_figures {
            options.join(" · ")
        } else {
            "无数据".to_owned()
        }),
        Cell::text(flags.join("；")),
    ]
}

#[derive(Template)]
#[template(path = "console/season.html")]
struct SeasonPage {
    frame: Frame,
    stamp: String,
    goal: Goal,
    list: List,
}

pub(super) async fn season(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Query(asked): Query<Asked>,
) -> Response {
    let found = match statistics::of_season(&app).await {
        Ok(found) => found,
        Err(failed) => return error::answer(&app, Some(&organiser), false, failed),
    };
    let list = season_list(&app, &found);
    match asked.file {
        Some(file) => list.file(file),
        None => frame::personal(&SeasonPage {
            frame: Frame::of(&app, Some(&organiser), SEASON),
            stamp: moment::second(found.at),
            goal: Goal::of(
                "全省净新增关注",
                found.n_new_following,
                found.n_new_followers,
                FOLLOWERS_OF_SEASON,
            ),
            list,
        }),
    }
}

/// The cities beside each other.
pub(super) fn season_list(app: &App, found: &SeasonStatistics) -> List {
    let rows = found.cities.iter().map(|line| {
        let has_begun = found.at >= line.opens;
        let number = |n: i64| {
            Cell::text(if has_begun {
                n.to_string()
            } else {
                "无数据".to_owned()
            })
        };
        vec![
            Cell::link(
                app.season.city_name(&line.city),
                PAGE.replace("{city}", &line.city),
            ),
            Cell::text(moment::day(line.opens)),
            number(line.n_new_followers),
            number(line.n_new_following),
            Cell::text(if has_begun {
                percent(line.n_new_following, FOLLOWERS_OF_CITY)
            } else {
                "无数据".to_owned()
            }),
            number(line.n_people),
            number(line.n_new_people),
            number(line.n_passed),
            number(line.n_attempts),
            number(line.n_awards),
            Cell::text(if has_begun {
                yuan(line.awarded_fen).replace(',', "")
            } else {
                "无数据".to_owned()
            }),
        ]
    });
    List {
        files: Some(format!("{SEASON}?")),
        ..List::plain(
            "全省各市进度",
            columns([
                ("城市", Kind::Text),
                ("开赛", Kind::Text),
                ("新增关注", Kind::Number),
                ("仍在关注", Kind::Number),
                ("完成 7000 的", Kind::Number),
                ("交卷人数", Kind::Number),
                ("首次参加人数", Kind::Number),
                ("通过人数", Kind::Number),
                ("交卷次数", Kind::Number),
                ("红包个数", Kind::Number),
                ("红包金额（元）", Kind::Number),
            ]),
            rows.collect(),
            "还没有赛程。",
        )
    }
}

/// A district and its code as a picture.
struct CodeView {
    district: String,
    name: String,
    svg: Option<String>,
}

#[derive(Template)]
#[template(path = "console/district_codes.html")]
struct CodesPage {
    frame: Frame,
    path: String,
    city: String,
    codes: Vec<CodeView>,
    form: Option<Form>,
}

pub(super) async fn codes(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
) -> Response {
    let known = match statistics::district_codes(&app, &city).await {
        Ok(known) => known,
        Err(failed) => return error::answer(&app, Some(&organiser), false, failed),
    };
    let frame = Frame::of_city(&app, Some(&organiser), CODES, Some(&city));
    let path = CODES.replace("{city}", &city);
    let is_missing = known.iter().any(|code| code.qr_url.is_none());
    let may_make = organiser
        .roles
        .has_any(&[Role::ProvinceAdmin, Role::CityEditor]);
    let form = (is_missing && may_make)
        .then(|| Form::new(&frame, path.as_str(), "生成区县码", Vec::new()));
    let codes = known.into_iter().map(|code| {
        let drawn = code.qr_url.as_deref().and_then(QrCode::of);
        CodeView {
            svg: drawn.map(|drawn| drawn.svg(&format!("{}的区县码", code.name))),
            district: code.district,
            name: code.name,
        }
    });
    frame::personal(&CodesPage {
        city: app.season.city_name(&city),
        codes: codes.collect(),
        form,
        frame,
        path,
    })
}

pub(super) async fn make_codes(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
) -> Response {
    match statistics::make_district_codes(&app, &organiser, &city).await {
        Ok(_n_made) => Redirect::to(&CODES.replace("{city}", &city)).into_response(),
        Err(failed) => error::answer(&app, Some(&organiser), false, failed),
    }
}

/// Which district's picture is wanted.
#[derive(Deserialize)]
pub(super) struct PictureOf {
    #[serde(default)]
    district: String,
}

/// A district's code as a picture for a poster; without one, the page where it can be made.
pub(super) async fn picture(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    Query(wanted): Query<PictureOf>,
) -> Response {
    let known = match statistics::district_codes(&app, &city).await {
        Ok(known) => known,
        Err(failed) => return error::answer(&app, Some(&organiser), false, failed),
    };
    let found = known.iter().find(|code| code.district == wanted.district);
    let url = found.and_then(|code| code.qr_url.as_deref());
    let Some(png) = url.and_then(QrCode::of).and_then(|code| code.png()) else {
        return Redirect::to(&CODES.replace("{city}", &city)).into_response();
    };
    let name = format!("attachment; filename=\"{city}-{}.png\"", wanted.district);
    let headers = [
        (header::CONTENT_TYPE, "image/png".to_owned()),
        (header::CONTENT_DISPOSITION, name),
    ];
    (headers, png).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_has_one_decimal_and_none_of_nothing() {
        assert_eq!(percent(1, 3), "33.3%");
        assert_eq!(percent(3, 3), "100.0%");
        assert_eq!(percent(0, 0), "无数据");
        assert_eq!(tenths(-125), "-12.5%");
    }
}
