//! The composition root: everything a use case needs, in one value.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

use chrono::{DateTime, TimeDelta, Utc};
use quiz_core::{BankSize, DrawRule, PassMark, Question, QuestionBank};
use reward_core::{ChannelProfile, DailyHead, PayoutPolicy, RewardRules, WorkerId};
use schedule_core::{Edition, Province, Round};
use wechat_adapter::{
    AppId, BillNumber, HttpClient, MerchantId, OpenId,
    official::{CallbackVerifier, JsSigner, Official},
    pay::{
        Merchant, RedPacketOrder,
        v3::{ApiV3Key, Credentials, ReceiveStyle, TransferOrder, TransferScene, WeChatKeys},
    },
};

use crate::{
    clock::{Clock, SimulatedClock},
    content::Content,
    contest::{
        attempt::Opening, audit_log::Checked, budget::Folded, bulletin::Figures,
        decision::OpenWork, edition::Editions, grant::Claim, merchant_balance::LastLine,
        overview::Live, preflight::Report, question_correction::Known, sealed::Plans,
        season::MoneyShown, silence::Silence, statistics::SeasonStatistics, submission::Submission,
        summary::CityTotals, tax::TaxList,
    },
    entropy::Entropy,
    journal::JournaledSimulator,
    metrics::Metrics,
    office::OfficeReader,
    password::Passwords,
    privacy::Keys,
    rail::Rail,
    recent::Recent,
    settings::Settings,
    store::{Lane, Store},
};

/// The terms of a season: what the rules page prints and the code obeys.
#[derive(Debug, Clone)]
pub struct Season {
    /// The season's name; also what "once a season" is counted in.
    pub name: String,
    /// The timetables: the configuration's, and the one in force.
    pub editions: Editions,
    /// When a city's bank is frozen and its packets are sealed.
    pub sealing: Sealing,
    /// The cities and their districts.
    pub province: Province,
    /// The money's rules.
    pub rules: RewardRules,
    /// How many questions a bank has.
    pub bank_size: BankSize,
    /// How a quiz is drawn from it.
    pub draw: DrawRule,
    /// How many right answers pass.
    pub pass_mark: PassMark,
    /// How much is told of a day's money.
    pub money_shown: MoneyShown,
    /// The hosts that links of a city's page may lead to, their subdomains included; any without one.
    pub link_hosts: Vec<String>,
    /// How awards are paid from now on.
    pub rail: Rail,
    /// What that rail can do.
    pub channel: ChannelProfile,
    /// The waits and ages of the payout machine on that rail.
    pub payout: PayoutPolicy,
}

/// When a city's bank is frozen and its packets are sealed; from then on its turn does not move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sealing {
    /// When the server starts and its bank is there.
    AtStart,
    /// So many days before its turn begins, with its preheat or else with its contest.
    DaysBefore(u16),
}

impl Season {
    /// The timetable in force, as far as this process knows.
    #[must_use]
    pub fn edition(&self) -> Arc<Edition> {
        self.editions.in_force().edition
    }

    /// From when a city's turn does not move any more: it is due to be sealed, or it begins.
    #[must_use]
    pub fn bound_from(&self, round: &Round) -> DateTime<Utc> {
        let begins = round.preheat().unwrap_or_else(|| round.window()).start();
        match self.sealing {
            Sealing::AtStart => begins,
            Sealing::DaysBefore(n_days) => begins - TimeDelta::days(n_days.into()),
        }
    }

    /// Whether a city is to be sealed at an instant, if it is not yet.
    #[must_use]
    pub fn is_sealing_due(&self, round: &Round, now: DateTime<Utc>) -> bool {
        match self.sealing {
            Sealing::AtStart => true,
            Sealing::DaysBefore(_) => self.bound_from(round) <= now,
        }
    }

    /// What a rail can do and the waits on it; a payment keeps its rail when the season takes another.
    #[must_use]
    pub fn payout_terms(&self, rail: Rail) -> (ChannelProfile, PayoutPolicy) {
        if rail == self.rail {
            (self.channel, self.payout)
        } else {
            (rail.channel(), rail.policy())
        }
    }

