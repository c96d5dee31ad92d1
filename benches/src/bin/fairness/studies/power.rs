//! How many cities must be watched until a test of order finds a bias, and does it leave a fair law alone?

use std::error::Error;

use reward_core::{
    Fen, PacketBounds, Split as _, SplitSpec, Uniform, WordStream,
    metrics::{Feature, SlopeTest, SwapBet, halves_ks_p, permutation_p},
};

use crate::{
    continuous::double_mean,
    figure::{Figure, Mark, Series},
    sampling::{Mean, fen, joined, stream, tasks},
    study::Findings,
};

const EXPERIMENTS: u32 = 400;
const COUNTS: [u32; 9] = [1, 2, 5, 10, 20, 50, 100, 200, 500];
/// The permutation test is costly; beyond this many decks the slope has settled the matter.
const PERMUTED: u32 = 20;
const TESTS: [&str; 5] = [
    "slope of the amount",
    "slope of the spread",
    "permutations of the spread",
    "halves, Kolmogorov-Smirnov",
    "swap bet on the spread",
];

/// Whether each test rejects at 5 %, for every number of decks; `NaN` where a test was not made.
fn experiment(words: &mut WordStream, draw: &dyn Fn(&mut WordStream) -> Vec<f64>) -> Vec<f64> {
    let mut rejected = Vec::new();
    let (mut level, mut spread) = (
        SlopeTest::new(Feature::Level),
        SlopeTest::new(Feature::Spread),
    );
    let mut bet = SwapBet::new(Feature::Spread);
    let (mut decks, mut is_won) = (Vec::new(), false);
    for count in COUNTS {
        while decks.len() < usize::try_from(count).unwrap_or(0) {
            let deck = draw(words);
            level.add(&deck);
            spread.add(&deck);
            bet.add(&deck);
            is_won |= bet.wealth() >= 20.0;
            decks.push(deck);
        }
        let permutations = (count <= PERMUTED)
            .then(|| permutation_p(&decks, Feature::Spread, 39, words).ok())
            .flatten();
        rejected.extend([
            f64::from(u8::from(level.z().abs() > 1.959_964)),
            f64::from(u8::from(spread.z().abs() > 1.959_964)),
            permutations.map_or(f64::NAN, |p| f64::from(u8::from(p <= 0.05))),
            f64::from(u8::from(halves_ks_p(&decks).is_ok_and(|p| p <= 0.05))),
            f64::from(u8::from(is_won)),
        ]);
    }
    rejected
}

fn rates(seed: u64, study: &str, draw: impl Fn(&mut WordStream) -> Vec<f64> + Sync) -> Vec<Mean> {
    let parts = tasks(EXPERIMENTS, |task| {
        let mut words = stream(seed, study, task);
        let rejected = experiment(&mut words, &draw);
        rejected
            .into_iter()
            .map(|r| [r].into_iter().collect())
            .collect()
    });
    joined(&parts)
}

/// What the study does.
fn method() -> String {
    format!(
        "Decks of 100, {EXPERIMENTS} experiments; each test at 5 %, after 1 to 500 decks. Theory for the uniform law is \
             the level of the tests whose law is known: 5 % for both slopes (from five decks, where they are near enough \
             to normal) and for 39 permutations of at least two decks (a single deck has the same greatest departure in every order). The halves are only bounded by it, and the bet may be watched all the \
             time and stays below 5 % in all."
    )
}

pub(super) fn power(seed: u64) -> Result<Findings, Box<dyn Error>> {
    let bounds = PacketBounds::new(Fen::new(10), Fen::new(10_000))?;
    let law = Uniform::new(SplitSpec::new(100, Fen::new(142_800), bounds)?);
    let fair = rates(seed, "power-fair", |words| {
        law.draw(words).into_iter().map(fen).collect()
    });
    let biased = rates(seed, "power-bias", |words| {
        let mut deck = vec![0.0; 100];
        double_mean(&mut deck, words);
        deck
    });
    let mut findings = Findings {
        method: method(),
        ..Findings::default()
    };
    let width = TESTS.len();
    let mut needed = None;
    for (i, count) in COUNTS.into_iter().enumerate() {
        for (j, test) in TESTS.into_iter().enumerate() {
            let (size, strength) = (&fair[i * width + j], &biased[i * width + j]);
            if size.mean().is_nan() {
                continue;
            }
            let what = format!("uniform law, {count} decks: {test}");
            let has_theory = (j == 2 && count >= 2) || (j < 2 && count >= 5);
            if has_theory {
                findings.compare(what, 0.05, size.mean(), size.error_of_share(0.05));
            } else {
                findings.observe(what, size.mean(), size.error());
            }
            findings.observe(
                format!("double mean, {count} decks: {test}"),
                strength.mean(),
                strength.error(),
            );
            if j == 1 && strength.mean() >= 0.95 && needed.is_none() {
                needed = Some(count);
            }
        }
    }
    findings.reading = format!(
        "The slope of the spread sees double mean's bias with {} decks of 100 in at least 95 of 100 cases; the slope of \
         the amount never does, because the means are equal. No test troubles the uniform law more often than its level \
         allows, so a city's report can carry these p-values without crying wolf.",
        needed.map_or("more than 500".to_owned(), |count| count.to_string())
    );
    let curve = |rates: &[Mean], j: usize| {
        let points = COUNTS.iter().enumerate();
        points
            .map(|(i, &count)| (f64::from(count), rates[i * width + j].mean()))
            .filter(|point| !point.1.is_nan())
            .collect::<Vec<_>>()
    };
    let mut series: Vec<Series> = (0..width)
        .map(|j| Series::new(TESTS[j], Mark::Line, curve(&biased, j)))
        .collect();
    series.push(Series::new(
        "slope of spread, uniform law",
        Mark::Dashes,
        curve(&fair, 1),
    ));
    findings.figure = Some(
        Figure::new(
            "Share of experiments that find the bias of double mean at 5 %",
            "decks of 100",
            "share that reject",
            series,
        )
        .log_x(),
    );
    Ok(findings)
}
