//! A season in minutes, played by simulated citizens and audited to the fen.
//!
//! They go through the real router, the real store and the real worker; the auditor
//! compares what they were told with what is stored and with the simulated WeChat's
//! own record.
//!
//! One thing happens at a time, on a clock that jumps from one to the next, and every
//! choice follows from the seed: the same options give the same report, byte for byte.
//!
//! | file | what happens there |
//! |---|---|
//! | `citizens` | who takes part, when, and with what habits |
//! | `knowledge` | which answers are right, as people know a subject |
//! | `phone` | a browser and WeChat over the real router |
//! | `journey` | what a citizen does at each step |
//! | `agenda` | what is still to happen, in order; survives a kill |
//! | `line` | the line to WeChat Pay, and its hours without |
//! | `outreach` | what the account says of its own accord |
//! | `faults` | the share of WeChat's calls that goes wrong |
//! | `climate` | a hostile season: its money, its people, everything that will go wrong |
//! | `hostile` | how it is played |
//! | `crew` | whoever is under way together, step by step, and their deaths |
//! | `gate` | the door at which each step ends |
//! | `fleet` | the instances, their clocks, their ends and beginnings |
//! | `sea` | rough lines to WeChat, and what lands late |
//! | `forger` | a stranger who forges what WeChat tells |
//! | `coverage` | what was met; a thing that never happened was not tested |
//! | `many` | many seasons and what they came to |
//! | `books` | what citizens were told |
//! | `auditor` | everything that must hold at the end |
//! | `settled` | what an outage cost |
//! | `report` | the tables |

mod agenda;
mod auditor;
mod books;
mod citizens;
mod climate;
mod coverage;
mod crew;
mod faults;
mod fleet;
mod forger;
mod gate;
mod hostile;
mod journey;
mod knowledge;
mod line;
mod many;
mod outreach;
mod phone;
mod report;
mod sea;
mod settled;

use std::{
    collections::BTreeMap,
    fmt::Debug,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use chrono::{DateTime, TimeDelta, Utc};
use schedule_core::Round;

pub use books::Acknowledged;
pub use citizens::{Citizen, CitizenId, Kind, citizens};
pub use coverage::Coverage;
pub use faults::mild;
pub use many::Seasons;
pub use outreach::OutreachReport;
pub use report::{AuditChain, BillsReport, CityReport, DayReport, Report, TopPacket, WeChatReport};
pub use settled::{CallsReport, OutageReport};

use crate::{
    app::{App, Sealing, Season, SimulatorHost, WeChat},
    clock::Clock as _,
    config::EditionName,
    contest::{self, audit::Violation, edition::Editions, payout, planning, season},
    entropy::SeededEntropy,
    rail::Rail,
    setup::{self, SetupError, Simulated, Wire},
    store::{Database, DecisionClock, Durability, Store},
    worker,
};
use agenda::Agenda;
use climate::Climate;
use crew::Crew;
use fleet::Fleet;
use journey::Journeys;
use knowledge::Knowledge;
use line::{Outage, PayLine};
use outreach::Outreach;
use phone::Network;
use report::Title;

/// The file of what is done, in a data folder.
const PROGRESS: &str = "progress.jsonl";
/// The file of what citizens were told, in a data folder.
const ACKNOWLEDGED: &str = "acknowledged.jsonl";
/// How long before the first opening the clock starts: old followers have a past.
const LEAD: TimeDelta = TimeDelta::hours(3);
/// How often the worker looks at payments; a real one looks more often, with the same result.
const BEAT: TimeDelta = TimeDelta::seconds(30);
/// How soon the worker sees a new payment.
const FIRST_LOOK: TimeDelta = TimeDelta::seconds(10);
/// When nothing moved although something is due, the worker looks again after this time.
const STUCK: TimeDelta = TimeDelta::seconds(60);
/// After the last closing every payment must have ended within this time.
const SETTLED_WITHIN: TimeDelta = TimeDelta::days(35);

/// Why a rehearsal could not be played to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RehearsalError {
    /// The app could not be put together.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The server's own functions failed.
    #[error(transparent)]
    Contest(#[from] contest::Error),
    /// A file of the data folder.
    #[error("the rehearsal's files: {0}")]
    Io(#[from] io::Error),
    /// A line in the data folder is not what was written there.
    #[error("{} is damaged: {source}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Why the line cannot be read.
        source: serde_json::Error,
    },
    /// The data folder holds a rehearsal with other options.
    #[error("the folder holds the rehearsal {found:?}, not {asked:?}")]
    OtherRehearsal {
        /// What was found.
        found: String,
        /// What was asked for.
        asked: String,
    },
    /// The server failed a citizen, and the rehearsal was to end at that.
    #[error("stopped at a failure of the server: {what}")]
    Failed {
        /// What the citizen saw.
        what: String,
    },
    /// The timetable has no such city.
    #[error("no city {slug:?} in this edition")]
    UnknownCity {
        /// The slug.
        slug: String,
    },
    /// A city has no bank, so nobody can play there.
    #[error("{city} cannot be played: {problem}")]
    NotPlayable {
        /// The city.
        city: String,
        /// Why.
        problem: String,
    },
}

/// What is rehearsed.
#[derive(Debug, Clone)]
pub struct Options {
    /// Everything follows from it.
    pub seed: u64,
    /// Citizens in each city.
    pub people: u32,
    /// One city's slug, or the whole season.
    pub city: Option<String>,
    /// The timetable.
    pub edition: EditionName,
    /// How awards are paid.
    pub rail: Rail,
    /// The folder of the database and the record.
    pub data_dir: PathBuf,
    /// The database; a file in the folder unless stated.
    pub database: Option<Database>,
    /// Instances of the server on that database; requests and the worker's rounds go to each in turn.
    pub n_instances: u16,
    /// What goes wrong; a hostile season takes its cities, people, instances and rail from the seed.
    pub faults: Faults,
    /// Whether WeChat Pay is away for the last six hours of each city's second day.
    pub outage: bool,
    /// Whether the folder outlives the process: full durability, and a killed rehearsal goes on.
    pub lasting: bool,
    /// Whether the server's first failure ends the rehearsal before anybody takes note of it.
    pub stops_at_failure: bool,
    /// The program that opens the cities' office files: this server's own.
    pub office_program: PathBuf,
}

/// How bad the weather of a rehearsal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever plays a rehearsal says which of these it is"
)]
pub enum Faults {
    /// A few of a thousand calls of WeChat's go wrong.
    #[default]
    Mild,
    /// Everything that can go wrong may, as the seed says.
    Hostile,
}

