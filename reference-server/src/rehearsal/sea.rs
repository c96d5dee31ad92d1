//! The lines of hostile instances to WeChat: cut, lossy, half-open, slow; and what lands minutes after its time-out.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};
use rand::rngs::ChaCha12Rng;
use wechat_adapter::{HttpClient, Request, SendFuture, TransportError};

use super::{
    citizens::{below, seconds},
    coverage::Coverage,
    gate::Gate,
};
use crate::{
    clock::Clock,
    store::{Place, Turnstile as _},
};

/// What is wrong with a line for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rough {
    /// No connection is made.
    Cut,
    /// So many of a thousand calls or their answers are lost.
    Loss(u64),
    /// Calls arrive and no answer comes back.
    HalfOpen,
    /// Calls arrive minutes after whoever made them has given up.
    Slow,
}

impl Rough {
    const fn name(self) -> &'static str {
        match self {
            Self::Cut => "cut",
            Self::Loss(_) => "loss",
            Self::HalfOpen => "half-open",
            Self::Slow => "slow",
        }
    }
}

/// A rough stretch of one instance's line, or of everybody's; half-open.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch {
    pub(super) from: DateTime<Utc>,
    pub(super) until: DateTime<Utc>,
    pub(super) instance: Option<usize>,
    pub(super) rough: Rough,
}

/// What all lines have in common.
#[derive(Debug)]
pub(super) struct Sea {
    stretches: Vec<Stretch>,
    /// How many of a thousand calls are late on a good day.
    late_per_mille: u64,
    state: Mutex<Late>,
}

#[derive(Debug)]
struct Late {
    words: ChaCha12Rng,
    /// Calls that are still on their way, by the instant at which they arrive.
    under_way: BTreeMap<(DateTime<Utc>, u64), Request>,
    n_late: u64,
    coverage: Coverage,
}

/// What becomes of one call.
enum Fate {
    Good,
    /// It never leaves.
    NotSent,
    /// It is lost on the way.
    Lost,
    /// It arrives, and nobody hears of it.
    Unheard,
    /// It arrives after so long.
    Late(TimeDelta),
}

impl Sea {
    pub(super) fn new(stretches: Vec<Stretch>, late_per_mille: u64, words: ChaCha12Rng) -> Self {
        let state = Late {
            words,
            under_way: BTreeMap::new(),
            n_late: 0,
            coverage: Coverage::default(),
        };
        Self {
            stretches,
            late_per_mille,
            state: Mutex::new(state),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Late> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the lines have done so far.
    pub(super) fn coverage(&self) -> Coverage {
        self.lock().coverage.clone()
    }

    /// When the next late call arrives.
    pub(super) fn next_arrival(&self) -> Option<DateTime<Utc>> {
        let state = self.lock();
        state.under_way.keys().next().map(|(at, _number)| *at)
    }

    /// The late calls that have arrived by now, in their order.
    pub(super) fn arrived(&self, now: DateTime<Utc>) -> Vec<Request> {
        let mut state = self.lock();
        let later = state
            .under_way
            .split_off(&(now + TimeDelta::milliseconds(1), 0));
        let arrived = std::mem::replace(&mut state.under_way, later);
        arrived.into_values().collect()
    }

    fn fate(&self, instance: usize, is_sending: bool, now: DateTime<Utc>) -> Fate {
        let of_mine = |stretch: &&Stretch| {
            (stretch.from..stretch.until).contains(&now)
                && stretch.instance.is_none_or(|other| other == instance)
        };
        let stretch = self.stretches.iter().find(of_mine);
        let mut state = self.lock();
        let draw = below(&mut state.words, 1_000);
        let Some(stretch) = stretch else {
            return match is_sending && draw < self.late_per_mille {
                true => state.late(),
                false => Fate::Good,
            };
        };
        state.coverage.count("line", stretch.rough.name());
        let length = stretch.until - stretch.from;
        if stretch.instance.is_none() && length >= TimeDelta::hours(1) {
            state.coverage.failure("F16");
            state.coverage.failure("F17");
        }
        match stretch.rough {
            Rough::Cut => Fate::NotSent,
            Rough::Loss(per_mille) if draw >= per_mille => Fate::Good,
            Rough::Loss(_) if draw.is_multiple_of(2) => Fate::Lost,
            Rough::Loss(_) | Rough::HalfOpen => Fate::Unheard,
            Rough::Slow if is_sending => state.late(),
            Rough::Slow => Fate::Lost,
        }
    }
}

impl Late {
    /// Within five minutes: the quarantine allows for twice as long.
    fn late(&mut self) -> Fate {
        self.coverage.failure("F3");
        Fate::Late(seconds(&mut self.words, 11, 290))
    }
}

/// One instance's line to WeChat Pay.
#[derive(Debug)]
pub(super) struct RoughLine {
    pub(super) inner: Arc<dyn HttpClient>,
    pub(super) instance: usize,
    pub(super) sea: Arc<Sea>,
    pub(super) gate: Arc<Gate>,
    /// True time, whatever the instance believes.
    pub(super) clock: Arc<dyn Clock>,
}

impl HttpClient for RoughLine {
    fn send(&self, request: Request) -> SendFuture<'_> {
        Box::pin(async move {
            self.gate.pass(Place::BeforeCall).await;
            let answer = self.exchange(request).await;
            self.gate.pass(Place::AfterCall).await;
            answer
        })
    }

    fn download(&self, request: Request, limit_bytes: usize) -> SendFuture<'_> {
        self.inner.download(request, limit_bytes)
    }
}

impl RoughLine {
    async fn exchange(&self, request: Request) -> Result<wechat_adapter::Response, TransportError> {
        let now = self.clock.now();
        let path = request.uri().path();
        let is_sending = path.ends_with("/sendredpack") || path.ends_with("/transfer-bills");
        match self.sea.fate(self.instance, is_sending, now) {
            Fate::Good => self.inner.send(request).await,
            Fate::NotSent => Err(TransportError::NotSent("the line is cut".to_owned())),
            Fate::Lost => Err(TransportError::TimedOut),
            Fate::Unheard => {
                drop(self.inner.send(request).await);
                let lost = "the answer was lost".to_owned();
                Err(TransportError::ConnectionLost(lost))
            }
            Fate::Late(by) => {
                let mut state = self.sea.lock();
                state.n_late = state.n_late.saturating_add(1);
                let key = (now + by, state.n_late);
                state.under_way.insert(key, request);
                Err(TransportError::TimedOut)
            }
        }
    }
}
