//! What a claim's transaction decides with the real rules, and everything that is written with an award.

use std::collections::BTreeSet;

use reward_core::{
    BaseUse, ChanceKind, ClaimFacts, ClaimPhase, ClaimScope, ClosingFacts, DayOffset, DayProgress,
    DeckKind, Fen, JackpotOutcome, MoneyState, Next, Payout, Refusal, closing_draw, next_packet,
};

use super::{
    Happening, World,
    bug::WorldBug,
    claims::Request,
    coverage::CrashPoint,
    tables::{Award, Chance, ChanceOf, Payment, mixed},
    time::{DAY, HOUR, MINUTE, Ms, SECOND, day_of, instant, start_of},
};

/// How a claim's transaction ends.
pub(super) enum Decided {
    Granted(Award),
    Refused(Refusal),
    /// The machine that decides cannot decide now.
    NotNow,
}

/// The day of a city as a claim meets it.
struct Today {
    number: u8,
    deck: DeckKind,
    progress: DayProgress,
}

impl World {
    /// The decision, on the facts as the transaction sees them.
    pub(super) fn decide(&mut self, request: Request, instance: usize) -> Decided {
        let Request {
            person, city, key, ..
        } = request;
        let known = self.tables.by_key.get(&key).copied();
        if let Some(award) = known.and_then(|at| self.tables.awards.get(at))
            && !self.has(WorldBug::KeyNotLookedUp)
        {
            return Decided::Granted(award.clone());
        }
        let (database, local) = (self.database_now(), self.local_now(instance));
        let by_instance = self.has(WorldBug::DayByInstance);
        if (database - local).abs() > 2 * SECOND && !by_instance {
            let ahead = database - self.now > 5 * SECOND;
            self.coverage.failure(if ahead { "F9" } else { "F7" });
            return Decided::NotNow;
        }
        let clock = if by_instance { local } else { database };
        let row = &mut self.tables.cities[city];
        let decided = if self.manner.bug == Some(WorldBug::NoLatch) {
            clock
        } else {
            row.latch.max(clock)
        };
        row.latch = row.latch.max(decided);
        let last = if self.has(WorldBug::ClosesInclusive) {
            self.config.closes(city) - 1
        } else {
            Ms::MAX
        };
        let today = self.today(city, decided.min(last));
        let (money, sequence) = self.money(city, decided.min(last), today.as_ref());
        let facts = self.facts(person, city, decided, money);
        let decision = match facts.decide() {
            Ok(decision) => decision,
            Err(refusal) => return Decided::Refused(refusal),
        };
        let (Some(today), Some(sequence)) = (today, sequence) else {
            return Decided::NotNow;
        };
        let deck = self.plans[city].deck(today.number, today.deck);
        let Some(amount) = deck.and_then(|deck| deck.amount(sequence)) else {
            self.oracle.violated("M4 the sealed plan", || {
                format!(
                    "packet {sequence} is not in the deck of day {}",
                    today.number
                )
            });
            return Decided::NotNow;
        };
        let Some(chance) = self.chance(person, city, decision.kind) else {
            return Decided::NotNow;
        };
        Decided::Granted(Award {
            chance,
            city,
            day: day_of(decided.min(last)),
            deck: today.deck,
            sequence,
            amount: amount.get(),
            decided,
            key,
        })
    }

    fn today(&self, city: usize, decided: Ms) -> Option<Today> {
        let day = day_of(decided);
        let number = u8::try_from(day - day_of(self.config.opens(city)) + 1).ok()?;
        let row = &self.tables.cities[city];
        let stored = row.days.get(&day).cloned().unwrap_or_default();
        let plan = &self.plans[city];
        let awarded_before = row.top_awarded && !self.has(WorldBug::TopEveryDay);
        let chosen = plan.deck_for(number, awarded_before);
        let anew = self.has(WorldBug::DeckChosenAnew);
        let deck = stored.deck.filter(|_| !anew).unwrap_or(chosen);
        plan.deck(number, deck)?;
        Some(Today {
            number,
            deck,
            progress: DayProgress {
                taken: stored.taken,
                top_taken: stored.top_taken && (!anew || deck == DeckKind::Top),
            },
        })
    }

