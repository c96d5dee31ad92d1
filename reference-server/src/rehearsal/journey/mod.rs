//! What a citizen does at each step of the agenda, over HTTP and in WeChat.
//!
//! | file | what happens there |
//! |---|---|
//! | `winning` | packets: opened, shared, taken, looked at |

mod winning;

use std::{cell::RefCell, collections::BTreeMap, fmt};

use chrono::{DateTime, TimeDelta, Utc};
use http::Method;
use schedule_core::Window;
use serde_json::{Value, json};
use wechat_adapter::simulator::NewPerson;

use super::{
    RehearsalError,
    agenda::{Entry, Outcome, Step},
    books::Books,
    citizens::{Citizen, CitizenId, Kind, below, seconds, words},
    crew::{Crew, Going},
    knowledge::Knowledge,
    phone::{Content, Cookies, Login, Network, Reply},
};

/// How often a citizen comes back when the server says "later".
const N_LATER_MAX: u32 = 6;
/// How often a citizen looks for a packet that is not there yet.
const N_LOOKS_MAX: u32 = 4;

/// Every citizen, what they know and what they were told.
pub(super) struct Journeys {
    world: World,
    cookies: BTreeMap<CitizenId, Cookies>,
    pub(super) books: Books,
}

/// What citizens have in common.
struct World {
    seed: u64,
    network: Network,
    knowledge: Knowledge,
    windows: BTreeMap<u32, Window>,
    citizens: BTreeMap<CitizenId, Citizen>,
    /// The codes on the posters that were seen.
    codes: RefCell<Vec<String>>,
}

impl fmt::Debug for Journeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Journeys")
            .field("n_citizens", &self.world.citizens.len())
            .finish_non_exhaustive()
    }
}

/// One step of one citizen: what it looks at and what it leads to.
struct Visit<'a, 'b> {
    seed: u64,
    number: u64,
    world: &'a World,
    network: &'a Network,
    knowledge: &'a Knowledge,
    citizen: &'a Citizen,
    closes: DateTime<Utc>,
    openid: String,
    cookies: Cookies,
    books: &'a RefCell<&'b mut Books>,
    /// The key of a press that got no answer.
    unanswered: Option<String>,
    /// Whether an answer got lost, so that the step has to be repeated.
    is_cut_off: bool,
    outcome: Outcome,
}

/// How a visit ended: what it led to, and the citizen's cookies.
pub(super) type Ended = Result<(Outcome, Cookies), RehearsalError>;

impl Journeys {
    pub(super) fn new(
        seed: u64,
        network: Network,
        knowledge: Knowledge,
        windows: BTreeMap<u32, Window>,
        citizens: Vec<Citizen>,
    ) -> Self {
        let citizens = citizens.into_iter();
        Self {
            world: World {
                seed,
                network,
                knowledge,
                windows,
                citizens: citizens.map(|citizen| (citizen.id, citizen)).collect(),
                codes: RefCell::default(),
            },
            cookies: BTreeMap::new(),
            books: Books::default(),
        }
    }

    /// The way to the server.
    pub(super) fn network(&self) -> &Network {
        &self.world.network
    }

    /// The first entries of the agenda: everybody whom nobody brings, and old followers' past.
    pub(super) fn first_entries(&self) -> Vec<Entry> {
        let mut entries = Vec::new();
        for citizen in self.world.citizens.values() {
            let entry = |at, step| Entry {
                at,
                citizen: citizen.id,
                step,
            };
            if citizen.kind == Kind::OldFollower
                && let Some(window) = self.world.windows.get(&citizen.id.city)
            {
                let mut words = words(self.world.seed, citizen.id, "past", 0);
                let past = window.start() - seconds(&mut words, 1_800, 7_000);
                entries.push(entry(past, Step::FollowAndLeave));
            }
            if citizen.brought_by.is_none() {
                entries.push(entry(citizen.arrives, Step::Arrive { scene: None }));
            }
        }
        entries
    }

    /// Does one entry of the agenda.
    pub(super) async fn perform(
        &mut self,
        number: u64,
        entry: &Entry,
    ) -> Result<Outcome, RehearsalError> {
        let cookies = self.cookies.remove(&entry.citizen).unwrap_or_default();
        let shared = RefCell::new(&mut self.books);
        let Some(visit) = self.world.visit(number, entry, cookies, &shared) else {
            return Ok(Outcome::default());
        };
        let (outcome, cookies) = visit.step(&entry.step).await?;
        self.cookies.insert(entry.citizen, cookies);
        self.books.note(&outcome);
        Ok(outcome)
    }

