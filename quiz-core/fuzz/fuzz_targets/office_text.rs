//! Lines read as a paper; what was read is printed and read again.
#![no_main]

use checks::{check, questions};
use libfuzzer_sys::fuzz_target;
use quiz_core::{
    export::office_text::print,
    import::office_text::{Document, read},
};

fn document(text: &str) -> Document {
    Document {
        file: "f".to_owned(),
        paragraphs: text.split('\n').map(str::to_owned).collect(),
    }
}

fuzz_target!(|text: &str| {
    let read_first = check(&read(&document(text)));
    if let Ok(printed) = print(&read_first) {
        assert_eq!(questions(read(&document(&printed))), read_first);
    }
});
