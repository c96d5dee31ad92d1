//! Our payments against WeChat's bills, number by number: what agrees, what differs, what waits.
//!
//! Comparing only reads; what follows from a difference is in `incident` and `books`.

use std::collections::{BTreeMap, BTreeSet};

use reward_core::{
    Account, AnswerFacts, BillClass, BillFacts, BillFinding, Fen, OrderFacts, Payout,
};
use schedule_core::ShanghaiDay;

use super::{Error, Failure, season};
use crate::{
    app::App,
    store::{
        Read,
        bills::{self, BillRow, DatedFlow},
        facts::{self, PaymentFacts},
        incidents::{self, Ended, IncidentRow},
    },
};

/// What WeChat answered to queries about numbers, by number.
pub type Answers = BTreeMap<String, AnswerFacts>;

/// Every number of ours and of the bills, compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// Each number, in order.
    pub orders: Vec<Order>,
    /// Each day that has a bill or a number, in order.
    pub days: Vec<DayOfBooks>,
    /// The merchant's account by our books and by its own, once there is a bill.
    pub account: Option<AccountMirror>,
    /// Days between the first and the last bill that have none, as day numbers.
    pub unbilled_days: Vec<i64>,
}

/// One number and how its sides compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The number.
    pub bill_number: String,
    /// Its class; `None` while nothing can be said.
    pub class: Option<BillClass>,
    /// What it tells the payout machine, if anything.
    pub finding: Option<BillFinding>,
    /// Our payment, if the number is ours.
    pub ours: Option<OurPayment>,
    /// The day it is counted in: that of its first line, or of its sending.
    pub day: i64,
    /// What is out by our books, in fen.
    pub ours_fen: i64,
    /// What is out by the bills, in fen.
    pub bill_fen: i64,
    /// Whether two persons have explained exactly this difference.
    pub is_explained: bool,
    /// Whether this difference has an incident, open or ended.
    pub has_incident: bool,
}

/// What an incident needs to know of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OurPayment {
    /// The award it pays.
    pub award: String,
    /// Whose award.
    pub person: String,
    /// The city's slug.
    pub city: String,
    /// The state's name.
    pub state: String,
    /// Whether the payout machine has booked a contradiction of the bill.
    pub is_in_dispute: bool,
}

/// One day as finance looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayOfBooks {
    /// Shanghai day number.
    pub day: i64,
    /// Version and number of lines of the bill in force; `None` without a bill.
    pub bill: Option<(i64, i64)>,
    /// Numbers by class, from R0 to R7.
    pub n_by_class: [usize; 8],
    /// Numbers of which nothing can be said yet.
    pub n_waiting: usize,
    /// Numbers that differ and were explained by two persons; they are counted in their class too.
    pub n_explained: usize,
    /// What the bill paid out to people, in fen.
    pub paid_fen: i64,
    /// What came back from people, in fen.
    pub returned_fen: i64,
    /// Top-ups and whatever else the merchant moved in, in fen.
    pub own_income_fen: i64,
    /// Withdrawals, fees and whatever else the merchant moved out, in fen.
    pub own_expense_fen: i64,
    /// What differs between our books and the bills and is not explained, in fen; each number by itself, so that two
    /// differences never cancel out.
    pub difference_fen: i64,
}

impl Comparison {
    /// What differs and is not explained, over all days, in fen.
    #[must_use]
    pub fn difference_fen(&self) -> i64 {
        let days = self.days.iter();
        days.fold(0, |sum, day| sum.saturating_add(day.difference_fen))
    }
}

impl DayOfBooks {
    /// Whether the day is closed to the fen: it has a bill, and nothing in it is unexplained or waits.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.bill.is_some() && self.difference_fen == 0 && self.n_waiting == 0
    }
}

/// The merchant's account: first balance + own movements − what our books paid out = last balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountMirror {
    /// The day of the newest bill with a line.
    pub day: i64,
    /// The balance before the first line of the first bill.
    pub first_fen: i64,
    /// Top-ups less withdrawals and fees.
    pub own_fen: i64,
    /// What our books paid out, net of what came back.
    pub paid_fen: i64,
    /// The balance WeChat states after the last line of the newest bill.
    pub stated_fen: i64,
}

