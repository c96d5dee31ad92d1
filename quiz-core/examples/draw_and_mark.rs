//! Freezes a small bank, draws a quiz, answers the first option throughout, and marks it.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use quiz_core::{
    Attempt, BankSize, DrawRule, Halves, PassMark, Position, Question, QuestionBank, QuestionDraft,
    Quiz,
};
use rand::{SeedableRng as _, rngs::ChaCha12Rng};

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

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let halves = Halves {
        province: (0..6).map(sum).collect::<Result<_, _>>()?,
        city: (6..12).map(sum).collect::<Result<_, _>>()?,
    };
    let bank = QuestionBank::freeze(
        BankSize {
            province: 6,
            city: 6,
        },
        halves,
    )?;
    println!("bank {}", bank.digest());

    let mut rng = ChaCha12Rng::from_seed([7; 32]);
    let mut attempt = Attempt::new(Quiz::draw(&bank, DrawRule::JIANGSU_2020, &mut rng)?);
    while let Some(ordinal) = attempt.next_unanswered() {
        let item = attempt.quiz().present(&bank, ordinal)?;
        println!("{ordinal}. {}", item.stem);
        for (position, text) in &item.options {
            println!("   {position}. {text}");
        }
        attempt.answer(ordinal, Position::A)?;
    }
    let submitted = attempt.submit(&bank)?;
    println!(
        "score {}, passed: {}",
        submitted.score(),
        PassMark::JIANGSU_2020.passed(submitted.score())
    );
    Ok(())
}
