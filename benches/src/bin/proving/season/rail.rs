//! WeChat Pay as it can be at its worst: its own truth per number, told by replies, answers, callbacks and bills only.

use std::collections::BTreeMap;

use reward_core::{PersonRefusal, QueryClass, RailFault, ReplyClass};

use super::{
    config::Config,
    time::{DAY, Dice, HOUR, MINUTE, Ms, SECOND, day_of, instant, within},
};

/// What the rail says to a sending, by the vendor's own names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Code {
    Success,
    SuccessOfSomethingElse,
    SystemError,
    Garbled,
    Unheard,
    Processing,
    FreqLimit,
    SecondOverLimited,
    SendnumLimit,
    DayOverLimited,
    NotEnough,
    CaError,
    SignError,
    XmlError,
    ParamError,
    IllegalAppid,
    MoneyLimit,
    NoAuth,
    SimpleBan,
    OpenidError,
    SendFailed,
    FatalError,
    Odd,
}

impl Code {
    /// Every code, for the coverage.
    pub(crate) const ALL: [Self; 23] = [
        Self::Success,
        Self::SuccessOfSomethingElse,
        Self::SystemError,
        Self::Garbled,
        Self::Unheard,
        Self::Processing,
        Self::FreqLimit,
        Self::SecondOverLimited,
        Self::SendnumLimit,
        Self::DayOverLimited,
        Self::NotEnough,
        Self::CaError,
        Self::SignError,
        Self::XmlError,
        Self::ParamError,
        Self::IllegalAppid,
        Self::MoneyLimit,
        Self::NoAuth,
        Self::SimpleBan,
        Self::OpenidError,
        Self::SendFailed,
        Self::FatalError,
        Self::Odd,
    ];

    /// What a wrong set-up answers to everybody.
    pub(crate) const MISCONFIGURED: [Self; 6] = [
        Self::CaError,
        Self::SignError,
        Self::XmlError,
        Self::ParamError,
        Self::IllegalAppid,
        Self::MoneyLimit,
    ];

    const PERSON: [Self; 3] = [Self::NoAuth, Self::SimpleBan, Self::OpenidError];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Success => "SUCCESS",
            Self::SuccessOfSomethingElse => "SUCCESS with another echo",
            Self::SystemError => "SYSTEMERROR",
            Self::Garbled => "unreadable answer",
            Self::Unheard => "no answer in time",
            Self::Processing => "PROCESSING",
            Self::FreqLimit => "FREQ_LIMIT",
            Self::SecondOverLimited => "SECOND_OVER_LIMITED",
            Self::SendnumLimit => "SENDNUM_LIMIT",
            Self::DayOverLimited => "DAY_OVER_LIMITED",
            Self::NotEnough => "NOTENOUGH",
            Self::CaError => "CA_ERROR",
            Self::SignError => "SIGN_ERROR",
            Self::XmlError => "XML_ERROR",
            Self::ParamError => "PARAM_ERROR",
            Self::IllegalAppid => "ILLEGAL_APPID",
            Self::MoneyLimit => "MONEY_LIMIT",
            Self::NoAuth => "NO_AUTH",
            Self::SimpleBan => "V2_ACCOUNT_SIMPLE_BAN",
            Self::OpenidError => "OPENID_ERROR",
            Self::SendFailed => "SEND_FAILED",
            Self::FatalError => "FATAL_ERROR",
            Self::Odd => "a code nobody knows",
        }
    }

    /// The class in the machine's words, as the adapter's table of codes says it.
    pub(crate) const fn class(self) -> ReplyClass {
        match self {
            Self::Success => ReplyClass::Accepted { echo_equal: true },
            Self::SuccessOfSomethingElse => ReplyClass::Accepted { echo_equal: false },
            Self::SystemError | Self::Garbled | Self::Unheard => ReplyClass::NoDefiniteResult,
            Self::Processing => ReplyClass::Processing,
            Self::FreqLimit | Self::SecondOverLimited => ReplyClass::TooFast,
            Self::SendnumLimit => ReplyClass::PersonDayLimit,
            Self::DayOverLimited => ReplyClass::MerchantDayLimit,
            Self::NotEnough => ReplyClass::RailBroken(RailFault::BalanceTooLow),
            Self::CaError => ReplyClass::RailBroken(RailFault::Certificate),
            Self::SignError => ReplyClass::RailBroken(RailFault::Signature),
            Self::XmlError | Self::ParamError => ReplyClass::RailBroken(RailFault::Request),
            Self::IllegalAppid => ReplyClass::RailBroken(RailFault::Account),
            Self::MoneyLimit => ReplyClass::RailBroken(RailFault::AmountNotAllowed),
            Self::NoAuth => ReplyClass::RefusedForPerson(PersonRefusal::NotAuthorised),
            Self::SimpleBan => ReplyClass::RefusedForPerson(PersonRefusal::NoRealName),
            Self::OpenidError => ReplyClass::RefusedForPerson(PersonRefusal::UnknownRecipient),
            Self::SendFailed => ReplyClass::RefusedForPerson(PersonRefusal::FinallyFailed),
            Self::FatalError => ReplyClass::ParametersDiffer,
            Self::Odd => ReplyClass::UnknownCode,
        }
    }
}

