//! What operators' programs ask: counters of this process, and money and payments as the database has them.
//!
//! Text in the `OpenMetrics` format (<https://prometheus.io/docs/specs/om/open_metrics_spec/>).
//! Labels come from closed sets only: routes, methods, statuses, city slugs, states; never a person or an identifier.
//! What the database knows is read when it is asked for, so that it is exact, and equal in every process.

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::{Registry, Unit},
};
use std::{fmt, time::Duration};

use crate::{
    app::App,
    contest::{
        Error, Failure,
        figures::{self, CertificateFigures},
    },
    rail::Rail,
};

/// Upper bounds of the durations counted, in seconds.
const BUCKETS: [f64; 9] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5];

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

/// What this process counts.
#[derive(Clone, Default)]
pub struct Metrics {
    answered: Family<Answered, Counter>,
    durations: Durations,
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
    pub(crate) fn answered(&self, route: &str, method: &str, status: u16, took: Duration) {
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
    /// Counts one step of a payment by a row of the payout table, whether or not it changed anything.
    pub(crate) fn stepped(&self, rail: Rail, row: u8) {
        let rail = rail.name();
        self.payout_steps
            .get_or_create(&PayoutStep { rail, row })
            .inc();
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
    let granted = gauges(&mut registry, "granted_fen", "Money awarded, gross");
    let awards = gauges(&mut registry, "awards", "Packets awarded");
    let left = gauges(
        &mut registry,
        "budget_left_fen",
        "Money of the city not awarded yet",
    );
    let today_left = gauges(
        &mut registry,
        "budget_today_left_fen",
        "Money of today not awarded yet, of the city whose day it is",
    );
    for money in &figures.cities {
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
    let mut add = |name: &str, help: &str, value: i64| {
        let gauge: Gauge = Gauge::default();
        gauge.set(value);
        registry.register(name, help, gauge);
    };
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
