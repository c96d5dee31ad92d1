//! The simulator as an HTTP client in the same process, without a socket.

use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Handled, Simulator};
use crate::{HttpClient, Request, Response, SendFuture, TransportError};

/// Answers that are held back longer than this are lost to the caller, as with a real client's time-out.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends every request straight to a [`Simulator`], at the time the given clock tells.
///
/// A dropped connection is [`TransportError::ConnectionLost`] whether or not the request took effect.
/// An answer held back for ten seconds or more is [`TransportError::TimedOut`]; a shorter delay is not waited for.
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
        match self.simulator.handle(request, (self.now)()) {
            Handled::Answer(answer) => Ok(answer),
            Handled::Late { answer, delay } if delay < PATIENCE => Ok(answer),
            Handled::Late { .. } => Err(TransportError::TimedOut),
            Handled::Dropped { .. } => Err(TransportError::ConnectionLost(
                "cut by the simulator".to_owned(),
            )),
        }
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
