//! What must be in order before a season opens, asked in one go: content, terms, files, clocks, the way to WeChat.
//!
//! Nothing is frozen and nobody is paid: the merchant's credentials are proved by asking for an order that never was.

use std::{cell::LazyCell, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use quiz_core::{QuestionBank, lint::GuessFloor};
use reward_core::{Fen, ReferralPolicy};
use wechat_adapter::official::FetchAccessToken;

use super::{
    Error, audit, payout, planning,
    platform_keys::{self, Renewed},
    sealed, season,
};
use crate::{app::App, rail::Rail, store::season as rows};

/// The least packet of the published rule.
const LEAST_PACKET: Fen = Fen::new(10);
/// A guesser who passes more often than one time in ten makes the pass mark a lottery.
const GUESS_FLOOR_MAX_MILLIONTHS: u32 = 100_000;
/// A bank that is missing so shortly before its city opens stands against it.
const BANK_DUE: TimeDelta = TimeDelta::days(7);
/// How far our clock may be from WeChat's.
const SKEW_MAX: TimeDelta = TimeDelta::seconds(30);
/// A certificate of WeChat's that ends so soon is to be replaced first.
const KEY_ENDS_SOON: TimeDelta = TimeDelta::days(60);
/// How long WeChat may take to answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// What a check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever shows a check shows each of its outcomes"
)]
pub enum Verdict {
    /// In order.
    Good,
    /// Somebody should look at it; the season can open.
    Doubt,
    /// The season must not open so.
    Fault,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was looked at.
    pub subject: String,
    /// What was found.
    pub verdict: Verdict,
    /// In one sentence.
    pub detail: String,
}

fn check(subject: impl Into<String>, verdict: Verdict, detail: impl Into<String>) -> Check {
    Check {
        subject: subject.into(),
        verdict,
        detail: detail.into(),
    }
}

/// Makes every check; a few requests go to WeChat.
///
/// # Errors
/// Fails when the database does.
pub async fn checks(app: &App) -> Result<Vec<Check>, Error> {
    let mut checks = vec![
        simulator(app),
        address(app),
        least_packet(app),
        referral(app),
    ];
    checks.extend(cities(app).await?);
    checks.push(clock(app).await?);
    checks.push(books(app).await?);
    let (token, skew) = account(app).await;
    checks.extend([token, skew]);
    checks.extend(merchant(app).await?);
    Ok(checks)
}

fn simulator(app: &App) -> Check {
    let subject = "WeChat";
    if app.wechat.is_simulated {
        return check(subject, Verdict::Fault, "it is simulated; nobody is paid");
    }
    check(subject, Verdict::Good, "the real one")
}

fn address(app: &App) -> Check {
    let subject = "public address";
    if app.public_url.starts_with("https://") {
        return check(subject, Verdict::Good, app.public_url.clone());
    }
    let detail = format!(
        "{} is not https: WeChat refuses it and cookies are not protected",
        app.public_url
    );
    check(subject, Verdict::Fault, detail)
}

fn least_packet(app: &App) -> Check {
    let least = app.season.rules.bounds().min();
    let detail = format!("{least} yuan");
    if least > LEAST_PACKET {
        let detail = format!(
            "{detail}: the channel pays nothing smaller, the published rule says {LEAST_PACKET}; set merchant.red_packet.scene_id or publish it"
        );
        return check("least packet", Verdict::Doubt, detail);
    }
    check("least packet", Verdict::Good, detail)
}

fn referral(app: &App) -> Check {
    let subject = "chances for bringing friends";
    match app.season.rules.referral() {
        ReferralPolicy::Off => check(subject, Verdict::Good, "off"),
        ReferralPolicy::OnePerNewFollower => check(
            subject,
            Verdict::Doubt,
            "on, as commissioned; WeChat's rules forbid rewards for sharing and may block the account (season.strict = true switches it off)",
        ),
    }
}

