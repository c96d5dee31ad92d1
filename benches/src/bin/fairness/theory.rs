//! Closed forms, and exact sums where there is no closed form, for what the studies measure.

use reward_core::metrics::ln_gamma;

/// `ln C(a, b)` for real arguments `0 <= b <= a`.
fn ln_choose(a: f64, b: f64) -> f64 {
    ln_gamma(a + 1.0) - ln_gamma(b + 1.0) - ln_gamma(a - b + 1.0)
}

/// `1 + 1/2 + ... + 1/n`.
pub(crate) fn harmonic(n: u32) -> f64 {
    (1..=n).rev().map(|i| 1.0 / f64::from(i)).sum()
}

/// Variance by rank over the squared mean, of parts uniform up to twice the mean of the rest, in the continuum.
///
/// `(4/3) prod_{j=m}^{n-1} (1 + 1/(3 j^2)) - 1` with `m = n - k + 1` parts left when the `k`-th is drawn, `m >= 2`; the
/// last has the variance of the one before it.
pub(crate) fn double_mean_variances(n: u32) -> Vec<f64> {
    let mut variances = Vec::new();
    let mut product = 1.0;
    for left in (2..=n).rev() {
        // The factor of m = n is the empty product.
        if left < n {
            product *= 1.0 + 1.0 / (3.0 * f64::from(left) * f64::from(left));
        }
        variances.push(4.0 / 3.0 * product - 1.0);
    }
    variances.extend(variances.last().copied());
    variances
}

/// Mean of the last part over the mean, of parts uniform up to what leaves the others their floor on average.
pub(crate) fn safe_total_last(n: u32) -> f64 {
    let n = f64::from(n);
    (n.ln() + ln_gamma(n - 0.5) - ln_gamma(0.5) - ln_gamma(n)).exp()
}

/// `P(max <= z)` for `n` exponentials over their sum, of sum 1 (Fisher 1929).
pub(crate) fn stick_max_below(n: u32, z: f64) -> f64 {
    let real = f64::from(n);
    let mut sum = 0.0;
    for j in 0..=n {
        let rest = 1.0 - f64::from(j) * z;
        if rest <= 0.0 {
            break;
        }
        let term = (ln_choose(real, f64::from(j)) + (real - 1.0) * rest.ln()).exp();
        sum += if j % 2 == 0 { term } else { -term };
    }
    sum
}

/// A uniform composition of a surplus into parts of at least nothing, with no greatest part.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Composition {
    pub(crate) parts: f64,
    pub(crate) surplus: f64,
    pub(crate) floor: f64,
}

impl Composition {
    /// Mean of one part, floor included.
    pub(crate) fn mean(&self) -> f64 {
        self.floor + self.surplus / self.parts
    }

    /// `T (T + n) (n - 1) / (n^2 (n + 1))`.
    pub(crate) fn variance(&self) -> f64 {
        let (n, t) = (self.parts, self.surplus);
        t * (t + n) * (n - 1.0) / (n * n * (n + 1.0))
    }

    /// `P(part >= floor + x) = C(T - x + n - 1, n - 1) / C(T + n - 1, n - 1)`.
    pub(crate) fn at_least(&self, x: f64) -> f64 {
        let (n, t) = (self.parts, self.surplus);
        if x > t {
            return 0.0;
        }
        (ln_choose(t - x + n - 1.0, n - 1.0) - ln_choose(t + n - 1.0, n - 1.0)).exp()
    }

    /// Mean of the greatest of `draws` independent decks' first parts, floor included.
    pub(crate) fn best_of(&self, draws: f64) -> f64 {
        let mut sum = self.floor;
        let mut x = 1.0;
        while x <= self.surplus {
            let missed = (draws * (-self.at_least(x)).ln_1p()).exp();
            if 1.0 - missed < 1e-12 {
                break;
            }
            sum += 1.0 - missed;
            x += 1.0;
        }
        sum
    }

    /// Mean of the greatest part, floor included, by inclusion and exclusion.
    pub(crate) fn greatest(&self) -> f64 {
        let mut sum = self.floor;
        let mut k = 0.0;
        while k < self.surplus {
            let above = 1.0 - self.all_below(k + 1.0);
            if above < 1e-10 {
                break;
            }
            sum += above;
            k += 1.0;
        }
        sum
    }

    /// Probability that every part is less than `x` above the floor.
    fn all_below(&self, x: f64) -> f64 {
        // With so many expected exceedances the probability is nil, and the alternating sum would be noise.
        if self.parts * self.at_least(x) > 25.0 {
            return 0.0;
        }
        let (n, t) = (self.parts, self.surplus);
        let whole = ln_choose(t + n - 1.0, n - 1.0);
        let (mut sum, mut j, mut sign) = (0.0, 0.0, 1.0);
        while j <= n && t - j * x >= 0.0 {
            let term = (ln_choose(n, j) + ln_choose(t - j * x + n - 1.0, n - 1.0) - whole).exp();
            sum += sign * term;
            if j > 0.0 && term < 1e-16 {
                break;
            }
            sign = -sign;
            j += 1.0;
        }
        sum
    }

