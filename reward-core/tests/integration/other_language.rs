//! The specification is enough for another language: vectors in files, and a verifier in Python that agrees.

use std::{
    env,
    num::NonZeroU32,
    path::PathBuf,
    process::{Command, Output},
};

use reward_core::WordStream;

use crate::proof::CITY;

fn seed(hexadecimal: &str) -> [u8; 32] {
    hexadecimal
        .parse::<reward_core::LogHead>()
        .unwrap()
        .to_bytes()
}

fn rows(csv: &str) -> impl Iterator<Item = Vec<&str>> {
    csv.lines().skip(1).map(|line| line.split(',').collect())
}

/// The vectors were computed by the program in Python, from the definition of the cipher.
#[test]
fn value_stability_of_the_word_vectors() {
    let mut checked = 0;
    for row in rows(include_str!("../../vectors/words.csv")) {
        let mut words = WordStream::new(seed(row[0]));
        for _ in 0..row[1].parse().unwrap() {
            words.next_word();
        }
        assert_eq!(words.next_word().to_string(), row[2], "{row:?}");
        checked += 1;
    }
    assert_eq!(checked, 42);
}

/// One stream through all rows; a twin that only takes words shows how many each row took.
#[test]
fn value_stability_of_the_vectors_of_below() {
    let csv = include_str!("../../vectors/below.csv");
    let key = seed(rows(csv).next().unwrap()[0]);
    let (mut words, mut twin) = (WordStream::new(key), WordStream::new(key));
    let mut rejections = 0;
    for row in rows(csv) {
        let limit: NonZeroU32 = row[1].parse().unwrap();
        assert_eq!(words.below(limit).to_string(), row[3], "{row:?}");
        let taken: u32 = row[2].parse().unwrap();
        rejections += taken - 1;
        for _ in 0..taken {
            twin.next_word();
        }
    }
    assert_eq!(words.next_word(), twin.next_word());
    assert!(rejections > 0, "no row shows a rejection");
}

/// Runs the verifier on a city; `None` where there is no Python, which only a machine outside CI may lack.
#[expect(
    clippy::print_stdout,
    reason = "what could not be checked must be said"
)]
fn verify(name: &str, city: &str) -> Option<Output> {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/verify.py");
    let file = env::temp_dir().join(format!("reward-core-{name}-{}.json", std::process::id()));
    std::fs::write(&file, city).unwrap();
    let output = Command::new("python3").arg(script).arg(&file).output();
    std::fs::remove_file(&file).unwrap();
    match output {
        Ok(output) => Some(output),
        Err(error) => {
            assert!(
                env::var_os("CI").is_none(),
                "python3 is needed where CI is set: {error}"
            );
            println!("NOT CHECKED: python3 cannot be run here ({error})");
            None
        }
    }
}

#[test]
fn a_verifier_in_python_finds_that_everything_fits() {
    let Some(output) = verify("fits", CITY) else {
        return;
    };
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complained}");
    assert!(
        said.contains("d94d55b7df5e05c1280d4d0c707c9061ea99558ce1fc7c930e24b539d1dc22eb"),
        "{said}"
    );
    assert!(
        said.contains("14000 packets, 280 awards, 7 receipts: everything fits"),
        "{said}"
    );
}

/// One digit of each kind of evidence, changed in the published file.
#[test]
fn the_verifier_in_python_refuses_every_kind_of_tampering() {
    let replacements = [
        ("commitment", "\"commitment\": \"7", "\"commitment\": \"8"),
        ("root", "\"root\": \"d", "\"root\": \"e"),
        (
            "beacon",
            "\"beacon_value\": \"407",
            "\"beacon_value\": \"408",
        ),
        (
            "log",
            "\"0 1588694400000 1 plain 0 96 ",
            "\"0 1588694400000 1 plain 0 97 ",
        ),
        ("claimant", " 96 00", " 96 01"),
        ("receipt", "amount_fen ", "amount_fen 1"),
        ("head", "entries 40 head c", "entries 40 head d"),
        ("spec", "daily_cap_fen 142800", "daily_cap_fen 142801"),
    ];
    for (name, from, to) in replacements {
        let changed = CITY.replacen(from, to, 1);
        assert_ne!(changed, CITY, "{name}");
        let Some(output) = verify(name, &changed) else {
            return;
        };
        assert!(!output.status.success(), "{name} was not noticed");
        let complained = String::from_utf8_lossy(&output.stderr);
        assert!(complained.contains("AssertionError"), "{complained}");
    }
}
