//! The line to the rail: requests that are lost, late or doubled, replies that are lost or written late.

use reward_core::{Event, Payout, PayoutState, QueryClass, WorkerId};

use super::{
    Happening, World,
    bug::WorldBug,
    coverage::CrashPoint,
    rail::{Code, Truth},
    tables::Payment,
    time::{HOUR, MINUTE, Ms, SECOND, instant, within},
};

/// Longest wait for an answer.
const LIMIT: Ms = 10 * SECOND;
/// The longest that a packet is under way at its worst: half of what the quarantine allows for.
const LATEST: Ms = 5 * MINUTE;

/// One request under way, with what its process knew when it was made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call {
    id: u64,
    pub(super) instance: usize,
    pub(super) life: u64,
    pub(super) worker: WorkerId,
    pub(super) number: u64,
    /// The number on the wire; another one only with a bug.
    wire: u64,
    pub(super) payout: Payout,
    pub(super) version: u64,
    /// Failovers before it was made.
    pub(super) failovers: u32,
    issued: Ms,
}

impl World {
    /// A request of an instance about a payment as it is now.
    pub(super) fn call(
        &mut self,
        instance: usize,
        payment: &Payment,
        payout: &Payout,
        local: Ms,
    ) -> Call {
        self.order += 1;
        let which = &self.instances[instance];
        Call {
            id: self.order,
            instance,
            life: which.life,
            worker: which.worker,
            number: payment.number,
            wire: payment.number,
            payout: *payout,
            version: payout.version(),
            failovers: self.failovers,
            issued: local,
        }
    }

    /// Puts a sending on the wire.
    pub(super) fn send(&mut self, call: Call, amount: u64, person: usize) {
        let mut call = call;
        if self.has(WorldBug::NotWrittenFirst) {
            self.order += 1;
            call.wire = super::tables::mixed(call.number, self.order);
            let award = self
                .tables
                .payment(call.number)
                .map(|payment| payment.award);
            if let Some(award) = award {
                self.oracle.numbered(&self.tables, award, call.wire);
            }
        }
        let amount = self.on_the_wire(&call, amount);
        let is_recovered = self.failovers > 0;
        let awarded = call.payout.amount().get();
        self.oracle
            .wired(call.wire, (amount, awarded), person, is_recovered);
        let which = &mut self.instances[call.instance];
        which.busy.insert((call.number, call.id), 0);
        which.sending += 1;
        for (call, code) in self.stalled.remove(&call.number).unwrap_or_default() {
            let wait = self.dice.between(1, 150);
            self.after(wait, Happening::Reply { call, code });
        }
        let code = Code::Unheard;
        self.after(LIMIT, Happening::Reply { call, code });
        let (number, rates) = (call.wire, self.config.rates.clone());
        let calm = self.now >= self.config.calm_at;
        let mut takes = self.dice.between(20, 200);
        if !calm && self.dice.hits(rates.request_late) {
            self.coverage.failure("F3");
            takes = self.dice.between(SECOND, LATEST);
        }
        if calm || !self.dice.hits(rates.request_lost) {
            let call = Some(call);
            self.after(
                takes,
                Happening::Packet {
                    number,
                    amount,
                    person,
                    call,
                },
            );
        }
        if !calm && self.dice.hits(rates.request_twice) {
            let again = self.dice.between(SECOND, LATEST);
            let call = None;
            self.after(
                again,
                Happening::Packet {
                    number,
                    amount,
                    person,
                    call,
                },
            );
        }
        if !calm && self.dice.hits(rates.callback_forged) {
            let class = self.dice.pick(&[
                QueryClass::Received,
                QueryClass::Failed,
                QueryClass::Refunded,
            ]);
            let wait = self.dice.between(SECOND, HOUR);
            self.after(wait, Happening::Callback { number, class });
        }
        let _dead = self.dies(call.instance, CrashPoint::AfterSending);
    }

    /// The amount that leaves: another one only with a bug.
    fn on_the_wire(&self, call: &Call, amount: u64) -> u64 {
        if self.has(WorldBug::AmountRedrawn) {
            return amount + u64::from(call.payout.sendings() - 1);
        }
        if self.has(WorldBug::YuanInFloat) {
            let yuan = u32::try_from(amount).map(f64::from).unwrap_or(0.0) / 100.0;
            return format!("{}", (yuan * 100.0).trunc())
                .parse()
                .unwrap_or(amount);
        }
        amount
    }

