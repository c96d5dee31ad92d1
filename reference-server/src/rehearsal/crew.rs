//! Whoever is under way at the same time, one step at a time, and the deaths of those who serve them.

use std::{pin::Pin, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{FutureExt as _, future::LocalBoxFuture};
use rand::rngs::ChaCha12Rng;
use schedule_core::ShanghaiDay;
use wechat_adapter::simulator::{Fault, FaultRule, Operation};

use super::{
    RehearsalError, agenda,
    citizens::{CitizenId, below, seconds, words},
    climate::{Climate, Trouble, code_of},
    coverage::Coverage,
    faults::PLENTY,
    fleet::{Berth, Dock, Fleet, count_rows},
    gate::Step,
    journey::Ended,
};
use crate::{
    app::SimulatorHost, clock::Clock as _, contest, contest::payout::Round, store::Place, worker,
};

/// So often nobody may get on before the season is given up.
const N_WAITS_MAX: usize = 20_000;

/// What a citizen's visit comes to: its number, whose it is, whether nobody waits for it, and its end.
pub(super) type Visited = (u64, CitizenId, bool, Ended);

/// Something under way.
pub(super) struct Going<'a, T> {
    name: &'static str,
    /// Nothing of it happens earlier.
    from: DateTime<Utc>,
    future: LocalBoxFuture<'a, T>,
}

impl<'a, T> Going<'a, T> {
    pub(super) fn new(
        name: &'static str,
        from: DateTime<Utc>,
        future: LocalBoxFuture<'a, T>,
    ) -> Self {
        Self { name, from, future }
    }
}

/// A worker's round; nothing when its process ended first.
type Rounded = Option<Result<Round, contest::Error>>;

/// Those who work and what befalls them.
pub(super) struct Crew {
    pub(super) climate: Climate,
    pub(super) dock: Dock,
    pub(super) fleet: Arc<Fleet>,
    pub(super) coverage: Coverage,
    /// How the rounds that ended meanwhile went.
    pub(super) rounds: Vec<Rounded>,
    host: SimulatorHost,
    words: ChaCha12Rng,
    workers: Vec<Going<'static, Rounded>>,
    /// Rounds that stand still until an instant, as a paused machine does.
    parked: Vec<(DateTime<Utc>, Going<'static, Rounded>)>,
    n_troubles_past: usize,
}

impl std::fmt::Debug for Crew {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Crew")
            .field("climate", &self.climate)
            .finish_non_exhaustive()
    }
}

/// Which of those under way goes on.
#[derive(Clone, Copy)]
enum Turn {
    Visit(usize),
    Worker(usize),
}

impl Crew {
    pub(super) fn new(
        seed: u64,
        climate: Climate,
        dock: Dock,
        fleet: Arc<Fleet>,
        host: SimulatorHost,
    ) -> Self {
        Self {
            climate,
            dock,
            fleet,
            coverage: Coverage::default(),
            rounds: Vec::new(),
            host,
            words: words(seed, CitizenId { city: 0, number: 0 }, "crew", 0),
            workers: Vec::new(),
            parked: Vec::new(),
            n_troubles_past: 0,
        }
    }

    fn now(&self) -> DateTime<Utc> {
        self.host.clock.now()
    }

    fn is_calm(&self) -> bool {
        self.now() >= self.climate.calm_at
    }

    /// So many of so many.
    pub(super) fn happens(&mut self, n: u64, of: u64) -> bool {
        !self.is_calm() && below(&mut self.words, of) < n
    }

    /// One of so many.
    pub(super) fn draw(&mut self, n: u64) -> u64 {
        below(&mut self.words, n)
    }

    /// Whether somebody presses twice.
    pub(super) fn is_doubled(&mut self, step: &agenda::Step) -> bool {
        let can_be = matches!(
            step,
            agenda::Step::Claim { .. } | agenda::Step::Submit { .. }
        );
        let n = self.climate.doubles;
        can_be && self.happens(n, 1_000)
    }

    /// The instance that does what nobody asked for next.
    pub(super) fn some_instance(&mut self) -> Option<Berth> {
        let n_instances = u64::try_from(self.fleet.n_instances()).ok()?;
        let index = below(&mut self.words, n_instances);
        self.fleet.at(usize::try_from(index).ok()?)
    }

    /// Sets a worker to a round of payments.
    pub(super) fn set_to_work(&mut self) {
        let Some(berth) = self.some_instance() else {
            return;
        };
        let (fleet, from) = (Arc::clone(&self.fleet), self.now());
        let round = async move {
            let work = worker::settle_due(&berth.app, 1);
            Box::pin(fleet.while_alive(&berth, work)).await
        };
        self.workers
            .push(Going::new("worker", from, round.boxed_local()));
    }

    /// When something of the crew's own is next due.
    pub(super) fn next_due(&self) -> Option<DateTime<Utc>> {
        let trouble = self.climate.troubles.get(self.n_troubles_past);
        let trouble = trouble.map(|(at, _trouble)| *at);
        let parked = self.parked.iter().map(|(until, _going)| *until);
        trouble
            .into_iter()
            .chain(parked)
            .chain(self.dock.sea.next_arrival())
            .min()
    }

