//! Tail probabilities of the reference laws.

use std::f64::consts::{PI, SQRT_2};

/// Lanczos' coefficients for `g = 7`, nine terms (P. Godfrey's table); relative error below 1e-14.
const LANCZOS: [f64; 8] = [
    676.520_368_121_885_1,
    -1_259.139_216_722_402_8,
    771.323_428_777_653_1,
    -176.615_029_162_140_6,
    12.507_343_278_686_905,
    -0.138_571_095_265_720_12,
    9.984_369_578_019_572e-6,
    1.505_632_735_149_311_6e-7,
];

/// Returns the logarithm of the gamma function of a positive number; `NaN` for others.
///
/// ```
/// # use reward_core::metrics::ln_gamma;
/// assert!((ln_gamma(11.0) - 3_628_800_f64.ln()).abs() < 1e-12); // 10!
/// ```
#[must_use]
pub fn ln_gamma(x: f64) -> f64 {
    if x.is_nan() || x <= 0.0 {
        return f64::NAN;
    }
    if x < 0.5 {
        return (PI / (PI * x).sin()).ln() - ln_gamma(1.0 - x);
    }
    let x = x - 1.0;
    let mut sum = 0.999_999_999_999_809_9;
    let mut divisor = x;
    for coefficient in LANCZOS {
        divisor += 1.0;
        sum += coefficient / divisor;
    }
    let t = x + 7.5;
    0.5 * (2.0 * PI).ln() + (x + 0.5) * t.ln() - t + sum.ln()
}

/// Returns the probability that a chi-square variate with `freedom` degrees exceeds `statistic`.
///
/// The regularised upper incomplete gamma function by its series or continued fraction (Numerical Recipes, 6.2).
///
/// ```
/// # use reward_core::metrics::chi_square_p;
/// assert!((chi_square_p(18.307, 10.0) - 0.05).abs() < 1e-5); // every printed table
/// ```
#[must_use]
pub fn chi_square_p(statistic: f64, freedom: f64) -> f64 {
    upper_gamma(freedom / 2.0, statistic / 2.0)
}

fn upper_gamma(a: f64, x: f64) -> f64 {
    if x.is_nan() || a.is_nan() || a <= 0.0 {
        return f64::NAN;
    }
    if x <= 0.0 {
        return 1.0;
    }
    let scale = (a * x.ln() - x - ln_gamma(a)).exp();
    if x < a + 1.0 {
        let (mut term, mut sum, mut k) = (1.0 / a, 1.0 / a, a);
        while term.abs() > sum.abs() * 1e-16 {
            k += 1.0;
            term *= x / k;
            sum += term;
        }
        return 1.0 - scale * sum;
    }
    // Lentz's method.
    let tiny = 1e-300;
    let mut b = x + 1.0 - a;
    let mut c = 1.0 / tiny;
    let mut d = 1.0 / b;
    let mut fraction = d;
    for i in 1..10_000_u32 {
        let i = f64::from(i);
        let an = -i * (i - a);
        b += 2.0;
        d = 1.0 / away_from_zero(an * d + b, tiny);
        c = away_from_zero(b + an / c, tiny);
        let factor = d * c;
        fraction *= factor;
        if (factor - 1.0).abs() < 1e-16 {
            break;
        }
    }
    scale * fraction
}

fn away_from_zero(value: f64, tiny: f64) -> f64 {
    if value.abs() < tiny { tiny } else { value }
}

/// Returns the probability that a standard normal variate is at least as far from zero as `z`.
///
/// ```
/// # use reward_core::metrics::normal_p;
/// assert!((normal_p(1.959_964) - 0.05).abs() < 1e-7);
/// ```
#[must_use]
pub fn normal_p(z: f64) -> f64 {
    upper_gamma(0.5, z * z / 2.0)
}

/// Returns the `z` below which a standard normal variate falls with probability `p`, for `0 < p < 1`.
///
/// Halving on [`normal_p`]; absolute error below 1e-9 for `|z| < 8`.
#[must_use]
pub fn normal_quantile(p: f64) -> f64 {
    if p.is_nan() || p <= 0.0 || p >= 1.0 {
        return f64::NAN;
    }
    let below = |z: f64| {
        let tail = normal_p(z) / 2.0;
        if z > 0.0 { 1.0 - tail } else { tail }
    };
    // Chebyshev: |z| <= 1 / sqrt(2 min(p, 1 - p)), and never more than 39.
    let bound = (1.0 / (SQRT_2 * p.min(1.0 - p).sqrt())).clamp(1.0, 39.0);
    let (mut low, mut high) = (-bound, bound);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if below(middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

/// Returns the probability that Kolmogorov's statistic `sqrt(n) * D` exceeds `lambda`, for large samples.
///
/// `2 * sum (-1)^(j-1) e^(-2 j^2 lambda^2)` (Kolmogorov 1933; Smirnov 1948).
///
/// ```
/// # use reward_core::metrics::kolmogorov_p;
/// assert!((kolmogorov_p(1.358_1) - 0.05).abs() < 1e-4); // every printed table
/// ```
#[must_use]
pub fn kolmogorov_p(lambda: f64) -> f64 {
    if lambda.is_nan() {
        return f64::NAN;
    }
    // Below 0.2 the value is 1 to twelve digits, and the sum would need many terms.
    if lambda < 0.2 {
        return 1.0;
    }
    let mut sum = 0.0;
    let mut sign = 1.0;
    for j in 1..=60_u32 {
        let j = f64::from(j);
        sum += sign * (-2.0 * j * j * lambda * lambda).exp();
        sign = -sign;
    }
    (2.0 * sum).clamp(0.0, 1.0)
}
