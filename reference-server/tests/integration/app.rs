//! A contest in a temporary folder: the real server below the web, a simulated WeChat, a clock that stands.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};
use reference_server::{
    app::{App, PayV3, Sealing, Season, SimulatorHost, WeChat},
    clock::{Clock, SimulatedClock},
    config::EditionName,
    content::{Content, Honours},
    contest::{
        Error, PersonId, Refusal,
        attempt::{self, Outcome, Paper},
        audit,
        claim::{self, ClaimRequest, Packet},
        follow, login,
        pause::{self, Stop, Subject},
        payout, planning, poster,
    },
    entropy::SeededEntropy,
    journal::{InProcessWeChat, JournaledSimulator},
    privacy::{Field, Keys, SeasonSecret},
    rail::Rail,
    setup::{self, Simulated, Wire},
    store::{DecisionClock, Durability, Store},
    worker,
};
use reward_core::{
    ClaimScope, Fen, PacketBounds, ReferralPolicy, Release, Residual, RewardRules, RewardTerms,
};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tokio::sync::Notify;
use wechat_adapter::{
    HttpClient, Request, Response, SendFuture,
    pay::v3::WeChatKeys,
    simulator::{
        AuthorizeOutcome, Fault, FaultRule, NewPerson, PacketState, Push, PushMode,
        SimulatorConfig, TransferSetup,
    },
};

use crate::engine::{Raw, TestDatabase};

/// A week of 8 packets a day, small enough that a test reaches the last fen.
pub(crate) const SMALL: RewardTerms = RewardTerms {
    pool: Fen::new(140_400),
    daily_cap: Fen::new(20_000),
    days: 7,
    bounds: match PacketBounds::new(Fen::new(10), Fen::new(10_000)) {
        Ok(bounds) => bounds,
        Err(_) => panic!("the bounds are in order"),
    },
    top_packet: Fen::new(10_000),
    packets_per_day: 8,
    release: Release::Immediate,
    claim_scope: ClaimScope::Season,
    referral: ReferralPolicy::OnePerNewFollower,
    residual: Residual::Unspendable,
};

/// The first city of the postponed timetable: 22 to 28 April 2020.
pub(crate) const FIRST_CITY: &str = "yancheng";
/// The second one: 29 April to 5 May 2020.
pub(crate) const SECOND_CITY: &str = "suzhou";

/// An instant in Shanghai, as `2020-04-22 12:00:00`; fractions of a second are read too.
pub(crate) fn shanghai(text: &str) -> DateTime<Utc> {
    format!("{}+08:00", text.replace(' ', "T")).parse().unwrap()
}

/// How a contest differs from the usual one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting {
    pub(crate) start: DateTime<Utc>,
    pub(crate) terms: RewardTerms,
    pub(crate) seed: u64,
    /// How the simulated WeChat is reached, and the port of the public address.
    pub(crate) wire: (Wire, u16),
    /// How awards are paid.
    pub(crate) rail: Rail,
    /// When cities are sealed.
    pub(crate) sealing: Sealing,
}

impl Setting {
    /// Noon of the first city's first day.
    pub(crate) fn usual() -> Self {
        Self {
            start: shanghai("2020-04-22 12:00:00"),
            terms: SMALL,
            seed: 7,
            wire: (Wire::InProcess, 8080),
            rail: Rail::RedPacket,
            sealing: Sealing::AtStart,
        }
    }

    pub(crate) fn starting(text: &str) -> Self {
        Self {
            start: shanghai(text),
            ..Self::usual()
        }
    }
}

/// Somebody with a phone.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) openid: String,
    pub(crate) id: PersonId,
}

/// A contest under test.
pub(crate) struct TestApp {
    pub(crate) app: Arc<App>,
    pub(crate) clock: Arc<SimulatedClock>,
    pub(crate) simulator: Arc<JournaledSimulator>,
    pub(crate) pay: Arc<PayWire>,
    seed: u64,
    right: BTreeMap<String, String>,
    database: TestDatabase,
    _dir: TempDir,
}

impl TestApp {
    /// The usual contest.
    pub(crate) async fn new() -> Self {
        Self::with(Setting::usual()).await
    }

    /// The usual contest from another instant.
    pub(crate) async fn starting(text: &str) -> Self {
        Self::with(Setting::starting(text)).await
    }

