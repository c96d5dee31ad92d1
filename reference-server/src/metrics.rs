//! What operators' programs ask: counters of this process, and money and payments as the database has them.
//!
//! Text in the `OpenMetrics` format (<https://prometheus.io/docs/specs/om/open_metrics_spec/>).
//! Labels come from closed sets only: routes, methods, statuses, city slugs, states; never a person or an identifier.
//! What the database knows is read when it is asked for, so that it is exact, and equal in every process.

use chrono::{DateTime, Utc};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::{Registry, Unit},
};
use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use crate::{
    app::App,
    contest::{
        Error, Failure,
        figures::{self, CertificateFigures, CityFigures, Figures},
    },
    rail::Rail,
};

/// Upper bounds of the durations counted, in seconds.
const BUCKETS: [f64; 9] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5];
/// The same in milliseconds.
const BUCKETS_MS: [u64; 9] = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    route: String,
    method: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct City {
    city: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct State {
    state: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PayoutStep {
    rail: &'static str,
    row: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Class {
    class: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Duty {
    duty: String,
}

/// For how many minutes, the one that runs included, answers are remembered.
const RECENT_MINUTES: i64 = 5;
/// Routes by which a paper is drawn.
const DRAWING: [(&str, &str); 2] = [("POST", "/quiz"), ("POST", "/api/v1/attempts")];

/// How this process has answered people of late; organisers' own requests do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Recent {
    /// Requests answered.
    pub n_answered: u64,
    /// Papers drawn.
    pub n_papers: u64,
    /// Within how many milliseconds 99 of 100 were answered, to the next bound of the histogram;
    /// nothing without answers, and when it took longer than the last bound.
    pub p99_ms: Option<u64>,
}

/// Answers of one minute.
#[derive(Debug, Clone, Copy, Default)]
struct Minute {
    number: i64,
    /// By bound, and one more for what took longer.
    answered: [u64; BUCKETS.len() + 1],
    n_papers: u64,
}

/// The minutes that are remembered, the newest last.
#[derive(Debug, Default)]
struct Minutes(VecDeque<Minute>);

impl Minutes {
    fn forget_before(&mut self, now: DateTime<Utc>) -> i64 {
        let number = now.timestamp().div_euclid(60);
        let is_kept =
            |minute: &Minute| (number - RECENT_MINUTES + 1..=number).contains(&minute.number);
        self.0.retain(is_kept);
        number
    }

    fn answered(&mut self, now: DateTime<Utc>, took: Duration, is_paper: bool) {
        let number = self.forget_before(now);
        if self.0.back().is_none_or(|last| last.number != number) {
            self.0.push_back(Minute {
                number,
                ..Minute::default()
            });
        }
        let Some(minute) = self.0.back_mut() else {
            return;
        };
        let seconds = took.as_secs_f64();
        let bucket = BUCKETS.partition_point(|bound| *bound < seconds);
        if let Some(count) = minute.answered.get_mut(bucket) {
            *count = count.saturating_add(1);
        }
        minute.n_papers = minute.n_papers.saturating_add(u64::from(is_paper));
    }

    fn recent(&mut self, now: DateTime<Utc>) -> Recent {
        self.forget_before(now);
        let mut counts = [0_u64; BUCKETS.len() + 1];
        let mut n_papers = 0_u64;
        for minute in &self.0 {
            n_papers = n_papers.saturating_add(minute.n_papers);
            for (sum, n) in counts.iter_mut().zip(minute.answered) {
                *sum = sum.saturating_add(n);
            }
        }
        let n_answered = counts.iter().fold(0_u64, |sum, n| sum.saturating_add(*n));
        let mut so_far = 0_u64;
        let p99 = BUCKETS_MS.iter().zip(counts).find_map(|(bound, n)| {
            so_far = so_far.saturating_add(n);
            let is_enough = so_far.saturating_mul(100) >= n_answered.saturating_mul(99);
            (n_answered > 0 && is_enough).then_some(*bound)
        });
        Recent {
            n_answered,
            n_papers,
            p99_ms: p99,
        }
    }
}

/// What this process counts.
#[derive(Clone, Default)]
pub struct Metrics {
    answered: Family<Answered, Counter>,
    durations: Durations,
    minutes: Arc<Mutex<Minutes>>,
    payout_steps: Family<PayoutStep, Counter>,
    payments_stuck: Gauge,
}

#[derive(Clone)]
struct Durations(Family<Route, Histogram, fn() -> Histogram>);

impl Default for Durations {
    fn default() -> Self {
        Self(Family::new_with_constructor(|| Histogram::new(BUCKETS)))
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    /// Counts one answered request; `route` is the pattern it matched, not its path.
    pub(crate) fn answered(
        &self,
        (method, route): (&str, &str),
        status: u16,
        took: Duration,
        now: DateTime<Utc>,
    ) {
        let is_peoples = !route.starts_with("/console") && !route.starts_with("/api/v1/console");
        if is_peoples {
            let is_paper = status < 400 && DRAWING.contains(&(method, route));
            let mut minutes = self.minutes.lock().unwrap_or_else(PoisonError::into_inner);
            minutes.answered(now, took, is_paper);
        }
        let label = Answered {
            route: route.to_owned(),
            method: method.to_owned(),
            status,
        };
        self.answered.get_or_create(&label).inc();
        let route = Route {
            route: route.to_owned(),
        };
        self.durations
            .0
            .get_or_create(&route)
            .observe(took.as_secs_f64());
    }
}

impl Metrics {
    /// How this process has answered in the last five minutes.
    pub(crate) fn recent(&self, now: DateTime<Utc>) -> Recent {
        let mut minutes = self.minutes.lock().unwrap_or_else(PoisonError::into_inner);
        minutes.recent(now)
    }

    /// Counts one step of a payment by a row of the payout table, whether or not it changed anything.
    pub(crate) fn stepped(&self, rail: Rail, row: u8) {
        let rail = rail.name();
        self.payout_steps
            .get_or_create(&PayoutStep { rail, row })
            .inc();
    }

    /// How often a row of the payout table was taken.
    pub(crate) fn n_stepped(&self, rail: Rail, row: u8) -> u64 {
        let rail = rail.name();
        let label = PayoutStep { rail, row };
        self.payout_steps.get_or_create(&label).get()
    }

    /// How many payments this process cannot drive at present.
    pub(crate) fn stuck(&self, n: usize) {
        self.payments_stuck
            .set(i64::try_from(n).unwrap_or(i64::MAX));
    }
}

/// The metrics of this process and of the database, as text.
///
/// Cost: a scan of awards and payments; ask once a minute, not once a second.
///
/// # Errors
/// Fails when the database does.
pub async fn text(app: &App) -> Result<String, Error> {
    let figures = figures::figures(app).await?;
    let mut registry = Registry::with_prefix("contest");
    registry.register(
        "build",
        "The running version",
        Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]),
    );
    registry.register(
        "http_requests",
        "Requests answered by this process",
        app.memory.metrics.answered.clone(),
    );
    registry.register_with_unit(
        "http_request_duration",
        "Time until the answer",
        Unit::Seconds,
        app.memory.metrics.durations.0.clone(),
    );
    registry.register(
        "payout_steps",
        "Steps of payments driven by this process, by rail and row of the payout table",
        app.memory.metrics.payout_steps.clone(),
    );
    registry.register(
        "payments_stuck",
        "Payments whose row, request or credentials this process cannot use; the log names each once",
        app.memory.metrics.payments_stuck.clone(),
    );
    recent(&mut registry, app.memory.metrics.recent(app.wall.now()));
    health(&mut registry, &figures);
    money(&mut registry, &figures.cities);
    payments(&mut registry, figures.payments);
    books(&mut registry, figures.incidents, figures.duties);
    if let Some(figures) = figures.certificates {
        certificates(&mut registry, figures);
    }
    if let Some(age_ms) = figures.latch_age_ms {
        let age: Gauge = Gauge::default();
        age.set(age_ms);
        registry.register(
            "latch_age_milliseconds",
            "Time since the latch was last raised; grows when no process keeps it",
            age,
        );
    }
    let mut text = String::new();
    encode(&mut text, &registry).map_err(Failure::defect)?;
    Ok(text)
}

/// What each city has awarded and has left.
fn money(registry: &mut Registry, cities: &[CityFigures]) {
    let granted = gauges(registry, "granted_fen", "Money awarded, gross");
    let awards = gauges(registry, "awards", "Packets awarded");
    let left = gauges(
        registry,
        "budget_left_fen",
        "Money of the city not awarded yet",
    );
    let today_left = gauges(
        registry,
        "budget_today_left_fen",
        "Money of today not awarded yet, of the city whose day it is",
    );
    for money in cities {
        let label = City {
            city: money.city.clone(),
        };
        granted.get_or_create(&label).set(money.awarded_fen);
        awards.get_or_create(&label).set(money.n_awards);
        left.get_or_create(&label).set(money.left_fen);
        if let Some(fen) = money.today_left_fen {
            today_left.get_or_create(&label).set(fen);
        }
    }
}

/// How this process has answered of late, as the console's overview says it.
fn recent(registry: &mut Registry, recent: Recent) {
    let whole = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let mut add = |name: &str, help: &str, value: i64| one(registry, name, help, value);
    add(
        "recent_requests",
        "Requests of people answered by this process in the last five minutes",
        whole(recent.n_answered),
    );
    add(
        "recent_papers",
        "Papers drawn by this process in the last five minutes",
        whole(recent.n_papers),
    );
    if let Some(p99_ms) = recent.p99_ms {
        add(
            "recent_p99_milliseconds",
            "Within which 99 of 100 of those were answered, to the next bound of the histogram",
            whole(p99_ms),
        );
    }
}

/// What the overview warns of.
fn health(registry: &mut Registry, figures: &Figures) {
    one(
        registry,
        "clock_off_milliseconds",
        "How far the deciding clock is ahead of this process's, when that is too far; nothing is decided here then",
        figures.clock_off_ms,
    );
    one(
        registry,
        "next_days_cost_fen",
        "What today and tomorrow may still award",
        figures.balance.next_days_fen,
    );
    if let Some(left_fen) = figures.balance.left_fen() {
        one(
            registry,
            "merchant_balance_fen",
            "The last balance of the newest bill, less what was awarded since; money put in after it is not in it",
            left_fen,
        );
    }
}

fn one(registry: &mut Registry, name: &str, help: &str, value: i64) {
    let gauge: Gauge = Gauge::default();
    gauge.set(value);
    registry.register(name, help, gauge);
}

fn payments(registry: &mut Registry, by_state: Vec<(String, i64)>) {
    let payments: Family<State, Gauge> = Family::default();
    registry.register("payouts", "Payments by state", payments.clone());
    for (state, n) in by_state {
        payments.get_or_create(&State { state }).set(n);
    }
}

/// What the books of a morning and of a night came to.
fn books(
    registry: &mut Registry,
    incidents_open: Vec<(String, i64)>,
    duties: Vec<(String, i64, i64)>,
) {
    let incidents: Family<Class, Gauge> = Family::default();
    registry.register(
        "incidents_open",
        "Differences from the bills and held payments that wait for two persons",
        incidents.clone(),
    );
    for (class, n) in incidents_open {
        incidents.get_or_create(&Class { class }).set(n);
    }
    let found: Family<Duty, Gauge> = Family::default();
    let ages: Family<Duty, Gauge> = Family::default();
    registry.register(
        "duty_findings",
        "What the last nightly audit and the last comparison with the bills found",
        found.clone(),
    );
    registry.register(
        "duty_age_milliseconds",
        "Time since then; grows when no process does it",
        ages.clone(),
    );
    for (duty, n_findings, age_ms) in duties {
        let label = Duty { duty };
        found.get_or_create(&label).set(n_findings);
        ages.get_or_create(&label).set(age_ms);
    }
}

/// The certificates by which WeChat Pay signs.
fn certificates(registry: &mut Registry, figures: CertificateFigures) {
    let mut add = |name: &str, help: &str, value: i64| one(registry, name, help, value);
    add(
        "platform_certificates",
        "Certificates of WeChat Pay's that are valid and known here; none means that no answer is believed",
        figures.n_valid,
    );
    add(
        "platform_certificate_left_milliseconds",
        "Time until the last of them ends",
        figures.left_ms,
    );
    if let Some(age_ms) = figures.age_ms {
        add(
            "platform_certificate_age_milliseconds",
            "Time since WeChat last gave them; grows when nobody can download them",
            age_ms,
        );
    }
}

fn gauges(registry: &mut Registry, name: &str, help: &str) -> Family<City, Gauge> {
    let family = Family::default();
    registry.register(name, help, Family::clone(&family));
    family
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ninety_ninth_of_a_hundred_is_found_and_old_minutes_are_forgotten() {
        let at = |minute: i64| DateTime::from_timestamp(minute * 60, 0).expect("an instant");
        let mut minutes = Minutes::default();
        assert_eq!(minutes.recent(at(1)), Recent::default());
        for n in 0..100 {
            let slow = Duration::from_millis(if n == 0 { 900 } else { 40 });
            minutes.answered(at(1), slow, n < 3);
        }
        let hundred = minutes.recent(at(1));
        assert_eq!((hundred.n_answered, hundred.n_papers), (100, 3));
        assert_eq!(hundred.p99_ms, Some(50));
        minutes.answered(at(4), Duration::from_secs(60), false);
        assert_eq!(minutes.recent(at(5)).p99_ms, Some(1_000));
        // The first minute is over: one answer is left, slower than any bound.
        let last = minutes.recent(at(6));
        assert_eq!((last.n_answered, last.p99_ms), (1, None));
        assert_eq!(minutes.recent(at(9)), Recent::default());
    }

    #[test]
    fn the_bounds_are_the_same_in_both_units() {
        for (seconds, milliseconds) in BUCKETS.iter().zip(BUCKETS_MS) {
            assert_eq!(
                Duration::from_secs_f64(*seconds),
                Duration::from_millis(milliseconds)
            );
        }
    }
}
