//! What a hostile season is like: its money, its people and everything that will go wrong, all from the seed.
//!
//! Each kind of fault is off, rare, usual or frequent, independently of the others; amounts, days and
//! decks are small, so that caps and limits bind.

use chrono::{DateTime, TimeDelta, Utc};
use rand::rngs::ChaCha12Rng;
use reward_core::{
    ClaimScope, Fen, PacketBounds, ReferralPolicy, Release, Residual, RewardRules, RewardTerms,
    RulesError,
};
use schedule_core::{Edition, EditionBuilder, EditionSlug, Phase, ShanghaiDay, Window};
use wechat_adapter::simulator::{Fault, FaultRule, Operation};

use super::{
    RehearsalError,
    citizens::{CitizenId, below, seconds, words},
    faults::PLENTY,
    sea::{Rough, Stretch},
};
use crate::rail::Rail;

/// How far the clock that decides is ever off true time while anything is decided by it.
pub(super) const SLACK: TimeDelta = TimeDelta::seconds(12);
/// Replies to a sending that every long run must meet, beyond those that WeChat gives by itself.
const CODES: [(&str, Rail); 22] = [
    ("NOTENOUGH", Rail::RedPacket),
    ("FREQ_LIMIT", Rail::RedPacket),
    ("SECOND_OVER_LIMITED", Rail::RedPacket),
    ("SENDNUM_LIMIT", Rail::RedPacket),
    ("DAY_OVER_LIMITED", Rail::RedPacket),
    ("CA_ERROR", Rail::RedPacket),
    ("SIGN_ERROR", Rail::RedPacket),
    ("XML_ERROR", Rail::RedPacket),
    ("PARAM_ERROR", Rail::RedPacket),
    ("ILLEGAL_APPID", Rail::RedPacket),
    ("MONEY_LIMIT", Rail::RedPacket),
    ("NO_AUTH", Rail::RedPacket),
    ("V2_ACCOUNT_SIMPLE_BAN", Rail::RedPacket),
    ("OPENID_ERROR", Rail::RedPacket),
    ("400 INVALID_REQUEST", Rail::Transfer),
    ("400 PARAM_ERROR", Rail::Transfer),
    ("401 SIGN_ERROR", Rail::Transfer),
    ("403 NO_AUTH", Rail::Transfer),
    ("403 NOT_ENOUGH", Rail::Transfer),
    ("403 RULE_LIMIT", Rail::Transfer),
    ("429 FREQUENCY_LIMITED", Rail::Transfer),
    ("500 SYSTEM_ERROR", Rail::Transfer),
];

/// One hostile season.
#[derive(Debug)]
pub(super) struct Climate {
    pub(super) edition: Edition,
    pub(super) rules: RewardRules,
    pub(super) rail: Rail,
    pub(super) people: u32,
    pub(super) n_instances: u16,
    /// What goes wrong at WeChat all the time.
    pub(super) faults: Vec<FaultRule>,
    pub(super) stretches: Vec<Stretch>,
    /// How many of a thousand sendings arrive minutes after their time-out.
    pub(super) late_per_mille: u64,
    /// What happens at an instant of its own, in order.
    pub(super) troubles: Vec<(DateTime<Utc>, Trouble)>,
    /// How many of a hundred thousand steps are an instance's last.
    pub(super) crashes: u64,
    /// How many of a thousand worker's calls are held up beyond their lease.
    pub(super) stalls: u64,
    /// How many of a thousand presses are double.
    pub(super) doubles: u64,
    /// How many of a thousand deliveries a stranger forges or plays again.
    pub(super) forgeries: u64,
    /// What happens within this time is under way together.
    pub(super) together: TimeDelta,
    /// From here on nothing goes wrong any more that is not WeChat's usual weather.
    pub(super) calm_at: DateTime<Utc>,
}

/// Something that happens at an instant.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Trouble {
    /// Instances end and are put up again at once; all of them when none is named.
    Crash(Option<usize>),
    /// An instance's clock is this far off from now on.
    Clock(usize, TimeDelta),
    /// The clock that decides is this far off from now on.
    Deciding(TimeDelta),
    /// WeChat answers every sending so, until it is over.
    Begins(FaultRule),
    /// The last such fault is over.
    Ends,
}

