//! One hostile season: citizens, instances, a database, a rail and the judge, in one thread and on one clock.
//!
//! | file | what happens there |
//! |---|---|
//! | `time` | instants and dice |
//! | `config` | what goes wrong in this season, from its seed |
//! | `tables` | the database |
//! | `rail` | WeChat Pay |
//! | `claims` | visits, follows, claims |
//! | `grants` | decisions, awards, the closing draw |
//! | `worker` | payments taken a step further by the real machine |
//! | `line` | requests on their way, and what comes back |
//! | `books` | bills, reconciliation, operators |
//! | `oracle` | the judge |
//! | `coverage` | what was exercised |
//! | `bug` | bugs of the world, for the examination |

mod books;
pub(crate) mod bug;
mod claims;
mod config;
pub(crate) mod coverage;
mod grants;
mod line;
mod oracle;
mod rail;
mod tables;
mod time;
mod worker;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap},
};

use reward_core::{Jitter, Ledger, PacketPlan, PlanSeed, QueryClass, Transition, WorkerId};

pub(crate) use self::oracle::Violation;
use self::{
    bug::WorldBug,
    config::{Config, Failover},
    coverage::{Coverage, CrashPoint},
    line::Call,
    oracle::Oracle,
    rail::{Code, Rail},
    tables::{Audit, City, Person, Tables, mixed},
    time::{DAY, Dice, HOUR, MINUTE, Ms, SECOND, START},
};

/// More than any season has needed by an order of magnitude.
const MOST_EVENTS: u64 = 3_000_000;

/// An instant of the models, which count whole seconds.
pub(crate) fn instant_of_second(second: i64) -> chrono::DateTime<chrono::Utc> {
    time::instant(START + second * SECOND)
}

/// What is to happen at an instant.
#[derive(Debug, Clone)]
enum Happening {
    Visit {
        person: usize,
        city: usize,
        left: u64,
    },
    Claim {
        person: usize,
        city: usize,
        key: u64,
        tries: u32,
        instance: usize,
    },
    LateAward(Box<claims::Late>),
    Event(claims::Push),
    Leave {
        person: usize,
        returns: bool,
    },
    Pause {
        city: usize,
        paused: bool,
    },
    Heartbeat,
    ClosingDraw {
        city: usize,
    },
    Wake {
        instance: usize,
    },
    Packet {
        number: u64,
        amount: u64,
        person: usize,
        call: Option<Call>,
    },
    Reply {
        call: Call,
        code: Code,
    },
    Question {
        call: Call,
    },
    Answer {
        call: Call,
        class: Option<QueryClass>,
    },
    Write(Box<worker::Write>),
    Grow {
        number: u64,
    },
    Callback {
        number: u64,
        class: QueryClass,
    },
    Crash {
        instance: usize,
    },
    Restart {
        instance: usize,
    },
    Standby,
    Failover(Failover),
    ClockStep {
        instance: usize,
        offset: Ms,
    },
    TopUp,
    Bill {
        day: i64,
    },
    Operators,
}

#[derive(Debug)]
struct Entry {
    at: Ms,
    order: u64,
    what: Happening,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.order) == (other.at, other.order)
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

/// One process of the server.
#[derive(Debug)]
struct Instance {
    up: bool,
    /// Counts its lives; what an earlier one was about to do is gone.
    life: u64,
    worker: WorkerId,
    offset: Ms,
    /// Calls it waits for, by number: until when the task that waits stands still.
    busy: BTreeMap<(u64, u64), Ms>,
    /// Sendings under way at once; doubles while the rail accepts.
    width: usize,
    sending: usize,
    unheard: u32,
    asks_at: Option<Ms>,
    paused_until: Ms,
    wake_at: Option<Ms>,
}

/// What a season came to.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) violation: Option<Violation>,
    pub(crate) coverage: Coverage,
    pub(crate) hash: u64,
    pub(crate) events: u64,
    pub(crate) awards: usize,
    pub(crate) calls: u64,
    pub(crate) useful: u64,
    pub(crate) trace: Vec<String>,
}

impl Outcome {
    /// A season that did not come to its end.
    pub(crate) fn broken(violation: Violation) -> Self {
        Self {
            violation: Some(violation),
            coverage: Coverage::default(),
            hash: 0,
            events: 0,
            awards: 0,
            calls: 0,
            useful: 0,
            trace: Vec::new(),
        }
    }
}

/// How a season is played.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Manner {
    pub(crate) bug: Option<WorldBug>,
    pub(crate) traced: bool,
    /// Whether the judge holds rows against its own copy of the table as well.
    pub(crate) by_the_table: bool,
}