    /// What the city can pay now, and which packet that is.
    fn money(
        &mut self,
        city: usize,
        decided: Ms,
        today: Option<&Today>,
    ) -> (MoneyState, Option<u32>) {
        let nothing = (MoneyState::CityExhausted, None);
        let Some(today) = today else { return nothing };
        let Some(rule) = self.plans[city].day_rule(today.number, today.deck) else {
            return nothing;
        };
        let next = next_packet(&rule, today.progress, DayOffset::of(instant(decided)));
        let start = start_of(day_of(decided));
        match next {
            Ok(Next::Take { sequence }) => (MoneyState::Available, Some(sequence)),
            Ok(Next::NotReleasedUntil { offset }) => {
                let at = instant(start + Ms::from(offset.ms()));
                (MoneyState::NotReleasedUntil(at), None)
            }
            Ok(Next::DayExhausted) => {
                if self.has(WorldBug::MoneyReleased)
                    && let Some(stolen) = self.stolen.get_mut(&city)
                    && *stolen > 0
                {
                    *stolen -= 1;
                    return (MoneyState::Available, Some(0));
                }
                let next_day =
                    (start + DAY < self.config.closes(city)).then(|| instant(start + DAY));
                match next_day {
                    Some(_) => (MoneyState::DayExhausted { next_day }, None),
                    None => nothing,
                }
            }
            Err(error) => {
                self.oracle
                    .violated("M4 the sealed plan", || error.to_string());
                nothing
            }
        }
    }

    fn facts(&self, person: usize, city: usize, decided: Ms, money: MoneyState) -> ClaimFacts {
        let (opens, closes) = (self.config.opens(city), self.config.closes(city));
        let is_over = if self.has(WorldBug::ClosesInclusive) {
            decided > closes + 1_000
        } else {
            decided >= closes
        };
        let row = &self.tables.people[person];
        let passes = row.passes.get(&city).copied().unwrap_or_default();
        let rules = &self.config.rules;
        ClaimFacts {
            phase: if decided < opens {
                ClaimPhase::NotYet {
                    opens: instant(opens),
                }
            } else if is_over {
                ClaimPhase::Closed {
                    closed: instant(closes),
                }
            } else if self.tables.cities[city].paused {
                ClaimPhase::Paused
            } else {
                ClaimPhase::Open
            },
            following: row.following,
            passes_here: passes.0,
            passes_unused_here: if self.has(WorldBug::PassNotSpent) {
                passes.0
            } else {
                passes.1
            },
            base_used: self.base_used(person, city),
            referral_chances_open_here: u32::from(self.open_chance(person, city).is_some()),
            scope: rules.claim_scope(),
            referral: rules.referral(),
            money,
        }
    }

    fn base_used(&self, person: usize, city: usize) -> Option<BaseUse> {
        let used = |scope: usize| {
            let kind = ChanceOf::Base;
            let at = self.tables.by_chance.get(&Chance {
                person,
                scope,
                kind,
            })?;
            let award = self.tables.awards.get(*at)?;
            let at = instant(award.decided);
            Some(if award.city == city {
                BaseUse::Here { at }
            } else {
                BaseUse::Elsewhere { at }
            })
        };
        if self.has(WorldBug::OnceIgnored) {
            return None;
        }
        match self.config.rules.claim_scope() {
            ClaimScope::Season => used(usize::MAX),
            ClaimScope::City => used(city),
        }
    }

    /// The oldest chance that friends have earned here and no award has used.
    fn open_chance(&self, person: usize, city: usize) -> Option<usize> {
        let anywhere = self.has(WorldBug::ChanceFromElsewhere);
        self.tables
            .earned
            .iter()
            .position(|e| e.sharer == person && (e.city == city || anywhere) && !e.used)
    }

