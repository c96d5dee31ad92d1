//! `/`: what is on, what can still be won, and the button that starts.

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    extract::{Path, Query, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
    routing::get,
};
use chrono::{DateTime, Utc};
use reward_core::{Fen, MoneyState};
use serde::Deserialize;

use super::{
    assets::ASSETS,
    city::Hero,
    error::PageError,
    frame::{self, Frame, TextSize},
    moment,
    qr_code::QrCode,
    session::{self, Visitor},
    share::{self, Profile},
    wording,
};
use crate::{
    app::App,
    contest::{
        pause::Subject,
        records::{self, Records},
        season::{self, CityStage, Money, MoneyBand, MoneyShown, MoneyTold, Stage, StationState},
    },
};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(landing))
        .route("/status", get(status))
        .route("/text-size/{size}", get(text_size))
}

/// What the button of the ticket does.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Action {
    Start,
    /// The page's own code, for whoever is not in WeChat.
    Scan(String),
    /// A city's page, and a calendar file that reminds of its opening.
    City(String),
    Rules,
    Stations,
    Summary,
}

/// The ticket in the middle of the page.
struct Ticket {
    city: Option<TicketCity>,
    headline: &'static str,
    chip: &'static str,
    chip_class: &'static str,
    countdown: Option<Countdown>,
    money: Option<TicketMoney>,
    sentences: Vec<String>,
    action: Action,
    /// Whether cities have closed, and their results are offered beside the button.
    has_results: bool,
}

impl Ticket {
    /// Outside WeChat nobody can answer, so the button becomes the code that opens this page there.
    fn for_visitor(self, app: &App, visitor: &Visitor) -> Self {
        if visitor.in_wechat || self.action != Action::Start {
            return self;
        }
        match QrCode::of(&format!("{}/", app.public_url)) {
            Some(code) => Self {
                action: Action::Scan(code.svg("本页的二维码")),
                ..self
            },
            None => self,
        }
    }
}

struct TicketCity {
    ordinal: u16,
    name: String,
    place: &'static str,
}

struct TicketMoney {
    label: &'static str,
    text: String,
    /// How much of the bar is full, and its length.
    level: u64,
    most: u64,
}

/// A countdown on the server's clock; the numbers are right when script is off.
struct Countdown {
    label: &'static str,
    phase: String,
    now_ms: i64,
    until_ms: i64,
    days: i64,
    hours: String,
    minutes: String,
    seconds: String,
}

impl Countdown {
    fn new(label: &'static str, phase: String, now: DateTime<Utc>, until: DateTime<Utc>) -> Self {
        let left = until.signed_duration_since(now);
        let two = |number: i64| format!("{number:02}");
        Self {
            label,
            phase,
            now_ms: now.timestamp_millis(),
            until_ms: until.timestamp_millis(),
            days: left.num_days(),
            hours: two(left.num_hours() % 24),
            minutes: two(left.num_minutes() % 60),
            seconds: two(left.num_seconds() % 60),
        }
    }
}

/// A person's three numbers.
struct Mine {
    chances: usize,
    best: u16,
    third: usize,
    third_label: &'static str,
}

struct Showcase {
    slug: String,
    name: String,
    tagline: String,
    hero: Hero,
}

struct StationLine {
    ordinal: u16,
    slug: String,
    name: String,
    dates: String,
    state: &'static str,
    class: &'static str,
}

#[derive(Template)]
#[template(path = "landing.html")]
struct Landing {
    frame: Frame,
    landing_css: &'static str,
    province: String,
    n_questions: u16,
    pass_mark: u16,
    ticket: Ticket,
    mine: Option<Mine>,
    showcase: Option<Showcase>,
    stations: Vec<StationLine>,
    /// For whoever does not follow yet.
    follow: Option<FollowSheet>,
    card_title: &'static str,
    card_line: String,
}

/// The half-screen sheet with the account's code.
pub(super) struct FollowSheet {
    /// Whether the page begins with it.
    is_open: bool,
    /// Whether the person has said that he follows, and WeChat says that he does not.
    asked: bool,
    qr: Option<String>,
}

impl FollowSheet {
    /// A sheet that waits for the button.
    fn shut(app: &App) -> Self {
        let code = app.wechat.follow_url.as_deref().and_then(QrCode::of);
        Self {
            is_open: false,
            asked: false,
            qr: code.map(|code| code.svg("公众号二维码")),
        }
    }

    /// A sheet with which the page begins.
    pub(super) fn open(app: &App, asked: bool) -> Self {
        Self {
            is_open: true,
            asked,
            ..Self::shut(app)
        }
    }
}

