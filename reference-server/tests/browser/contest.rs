//! The contest behind the pages: the real server on a port of this machine, with its
//! sample content, a simulated WeChat and a clock that stands.

use std::{collections::BTreeMap, fs, path::PathBuf, sync::Arc};

use axum::body::Body;
use chrono::{DateTime, TimeDelta, Utc};
use http_body_util::{BodyExt as _, Full};
use reference_server::{
    app::{App, Memory, Sealing, Season, SimulatorHost, WeChat},
    clock::SimulatedClock,
    config::EditionName,
    content::Content,
    contest::{
        PersonId,
        attempt::{self, Outcome},
        claim::{self, ClaimRequest, Packet},
        follow, login,
        organiser::{
            Role, Roles,
            roster::{self, Newcomer},
        },
        outreach,
        pause::{self, Stop, Subject},
        planning,
    },
    journal::JournaledSimulator,
    rail::Rail,
    settings::Settings,
    setup::{self, Simulated, Wire},
    store::{Database, DecisionClock, Durability, Store},
    web, worker,
};
use reward_core::{Fen, ReferralPolicy, Release, RewardRules, RewardTerms};
use rusqlite::Connection;
use tempfile::TempDir;
use tokio::{net::TcpListener, runtime::Runtime};
use tower::ServiceExt as _;
use wechat_adapter::simulator::{AuthorizeOutcome, NewPerson, ScanOutcome};

/// Submissions of one person in a minute stay below the server's limit.
const LESSONS_PER_MINUTE: usize = 15;

/// Somebody in the simulated WeChat.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id: PersonId,
}

/// A contest and its server.
pub(crate) struct Contest {
    runtime: Runtime,
    pub(crate) app: Arc<App>,
    pub(crate) url: String,
    clock: Arc<SimulatedClock>,
    pub(crate) simulator: Arc<JournaledSimulator>,
    right: BTreeMap<String, String>,
    dir: TempDir,
}

/// How a contest differs from the commissioned one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Terms {
    /// As commissioned.
    Commissioned,
    /// Nobody earns anything for bringing friends.
    Strict,
    /// Eight packets a day, all there at midnight, so that a test reaches the last one.
    EightPacketsADay,
}

impl Contest {
    /// The contest at an instant in Shanghai, such as `2020-05-09 21:30:00`.
    pub(crate) fn at(instant: &str) -> Self {
        Self::with(instant, Terms::Commissioned)
    }

    /// The contest at an instant under other terms.
    pub(crate) fn with(instant: &str, terms: Terms) -> Self {
        Self::paid_by(Rail::RedPacket, instant, terms)
    }

    /// The contest at an instant, paying by transfers.
    pub(crate) fn by_transfers(instant: &str) -> Self {
        Self::paid_by(Rail::Transfer, instant, Terms::Commissioned)
    }

    fn paid_by(rail: Rail, instant: &str, terms: Terms) -> Self {
        let runtime = Runtime::new().unwrap();
        let dir = TempDir::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let simulated = setup::simulated(&Simulated {
            data_dir: dir.path().join("data"),
            database: None,
            lasting: false,
            start: shanghai(instant),
            clock_runs: false,
            edition: EditionName::Postponed,
            // Cities far ahead may still move.
            sealing: Sealing::DaysBefore(21),
            rail,
            public_url: url.clone(),
            seed: Some(7),
            wire: Wire::Loopback,
            office_program: PathBuf::from(env!("CARGO_BIN_EXE_reference-server")),
        })
        .unwrap();
        let mut app = Arc::try_unwrap(simulated).unwrap();
        app.season = Arc::new(Season {
            rules: RewardRules::new(terms.applied(app.season.rules.terms())).unwrap(),
            ..Season::clone(&app.season)
        });
        let host = app.simulator.clone().unwrap();
        // Sessions and codes go by the clock that stands, so that no test waits for a code.
        app.wall = Arc::<SimulatedClock>::clone(&host.clock);
        let app = Arc::new(app);
        let prepared = runtime.block_on(planning::prepare(&app)).unwrap();
        assert_eq!(prepared.missing.len(), 0, "{prepared:?}");
        let router = web::router(Arc::clone(&app));
        runtime.spawn(axum::serve(listener, router).into_future());
        Self {
            runtime,
            app,
            url,
            clock: host.clock,
            simulator: host.simulator,
            right: BTreeMap::new(),
            dir,
        }
    }

