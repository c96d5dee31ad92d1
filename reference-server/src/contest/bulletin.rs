//! Daily bulletins: a day is counted, somebody answers for it with a name, and it stands.
//!
//! Numbers are frozen when they are counted, beside the head of the audit chain of that moment.
//! What our own books say of the day is compared with each other; where they disagree nobody
//! can sign. A correction is a new version, and the old one stays to be read.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use schedule_core::{CHINA_STANDARD_TIME, ShanghaiDay};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{
    Failure,
    organiser::{Error, Organiser, Refused, reason},
    season,
    statistics::{self, Place, Shown},
};
use crate::{
    app::App,
    store::{
        Read, audit, books, bulletins as rows, incidents,
        overview::{self, TallyRow},
        season as cities, statistics as people,
    },
};

pub use crate::store::bulletins::{BulletinRow, DraftRow};

/// When the bulletin of the day before is drafted: awards of midnight have been written.
const DRAFT_AT: TimeDelta = TimeDelta::minutes(10);
/// The longest free paragraph, in characters.
const PARAGRAPH_CHARACTERS: usize = 2_000;

/// What one day came to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DayFigures {
    /// People who submitted on that day.
    pub n_people: i64,
    /// Who of them submitted in this city for the first time.
    pub n_new_people: i64,
    /// Submitted attempts.
    pub n_attempts: i64,
    /// Passing ones.
    pub n_passes: i64,
    /// Who first followed on that day.
    pub n_new_followers: i64,
    /// Packets awarded.
    pub n_awards: i64,
    /// What they add up to.
    pub awarded_fen: i64,
    /// The most the day could award.
    pub cap_fen: i64,
}

/// What a city has come to so far.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SumFigures {
    /// Who submitted.
    pub n_people: i64,
    /// Submitted attempts.
    pub n_attempts: i64,
    /// Passing ones.
    pub n_passes: i64,
    /// Who first followed since it opened.
    pub n_new_followers: i64,
    /// Who of them follows still.
    pub n_new_following: i64,
    /// Packets awarded.
    pub n_awards: i64,
    /// What they add up to.
    pub awarded_fen: i64,
    /// Whether the top packet is out.
    pub top_awarded: bool,
    /// The most it can award.
    pub pool_fen: i64,
}

/// What a city's ledger holds, in fen.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LedgerFigures {
    /// Not awarded.
    pub pool_fen: i64,
    /// Awarded, and not accepted by the rail.
    pub reserved_fen: i64,
    /// Accepted by the rail, not taken.
    pub sent_fen: i64,
    /// Taken.
    pub received_fen: i64,
    /// Came back, or will never be paid.
    pub left_fen: i64,
    /// In dispute.
    pub suspense_fen: i64,
}

/// A district's numbers so far, as they may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DistrictFigures {
    /// Its slug; `other-city`, `elsewhere`, `undisclosed` or `unknown` for the other lines.
    pub place: String,
    /// Its name, for a district.
    pub name: String,
    /// New followers: the number, `<5`, or `withheld`.
    pub new_followers: String,
    /// People who submitted.
    pub people: String,
    /// People who were awarded a packet.
    pub awarded: String,
}

/// Which of our own books disagree about a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Difference {
    /// The day's counter and its awards.
    DayCounter,
    /// The city's counter and its awards.
    CityCounter,
    /// The ledger's movements of the day and its awards.
    LedgerOfDay,
    /// The ledger's accounts and the pool.
    LedgerOfCity,
}

/// All numbers of a bulletin, as they were counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// The city's slug.
    pub city: String,
    /// The day's place in the city's window, from 1.
    pub nth_day: i64,
    /// How many days that window has.
    pub n_days: i64,
    /// Whether the day was over when it was counted.
    pub is_whole: bool,
    /// The day.
    pub of_day: DayFigures,
    /// The city so far.
    pub so_far: SumFigures,
    /// Its ledger.
    pub ledger: LedgerFigures,
    /// Attempts and packets of each hour of the day.
    pub hours: Vec<(i64, i64)>,
    /// The districts so far.
    pub districts: Vec<DistrictFigures>,
    /// Incidents that are open.
    pub n_incidents: i64,
    /// When WeChat's bills were compared last, and how many differences were found.
    pub reconciled: Option<(i64, i64)>,
    /// Which of our own books disagree.
    pub differences: Vec<Difference>,
}

