//! The processes that are measured: the contest's server, and a server that says hello.

use std::{
    fmt, fs,
    io::{BufRead as _, BufReader, Write as _},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, anyhow, ensure};
use axum::{Router, http::header::SET_COOKIE, response::IntoResponse as _, routing::get};
use axum_extra::extract::cookie::{Cookie, Key, PrivateCookieJar};
use benches::machine;
use chrono::{DateTime, TimeDelta, Utc};
use reference_server::{
    app::{App, Sealing, Season},
    config::EditionName,
    content::Content,
    contest::{Error, audit, planning},
    entropy::SystemEntropy,
    privacy::Field,
    rail::Rail,
    setup::{self, Simulated, Wire},
    store::{Database, awards, people},
    web,
};
use reward_core::{
    ClaimScope, Fen, PacketBounds, ReferralPolicy, Release, Residual, RewardRules, RewardTerms,
};
use tokio::{net::TcpListener, runtime::Runtime};

use crate::journey::Person;

/// The first city of the postponed timetable: 22 to 28 April 2020.
pub(crate) const CITY: &str = "yancheng";
const FIRST_NOON: &str = "2020-04-22T12:00:00+08:00";
/// People that one transaction writes.
const PEOPLE_AT_ONCE: u32 = 1_000;
/// The mean packet, in fen.
const MEAN_FEN: u64 = 143;

/// Where a contest is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    /// SQLite.
    File,
    /// PostgreSQL.
    Server,
}

impl Engine {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::File => "sqlite",
            Self::Server => "postgres",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::File, Self::Server]
            .into_iter()
            .find(|engine| engine.name() == name)
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A contest's place: its folder, its database, and how many packets a day has.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) folder: PathBuf,
    pub(crate) database: String,
    pub(crate) packets_per_day: u32,
}

impl Place {
    fn command(&self, what: &str, number: u32) -> anyhow::Result<Command> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .arg(what)
            .arg(&self.folder)
            .arg(&self.database)
            .arg(self.packets_per_day.to_string())
            .arg(number.to_string());
        Ok(command)
    }

    /// Fills the place with so many followers, each with a session.
    pub(crate) fn stock(&self, n_people: u32) -> anyhow::Result<Vec<Person>> {
        let output = self
            .command("stock", n_people)?
            .stderr(Stdio::inherit())
            .output()?;
        ensure!(output.status.success(), "nobody could be invited");
        let people: Vec<Person> = String::from_utf8(output.stdout)?
            .lines()
            .map(|cookie| Person {
                cookie: cookie.to_owned(),
                attempt: String::new(),
            })
            .collect();
        ensure!(
            people.len() == usize::try_from(n_people)?,
            "some are missing"
        );
        Ok(people)
    }

    /// What the arguments of one of our own processes say.
    fn of_arguments() -> anyhow::Result<(Self, u32)> {
        let mut arguments = std::env::args().skip(2);
        let mut next = || arguments.next().context("an argument is missing");
        let place = Self {
            folder: PathBuf::from(next()?),
            database: next()?,
            packets_per_day: next()?.parse()?,
        };
        Ok((place, next()?.parse()?))
    }

    /// The contest of this place at noon of one of its days, as a server runs it.
    fn app(&self, day: u32) -> anyhow::Result<App> {
        let content = self.folder.join("content");
        if !content.exists() {
            write_content(&content)?;
        }
        let database = if self.database.starts_with("postgres:") {
            Database::server(&self.database, None)?
        } else {
            Database::file(Path::new(&self.database))
        };
        let noon: DateTime<Utc> = FIRST_NOON.parse()?;
        let simulated = setup::simulated(&Simulated {
            data_dir: self.folder.join("data"),
            database: Some(database),
            lasting: true,
            start: noon + TimeDelta::days(i64::from(day) - 1),
            clock_runs: true,
            edition: EditionName::Postponed,
            public_url: "http://localhost".to_owned(),
            seed: Some(1),
            wire: Wire::InProcess,
            sealing: Sealing::AtStart,
            rail: Rail::RedPacket,
            office_program: std::env::current_exe()?,
        })?;
        let mut app = Arc::into_inner(simulated).context("somebody holds the app")?;
        app.season = Arc::new(Season {
            rules: RewardRules::new(self.terms()?)?,
            ..Season::clone(&app.season)
        });
        app.content = Content::from_dir(&content)?;
        app.entropy = Arc::new(SystemEntropy);
        app.simulator = None;
        Ok(app)
    }

    /// Decks long enough that nobody is refused for want of a packet.
    fn terms(&self) -> anyhow::Result<RewardTerms> {
        let daily_cap = u64::from(self.packets_per_day) * MEAN_FEN + 10_000;
        Ok(RewardTerms {
            pool: Fen::new(daily_cap * 7),
            daily_cap: Fen::new(daily_cap),
            days: 7,
            bounds: PacketBounds::new(Fen::new(10), Fen::new(10_000))?,
            top_packet: Fen::new(10_000),
            packets_per_day: self.packets_per_day,
            release: Release::Immediate,
            claim_scope: ClaimScope::Season,
            referral: ReferralPolicy::OnePerNewFollower,
            residual: Residual::Unspendable,
        })
    }
}