    /// A contest with its first two cities planned.
    pub(crate) async fn with(setting: Setting) -> Self {
        let dir = TempDir::new().unwrap();
        let database = TestDatabase::new(dir.path());
        Self::on(database, dir, setting).await
    }

    /// The same on a database that the test has made.
    pub(crate) async fn on(database: TestDatabase, dir: TempDir, setting: Setting) -> Self {
        let (content, right) = content(&dir);
        let simulated = setup::simulated(&Simulated {
            data_dir: dir.path().join("data"),
            database: Some(database.of_server()),
            lasting: false,
            start: setting.start,
            clock_runs: false,
            edition: EditionName::Postponed,
            sealing: setting.sealing,
            rail: setting.rail,
            public_url: format!("http://127.0.0.1:{}", setting.wire.1),
            seed: Some(setting.seed),
            wire: setting.wire.0,
            office_program: PathBuf::from(env!("CARGO_BIN_EXE_reference-server")),
        })
        .unwrap();
        let mut app = Arc::try_unwrap(simulated).unwrap();
        let host = app.simulator.clone().unwrap();
        app.season = Arc::new(Season {
            rules: RewardRules::new(setting.terms).unwrap(),
            ..Season::clone(&app.season)
        });
        app.content = content;
        let pay = Arc::new(PayWire::new(Arc::clone(&app.wechat.pay_http)));
        let wechat = Arc::try_unwrap(app.wechat).unwrap();
        app.wechat = Arc::new(WeChat {
            pay_http: Arc::<PayWire>::clone(&pay),
            ..wechat
        });
        let prepared = planning::prepare(&app).await.unwrap();
        if setting.sealing == Sealing::AtStart {
            assert_eq!(prepared.planned, [FIRST_CITY, SECOND_CITY], "{prepared:?}");
        }
        Self {
            app: Arc::new(app),
            clock: host.clock,
            simulator: host.simulator,
            pay,
            seed: setting.seed,
            right,
            database,
            _dir: dir,
        }
    }

    /// The usual contest by transfers, with a WeChat that signs so; these of its keys are known at the start.
    pub(crate) async fn signed_for(setup: TransferSetup, keys: WeChatKeys) -> Self {
        let setting = Setting {
            rail: Rail::Transfer,
            ..Setting::usual()
        };
        let mut test = Self::with(setting).await;
        let url = test.app.public_url.clone();
        let config = SimulatorConfig {
            encoding_aes_key: Some(SimulatorConfig::REHEARSAL_AES_KEY.to_owned()),
            push_mode: PushMode::Encrypted,
            transfers: Some(setup),
            ..SimulatorConfig::rehearsal(&url, &format!("{url}/wechat/callback"))
        };
        test.simulator = Arc::new(JournaledSimulator::forgetful(config).unwrap());
        let clock: Arc<dyn Clock> = Arc::<SimulatedClock>::clone(&test.clock);
        let line = InProcessWeChat::new(Arc::clone(&test.simulator), clock);
        let http: Arc<dyn HttpClient> = Arc::new(line);
        test.pay = Arc::new(PayWire::new(Arc::clone(&http)));
        let app = Arc::try_unwrap(test.app).unwrap();
        let wechat = Arc::try_unwrap(app.wechat).unwrap();
        let v3 = wechat.pay_v3.clone().unwrap();
        test.app = Arc::new(App {
            wechat: Arc::new(WeChat {
                http,
                pay_http: Arc::<PayWire>::clone(&test.pay),
                pay_v3: Some(PayV3 {
                    keys,
                    downloads_certificates: true,
                    ..v3
                }),
                ..wechat
            }),
            simulator: Some(SimulatorHost {
                simulator: Arc::clone(&test.simulator),
                clock: Arc::clone(&test.clock),
            }),
            ..app
        });
        test
    }

    /// From now on the test looks into another database.
    pub(crate) fn move_to(&mut self, database: TestDatabase) {
        self.database = database;
    }

    /// A connection of our own to the database, with every right.
    pub(crate) fn raw(&self) -> Raw {
        self.database.raw()
    }

    /// A connection of our own to the database, with the rights of a server in production.
    pub(crate) fn raw_of_server(&self) -> Raw {
        self.database.raw_of_server()
    }

    /// This contest's database behind another address of its server.
    pub(crate) fn on_another_address(&self, address: &str) -> String {
        self.database.on_another_address(address)
    }

    /// Another store on the same database.
    pub(crate) fn another_store(&self, clock: DecisionClock) -> Store {
        Store::open(&self.database.of_server(), Durability::None, clock).unwrap()
    }

