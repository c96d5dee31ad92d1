//! Do the popular laws have the moments that theory gives them?

use std::error::Error;

use reward_core::{FolkLaw, RewardRules, metrics::Amounts};

use crate::{
    continuous::{broken_stick as stick, dirichlet as gammas, remaining, safe_total as safe},
    figure::{Figure, Mark, Series},
    sampling::{Mean, fen, joined, real, stream, tasks},
    study::Findings,
    theory::{harmonic, safe_total_last, stick_max_below},
};

const TASKS: u32 = 20;

/// Means of several statistics over decks, drawn on all cores.
fn means(
    seed: u64,
    study: &str,
    decks: u32,
    size: usize,
    each: impl Fn(&mut [f64], &mut reward_core::WordStream) -> Vec<f64> + Sync,
) -> Vec<Mean> {
    let parts = tasks(TASKS, |task| {
        let mut words = stream(seed, study, task);
        let mut deck = vec![0.0; size];
        let mut means = Vec::new();
        for _ in 0..decks / TASKS {
            let values = each(&mut deck, &mut words);
            means.resize(values.len(), Mean::default());
            for (mean, value) in means.iter_mut().zip(values) {
                mean.add(value);
            }
        }
        means
    });
    joined(&parts)
}

/// Thresholds of the greatest part, in means.
const THRESHOLDS: [f64; 4] = [2.0, 3.0, 4.0, 5.0];

/// CV², Gini with n − 1, whether the greatest is below each threshold, then the parts in ascending order.
fn stick_statistics(deck: &mut [f64], words: &mut reward_core::WordStream) -> Vec<f64> {
    stick(deck, words);
    deck.sort_unstable_by(f64::total_cmp);
    let count = real(deck.len());
    let squares: f64 = deck.iter().map(|x| (x - 1.0) * (x - 1.0)).sum();
    let weights = (1..=deck.len()).map(|i| 2.0 * real(i) - count - 1.0);
    let gini: f64 = weights.zip(deck.iter()).map(|(w, x)| w * x).sum();
    let greatest = deck[deck.len() - 1];
    let mut values = vec![squares / count, gini / (count * (count - 1.0))];
    values.extend(THRESHOLDS.map(|z| f64::from(u8::from(greatest <= z))));
    values.extend_from_slice(deck);
    values
}

/// What the study does.
fn method() -> String {
    "400,000 decks of n exponentials over their sum, mean part 1, n = 10 and 50. Theory: E max = Hₙ, \
                 E min = 1/n, the r-th smallest Σ 1/(n − i) over i < r, P(max ≤ z) by inclusion and exclusion \
                 (Fisher 1929), CV² = (n − 1)/(n + 1), and the Gini index with n − 1 in the denominator is 1/2."
            .to_owned()
}

pub(super) fn broken_stick(seed: u64) -> Result<Findings, Box<dyn Error>> {
    let mut findings = Findings {
        method: method(),
        reading: "The flat law on the simplex is exchangeable and its inequality is that of the exponential law: the \
                  poorest of n gets 1/n of the mean, the richest Hₙ times the mean. The uniform law on whole fen is \
                  its exact lattice version."
            .to_owned(),
        ..Findings::default()
    };
    let mut order_statistics = Vec::new();
    for n in [10_u32, 50] {
        let size = usize::try_from(n)?;
        let means = means(
            seed,
            if n == 10 { "stick10" } else { "stick50" },
            400_000,
            size,
            stick_statistics,
        );
        let count = f64::from(n);
        let theory = (count - 1.0) / (count + 1.0);
        findings.compare_mean(format!("n = {n}: CV²"), theory, &means[0]);
        findings.compare_mean(format!("n = {n}: Gini, n − 1 form"), 0.5, &means[1]);
        for (i, z) in THRESHOLDS.into_iter().enumerate() {
            let (theory, share) = (stick_max_below(n, z / count), &means[2 + i]);
            let error = share.error_of_share(theory);
            findings.compare(
                format!("n = {n}: P(max ≤ {z} means)"),
                theory,
                share.mean(),
                error,
            );
        }
        for r in [1, 2, 3, n / 2, n - 1, n] {
            let theory = harmonic(n) - harmonic(n - r);
            let what = match r {
                1 => "E min".to_owned(),
                r if r == n => "E max".to_owned(),
                r => format!("E of the {r}-th smallest"),
            };
            let place = 5 + usize::try_from(r)?;
            findings.compare_mean(format!("n = {n}: {what}"), theory, &means[place]);
        }
        if n == 50 {
            order_statistics = (1..=size).map(|r| (real(r), means[5 + r].mean())).collect();
        }
    }
    let theory = (1..=50_u32).map(|r| (f64::from(r), harmonic(50) - harmonic(50 - r)));
    findings.figure = Some(Figure::new(
        "Broken stick, 50 parts: mean of the r-th smallest",
        "r",
        "mean / mean part",
        vec![
            Series::new("measured", Mark::Points, order_statistics),
            Series::new("theory", Mark::Line, theory.collect::<Vec<_>>()),
        ],
    ));
    Ok(findings)
}