struct World {
    config: Config,
    manner: Manner,
    plans: Vec<PacketPlan>,
    seeds: Vec<PlanSeed>,
    now: Ms,
    dice: Dice,
    queue: BinaryHeap<Reverse<Entry>>,
    order: u64,
    tables: Tables,
    standby: Option<Box<Tables>>,
    failovers: u32,
    database_offset: Ms,
    instances: Vec<Instance>,
    rail: Rail,
    /// Other accounts of the same person.
    alias_of: BTreeMap<usize, usize>,
    oracle: Oracle,
    coverage: Coverage,
    hash: u64,
    events: u64,
    n_people: usize,
    crashes_left: u32,
    /// Packets to be given out again, and bills counted again: only with a bug.
    stolen: BTreeMap<usize, u64>,
    billed_twice: bool,
    /// Replies in the hands of tasks that stand still; the worst moment to wake is when somebody sends the number again.
    stalled: BTreeMap<u64, Vec<(Call, Code)>>,
    trace: Vec<String>,
}

/// Plays the season of a seed to its end, or to the first violation.
pub(crate) fn play(seed: u64, manner: Manner) -> Outcome {
    let mut world = World::new(seed, manner);
    world.run();
    Outcome {
        violation: world.oracle.found.take(),
        coverage: world.coverage,
        hash: world.hash,
        events: world.events,
        awards: world.tables.awards.len(),
        calls: world.oracle.calls,
        useful: world.oracle.useful,
        trace: world.trace,
    }
}

impl World {
    fn new(seed: u64, manner: Manner) -> Self {
        let config = Config::of(seed);
        let n_people = config.people_per_city * config.n_cities;
        let seeds: Vec<PlanSeed> = (0..config.n_cities)
            .map(|city| {
                let mut bytes = [0; 32];
                bytes[..8].copy_from_slice(&seed.to_le_bytes());
                bytes[8] = u8::try_from(city).unwrap_or(0);
                PlanSeed::from_bytes(bytes)
            })
            .collect();
        let plans = seeds
            .iter()
            .map(|seed| PacketPlan::draw(&config.rules, seed))
            .collect();
        let mut world = Self {
            tables: empty(&config, n_people),
            rail: Rail::new(&config, seed),
            plans,
            seeds,
            now: START - HOUR,
            dice: Dice::new(seed, 3),
            queue: BinaryHeap::new(),
            order: 0,
            standby: None,
            failovers: 0,
            database_offset: 0,
            instances: Vec::new(),
            alias_of: BTreeMap::new(),
            oracle: Oracle::new(manner.by_the_table),
            coverage: Coverage::default(),
            hash: seed,
            events: 0,
            n_people,
            crashes_left: 120,
            stolen: BTreeMap::new(),
            billed_twice: false,
            stalled: BTreeMap::new(),
            trace: Vec::new(),
            manner,
            config,
        };
        world.prepare();
        world
    }

    /// Puts everything that has an instant of its own into the queue.
    fn prepare(&mut self) {
        for which in 0..self.config.n_instances {
            self.instances.push(Instance {
                up: true,
                life: 0,
                worker: WorkerId::new(u64::try_from(which).unwrap_or(0)),
                offset: 0,
                busy: BTreeMap::new(),
                width: 1,
                sending: 0,
                unheard: 0,
                asks_at: None,
                paused_until: 0,
                wake_at: None,
            });
        }
        self.prepare_people();
        for failover in self.config.failovers.clone() {
            self.at(failover.at - failover.forgets, Happening::Standby);
            self.at(failover.at, Happening::Failover(failover));
        }
        for (instance, at, offset) in self.config.clock_steps.clone() {
            self.at(at, Happening::ClockStep { instance, offset });
        }
        for (instance, at) in self.config.crashes.clone() {
            self.at(at, Happening::Crash { instance });
        }
        for city in 0..self.config.n_cities {
            let (opens, closes) = (self.config.opens(city), self.config.closes(city));
            for second in -8..20 {
                self.at(closes + second * SECOND + 37, Happening::Heartbeat);
            }
            self.at(closes + 10 * MINUTE, Happening::ClosingDraw { city });
            if self.dice.one_in(3) {
                let from = self.dice.between(opens, closes);
                let until = from + self.dice.between(MINUTE, 3 * HOUR);
                self.at(from, Happening::Pause { city, paused: true });
                self.at(
                    until,
                    Happening::Pause {
                        city,
                        paused: false,
                    },
                );
            }
        }
        let mut at = START;
        while at < self.config.closes {
            self.at(at, Happening::Heartbeat);
            at += HOUR;
        }
        let mut at = START + 10 * HOUR;
        while at < self.config.ends {
            self.at(
                at,
                Happening::Bill {
                    day: time::day_of(at) - 1,
                },
            );
            self.at(at + 4 * HOUR, Happening::Operators);
            self.at(at + 9 * HOUR, Happening::Operators);
            at += DAY;
        }
    }