    /// Does entries that are under way together, as the crew takes their steps.
    pub(super) async fn perform_together(
        &mut self,
        entries: &[(u64, Entry)],
        crew: &mut Crew,
    ) -> Result<Vec<(u64, Outcome)>, RehearsalError> {
        let shared = RefCell::new(&mut self.books);
        let mut visits = Vec::new();
        for (number, entry) in entries {
            let cookies = self.cookies.remove(&entry.citizen).unwrap_or_default();
            // The same press twice: the other one has the same key, and nobody waits for it.
            let ghost = crew.is_doubled(&entry.step).then(|| cookies.clone());
            for (is_ghost, cookies) in [(false, Some(cookies)), (true, ghost)] {
                let visit =
                    cookies.and_then(|cookies| self.world.visit(*number, entry, cookies, &shared));
                let Some(visit) = visit else { continue };
                let ended = async move {
                    let ended = visit.step(&entry.step).await;
                    (*number, entry.citizen, is_ghost, ended)
                };
                visits.push(Going::new(entry.step.name(), entry.at, Box::pin(ended)));
            }
        }
        let ended = crew.run(visits).await?;
        let mut outcomes = Vec::new();
        for (number, citizen, is_ghost, ended) in ended {
            let (mut outcome, cookies) = ended?;
            if is_ghost {
                outcome.next.clear();
                self.books.note(&outcome);
                continue;
            }
            self.cookies.insert(citizen, cookies);
            self.books.note(&outcome);
            outcomes.push((number, outcome));
        }
        Ok(outcomes)
    }
}

impl World {
    fn visit<'a, 'b>(
        &'a self,
        number: u64,
        entry: &Entry,
        cookies: Cookies,
        books: &'a RefCell<&'b mut Books>,
    ) -> Option<Visit<'a, 'b>> {
        let citizen = self.citizens.get(&entry.citizen)?;
        let window = self.windows.get(&citizen.id.city);
        // Whoever won in the city before comes as the person he was there.
        let person = match citizen.kind {
            Kind::Returner => CitizenId {
                city: citizen.id.city.saturating_sub(1),
                ..citizen.id
            },
            _ => citizen.id,
        };
        Some(Visit {
            seed: self.seed,
            number,
            world: self,
            network: &self.network,
            knowledge: &self.knowledge,
            citizen,
            closes: window.map_or(entry.at, Window::end),
            openid: person.openid(),
            cookies,
            books,
            unanswered: None,
            is_cut_off: false,
            outcome: Outcome::default(),
        })
    }
}

impl Visit<'_, '_> {
    /// Does the step; whoever was cut off does it again a little later.
    async fn step(mut self, step: &Step) -> Ended {
        self.take(step).await?;
        if self.is_cut_off {
            let again = match step {
                Step::Claim { n_before, .. } => Some(Step::Claim {
                    n_before: *n_before,
                    key: self.unanswered.take(),
                }),
                // He follows already.
                Step::Arrive { .. } | Step::ComeBack => Some(Step::Start { n_before: 0 }),
                Step::Unfollow | Step::FollowAndLeave => None,
                step => Some(step.clone()),
            };
            if let Some(again) = again {
                let pause = self.pause("cut off", 5, 300);
                self.later(pause, again);
            }
        }
        Ok((self.outcome, self.cookies))
    }

    async fn take(&mut self, step: &Step) -> Result<(), RehearsalError> {
        match step {
            Step::FollowAndLeave => self.follow_and_leave().await,
            Step::Arrive { scene } => self.arrive(scene.as_deref()).await,
            Step::Start { n_before } => self.start(*n_before).await,
            Step::Submit {
                token,
                answers,
                n_right,
                n_before,
            } => {
                if self.submit(token, answers, *n_right).await {
                    self.plan_claim();
                } else if !self.is_cut_off && n_before.saturating_add(1) < self.citizen.n_tries {
                    let pause = self.pause("again", 60, 600);
                    let n_before = n_before.saturating_add(1);
                    self.later(pause, Step::Start { n_before });
                }
            }
            Step::Claim { n_before, key } => self.claim(*n_before, key.as_deref()).await?,
            Step::Share => self.share().await,
            Step::Open { n_before } => {
                self.open(*n_before).await;
                if self.citizen.is_watched && !self.is_cut_off {
                    self.compare_with_my_page().await;
                }
            }
            Step::Unfollow => {
                self.unfollow().await;
                if self.network.is_hostile() {
                    let pause = self.pause("come back", 60, 40_000);
                    self.later(pause, Step::ComeBack);
                }
            }
            Step::ComeBack => {
                let scene = self.some_code();
                self.follow(scene.as_deref()).await;
                self.start(0).await;
            }
        }
        Ok(())
    }

    /// Notes that an answer got lost; where that cannot be, nobody should ever see it.
    fn cut_off(&mut self, what: &str) {
        if self.network.is_hostile() {
            self.is_cut_off = true;
        } else {
            self.strange(format!("{what}: no answer"));
        }
    }

