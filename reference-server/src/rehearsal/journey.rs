//! What a citizen does at each step of the agenda, over HTTP and in WeChat.

use std::{collections::BTreeMap, fmt};

use chrono::{DateTime, TimeDelta, Utc};
use http::Method;
use schedule_core::Window;
use serde_json::{Value, json};
use wechat_adapter::simulator::{
    NewPerson, PacketState, SimulatorError, TransferBill, TransferStage,
};

use super::{
    RehearsalError,
    agenda::{Entry, Outcome, Step},
    books::{Acknowledged, Books},
    citizens::{Citizen, CitizenId, Kind, seconds, words},
    knowledge::Knowledge,
    phone::{Content, Cookies, Login, Network, Reply},
};

/// How often a citizen comes back when the server says "later".
const N_LATER_MAX: u32 = 6;
/// How often a citizen looks for a packet that is not there yet.
const N_LOOKS_MAX: u32 = 4;

/// Every citizen, what they know and what they were told.
pub(super) struct Journeys {
    seed: u64,
    network: Network,
    knowledge: Knowledge,
    windows: BTreeMap<u32, Window>,
    citizens: BTreeMap<CitizenId, Citizen>,
    cookies: BTreeMap<CitizenId, Cookies>,
    pub(super) books: Books,
}

impl fmt::Debug for Journeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Journeys")
            .field("n_citizens", &self.citizens.len())
            .finish_non_exhaustive()
    }
}

/// One step of one citizen: what it looks at and what it leads to.
struct Visit<'a> {
    seed: u64,
    number: u64,
    network: &'a Network,
    knowledge: &'a Knowledge,
    citizen: &'a Citizen,
    closes: DateTime<Utc>,
    openid: String,
    cookies: &'a mut Cookies,
    books: &'a mut Books,
    outcome: Outcome,
}

impl Journeys {
    pub(super) fn new(
        seed: u64,
        network: Network,
        knowledge: Knowledge,
        windows: BTreeMap<u32, Window>,
        citizens: Vec<Citizen>,
    ) -> Self {
        Self {
            seed,
            network,
            knowledge,
            windows,
            citizens: citizens
                .into_iter()
                .map(|citizen| (citizen.id, citizen))
                .collect(),
            cookies: BTreeMap::new(),
            books: Books::default(),
        }
    }

    /// Delivers WeChat Pay's notifications that are due.
    pub(super) async fn tell_ends(&self) {
        self.network.tell_ends().await;
    }