    fn at(&mut self, at: Ms, what: Happening) {
        self.order += 1;
        self.queue.push(Reverse(Entry {
            at: at.max(self.now),
            order: self.order,
            what,
        }));
    }

    fn after(&mut self, wait: Ms, what: Happening) {
        self.at(self.now + wait, what);
    }

    fn has(&self, bug: WorldBug) -> bool {
        self.manner.bug == Some(bug)
    }

    /// Writes a line of the trace, and mixes what happened into the season's hash.
    fn note(&mut self, word: u64, line: impl FnOnce() -> String) {
        let at = u64::try_from(self.now).unwrap_or(0);
        self.hash = mixed(mixed(self.hash, at), word);
        if self.manner.traced {
            let at = time::instant(self.now + 8 * HOUR);
            self.trace
                .push(format!("{} {}", at.format("%m-%d %H:%M:%S%.3f"), line()));
        }
    }

    fn run(&mut self) {
        while let Some(Reverse(entry)) = self.queue.pop() {
            if entry.at > self.config.ends || self.oracle.found.is_some() {
                break;
            }
            self.now = self.now.max(entry.at);
            self.events += 1;
            if self.events > MOST_EVENTS {
                self.oracle.violated("P7 the season comes to rest", || {
                    format!("{MOST_EVENTS} events and no end")
                });
            }
            self.happen(entry.what);
        }
        if self.oracle.found.is_none() {
            self.finish_books();
            self.oracle
                .finish(&self.config, &self.plans, &self.tables, &self.rail);
        }
        let (n, calls) = (self.tables.awards.len(), self.oracle.calls);
        self.note(mixed(calls, u64::try_from(n).unwrap_or(0)), || {
            format!("the season ends with {n} awards and {calls} calls")
        });
    }

    fn happen(&mut self, what: Happening) {
        match what {
            Happening::Visit { person, city, left } => self.visit(person, city, left),
            Happening::Claim {
                person,
                city,
                key,
                tries,
                instance,
            } => {
                self.claim(
                    claims::Request {
                        person,
                        city,
                        key,
                        tries,
                    },
                    instance,
                );
            }
            Happening::LateAward(late) => self.late_award(*late),
            Happening::Event(push) => self.receive_event(push),
            Happening::Leave { person, returns } => self.leave(person, returns),
            Happening::Pause { city, paused } => self.tables.cities[city].paused = paused,
            Happening::Heartbeat => self.heartbeat(),
            Happening::ClosingDraw { city } => self.closing_draw(city),
            Happening::Wake { instance } => self.wake(instance),
            Happening::Packet {
                number,
                amount,
                person,
                call,
            } => {
                self.packet(number, amount, person, call);
            }
            Happening::Reply { call, code } => self.reply(call, code),
            Happening::Question { call } => self.question_arrives(call),
            Happening::Answer { call, class } => self.answer(call, class),
            Happening::Write(write) => self.write(*write),
            Happening::Grow { number } => self.grow(number),
            Happening::Callback { number, class } => self.callback(number, class),
            Happening::Crash { instance } => self.crash(instance, CrashPoint::AtAnInstant),
            Happening::Restart { instance } => self.restart(instance),
            Happening::Standby => self.standby = Some(Box::new(self.tables.clone())),
            Happening::Failover(failover) => self.fail_over(failover),
            Happening::ClockStep { instance, offset } => {
                self.coverage.failure("F7");
                self.instances[instance].offset = offset;
                self.note(1, || {
                    format!("instance {instance}: clock off by {offset} ms")
                });
            }
            Happening::TopUp => {
                self.rail.top_up();
                self.tables.rail_paused_until = 0;
                self.oracle.mended();
                self.note(2, || "the merchant's balance is topped up".to_owned());
            }
            Happening::Bill { day } => self.bill(day),
            Happening::Operators => self.operators(),
        }
    }

    fn jitter(&mut self) -> Jitter {
        Jitter::from_permille(self.dice.permille())
    }

    /// The database's own clock.
    fn database_now(&self) -> Ms {
        let ahead = self
            .config
            .database_ahead
            .iter()
            .find(|(window, _)| window.contains(self.now))
            .map_or(0, |(_, ahead)| *ahead);
        self.now + self.database_offset + ahead
    }

    fn local_now(&self, instance: usize) -> Ms {
        self.now + self.instances[instance].offset
    }