    /// Another instance with a store and a clock of its own.
    pub(crate) fn instance(&self, seed: u64, store: Store, clock: Arc<dyn Clock>) -> Arc<App> {
        let entropy = Arc::new(SeededEntropy::new(seed));
        Arc::new(self.app.beside(store, clock, entropy))
    }

    /// One number from the database.
    pub(crate) fn number(&self, sql: &str) -> i64 {
        self.raw().number(sql)
    }

    /// Another instance of the server on the same database, WeChat and clock.
    pub(crate) fn another_instance(&self, seed: u64) -> Arc<App> {
        self.another_instance_at(seed, Arc::<SimulatedClock>::clone(&self.clock))
    }

    /// Another instance on the same database and WeChat, with a clock of its own.
    pub(crate) fn another_instance_at(&self, seed: u64, clock: Arc<dyn Clock>) -> Arc<App> {
        self.instance(seed, self.another_store(DecisionClock::Caller), clock)
    }

    /// Whoever looks after the keys, with these: another instance with the rights that takes.
    pub(crate) fn custodian(&self, seed: u64, keys: Keys) -> Arc<App> {
        let database = self.database.of_custodian();
        let store = Store::open(&database, Durability::None, DecisionClock::Caller).unwrap();
        let app = self.instance_with_keys(seed, keys);
        let app = Arc::try_unwrap(app).unwrap();
        Arc::new(App { store, ..app })
    }

    /// Another instance that was given these keys.
    pub(crate) fn instance_with_keys(&self, seed: u64, keys: Keys) -> Arc<App> {
        let app = Arc::try_unwrap(self.another_instance(seed)).unwrap();
        Arc::new(App {
            keys: Arc::new(keys),
            ..app
        })
    }

    /// The key from which all others of this contest follow.
    pub(crate) fn master(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(b"rehearsal master key\0");
        hasher.update(self.seed.to_be_bytes());
        hasher.finalize().into()
    }

    /// The secret of this contest's season.
    pub(crate) fn season_secret(&self) -> SeasonSecret {
        SeasonSecret::new(&self.master())
    }

    /// The token for WeChat's calls that every instance shares.
    pub(crate) fn access_token(&self) -> String {
        let sealed = "SELECT value_sealed FROM shared_token WHERE name = 'access_token'";
        let sealed = self.raw().text(sealed);
        let place = Field::SharedToken.of("access_token");
        String::from_utf8(self.app.keys.open(&place, &sealed).unwrap()).unwrap()
    }

    /// Every byte the database keeps, as far as they can be read at all.
    pub(crate) fn stored(&self) -> Vec<u8> {
        self.database.stored()
    }

    /// The province's office has decided about the prizes.
    pub(crate) fn publish_honours(&mut self, honours: Honours) {
        let app = Arc::try_unwrap(self.another_instance(11)).unwrap();
        self.app = Arc::new(App {
            content: app.content.clone().with_honours(honours),
            ..app
        });
    }

    /// Ends this process in the middle of whatever it does, and starts the next one.
    pub(crate) fn crash(&mut self, seed: u64) {
        self.app = self.another_instance(seed);
        self.pay.behave(Behaviour::Deliver);
    }

    /// A person who has logged in and does not follow.
    pub(crate) async fn stranger(&self, name: &str) -> Person {
        let view = self
            .simulator
            .create_person(NewPerson::named(name), self.app.now())
            .unwrap();
        self.login(&view.openid).await
    }

    /// A person who has logged in and follows.
    pub(crate) async fn follower(&self, name: &str) -> Person {
        let person = self.stranger(name).await;
        self.follow(&person, None).await;
        person
    }

    /// Followers in numbers.
    pub(crate) async fn followers(&self, n: usize) -> Vec<Person> {
        let mut people = Vec::with_capacity(n);
        for number in 0..n {
            people.push(self.follower(&format!("person {number}")).await);
        }
        people
    }

    /// Logs an openid in through WeChat's authorize page.
    pub(crate) async fn login(&self, openid: &str) -> Person {
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
        Person {
            openid: openid.to_owned(),
            id: login::finish(&self.app, code).await.unwrap(),
        }
    }

    /// The person follows, by a code or without one, and the account hears of it.
    pub(crate) async fn follow(&self, person: &Person, code: Option<&str>) {
        let pushes = self
            .simulator
            .follow(&person.openid, code, self.app.now())
            .unwrap();
        self.deliver_all(&pushes).await;
    }