/// What a rehearsal tells while it runs; none of it is part of the report.
pub trait Watcher: Debug {
    /// So many entries are done, so many are known to be left, and this is the contest's time.
    fn progress(&mut self, n_done: u64, n_left: u64, now: DateTime<Utc>);
    /// A rehearsal goes on in its folder: so many awards were acknowledged before.
    fn resumed(&mut self, n_acknowledged: usize, violations: &[Violation]);
}

/// A rehearsal ready to be played.
#[derive(Debug)]
pub struct Rehearsal {
    options: Options,
    fleet: Arc<Fleet>,
    line: Arc<PayLine>,
    /// Who works in a hostile season, until it is played.
    crew: Option<Crew>,
    /// What a hostile season has met, once it is played.
    coverage: Option<Coverage>,
    n_rounds: usize,
    host: SimulatorHost,
    journeys: Journeys,
    agenda: Agenda,
    cities: Vec<String>,
    last_close: DateTime<Utc>,
    /// When the worker next looks; `None` while no payment waits for anything.
    next_settle: Option<DateTime<Utc>>,
    next_heartbeat: DateTime<Utc>,
    outreach: Outreach,
    was_resumed: bool,
}

impl Rehearsal {
    /// Puts up a server with a simulated WeChat and invites the citizens.
    ///
    /// # Errors
    /// [`RehearsalError`] when a part is missing, or the folder holds another rehearsal.
    pub async fn prepare(options: Options) -> Result<Self, RehearsalError> {
        let published = setup::edition_of(options.edition);
        let (options, climate) = match options.faults {
            Faults::Mild => (options, None),
            Faults::Hostile => {
                let climate = Climate::of(options.seed, &published)?;
                (options.in_climate(&climate), Some(climate))
            }
        };
        let progress = options.data_dir.join(PROGRESS);
        let was_resumed = options.lasting && agenda::take_folder(&progress, &options.heading())?;
        let edition = climate
            .as_ref()
            .map_or(published, |climate| climate.edition.clone());
        let rounds = played(edition.rounds(), options.city.as_deref())?;
        let start = rounds
            .first()
            .map_or(DateTime::UNIX_EPOCH, |round| round.window().start());
        let (app, line) = world(&options, start - LEAD, &rounds, climate.as_ref())?;
        let host = app.simulator.clone().ok_or_else(no_simulator)?;
        check_playable(&planning::prepare(&app).await?, &rounds)?;
        let knowledge = Knowledge::of(&app).await?;
        let (fleet, crew) = match climate {
            Some(climate) => {
                let hostile::Fleeted { fleet, crew } =
                    hostile::launch(&options, climate, &app, &line, &host)?;
                (fleet, Some(crew))
            }
            None => {
                if host.simulator.faults().is_empty() {
                    host.simulator.set_faults(mild(options.rail));
                }
                let others = others(&app, &options)?;
                let all = std::iter::once(Arc::clone(&app)).chain(others);
                (Arc::new(Fleet::new(all)), None)
            }
        };
        let network = Network::new(Arc::clone(&fleet), &app, host.clone(), options.faults);
        let people = people(&options, &rounds);
        let windows: BTreeMap<_, _> = rounds
            .iter()
            .map(|round| (round.index(), round.window()))
            .collect();
        let journeys = Journeys::new(options.seed, network, knowledge, windows, people);
        let agenda = Agenda::new(journeys.first_entries());
        let mut rehearsal = Self {
            cities: rounds
                .iter()
                .map(|round| round.city().slug().as_str().to_owned())
                .collect(),
            last_close: rounds.last().map_or(start, |round| round.window().end()),
            next_settle: payout::next_due(&app).await?,
            next_heartbeat: start,
            outreach: Outreach::from(app.now()),
            was_resumed,
            options,
            fleet,
            line,
            crew,
            coverage: None,
            n_rounds: 0,
            host,
            journeys,
            agenda,
        };
        rehearsal.remember()?;
        Ok(rehearsal)
    }

