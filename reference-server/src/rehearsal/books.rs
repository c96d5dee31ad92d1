//! The citizens' own books: what they were told, and nothing the server keeps.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{File, OpenOptions},
    path::Path,
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    RehearsalError,
    agenda::{Outcome, intact_lines, write_line},
};
use crate::contest::audit::Violation;

/// An award that a citizen was told of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledged {
    /// The award's number.
    pub award: String,
    /// The citizen's openid.
    pub openid: String,
    /// The city's slug.
    pub city: String,
    /// `base` or `referral`.
    pub kind: String,
    /// The amount.
    pub amount_fen: u64,
    /// The instant at which the citizen pressed.
    pub at: DateTime<Utc>,
}

/// Everything the citizens saw.
#[derive(Debug, Default)]
pub(super) struct Books {
    acknowledged: BTreeMap<String, Acknowledged>,
    by_openid: BTreeMap<String, BTreeSet<String>>,
    refused: BTreeMap<String, u64>,
    brought: BTreeMap<String, u64>,
    complaints: Vec<Violation>,
    log: Option<File>,
}

impl Books {
    /// Reads back `acknowledged.jsonl` and goes on writing it.
    pub(super) fn remember(&mut self, path: &Path) -> Result<(), RehearsalError> {
        for award in intact_lines::<Acknowledged>(path)? {
            self.enter(award);
        }
        self.log = Some(OpenOptions::new().create(true).append(true).open(path)?);
        Ok(())
    }

    /// Notes an award at the moment a citizen is told of it; the same award may be told again.
    pub(super) fn acknowledge(&mut self, told: Acknowledged) -> Result<(), RehearsalError> {
        if let Some(before) = self.acknowledged.get(&told.award) {
            let same = Acknowledged {
                at: before.at,
                ..told.clone()
            };
            if *before != same {
                let (award, first) = (&told.award, before.amount_fen);
                let detail = format!("{award}: told as {first}, then as {} fen", told.amount_fen);
                self.complain("citizens: an award changed", detail);
            }
            return Ok(());
        }
        if let Some(log) = &mut self.log {
            write_line(log, &told)?;
        }
        self.enter(told);
        Ok(())
    }

    fn enter(&mut self, told: Acknowledged) {
        self.by_openid
            .entry(told.openid.clone())
            .or_default()
            .insert(told.award.clone());
        self.acknowledged.insert(told.award.clone(), told);
    }

    /// Notes what an entry of the agenda led to.
    pub(super) fn note(&mut self, outcome: &Outcome) {
        for code in &outcome.refused {
            let n_refused = self.refused.entry(code.clone()).or_default();
            *n_refused = n_refused.saturating_add(1);
        }
        for what in &outcome.strange {
            self.complain("citizens: an answer nobody should see", what.clone());
        }
        if let Some(sharer) = outcome.brought_by {
            let n_friends = self.brought.entry(sharer.openid()).or_default();
            *n_friends = n_friends.saturating_add(1);
        }
    }

    pub(super) fn complain(&mut self, invariant: &str, detail: String) {
        self.complaints.push(Violation {
            invariant: invariant.to_owned(),
            detail,
        });
    }

    /// How many packets a person was told of.
    pub(super) fn n_won(&self, openid: &str) -> usize {
        self.by_openid.get(openid).map_or(0, BTreeSet::len)
    }

    /// The packets a person was told of, with their amounts in fen.
    pub(super) fn won(&self, openid: &str) -> BTreeMap<&str, u64> {
        let awards = self.by_openid.get(openid).into_iter().flatten();
        awards
            .filter_map(|award| self.acknowledged.get(award))
            .map(|told| (told.award.as_str(), told.amount_fen))
            .collect()
    }

    /// Every award by its number.
    pub(super) fn acknowledged(&self) -> &BTreeMap<String, Acknowledged> {
        &self.acknowledged
    }

    /// New friends who followed by a person's code, at most.
    pub(super) fn n_brought(&self, openid: &str) -> u64 {
        self.brought.get(openid).copied().unwrap_or(0)
    }

    /// How often each refusal was seen.
    pub(super) fn refused(&self) -> &BTreeMap<String, u64> {
        &self.refused
    }

    pub(super) fn complaints(&self) -> &[Violation] {
        &self.complaints
    }
}
