//! Is every division as likely as its law says? Chi-square over the whole set of possible divisions.

use std::{collections::HashMap, error::Error};

use reward_core::{
    Engine, Fen, FolkLaw, PacketBounds, Split as _, SplitSpec, Uniform, WordStream,
    metrics::{chi_square_p, kolmogorov_p},
};

use crate::{
    figure::{Figure, Mark, Series},
    sampling::{real, stream, tasks},
    study::{Findings, Table},
};

const DECKS: u32 = 200_000;

/// Parts, sum, least, greatest: low and high means, tight and loose, one part to eight.
const SPECS: [(u32, u64, u64, u64); 16] = [
    (2, 30, 1, 29),
    (3, 20, 1, 10),
    (3, 40, 5, 30),
    (4, 16, 1, 8),
    (4, 24, 2, 9),
    (4, 30, 1, 10),
    (5, 15, 1, 11),
    (5, 20, 1, 6),
    (5, 25, 2, 7),
    (6, 14, 1, 9),
    (6, 18, 1, 5),
    (6, 24, 2, 6),
    (7, 14, 1, 4),
    (7, 15, 1, 9),
    (8, 14, 1, 7),
    (8, 24, 2, 4),
];

/// All vectors of `parts` amounts within `[min, max]` with this sum.
fn enumerate(
    parts: u32,
    sum: u64,
    min: u64,
    max: u64,
    prefix: &mut Vec<u64>,
    all: &mut Vec<Vec<u64>>,
) {
    if parts == 0 {
        if sum == 0 {
            all.push(prefix.clone());
        }
        return;
    }
    let rest = u64::from(parts - 1);
    for amount in min..=max.min(sum) {
        let left = sum - amount;
        if left >= rest * min && left <= rest * max {
            prefix.push(amount);
            enumerate(parts - 1, left, min, max, prefix, all);
            prefix.pop();
        }
    }
}

/// Chi-square over its degrees of freedom, p-value, and the share of decks outside the set, of decks drawn by `draw`.
fn fit(
    cells: &HashMap<Vec<u64>, usize>,
    words: &mut WordStream,
    draw: impl Fn(&mut WordStream) -> Vec<Fen>,
) -> (f64, f64, f64) {
    let mut counts = vec![0.0; cells.len()];
    let mut outside = 0.0;
    for _ in 0..DECKS {
        let deck: Vec<u64> = draw(words).iter().map(|amount| amount.get()).collect();
        match cells.get(&deck) {
            Some(&cell) => counts[cell] += 1.0,
            None => outside += 1.0,
        }
    }
    let expected = f64::from(DECKS) / real(cells.len());
    let statistic: f64 = counts
        .iter()
        .map(|count| (count - expected) * (count - expected) / expected)
        .sum();
    let freedom = real(cells.len()) - 1.0;
    (
        statistic / freedom,
        chi_square_p(statistic, freedom),
        outside / f64::from(DECKS),
    )
}

/// What one specification showed: cells, engine, then per law (statistic / freedom, p, outside).
struct Row {
    name: String,
    cells: usize,
    engines: Vec<(f64, f64, f64)>,
    folk: Vec<(f64, f64, f64)>,
}

fn row(seed: u64, task: u32) -> Result<Row, Box<dyn Error + Send + Sync>> {
    let (parts, sum, min, max) = SPECS[usize::try_from(task)?];
    let spec = SplitSpec::new(
        parts,
        Fen::new(sum),
        PacketBounds::new(Fen::new(min), Fen::new(max))?,
    )?;
    let mut all = Vec::new();
    enumerate(parts, sum, min, max, &mut Vec::new(), &mut all);
    let cells: HashMap<Vec<u64>, usize> = all.into_iter().zip(0..).collect();
    let mut words = stream(seed, "exactness", task);
    let laws = [
        Uniform::new(spec),
        Uniform::with_engine(spec, Engine::Bars),
        Uniform::with_engine(spec, Engine::Tilted),
    ];
    let engines = laws
        .iter()
        .map(|law| fit(&cells, &mut words, |words| law.draw(words)))
        .collect();
    let folk = FolkLaw::ALL
        .iter()
        .map(|law| fit(&cells, &mut words, |words| law.draw(&spec, words)))
        .collect();
    Ok(Row {
        name: format!("n = {parts}, S = {sum}, [{min}, {max}]"),
        cells: cells.len(),
        engines,
        folk,
    })
}

