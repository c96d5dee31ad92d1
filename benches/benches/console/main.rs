//! What the pages of the console cost over a whole season: a million attempts of 100,000 people,
//! a thousand packets a day of thirteen cities awarded, paid and received.
//!
//! A season is played by a few simulated citizens first, so that every table holds what a season
//! leaves in it; `fill.sql` then adds the many. Every page, file and call that the console's own
//! table of routes names is asked for over HTTP by somebody who may see it.

use std::{
    io::Write,
    net::SocketAddr,
    path::Path,
    process::{Command, ExitCode},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, anyhow, ensure};
use benches::machine;
use chrono::{DateTime, TimeDelta, Utc};
use http::{
    StatusCode,
    header::{CONTENT_DISPOSITION, ORIGIN},
};
use reference_server::{
    app::{App, Sealing},
    clock::SimulatedClock,
    config::EditionName,
    contest::{
        organiser::{
            Role, Roles,
            roster::{self, Newcomer},
        },
        planning, statistics,
    },
    rail::Rail,
    setup::{self, Simulated, Wire},
    web,
};
use reqwest::{Client, Response, redirect::Policy};
use rusqlite::Connection;
use tokio::net::TcpListener;

/// The server's own allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The rehearsal's seed, from which its keys come as well.
const SEED: u64 = 7;
/// Citizens of each city who play by themselves.
const CITIZENS: &str = "8";
/// The city whose pages are asked for: the last one, with all before it in its numbers.
const CITY: &str = "wuxi";
/// How often each page is asked for, after twice unmeasured.
const N_ASKED: usize = 20;
/// Whoever watches the overview, and for how long.
const N_VIEWERS: u32 = 20;
const WATCHED: Duration = Duration::from_secs(20);
/// No page may take longer, 95 times of 100.
const GOAL: Duration = Duration::from_millis(200);

fn main() -> ExitCode {
    let outcome = match std::env::args().nth(1).as_deref() {
        // The server opens office files in a process of the same program; the season is played by another.
        Some("office-reader" | "rehearse") => reference_server::cli::run(),
        _ => run(),
    };
    outcome.unwrap_or_else(|error| {
        drop(writeln!(std::io::stderr(), "error: {error:#}"));
        ExitCode::FAILURE
    })
}

