//! Who goes on next: requests that are under way together are taken one step at a time.
//!
//! A step leads from one place at which a request meets the database or WeChat to the next one.
//! In what order they are taken is the caller's choice, so that the seed decides it and not the machine.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use crate::store::{Place, Turnstile};

/// The gate that every instance of a hostile season goes through.
#[derive(Debug, Default)]
pub(super) struct Gate(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Whether steps are counted; otherwise everybody passes.
    is_manned: bool,
    /// Who may pass before the next stop.
    n_permits: u32,
    /// Operations that have begun and not ended.
    n_under_way: u32,
    /// Where somebody has been stopped since the last permit.
    stopped_at: Option<Place>,
}

/// How a step ended.
#[derive(Debug)]
pub(super) enum Step<T> {
    /// The whole of it is done.
    Done(T),
    /// It stands before the next step.
    At(Place),
    /// It waits for something that is neither the database nor WeChat, such as another request's lock.
    Waits,
}

impl Gate {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one step of this future.
    pub(super) async fn step<F: Future + ?Sized>(
        &self,
        mut future: Pin<&mut F>,
    ) -> Step<F::Output> {
        *self.lock() = State {
            is_manned: true,
            n_permits: 1,
            ..State::default()
        };
        let step = poll_fn(|context| match future.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(Step::Done(done)),
            Poll::Pending => self.standing(),
        });
        let step = step.await;
        self.lock().is_manned = false;
        step
    }

    fn standing<T>(&self) -> Poll<Step<T>> {
        let state = self.lock();
        match (state.n_under_way, state.stopped_at) {
            (0, Some(place)) => Poll::Ready(Step::At(place)),
            (0, None) => Poll::Ready(Step::Waits),
            (_, _) => Poll::Pending,
        }
    }
}

impl Turnstile for Gate {
    fn pass(&self, place: Place) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(Passing {
            gate: self,
            place,
            has_come: false,
        })
    }
}

/// Somebody on his way through the gate.
struct Passing<'a> {
    gate: &'a Gate,
    place: Place,
    has_come: bool,
}

impl Future for Passing<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<()> {
        let (place, gate) = (self.place, self.gate);
        let mut state = gate.lock();
        if !self.has_come {
            self.has_come = true;
            if !place.is_before() {
                state.n_under_way = state.n_under_way.saturating_sub(1);
            }
        }
        if !state.is_manned {
            return Poll::Ready(());
        }
        // Whoever takes the next step polls again, so that nobody has to be woken.
        let Some(left) = state.n_permits.checked_sub(1) else {
            state.stopped_at = Some(place);
            return Poll::Pending;
        };
        state.n_permits = left;
        if place.is_before() {
            state.n_under_way = state.n_under_way.saturating_add(1);
        }
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, pin::pin};

    use super::*;

    #[tokio::test]
    async fn a_step_leads_from_one_place_to_the_next() {
        let gate = Gate::default();
        let seen = RefCell::new(Vec::new());
        let work = async {
            gate.pass(Place::BeforeWrite).await;
            seen.borrow_mut().push("written");
            gate.pass(Place::AfterWrite).await;
            seen.borrow_mut().push("told");
        };
        let mut work = pin!(work);
        // The first permit is for the first place.
        assert!(matches!(
            gate.step(work.as_mut()).await,
            Step::At(Place::AfterWrite)
        ));
        assert_eq!(*seen.borrow(), ["written"]);
        assert!(matches!(gate.step(work.as_mut()).await, Step::Done(())));
        assert_eq!(*seen.borrow(), ["written", "told"]);
    }

    #[tokio::test]
    async fn nobody_is_held_up_between_steps() {
        let gate = Gate::default();
        gate.pass(Place::BeforeRead).await;
        gate.pass(Place::AfterRead).await;
        assert_eq!(gate.lock().n_under_way, 0);
    }
}