    /// How many questions a paper has.
    #[must_use]
    pub fn n_questions(&self) -> u16 {
        match self.draw {
            DrawRule::Simple { n } => n,
            DrawRule::Stratified { province, city } => province.saturating_add(city),
            _ => 0,
        }
    }

    /// The name of a city, or its slug when the season does not know it.
    #[must_use]
    pub fn city_name(&self, slug: &str) -> String {
        self.province
            .cities()
            .iter()
            .find(|city| city.slug().as_str() == slug)
            .map_or_else(|| slug.to_owned(), |city| city.name().to_owned())
    }
}

/// What is printed on a red packet.
#[derive(Debug, Clone)]
pub struct PacketWording {
    /// Who sends it; at most 10 Han characters.
    pub send_name: String,
    /// The wish on it.
    pub wishing: String,
    /// The activity's name; at most 10 Han characters.
    pub act_name: String,
    /// The remark in the merchant's records.
    pub remark: String,
    /// The scene that allows packets below 1.00 yuan.
    pub scene_id: Option<String>,
    /// The server's IPv4 address, as the merchant's allow-list has it.
    pub client_ip: Ipv4Addr,
}

/// The account's template for telling somebody that a chance has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChanceNotice {
    /// Which of WeChat's two kinds of templates it is.
    pub kind: NoticeKind,
    /// The template's identifier.
    pub template_id: String,
    /// Its field for what happened, such as `thing1`.
    pub what_field: String,
    /// Its field for the last day, such as `date2`.
    pub until_field: String,
}

/// WeChat's kinds of templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    /// A template message: any follower gets it, and the platform bounds what it may say.
    Template,
    /// A subscription notice: the person agreed to one on a page.
    Subscription,
}

/// The way to WeChat.
#[derive(Debug, Clone)]
pub struct WeChat {
    /// The Official Account's name, as people see it.
    pub account_name: String,
    /// What the account's own QR code encodes, if it is known.
    pub follow_url: Option<String>,
    /// The Official Account's credentials.
    pub official: Official,
    /// The merchant's number.
    pub merchant_id: MerchantId,
    /// What cash red packets need, if the merchant has them.
    pub red_packets: Option<RedPackets>,
    /// The credentials of version 3, if the merchant has them.
    pub pay_v3: Option<PayV3>,
    /// What is said on a transfer, if the merchant has them.
    pub transfers: Option<TransferWording>,
    /// Checks callbacks.
    pub callback: CallbackVerifier,
    /// Signs pages for the JS-SDK.
    pub js: JsSigner,
    /// Sends requests of the Official Account.
    pub http: Arc<dyn HttpClient>,
    /// Sends payments, over a connection with the merchant's certificate when red packets need one.
    pub pay_http: Arc<dyn HttpClient>,
    /// Whether it is a simulation, of this process or of another: nobody is paid.
    pub is_simulated: bool,
    /// Whether the account's menu is ours to set; it may serve other purposes.
    pub keeps_menu: bool,
    /// How whoever brought a friend is told; only in the dialogue without it.
    pub chance_notice: Option<ChanceNotice>,
}

/// What cash red packets need.
#[derive(Debug, Clone)]
pub struct RedPackets {
    /// The merchant's credentials of version 2.
    pub merchant: Merchant,
    /// What is printed on a packet.
    pub wording: PacketWording,
}

/// The credentials of version 3 of WeChat Pay.
#[derive(Debug, Clone)]
pub struct PayV3 {
    /// Who signs our requests.
    pub credentials: Credentials,
    /// Whose signatures we believe by the configuration; those that are downloaded stand beside them.
    pub keys: WeChatKeys,
    /// Whether platform certificates are downloaded: the merchant has them, perhaps beside a public key.
    pub downloads_certificates: bool,
    /// What notifications are encrypted with.
    pub api_key: ApiV3Key,
}