async fn landing(State(app): State<Arc<App>>, visitor: Visitor) -> Result<Response, PageError> {
    page(&app, &visitor, None).await
}

/// The landing page, beginning with a sheet if there is one.
pub(super) async fn page(
    app: &App,
    visitor: &Visitor,
    sheet: Option<FollowSheet>,
) -> Result<Response, PageError> {
    let stage = season::stage(app).await?;
    let records = match &visitor.person {
        Some(person) => Some(records::records(app, person).await?),
        None => None,
    };
    // The notice about personal data comes first.
    let may_not_start = records
        .as_ref()
        .is_some_and(|records| records.consented && !records.following);
    let is_personal = visitor.person.is_some() || sheet.is_some() || app.wechat.is_simulated;
    let page = Landing {
        landing_css: &ASSETS.landing_css.text,
        frame: Frame::of(app, visitor),
        province: app.season.province.name().to_owned(),
        n_questions: app.season.n_questions(),
        pass_mark: app.season.pass_mark.right(),
        ticket: ticket(&stage, app.season.money_shown).for_visitor(app, visitor),
        showcase: showcase(app, &stage),
        stations: stage.stations.iter().map(station).collect(),
        card_title: share::CARD_TITLE,
        card_line: share::card_line(app.season.n_questions()),
        mine: records.map(|records| mine(app, &records)),
        follow: sheet.or_else(|| may_not_start.then(|| FollowSheet::shut(app))),
    };
    if is_personal {
        Ok(frame::personal(&page))
    } else {
        Ok(frame::rendered(&page, "private, max-age=5"))
    }
}

fn mine(app: &App, records: &Records) -> Mine {
    let referral_on = Profile::of(&app.season).rewards_friends();
    Mine {
        chances: records.n_chances_open,
        best: records.best_score,
        third: if referral_on {
            records.n_invited
        } else {
            records.packets.len()
        },
        third_label: if referral_on {
            "邀请好友"
        } else {
            "红包"
        },
    }
}

fn ticket(stage: &Stage, shown: MoneyShown) -> Ticket {
    if let Some(city) = &stage.current {
        return match city.paused(Subject::Quiz) {
            Some(sentence) => paused(city, sentence),
            None => open(stage, city, shown),
        };
    }
    match &stage.next {
        Some(next) => {
            let until = if stage.before_first && !next.preheat {
                "距首站开赛"
            } else {
                "距开赛"
            };
            let until = Countdown::new(until, phase(stage), stage.now, next.opens);
            let ordinal = stage
                .stations
                .iter()
                .find(|station| station.slug == next.slug)
                .map_or(1, |station| station.ordinal);
            Ticket {
                city: Some(TicketCity {
                    ordinal,
                    name: next.name.clone(),
                    place: "下一站",
                }),
                headline: "",
                chip: if next.preheat {
                    "预热中"
                } else {
                    "即将开始"
                },
                chip_class: "",
                countdown: Some(until),
                money: None,
                sentences: waiting(stage, next),
                action: if next.preheat {
                    Action::City(next.slug.clone())
                } else {
                    Action::Stations
                },
                has_results: !stage.before_first,
            }
        }
        None => Ticket {
            city: None,
            headline: "全省接力圆满结束",
            chip: "已结束",
            chip_class: "chip-off",
            countdown: None,
            money: None,
            sentences: vec!["感谢每一位参与者。成绩、解析和红包记录一直可以查看。".to_owned()],
            action: Action::Summary,
            has_results: false,
        },
    }
}

/// What is said while no city is open and one is to come.
fn waiting(stage: &Stage, next: &season::NextCity) -> Vec<String> {
    let last = stage
        .stations
        .iter()
        .rfind(|station| station.state == StationState::Past);
    let mut sentences = vec![format!("{} 开赛", moment::minute(next.opens))];
    if let Some(last) = last {
        sentences.push(format!(
            "上一站{}已经结束，成绩和红包记录都在“我的竞答”里",
            last.name
        ));
    }
    sentences
}

fn ticket_city(city: &CityStage) -> Option<TicketCity> {
    Some(TicketCity {
        ordinal: city.ordinal,
        name: city.name.clone(),
        place: "本周赛区",
    })
}

fn paused(city: &CityStage, sentence: &str) -> Ticket {
    Ticket {
        city: ticket_city(city),
        headline: "",
        chip: "暂停",
        chip_class: "chip-off",
        countdown: None,
        money: None,
        sentences: [sentence.to_owned()]
            .into_iter()
            .chain(pauses(city))
            .collect(),
        action: Action::Rules,
        has_results: false,
    }
}