    /// Moves the clock to an instant in Shanghai.
    pub(crate) fn wait_until(&self, instant: &str) {
        self.clock.advance_to(shanghai(instant));
        self.simulator.advance(self.app.now());
    }

    fn wait(&self, span: TimeDelta) {
        self.clock.advance_to(self.app.now() + span);
        self.simulator.advance(self.app.now());
    }

    /// How many papers were handed in, by anybody.
    pub(crate) fn count_attempts(&self) -> i64 {
        let database = self.dir.path().join("data").join("contest.db");
        Connection::open(database)
            .unwrap()
            .query_row("SELECT COUNT(*) FROM attempt", [], |row| row.get(0))
            .unwrap()
    }

    /// One text of the database.
    pub(crate) fn text(&self, sql: &str) -> String {
        let database = self.dir.path().join("data").join("contest.db");
        Connection::open(database)
            .unwrap()
            .query_row(sql, [], |row| row.get(0))
            .unwrap()
    }

    /// An account of the console: its password.
    pub(crate) fn colleague(&self, name: &str, role: Role) -> String {
        self.colleague_of(name, role, None)
    }

    /// An account of the console that belongs to this city: its password.
    pub(crate) fn colleague_of(&self, name: &str, role: Role, city: Option<&str>) -> String {
        let newcomer = Newcomer {
            name: name.to_owned(),
            display_name: name.to_owned(),
            roles: Roles::new([role], city).unwrap(),
            city: city.map(str::to_owned),
        };
        let made = self
            .runtime
            .block_on(roster::demonstrate(&self.app, newcomer));
        made.unwrap().as_str().to_owned()
    }

    /// A code of somebody's authenticator that was not used yet.
    pub(crate) fn fresh_code(&self, name: &str) -> String {
        self.wait(TimeDelta::seconds(31));
        let codes = self.runtime.block_on(roster::codes_for_show(&self.app));
        let mut codes = codes.unwrap().into_iter();
        codes.find(|(whose, _code)| whose == name).unwrap().1
    }

    /// Waits for something that the server does.
    pub(crate) fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Drives the payments that are due.
    pub(crate) fn settle(&self) {
        self.runtime
            .block_on(worker::settle_due(&self.app, 64))
            .unwrap();
    }

    /// Does what is due of the account's own accord.
    pub(crate) fn reach_out(&self) {
        self.runtime.block_on(outreach::do_due(&self.app)).unwrap();
    }

    /// Takes a table away, so that whoever reads it fails.
    pub(crate) fn damage(&self) {
        let database = self.dir.path().join("data").join("contest.db");
        let connection = Connection::open(database).unwrap();
        connection
            .execute_batch("ALTER TABLE attempt RENAME TO attempt_away")
            .unwrap();
    }

    /// The scene of a code that somebody scans who does not follow.
    pub(crate) fn scene(&self, openid: &str, url: &str) -> String {
        let scanned = self.simulator.scan(openid, url, self.app.now()).unwrap();
        let ScanOutcome::FollowPage { scene } = scanned else {
            panic!("no way to follow: {scanned:?}");
        };
        scene
    }

    /// The same contest in a house with no place left: the address of its door.
    pub(crate) fn door_of_a_full_house(&self) -> String {
        let (listener, app) = self.another_door(self.app.simulator.clone());
        let url = app.public_url.clone();
        let router = web::router_of_places(app, 1);
        // A request whose body never ends takes the only place.
        let endless = Full::from("a").with_trailers(std::future::pending());
        let request = http::Request::post("/wechat/callback")
            .body(Body::new(endless))
            .unwrap();
        self.runtime.spawn(router.clone().oneshot(request));
        self.runtime
            .spawn(axum::serve(listener, router).into_future());
        url
    }

