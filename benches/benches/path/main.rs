//! What the whole path costs: a paper drawn and handed in, a packet claimed, through HTTP and
//! durable, beside what the same machine does at the same time without any of it.
//!
//! One run holds every yardstick and every subject in every round; a result is the ratio
//! within a round, and of the ratios the median with the least and the greatest. The server
//! is a process of its own, so that its processor time can be told from the load's.
//!
//! | file | what it is |
//! |---|---|
//! | `subject` | the processes that are measured |
//! | `load` | whoever calls them: a few hundred connections on one thread |
//! | `journey` | what they are asked: papers solved, packets claimed, every body checked |
//! | `cluster` | a PostgreSQL of the run's own, and its yardstick |
//! | `stock` | a database that holds millions of rows already |
//! | `report` | ratios |

mod cluster;
mod journey;
mod load;
mod report;
mod stock;
mod subject;

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, bail, ensure};

use cluster::Cluster;
use journey::{Claims, Hello, Journeys, Person};
use load::{Driven, drive};
use report::{Report, Run};
use subject::{Engine, Server};

/// The server's own allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What is asked for on the command line.
struct Options {
    /// Rounds of all subjects; a city's week has seven days, and each round plays one.
    rounds: u32,
    /// People of a round: each draws a paper, hands it in and claims.
    people: u32,
    /// Connections of the load.
    connections: usize,
    /// Stored attempts to compare, instead of the ratios.
    rows: Option<(u32, u32)>,
    /// Where databases are made; the disk of this folder is what is measured.
    folder: Option<PathBuf>,
    /// Engines to measure.
    engines: Vec<Engine>,
}

const HELP: &str = "cargo bench -p benches --bench path -- [OPTION VALUE]...
  --rounds N       1 to 7, usually 5
  --people N       people of a round, usually 12000
  --connections N  usually 256
  --engine E       sqlite or postgres, usually both
  --folder PATH    where the databases are made
  --rows FEW,MANY  compare processor time over so many stored attempts, such as 100000,10000000";

fn main() -> ExitCode {
    let outcome = match std::env::args().nth(1).as_deref() {
        // The server opens office files in a process of the same program.
        Some("office-reader") => reference_server::cli::run(),
        Some("serve") => subject::serve().map(|()| ExitCode::SUCCESS),
        Some("stock") => subject::stock().map(|()| ExitCode::SUCCESS),
        Some("hello") => subject::hello().map(|()| ExitCode::SUCCESS),
        _ => options().and_then(|options| run(&options)),
    };
    outcome.unwrap_or_else(|error| {
        drop(writeln!(std::io::stderr(), "error: {error:#}"));
        ExitCode::FAILURE
    })
}

fn options() -> anyhow::Result<Options> {
    let mut options = Options {
        rounds: 5,
        people: 12_000,
        connections: 256,
        rows: None,
        folder: None,
        engines: Vec::new(),
    };
    // What cargo adds of its own is not ours.
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    while let Some(name) = words.next() {
        let value = words.next().with_context(|| HELP.to_owned())?;
        match name.as_str() {
            "--rounds" => options.rounds = value.parse()?,
            "--people" => options.people = value.parse()?,
            "--connections" => options.connections = value.parse()?,
            "--folder" => options.folder = Some(PathBuf::from(value)),
            "--engine" => options.engines.push(Engine::named(&value).context(HELP)?),
            "--rows" => {
                let (few, many) = value.split_once(',').context(HELP)?;
                options.rows = Some((few.parse()?, many.parse()?));
            }
            _ => bail!("{HELP}"),
        }
    }
    ensure!((1..=7).contains(&options.rounds), "{HELP}");
    if options.engines.is_empty() {
        options.engines = vec![Engine::File, Engine::Server];
    }
    Ok(options)
}

fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let folder = match &options.folder {
        Some(folder) => tempfile::tempdir_in(folder)?,
        None => tempfile::tempdir()?,
    };
    let wants_server = options.engines.contains(&Engine::Server);
    let cluster = if wants_server {
        Cluster::start()?
    } else {
        None
    };
    let mut out = std::io::stdout().lock();
    if wants_server && cluster.is_none() {
        writeln!(out, "SKIPPED on PostgreSQL: its programs are not there")?;
    }
    let scene = Scene {
        options,
        folder: folder.path(),
        cluster: cluster.as_ref(),
    };
    if let Some((few, many)) = options.rows {
        stock::compare(&scene, few, many, &mut out)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut report = Report::default();
    let mut contests = scene.contests(options.rounds)?;
    for round in 0..options.rounds {
        let run = scene.round(round, &mut contests)?;
        run.print(&mut out)?;
        report.add(run);
    }
    report.print(&mut out)?;
    for contest in &contests {
        contest.audit()?;
        writeln!(
            out,
            "{}: the books of the whole run are sound",
            contest.engine
        )?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Where a run takes place.
pub(crate) struct Scene<'a> {
    options: &'a Options,
    folder: &'a Path,
    cluster: Option<&'a Cluster>,
}

/// One database, with the people who play in it.
pub(crate) struct Contest {
    pub(crate) engine: Engine,
    pub(crate) place: subject::Place,
    people: Vec<Person>,
    n_awards: u32,
    awarded_fen: u64,
}

impl Contest {
    /// A contest with so many people on each of so many days.
    pub(crate) fn new(
        scene: &Scene<'_>,
        engine: Engine,
        per_day: u32,
        days: u32,
    ) -> anyhow::Result<Self> {
        let folder = scene.folder.join(engine.name());
        if folder.exists() {
            // A second contest of one run begins anew.
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir(&folder)?;
        let database = match engine {
            Engine::File => folder.join("contest.db").display().to_string(),
            Engine::Server => scene.cluster.context("there is no cluster")?.database()?,
        };
        let place = subject::Place {
            folder,
            database,
            packets_per_day: per_day,
        };
        let people = place.stock(per_day.saturating_mul(days))?;
        Ok(Self {
            engine,
            place,
            people,
            n_awards: 0,
            awarded_fen: 0,
        })
    }

    /// The next people who have not played yet.
    pub(crate) fn take_people(&mut self, n: u32) -> anyhow::Result<Vec<Person>> {
        let n = usize::try_from(n)?;
        ensure!(self.people.len() >= n, "there are not enough people");
        Ok(self.people.split_off(self.people.len() - n))
    }

    /// Counts what people were told they won, and compares it with the database.
    pub(crate) fn count(&mut self, server: &Server, claims: &Claims) -> anyhow::Result<()> {
        self.n_awards += claims.n_awards();
        self.awarded_fen += claims.awarded_fen();
        let stored = server.sums()?;
        ensure!(
            stored == (self.n_awards, self.awarded_fen),
            "people were told of {} packets of {} fen in all, stored are {stored:?}",
            self.n_awards,
            self.awarded_fen
        );
        Ok(())
    }

    /// Takes what is stored as what people were told.
    pub(crate) fn recount(&mut self) -> anyhow::Result<()> {
        (self.n_awards, self.awarded_fen) = Server::start(&self.place, 1)?.sums()?;
        Ok(())
    }

    fn audit(&self) -> anyhow::Result<()> {
        Server::start(&self.place, 7)?.audit()
    }
}

/// What one engine did in one round.
pub(crate) struct Played {
    pub(crate) journeys: Driven,
    pub(crate) claims: Driven,
}

/// Plays a day: everybody draws a paper and hands it in; then everybody claims.
pub(crate) fn play(
    scene: &Scene<'_>,
    contest: &mut Contest,
    people: Vec<Person>,
    day: u32,
) -> anyhow::Result<Played> {
    let server = Server::start(&contest.place, day)?;
    let n_connections = scene.options.connections;
    let backends = match contest.engine {
        Engine::File => None,
        Engine::Server => scene.cluster,
    };
    let mut journeys = Journeys::new(people);
    let drawn = drive(&server, backends, n_connections, &mut journeys)?;
    let mut claims = Claims::new(journeys.passed()?);
    let claimed = drive(&server, backends, n_connections, &mut claims)?;
    contest.count(&server, &claims)?;
    Ok(Played {
        journeys: drawn,
        claims: claimed,
    })
}

impl Scene<'_> {
    fn contests(&self, days: u32) -> anyhow::Result<Vec<Contest>> {
        let mut contests = Vec::new();
        for &engine in &self.options.engines {
            if engine == Engine::File || self.cluster.is_some() {
                contests.push(Contest::new(self, engine, self.options.people, days)?);
            }
        }
        Ok(contests)
    }

    fn round(&self, round: u32, contests: &mut [Contest]) -> anyhow::Result<Run> {
        let mut run = Run::begin(round, self.folder)?;
        let mut turns: Vec<Turn<'_>> = vec![Turn::Hello];
        turns.extend(contests.iter_mut().map(Turn::Contest));
        if self.cluster.is_some() {
            turns.push(Turn::ThreeInserts);
        }
        if round % 2 == 1 {
            turns.reverse();
        }
        for turn in turns {
            match turn {
                Turn::Hello => run.hello = Some(self.hello()?),
                Turn::Contest(contest) => {
                    let people = contest.take_people(self.options.people)?;
                    let played = play(self, contest, people, round + 1)?;
                    run.played.push((contest.engine, played));
                }
                Turn::ThreeInserts => {
                    run.three_inserts = self.cluster.map(Cluster::three_inserts).transpose()?;
                }
            }
        }
        run.end(self.folder)?;
        Ok(run)
    }

    fn hello(&self) -> anyhow::Result<Driven> {
        let server = Server::hello()?;
        let mut hello = Hello::new(self.options.people.saturating_mul(3));
        drive(&server, None, self.options.connections, &mut hello)
    }
}

/// Whose turn it is within a round.
enum Turn<'a> {
    Hello,
    Contest(&'a mut Contest),
    ThreeInserts,
}