    /// A code off somebody's poster.
    fn some_code(&self) -> Option<String> {
        let codes = self.world.codes.borrow();
        let mut words = words(self.seed, self.citizen.id, "code", self.number);
        let at = below(&mut words, u64::try_from(codes.len()).unwrap_or(0).max(1));
        codes.get(usize::try_from(at).ok()?).cloned()
    }

    fn now(&self) -> DateTime<Utc> {
        self.network.now()
    }

    fn pause(&self, purpose: &str, from_seconds: u64, to_seconds: u64) -> TimeDelta {
        let mut words = words(self.seed, self.citizen.id, purpose, self.number);
        seconds(&mut words, from_seconds, to_seconds)
    }

    fn at(&mut self, at: DateTime<Utc>, citizen: CitizenId, step: Step) {
        self.outcome.next.push(Entry { at, citizen, step });
    }

    fn later(&mut self, pause: TimeDelta, step: Step) {
        self.at(self.now() + pause, self.citizen.id, step);
    }

    fn refused(&mut self, code: String) {
        self.outcome.refused.push(code);
    }

    fn strange(&mut self, what: String) {
        self.outcome.strange.push(what);
    }

    /// Follows, and lets WeChat tell the server; returns whether WeChat told anything.
    async fn follow(&mut self, scene: Option<&str>) -> bool {
        let host = self.network.host();
        let now = self.now();
        let person = NewPerson {
            name: self.openid.clone(),
            openid: Some(self.openid.clone()),
            snapshot_user: false,
        };
        if host.simulator.person(&self.openid).is_none()
            && let Err(error) = host.simulator.create_person(person, now)
        {
            self.strange(format!("a person could not be made: {error}"));
        }
        let pushes = match host.simulator.follow(&self.openid, scene, now) {
            Ok(pushes) => pushes,
            Err(error) => {
                self.strange(format!("a person could not follow: {error}"));
                return false;
            }
        };
        let was_told = !pushes.is_empty();
        let n_deliveries = if self.citizen.kind == Kind::Replayer {
            3
        } else {
            1
        };
        for _ in 0..n_deliveries {
            if let Err(what) = self.network.deliver(pushes.clone()).await {
                self.strange(what);
            }
        }
        was_told
    }

    async fn unfollow(&mut self) {
        let now = self.now();
        match self.network.host().simulator.unfollow(&self.openid, now) {
            Ok(pushes) => {
                if let Err(what) = self.network.deliver(pushes).await {
                    self.strange(what);
                }
            }
            Err(error) => self.strange(format!("a person could not leave: {error}")),
        }
    }

    /// An old follower is one the account knows of, so a lost push is tried again.
    async fn follow_and_leave(&mut self) {
        for _ in 0..8 {
            let was_told = self.follow(None).await;
            self.unfollow().await;
            if was_told {
                break;
            }
        }
    }

    async fn arrive(&mut self, scene: Option<&str>) {
        if self.citizen.kind == Kind::NeverFollower {
            let person = NewPerson {
                name: self.openid.clone(),
                openid: Some(self.openid.clone()),
                snapshot_user: false,
            };
            // After a kill the person may be there already.
            drop(
                self.network
                    .host()
                    .simulator
                    .create_person(person, self.now()),
            );
        } else {
            self.follow(scene).await;
            if scene.is_some()
                && self.citizen.kind == Kind::Friend
                && let Some(sharer) = self.citizen.brought_by
            {
                self.outcome.brought_by = Some(CitizenId {
                    number: sharer,
                    ..self.citizen.id
                });
            }
        }
        self.start(0).await;
    }

    async fn log_in(&mut self) -> bool {
        if !self.cookies.is_empty() {
            return true;
        }
        match self.network.log_in(&mut self.cookies, &self.openid).await {
            Login::Open => true,
            Login::Lost => {
                self.cut_off("login");
                false
            }
            Login::Strange(what) => {
                self.strange(what);
                false
            }
        }
    }

    /// Logs in again when the session has run out; the caller repeats his call.
    async fn was_logged_out(&mut self, reply: &Reply) -> bool {
        if !matches!(reply, Reply::Refused(code) if code == "login-required") {
            return false;
        }
        self.cookies = Cookies::default();
        self.log_in().await
    }

