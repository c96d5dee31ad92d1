//! The final report of a city and of the season: a page that prints, and a workbook of the same tables.
//!
//! It is put together from what the other screens show; as JSON it is their calls.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};

use super::{
    bulletin, error,
    frame::Frame,
    gate::Signed,
    honour,
    list::{self, Cell, Kind, List, columns},
    overview::{grouped, yuan},
    statistics::{self as tables, percent},
};
use crate::{
    app::App,
    contest::{
        bulletin::{self as bulletins, BulletinRow, Figures},
        honour::{self as award, Standing},
        organiser::Error,
        statistics::{self, SeasonStatistics, Statistics},
    },
    web::{frame, moment},
};

/// A city's report.
pub(super) const CITY: &str = "/console/cities/{city}/report";
/// The same as a workbook.
pub(super) const CITY_BOOK: &str = "/console/cities/{city}/report/workbook";
/// The season's report.
pub(super) const SEASON: &str = "/console/report";
/// The same as a workbook.
pub(super) const SEASON_BOOK: &str = "/console/report/workbook";

/// All that a city's report is made of.
struct CityReport {
    name: String,
    window: String,
    is_over: bool,
    found: Statistics,
    days: Arc<Vec<Figures>>,
    signed: Vec<BulletinRow>,
}

impl CityReport {
    async fn of(app: &App, slug: &str) -> Result<Self, Error> {
        let found = statistics::of_city(app, slug).await?;
        let states = bulletins::days(app, slug).await?;
        let signed = states.into_iter().rev().flat_map(|state| state.versions);
        Ok(Self {
            name: app.season.city_name(slug),
            window: moment::days(found.opens, found.closes),
            is_over: found.at >= found.closes,
            days: bulletins::figures_of_days(app, slug).await?,
            signed: signed.collect(),
            found,
        })
    }

    fn by_day(&self) -> List {
        let rows = self.days.iter().map(|figures| {
            let day = &figures.of_day;
            [
                figures.nth_day,
                day.n_people,
                day.n_new_people,
                day.n_attempts,
                day.n_passes,
                day.n_new_followers,
                day.n_awards,
            ]
            .into_iter()
            .map(|n| Cell::text(n.to_string()))
            .chain([Cell::text(yuan(day.awarded_fen).replace(',', ""))])
            .collect()
        });
        List::plain(
            "逐日",
            columns([
                ("第几天", Kind::Number),
                ("参与人数", Kind::Number),
                ("本市首次参与", Kind::Number),
                ("交卷", Kind::Number),
                ("通过", Kind::Number),
                ("新增关注", Kind::Number),
                ("红包个数", Kind::Number),
                ("红包金额（元）", Kind::Number),
            ]),
            rows.collect(),
            "还没有开赛。",
        )
    }

    fn money(&self) -> List {
        let lines = self.days.last().map(bulletin::money).unwrap_or_default();
        let rows = lines
            .into_iter()
            .map(|(label, value)| vec![Cell::text(label), Cell::text(value.replace(',', ""))]);
        List::plain(
            "资金（元）",
            columns([("项目", Kind::Text), ("金额", Kind::Number)]),
            rows.collect(),
            "还没有封存红包。",
        )
    }

    fn bulletins(&self) -> List {
        let rows = self.signed.iter().map(|row| {
            vec![
                Cell::text(bulletins::date_of(row.day)),
                Cell::text(row.version.to_string()),
                Cell::text(row.signed_name.as_str()),
                Cell::text(row.digest.as_str()),
            ]
        });
        List::plain(
            "已签发的通报",
            columns([
                ("日期", Kind::Text),
                ("版本", Kind::Number),
                ("签发", Kind::Text),
                ("指纹", Kind::Text),
            ]),
            rows.collect(),
            "还没有签发过通报。",
        )
    }
}