fn tables(rows: &[Row]) -> Vec<Table> {
    let mut engine_rows = Vec::new();
    let mut folk_rows = Vec::new();
    for row in rows {
        let mut cells = vec![row.name.clone(), row.cells.to_string()];
        cells.extend(
            row.engines
                .iter()
                .map(|fit| format!("{:.2} (p {:.3})", fit.0, fit.1)),
        );
        engine_rows.push(cells);
        let mut cells = vec![row.name.clone()];
        cells.extend(
            row.folk
                .iter()
                .map(|fit| format!("{:.0} ({:.0} %)", fit.0, 100.0 * fit.2)),
        );
        folk_rows.push(cells);
    }
    vec![
        Table {
            name: "uniform",
            header: vec![
                "specification",
                "divisions",
                "χ²/df as chosen",
                "bars",
                "tilted",
            ],
            rows: engine_rows,
        },
        Table {
            name: "popular",
            header: vec![
                "χ²/df (decks outside the set)",
                "double mean",
                "remaining",
                "safe total",
                "broken stick",
                "equal",
                "Dirichlet",
            ],
            rows: folk_rows,
        },
    ]
}

fn reading(p: f64, outside: f64) -> String {
    format!(
        "Chance spreads 48 p-values of an exact law farther from their own uniform law with probability {:.2} than they lie here. \
         None of the popular rules is the uniform law on whole fen, not even those that are flat in the continuum \
         (broken stick, Dirichlet with a = 1), and up to {outside:.0} % of their decks break the bounds. \
         With these sample sizes a bias is found if it moves the likelihoods by about √(df)/{DECKS} in squared relative \
         terms; what a test cannot see, the argument for the engines must show.",
        p
    )
}

/// What the study does.
fn method() -> String {
    format!(
        "{} specifications small enough to list every division, {DECKS} decks of each law. The statistic compares the \
             counts with equal likelihood; divided by its degrees of freedom it is near 1 for the uniform law. The engine \
             that `Uniform` chooses, and both engines by force; p-values together against the uniform law by \
             Kolmogorov's test. The popular rules in whole fen, as `FolkLaw` draws them.",
        SPECS.len()
    )
}

pub(super) fn exactness(seed: u64) -> Result<Findings, Box<dyn Error>> {
    let rows = tasks(16, |task| row(seed, task));
    let rows: Vec<Row> = rows
        .into_iter()
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())?;
    let mut findings = Findings {
        method: method(),
        ..Findings::default()
    };
    let mut p_values: Vec<f64> = rows
        .iter()
        .flat_map(|row| row.engines.iter().map(|fit| fit.1))
        .collect();
    p_values.sort_unstable_by(f64::total_cmp);
    let n = real(p_values.len());
    let distance = p_values
        .iter()
        .enumerate()
        .map(|(i, p)| (p - real(i) / n).abs().max((real(i + 1) / n - p).abs()))
        .fold(0.0, f64::max);
    findings.observe("p-values: distance from the uniform law", distance, 0.0);
    findings.observe(
        "p-values: probability of a greater distance",
        kolmogorov_p(distance * n.sqrt()),
        0.0,
    );
    findings.observe("p-values: least of 48", p_values[0], 0.0);
    findings.tables = tables(&rows);
    let worst = |pick: fn(&Row) -> f64| rows.iter().map(pick).fold(0.0, f64::max);
    let outside = 100.0 * worst(|row| row.folk.iter().map(|fit| fit.2).fold(0.0, f64::max));
    findings.reading = reading(kolmogorov_p(distance * n.sqrt()), outside);
    let steps = p_values
        .iter()
        .enumerate()
        .map(|(i, p)| (*p, real(i + 1) / n));
    findings.figure = Some(Figure::new(
        "Exactness: distribution of 48 p-values of the uniform law",
        "p-value",
        "share of p-values up to it",
        vec![
            Series::new("measured", Mark::Points, steps.collect::<Vec<_>>()),
            Series::new("uniform", Mark::Line, [(0.0, 0.0), (1.0, 1.0)]),
        ],
    ));
    Ok(findings)
}
