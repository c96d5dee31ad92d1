//! What is on in a city: its page, the wall screen, and the stream that keeps both up to date.

use std::{convert::Infallible, sync::Arc, time::Duration};

use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::{
        IntoResponse as _, Redirect, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::stream;
use serde::Deserialize;

use super::{
    bulletin,
    chart::{Bars, Hours},
    error,
    form::Form,
    frame::{Frame, city_or_own},
    gate::Signed,
    list::{Cell, Kind, List, columns},
    table::{self, Scope},
    wording,
};
use crate::{
    app::App,
    contest::{
        merchant_balance::{self, Balance},
        organiser::{Error, Organiser, Refused, sign_in},
        overview::{self, FOLLOWERS_OF_CITY, FOLLOWERS_OF_DISTRICT, Health, Numbers, Snapshot},
    },
    metrics::Recent,
    web::{frame, moment},
};

/// The page of a city.
pub(super) const PAGE: &str = "/console/cities/{city}";
/// Its wall screen.
pub(super) const WALL: &str = "/console/cities/{city}/wall";
/// Its stream.
pub(super) const LIVE: &str = "/console/cities/{city}/live";
/// When a browser comes back after the stream was cut.
const RETRY: Duration = Duration::from_secs(5);
/// Answers that take longer are worth a look.
const SLOW_MS: u64 = 1_000;
/// After so many events the session is looked at again.
const SESSION_EVERY: u32 = 15;

/// The front page: the organiser's city, or the one that is open.
pub(super) async fn home(State(app): State<Arc<App>>, Signed(organiser): Signed) -> Redirect {
    Redirect::to(&PAGE.replace("{city}", &city_or_own(&app, &organiser, None)))
}

/// What the city switch sends.
#[derive(Deserialize)]
pub(super) struct Switched {
    #[serde(default)]
    page: String,
    #[serde(default)]
    city: String,
}

/// Leads to the same page of another city.
pub(super) async fn switch(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Query(switched): Query<Switched>,
) -> Response {
    let known = table::page(&switched.page).filter(|entry| entry.scope == Scope::City);
    let mut cities = app.season.province.cities().iter();
    let is_city = cities.any(|city| city.slug().as_str() == switched.city);
    match known {
        Some(entry) if is_city => {
            Redirect::to(&entry.path.replace("{city}", &switched.city)).into_response()
        }
        _ => error::answer(&app, Some(&organiser), false, Refused::NotFound.into()),
    }
}

/// A number with what it is measured against.
struct Tile {
    label: &'static str,
    figure: String,
    unit: &'static str,
    /// Hundredths of its target, at most 100.
    share: Option<i64>,
    note: String,
    tone: &'static str,
}

/// Something that wants a person, as a sentence with the next step.
struct Alarm {
    tone: &'static str,
    what: String,
    next: &'static str,
}

/// The part of the page that changes.
#[derive(Template)]
#[template(path = "console/live.html")]
struct LiveView<'a> {
    now: &'a Snapshot,
    city: String,
    phase: String,
    stamp: String,
    alarms: Vec<Alarm>,
    tiles: Vec<Tile>,
    hours: Hours,
    bars: Bars,
    district_target: i64,
    latest: List,
    /// Label, value and tone.
    facts: Vec<(&'static str, String, &'static str)>,
}

impl<'a> LiveView<'a> {
    fn of(app: &App, now: &'a Snapshot) -> Self {
        let districts: Vec<(String, i64)> = now
            .districts
            .iter()
            .map(|(name, n_new, _n_following)| (name.clone(), *n_new))
            .collect();
        Self {
            city: app.season.city_name(&now.city),
            phase: phase(now),
            stamp: format!("{} 的数字", moment::second(now.at)),
            alarms: alarms(now),
            tiles: tiles(now),
            hours: Hours::new("交卷与拆红包（按小时）", ["交卷", "拆红包"], &now.hours),
            bars: Bars::new("各区县新增关注", FOLLOWERS_OF_DISTRICT, &districts),
            district_target: FOLLOWERS_OF_DISTRICT,
            latest: latest(now),
            facts: facts(now),
            now,
        }
    }
}

fn phase(now: &Snapshot) -> String {
    let n_days = (now.closes - now.opens).num_days();
    if now.at < now.opens {
        format!("{} 开赛", moment::minute(now.opens))
    } else if now.at >= now.closes {
        format!("已于 {} 结束，下面是最后一天", moment::end(now.closes))
    } else {
        format!("第 {} 天（共 {n_days} 天）", now.day)
    }
}

