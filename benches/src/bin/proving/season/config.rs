//! What one season is like: its rules, its people and everything that will go wrong, all from the seed.
//!
//! The configuration is a swarm: each kind of fault is off, rare, usual or frequent, independently of the others,
//! and the money is varied so that caps, floors and limits bind in some seasons.

use reward_core::{
    ChannelProfile, ClaimScope, Fen, PacketBounds, PayoutPolicy, QuietHours, ReferralPolicy,
    Release, Residual, RewardRules, RewardTerms,
};

use super::{
    rail::Code,
    time::{DAY, Dice, HOUR, MINUTE, Ms, SECOND, START, Window},
};

/// How often each small thing goes wrong, in parts of a hundred thousand.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rates {
    pub(crate) request_lost: u32,
    pub(crate) request_late: u32,
    pub(crate) request_twice: u32,
    pub(crate) reply_lost: u32,
    pub(crate) reply_stalled: u32,
    pub(crate) system_error: u32,
    pub(crate) landed_but_error: u32,
    pub(crate) odd_code: u32,
    pub(crate) processing: u32,
    pub(crate) too_fast: u32,
    pub(crate) send_failed: u32,
    pub(crate) echo_differs: u32,
    pub(crate) parameters_differ: u32,
    pub(crate) query_error: u32,
    pub(crate) reversed: u32,
    pub(crate) callback_noise: u32,
    pub(crate) callback_forged: u32,
    pub(crate) crash: u32,
    pub(crate) commit_fails: u32,
    pub(crate) commit_unknown: u32,
    pub(crate) commit_slow: u32,
    pub(crate) operator_holds: u32,
    pub(crate) bill_trouble: u32,
    /// People whom the rail refuses.
    pub(crate) refused_people: u32,
    /// Numbers that stay in processing for weeks.
    pub(crate) stuck: u32,
}

/// A database that is replaced by its standby.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Failover {
    pub(crate) at: Ms,
    /// What the standby has not received.
    pub(crate) forgets: Ms,
    /// How far the standby's clock is off true time.
    pub(crate) offset: Ms,
}

/// One season.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) rules: RewardRules,
    pub(crate) channel: ChannelProfile,
    pub(crate) policy: PayoutPolicy,
    pub(crate) n_cities: usize,
    pub(crate) n_instances: usize,
    pub(crate) people_per_city: usize,
    pub(crate) visits: u64,
    pub(crate) rates: Rates,
    /// Whether workers look at an answer beside the row as it is by then, or beside the row they asked about.
    pub(crate) rereads: bool,
    pub(crate) outages: Vec<Window>,
    pub(crate) misconfigured: Vec<(Window, Code)>,
    /// Windows in which queries are answered from a copy that is this far behind.
    pub(crate) lagging: Vec<(Window, Ms)>,
    pub(crate) merchant_days_full: Vec<Window>,
    /// An instance that cannot reach the database.
    pub(crate) partitions: Vec<(usize, Window)>,
    pub(crate) failovers: Vec<Failover>,
    /// Instance, instant and new offset of its clock.
    pub(crate) clock_steps: Vec<(usize, Ms, Ms)>,
    /// Stretches in which the database's clock is far ahead.
    pub(crate) database_ahead: Vec<(Window, Ms)>,
    pub(crate) crashes: Vec<(usize, Ms)>,
    /// Merchant's balance at first, in fen, and how long a top-up takes.
    pub(crate) balance: i64,
    pub(crate) top_up_after: Ms,
    /// Packets that the rail really lets a person have in a day.
    pub(crate) person_day_limit: u32,
    /// The last instant at which a fault of the rail or the machines begins or is still there.
    pub(crate) calm_at: Ms,
    pub(crate) closes: Ms,
    pub(crate) ends: Ms,
}