/// A count of a day, opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The row.
    pub row: DraftRow,
    /// Its numbers.
    pub figures: Figures,
}

/// A bulletin as it is read: what was counted, and what somebody signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bulletin {
    /// What was counted.
    pub draft: Draft,
    /// What was signed; nothing of a draft.
    pub signed: Option<BulletinRow>,
}

/// A day of a city, as the list of bulletins has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayState {
    /// Shanghai day number.
    pub day: i64,
    /// Its place in the city's window, from 1.
    pub nth_day: i64,
    /// When it begins.
    pub begins: DateTime<Utc>,
    /// The number of its newest count.
    pub draft: Option<i64>,
    /// Its versions, the first one first.
    pub versions: Vec<BulletinRow>,
}

/// What somebody signs.
#[derive(Debug, Clone, Default)]
pub struct Signing {
    /// Shanghai day number.
    pub day: i64,
    /// The count that was looked at.
    pub draft: i64,
    /// What happened.
    pub situation: String,
    /// What comes.
    pub outlook: String,
    /// What it corrects, if another version stands.
    pub correction: String,
}

/// The span of a day, in milliseconds.
#[derive(Debug, Clone, Copy)]
struct Span {
    day: i64,
    from_ms: i64,
    to_ms: i64,
    opens_ms: i64,
    closes_ms: i64,
    n_days: i64,
}

/// The day of a city's window with this number.
fn span(app: &App, slug: &str, day: i64) -> Result<Span, Error> {
    let window = statistics::round_of(app, slug)?.window();
    let (opens_ms, closes_ms) = (
        window.start().timestamp_millis(),
        window.end().timestamp_millis(),
    );
    let first = season::hour_of(opens_ms).div_euclid(24);
    let n_days = (window.end() - window.start()).num_days();
    let nth = day.saturating_sub(first);
    if !(0..n_days).contains(&nth) {
        return Err(Refused::NotFound.into());
    }
    let day_ms = TimeDelta::days(1).num_milliseconds();
    let from_ms = opens_ms.saturating_add(nth.saturating_mul(day_ms));
    Ok(Span {
        day,
        from_ms,
        to_ms: from_ms.saturating_add(day_ms),
        opens_ms,
        closes_ms,
        n_days,
    })
}

/// The Shanghai day number of a date as `2020-04-22`; nothing for another text.
#[must_use]
pub fn day_of(date: &str) -> Option<i64> {
    let date: chrono::NaiveDate = date.parse().ok()?;
    let noon = date.and_hms_opt(12, 0, 0)?;
    let noon = noon.and_local_timezone(CHINA_STANDARD_TIME).single()?;
    Some(i64::from(
        ShanghaiDay::from_instant(noon.with_timezone(&Utc)).number(),
    ))
}

/// The date of a Shanghai day number, as `2020-04-22`.
#[must_use]
pub fn date_of(day: i64) -> String {
    let noon_ms = day
        .saturating_mul(24)
        .saturating_add(4)
        .saturating_mul(3_600_000);
    let noon = season::instant(noon_ms).with_timezone(&CHINA_STANDARD_TIME);
    noon.format("%Y-%m-%d").to_string()
}

/// The city's days that have begun, the newest first.
///
/// # Errors
/// Refuses with [`Refused::NotFound`] for a city that the timetable does not have.
pub async fn days(app: &App, slug: &str) -> Result<Vec<DayState>, Error> {
    let window = statistics::round_of(app, slug)?.window();
    let (opens, closes) = (window.start(), window.end());
    let now = app.now();
    let first = season::hour_of(opens.timestamp_millis()).div_euclid(24);
    let key = slug.to_owned();
    let (drafted, signed) = app
        .store
        .read(move |read| {
            Ok::<_, Error>((
                rows::drafted_days(read, &key)?,
                rows::bulletins(read, &key)?,
            ))
        })
        .await?;
    let n_days = (closes - opens).num_days();
    Ok((0..n_days)
        .rev()
        .map(|nth| (nth, opens + TimeDelta::days(nth)))
        .filter(|(_nth, begins)| *begins <= now)
        .map(|(nth, begins)| {
            let day = first.saturating_add(nth);
            let draft = drafted.iter().find(|(drafted, _n)| *drafted == day);
            let versions = signed.iter().filter(|row| row.day == day);
            DayState {
                day,
                nth_day: nth.saturating_add(1),
                begins,
                draft: draft.map(|(_day, number)| *number),
                versions: versions.cloned().collect(),
            }
        })
        .collect())
}