    /// The first entries of the agenda: everybody whom nobody brings, and old followers' past.
    pub(super) fn first_entries(&self) -> Vec<Entry> {
        let mut entries = Vec::new();
        for citizen in self.citizens.values() {
            let entry = |at, step| Entry {
                at,
                citizen: citizen.id,
                step,
            };
            if citizen.kind == Kind::OldFollower
                && let Some(window) = self.windows.get(&citizen.id.city)
            {
                let mut words = words(self.seed, citizen.id, "past", 0);
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
        let Some(citizen) = self.citizens.get(&entry.citizen) else {
            return Ok(Outcome::default());
        };
        let closes = self
            .windows
            .get(&citizen.id.city)
            .map_or(entry.at, Window::end);
        // Whoever won in the city before comes as the person he was there.
        let person = match citizen.kind {
            Kind::Returner => CitizenId {
                city: citizen.id.city.saturating_sub(1),
                ..citizen.id
            },
            _ => citizen.id,
        };
        let visit = Visit {
            seed: self.seed,
            number,
            network: &self.network,
            knowledge: &self.knowledge,
            citizen,
            closes,
            openid: person.openid(),
            cookies: self.cookies.entry(citizen.id).or_default(),
            books: &mut self.books,
            outcome: Outcome::default(),
        };
        let outcome = visit.step(&entry.step).await?;
        self.books.note(&outcome);
        Ok(outcome)
    }
}

impl Visit<'_> {
    async fn step(mut self, step: &Step) -> Result<Outcome, RehearsalError> {
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
                } else if n_before.saturating_add(1) < self.citizen.n_tries {
                    let pause = self.pause("again", 60, 600);
                    let n_before = n_before.saturating_add(1);
                    self.later(pause, Step::Start { n_before });
                }
            }
            Step::Claim { n_before } => self.claim(*n_before).await?,
            Step::Share => self.share().await,
            Step::Open { n_before } => {
                self.open(*n_before).await;
                if self.citizen.is_watched {
                    self.compare_with_my_page().await;
                }
            }
            Step::Unfollow => self.unfollow().await,
        }
        Ok(self.outcome)
    }

    fn now(&self) -> DateTime<Utc> {
        self.network.app().now()
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
        match self.network.log_in(self.cookies, &self.openid).await {
            Login::Open => true,
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
        *self.cookies = Cookies::default();
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
                .browse(self.cookies, Method::POST, "/follow/check", button)
                .await;
            if check.status.is_server_error() {
                self.strange(format!("/follow/check: {}", check.status));
            }
            reply = self.take_paper().await;
        }
        let paper = match reply {
            Reply::Done(paper) => paper,
            Reply::Refused(code) => return self.refused(code),
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
            .call(self.cookies, "/api/v1/attempts", &nothing)
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
            .browse(self.cookies, Method::GET, &path, None)
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
            .call(self.cookies, &path, &json!({ "answers": answers }))
            .await;
        let marked = match reply {
            Reply::Done(marked) => marked,
            Reply::Refused(code) => {
                self.refused(code);
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
            .call(self.cookies, path, &json!({ "answers": others }))
            .await;
        match again {
            Reply::Done(again) if again.get("score") == first.get("score") => {}
            other => self.strange(format!("a paper handed in twice: {other:?}")),
        }
    }

    fn plan_claim(&mut self) {
        let at = match self.citizen.kind {
            Kind::LastMinute => self.closes - self.pause("claim", 0, 1),
            Kind::TooLate => self.closes + self.pause("claim", 0, 20),
            _ => self.now() + self.pause("claim", 4, 60),
        };
        self.at(at, self.citizen.id, Step::Claim { n_before: 0 });
    }

    async fn claim(&mut self, n_before: u32) -> Result<(), RehearsalError> {
        let leaves_first =
            self.citizen.kind == Kind::Unfollower && self.citizen.id.number.is_multiple_of(2);
        if leaves_first {
            self.unfollow().await;
        }
        if !self.log_in().await {
            return Ok(());
        }
        let id = self.citizen.id;
        let key = format!("{}-{}-{}", id.city, id.number, self.number);
        match self.press_open(&key).await? {
            Reply::Done(_) => self.won(&key).await?,
            Reply::Refused(code) => {
                let pause = match code.as_str() {
                    "not-released-until" => Some(self.pause("later", 900, 2_400)),
                    "day-exhausted" => Some(self.until_tomorrow()),
                    _ => None,
                };
                self.refused(code);
                if let Some(pause) = pause
                    && n_before < N_LATER_MAX
                {
                    let n_before = n_before.saturating_add(1);
                    self.later(pause, Step::Claim { n_before });
                }
            }
            Reply::Strange(what) => self.strange(what),
        }
        Ok(())
    }

    fn until_tomorrow(&self) -> TimeDelta {
        let today = schedule_core::ShanghaiDay::from_instant(self.now());
        today.end() - self.now() + self.pause("tomorrow", 5, 20_000)
    }

    /// Presses the button once and notes what the server acknowledges.
    async fn press_open(&mut self, key: &str) -> Result<Reply, RehearsalError> {
        let at = self.now();
        let reply = self
            .network
            .call_once(self.cookies, "/api/v1/claims", key)
            .await;
        let Reply::Done(packet) = &reply else {
            return Ok(reply);
        };
        let text = |field: &str| packet.get(field).and_then(Value::as_str).map(str::to_owned);
        let told = (|| {
            Some(Acknowledged {
                award: text("award")?,
                openid: self.openid.clone(),
                city: text("city")?,
                kind: text("kind")?,
                amount_fen: packet.get("amount_fen")?.as_u64()?,
                at,
            })
        })();
        match told {
            Some(told) => self.books.acknowledge(told)?,
            None => {
                return Ok(Reply::Strange(format!(
                    "a packet without its parts: {packet}"
                )));
            }
        }
        Ok(reply)
    }

    /// What different people do with good luck.
    async fn won(&mut self, key: &str) -> Result<(), RehearsalError> {
        let n_won = self.books.n_won(&self.openid);
        match self.citizen.kind {
            Kind::DoubleTapper => match self.press_open(&format!("{key}-again")).await? {
                Reply::Refused(code) => self.refused(code),
                other => self.strange(format!("a second press: {other:?}")),
            },
            Kind::Replayer => {
                let again = self.press_open(key).await?;
                let is_same =
                    matches!(again, Reply::Done(_)) && self.books.n_won(&self.openid) == n_won;
                if !is_same {
                    self.strange("the same press again was another packet".to_owned());
                }
            }
            Kind::Sharer if n_won <= 1 => {
                let pause = self.pause("share", 60, 300);
                self.later(pause, Step::Share);
            }
            Kind::Sharer if n_won <= self.citizen.friends.len() => {
                let pause = self.pause("again", 60, 600);
                self.later(pause, Step::Start { n_before: 0 });
            }
            Kind::Unfollower => {
                let pause = self.pause("leave", 20, 3_600);
                self.later(pause, Step::Unfollow);
            }
            _ => {}
        }
        if self.citizen.kind != Kind::Ignorer {
            // A few find their packet when it is gone.
            let is_slow = self.citizen.id.number % 40 == 7;
            let pause = match is_slow {
                true => self.pause("open", 25 * 3_600, 30 * 3_600),
                false => self.pause("open", 60, 3_600),
            };
            self.later(pause, Step::Open { n_before: 0 });
        }
        Ok(())
    }

    async fn ask_for_poster(&mut self) -> Reply {
        let nothing = json!({});
        self.network
            .call(self.cookies, "/api/v1/poster", &nothing)
            .await
    }

    async fn share(&mut self) {
        if !self.log_in().await {
            return;
        }
        let mut reply = self.ask_for_poster().await;
        if let Reply::Refused(code) = &reply
            && code == "wechat-unavailable"
        {
            // The page says to try again in a moment, and so he does.
            self.refused(code.clone());
            reply = self.ask_for_poster().await;
        }
        let scene = match reply {
            Reply::Done(poster) => match poster.get("code").and_then(Value::as_str) {
                Some(code) => Some(code.to_owned()),
                None => return self.strange(format!("a poster without a code: {poster}")),
            },
            Reply::Refused(code) => {
                self.refused(code);
                None
            }
            Reply::Strange(what) => {
                self.strange(what);
                None
            }
        };
        // Two in three agree to be told, once; the others look for themselves.
        if scene.is_some() && !self.citizen.id.number.is_multiple_of(3) {
            self.agree_to_a_notice().await;
        }
        let (now, last_call) = (self.now(), self.closes - TimeDelta::minutes(30));
        for &number in &self.citizen.friends {
            let friend = CitizenId {
                number,
                ..self.citizen.id
            };
            let mut words = words(self.seed, friend, "invited", 0);
            let at = (now + seconds(&mut words, 600, 72_000))
                .min(last_call)
                .max(now);
            let scene = scene.clone();
            self.outcome.next.push(Entry {
                at,
                citizen: friend,
                step: Step::Arrive { scene },
            });
        }
        let back =
            (now + self.pause("back", 75_000, 100_000)).min(self.closes - TimeDelta::minutes(10));
        if back > now {
            self.at(back, self.citizen.id, Step::Start { n_before: 0 });
        }
    }

    /// Says yes in WeChat's own window, which the poster's page opens.
    async fn agree_to_a_notice(&mut self) {
        let host = self.network.host();
        let Some(template) = self.network.notice_template() else {
            return;
        };
        let now = self.now();
        let answered = host
            .simulator
            .answer_notice_window(&self.openid, template, true, now);
        match answered {
            Ok(pushes) => {
                if let Err(what) = self.network.deliver(pushes).await {
                    self.strange(what);
                }
            }
            Err(error) => self.strange(format!("a notice could not be agreed to: {error}")),
        }
    }

    /// Takes everything that waits: packets in the dialogue, transfers on the contest's own page.
    async fn open(&mut self, n_before: u32) {
        let now = self.now();
        let Some(person) = self.network.host().simulator.person(&self.openid) else {
            return self.strange("a winner whom WeChat does not know".to_owned());
        };
        let mut n_settled = 0;
        for packet in &person.packets {
            match packet.state {
                PacketState::Sent => {
                    let simulator = &self.network.host().simulator;
                    match simulator.open_packet(&self.openid, &packet.bill_number, now) {
                        Ok(_) => n_settled += 1,
                        Err(error) => self.strange(format!("a packet stayed shut: {error}")),
                    }
                }
                PacketState::Sending => {}
                _ => n_settled += 1,
            }
        }
        let transfers = self.network.host().simulator.transfers_to(&self.openid);
        let is_waiting = |bill: &TransferBill| bill.stage == TransferStage::WaitUserConfirm;
        n_settled += transfers.iter().filter(|bill| !is_waiting(bill)).count();
        if transfers.iter().any(is_waiting) {
            n_settled += self.confirm_transfers().await;
        }
        if n_settled < self.books.n_won(&self.openid) && n_before < N_LOOKS_MAX {
            let pause = self.pause("look", 1_200, 3_600);
            let n_before = n_before.saturating_add(1);
            self.later(pause, Step::Open { n_before });
        }
    }

    /// Presses confirm for every transfer that the person's own records offer; how many went through.
    async fn confirm_transfers(&mut self) -> usize {
        if !self.log_in().await {
            return 0;
        }
        let page = self.my_page().await;
        let packages: Vec<String> = packets_of(&page)
            .filter_map(|packet| {
                let package = packet.get("confirmation")?.get("package")?.as_str()?;
                Some(package.to_owned())
            })
            .collect();
        let now = self.now();
        let mut n_confirmed = 0;
        for package in packages {
            let simulator = &self.network.host().simulator;
            match simulator.confirm_transfer(&self.openid, &package, now) {
                Ok(_) => n_confirmed += 1,
                // The page was drawn in time, and he was not.
                Err(SimulatorError::TransferNotConfirmable { .. }) => {}
                Err(error) => self.strange(format!("a transfer stayed unconfirmed: {error}")),
            }
        }
        n_confirmed
    }

    async fn my_page(&mut self) -> Value {
        let answer = self
            .network
            .browse(self.cookies, Method::GET, "/api/v1/me", None)
            .await;
        serde_json::from_slice(&answer.body).unwrap_or_default()
    }

    /// What the server shows a person of his packets is what he was told.
    async fn compare_with_my_page(&mut self) {
        if !self.log_in().await {
            return;
        }
        let page = self.my_page().await;
        let shown: BTreeMap<&str, u64> = packets_of(&page)
            .filter_map(|packet| {
                let award = packet.get("award")?.as_str()?;
                Some((award, packet.get("amount_fen")?.as_u64()?))
            })
            .collect();
        let told = self.books.won(&self.openid);
        if shown != told {
            let what = format!("/api/v1/me: {shown:?} instead of {told:?}");
            self.outcome.strange.push(what);
        }
    }
}

/// The packets of a person's own records.
fn packets_of(page: &Value) -> impl Iterator<Item = &Value> {
    let packets = page.get("packets").and_then(Value::as_array);
    packets.into_iter().flatten()
}