    /// Whether an instance runs and reaches the database.
    fn is_there(&self, instance: usize) -> bool {
        let cut = self
            .config
            .partitions
            .iter()
            .any(|(which, window)| *which == instance && window.contains(self.now));
        self.instances[instance].up && !cut
    }

    /// Whether the process dies here.
    fn dies(&mut self, instance: usize, point: CrashPoint) -> bool {
        let dies = self.crashes_left > 0
            && self.now < self.config.calm_at
            && self.dice.hits(self.config.rates.crash);
        if dies {
            self.crashes_left -= 1;
            self.crash(instance, point);
        }
        dies
    }

    fn crash(&mut self, instance: usize, point: CrashPoint) {
        if !self.instances[instance].up {
            return;
        }
        self.coverage.crash(point);
        let which = &mut self.instances[instance];
        which.up = false;
        which.life += 1;
        which.busy.clear();
        (which.width, which.sending) = (1, 0);
        (which.unheard, which.asks_at, which.wake_at) = (0, None, None);
        which.paused_until = 0;
        let life = which.life;
        // Never the same worker twice.
        which.worker = WorkerId::new(life * 1_000 + u64::try_from(instance).unwrap_or(0));
        let wait = self.dice.between(SECOND, 5 * MINUTE);
        self.after(wait, Happening::Restart { instance });
        self.note(3, || format!("instance {instance} dies {}", point.name()));
    }

    fn restart(&mut self, instance: usize) {
        self.instances[instance].up = true;
        self.note(4, || format!("instance {instance} starts"));
        self.rouse(instance, 0);
    }

    /// The standby takes over: what it had not received is forgotten, and its clock is its own.
    fn fail_over(&mut self, failover: Failover) {
        self.database_offset = failover.offset;
        if failover.offset < 0 {
            self.coverage.failure("F8");
        }
        let Some(standby) = self.standby.take() else {
            return;
        };
        self.failovers += 1;
        if standby.awards.len() < self.tables.awards.len() {
            self.coverage.failure("F13 failover forgets an award");
        } else if standby.due != self.tables.due {
            self.coverage.failure("F13 failover forgets a step");
        }
        let lost = self.tables.awards.len() - standby.awards.len();
        self.tables = *standby;
        let since = self.now - failover.forgets;
        self.oracle.failed_over(&self.tables, since);
        self.note(5, || {
            format!(
                "failover: {lost} awards forgotten, clock off {} ms",
                failover.offset
            )
        });
        for instance in 0..self.instances.len() {
            self.rouse(instance, 0);
        }
    }

    /// Commits or not; the caller may be left in doubt.
    fn commit(&mut self) -> Commit {
        if self.now >= self.config.calm_at {
            return Commit::Done;
        }
        let rates = &self.config.rates;
        if self.dice.hits(rates.commit_fails) {
            return Commit::Failed;
        }
        if self.dice.hits(rates.commit_unknown) {
            self.coverage.failure("F5");
            return Commit::Unknown {
                done: self.dice.one_in(2),
            };
        }
        Commit::Done
    }

    /// Books what a step moves.
    fn book(&mut self, city: usize, step: &Transition) {
        for transfer in &step.transfers {
            if let Err(error) = self.tables.cities[city].ledger.apply(transfer) {
                self.oracle
                    .violated("M17 no account below zero", || error.to_string());
            }
        }
    }
}

/// What a commit came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Commit {
    Done,
    Failed,
    /// The line broke; whether it was done is not known to the caller.
    Unknown {
        done: bool,
    },
}

impl Commit {
    const fn is_done(self) -> bool {
        matches!(self, Self::Done | Self::Unknown { done: true })
    }
}

fn empty(config: &Config, n_people: usize) -> Tables {
    let city = |_| {
        Ledger::open(config.rules.pool()).ok().map(|ledger| City {
            latch: 0,
            top_awarded: false,
            days: BTreeMap::new(),
            ledger,
            paused: false,
        })
    };
    Tables {
        cities: (0..config.n_cities).filter_map(city).collect(),
        people: vec![Person::default(); n_people],
        awards: Vec::new(),
        by_chance: BTreeMap::new(),
        by_key: BTreeMap::new(),
        payments: Vec::new(),
        by_number: BTreeMap::new(),
        due: BTreeSet::new(),
        earned: Vec::new(),
        inbox: BTreeSet::new(),
        audit: Audit::default(),
        rail_paused_until: 0,
        rail_second: (0, 0),
        person_day: BTreeMap::new(),
        billed: BTreeSet::new(),
        bills_until_day: 0,
        incidents: BTreeMap::new(),
    }
}