/// The seed's word for one purpose after the other.
struct Dice(ChaCha12Rng);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(words(seed, CitizenId { city: 0, number: 0 }, "climate", 0))
    }

    /// `from..until`.
    fn between(&mut self, from: u64, until: u64) -> u64 {
        from.saturating_add(below(&mut self.0, until.saturating_sub(from).max(1)))
    }

    fn pick<T: Copy>(&mut self, from: &[T], or: T) -> T {
        let at = below(&mut self.0, u64::try_from(from.len()).unwrap_or(1).max(1));
        let at = usize::try_from(at).ok();
        at.and_then(|at| from.get(at)).copied().unwrap_or(or)
    }

    /// Off half of the time, otherwise rare, usual or frequent.
    fn level(&mut self, levels: [u64; 3]) -> u64 {
        let [rare, usual, frequent] = levels;
        self.pick(&[0, 0, 0, 0, rare, rare, usual, frequent], 0)
    }

    fn span(&mut self, from: TimeDelta, until: TimeDelta) -> TimeDelta {
        let number = |span: TimeDelta| u64::try_from(span.num_seconds()).unwrap_or(0);
        seconds(&mut self.0, number(from), number(until))
    }
}

impl Climate {
    /// The season of a seed, on days of this published timetable.
    ///
    /// # Errors
    /// [`RehearsalError`] when its rules or its timetable cannot be.
    pub(super) fn of(seed: u64, published: &Edition) -> Result<Self, RehearsalError> {
        let mut dice = Dice::new(seed);
        let n_cities = dice.pick(&[1, 1, 2], 1);
        let n_days = dice.pick(&[2, 2, 3, 7], 2);
        let edition = edition(published, n_cities, n_days)?;
        let rail = dice.pick(&Rail::ALL, Rail::RedPacket);
        let rules = rules(&mut dice, n_days).map_err(crate::setup::SetupError::from)?;
        let n_instances = dice.pick(&[1, 2, 2, 3], 2);
        let opens = edition.rounds().first().map(|round| round.window().start());
        let closes = edition.rounds().last().map(|round| round.window().end());
        let opens = opens.unwrap_or(DateTime::UNIX_EPOCH);
        let calm_at = closes.unwrap_or(opens) + dice.span(TimeDelta::hours(1), TimeDelta::days(2));
        let wanted = u64::from(rules.packets_per_day()) * u64::from(n_days);
        let people = wanted * dice.between(8, 25) / 10;
        let mut climate = Self {
            people: u32::try_from(people.clamp(12, 70)).unwrap_or(70),
            faults: faults(&mut dice, rail),
            stretches: Vec::new(),
            late_per_mille: dice.level([10, 50, 200]),
            troubles: Vec::new(),
            crashes: dice.level([50, 200, 1_000]),
            stalls: dice.level([20, 100, 300]),
            doubles: dice.level([50, 200, 500]),
            forgeries: dice.level([20, 100, 300]),
            together: dice.pick(&[0, 2, 60], 0_i64).seconds(),
            edition,
            rules,
            rail,
            n_instances,
            calm_at,
        };
        climate.plan(&mut dice, opens);
        Ok(climate)
    }

    /// Everything that has an instant of its own.
    fn plan(&mut self, dice: &mut Dice, opens: DateTime<Utc>) {
        let n_instances = u64::from(self.n_instances);
        let which = |dice: &mut Dice| usize::try_from(dice.between(0, n_instances)).unwrap_or(0);
        for _ in 0..dice.level([1, 3, 8]) {
            let (from, until) = self.window(dice, opens, &[300, 3_600, 28_800, 90_000]);
            let rough = dice.pick(
                &[Rough::Cut, Rough::Loss(300), Rough::HalfOpen, Rough::Slow],
                Rough::Cut,
            );
            let instance = (dice.between(0, 2) == 0).then(|| which(dice));
            self.stretches.push(Stretch {
                from,
                until,
                instance,
                rough,
            });
        }
        for _ in 0..dice.level([1, 2, 4]) {
            let (from, until) = self.window(dice, opens, &[1_800, 14_400]);
            let rule = FaultRule::always(Fault::NotEnough).on(sending(self.rail));
            self.troubles.push((from, Trouble::Begins(rule)));
            self.troubles.push((until, Trouble::Ends));
        }
        for _ in 0..dice.level([2, 6, 20]) {
            let who = (dice.between(0, 4) > 0).then(|| which(dice));
            let at = self.near_an_edge(dice, opens);
            self.troubles.push((at, Trouble::Crash(who)));
        }
        for _ in 0..dice.level([1, 3, 8]) {
            let off_ms = dice.pick(&[-90_000, -1_900, -700, 0, 400, 1_500, 90_000], 0);
            let (at, who) = (self.near_an_edge(dice, opens), which(dice));
            let off = TimeDelta::milliseconds(off_ms);
            self.troubles.push((at, Trouble::Clock(who, off)));
        }
        for _ in 0..dice.level([1, 2, 4]) {
            let off_ms = dice.pick(&[-10_000, -1_500, 1_500, 600_000], 0);
            let at = self.near_an_edge(dice, opens);
            let off = TimeDelta::milliseconds(off_ms);
            let over = at + dice.span(TimeDelta::seconds(2), TimeDelta::minutes(20));
            self.troubles.push((at, Trouble::Deciding(off)));
            let end = over.min(self.calm_at);
            self.troubles
                .push((end, Trouble::Deciding(TimeDelta::zero())));
        }
        let instances = 0..usize::from(self.n_instances);
        let calm_at = self.calm_at;
        let in_order = |who| (calm_at, Trouble::Clock(who, TimeDelta::zero()));
        self.troubles.extend(instances.map(in_order));
        self.troubles.sort_by_key(|(at, _trouble)| *at);
    }

