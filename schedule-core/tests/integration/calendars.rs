//! The iCalendar feed, read again by the crate `icalendar`, and holiday calendars read in.

use std::collections::BTreeMap;
use std::str::FromStr as _;

use chrono::{DateTime, TimeDelta, Utc};
use icalendar::{Calendar, CalendarDateTime, Component as _, DatePerhapsTime, Event, EventStatus};
use proptest::prelude::*;
use schedule_core::holidays::{DayKind, Holidays, HolidaysError};
use schedule_core::ics::{Feed, FeedError, IcsError, Reason, Revision, import_holidays};
use schedule_core::published::{original_2020, postponed_2020};
use schedule_core::{Edition, EditionBuilder, EditionSlug, Phase, Province, Window, jiangsu};

use crate::{builder, city, civil, days, instant};

fn feed() -> Feed {
    Feed::new(
        EditionSlug::new("jiangsu-2020").unwrap(),
        "contest.example.org",
    )
    .unwrap()
}

fn revision(number: u32) -> Revision {
    let stamped = instant("2020-04-10T08:00:00Z") + TimeDelta::days(number.into());
    let modified = stamped - TimeDelta::hours(1);
    Revision {
        number,
        stamped,
        modified,
    }
}

/// The events of a file as the independent reader sees them.
fn events(file: &str) -> Vec<Event> {
    let calendar = Calendar::from_str(file).unwrap();
    let components = calendar.components.iter();
    components
        .filter_map(|component| component.as_event().cloned())
        .collect()
}

fn utc(time: Option<DatePerhapsTime>) -> DateTime<Utc> {
    match time {
        Some(DatePerhapsTime::DateTime(CalendarDateTime::Utc(instant))) => instant,
        other => panic!("not in UTC: {other:?}"),
    }
}

fn window(event: &Event) -> Window {
    Window::new(utc(event.get_start()), utc(event.get_end())).unwrap()
}

/// What a subscriber holds after one file and then another: of each UID the highest SEQUENCE.
fn subscribed(files: &[String]) -> BTreeMap<String, Event> {
    let mut held: BTreeMap<String, Event> = BTreeMap::new();
    for event in files.iter().flat_map(|file| events(file)) {
        let uid = event.get_uid().unwrap().to_owned();
        let is_newer = held
            .get(&uid)
            .is_none_or(|known| known.get_sequence() < event.get_sequence());
        if is_newer {
            held.insert(uid, event);
        }
    }
    held
}

#[test]
fn an_independent_reader_finds_the_same_windows() {
    for edition in [original_2020(), postponed_2020()] {
        let file = feed().file(&edition, revision(0)).unwrap();
        let events = events(&file);
        assert_eq!(events.len(), edition.phases().len());
        for round in edition.rounds() {
            let slug = round.city().slug();
            let find = |stage: &str| {
                let uid = format!("{stage}.{slug}.jiangsu-2020@contest.example.org");
                let event = events.iter().find(|event| event.get_uid() == Some(&uid));
                event.unwrap_or_else(|| panic!("no {uid}"))
            };
            assert_eq!(window(find("contest")), round.window());
            assert_eq!(Some(window(find("preheat"))), round.preheat());
            let name = format!("{}竞赛", round.city().name());
            assert_eq!(find("contest").get_summary(), Some(&*name));
        }
    }
}

#[test]
fn a_subscriber_sees_the_postponed_contest_once_and_moved() {
    let first = feed().file(&original_2020(), revision(0)).unwrap();
    let second = feed()
        .replacing(&original_2020(), &postponed_2020(), revision(1))
        .unwrap();
    let held = subscribed(&[first.clone(), second]);
    assert_eq!(held.len(), events(&first).len());
    let nanjing = held.get("contest.nanjing.jiangsu-2020@contest.example.org");
    let nanjing = nanjing.unwrap();
    assert_eq!(window(nanjing), days("2020-05-06", "2020-05-12"));
    assert_eq!(nanjing.get_sequence(), Some(1));
    assert_eq!(nanjing.get_last_modified(), Some(revision(1).modified));
    assert_eq!(nanjing.get_timestamp(), Some(revision(1).stamped));
    let contests: Vec<_> = held
        .values()
        .filter(|event| event.get_summary() == Some("南京市竞赛"))
        .collect();
    assert_eq!(contests.len(), 1);
}

