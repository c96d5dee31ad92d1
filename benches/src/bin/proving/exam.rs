//! The examination: every planted bug must be found, and how fast is the measure of the whole ground.

use reward_core::planted::{self, Bug};

use crate::{
    run::{self, Sum, cpu_seconds},
    season::{Manner, bug::WorldBug},
};

/// Processor time for which the judge first looks for harm alone, without its copy of the table.
const HARM: f64 = 12.0;

/// A bug of the core or of the world around it.
#[derive(Debug, Clone, Copy)]
enum Planted {
    Core(Bug),
    World(WorldBug),
}

impl Planted {
    fn all() -> impl Iterator<Item = Self> {
        let core = Bug::ALL.iter().copied().map(Self::Core);
        core.chain(WorldBug::ALL.iter().copied().map(Self::World))
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Core(bug) => bug.name(),
            Self::World(bug) => bug.name(),
        }
    }

    fn what(self) -> &'static str {
        match self {
            Self::Core(bug) => bug.what().trim(),
            Self::World(bug) => bug.what(),
        }
    }

    /// Plants it, and returns how seasons are played with it.
    fn plant(self, by_the_table: bool) -> Manner {
        let (core, world) = match self {
            Self::Core(bug) => (Some(bug), None),
            Self::World(bug) => (None, Some(bug)),
        };
        planted::plant(core);
        Manner {
            bug: world,
            traced: false,
            by_the_table,
        }
    }
}

/// Plants the bug of this name for a replay.
pub(crate) fn plant_by_name(name: &str) -> Result<Manner, String> {
    let bug = Planted::all().find(|bug| bug.name() == name);
    let bug =
        bug.ok_or_else(|| format!("there is no bug {name:?}; `proving planted` lists them"))?;
    Ok(bug.plant(true))
}

/// How one bug was found.
struct Found {
    predicate: &'static str,
    seed: u64,
    seeds: u64,
    cpu: f64,
}

fn find(bug: Planted, jobs: usize, limit: f64) -> Option<Found> {
    let start = cpu_seconds();
    let batch = u64::try_from(jobs.max(1) * 4).unwrap_or(4);
    for (by_the_table, limit) in [(false, HARM.min(limit / 2.0)), (true, limit)] {
        let mut from = 0;
        let manner = bug.plant(by_the_table);
        while cpu_seconds() - start < limit {
            let sum: Sum = run::seasons(from, batch, jobs, manner, usize::MAX);
            if let Some(first) = sum.failures.first() {
                return Some(Found {
                    predicate: first.violation.predicate,
                    seed: first.seed,
                    seeds: first.seed + 1,
                    cpu: cpu_seconds() - start,
                });
            }
            from += batch;
        }
    }
    None
}

/// Examines the ground with every bug whose name holds the filter, so many CPU-seconds each; returns how many were
/// and were not found.
pub(crate) fn examine(jobs: usize, filter: &str, limit: f64) -> (usize, usize) {
    let (mut caught, mut missed) = (0, 0);
    println!("| bug | what is wrong | caught by | seeds | CPU-s | seed |");
    println!("| --- | --- | --- | --- | --- | --- |");
    for bug in Planted::all().filter(|bug| bug.name().contains(filter)) {
        let (name, what) = (bug.name(), bug.what());
        match find(bug, jobs, limit) {
            Some(found) => {
                caught += 1;
                let Found {
                    predicate,
                    seed,
                    seeds,
                    cpu,
                } = found;
                println!("| {name} | {what} | {predicate} | {seeds} | {cpu:.2} | {seed} |");
            }
            None => {
                missed += 1;
                println!("| {name} | {what} | **not caught** | | {limit} | |");
            }
        }
    }
    planted::plant(None);
    (caught, missed)
}