/// What else of the city stands still, each with the organiser's sentence.
fn pauses(city: &CityStage) -> impl Iterator<Item = String> {
    let pauses = city.pauses.iter();
    pauses
        .filter(|paused| paused.subject != Subject::Quiz)
        .map(|paused| format!("{}：{}", wording::paused(paused.subject), paused.sentence))
}

fn open(stage: &Stage, city: &CityStage, shown: MoneyShown) -> Ticket {
    let mut sentences: Vec<String> = money_sentence(&city.money).into_iter().collect();
    sentences.extend(pauses(city));
    if let Some(next) = stage.next.as_ref().filter(|next| next.preheat) {
        sentences.push(format!(
            "下一站 {} {}开赛",
            next.name,
            moment::day(next.opens)
        ));
    }
    Ticket {
        city: ticket_city(city),
        headline: "",
        chip: "竞赛进行中",
        chip_class: "chip-live",
        countdown: Some(Countdown::new(
            "距结束",
            phase(stage),
            stage.now,
            city.closes,
        )),
        money: money(city.money.told(shown)),
        sentences,
        action: Action::Start,
        has_results: false,
    }
}

/// What is left of the day, as far as the season tells it.
fn money(told: MoneyTold) -> Option<TicketMoney> {
    let rough = |text: &str, level| {
        Some(TicketMoney {
            label: "今日红包",
            text: text.to_owned(),
            level,
            most: 3,
        })
    };
    match told {
        MoneyTold::Band(MoneyBand::Plenty) => rough("充足", 3),
        MoneyTold::Band(MoneyBand::OverHalf) => rough("过半", 2),
        MoneyTold::Band(MoneyBand::Little) => rough("不多", 1),
        MoneyTold::Exact { left_fen, cap_fen } => Some(TicketMoney {
            label: "今日红包还剩",
            text: format!("{} 元", Fen::new(left_fen)),
            level: left_fen,
            most: cap_fen,
        }),
        MoneyTold::Band(MoneyBand::None) | MoneyTold::Nothing => None,
    }
}

fn money_sentence(money: &Money) -> Option<String> {
    match money.state {
        MoneyState::Available => None,
        MoneyState::NotReleasedUntil(at) => Some(format!(
            "这一批红包已领完，下一批 {} 放出",
            moment::minute(at)
        )),
        MoneyState::DayExhausted { .. } => Some("今日红包已发完，明日 00:00 继续".to_owned()),
        MoneyState::CityExhausted => Some("本市红包已全部发完，感谢参与".to_owned()),
    }
}

/// One word and the city: what a waiting page watches for a change.
fn phase(stage: &Stage) -> String {
    match (&stage.current, &stage.next) {
        (Some(city), _) => format!("contest {}", city.slug),
        (None, Some(next)) => format!("waiting {}", next.slug),
        (None, None) => "after".to_owned(),
    }
}

fn showcase(app: &App, stage: &Stage) -> Option<Showcase> {
    let current = stage.current.as_ref().map(|city| city.slug.as_str());
    let slug = current.or(stage.next.as_ref().map(|next| next.slug.as_str()))?;
    let content = app.content.city(slug)?;
    Some(Showcase {
        slug: slug.to_owned(),
        name: content.name.clone(),
        tagline: content.tagline.clone(),
        hero: Hero::of(slug, Some(content)),
    })
}

fn station(station: &season::Station) -> StationLine {
    let (state, class) = match station.state {
        StationState::Past => ("已结束", "past"),
        StationState::Current => ("进行中", "on"),
        StationState::Next => ("下一站", ""),
        StationState::Later => ("待开赛", ""),
    };
    StationLine {
        ordinal: station.ordinal,
        slug: station.slug.clone(),
        name: station.name.clone(),
        dates: moment::days(station.opens, station.closes),
        state,
        class,
    }
}

/// A few bytes for pages that wait for the opening.
async fn status(State(app): State<Arc<App>>) -> Result<Response, PageError> {
    let stage = season::stage(&app).await?;
    let headers = [(header::CACHE_CONTROL, "no-store")];
    Ok((headers, phase(&stage)).into_response())
}

#[derive(Deserialize)]
struct Back {
    #[serde(default)]
    back: String,
}

async fn text_size(
    State(app): State<Arc<App>>,
    Path(size): Path<String>,
    Query(query): Query<Back>,
    headers: HeaderMap,
) -> Response {
    session::remember_size(&app, &headers, TextSize::of_word(&size), &query.back)
}
