//! Fixed-point arithmetic for probabilities and for points of the unit circle, the same on every machine.
//!
//! `Q62` is an `i64` in units of `2^-62`, `Q120` an `i128` in units of `2^-120`; both serve values of at most 1 in size.
//! A product is off by at most 1 unit in `Q62` and 4 units in `Q120`.

/// One in `Q62`.
pub(super) const ONE_62: i64 = 1 << 62;
/// One in `Q120`.
pub(super) const ONE_120: i128 = 1 << 120;

/// A turn, 2 pi, in `Q120`.
const TURN: i128 = 8_351_785_813_007_552_717_653_752_915_327_115_494;
/// `(-1)^i / (2i)!` in `Q120`, to the nearest unit.
const COSINE: [i128; 17] = [
    1_329_227_995_784_915_872_903_807_060_280_344_576,
    -664_613_997_892_457_936_451_903_530_140_172_288,
    55_384_499_824_371_494_704_325_294_178_347_691,
    -1_846_149_994_145_716_490_144_176_472_611_590,
    32_966_964_181_173_508_752_574_579_868_064,
    -366_299_602_013_038_986_139_717_554_090,
    2_774_996_984_947_265_046_513_011_773,
    -15_247_236_181_028_928_826_994_570,
    63_530_150_754_287_203_445_811,
    -207_614_871_746_036_612_568,
    546_354_925_647_464_770,
    -1_182_586_419_150_357,
    2_142_366_701_359,
    -3_295_948_771,
    4_359_721,
    -5_011,
    5,
];
/// `(-1)^i / (2i + 1)!` in `Q120`, to the nearest unit.
const SINE: [i128; 16] = [
    1_329_227_995_784_915_872_903_807_060_280_344_576,
    -221_537_999_297_485_978_817_301_176_713_390_763,
    11_076_899_964_874_298_940_865_058_835_669_538,
    -263_735_713_449_388_070_020_596_638_944_513,
    3_662_996_020_130_389_861_397_175_540_896,
    -33_299_963_819_367_180_558_156_141_281,
    213_461_306_534_405_003_577_923_983,
    -1_016_482_412_068_595_255_132_971,
    3_737_067_691_428_659_026_224,
    -10_927_098_512_949_295_398,
    26_016_901_221_307_846,
    -51_416_800_832_624,
    85_694_668_054,
    -122_072_177,
    150_335,
    -162,
];
/// Terms of the series that `Q62` needs below an eighth of a turn.
const SHORT: usize = 11;

/// A complex number in `Q62`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Complex62 {
    pub(super) re: i64,
    pub(super) im: i64,
}

/// A complex number in `Q120`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Complex120 {
    pub(super) re: i128,
    pub(super) im: i128,
}

impl Complex62 {
    pub(super) const ONE: Self = Self { re: ONE_62, im: 0 };

    /// The point of the unit circle at `part / whole` of a turn, off by at most 16 units.
    pub(super) fn root(part: u64, whole: u64) -> Self {
        let fraction = (u128::from(part) << 64)
            .checked_div(u128::from(whole))
            .unwrap_or(0);
        let quadrant = low_64(fraction >> 62) & 3;
        let beyond = low_64(fraction) & ((1 << 62) - 1);
        let swap = beyond > 1 << 61;
        let within = if swap {
            (1_u64 << 62).wrapping_sub(beyond)
        } else {
            beyond
        };
        // `within` counts 2^-64 of a turn, which is 2^-62 times a quarter of 2 pi.
        let angle = narrow((i128::from(within).wrapping_mul(TURN >> 60)) >> 62);
        let square = mul_62(angle, angle);
        let series = |terms: &[i128]| {
            terms.iter().take(SHORT).rev().fold(0_i64, |sum, &term| {
                mul_62(sum, square).wrapping_add(narrow(term >> 58))
            })
        };
        let (cos, sin) = (series(&COSINE), mul_62(series(&SINE), angle));
        let (cos, sin) = if swap { (sin, cos) } else { (cos, sin) };
        let (re, im) = match quadrant {
            0 => (cos, sin),
            1 => (sin.wrapping_neg(), cos),
            2 => (cos.wrapping_neg(), sin.wrapping_neg()),
            _ => (sin, cos.wrapping_neg()),
        };
        Self { re, im }
    }

