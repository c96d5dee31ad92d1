//! What the tests of the splits share: every division of a small problem, and Pearson's test against given weights.

use std::collections::BTreeMap;

use reward_core::{Fen, PacketBounds, Split, SplitSpec, WordStream};

pub(crate) fn bounds(min: u64, max: u64) -> PacketBounds {
    PacketBounds::new(Fen::new(min), Fen::new(max)).unwrap()
}

pub(crate) fn spec(parts: u32, total: u64, min: u64, max: u64) -> SplitSpec {
    SplitSpec::new(parts, Fen::new(total), bounds(min, max)).unwrap()
}

pub(crate) fn amounts(deck: &[Fen]) -> Vec<u64> {
    deck.iter().map(|amount| amount.get()).collect()
}

/// Every division that the problem allows.
pub(crate) fn enumerate(spec: &SplitSpec) -> Vec<Vec<u64>> {
    fn extend(prefix: &mut Vec<u64>, left: u64, spec: &SplitSpec, found: &mut Vec<Vec<u64>>) {
        let parts_left = u64::from(spec.parts()) - u64::try_from(prefix.len()).unwrap();
        let (min, max) = (spec.bounds().min().get(), spec.bounds().max().get());
        if left < parts_left * min || left > parts_left * max {
            return;
        }
        if parts_left == 0 {
            found.push(prefix.clone());
            return;
        }
        for part in min..=max.min(left) {
            prefix.push(part);
            extend(prefix, left - part, spec, found);
            prefix.pop();
        }
    }
    let mut found = Vec::new();
    extend(&mut Vec::new(), spec.total().get(), spec, &mut found);
    found
}

/// How far counts are from what is expected, as a standard normal deviate (Wilson and Hilferty's approximation).
pub(crate) struct Deviate {
    pub(crate) statistic: f64,
    pub(crate) cells: f64,
}

impl Deviate {
    /// The deviate: above 4.75 with probability one in a million if the law is right.
    pub(crate) fn normal(&self) -> f64 {
        let freedom = self.cells - 1.0;
        let spread = 2.0 / (9.0 * freedom);
        ((self.statistic / freedom).cbrt() - (1.0 - spread)) / spread.sqrt()
    }

    /// The probability of a deviate at least as great, by Abramowitz and Stegun 7.1.26.
    #[cfg(feature = "exact-reference")]
    pub(crate) fn p_value(&self) -> f64 {
        let z = self.normal();
        let x = z.abs() / std::f64::consts::SQRT_2;
        let t = 1.0 / (1.0 + 0.327_591_1 * x);
        let series = t
            * (0.254_829_592
                + t * (-0.284_496_736
                    + t * (1.421_413_741 + t * (-1.453_152_027 + t * 1.061_405_429))));
        let tail = 0.5 * series * (-x * x).exp();
        if z > 0.0 { tail } else { 1.0 - tail }
    }
}

/// Pearson's statistic of decks against probabilities proportional to the weights of all divisions.
pub(crate) fn chi_square(
    divisions: &[Vec<u64>],
    weight: impl Fn(&[u64]) -> f64,
    draws: u32,
    mut draw: impl FnMut() -> Vec<u64>,
) -> Deviate {
    let mut counts: BTreeMap<&[u64], u32> =
        divisions.iter().map(|deck| (deck.as_slice(), 0)).collect();
    for _ in 0..draws {
        let deck = draw();
        *counts
            .get_mut(deck.as_slice())
            .unwrap_or_else(|| panic!("{deck:?} is no division of this problem")) += 1;
    }
    let total: f64 = divisions.iter().map(|deck| weight(deck)).sum();
    let statistic = counts
        .iter()
        .map(|(deck, &count)| {
            let expected = f64::from(draws) * weight(deck) / total;
            (f64::from(count) - expected).powi(2) / expected
        })
        .sum();
    Deviate {
        statistic,
        cells: f64::from(u32::try_from(counts.len()).unwrap()),
    }
}

/// The deviate of a law that ought to be uniform over all divisions.
pub(crate) fn uniformity(law: &impl Split, draws: u32, seed: u8) -> Deviate {
    let mut words = WordStream::new([seed; 32]);
    let divisions = enumerate(law.spec());
    chi_square(
        &divisions,
        |_| 1.0,
        draws,
        || amounts(&law.draw(&mut words)),
    )
}
