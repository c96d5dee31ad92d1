//! A file read as a holiday calendar; every day of it has a kind.
#![no_main]

use libfuzzer_sys::fuzz_target;
use schedule_core::ics::import_holidays;

fuzz_target!(|file: &str| {
    let Ok(import) = import_holidays(file, "") else {
        return;
    };
    for (day, _, is_off) in import.holidays.special_days() {
        let kind = import
            .holidays
            .kind(day)
            .expect("a marked day is inside the span");
        assert!(!is_off || kind.is_off());
    }
});
