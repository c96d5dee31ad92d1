//! Where a rehearsal stands between a request and the database.

use std::{fmt, future::Future, pin::Pin};

/// A place at which whoever is on his way may be held up, or may die.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Before something is read.
    BeforeRead,
    /// After it was read, before that is told.
    AfterRead,
    /// Before something is written.
    BeforeWrite,
    /// After its commit, before that is told.
    AfterWrite,
    /// Before a call leaves for WeChat.
    BeforeCall,
    /// After WeChat has had the call, before its answer is told.
    AfterCall,
}

impl Place {
    /// Whether something begins here that ends at another place.
    #[must_use]
    pub const fn is_before(self) -> bool {
        matches!(
            self,
            Self::BeforeRead | Self::BeforeWrite | Self::BeforeCall
        )
    }

    /// The place in words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BeforeRead => "before a read",
            Self::AfterRead => "after a read",
            Self::BeforeWrite => "before a commit",
            Self::AfterWrite => "after a commit",
            Self::BeforeCall => "before a call",
            Self::AfterCall => "after a call",
        }
    }
}

/// Who is asked before each operation of a store begins, and again before its outcome is told.
///
/// A rehearsal takes what is under way at the same time one step at a time, in an order that
/// its seed decides, and lets a process die between any two steps. A server has none.
pub trait Turnstile: fmt::Debug + Send + Sync {
    /// Waits until whoever is at `place` may go on.
    fn pass(&self, place: Place) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}
