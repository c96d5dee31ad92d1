//! The canonical form of a bank, against bytes made by another program and by hand.

use quiz_core::{BankDigest, BankSize, Halves, Position, Question, QuestionBank, QuestionDraft};
use sha2::{Digest as _, Sha256};

use crate::sample::{bank_of, draft, jiangsu, question};

/// Written by a few lines of Python from the description in the README, and named by `sha256sum`.
const GOLDEN: &str = include_str!("../golden/bank-form-1.txt");
const GOLDEN_DIGEST: &str = "08efcd3e79fa08aa02d85ecf9ce46613162eb8c92c67a5685e7f1dd0c18b73f2";

fn golden_bank() -> QuestionBank {
    let full = QuestionDraft {
        explanation: Some("依据：\n第一条".to_owned()),
        source: Some("GB 32100-2015".to_owned()),
        law_as_of: chrono::NaiveDate::from_ymd_opt(2015, 10, 1),
        ..draft(
            "统一社会信用代码共（ ）位。",
            &["15", "16", "18"],
            Position::C,
        )
    };
    let pinned = question("下列正确的是（ ）", &["甲", "乙", "以上都对"], Position::A)
        .with_pinned(&[Position::C, Position::A])
        .unwrap();
    let sourced = QuestionDraft {
        source: Some(" 《条例》".to_owned()),
        ..draft("1 + 1 = ", &["2", "３"], Position::A)
    };
    let halves = Halves {
        province: vec![Question::new(full).unwrap(), pinned],
        city: vec![Question::new(sourced).unwrap()],
    };
    let size = BankSize {
        province: 2,
        city: 1,
    };
    QuestionBank::freeze(size, halves).unwrap()
}

#[test]
fn value_stability_of_the_canonical_form() {
    assert_eq!(golden_bank().canonical_form(), GOLDEN);
    assert_eq!(golden_bank().digest().to_string(), GOLDEN_DIGEST);
}

/// Every byte is written out here, so that a change of the form cannot hide in a helper.
#[test]
fn the_canonical_form_is_these_bytes() {
    let bank = bank_of(vec![question("问", &["甲", "b"], Position::B)], Vec::new());
    let bytes = b"quiz-bank 1\nprovince 1\ncity 0\n\
        stem 3:\xe9\x97\xae\nchoice 3:\xe7\x94\xb2\nchoice 1:b\nkey B\n\
        explanation -\nsource -\nlaw_as_of -\n";
    assert_eq!(bank.canonical_form().as_bytes(), bytes);
    assert_eq!(
        bank.digest(),
        BankDigest::from_bytes(Sha256::digest(bytes).into())
    );
}

#[test]
fn the_digest_is_the_sha_256_of_the_canonical_form() {
    for bank in [jiangsu(), golden_bank()] {
        let digest: [u8; 32] = Sha256::digest(bank.canonical_form()).into();
        assert_eq!(bank.digest().as_bytes(), &digest);
    }
}