/// What is said on a transfer.
#[derive(Debug, Clone)]
pub struct TransferWording {
    /// The activity's name.
    pub activity: String,
    /// What the reward is for.
    pub reward: String,
    /// What the person reads.
    pub remark: String,
    /// Where WeChat tells the end of a transfer, if it can reach us; queries find it as well.
    pub notify_url: Option<String>,
}

impl PacketWording {
    /// The order that pays a person a packet worded so.
    #[must_use]
    pub fn order(
        &self,
        bill_number: BillNumber,
        merchant_id: MerchantId,
        app_id: AppId,
        openid: OpenId,
        amount_fen: u32,
    ) -> RedPacketOrder {
        RedPacketOrder {
            bill_number,
            merchant_id,
            app_id,
            openid,
            amount_fen,
            send_name: self.send_name.clone(),
            wishing: self.wishing.clone(),
            act_name: self.act_name.clone(),
            remark: self.remark.clone(),
            scene_id: self.scene_id.clone(),
            client_ip: self.client_ip,
        }
    }
}

impl TransferWording {
    /// The order that pays a person by a transfer worded so, in the dress of a red packet.
    #[must_use]
    pub fn order(
        &self,
        bill_number: BillNumber,
        merchant_id: MerchantId,
        app_id: AppId,
        openid: OpenId,
        amount_fen: u32,
    ) -> TransferOrder {
        TransferOrder {
            bill_number,
            merchant_id,
            app_id,
            openid,
            amount_fen,
            remark: self.remark.clone(),
            scene: TransferScene::cash_marketing(self.activity.as_str(), self.reward.as_str()),
            name: None,
            notify_url: self.notify_url.clone(),
            style: Some(ReceiveStyle::RedPacket),
        }
    }
}

/// The simulated WeChat and the clock it can move.
#[derive(Debug, Clone)]
pub struct SimulatorHost {
    /// WeChat itself, small.
    pub simulator: Arc<JournaledSimulator>,
    /// The contest's clock.
    pub clock: Arc<SimulatedClock>,
}

/// Everything a use case needs.
pub struct App {
    /// The database.
    pub store: Store,
    /// Where instants come from.
    pub clock: Arc<dyn Clock>,
    /// The time of day on an organiser's telephone, by which codes and sessions go: a demo's
    /// contest plays in another year.
    pub wall: Arc<dyn Clock>,
    /// Digests of organisers' passwords.
    pub passwords: Arc<Passwords>,
    /// Proxies whose word about an address is taken.
    pub proxies: Vec<IpAddr>,
    /// Where randomness comes from.
    pub entropy: Arc<dyn Entropy>,
    /// The season's keys.
    pub keys: Arc<Keys>,
    /// The season's terms.
    pub season: Arc<Season>,
    /// What the server was configured with, for people to look at.
    pub settings: Arc<Settings>,
    /// What the cities handed in.
    pub content: Content,
    /// Opens office files.
    pub office: OfficeReader,
    /// The way to WeChat.
    pub wechat: Arc<WeChat>,
    /// The address people reach the server at, without a slash at its end.
    pub public_url: String,
    /// This process among the workers.
    pub worker: WorkerId,
    /// The simulated WeChat, when there is no real one.
    pub simulator: Option<SimulatorHost>,
    /// What this process has loaded and sent; empty at first.
    pub memory: Memory,
}

