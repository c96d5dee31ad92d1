//! Divisions of a sum of `n` into `n` real parts, as the formulas about them assume; the mean part is 1.

use reward_core::WordStream;

use crate::sampling::{exponential, unit};

/// Each part uniform up to twice the mean of the rest; the last takes what is left.
pub(crate) fn double_mean(deck: &mut [f64], words: &mut WordStream) {
    sequential(deck, |rest, left| unit(words) * 2.0 * rest / left);
}

/// Each part uniform up to all that is left; the last takes what is left.
pub(crate) fn remaining(deck: &mut [f64], words: &mut WordStream) {
    sequential(deck, |rest, _| unit(words) * rest);
}

/// Each part uniform up to the mean that the others would get if it got nothing; the last takes what is left.
pub(crate) fn safe_total(deck: &mut [f64], words: &mut WordStream) {
    sequential(deck, |rest, left| unit(words) * rest / (left - 1.0));
}

fn sequential(deck: &mut [f64], mut draw: impl FnMut(f64, f64) -> f64) {
    let mut left = crate::sampling::real(deck.len());
    let mut rest = left;
    for part in deck {
        *part = if left > 1.5 { draw(rest, left) } else { rest };
        rest -= *part;
        left -= 1.0;
    }
}

/// Independent exponentials over their sum: a stick broken at uniform points.
pub(crate) fn broken_stick(deck: &mut [f64], words: &mut WordStream) {
    deck.fill_with(|| exponential(words));
    normalise(deck);
}

/// Independent gamma variates of one shape over their sum.
pub(crate) fn dirichlet(deck: &mut [f64], shape: f64, words: &mut WordStream) {
    deck.fill_with(|| gamma(shape, words));
    normalise(deck);
}

fn normalise(deck: &mut [f64]) {
    let sum: f64 = deck.iter().sum();
    let factor = crate::sampling::real(deck.len()) / sum;
    deck.iter_mut().for_each(|part| *part *= factor);
}

/// Marsaglia and Tsang (ACM TOMS 26, 2000); a shape below 1 is raised by one and shrunk by a power of a uniform number.
fn gamma(shape: f64, words: &mut WordStream) -> f64 {
    if shape < 1.0 {
        return gamma(shape + 1.0, words) * (1.0 - unit(words)).powf(1.0 / shape);
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = normal(words);
        let v = (1.0 + c * x).powi(3);
        if v > 0.0 && (1.0 - unit(words)).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
            return d * v;
        }
    }
}

/// Box and Muller; the second variate is not used.
fn normal(words: &mut WordStream) -> f64 {
    (2.0 * exponential(words)).sqrt() * (std::f64::consts::TAU * unit(words)).cos()
}