    /// A packet arrives at the rail.
    pub(super) fn packet(&mut self, number: u64, amount: u64, person: usize, call: Option<Call>) {
        if within(&self.config.outages, self.now) {
            let long = self
                .config
                .outages
                .iter()
                .any(|w| w.contains(self.now) && w.until - w.from >= HOUR);
            if long {
                self.coverage.failure("F16");
            }
            return;
        }
        let done = self
            .rail
            .execute(&self.config, self.now, (number, amount, person));
        self.note(number, || format!("rail: {number:x} {}", done.code.name()));
        match done.code {
            Code::MoneyLimit => self.coverage.failure("F20"),
            Code::NoAuth | Code::SimpleBan | Code::OpenidError => self.coverage.failure("F23"),
            Code::SendnumLimit => self.coverage.failure("F19"),
            Code::NotEnough => {
                self.coverage.failure("F18");
                if self.rail.is_short {
                    let wait = self.config.top_up_after;
                    self.after(wait, Happening::TopUp);
                }
            }
            _ => {}
        }
        if done.landed {
            self.oracle.landed(number, &self.rail, &self.tables);
        }
        let is_personal = matches!(
            done.code,
            Code::NoAuth | Code::SimpleBan | Code::OpenidError
        );
        let doubles = self.config.rates.request_twice > 0 && self.now < self.config.calm_at;
        if is_personal && doubles && call.is_some() && self.dice.one_in(3) {
            // The worst packet to come twice is one that was refused.
            let again = self.dice.between(SECOND, LATEST);
            let call = None;
            self.after(
                again,
                Happening::Packet {
                    number,
                    amount,
                    person,
                    call,
                },
            );
        }
        if let Some(at) = done.next_at {
            self.at(at, Happening::Grow { number });
        }
        let Some(call) = call else { return };
        if self.now >= self.config.calm_at || !self.dice.hits(self.config.rates.reply_lost) {
            let takes = self.dice.between(20, 200);
            let code = done.code;
            self.after(takes, Happening::Reply { call, code });
        }
    }

    /// The rail's own course of a number goes on.
    pub(super) fn grow(&mut self, number: u64) {
        let before = self.rail.truth(number);
        let (landed, next) = self.rail.grow(&self.config, number, self.now);
        let truth = self.rail.truth(number);
        self.note(number, || format!("rail: {number:x} becomes {truth:?}"));
        match (before, truth) {
            (Truth::Waiting, Truth::Refunding) => self.coverage.failure("F24"),
            (Truth::Received, Truth::Refunding) => self.coverage.failure("packet taken back"),
            _ => {}
        }
        if landed {
            self.oracle.landed(number, &self.rail, &self.tables);
        }
        if let Some(at) = next {
            self.at(at, Happening::Grow { number });
        }
        let class = match truth {
            Truth::Received => QueryClass::Received,
            Truth::Refunded => QueryClass::Refunded,
            Truth::Failed => QueryClass::Failed,
            _ => return,
        };
        if self.dice.one_in(2) {
            let wait = self.dice.between(100, 30 * SECOND);
            self.after(wait, Happening::Callback { number, class });
        }
        if self.dice.hits(self.config.rates.callback_noise) {
            let wait = self.dice.between(SECOND, 5 * HOUR);
            self.after(wait, Happening::Callback { number, class });
        }
    }

    /// Whether this answer still finds somebody who waits for it; it may find them late.
    fn finds(&mut self, call: &Call, is_silence: bool, stalls: u32) -> Option<bool> {
        if !self.is_alive(call) {
            return None;
        }
        let busy = &self.instances[call.instance].busy;
        let stalled_until = *busy.get(&(call.number, call.id))?;
        if is_silence && stalled_until > self.now {
            return None;
        }
        let is_stalled = stalled_until == 0
            && !is_silence
            && self.now < self.config.calm_at
            && self.dice.hits(stalls);
        Some(is_stalled)
    }

    /// The process stands still for a while with the answer in its hands.
    fn stall(&mut self, call: &Call, what: Happening) {
        let wait = self.dice.between(SECOND, 15 * MINUTE);
        let mut until = self.now + wait;
        if let (Happening::Answer { .. }, Some(sent)) = (&what, call.payout.last_sent_at())
            && self.dice.one_in(2)
        {
            // The worst moment for an old answer is the end of the quarantine.
            let quarantine = Ms::from(self.config.policy.quarantine_seconds()) * SECOND;
            let offset = self.instances[call.instance].offset;
            let end = sent.timestamp_millis() - offset + quarantine;
            until = (end + self.dice.between(0, 60)).max(self.now + 1);
        }
        let busy = &mut self.instances[call.instance].busy;
        busy.insert((call.number, call.id), until);
        if let Happening::Reply { call, code } = what {
            self.stalled
                .entry(call.number)
                .or_default()
                .push((call, code));
        }
        self.at(until, what);
    }