/// What a process remembers and could load or count again, and who waits for the store together.
#[derive(Debug, Default)]
pub struct Memory {
    banks: RwLock<HashMap<String, Arc<QuestionBank>>>,
    banks_of_cities: RwLock<HashMap<String, Arc<QuestionBank>>>,
    /// The questions of the province's file, which this process reads once, or what is wrong with it.
    pub(crate) province: tokio::sync::OnceCell<Result<Arc<[Question]>, String>>,
    pub(crate) plans: Arc<Plans>,
    pub(crate) corrections: Arc<Known>,
    pub(crate) openings: Lane<Opening>,
    pub(crate) submissions: Lane<Submission>,
    pub(crate) claims: Lane<Claim>,
    heads: RwLock<HashMap<String, Arc<[DailyHead]>>>,
    totals: RwLock<Vec<CityTotals>>,
    silence: Mutex<Silence>,
    stuck: Mutex<BTreeSet<String>>,
    /// The platform certificates as this process read them last.
    pub(crate) platform_keys: RwLock<Option<WeChatKeys>>,
    chain: Mutex<Checked>,
    ledgers: Mutex<HashMap<String, Folded>>,
    open_work: Mutex<Arc<OpenWork>>,
    last_balance: Mutex<Option<LastLine>>,
    /// What the latest preflight of this process found; whoever makes one waits for whoever makes one already.
    pub(crate) preflight: tokio::sync::Mutex<Option<Arc<Report>>>,
    pub(crate) live: Live,
    pub(crate) season_statistics: Recent<(), SeasonStatistics>,
    /// By city, or of all.
    pub(crate) tax_lists: Recent<Option<String>, TaxList>,
    /// By city.
    pub(crate) days_of_cities: Recent<String, Vec<Figures>>,
    pub(crate) followers_at_openings: Recent<BTreeSet<i64>, BTreeMap<i64, i64>>,
    draining: AtomicBool,
    /// Whose turn it is among this process's tasks to look for a token that is not at hand.
    pub(crate) token_turn: tokio::sync::Mutex<()>,
    pub(crate) ticket_turn: tokio::sync::Mutex<()>,
    pub(crate) metrics: Metrics,
}

/// A name for this process among the workers.
#[must_use]
pub fn worker_id(entropy: &dyn Entropy) -> WorkerId {
    WorkerId::new(u64::from_le_bytes(entropy.bytes()))
}

impl fmt::Debug for App {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("App")
            .field("season", &self.season.name)
            .field("public_url", &self.public_url)
            .finish_non_exhaustive()
    }
}

impl App {
    /// Another instance of the server on the same season, WeChat and keys: a store, a clock
    /// and a name among the workers of its own, and nothing remembered.
    #[must_use]
    pub fn beside(&self, store: Store, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self {
            store,
            clock,
            wall: Arc::clone(&self.wall),
            passwords: Arc::clone(&self.passwords),
            proxies: self.proxies.clone(),
            worker: worker_id(entropy.as_ref()),
            entropy,
            keys: Arc::clone(&self.keys),
            // A copy, which learns of newer editions by itself.
            season: Arc::new(Season::clone(&self.season)),
            settings: Arc::clone(&self.settings),
            content: self.content.clone(),
            office: self.office.clone(),
            wechat: Arc::clone(&self.wechat),
            public_url: self.public_url.clone(),
            simulator: self.simulator.clone(),
            memory: Memory::default(),
        }
    }

    /// The present instant of the contest.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Tells that the process is about to stop: from now on it is not ready for new requests.
    pub fn drain(&self) {
        self.memory.draining.store(true, Ordering::Relaxed);
    }

