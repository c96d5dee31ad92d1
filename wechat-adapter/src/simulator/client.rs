//! The simulator as an HTTP client in the same process, without a socket.

use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::Simulator;
use crate::{HttpClient, Request, Response, SendFuture, TransportError};

/// Sends every request straight to a [`Simulator`], at the time the given clock tells.
///
/// What becomes of it is told by [`Handled::heard_by_a_client`](super::Handled::heard_by_a_client).
#[derive(Clone)]
pub struct SimulatorClient {
    simulator: Arc<Simulator>,
    now: Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>,
}

impl SimulatorClient {
    /// A client of `simulator` on the clock `now`.
    #[must_use]
    pub fn new(
        simulator: Arc<Simulator>,
        now: Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>,
    ) -> Self {
        Self { simulator, now }
    }

    fn exchange(&self, request: &Request) -> Result<Response, TransportError> {
        self.simulator
            .handle(request, (self.now)())
            .heard_by_a_client()
    }
}

impl HttpClient for SimulatorClient {
    fn send(&self, request: Request) -> SendFuture<'_> {
        Box::pin(std::future::ready(self.exchange(&request)))
    }
}

impl Debug for SimulatorClient {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SimulatorClient")
            .finish_non_exhaustive()
    }
}