fn alarms(now: &Snapshot) -> Vec<Alarm> {
    let mut alarms = Vec::new();
    for paused in &now.pauses {
        let subject = wording::subject(paused.subject);
        alarms.push(Alarm {
            tone: "warn",
            what: format!("{subject}已暂停，参赛人看到：“{}”", paused.sentence),
            next: "处理完以后，请在“暂停与恢复”里恢复。",
        });
    }
    if !now.bank.is_ready() && now.at < now.closes {
        let is_late = now.at >= now.opens;
        alarms.push(Alarm {
            tone: "bad",
            what: if is_late {
                "题库未就绪：开赛时间已到，但没有题库，还不能开赛。".to_owned()
            } else {
                "题库未就绪：到时不能开赛。".to_owned()
            },
            next: "请城市编辑在“题库”里上传题目并提交，由内容审核人批准；批准后到了封存的日子即封存红包。",
        });
    }
    alarms.extend(now.health.clock_off_ms.map(clock_alarm));
    alarms.extend(money_alarms(&now.health));
    alarms
}

fn clock_alarm(off_ms: i64) -> Alarm {
    Alarm {
        tone: "bad",
        what: format!(
            "这台服务器的时钟比数据库{}。",
            if off_ms > 0 {
                format!("慢 {off_ms} 毫秒")
            } else {
                format!("快 {} 毫秒", off_ms.unsigned_abs())
            }
        ),
        next: "它现在什么也决定不了，请技术人员启用 NTP 对时；别的服务器照常。",
    }
}

fn money_alarms(health: &Health) -> Vec<Alarm> {
    let mut alarms = Vec::new();
    if let Some(last) = health
        .balance
        .last
        .filter(|_last| health.balance.is_short())
    {
        alarms.push(Alarm {
            tone: "bad",
            what: format!(
                "按 {} 的账单，商户号余额可能不够今明两天要发的 {} 元。",
                merchant_balance::day(last.day),
                yuan(health.balance.next_days_fen)
            ),
            next: "请财务看“预算与账目”全省页，今天充值；账单之后充的钱，下一份账单收入后才算进来。",
        });
    }
    if let Some(reason) = &health.rail_paused {
        alarms.push(Alarm {
            tone: "bad",
            what: format!("发放通道已暂停（{reason}）。"),
            next: "已获得的红包都保留着，不会重复付款；请财务查看原因后恢复通道。",
        });
    }
    if health.n_incidents > 0 {
        alarms.push(Alarm {
            tone: "bad",
            what: format!("{} 件账务差异要人处理。", health.n_incidents),
            next: "请财务经办写明情况，由财务复核批准。",
        });
    }
    let unsure: i64 = health
        .payments
        .iter()
        .filter(|(state, _n)| state == "unknown")
        .map(|(_state, n)| n)
        .sum();
    if unsure > 0 {
        alarms.push(Alarm {
            tone: "warn",
            what: format!("{unsure} 笔红包发放待确认。"),
            next: "系统在自动查单，不会重复付款。",
        });
    }
    alarms
}

fn share(count: i64, target: i64) -> Option<i64> {
    (target > 0).then(|| count.saturating_mul(100).div_euclid(target).clamp(0, 100))
}

fn tiles(now: &Snapshot) -> Vec<Tile> {
    let mut tiles = vec![
        Tile {
            label: "今日参与人数",
            figure: grouped(now.n_people_of_day),
            unit: "人",
            share: None,
            note: now.n_people_of_day_before.map_or_else(
                || "第一天，还没有可比的昨日".to_owned(),
                |before| format!("昨日同时 {}", grouped(before)),
            ),
            tone: "",
        },
        Tile {
            label: "新增关注（全市）",
            figure: grouped(now.n_new_followers),
            unit: "人",
            share: share(now.n_new_followers, FOLLOWERS_OF_CITY),
            note: format!(
                "目标 {} · 仍在关注 {}",
                grouped(FOLLOWERS_OF_CITY),
                grouped(now.n_new_following)
            ),
            tone: "",
        },
    ];
    if let Some(money) = &now.money {
        let left = money.cap_fen.saturating_sub(money.used_of_day_fen);
        tiles.push(Tile {
            label: "今日已发红包",
            figure: yuan(money.used_of_day_fen),
            unit: "元",
            share: share(money.used_of_day_fen, money.cap_fen),
            note: format!("上限 {} · 还剩 {}", yuan(money.cap_fen), yuan(left)),
            tone: "",
        });
        let top = if money.top_awarded {
            "100 元红包已发出"
        } else {
            "100 元红包还没有发出"
        };
        tiles.push(Tile {
            label: "全市奖池",
            figure: yuan(money.used_fen),
            unit: "元已发",
            share: share(money.used_fen, money.pool_fen),
            note: format!("总额 {} · {top}", yuan(money.pool_fen)),
            tone: "",
        });
    }
    let passes = if now.n_attempts > 0 {
        format!(
            "通过 {} 次（{}%）",
            grouped(now.n_passes),
            now.n_passes.saturating_mul(100).div_euclid(now.n_attempts)
        )
    } else {
        "通过 无数据".to_owned()
    };
    tiles.push(answering(&now.health.recent));
    tiles.push(Tile {
        label: "累计交卷",
        figure: grouped(now.n_attempts),
        unit: "次",
        share: None,
        note: format!("参与 {} 人 · {passes}", grouped(now.n_people)),
        tone: "",
    });
    tiles
}

