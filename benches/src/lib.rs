#![doc = include_str!("../README.md")]

pub mod machine;

use quiz_core::{BankSize, Halves, Position, Question, QuestionBank, QuestionDraft};

/// A bank of the size played in Jiangsu in 2020, filled with sums.
///
/// Cost: 100 questions are made, and the digest over them is computed.
///
/// # Errors
/// Never for these questions; the error is passed on so that a measurement cannot hide one.
pub fn sample_bank() -> Result<QuestionBank, Box<dyn std::error::Error>> {
    let size = BankSize::JIANGSU_2020;
    let last = u32::from(size.province).saturating_add(u32::from(size.city));
    let halves = Halves {
        province: (0..u32::from(size.province))
            .map(sum)
            .collect::<Result<_, _>>()?,
        city: (u32::from(size.province)..last)
            .map(sum)
            .collect::<Result<_, _>>()?,
    };
    Ok(QuestionBank::freeze(size, halves)?)
}

fn sum(number: u32) -> Result<Question, quiz_core::QuestionError> {
    Question::new(QuestionDraft {
        stem: format!("{number} + 1 = （ ）"),
        choices: [0, 1, 2, 3]
            .map(|more| number.saturating_add(more).to_string())
            .to_vec(),
        key: Position::B,
        explanation: None,
        source: None,
        law_as_of: None,
    })
}