impl Config {
    pub(crate) fn of(seed: u64) -> Self {
        let mut dice = Dice::new(seed, 1);
        let rules = rules(&mut dice);
        let n_cities = 1 + dice.index(3);
        let days = Ms::from(rules.days());
        let closes = START + days * DAY * Ms::try_from(n_cities).unwrap_or(1);
        let calm_at = closes + dice.between(HOUR, 3 * DAY);
        let n_instances = 1 + dice.index(3);
        let channel = channel(&mut dice, &rules);
        let policy = policy(&mut dice);
        let wanted = u64::from(rules.packets_per_day()) * u64::from(rules.days());
        let people = 5 + wanted * (3 + dice.below(12)) / 10;
        let spendable = i64::try_from(rules.spendable().get()).unwrap_or(i64::MAX);
        let mut config = Self {
            rules,
            channel,
            policy,
            n_cities,
            n_instances,
            people_per_city: usize::try_from(people.min(600)).unwrap_or(600),
            visits: 1 + dice.below(3),
            rates: rates(&mut dice),
            rereads: dice.one_in(2),
            outages: Vec::new(),
            misconfigured: Vec::new(),
            lagging: Vec::new(),
            merchant_days_full: Vec::new(),
            partitions: Vec::new(),
            failovers: Vec::new(),
            clock_steps: Vec::new(),
            database_ahead: Vec::new(),
            crashes: Vec::new(),
            balance: if dice.one_in(3) {
                spendable / 4
            } else {
                i64::MAX / 4
            },
            top_up_after: dice.between(10 * MINUTE, 8 * HOUR),
            person_day_limit: dice.pick(&[10, 10, 2, 1]),
            calm_at,
            closes,
            ends: closes + 34 * DAY,
        };
        config.plan_trouble(&mut dice);
        config
    }

    /// Everything that has an instant of its own.
    fn plan_trouble(&mut self, dice: &mut Dice) {
        let (first, last) = (START - HOUR, self.calm_at);
        let window = |dice: &mut Dice, longest: Ms| {
            let from = dice.between(first, last);
            let until = (from + dice.between(10 * SECOND, longest)).min(last);
            Window { from, until }
        };
        for _ in 0..some(dice, 6) {
            let longest = dice.pick(&[5 * MINUTE, HOUR, 8 * HOUR, 26 * HOUR]);
            self.outages.push(window(dice, longest));
        }
        for _ in 0..some(dice, 4) {
            let code = dice.pick(&Code::MISCONFIGURED);
            let longest = dice.pick(&[HOUR, 8 * HOUR, 24 * HOUR]);
            self.misconfigured.push((window(dice, longest), code));
        }
        // Only the published spacing of absences outlasts a copy that lags.
        let n_lags = if self.is_hasty() { 0 } else { some(dice, 4) };
        for _ in 0..n_lags {
            let behind = dice.between(10 * MINUTE, 25 * MINUTE);
            self.lagging.push((window(dice, 48 * HOUR), behind));
        }
        for _ in 0..some(dice, 2) {
            self.merchant_days_full.push(window(dice, 12 * HOUR));
        }
        for _ in 0..some(dice, 4) {
            let cut = dice.index(self.n_instances);
            self.partitions.push((cut, window(dice, 2 * HOUR)));
        }
        for _ in 0..some(dice, 5) {
            let at = near_an_edge(dice, self, last);
            self.failovers.push(Failover {
                at,
                forgets: dice.pick(&[0, SECOND, SECOND, 3 * SECOND]),
                offset: dice.between(-5 * SECOND, 2 * SECOND),
            });
        }
        for _ in 0..some(dice, 5) {
            let which = dice.index(self.n_instances);
            let offset = dice.pick(&[-100_000, -30_000, -1_500, 0, 1_500, 30_000, 100_000]);
            let at = near_an_edge(dice, self, last);
            self.clock_steps.push((which, at, offset));
        }
        for _ in 0..some(dice, 2) {
            // Further than any instance, so that no two wrong clocks agree.
            let ahead = dice.between(3 * MINUTE, 2 * HOUR);
            self.database_ahead.push((window(dice, HOUR), ahead));
        }
        for _ in 0..some(dice, 24) {
            let which = dice.index(self.n_instances);
            self.crashes.push((which, near_an_edge(dice, self, last)));
        }
    }

    /// Whether nothing but the quarantine keeps a dead number from paying.
    pub(crate) fn is_hasty(&self) -> bool {
        self.policy.absence_spacing_seconds < PayoutPolicy::PUBLISHED.absence_spacing_seconds
    }

    /// When a city opens; the cities follow each other.
    pub(crate) fn opens(&self, city: usize) -> Ms {
        START + Ms::try_from(city).unwrap_or(0) * Ms::from(self.rules.days()) * DAY
    }

    pub(crate) fn closes(&self, city: usize) -> Ms {
        self.opens(city) + Ms::from(self.rules.days()) * DAY
    }
}

/// None, few or many.
fn some(dice: &mut Dice, most: u64) -> u64 {
    if dice.one_in(3) {
        0
    } else {
        dice.below(most) + 1
    }
}

