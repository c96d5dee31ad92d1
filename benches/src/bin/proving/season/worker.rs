//! Payments taken a step further: what the machine says is committed first, then done, then recorded.

use std::collections::BTreeSet;

use reward_core::{
    Authority, Command, DeadReason, Event, Jitter, NextStep, Payout, PayoutState, Permit,
    RefusedReason, ReplyClass, Transition,
};

use super::{
    Commit, Happening, World,
    bug::WorldBug,
    coverage::CrashPoint,
    line::Call,
    rail::Code,
    tables::{Payment, mixed},
    time::{DAY, HOUR, MINUTE, Ms, SECOND, day_of, instant, start_of},
};

/// A step that is written a little later than it was decided.
#[derive(Debug, Clone)]
pub(super) struct Write {
    call: Call,
    step: Transition,
    reply: Option<ReplyClass>,
}

impl World {
    /// Makes an instance look at its work, unless it will anyway.
    pub(super) fn rouse(&mut self, instance: usize, wait: Ms) {
        let at = self.now + wait;
        let which = &mut self.instances[instance];
        if which.up && which.wake_at.is_none_or(|planned| planned > at) {
            which.wake_at = Some(at);
            self.at(at, Happening::Wake { instance });
        }
    }

    pub(super) fn rouse_all(&mut self) {
        for instance in 0..self.instances.len() {
            let wait = self.dice.between(0, 250);
            self.rouse(instance, wait);
        }
    }

    pub(super) fn wake(&mut self, instance: usize) {
        if self.instances[instance].wake_at != Some(self.now) {
            return;
        }
        self.instances[instance].wake_at = None;
        if !self.is_there(instance) {
            self.rouse(instance, 5 * SECOND);
            return;
        }
        if let Some(wait) = self.silence(instance) {
            self.rouse(instance, wait);
            return;
        }
        let local = self.local_now(instance);
        let due = self.tables.due.range(..=(local, usize::MAX));
        let due: Vec<usize> = due.map(|(_, index)| *index).collect();
        let mut moved = false;
        for index in due {
            if !self.instances[instance].up {
                return;
            }
            moved |= self.drive(instance, index, local);
        }
        if !self.instances[instance].up {
            return;
        }
        let next = self
            .tables
            .due
            .range((local + 1, 0)..)
            .next()
            .map(|(at, _)| *at);
        let beat = if moved { 250 } else { 20 * SECOND };
        let wait = next.map_or(beat, |at| (at - local).min(beat));
        let is_anything_left = next.is_some() || !self.tables.due.is_empty();
        if is_anything_left {
            let is_future_only = self.tables.due.first().is_some_and(|(at, _)| *at > local);
            let wait = if is_future_only {
                next.map_or(beat, |at| at - local)
            } else {
                wait
            };
            self.rouse(instance, wait.max(1));
        }
    }

    /// Takes one payment a step further; whether anything moved.
    fn drive(&mut self, instance: usize, index: usize, local: Ms) -> bool {
        let Some(payment) = self.tables.payments.get(index).cloned() else {
            return false;
        };
        let number = payment.number;
        let mut calls = self.instances[instance]
            .busy
            .range((number, 0)..=(number, u64::MAX));
        // A task that stands still is waited for by nobody.
        if calls.any(|(_, stalled_until)| *stalled_until <= self.now) {
            return false;
        }
        let (channel, policy) = (self.config.channel, self.config.policy);
        match payment.payout.next_step(instant(local), &channel, &policy) {
            NextStep::Send => self.prepare_sending(instance, index, &payment, local),
            NextStep::Query => {
                if self.starts_anew(index, &payment, local) {
                    return true;
                }
                self.ask(instance, &payment, local);
                true
            }
            NextStep::ExpireLease => {
                if self.has(WorldBug::DueForgotten) {
                    self.tables.reschedule(index, None, false);
                    return true;
                }
                if self.has(WorldBug::RecoveryRenumbers) {
                    self.begin_anew(index, &payment, local);
                    return true;
                }
                self.feed(instance, &payment, Event::LeaseExpired, local)
            }
            NextStep::Tick => self.feed(instance, &payment, Event::Tick, local),
            NextStep::Wait(until) => {
                let due = Some(until.timestamp_millis());
                self.tables.reschedule(index, due, false);
                let is_open = !matches!(
                    payment.payout.state(),
                    PayoutState::Reserved | PayoutState::InFlight { .. }
                );
                if payment.told && is_open {
                    self.ask(instance, &payment, local);
                }
                true
            }
            NextStep::Nothing => {
                self.tables.reschedule(index, None, false);
                true
            }
        }
    }

