//! Measures of fairness, for laboratories and reports; nothing here decides about money.
//!
//! | question | item |
//! |---|---|
//! | how unequal are these amounts | [`Amounts`] |
//! | does a place in the queue matter: means, spread, luck | [`RankTally`] |
//! | could such decks be exchangeable | [`SlopeTest`], [`permutation_p`], [`halves_ks_p`], [`SwapBet`] |
//! | who was served, when, and did speed pay | [`DayService`] |
//! | how surprising is a statistic | [`chi_square_p`], [`normal_p`], [`kolmogorov_p`] |

#![expect(
    clippy::float_arithmetic,
    reason = "statistics over finished awards; the feature `metrics` keeps them out of every program that pays"
)]

mod amounts;
mod distributions;
mod exchange;
mod rank;
mod service;

pub use self::{
    amounts::{Amounts, MetricsError},
    distributions::{chi_square_p, kolmogorov_p, ln_gamma, normal_p, normal_quantile},
    exchange::{Feature, SlopeTest, SwapBet, halves_ks_p, permutation_p},
    rank::{RankLine, RankTally},
    service::{DayService, Visit},
};

/// The nearest floating-point number; exact below `2^53`.
fn real(count: u64) -> f64 {
    let [b0, b1, b2, b3, b4, b5, b6, b7] = count.to_le_bytes();
    let high = u32::from_le_bytes([b4, b5, b6, b7]);
    let low = u32::from_le_bytes([b0, b1, b2, b3]);
    f64::from(high) * 4_294_967_296.0 + f64::from(low)
}

/// The length of a list as a floating-point number.
fn count<T>(list: &[T]) -> f64 {
    real(u64::try_from(list.len()).unwrap_or(u64::MAX))
}
