//! Does a place in the queue matter? Variance and luck by rank under "uniform up to twice the mean of the rest".

use std::error::Error;

use reward_core::{
    Fen, PacketBounds, Split as _, SplitSpec, Uniform,
    metrics::{RankLine, RankTally},
};

use crate::{
    continuous::double_mean,
    figure::{Figure, Mark, Series},
    sampling::{fen, real, stream, tasks},
    study::Findings,
    theory::double_mean_variances,
};

const TASKS: u32 = 20;

/// Places looked at: all of a short deck, a selection of a long one; from 0.
fn places(n: u32) -> Vec<u32> {
    match n {
        0..=10 => (0..n).collect(),
        _ => vec![
            0,
            n / 4 - 1,
            n / 2 - 1,
            3 * n / 4 - 1,
            n - 11,
            n - 6,
            n - 3,
            n - 2,
            n - 1,
        ],
    }
}

fn tally(seed: u64, study: &str, n: u32, decks: u32) -> Result<RankTally, Box<dyn Error>> {
    let size = usize::try_from(n)?;
    let parts = tasks(TASKS, |task| {
        let mut words = stream(seed, study, n * TASKS + task);
        let mut tally = RankTally::new(size, 1.0);
        let mut deck = vec![0.0; size];
        for _ in 0..decks / TASKS {
            double_mean(&mut deck, &mut words);
            tally.add(&deck)?;
        }
        Ok::<_, reward_core::metrics::MetricsError>(tally)
    });
    joined(size, 1.0, parts)
}

fn joined(
    size: usize,
    centre: f64,
    parts: Vec<Result<RankTally, reward_core::metrics::MetricsError>>,
) -> Result<RankTally, Box<dyn Error>> {
    let mut all = RankTally::new(size, centre);
    for part in parts {
        all.join(&part?)?;
    }
    Ok(all)
}

pub(super) fn variance_by_rank(seed: u64) -> Result<Findings, Box<dyn Error>> {
    let mut findings = Findings {
        method: "Decks of n real parts with mean 1, each part uniform up to twice the mean of what is left; \
                 1,000,000 decks for n = 7 and n = 10, 300,000 for n = 100. \
                 Theory: the k-th part has variance (4/3) Π (1 + 1/(3j²)) − 1 over j from n − k + 1 to n − 1, and the \
                 last part has that of the one before it; the limits for long decks are 1/3 for the first and \
                 sinh(π/√3)/(π/√3) − 1 = 0.64590 for the last."
            .to_owned(),
        ..Findings::default()
    };
    let mut measured = Vec::new();
    let mut expected = Vec::new();
    let (mut first, mut last) = (0.0, 0.0);
    for (n, decks) in [(7, 1_000_000), (10, 1_000_000), (100, 300_000)] {
        let tally = tally(seed, "variance", n, decks)?;
        let theory = double_mean_variances(n);
        let lines = tally.lines();
        for place in places(n) {
            let index = usize::try_from(place)?;
            let line = lines[index];
            findings.compare(
                format!("variance of part {} of {n}", place + 1),
                theory[index],
                line.variance,
                line.variance_error,
            );
        }
        if n == 100 {
            let band = tally.band_width(0.95);
            (first, last) = (lines[0].variance, lines[99].variance);
            measured = lines
                .iter()
                .enumerate()
                .map(|(i, line)| (real(i + 1), line.variance, band * line.variance_error))
                .collect();
            expected = (1..=100_u32).map(f64::from).zip(theory).collect();
        }
    }
    findings.reading = format!(
        "The mean is the same for every place, so the rule passes for fair; but who comes last plays another game: with \
         100 packets the variance grows from {first:.3} to {last:.3}, {:.2} times. \
         A law that treats every place alike is a horizontal line in this figure.",
        last / first
    );
    findings.figure = Some(Figure::new(
        "Variance by rank, double mean, 100 packets (95 % simultaneous bands)",
        "rank",
        "variance / mean²",
        vec![
            Series::with_errors("measured", measured),
            Series::new("theory", Mark::Line, expected),
            Series::new(
                "uniform law: 99/101",
                Mark::Dashes,
                [1.0, 100.0].map(|x| (x, 99.0 / 101.0)),
            ),
        ],
    ));
    Ok(findings)
}