    /// What a sending brought, or silence.
    pub(super) fn reply(&mut self, call: Call, code: Code) {
        let Some(is_stalled) = self.finds(
            &call,
            code == Code::Unheard,
            self.config.rates.reply_stalled,
        ) else {
            return;
        };
        if is_stalled {
            self.stall(&call, Happening::Reply { call, code });
            return;
        }
        let _answered = self.instances[call.instance]
            .busy
            .remove(&(call.number, call.id));
        self.widen(call.instance, code);
        self.coverage.count("reply", code.name());
        let useful = matches!(
            code,
            Code::Success
                | Code::SuccessOfSomethingElse
                | Code::Processing
                | Code::NoAuth
                | Code::SimpleBan
                | Code::OpenidError
                | Code::SendFailed
                | Code::FatalError
        );
        self.oracle.called(&self.config, useful);
        if self.has(WorldBug::ClientRetries) && code == Code::Unheard {
            for _ in 0..200 {
                self.oracle.called(&self.config, false);
            }
        }
        let is_heard = !matches!(code, Code::Unheard | Code::SystemError);
        self.heard(call.instance, is_heard);
        if self.dies(call.instance, CrashPoint::BeforeReplyIsWritten) {
            if code == Code::Success {
                self.coverage.failure("F1");
            }
            return;
        }
        let class = code.class();
        let event = Event::Reply {
            worker: call.worker,
            version: call.version,
            class,
        };
        let mut call = call;
        self.reread(&mut call);
        let jitter = self.jitter();
        let _taken = self.take(call, event, Some(class), jitter);
        if self.has(WorldBug::NotWrittenFirst)
            && code == Code::Success
            && let Some(index) = self.tables.by_number.get(&call.number).copied()
        {
            self.renumber(index, call.wire);
        }
        self.rouse(call.instance, 0);
    }

    /// Some workers look at the row again before they write.
    fn reread(&self, call: &mut Call) {
        if self.config.rereads
            && let Some(stored) = self.tables.payment(call.number)
        {
            call.payout = stored.payout;
        }
    }

    /// Puts a question on the wire.
    pub(super) fn ask(&mut self, instance: usize, payment: &Payment, local: Ms) {
        let call = self.call(instance, payment, &payment.payout, local);
        self.instances[instance]
            .busy
            .insert((call.number, call.id), 0);
        self.after(LIMIT, Happening::Answer { call, class: None });
        if self.now >= self.config.calm_at || !self.dice.hits(self.config.rates.request_lost) {
            let takes = self.dice.between(20, 200);
            self.after(takes, Happening::Question { call });
        }
        let _dead = self.dies(instance, CrashPoint::AfterQuestion);
    }

    /// A question arrives at the rail.
    pub(super) fn question_arrives(&mut self, call: Call) {
        if within(&self.config.outages, self.now) {
            return;
        }
        let class = self.rail.answer(&self.config, call.wire, self.now);
        let takes = self.dice.between(20, 200);
        self.after(takes, Happening::Answer { call, class });
    }

    /// What a question brought, or silence.
    pub(super) fn answer(&mut self, call: Call, class: Option<QueryClass>) {
        let mut stalls = self.config.rates.reply_stalled;
        if let PayoutState::Unknown(unknown) = call.payout.state()
            && unknown.refused.is_some()
            && stalls > 0
        {
            // The worst answer to be late with is that nothing was found.
            stalls = 20_000;
        }
        let Some(is_stalled) = self.finds(&call, class.is_none(), stalls) else {
            return;
        };
        if is_stalled {
            self.stall(&call, Happening::Answer { call, class });
            return;
        }
        let _answered = self.instances[call.instance]
            .busy
            .remove(&(call.number, call.id));
        self.oracle.called(&self.config, class.is_some());
        self.heard(call.instance, class.is_some());
        if self.dies(call.instance, CrashPoint::BeforeAnswerIsWritten) {
            return;
        }
        let event = class.map_or(Event::QueryError, |class| Event::QueryResult {
            class,
            issued_at: instant(call.issued),
        });
        let mut call = call;
        self.reread(&mut call);
        let jitter = self.jitter();
        let _taken = self.take(call, event, None, jitter);
        self.rouse(call.instance, 0);
    }
}
