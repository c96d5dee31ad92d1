//! What widely copied code does: means by rank, endless recursion, packets outside the bounds, negative remainders.

use std::error::Error;

use reward_core::WordStream;

use crate::{
    figure::{Figure, Mark, Series},
    sampling::{Mean, joined, real, stream, tasks, unit},
    study::{Findings, Table},
};

const TASKS: u32 = 20;
/// Calls of itself that a Java thread of the usual stack survives, roughly.
const STACK: u32 = 10_000;
const LEAST: i64 = 1;
const GREATEST: i64 = 20_000;

/// The rule of `RedPacket.java` in crossoverJie/JCSprout, from its description: draw between limits; if the rest could
/// not be divided any more, draw again below or above what was drawn, by recursion.
///
/// The greatest limit is 2.1 times the mean, at most 20,000; `None` where the recursion does not end.
fn retrying(money: i64, count: i64, words: &mut WordStream) -> Option<Vec<i64>> {
    let limit = (money / count * 21 / 10).min(GREATEST);
    let mut rest = money;
    let mut parts = Vec::new();
    for left in (1..=count).rev() {
        let part = retried(rest, left, limit, words)?;
        parts.push(part);
        rest -= part;
    }
    Some(parts)
}

fn retried(rest: i64, left: i64, limit: i64, words: &mut WordStream) -> Option<i64> {
    if left == 1 {
        return Some(rest);
    }
    let (mut low, mut high) = (LEAST, limit);
    for _ in 0..STACK {
        if low == high {
            return Some(low);
        }
        high = high.min(rest);
        let part = low + whole(unit(words) * f64::from(i32::try_from(high - low).ok()?));
        let mean = (rest - part) / (left - 1);
        if mean < LEAST {
            high = part;
        } else if mean > GREATEST {
            low = part;
        } else {
            return Some(part);
        }
    }
    None
}

/// Rounds towards zero, as a cast does in Java and JavaScript.
fn whole(value: f64) -> i64 {
    // Amounts here are far below 2^31; `fract` is exact.
    format!("{:.0}", value - value.fract()).parse().unwrap_or(0)
}

/// The commonest page: yuan in floating point, each part random up to twice the mean, cut to two decimals by `toFixed`.
fn fixed_decimals(yuan: f64, count: u32, words: &mut WordStream) -> Vec<f64> {
    let mut rest = yuan;
    let mut parts = Vec::new();
    for left in (2..=count).rev() {
        let most = rest / f64::from(left) * 2.0;
        let drawn = (unit(words) * most).max(0.01);
        let part = (drawn * 100.0).round() / 100.0;
        parts.push(part);
        rest = ((rest - part) * 100.0).round() / 100.0;
    }
    parts.push(rest);
    parts
}

fn means_of_retrying(seed: u64) -> Vec<Mean> {
    let parts = tasks(TASKS, |task| {
        let mut words = stream(seed, "retrying", task);
        let mut means = vec![Mean::default(); 10];
        for _ in 0..200_000 / TASKS {
            if let Some(deck) = retrying(20_000, 10, &mut words) {
                for (mean, &part) in means.iter_mut().zip(&deck) {
                    mean.add(f64::from(i32::try_from(part).unwrap_or(0)));
                }
            }
        }
        means
    });
    joined(&parts)
}

/// What the study does.
fn method() -> String {
    "Two rules written afresh from their descriptions. *Retrying*: the Java class of the repository \
                 crossoverJie/JCSprout, in fen, bounds 1 to 20,000, limit 2.1 times the mean, recursion ended after \
                 10,000 calls, where a Java thread ends by a stack overflow. *Two decimals*: double mean in yuan as \
                 floating point with `toFixed(2)`, as on many pages. 200,000 decks of 10 for the means, 2,000 calls for \
                 each line of faults."
            .to_owned()
}

