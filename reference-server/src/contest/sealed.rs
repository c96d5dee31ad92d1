//! What a city sealed before it opened, opened again: its bank and its packets.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use chrono::NaiveDate;
use quiz_core::{Halves, Position, Question, QuestionBank, QuestionDraft};
use reward_core::{PacketPlan, PlanSeed, SealedPlan, SeedCommitment};
use serde::{Deserialize, Serialize};

use super::{Error, Failure};
use crate::{
    app::{App, Season},
    privacy::{Field, Keys, Place},
    store::season::{self as rows, CityRow},
};

/// A frozen bank, from memory or from the database.
pub(crate) async fn bank(app: &App, digest: &str) -> Result<Arc<QuestionBank>, Error> {
    if let Some(bank) = app.cached_bank(digest) {
        return Ok(bank);
    }
    let wanted = digest.to_owned();
    let sealed = app
        .store
        .read(move |read| Ok::<_, Error>(rows::bank_content(read, &wanted)?))
        .await?
        .ok_or(Failure::Unreadable { what: "bank" })?;
    let unreadable = || Failure::Unreadable {
        what: "bank.content",
    };
    let plain = app
        .keys
        .open(&bank_place(digest), &sealed)
        .map_err(|_unsealable| unreadable())?;
    let stored: StoredBank = serde_json::from_slice(&plain).map_err(|_error| unreadable())?;
    let bank = stored.freeze(app).ok_or_else(unreadable)?;
    if bank.digest().to_string() != digest {
        return Err(unreadable().into());
    }
    let bank = Arc::new(bank);
    app.cache_bank(digest.to_owned(), Arc::clone(&bank));
    Ok(bank)
}

/// The frozen bank of a city; `None` when there is no such city.
pub(crate) async fn bank_of(app: &App, slug: &str) -> Result<Option<Arc<QuestionBank>>, Error> {
    if let Some(bank) = app.cached_bank_of(slug) {
        return Ok(Some(bank));
    }
    let wanted = slug.to_owned();
    let city = app
        .store
        .read(move |read| Ok::<_, Error>(rows::city(read, &wanted)?))
        .await?;
    let Some(city) = city else {
        return Ok(None);
    };
    let bank = bank(app, &city.bank).await?;
    app.cache_bank_of(city.city, Arc::clone(&bank));
    Ok(Some(bank))
}

/// A city's sealed plan, drawn again from its seed or from memory.
pub(crate) fn plan(app: &App, city: &CityRow) -> Result<Arc<SealedPlan>, Error> {
    Ok(app.memory.plans.of(&app.keys, &app.season, city)?)
}

/// The plans that were drawn again; a city's plan never changes.
#[derive(Debug, Default)]
pub(crate) struct Plans(RwLock<HashMap<String, Arc<SealedPlan>>>);

impl Plans {
    /// A city's sealed plan; the first time it is drawn, which takes a millisecond.
    pub(crate) fn of(
        &self,
        keys: &Keys,
        season: &Season,
        city: &CityRow,
    ) -> Result<Arc<SealedPlan>, Failure> {
        let drawn = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(plan) = drawn.get(&city.city) {
            return Ok(Arc::clone(plan));
        }
        drop(drawn);
        let seed = seed(keys, season, city)?;
        let plan = PacketPlan::draw(&season.rules, &seed);
        let plan = Arc::new(SealedPlan::new(plan, &seed));
        if plan.root().to_string() != city.plan_root {
            return Err(Failure::Unreadable {
                what: "city.plan_root",
            });
        }
        self.0
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(city.city.clone(), Arc::clone(&plan));
        Ok(plan)
    }
}

/// The seed of a city's plan, which belongs to its published commitment.
pub(super) fn seed(keys: &Keys, season: &Season, city: &CityRow) -> Result<PlanSeed, Failure> {
    let unreadable = || Failure::Unreadable { what: "city.plan" };
    let bytes = keys
        .open(&seed_place(&city.city), &city.plan_seed_sealed)
        .map_err(|_unsealable| unreadable())?;
    let seed = PlanSeed::from_bytes(bytes.try_into().map_err(|_length| unreadable())?);
    if SeedCommitment::new(&seed, &season.rules).to_string() == city.plan_commitment {
        Ok(seed)
    } else {
        Err(unreadable())
    }
}

/// Where a bank's content is sealed for.
pub(super) fn bank_place(digest: &str) -> Place {
    Field::BankContent.of(digest)
}

/// Where a plan's seed is sealed for.
pub(super) fn seed_place(slug: &str) -> Place {
    Field::PlanSeed.of(slug)
}

/// The stored form of a frozen bank, sealed in the database and never sent anywhere.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredBank {
    province: Vec<StoredQuestion>,
    city: Vec<StoredQuestion>,
}

#[derive(Serialize, Deserialize)]
struct StoredQuestion {
    stem: String,
    choices: Vec<String>,
    key: char,
    explanation: Option<String>,
    source: Option<String>,
    law_as_of: Option<NaiveDate>,
    /// Letters of the options that keep their places by statement.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pinned: String,
}

impl StoredBank {
    pub(super) fn of(halves: &Halves) -> Self {
        let stored = |questions: &[Question]| {
            questions
                .iter()
                .map(|question| {
                    let draft = question.to_draft();
                    StoredQuestion {
                        stem: draft.stem,
                        choices: draft.choices,
                        key: draft.key.letter(),
                        explanation: draft.explanation,
                        source: draft.source,
                        law_as_of: draft.law_as_of,
                        pinned: question.pinned().iter().map(|p| p.letter()).collect(),
                    }
                })
                .collect()
        };
        Self {
            province: stored(&halves.province),
            city: stored(&halves.city),
        }
    }

    fn freeze(self, app: &App) -> Option<QuestionBank> {
        let questions = |stored: Vec<StoredQuestion>| {
            stored
                .into_iter()
                .map(|question| {
                    let places = question.pinned.chars().map(Position::from_letter);
                    let pinned = places.collect::<Option<Vec<_>>>()?;
                    let stored = Question::new(QuestionDraft {
                        stem: question.stem,
                        choices: question.choices,
                        key: Position::from_letter(question.key)?,
                        explanation: question.explanation,
                        source: question.source,
                        law_as_of: question.law_as_of,
                    });
                    stored.ok()?.with_pinned(&pinned).ok()
                })
                .collect::<Option<Vec<_>>>()
        };
        let halves = Halves {
            province: questions(self.province)?,
            city: questions(self.city)?,
        };
        QuestionBank::freeze(app.season.bank_size, halves).ok()
    }
}