fn write_content(root: &Path) -> anyhow::Result<()> {
    let (city, banks) = (root.join("cities").join(CITY), root.join("banks"));
    fs::create_dir_all(&city)?;
    fs::create_dir_all(&banks)?;
    let about = format!(
        "slug = \"{CITY}\"\nname = \"盐城市\"\ntagline = \"守信之城\"\nsample = true\nlinks = []\n"
    );
    fs::write(city.join("city.toml"), about)?;
    fs::write(city.join("page.md"), "# 盐城市\n")?;
    fs::write(city.join("hero.svg"), "<svg/>")?;
    for name in ["province", CITY] {
        let mut table = "题干,选项A,选项B,选项C,选项D,答案,解析,来源\n".to_owned();
        for number in 1..=50_u32 {
            let key = number % 4;
            let options: Vec<String> = (0..4)
                .map(|place| {
                    format!(
                        "{}天",
                        if place == key {
                            number
                        } else {
                            number + place + 1
                        }
                    )
                })
                .collect();
            let letter = ["A", "B", "C", "D"]
                .get(usize::try_from(key)?)
                .context("four options")?;
            table.push_str(&format!(
                "{name}题库中编号{number}的信用条款规定的期限是多少天？,{},{letter},\
                 该条款第一款规定了期限，自收到申请之日起计算。,江苏省社会信用条例\n",
                options.join(",")
            ));
        }
        fs::write(banks.join(format!("{name}.csv")), table)?;
    }
    Ok(())
}

/// Makes a contest and its people; prints a session's cookie for each.
pub(crate) fn stock() -> anyhow::Result<()> {
    let (place, n_people) = Place::of_arguments()?;
    let app = place.app(1)?;
    let key = Key::from(app.keys.session_key());
    let now_ms = app.now().timestamp_millis();
    Runtime::new()?.block_on(async {
        let prepared = planning::prepare(&app).await?;
        ensure!(prepared.planned == [CITY], "{prepared:?}");
        let mut out = std::io::stdout().lock();
        let mut first = 0;
        while first < n_people {
            let end = n_people.min(first + PEOPLE_AT_ONCE);
            let (keys, entropy) = (Arc::clone(&app.keys), Arc::clone(&app.entropy));
            let invited = app
                .store
                .write(move |tx| {
                    let mut invited = Vec::new();
                    for number in first..end {
                        let openid = format!("o{number:027}");
                        let person = keys.openid_index(&openid)?;
                        let place = Field::Openid.of(&person);
                        let sealed = keys.seal(&place, openid.as_bytes(), entropy.as_ref())?;
                        people::ensure_person(tx, &person, &person, &sealed, now_ms)?;
                        people::insert_follow(tx, &person, now_ms, "event")?;
                        invited.push(person);
                    }
                    Ok::<_, Error>(invited)
                })
                .await?;
            for person in invited {
                let cookie = Cookie::new("contest-session", format!("{now_ms}.{person}"));
                let jar = PrivateCookieJar::new(key.clone()).add(cookie);
                let response = (jar, ()).into_response();
                let header = response.headers().get(SET_COOKIE).context("no cookie")?;
                let cookie = header.to_str()?.split(';').next().unwrap_or_default();
                writeln!(out, "{cookie}")?;
            }
            first = end;
        }
        Ok(())
    })
}

