//! Citizens: visits, follows, claims and what they are told.

use reward_core::{Credit, FollowFacts, FollowMoment, Refusal};

use super::{
    Happening, World,
    bug::WorldBug,
    coverage::CrashPoint,
    grants::Decided,
    tables::{Award, Earned, mixed},
    time::{DAY, HOUR, MINUTE, Ms, SECOND, START, day_of, start_of},
};

/// A claim on its way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request {
    pub(super) person: usize,
    pub(super) city: usize,
    pub(super) key: u64,
    pub(super) tries: u32,
}

/// An award decided on facts that have grown old before it is written: only with a bug.
#[derive(Debug, Clone)]
pub(super) struct Late {
    award: Award,
    request: Request,
    instance: usize,
}

/// What the account is told about a person.
#[derive(Debug, Clone, Copy)]
pub(super) struct Push {
    id: u64,
    friend: usize,
    sharer: Option<usize>,
    kind: PushKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PushKind {
    Subscribe,
    Scan,
    Unsubscribe,
}

impl World {
    /// Everybody, with what they know before the season and when they come.
    pub(super) fn prepare_people(&mut self) {
        for person in 0..self.n_people {
            if self.dice.below(10) < 6 {
                self.tables.people[person].following = true;
                self.tables.people[person].ever_followed = true;
                self.oracle.follows(person);
            }
            if person > 0 && self.dice.one_in(12) {
                self.alias_of.insert(person, person - 1);
            }
            let home = person / self.config.people_per_city;
            let city = if self.dice.one_in(6) {
                self.dice.index(self.config.n_cities)
            } else {
                home
            };
            let n_visits = 1 + self.dice.below(self.config.visits);
            for _ in 0..n_visits {
                let at = self.moment(city);
                let left = self.dice.below(3);
                self.at(at, Happening::Visit { person, city, left });
            }
            if self.dice.one_in(20) {
                let at = self.dice.between(START, self.config.closes);
                let returns = self.dice.one_in(2);
                self.at(at, Happening::Leave { person, returns });
            }
        }
    }

    /// When somebody comes: at any time, in the rush after midnight, or in the last seconds.
    fn moment(&mut self, city: usize) -> Ms {
        let (opens, closes) = (self.config.opens(city), self.config.closes(city));
        match self.dice.below(20) {
            0..=3 => {
                let days = (closes - opens) / DAY;
                let day = self.dice.between(0, days);
                opens + day * DAY + self.dice.between(-3 * SECOND, 3 * SECOND)
            }
            4..=6 => closes + self.dice.between(-5 * SECOND, 6 * SECOND),
            7..=8 => closes - self.dice.between(0, 6 * HOUR),
            9 => opens - self.dice.between(0, 2 * DAY),
            _ => self.dice.between(opens, closes),
        }
    }

    pub(super) fn key(&mut self) -> u64 {
        self.order += 1;
        mixed(0x6b65_7973, self.order)
    }

    pub(super) fn visit(&mut self, person: usize, city: usize, left: u64) {
        let (opens, closes) = (self.config.opens(city), self.config.closes(city));
        let mut wait = self.dice.between(0, 90 * SECOND);
        let edge = start_of(day_of(self.now + DAY / 2));
        if (self.now - edge).abs() < 10 * SECOND {
            wait = self.dice.between(0, SECOND);
        }
        if !self.tables.people[person].following && self.dice.below(10) < 9 {
            let sharer = (self.dice.below(10) < 7).then(|| self.somebody(person));
            self.push(person, sharer, PushKind::Subscribe, wait / 2);
        } else if self.dice.one_in(8) {
            // A follower scans a friend's code: no subscription, whatever it looks like.
            let sharer = Some(self.somebody(person));
            self.push(person, sharer, PushKind::Scan, wait / 2);
        }
        let is_open = opens <= self.now && self.now + wait < closes;
        if (is_open || self.now < opens && self.dice.one_in(2)) && self.dice.below(20) < 17 {
            let passes = self.tables.people[person].passes.entry(city).or_default();
            *passes = (passes.0 + 1, passes.1 + 1);
            self.oracle.passed(person, city);
        }
        let key = self.key();
        self.tap(
            Request {
                person,
                city,
                key,
                tries: 0,
            },
            wait,
        );
        if self.dice.one_in(6) {
            let gap = self.dice.between(0, 400);
            self.tap(
                Request {
                    person,
                    city,
                    key,
                    tries: 0,
                },
                wait + gap,
            );
        } else if self.dice.one_in(8) {
            let key = self.key();
            let gap = self.dice.between(0, 400);
            self.tap(
                Request {
                    person,
                    city,
                    key,
                    tries: 0,
                },
                wait + gap,
            );
        }
        if left > 0 {
            let later = self.dice.between(MINUTE, 2 * DAY);
            self.after(
                later,
                Happening::Visit {
                    person,
                    city,
                    left: left - 1,
                },
            );
        }
    }