    /// The person leaves, and the account hears of it.
    pub(crate) async fn unfollow(&self, person: &Person) {
        let pushes = self
            .simulator
            .unfollow(&person.openid, self.app.now())
            .unwrap();
        self.deliver_all(&pushes).await;
    }

    /// Hands pushes to the server.
    pub(crate) async fn deliver_all(&self, pushes: &[Push]) {
        for push in pushes {
            self.deliver(push).await.unwrap();
        }
    }

    /// Hands one push to the server.
    pub(crate) async fn deliver(&self, push: &Push) -> Result<(), follow::CallbackRefusal> {
        let query = push.request.uri().query().unwrap_or_default();
        follow::receive(&self.app, query, push.request.body())
            .await
            .map(drop)
    }

    /// The person's own code, which stands in his QR.
    pub(crate) async fn code_of(&self, person: &Person) -> String {
        poster::poster(&self.app, &person.id).await.unwrap().code
    }

    /// Draws a paper.
    pub(crate) async fn start(&self, person: &Person) -> Paper {
        attempt::start(&self.app, &person.id).await.unwrap()
    }

    /// Answers to a paper, the first `n_right` of them right and the rest wrong.
    pub(crate) fn answers(&self, paper: &Paper, n_right: usize) -> BTreeMap<String, String> {
        paper
            .items
            .iter()
            .enumerate()
            .map(|(index, item)| {
                let right = &self.right[&item.stem];
                let (position, _text) = item
                    .options
                    .iter()
                    .find(|(_position, text)| (text == right) == (index < n_right))
                    .unwrap();
                (
                    item.ordinal.number().to_string(),
                    position.letter().to_string(),
                )
            })
            .collect()
    }

    /// The text of the right option under a stem.
    pub(crate) fn right(&self, stem: &str) -> &str {
        &self.right[stem]
    }

    /// Every stem of the province and of the two cities.
    pub(crate) fn stems(&self) -> impl Iterator<Item = &str> {
        self.right.keys().map(String::as_str)
    }

    /// Submits a paper with so many right answers.
    pub(crate) async fn submit(
        &self,
        person: &Person,
        paper: &Paper,
        n_right: usize,
    ) -> Result<Outcome, Error> {
        let answers = self.answers(paper, n_right);
        attempt::submit(&self.app, &person.id, &paper.attempt, &answers).await
    }

    /// Draws a paper and submits it with so many right answers.
    pub(crate) async fn answer(&self, person: &Person, n_right: usize) -> Outcome {
        let paper = self.start(person).await;
        self.submit(person, &paper, n_right).await.unwrap()
    }

    /// Claims with the oldest unused pass.
    pub(crate) async fn claim(&self, person: &Person) -> Result<Packet, Error> {
        claim::claim(&self.app, &person.id, ClaimRequest::default()).await
    }

    /// Claims with one attempt.
    pub(crate) async fn claim_with(&self, person: &Person, attempt: &str) -> Result<Packet, Error> {
        let request = ClaimRequest {
            attempt: Some(attempt.to_owned()),
            request_key: None,
        };
        claim::claim(&self.app, &person.id, request).await
    }

    /// A new follower who has passed and claimed.
    pub(crate) async fn winner(&self, name: &str) -> (Person, Packet) {
        let person = self.follower(name).await;
        self.answer(&person, 5).await;
        let packet = self.claim(&person).await.unwrap();
        (person, packet)
    }

    /// Moves the clock to an instant.
    pub(crate) fn sleep_until(&self, instant: DateTime<Utc>) {
        self.clock.advance_to(instant);
        self.simulator.advance(self.app.now());
    }

    /// Lets a span pass.
    pub(crate) fn sleep(&self, span: TimeDelta) {
        self.sleep_until(self.app.now() + span);
    }

    /// Pauses this in a city with this sentence.
    pub(crate) async fn pause(&self, city: &str, subject: Subject, sentence: &str) {
        let stop = Stop {
            subject,
            sentence: sentence.to_owned(),
            reason: "something is wrong".to_owned(),
            everywhere: false,
        };
        pause::begin(&self.app, city, stop, "chen").await.unwrap();
    }

    /// Drives the payments that are due now.
    pub(crate) async fn settle(&self) -> payout::Round {
        worker::settle_due(&self.app, 64).await.unwrap()
    }