    /// After an hour of not knowing, a new number: only with a bug.
    fn starts_anew(&mut self, index: usize, payment: &Payment, local: Ms) -> bool {
        let PayoutState::Unknown(_) = payment.payout.state() else {
            return false;
        };
        let sent = payment
            .payout
            .last_sent_at()
            .map_or(local, |at| at.timestamp_millis());
        let is_due = self.has(WorldBug::RenewedWhileUnknown) && local - sent > HOUR;
        if is_due {
            self.begin_anew(index, payment, local);
        }
        is_due
    }

    /// Forgets what is known of a payment and begins under another number: only with a bug.
    fn begin_anew(&mut self, index: usize, payment: &Payment, local: Ms) {
        let key = self.order;
        self.renumber(index, mixed(payment.number, key));
        let fresh = Payout::reserve(payment.payout.amount(), instant(local));
        if let Ok((payout, _)) = fresh
            && let Some(row) = self.tables.payments.get(index).cloned()
        {
            let due = Some(local);
            self.tables.put(index, Payment { payout, due, ..row });
        }
    }

    /// Gives a payment another number: only with a bug.
    pub(super) fn renumber(&mut self, index: usize, number: u64) {
        let Some(row) = self.tables.payments.get_mut(index) else {
            return;
        };
        let (old, award) = (row.number, row.award);
        row.number = number;
        self.tables.by_number.remove(&old);
        self.tables.by_number.insert(number, index);
        self.oracle.numbered(&self.tables, award, number);
    }

    /// Whether this may leave now, and if so, that it does.
    fn prepare_sending(
        &mut self,
        instance: usize,
        index: usize,
        payment: &Payment,
        local: Ms,
    ) -> bool {
        let channel = self.config.channel;
        let paused_until = if self.has(WorldBug::PauseOfOne) {
            self.instances[instance].paused_until
        } else {
            self.tables.rail_paused_until
        };
        let which = &self.instances[instance];
        let second = local.div_euclid(SECOND);
        let n_in_second = if self.tables.rail_second.0 == second {
            self.tables.rail_second.1
        } else {
            0
        };
        if paused_until > local
            || which.sending >= which.width
            || n_in_second >= channel.sends_per_second
        {
            return false;
        }
        let today = (payment.person, day_of(local));
        let sent_today = self.tables.person_day.get(&today);
        let others = sent_today.map_or(0, |sent| {
            sent.iter().filter(|n| **n != payment.number).count()
        });
        if u32::try_from(others).unwrap_or(u32::MAX) >= channel.packets_per_person_per_day {
            self.coverage.failure("F19");
            let tomorrow = start_of(day_of(local) + 1) + 5 * MINUTE;
            self.tables.reschedule(index, Some(tomorrow), false);
            return true;
        }
        if self.dies(instance, CrashPoint::BeforeIntent) {
            return false;
        }
        let mut payment = payment.clone();
        if self.has(WorldBug::NumberPerSending) && payment.payout.sendings() > 0 {
            let key = self.order;
            self.renumber(index, mixed(payment.number, key));
            payment.number = self.tables.payments[index].number;
        }
        let worker = self.instances[instance].worker;
        let due = Event::Due {
            worker,
            permit: Permit::Granted,
        };
        let jitter = self.jitter();
        let policy = self.config.policy;
        let stepped = payment
            .payout
            .step(due, instant(local), &channel, &policy, jitter);
        let Ok(step) = stepped else { return false };
        let commit = self.commit();
        if !commit.is_done() || !self.store(payment.number, payment.payout.version(), &step) {
            return false;
        }
        self.tables.rail_second = (second, n_in_second + 1);
        self.tables
            .person_day
            .entry(today)
            .or_default()
            .insert(payment.number);
        self.oracle
            .sending(&self.config, payment.number, self.now, local);
        if commit != Commit::Done || self.dies(instance, CrashPoint::AfterIntent) {
            self.coverage.failure("F2");
            return true;
        }
        let call = self.call(instance, &payment, &step.next, local);
        self.send(call, payment.payout.amount().get(), payment.person);
        true
    }

    /// Feeds an event that needs nobody else, and commits what follows.
    fn feed(&mut self, instance: usize, payment: &Payment, event: Event, local: Ms) -> bool {
        let call = self.call(instance, payment, &payment.payout, local);
        let jitter = self.jitter();
        self.take(call, event, None, jitter)
    }

