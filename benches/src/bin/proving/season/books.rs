//! The rail's bills held against ours, and the operators who explain what no machine may.

use std::collections::BTreeMap;

use reward_core::{
    Authority, BillClass, BillFacts, Event, EvidenceId, Fen, OperatorId, OrderFacts, PayoutState,
    Resolution,
};

use super::{
    Happening, World,
    bug::WorldBug,
    coverage::RESOLUTIONS,
    rail::Truth,
    tables::Payment,
    time::{DAY, HOUR, Ms, day_of},
};

const MAKER: OperatorId = OperatorId::new(1);
const CHECKER: OperatorId = OperatorId::new(2);

impl World {
    /// The bill of a day comes, or comes late, or twice.
    pub(super) fn bill(&mut self, day: i64) {
        if self.now < self.config.calm_at && self.dice.hits(self.config.rates.bill_trouble) {
            self.coverage.failure("F27");
            let wait = self.dice.between(HOUR, 20 * HOUR);
            self.after(wait, Happening::Bill { day });
            if self.dice.one_in(2) {
                return;
            }
        }
        if self.has(WorldBug::BillTwice) && day < self.tables.bills_until_day {
            self.billed_twice = true;
        }
        for (at, line) in self.rail.lines.iter().enumerate() {
            if line.day <= day {
                self.tables.billed.insert(at);
            }
        }
        self.tables.bills_until_day = self.tables.bills_until_day.max(day + 1);
        self.reconcile();
    }

    /// What the bills at hand say of each number.
    fn billed(&self) -> BTreeMap<u64, BillFacts> {
        let mut facts: BTreeMap<u64, BillFacts> = BTreeMap::new();
        let times = if self.billed_twice { 2 } else { 1 };
        for line in self
            .tables
            .billed
            .iter()
            .filter_map(|at| self.rail.lines.get(*at))
        {
            if self.has(WorldBug::BillByDate) && !self.is_of_its_day(line.number, line.day) {
                continue;
            }
            let of = facts.entry(line.number).or_default();
            let add = |sum: Fen| {
                sum.checked_add(Fen::new(line.amount * u64::from(times)))
                    .unwrap_or(sum)
            };
            if line.is_return {
                of.n_returned += times;
                of.returned = add(of.returned);
            } else {
                of.n_paid += times;
                of.paid = add(of.paid);
            }
        }
        facts
    }

    /// Whether a line stands on the day of the payment's own sending: a rule only with a bug.
    fn is_of_its_day(&self, number: u64, day: i64) -> bool {
        let sent = self
            .tables
            .payment(number)
            .and_then(|payment| payment.payout.last_sent_at())
            .map(|at| day_of(at.timestamp_millis()));
        sent == Some(day)
    }

    fn class(
        &self,
        payment: &Payment,
        billed: &BTreeMap<u64, BillFacts>,
    ) -> (Option<BillClass>, Option<Event>) {
        let until = self.tables.bills_until_day;
        let ended = payment.ended.unwrap_or(self.now).max(payment.touched);
        let others = self.numbers_of(payment.award);
        let paid_otherwise = others
            .iter()
            .filter(|number| **number != payment.number)
            .filter_map(|number| billed.get(number))
            .any(|bill| bill.n_paid > bill.n_returned);
        let facts = OrderFacts {
            ours: Some(&payment.payout),
            answer: None,
            bill: billed.get(&payment.number).copied().unwrap_or_default(),
            paid_otherwise,
            landing_is_billed: day_of(ended) + 1 < until,
            ending_is_billed: day_of(ended) + 1 < until,
        };
        let finding = facts.finding();
        (
            facts.class(),
            finding.map(|finding| Event::BillContradicts { finding }),
        )
    }

    /// Every number from all sides: what settles itself is asked about, the rest is named.
    fn reconcile(&mut self) {
        let billed = self.billed();
        let payments = self.tables.payments.clone();
        for (index, payment) in payments.iter().enumerate() {
            let (class, event) = self.class(payment, &billed);
            let Some(class) = class else { continue };
            self.coverage.count("bill class", class.code());
            if class.is_asked_about() && payment.payout.due_at().is_some() {
                self.tables.reschedule(index, Some(self.now), true);
            }
            if class == BillClass::PaidTwice {
                self.oracle.violated("M12 nobody is paid twice", || {
                    format!("the bill shows two payments of award {}", payment.award)
                });
            }
            if class.needs_person() {
                self.tables.incidents.insert(payment.number, class.code());
            }
            if let Some(event) = event
                && payment.payout.state().is_terminal()
            {
                let _booked = self.decree(payment.number, event);
            }
        }
        for number in billed.keys() {
            if self.tables.payment(*number).is_none() && !self.has(WorldBug::OrphansUnseen) {
                self.coverage.failure("F26");
                self.coverage.count("bill class", BillClass::Orphan.code());
                self.tables
                    .incidents
                    .insert(*number, BillClass::Orphan.code());
            }
        }
        self.rouse_all();
    }

