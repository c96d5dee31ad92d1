//! What a citizen does about packets: opens, shares, takes, and looks whether they are what he was told.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use http::Method;
use serde_json::{Value, json};
use wechat_adapter::simulator::{PacketState, SimulatorError, TransferBill, TransferStage};

use super::{N_LATER_MAX, N_LOOKS_MAX, Visit};
use crate::rehearsal::{
    RehearsalError,
    agenda::{Entry, Step},
    books::Acknowledged,
    citizens::{CitizenId, Kind, seconds, words},
    climate::SLACK,
    phone::Reply,
};

impl Visit<'_, '_> {
    pub(super) fn plan_claim(&mut self) {
        let at = match self.citizen.kind {
            Kind::LastMinute => self.closes - self.pause("claim", 0, 1),
            Kind::TooLate => self.closes + self.pause("claim", 0, 20),
            _ if self.network.is_hostile() => self.at_midnight("claim"),
            _ => self.now() + self.pause("claim", 4, 60),
        };
        let key = None;
        self.at(at, self.citizen.id, Step::Claim { n_before: 0, key });
    }

    /// A moment within three seconds of a midnight that is near, otherwise soon.
    fn at_midnight(&self, purpose: &str) -> DateTime<Utc> {
        let midnight = schedule_core::ShanghaiDay::from_instant(self.now()).end();
        if midnight - self.now() > TimeDelta::minutes(10) {
            return self.now() + self.pause(purpose, 4, 60);
        }
        let at = midnight + self.pause(purpose, 0, 6) - TimeDelta::seconds(3);
        at.max(self.now())
    }

    pub(super) async fn claim(
        &mut self,
        n_before: u32,
        key: Option<&str>,
    ) -> Result<(), RehearsalError> {
        let leaves_first =
            self.citizen.kind == Kind::Unfollower && self.citizen.id.number.is_multiple_of(2);
        if leaves_first {
            self.unfollow().await;
        }
        if !self.log_in().await {
            return Ok(());
        }
        let id = self.citizen.id;
        let is_first = key.is_none();
        let own = || format!("{}-{}-{}", id.city, id.number, self.number);
        let key = key.map_or_else(own, str::to_owned);
        let pressed = self.now();
        match self.press_open(&key).await? {
            Reply::Done(packet) => {
                if is_first && self.network.is_hostile() {
                    self.look_at_the_instant(&packet, pressed);
                }
                self.won(&key).await?;
            }
            Reply::Lost => {
                self.cut_off("a claim");
                self.unanswered = Some(key);
            }
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
                    let (n_before, key) = (n_before.saturating_add(1), None);
                    self.later(pause, Step::Claim { n_before, key });
                }
            }
            Reply::Strange(what) => self.strange(what),
        }
        Ok(())
    }

    /// Whatever the clocks say, it was decided between the press and the answer.
    fn look_at_the_instant(&mut self, packet: &Value, pressed: DateTime<Utc>) {
        let told = self.now();
        match decided(packet) {
            Some(decided) if decided >= pressed - SLACK && decided <= told + SLACK => {}
            decided => self.strange(format!(
                "pressed {pressed}, told {told}, decided {decided:?}"
            )),
        }
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
            .call_once(&mut self.cookies, "/api/v1/claims", key)
            .await;
        let Reply::Done(packet) = &reply else {
            return Ok(reply);
        };
        let at = match self.network.is_hostile() {
            true => decided(packet).unwrap_or(at),
            false => at,
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
            Some(told) => self.books.borrow_mut().acknowledge(told)?,
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
        let n_won = self.books.borrow().n_won(&self.openid);
        match self.citizen.kind {
            Kind::DoubleTapper => match self.press_open(&format!("{key}-again")).await? {
                Reply::Refused(code) => self.refused(code),
                Reply::Lost if self.network.is_hostile() => {}
                other => self.strange(format!("a second press: {other:?}")),
            },
            Kind::Replayer => {
                let again = self.press_open(key).await?;
                let is_lost = matches!(again, Reply::Lost) && self.network.is_hostile();
                let is_same = matches!(again, Reply::Done(_))
                    && self.books.borrow().n_won(&self.openid) == n_won;
                if !is_same && !is_lost {
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
            // A ring: who was brought brings the one who brought him.
            Kind::Friend if self.network.is_hostile() => {
                let pause = self.pause("share", 60, 300);
                self.later(pause, Step::Share);
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
            .call(&mut self.cookies, "/api/v1/poster", &nothing)
            .await
    }

    pub(super) async fn share(&mut self) {
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
        if matches!(reply, Reply::Lost) {
            return self.cut_off("a poster");
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
            Reply::Lost => None,
            Reply::Strange(what) => {
                self.strange(what);
                None
            }
        };
        self.world.codes.borrow_mut().extend(scene.clone());
        if let (Kind::Friend, Some(number)) = (self.citizen.kind, self.citizen.brought_by) {
            let (scene, at) = (scene.clone(), self.now() + self.pause("ring", 60, 600));
            let sharer = CitizenId {
                number,
                ..self.citizen.id
            };
            return self.at(at, sharer, Step::Arrive { scene });
        }
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
    pub(super) async fn open(&mut self, n_before: u32) {
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
        if n_settled < self.books.borrow().n_won(&self.openid) && n_before < N_LOOKS_MAX {
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
        let Some(page) = self.my_page().await else {
            return 0;
        };
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

    async fn my_page(&mut self) -> Option<Value> {
        let answer = self
            .network
            .browse(&mut self.cookies, Method::GET, "/api/v1/me", None)
            .await;
        if answer.is_lost {
            self.cut_off("/api/v1/me");
            return None;
        }
        Some(serde_json::from_slice(&answer.body).unwrap_or_default())
    }

    /// What the server shows a person of his packets is what he was told.
    pub(super) async fn compare_with_my_page(&mut self) {
        if !self.log_in().await {
            return;
        }
        let Some(page) = self.my_page().await else {
            return;
        };
        let shown: BTreeMap<&str, u64> = packets_of(&page)
            .filter_map(|packet| {
                let award = packet.get("award")?.as_str()?;
                Some((award, packet.get("amount_fen")?.as_u64()?))
            })
            .collect();
        let books = self.books.borrow();
        let told = books.won(&self.openid);
        // Of a press that was not answered he knows nothing yet.
        let is_shown = |(award, fen): (&&str, &u64)| shown.get(award) == Some(fen);
        let fits = match self.network.is_hostile() {
            true => told.iter().all(is_shown),
            false => shown == told,
        };
        if !fits {
            let what = format!("/api/v1/me: {shown:?} instead of {told:?}");
            self.outcome.strange.push(what);
        }
    }
}

/// When a packet was decided, as its person is told.
fn decided(packet: &Value) -> Option<DateTime<Utc>> {
    let text = packet.get("decided")?.as_str()?;
    let at = DateTime::parse_from_rfc3339(text).ok()?;
    Some(at.with_timezone(&Utc))
}

/// The packets of a person's own records.
fn packets_of(page: &Value) -> impl Iterator<Item = &Value> {
    let packets = page.get("packets").and_then(Value::as_array);
    packets.into_iter().flatten()
}
