//! `verify` as a stranger runs it, on a file and on nothing else.

use std::{
    path::Path,
    process::{Command, Output},
};

const CITY: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../reward-core/vectors/city.json"
);
const ROOT: &str = "d94d55b7df5e05c1280d4d0c707c9061ea99558ce1fc7c930e24b539d1dc22eb";

fn verify(file: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_reference-server"))
        .arg("verify")
        .arg(file)
        .args(arguments)
        .output()
        .unwrap()
}

fn said(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn a_file_that_fits_is_summed_up() {
    let output = verify(Path::new(CITY), &["--root", ROOT]);
    assert_eq!(output.status.code(), Some(0));
    let text = said(&output.stdout);
    for words in [
        "awards      280,",
        "top packet  awarded by entry",
        "fits every packet, as you noted",
        "heads       7 fit the log",
        "receipts    7 fit the root",
        "EVERYTHING FITS",
        "depends on the announced public value",
        "Compare commitment",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn a_file_that_was_altered_or_is_not_the_noted_one_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let altered = folder.path().join("city.json");
    let text = std::fs::read_to_string(CITY).unwrap();
    let line = text.find(" plain ").unwrap();
    std::fs::write(
        &altered,
        format!("{} top{}", &text[..line], &text[line + 6..]),
    )
    .unwrap();
    let output = verify(&altered, &[]);
    assert_eq!(output.status.code(), Some(3));
    assert!(said(&output.stdout).starts_with("DOES NOT HOLD: "));

    let output = verify(Path::new(CITY), &["--commitment", ROOT]);
    assert_eq!(output.status.code(), Some(3));
    assert!(said(&output.stdout).contains("you noted the commitment"));
}

#[test]
fn a_receipt_is_checked_with_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let json: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(CITY).unwrap()).unwrap();
    let receipt = json["receipts"][2].as_str().unwrap();
    let mine = folder.path().join("receipt.txt");
    std::fs::write(&mine, receipt).unwrap();
    let option = ["--receipt", mine.to_str().unwrap()];
    let output = verify(Path::new(CITY), &option);
    assert_eq!(output.status.code(), Some(0));
    assert!(said(&output.stdout).contains("receipts    8 fit the root"));
    std::fs::write(&mine, receipt.replace("amount_fen ", "amount_fen 1")).unwrap();
    let output = verify(Path::new(CITY), &option);
    assert_eq!(output.status.code(), Some(3), "{receipt}");
}

#[test]
fn what_is_no_city_file_is_a_plain_failure() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("nothing.json");
    let output = verify(&file, &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output.stderr).contains("cannot read"));
    std::fs::write(&file, "{}").unwrap();
    let output = verify(&file, &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output.stderr).contains("is not a city's file"));
}