    /// Lets everything happen that is due by now: troubles, late calls, the end of standing still.
    pub(super) async fn meet(&mut self) -> Result<(), RehearsalError> {
        let now = self.now();
        for request in self.dock.sea.arrived(now) {
            drop(self.host.simulator.handle(&request, now));
        }
        while let Some((at, trouble)) = self.climate.troubles.get(self.n_troubles_past).cloned() {
            if at > now {
                break;
            }
            self.n_troubles_past = self.n_troubles_past.saturating_add(1);
            self.befall(trouble)?;
        }
        let (due, parked): (Vec<_>, Vec<_>) = std::mem::take(&mut self.parked)
            .into_iter()
            .partition(|(until, _going)| *until <= now);
        self.parked = parked;
        if !due.is_empty() {
            self.coverage.failure("F4");
        }
        self.workers
            .extend(due.into_iter().map(|(_until, going)| going));
        if self.workers.is_empty() {
            return Ok(());
        }
        self.run(Vec::new()).await.map(drop)
    }

    fn befall(&mut self, trouble: Trouble) -> Result<(), RehearsalError> {
        match trouble {
            Trouble::Crash(Some(index)) => {
                self.coverage.count("crash", "between two steps");
                self.crash(index)?;
            }
            Trouble::Crash(None) => {
                self.coverage.failure("F12");
                for index in 0..self.fleet.n_instances() {
                    self.crash(index)?;
                }
            }
            Trouble::Clock(index, off) => {
                if let Some(clock) = self.dock.clocks.get(index) {
                    clock.set(off);
                }
            }
            Trouble::Deciding(off) => {
                if off < TimeDelta::zero() {
                    self.coverage.failure("F8");
                }
                if off > TimeDelta::zero() {
                    self.coverage.failure("F9");
                }
                self.dock.deciding.set(off);
            }
            Trouble::Begins(mut rule) => {
                rule.remaining = Some(PLENTY);
                let mut rules = self.host.simulator.faults();
                rules.insert(0, rule);
                self.host.simulator.set_faults(rules);
            }
            Trouble::Ends => {
                let mut rules = self.host.simulator.faults();
                if !rules.is_empty() {
                    let over = rules.remove(0);
                    self.count_fault(&over);
                }
                self.host.simulator.set_faults(rules);
            }
        }
        Ok(())
    }

    fn crash(&mut self, index: usize) -> Result<(), RehearsalError> {
        let relaunched = self.dock.relaunch(&self.fleet, index, &mut self.coverage);
        Ok(relaunched.map_err(crate::setup::SetupError::from)?)
    }

