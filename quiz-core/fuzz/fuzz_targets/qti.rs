//! Text read as a QTI item; what was read is printed and read again, in both versions.
#![no_main]

use checks::{check, questions};
use libfuzzer_sys::fuzz_target;
use quiz_core::{
    export::qti::{Version, print},
    import::qti::read,
};

fuzz_target!(|text: &str| {
    let read_first = check(&read("f", text));
    for version in [Version::V2_2, Version::V3_0] {
        if let Ok(files) = print(&read_first, version) {
            let back: Vec<_> = files.iter().flat_map(|file| questions(read("f", file))).collect();
            assert_eq!(back, read_first);
        }
    }
});
