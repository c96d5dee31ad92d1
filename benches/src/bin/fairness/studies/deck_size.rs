//! How many packets a day? Mean packet, share served, and inequality over all who claim.

use std::error::Error;

use reward_core::{Fen, PacketBounds, Split as _, SplitSpec, Uniform, metrics::Amounts};

use crate::{
    figure::{Figure, Mark, Series},
    sampling::{Mean, fen, stream, tasks},
    study::Findings,
    theory::Composition,
};

const SIZES: [u32; 7] = [200, 500, 1_000, 2_000, 4_000, 8_000, 14_000];
const TURNOUTS: [u32; 3] = [1_000, 3_000, 10_000];
const DECKS: u32 = 400;

/// Mean Gini index over so many claimants, those who get nothing included.
fn gini_over(
    decks: &[Vec<f64>],
    claims: usize,
) -> Result<Mean, reward_core::metrics::MetricsError> {
    let ginis: Result<Vec<f64>, _> = decks
        .iter()
        .map(|deck| {
            let served = deck
                .iter()
                .copied()
                .chain(std::iter::repeat(0.0))
                .take(claims);
            Amounts::new(served).map(|amounts| amounts.gini())
        })
        .collect();
    Ok(ginis?.into_iter().collect())
}

fn reading(at_three_thousand: (f64, f64)) -> String {
    format!(
        "What divides people most is not the law but going away with nothing: with three thousand claimants the index \
         falls from {:.2} at 1,000 packets to {:.2} at 4,000, when everybody gets one. Beyond the number of claimants more \
         packets only leave money in the deck. So the number of packets should follow the expected turnout; 1,000 a \
         day suits the 7,000 new followers that the commission aimed at, and the price of more is a smaller packet.",
        at_three_thousand.0, at_three_thousand.1
    )
}

/// What the study does.
fn method() -> String {
    format!(
        "One day of 142,800 fen in n packets of 10 to 10,000 fen, {DECKS} decks for each n, claimed by N persons with one \
             claim each and everything released. Gini over all N, those who get nothing included. Theory where the whole \
             deck is taken: 1 − (n/N)(1 − G) with the exact mean G of the deck (the greatest packet binds nowhere here)."
    )
}

pub(super) fn deck_size(seed: u64) -> Result<Findings, Box<dyn Error>> {
    let mut findings = Findings {
        method: method(),
        ..Findings::default()
    };
    let mut series: Vec<Series> = Vec::new();
    let mut at_three_thousand = (0.0, 0.0);
    let mut curves = vec![Vec::new(); TURNOUTS.len()];
    for (task, size) in (0..).zip(SIZES) {
        let bounds = PacketBounds::new(Fen::new(10), Fen::new(10_000))?;
        let law = Uniform::new(SplitSpec::new(size, Fen::new(142_800), bounds)?);
        let decks = tasks(DECKS, |deck| {
            let mut words = stream(seed, "deck-size", task * DECKS + deck);
            law.draw(&mut words)
                .into_iter()
                .map(fen)
                .collect::<Vec<f64>>()
        });
        let surplus = 142_800.0 - 10.0 * f64::from(size);
        let composition = Composition {
            parts: f64::from(size),
            surplus,
            floor: 10.0,
        };
        let own = composition.gini();
        let mean_packet: Mean = decks.iter().map(|deck| deck[0]).collect();
        findings.compare(
            format!("n = {size}: mean of the first packet, fen"),
            142_800.0 / f64::from(size),
            mean_packet.mean(),
            mean_packet.error(),
        );
        for (curve, turnout) in curves.iter_mut().zip(TURNOUTS) {
            let claims = usize::try_from(turnout)?;
            let gini = gini_over(&decks, claims)?;
            let served = (f64::from(size) / f64::from(turnout)).min(1.0);
            let what =
                format!("n = {size}, N = {turnout}, served {served:.3}: Gini over all claimants");
            if size <= turnout {
                findings.compare(what, 1.0 - served * (1.0 - own), gini.mean(), gini.error());
            } else {
                findings.observe(what, gini.mean(), gini.error());
            }
            curve.push((f64::from(size), gini.mean()));
            match (turnout, size) {
                (3_000, 1_000) => at_three_thousand.0 = gini.mean(),
                (3_000, 4_000) => at_three_thousand.1 = gini.mean(),
                _ => {}
            }
        }
    }
    for (turnout, curve) in TURNOUTS.into_iter().zip(curves) {
        series.push(Series::new(
            format!("{turnout} claimants"),
            Mark::Line,
            curve,
        ));
    }
    findings.reading = reading(at_three_thousand);
    findings.figure = Some(
        Figure::new(
            "Inequality over all claimants of a day, by packets in the deck",
            "packets a day",
            "Gini index",
            series,
        )
        .log_x(),
    );
    Ok(findings)
}
