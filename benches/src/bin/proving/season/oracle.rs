//! The judge: what must hold whatever goes wrong, worked out anew from what was seen, never from the code under test.

use std::collections::{BTreeMap, BTreeSet};

use reward_core::{DeckKind, PacketPlan, Payout, PayoutState, ReplyClass, Transition};

use super::{
    config::Config,
    rail::{Rail, Truth},
    tables::{Award, Chance, ChanceOf, Tables},
    time::{DAY, HOUR, MINUTE, Ms, SECOND, day_of, instant, start_of},
};

/// A predicate that did not hold.
#[derive(Debug, Clone)]
pub(crate) struct Violation {
    pub(crate) predicate: &'static str,
    pub(crate) what: String,
}

/// What one claim was told, so that it can be held against the books at the end.
#[derive(Debug, Clone, Copy)]
struct Told {
    chance: Chance,
    amount: u64,
}

/// Everything the judge remembers. None of it is the application's, so no failover makes it forget.
#[derive(Debug, Default)]
pub(crate) struct Oracle {
    pub(crate) found: Option<Violation>,
    /// Whether the rows of the table are held against the judge's own copy of it.
    knows_the_table: bool,
    chance_of: BTreeMap<u64, Chance>,
    numbers_of: BTreeMap<Chance, BTreeSet<u64>>,
    terms: BTreeMap<u64, (u64, usize)>,
    first_sent: BTreeMap<u64, Ms>,
    /// Numbers that left and of which nothing is known since.
    open: BTreeSet<u64>,
    told: BTreeMap<u64, Told>,
    forgotten: BTreeSet<u64>,
    told_closed: BTreeMap<usize, Ms>,
    passes: BTreeMap<(usize, usize), u32>,
    followed: BTreeSet<usize>,
    broken_until: Ms,
    /// Numbers that met a full day, and until when they rest.
    full_until: BTreeMap<u64, Ms>,
    /// Numbers that a person had to look at.
    pub(crate) named: BTreeSet<u64>,
    /// Numbers that left under terms a failover has made others of.
    pub(crate) altered: BTreeSet<u64>,
    pub(crate) calls: u64,
    pub(crate) useful: u64,
    last_decided: BTreeMap<usize, Ms>,
}

impl Oracle {
    pub(crate) fn new(knows_the_table: bool) -> Self {
        Self {
            knows_the_table,
            ..Self::default()
        }
    }

    pub(crate) fn violated(&mut self, predicate: &'static str, what: impl FnOnce() -> String) {
        if self.found.is_none() {
            self.found = Some(Violation {
                predicate,
                what: what(),
            });
        }
    }

    fn demand(&mut self, holds: bool, predicate: &'static str, what: impl FnOnce() -> String) {
        if !holds {
            self.violated(predicate, what);
        }
    }

    /// A passing attempt of a person in a city.
    pub(crate) fn passed(&mut self, person: usize, city: usize) {
        *self.passes.entry((person, city)).or_default() += 1;
    }

    /// Somebody was told that a city is closed.
    pub(crate) fn closed(&mut self, city: usize, now: Ms) {
        self.told_closed.entry(city).or_insert(now);
    }

    /// A failover: what was only told is forgiven, and what was only done is not known.
    pub(crate) fn failed_over(&mut self, restored: &Tables, since: Ms) {
        self.open.clear();
        self.broken_until = 0;
        self.full_until.clear();
        let was_sent = |number: &u64| {
            let row = restored.payment(*number);
            row.is_some_and(|row| row.payout.first_sent_at().is_some())
        };
        self.first_sent.retain(|number, _| was_sent(number));
        let keys = self
            .told
            .keys()
            .filter(|key| !restored.by_key.contains_key(key));
        let gone: Vec<u64> = keys.copied().collect();
        self.forgotten.extend(gone);
        self.told_closed.retain(|_, told_at| *told_at < since);
        let people = restored.people.iter().enumerate();
        self.followed = people
            .filter(|(_, row)| row.ever_followed)
            .map(|(person, _)| person)
            .collect();
        self.last_decided.clear();
        for (city, row) in restored.cities.iter().enumerate() {
            self.last_decided.insert(city, row.latch);
        }
    }

