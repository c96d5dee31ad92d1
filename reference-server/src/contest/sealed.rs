//! What a city sealed before it opened, opened again: its bank and its packets.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use chrono::NaiveDate;
use quiz_core::{BankError, Halves, Position, Question, QuestionBank, QuestionDraft};
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
///
/// Only the bank of a city that has decided something within its window is remembered by the city:
/// until then another one may take its place.
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
    if city.is_begun() {
        app.cache_bank_of(city.city, Arc::clone(&bank));
    }
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
fn bank_place(digest: &str) -> Place {
    Field::BankContent.of(digest)
}

/// Where a plan's seed is sealed for.
pub(super) fn seed_place(slug: &str) -> Place {
    Field::PlanSeed.of(slug)
}

/// The stored form of a frozen bank, sealed in the database and never sent anywhere.
#[derive(Serialize, Deserialize)]
struct StoredBank {
    province: Vec<StoredQuestion>,
    city: Vec<StoredQuestion>,
}

/// A question as it is stored, in frozen banks and in drafts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredQuestion {
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

impl StoredQuestion {
    /// A question, to be stored.
    pub(super) fn of(question: &Question) -> Self {
        let draft = question.to_draft();
        Self {
            stem: draft.stem,
            choices: draft.choices,
            key: draft.key.letter(),
            explanation: draft.explanation,
            source: draft.source,
            law_as_of: draft.law_as_of,
            pinned: question.pinned().iter().map(|p| p.letter()).collect(),
        }
    }

    /// The question; `None` for what was never stored so.
    pub(super) fn question(self) -> Option<Question> {
        let places = self.pinned.chars().map(Position::from_letter);
        let pinned = places.collect::<Option<Vec<_>>>()?;
        let stored = Question::new(QuestionDraft {
            stem: self.stem,
            choices: self.choices,
            key: Position::from_letter(self.key)?,
            explanation: self.explanation,
            source: self.source,
            law_as_of: self.law_as_of,
        });
        stored.ok()?.with_pinned(&pinned).ok()
    }
}

impl StoredBank {
    fn of(halves: &Halves) -> Self {
        let stored = |questions: &[Question]| questions.iter().map(StoredQuestion::of).collect();
        Self {
            province: stored(&halves.province),
            city: stored(&halves.city),
        }
    }

    fn freeze(self, app: &App) -> Option<QuestionBank> {
        let questions = |stored: Vec<StoredQuestion>| {
            let questions = stored.into_iter().map(StoredQuestion::question);
            questions.collect::<Option<Vec<_>>>()
        };
        let halves = Halves {
            province: questions(self.province)?,
            city: questions(self.city)?,
        };
        QuestionBank::freeze(app.season.bank_size, halves).ok()
    }
}

/// A bank that can be written down: frozen, named by its digest, its questions sealed.
pub(super) struct FrozenContent {
    /// The bank.
    pub(super) bank: Arc<QuestionBank>,
    /// What names it.
    pub(super) digest: String,
    /// Its questions, sealed.
    pub(super) content_sealed: String,
}

/// Freezes two halves and seals what is stored of them; `Ok(Err(_))` when they are no bank.
pub(super) fn freeze(app: &App, halves: Halves) -> Result<Result<FrozenContent, BankError>, Error> {
    let content = serde_json::to_vec(&StoredBank::of(&halves)).map_err(Failure::defect)?;
    let bank = match QuestionBank::freeze(app.season.bank_size, halves) {
        Ok(bank) => Arc::new(bank),
        Err(refused) => return Ok(Err(refused)),
    };
    let digest = bank.digest().to_string();
    let content_sealed = app
        .keys
        .seal(&bank_place(&digest), &content, app.entropy.as_ref())?;
    Ok(Ok(FrozenContent {
        bank,
        digest,
        content_sealed,
    }))
}
