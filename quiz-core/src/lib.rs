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
mod correction;
mod digest;
pub mod draw;
pub mod export;
mod finding;
mod folding;
pub mod import;
pub mod life;
pub mod lint;
mod position;
mod question;
mod quiz;
mod revision;
mod score;
pub mod statistics;

pub use self::{
    arrangement::{OptionOrder, OptionOrderError},
    attempt::{AnswerError, Answers, Attempt, Submitted},
    bank::{BankError, BankSize, Halves, Origin, QuestionBank, QuestionId},
    correction::{CorrectionError, Corrections, Rescored},
    digest::{BankDigest, ParseBankDigestError},
    draw::{DrawError, DrawRule},
    finding::{Finding, FindingCode, Severity},
    position::{Ordinal, ParseOrdinalError, ParsePositionError, Position},
    question::{Choice, MAX_CHOICES, MIN_CHOICES, Question, QuestionDraft, QuestionError},
    quiz::{Item, PresentedItem, Quiz, QuizError, ShownItem},
    revision::{Difference, QuestionPart, differences},
    score::{MarkedItem, Marking, PassMark, Score, ScoreError},
};