    /// Mean of Gini's index: all pairs of parts share the law of two, whose sum `s` has weight
    /// `(s + 1) C(T - s + n - 3, n - 3)` and whose difference given the sum is that of a uniform cut.
    pub(crate) fn gini(&self) -> f64 {
        let (n, t) = (self.parts, self.surplus);
        let whole = ln_choose(t + n - 1.0, n - 1.0);
        let mut difference = 0.0;
        let mut s = 0.0;
        while s <= t {
            let weight = ((s + 1.0_f64).ln() + ln_choose(t - s + n - 3.0, n - 3.0) - whole).exp();
            let is_even = s % 2.0 < 0.5;
            let given = if is_even {
                s * (s + 2.0) / (2.0 * (s + 1.0))
            } else {
                f64::midpoint(s, 1.0)
            };
            difference += weight * given;
            s += 1.0;
        }
        difference * (n - 1.0) / (2.0 * n * self.mean())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All vectors of non-negative amounts with this sum.
    fn compositions(parts: usize, sum: u32) -> Vec<Vec<u32>> {
        if parts == 1 {
            return vec![vec![sum]];
        }
        (0..=sum)
            .flat_map(|first| {
                compositions(parts - 1, sum - first)
                    .into_iter()
                    .map(move |mut rest| {
                        rest.push(first);
                        rest
                    })
            })
            .collect()
    }

    fn near(found: f64, expected: f64) {
        assert!(
            (found - expected).abs() < 1e-9 * expected.abs().max(1.0),
            "{found} is not {expected}"
        );
    }

    /// Every formula about a uniform composition against the whole set of 4 parts with sum 9 over a floor of 2.
    #[test]
    fn formulas_about_compositions_are_the_means_over_all_of_them() {
        let law = Composition {
            parts: 4.0,
            surplus: 9.0,
            floor: 2.0,
        };
        let all = compositions(4, 9);
        let count = f64::from(u32::try_from(all.len()).unwrap());
        let mean =
            |of: &dyn Fn(&[u32]) -> f64| all.iter().map(|parts| of(parts)).sum::<f64>() / count;
        near(law.mean(), mean(&|parts| f64::from(parts[0]) + 2.0));
        near(
            law.variance(),
            mean(&|parts| (f64::from(parts[0]) - 2.25).powi(2)),
        );
        near(
            law.at_least(5.0),
            mean(&|parts| f64::from(u8::from(parts[0] >= 5))),
        );
        near(
            law.greatest(),
            mean(&|parts| 2.0 + f64::from(*parts.iter().max().unwrap())),
        );
        let gini = |parts: &[u32]| {
            let pairs = parts
                .iter()
                .flat_map(|a| parts.iter().map(|b| f64::from(a.abs_diff(*b))));
            pairs.sum::<f64>() / (2.0 * 16.0 * 4.25)
        };
        near(law.gini(), mean(&gini));
        // The better of two independent decks' first parts.
        let best: f64 = all
            .iter()
            .map(|one| {
                all.iter()
                    .map(|other| f64::from(one[0].max(other[0])))
                    .sum::<f64>()
            })
            .sum();
        near(law.best_of(2.0), 2.0 + best / count / count);
    }

    #[test]
    fn variances_of_double_mean_start_at_a_third_and_reach_the_hyperbolic_limit() {
        let variances = double_mean_variances(2);
        near(variances[0], 1.0 / 3.0);
        near(variances[1], 1.0 / 3.0);
        let long = double_mean_variances(100_000);
        let x = std::f64::consts::PI / 3_f64.sqrt();
        let limit = x.sinh() / x - 1.0;
        assert!(
            (long[99_999] - limit).abs() < 1e-4,
            "{} is not {limit}",
            long[99_999]
        );
        near(long[99_998], long[99_999]);
    }

    #[test]
    fn the_last_of_safe_total_has_the_mean_of_the_whole_for_two_and_grows_like_a_root() {
        near(safe_total_last(2), 1.0);
        let n = 1_000_000;
        let root = (f64::from(n) / std::f64::consts::PI).sqrt();
        assert!((safe_total_last(n) / root - 1.0).abs() < 1e-6);
    }

    /// Two uniform pieces of a stick: the greater is at most z with probability 2z - 1.
    #[test]
    fn the_greatest_of_two_pieces_is_uniform_over_the_upper_half() {
        for z in [0.5, 0.6, 0.9, 1.0] {
            near(stick_max_below(2, z), 2.0 * z - 1.0);
        }
        near(harmonic(4), 25.0 / 12.0);
    }
}