async fn cities(app: &App) -> Result<Vec<Check>, Error> {
    let planned = app
        .store
        .read(|read| Ok::<_, Error>(rows::cities(read)?))
        .await?;
    let province = LazyCell::new(|| planning::province_questions(app));
    let now = app.now();
    let mut checks = Vec::new();
    for round in app.season.edition().rounds() {
        let slug = round.city().slug().as_str();
        let opens = round.window().start();
        let subject = format!("city {slug}");
        let bank = match planned.iter().find(|city| city.city == slug) {
            Some(city) => sealed::bank(app, &city.bank)
                .await
                .map(|bank| (bank, "frozen"))
                .map_err(|error| error.to_string()),
            None => planning::bank(app, slug, &province)
                .map(|bank| (Arc::new(bank), "ready to be frozen")),
        };
        checks.push(match bank {
            Err(problem) if round.window().end() <= now => {
                check(subject, Verdict::Doubt, format!("over; {problem}"))
            }
            Err(problem) if opens - now <= BANK_DUE => check(subject, Verdict::Fault, problem),
            Err(problem) => check(subject, Verdict::Doubt, problem),
            Ok((bank, state)) => guessing(app, subject, &bank, state),
        });
    }
    Ok(checks)
}

fn guessing(app: &App, subject: String, bank: &QuestionBank, state: &str) -> Check {
    let millionths = match GuessFloor::of(bank, app.season.draw, app.season.pass_mark) {
        Ok(floor) => floor.millionths(),
        Err(error) => return check(subject, Verdict::Fault, error.to_string()),
    };
    let detail = format!(
        "bank {state}; whoever only guesses passes {}.{:02} % of the time",
        millionths / 10_000,
        millionths % 10_000 / 100
    );
    if millionths > GUESS_FLOOR_MAX_MILLIONTHS {
        return check(subject, Verdict::Doubt, detail);
    }
    check(subject, Verdict::Good, detail)
}

/// Our clock against the instants already decided.
async fn clock(app: &App) -> Result<Check, Error> {
    let latest = app
        .store
        .read(|read| Ok::<_, Error>(rows::latest_decision_ms(read)?))
        .await?;
    let now = app.now();
    if let Some(by) = season::clock_far_off(app).await? {
        let detail = format!(
            "the database's clock is {} ms ahead of this machine's: nothing would be decided here",
            by.num_milliseconds()
        );
        return Ok(check("clock", Verdict::Fault, detail));
    }
    Ok(match latest.map(season::instant) {
        Some(latest) if latest > now => check(
            "clock",
            Verdict::Fault,
            format!("{now} is before {latest}, when this season last decided something"),
        ),
        _ => check("clock", Verdict::Good, format!("{now}")),
    })
}

async fn books(app: &App) -> Result<Check, Error> {
    let violations = audit::violations(app, None).await?;
    Ok(match violations.first() {
        None => check("books", Verdict::Good, "every predicate of the audit holds"),
        Some(first) => check(
            "books",
            Verdict::Fault,
            format!(
                "{} violations, the first: {}: {}",
                violations.len(),
                first.invariant,
                first.detail
            ),
        ),
    })
}

/// The Official Account's credentials, and our clock against WeChat's.
async fn account(app: &App) -> (Check, Check) {
    let (token, skew) = ("account credentials", "clock against WeChat's");
    let request = FetchAccessToken::new().request(&app.wechat.official);
    let answer = tokio::time::timeout(PATIENCE, app.wechat.http.send(request)).await;
    let received = app.now();
    let response = match answer {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => {
            return (
                check(token, Verdict::Fault, error.to_string()),
                unknown(skew),
            );
        }
        Err(_elapsed) => {
            return (
                check(token, Verdict::Fault, "WeChat does not answer"),
                unknown(skew),
            );
        }
    };
    let checked = match FetchAccessToken::parse(&response) {
        Ok(_issued) => check(token, Verdict::Good, "WeChat issues a token"),
        Err(error) => check(token, Verdict::Fault, error.to_string()),
    };
    let theirs = response
        .headers()
        .get(http::header::DATE)
        .and_then(|date| DateTime::parse_from_rfc2822(date.to_str().ok()?).ok());
    let skewed = theirs.map_or_else(
        || unknown(skew),
        |theirs| difference(skew, received - theirs.with_timezone(&Utc)),
    );
    (checked, skewed)
}

