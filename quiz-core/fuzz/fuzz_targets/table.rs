//! Lines of tab-separated cells read as a sheet; the first line names it.
#![no_main]

use checks::{check, questions};
use libfuzzer_sys::fuzz_target;
use quiz_core::{
    export::table::rows,
    import::table::{Sheet, read},
};

fn sheet(name: Option<&str>, rows: Vec<Vec<String>>) -> Sheet {
    Sheet {
        file: "f".to_owned(),
        name: name.map(str::to_owned),
        first_row: 1,
        first_column: 1,
        rows,
    }
}

fuzz_target!(|text: &str| {
    let (name, lines) = text.split_once('\n').unwrap_or(("", text));
    // A cell may hold lines of its own: they are written as vertical tabs.
    let cell = |cell: &str| cell.replace('\u{B}', "\n");
    let cells = lines.split('\n').map(|line| line.split('\t').map(cell).collect());
    let read_first = check(&read(&sheet(Some(name), cells.collect())));
    if let Ok(printed) = rows(&read_first) {
        assert_eq!(questions(read(&sheet(None, printed))), read_first);
    }
});