pub(super) fn remaining_random(seed: u64) -> Result<Findings, Box<dyn Error>> {
    let mut findings = Findings {
        method: "Each part uniform up to all that is left. Means by rank: 400,000 decks of 30 real parts with sum 1 (parts that follow do not change the first ones), \
                 theory 2^−k. Inequality: 2,000 decks of the contest's day in whole fen (`FolkLaw::RemainingRandom`)."
            .to_owned(),
        ..Findings::default()
    };
    let shares = means(seed, "remaining", 400_000, 30, |deck, words| {
        // What follows the thirtieth part does not change the first ones.
        remaining(deck, words);
        deck.iter().take(12).map(|x| x / 30.0).collect()
    });
    for (k, share) in (1..).zip(&shares).take(8) {
        findings.compare(
            format!("mean share of part {k}"),
            0.5_f64.powi(k),
            share.mean(),
            share.error(),
        );
    }
    let spec = RewardRules::JIANGSU_2020.plain_split();
    let inequality = means(seed, "remaining-fen", 2_000, 1, |_, words| {
        let deck = FolkLaw::RemainingRandom.draw(&spec, words);
        let first: f64 = deck.iter().take(100).copied().map(fen).sum();
        let is_broken = deck.iter().any(|&amount| amount > spec.bounds().max());
        let indices = Amounts::of_fen(deck).map_or([f64::NAN; 2], |a| [a.gini(), a.jain()]);
        vec![
            indices[0],
            indices[1],
            first / fen(spec.total()),
            f64::from(u8::from(is_broken)),
        ]
    });
    for (what, mean) in [
        "Gini",
        "Jain",
        "share of the first 100 of 1,000",
        "decks above the greatest packet",
    ]
    .iter()
    .zip(&inequality)
    {
        findings.observe(format!("contest day: {what}"), mean.mean(), mean.error());
    }
    findings.reading = format!(
        "The first hundred of a thousand get {:.0} % of the money, and the greatest packet allowed is exceeded in \
         {:.0} % of the decks.",
        100.0 * inequality[2].mean(),
        100.0 * inequality[3].mean()
    );
    findings.figure = Some(
        Figure::new(
            "Uniform up to all that is left: mean share by rank",
            "rank",
            "share of the sum",
            vec![
                Series::new(
                    "measured",
                    Mark::Points,
                    (1..=12).map(f64::from).zip(shares.iter().map(Mean::mean)),
                ),
                Series::new(
                    "2^−k",
                    Mark::Line,
                    (1..=12).map(|k| (f64::from(k), 0.5_f64.powi(k))),
                ),
            ],
        )
        .log_y(),
    );
    Ok(findings)
}