/// A bulletin: this version of a day, or what was counted last when none is named.
///
/// # Errors
/// Refuses with [`Refused::NotFound`] for another city's day, or a version that nobody signed.
pub async fn bulletin(
    app: &App,
    slug: &str,
    day: i64,
    version: Option<i64>,
) -> Result<Option<Bulletin>, Error> {
    span(app, slug, day)?;
    let key = slug.to_owned();
    let (signed, draft) = app
        .store
        .read(move |read| {
            let mut signed = rows::bulletins(read, &key)?;
            signed.retain(|row| row.day == day);
            let Some(version) = version else {
                return Ok((None, rows::latest_draft(read, &key, day)?));
            };
            let found = signed.into_iter().find(|row| row.version == version);
            let found = found.ok_or(Refused::NotFound)?;
            let draft = rows::draft(read, &key, day, found.draft)?;
            Ok::<_, Error>((Some(found), draft))
        })
        .await?;
    draft
        .map(|row| {
            Ok(Bulletin {
                draft: opened(row)?,
                signed,
            })
        })
        .transpose()
}

fn opened(row: DraftRow) -> Result<Draft, Error> {
    let figures = serde_json::from_str(&row.figures).map_err(|_error| Failure::Unreadable {
        what: "bulletin_draft.figures",
    })?;
    Ok(Draft { row, figures })
}

/// Counts a day of a city, and keeps the count.
///
/// # Errors
/// Refuses with [`Refused::NotFound`] for a day that is not the city's or has not begun.
pub async fn count(app: &App, slug: &str, day: i64, by: &str) -> Result<i64, Error> {
    let now = app.now();
    let span = span(app, slug, day)?;
    if now.timestamp_millis() < span.from_ms {
        return Err(Refused::NotFound.into());
    }
    statistics::count_all(app).await?;
    let districts = statistics::of_city(app, slug).await?.districts;
    let (key, by) = (slug.to_owned(), by.to_owned());
    let (figures, head) = app
        .store
        .read(move |read| {
            let figures = figures(read, &key, span, now)?;
            Ok::<_, Error>((figures, audit::head(read)?))
        })
        .await?;
    let figures = Figures {
        districts: districts.iter().map(district).collect(),
        ..figures
    };
    let (audit_number, audit_hash) = head.unwrap_or((0, "genesis".to_owned()));
    let row = DraftRow {
        city: slug.to_owned(),
        day,
        draft: 0,
        n_differences: i64::try_from(figures.differences.len()).unwrap_or(i64::MAX),
        figures: serde_json::to_string(&figures).map_err(Failure::defect)?,
        audit_number,
        audit_hash,
        counted_by: by,
        counted_ms: now.timestamp_millis(),
    };
    app.store
        .write(move |tx| {
            let draft = rows::insert_draft(tx, &row)?;
            let detail = format!(
                "city={} day={} draft={draft} differences={}",
                row.city,
                date_of(row.day),
                row.n_differences
            );
            audit::append(
                tx,
                row.counted_ms,
                &row.counted_by,
                "bulletin.counted",
                &detail,
            )?;
            Ok(draft)
        })
        .await
}

fn district(line: &statistics::DistrictLine) -> DistrictFigures {
    let (place, name) = match &line.place {
        Place::District(slug, name) => (slug.as_str(), name.as_str()),
        Place::OtherCity => ("other-city", ""),
        Place::Elsewhere => ("elsewhere", ""),
        Place::Undisclosed => ("undisclosed", ""),
        Place::Unknown => ("unknown", ""),
    };
    let shown = |n: Shown| match n {
        Shown::Exact(n) => n.to_string(),
        Shown::Few => "<5".to_owned(),
        Shown::Withheld => "withheld".to_owned(),
    };
    DistrictFigures {
        place: place.to_owned(),
        name: name.to_owned(),
        new_followers: shown(line.followers_declared),
        people: shown(line.people_declared),
        awarded: shown(line.awarded_declared),
    }
}