#[test]
fn a_contest_that_is_dropped_is_cancelled_and_not_forgotten() {
    let both = builder()
        .row(
            "1",
            days("2027-03-01", "2027-03-07"),
            [Phase::Contest(city("wuxi"))],
        )
        .row(
            "2",
            days("2027-03-08", "2027-03-14"),
            [Phase::Contest(city("suzhou"))],
        )
        .build()
        .unwrap();
    let one = builder()
        .row(
            "1",
            days("2027-03-01", "2027-03-07"),
            [Phase::Contest(city("wuxi"))],
        )
        .build()
        .unwrap();
    let files = [
        feed().file(&both, revision(0)).unwrap(),
        feed().replacing(&both, &one, revision(1)).unwrap(),
    ];
    let statuses: Vec<_> = subscribed(&files)
        .values()
        .map(|event| (event.get_summary().unwrap().to_owned(), event.get_status()))
        .collect();
    assert_eq!(
        statuses,
        [
            ("苏州市竞赛".to_owned(), Some(EventStatus::Cancelled)),
            ("无锡市竞赛".to_owned(), Some(EventStatus::Confirmed)),
        ]
    );
}

#[test]
fn only_a_window_never_published_is_tentative() {
    let file = feed().file(&postponed_2020(), revision(0)).unwrap();
    let tentative: Vec<_> = events(&file)
        .into_iter()
        .filter(|event| event.get_status() == Some(EventStatus::Tentative))
        .map(|event| event.get_uid().unwrap().to_owned())
        .collect();
    assert_eq!(tentative, ["summary.jiangsu-2020@contest.example.org"]);
}

#[test]
fn every_line_ends_in_crlf_and_has_at_most_75_octets() {
    let title = "与信用同行，筑梦新时代；".repeat(20);
    let edition = titled(&title);
    let file = feed().file(&edition, revision(0)).unwrap();
    assert!(file.ends_with("END:VCALENDAR\r\n"));
    assert_eq!(file.matches('\n').count(), file.matches("\r\n").count());
    let longest = file.split("\r\n").map(str::len).max();
    // A folded line of three-octet letters may end up to two octets earlier.
    assert!(matches!(longest, Some(73..=75)), "{longest:?}");
}

fn titled(title: &str) -> Edition {
    let slug = EditionSlug::new("titled").unwrap();
    let week = days("2027-03-01", "2027-03-07");
    let builder = EditionBuilder::new(slug, title, jiangsu());
    let builder = builder.row("1", week, [Phase::Contest(city("wuxi"))]);
    builder.build().unwrap()
}

#[test]
fn a_stage_printed_in_several_rows_has_an_event_for_each() {
    let edition = builder()
        .row("1", days("2027-02-01", "2027-02-07"), [Phase::Publicity])
        .row("2", days("2027-02-08", "2027-02-14"), [Phase::Publicity])
        .row(
            "3",
            days("2027-03-01", "2027-03-07"),
            [Phase::Contest(city("wuxi"))],
        )
        .build()
        .unwrap();
    let file = feed().file(&edition, revision(0)).unwrap();
    assert_eq!(subscribed(&[file]).len(), 3);
}

#[test]
fn a_domain_that_is_no_host_name_is_refused() {
    let series = || EditionSlug::new("jiangsu-2020").unwrap();
    for domain in [
        "", ".", "a..b", "-a.b", "a-.b", "例.cn", "A.b", "a b", "a\r\nX:1", "a@b",
    ] {
        let domain = domain.to_owned();
        let refusal = Feed::new(series(), domain.clone());
        assert_eq!(refusal, Err(FeedError::BadDomain { domain }));
    }
    assert!(Feed::new(series(), "a.b-c.1").is_ok());
    assert!(Feed::new(series(), "a".repeat(254)).is_err());
}