    /// Somebody who shares: often a neighbour, so that second accounts meet.
    fn somebody(&mut self, person: usize) -> usize {
        if person > 0 && self.dice.one_in(3) {
            person - 1
        } else {
            self.dice.index(self.n_people)
        }
    }

    fn tap(&mut self, request: Request, wait: Ms) {
        let instance = self.dice.index(self.instances.len());
        let Request {
            person,
            city,
            key,
            tries,
        } = request;
        self.after(
            wait,
            Happening::Claim {
                person,
                city,
                key,
                tries,
                instance,
            },
        );
    }

    pub(super) fn leave(&mut self, person: usize, returns: bool) {
        self.push(person, None, PushKind::Unsubscribe, 0);
        if returns {
            let wait = self.dice.between(MINUTE, 5 * HOUR);
            let sharer = Some(self.somebody(person));
            self.push(person, sharer, PushKind::Subscribe, wait);
        }
    }

    /// The account's servers tell us, once or more, soon or late.
    fn push(&mut self, friend: usize, sharer: Option<usize>, kind: PushKind, wait: Ms) {
        let push = Push {
            id: self.key(),
            friend,
            sharer,
            kind,
        };
        let mut late = self.dice.between(50, 3 * SECOND);
        if self.dice.hits(self.config.rates.callback_noise) {
            late += self.dice.between(0, 10 * MINUTE);
            self.after(wait + late, Happening::Event(push));
            late = self.dice.between(50, 20 * MINUTE);
        }
        self.after(wait + late, Happening::Event(push));
    }

    pub(super) fn receive_event(&mut self, push: Push) {
        if !(0..self.instances.len()).any(|instance| self.is_there(instance)) {
            self.after(5 * SECOND, Happening::Event(push));
            return;
        }
        if self.tables.inbox.contains(&push.id) && !self.has(WorldBug::EventsRepeat) {
            self.coverage.failure("F6");
            return;
        }
        let commit = self.commit();
        if !commit.is_done() {
            self.after(5 * SECOND, Happening::Event(push));
            return;
        }
        self.tables.inbox.insert(push.id);
        match push.kind {
            PushKind::Unsubscribe => self.tables.people[push.friend].following = false,
            PushKind::Scan if !self.has(WorldBug::CreditOnScan) => {}
            PushKind::Subscribe | PushKind::Scan => self.follow(push),
        }
    }

    /// Somebody follows, perhaps by a friend's code.
    fn follow(&mut self, push: Push) {
        let friend = push.friend;
        let scanned = push.kind == PushKind::Scan;
        let before = self.tables.people[friend].ever_followed;
        if before && push.kind == PushKind::Subscribe {
            self.coverage.failure("F21");
        }
        if let Some(sharer) = push.sharer {
            let same = sharer == friend || self.alias(sharer) == self.alias(friend);
            if same && sharer != friend {
                self.coverage.failure("F22");
            }
            let counted = self.tables.earned.iter().any(|e| e.friend == friend);
            let ignores_alias = self.has(WorldBug::AliasIsStranger);
            let facts = FollowFacts {
                policy: self.config.rules.referral(),
                through_sharers_code: true,
                friend_is_sharer: if ignores_alias {
                    sharer == friend
                } else {
                    same
                },
                friend_ever_followed: before && !scanned && !self.has(WorldBug::RefollowCounts),
                friend_already_credited: counted && !self.has(WorldBug::EventsRepeat),
                sharer_following: self.tables.people[sharer].following,
                moment: self.follow_moment(),
            };
            let facts = FollowFacts {
                friend_ever_followed: facts.friend_ever_followed
                    && !(self.has(WorldBug::EventsRepeat) && counted),
                ..facts
            };
            self.credit(&facts, push, same);
        } else {
            self.coverage.count("follow without credit", "not-by-code");
        }
        self.tables.people[friend].ever_followed = true;
        self.tables.people[friend].following = true;
        if !scanned {
            self.oracle.follows(friend);
        }
    }

