//! Sample questions for cities whose office has not sent its own: generated from the
//! list of districts, true, and marked as samples in every stem.

use quiz_core::{Position, Question, QuestionDraft, QuestionError};
use schedule_core::City;

use crate::app::Season;

const SOURCE: &str = "示例题：依据《中华人民共和国行政区划代码》（GB/T 2260）所列县级区划";

/// As many questions as a city's half of the bank has, about which county-level
/// divisions belong to the city.
///
/// # Errors
/// [`QuestionError`] when the province has too few districts to build four options.
pub fn city_questions(season: &Season, slug: &str) -> Result<Vec<Question>, QuestionError> {
    let cities = season.province.cities();
    let Some(home) = cities.iter().find(|city| city.slug().as_str() == slug) else {
        return Err(QuestionError::ChoiceCount { found: 0 });
    };
    let foreign: Vec<&str> = cities
        .iter()
        .filter(|city| city.slug() != home.slug())
        .flat_map(|city| city.districts().iter().map(schedule_core::District::name))
        .filter(|name| home.districts().iter().all(|own| own.name() != *name))
        .collect();
    (0..usize::from(season.bank_size.city))
        .map(|number| Question::new(draft(home, &foreign, number)))
        .collect()
}

/// Even numbers ask which division belongs to the city, odd ones which does not.
fn draft(home: &City, foreign: &[&str], number: usize) -> QuestionDraft {
    let own: Vec<&str> = home
        .districts()
        .iter()
        .map(schedule_core::District::name)
        .collect();
    let asks_for_own = number.is_multiple_of(2);
    let (right_pool, wrong_pool) = if asks_for_own {
        (own.as_slice(), foreign)
    } else {
        (foreign, own.as_slice())
    };
    let right = pick(right_pool, number, 0);
    let mut choices: Vec<String> = Vec::with_capacity(4);
    let mut skip = 0;
    while choices.len() < 3 && skip < wrong_pool.len() {
        let candidate = pick(wrong_pool, number, skip);
        if candidate != right && choices.iter().all(|choice| choice != candidate) {
            choices.push(candidate.to_owned());
        }
        skip += 1;
    }
    let key = number % 4;
    choices.insert(key.min(choices.len()), right.to_owned());
    let relation = if asks_for_own { "属于" } else { "不属于" };
    QuestionDraft {
        stem: format!(
            "（示例题 {:02}）下列哪一个县（市、区）{relation}{}？",
            number + 1,
            home.name()
        ),
        choices,
        key: Position::from_index(key).unwrap_or(Position::A),
        explanation: Some(format!("{right}{relation}{}管辖。", home.name())),
        source: Some(SOURCE.to_owned()),
        law_as_of: chrono::NaiveDate::from_ymd_opt(2020, 5, 1),
    }
}

/// Walks a pool with a stride, so that neighbouring questions do not share their options.
fn pick<'a>(pool: &[&'a str], number: usize, skip: usize) -> &'a str {
    let index = (number * 7 + skip) % pool.len().max(1);
    pool.get(index).copied().unwrap_or_default()
}
