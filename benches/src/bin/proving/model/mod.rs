//! Model checking: every reachable state of three small worlds, and variants with one slip that must be refuted.
//!
//! | model | what is explored |
//! |---|---|
//! | `payout` | one award: the real machine, two workers, late and doubled packets, deaths |
//! | `claim` | claims, the close and a failover: the real decision, two databases, clocks that differ |
//! | `referral` | follows and unfollows of two friends and a second account: the real decision |

mod claim;
mod payout;
mod referral;

use std::{hash::Hash, time::Instant};

use stateright::{Checker, Expectation, HasDiscoveries, Model};

/// What one exploration came to.
pub(crate) struct Explored {
    pub(crate) name: String,
    pub(crate) states: usize,
    pub(crate) depth: usize,
    pub(crate) seconds: f64,
    /// The property that was refuted and the length of the counterexample.
    pub(crate) refuted: Option<(&'static str, usize)>,
    /// Whether that is what should have happened.
    pub(crate) as_it_should: bool,
    /// Whether everything was explored.
    pub(crate) whole: bool,
}

/// How far to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// A million states, in half a minute.
    Short,
    /// More than five million.
    Long,
}

/// Explores every model, right and wrong ones.
pub(crate) fn explore(reach: Reach, jobs: usize) -> Vec<Explored> {
    let mut all = payout::explore(reach, jobs);
    all.extend(claim::explore(reach, jobs));
    all.extend(referral::explore(reach, jobs));
    all
}

/// Explores one model up to so many states; a wrong one must be refuted, the right one must not.
fn check<M>(name: &str, model: M, is_wrong: bool, states: usize, jobs: usize) -> Explored
where
    M: Model + Send + Sync + 'static,
    M::State: Hash + Send + Sync + Clone + std::fmt::Debug + PartialEq + 'static,
    M::Action: std::fmt::Debug + Clone + PartialEq + Send + Sync,
{
    let start = Instant::now();
    let laws: Vec<&'static str> = model
        .properties()
        .into_iter()
        .filter(|property| matches!(property.expectation, Expectation::Always))
        .map(|property| property.name)
        .collect();
    let n_examples = model.properties().len() - laws.len();
    let checker = model
        .checker()
        .threads(jobs.max(1))
        .target_state_count(states)
        .finish_when(HasDiscoveries::AnyFailures)
        .spawn_bfs()
        .join();
    let found = checker.discoveries();
    let examples = found.keys().filter(|name| !laws.contains(name)).count();
    let refuted = found
        .into_iter()
        .filter(|(property, _)| laws.contains(property))
        .map(|(property, path)| (property, path.into_actions().len()))
        .min_by_key(|(_, length)| *length);
    Explored {
        name: name.to_owned(),
        states: checker.unique_state_count(),
        depth: checker.max_depth(),
        seconds: start.elapsed().as_secs_f64(),
        // The right one must also reach what it is there for, or its laws would be empty.
        as_it_should: refuted.is_some() == is_wrong && (is_wrong || examples == n_examples),
        whole: checker.is_done() && checker.state_count() < states,
        refuted,
    }
}
