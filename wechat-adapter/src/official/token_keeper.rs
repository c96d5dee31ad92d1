//! The life of one shared token as a state machine: one fetch at a time, no older token over a newer one, one repetition.

use chrono::{DateTime, TimeDelta, Utc};

use crate::official::access_token::{CachedToken, IssuedToken, TokenStatus};
use crate::secret::Secret;

/// Keeps one token (the access token, or the ticket of pages) for many users of it.
///
/// It holds no clock and makes no call: the caller asks for a [`TokenStep`], does it, and tells the outcome.
/// Several instances share a token by storing [`TokenKeeper::cached`] where all can read it and giving what they read to
/// [`TokenKeeper::adopt`], or by keeping the whole state in one row ([`TokenKeeper::resumed`]), so that one of them fetches;
/// with `stable_token` they need no lock to be correct.
///
/// ```
/// use wechat_adapter::official::{IssuedToken, TokenKeeper, TokenStep};
/// use wechat_adapter::Secret;
/// let now = "2020-05-09T13:36:00Z".parse()?;
/// let mut keeper = TokenKeeper::new(None);
/// assert!(matches!(keeper.step(now), TokenStep::Fetch));
/// assert!(matches!(keeper.step(now), TokenStep::Wait { .. })); // somebody fetches already
/// keeper.fetched(IssuedToken::new(Secret::new("T")?, 7_200), now);
/// let TokenStep::Use(borrowed) = keeper.step(now) else { panic!() };
/// assert_eq!(borrowed.token().expose(), "T");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct TokenKeeper {
    cached: Option<CachedToken>,
    /// Until when a fetch under way keeps others from fetching.
    fetching_until: Option<DateTime<Utc>>,
    /// The token that WeChat refused last.
    refused: Option<Secret>,
}

/// A token handed out for one call, and whether that call is the repetition.
#[derive(Debug, Clone)]
pub struct BorrowedToken {
    token: Secret,
    is_repetition: bool,
}

impl BorrowedToken {
    /// The token itself.
    #[must_use]
    pub const fn token(&self) -> &Secret {
        &self.token
    }
}

/// What to do for a token.
#[derive(Debug, Clone)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a caller that skipped one would fetch twice or wait for ever"
)]
pub enum TokenStep {
    /// Use it.
    Use(BorrowedToken),
    /// Use it, and fetch another one meanwhile; nobody else is told to.
    UseAndFetch(BorrowedToken),
    /// Fetch one; nobody else is told to.
    Fetch,
    /// Somebody is fetching, or a fetch failed just now: ask again, at this instant at the latest.
    Wait {
        /// When the next fetch is allowed.
        until: DateTime<Utc>,
    },
}

/// What to do after WeChat refused a token (`40001`, `40014`, `42001`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the call is repeated once or it is not"
)]
pub enum AfterRefusal {
    /// Ask [`TokenKeeper::step_for_repetition`] for a token and repeat the call, once.
    Repeat,
    /// The repetition was refused too: stop, and tell an operator. The secret was reset, or another system forces refreshes.
    Stop,
}

/// What became of a fetched token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "it is kept, older, or the refused one"
)]
pub enum Fetched {
    /// It is kept.
    Kept,
    /// A newer one is there already; this one is dropped.
    Older,
    /// WeChat gave the token that it had refused: kept, but an operator should look. Never force a refresh for it.
    SameAsRefused,
}

impl TokenKeeper {
    /// How long one fetch keeps others from fetching, in seconds: longer than any time-out of a call.
    pub const FETCH_SECONDS: i64 = 15;
    /// How long nobody fetches after a failed fetch, in seconds: each failed call counts against the quota.
    pub const PAUSE_SECONDS: i64 = 5;

    /// A keeper that starts with what a store has.
    #[must_use]
    pub const fn new(cached: Option<CachedToken>) -> Self {
        Self {
            cached,
            fetching_until: None,
            refused: None,
        }
    }