    /// Takes everybody's steps in an order of the seed's, until all visits are over.
    ///
    /// What the workers came to is in `rounds`.
    pub(super) async fn run(
        &mut self,
        mut visits: Vec<Going<'_, Visited>>,
    ) -> Result<Vec<Visited>, RehearsalError> {
        let mut visited = Vec::new();
        let mut n_waited = 0_usize;
        while let Some(turn) = self.whose_turn(&visits) {
            let step = self.step(turn, &mut visits, &mut visited).await?;
            n_waited = match step {
                Some(_place) => 0,
                None => n_waited.saturating_add(1),
            };
            if n_waited > N_WAITS_MAX {
                return Err(RehearsalError::NotPlayable {
                    city: String::new(),
                    problem: "everybody under way waits for somebody else".to_owned(),
                });
            }
            // They wait for somebody's lock or for real time: let them.
            if n_waited > 64 {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
        }
        Ok(visited)
    }

    /// Somebody who may go on; the clock goes to the next one's instant when nobody may yet.
    fn whose_turn(&mut self, visits: &[Going<'_, Visited>]) -> Option<Turn> {
        let now = self.now();
        let mut turns: Vec<Turn> = (0..self.workers.len()).map(Turn::Worker).collect();
        let ready = (0..)
            .zip(visits)
            .filter(|(_index, going)| going.from <= now);
        turns.extend(ready.map(|(index, _going)| Turn::Visit(index)));
        if turns.is_empty() {
            let (index, next) = (0..).zip(visits).min_by_key(|(_, going)| going.from)?;
            self.host.clock.advance_to(next.from);
            return Some(Turn::Visit(index));
        }
        let at = below(&mut self.words, u64::try_from(turns.len()).ok()?);
        turns.get(usize::try_from(at).ok()?).copied()
    }

    /// Takes one step of one of them; where it stands then, if it met a place.
    async fn step(
        &mut self,
        turn: Turn,
        visits: &mut Vec<Going<'_, Visited>>,
        visited: &mut Vec<Visited>,
    ) -> Result<Option<Place>, RehearsalError> {
        let gate = Arc::clone(&self.dock.gate);
        let (name, place) = match turn {
            Turn::Visit(index) => {
                let Some(going) = visits.get_mut(index) else {
                    return Ok(None);
                };
                let name = going.name;
                match gate.step(Pin::as_mut(&mut going.future)).await {
                    Step::Done(ended) => {
                        drop(visits.remove(index));
                        visited.push(ended);
                        (name, None)
                    }
                    Step::At(place) => (name, Some(place)),
                    Step::Waits => return Ok(None),
                }
            }
            Turn::Worker(index) => {
                let Some(going) = self.workers.get_mut(index) else {
                    return Ok(None);
                };
                let name = going.name;
                match gate.step(Pin::as_mut(&mut going.future)).await {
                    Step::Done(round) => {
                        drop(self.workers.remove(index));
                        self.rounds.push(round);
                        (name, None)
                    }
                    Step::At(place) => (name, Some(place)),
                    Step::Waits => return Ok(None),
                }
            }
        };
        if let Some(place) = place {
            self.after_step(turn, name, place)?;
        }
        if self.climate.together > TimeDelta::zero() && below(&mut self.words, 4) == 0 {
            let span =
                TimeDelta::milliseconds(i64::try_from(below(&mut self.words, 40)).unwrap_or(0));
            self.host.clock.advance_by(span);
        }
        Ok(Some(place.unwrap_or(Place::AfterRead)))
    }

    /// Perhaps the process dies here, or stands still.
    fn after_step(
        &mut self,
        turn: Turn,
        name: &'static str,
        place: Place,
    ) -> Result<(), RehearsalError> {
        let (now, is_write) = (self.now(), matches!(place, Place::AfterWrite));
        if is_write
            && self.fleet.last_polled().is_some_and(|index| {
                let clock = self.dock.clocks.get(index);
                clock.is_some_and(|clock| clock.is_off())
            })
        {
            self.coverage.failure("F7");
        }
        let day = ShanghaiDay::from_instant(now);
        let near = (now - day.start()).min(day.end() - now);
        if is_write && near <= TimeDelta::seconds(3) && name != "worker" {
            self.coverage.failure("F10");
        }
        let (crashes, stalls) = (self.climate.crashes, self.climate.stalls);
        // A citizen has few commits, and each is worth dying at.
        let is_commit = matches!(place, Place::BeforeWrite | Place::AfterWrite);
        let crashes = match is_commit && name != "worker" {
            true => crashes.saturating_mul(5),
            false => crashes,
        };
        // A token that is fetched when its process dies is waited for in real seconds.
        if name != "poster" && self.happens(crashes, 100_000) {
            self.coverage
                .count("crash", &format!("{name}, {}", place.name()));
            match (name, place) {
                ("worker", Place::BeforeCall) => self.coverage.failure("F2"),
                ("worker", Place::AfterCall) => self.coverage.failure("F1"),
                _ => {}
            }
            if let Some(index) = self.fleet.last_polled() {
                self.crash(index)?;
            }
            return Ok(());
        }
        let Turn::Worker(index) = turn else {
            return Ok(());
        };
        let is_call = matches!(place, Place::BeforeCall | Place::AfterCall);
        if is_call && self.happens(stalls, 1_000) && index < self.workers.len() {
            let until = now + seconds(&mut self.words, 31, 280);
            let going = self.workers.remove(index);
            self.parked.push((until, going));
        }
        Ok(())
    }

    /// What the whole season has met.
    pub(super) fn met(&self) -> Coverage {
        let mut met = self.coverage.clone();
        met.add(&self.dock.sea.coverage());
        for index in 0..self.fleet.n_instances() {
            if let Some(berth) = self.fleet.at(index) {
                count_rows(&berth.app, &mut met);
            }
        }
        met.add(&Self::counts_of(&self.host.simulator.faults()));
        met
    }

    fn count_fault(&mut self, rule: &FaultRule) {
        let met = Self::counts_of(std::slice::from_ref(rule));
        self.coverage.add(&met);
    }

    /// How often each of these faults has struck, as codes and as failures.
    fn counts_of(rules: &[FaultRule]) -> Coverage {
        let mut met = Coverage::default();
        for rule in rules {
            let left = rule.remaining.unwrap_or(PLENTY);
            let n_hits = u64::from(PLENTY.saturating_sub(left));
            if n_hits == 0 {
                continue;
            }
            let code = code_of(&rule.fault);
            if let Some(code) = &code {
                met.add_to("reply", code, n_hits);
            }
            let code = code.unwrap_or_default();
            let failure = match (&rule.fault, rule.operation) {
                (Fault::LinkBanned, _) => "F30",
                (_, Some(Operation::Callback | Operation::TransferNotice)) => "F6",
                _ if code.ends_with("ENOUGH") => "F18",
                _ if code == "SENDNUM_LIMIT" => "F19",
                _ if code == "MONEY_LIMIT" => "F20",
                _ if code == "NO_AUTH" || code == "V2_ACCOUNT_SIMPLE_BAN" => "F23",
                _ => continue,
            };
            met.failure(failure);
        }
        met
    }
}
