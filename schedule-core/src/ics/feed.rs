//! A feed of an edition: one event for each phase, the same one for ever.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, TimeDelta, Utc};

use super::content::{escaped, push_line};
use crate::edition::Edition;
use crate::phase::{Phase, Provenance, ScheduledPhase};
use crate::printing::{chinese_days, word};
use crate::slug::{CitySlug, EditionSlug};

/// Why there is no feed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FeedError {
    /// The domain is not a host name in lower case.
    #[error("not a host name in lower case: {domain:?}")]
    BadDomain {
        /// The refused text.
        domain: String,
    },
    /// An instant lies outside the years 0 to 9999, which iCalendar cannot write.
    #[error("iCalendar cannot write {instant}")]
    OutsideCalendar {
        /// The refused instant.
        instant: DateTime<Utc>,
    },
    /// The edition has no contest of this city.
    #[error("the edition has no contest of {city}")]
    NoContest {
        /// The city asked for.
        city: CitySlug,
    },
}

/// Which version of a feed a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the three things RFC 5545 asks of a revision"
)]
pub struct Revision {
    /// `SEQUENCE`: must grow with every published change, and may skip; 0 is the first.
    pub number: u32,
    /// `DTSTAMP`: when the file is made.
    pub stamped: DateTime<Utc>,
    /// `LAST-MODIFIED`: when the timetable was last changed.
    pub modified: DateTime<Utc>,
}

/// The identity of a calendar that people subscribe to.
///
/// An event is named by series, phase and city, and not by the edition: a postponed contest is the same event at another time, and a subscriber's calendar moves it (RFC 5545, 3.8.4.7 and 3.8.7.4).
/// Times are written in UTC, which every reader shows in its own zone, so that no `VTIMEZONE` is needed.
///
/// ```
/// use schedule_core::ics::{Feed, Revision};
/// use schedule_core::{EditionSlug, published};
///
/// let feed = Feed::new(EditionSlug::new("jiangsu-2020")?, "contest.example.org")?;
/// let modified = "2020-04-10T08:00:00Z".parse()?;
/// let revision = Revision { number: 1, stamped: modified, modified };
/// let file = feed.replacing(&published::original_2020(), &published::postponed_2020(), revision)?;
/// assert!(file.contains("UID:contest.nanjing.jiangsu-2020@contest.example.org\r\n"));
/// assert!(file.contains("DTSTART:20200505T160000Z\r\nDTEND:20200512T160000Z\r\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Feed {
    series: EditionSlug,
    domain: String,
}

impl Feed {
    /// Makes the identity of a feed from a slug that all editions of the season share and a domain of the publisher.
    ///
    /// # Errors
    ///
    /// [`FeedError::BadDomain`] unless the domain is `a`–`z`, `0`–`9`, `-` and `.`, at most 253 bytes, with letters or digits at both ends.
    pub fn new(series: EditionSlug, domain: impl Into<String>) -> Result<Self, FeedError> {
        let domain = domain.into();
        let is_allowed = |letter: char| matches!(letter, 'a'..='z' | '0'..='9' | '-' | '.');
        let is_label =
            |label: &str| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-');
        let is_host = domain.len() <= 253
            && domain.chars().all(is_allowed)
            && domain.split('.').all(is_label);
        if !is_host {
            return Err(FeedError::BadDomain { domain });
        }
        Ok(Self { series, domain })
    }

    /// Writes the calendar file of an edition.
    ///
    /// Fractions of a second are cut off, because iCalendar has none.
    ///
    /// # Errors
    ///
    /// [`FeedError::OutsideCalendar`] for an instant outside the years 0 to 9999.
    pub fn file(&self, edition: &Edition, revision: Revision) -> Result<String, FeedError> {
        self.write(None, edition, revision)
    }

    /// Writes the calendar file of an edition that takes another one's place: phases it does not have are cancelled.
    ///
    /// # Errors
    ///
    /// As [`file`](Self::file).
    pub fn replacing(
        &self,
        previous: &Edition,
        edition: &Edition,
        revision: Revision,
    ) -> Result<String, FeedError> {
        self.write(Some(previous), edition, revision)
    }