    /// Reads back what the folder knows of an earlier start, if it outlives one.
    fn remember(&mut self) -> Result<(), RehearsalError> {
        if !self.options.lasting {
            return Ok(());
        }
        let dir = self.options.data_dir.clone();
        let books = &mut self.journeys.books;
        books.remember(&dir.join(ACKNOWLEDGED))?;
        self.agenda
            .remember(&dir.join(PROGRESS), |outcome| books.note(&outcome))
    }

    /// Plays everything to its end, audits, and counts.
    ///
    /// # Errors
    /// [`RehearsalError`] when the server's own functions or the folder's files fail; what
    /// citizens run into is part of the report.
    pub async fn play(&mut self, watcher: &mut dyn Watcher) -> Result<Report, RehearsalError> {
        if self.was_resumed {
            let (app, ledger) = (self.app(), self.host.simulator.ledger());
            let books = &self.journeys.books;
            let found = auditor::violations(&app, books, &ledger, false).await?;
            watcher.resumed(books.acknowledged().len(), &found);
        }
        if let Some(mut crew) = self.crew.take() {
            self.play_hostile(&mut crew, watcher).await?;
            return self.report().await;
        }
        while let Some((number, entry)) = self.agenda.first() {
            self.advance_to(entry.at).await?;
            let outcome = self.journeys.perform(number, &entry).await?;
            if self.options.stops_at_failure
                && let Some(what) = outcome.strange.first()
            {
                let what = what.clone();
                return Err(RehearsalError::Failed { what });
            }
            if matches!(entry.step, agenda::Step::Claim { .. }) {
                // Maybe there is a new payment, which is due at once.
                let soon = self.now() + FIRST_LOOK;
                self.next_settle = Some(self.next_settle.map_or(soon, |next| next.min(soon)));
            }
            self.agenda.finish(number, outcome)?;
            let (n_done, n_left) = self.agenda.counts();
            watcher.progress(n_done, n_left, self.now());
        }
        self.settle_everything(watcher).await?;
        self.report().await
    }

    /// The report as things stand; what has not ended is a violation in it.
    ///
    /// # Errors
    /// Fails when the database does.
    pub async fn report(&self) -> Result<Report, RehearsalError> {
        let title = Title {
            seed: self.options.seed,
            people: self.options.people,
            n_instances: self.options.n_instances,
            cities: self.cities.clone(),
            coverage: self.coverage.clone(),
        };
        let (app, books) = (self.app(), &self.journeys.books);
        Ok(Report::of(&app, &self.host.simulator, books, &self.line, title).await?)
    }