    /// Seconds after the close, with the clocks in order, the latch is there too (M10).
    pub(crate) fn latched(&mut self, city: usize, latch: Ms, closes: Ms) {
        self.demand(latch >= closes, "M10 the latch follows the clock", || {
            format!(
                "city {city} is closed, and its latch stands {} ms before",
                closes - latch
            )
        });
    }

    /// A claim was told that it was granted (M5, M26).
    pub(crate) fn granted(&mut self, key: u64, award: &Award) {
        let told = Told {
            chance: award.chance,
            amount: award.amount,
        };
        let before = self.told.insert(key, told);
        let is_forgotten = self.forgotten.remove(&key);
        if let Some(before) = before {
            let same = before.chance == told.chance && before.amount == told.amount;
            self.demand(
                same || is_forgotten,
                "M26 same request, same answer",
                || format!("request {key} was granted {before:?} and then {told:?}"),
            );
        }
    }

    /// A claim was told a refusal (M26).
    pub(crate) fn refused(&mut self, key: u64, tables: &Tables) {
        let is_granted = tables.by_key.contains_key(&key);
        self.demand(!is_granted, "M26 same request, same answer", || {
            format!("request {key} was granted, and its repetition refused")
        });
    }

    /// A new award, as it stands in the tables (M1 to M10).
    pub(crate) fn awarded(
        &mut self,
        config: &Config,
        plans: &[PacketPlan],
        tables: &Tables,
        award: &Award,
        now: Ms,
    ) {
        let rules = &config.rules;
        let (city, day) = (award.city, award.day);
        let of_city = || tables.awards.iter().filter(move |other| other.city == city);
        let of_day: Vec<&Award> = of_city().filter(|other| other.day == day).collect();
        let in_city: u64 = of_city().map(|other| other.amount).sum();
        let in_day: u64 = of_day.iter().map(|other| other.amount).sum();
        self.demand(in_city <= rules.pool().get(), "M1 pool of the city", || {
            format!("city {city} awarded {in_city} fen of {}", rules.pool())
        });
        self.demand(
            in_day <= rules.daily_cap().get(),
            "M2 cap of the day",
            || format!("day {day} awarded {in_day} fen of {}", rules.daily_cap()),
        );
        self.demand(
            day == day_of(award.decided),
            "M2 day of the decision",
            || format!("an award of {} is booked on day {day}", award.decided),
        );
        let inside = config.opens(city) <= award.decided && award.decided < config.closes(city);
        self.demand(inside, "M9 window", || {
            format!("an award of city {city} was decided at {}", award.decided)
        });
        let twice = of_city()
            .filter(|other| other.chance == award.chance)
            .count()
            > 1;
        self.demand(!twice, "M5 one award per chance", || {
            format!("{:?} was awarded twice", award.chance)
        });
        if let ChanceOf::Closing(_) = award.chance.kind {
            return;
        }
        let within_bounds = rules.bounds().contains(reward_core::Fen::new(award.amount));
        self.demand(within_bounds, "M3 bounds of a packet", || {
            format!("a packet of {} fen", award.amount)
        });
        let is_open_here = !self.told_closed.contains_key(&city);
        self.demand(is_open_here, "M9 closed is closed", || {
            format!(
                "city {city} was told closed, and then awarded at {}",
                award.decided
            )
        });
        let last = self.last_decided.insert(city, award.decided).unwrap_or(0);
        self.demand(last <= award.decided, "M10 instants never decrease", || {
            format!(
                "city {city} decided at {last} and then at {}",
                award.decided
            )
        });
        // The standby's clock is at most five seconds behind, and two ahead.
        let off = award.decided - now;
        let is_one_clock = (-6 * SECOND..=3 * SECOND).contains(&off);
        self.demand(is_one_clock, "M10 one clock decides", || {
            format!("an award was decided {off} ms off true time")
        });
        self.judge_packet(config, plans, &of_day, award);
        self.judge_chance(config, tables, award);
    }