#[test]
fn a_reminder_is_the_contest_of_the_feed_with_an_alarm() {
    let edition = postponed_2020();
    let in_feed = feed().file(&edition, revision(0)).unwrap();
    for (after_start, trigger) in [
        (TimeDelta::hours(9), "PT540M"),
        (TimeDelta::minutes(-30), "-PT30M"),
        (TimeDelta::zero(), "PT0M"),
    ] {
        let file = feed()
            .reminder(&edition, &city("nanjing"), after_start, revision(0))
            .unwrap();
        let found = events(&file);
        assert_eq!(found.len(), 1);
        let (uid, window) = (found[0].get_uid().unwrap(), window(&found[0]));
        let same = events(&in_feed)
            .into_iter()
            .find(|event| event.get_uid() == Some(uid));
        assert_eq!(window, crate::calendars::window(&same.unwrap()));
        assert!(uid.starts_with("contest.nanjing."), "{uid}");
        let line = format!("\r\nTRIGGER;RELATED=START:{trigger}\r\nEND:VALARM\r\nEND:VEVENT\r\n");
        assert!(file.contains(&line), "{file}");
    }
    assert_eq!(
        feed().reminder(&edition, &city("atlantis"), TimeDelta::zero(), revision(0)),
        Err(FeedError::NoContest {
            city: city("atlantis")
        })
    );
}