    /// Lets a span pass, and drives payments whenever one is due in it.
    pub(crate) async fn settle_for(&self, span: TimeDelta) {
        let until = self.app.now() + span;
        loop {
            self.settle().await;
            let Some(next) = payout::next_due(&self.app).await.unwrap() else {
                break;
            };
            let next = next.max(self.app.now() + TimeDelta::seconds(1));
            if next > until {
                break;
            }
            self.sleep_until(next);
        }
        self.sleep_until(until);
        self.settle().await;
    }

    /// The person opens every packet that lies in the dialogue; how many there were.
    pub(crate) fn open_packets(&self, person: &Person) -> usize {
        let view = self.simulator.person(&person.openid).unwrap();
        let waiting: Vec<_> = view
            .packets
            .iter()
            .filter(|packet| packet.state == PacketState::Sent)
            .collect();
        for packet in &waiting {
            self.simulator
                .open_packet(&person.openid, &packet.bill_number, self.app.now())
                .unwrap();
        }
        waiting.len()
    }

    /// From now on this goes wrong.
    pub(crate) fn fault(&self, fault: Fault) {
        self.simulator.set_faults(vec![FaultRule::always(fault)]);
    }

    /// The next call this applies to goes wrong.
    pub(crate) fn fault_once(&self, fault: Fault) {
        self.simulator.set_faults(vec![FaultRule::once(fault)]);
    }

    /// Nothing goes wrong any more.
    pub(crate) fn no_faults(&self) {
        self.simulator.set_faults(Vec::new());
    }

    /// The state of the one payment of an award.
    pub(crate) fn payment_state(&self, award: &str) -> String {
        self.raw().text(&format!(
            "SELECT state FROM payment WHERE award = '{award}'"
        ))
    }

    /// Every violation the auditor finds, WeChat's own record included.
    pub(crate) async fn violations(&self) -> Vec<String> {
        let ledger = self.simulator.ledger();
        audit::violations(&self.app, Some(&ledger))
            .await
            .unwrap()
            .into_iter()
            .map(|found| format!("{}: {}", found.invariant, found.detail))
            .collect()
    }

    /// What the checker written in SQL alone finds.
    pub(crate) async fn found_by_sql(&self) -> Vec<String> {
        let found = audit::found_by_sql(&self.app).await.unwrap();
        found.into_iter().map(|found| found.invariant).collect()
    }

    /// Nothing is wrong, say both checkers.
    pub(crate) async fn assert_sound(&self) {
        assert_eq!(self.violations().await, Vec::<String>::new());
        assert_eq!(self.found_by_sql().await, Vec::<String>::new());
    }
}

/// The refusal in a result that must be one.
pub(crate) fn refusal<T>(result: Result<T, Error>) -> Refusal {
    match result {
        Err(Error::Refused(refusal)) => refusal,
        Err(error) => panic!("failed instead of refusing: {error}"),
        Ok(_) => panic!("accepted instead of refusing"),
    }
}

/// The stable word of the refusal in a result that must be one.
pub(crate) fn code<T>(result: Result<T, Error>) -> &'static str {
    refusal(result).code()
}

/// A city's page by somebody who wishes its readers ill.
const HOSTILE_PAGE: &str = "欢迎来盐城。<script>alert(1)</script>\n\n<p style=\"position:fixed\" onclick=\"alert(1)\">好</p>\n\n[点](javascript:alert(1)) ![图](https://evil.example/pixel.png)\n\n![大桥](bridge.png)\n";

/// What explains the key of a stem in the test's own banks.
pub(crate) fn explanation(stem: &str) -> String {
    format!("因为这条解析属于“{stem}”")
}

/// What a stem of the test's own banks rests on.
pub(crate) fn source(stem: &str) -> String {
    format!("依据文件{}", hex::encode(&Sha256::digest(stem)[..6]))
}

/// Question files of the province and of two cities, and the right option of every stem.
fn content(dir: &TempDir) -> (Content, BTreeMap<String, String>) {
    let root = dir.path().join("content");
    let right = write_content(&root);
    (Content::from_dir(&root).unwrap(), right)
}

