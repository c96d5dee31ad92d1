//! What is known of each question of a city's bank, from everybody's first attempt there.

use quiz_core::{
    Origin, Position, QuestionId,
    statistics::{AnswerTally, ItemFlag, LeastCounts, analyse_tallies},
};

use super::{Shown, round_of};
use crate::{
    app::App,
    contest::{
        Failure,
        organiser::{Error, Organiser},
        sealed,
    },
    store::statistics as rows,
};

/// What is known of one question; whole thousandths, so that no number needs a fraction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemFigures {
    /// Its number in the bank, from 1: the province's half comes first.
    pub number: i64,
    /// Whether it is the province's.
    pub is_province: bool,
    /// The stem.
    pub stem: String,
    /// The letter of the right option.
    pub key: char,
    /// First attempts that it was drawn for.
    pub n_shown: Shown,
    /// Facility: right answers in a thousand; nothing below five answers.
    pub facility_permille: Option<i64>,
    /// The standard error of the facility, in thousandths.
    pub error_permille: Option<i64>,
    /// Discrimination, -1000 to 1000: the correlation of being right with the rest of the score.
    pub discrimination_permille: Option<i64>,
    /// Of each option its letter and how many in a thousand chose it.
    pub options: Vec<(char, Option<i64>)>,
    /// How many in a thousand left it open.
    pub unanswered_permille: Option<i64>,
    /// What should be looked at.
    pub flags: Vec<ItemFlag>,
}

/// The questions of a city's bank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemSet {
    /// People whose first attempt is counted.
    pub n_people: i64,
    /// The questions in the order of the bank; a city editor sees the city's own.
    pub items: Vec<ItemFigures>,
}

/// What is known of the questions of a city's bank; nothing before it is frozen.
///
/// Cost: the city's counts of answers, at most a few thousand rows.
///
/// # Errors
/// Refuses with [`Refused::NotFound`](super::super::organiser::Refused::NotFound) for a city that the timetable does not have.
pub async fn items(app: &App, organiser: &Organiser, slug: &str) -> Result<ItemSet, Error> {
    round_of(app, slug)?;
    let Some(bank) = sealed::bank_of(app, slug).await? else {
        return Ok(ItemSet {
            n_people: 0,
            items: Vec::new(),
        });
    };
    let key = slug.to_owned();
    let (people, answers) = app
        .store
        .read(move |read| Ok::<_, Error>((rows::people(read, &key)?, rows::answers(read, &key)?)))
        .await?;
    let n_people: i64 = people.iter().map(|row| row.n_people).sum();
    let tallies: Vec<AnswerTally> = answers
        .into_iter()
        .map(|row| {
            Ok(AnswerTally {
                item: u16::try_from(row.item)?,
                chosen: row.choice.chars().next().and_then(Position::from_letter),
                score: u16::try_from(row.score)?,
                n: usize::try_from(row.n)?,
            })
        })
        .collect::<Result<_, std::num::TryFromIntError>>()
        .map_err(Failure::defect)?;
    let n_attempts = usize::try_from(n_people).unwrap_or(0);
    let analysis = analyse_tallies(&bank, n_attempts, &tallies, LeastCounts::USUAL);
    let is_own_half = organiser.city.is_some();
    let mut items = Vec::with_capacity(bank.len());
    for found in &analysis.items {
        let id: QuestionId = found.question();
        let (Some(question), Some(origin)) = (bank.question(id), bank.origin(id)) else {
            continue;
        };
        if is_own_half && origin != Origin::City {
            continue;
        }
        let n_shown = Shown::of(i64::try_from(found.n_shown).unwrap_or(i64::MAX));
        let is_told = n_shown.exact().is_some_and(|n| n > 0);
        let share = |count: usize| is_told.then(|| permille_of(count, found.n_shown));
        let moments = found.moments.filter(|_moments| is_told);
        items.push(ItemFigures {
            number: i64::from(id.get()).saturating_add(1),
            is_province: origin == Origin::Province,
            stem: question.stem().to_owned(),
            key: question.key().letter(),
            n_shown,
            facility_permille: moments.map(|moments| thousandths(moments.mean)),
            error_permille: moments
                .and_then(|moments| moments.standard_error)
                .map(thousandths),
            discrimination_permille: moments
                .and_then(|moments| moments.discrimination)
                .map(thousandths),
            options: found
                .options
                .iter()
                .map(|option| (option.option.letter(), share(option.total())))
                .collect(),
            unanswered_permille: share(found.n_unanswered),
            flags: found.flags.clone(),
        });
    }
    Ok(ItemSet { n_people, items })
}

fn permille_of(count: usize, of: usize) -> i64 {
    let part = count.saturating_mul(1_000).saturating_add(of / 2);
    i64::try_from(part.checked_div(of).unwrap_or(0)).unwrap_or(i64::MAX)
}

/// A figure between -1 and 1 in whole thousandths, the nearest.
#[expect(
    clippy::float_arithmetic,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "figures to be read, between -1000 and 1000"
)]
fn thousandths(figure: f64) -> i64 {
    (figure * 1_000.0).round() as i64
}
