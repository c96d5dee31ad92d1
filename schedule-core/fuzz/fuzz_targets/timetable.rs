//! Text read as a timetable; what was read is printed in every form and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use schedule_core::timetable::{Reader, Severity};
use schedule_core::{Edition, EditionSlug, Window, jiangsu};

fn reader(year: i32) -> Reader {
    let slug = EditionSlug::new("fuzzed").expect("a slug");
    Reader::new(slug, "试", jiangsu(), year)
}

fn played(edition: &Edition) -> Vec<(String, Window, Option<Window>)> {
    let rounds = edition.rounds().iter();
    let played = rounds.map(|round| {
        let city = round.city().name().to_owned();
        (city, round.window(), round.preheat())
    });
    played.collect()
}

fuzz_target!(|text: &str| {
    let reading = reader(2020).read_text(text);
    let has_error = |severity| severity == Severity::Error;
    let mut severities = reading.findings().iter().map(|finding| finding.severity());
    assert_eq!(severities.any(has_error), reading.edition().is_none());
    let Ok(edition) = reading.into_edition() else {
        return;
    };
    let year = edition.rows()[0].window().first_day().year();
    let table = edition.timetable();
    for printed in [edition.notice(), table.csv(), table.markdown()] {
        let read = reader(year).read_text(&printed).into_edition();
        let read = read.unwrap_or_else(|findings| panic!("{}\n{printed}", findings[0]));
        assert_eq!(played(&read), played(&edition), "{printed}");
    }
    assert!(edition.gantt_svg().ends_with("</svg>\n"));
    assert!(!edition.gantt_text(80).is_empty());
});