/// What the rail knows about a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Truth {
    Unseen,
    Processing { fails: bool },
    Waiting,
    Received,
    Refunding,
    Refunded,
    Failed,
}

impl Truth {
    /// Whether money is with the person or may still get there.
    pub(crate) const fn pays(self) -> bool {
        matches!(self, Self::Waiting | Self::Received)
    }

    const fn answer(self) -> QueryClass {
        match self {
            Self::Unseen => QueryClass::NotFound,
            Self::Processing { .. } => QueryClass::Processing,
            Self::Waiting => QueryClass::AwaitingRecipient,
            Self::Received => QueryClass::Received,
            Self::Refunding => QueryClass::Refunding,
            Self::Refunded => QueryClass::Refunded,
            Self::Failed => QueryClass::Failed,
        }
    }
}

/// One number at the rail.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) amount: u64,
    pub(crate) person: usize,
    pub(crate) truth: Truth,
    /// When the rail first took it.
    pub(crate) first_at: Ms,
    /// How often its money left the merchant.
    pub(crate) landings: u32,
    /// Every truth with the instant from which it holds, for copies that lag.
    history: Vec<(Ms, Truth)>,
    opens_after: Option<Ms>,
}

/// One line of the rail's bill.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BillLine {
    pub(crate) number: u64,
    pub(crate) is_return: bool,
    pub(crate) amount: u64,
    /// The day on whose bill it stands; near midnight it may be the next.
    pub(crate) day: i64,
}

/// What an executed packet did, for the world to go on with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Executed {
    pub(crate) code: Code,
    pub(crate) landed: bool,
    /// When the order's own course goes on, if it begins one.
    pub(crate) next_at: Option<Ms>,
}

/// The rail.
#[derive(Debug)]
pub(crate) struct Rail {
    pub(crate) orders: BTreeMap<u64, Order>,
    pub(crate) lines: Vec<BillLine>,
    balance: i64,
    /// Packets landed by person and day.
    by_person: BTreeMap<(usize, i64), u32>,
    /// Sendings in the present second.
    second: (Ms, u32),
    refused_people: BTreeMap<usize, Code>,
    dice: Dice,
    /// Set when money ran out; the merchant tops up once.
    pub(crate) is_short: bool,
}

impl Rail {
    pub(crate) fn new(config: &Config, seed: u64) -> Self {
        Self {
            orders: BTreeMap::new(),
            lines: Vec::new(),
            balance: config.balance,
            by_person: BTreeMap::new(),
            second: (0, 0),
            refused_people: BTreeMap::new(),
            dice: Dice::new(seed, 2),
            is_short: false,
        }
    }

    pub(crate) fn top_up(&mut self) {
        self.balance = i64::MAX / 4;
        self.is_short = false;
    }

    pub(crate) fn truth(&self, number: u64) -> Truth {
        self.orders
            .get(&number)
            .map_or(Truth::Unseen, |order| order.truth)
    }

    /// Since when the rail's truth about a number is what it is.
    pub(crate) fn settled_at(&self, number: u64) -> Ms {
        let order = self.orders.get(&number);
        order
            .and_then(|order| order.history.last())
            .map_or(0, |(at, _)| *at)
    }

