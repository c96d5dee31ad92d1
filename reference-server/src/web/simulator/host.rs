//! Who runs the simulated WeChat: the contest's own process, or a server of its own.

use std::{fmt, sync::Arc, time::Duration};

use axum::body;
use chrono::{DateTime, Utc};
use wechat_adapter::{HttpClient, Request, Response, SendFuture, TransportError};

use super::super::callback;
use crate::{
    app::App,
    clock::{Clock, SimulatedClock},
    contest::payout::NOTIFICATION_PATH,
    journal::JournaledSimulator,
};

/// WeChat waits this long for the answer to whatever it posts.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest reply that is read.
const REPLY_BYTES: usize = 64 * 1024;

/// The simulated WeChat with its clock and its way to the application.
#[derive(Clone)]
pub struct SimulatedWeChat {
    pub(super) simulator: Arc<JournaledSimulator>,
    pub(super) clock: Arc<SimulatedClock>,
    /// The clock of the programs that call, when it is not this one.
    callers: Option<Arc<dyn Clock>>,
    application: Arc<dyn HttpClient>,
    /// Whether there is an address that pushes go to.
    pub(super) pushes: bool,
    /// The address that browsers reach it at, without a slash at its end.
    pub(super) base_url: String,
    /// The contest of the same process, which has a phone, a timetable and cookies.
    pub(super) contest: Option<Arc<App>>,
}

impl SimulatedWeChat {
    /// The simulated WeChat of a contest, if it has one.
    #[must_use]
    pub fn of(app: &Arc<App>) -> Option<Self> {
        let host = app.simulator.as_ref()?;
        Some(Self {
            simulator: Arc::clone(&host.simulator),
            clock: Arc::clone(&host.clock),
            callers: None,
            application: Arc::new(OwnCallback(Arc::clone(app))),
            pushes: true,
            base_url: app.public_url.clone(),
            contest: Some(Arc::clone(app)),
        })
    }

    /// A simulated WeChat without a contest: it posts by `application`, pushes only when there is an address for them.
    ///
    /// `callers` is the clock of the programs that call, when it is not the simulation's; signatures go by it.
    #[must_use]
    pub fn alone(
        simulator: JournaledSimulator,
        clock: SimulatedClock,
        callers: Option<Arc<dyn Clock>>,
        application: Arc<dyn HttpClient>,
        pushes: bool,
        base_url: String,
    ) -> Self {
        let host = Self {
            simulator: Arc::new(simulator),
            clock: Arc::new(clock),
            callers,
            application,
            pushes,
            base_url,
            contest: None,
        };
        host.agree_on_time();
        host
    }

    /// The present instant of the simulation.
    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Tells the simulator how far the callers' clock is ahead of its own.
    pub(super) fn agree_on_time(&self) {
        if let Some(callers) = &self.callers {
            let ahead = callers.now().signed_duration_since(self.now());
            self.simulator.set_callers_ahead(ahead);
        }
    }

    /// Posts a request to the application; nothing when no answer came in time.
    pub(super) async fn tell(&self, request: Request) -> Option<Response> {
        let answer = tokio::time::timeout(PATIENCE, self.application.send(request)).await;
        answer.ok()?.ok()
    }
}

impl fmt::Debug for SimulatedWeChat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SimulatedWeChat")
            .field("base_url", &self.base_url)
            .field("contest", &self.contest.is_some())
            .finish_non_exhaustive()
    }
}

/// The contest's callback in the same process, reached without a socket.
#[derive(Debug)]
struct OwnCallback(Arc<App>);

impl OwnCallback {
    async fn exchange(&self, request: Request) -> Result<Response, TransportError> {
        let answer = if request.uri().path() == NOTIFICATION_PATH {
            callback::answer_notification(&self.0, request.headers(), request.body()).await
        } else {
            let query = request.uri().query().unwrap_or_default();
            callback::answer(&self.0, query, request.body()).await
        };
        let (parts, body) = answer.into_parts();
        let bytes = body::to_bytes(body, REPLY_BYTES)
            .await
            .map_err(|error| TransportError::ConnectionLost(error.to_string()))?;
        Ok(Response::from_parts(parts, bytes.to_vec()))
    }
}

impl HttpClient for OwnCallback {
    fn send(&self, request: Request) -> SendFuture<'_> {
        Box::pin(self.exchange(request))
    }
}