    /// The product; each component is off by at most 1 unit.
    #[inline]
    pub(super) fn times(self, other: Self) -> Self {
        let wide = |a: i64, b: i64| i128::from(a).wrapping_mul(i128::from(b));
        Self {
            re: narrow(wide(self.re, other.re).wrapping_sub(wide(self.im, other.im)) >> 62),
            im: narrow(wide(self.re, other.im).wrapping_add(wide(self.im, other.re)) >> 62),
        }
    }

    /// A power by repeated squaring, for numbers of at most 1 in size.
    ///
    /// If this number is off by `e` units the result is off by at most `exponent * (e + 4)` units.
    pub(super) fn power(self, exponent: u32) -> Self {
        power(Self::ONE, self, exponent, Self::times)
    }
}

/// A power by repeated squaring, without the last square, which nobody needs.
fn power<T: Copy>(one: T, base: T, exponent: u32, times: impl Fn(T, T) -> T) -> T {
    let (mut result, mut square, mut left) = (one, base, exponent);
    while left > 0 {
        if left & 1 == 1 {
            result = times(result, square);
        }
        left >>= 1;
        if left > 0 {
            square = times(square, square);
        }
    }
    result
}

impl Complex120 {
    pub(super) const ONE: Self = Self { re: ONE_120, im: 0 };

    /// The point of the unit circle at `part / whole` of a turn, off by at most 256 units; both below `2^56`.
    pub(super) fn root(part: u64, whole: u64) -> Self {
        let whole = u128::from(whole.max(1));
        let scaled = u128::from(part) << 64;
        let first = scaled.checked_div(whole).unwrap_or(0);
        let rest = scaled.checked_rem(whole).unwrap_or(0) << 56;
        let second = rest.checked_div(whole).unwrap_or(0);
        let fraction = i128::try_from((first << 56).wrapping_add(second)).unwrap_or(0);
        let quadrant = (fraction >> 118) & 3;
        let beyond = fraction & ((1 << 118) - 1);
        let swap = beyond > 1 << 117;
        let within = if swap {
            (1_i128 << 118).wrapping_sub(beyond)
        } else {
            beyond
        };
        let angle = mul_120(within, TURN);
        let square = mul_120(angle, angle);
        let series = |terms: &[i128]| {
            terms
                .iter()
                .rev()
                .fold(0_i128, |sum, &term| mul_120(sum, square).wrapping_add(term))
        };
        let (cos, sin) = (series(&COSINE), mul_120(series(&SINE), angle));
        let (cos, sin) = if swap { (sin, cos) } else { (cos, sin) };
        let (re, im) = match quadrant {
            0 => (cos, sin),
            1 => (sin.wrapping_neg(), cos),
            2 => (cos.wrapping_neg(), sin.wrapping_neg()),
            _ => (sin, cos.wrapping_neg()),
        };
        Self { re, im }
    }

    /// The product; each component is off by at most 8 units.
    pub(super) fn times(self, other: Self) -> Self {
        Self {
            re: mul_120(self.re, other.re).wrapping_sub(mul_120(self.im, other.im)),
            im: mul_120(self.re, other.im).wrapping_add(mul_120(self.im, other.re)),
        }
    }

    /// A power by repeated squaring, for numbers of at most 1 in size.
    ///
    /// If this number is off by `e` units the result is off by at most `exponent * (e + 16)` units.
    pub(super) fn power(self, exponent: u32) -> Self {
        power(Self::ONE, self, exponent, Self::times)
    }