impl AccountMirror {
    /// What the account holds beyond what our books say; zero when both agree.
    #[must_use]
    pub const fn difference_fen(&self) -> i64 {
        let expected = self
            .first_fen
            .saturating_add(self.own_fen)
            .saturating_sub(self.paid_fen);
        self.stated_fen.saturating_sub(expected)
    }
}

/// Compares everything that is stored; `answers` are those of queries made just now.
///
/// Cost: a scan of every payment and of every line of the bills in force.
///
/// # Errors
/// Fails when the database does, or when a payment cannot be read.
pub async fn compare(app: &App, answers: Answers) -> Result<Comparison, Error> {
    let sides = app.store.read(Sides::read).await?;
    sides.compare(&answers)
}

/// Everything a comparison looks at, in one snapshot.
struct Sides {
    payments: Vec<PaymentFacts>,
    bills: Vec<BillRow>,
    flows: Vec<DatedFlow>,
    incidents: Vec<IncidentRow>,
}

/// What the bills say about one number.
#[derive(Debug, Clone, Copy, Default)]
struct Lines {
    facts: BillFacts,
    first_day: Option<i64>,
}

impl Lines {
    fn net_fen(&self) -> i64 {
        let column = |fen: Fen| season::fen_column(fen);
        column(self.facts.paid).saturating_sub(column(self.facts.returned))
    }

    fn is_kept(&self) -> bool {
        self.facts.n_paid > self.facts.n_returned
    }
}

impl Sides {
    fn read(read: &Read<'_>) -> Result<Self, Error> {
        Ok(Self {
            payments: facts::payments(read)?,
            bills: bills::in_force(read)?,
            flows: bills::flows_in_force(read)?,
            incidents: incidents::incidents(read)?,
        })
    }

    fn compare(&self, answers: &Answers) -> Result<Comparison, Error> {
        let (lines, flows) = self.lines()?;
        let billed: BTreeSet<i64> = self.bills.iter().map(|bill| bill.day).collect();
        let mut kept: BTreeMap<&str, usize> = BTreeMap::new();
        for payment in &self.payments {
            if lines
                .get(payment.bill_number.as_str())
                .is_some_and(Lines::is_kept)
            {
                let n_kept = kept.entry(payment.award.as_str()).or_default();
                *n_kept = n_kept.saturating_add(1);
            }
        }
        let mut orders = Vec::with_capacity(self.payments.len());
        for payment in &self.payments {
            let number = payment.bill_number.as_str();
            let line = lines.get(number).copied().unwrap_or_default();
            let n_kept = kept.get(payment.award.as_str()).copied().unwrap_or(0);
            let n_others = n_kept.saturating_sub(usize::from(line.is_kept()));
            let mut order = ours(payment, line, &billed, n_others > 0, answers.get(number))?;
            self.look_up(&mut order);
            orders.push(order);
        }
        let known: BTreeSet<&str> = self
            .payments
            .iter()
            .map(|payment| payment.bill_number.as_str())
            .collect();
        for (number, line) in lines.iter().filter(|(number, _)| !known.contains(*number)) {
            let mut order = stranger(number, *line);
            self.look_up(&mut order);
            orders.push(order);
        }
        orders.sort_by(|left, right| left.bill_number.cmp(&right.bill_number));
        let days = self.days(&orders, &flows);
        Ok(Comparison {
            account: mirror(&flows, &days, &orders),
            unbilled_days: gaps(&billed),
            days,
            orders,
        })
    }