/// An instant that is often close to a midnight, since that is where rules change.
fn near_an_edge(dice: &mut Dice, config: &Config, last: Ms) -> Ms {
    if dice.one_in(2) {
        let n_days = (config.closes - START) / DAY + 1;
        let midnight = if dice.one_in(2) {
            config.closes(dice.index(config.n_cities))
        } else {
            START + dice.between(0, n_days) * DAY
        };
        midnight + dice.between(-6 * SECOND, 6 * SECOND)
    } else {
        dice.between(START - HOUR, last)
    }
}

/// Rules under which the caps bind, or the packets are few, or both.
fn rules(dice: &mut Dice) -> RewardRules {
    if dice.one_in(40) {
        // The commissioned rules themselves, with a deck that a season can empty.
        let terms = RewardTerms {
            packets_per_day: 100,
            claim_scope: ClaimScope::City,
            ..RewardRules::JIANGSU_2020.terms()
        };
        if let Ok(rules) = RewardRules::new(terms) {
            return rules;
        }
    }
    loop {
        let days = 1 + u8::try_from(dice.below(7)).unwrap_or(0);
        let packets_per_day = 3 + u32::try_from(dice.below(30)).unwrap_or(0);
        let mean = 200 + dice.below(8_800);
        let cap = mean * u64::from(packets_per_day);
        let top = (mean * (2 + dice.below(4))).min(20_000).min(cap / 2);
        let residual = dice.below(500);
        let min = dice.pick(&[10, 100]);
        let Ok(bounds) = PacketBounds::new(Fen::new(min), Fen::new(top.max(min))) else {
            continue;
        };
        let release = match dice.below(3) {
            0 => Release::Immediate,
            1 => Release::Linear,
            _ => Release::Curve {
                head_permille: 100,
                full_at_ms: 72_000_000,
            },
        };
        let rules = RewardRules::new(RewardTerms {
            pool: Fen::new(cap * u64::from(days) + residual),
            daily_cap: Fen::new(cap),
            days,
            bounds,
            top_packet: Fen::new(top),
            packets_per_day,
            release,
            claim_scope: dice.pick(&[ClaimScope::Season, ClaimScope::City]),
            referral: if dice.one_in(6) {
                ReferralPolicy::Off
            } else {
                ReferralPolicy::OnePerNewFollower
            },
            residual: Residual::Unspendable,
        });
        if let Ok(rules) = rules {
            return rules;
        }
    }
}

/// A rail that can pay what the rules award.
fn channel(dice: &mut Dice, rules: &RewardRules) -> ChannelProfile {
    let base = if rules.bounds().min() < Fen::new(100) {
        ChannelProfile::red_packet_with_scene()
    } else if dice.one_in(3) {
        ChannelProfile::merchant_transfer()
    } else {
        ChannelProfile::red_packet_default()
    };
    let quiet_hours = if dice.one_in(4) {
        QuietHours::new(0, 8 * 60).ok()
    } else {
        None
    };
    ChannelProfile {
        quiet_hours,
        ..base
    }
}

/// The published waits, or hasty ones: all but the quarantine may be shortened and must then not be needed.
fn policy(dice: &mut Dice) -> PayoutPolicy {
    let base = match dice.below(3) {
        0 => PayoutPolicy::CONFIRMED_BY_PERSON,
        1 => PayoutPolicy::PUBLISHED,
        _ => PayoutPolicy {
            absences_needed: 1,
            absence_spacing_seconds: 60,
            refused_seconds: 20,
            settle_seconds: 30,
            ..PayoutPolicy::PUBLISHED
        },
    };
    PayoutPolicy {
        attempts_by_policy: 3,
        renew_after_close: !dice.one_in(4),
        ..base
    }
}

fn rates(dice: &mut Dice) -> Rates {
    let mut of = |usual: u32| match dice.below(4) {
        0 => 0,
        1 => usual / 5,
        2 => usual,
        _ => usual * 5,
    };
    Rates {
        request_lost: of(1_500),
        request_late: of(1_500),
        request_twice: of(1_500),
        reply_lost: of(1_500),
        reply_stalled: of(1_000),
        system_error: of(1_500),
        landed_but_error: of(1_500),
        odd_code: of(800),
        processing: of(1_500),
        too_fast: of(1_500),
        send_failed: of(800),
        echo_differs: of(100),
        parameters_differ: of(100),
        query_error: of(2_000),
        reversed: of(200),
        callback_noise: of(4_000),
        callback_forged: of(2_000),
        crash: of(400),
        commit_fails: of(800),
        commit_unknown: of(800),
        commit_slow: of(3_000),
        operator_holds: of(400),
        bill_trouble: of(5_000),
        refused_people: of(3_000),
        stuck: of(150),
    }
}