    /// Whether the process is about to stop.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.memory.draining.load(Ordering::Relaxed)
    }

    /// A frozen bank that was loaded before.
    pub(crate) fn cached_bank(&self, digest: &str) -> Option<Arc<QuestionBank>> {
        self.memory
            .banks
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(digest)
            .cloned()
    }

    /// Keeps a loaded bank; a bank never changes under its digest.
    pub(crate) fn cache_bank(&self, digest: String, bank: Arc<QuestionBank>) {
        self.memory
            .banks
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(digest, bank);
    }

    /// A city's frozen bank that was loaded before.
    pub(crate) fn cached_bank_of(&self, city: &str) -> Option<Arc<QuestionBank>> {
        self.memory
            .banks_of_cities
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(city)
            .cloned()
    }

    /// Keeps a city's loaded bank; a city that has begun never gets another.
    pub(crate) fn cache_bank_of(&self, city: String, bank: Arc<QuestionBank>) {
        self.memory
            .banks_of_cities
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(city, bank);
    }

    /// The heads of a city's log that were computed before.
    pub(crate) fn cached_heads(&self, city: &str) -> Option<Arc<[DailyHead]>> {
        self.memory
            .heads
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(city)
            .cloned()
    }

    /// Keeps the heads of a city's log; the head of a day that has ended never changes.
    pub(crate) fn cache_heads(&self, city: String, heads: Arc<[DailyHead]>) {
        self.memory
            .heads
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(city, heads);
    }

    /// The sums of the first `n_closed` cities, if they were made before.
    pub(crate) fn cached_totals(&self, n_closed: usize) -> Option<Vec<CityTotals>> {
        let totals = self
            .memory
            .totals
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        totals.get(..n_closed).map(<[CityTotals]>::to_vec)
    }

    /// Keeps the sums of the closed cities; a closed city's never change.
    pub(crate) fn cache_totals(&self, totals: Vec<CityTotals>) {
        *self
            .memory
            .totals
            .write()
            .unwrap_or_else(PoisonError::into_inner) = totals;
    }

    /// Whether WeChat Pay gives answers, as far as this process knows.
    pub(crate) fn silence(&self) -> MutexGuard<'_, Silence> {
        self.memory
            .silence
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// How far this process has checked the chain of events.
    pub(crate) fn checked_chain(&self) -> Checked {
        let chain = &self.memory.chain;
        chain.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps how far the chain is checked, unless somebody has come further meanwhile.
    pub(crate) fn keep_checked_chain(&self, checked: &Checked) {
        let chain = &self.memory.chain;
        let mut kept = chain.lock().unwrap_or_else(PoisonError::into_inner);
        if checked.number >= kept.number {
            kept.clone_from(checked);
        }
    }

    /// A city's ledger as far as this process has added it up.
    pub(crate) fn folded_ledger(&self, city: &str) -> Folded {
        let ledgers = &self.memory.ledgers;
        let kept = ledgers.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(city).cloned().unwrap_or_default()
    }

    /// Keeps how far a ledger is added up, unless somebody has come further meanwhile.
    pub(crate) fn keep_folded_ledger(&self, city: &str, folded: &Folded) {
        let ledgers = &self.memory.ledgers;
        let mut ledgers = ledgers.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = ledgers.entry(city.to_owned()).or_default();
        if folded.is_beyond(kept) {
            kept.clone_from(folded);
        }
    }

    /// What was open for people when somebody last looked.
    pub(crate) fn open_work(&self) -> Arc<OpenWork> {
        let kept = &self.memory.open_work;
        Arc::clone(&kept.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Keeps what is open for people.
    pub(crate) fn keep_open_work(&self, open: OpenWork) {
        let kept = &self.memory.open_work;
        *kept.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(open);
    }

    /// The end of the newest bill that this process has read.
    pub(crate) fn last_balance(&self) -> Option<LastLine> {
        let kept = &self.memory.last_balance;
        *kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the end of a bill; it never changes.
    pub(crate) fn keep_last_balance(&self, last: Option<LastLine>) {
        let kept = &self.memory.last_balance;
        *kept.lock().unwrap_or_else(PoisonError::into_inner) = last;
    }

    /// Notes that a payment cannot be driven; `true` when this process had not noted it yet.
    pub(crate) fn note_stuck(&self, bill_number: &str) -> bool {
        let mut stuck = self
            .memory
            .stuck
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let is_new = stuck.insert(bill_number.to_owned());
        self.memory.metrics.stuck(stuck.len());
        is_new
    }

    /// Notes that a payment can be driven, in case it could not.
    pub(crate) fn note_driven(&self, bill_number: &str) {
        let mut stuck = self
            .memory
            .stuck
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if stuck.remove(bill_number) {
            self.memory.metrics.stuck(stuck.len());
        }
    }
}