    /// What the bills say of each number, and the movements, each once: one that two bills have, because WeChat cut
    /// the day between them, counts where it stands first.
    fn lines(&self) -> Result<(BTreeMap<&str, Lines>, Vec<&DatedFlow>), Error> {
        let ours: BTreeSet<&str> = self
            .payments
            .iter()
            .map(|payment| payment.bill_number.as_str())
            .collect();
        let mut seen = BTreeSet::new();
        let mut lines: BTreeMap<&str, Lines> = BTreeMap::new();
        let mut flows = Vec::with_capacity(self.flows.len());
        for dated in &self.flows {
            let flow = &dated.flow;
            if !seen.insert(flow.flow_number.as_str()) {
                continue;
            }
            flows.push(dated);
            let number = flow.bill_number.as_str();
            if !flow.is_payout && !ours.contains(number) {
                continue;
            }
            let line = lines.entry(number).or_default();
            line.first_day.get_or_insert(dated.day);
            let facts = &mut line.facts;
            let (count, sum) = if flow.is_income {
                (&mut facts.n_returned, &mut facts.returned)
            } else {
                (&mut facts.n_paid, &mut facts.paid)
            };
            let amount = u64::try_from(flow.amount_fen).map_err(Failure::defect)?;
            *count = count.saturating_add(1);
            *sum = sum
                .checked_add(Fen::new(amount))
                .ok_or_else(|| Failure::defect("a bill sums beyond what can be counted"))?;
        }
        Ok((lines, flows))
    }

    /// What incidents there are about a difference.
    fn look_up(&self, order: &mut Order) {
        let Some(class) = order.class.filter(|class| class.needs_person()) else {
            return;
        };
        let about = self.incidents.iter().filter(|incident| {
            incident.class == class.code() && incident.bill_number == order.bill_number
        });
        for incident in about {
            order.has_incident = true;
            order.is_explained |= incident.ended == Some(Ended::Explained)
                && incident.ours_fen == order.ours_fen
                && incident.bill_fen == order.bill_fen;
        }
    }

    fn days(&self, orders: &[Order], flows: &[&DatedFlow]) -> Vec<DayOfBooks> {
        let ours: BTreeSet<&str> = orders
            .iter()
            .filter(|order| order.ours.is_some())
            .map(|order| order.bill_number.as_str())
            .collect();
        let mut days: BTreeMap<i64, DayOfBooks> = BTreeMap::new();
        for bill in &self.bills {
            day(&mut days, bill.day).bill = Some((bill.version, bill.n_lines));
        }
        for dated in flows {
            let flow = &dated.flow;
            let is_payout = flow.is_payout || ours.contains(flow.bill_number.as_str());
            let day = day(&mut days, dated.day);
            let sum = match (is_payout, flow.is_income) {
                (true, false) => &mut day.paid_fen,
                (true, true) => &mut day.returned_fen,
                (false, true) => &mut day.own_income_fen,
                (false, false) => &mut day.own_expense_fen,
            };
            *sum = sum.saturating_add(flow.amount_fen);
        }
        for order in orders {
            let day = day(&mut days, order.day);
            let Some(class) = order.class else {
                day.n_waiting = day.n_waiting.saturating_add(1);
                continue;
            };
            for (count, other) in day.n_by_class.iter_mut().zip(BillClass::ALL) {
                *count = count.saturating_add(usize::from(class == other));
            }
            day.n_explained = day
                .n_explained
                .saturating_add(usize::from(order.is_explained));
            day.difference_fen = day.difference_fen.saturating_add(order.difference_fen());
        }
        days.into_values().collect()
    }
}

impl Order {
    /// What differs and is not explained, in fen; never negative.
    #[must_use]
    pub fn difference_fen(&self) -> i64 {
        let is_open =
            !self.is_explained && self.class.is_some_and(|class| class != BillClass::Agrees);
        if is_open {
            self.ours_fen.saturating_sub(self.bill_fen).saturating_abs()
        } else {
            0
        }
    }
}

fn day(days: &mut BTreeMap<i64, DayOfBooks>, number: i64) -> &mut DayOfBooks {
    days.entry(number).or_insert(DayOfBooks {
        day: number,
        bill: None,
        n_by_class: [0; 8],
        n_waiting: 0,
        n_explained: 0,
        paid_fen: 0,
        returned_fen: 0,
        own_income_fen: 0,
        own_expense_fen: 0,
        difference_fen: 0,
    })
}