    /// Writes the contest of one city as an event that reminds its reader so long after it has begun.
    ///
    /// The event has the name it has in the feed, so whoever subscribes later sees it once.
    /// A contest that begins at midnight is better announced in the morning, hence the span.
    ///
    /// # Errors
    ///
    /// [`FeedError::NoContest`] when the city is not in the edition; [`FeedError::OutsideCalendar`] as for [`file`](Self::file).
    ///
    /// ```
    /// use chrono::TimeDelta;
    /// use schedule_core::ics::{Feed, Revision};
    /// use schedule_core::{CitySlug, EditionSlug, published};
    ///
    /// let feed = Feed::new(EditionSlug::new("jiangsu-2020")?, "contest.example.org")?;
    /// let modified = "2020-04-10T08:00:00Z".parse()?;
    /// let revision = Revision { number: 0, stamped: modified, modified };
    /// let city = CitySlug::new("nanjing")?;
    /// let file = feed.reminder(&published::postponed_2020(), &city, TimeDelta::hours(9), revision)?;
    /// assert_eq!(file.matches("BEGIN:VEVENT").count(), 1);
    /// assert!(file.contains("TRIGGER;RELATED=START:PT540M\r\n"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn reminder(
        &self,
        edition: &Edition,
        city: &CitySlug,
        after_start: TimeDelta,
        revision: Revision,
    ) -> Result<String, FeedError> {
        let named = self.named(edition);
        let contest = named.iter().find(|(_uid, scheduled)| {
            matches!(scheduled.phase(), Phase::Contest(contested) if contested == city)
        });
        let Some((uid, scheduled)) = contest else {
            return Err(FeedError::NoContest { city: city.clone() });
        };
        let mut file = head(edition);
        let alarm = Some(after_start);
        push_event(
            &mut file,
            uid,
            edition,
            scheduled,
            "CONFIRMED",
            alarm,
            revision,
        )?;
        push_line(&mut file, "END", "VCALENDAR");
        Ok(file)
    }

    fn write(
        &self,
        previous: Option<&Edition>,
        edition: &Edition,
        revision: Revision,
    ) -> Result<String, FeedError> {
        let mut file = head(edition);
        let events = self.named(edition);
        for (uid, scheduled) in &events {
            let status = match scheduled.provenance() {
                Provenance::Published => "CONFIRMED",
                Provenance::Derived => "TENTATIVE",
            };
            push_event(&mut file, uid, edition, scheduled, status, None, revision)?;
        }
        if let Some(previous) = previous {
            for (uid, scheduled) in &self.named(previous) {
                if !events.contains_key(uid) {
                    push_event(
                        &mut file,
                        uid,
                        previous,
                        scheduled,
                        "CANCELLED",
                        None,
                        revision,
                    )?;
                }
            }
        }
        push_line(&mut file, "END", "VCALENDAR");
        Ok(file)
    }

    /// The phases of an edition by their names in the feed.
    fn named<'e>(&self, edition: &'e Edition) -> BTreeMap<String, &'e ScheduledPhase> {
        let mut named = BTreeMap::new();
        let mut n_stages: BTreeMap<&str, u32> = BTreeMap::new();
        for scheduled in edition.phases() {
            let stage = match scheduled.phase() {
                Phase::Publicity => "publicity",
                Phase::Preheat(_) => "preheat",
                Phase::Contest(_) => "contest",
                Phase::Summary => "summary",
            };
            let what = match scheduled.phase().city() {
                Some(city) => format!("{stage}.{city}"),
                None => {
                    // A table may print a stage in several rows.
                    let count = n_stages.entry(stage).or_default();
                    *count = count.saturating_add(1);
                    match *count {
                        1 => stage.into(),
                        count => format!("{stage}.{count}"),
                    }
                }
            };
            named.insert(format!("{what}.{}@{}", self.series, self.domain), scheduled);
        }
        named
    }
}

/// The beginning of a calendar file.
fn head(edition: &Edition) -> String {
    let mut file = String::new();
    let title = escaped(edition.title());
    for (name, value) in [
        ("BEGIN", "VCALENDAR"),
        ("VERSION", "2.0"),
        ("PRODID", "-//schedule-core//timetable//ZH"),
        ("CALSCALE", "GREGORIAN"),
        ("METHOD", "PUBLISH"),
        // RFC 7986, and what older readers know instead.
        ("NAME", &title),
        ("X-WR-CALNAME", &title),
        ("REFRESH-INTERVAL;VALUE=DURATION", "P1D"),
        ("X-PUBLISHED-TTL", "P1D"),
    ] {
        push_line(&mut file, name, value);
    }
    file
}

fn push_event(
    file: &mut String,
    uid: &str,
    edition: &Edition,
    scheduled: &ScheduledPhase,
    status: &str,
    alarm: Option<TimeDelta>,
    revision: Revision,
) -> Result<(), FeedError> {
    let phase = scheduled.phase();
    let name = word(phase, edition.province());
    let stage = phase.chinese_name();
    let summary = match phase.city() {
        Some(_) => format!("{name}{stage}"),
        None => stage.into(),
    };
    let window = scheduled.window();
    let round = phase.city().and_then(|city| edition.round_of(city));
    let place = round.map_or(String::new(), |round| format!("第{}场，", round.index()));
    let derived = match scheduled.provenance() {
        Provenance::Published => "",
        Provenance::Derived => "（推定，未公布）",
    };
    let description = format!(
        "{}\n{place}{}{derived}",
        edition.title(),
        chinese_days(&window, None)
    );
    let number = revision.number.to_string();
    for (name, value) in [
        ("BEGIN", "VEVENT"),
        ("UID", uid),
        ("DTSTAMP", &utc(revision.stamped)?),
        ("SEQUENCE", &number),
        ("LAST-MODIFIED", &utc(revision.modified)?),
        ("DTSTART", &utc(window.start())?),
        ("DTEND", &utc(window.end())?),
        ("SUMMARY", &escaped(&summary)),
        ("DESCRIPTION", &escaped(&description)),
        ("CATEGORIES", &escaped(stage)),
        ("STATUS", status),
        ("CLASS", "PUBLIC"),
        // Nobody is busy because a contest is on.
        ("TRANSP", "TRANSPARENT"),
    ] {
        push_line(file, name, value);
    }
    if let Some(after_start) = alarm {
        let minutes = after_start.num_minutes();
        let sign = if minutes < 0 { "-" } else { "" };
        let trigger = format!("{sign}PT{}M", minutes.unsigned_abs());
        for (name, value) in [
            ("BEGIN", "VALARM"),
            ("ACTION", "DISPLAY"),
            ("DESCRIPTION", &escaped(&summary)),
            ("TRIGGER;RELATED=START", &trigger),
            ("END", "VALARM"),
        ] {
            push_line(file, name, value);
        }
    }
    push_line(file, "END", "VEVENT");
    Ok(())
}

fn utc(instant: DateTime<Utc>) -> Result<String, FeedError> {
    if !(0..=9999).contains(&instant.year()) {
        return Err(FeedError::OutsideCalendar { instant });
    }
    Ok(instant.format("%Y%m%dT%H%M%SZ").to_string())
}
