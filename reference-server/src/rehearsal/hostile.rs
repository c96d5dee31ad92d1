//! A hostile season: whatever is due next happens, and much of it at the same time.

use std::sync::{Arc, atomic::AtomicU64};

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    BEAT, FIRST_LOOK, Faults, Options, Rehearsal, RehearsalError, SETTLED_WITHIN, STUCK, Watcher,
    agenda::Step,
    citizens::{Citizen, CitizenId, Kind, below, seconds, words},
    climate::Climate,
    crew::Crew,
    fleet::{Dock, Fleet, WrongClock},
    gate::Gate,
    line::PayLine,
    sea::Sea,
};
use crate::{
    app::{App, SimulatorHost},
    contest::{books, payout, season},
    setup,
    store::Database,
};

/// How often the latch is raised while nothing else happens.
const HEARTBEAT: TimeDelta = TimeDelta::minutes(10);
/// The most citizens under way together.
const N_TOGETHER: usize = 6;

/// A hostile season before its first citizen comes.
pub(super) struct Fleeted {
    pub(super) fleet: Arc<Fleet>,
    pub(super) crew: Crew,
}

/// Puts up the instances of a hostile season in the place of the one that was set up for a mild one.
pub(super) fn launch(
    options: &Options,
    climate: Climate,
    app: &Arc<App>,
    line: &Arc<PayLine>,
    host: &SimulatorHost,
) -> Result<Fleeted, RehearsalError> {
    let file = || Database::file(&Options::database(&options.data_dir));
    let n_instances = usize::from(climate.n_instances);
    let clock = || WrongClock::of(&host.clock);
    let dice = words(options.seed, CitizenId { city: 0, number: 0 }, "sea", 0);
    let sea = Sea::new(climate.stretches.clone(), climate.late_per_mille, dice);
    let dock = Dock {
        seed: options.seed,
        database: options.database.clone().unwrap_or_else(file),
        clocks: (0..n_instances).map(|_| clock()).collect(),
        deciding: clock(),
        gate: Arc::new(Gate::default()),
        sea: Arc::new(sea),
        line: Arc::clone(line),
        n_starts: AtomicU64::new(0),
    };
    let instances = (0..n_instances).map(|index| dock.launch(app, index));
    let instances: Result<Vec<_>, _> = instances.collect();
    let fleet = Arc::new(Fleet::new(instances.map_err(setup::SetupError::from)?));
    host.simulator.set_faults(climate.faults.clone());
    let crew = Crew::new(
        options.seed,
        climate,
        dock,
        Arc::clone(&fleet),
        host.clone(),
    );
    Ok(Fleeted { fleet, crew })
}

/// Every third citizen comes minutes before a midnight of the contest.
pub(super) fn rush(seed: u64, citizens: &mut [Citizen], opens: DateTime<Utc>, n_days: u32) {
    for citizen in citizens {
        let is_free = citizen.brought_by.is_none()
            && !matches!(citizen.kind, Kind::LastMinute | Kind::TooLate);
        if is_free && citizen.id.number.is_multiple_of(3) {
            let mut words = words(seed, citizen.id, "rush", 0);
            let day = below(&mut words, n_days.into()).saturating_add(1);
            let midnight = opens + TimeDelta::days(i64::try_from(day).unwrap_or(1));
            citizen.arrives = (midnight - seconds(&mut words, 60, 420)).max(opens);
        }
    }
}

impl Rehearsal {
    /// Plays everything to its end: citizens, payments, troubles, and what comes late.
    pub(super) async fn play_hostile(
        &mut self,
        crew: &mut Crew,
        watcher: &mut dyn Watcher,
    ) -> Result<(), RehearsalError> {
        let deadline = self.last_close.max(self.now()) + SETTLED_WITHIN;
        while let Some(at) = self.next_instant(crew).filter(|at| *at <= deadline) {
            self.host.clock.advance_to(at);
            self.host.simulator.advance(self.now());
            crew.meet().await?;
            self.note_rounds(crew).await?;
            if self.next_settle.is_some_and(|due| due <= self.now()) {
                self.settle_hostile(crew).await?;
            }
            if self.next_heartbeat <= self.now() {
                self.beat(crew).await?;
            }
            self.visit(crew).await?;
            let (n_done, n_left) = self.agenda.counts();
            watcher.progress(n_done, n_left, self.now());
        }
        // WeChat returns what nobody opened, whether or not anybody still asks, and makes its bills.
        self.host.clock.advance_by(TimeDelta::days(3));
        self.host.simulator.advance(self.now());
        let app = self.app();
        season::heartbeat(&app).await?;
        while self.outreach.next() <= self.now() {
            self.outreach.beat(&app).await?;
        }
        books::morning(&app).await?;
        self.coverage = Some(crew.met());
        Ok(())
    }