    /// The packet is the one that the sealed plan and the release name (M4).
    fn judge_packet(
        &mut self,
        config: &Config,
        plans: &[PacketPlan],
        of_day: &[&Award],
        award: &Award,
    ) {
        let rules = &config.rules;
        let number = u8::try_from(award.day - day_of(config.opens(award.city)) + 1).unwrap_or(0);
        let Some(plan) = plans.get(award.city) else {
            return;
        };
        let planned = plan
            .deck(number, award.deck)
            .and_then(|deck| deck.amount(award.sequence));
        let is_planned = planned.is_some_and(|amount| amount.get() == award.amount);
        self.demand(is_planned, "M4 the sealed plan", || {
            format!(
                "packet {} of day {number} brought {} fen",
                award.sequence, award.amount
            )
        });
        let packets = of_day
            .iter()
            .filter(|other| !matches!(other.chance.kind, ChanceOf::Closing(_)));
        let same = packets
            .clone()
            .filter(|other| (other.deck, other.sequence) == (award.deck, award.sequence));
        let n_same = same.count();
        self.demand(n_same == 1, "M5 one award per packet", || {
            format!(
                "packet {} of day {} was given {n_same} times",
                award.sequence, award.day
            )
        });
        let decks: BTreeSet<&str> = packets.clone().map(|other| other.deck.name()).collect();
        self.demand(decks.len() == 1, "M4 one deck a day", || {
            format!("day {} played {decks:?}", award.day)
        });
        let offset = u32::try_from(award.decided - start_of(award.day)).unwrap_or(u32::MAX);
        let Some(offset) = reward_core::DayOffset::from_ms(offset) else {
            return;
        };
        let n_given = packets.count();
        let n_released = rules.release().released(rules.packets_per_day(), offset);
        let is_top = award.amount == rules.top_packet().get();
        let is_released = n_given <= usize::try_from(n_released).unwrap_or(usize::MAX);
        self.demand(is_released || is_top, "the release of the day", || {
            format!("{n_given} packets given at {offset}, {n_released} released")
        });
    }

    /// The chance is the person's, earned and unused (M6, M7).
    fn judge_chance(&mut self, config: &Config, tables: &Tables, award: &Award) {
        let (person, city) = (award.chance.person, award.city);
        let own = || {
            tables.awards.iter().filter(move |other| {
                other.chance.person == person && !matches!(other.chance.kind, ChanceOf::Closing(_))
            })
        };
        let here = own().filter(|other| other.city == city).count();
        let passed = self.passes.get(&(person, city)).copied().unwrap_or(0);
        self.demand(
            u32::try_from(here).unwrap_or(u32::MAX) <= passed,
            "M6 one passing attempt per award",
            || {
                format!(
                    "person {person} has {here} awards in city {city} and passed {passed} times"
                )
            },
        );
        let base = own().filter(|other| other.chance.kind == ChanceOf::Base);
        let base = match config.rules.claim_scope() {
            reward_core::ClaimScope::Season => base.count(),
            reward_core::ClaimScope::City => base.filter(|other| other.city == city).count(),
        };
        self.demand(base <= 1, "M7 each person once", || {
            format!("person {person} used the base chance {base} times")
        });
        if let ChanceOf::Friend(friend) = award.chance.kind {
            let earned = tables
                .earned
                .iter()
                .any(|e| e.sharer == person && e.friend == friend && e.city == city);
            self.demand(earned, "M7 chances are earned here", || {
                format!("person {person} used a chance of friend {friend} in city {city}")
            });
        }
    }

    /// A follow earned somebody a chance (M8). `is_subscription` is what the event truly was.
    pub(crate) fn credited(
        &mut self,
        tables: &Tables,
        (sharer, friend): (usize, usize),
        same_person: bool,
        is_subscription: bool,
    ) {
        let n = tables.earned.iter().filter(|e| e.friend == friend).count();
        self.demand(n == 1, "M8 a friend counts once", || {
            format!("friend {friend} earned {n} chances")
        });
        self.demand(!same_person, "M8 a friend is somebody else", || {
            format!("person {sharer} earned a chance by their own account {friend}")
        });
        let is_new = is_subscription && !self.followed.contains(&friend);
        self.demand(is_new, "M8 a friend never followed before", || {
            format!("friend {friend} earned a chance without a first subscription")
        });
    }