    /// Executes one packet that arrived.
    pub(crate) fn execute(
        &mut self,
        config: &Config,
        now: Ms,
        (number, amount, person): (u64, u64, usize),
    ) -> Executed {
        let quiet = |code| Executed {
            code,
            landed: false,
            next_at: None,
        };
        if let Some((_, code)) = config.misconfigured.iter().find(|(w, _)| w.contains(now)) {
            return quiet(*code);
        }
        if let Some(order) = self.orders.get(&number) {
            if (order.amount, order.person) != (amount, person) {
                return quiet(Code::FatalError);
            }
            let is_expired = now >= order.first_at + DAY;
            match order.truth {
                Truth::Unseen => {}
                // The rail calls an old number expired, in a code that stands in no table.
                _ if is_expired => return quiet(Code::Odd),
                Truth::Processing { .. } => return quiet(Code::Processing),
                Truth::Failed => return quiet(Code::SendFailed),
                Truth::Waiting | Truth::Received | Truth::Refunding | Truth::Refunded => {
                    return quiet(Code::Success);
                }
            }
        }
        if let Some(code) = self.refusal(config, now, amount, person) {
            return quiet(code);
        }
        self.take(config, now, (number, amount, person))
    }

    /// Why a well-formed order for this person is not executed now.
    fn refusal(&mut self, config: &Config, now: Ms, amount: u64, person: usize) -> Option<Code> {
        let second = now.div_euclid(SECOND);
        if self.second.0 != second {
            self.second = (second, 0);
        }
        self.second.1 += 1;
        if config.channel.quiet_until(instant(now)).is_some() {
            return Some(Code::Odd);
        }
        let limit = config.channel.sends_per_second + config.channel.sends_per_second / 5;
        if self.second.1 > limit || self.dice.hits(config.rates.too_fast) {
            return Some(self.dice.pick(&[Code::FreqLimit, Code::SecondOverLimited]));
        }
        if let Some(code) = self.refused_people.get(&person) {
            // Risk control changes its mind now and then.
            if self.dice.one_in(4) {
                let _forgiven = self.refused_people.remove(&person);
            } else {
                return Some(*code);
            }
        } else if self.dice.hits(config.rates.refused_people) {
            let code = self.dice.pick(&Code::PERSON);
            self.refused_people.insert(person, code);
            return Some(code);
        }
        let today = self.by_person.get(&(person, day_of(now))).copied();
        if today.unwrap_or(0) >= config.person_day_limit {
            return Some(Code::SendnumLimit);
        }
        if within(&config.merchant_days_full, now) {
            return Some(Code::DayOverLimited);
        }
        if self.balance < i64::try_from(amount).unwrap_or(i64::MAX) {
            self.is_short = true;
            return Some(Code::NotEnough);
        }
        if self.dice.hits(config.rates.system_error) {
            return Some(Code::SystemError);
        }
        if self.dice.hits(config.rates.odd_code) {
            return Some(Code::Odd);
        }
        self.dice
            .hits(config.rates.parameters_differ)
            .then_some(Code::FatalError)
    }

    /// Takes the order: it lands, fails, or is processed first.
    fn take(
        &mut self,
        config: &Config,
        now: Ms,
        (number, amount, person): (u64, u64, usize),
    ) -> Executed {
        let opens = self.dice.below(5) > 0;
        let wait = self.dice.between(SECOND, 26 * HOUR);
        self.orders.entry(number).or_insert_with(|| Order {
            amount,
            person,
            truth: Truth::Unseen,
            first_at: now,
            landings: 0,
            history: Vec::new(),
            opens_after: opens.then_some(wait),
        });
        if self.dice.hits(config.rates.send_failed) {
            self.becomes(number, Truth::Failed, now);
            return Executed {
                code: Code::SendFailed,
                landed: false,
                next_at: None,
            };
        }
        if self.dice.hits(config.rates.processing + config.rates.stuck) {
            let fails = self.dice.one_in(3);
            let weight = u64::from(config.rates.processing + config.rates.stuck);
            let is_stuck = self.dice.below(weight) < u64::from(config.rates.stuck);
            self.becomes(number, Truth::Processing { fails }, now);
            let takes = if is_stuck {
                27 * DAY
            } else {
                self.dice.between(10 * SECOND, 20 * HOUR)
            };
            return Executed {
                code: Code::Processing,
                landed: false,
                next_at: Some(now + takes),
            };
        }
        let next_at = self.land(config, number, now);
        let code = if self.dice.hits(config.rates.landed_but_error) {
            self.dice
                .pick(&[Code::SystemError, Code::Garbled, Code::Odd])
        } else if self.dice.hits(config.rates.echo_differs) {
            Code::SuccessOfSomethingElse
        } else {
            Code::Success
        };
        Executed {
            code,
            landed: true,
            next_at: Some(next_at),
        }
    }