    fn window(
        &self,
        dice: &mut Dice,
        opens: DateTime<Utc>,
        longest: &[i64],
    ) -> (DateTime<Utc>, DateTime<Utc>) {
        let from = opens + dice.span(TimeDelta::zero(), self.calm_at - opens);
        let longest = dice.pick(longest, 300).seconds();
        let until = from + dice.span(TimeDelta::seconds(30), longest);
        (from, until.min(self.calm_at))
    }

    /// Half of the time within seconds of a midnight of the contest.
    fn near_an_edge(&self, dice: &mut Dice, opens: DateTime<Utc>) -> DateTime<Utc> {
        if dice.between(0, 2) == 0 {
            return opens + dice.span(TimeDelta::zero(), self.calm_at - opens);
        }
        let closes = self.edition.rounds().last();
        let closes = closes.map_or(opens, |round| round.window().end());
        let n_days = u64::try_from((closes - opens).num_days()).unwrap_or(0);
        let day = dice.between(0, n_days.saturating_add(1));
        let midnight = opens + TimeDelta::days(i64::try_from(day).unwrap_or(0));
        midnight + dice.span(TimeDelta::zero(), TimeDelta::seconds(10)) - TimeDelta::seconds(5)
    }
}

/// Seconds as a span.
trait Seconds {
    fn seconds(self) -> TimeDelta;
}

impl Seconds for i64 {
    fn seconds(self) -> TimeDelta {
        TimeDelta::seconds(self)
    }
}

/// The names of the replies that a long run must meet.
pub(super) fn codes() -> Vec<&'static str> {
    CODES.iter().map(|(code, _rail)| *code).collect()
}

pub(super) fn sending(rail: Rail) -> Operation {
    match rail {
        Rail::RedPacket => Operation::SendRedPacket,
        Rail::Transfer => Operation::CreateTransfer,
    }
}

/// The name under which a fault is a reply of the list; none for what is no code.
pub(super) fn code_of(fault: &Fault) -> Option<String> {
    let refused = match fault {
        Fault::PayError { err_code } => err_code.clone(),
        Fault::V3Error { status, code } => format!("{status} {code}"),
        Fault::NotEnough => "NOTENOUGH".to_owned(),
        _ => return None,
    };
    codes().contains(&refused.as_str()).then_some(refused)
}

/// The first cities of a published timetable, for so many days each.
fn edition(published: &Edition, n_cities: usize, n_days: u8) -> Result<Edition, RehearsalError> {
    let unplayable = |problem: String| RehearsalError::NotPlayable {
        city: String::new(),
        problem,
    };
    let slug = EditionSlug::new("hostile").map_err(|error| unplayable(error.to_string()))?;
    let mut builder = EditionBuilder::new(slug, published.title(), published.province().clone());
    let n_days = i32::from(n_days);
    let mut first = published.rounds().first().map_or(0, |round| {
        ShanghaiDay::from_instant(round.window().start()).number()
    });
    for (label, round) in (1..).zip(published.rounds().iter().take(n_cities)) {
        let day = |number| {
            ShanghaiDay::from_number(number).map_err(|error| unplayable(error.to_string()))
        };
        let days = day(first)?..=day(first + n_days - 1)?;
        let window = Window::of_days(days).map_err(|error| unplayable(error.to_string()))?;
        let city = round.city().slug().clone();
        builder = builder.row(format!("{label}"), window, [Phase::Contest(city)]);
        first += n_days;
    }
    builder
        .build()
        .map_err(|error| unplayable(error.to_string()))
}

/// A few packets a day of every size that the channel pays.
fn rules(dice: &mut Dice, n_days: u8) -> Result<RewardRules, RulesError> {
    let floor = 10;
    let top = dice.pick(&[200, 1_000, 10_000], 200);
    let n_packets = dice.between(3, 16);
    let least = top / n_packets + 2 * floor;
    let mean = dice.between(least, (top * 6 / 10).max(least + 1));
    let daily_cap = n_packets * mean;
    let left_over = dice.pick(&[0, 4, 400], 0);
    let release = dice.pick(
        &[
            Release::Immediate,
            Release::Linear,
            Release::Curve {
                head_permille: 300,
                full_at_ms: 72_000_000,
            },
        ],
        Release::Immediate,
    );
    RewardRules::new(RewardTerms {
        pool: Fen::new(daily_cap * u64::from(n_days) + left_over),
        daily_cap: Fen::new(daily_cap),
        days: n_days,
        bounds: PacketBounds::new(Fen::new(floor), Fen::new(top))?,
        top_packet: Fen::new(top),
        packets_per_day: u32::try_from(n_packets).unwrap_or(16),
        release,
        claim_scope: dice.pick(&[ClaimScope::Season, ClaimScope::City], ClaimScope::Season),
        referral: ReferralPolicy::OnePerNewFollower,
        residual: Residual::Unspendable,
    })
}