    fn credit(&mut self, facts: &FollowFacts, push: Push, same: bool) {
        let (Some(sharer), friend) = (push.sharer, push.friend) else {
            return;
        };
        let city = match facts.decide() {
            Ok(Credit::OpenCity) => self.city_at(self.database_now()),
            Ok(Credit::NextCity) => self.city_at(self.database_now() + DAY),
            Err(why) => {
                self.coverage.count("follow without credit", why.code());
                return;
            }
        };
        let Some(city) = city else { return };
        self.tables.earned.push(Earned {
            sharer,
            friend,
            city,
            used: false,
        });
        self.note(10, || {
            format!("person {sharer} earns a chance in city {city} by {friend}")
        });
        let is_subscription = push.kind == PushKind::Subscribe;
        self.oracle
            .credited(&self.tables, (sharer, friend), same, is_subscription);
        // The sharer hears of it and comes back.
        let wait = self.dice.between(SECOND, 10 * HOUR);
        self.after(
            wait,
            Happening::Visit {
                person: sharer,
                city,
                left: 0,
            },
        );
    }

    fn alias(&self, person: usize) -> usize {
        self.alias_of.get(&person).copied().unwrap_or(person)
    }

    fn city_at(&self, at: Ms) -> Option<usize> {
        (0..self.config.n_cities)
            .find(|&city| self.config.opens(city) <= at && at < self.config.closes(city))
    }

    fn follow_moment(&self) -> FollowMoment {
        let at = self.database_now();
        if self.city_at(at).is_some() {
            FollowMoment::CityOpen
        } else if self.city_at(at + DAY).is_some() {
            FollowMoment::Preheat
        } else {
            FollowMoment::NoCity
        }
    }

    /// One claim at one instance.
    pub(super) fn claim(&mut self, request: Request, instance: usize) {
        if !self.is_there(instance) || self.dies(instance, CrashPoint::BeforeAward) {
            self.try_again(request);
            return;
        }
        let edge = start_of(day_of(self.now + DAY / 2));
        if (self.now - edge).abs() <= 3 * SECOND {
            self.coverage.failure("F10");
        }
        let decided = self.decide(request, instance);
        let commit = self.commit();
        if !commit.is_done() {
            self.try_again(request);
            return;
        }
        match decided {
            Decided::NotNow => self.try_again(request),
            Decided::Refused(refusal) => {
                if commit == super::Commit::Done {
                    self.tell_refusal(request, refusal);
                } else {
                    self.try_again(request);
                }
            }
            Decided::Granted(award) => {
                let is_late =
                    self.has(WorldBug::CheckThenAct) || self.has(WorldBug::TwoTapsTwoAwards);
                if is_late {
                    let wait = self.dice.between(1, 300);
                    let late = Late {
                        award,
                        request,
                        instance,
                    };
                    self.after(wait, Happening::LateAward(Box::new(late)));
                    return;
                }
                if !self.tables.by_key.contains_key(&request.key) {
                    self.grant(&award, instance);
                }
                self.tell_award(request, instance, &award, commit);
            }
        }
    }

    fn try_again(&mut self, request: Request) {
        if request.tries < 8 {
            let wait = self.dice.between(SECOND, 20 * SECOND);
            let tries = request.tries + 1;
            self.tap(Request { tries, ..request }, wait);
        }
    }

    fn tell_award(
        &mut self,
        request: Request,
        instance: usize,
        award: &Award,
        commit: super::Commit,
    ) {
        if commit != super::Commit::Done || self.dies(instance, CrashPoint::AfterAward) {
            self.try_again(request);
        } else {
            self.oracle.granted(request.key, award);
        }
    }

    fn tell_refusal(&mut self, request: Request, refusal: Refusal) {
        self.coverage.count("claim refused", refusal.code());
        if matches!(refusal, Refusal::Closed { .. }) {
            self.oracle.closed(request.city, self.now);
        }
        self.oracle.refused(request.key, &self.tables);
        let again = refusal.try_again_at().map(|at| at.timestamp_millis());
        if let Some(at) = again
            && request.tries == 0
            && at > self.now
            && self.dice.one_in(3)
        {
            let Request { person, city, .. } = request;
            let at = at + self.dice.between(0, 5 * SECOND);
            self.at(
                at,
                Happening::Visit {
                    person,
                    city,
                    left: 0,
                },
            );
        }
    }

    /// An award on facts that may have grown old: what the lock and the unique keys prevent.
    pub(super) fn late_award(&mut self, late: Late) {
        let taken = self.tables.by_chance.contains_key(&late.award.chance)
            || self.tables.by_key.contains_key(&late.request.key);
        if !taken || self.has(WorldBug::TwoTapsTwoAwards) {
            self.grant(&late.award, late.instance);
        }
        self.tell_award(
            late.request,
            late.instance,
            &late.award,
            super::Commit::Done,
        );
    }
}