    /// Takes a paper and sits down with it.
    async fn start(&mut self, n_before: u32) {
        if !self.log_in().await {
            return;
        }
        let mut reply = self.take_paper().await;
        if self.was_logged_out(&reply).await {
            reply = self.take_paper().await;
        }
        if matches!(&reply, Reply::Refused(code) if code == "not-following")
            && self.phone_says_following()
        {
            // WeChat's message was lost: the button "I follow now" makes the server ask.
            let button = Some(Content::button());
            let check = self
                .network
                .browse(&mut self.cookies, Method::POST, "/follow/check", button)
                .await;
            let is_wechat = self.network.is_hostile() && check.status.as_u16() == 502;
            if check.status.is_server_error() && !check.is_lost && !is_wechat {
                self.strange(format!("/follow/check: {}", check.status));
            }
            reply = self.take_paper().await;
        }
        let paper = match reply {
            Reply::Done(paper) => paper,
            Reply::Refused(code) => return self.refused(code),
            Reply::Lost => return self.cut_off("a paper"),
            Reply::Strange(what) => return self.strange(what),
        };
        if self.citizen.is_watched {
            self.search_for_keys(&paper).await;
        }
        let mut words = words(self.seed, self.citizen.id, "answers", self.number);
        let knows = self.citizen.knows_per_mille;
        let filled = self.knowledge.fill(&paper, knows, &mut words);
        let token = paper.get("attempt_id").and_then(Value::as_str);
        let (Some(filled), Some(token)) = (filled, token) else {
            return self.strange("a paper that cannot be read".to_owned());
        };
        let step = Step::Submit {
            token: token.to_owned(),
            answers: filled.answers,
            n_right: filled.n_right,
            n_before,
        };
        let hand_in = self.hand_in_at();
        self.at(hand_in, self.citizen.id, step);
    }

    async fn take_paper(&mut self) -> Reply {
        let nothing = json!({});
        self.network
            .call(&mut self.cookies, "/api/v1/attempts", &nothing)
            .await
    }

    fn phone_says_following(&self) -> bool {
        let person = self.network.host().simulator.person(&self.openid);
        person.is_some_and(|person| person.following)
    }

    fn hand_in_at(&self) -> DateTime<Utc> {
        match self.citizen.kind {
            Kind::LastMinute => self.closes - self.pause("read", 1, 20),
            // Half of them hand in after midnight, the others only open after it.
            Kind::TooLate if self.citizen.id.number.is_multiple_of(2) => {
                self.closes + self.pause("read", 0, 30)
            }
            Kind::TooLate => self.closes - self.pause("read", 1, 15),
            Kind::Careful => self.now() + self.pause("read", 120, 400),
            _ => self.now() + self.pause("read", 40, 200),
        }
    }

    async fn search_for_keys(&mut self, paper: &Value) {
        let Some(token) = paper.get("attempt_id").and_then(Value::as_str) else {
            return;
        };
        let path = format!("/quiz/{token}");
        let page = self
            .network
            .browse(&mut self.cookies, Method::GET, &path, None)
            .await;
        let page = String::from_utf8_lossy(&page.body).into_owned();
        for leak in self.knowledge.leaks(paper, &[&page]) {
            self.strange(format!("before submission: {leak}"));
        }
    }

    /// Hands a paper in; returns whether it passed.
    async fn submit(
        &mut self,
        token: &str,
        answers: &BTreeMap<String, String>,
        n_right: u32,
    ) -> bool {
        if !self.log_in().await {
            return false;
        }
        let path = format!("/api/v1/attempts/{token}/submission");
        let reply = self
            .network
            .call(&mut self.cookies, &path, &json!({ "answers": answers }))
            .await;
        let marked = match reply {
            Reply::Done(marked) => marked,
            Reply::Refused(code) => {
                self.refused(code);
                return false;
            }
            Reply::Lost => {
                self.cut_off("a submission");
                return false;
            }
            Reply::Strange(what) => {
                self.strange(what);
                return false;
            }
        };
        if self.citizen.kind == Kind::Replayer {
            self.submit_again(&path, answers, &marked).await;
        }
        let score = marked.get("score").and_then(Value::as_u64);
        let passed = marked.get("passed").and_then(Value::as_bool);
        if score != Some(u64::from(n_right)) || passed != Some(n_right >= 5) {
            let told = format!("{score:?} passed {passed:?}");
            self.strange(format!("{n_right} right answers were marked {told}"));
        }
        passed == Some(true)
    }

    /// The same token with other answers must give the first result.
    async fn submit_again(
        &mut self,
        path: &str,
        answers: &BTreeMap<String, String>,
        first: &Value,
    ) {
        let others: BTreeMap<&String, &str> = answers.keys().map(|key| (key, "A")).collect();
        let again = self
            .network
            .call(&mut self.cookies, path, &json!({ "answers": others }))
            .await;
        match again {
            Reply::Done(again) if again.get("score") == first.get("score") => {}
            Reply::Lost if self.network.is_hostile() => {}
            other => self.strange(format!("a paper handed in twice: {other:?}")),
        }
    }
}
