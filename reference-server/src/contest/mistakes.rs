//! The questions a person got wrong, over all his attempts.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use quiz_core::QuestionBank;

use super::{
    Error, PersonId,
    attempt::{self, ReviewItem},
    question_correction::{self, InForce},
    sealed,
};
use crate::{
    app::App,
    store::{
        attempts,
        season::{self as rows, CityRow},
    },
};

/// Attempts looked at, the latest first; each costs one draw of its paper.
const N_ATTEMPTS_READ: i64 = 100;

/// A question that was answered wrong or left open at least once.
#[derive(Debug, Clone)]
pub struct Mistake {
    /// The city whose paper it stood on last.
    pub city_name: String,
    /// The question as it stood on the latest paper on which it was wrong.
    pub item: ReviewItem,
    /// How often it was wrong.
    pub n_wrong: u32,
    /// Whether the latest answer to it was right.
    pub mastered: bool,
}

/// The questions the person got wrong in the latest hundred attempts: those that are
/// still wrong first, within each group the most often wrong first.
///
/// A question is known by its words, so one that stands in several cities' banks is one.
///
/// # Errors
/// Fails when the database does.
pub async fn mistakes(app: &App, person: &PersonId) -> Result<Vec<Mistake>, Error> {
    let who = person.clone();
    let (latest, cities) = app
        .store
        .read(move |read| {
            Ok::<_, Error>((
                attempts::latest(read, who.as_str(), N_ATTEMPTS_READ)?,
                rows::cities(read)?,
            ))
        })
        .await?;
    let cities: HashMap<String, CityRow> = cities
        .into_iter()
        .map(|city| (city.city.clone(), city))
        .collect();
    let mut banks: HashMap<String, (Arc<QuestionBank>, Option<Arc<InForce>>)> = HashMap::new();
    let mut seen: BTreeMap<String, Seen> = BTreeMap::new();
    // Newest first: the first answer met to a question is its latest.
    for row in latest {
        let Some(city) = cities.get(&row.city) else {
            continue;
        };
        if !banks.contains_key(&row.city) {
            let bank = sealed::bank(app, &city.bank).await?;
            let in_force = question_correction::in_force(app, city, &bank).await?;
            banks.insert(row.city.clone(), (bank, in_force));
        }
        let Some((bank, in_force)) = banks.get(&row.city) else {
            continue;
        };
        for item in attempt::review(app, person, &row, bank, in_force.as_deref())? {
            let right = item.right;
            let seen = seen.entry(item.stem.clone()).or_insert(Seen {
                mastered: right,
                n_wrong: 0,
                wrong: None,
            });
            // What only a correction counts as right stays here to be read, and is no mistake any more.
            if !item.right_by_key {
                seen.n_wrong = seen.n_wrong.saturating_add(1);
                seen.wrong
                    .get_or_insert_with(|| (app.season.city_name(&row.city), item));
            }
        }
    }
    let mut mistakes: Vec<Mistake> = seen
        .into_values()
        .filter_map(|seen| {
            let (city_name, item) = seen.wrong?;
            Some(Mistake {
                city_name,
                item,
                n_wrong: seen.n_wrong,
                mastered: seen.mastered,
            })
        })
        .collect();
    mistakes.sort_by_key(|mistake| (mistake.mastered, std::cmp::Reverse(mistake.n_wrong)));
    Ok(mistakes)
}

/// What is known of one question while attempts are read.
struct Seen {
    mastered: bool,
    n_wrong: u32,
    wrong: Option<(String, ReviewItem)>,
}