#[test]
fn an_instant_that_icalendar_cannot_write_is_refused() {
    let edition = titled("远");
    let stamped = DateTime::<Utc>::MAX_UTC;
    let modified = instant("2020-01-01T00:00:00Z");
    let refusal = feed().file(
        &edition,
        Revision {
            number: 0,
            stamped,
            modified,
        },
    );
    assert_eq!(
        refusal,
        Err(FeedError::OutsideCalendar { instant: stamped })
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// No title can break out of its line, and the independent reader gets it back.
    #[test]
    fn any_title_survives_the_feed(title in "[^\\p{Cc}\\p{Z}][^\\p{Cc}]{0,60}") {
        let file = feed().file(&titled(&title), revision(0)).unwrap();
        let events = events(&file);
        prop_assert_eq!(events.len(), 1);
        let description = events[0].get_description().unwrap().to_owned();
        prop_assert!(description.starts_with(&title), "{:?} in {:?}", title, description);
    }

    /// Control characters neither.
    #[test]
    fn no_title_adds_a_line(title in "x[\\x00-\\x1f;,:\\\\a]{0,40}") {
        let file = feed().file(&titled(&title), revision(0)).unwrap();
        prop_assert_eq!(events(&file).len(), 1);
        let is_well_formed = |line: &str| line.is_empty() || line.starts_with(' ') || line.starts_with(|c: char| c.is_ascii_uppercase());
        prop_assert!(file.split("\r\n").all(is_well_formed));
    }

    /// Any file gives an answer.
    #[test]
    fn no_file_breaks_the_import(parts in prop::collection::vec(prop::sample::select(vec![
        "BEGIN:VCALENDAR\n", "BEGIN:VEVENT\n", "END:VEVENT\n", "END:VCALENDAR\n", "DTSTART;VALUE=DATE:20200501\n",
        "DTSTART:00000000\n", "DTEND;VALUE=DATE:99991231\n", "DURATION:P99999999999D\n", "DURATION:P1W\n",
        "SUMMARY:劳动节（休）\n", "SUMMARY:上班\n", "X-APPLE-SPECIAL-DAY:WORK-HOLIDAY\n", " 折\n", "\r", "\"", ":", ";", "BEGIN:VALARM\n", "END:VALARM\n",
    ]), 0..30)) {
        let file = parts.concat();
        if let Ok(import) = import_holidays(&file, "随机") {
            prop_assert!(import.holidays.special_days().count() > 0);
        }
    }
}

/// In the form of the calendar that phones subscribe to: one event for each stretch, marked twice.
const PHONE: &str = "\
BEGIN:VCALENDAR\r
VERSION:2.0\r
BEGIN:VEVENT\r
DTSTART;VALUE=DATE:20200501\r
DTEND;VALUE=DATE:20200506\r
SUMMARY;LANGUAGE=zh_CN:劳动节\r
 （休）\r
X-APPLE-SPECIAL-DAY:WORK-HOLIDAY\r
BEGIN:VALARM\r
SUMMARY:上班\r
END:VALARM\r
END:VEVENT\r
BEGIN:VEVENT\r
DTSTART;VALUE=DATE:20200509\r
SUMMARY;LANGUAGE=zh_CN:劳动节（班）\r
X-APPLE-SPECIAL-DAY:ALTERNATE-WORKDAY\r
END:VEVENT\r
BEGIN:VEVENT\r
DTSTART;VALUE=DATE:20200504\r
SUMMARY:青年节\r
END:VEVENT\r
END:VCALENDAR\r
";

#[test]
fn a_calendar_as_phones_subscribe_to_is_read() {
    let import = import_holidays(PHONE, "订阅日历").unwrap();
    let holidays = &import.holidays;
    let days: Vec<_> = holidays.special_days().collect();
    assert_eq!(days.len(), 6);
    assert_eq!(days[0], (civil("2020-05-01"), "劳动节（休）", true));
    assert_eq!(days[5], (civil("2020-05-09"), "劳动节（班）", false));
    assert_eq!(holidays.kind(civil("2020-05-06")), Some(DayKind::Workday));
    assert_eq!(
        holidays.span(),
        &(civil("2020-01-01")..=civil("2020-12-31"))
    );
    assert_eq!(import.not_imported.len(), 1);
    let left_out = &import.not_imported[0];
    assert_eq!((left_out.line, left_out.reason), (18, Reason::Unmarked));
}

/// Builds a file with one event of these lines.
fn one_event(lines: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\n{lines}\nEND:VEVENT\nBEGIN:VEVENT\nDTSTART:20200101\nSUMMARY:元旦（休）\nEND:VEVENT\nEND:VCALENDAR\n"
    )
}

#[test]
fn marks_in_words_are_read_and_what_is_unclear_is_left_out_with_the_reason() {
    let kind = |lines: &str| {
        let import = import_holidays(&one_event(lines), "").unwrap();
        let kind = import.holidays.kind(civil("2020-04-26"));
        let reason = import.not_imported.first().map(|left_out| left_out.reason);
        (kind, reason)
    };
    let worked = (Some(DayKind::MakeUpWorkday), None);
    let day = "DTSTART;VALUE=DATE:20200426\n";
    for summary in ["上班(补劳动节假期)", "劳动节补班", "劳动节(班)"] {
        assert_eq!(
            kind(&format!("{day}SUMMARY:{summary}")),
            worked,
            "{summary}"
        );
    }
    for summary in ["劳动节假期", "劳动节 放假", "劳动节(休)"] {
        let off = (Some(DayKind::Holiday), None);
        assert_eq!(kind(&format!("{day}SUMMARY:{summary}")), off, "{summary}");
    }
    for (lines, reason) in [
        ("SUMMARY:劳动节调休\nDTSTART:20200426", Reason::Ambiguous),
        ("SUMMARY:情人节\nDTSTART:20200426", Reason::Unmarked),
        ("SUMMARY:放假\nDTSTART:20200426T000000Z", Reason::NotAllDay),
        ("SUMMARY:放假", Reason::NotAllDay),
        (
            "SUMMARY:放假\nDTSTART:20200426\nRRULE:FREQ=YEARLY",
            Reason::Recurring,
        ),
        (
            "SUMMARY:放假\nDTSTART:20200426\nDTEND:20210101",
            Reason::BadLength,
        ),
        (
            "SUMMARY:放假\nDTSTART:20200426\nDTEND:20200425",
            Reason::BadLength,
        ),
        (
            "SUMMARY:放假\nDTSTART:20200426\nSTATUS:CANCELLED",
            Reason::Cancelled,
        ),
    ] {
        let weekend = Some(DayKind::Weekend);
        assert_eq!(kind(lines), (weekend, Some(reason)), "{lines}");
    }
    let fortnight = "SUMMARY:放假\nDTSTART:20200413\nDURATION:P2W";
    assert_eq!(kind(fortnight), (Some(DayKind::Holiday), None));
    assert_eq!(
        kind("SUMMARY:放假\nDTSTART:20200426\nDTEND:20200426"),
        (Some(DayKind::Holiday), None)
    );
}