/// WeChat's weather: each kind at a level of its own.
fn faults(dice: &mut Dice, rail: Rail) -> Vec<FaultRule> {
    let (send, query) = match rail {
        Rail::RedPacket => (Operation::SendRedPacket, Operation::QueryRedPacket),
        Rail::Transfer => (Operation::CreateTransfer, Operation::QueryTransfer),
    };
    let of_sending = faults_of_sending(rail)
        .into_iter()
        .map(|fault| (send, fault));
    let of_notices = faults_of_notices(rail)
        .into_iter()
        .map(|fault| (Operation::TransferNotice, fault));
    let of_queries = [
        Fault::DropBeforeExecute,
        Fault::Status500,
        Fault::GarbledBody,
        Fault::UnknownErrCode,
    ]
    .map(|fault| (query, fault));
    let of_the_account = [
        (Operation::Callback, Fault::DuplicateCallbacks),
        (Operation::Callback, Fault::ReorderCallbacks),
        (Operation::Callback, Fault::LoseCallback),
        (Operation::CreateQrCode, Fault::InvalidateToken),
        (Operation::Authorize, Fault::LinkBanned),
    ];
    let mut rules = Vec::new();
    for (operation, fault) in of_sending
        .chain(of_notices)
        .chain(of_queries)
        .chain(of_the_account)
    {
        let per_mille = u16::try_from(dice.level([5, 20, 60])).unwrap_or(0);
        if per_mille > 0 {
            rules.push(FaultRule {
                per_mille,
                remaining: Some(PLENTY),
                ..FaultRule::always(fault).on(operation)
            });
        }
    }
    rules
}

/// What can go wrong with an order sent over a rail: the way there and back, every code, its own endings.
fn faults_of_sending(rail: Rail) -> Vec<Fault> {
    let mut faults = vec![
        Fault::DropBeforeExecute,
        Fault::ExecuteThenDrop,
        Fault::SystemErrorThenSuccess,
        Fault::SystemErrorExecuted,
        Fault::Processing { seconds: 300 },
        Fault::Processing { seconds: 80_000 },
        Fault::Status500,
        Fault::ExecuteThenStatus500,
        Fault::GarbledBody,
        Fault::ScrambledBody,
        Fault::ReorderedFields,
        Fault::UnknownErrCode,
    ];
    let codes = CODES.iter().filter(|(_code, of)| *of == rail);
    faults.extend(codes.map(|(code, _rail)| match code.split_once(' ') {
        None => Fault::PayError {
            err_code: (*code).to_owned(),
        },
        Some((status, code)) => Fault::V3Error {
            status: status.parse().unwrap_or(500),
            code: code.to_owned(),
        },
    }));
    match rail {
        Rail::RedPacket => faults.extend([Fault::SendFailed, Fault::SendingThenFailed]),
        Rail::Transfer => faults.extend([
            Fault::TransferFails {
                fail_reason: "PAYEE_ACCOUNT_ABNORMAL".to_owned(),
            },
            Fault::WrongAnswerSignature,
            Fault::WrongSerial,
            Fault::ProbeSignature,
            Fault::ClockSkew { seconds: -900 },
        ]),
    }
    faults
}

/// What can go wrong with the notices of a rail; the red packet has none.
fn faults_of_notices(rail: Rail) -> Vec<Fault> {
    match rail {
        Rail::RedPacket => Vec::new(),
        Rail::Transfer => vec![
            Fault::LoseCallback,
            Fault::DuplicateCallbacks,
            Fault::ProbeSignature,
            Fault::WrongSerial,
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::EditionName, setup::edition_of};

    #[test]
    fn every_seed_has_a_climate_and_the_same_one_each_time() {
        let published = edition_of(EditionName::Postponed);
        for seed in 0..300 {
            let climate = Climate::of(seed, &published).expect("rules that can be played");
            let again = Climate::of(seed, &published).expect("the same again");
            assert_eq!(format!("{climate:?}"), format!("{again:?}"));
            assert!(climate.troubles.is_sorted_by_key(|(at, _trouble)| *at));
            assert!(
                climate
                    .troubles
                    .iter()
                    .all(|(at, _)| *at <= climate.calm_at)
            );
        }
    }
}