    fn chance(&mut self, person: usize, city: usize, kind: ChanceKind) -> Option<Chance> {
        let scope = match self.config.rules.claim_scope() {
            ClaimScope::Season => usize::MAX,
            ClaimScope::City => city,
        };
        let scope = if self.has(WorldBug::OnceIgnored) {
            // Every award looks like the first of its own.
            self.tables.awards.len()
        } else {
            scope
        };
        let kind = match kind {
            ChanceKind::Base => ChanceOf::Base,
            ChanceKind::Referral => {
                let at = self.open_chance(person, city)?;
                ChanceOf::Friend(self.tables.earned[at].friend)
            }
        };
        Some(Chance {
            person,
            scope,
            kind,
        })
    }

    /// Writes an award with everything that belongs to its transaction.
    pub(super) fn grant(&mut self, award: &Award, instance: usize) {
        let (chance, city) = (award.chance, award.city);
        let index = self.tables.awards.len();
        self.tables.awards.push(award.clone());
        self.tables.by_chance.insert(chance, index);
        self.tables.by_key.insert(award.key, index);
        let person = &mut self.tables.people[chance.person];
        if let Some(passes) = person.passes.get_mut(&city) {
            passes.1 = passes.1.saturating_sub(1);
        }
        if let ChanceOf::Friend(friend) = chance.kind
            && let Some(earned) = self
                .tables
                .earned
                .iter_mut()
                .find(|e| e.friend == friend && !e.used)
        {
            earned.used = true;
        }
        let is_top = award.amount == self.config.rules.top_packet().get();
        let is_closing = matches!(chance.kind, ChanceOf::Closing(_));
        let top = is_top && award.deck == DeckKind::Top;
        let row = &mut self.tables.cities[city];
        row.top_awarded |= top;
        let day = row.days.entry(award.day).or_default();
        day.used += award.amount;
        if !is_closing {
            day.deck = Some(award.deck);
            day.taken += 1;
            day.top_taken |= top;
        }
        if self.manner.bug == Some(WorldBug::CheckThenAct) && !top {
            // What was read before the lock is what is written.
            day.taken = day.taken.min(award.sequence.saturating_add(1));
        }
        self.note(mixed(11, award.amount), || {
            format!(
                "{chance:?}: {} fen in city {city}, instance {instance}",
                award.amount
            )
        });
        self.pay(index, award, instance);
        self.audit(index, instance);
        self.oracle
            .awarded(&self.config, &self.plans, &self.tables, award, self.now);
    }

    /// The award's payment, reserved in the same transaction.
    fn pay(&mut self, index: usize, award: &Award, instance: usize) {
        if self.has(WorldBug::PaymentApart) && self.dies(instance, CrashPoint::AfterAward) {
            return;
        }
        let reserved = Payout::reserve(Fen::new(award.amount), instant(award.decided));
        let Ok((payout, transfer)) = reserved else {
            self.oracle.violated("M16 every award can be booked", || {
                format!("{} fen cannot be reserved", award.amount)
            });
            return;
        };
        if let Err(error) = self.tables.cities[award.city].ledger.apply(&transfer) {
            self.oracle
                .violated("M17 no account below zero", || error.to_string());
        }
        let number = if self.has(WorldBug::RandomNumber) {
            self.key()
        } else {
            award.chance.number(1)
        };
        let inserted = self.tables.insert(Payment {
            number,
            award: index,
            person: award.chance.person,
            city: award.city,
            payout,
            due: payout.due_at().map(|at| at.timestamp_millis()),
            ended: None,
            told: false,
            touched: self.now,
        });
        if inserted {
            self.oracle.numbered(&self.tables, index, number);
            self.rouse_all();
        } else {
            self.oracle.violated("M5 one award per chance", || {
                format!("{number:x} is there already")
            });
        }
    }

    fn audit(&mut self, index: usize, instance: usize) {
        if self.has(WorldBug::AuditApart) && self.dies(instance, CrashPoint::AfterAward) {
            return;
        }
        let audit = &mut self.tables.audit;
        let mut head = audit.head();
        if self.manner.bug == Some(WorldBug::ChainForks) && index % 5 == 4 {
            head = audit.links.iter().rev().nth(1).map_or(0, |(_, hash)| *hash);
        }
        audit.append(head, u64::try_from(index).unwrap_or(0));
        audit.awards += 1;
    }