#[test]
fn what_is_no_holiday_calendar_is_refused() {
    assert_eq!(import_holidays("", ""), Err(IcsError::NotACalendar));
    let file = feed().file(&postponed_2020(), revision(0)).unwrap();
    assert_eq!(import_holidays(&file, ""), Err(IcsError::NoMarkedDay));
    let file = one_event("DTSTART:20200101\nSUMMARY:上班");
    assert!(matches!(
        import_holidays(&file, ""),
        Err(IcsError::Holidays(HolidaysError::Contradiction { .. }))
    ));
}

#[test]
fn the_named_calendar_of_2020_has_the_days_of_both_notices() {
    let holidays = Holidays::china_2020();
    let (off, worked): (Vec<_>, Vec<_>) =
        holidays.special_days().partition(|(_, _, is_off)| *is_off);
    assert_eq!((off.len(), worked.len()), (30, 6));
    let kind = |text: &str| holidays.kind(civil(text));
    assert_eq!(kind("2020-02-01"), Some(DayKind::Holiday));
    assert_eq!(kind("2020-02-02"), Some(DayKind::Holiday));
    assert_eq!(kind("2020-02-03"), Some(DayKind::Workday));
    assert!(
        worked
            .iter()
            .all(|(day, ..)| kind(&day.to_string()) == Some(DayKind::MakeUpWorkday))
    );
    assert_eq!((kind("2019-12-31"), kind("2021-01-01")), (None, None));
    assert_eq!(holidays.name(civil("2020-06-25")), Some("端午节"));
    // Checked again by the public constructor.
    let named = |days: &[(schedule_core::CivilDay, &str, bool)]| -> Vec<_> {
        days.iter()
            .map(|(day, name, _)| (*day, (*name).to_owned()))
            .collect()
    };
    let again = Holidays::new(
        holidays.source(),
        holidays.span().clone(),
        named(&off),
        named(&worked),
    );
    assert_eq!(again, Ok(holidays.clone()));
}

#[test]
fn a_day_outside_the_span_is_refused() {
    let (first, last) = (civil("2020-01-01"), civil("2020-12-31"));
    let day = civil("2021-01-01");
    let refusal = Holidays::new("", first..=last, [(day, String::new())], []);
    assert_eq!(
        refusal,
        Err(HolidaysError::OutsideSpan { day, first, last })
    );
}

#[test]
fn the_province_of_a_feed_is_any_province() {
    let province = Province::new("某省", jiangsu().cities().to_vec()).unwrap();
    let slug = EditionSlug::new("other").unwrap();
    let tokyo = "+09:00".parse().unwrap();
    let week = days("2027-03-01", "2027-03-07").in_zone(tokyo);
    let edition = EditionBuilder::new(slug, "他省", province)
        .row("1", week, [Phase::Contest(city("wuxi"))])
        .build()
        .unwrap();
    let file = feed().file(&edition, revision(0)).unwrap();
    let read = window(&events(&file)[0]);
    assert_eq!(read.in_zone(tokyo), week);
}