    /// True time.
    fn now(&self) -> DateTime<Utc> {
        self.host.clock.now()
    }

    /// The first instance as it is now.
    fn app(&self) -> Arc<App> {
        let first = self.fleet.at(0);
        first.expect("there is always an instance").app
    }

    /// Moves the clock, and lets the worker do what falls due on the way.
    async fn advance_to(&mut self, at: DateTime<Utc>) -> Result<(), RehearsalError> {
        loop {
            let settle = self.next_settle.filter(|due| *due <= at);
            let speak = self.outreach.next();
            if let Some(due) = settle.filter(|due| *due <= speak) {
                self.host.clock.advance_to(due);
                self.settle().await?;
            } else if speak <= at {
                self.host.clock.advance_to(speak);
                self.host.simulator.advance(speak);
                let app = self.app();
                self.outreach.beat(&app).await?;
            } else {
                break;
            }
        }
        self.host.clock.advance_to(at);
        if at >= self.next_heartbeat {
            season::heartbeat(&self.next_instance()).await?;
            self.next_heartbeat = at + TimeDelta::hours(1);
        }
        Ok(())
    }

    /// The instance whose worker is next to do something.
    fn next_instance(&mut self) -> Arc<App> {
        self.n_rounds = self.n_rounds.wrapping_add(1);
        // The others in their order, then the first.
        let turn = self.n_rounds.saturating_add(1);
        let turn = turn.checked_rem(self.fleet.n_instances());
        let berth = turn.and_then(|index| self.fleet.at(index));
        berth.map_or_else(|| self.app(), |berth| berth.app)
    }

    async fn settle(&mut self) -> Result<(), RehearsalError> {
        let now = self.now();
        self.host.simulator.advance(now);
        self.journeys.network().tell_ends().await;
        let round = worker::settle_due(&self.next_instance(), 1).await?;
        let next = payout::next_due(&self.app()).await?;
        let earliest = now
            + match (round.made_progress(), round.n_waiting) {
                // Whoever had to wait for this second's sendings gets the next second's.
                (_, 1..) => TimeDelta::seconds(1),
                (true, 0) => BEAT,
                (false, 0) => STUCK,
            };
        self.next_settle = next.map(|due| due.max(earliest));
        Ok(())
    }

    /// After the last citizen: hours ahead, until every payment has come to its end.
    async fn settle_everything(&mut self, watcher: &mut dyn Watcher) -> Result<(), RehearsalError> {
        self.next_settle = payout::next_due(&self.app()).await?;
        let deadline = self.last_close.max(self.now()) + SETTLED_WITHIN;
        while let Some(due) = self.next_settle.filter(|due| *due <= deadline) {
            self.advance_to(due).await?;
            let (n_done, n_left) = self.agenda.counts();
            watcher.progress(n_done, n_left, self.now());
        }
        // WeChat returns what nobody opened, whether or not anybody still asks, and makes its bills.
        let last = self.now() + TimeDelta::days(3);
        self.advance_to(last).await?;
        self.host.simulator.advance(self.now());
        contest::books::morning(&self.app()).await?;
        Ok(())
    }
}

impl Options {
    fn heading(&self) -> String {
        let city = self.city.as_deref().unwrap_or("season");
        let (seed, people, edition) = (self.seed, self.people, self.edition);
        let instances = match self.n_instances {
            1 => String::new(),
            n_instances => format!(", {n_instances} instances"),
        };
        let rail = self.rail.name();
        let outage = if self.outage { ", outage" } else { "" };
        let hostile = match self.faults {
            Faults::Mild => "",
            Faults::Hostile => ", hostile",
        };
        format!(
            "{city}, seed {seed}, {people} people, {edition:?}, {rail}{instances}{outage}{hostile}"
        )
    }

    /// The database of a rehearsal in this folder.
    #[must_use]
    pub fn database(data_dir: &Path) -> PathBuf {
        data_dir.join(setup::DATABASE)
    }
}