#[derive(Template)]
#[template(path = "console/report.html")]
struct ReportPage {
    frame: Frame,
    title: String,
    lead: String,
    workbook: String,
    is_over: bool,
    /// Sentences that sum it up.
    sentences: Vec<String>,
    /// Headings and tables.
    tables: Vec<(&'static str, List)>,
}

fn city_sentences(report: &CityReport) -> Vec<String> {
    let funnel = &report.found.funnel;
    let mut sentences = vec![
        format!(
            "{}竞赛 {}，共 {} 天。",
            report.name,
            report.window,
            (report.found.closes - report.found.opens).num_days()
        ),
        format!(
            "{} 人交卷 {} 次，其中 {} 人第一次参加本季竞赛；{} 人通过，占 {}。",
            grouped(funnel.n_people),
            grouped(report.found.n_attempts),
            grouped(funnel.n_new_people),
            grouped(funnel.n_passed),
            percent(funnel.n_passed, funnel.n_people)
        ),
        format!(
            "新增关注 {} 人，仍在关注 {} 人。",
            grouped(funnel.n_new_followers),
            grouped(funnel.n_new_following)
        ),
    ];
    if let Some(last) = report.days.last() {
        let sum = &last.so_far;
        let top = if sum.top_awarded {
            "已经发出"
        } else {
            "没有发出"
        };
        sentences.push(format!(
            "发出红包 {} 个，{} 元；奖池 {} 元；100 元红包{top}。",
            grouped(sum.n_awards),
            yuan(sum.awarded_fen),
            yuan(sum.pool_fen)
        ));
        sentences.push(if last.differences.is_empty() {
            "日额度、奖池、红包与分录一致，0 差异。".to_owned()
        } else {
            "账目有差异，还没有查清。".to_owned()
        });
    }
    sentences
}

/// A city's report.
pub(super) async fn city(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
) -> Response {
    let report = match CityReport::of(&app, &city).await {
        Ok(report) => report,
        Err(failed) => return error::answer(&app, Some(&organiser), false, failed),
    };
    frame::personal(&ReportPage {
        frame: Frame::of_city(&app, Some(&organiser), CITY, Some(&city)),
        title: format!("{}竞赛总结", report.name),
        lead: format!("{} 的数字", moment::second(report.found.at)),
        workbook: CITY_BOOK.replace("{city}", &city),
        is_over: report.is_over,
        sentences: city_sentences(&report),
        tables: vec![
            ("逐日", report.by_day()),
            ("参与漏斗", tables::steps(&report.found.funnel)),
            ("各区县", tables::districts(&report.found.districts, None)),
            ("资金（元）", report.money()),
            ("已签发的通报", report.bulletins()),
        ],
    })
}

/// A city's report as a workbook.
pub(super) async fn city_book(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
) -> Response {
    match CityReport::of(&app, &city).await {
        Ok(report) => list::book(
            &format!("{}竞赛总结", report.name),
            &[
                report.by_day(),
                tables::steps(&report.found.funnel),
                tables::districts(&report.found.districts, None),
                tables::hours_list(&report.found.hours),
                report.money(),
                report.bulletins(),
            ],
        ),
        Err(failed) => error::answer(&app, Some(&organiser), false, failed),
    }
}

async fn of_season(app: &App) -> Result<(Arc<SeasonStatistics>, Standing), Error> {
    Ok((
        statistics::of_season(app).await?,
        award::standing(app).await?,
    ))
}

fn without_files(list: List) -> List {
    List {
        files: None,
        ..list
    }
}

fn season_sentences(app: &App, found: &SeasonStatistics, standing: &Standing) -> Vec<String> {
    let sum =
        |what: fn(&statistics::CityLine) -> i64| -> i64 { found.cities.iter().map(what).sum() };
    let mut sentences = vec![
        format!(
            "{} 站接力，各市累计 {} 人次参加，交卷 {} 次。",
            found.cities.len(),
            grouped(sum(|line| line.n_people)),
            grouped(sum(|line| line.n_attempts))
        ),
        format!(
            "其中 {} 人第一次参加本季竞赛；一人在两市答题，按城市计两次。",
            grouped(sum(|line| line.n_new_people))
        ),
        format!(
            "新增关注 {} 人，仍在关注 {} 人，目标 {} 人。",
            grouped(found.n_new_followers),
            grouped(found.n_new_following),
            grouped(statistics::FOLLOWERS_OF_SEASON)
        ),
        format!(
            "发出红包 {} 个，{} 元。",
            grouped(sum(|line| line.n_awards)),
            yuan(sum(|line| line.awarded_fen))
        ),
    ];
    if let Some((outcome, _decided)) = &standing.result {
        let names = outcome
            .winners
            .iter()
            .map(|city| app.season.city_name(city));
        sentences.push(format!(
            "优秀组织奖：{}。",
            names.collect::<Vec<_>>().join("、")
        ));
    }
    sentences
}

/// The season's report.
pub(super) async fn season(State(app): State<Arc<App>>, Signed(organiser): Signed) -> Response {
    let (found, standing) = match of_season(&app).await {
        Ok(found) => found,
        Err(failed) => return error::answer(&app, Some(&organiser), false, failed),
    };
    frame::personal(&ReportPage {
        frame: Frame::of(&app, Some(&organiser), SEASON),
        title: "全省竞赛总结".to_owned(),
        lead: format!("{} 的数字", moment::second(found.at)),
        workbook: SEASON_BOOK.to_owned(),
        is_over: standing.is_over,
        sentences: season_sentences(&app, &found, &standing),
        tables: vec![
            ("各市", without_files(tables::season_list(&app, &found))),
            (
                "优秀组织奖排名",
                without_files(honour::ranking(&app, &standing)),
            ),
        ],
    })
}

/// The season's report as a workbook.
pub(super) async fn season_book(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
) -> Response {
    match of_season(&app).await {
        Ok((found, standing)) => list::book(
            "全省竞赛总结",
            &[
                tables::season_list(&app, &found),
                honour::ranking(&app, &standing),
            ],
        ),
        Err(failed) => error::answer(&app, Some(&organiser), false, failed),
    }
}