fn difference(subject: &str, ahead: TimeDelta) -> Check {
    let seconds = ahead.num_seconds();
    let verdict = if ahead.abs() > SKEW_MAX {
        Verdict::Fault
    } else {
        Verdict::Good
    };
    check(subject, verdict, format!("{seconds} s ahead"))
}

fn unknown(subject: &str) -> Check {
    check(subject, Verdict::Doubt, "WeChat's time is not known")
}

/// The merchant's credentials on each rail it has: an order that never was must be unknown to WeChat.
async fn merchant(app: &App) -> Result<Vec<Check>, Error> {
    let keys = wechat_keys(app).await?;
    let mut checks = vec![check("rail", Verdict::Good, app.season.rail.name())];
    for rail in Rail::ALL {
        let wechat = &app.wechat;
        let is_set_up = match rail {
            Rail::RedPacket => wechat.red_packets.is_some(),
            Rail::Transfer => wechat.pay_v3.is_some(),
        };
        if !is_set_up {
            continue;
        }
        let subject = format!("merchant credentials, {}", rail.name());
        checks.push(match credentials(app, rail).await {
            Ok(()) => check(subject, Verdict::Good, "WeChat Pay answers a query"),
            Err(problem) => check(subject, Verdict::Fault, problem),
        });
    }
    checks.extend(keys);
    Ok(checks)
}

async fn credentials(app: &App, rail: Rail) -> Result<(), String> {
    let question = payout::question_about_nothing(app, rail);
    let question = question.map_err(|error| error.to_string())?;
    match tokio::time::timeout(PATIENCE, app.wechat.pay_http.send(question)).await {
        Ok(Ok(response)) => payout::knows_nothing(app, rail, &response),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_elapsed) => Err("WeChat Pay does not answer".to_owned()),
    }
}

/// Until when WeChat's keys can be believed; a public key does not end.
async fn wechat_keys(app: &App) -> Result<Vec<Check>, Error> {
    let Some(v3) = &app.wechat.pay_v3 else {
        return Ok(Vec::new());
    };
    let mut checks = vec![downloads(app).await?];
    let (ring, now) = (platform_keys::ring(app, v3), app.now());
    let lasts =
        |until: Option<DateTime<Utc>>| until.is_none_or(|until| until - now >= KEY_ENDS_SOON);
    let is_covered = ring.serials().any(|(_serial, until)| lasts(until));
    for (serial, until) in ring.serials() {
        let subject = format!("key of WeChat's {serial}");
        let (verdict, detail) = match until {
            None => (Verdict::Good, "does not end".to_owned()),
            Some(until) if lasts(Some(until)) => (Verdict::Good, format!("ends {until}")),
            Some(until) if is_covered => (Verdict::Good, format!("ends {until}; another is there")),
            Some(until) if until <= now => (Verdict::Fault, format!("ended {until}")),
            Some(until) => (Verdict::Doubt, format!("ends {until}")),
        };
        checks.push(check(subject, verdict, detail));
    }
    if checks.len() == 1 {
        let nobody = "there is none: no answer of WeChat Pay's could be believed";
        checks.push(check("keys of WeChat's", Verdict::Fault, nobody));
    }
    Ok(checks)
}

/// Whether platform certificates come by themselves.
async fn downloads(app: &App) -> Result<Check, Error> {
    let subject = "platform certificates";
    let again = async |when: &str| {
        let outlook = platform_keys::outlook(app).await?;
        let last = outlook.and_then(|outlook| outlook.downloaded);
        let last = last.map_or_else(|| "never".to_owned(), |last| last.to_string());
        Ok::<_, Error>(format!("{when}; last {last}"))
    };
    Ok(match platform_keys::keep_up(app).await? {
        Renewed::NotWanted => check(
            subject,
            Verdict::Good,
            "none are downloaded: WeChat signs by its public key",
        ),
        Renewed::NotDue => check(
            subject,
            Verdict::Good,
            again("downloaded twice a day").await?,
        ),
        Renewed::Downloaded { n_new } => {
            let detail = format!("downloaded now, {n_new} new");
            check(subject, Verdict::Good, detail)
        }
        Renewed::Failed(problem) => {
            let detail = again(&format!("cannot be downloaded: {problem}")).await?;
            check(subject, Verdict::Fault, detail)
        }
    })
}