/// How many draw papers now, and how long 99 of 100 answers take at most.
fn answering(recent: &Recent) -> Tile {
    let count = |n: u64| grouped(i64::try_from(n).unwrap_or(i64::MAX));
    let (note, tone) = match (recent.n_answered, recent.p99_ms) {
        (0, _) => ("本机还没有人访问".to_owned(), ""),
        (_, Some(p99_ms)) => {
            let tone = if p99_ms > SLOW_MS { "warn" } else { "" };
            (
                format!("p99 ≤ {} 毫秒 · 本机近 5 分钟", count(p99_ms)),
                tone,
            )
        }
        (_, None) => ("p99 超过 2.5 秒 · 本机近 5 分钟".to_owned(), "bad"),
    };
    Tile {
        label: "正在答题",
        figure: count(recent.n_papers),
        unit: "份新题",
        share: None,
        note,
        tone,
    }
}

fn latest(now: &Snapshot) -> List {
    let rows = now.latest.iter().map(|packet| {
        let (state, tone) = wording::payment_state(&packet.state);
        vec![
            Cell::text(moment::time(packet.at)),
            Cell::text(packet.person.as_str()),
            Cell::text(yuan(packet.amount_fen)),
            Cell::chip(state, tone),
            Cell::text(packet.bill_number.as_str()),
        ]
    });
    List::plain(
        "最近的红包",
        columns([
            ("时间", Kind::Text),
            ("用户", Kind::Id),
            ("金额（元）", Kind::Number),
            ("状态", Kind::Chip),
            ("微信单号", Kind::Id),
        ]),
        rows.collect(),
        "还没有人拆红包。答对 5 题就可以拆。",
    )
}

fn facts(now: &Snapshot) -> Vec<(&'static str, String, &'static str)> {
    let health = &now.health;
    let under_way: i64 = health.payments.iter().map(|(_state, n)| n).sum();
    let compared = |found: &Option<(chrono::DateTime<chrono::Utc>, i64)>, word: &str| match found {
        None => ("还没有做过".to_owned(), "warn"),
        Some((at, 0)) => (format!("{} · 0 {word}", moment::minute(*at)), "good"),
        Some((at, n)) => (format!("{} · {n} {word}", moment::minute(*at)), "bad"),
    };
    let (reconciled, reconciled_tone) = compared(&health.reconciled, "差异");
    let (audited, audited_tone) = compared(&health.audited, "违反");
    vec![
        (
            "微信支付",
            match (&health.rail_paused, under_way) {
                (Some(_reason), _) => "已暂停".to_owned(),
                (None, 0) => "正常 · 没有在途".to_owned(),
                (None, n) => format!("正常 · {n} 笔在途"),
            },
            if health.rail_paused.is_some() {
                "bad"
            } else {
                "good"
            },
        ),
        balance_fact(&health.balance),
        ("账实核对", reconciled, reconciled_tone),
        ("全库复算", audited, audited_tone),
        ("审计日志", format!("{} 条", grouped(health.n_events)), ""),
        (
            "下一次切换",
            health.next.as_ref().map_or_else(
                || "没有下一站".to_owned(),
                |(city, at)| format!("{} → {city}", moment::minute(*at)),
            ),
            "",
        ),
    ]
}

/// Whether the merchant's account lasts; how much it holds is finance's to see.
fn balance_fact(balance: &Balance) -> (&'static str, String, &'static str) {
    let (value, tone) = match balance.last {
        None => ("无数据，还没有账单", "warn"),
        Some(_bill) if balance.is_short() => ("可能不够今明两天", "bad"),
        Some(_bill) => ("够今明两天", "good"),
    };
    ("商户号余额", value.to_owned(), tone)
}