/// The city's row, the day's row and the awards, which three of our books tell alike.
struct Books {
    city: Option<cities::CityRow>,
    day: Option<cities::DayRow>,
    /// Packets of the day, and what they add up to.
    of_day: (i64, i64),
    /// The same of all days.
    so_far: (i64, i64),
    ledger: rows::LedgerSums,
}

impl Books {
    fn read(read: &Read<'_>, slug: &str, span: Span) -> Result<Self, Error> {
        Ok(Self {
            city: cities::city(read, slug)?,
            day: cities::day(read, slug, span.day)?,
            of_day: rows::awarded(read, slug, Some(span.day))?,
            so_far: rows::awarded(read, slug, None)?,
            ledger: rows::ledger_sums(read, slug, span.from_ms, span.to_ms)?,
        })
    }

    fn pool_fen(&self) -> i64 {
        self.city.as_ref().map_or(0, |city| city.pool_fen)
    }

    fn accounts(&self) -> LedgerFigures {
        let holds = |account: &str| {
            let mut accounts = self.ledger.accounts.iter();
            let found = accounts.find(|(name, _fen)| name == account);
            found.map_or(0, |(_name, fen)| *fen)
        };
        LedgerFigures {
            pool_fen: self.pool_fen().saturating_add(holds("pool")),
            reserved_fen: holds("reserved"),
            sent_fen: holds("sent"),
            received_fen: holds("received"),
            left_fen: holds("left"),
            suspense_fen: holds("suspense"),
        }
    }

    /// Which of them disagree.
    fn differences(&self) -> Vec<Difference> {
        let day_used_fen = self.day.as_ref().map_or(0, |day| day.used_fen);
        let city_used_fen = self.city.as_ref().map_or(0, |city| city.used_fen);
        let left_pool_fen = self.pool_fen().saturating_sub(self.accounts().pool_fen);
        let (of_day_fen, so_far_fen) = (self.of_day.1, self.so_far.1);
        let compared = [
            (day_used_fen, of_day_fen, Difference::DayCounter),
            (city_used_fen, so_far_fen, Difference::CityCounter),
            (
                self.ledger.left_pool_fen,
                of_day_fen,
                Difference::LedgerOfDay,
            ),
            (left_pool_fen, so_far_fen, Difference::LedgerOfCity),
        ];
        let disagree = compared
            .into_iter()
            .filter(|(one, other, _name)| one != other);
        disagree.map(|(_one, _other, name)| name).collect()
    }
}

fn figures(read: &Read<'_>, slug: &str, span: Span, now: DateTime<Utc>) -> Result<Figures, Error> {
    let tally = overview::tally(read, slug)?;
    let books = Books::read(read, slug, span)?;
    let incidents = incidents::open_by_class(read)?;
    let reconciled = books::latest_duty(read, "reconcile")?;
    let day_ms = TimeDelta::days(1).num_milliseconds();
    let nth = span
        .from_ms
        .saturating_sub(span.opens_ms)
        .div_euclid(day_ms);
    Ok(Figures {
        city: slug.to_owned(),
        nth_day: nth.saturating_add(1),
        n_days: span.n_days,
        is_whole: now.timestamp_millis() >= span.to_ms,
        of_day: day_figures(read, &tally, &books, span)?,
        so_far: sum_figures(read, &tally, &books, span)?,
        ledger: books.accounts(),
        hours: hours(read, &tally, slug, span)?,
        districts: Vec::new(),
        n_incidents: incidents.iter().map(|(_class, n)| n).sum(),
        reconciled: reconciled.map(|row| (row.done_ms, row.n_findings)),
        differences: books.differences(),
    })
}

/// The hours of a day, as numbers.
fn hours_of(span: Span) -> std::ops::Range<i64> {
    let first = season::hour_of(span.from_ms);
    first..first.saturating_add(24)
}