    /// One event through the table and into the database, from what was read when the call began.
    pub(super) fn take(
        &mut self,
        call: Call,
        event: Event,
        reply: Option<ReplyClass>,
        jitter: Jitter,
    ) -> bool {
        let local = self.local_now(call.instance);
        let (channel, policy) = (self.config.channel, self.config.policy);
        let Ok(step) = call
            .payout
            .step(event, instant(local), &channel, &policy, jitter)
        else {
            self.coverage.count("step", "refused");
            return false;
        };
        if step.next == call.payout {
            self.coverage.row(step.row);
            return true;
        }
        let write = Write { call, step, reply };
        if self.now < self.config.calm_at && self.dice.hits(self.config.rates.commit_slow) {
            let wait = self.dice.between(50, 45 * SECOND);
            self.after(wait, Happening::Write(Box::new(write)));
            return true;
        }
        self.write(write);
        true
    }

    /// Commits a step that a live instance decided.
    pub(super) fn write(&mut self, write: Write) {
        let Write { call, step, reply } = write;
        if !self.is_alive(&call) || !self.is_there(call.instance) || !self.commit().is_done() {
            return;
        }
        let number = call.number;
        let stored = self.tables.payment(number).map(|payment| payment.payout);
        if !self.store(number, call.payout.version(), &step) {
            return;
        }
        if let (Some(class), Some(stored)) = (reply, stored) {
            let is_own = matches!(stored.state(), PayoutState::InFlight { owner, .. } if *owner == call.worker)
                && stored.version() == call.version;
            // A failover that forgot a sending lets another instance send the same number under
            // the same version; an answer to either is then an answer to both.
            let fits = is_own || call.failovers != self.failovers;
            let pause = Ms::from(self.config.policy.rail_retry_seconds) * SECOND - 4 * MINUTE;
            self.oracle
                .replied(self.now, class, pause, fits, (number, &step.next));
            if let PayoutState::InFlight { lease_until, .. } = stored.state()
                && self.local_now(call.instance) >= lease_until.timestamp_millis()
            {
                self.coverage.failure("F4");
            }
        }
        let local = self.local_now(call.instance);
        for command in &step.commands {
            if let Command::PauseRail(_) = command {
                let until = local + Ms::from(self.config.policy.rail_retry_seconds) * SECOND;
                if self.has(WorldBug::PauseOfOne) {
                    self.instances[call.instance].paused_until = until;
                } else {
                    self.tables.rail_paused_until = until;
                }
            }
        }
        if reply.is_some() {
            let _dead = self.dies(call.instance, CrashPoint::AfterReplyIsWritten);
        }
    }

    /// Writes a step over the version it was decided on; false if another was faster.
    pub(super) fn store(&mut self, number: u64, seen: u64, step: &Transition) -> bool {
        let Some(index) = self.tables.by_number.get(&number).copied() else {
            return false;
        };
        let stored = self.tables.payments[index].clone();
        if stored.payout.version() != seen && !self.has(WorldBug::NoFence) {
            self.coverage.count("step", "overtaken");
            return false;
        }
        self.oracle
            .stepped(number, &stored.payout, step, &self.rail);
        self.coverage.row(step.row);
        let (from, to) = (stored.payout.state().name(), step.next.state().name());
        self.note(mixed(u64::from(step.row), number), || {
            format!("{number:x}: row {} from {from} to {to}", step.row)
        });
        self.book(stored.city, step);
        let newly_ended = step.next.state().is_terminal() && !stored.payout.state().is_terminal();
        if newly_ended && to != "received" {
            self.give_back(stored.city);
        }
        self.tables.put(
            index,
            Payment {
                payout: step.next,
                due: step.next.due_at().map(|at| at.timestamp_millis()),
                ended: if newly_ended {
                    Some(self.now)
                } else {
                    stored.ended
                },
                told: false,
                touched: self.now,
                ..stored.clone()
            },
        );
        if let Some(newer) = &step.successor {
            self.succeed(&stored, newer);
        } else {
            self.renew_by_policy(number, &step.next);
        }
        self.rouse_all();
        true
    }

    /// The new attempt that row 23 makes, in the same transaction.
    fn succeed(&mut self, older: &Payment, newer: &Payout) {
        let Some(award) = self.tables.awards.get(older.award) else {
            return;
        };
        let mut number = award.chance.number(newer.attempt());
        if self.tables.by_number.contains_key(&number) {
            // Only a planted bug asks twice for the same attempt.
            self.order += 1;
            number = mixed(number, self.order);
        }
        let inserted = self.tables.insert(Payment {
            number,
            payout: *newer,
            due: newer.due_at().map(|at| at.timestamp_millis()),
            ended: None,
            told: false,
            touched: self.now,
            ..older.clone()
        });
        if inserted {
            self.oracle.numbered(&self.tables, older.award, number);
        }
    }

