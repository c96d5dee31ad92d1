//! Text read as Moodle XML; what was read is printed and read again.
#![no_main]

use checks::{check, questions};
use libfuzzer_sys::fuzz_target;
use quiz_core::{export::moodle_xml::print, import::moodle_xml::read};

fuzz_target!(|text: &str| {
    let read_first = check(&read("f", text));
    if let Ok(printed) = print(&read_first) {
        assert_eq!(questions(read("f", &printed)), read_first);
    }
});
