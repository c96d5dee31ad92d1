//! What trying seeds is worth to an insider, with and without a later public value.

use std::error::Error;

use reward_core::{DeckKind, PacketPlan, PlanSeed, RewardRules, WordStream};

use crate::{
    figure::{Figure, Mark, Series},
    sampling::{Mean, fen, stream, tasks},
    study::Findings,
    theory::Composition,
};

const ROUNDS: u32 = 200;
/// Seeds tried: two to this power.
const BITS: [u32; 6] = [0, 2, 4, 6, 8, 10];

/// The first packet of the city under a seed, in fen.
fn first_packet(rules: &RewardRules, seed: &PlanSeed) -> f64 {
    let plan = PacketPlan::draw(rules, seed);
    plan.deck(1, DeckKind::Plain)
        .and_then(|deck| deck.amount(0))
        .map_or(f64::NAN, fen)
}

fn fresh_seed(words: &mut WordStream) -> PlanSeed {
    let mut bytes = [0; 32];
    for chunk in bytes.chunks_mut(4) {
        chunk.copy_from_slice(&words.next_word().to_le_bytes());
    }
    PlanSeed::from_bytes(bytes)
}

/// One insider: what he gets after 2^b tries, without and with a public value.
fn grind(rules: &RewardRules, words: &mut WordStream) -> Result<Vec<(f64, f64)>, Box<dyn Error>> {
    let source = "a lottery draw after the commitment".parse()?;
    let value = words.next_word().to_string().parse()?;
    let mut best: Option<(f64, PlanSeed)> = None;
    let mut by_bits = Vec::new();
    let mut tried = 0_u32;
    for bits in BITS {
        while tried < 1 << bits {
            let candidate = fresh_seed(words);
            let amount = first_packet(rules, &candidate);
            if best.as_ref().is_none_or(|(most, _)| amount > *most) {
                best = Some((amount, candidate));
            }
            tried += 1;
        }
        let (amount, chosen) = best.as_ref().ok_or("no seed was tried")?;
        // The insider commits to the seed that looks best; then the public value comes.
        let mixed = chosen.mixed_with(rules, &source, &value);
        by_bits.push((*amount, first_packet(rules, &mixed)));
    }
    Ok(by_bits)
}

/// What the study does.
fn method() -> String {
    format!(
        "An insider who will be first in the queue tries 2ᵇ seeds and commits to the one that gives him most, \
             {ROUNDS} times, by the real path from seed to plan. Theory without a public value: the mean of the greatest \
             of 2ᵇ independent first packets, summed exactly; about 10 + 132.8 × (b ln 2 + 0.577) fen. With a public \
             value mixed in afterwards: the mean of one packet, 142.8 fen."
    )
}

pub(super) fn grinding(seed: u64) -> Result<Findings, Box<dyn Error>> {
    let mut terms = RewardRules::JIANGSU_2020.terms();
    terms.days = 1;
    let rules = RewardRules::new(terms)?;
    let results = tasks(ROUNDS, |round| -> Result<Vec<(f64, f64)>, String> {
        grind(&rules, &mut stream(seed, "grinding", round)).map_err(|error| error.to_string())
    });
    let results: Vec<Vec<(f64, f64)>> = results.into_iter().collect::<Result<_, _>>()?;
    // The plain deck's packets stay below the top packet, which never binds here.
    let law = Composition {
        parts: 1_000.0,
        surplus: 132_800.0,
        floor: 10.0,
    };
    let mut findings = Findings {
        method: method(),
        ..Findings::default()
    };
    let (mut alone, mut mixed, mut expected) = (Vec::new(), Vec::new(), Vec::new());
    for (i, bits) in BITS.into_iter().enumerate() {
        let tries = f64::from(1_u32 << bits);
        let without: Mean = results.iter().map(|round| round[i].0).collect();
        let with: Mean = results.iter().map(|round| round[i].1).collect();
        let theory = law.best_of(tries);
        findings.compare(
            format!("{tries} seeds, no public value, fen"),
            theory,
            without.mean(),
            without.error(),
        );
        findings.compare(
            format!("{tries} seeds, public value, fen"),
            law.mean(),
            with.mean(),
            with.error(),
        );
        alone.push((tries, without.mean(), without.error()));
        mixed.push((tries, with.mean(), with.error()));
        expected.push((tries, theory));
    }
    findings.reading = format!(
        "A thousand seeds, a second of work, raise one insider's packet from 1.43 to {:.2} yuan, and the commitment alone \
         does not show it; a million would make about {:.2} yuan, a dozen insiders a dozen times that. A public value \
         that comes after the commitment takes all of it away.",
        law.best_of(1_024.0) / 100.0,
        law.best_of(1_048_576.0) / 100.0
    );
    findings.figure = Some(
        Figure::new(
            "First packet of an insider who tries seeds before he commits",
            "seeds tried",
            "mean packet, fen",
            vec![
                Series::with_errors("commitment alone", alone),
                Series::with_errors("public value mixed in", mixed),
                Series::new("theory", Mark::Line, expected),
            ],
        )
        .log_x(),
    );
    Ok(findings)
}
