//! Numbers of few people are not told: 1 to 4 stand as "<5", and nothing beside them gives them away.

/// Groups of fewer people than this are not told.
pub const LEAST_GROUP: i64 = 5;

/// A number of people as it may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// The number.
    Exact(i64),
    /// 1 to 4.
    Few,
    /// A number that, taken from the sum, would tell another one of 1 to 4.
    Withheld,
}

impl Shown {
    /// A number by itself.
    #[must_use]
    pub fn of(n: i64) -> Self {
        if n > 0 && n < LEAST_GROUP {
            Self::Few
        } else {
            Self::Exact(n)
        }
    }

    /// The number, if it is told.
    #[must_use]
    pub fn exact(self) -> Option<i64> {
        match self {
            Self::Exact(n) => Some(n),
            Self::Few | Self::Withheld => None,
        }
    }

    /// Numbers that stand in one column above a sum that is told.
    ///
    /// A single number of 1 to 4 could be had by taking the others from the sum, so the least
    /// other one that is not zero is withheld with it.
    #[must_use]
    pub fn column(counts: &[i64]) -> Vec<Self> {
        let mut shown: Vec<Self> = counts.iter().copied().map(Self::of).collect();
        let n_few = shown.iter().filter(|one| **one == Self::Few).count();
        let others = counts.iter().zip(&mut shown);
        let told = others.filter(|(n, one)| **n > 0 && matches!(one, Self::Exact(_)));
        if n_few == 1
            && let Some((_n, one)) = told.min_by_key(|(n, _one)| **n)
        {
            *one = Self::Withheld;
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_to_four_are_few_and_nothing_else_is() {
        let shown = [0, 1, 4, 5, -1].map(Shown::of);
        let exact = shown.map(Shown::exact);
        assert_eq!(exact, [Some(0), None, None, Some(5), Some(-1)]);
        assert_eq!(shown.get(1), Some(&Shown::Few));
    }

    #[test]
    fn a_single_small_number_cannot_be_had_from_the_sum() {
        use Shown::{Exact, Few, Withheld};
        let column = Shown::column(&[0, 3, 90, 12]);
        assert_eq!(column, [Exact(0), Few, Exact(90), Withheld]);
        let two = Shown::column(&[2, 3, 90]);
        assert_eq!(two, [Few, Few, Exact(90)]);
        assert_eq!(Shown::column(&[7, 90]), [Exact(7), Exact(90)]);
        assert_eq!(Shown::column(&[4, 0]), [Few, Exact(0)], "the sum itself");
    }
}
