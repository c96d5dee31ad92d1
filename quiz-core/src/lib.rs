#![doc = include_str!("../README.md")]
#![warn(
    clippy::arithmetic_side_effects,
    clippy::exhaustive_enums,
    clippy::exhaustive_structs,
    clippy::expect_used,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::wildcard_enum_match_arm
)]

mod arrangement;
mod attempt;
mod bank;
pub mod draw;
mod finding;
mod folding;
pub mod import;
pub mod lint;
mod position;
mod question;
mod quiz;
mod score;

pub use self::{
    attempt::{AnswerError, Answers, Attempt, Submitted},
    bank::{
        BankDigest, BankError, BankSize, Halves, Origin, ParseBankDigestError, QuestionBank,
        QuestionId,
    },
    draw::{DrawError, DrawRule},
    finding::{Finding, FindingCode, Severity},
    position::{Ordinal, ParseOrdinalError, ParsePositionError, Position},
    question::{Choice, MAX_CHOICES, MIN_CHOICES, Question, QuestionDraft, QuestionError},
    quiz::{Item, PresentedItem, Quiz, QuizError},
    score::{MarkedItem, Marking, PassMark, Score, ScoreError},
};