    /// The same contest with these texts on cities' pages: the address of its door.
    pub(crate) fn door_with_pages(&self, pages: &[(String, String)]) -> String {
        let folder = TempDir::new().unwrap();
        for (slug, text) in pages {
            let city = folder.path().join("cities").join(slug);
            fs::create_dir_all(&city).unwrap();
            let words = format!("slug = \"{slug}\"\nname = \"某市\"\ntagline = \"一句话\"\n");
            fs::write(city.join("city.toml"), words).unwrap();
            fs::write(city.join("page.md"), text).unwrap();
            let drawing = "<svg xmlns='http://www.w3.org/2000/svg'/>";
            fs::write(city.join("hero.svg"), drawing).unwrap();
        }
        fs::create_dir_all(folder.path().join("banks")).unwrap();
        let (listener, app) = self.another_door(None);
        let mut app = Arc::try_unwrap(app).ok().unwrap();
        app.content = Content::from_dir(folder.path()).unwrap();
        let url = app.public_url.clone();
        self.runtime
            .spawn(axum::serve(listener, web::router(Arc::new(app))).into_future());
        url
    }

    /// The same contest as it runs in a season: the address of a door without a simulator.
    pub(crate) fn door_of_a_season(&self) -> String {
        let (listener, app) = self.another_door(None);
        let url = app.public_url.clone();
        self.runtime
            .spawn(axum::serve(listener, web::router(app)).into_future());
        url
    }

    /// The same contest as somebody has configured it, with these secrets to change: the address of its door.
    pub(crate) fn door_with_settings(&self, settings: Settings) -> String {
        let (listener, app) = self.another_door(self.app.simulator.clone());
        let mut app = Arc::try_unwrap(app).ok().unwrap();
        app.settings = Arc::new(settings);
        let url = app.public_url.clone();
        self.runtime
            .spawn(axum::serve(listener, web::router(Arc::new(app))).into_future());
        url
    }

    /// Another instance on the same database, and the port it is to listen on.
    fn another_door(&self, simulator: Option<SimulatorHost>) -> (TcpListener, Arc<App>) {
        let listener = self.runtime.block_on(TcpListener::bind("127.0.0.1:0"));
        let listener = listener.unwrap();
        let database = Database::file(&self.dir.path().join("data").join("contest.db"));
        let app = App {
            store: Store::open(&database, Durability::None, DecisionClock::Caller).unwrap(),
            clock: Arc::clone(&self.app.clock),
            wall: Arc::clone(&self.app.wall),
            passwords: Arc::clone(&self.app.passwords),
            proxies: Vec::new(),
            worker: self.app.worker,
            entropy: Arc::clone(&self.app.entropy),
            keys: Arc::clone(&self.app.keys),
            season: Arc::clone(&self.app.season),
            settings: Arc::clone(&self.app.settings),
            content: self.app.content.clone(),
            office: self.app.office.clone(),
            wechat: Arc::new(WeChat {
                is_simulated: simulator.is_some(),
                ..WeChat::clone(&self.app.wechat)
            }),
            public_url: format!("http://{}", listener.local_addr().unwrap()),
            simulator,
            memory: Memory::default(),
        };
        (listener, Arc::new(app))
    }

    /// Pauses a city's quiz with a sentence.
    pub(crate) fn pause(&self, city: &str, sentence: &str) {
        let stop = Stop {
            subject: Subject::Quiz,
            sentence: sentence.to_owned(),
            reason: "test".to_owned(),
            everywhere: false,
        };
        self.runtime
            .block_on(pause::begin(&self.app, city, stop, "test"))
            .unwrap();
    }

    /// Somebody new in WeChat, who has not opened the contest yet.
    pub(crate) fn newcomer(&self, name: &str) -> String {
        let person = NewPerson::named(name);
        let view = self.simulator.create_person(person, self.app.now());
        view.unwrap().openid
    }

    /// Somebody who sees only the snapshot of a page.
    pub(crate) fn previewer(&self, name: &str) -> String {
        let person = NewPerson {
            snapshot_user: true,
            ..NewPerson::named(name)
        };
        let view = self.simulator.create_person(person, self.app.now());
        view.unwrap().openid
    }

    /// Somebody who follows the account and was here before.
    pub(crate) fn follower(&self, name: &str) -> Person {
        let openid = self.newcomer(name);
        self.follow(&openid, None);
        self.login(&openid)
    }

