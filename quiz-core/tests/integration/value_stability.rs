//! Literal outputs: changing one is a change to every published draw.

use quiz_core::{
    DrawRule, Halves, Position, Question, QuestionBank, QuestionDraft, Quiz,
    draw::{Bands, Shown},
};
use rand::{SeedableRng as _, rngs::ChaCha12Rng};

use crate::sample::{draft, jiangsu, question};

fn drawn(seed: [u8; 32], rule: DrawRule) -> String {
    written(&Quiz::draw(&jiangsu(), rule, &mut ChaCha12Rng::from_seed(seed)).unwrap())
}

/// Each item as the identifier of its question and the letters of its options, in the order shown.
fn written(quiz: &Quiz) -> String {
    let item = |item: &quiz_core::Item| {
        let order: String = item.option_order.iter().map(|p| p.letter()).collect();
        format!("{}{order}", item.question)
    };
    quiz.items().iter().map(item).collect::<Vec<_>>().join(" ")
}

#[test]
fn value_stability_of_a_simple_draw() {
    assert_eq!(
        drawn([0; 32], DrawRule::JIANGSU_2020),
        "41ACBD 33ABDC 9BDCA 83ADBC 74ADBC 12ACBD 66DABC 0ACBD 51CADB 77ABDC"
    );
    assert_eq!(
        drawn([7; 32], DrawRule::JIANGSU_2020),
        "47BDCA 13BACD 8BCAD 74DCBA 94CADB 55ADBC 56CBAD 30ADBC 7ABDC 20ADCB"
    );
}

#[test]
fn value_stability_of_a_stratified_draw() {
    assert_eq!(
        drawn(
            [7; 32],
            DrawRule::Stratified {
                province: 5,
                city: 5
            }
        ),
        "47DCBA 52CADB 23ADBC 76CBAD 5ADBC 37ABDC 64ADCB 7ADCB 77ADCB 59CBDA"
    );
}

#[test]
fn value_stability_of_a_balanced_draw() {
    let bank = jiangsu();
    let facilities: Vec<u16> = (0..100_u16).map(|i| i * 37 % 100 * 10).collect();
    let bands = Bands::by_facility(&bank, &facilities, 7).unwrap();
    let mut rng = ChaCha12Rng::from_seed([7; 32]);
    let quiz = Quiz::draw_balanced(&bank, &bands, 10, &mut rng).unwrap();
    assert_eq!(
        written(&quiz),
        "71CADB 34BDCA 61CADB 50ACBD 5DACB 98BDCA 54DCBA 20DBCA 11DBAC 75ACDB"
    );
}

#[test]
fn value_stability_of_a_fresh_draw() {
    let bank = jiangsu();
    let mut rng = ChaCha12Rng::from_seed([7; 32]);
    let mut shown = Shown::nothing(&bank);
    shown
        .record(&Quiz::draw(&bank, DrawRule::Simple { n: 95 }, &mut rng).unwrap())
        .unwrap();
    let quiz = Quiz::draw_fresh(&bank, DrawRule::JIANGSU_2020, &shown, &mut rng).unwrap();
    assert_eq!(
        written(&quiz),
        "79ACDB 59ABCD 15ABCD 22BADC 32CBAD 83ADBC 89DBAC 7BACD 87ADCB 67BACD"
    );
}

#[test]
fn value_stability_of_pinned_options() {
    let halves = Halves {
        province: vec![
            question("一", &["甲", "以上都对", "丙", "丁"], Position::A),
            question("二", &["甲", "乙", "A和B"], Position::A),
        ],
        city: vec![question("三", &["甲", "乙"], Position::A)],
    };
    let bank = QuestionBank::freeze(
        quiz_core::BankSize {
            province: 2,
            city: 1,
        },
        halves,
    )
    .unwrap();
    let quiz = Quiz::draw(
        &bank,
        DrawRule::Simple { n: 3 },
        &mut ChaCha12Rng::from_seed([9; 32]),
    )
    .unwrap();
    let orders: Vec<String> = quiz
        .items()
        .iter()
        .map(|i| {
            format!(
                "{}{}",
                i.question,
                i.option_order
                    .iter()
                    .map(|p| p.letter())
                    .collect::<String>()
            )
        })
        .collect();
    assert_eq!(orders.join(" "), "1ABC 2BA 0CDAB");
}

/// Recomputed from the documented canonical form by another program.
#[test]
fn value_stability_of_the_digest() {
    assert_eq!(
        jiangsu().digest().to_string(),
        "fd98851e4a56ae4011d77c2bfda28c70e7ff5a31b3a6301f0792c9cc2fa39279"
    );
    let full = QuestionDraft {
        explanation: Some("依据：\n第一条".to_owned()),
        source: Some("《条例》".to_owned()),
        law_as_of: chrono::NaiveDate::from_ymd_opt(2020, 4, 22),
        ..draft("问", &["甲", "乙"], Position::B)
    };
    let halves = Halves {
        province: vec![Question::new(full).unwrap()],
        city: Vec::new(),
    };
    let bank = QuestionBank::freeze(
        quiz_core::BankSize {
            province: 1,
            city: 0,
        },
        halves,
    )
    .unwrap();
    assert_eq!(
        bank.digest().to_string(),
        "ea2a0a4f7c2e84a8a5ee03c110d4978ee80a04affa9da975732a87b28bc7d82d"
    );
}
