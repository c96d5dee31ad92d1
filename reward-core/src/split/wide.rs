//! Sums of many small weights: 64 whole bits and 192 bits of fraction.

use super::fixed::{log_2, low_64};

/// A fixed-point number of 256 bits, most significant limb first, so that the derived order is that of the values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Wide([u64; 4]);

impl Wide {
    pub(super) const ZERO: Self = Self([0; 4]);
    pub(super) const ONE: Self = Self([1, 0, 0, 0]);

    pub(super) fn plus(self, other: Self) -> Self {
        let (Self([a0, a1, a2, a3]), Self([b0, b1, b2, b3])) = (self, other);
        let (s3, carry) = a3.carrying_add(b3, false);
        let (s2, carry) = a2.carrying_add(b2, carry);
        let (s1, carry) = a1.carrying_add(b1, carry);
        let (s0, _) = a0.carrying_add(b0, carry);
        Self([s0, s1, s2, s3])
    }

    fn minus(self, other: Self) -> Self {
        let (Self([a0, a1, a2, a3]), Self([b0, b1, b2, b3])) = (self, other);
        let (s3, borrow) = a3.borrowing_sub(b3, false);
        let (s2, borrow) = a2.borrowing_sub(b2, borrow);
        let (s1, borrow) = a1.borrowing_sub(b1, borrow);
        let (s0, _) = a0.borrowing_sub(b0, borrow);
        Self([s0, s1, s2, s3])
    }

    /// `self * fraction / 2^64`, rounded down to a unit of `2^-192`.
    pub(super) fn times_fraction(self, fraction: u64) -> Self {
        let Self([a0, a1, a2, a3]) = self;
        let (_, carry) = a3.carrying_mul(fraction, 0);
        let (p3, carry) = a2.carrying_mul(fraction, carry);
        let (p2, carry) = a1.carrying_mul(fraction, carry);
        let (p1, p0) = a0.carrying_mul(fraction, carry);
        Self([p0, p1, p2, p3])
    }

    /// `self * factor`, for a product below `2^64`.
    pub(super) fn times(self, factor: u32) -> Self {
        let Self([a0, a1, a2, a3]) = self;
        let factor = u64::from(factor);
        let (p3, carry) = a3.carrying_mul(factor, 0);
        let (p2, carry) = a2.carrying_mul(factor, carry);
        let (p1, carry) = a1.carrying_mul(factor, carry);
        let (p0, _) = a0.carrying_mul(factor, carry);
        Self([p0, p1, p2, p3])
    }

    /// `self / divisor`, rounded down to a unit of `2^-192`.
    pub(super) fn divided_by(self, divisor: u32) -> Self {
        let Self(limbs) = self;
        let divisor = u128::from(divisor.max(1));
        let mut rest = 0_u128;
        Self(limbs.map(|limb| {
            let dividend = (rest << 64) | u128::from(limb);
            rest = dividend.checked_rem(divisor).unwrap_or(0);
            low_64(dividend.checked_div(divisor).unwrap_or(0))
        }))
    }

    /// Places by which the number is shifted left until its first bit is set.
    pub(super) fn leading_zeros(self) -> u32 {
        let Self([a0, a1, ..]) = self;
        if a0 > 0 {
            a0.leading_zeros()
        } else {
            a1.leading_zeros().saturating_add(64)
        }
    }

    /// The 64 bits that start `zeros` places below the first, rounded down; `zeros` is at most 127.
    pub(super) fn bits_from(self, zeros: u32) -> u64 {
        let Self([a0, a1, a2, _]) = self;
        let pair = |high: u64, low: u64, by: u32| {
            low_64(((u128::from(high) << 64 | u128::from(low)) << by) >> 64)
        };
        match zeros.checked_sub(64) {
            None => pair(a0, a1, zeros),
            Some(by) => pair(a1, a2, by),
        }
    }

    /// Binary logarithm in units of `2^-48`, low by at most 3 units; for numbers of at least `2^-63`.
    pub(super) fn log_2(self) -> i64 {
        let zeros = self.leading_zeros();
        let whole = 63_i64.saturating_sub(i64::from(zeros));
        let mantissa = log_2(self.bits_from(zeros)).saturating_sub(63 << 48);
        (whole << 48).saturating_add(mantissa)
    }

    /// `self / whole` in units of `2^-bits`, rounded down; for `self <= whole < 2^63` and `bits <= 120`.
    pub(super) fn over(self, whole: Self, bits: u32) -> u128 {
        let (mut rest, mut quotient) = (self, 0_u128);
        if rest >= whole {
            return 1 << bits;
        }
        for _ in 0..bits {
            rest = rest.plus(rest);
            quotient <<= 1;
            if rest >= whole {
                rest = rest.minus(whole);
                quotient |= 1;
            }
        }
        quotient
    }
}