/// Writes the test's content into a folder; the right option of every stem.
pub(crate) fn write_content(root: &Path) -> BTreeMap<String, String> {
    fs::create_dir_all(root.join("cities")).unwrap();
    fs::create_dir_all(root.join("banks")).unwrap();
    let city = root.join("cities").join(FIRST_CITY);
    fs::create_dir_all(&city).unwrap();
    let about = "name = \"盐城市\"\ntagline = \"守信之城\"\nsample = true\nlinks = []\n";
    fs::write(
        city.join("city.toml"),
        format!("slug = \"{FIRST_CITY}\"\n{about}"),
    )
    .unwrap();
    fs::write(city.join("page.md"), HOSTILE_PAGE).unwrap();
    fs::create_dir_all(city.join("pictures")).unwrap();
    image::RgbImage::new(30, 20)
        .save(city.join("pictures").join("bridge.png"))
        .unwrap();
    let video = [b"\0\0\0\x18ftypmp42".to_vec(), vec![0; 2_000]].concat();
    fs::write(city.join("video.mp4"), video).unwrap();
    fs::write(city.join("hero.svg"), "<svg onload=\"alert(1)\"/>").unwrap();
    let mut right = BTreeMap::new();
    for name in ["province", FIRST_CITY, SECOND_CITY] {
        let mut table = "题干,选项A,选项B,选项C,选项D,答案,解析,来源\n".to_owned();
        for number in 1..=50_u32 {
            let stem = format!("{name}题库中编号{number}的信用条款规定的期限是多少天？");
            let mut options: Vec<String> =
                (1..=3).map(|more| format!("{}天", number + more)).collect();
            let key = usize::try_from(number % 4).unwrap();
            options.insert(key, format!("{number}天"));
            let letter = ["A", "B", "C", "D"][key];
            let (explanation, source) = (explanation(&stem), source(&stem));
            writeln!(
                table,
                "{stem},{},{letter},{explanation},{source}",
                options.join(",")
            )
            .unwrap();
            right.insert(stem, format!("{number}天"));
        }
        fs::write(root.join("banks").join(format!("{name}.csv")), table).unwrap();
    }
    right
}

/// What the line to WeChat Pay does with the next calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// Delivers every call and its answer.
    Deliver,
    /// Keeps the call with this number (from 0) for ever; WeChat never sees it.
    KeepCall(u32),
    /// Delivers the call with this number and keeps its answer for ever.
    KeepAnswer(u32),
    /// Writes another amount into every answer.
    OtherAmount,
}

/// The line to WeChat Pay, which can be cut on either side of a call.
#[derive(Debug)]
pub(crate) struct PayWire {
    inner: Arc<dyn HttpClient>,
    state: Mutex<(Behaviour, u32)>,
    kept: Notify,
}

impl PayWire {
    fn new(inner: Arc<dyn HttpClient>) -> Self {
        Self {
            inner,
            state: Mutex::new((Behaviour::Deliver, 0)),
            kept: Notify::new(),
        }
    }

    /// Changes what happens from the next call on, which is number 0 again.
    pub(crate) fn behave(&self, behaviour: Behaviour) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = (behaviour, 0);
    }

    /// Waits until a call or an answer is kept.
    pub(crate) async fn has_kept(&self) {
        self.kept.notified().await;
    }

    /// What happens to this call, and its number.
    fn next_call(&self) -> (Behaviour, u32) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = *state;
        state.1 += 1;
        now
    }
}

impl HttpClient for PayWire {
    fn send(&self, request: Request) -> SendFuture<'_> {
        match self.next_call() {
            (Behaviour::KeepCall(kept), number) if kept == number => Box::pin(async move {
                self.kept.notify_one();
                std::future::pending().await
            }),
            (Behaviour::KeepAnswer(kept), number) if kept == number => Box::pin(async move {
                drop(self.inner.send(request).await);
                self.kept.notify_one();
                std::future::pending().await
            }),
            (Behaviour::OtherAmount, _) => {
                Box::pin(async move { self.inner.send(request).await.map(with_another_amount) })
            }
            _ => self.inner.send(request),
        }
    }

    fn download(&self, request: Request, limit_bytes: usize) -> SendFuture<'_> {
        let (behaviour, _number) = *self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if behaviour == Behaviour::Deliver {
            self.next_call();
            return self.inner.download(request, limit_bytes);
        }
        self.send(request)
    }
}

fn with_another_amount(answer: Response) -> Response {
    answer.map(|body| {
        let text = String::from_utf8(body).unwrap();
        text.replace("<total_amount>", "<total_amount>1")
            .replace("\"transfer_amount\":", "\"transfer_amount\":1")
            .into_bytes()
    })
}
