//! Office files: what is read, what is refused, and what it costs.

mod bombs;
mod check;
mod files;
mod reading;

use std::path::PathBuf;

use reference_server::{
    content::BankFile,
    office::{OfficeContent, OfficeError, OfficeReader, Refusal},
};

/// The reader the server uses, with the server's own program.
fn reader() -> OfficeReader {
    OfficeReader::new(PathBuf::from(env!("CARGO_BIN_EXE_reference-server")))
}

fn file(name: &str, bytes: impl Into<Vec<u8>>) -> BankFile {
    BankFile {
        name: name.to_owned(),
        bytes: bytes.into(),
    }
}

/// The refusal a file meets.
fn refusal(file: &BankFile) -> Refusal {
    match reader().read(file) {
        Err(OfficeError::Refused { refusal, .. }) => refusal,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("{} is read", file.name),
    }
}

/// The rows of the only sheet.
fn rows(file: &BankFile) -> Vec<Vec<String>> {
    match reader().read(file) {
        Ok(OfficeContent::Sheets(mut tables)) if tables.len() == 1 => tables.remove(0).rows,
        other => panic!("{other:?}"),
    }
}

/// The banks that ship with the program.
fn sample_names() -> Vec<String> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("content/banks");
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// A bank that ships with the program.
fn sample(name: &str) -> BankFile {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("content/banks")
        .join(name);
    file(name, std::fs::read(path).unwrap())
}