fn live_html(app: &App, now: &Snapshot) -> String {
    LiveView::of(app, now).render().unwrap_or_else(|error| {
        tracing::error!(%error, "the overview could not be rendered");
        String::new()
    })
}

#[derive(Template)]
#[template(path = "console/overview.html")]
struct OverviewPage {
    frame: Frame,
    path: String,
    live: String,
    /// Counts today for its bulletin, for whoever speaks for the city while it is open.
    bulletin: Option<Form>,
}

#[derive(Template)]
#[template(path = "console/wall.html")]
struct WallPage {
    frame: Frame,
    path: String,
    city: String,
    live: String,
}

async fn shown(app: &App, organiser: &Organiser, city: &str) -> Result<String, Response> {
    match overview::latest(app, city).await {
        Ok(now) => Ok(live_html(app, &now)),
        Err(failed) => Err(error::answer(app, Some(organiser), false, failed)),
    }
}

/// A city's page.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
) -> Response {
    match shown(&app, &organiser, &city).await {
        Ok(live) => {
            let frame = Frame::of_city(&app, Some(&organiser), PAGE, Some(&city));
            let count = bulletin::COUNT.replace("{city}", &city);
            let may_count = bulletin::may_sign(&organiser) && bulletin::has_begun(&app, &city);
            frame::personal(&OverviewPage {
                path: PAGE.replace("{city}", &city),
                live,
                bulletin: may_count.then(|| Form::new(&frame, count, "生成今日通报", Vec::new())),
                frame,
            })
        }
        Err(answer) => answer,
    }
}

/// The same for a screen on the wall.
pub(super) async fn wall(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
) -> Response {
    match shown(&app, &organiser, &city).await {
        Ok(live) => frame::personal(&WallPage {
            frame: Frame::of_city(&app, Some(&organiser), WALL, Some(&city)),
            path: PAGE.replace("{city}", &city),
            city: app.season.city_name(&city),
            live,
        }),
        Err(answer) => answer,
    }
}

/// An open stream of one viewer.
struct Viewer {
    app: Arc<App>,
    session: String,
    numbers: Numbers,
    n_sent: u32,
}

/// The part that changes, whenever its numbers are made anew; ends with the session.
pub(super) async fn live(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
) -> Response {
    let viewer = Viewer {
        numbers: overview::follow(&app, &city),
        session: organiser.session,
        n_sent: 0,
        app,
    };
    let events = stream::unfold(viewer, |mut viewer| async move {
        let event = viewer.next().await?;
        Some((Ok::<_, Infallible>(event), viewer))
    });
    Sse::new(events)
        .keep_alive(KeepAlive::default())
        .into_response()
}

impl Viewer {
    async fn next(&mut self) -> Option<Event> {
        loop {
            self.numbers.changed().await.ok()?;
            let now = self.numbers.borrow_and_update().clone();
            if self.n_sent.is_multiple_of(SESSION_EVERY) && !self.is_welcome().await {
                return None;
            }
            self.n_sent = self.n_sent.wrapping_add(1);
            if let Some(now) = now {
                let html = live_html(&self.app, &now);
                return Some(Event::default().event("live").retry(RETRY).data(html));
            }
        }
    }

    /// Whether the session lasts; looking on is no use of it.
    async fn is_welcome(&self) -> bool {
        let session = sign_in::session_of_hash(&self.app, self.session.clone(), false).await;
        // A database that is away for a moment ends no session.
        matches!(session, Ok(Some(_)) | Err(Error::Failed(_)))
    }
}

/// Whole fen as yuan with two decimals.
pub(super) fn yuan(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    let fen = fen.unsigned_abs();
    let whole = i64::try_from(fen / 100).unwrap_or(i64::MAX);
    format!("{sign}{}.{:02}", grouped(whole), fen % 100)
}

/// A count with a comma after every three digits.
pub(super) fn grouped(count: i64) -> String {
    let digits = count.unsigned_abs().to_string();
    let mut text = String::new();
    for (nth, digit) in digits.chars().enumerate() {
        if nth > 0 && (digits.len() - nth).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if count < 0 { format!("-{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_and_counts_are_grouped_by_three() {
        assert_eq!(yuan(509_960), "5,099.60");
        assert_eq!(yuan(7), "0.07");
        assert_eq!(yuan(-100), "-1.00");
        for (count, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (-1_234_567, "-1,234,567"),
        ] {
            assert_eq!(grouped(count), text);
        }
    }
}