    /// What died through no fault of its person is paid under a new number.
    fn renew_by_policy(&mut self, number: u64, next: &Payout) {
        let PayoutState::Dead {
            reason: DeadReason::Refused(reason),
        } = next.state()
        else {
            return;
        };
        let is_personal = matches!(reason, RefusedReason::Person(_));
        if is_personal {
            return;
        }
        let _renewed = self.renew(number, Authority::Policy);
    }

    /// Asks the machine for a new attempt.
    pub(super) fn renew(&mut self, number: u64, authority: Authority) -> bool {
        let Some(payment) = self.tables.payment(number).cloned() else {
            return false;
        };
        let event = Event::NewAttempt {
            authority,
            city_open: self.city_is_open(payment.city),
        };
        self.decree(number, event)
    }

    /// Applies an event of a person or a bill at once; whether the machine took it.
    pub(super) fn decree(&mut self, number: u64, event: Event) -> bool {
        let Some(payment) = self.tables.payment(number).cloned() else {
            return false;
        };
        let (channel, policy) = (self.config.channel, self.config.policy);
        let stepped =
            payment
                .payout
                .step(event, instant(self.now), &channel, &policy, Jitter::NONE);
        let Ok(step) = stepped else { return false };
        if step.next == payment.payout && step.successor.is_none() {
            self.coverage.row(step.row);
            return true;
        }
        self.store(number, payment.payout.version(), &step)
    }

    fn city_is_open(&self, city: usize) -> bool {
        self.config.opens(city) <= self.now && self.now < self.config.closes(city)
    }

    /// While the rail gives no answers an instance rests, and asks about nothing now and then.
    fn silence(&mut self, instance: usize) -> Option<Ms> {
        let local = self.local_now(instance);
        let asks_at = self.instances[instance].asks_at?;
        if local < asks_at {
            return Some(asks_at - local);
        }
        self.coverage.failure("F17");
        let is_back = !super::time::within(&self.config.outages, self.now);
        self.oracle.called(&self.config, is_back);
        let which = &mut self.instances[instance];
        if is_back {
            (which.unheard, which.asks_at) = (0, None);
            return None;
        }
        which.asks_at = Some(local + 5 * MINUTE);
        Some(5 * MINUTE)
    }

    /// Counts calls in a row that nobody answered.
    pub(super) fn heard(&mut self, instance: usize, is_heard: bool) {
        let local = self.local_now(instance);
        let which = &mut self.instances[instance];
        if is_heard {
            (which.unheard, which.asks_at) = (0, None);
            return;
        }
        which.unheard += 1;
        if which.unheard >= 5 && which.asks_at.is_none() {
            which.asks_at = Some(local + 30 * SECOND);
        }
    }

    /// Somebody says that there is news of a number: a hint, and no more.
    pub(super) fn callback(&mut self, number: u64, class: reward_core::QueryClass) {
        let Some(index) = self.tables.by_number.get(&number).copied() else {
            return;
        };
        let payment = self.tables.payments[index].clone();
        if payment.payout.due_at().is_none() {
            self.coverage.failure("F6");
            return;
        }
        if self.has(WorldBug::CallbackBelieved) {
            let issued_at = instant(self.now);
            let _moved = self.decree(number, Event::QueryResult { class, issued_at });
            return;
        }
        self.tables.reschedule(index, Some(self.now), true);
        self.rouse_all();
    }

    /// Whether the call's process is still the one that made it.
    pub(super) fn is_alive(&self, call: &Call) -> bool {
        let which = &self.instances[call.instance];
        which.up && which.life == call.life
    }

    /// Numbers that are named because a person has to look, at the end.
    pub(super) fn held_numbers(&self) -> BTreeSet<u64> {
        let held = self
            .tables
            .payments
            .iter()
            .filter(|p| p.payout.needs_person());
        held.map(|payment| payment.number).collect()
    }

    /// The width of sendings after an answer: a broken rail is met by one number and not by many.
    pub(super) fn widen(&mut self, instance: usize, code: Code) {
        let which = &mut self.instances[instance];
        which.sending = which.sending.saturating_sub(1);
        which.width = if code == Code::Success {
            (which.width * 2).min(16)
        } else {
            1
        };
    }

    /// The age of a payment's first sending.
    pub(super) fn age(&self, payout: &Payout) -> Ms {
        payout
            .first_sent_at()
            .map_or(0, |at| self.now - at.timestamp_millis())
            .min(60 * DAY)
    }
}