/// A number of ours.
fn ours(
    payment: &PaymentFacts,
    lines: Lines,
    billed: &BTreeSet<i64>,
    paid_otherwise: bool,
    answer: Option<&AnswerFacts>,
) -> Result<Order, Error> {
    let payout: Payout =
        serde_json::from_str(&payment.machine).map_err(|_error| Failure::Unreadable {
            what: "payment.machine",
        })?;
    let number_of = |instant| i64::from(ShanghaiDay::from_instant(instant).number());
    let first_sent = payout.first_sent_at().map(number_of);
    let last_sent = payout.last_sent_at().map(number_of);
    let ended = number_of(season::instant(payment.changed_ms));
    // WeChat may book a movement on the day after it.
    let has_bills = |until: i64| {
        let first = first_sent.unwrap_or(ended);
        (first..=until.saturating_add(1)).all(|day| billed.contains(&day))
    };
    let facts = OrderFacts {
        ours: Some(&payout),
        answer: answer.copied(),
        bill: lines.facts,
        paid_otherwise,
        landing_is_billed: last_sent.is_some_and(has_bills),
        ending_is_billed: has_bills(ended),
    };
    let is_out = match payout.state().account() {
        Account::Sent | Account::Received => true,
        Account::Pool | Account::Reserved | Account::Left | Account::Suspense => false,
    };
    Ok(Order {
        bill_number: payment.bill_number.clone(),
        class: facts.class(),
        finding: facts.finding(),
        ours: Some(OurPayment {
            award: payment.award.clone(),
            person: payment.person.clone(),
            city: payment.city.clone(),
            state: payment.state.clone(),
            is_in_dispute: payout.is_in_dispute(),
        }),
        day: lines
            .first_day
            .or(first_sent)
            .unwrap_or_else(|| number_of(payout.reserved_at())),
        ours_fen: if is_out { payment.amount_fen } else { 0 },
        bill_fen: lines.net_fen(),
        is_explained: false,
        has_incident: false,
    })
}

/// A number that is not ours.
fn stranger(number: &str, lines: Lines) -> Order {
    let facts = OrderFacts {
        ours: None,
        answer: None,
        bill: lines.facts,
        paid_otherwise: false,
        landing_is_billed: true,
        ending_is_billed: true,
    };
    Order {
        bill_number: number.to_owned(),
        class: facts.class(),
        finding: facts.finding(),
        ours: None,
        day: lines.first_day.unwrap_or_default(),
        ours_fen: 0,
        bill_fen: lines.net_fen(),
        is_explained: false,
        has_incident: false,
    }
}

/// Days without a bill between the first and the last that have one.
fn gaps(billed: &BTreeSet<i64>) -> Vec<i64> {
    match (billed.first(), billed.last()) {
        (Some(&first), Some(&last)) => (first..=last).filter(|day| !billed.contains(day)).collect(),
        _ => Vec::new(),
    }
}

fn mirror(flows: &[&DatedFlow], days: &[DayOfBooks], orders: &[Order]) -> Option<AccountMirror> {
    let (first, last) = (flows.first()?, flows.last()?);
    let moved = if first.flow.is_income {
        first.flow.amount_fen
    } else {
        first.flow.amount_fen.saturating_neg()
    };
    let own_fen = days.iter().fold(0_i64, |sum, day| {
        sum.saturating_add(day.own_income_fen)
            .saturating_sub(day.own_expense_fen)
    });
    let paid_fen = orders.iter().fold(0_i64, |sum, order| {
        // Agreed, explained, or on no bill yet: what the bills say is what our books say.
        let is_agreed =
            order.is_explained || order.class.is_none_or(|class| class == BillClass::Agrees);
        sum.saturating_add(if is_agreed {
            order.bill_fen
        } else {
            order.ours_fen
        })
    });
    Some(AccountMirror {
        day: last.day,
        first_fen: first.flow.balance_fen.saturating_sub(moved),
        own_fen,
        paid_fen,
        stated_fen: last.flow.balance_fen,
    })
}