/// A server with a simulated WeChat, and the line between them.
fn world(
    options: &Options,
    start: DateTime<Utc>,
    rounds: &[&Round],
    climate: Option<&Climate>,
) -> Result<(Arc<App>, Arc<PayLine>), RehearsalError> {
    let app = setup::simulated(&Simulated {
        data_dir: options.data_dir.clone(),
        database: options.database.clone(),
        lasting: options.lasting,
        start,
        clock_runs: false,
        edition: options.edition,
        sealing: Sealing::AtStart,
        rail: options.rail,
        public_url: "http://127.0.0.1".to_owned(),
        seed: Some(options.seed),
        wire: Wire::InProcess,
        office_program: options.office_program.clone(),
    })?;
    let outages = match options.outage {
        true => rounds
            .iter()
            .map(|round| Outage::of(round.window()))
            .collect(),
        false => Vec::new(),
    };
    on_a_line(app, outages, climate)
}

/// Stops when a city that is to be played cannot be.
fn check_playable(prepared: &planning::Prepared, rounds: &[&Round]) -> Result<(), RehearsalError> {
    for round in rounds {
        let slug = round.city().slug().as_str();
        if let Some((city, problem)) = prepared.missing.iter().find(|(city, _)| city == slug) {
            return Err(RehearsalError::NotPlayable {
                city: city.clone(),
                problem: problem.clone(),
            });
        }
    }
    Ok(())
}

/// Everybody who takes part.
fn people(options: &Options, rounds: &[&Round]) -> Vec<Citizen> {
    let mut people = Vec::new();
    for round in rounds {
        let window = round.window();
        let mut all = citizens(options.seed, round.index(), window, options.people);
        if options.faults == Faults::Hostile {
            let n_days = window.n_days();
            hostile::rush(options.seed, &mut all, window.start(), n_days);
        }
        people.append(&mut all);
    }
    people
}

fn no_simulator() -> RehearsalError {
    RehearsalError::NotPlayable {
        city: String::new(),
        problem: "there is no simulated WeChat".to_owned(),
    }
}

/// The same app with a line of the rehearsal's own to WeChat Pay, and on a climate's terms.
fn on_a_line(
    app: Arc<App>,
    outages: Vec<Outage>,
    climate: Option<&Climate>,
) -> Result<(Arc<App>, Arc<PayLine>), RehearsalError> {
    let shared = || RehearsalError::NotPlayable {
        city: String::new(),
        problem: "somebody else holds the app".to_owned(),
    };
    let app = Arc::into_inner(app).ok_or_else(shared)?;
    let wechat = Arc::into_inner(app.wechat).ok_or_else(shared)?;
    let clock = Arc::clone(&app.clock);
    let line = Arc::new(PayLine::new(Arc::clone(&wechat.pay_http), clock, outages));
    let wechat = Arc::new(WeChat {
        pay_http: Arc::<PayLine>::clone(&line),
        ..wechat
    });
    let season = match climate {
        None => app.season,
        Some(climate) => {
            let season = Arc::into_inner(app.season).ok_or_else(shared)?;
            Arc::new(Season {
                rules: climate.rules,
                editions: Editions::new(climate.edition.clone()),
                ..season
            })
        }
    };
    let app = App {
        wechat,
        season,
        ..app
    };
    Ok((Arc::new(app), line))
}

/// Every instance but the first, each with a store and words of its own.
fn others(app: &App, options: &Options) -> Result<Vec<Arc<App>>, RehearsalError> {
    let file = || Database::file(&Options::database(&options.data_dir));
    let database = options.database.clone().unwrap_or_else(file);
    let durability = match options.lasting {
        true => Durability::Full,
        false => Durability::None,
    };
    (1..options.n_instances)
        .map(|_| {
            let store = Store::open(&database, durability, DecisionClock::Caller)
                .map_err(SetupError::from)?;
            let seed = u64::from_be_bytes(app.entropy.bytes());
            let entropy = Arc::new(SeededEntropy::new(seed));
            Ok(Arc::new(app.beside(store, Arc::clone(&app.clock), entropy)))
        })
        .collect()
}

fn played<'a>(rounds: &'a [Round], city: Option<&str>) -> Result<Vec<&'a Round>, RehearsalError> {
    let Some(slug) = city else {
        return Ok(rounds.iter().collect());
    };
    let round = rounds
        .iter()
        .find(|round| round.city().slug().as_str() == slug)
        .ok_or_else(|| RehearsalError::UnknownCity {
            slug: slug.to_owned(),
        })?;
    Ok(vec![round])
}
