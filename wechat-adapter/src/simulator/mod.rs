//! WeChat that fits in a laptop: real endpoints, checked signatures, its own people and its own record of payments.
//!
//! A [`Simulator`] is a state machine without sockets and without a clock.
//! The host passes requests and the time in, sends the answers, and delivers the [`Push`]es.
//! It reads requests and checks signatures with code of its own, so that it and the adapter check each other.
//! The same seed and the same calls give the same answers, tickets and openids.
//!
//! ```
//! use wechat_adapter::simulator::{Handled, NewPerson, Simulator, SimulatorConfig};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let now = "2020-05-09T13:36:00Z".parse()?;
//! let config = SimulatorConfig::rehearsal("http://127.0.0.1:8080", "http://127.0.0.1:8080/callback");
//! let simulator = Simulator::new(config)?;
//! let person = simulator.create_person(NewPerson::named("Zhang San"), now)?;
//! let pushes = simulator.follow(&person.openid, Some("poster"), now)?;
//! assert!(pushes[0].message().contains("qrscene_poster"));
//!
//! let request = wechat_adapter::Request::new(Vec::new());
//! assert!(matches!(simulator.handle(&request, now), Handled::Answer(answer) if answer.status() == 404));
//! assert!(simulator.ledger().is_balanced());
//! # Ok(())
//! # }
//! ```

mod calendar;
mod client;
mod config;
mod diagnostics;
mod dispatch;
mod error;
mod fault;
mod identifier;
mod ledger;
mod notice;
mod oauth;
mod official;
mod official_menu;
mod official_messages;
mod operation;
mod outbox;
mod packet;
mod pay;
mod people;
mod push;
mod push_message;
mod qr_code;
mod seal;
mod token;
mod transfer_bill;
mod v3_bill;
mod v3_call;
mod v3_seal;
mod v3_setup;
mod view;
mod wire;
mod world;
mod xml;

use std::collections::BTreeMap;
use std::fmt::{self, Debug, Formatter};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

pub use client::SimulatorClient;
pub use config::{ChannelLimits, PushBody, PushMode, QuietHours, SimulatorConfig};
pub use dispatch::Handled;
pub use error::SimulatorError;
pub use fault::{Fault, FaultRule};
pub use ledger::{Account, BillRecord, LedgerTotals, OracleLedger, Posting};
pub use notice::Notice;
pub use oauth::AuthorizeOutcome;
pub use operation::Operation;
pub use push::Push;
pub use transfer_bill::{TransferBill, TransferStage};
pub use v3_setup::{PlatformCertificate, TransferSetup};
pub use view::{
    MenuButton, Message, MessageContent, NewPerson, PacketState, PacketView, PersonView,
};

use crate::Request;
use fault::Target;
use people::{Contact, Person};
use push::{Callback, Reply};
use push_message::Incident;
use v3_call::V3;
use v3_seal::Keys;
use wire::Call;
use world::World;

/// What scanning a QR code leads to.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ScanOutcome {
    /// The person does not follow: the follow page opens, and pressing follow is
    /// [`Simulator::follow`] with this scene.
    FollowPage {
        /// The scene of the QR code.
        scene: String,
    },
    /// The person follows already: the account is told.
    Pushed(Vec<Push>),
}

/// A small WeChat: one Official Account, one merchant, any number of people.
///
/// Every call takes a lock for a time that does not grow with the number of people, except where a method says so.
pub struct Simulator {
    config: SimulatorConfig,
    callback: Callback,
    v3_keys: Option<Keys>,
    world: Mutex<World>,
}

impl Simulator {
    /// A WeChat without people whose merchant has the configured balance.
    ///
    /// # Errors
    /// [`SimulatorError::MerchantKeyLength`], [`SimulatorError::InvalidCallbackUrl`] and
    /// [`SimulatorError::InvalidEncodingAesKey`] for a configuration no real account could have.
    pub fn new(config: SimulatorConfig) -> Result<Self, SimulatorError> {
        let key = config.check()?;
        let v3_keys = config.transfers.as_ref().map(Keys::new).transpose()?;
        let qr_base = format!("{}{}/q/", config.public_base, config.path_prefix);
        Ok(Self {
            callback: Callback::new(&config, key),
            v3_keys,
            world: Mutex::new(World::new(config.seed, config.balance_fen, qr_base)),
            config,
        })
    }