fn day_figures(
    read: &Read<'_>,
    tally: &[TallyRow],
    books: &Books,
    span: Span,
) -> Result<DayFigures, Error> {
    let hours = hours_of(span);
    let sum = |what: fn(&TallyRow) -> i64| -> i64 {
        let rows = tally.iter().filter(|row| hours.contains(&row.hour));
        rows.map(what).sum()
    };
    let (n_new_followers, _following) = people::n_followers(read, span.from_ms, span.to_ms)?;
    Ok(DayFigures {
        n_people: sum(|row| row.n_of_day),
        n_new_people: sum(|row| row.n_of_city),
        n_attempts: sum(|row| row.n_attempts),
        n_passes: sum(|row| row.n_passes),
        n_new_followers,
        n_awards: books.of_day.0,
        awarded_fen: books.of_day.1,
        cap_fen: books.day.as_ref().map_or(0, |day| day.cap_fen),
    })
}

fn sum_figures(
    read: &Read<'_>,
    tally: &[TallyRow],
    books: &Books,
    span: Span,
) -> Result<SumFigures, Error> {
    let end = hours_of(span).end;
    let sum = |what: fn(&TallyRow) -> i64| -> i64 {
        let rows = tally.iter().filter(|row| row.hour < end);
        rows.map(what).sum()
    };
    let until_ms = span.to_ms.min(span.closes_ms);
    let (n_new_followers, n_new_following) = people::n_followers(read, span.opens_ms, until_ms)?;
    Ok(SumFigures {
        n_people: sum(|row| row.n_of_city),
        n_attempts: sum(|row| row.n_attempts),
        n_passes: sum(|row| row.n_passes),
        n_new_followers,
        n_new_following,
        n_awards: books.so_far.0,
        awarded_fen: books.so_far.1,
        top_awarded: books.city.as_ref().is_some_and(|city| city.top_awarded),
        pool_fen: books.pool_fen(),
    })
}

/// Attempts and packets of each hour of the day.
fn hours(
    read: &Read<'_>,
    tally: &[TallyRow],
    slug: &str,
    span: Span,
) -> Result<Vec<(i64, i64)>, Error> {
    let awards = overview::awards_by_hour(read, slug, span.day)?;
    let hours = hours_of(span).map(|hour| {
        let attempts = tally.iter().find(|row| row.hour == hour);
        let packets = awards.iter().find(|(at, _n)| *at == hour);
        (
            attempts.map_or(0, |row| row.n_attempts),
            packets.map_or(0, |(_at, n)| *n),
        )
    });
    Ok(hours.collect())
}

/// The numbers of every day of a city that has begun, as the rows say them; counted anew every half minute at most.
///
/// # Errors
/// Refuses with [`Refused::NotFound`] for a city that the timetable does not have.
pub async fn figures_of_days(app: &App, slug: &str) -> Result<Arc<Vec<Figures>>, Error> {
    let now = app.now();
    let recent = &app.memory.days_of_cities;
    if let Some(known) = recent.known(&slug.to_owned(), now) {
        return Ok(known);
    }
    let days = days(app, slug).await?.into_iter().rev();
    let spans = days.map(|state| span(app, slug, state.day));
    let spans: Vec<Span> = spans.collect::<Result<_, _>>()?;
    let key = slug.to_owned();
    let days: Result<_, Error> = app
        .store
        .read(move |read| {
            let figures = spans.into_iter().map(|span| figures(read, &key, span, now));
            figures.collect()
        })
        .await;
    Ok(recent.keep(slug.to_owned(), now, days?))
}

