//! What a day of the contest looks like under the uniform law and under double mean.

use std::error::Error;

use reward_core::{
    FolkLaw, RewardRules, Split as _, Uniform,
    metrics::{Amounts, RankTally},
};

use crate::{
    continuous::double_mean,
    figure::{Figure, Mark, Series},
    sampling::{Mean, fen, joined, real, stream, tasks},
    study::Findings,
    theory::{Composition, double_mean_variances},
};

const TASKS: u32 = 20;
const DECKS: u32 = 20_000;

/// Sums of one law over its decks: places, and means of greatest, Gini, 1/Jain, Jain, top tenth.
struct Day {
    tally: RankTally,
    means: Vec<Mean>,
}

fn measure(
    seed: u64,
    study: &str,
    draw: impl Fn(&mut reward_core::WordStream) -> Vec<f64> + Sync,
) -> Result<Day, Box<dyn Error>> {
    let parts = tasks(TASKS, |task| {
        let mut words = stream(seed, study, task);
        let mut tally = RankTally::new(1_000, 142.8);
        let mut means = vec![Mean::default(); 5];
        for _ in 0..DECKS / TASKS {
            let deck = draw(&mut words);
            tally.add(&deck)?;
            let amounts = Amounts::new(deck)?;
            let greatest = amounts.max_over_mean() * amounts.mean();
            let values = [
                greatest,
                amounts.gini(),
                1.0 / amounts.jain(),
                amounts.jain(),
                amounts.top_share(0.1),
            ];
            for (mean, value) in means.iter_mut().zip(values) {
                mean.add(value);
            }
        }
        Ok::<_, reward_core::metrics::MetricsError>((tally, means))
    });
    let mut tally = RankTally::new(1_000, 142.8);
    let mut means = Vec::new();
    for part in parts {
        let (places, own) = part?;
        tally.join(&places)?;
        means.push(own);
    }
    Ok(Day {
        tally,
        means: joined(&means),
    })
}

/// Mean of the variances of a hundred places, and its standard error as if the places were independent.
fn hundred(day: &Day, from: usize) -> (f64, f64) {
    let lines = day.tally.lines();
    let lines = &lines[from..from + 100];
    let mean = lines.iter().map(|line| line.variance).sum::<f64>() / 100.0;
    let squares = lines
        .iter()
        .map(|line| line.variance_error.powi(2))
        .sum::<f64>();
    (mean, squares.sqrt() / 100.0)
}

const NAMES: [&str; 5] = [
    "mean of the greatest, fen",
    "Gini",
    "1/Jain",
    "Jain",
    "share of the top tenth",
];

fn mean(day: &Day, index: usize) -> (f64, f64) {
    (day.means[index].mean(), day.means[index].error())
}

fn uniform_values(findings: &mut Findings, uniform: &Day) {
    let theory = Composition {
        parts: 1_000.0,
        surplus: 132_800.0,
        floor: 10.0,
    };
    for (what, from) in [("first", 0), ("last", 900)] {
        let (variance, error) = hundred(uniform, from);
        let sd = variance.sqrt();
        let what = format!("uniform law: standard deviation of the {what} hundred, fen");
        findings.compare(what, theory.variance().sqrt(), sd, error / (2.0 * sd));
    }
    let squared = theory.mean() * theory.mean();
    let predicted = [
        Some(theory.greatest()),
        Some(theory.gini()),
        Some(1.0 + theory.variance() / squared),
        None,
        None,
    ];
    for (index, (name, theory)) in NAMES.into_iter().zip(predicted).enumerate() {
        let (measured, error) = mean(uniform, index);
        let what = format!("uniform law: {name}");
        match theory {
            Some(theory) => findings.compare(what, theory, measured, error),
            None => findings.observe(what, measured, error),
        }
    }
}