    fn v3(&self) -> Option<V3<'_>> {
        Some(V3 {
            setup: self.config.transfers.as_ref()?,
            keys: self.v3_keys.as_ref()?,
        })
    }

    fn world(&self, now: DateTime<Utc>) -> MutexGuard<'_, World> {
        let mut world = self.lock();
        world.settle(now);
        world
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The account's own name (`gh_` and 12 characters), the `ToUserName` of every push.
    #[must_use]
    pub fn account_id(&self) -> &str {
        &self.callback.account_id
    }

    /// Answers a request to any endpoint under the path prefix; 404 for every other path.
    ///
    /// An authorize page nobody was chosen for is answered 300, and a QR picture as the text it stands for:
    /// a host that can draw serves both pages itself, from [`Simulator::authorize`] and [`Simulator::qr_url`].
    #[must_use]
    pub fn handle(&self, request: &Request, now: DateTime<Utc>) -> Handled {
        let Some(call) = Call::read(&self.config, request) else {
            let body = "no such endpoint";
            return Handled::Answer(wire::text(::http::StatusCode::NOT_FOUND, body));
        };
        let order = (call.operation == Operation::SendRedPacket)
            .then(|| pay::read_order(&self.config, call.fields.as_ref()));
        let mut world = self.world(now);
        world.count(call.operation);
        dispatch::respond(&self.config, self.v3(), &mut world, &call, order, now)
    }

    /// The authorize page: `query` is what follows the `?`, `as_openid` who was chosen on it.
    ///
    /// Parameters other than WeChat's five are ignored, so `as=` may be left in.
    #[must_use]
    pub fn authorize(
        &self,
        query: &str,
        as_openid: Option<&str>,
        now: DateTime<Utc>,
    ) -> AuthorizeOutcome {
        let mut world = self.world(now);
        let target = Target {
            operation: Operation::Authorize,
            path: Some("/connect/oauth2/authorize"),
            openid: as_openid,
            bill_number: None,
            landed: false,
        };
        let is_ban = |fault: &Fault| *fault == Fault::LinkBanned;
        if world.faults.draw_among(target, is_ban).is_some() {
            return AuthorizeOutcome::Banned;
        }
        oauth::authorize(&self.config, &mut world, query, as_openid, false, now)
    }

    /// The authorize page after the person pressed "decline": back without a code.
    #[must_use]
    pub fn decline(&self, query: &str, now: DateTime<Utc>) -> AuthorizeOutcome {
        let mut world = self.world(now);
        oauth::authorize(&self.config, &mut world, query, None, true, now)
    }

    /// The text of the QR code a ticket stands for, for the host to draw; `None` for an unknown ticket.
    #[must_use]
    pub fn qr_url(&self, ticket: &str) -> Option<String> {
        let world = self.lock();
        world
            .qr_codes
            .by_ticket(ticket)
            .map(|code| code.url.clone())
    }

    /// Adds a person who does not follow yet.
    ///
    /// # Errors
    /// [`SimulatorError::InvalidOpenid`] and [`SimulatorError::OpenidTaken`] for a given openid that cannot be used.
    pub fn create_person(
        &self,
        person: NewPerson,
        now: DateTime<Utc>,
    ) -> Result<PersonView, SimulatorError> {
        let mut guard = self.world(now);
        let world = &mut *guard;
        let openid = world
            .people
            .create(person, &mut world.identifiers)?
            .openid
            .clone();
        world.people.find(&openid).map(|person| world.view(person))
    }

    /// The person follows, through the QR code of `scene` when one is given.
    ///
    /// Somebody who follows already causes a `SCAN` push with a scene, and nothing without.
    ///
    /// # Errors
    /// [`SimulatorError::UnknownPerson`].
    pub fn follow(
        &self,
        openid: &str,
        scene: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Push>, SimulatorError> {
        let mut world = self.world(now);
        let fresh = world.people.follow(openid, scene, now)?;
        let code = scene.map(|scene| (scene.to_owned(), self.ticket_for(&world, scene)));
        let incident = match (fresh, code) {
            (true, code) => Incident::Subscribe(code),
            (false, Some((scene, ticket))) => Incident::Scan(scene, ticket),
            (false, None) => return Ok(Vec::new()),
        };
        world.people.find_mut(openid)?.allow(Contact::Touched, now);
        Ok(world.pushes(&self.callback, openid, incident, now))
    }

    /// The newest ticket of a scene, or a stand-in for a scene no QR code was made for.
    fn ticket_for(&self, world: &World, scene: &str) -> String {
        world.qr_codes.scanned(scene).map_or_else(
            || identifier::stand_in_ticket(self.config.seed, scene),
            |code| code.ticket.clone(),
        )
    }

    /// The person stops following; no push when they did not follow.
    ///
    /// # Errors
    /// [`SimulatorError::UnknownPerson`].
    pub fn unfollow(&self, openid: &str, now: DateTime<Utc>) -> Result<Vec<Push>, SimulatorError> {
        let mut world = self.world(now);
        Ok(if world.people.unfollow(openid)? {
            world.pushes(&self.callback, openid, Incident::Unsubscribe, now)
        } else {
            Vec::new()
        })
    }

    /// The person scans a QR code, given as its ticket, its address, or its scene.
    ///
    /// # Errors
    /// [`SimulatorError::UnknownPerson`], [`SimulatorError::UnknownQrCode`], [`SimulatorError::ExpiredQrCode`].
    pub fn scan(
        &self,
        openid: &str,
        scene_or_ticket_or_url: &str,
        now: DateTime<Utc>,
    ) -> Result<ScanOutcome, SimulatorError> {
        let mut world = self.world(now);
        let follows = world.people.find(openid)?.follow.is_some();
        let Some(code) = world.qr_codes.scanned(scene_or_ticket_or_url).cloned() else {
            return Err(SimulatorError::UnknownQrCode {
                scanned: scene_or_ticket_or_url.to_owned(),
            });
        };
        if code.expires_at.is_some_and(|end| end <= now) {
            return Err(SimulatorError::ExpiredQrCode { scene: code.scene });
        }
        if !follows {
            return Ok(ScanOutcome::FollowPage { scene: code.scene });
        }
        world.people.find_mut(openid)?.allow(Contact::Touched, now);
        let incident = Incident::Scan(code.scene, code.ticket);
        Ok(ScanOutcome::Pushed(world.pushes(
            &self.callback,
            openid,
            incident,
            now,
        )))
    }

    /// The person writes to the account.
    ///
    /// # Errors
    /// [`SimulatorError::UnknownPerson`], [`SimulatorError::NotFollowing`].
    pub fn say(
        &self,
        openid: &str,
        text: &str,
        now: DateTime<Utc>,
    ) -> Result<Vec<Push>, SimulatorError> {
        let mut world = self.world(now);
        let person = world.people.find_mut(openid)?;
        if person.follow.is_none() {
            return Err(SimulatorError::NotFollowing {
                openid: openid.to_owned(),
            });
        }
        let content = MessageContent::FromPerson {
            text: text.to_owned(),
        };
        person.hear(content, now);
        person.allow(Contact::Wrote, now);
        let incident = Incident::Text(text.to_owned());
        Ok(world.pushes(&self.callback, openid, incident, now))
    }

    /// The person presses an item of the menu, named by its key, its address or its name.
    ///
    /// # Errors
    /// [`SimulatorError::UnknownPerson`], [`SimulatorError::NotFollowing`], and
    /// [`SimulatorError::UnknownMenuItem`] for an item that is not there or tells the account nothing.
    pub fn press_menu(
        &self,
        openid: &str,
        item: &str,
        now: DateTime<Utc>,
    ) -> Result<Vec<Push>, SimulatorError> {
        let mut guard = self.world(now);
        let world = &mut *guard;
        let incident = official_menu::pressed(world.menu.as_ref(), item);
        let person = world.people.find_mut(openid)?;
        if person.follow.is_none() {
            return Err(SimulatorError::NotFollowing {
                openid: openid.to_owned(),
            });
        }
        let incident = incident.ok_or_else(|| SimulatorError::UnknownMenuItem {
            item: item.to_owned(),
        })?;
        person.allow(Contact::Touched, now);
        Ok(world.pushes(&self.callback, openid, incident, now))
    }

    /// The person answers the window of a page that asks for notices of a template; agreeing is good for one notice.
    ///
    /// # Errors
    /// [`SimulatorError::UnknownPerson`].
    pub fn answer_notice_window(
        &self,
        openid: &str,
        template_id: &str,
        accepted: bool,
        now: DateTime<Utc>,
    ) -> Result<Vec<Push>, SimulatorError> {
        let mut world = self.world(now);
        let person = world.people.find_mut(openid)?;
        if accepted {
            person.consent(template_id);
        }
        let incident = Incident::NoticeAnswered {
            template_id: template_id.to_owned(),
            accepted,
        };
        Ok(world.pushes(&self.callback, openid, incident, now))
    }

    /// The pushes that no act of a person causes and that are due: reports of deliveries, and pushes a fault held back.
    ///
    /// The host calls this on a timer and delivers each.
    #[must_use = "a push that is not delivered is lost"]
    pub fn due_pushes(&self, now: DateTime<Utc>) -> Vec<Push> {
        let mut world = self.world(now);
        let mut pushes = world.outbox.take_held_until(now);
        for (openid, incident) in world.outbox.take_reports(now) {
            pushes.extend(world.pushes(&self.callback, &openid, incident, now));
        }
        pushes
    }

    /// Tells how far the clock of whoever calls is ahead of the one the host passes in; zero at first.
    ///
    /// Signatures are checked and made by the callers' clock, everything else goes by the host's:
    /// so a host may turn its clock by a day and real clients go on.
    pub fn set_callers_ahead(&self, ahead: TimeDelta) {
        self.lock().callers_ahead = ahead;
    }

    /// The person opens a red packet and has the money.
    ///
    /// # Errors
    /// [`SimulatorError::UnknownPacket`], [`SimulatorError::PacketOfAnotherPerson`], and
    /// [`SimulatorError::PacketNotOpenable`] in every state but [`PacketState::Sent`].
    pub fn open_packet(
        &self,
        openid: &str,
        bill_number: &str,
        now: DateTime<Utc>,
    ) -> Result<PacketView, SimulatorError> {
        let mut guard = self.world(now);
        let World { packets, book, .. } = &mut *guard;
        packets.open(openid, bill_number, book, now)
    }

    /// Everybody in the order of creation; linear in people, so prefer [`Simulator::people_page`] for many.
    #[must_use]
    pub fn people(&self) -> Vec<PersonView> {
        self.people_page(0, usize::MAX)
    }

    /// At most `limit` people in the order of creation, the first `skip` left out.
    #[must_use]
    pub fn people_page(&self, skip: usize, limit: usize) -> Vec<PersonView> {
        let world = self.lock();
        let view = |person: &Person| world.view(person);
        world.people.page(skip, limit).map(view).collect()
    }

    /// How many people there are.
    #[must_use]
    pub fn people_count(&self) -> usize {
        self.lock().people.count()
    }

    /// One person with their packets and dialogue.
    #[must_use]
    pub fn person(&self, openid: &str) -> Option<PersonView> {
        let world = self.lock();
        world.people.get(openid).map(|person| world.view(person))
    }

    /// Tells what the application replied to a push; returns the next try when WeChat would make one.
    ///
    /// `success` and an empty body end the matter; a passive reply joins the person's dialogue;
    /// any other body, and the third failure, shows the person that the service is unavailable.
    #[must_use = "WeChat repeats a push that was not answered with 200"]
    pub fn record_reply(
        &self,
        push: &Push,
        status: u16,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Option<Push> {
        if status != 200 {
            return self.record_no_reply(push, now);
        }
        let content = match self.callback.read_reply(&push.openid, body) {
            Reply::Nothing => return None,
            Reply::Says(content) => content,
            Reply::Garbled => MessageContent::ServiceUnavailable,
        };
        if let Some(person) = self.world(now).people.get_mut(&push.openid) {
            person.hear(content, now);
        }
        None
    }

    /// Tells that no reply to a push came in time; returns the next try, or shows the person the failure.
    #[must_use = "WeChat repeats a push that was not answered"]
    pub fn record_no_reply(&self, push: &Push, now: DateTime<Utc>) -> Option<Push> {
        let mut world = self.world(now);
        if push.may_be_repeated() {
            let at = world.callers_time(now);
            return Some(self.callback.again(push, &mut world.identifiers, at));
        }
        if let Some(person) = world.people.get_mut(&push.openid) {
            person.hear(MessageContent::ServiceUnavailable, now);
        }
        None
    }

    /// Every transfer, oldest first; linear in all transfers.
    #[must_use]
    pub fn transfers(&self) -> Vec<TransferBill> {
        self.lock().transfers.iter().cloned().collect()
    }

    /// The person presses confirm on the page that the `package_info` of a transfer opened.
    ///
    /// # Errors
    /// [`SimulatorError::UnknownPackage`] when it was altered, [`SimulatorError::PacketOfAnotherPerson`], and
    /// [`SimulatorError::TransferNotConfirmable`] after 24 hours or in every stage but waiting.
    pub fn confirm_transfer(
        &self,
        openid: &str,
        package_info: &str,
        now: DateTime<Utc>,
    ) -> Result<TransferBill, SimulatorError> {
        self.world(now).transfers.confirm(openid, package_info, now)
    }

    /// Every transfer to a person, oldest first.
    #[must_use]
    pub fn transfers_to(&self, openid: &str) -> Vec<TransferBill> {
        self.lock().transfers.to_person(openid).cloned().collect()
    }

    /// One transfer, by the merchant's number.
    #[must_use]
    pub fn transfer(&self, bill_number: &str) -> Option<TransferBill> {
        self.lock().transfers.get(bill_number).cloned()
    }

    /// The notifications of transfers that are due; the host calls this on a timer, delivers each, and tells the outcome.
    #[must_use = "a notification that is not delivered is lost"]
    pub fn due_notices(&self, now: DateTime<Utc>) -> Vec<Notice> {
        let mut world = self.world(now);
        self.v3().map_or_else(Vec::new, |v3| {
            notice::due(v3, &self.config, &mut world, now)
        })
    }

    /// Tells with which status a notification was answered, if it was; anything but 200 and 204 has it repeated.
    pub fn record_notice(&self, notice: &Notice, status: Option<u16>, now: DateTime<Utc>) {
        if !matches!(status, Some(200 | 204)) {
            self.world(now).notices.again(notice, now);
        }
    }

    /// Does everything that is due by `now`: deliveries, failures and 24-hour refunds.
    ///
    /// Every other call that is given the time does the same first.
    pub fn advance(&self, now: DateTime<Utc>) {
        drop(self.world(now));
    }

    /// Replaces all fault rules; the first rule that fits a call decides.
    pub fn set_faults(&self, rules: Vec<FaultRule>) {
        self.lock().faults.replace(rules);
    }

    /// The fault rules with what remains of each.
    #[must_use]
    pub fn faults(&self) -> Vec<FaultRule> {
        self.lock().faults.rules()
    }

    /// The whole independent record of payments; linear in packets.
    #[must_use]
    pub fn ledger(&self) -> OracleLedger {
        self.lock().ledger()
    }

    /// The sums of the record, without copying it.
    #[must_use]
    pub fn totals(&self) -> LedgerTotals {
        self.lock().book.totals()
    }

    /// The account's menu as a phone draws it; empty when there is none.
    #[must_use]
    pub fn menu(&self) -> Vec<MenuButton> {
        official_menu::drawn(self.lock().menu.as_ref())
    }

    /// How often each operation was called, pushes included.
    #[must_use]
    pub fn calls(&self) -> BTreeMap<Operation, u64> {
        self.lock().calls.clone()
    }

    /// Adds `fen` to the merchant's balance, and ends every [`Fault::NotEnoughUntilTopUp`].
    pub fn top_up(&self, fen: u64) {
        let mut world = self.lock();
        let at = world.latest;
        world.book.fund(fen, at);
        world.faults.top_up();
    }
}

impl Debug for Simulator {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Simulator")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