    /// Somebody truly follows from now on.
    pub(crate) fn follows(&mut self, person: usize) {
        self.followed.insert(person);
    }

    /// A number is given to an award's attempt.
    pub(crate) fn numbered(&mut self, tables: &Tables, award: usize, number: u64) {
        let Some(chance) = tables.awards.get(award).map(|award| award.chance) else {
            return;
        };
        self.chance_of.insert(number, chance);
        self.numbers_of.entry(chance).or_default().insert(number);
        let attempts = tables.payments.iter().filter(|p| p.award == award);
        let live = attempts.filter(|p| !p.payout.state().is_terminal()).count();
        self.demand(live <= 1, "M11 one live attempt per award", || {
            format!("{chance:?} has {live} live attempts")
        });
    }

    /// One accepted step of the machine, about to be committed.
    pub(crate) fn stepped(&mut self, number: u64, before: &Payout, step: &Transition, rail: &Rail) {
        let (from, to) = (before.state(), step.next.state());
        if from.is_terminal() {
            self.demand(from == to, "M15 an end is never left", || {
                format!("{number:x} went from {} to {}", from.name(), to.name())
            });
        } else if to.is_terminal() {
            self.judge_end(number, &step.next, rail);
        }
        if self.knows_the_table {
            let listed = is_listed(step.row, from.name(), to.name());
            self.demand(listed, "M15 the table", || {
                format!(
                    "row {} took {number:x} from {} to {}",
                    step.row,
                    from.name(),
                    to.name()
                )
            });
        }
        self.demand(
            before.amount() == step.next.amount(),
            "M13 frozen terms",
            || format!("{number:x} changed its amount"),
        );
        if let Some(newer) = &step.successor {
            self.demand(newer.attempt() <= 3, "M11 three attempts", || {
                format!("{number:x} is renewed as attempt {}", newer.attempt())
            });
        }
        if matches!(step.row, 6..=8 | 18 | 24) {
            self.open.remove(&number);
        }
        if step.row == 24 {
            self.full_until.remove(&number);
        }
        if step.next.needs_person() {
            self.named.insert(number);
        }
    }

    /// The end that the books tell is the rail's own.
    fn judge_end(&mut self, number: u64, next: &Payout, rail: &Rail) {
        let truth = rail.truth(number);
        let agrees = match next.state() {
            PayoutState::Received => {
                matches!(truth, Truth::Received | Truth::Refunding | Truth::Refunded)
            }
            PayoutState::Refunded => truth == Truth::Refunded,
            _ => matches!(truth, Truth::Unseen | Truth::Failed),
        };
        self.demand(agrees, "M14 an end tells the truth", || {
            format!(
                "{number:x} ended as {} while the rail has {truth:?}",
                next.state().name()
            )
        });
    }

    /// A sending is committed (rows 1), in true time and by the sender's clock.
    pub(crate) fn sending(&mut self, config: &Config, number: u64, now: Ms, local: Ms) {
        let known = self.open.contains(&number);
        self.demand(!known, "M12 sent again only with evidence", || {
            format!("{number:x} leaves again, and nothing is known of the last time")
        });
        self.open.insert(number);
        let first = *self.first_sent.entry(number).or_insert(now);
        let limit = Ms::from(config.channel.number_reuse_seconds) * SECOND + 5 * MINUTE;
        self.demand(
            now - first <= limit,
            "M12 an old number is not sent",
            || {
                format!(
                    "{number:x} leaves {} h after its first time",
                    (now - first) / HOUR
                )
            },
        );
        let quiet = config.channel.quiet_until(instant(local)).is_some();
        self.demand(!quiet, "the rail's quiet hours", || {
            format!("{number:x} leaves at {local}")
        });
        let rests = self.full_until.get(&number).copied().unwrap_or(0);
        self.demand(now >= rests, "M21 a full day is over first", || {
            format!("{number:x} leaves again on the day that was full")
        });
        let broken = self.broken_until;
        self.demand(now >= broken, "M21 a broken rail is left alone", || {
            format!("{number:x} leaves at {now}, and the rail rests until {broken}")
        });
    }