fn double_mean_values(
    findings: &mut Findings,
    continuum: &Day,
    folk: &Day,
) -> Result<(), Box<dyn Error>> {
    let variances = double_mean_variances(1_000);
    for (what, from) in [("first", 0), ("last", 900)] {
        let (variance, error) = hundred(continuum, from);
        let sd = variance.sqrt();
        let expected = variances[from..from + 100].iter().sum::<f64>() / 100.0;
        let what =
            format!("double mean, real parts: standard deviation of the {what} hundred, fen");
        findings.compare(what, 132.8 * expected.sqrt(), sd, error / (2.0 * sd));
    }
    let last = continuum.tally.line(999).ok_or("no last place")?;
    let sd = last.variance.sqrt();
    findings.compare(
        "double mean, real parts: standard deviation of the last, fen",
        132.8 * variances[999].sqrt(),
        sd,
        last.variance_error / (2.0 * sd),
    );
    for (index, name) in NAMES.into_iter().enumerate() {
        let (measured, error) = mean(folk, index);
        findings.observe(format!("double mean, whole fen: {name}"), measured, error);
    }
    Ok(())
}

fn reading(uniform: &Day, folk: &Day) -> String {
    format!(
        "Under the uniform law a day's greatest ordinary packet is about {:.1} yuan, under double mean {:.1} yuan: \
         neither ever makes the promised 100 yuan by itself, so the top packet has to be placed. The uniform law is \
         less equal (Gini {:.3} against {:.3}) and alike for all; double mean is more equal on the whole and unlike by \
         rank.",
        mean(uniform, 0).0 / 100.0,
        mean(folk, 0).0 / 100.0,
        mean(uniform, 1).0,
        mean(folk, 1).0
    )
}

fn picture(uniform: &Day, folk: &Day) -> Figure {
    let by_rank = |day: &Day| {
        let lines = day.tally.lines();
        let points = lines.chunks(20).enumerate();
        points
            .map(|(i, few)| {
                let variance = few.iter().map(|line| line.variance).sum::<f64>() / real(few.len());
                (real(20 * i) + 10.5, variance.sqrt())
            })
            .collect::<Vec<_>>()
    };
    let variances = double_mean_variances(1_000);
    Figure::new(
        "A day of 1,000 packets: standard deviation by rank (means of 20 places)",
        "rank",
        "standard deviation, fen",
        vec![
            Series::new("uniform law", Mark::Points, by_rank(uniform)),
            Series::new("double mean", Mark::Points, by_rank(folk)),
            Series::new(
                "theory",
                Mark::Line,
                (1..=1_000_u32)
                    .map(f64::from)
                    .zip(variances.iter().map(|v| 132.8 * v.sqrt())),
            ),
        ],
    )
}

/// What the study does.
fn method() -> String {
    "1,000 packets of at least 10 fen from 142,800 fen, 20,000 decks of each law. Uniform law: `Uniform` as \
                 the plan draws it; theory without a greatest packet, which matters here with probability below \
                 10⁻²⁸. Double mean in real parts, for which theory speaks, and in whole fen, as it circulates \
                 (`FolkLaw::DoubleMean`). The expectation of 1/Jain is exact, that of Jain itself is not."
            .to_owned()
}

pub(super) fn contest_day(seed: u64) -> Result<Findings, Box<dyn Error>> {
    let rules = RewardRules::JIANGSU_2020;
    let spec = rules.plain_split();
    let law = Uniform::new(spec);
    let uniform = measure(seed, "day-uniform", |words| {
        law.draw(words).into_iter().map(fen).collect()
    })?;
    let continuum = measure(seed, "day-double", |words| {
        let mut deck = vec![0.0; 1_000];
        double_mean(&mut deck, words);
        deck.iter().map(|x| 10.0 + 132.8 * x).collect()
    })?;
    let folk = measure(seed, "day-folk", |words| {
        FolkLaw::DoubleMean
            .draw(&spec, words)
            .into_iter()
            .map(fen)
            .collect()
    })?;
    let mut findings = Findings {
        method: method(),
        ..Findings::default()
    };
    uniform_values(&mut findings, &uniform);
    double_mean_values(&mut findings, &continuum, &folk)?;
    findings.reading = reading(&uniform, &folk);
    findings.figure = Some(picture(&uniform, &folk));
    Ok(findings)
}
