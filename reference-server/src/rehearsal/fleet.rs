//! The instances of the server that are played, and their ends and new beginnings.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering},
    },
    task::Poll,
};

use axum::{Router, body::Body};
use chrono::{DateTime, TimeDelta, Utc};
use http::{Request, response::Parts};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use super::{
    coverage::Coverage,
    gate::Gate,
    line::PayLine,
    sea::{RoughLine, Sea},
};
use crate::{
    app::{App, WeChat},
    clock::{Clock, SimulatedClock},
    entropy::SeededEntropy,
    rail::Rail,
    store::{Database, DecisionClock, Durability, Store, StoreError},
};

/// The last row of the payout table.
const LAST_ROW: u8 = 27;

/// The instances; requests go to each in turn, as behind a proxy that knows no sessions.
#[derive(Debug)]
pub(super) struct Fleet {
    instances: Mutex<Vec<Instance>>,
    n_sent: AtomicUsize,
    /// Which instance did something last.
    last: AtomicUsize,
}

#[derive(Debug)]
struct Instance {
    app: Arc<App>,
    router: Router,
    /// How often it was put up again.
    generation: u64,
}

/// One instance as it was when somebody turned to it.
#[derive(Debug, Clone)]
pub(super) struct Berth {
    pub(super) index: usize,
    pub(super) app: Arc<App>,
    router: Router,
    generation: u64,
}

impl Fleet {
    pub(super) fn new(apps: impl IntoIterator<Item = Arc<App>>) -> Self {
        let instances = apps.into_iter().map(|app| Instance {
            router: crate::web::router(Arc::clone(&app)),
            app,
            generation: 0,
        });
        Self {
            instances: Mutex::new(instances.collect()),
            n_sent: AtomicUsize::new(0),
            last: AtomicUsize::new(usize::MAX),
        }
    }