    /// The terms under which a number goes over the wire (M13).
    pub(crate) fn wired(
        &mut self,
        number: u64,
        (amount, awarded): (u64, u64),
        person: usize,
        is_recovered: bool,
    ) {
        self.demand(amount == awarded, "M12 paid what was awarded", || {
            format!("{number:x} leaves with {amount} fen, and {awarded} were awarded")
        });
        let first = *self.terms.entry(number).or_insert((amount, person));
        if first != (amount, person) {
            if is_recovered {
                self.altered.insert(number);
            } else {
                self.violated("M13 frozen terms", || {
                    format!(
                        "{number:x} was sent as {first:?} and as {:?}",
                        (amount, person)
                    )
                });
            }
        }
    }

    /// The merchant has mended what was broken.
    pub(crate) fn mended(&mut self) {
        self.broken_until = 0;
    }

    /// A reply was accepted into the books.
    pub(crate) fn replied(
        &mut self,
        now: Ms,
        class: ReplyClass,
        pause: Ms,
        fits: bool,
        (number, next): (u64, &Payout),
    ) {
        if matches!(
            class,
            ReplyClass::PersonDayLimit | ReplyClass::MerchantDayLimit
        ) {
            // Until 00:05 it may still be yesterday that was full.
            let midnight = start_of(day_of(now - 7 * MINUTE) + 1);
            self.full_until.insert(number, midnight - 2 * MINUTE);
        }
        let differs = class == ReplyClass::Accepted { echo_equal: false };
        let is_held = matches!(next.state(), PayoutState::Held { .. });
        self.demand(!differs || is_held, "M12 paid what was awarded", || {
            format!(
                "the rail took something else, and the payout is {}",
                next.state().name()
            )
        });
        if matches!(class, ReplyClass::RailBroken(_)) {
            self.broken_until = self.broken_until.max(now + pause);
        }
        self.demand(fits, "M15 a reply moves its own sending", || {
            "a reply to another sending was written".to_owned()
        });
    }

    /// Money landed under a number (M12).
    pub(crate) fn landed(&mut self, number: u64, rail: &Rail, tables: &Tables) {
        let Some(chance) = self.chance_of.get(&number) else {
            self.violated("M12 money only under a known number", || {
                format!("{number:x} was never given to an award")
            });
            return;
        };
        let numbers = self.numbers_of.get(chance).into_iter().flatten();
        let alive: u32 = numbers
            .filter_map(|number| rail.orders.get(number))
            .filter(|order| order.truth.pays())
            .map(|order| order.landings)
            .sum();
        let chance = *chance;
        self.demand(alive <= 1, "M12 nobody is paid twice", || {
            format!("{chance:?} is paid {alive} times")
        });
        let dead = tables
            .payment(number)
            .is_some_and(|p| matches!(p.payout.state(), PayoutState::Dead { .. }));
        self.demand(!dead, "M12 the dead do not pay", || {
            format!("{number:x} was called dead, and then its money left")
        });
    }

    /// Calls against what was needed (M21): refusals and silence may not become a storm.
    pub(crate) fn called(&mut self, config: &Config, useful: bool) {
        self.calls += 1;
        self.useful += u64::from(useful);
        let wasted = self.calls - self.useful;
        let trouble = config
            .outages
            .iter()
            .chain(config.misconfigured.iter().map(|(window, _)| window))
            .chain(&config.merchant_days_full)
            .map(|window| window.until - window.from + HOUR)
            .sum::<Ms>();
        let instances = u64::try_from(config.n_instances).unwrap_or(1);
        let numbers = u64::try_from(self.terms.len()).unwrap_or(0);
        let per_hour = 30 * instances + 3 * numbers;
        let allowed = self.useful + 300 + u64::try_from(trouble / HOUR).unwrap_or(0) * per_hour;
        self.demand(wasted <= allowed, "M21 no storm of calls", || {
            format!("{wasted} calls brought nothing, where {allowed} may")
        });
    }