/// What the study does.
fn method() -> String {
    "As above for double mean; the uniform law in whole fen with a mean of 1,428 fen and bounds 10 to \
                 10,000, 200,000 decks. A tie is shared equally, so under an exchangeable law every place has 1/n \
                 exactly. For double mean no formula is known to us; its 1/n stands in the figure, not in the table."
            .to_owned()
}

pub(super) fn luck_by_rank(seed: u64) -> Result<Findings, Box<dyn Error>> {
    let mut findings = Findings {
        method: method(),
        ..Findings::default()
    };
    let mut folk = Vec::new();
    let (mut first, mut last) = (0.0, 0.0);
    for (n, decks) in [(7, 1_000_000), (10, 1_000_000), (100, 300_000)] {
        let lines = tally(seed, "luck", n, decks)?.lines();
        for place in [0, n - 1] {
            let line = lines[usize::try_from(place)?];
            let what = format!("part {} of {n} is the", place + 1);
            findings.observe(
                format!("double mean: {what} greatest"),
                line.luckiest,
                line.luckiest_error,
            );
            findings.observe(
                format!("double mean: {what} least"),
                line.poorest,
                line.poorest_error,
            );
        }
        if n == 100 {
            (first, last) = (lines[0].luckiest, lines[99].luckiest);
            folk = luckiest(&lines);
        }
    }
    let n: u32 = 100;
    let lines = uniform_tally(seed, n, 200_000)?.lines();
    for place in places(n) {
        let line = lines[usize::try_from(place)?];
        let what = format!("uniform law: part {} of {n} is the", place + 1);
        findings.compare(
            format!("{what} greatest"),
            0.01,
            line.luckiest,
            line.luckiest_error,
        );
        findings.compare(
            format!("{what} least"),
            0.01,
            line.poorest,
            line.poorest_error,
        );
    }
    findings.reading = format!(
        "With 100 packets the last comer of double mean is the luckiest in {:.1} % of the decks, {:.0} times as often \
         as the first; under the uniform law every place has its 1 %.",
        100.0 * last,
        last / first
    );
    findings.figure = Some(
        Figure::new(
            "Probability of getting the greatest of 100 packets",
            "rank",
            "probability",
            vec![
                Series::new("double mean", Mark::Points, folk),
                Series::new("uniform law", Mark::Points, luckiest(&lines)),
                Series::new("1/100", Mark::Dashes, [(1.0, 0.01), (100.0, 0.01)]),
            ],
        )
        .log_y(),
    );
    Ok(findings)
}

/// Rank and probability of having the greatest part.
fn luckiest(lines: &[RankLine]) -> Vec<(f64, f64)> {
    let places = lines.iter().enumerate();
    places
        .map(|(i, line)| (real(i + 1), line.luckiest))
        .collect()
}

fn uniform_tally(seed: u64, n: u32, decks: u32) -> Result<RankTally, Box<dyn Error>> {
    let bounds = PacketBounds::new(Fen::new(10), Fen::new(10_000))?;
    let law = Uniform::new(SplitSpec::new(n, Fen::new(142_800), bounds)?);
    let size = usize::try_from(n)?;
    let parts = tasks(TASKS, |task| {
        let mut words = stream(seed, "uniform-luck", task);
        let mut tally = RankTally::new(size, 1_428.0);
        for _ in 0..decks / TASKS {
            let deck: Vec<f64> = law.draw(&mut words).into_iter().map(fen).collect();
            tally.add(&deck)?;
        }
        Ok(tally)
    });
    joined(size, 1_428.0, parts)
}