    /// The instance that did something last.
    pub(super) fn last_polled(&self) -> Option<usize> {
        let last = self.last.load(Ordering::Relaxed);
        (last < self.n_instances()).then_some(last)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Instance>> {
        self.instances
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn n_instances(&self) -> usize {
        self.lock().len()
    }

    /// The instance with this number, from 0.
    pub(super) fn at(&self, index: usize) -> Option<Berth> {
        let instances = self.lock();
        let instance = instances.get(index)?;
        Some(Berth {
            index,
            app: Arc::clone(&instance.app),
            router: instance.router.clone(),
            generation: instance.generation,
        })
    }

    /// The instance whose turn it is.
    fn next(&self) -> Option<Berth> {
        let turn = self.n_sent.fetch_add(1, Ordering::Relaxed);
        self.at(turn.checked_rem(self.n_instances())?)
    }

    /// Puts another process in the place of an instance; whatever the old one was at ends where it stands.
    fn replace(&self, index: usize, app: Arc<App>) {
        if let Some(instance) = self.lock().get_mut(index) {
            instance.router = crate::web::router(Arc::clone(&app));
            instance.app = app;
            instance.generation = instance.generation.wrapping_add(1);
        }
    }

    fn is_alive(&self, berth: &Berth) -> bool {
        let instances = self.lock();
        let instance = instances.get(berth.index);
        instance.is_some_and(|instance| instance.generation == berth.generation)
    }

    /// What this work comes to; `None` when its process ends before it does.
    pub(super) async fn while_alive<T>(
        &self,
        berth: &Berth,
        work: impl Future<Output = T>,
    ) -> Option<T> {
        let mut work = pin!(work);
        poll_fn(|context| {
            if !self.is_alive(berth) {
                return Poll::Ready(None);
            }
            self.last.store(berth.index, Ordering::Relaxed);
            work.as_mut().poll(context).map(Some)
        })
        .await
    }

    /// Answers a request by the next instance; a body that breaks off is empty.
    ///
    /// `None` when the process ends meanwhile.
    pub(super) async fn answer(&self, request: Request<Body>) -> Option<(Parts, Vec<u8>)> {
        let berth = self.next()?;
        let answer = async {
            let response = match berth.router.clone().oneshot(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            };
            let (parts, body) = response.into_parts();
            let body = body.collect().await;
            let body = body.map(|body| body.to_bytes().to_vec());
            (parts, body.unwrap_or_default())
        };
        self.while_alive(&berth, answer).await
    }
}

/// A clock that is off another one, by a span that can change; so it may fall back.
#[derive(Debug)]
pub(super) struct WrongClock {
    true_time: Arc<SimulatedClock>,
    ahead_ms: AtomicI64,
}

impl WrongClock {
    pub(super) fn of(true_time: &Arc<SimulatedClock>) -> Arc<Self> {
        Arc::new(Self {
            true_time: Arc::clone(true_time),
            ahead_ms: AtomicI64::new(0),
        })
    }

    pub(super) fn set(&self, ahead: TimeDelta) {
        self.ahead_ms
            .store(ahead.num_milliseconds(), Ordering::SeqCst);
    }

    pub(super) fn is_off(&self) -> bool {
        self.ahead_ms.load(Ordering::SeqCst) != 0
    }
}

impl Clock for WrongClock {
    fn now(&self) -> DateTime<Utc> {
        let ahead = TimeDelta::milliseconds(self.ahead_ms.load(Ordering::SeqCst));
        self.true_time.now() + ahead
    }
}

/// How an instance of a hostile season is put up, at first and again.
#[derive(Debug)]
pub(super) struct Dock {
    pub(super) seed: u64,
    pub(super) database: Database,
    /// Each instance's own clock.
    pub(super) clocks: Vec<Arc<WrongClock>>,
    /// The clock of the database's server.
    pub(super) deciding: Arc<WrongClock>,
    pub(super) gate: Arc<Gate>,
    pub(super) sea: Arc<Sea>,
    pub(super) line: Arc<PayLine>,
    pub(super) n_starts: AtomicU64,
}

impl Dock {
    /// A new process beside, or in place of, one that knows the season.
    pub(super) fn launch(&self, like: &App, index: usize) -> Result<Arc<App>, StoreError> {
        let deciding: Arc<WrongClock> = Arc::clone(&self.deciding);
        let decides = DecisionClock::Simulated(deciding);
        let gate: Arc<Gate> = Arc::clone(&self.gate);
        let store = Store::open(&self.database, Durability::None, decides)?.behind(gate);
        let n_starts = self.n_starts.fetch_add(1, Ordering::Relaxed);
        // No start repeats the words of another.
        let entropy = Arc::new(SeededEntropy::of_start(
            self.seed,
            n_starts.saturating_add(1),
        ));
        let own = self.clocks.get(index).unwrap_or(&self.deciding);
        let clock: Arc<WrongClock> = Arc::clone(own);
        let app = like.beside(store, clock, entropy);
        let true_time: Arc<SimulatedClock> = Arc::clone(&own.true_time);
        let pay_http = Arc::new(RoughLine {
            inner: Arc::<PayLine>::clone(&self.line),
            instance: index,
            sea: Arc::clone(&self.sea),
            gate: Arc::clone(&self.gate),
            clock: true_time,
        });
        let wechat = Arc::new(WeChat {
            pay_http,
            ..WeChat::clone(&app.wechat)
        });
        Ok(Arc::new(App { wechat, ..app }))
    }

    /// Ends an instance and puts it up again; what its payments did is counted first.
    pub(super) fn relaunch(
        &self,
        fleet: &Fleet,
        index: usize,
        coverage: &mut Coverage,
    ) -> Result<(), StoreError> {
        let Some(berth) = fleet.at(index) else {
            return Ok(());
        };
        count_rows(&berth.app, coverage);
        fleet.replace(index, self.launch(&berth.app, index)?);
        Ok(())
    }
}

/// Counts the rows of the payout table that a process has taken.
pub(super) fn count_rows(app: &App, coverage: &mut Coverage) {
    for rail in Rail::ALL {
        for row in 1..=LAST_ROW {
            let n_times = app.memory.metrics.n_stepped(rail, row);
            coverage.add_to("row of the table", &row.to_string(), n_times);
        }
    }
}