    /// The money leaves; returns when the person or the day decides.
    fn land(&mut self, config: &Config, number: u64, now: Ms) -> Ms {
        let (amount, person, wait) = {
            let Some(order) = self.orders.get_mut(&number) else {
                return now;
            };
            order.landings += 1;
            (order.amount, order.person, order.opens_after)
        };
        self.becomes(number, Truth::Waiting, now);
        *self.by_person.entry((person, day_of(now))).or_default() += 1;
        self.balance -= i64::try_from(amount).unwrap_or(0);
        self.bill(number, false, amount, now);
        let returned = if self.dice.hits(config.rates.stuck) {
            27 * DAY
        } else {
            DAY
        };
        now + wait.filter(|&wait| wait < DAY).unwrap_or(returned)
    }

    /// The order's own course goes on; returns whether it landed now, and when it goes on again.
    pub(crate) fn grow(&mut self, config: &Config, number: u64, now: Ms) -> (bool, Option<Ms>) {
        let Some(order) = self.orders.get(&number) else {
            return (false, None);
        };
        let (amount, opens) = (order.amount, order.opens_after.is_some_and(|w| w < DAY));
        match order.truth {
            Truth::Processing { fails: true } => {
                self.becomes(number, Truth::Failed, now);
                (false, None)
            }
            Truth::Processing { fails: false } => (true, Some(self.land(config, number, now))),
            Truth::Waiting if opens => {
                self.becomes(number, Truth::Received, now);
                let later = self.dice.between(HOUR, 5 * DAY);
                let is_reversed = self.dice.hits(config.rates.reversed);
                (false, is_reversed.then_some(now + later))
            }
            // Taken back long after it was received: the rail's risk control.
            Truth::Waiting | Truth::Received => {
                self.becomes(number, Truth::Refunding, now);
                let takes = self.dice.between(MINUTE, 5 * HOUR);
                (false, Some(now + takes))
            }
            Truth::Refunding => {
                self.becomes(number, Truth::Refunded, now);
                self.balance += i64::try_from(amount).unwrap_or(0);
                self.bill(number, true, amount, now);
                (false, None)
            }
            Truth::Unseen | Truth::Refunded | Truth::Failed => (false, None),
        }
    }

    /// Answers a query from a copy that may lag; `None` if it cannot.
    pub(crate) fn answer(&mut self, config: &Config, number: u64, now: Ms) -> Option<QueryClass> {
        let is_out = config
            .misconfigured
            .iter()
            .any(|(window, code)| *code == Code::CaError && window.contains(now));
        if is_out || self.dice.hits(config.rates.query_error) {
            return None;
        }
        let behind = config
            .lagging
            .iter()
            .find(|(window, _)| window.contains(now))
            .map_or(0, |(_, behind)| *behind);
        let seen_at = now - behind;
        let Some(order) = self.orders.get(&number) else {
            return Some(QueryClass::NotFound);
        };
        if now - order.first_at > 30 * DAY {
            return Some(QueryClass::NotFound);
        }
        let seen = order.history.iter().rev().find(|(at, _)| *at <= seen_at);
        Some(seen.map_or(QueryClass::NotFound, |(_, truth)| truth.answer()))
    }

    fn becomes(&mut self, number: u64, truth: Truth, now: Ms) {
        if let Some(order) = self.orders.get_mut(&number) {
            order.truth = truth;
            order.history.push((now, truth));
        }
    }

    fn bill(&mut self, number: u64, is_return: bool, amount: u64, now: Ms) {
        // What happens in the last seconds of a day may be booked on the next.
        let day = day_of(now + self.dice.between(0, 5 * SECOND));
        self.lines.push(BillLine {
            number,
            is_return,
            amount,
            day,
        });
    }
}
