//! What must be in order before a season opens, asked in one go: content, terms, files, clocks, money, the way to WeChat.
//!
//! Nothing is frozen and nobody is paid: the merchant's credentials are proved by asking for an order that never was.
//! The command and the console's page say the same, in the same words.
//!
//! | file | what it looks at |
//! |---|---|
//! | `terms` | what was configured: test flags, address, least packet, friends, quiet hours, texts, age of the merchant, files |
//! | `state` | what the database holds: banks, accounts, clock, books, money, backups |
//! | `wechat` | what WeChat answers, and our own address: token, clock, credentials, certificates, callback |

mod state;
mod terms;
mod wechat;

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};

use super::Error;
use crate::{app::App, store::audit};

pub use wechat::{Certificate, Part, certificates};

/// How long somebody else may take to answer.
const PATIENCE: Duration = Duration::from_secs(15);
/// For how long a report is shown before it is made anew by itself.
const FRESH: TimeDelta = TimeDelta::minutes(10);

/// What a check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever shows a check shows each of its outcomes"
)]
pub enum Verdict {
    /// In order.
    Good,
    /// It could not be found out; a person has to look.
    Unknown,
    /// Somebody should look at it; the season can open.
    Doubt,
    /// The season must not open so.
    Fault,
}

impl Verdict {
    /// Every verdict, the worst first.
    pub const ALL: [Self; 4] = [Self::Fault, Self::Doubt, Self::Unknown, Self::Good];

    /// The stable word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Unknown => "unknown",
            Self::Doubt => "warn",
            Self::Fault => "fail",
        }
    }
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The stable word for what was looked at, such as `bank.nanjing`.
    pub name: String,
    /// What was looked at, for people.
    pub title: String,
    /// What was found.
    pub verdict: Verdict,
    /// In one sentence.
    pub detail: String,
    /// What to do now; empty when there is nothing to do.
    pub next: String,
}

/// What a check is about, before anything was found.
struct About {
    name: String,
    title: String,
}

fn about(name: impl Into<String>, title: impl Into<String>) -> About {
    About {
        name: name.into(),
        title: title.into(),
    }
}

impl About {
    /// It is in order.
    fn good(self, detail: impl Into<String>) -> Check {
        self.found(Verdict::Good, detail, "")
    }

    /// It is not, and this comes next.
    fn found(self, verdict: Verdict, detail: impl Into<String>, next: impl Into<String>) -> Check {
        Check {
            name: self.name,
            title: self.title,
            verdict,
            detail: detail.into(),
            next: next.into(),
        }
    }
}

/// All checks of one instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// When they were made.
    pub at: DateTime<Utc>,
    /// The checks, in the order in which they are read.
    pub checks: Vec<Check>,
}

impl Report {
    /// How many checks found this.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        let checks = self.checks.iter();
        checks.filter(|check| check.verdict == verdict).count()
    }
}

/// How much of the books is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// Every row is counted again.
    Recount,
    /// What the night's recount came to.
    Nightly,
}

/// Makes every check and counts the books again; a few requests go to WeChat.
///
/// # Errors
/// Fails when the database does.
pub async fn checks(app: &App) -> Result<Vec<Check>, Error> {
    all(app, Depth::Recount).await
}

async fn all(app: &App, depth: Depth) -> Result<Vec<Check>, Error> {
    let mut checks = terms::checks(app);
    checks.extend(state::checks(app, depth).await?);
    checks.extend(wechat::checks(app).await?);
    Ok(checks)
}

/// The latest report of this process, or a new one when that is too old; for pages, so it goes by the night's recount.
///
/// # Errors
/// Fails when the database does.
pub async fn latest(app: &App) -> Result<Arc<Report>, Error> {
    let mut kept = app.memory.preflight.lock().await;
    let fresh = kept.as_ref().filter(|report| {
        let age = app.now() - report.at;
        (TimeDelta::zero()..FRESH).contains(&age)
    });
    if let Some(report) = fresh {
        return Ok(Arc::clone(report));
    }
    let report = report(app).await?;
    *kept = Some(Arc::clone(&report));
    Ok(report)
}

/// A new report that somebody asked for, which is the latest from now on.
///
/// Whoever asks while one is being made waits for it, and then makes another.
///
/// # Errors
/// Fails when the database does.
pub async fn anew(app: &App, by: &str) -> Result<Arc<Report>, Error> {
    let mut kept = app.memory.preflight.lock().await;
    let report = report(app).await?;
    let counts =
        Verdict::ALL.map(|verdict| format!("{}={}", verdict.name(), report.count(verdict)));
    let (at_ms, by, detail) = (
        report.at.timestamp_millis(),
        by.to_owned(),
        counts.join(" "),
    );
    app.store
        .write(move |tx| Ok::<_, Error>(audit::append(tx, at_ms, &by, "preflight.made", &detail)?))
        .await?;
    *kept = Some(Arc::clone(&report));
    Ok(report)
}

/// Tries one part, because somebody asked for it.
///
/// # Errors
/// Fails when the database does.
pub async fn try_part(app: &App, part: Part, by: &str) -> Result<Vec<Check>, Error> {
    let found = wechat::probe(app, part).await?;
    let worst = found.iter().map(|check| check.verdict).max();
    let worst = worst.map_or("unknown", Verdict::name);
    let (now_ms, by) = (app.now().timestamp_millis(), by.to_owned());
    let detail = format!("part={} found={worst}", part.name());
    app.store
        .write(move |tx| Ok::<_, Error>(audit::append(tx, now_ms, &by, "settings.tried", &detail)?))
        .await?;
    Ok(found)
}

async fn report(app: &App) -> Result<Arc<Report>, Error> {
    Ok(Arc::new(Report {
        at: app.now(),
        checks: all(app, Depth::Nightly).await?,
    }))
}