    /// Raises the latch of every open city, as each instance does every second.
    pub(super) fn heartbeat(&mut self) {
        let database = self.database_now();
        let beats = (0..self.instances.len()).any(|instance| {
            self.is_there(instance) && (database - self.local_now(instance)).abs() <= 2 * SECOND
        });
        if !beats {
            return;
        }
        for city in 0..self.config.n_cities {
            let (opens, closes) = (self.config.opens(city), self.config.closes(city));
            let row = &mut self.tables.cities[city];
            let beats = !matches!(
                self.manner.bug,
                Some(WorldBug::NoHeartbeat | WorldBug::NoLatch)
            );
            if beats && opens <= database && row.latch < database && row.latch < closes {
                row.latch = database;
            }
            if database >= closes + 2 * SECOND {
                // Everybody who looks at the city's page is told so by now.
                self.oracle.closed(city, self.now);
                self.oracle.latched(city, row.latch, closes);
            }
        }
    }

    /// After the close: a top packet that nobody took goes to one of the week's awards.
    pub(super) fn closing_draw(&mut self, city: usize) {
        if !(0..self.instances.len()).any(|instance| self.is_there(instance)) {
            self.after(MINUTE, Happening::ClosingDraw { city });
            return;
        }
        let closes = self.config.closes(city);
        if self.now < closes + DAY {
            // Drawn again each hour of the first day, since a failover may forget it; it is the same draw.
            self.after(HOUR, Happening::ClosingDraw { city });
        }
        if self.has(WorldBug::ClosingForgotten) {
            return;
        }
        let own = self.tables.awards.iter().filter(|award| award.city == city);
        let own: Vec<Award> = own.cloned().collect();
        if own
            .iter()
            .any(|award| matches!(award.chance.kind, ChanceOf::Closing(_)))
        {
            return;
        }
        let last = day_of(closes - 1);
        let awards: Vec<Fen> = own.iter().map(|award| Fen::new(award.amount)).collect();
        let on_last_day = own.iter().filter(|a| a.day == last).map(|a| a.amount).sum();
        let facts = ClosingFacts {
            awards: &awards,
            awarded_on_last_day: Fen::new(on_last_day),
        };
        match closing_draw(&self.config.rules, &self.seeds[city], None, &facts) {
            Ok(JackpotOutcome::ToppedUp(raise)) => {
                self.coverage.count("closing draw", "topped up");
                let winner = usize::try_from(raise.award).ok().and_then(|at| own.get(at));
                let Some(winner) = winner else { return };
                let award = Award {
                    chance: Chance {
                        person: winner.chance.person,
                        scope: city,
                        kind: ChanceOf::Closing(city),
                    },
                    city,
                    day: last,
                    deck: DeckKind::Top,
                    sequence: u32::MAX,
                    amount: raise.top_up.get(),
                    decided: closes - 1,
                    key: self.key(),
                };
                self.grant(&award, 0);
            }
            Ok(JackpotOutcome::Taken { .. }) => self.coverage.count("closing draw", "taken"),
            Ok(JackpotOutcome::NoClaimant) => self.coverage.count("closing draw", "no claimant"),
            Err(error) => self
                .oracle
                .violated("M2 room for the top packet", || error.to_string()),
        }
    }

    /// What came back is given out again: only with a bug.
    pub(super) fn give_back(&mut self, city: usize) {
        if self.has(WorldBug::MoneyReleased) {
            *self.stolen.entry(city).or_default() += 1;
        }
    }

    /// The numbers of one person's awards, for a bill that freezes them.
    pub(super) fn numbers_of(&self, award: usize) -> BTreeSet<u64> {
        let own = self.tables.payments.iter().filter(|p| p.award == award);
        own.map(|payment| payment.number).collect()
    }
}
