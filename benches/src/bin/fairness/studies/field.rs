//! Do real packets follow the rule that is told of them?

use std::error::Error;

use crate::{
    continuous::double_mean,
    figure::{Figure, Mark, Series},
    sampling::{Mean, joined, real, stream, tasks},
    study::Findings,
    theory::double_mean_variances,
};

/// Sample variances by rank, in squared yuan, of 105 packets of 5 yuan opened by 7 people each.
///
/// From a student's report for the course STATS 210, published on daixieit.com under the number 11524.
const PUBLISHED: [f64; 7] = [0.159, 0.142, 0.156, 0.208, 0.244, 0.326, 0.308];
const PACKETS: u32 = 105;
const TASKS: u32 = 20;

pub(super) fn field(seed: u64) -> Result<Findings, Box<dyn Error>> {
    let mut findings = Findings {
        method: format!(
            "Variances by rank that a student's report (STATS 210, daixieit.com 11524) gives for {PACKETS} WeChat packets \
             of 5 yuan opened by 7 people each, beside the formula of double mean times the squared mean. The standard \
             error is that of a sample variance over {PACKETS} packets under double mean, from 40,000 simulated reports. \
             The data are second-hand and we could not check how they were collected."
        ),
        ..Findings::default()
    };
    let parts = tasks(TASKS, |task| {
        let mut words = stream(seed, "field", task);
        let mut variances = vec![Mean::default(); 7];
        for _ in 0..40_000 / TASKS {
            for (all, variance) in variances.iter_mut().zip(one_report(&mut words)) {
                all.add(variance);
            }
        }
        variances
    });
    let simulated = joined(&parts);
    let theory = double_mean_variances(7);
    let unit = (5.0 / 7.0_f64).powi(2);
    let mut greatest = 0.0_f64;
    let mut shown = Vec::new();
    for rank in 0..7 {
        // The spread of a single report, not of the mean of all.
        let error = simulated[rank].error() * 40_000_f64.sqrt() * unit;
        let expected = theory[rank] * unit;
        findings.compare(
            format!("variance of rank {}, yuan²", rank + 1),
            expected,
            PUBLISHED[rank],
            error,
        );
        greatest = greatest.max(((PUBLISHED[rank] - expected) / error).abs());
        shown.push((real(rank + 1), PUBLISHED[rank], error));
    }
    findings.reading = format!(
        "The published variances rise with the rank as the formula says; the greatest departure is {greatest:.1} standard \
         errors of such a report. So what people open every day already has the bias by rank of the first study."
    );
    findings.figure = Some(Figure::new(
        "105 real packets of 5 yuan for 7 people: variance by rank",
        "rank",
        "variance, yuan²",
        vec![
            Series::with_errors("published, ± 1 standard error", shown),
            Series::new(
                "double mean",
                Mark::Line,
                theory
                    .iter()
                    .enumerate()
                    .map(|(i, v)| (real(i + 1), v * unit)),
            ),
        ],
    ));
    Ok(findings)
}

/// Sample variances by rank of one report, mean part 1.
fn one_report(words: &mut reward_core::WordStream) -> [f64; 7] {
    let mut sums = [(0.0, 0.0); 7];
    let mut deck = [0.0; 7];
    for _ in 0..PACKETS {
        double_mean(&mut deck, words);
        for (sum, x) in sums.iter_mut().zip(deck) {
            sum.0 += x - 1.0;
            sum.1 += (x - 1.0) * (x - 1.0);
        }
    }
    let n = f64::from(PACKETS);
    sums.map(|(sum, squares)| (squares - sum * sum / n) / (n - 1.0))
}