pub(super) fn web_code(seed: u64) -> Result<Findings, Box<dyn Error>> {
    let mut findings = Findings {
        method: method(),
        ..Findings::default()
    };
    let means = means_of_retrying(seed);
    for (rank, mean) in (1..).zip(&means) {
        findings.observe(
            format!("retrying, 200 yuan for 10: mean of part {rank}, fen"),
            mean.mean(),
            mean.error(),
        );
    }
    let mut rows = Vec::new();
    for (money, count) in [
        (20_000, 10),
        (142_800, 100),
        (200_000, 100),
        (1_400_000, 100),
        (142_800, 1_000),
    ] {
        rows.push(faults_of_retrying(seed, money, count));
    }
    for (yuan, count) in [
        (1.0, 10),
        (1.0, 30),
        (1.0, 60),
        (1.0, 100),
        (1_428.0, 1_000),
    ] {
        rows.push(faults_of_two_decimals(seed, yuan, count));
    }
    findings.tables = vec![Table {
        name: "faults",
        header: vec![
            "rule",
            "money, parts",
            "recursion does not end",
            "a part above the greatest",
            "a part of nothing or less",
            "sum missed",
        ],
        rows,
    }];
    let (ninth, tenth) = (means[8].mean(), means[9].mean());
    findings.reading = format!(
        "The last but one gets {:.0} fen where 2,000 are fair and the last {tenth:.0}: the limit of 2.1 instead of 2 \
         takes from the end of the queue what it gives to its beginning. With amounts near the greatest packet the \
         recursion does not end, and two decimals leave somebody with nothing as soon as the parts are small.",
        ninth
    );
    findings.figure = Some(Figure::new(
        "Retrying rule of a widely copied class: mean by rank, 200 yuan for 10",
        "rank",
        "mean, fen",
        vec![
            Series::with_errors(
                "measured",
                means
                    .iter()
                    .enumerate()
                    .map(|(i, mean)| (real(i + 1), mean.mean(), 3.0 * mean.error())),
            ),
            Series::new("fair", Mark::Dashes, [(1.0, 2_000.0), (10.0, 2_000.0)]),
        ],
    ));
    Ok(findings)
}

const CALLS: u32 = 2_000;

fn percent(count: u32) -> String {
    format!("{:.1} %", 100.0 * f64::from(count) / f64::from(CALLS))
}

fn faults_of_retrying(seed: u64, money: i64, count: i64) -> Vec<String> {
    let mut words = stream(seed, "faults", u32::try_from(money + count).unwrap_or(0));
    let (mut endless, mut above, mut nothing, mut missed) = (0, 0, 0, 0);
    for _ in 0..CALLS {
        match retrying(money, count, &mut words) {
            None => endless += 1,
            Some(parts) => {
                above += u32::from(parts.iter().any(|&part| part > GREATEST));
                nothing += u32::from(parts.iter().any(|&part| part < LEAST));
                missed += u32::from(parts.iter().sum::<i64>() != money);
            }
        }
    }
    let mut row = vec!["retrying".to_owned(), format!("{} fen, {count}", money)];
    row.extend([endless, above, nothing, missed].map(percent));
    row
}

fn faults_of_two_decimals(seed: u64, yuan: f64, count: u32) -> Vec<String> {
    let mut words = stream(seed, "decimals", count);
    let (mut above, mut nothing, mut missed) = (0, 0, 0);
    for _ in 0..CALLS {
        let parts = fixed_decimals(yuan, count, &mut words);
        above += u32::from(parts.iter().any(|&part| part > 200.0));
        nothing += u32::from(parts.iter().any(|&part| part < 0.005));
        missed += u32::from((parts.iter().sum::<f64>() - yuan).abs() > 0.005);
    }
    let mut row = vec![
        "two decimals".to_owned(),
        format!("{yuan:.2} yuan, {count}"),
        "-".to_owned(),
    ];
    row.extend([above, nothing, missed].map(percent));
    row
}
