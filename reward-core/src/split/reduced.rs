//! A problem without its floor, turned over if it lies above the middle.

/// So many parts of `0..=span` with a sum, where the sum is at most half of what it could be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reduced {
    pub(super) parts: u32,
    /// Sum of all parts.
    pub(super) surplus: u32,
    /// Greatest part, at most the surplus.
    pub(super) span: u32,
    /// Turns a part back: `part` as it is, or `span - part` if the problem was turned over.
    turn: Turn,
}

impl Reduced {
    pub(super) fn new(parts: u32, surplus: u32, span: u32) -> Self {
        let span = span.min(surplus);
        let ceiling = u64::from(parts).saturating_mul(u64::from(span));
        let above = ceiling.saturating_sub(u64::from(surplus));
        match u32::try_from(above) {
            Ok(below_ceiling) if below_ceiling < surplus => Self {
                parts,
                surplus: below_ceiling,
                span: span.min(below_ceiling),
                turn: Turn::over(span),
            },
            Ok(_) | Err(_) => Self {
                parts,
                surplus,
                span,
                turn: Turn::NONE,
            },
        }
    }

    /// The problem as it stands, never turned over.
    pub(super) fn upright(parts: u32, surplus: u32, span: u32) -> Self {
        Self {
            parts,
            surplus,
            span: span.min(surplus),
            turn: Turn::NONE,
        }
    }

    /// The same problem seen from above: every part `x` is `span - x`.
    pub(super) fn turned(parts: u32, surplus: u32, span: u32) -> Self {
        let ceiling = u64::from(parts).saturating_mul(u64::from(span));
        let above = ceiling.saturating_sub(u64::from(surplus));
        Self {
            parts,
            surplus: u32::try_from(above).unwrap_or(u32::MAX),
            span,
            turn: Turn::over(span),
        }
    }

    /// The same problem as a share of `whole`, which left it over: its parts turn back into those that `whole` was given.
    pub(super) const fn within(mut self, whole: &Self) -> Self {
        self.turn = self.turn.then(whole.turn);
        self
    }

    /// The part of the problem as it was given.
    #[inline]
    pub(super) fn restore(&self, part: u32) -> u32 {
        (part ^ self.turn.flip).wrapping_add(self.turn.offset)
    }
}

/// `(part ^ flip) + offset`, which needs no branch.
#[derive(Debug, Clone, Copy)]
struct Turn {
    flip: u32,
    offset: u32,
}

impl Turn {
    const NONE: Self = Self { flip: 0, offset: 0 };

    /// `span - part`, since `!part` is `-1 - part`.
    const fn over(span: u32) -> Self {
        Self {
            flip: u32::MAX,
            offset: span.wrapping_add(1),
        }
    }

    /// This turn and then another one, in one.
    const fn then(self, next: Self) -> Self {
        // A flip moves into an offset with its sign changed: `!(part + 1)` is `!part - 1`.
        let offset = (self.offset ^ next.flip).wrapping_sub(next.flip);
        Self {
            flip: self.flip ^ next.flip,
            offset: offset.wrapping_add(next.offset),
        }
    }
}