    /// Whoever has this openid, as the contest knows him after a login.
    pub(crate) fn login(&self, openid: &str) -> Person {
        let url = login::authorize_url(&self.app, "state1").unwrap();
        let (_page, query) = url.split_once('?').unwrap();
        let query = query.trim_end_matches("#wechat_redirect");
        let outcome = self
            .simulator
            .authorize(query, Some(openid), self.app.now());
        let AuthorizeOutcome::Redirect(back) = outcome else {
            panic!("not sent back: {outcome:?}");
        };
        let (_before, code) = back.split_once("code=").unwrap();
        let code = code.split('&').next().unwrap();
        let id = self
            .runtime
            .block_on(login::finish(&self.app, code))
            .unwrap();
        Person { id }
    }

    /// Follows the account, by a code or without one, and the account hears of it.
    pub(crate) fn follow(&self, openid: &str, code: Option<&str>) {
        let pushes = self.simulator.follow(openid, code, self.app.now()).unwrap();
        for push in &pushes {
            let query = push.request.uri().query().unwrap_or_default();
            let taken = follow::receive(&self.app, query, push.request.body());
            self.runtime.block_on(taken).map(drop).unwrap();
        }
    }

    /// Hands a paper in with the letter A throughout.
    pub(crate) fn answer_blindly(&self, person: &Person) -> Outcome {
        let paper = self
            .runtime
            .block_on(attempt::start(&self.app, &person.id))
            .unwrap();
        let answers = (1..=paper.items.len())
            .map(|number| (number.to_string(), "A".to_owned()))
            .collect();
        let submitted = attempt::submit(&self.app, &person.id, &paper.attempt, &answers);
        self.runtime.block_on(submitted).unwrap()
    }

    /// Somebody who is in the contest hands in papers with the letter A throughout.
    pub(crate) fn answer_as(&self, openid: &str, n_papers: usize) {
        let person = self.login(openid);
        for _ in 0..n_papers {
            self.answer_blindly(&person);
        }
    }

    /// Learns the bank of the open city by answering and reading the explanations.
    pub(crate) fn learn(&mut self) {
        let pupil = self.follower("学习者");
        for lesson in 1..=60 {
            for item in self.answer_blindly(&pupil).review {
                let right = item
                    .options
                    .into_iter()
                    .find(|(letter, _)| *letter == item.key);
                self.right.insert(item.stem, right.unwrap().1);
            }
            if lesson % LESSONS_PER_MINUTE == 0 {
                self.wait(TimeDelta::minutes(1) + TimeDelta::seconds(1));
            }
        }
    }

    /// The text of the right option, as far as it was learnt.
    pub(crate) fn right(&self, stem: &str) -> Option<&str> {
        self.right.get(stem).map(String::as_str)
    }

    /// Somebody answers with what was learnt, and takes a packet.
    pub(crate) fn winner(&self, name: &str) -> Packet {
        let person = self.follower(name);
        let paper = self
            .runtime
            .block_on(attempt::start(&self.app, &person.id))
            .unwrap();
        let answers = paper
            .items
            .iter()
            .map(|item| {
                let right = self.right(&item.stem);
                let (position, _text) = item
                    .options
                    .iter()
                    .find(|(_, text)| Some(text.as_str()) == right)
                    .unwrap_or(&item.options[0]);
                (
                    item.ordinal.number().to_string(),
                    position.letter().to_string(),
                )
            })
            .collect();
        let submitted = attempt::submit(&self.app, &person.id, &paper.attempt, &answers);
        let outcome = self.runtime.block_on(submitted).unwrap();
        assert!(outcome.passed, "{} of {}", outcome.score, outcome.of);
        let claimed = claim::claim(&self.app, &person.id, ClaimRequest::default());
        self.runtime.block_on(claimed).unwrap()
    }
}

impl Terms {
    fn applied(self, terms: RewardTerms) -> RewardTerms {
        match self {
            Self::Commissioned => terms,
            Self::Strict => RewardTerms {
                referral: ReferralPolicy::Off,
                ..terms
            },
            Self::EightPacketsADay => RewardTerms {
                pool: Fen::new(140_400),
                daily_cap: Fen::new(20_000),
                packets_per_day: 8,
                release: Release::Immediate,
                ..terms
            },
        }
    }
}

fn shanghai(text: &str) -> DateTime<Utc> {
    format!("{}+08:00", text.replace(' ', "T")).parse().unwrap()
}
