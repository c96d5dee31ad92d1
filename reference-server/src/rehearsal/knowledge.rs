//! What citizens know: right answers by text, read from the frozen banks.
//!
//! A citizen cannot see a key; he knows the subject. The rehearsal takes that
//! knowledge from the banks and never from an answer of the server.

use std::collections::BTreeMap;

use rand::rngs::ChaCha12Rng;
use serde_json::Value;

use super::citizens::below;
use crate::{
    app::App,
    contest::{Error, sealed},
    store::season as rows,
};

/// The fields of a paper as the JSON API gives it; any other one could carry a key.
const PAPER_FIELDS: [&str; 5] = ["attempt_id", "city", "city_name", "closes", "items"];
const ITEM_FIELDS: [&str; 5] = ["ordinal", "stem", "origin", "options", "void"];
const OPTION_FIELDS: [&str; 2] = ["position", "text"];

/// The subject, as far as any bank asks about it.
#[derive(Debug, Default)]
pub(super) struct Knowledge(BTreeMap<String, Subject>);

#[derive(Debug)]
struct Subject {
    right: String,
    explanation: Option<String>,
}

/// A filled-in paper.
#[derive(Debug, Default)]
pub(super) struct Filled {
    /// Letters by question number.
    pub(super) answers: BTreeMap<String, String>,
    /// How many of them are right.
    pub(super) n_right: u32,
}

impl Knowledge {
    /// Reads every planned city's bank.
    pub(super) async fn of(app: &App) -> Result<Self, Error> {
        let banks = app
            .store
            .read(|read| {
                let cities = rows::cities(read)?;
                Ok::<_, Error>(cities.into_iter().map(|city| city.bank).collect::<Vec<_>>())
            })
            .await?;
        let mut known = BTreeMap::new();
        for digest in banks {
            let bank = sealed::bank(app, &digest).await?;
            for (_, question) in bank.questions() {
                let Some(right) = question.choice(question.key()) else {
                    continue;
                };
                let subject = Subject {
                    right: right.text().to_owned(),
                    explanation: question.explanation().map(str::to_owned),
                };
                known.insert(question.stem().to_owned(), subject);
            }
        }
        Ok(Self(known))
    }

    /// Fills in a paper; `None` when it is not one.
    pub(super) fn fill(
        &self,
        paper: &Value,
        knows_per_mille: u32,
        words: &mut ChaCha12Rng,
    ) -> Option<Filled> {
        let mut filled = Filled::default();
        for item in paper.get("items")?.as_array()? {
            let subject = self.0.get(item.get("stem")?.as_str()?)?;
            let (mut right, mut wrong) = (None, Vec::new());
            for option in item.get("options")?.as_array()? {
                let letter = option.get("position")?.as_str()?;
                if option.get("text")?.as_str()? == subject.right {
                    right = Some(letter);
                } else {
                    wrong.push(letter);
                }
            }
            let is_known = below(words, 1_000) < u64::from(knows_per_mille);
            let n_wrong = u64::try_from(wrong.len()).ok()?;
            let guess = usize::try_from(below(words, n_wrong)).ok()?;
            let chosen = if is_known { right? } else { wrong.get(guess)? };
            filled.n_right += u32::from(Some(chosen) == right);
            let ordinal = item.get("ordinal")?.to_string();
            filled.answers.insert(ordinal, chosen.to_owned());
        }
        Some(filled)
    }

    /// What of a key or an explanation stands in a paper, or in anything else sent with it.
    pub(super) fn leaks(&self, paper: &Value, others: &[&str]) -> Vec<String> {
        let mut found = Vec::new();
        strange_fields(paper, &PAPER_FIELDS, &mut found);
        let text = paper.to_string();
        for item in paper
            .get("items")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            strange_fields(item, &ITEM_FIELDS, &mut found);
            for option in item
                .get("options")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                strange_fields(option, &OPTION_FIELDS, &mut found);
            }
            let explanation = item
                .get("stem")
                .and_then(Value::as_str)
                .and_then(|stem| self.0.get(stem))
                .and_then(|subject| subject.explanation.as_deref());
            if let Some(explanation) = explanation
                && (text.contains(explanation) || others.iter().any(|o| o.contains(explanation)))
            {
                found.push(format!("the explanation {explanation:?}"));
            }
        }
        found
    }
}

fn strange_fields(value: &Value, known: &[&str], found: &mut Vec<String>) {
    let fields = value
        .as_object()
        .into_iter()
        .flat_map(serde_json::Map::keys);
    for field in fields {
        if !known.contains(&field.as_str()) {
            found.push(format!("a field {field:?}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng as _;
    use serde_json::json;

    fn knowledge() -> Knowledge {
        let subject = Subject {
            right: "four".to_owned(),
            explanation: Some("two and two make four".to_owned()),
        };
        Knowledge(BTreeMap::from([("2 + 2?".to_owned(), subject)]))
    }

    fn paper() -> Value {
        let option = |position: &str, text: &str| json!({"position": position, "text": text});
        json!({"attempt_id": "t", "items": [{
            "ordinal": 1, "stem": "2 + 2?", "origin": "city",
            "options": [option("A", "three"), option("B", "four"), option("C", "five")],
        }]})
    }

    #[test]
    fn whoever_knows_everything_answers_right_and_whoever_knows_nothing_wrong() {
        let mut words = ChaCha12Rng::seed_from_u64(1);
        let right = knowledge()
            .fill(&paper(), 1_000, &mut words)
            .expect("a paper");
        assert_eq!((right.n_right, right.answers["1"].as_str()), (1, "B"));
        let wrong = knowledge().fill(&paper(), 0, &mut words).expect("a paper");
        assert_eq!(wrong.n_right, 0);
    }

    #[test]
    fn a_key_or_an_explanation_in_a_paper_is_found() {
        assert!(
            knowledge()
                .leaks(&paper(), &["<html>2 + 2?</html>"])
                .is_empty()
        );
        let mut marked = paper();
        marked["items"][0]["options"][1]["right"] = json!(true);
        assert_eq!(knowledge().leaks(&marked, &[]), ["a field \"right\""]);
        let page = "<p>two and two make four</p>";
        assert_eq!(knowledge().leaks(&paper(), &[page]).len(), 1);
    }
}