    /// At the end every line is at hand, and every difference has its name (M22).
    pub(super) fn finish_books(&mut self) {
        self.tables.bills_until_day = i64::MAX / 2;
        self.tables.billed = (0..self.rail.lines.len()).collect();
        self.reconcile();
        let billed = self.billed();
        let held = self.held_numbers();
        for payment in self.tables.payments.clone() {
            let number = payment.number;
            let (class, _) = self.class(&payment, &billed);
            let state = payment.payout.state().name();
            let is_explained = match class {
                None | Some(BillClass::Agrees) => true,
                Some(_) => payment.payout.is_in_dispute() || held.contains(&number),
            };
            let is_disputed = payment.payout.is_in_dispute();
            let landed = self.rail.orders.get(&number);
            let is_plain = landed.is_none_or(|order| {
                order.landings <= 1 && order.amount == payment.payout.amount().get()
            });
            if is_disputed && is_plain && self.is_the_rails(&payment) {
                self.oracle.violated("M22 no false difference", || {
                    format!("{number:x} is {state} here and there, and in dispute")
                });
            }
            let is_true = self.is_the_rails(&payment)
                || payment.payout.is_in_dispute()
                || held.contains(&number);
            if !is_explained || !is_true {
                self.oracle
                    .violated("M22 our books are the rail's bill", || {
                        let class = class.map_or("-", BillClass::code);
                        format!("{number:x} is {state} here and {class} on the bill")
                    });
            }
        }
        for (number, order) in &self.rail.orders {
            if order.landings == 0 {
                continue;
            }
            let ours = self.tables.payment(*number);
            let is_known = ours.is_some() || self.tables.incidents.contains_key(number);
            if !is_known {
                self.oracle.violated("M22 nothing is paid unseen", || {
                    format!("{number:x} was paid, and nobody knows")
                });
            }
            let differs = ours.is_some_and(|ours| ours.payout.amount().get() != order.amount);
            if differs {
                self.coverage.failure("award restored");
            }
            if differs && !self.tables.incidents.contains_key(number) {
                self.oracle.violated("M12 paid what was awarded", || {
                    format!(
                        "{number:x} was paid {} fen and awarded another amount",
                        order.amount
                    )
                });
            }
        }
    }

    /// Whether the rail has the same end under this number.
    fn is_the_rails(&self, payment: &Payment) -> bool {
        let truth = self.rail.truth(payment.number);
        match payment.payout.state() {
            PayoutState::Received => truth == Truth::Received,
            PayoutState::Refunded => truth == Truth::Refunded,
            PayoutState::Dead { .. } => matches!(truth, Truth::Unseen | Truth::Failed),
            _ => true,
        }
    }

    /// Two persons look at what waits for them, with the rail's console before their eyes.
    pub(super) fn operators(&mut self) {
        let payments = self.tables.payments.clone();
        for payment in payments {
            let number = payment.number;
            match payment.payout.state() {
                PayoutState::Held { .. } => {
                    if self.dice.below(10) < 6 {
                        self.resolve(&payment);
                    }
                }
                PayoutState::Refunded | PayoutState::Dead { .. } | PayoutState::Received => {
                    if self.dice.one_in(30) {
                        // Somebody wants to know, though it has ended.
                        let instance = self.dice.index(self.instances.len());
                        let local = self.local_now(instance);
                        if self.is_there(instance) {
                            self.ask(instance, &payment, local);
                        }
                    }
                    if self.now < self.config.closes + 3 * DAY && self.dice.one_in(12) {
                        self.may_renew(number);
                    }
                }
                _ => {
                    let overdue = payment.payout.needs_person() && self.dice.one_in(3);
                    let calm = self.now >= self.config.calm_at;
                    if overdue || (!calm && self.dice.hits(self.config.rates.operator_holds)) {
                        self.oracle.named.insert(number);
                        let _held = self.decree(number, Event::Hold { operator: MAKER });
                    }
                }
            }
        }
    }

    /// A new number for what came back or died; the machine says whether it may be.
    fn may_renew(&mut self, number: u64) {
        if self.dice.one_in(4) {
            let alone = Authority::DualControl {
                maker: MAKER,
                checker: MAKER,
            };
            let before = self.tables.payments.len();
            let _refused = self.renew(number, alone);
            if self.tables.payments.len() > before {
                self.one_person_decided(number);
            }
        }
        let both = Authority::DualControl {
            maker: MAKER,
            checker: CHECKER,
        };
        let _renewed = self.renew(number, both);
    }

    fn one_person_decided(&mut self, number: u64) {
        self.oracle.violated("M27 two persons decide", || {
            format!("one person alone decided about {number:x}")
        });
    }

    fn resolve(&mut self, payment: &Payment) {
        let number = payment.number;
        let last = payment.payout.last_sent_at();
        let since: Ms = last.map_or(0, |at| self.now - at.timestamp_millis());
        let resolution = if self.has(WorldBug::HeldIsReleased) {
            Resolution::Dead
        } else {
            match self.rail.truth(number) {
                Truth::Received => Resolution::Received,
                Truth::Refunded => Resolution::Refunded,
                Truth::Failed => Resolution::Dead,
                Truth::Waiting | Truth::Refunding | Truth::Processing { .. } => Resolution::Unknown,
                Truth::Unseen if last.is_none() => Resolution::Deferred,
                Truth::Unseen if since > DAY => Resolution::Dead,
                Truth::Unseen if since > HOUR && self.age(&payment.payout) < 18 * HOUR => {
                    Resolution::Deferred
                }
                Truth::Unseen => return,
            }
        };
        let aged = self.age(&payment.payout) >= 24 * DAY;
        if aged && resolution == Resolution::Unknown {
            // It would come back at once: they wait for the rail instead.
            return;
        }
        let event = |checker: OperatorId| Event::Operator {
            maker: MAKER,
            checker,
            evidence: EvidenceId::new(number),
            resolution,
        };
        if self.dice.one_in(5) {
            let version = payment.payout.version();
            let _refused = self.decree(number, event(MAKER));
            let now = self
                .tables
                .payment(number)
                .map(|payment| payment.payout.version());
            if now != Some(version) {
                self.one_person_decided(number);
                return;
            }
        }
        if self.decree(number, event(CHECKER)) {
            let name = RESOLUTIONS.iter().find(|(of, _)| *of == resolution);
            self.coverage
                .count("resolution", name.map_or("-", |(_, name)| name));
        }
        if self.has(WorldBug::HeldIsReleased) {
            self.may_renew(number);
        }
    }
}