fn run() -> anyhow::Result<ExitCode> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let mut rehearsal = Command::new(std::env::current_exe()?);
    rehearsal.args(["rehearse", "--season", "--people", CITIZENS]);
    rehearsal
        .args(["--seed", &SEED.to_string()])
        .arg("--data")
        .arg(&data);
    let played = rehearsal.output()?;
    ensure!(
        played.status.success(),
        "the season could not be played: {}",
        String::from_utf8_lossy(&played.stderr)
    );
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", machine::pressure())?;
    let stored = fill(&data.join("contest.db"))?;
    writeln!(out, "{stored}")?;
    tokio::runtime::Runtime::new()?.block_on(async {
        let desk = Desk::open(&data).await?;
        let is_fast = desk.pages(&mut out).await?;
        desk.viewers(&mut out).await?;
        writeln!(out, "{}", machine::pressure())?;
        Ok(if is_fast {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    })
}

/// Adds the many to the few; says what is stored then.
fn fill(database: &Path) -> anyhow::Result<String> {
    let connection = Connection::open(database)?;
    let mut guards = connection.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'")?;
    let guards: Vec<String> = guards
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for guard in guards {
        connection.execute_batch(&format!("DROP TRIGGER \"{guard}\""))?;
    }
    connection.execute_batch(include_str!("fill.sql"))?;
    let mut stored = Vec::new();
    for table in [
        "attempt",
        "person",
        "award",
        "payment",
        "transfer",
        "audit_event",
    ] {
        let sql = format!("SELECT COUNT(*) FROM {table}");
        let n: i64 = connection.query_row(&sql, [], |row| row.get(0))?;
        stored.push(format!("{table} {n}"));
    }
    Ok(stored.join(", "))
}

/// The contest of this folder, after its end.
fn open(data: &Path, address: &str) -> anyhow::Result<Arc<App>> {
    let start: DateTime<Utc> = "2020-04-01T12:00:00+08:00".parse()?;
    Ok(setup::simulated(&Simulated {
        data_dir: data.to_owned(),
        database: None,
        lasting: true,
        start,
        clock_runs: true,
        edition: EditionName::Postponed,
        sealing: Sealing::AtStart,
        rail: Rail::RedPacket,
        public_url: address.to_owned(),
        seed: Some(SEED),
        wire: Wire::InProcess,
        office_program: std::env::current_exe()?,
    })?)
}

/// Somebody of each office at his desk.
struct Desk {
    address: String,
    people: Vec<Client>,
    /// What stands for the names in a route.
    names: Vec<(&'static str, String)>,
}

/// What is measured of one address.
struct Asked {
    target: String,
    status: u16,
    is_file: bool,
    n_bytes: usize,
    /// Ascending.
    waits: Vec<Duration>,
}

impl Asked {
    fn at(&self, percent: usize) -> Duration {
        let place = self.waits.len().saturating_sub(1) * percent / 100;
        self.waits.get(place).copied().unwrap_or_default()
    }
}

impl Desk {
    async fn open(data: &Path) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://localhost:{}", listener.local_addr()?.port());
        let mut app = Arc::into_inner(open(data, &address)?).context("somebody holds the app")?;
        let wall = Arc::new(SimulatedClock::standing_at(app.now()));
        app.wall = Arc::<SimulatedClock>::clone(&wall);
        let app = Arc::new(app);
        planning::prepare(&app).await?;
        statistics::count_all(&app).await?;
        let router =
            web::router(Arc::clone(&app)).into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let offices = [
            ("zhou", vec![Role::Auditor]),
            (
                "chen",
                vec![
                    Role::ProvinceAdmin,
                    Role::SecurityAdmin,
                    Role::ContentApprover,
                ],
            ),
            ("wang", vec![Role::FinanceOperator]),
        ];
        let mut people = Vec::new();
        for (name, roles) in offices {
            people.push(signed_in(&app, &wall, &address, (name, &roles)).await?);
        }
        let database = Connection::open(data.join("contest.db"))?;
        // One that the citizens' own season paid: what was sent opens under its number alone.
        let sql = "SELECT bill_number FROM payment ORDER BY rowid LIMIT 1";
        let payment = database.query_row(sql, [], |row| row.get(0))?;
        Ok(Self {
            address,
            people,
            names: vec![
                ("{payment}", payment),
                ("{day}", "2020-04-23".to_owned()),
                ("{number}", "1".to_owned()),
                ("{name}", "chen".to_owned()),
            ],
        })
    }

    /// Asks for everything of the console that can be asked for; whether every page was fast.
    async fn pages(&self, out: &mut impl Write) -> anyhow::Result<bool> {
        let mut all = Vec::new();
        for line in web::console_matrix().lines().skip(2) {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let (Some(&"GET"), Some(path)) = (cells.first(), cells.get(1)) else {
                continue;
            };
            let mut target = path.trim_matches('`').replace("{city}", CITY);
            for (name, value) in &self.names {
                target = target.replace(name, value);
            }
            if target.contains('{') || target.ends_with("/live") {
                continue;
            }
            match self.measured(&target).await? {
                Some(asked) => all.push(asked),
                None => writeln!(out, "not seen: {target}")?,
            }
        }
        all.sort_by_key(|asked| std::cmp::Reverse(asked.at(95)));
        writeln!(out, "{:>9} {:>9} {:>9}", "median", "p95", "bytes")?;
        for asked in &all {
            writeln!(
                out,
                "{:>6.1} ms {:>6.1} ms {:>9} {} {}{}",
                asked.at(50).as_secs_f64() * 1e3,
                asked.at(95).as_secs_f64() * 1e3,
                asked.n_bytes,
                asked.status,
                asked.target,
                if asked.is_file { " (a file)" } else { "" }
            )?;
        }
        let mut slow = all
            .iter()
            .filter(|asked| !asked.is_file && asked.at(95) > GOAL);
        Ok(slow.next().is_none())
    }

    /// Asks for one address as the first of us who may see it.
    async fn measured(&self, target: &str) -> anyhow::Result<Option<Asked>> {
        for person in &self.people {
            let first = self.get(person, target).await?;
            if first.status() != StatusCode::OK {
                continue;
            }
            let is_file = first.headers().contains_key(CONTENT_DISPOSITION);
            let n_bytes = first.bytes().await?.len();
            self.get(person, target).await?.bytes().await?;
            let mut waits = Vec::with_capacity(N_ASKED);
            for _ in 0..N_ASKED {
                let began = Instant::now();
                self.get(person, target).await?.bytes().await?;
                waits.push(began.elapsed());
            }
            waits.sort_unstable();
            return Ok(Some(Asked {
                target: target.to_owned(),
                status: 200,
                is_file,
                n_bytes,
                waits,
            }));
        }
        Ok(None)
    }

    async fn get(&self, person: &Client, target: &str) -> anyhow::Result<Response> {
        Ok(person
            .get(format!("{}{target}", self.address))
            .send()
            .await?)
    }

    /// What watching the overview costs, with and without viewers.
    async fn viewers(&self, out: &mut impl Write) -> anyhow::Result<()> {
        let us = std::process::id();
        let before = machine::cpu_of(us)?;
        tokio::time::sleep(WATCHED).await;
        let idle = machine::cpu_of(us)?.saturating_sub(before);
        let person = self.people.first().context("nobody is there")?;
        let mut streams = Vec::new();
        for _ in 0..N_VIEWERS {
            let target = format!("/console/cities/{CITY}/live");
            let mut stream = self.get(person, &target).await?;
            ensure!(stream.status() == StatusCode::OK, "no stream");
            streams.push(tokio::spawn(async move {
                let mut n_bytes = 0;
                while let Ok(Some(chunk)) = stream.chunk().await {
                    n_bytes += chunk.len();
                }
                n_bytes
            }));
        }
        let before = machine::cpu_of(us)?;
        tokio::time::sleep(WATCHED).await;
        let watched = machine::cpu_of(us)?.saturating_sub(before);
        for stream in streams {
            stream.abort();
        }
        let cost = watched.saturating_sub(idle).as_secs_f64()
            / WATCHED.as_secs_f64()
            / f64::from(N_VIEWERS);
        writeln!(
            out,
            "{N_VIEWERS} viewers of the overview, their own end included: {:.2} % of a core each",
            cost * 100.0
        )?;
        Ok(())
    }
}

/// Somebody new with these roles, signed in and with the second factor shown again.
async fn signed_in(
    app: &App,
    wall: &SimulatedClock,
    address: &str,
    (name, roles): (&str, &[Role]),
) -> anyhow::Result<Client> {
    let newcomer = Newcomer {
        name: name.to_owned(),
        display_name: name.to_owned(),
        roles: Roles::new(roles.iter().copied(), None)
            .map_err(|refused| anyhow!("{name}: {refused:?}"))?,
        city: None,
    };
    let password = roster::demonstrate(app, newcomer).await?;
    let person = Client::builder()
        .cookie_store(true)
        .redirect(Policy::none())
        .build()?;
    let code = fresh_code(app, wall, name).await?;
    let fields = [
        ("name", name),
        ("password", password.as_str()),
        ("code", &code),
    ];
    let answer = post(&person, address, "/console/sign-in", &fields).await?;
    ensure!(
        answer.status() == StatusCode::SEE_OTHER,
        "{name} does not get in"
    );
    let page = person
        .get(format!("{address}/console/account"))
        .send()
        .await?
        .text()
        .await?;
    let (_before, rest) = page
        .split_once("name=\"form_token\" value=\"")
        .context("no token")?;
    let token = rest.split('"').next().unwrap_or_default();
    let code = fresh_code(app, wall, name).await?;
    let fields = [("form_token", token), ("code", &code)];
    let answer = post(&person, address, "/console/step-up", &fields).await?;
    ensure!(
        answer.status() == StatusCode::SEE_OTHER,
        "{name} has no second factor"
    );
    Ok(person)
}

/// The present code of somebody's authenticator, after a wait for one that is not used yet.
async fn fresh_code(app: &App, wall: &SimulatedClock, name: &str) -> anyhow::Result<String> {
    wall.advance_by(TimeDelta::seconds(31));
    let codes = roster::codes_for_show(app).await?;
    let mut codes = codes.into_iter();
    let (_whose, code) = codes
        .find(|(whose, _code)| whose == name)
        .context("no code")?;
    Ok(code)
}

async fn post(
    person: &Client,
    address: &str,
    target: &str,
    fields: &[(&str, &str)],
) -> anyhow::Result<Response> {
    let request = person.post(format!("{address}{target}"));
    let request = request
        .header(ORIGIN, address)
        .header("sec-fetch-site", "same-origin");
    Ok(request.form(fields).send().await?)
}