    /// Everything at the end of the season.
    pub(crate) fn finish(
        &mut self,
        config: &Config,
        plans: &[PacketPlan],
        tables: &Tables,
        rail: &Rail,
    ) {
        for (city, row) in tables.cities.iter().enumerate() {
            self.judge_books(city, row, tables);
            self.judge_top_packet(config, plans, tables, city);
        }
        let told: Vec<(u64, Told)> = self.told.iter().map(|(key, told)| (*key, *told)).collect();
        for (key, told) in told {
            let award = tables.by_chance.get(&told.chance);
            let amount = award
                .and_then(|at| tables.awards.get(*at))
                .map(|a| a.amount);
            let stands = amount == Some(told.amount) || self.forgotten.contains(&key);
            self.demand(stands, "M5 no award is lost", || {
                format!("{told:?} was told, and the books have {amount:?}")
            });
        }
        for (at, award) in tables.awards.iter().enumerate() {
            let paid = tables.payments.iter().filter(|payment| payment.award == at);
            let newest = paid.max_by_key(|payment| payment.payout.attempt());
            let Some(newest) = newest else {
                self.violated("M21 every award is on its way", || {
                    format!("{:?} has no payment", award.chance)
                });
                continue;
            };
            self.judge_settled(config, newest, rail);
        }
        self.judge_chain(tables);
    }

    /// The image of all payouts is the ledger (M17, M18, M23).
    fn judge_books(&mut self, city: usize, row: &super::tables::City, tables: &Tables) {
        if let Err(error) = row.ledger.check() {
            self.violated("M18 the books balance", || format!("city {city}: {error}"));
        }
        let awarded: u64 = tables
            .awards
            .iter()
            .filter(|award| award.city == city)
            .map(|award| award.amount)
            .sum();
        let counted: u64 = row.days.values().map(|day| day.used).sum();
        self.demand(
            counted == awarded,
            "M2 counters are the sum of awards",
            || format!("city {city} counted {counted} fen and awarded {awarded}"),
        );
        for account in reward_core::Account::ALL {
            let image: i128 = tables
                .payments
                .iter()
                .filter(|payment| payment.city == city)
                .map(|payment| payment.payout.position_fen(account))
                .sum();
            let unawarded = if account == reward_core::Account::Pool {
                i128::from(row.ledger.opening_fen()) - i128::from(awarded)
            } else {
                0
            };
            let balance = i128::from(row.ledger.balance_fen(account));
            self.demand(
                balance == image + unawarded,
                "M18 the books are the payouts",
                || {
                    format!(
                        "city {city}: {} holds {balance}, payouts say {image}",
                        account.name()
                    )
                },
            );
        }
    }

    /// Exactly one top packet in a city with any award (M4).
    fn judge_top_packet(
        &mut self,
        config: &Config,
        plans: &[PacketPlan],
        tables: &Tables,
        city: usize,
    ) {
        let rules = &config.rules;
        let top = rules.top_packet().get();
        let own: Vec<&Award> = tables.awards.iter().filter(|a| a.city == city).collect();
        if own.is_empty() {
            return;
        }
        let raised = own.iter().find_map(|award| {
            let ChanceOf::Closing(_) = award.chance.kind else {
                return None;
            };
            let to = own.iter().any(|other| {
                other.chance.person == award.chance.person && other.amount + award.amount == top
            });
            Some(to)
        });
        let drawn = own
            .iter()
            .filter(|a| a.amount == top && a.deck == DeckKind::Top);
        let n_drawn = drawn.count();
        let once = match raised {
            None => n_drawn == 1,
            Some(to_the_top) => n_drawn == 0 && to_the_top,
        };
        self.demand(once, "M4 one top packet in a city", || {
            format!("city {city} drew {n_drawn} top packets and raised {raised:?}")
        });
        let Some(plan) = plans.get(city) else { return };
        let rescue = config.closes(city) - DAY + Ms::from(plan.rescue_offset().ms());
        let after = own
            .iter()
            .filter(|a| !matches!(a.chance.kind, ChanceOf::Closing(_)) && a.decided >= rescue)
            .count();
        self.demand(raised.is_none() || after == 0, "M4 the rescue", || {
            format!(
                "{after} claims came after the rescue of city {city}, and none took the top packet"
            )
        });
    }