    /// When anything happens next; nothing once all is over.
    fn next_instant(&self, crew: &Crew) -> Option<DateTime<Utc>> {
        let entry = self.agenda.first().map(|(_number, entry)| entry.at);
        let pending = [entry, self.next_settle, crew.next_due()];
        let next = pending.into_iter().flatten().min()?;
        // Nobody listens to the account, and no city is open, when all are gone.
        let is_on = entry.is_some() || self.now() < crew.climate.calm_at;
        Some(if is_on {
            next.min(self.next_heartbeat)
        } else {
            next
        })
    }

    /// The citizens whose time has come, together with whoever comes within moments.
    async fn visit(&mut self, crew: &mut Crew) -> Result<(), RehearsalError> {
        let now = self.now();
        let Some((_number, first)) = self.agenda.first().filter(|(_, entry)| entry.at <= now)
        else {
            return Ok(());
        };
        let (until, n_max) = match first.step {
            // A token that two fetch at once is waited for in real seconds.
            Step::Share => (now, 1),
            _ => (now + crew.climate.together, N_TOGETHER),
        };
        let mut entries = self.agenda.together(until, n_max);
        if entries.len() > 1 {
            entries.retain(|(_number, entry)| entry.step != Step::Share);
        }
        if self.next_settle.is_some_and(|due| due <= until) {
            crew.set_to_work();
        }
        let outcomes = self.journeys.perform_together(&entries, crew).await?;
        for (number, outcome) in outcomes {
            self.agenda.finish(number, outcome)?;
        }
        if entries
            .iter()
            .any(|(_, entry)| matches!(entry.step, Step::Claim { .. }))
        {
            let soon = self.now() + FIRST_LOOK;
            self.next_settle = Some(self.next_settle.map_or(soon, |next| next.min(soon)));
        }
        let comes_back = |step: &Step| matches!(step, Step::ComeBack);
        if entries.iter().any(|(_, entry)| comes_back(&entry.step)) {
            crew.coverage.failure("F21");
        }
        self.note_rounds(crew).await?;
        self.forge(crew).await;
        Ok(())
    }

    /// A stranger tries what he has overheard.
    async fn forge(&mut self, crew: &mut Crew) {
        let n = crew.climate.forgeries;
        if !crew.happens(n, 1_000) {
            return;
        }
        let which = crew.draw(4);
        let Some((name, problem)) = self.journeys.network().forge(which).await else {
            return;
        };
        crew.coverage.count("forgery", name);
        crew.coverage.failure("F6");
        if let Some(problem) = problem {
            self.journeys.books.complain("a forgery was taken", problem);
        }
    }

    async fn settle_hostile(&mut self, crew: &mut Crew) -> Result<(), RehearsalError> {
        self.journeys.network().tell_ends().await;
        let pushes = self.host.simulator.due_pushes(self.now());
        if let Err(what) = self.journeys.network().deliver(pushes).await {
            self.journeys.books.complain("a held push", what);
        }
        crew.set_to_work();
        if crew.happens(1, 3) {
            crew.set_to_work();
        }
        crew.run(Vec::new()).await?;
        self.note_rounds(crew).await
    }

    /// What the rounds that ended came to, and when the next one is due.
    async fn note_rounds(&mut self, crew: &mut Crew) -> Result<(), RehearsalError> {
        let rounds = std::mem::take(&mut crew.rounds);
        if rounds.is_empty() {
            return Ok(());
        }
        let (mut n_waiting, mut made_progress) = (0_u32, false);
        for round in rounds {
            let Some(round) = round else {
                // Whoever took its place looks at once.
                made_progress = true;
                continue;
            };
            let round = round?;
            n_waiting = n_waiting.max(round.n_waiting);
            made_progress |= round.made_progress();
        }
        let wait = match (made_progress, n_waiting) {
            (_, 1..) => TimeDelta::seconds(1),
            (true, 0) => BEAT,
            (false, 0) => STUCK,
        };
        let next = payout::next_due(&self.app()).await?;
        let earliest = self.now() + wait;
        self.next_settle = next.map(|due| due.max(earliest));
        Ok(())
    }

    /// The latch, and once an hour what the account says.
    async fn beat(&mut self, crew: &mut Crew) -> Result<(), RehearsalError> {
        self.next_heartbeat = self.now() + HEARTBEAT;
        for index in 0..crew.fleet.n_instances() {
            if let Some(berth) = crew.fleet.at(index) {
                season::heartbeat(&berth.app).await?;
            }
        }
        if self.outreach.next() <= self.now() {
            let app = self.app();
            self.outreach.beat(&app).await?;
        }
        Ok(())
    }
}

impl Options {
    /// The same options as a hostile season's climate has them.
    pub(super) fn in_climate(self, climate: &Climate) -> Self {
        Self {
            people: climate.people,
            rail: climate.rail,
            n_instances: climate.n_instances,
            city: None,
            outage: false,
            faults: Faults::Hostile,
            ..self
        }
    }
}