    /// `self / other` in `Q62`, for a quotient of at most 1 in size; relative to it the error is about `2^-60`.
    pub(super) fn over(self, other: Self) -> Complex62 {
        // Both are scaled up alike, so that nothing is lost when the divisor is small.
        let size = other.re.unsigned_abs() | other.im.unsigned_abs();
        let shift = size.leading_zeros().saturating_sub(8);
        let up = |z: Self| Self {
            re: z.re << shift,
            im: z.im << shift,
        };
        let (numerator, divisor) = (up(self), up(other));
        let conjugate = Self {
            re: divisor.re,
            im: divisor.im.wrapping_neg(),
        };
        let product = numerator.times(conjugate);
        let square = divisor.times(conjugate).re >> 57;
        let quotient = |part: i128| narrow(((part >> 57) << 62).checked_div(square).unwrap_or(0));
        Complex62 {
            re: quotient(product.re),
            im: quotient(product.im),
        }
    }
}

/// `e^-exponent` in `Q62`, for exponents of 0 to `ln 2`; off by at most 32 units.
pub(super) fn exp_minus_62(exponent: i64) -> i64 {
    let square = mul_62(exponent, exponent);
    let series = |terms: &[i128]| {
        terms.iter().take(SHORT).rev().fold(0_i64, |sum, &term| {
            mul_62(sum, square).wrapping_add(narrow(term.abs() >> 58))
        })
    };
    series(&COSINE).wrapping_sub(mul_62(series(&SINE), exponent))
}

/// `e^-exponent` in `Q120`, for exponents of 0 to `ln 2`; off by at most 256 units.
pub(super) fn exp_minus_120(exponent: i128) -> i128 {
    let square = mul_120(exponent, exponent);
    let series = |terms: &[i128]| {
        terms.iter().rev().fold(0_i128, |sum, &term| {
            mul_120(sum, square).wrapping_add(term.abs())
        })
    };
    series(&COSINE).wrapping_sub(mul_120(series(&SINE), exponent))
}

/// Product of two `Q62`, rounded down.
#[inline]
pub(super) fn mul_62(a: i64, b: i64) -> i64 {
    narrow(i128::from(a).wrapping_mul(i128::from(b)) >> 62)
}

/// Product of two `Q120` of at most 4 in size, low by at most 3 units.
#[inline]
pub(super) fn mul_120(a: i128, b: i128) -> i128 {
    const LOW: i128 = (1 << 60) - 1;
    let (a_high, a_low) = (i128::from(narrow(a >> 60)), a & LOW);
    let (b_high, b_low) = (i128::from(narrow(b >> 60)), b & LOW);
    a_high
        .wrapping_mul(b_high)
        .wrapping_add(a_high.wrapping_mul(b_low) >> 60)
        .wrapping_add(a_low.wrapping_mul(b_high) >> 60)
}

/// Binary logarithm of a positive integer in units of `2^-48`, low by at most 2 units.
pub(super) fn log_2(value: u64) -> i64 {
    let zeros = value.max(1).leading_zeros();
    let mut mantissa = value.max(1) << zeros;
    let mut log = i64::from(63_u32.saturating_sub(zeros));
    for _ in 0..48 {
        let square = u128::from(mantissa).wrapping_mul(u128::from(mantissa));
        let doubled = square >> 127;
        mantissa = low_64(if doubled == 1 {
            square >> 64
        } else {
            square >> 63
        });
        log = (log << 1) | i64::from(doubled == 1);
    }
    log
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "the caller's value fits, and a check would cost as much as the product"
)]
#[inline]
pub(super) const fn narrow(value: i128) -> i64 {
    value as i64
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "the low half is what is wanted"
)]
#[inline]
pub(super) const fn low_64(value: u128) -> u64 {
    value as u64
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "the low half is what is wanted"
)]
#[inline]
pub(super) const fn low_32(value: u64) -> u32 {
    value as u32
}