    /// Settled in time, or in somebody's hands (M21).
    fn judge_settled(&mut self, config: &Config, payment: &super::tables::Payment, rail: &Rail) {
        let number = payment.number;
        let payout = &payment.payout;
        let is_named = payout.needs_person() || self.named.contains(&number);
        let ended = payout.state().is_terminal();
        self.demand(
            ended || payout.needs_person(),
            "M21 every award settles or is named",
            || format!("{number:x} is still {}", payout.state().name()),
        );
        let Some(at) = payment.ended else { return };
        let oldest = payout.first_sent_at().unwrap_or(payout.reserved_at());
        let is_young = at - oldest.timestamp_millis() <= 26 * DAY;
        self.demand(is_young || is_named, "M21 old ones are a person's", || {
            format!("{number:x} ended by itself after more than 26 days")
        });
        let begun = payout.reserved_at().timestamp_millis();
        let sent = payout
            .last_sent_at()
            .map_or(begun, |at| at.timestamp_millis());
        let over = rail.settled_at(number);
        let calm = config.calm_at.max(begun).max(sent).max(over);
        let in_time = at <= calm + 27 * HOUR;
        self.demand(
            in_time || is_named,
            "M21 settled within 26 h of calm",
            || {
                format!(
                    "{number:x} ended {} h after the last trouble",
                    (at - calm) / HOUR
                )
            },
        );
    }

    /// The audit chain has no gap and no fork, and one event for each award (M20).
    fn judge_chain(&mut self, tables: &Tables) {
        let mut head = 0;
        for (at, (previous, hash)) in tables.audit.links.iter().enumerate() {
            let joined = *previous == head;
            self.demand(joined, "M20 the audit chain", || {
                format!("link {at} does not join")
            });
            head = *hash;
        }
        let (n, awards) = (tables.audit.awards, tables.awards.len());
        self.demand(n == awards, "M20 every award is audited", || {
            format!("{awards} awards and {n} audit events")
        });
    }
}

/// The judge's own copy of the table of `Payout`, by names.
fn is_listed(row: u8, from: &str, to: &str) -> bool {
    let open = [
        "reserved",
        "in_flight",
        "unknown",
        "deferred",
        "sent",
        "refunding",
    ];
    let asked = ["unknown", "sent", "refunding", "deferred"];
    let ended = ["received", "refunded", "dead"];
    let is_open = open.contains(&from) || from == "held";
    match row {
        1 => ["reserved", "deferred"].contains(&from) && to == "in_flight",
        2 => from == "in_flight" && to == "sent",
        3 | 10 => from == "in_flight" && to == "held",
        4 | 5 | 9 | 11 => from == "in_flight" && to == "unknown",
        6..=8 => from == "in_flight" && to == "deferred",
        12 => asked.contains(&from) && to == "received",
        13 => asked.contains(&from) && to == "refunded",
        14 => asked.contains(&from) && to == "refunding",
        15 => asked.contains(&from) && to == if from == "refunding" { from } else { "sent" },
        16 => from == "unknown" && to == "unknown",
        17 => ["unknown", "sent"].contains(&from) && to == "dead",
        18 => from == "unknown" && to == "deferred",
        19 => from == "unknown" && ["unknown", "dead"].contains(&to),
        20 => is_open && to == from,
        21 => ["unknown", "deferred"].contains(&from) && to == "unknown",
        22 => open.contains(&from) && to == "held",
        23 => ["refunded", "dead"].contains(&from) && to == from,
        24 => from == "held" && (ended.contains(&to) || ["deferred", "unknown"].contains(&to)),
        25 | 26 => ended.contains(&from) && to == from,
        27 => open.contains(&from) && from != "in_flight" && to == "held",
        _ => false,
    }
}