/// Counts yesterday for every city whose day it was, ten minutes after it ended; how many.
///
/// Whether it is done is known by the count itself, so a restart repeats nothing.
///
/// # Errors
/// Fails when the database does.
pub async fn draft_if_due(app: &App) -> Result<usize, Error> {
    let now = app.now();
    let today = i64::from(ShanghaiDay::from_instant(now - DRAFT_AT).number());
    let yesterday = today.saturating_sub(1);
    let slugs: Vec<String> = app
        .season
        .edition()
        .rounds()
        .iter()
        .map(|round| round.city().slug().as_str().to_owned())
        .filter(|slug| span(app, slug, yesterday).is_ok())
        .collect();
    let mut n_counted = 0_usize;
    for slug in slugs {
        let key = slug.clone();
        let known = app
            .store
            .read(move |read| {
                let is_sealed = cities::city(read, &key)?.is_some();
                let drafted = rows::latest_draft(read, &key, yesterday)?;
                Ok::<_, Error>((is_sealed, drafted))
            })
            .await?;
        let is_counted =
            |row: &DraftRow| opened(row.clone()).is_ok_and(|draft| draft.figures.is_whole);
        if known.0 && !known.1.as_ref().is_some_and(is_counted) {
            count(app, &slug, yesterday, "worker").await?;
            n_counted = n_counted.saturating_add(1);
        }
    }
    Ok(n_counted)
}

/// Signs a count of a day, which makes it the next version of the day's bulletin; its number.
///
/// # Errors
/// Refuses with [`Refused::OtherContent`] unless it is the newest count and not signed yet, with
/// [`Refused::BooksDiffer`] when our own books disagree, with [`Refused::TextTooLong`], and with
/// [`Refused::ReasonMissing`] when a correction does not say what it corrects.
pub async fn sign(
    app: &App,
    organiser: &Organiser,
    slug: &str,
    signing: Signing,
) -> Result<i64, Error> {
    span(app, slug, signing.day).map_err(|_refused| Refused::OtherContent)?;
    let now = app.now();
    let paragraph = |text: &str| {
        let text = text.trim().replace("\r\n", "\n");
        if text.chars().count() > PARAGRAPH_CHARACTERS {
            return Err(Refused::TextTooLong);
        }
        Ok(text)
    };
    let (situation, outlook) = (paragraph(&signing.situation)?, paragraph(&signing.outlook)?);
    let (city, by, name) = (
        slug.to_owned(),
        organiser.name.clone(),
        organiser.display_name.clone(),
    );
    app.store
        .write(move |tx| {
            let read = tx.read();
            let draft = rows::latest_draft(&read, &city, signing.day)?;
            let draft = draft.filter(|draft| draft.draft == signing.draft);
            let draft = draft.ok_or(Refused::OtherContent)?;
            let mut versions = rows::bulletins(&read, &city)?;
            versions.retain(|row| row.day == signing.day);
            if versions.iter().any(|row| row.draft == draft.draft) {
                return Err(Refused::OtherContent.into());
            }
            if draft.n_differences > 0 {
                return Err(Refused::BooksDiffer.into());
            }
            let version = versions
                .last()
                .map_or(1, |row| row.version.saturating_add(1));
            let correction = match version {
                1 => String::new(),
                _ => reason(&signing.correction)?,
            };
            let texts = [situation.as_str(), &outlook, &correction];
            let row = BulletinRow {
                digest: digest(&draft, version, texts),
                city,
                day: signing.day,
                version,
                draft: draft.draft,
                situation,
                outlook,
                correction,
                signed_by: by,
                signed_name: name,
                signed_ms: now.timestamp_millis(),
            };
            rows::insert_bulletin(tx, &row)?;
            let detail = format!(
                "city={} day={} version={version} draft={} digest={}",
                row.city,
                date_of(row.day),
                row.draft,
                row.digest
            );
            audit::append(
                tx,
                row.signed_ms,
                &row.signed_by,
                "bulletin.signed",
                &detail,
            )?;
            Ok(version)
        })
        .await
}

/// SHA-256 over the parts of a bulletin with their lengths, in hexadecimal: city, date, version,
/// numbers, number and hash of the audit chain's head, then situation, outlook and correction.
#[must_use]
pub fn digest(draft: &DraftRow, version: i64, texts: [&str; 3]) -> String {
    let (date, version) = (date_of(draft.day), version.to_string());
    let number = draft.audit_number.to_string();
    let parts = [
        draft.city.as_str(),
        &date,
        &version,
        &draft.figures,
        &number,
        &draft.audit_hash,
    ];
    let mut hasher = Sha256::new();
    for part in parts.into_iter().chain(texts) {
        let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
        hasher.update(length.to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hex::encode(hasher.finalize())
}