/// Serves a contest on a port of its own choice, and answers questions on standard input.
pub(crate) fn serve() -> anyhow::Result<()> {
    let (place, day) = Place::of_arguments()?;
    let app = Arc::new(place.app(day)?);
    let runtime = Runtime::new()?;
    runtime.block_on(planning::prepare(&app))?;
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", listener.local_addr()?)?;
    let router = web::router(Arc::clone(&app)).into_make_service_with_connect_info::<SocketAddr>();
    runtime.spawn(async move { axum::serve(listener, router).await });
    for question in std::io::stdin().lock().lines() {
        match question?.as_str() {
            "sums" => {
                let sums = runtime.block_on(app.store.read(awards::sums_by_city))?;
                let n: i64 = sums.iter().map(|city| city.n_awards).sum();
                let fen: i64 = sums.iter().map(|city| city.amount_fen).sum();
                writeln!(out, "{n} {fen}")?;
            }
            _audit => {
                let mut found = runtime.block_on(audit::violations(&app, None))?;
                found.extend(runtime.block_on(audit::found_by_sql(&app))?);
                writeln!(out, "{found:?}")?;
            }
        }
    }
    Ok(())
}

/// Says hello on a port of its own choice.
pub(crate) fn hello() -> anyhow::Result<()> {
    let runtime = Runtime::new()?;
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
    writeln!(std::io::stdout(), "{}", listener.local_addr()?)?;
    let router = Router::new().route("/", get(|| async { "hello" }));
    runtime.spawn(async move { axum::serve(listener, router).await });
    for _question in std::io::stdin().lock().lines() {}
    Ok(())
}

/// A running server; it ends with this value.
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
    questions: Option<ChildStdin>,
    answers: std::cell::RefCell<BufReader<ChildStdout>>,
}

impl Server {
    /// Starts the contest's server on one of its days.
    pub(crate) fn start(place: &Place, day: u32) -> anyhow::Result<Self> {
        Self::spawn(place.command("serve", day)?)
    }

    /// Starts the server that says hello.
    pub(crate) fn hello() -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("hello");
        Self::spawn(command)
    }

    fn spawn(mut command: Command) -> anyhow::Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let questions = child.stdin.take();
        let mut answers = BufReader::new(child.stdout.take().context("no standard output")?);
        let mut line = String::new();
        answers.read_line(&mut line)?;
        let address = line
            .trim()
            .parse()
            .map_err(|error| anyhow!("the server did not start: {error}"))?;
        Ok(Self {
            child,
            address,
            questions,
            answers: std::cell::RefCell::new(answers),
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Processor time that it has used.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        Ok(machine::cpu_of(self.child.id())?)
    }

    fn asked(&self, question: &str) -> anyhow::Result<String> {
        let mut questions = self.questions.as_ref().context("no standard input")?;
        writeln!(questions, "{question}")?;
        let mut answer = String::new();
        self.answers.borrow_mut().read_line(&mut answer)?;
        Ok(answer.trim().to_owned())
    }

    /// How many packets were awarded, and what they add up to in fen.
    pub(crate) fn sums(&self) -> anyhow::Result<(u32, u64)> {
        let answer = self.asked("sums")?;
        let (n, fen) = answer.split_once(' ').context("no sums")?;
        Ok((n.parse()?, fen.parse()?))
    }

    /// Asks the auditor and the second checker about everything stored.
    pub(crate) fn audit(&self) -> anyhow::Result<()> {
        let found = self.asked("audit")?;
        ensure!(found == "[]", "{found}");
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It leaves when there is nobody who could ask.
        drop(self.questions.take());
        drop(self.child.wait());
    }
}
