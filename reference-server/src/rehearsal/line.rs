//! The line to WeChat Pay: counts what goes over it, and is dead while WeChat Pay is away.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use chrono::{DateTime, TimeDelta, Utc};
use schedule_core::Window;
use wechat_adapter::{HttpClient, Request, SendFuture, TransportError};

use crate::clock::Clock;

/// How long WeChat Pay is away.
const LENGTH: TimeDelta = TimeDelta::hours(6);

/// Six hours without WeChat Pay, half-open.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outage {
    pub(super) from: DateTime<Utc>,
    pub(super) until: DateTime<Utc>,
}

impl Outage {
    /// The last six hours of the second day of a city's week: the evening, when most people play.
    pub(super) fn of(window: Window) -> Self {
        let until = (window.start() + TimeDelta::days(2)).min(window.end());
        Self {
            from: until - LENGTH,
            until,
        }
    }

    pub(super) fn contains(&self, at: DateTime<Utc>) -> bool {
        (self.from..self.until).contains(&at)
    }
}

/// The line.
#[derive(Debug)]
pub(super) struct PayLine {
    inner: Arc<dyn HttpClient>,
    clock: Arc<dyn Clock>,
    outages: Vec<Outage>,
    n_calls: AtomicU64,
    n_lost: AtomicU64,
}

impl PayLine {
    pub(super) fn new(
        inner: Arc<dyn HttpClient>,
        clock: Arc<dyn Clock>,
        outages: Vec<Outage>,
    ) -> Self {
        Self {
            inner,
            clock,
            outages,
            n_calls: AtomicU64::new(0),
            n_lost: AtomicU64::new(0),
        }
    }

    pub(super) fn outages(&self) -> &[Outage] {
        &self.outages
    }

    /// Calls made so far.
    pub(super) fn n_calls(&self) -> u64 {
        self.n_calls.load(Ordering::Relaxed)
    }

    /// Those of them that were lost because WeChat Pay was away.
    pub(super) fn n_lost(&self) -> u64 {
        self.n_lost.load(Ordering::Relaxed)
    }

    /// Counts a call; whether it is lost.
    fn is_lost(&self) -> bool {
        self.n_calls.fetch_add(1, Ordering::Relaxed);
        let now = self.clock.now();
        let is_lost = self.outages.iter().any(|outage| outage.contains(now));
        if is_lost {
            self.n_lost.fetch_add(1, Ordering::Relaxed);
        }
        is_lost
    }
}

impl HttpClient for PayLine {
    fn send(&self, request: Request) -> SendFuture<'_> {
        if self.is_lost() {
            return Box::pin(std::future::ready(Err(TransportError::TimedOut)));
        }
        self.inner.send(request)
    }

    fn download(&self, request: Request, limit_bytes: usize) -> SendFuture<'_> {
        if self.is_lost() {
            return Box::pin(std::future::ready(Err(TransportError::TimedOut)));
        }
        self.inner.download(request, limit_bytes)
    }
}