pub(super) fn safe_total(seed: u64) -> Result<Findings, Box<dyn Error>> {
    let mut findings = Findings {
        method: "Each part uniform up to the rest over the number of later parts; 400,000 decks of 10, 200,000 of 100, \
                 40,000 of 1,000 real parts with mean 1. Theory: the last part has the mean n Γ(n − 1/2) / (Γ(1/2) Γ(n)), \
                 about √(n/π)."
            .to_owned(),
        ..Findings::default()
    };
    let mut measured = Vec::new();
    for (n, decks) in [(10_u32, 400_000), (100, 200_000), (1_000, 40_000)] {
        let size = usize::try_from(n)?;
        let means = means(
            seed,
            if n == 10 { "safe10" } else { "safe" },
            decks,
            size,
            |deck, words| {
                safe(deck, words);
                vec![deck[0], deck[size - 1]]
            },
        );
        let count = f64::from(n);
        let first = count / (2.0 * (count - 1.0));
        findings.compare(
            format!("mean of the first of {n}"),
            first,
            means[0].mean(),
            means[0].error(),
        );
        findings.compare(
            format!("mean of the last of {n}"),
            safe_total_last(n),
            means[1].mean(),
            means[1].error(),
        );
        measured.push((count, means[1].mean(), means[1].error()));
    }
    findings.reading = "The one who comes last of a thousand gets about 18 times the mean; the copies that circulate hide \
                        it with a shuffle at the end, and the greatest packet is nobody's concern."
        .to_owned();
    let theory = (1..=30_u32).map(|i| 10_f64.powf(1.0 + f64::from(i) / 15.0).round());
    findings.figure = Some(
        Figure::new(
            "Uniform up to what is safe: mean of the last part",
            "parts",
            "mean of the last / mean",
            vec![
                Series::with_errors("measured", measured),
                Series::new(
                    "theory",
                    Mark::Line,
                    theory.map(|n| {
                        (n, {
                            let lg = reward_core::metrics::ln_gamma;
                            (n.ln() + lg(n - 0.5) - lg(0.5) - lg(n)).exp()
                        })
                    }),
                ),
            ],
        )
        .log_log(),
    );
    Ok(findings)
}

pub(super) fn dirichlet(seed: u64) -> Result<Findings, Box<dyn Error>> {
    let mut findings = Findings {
        method: "200,000 decks of n = 10 and 50,000 of n = 100 real parts, gammas of shape a over their sum. \
                 Theory: CV² = (n − 1)/(a n + 1), exactly in expectation."
            .to_owned(),
        reading: "One number leads from take-all (a → 0) over the flat law (a = 1) to equal parts (a → ∞), and every \
                  member is exchangeable. What the family lacks is whole fen and a greatest packet: rounding keeps the \
                  sum but not the law, as the study of exactness shows."
            .to_owned(),
        ..Findings::default()
    };
    let shapes = [0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 50.0];
    let mut series = Vec::new();
    for (n, decks) in [(10_u32, 200_000), (100, 50_000)] {
        let size = usize::try_from(n)?;
        let mut points = Vec::new();
        for (i, shape) in shapes.into_iter().enumerate() {
            let study = format!("dir{n}-{i}");
            let means = means(seed, &study, decks, size, |deck, words| {
                gammas(deck, shape, words);
                let squares: f64 = deck.iter().map(|x| (x - 1.0) * (x - 1.0)).sum();
                vec![squares / f64::from(n)]
            });
            let theory = (f64::from(n) - 1.0) / (shape * f64::from(n) + 1.0);
            findings.compare(
                format!("CV², n = {n}, a = {shape}"),
                theory,
                means[0].mean(),
                means[0].error(),
            );
            points.push((shape, means[0].mean(), means[0].error()));
        }
        series.push(Series::with_errors(format!("measured, n = {n}"), points));
    }
    let curve = (0..=40).map(|i| 0.2 * 250_f64.powf(f64::from(i) / 40.0));
    series.push(Series::new(
        "theory, n = 100",
        Mark::Line,
        curve.map(|a| (a, 99.0 / (100.0 * a + 1.0))),
    ));
    findings.figure = Some(
        Figure::new(
            "Dirichlet: squared coefficient of variation by shape",
            "shape a",
            "CV²",
            series,
        )
        .log_log(),
    );
    Ok(findings)
}