    /// A keeper that goes on where a store left it: with the token there, and until when somebody else fetches one.
    ///
    /// A store that hands the keeper to one user at a time (a row under its transaction) makes the fetch a single one over all instances.
    ///
    /// ```
    /// use wechat_adapter::official::{TokenKeeper, TokenStep};
    /// let now = "2020-05-09T13:36:00Z".parse()?;
    /// let mut here = TokenKeeper::resumed(None, None);
    /// assert!(matches!(here.step(now), TokenStep::Fetch));
    /// let mut elsewhere = TokenKeeper::resumed(None, here.fetching_until());
    /// assert!(matches!(elsewhere.step(now), TokenStep::Wait { .. }));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn resumed(
        cached: Option<CachedToken>,
        fetching_until: Option<DateTime<Utc>>,
    ) -> Self {
        Self {
            cached,
            fetching_until,
            refused: None,
        }
    }

    /// Until when others are kept from fetching, to be stored beside [`TokenKeeper::cached`].
    #[must_use]
    pub const fn fetching_until(&self) -> Option<DateTime<Utc>> {
        self.fetching_until
    }

    /// The token to be stored for others, if there is one.
    #[must_use]
    pub const fn cached(&self) -> Option<&CachedToken> {
        self.cached.as_ref()
    }

    /// What to do for a token at `now`.
    pub fn step(&mut self, now: DateTime<Utc>) -> TokenStep {
        self.step_as(now, false)
    }

    /// What to do for the token of a repetition.
    pub fn step_for_repetition(&mut self, now: DateTime<Utc>) -> TokenStep {
        self.step_as(now, true)
    }

    fn step_as(&mut self, now: DateTime<Utc>, is_repetition: bool) -> TokenStep {
        let borrowed = |cached: &CachedToken| BorrowedToken {
            token: cached.token().clone(),
            is_repetition,
        };
        let busy_until = self.fetching_until.filter(|until| now < *until);
        match (&self.cached, busy_until) {
            (Some(cached), busy) if cached.status(now) != TokenStatus::Expired => {
                let borrowed = borrowed(cached);
                if cached.status(now) == TokenStatus::Fresh || busy.is_some() {
                    return TokenStep::Use(borrowed);
                }
                self.fetching_until = Some(after(now, Self::FETCH_SECONDS));
                TokenStep::UseAndFetch(borrowed)
            }
            (_, Some(until)) => TokenStep::Wait { until },
            (_, None) => {
                self.fetching_until = Some(after(now, Self::FETCH_SECONDS));
                TokenStep::Fetch
            }
        }
    }

    /// Tells that a fetch that was begun at `asked_at` gave a token.
    ///
    /// The instant of asking is its version: an answer that was on its way for long never replaces a newer token.
    pub fn fetched(&mut self, issued: IssuedToken, asked_at: DateTime<Utc>) -> Fetched {
        self.adopt(issued.obtained_at(asked_at))
    }

    /// Tells of a token read from a store that other instances write to.
    pub fn adopt(&mut self, token: CachedToken) -> Fetched {
        let is_older = self
            .cached
            .as_ref()
            .is_some_and(|cached| token.obtained_at() < cached.obtained_at());
        if is_older {
            return Fetched::Older;
        }
        let is_refused = self
            .refused
            .as_ref()
            .is_some_and(|refused| token.is(refused));
        self.cached = Some(token);
        self.fetching_until = None;
        if is_refused {
            Fetched::SameAsRefused
        } else {
            Fetched::Kept
        }
    }

    /// Tells that a fetch failed: nobody fetches for [`TokenKeeper::PAUSE_SECONDS`].
    pub fn fetch_failed(&mut self, now: DateTime<Utc>) {
        self.fetching_until = Some(after(now, Self::PAUSE_SECONDS));
    }

    /// Tells that WeChat refused a token: it is dropped only if it is still the one that is kept.
    ///
    /// A late refusal of an older token must not kill a healthy newer one.
    pub fn refused(&mut self, borrowed: &BorrowedToken) -> AfterRefusal {
        if self
            .cached
            .as_ref()
            .is_some_and(|cached| cached.is(&borrowed.token))
        {
            self.cached = None;
            self.refused = Some(borrowed.token.clone());
        }
        if borrowed.is_repetition {
            AfterRefusal::Stop
        } else {
            AfterRefusal::Repeat
        }
    }
}

fn after(now: DateTime<Utc>, seconds: i64) -> DateTime<Utc> {
    now.checked_add_signed(TimeDelta::seconds(seconds))
        .unwrap_or(now)
}
