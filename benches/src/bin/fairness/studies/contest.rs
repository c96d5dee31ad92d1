//! The contest over turnouts, rushes and releases: top packet, unpaid money, hours served, money taken by scripts.

use std::error::Error;

use reward_core::{
    ClosingFacts, DeckKind, JackpotOutcome, PacketPlan, Release, RewardRules, closing_draw,
    metrics::DayService,
};

use crate::{
    city::{City, TopPacket, arrivals, rules_with, seed as city_seed},
    figure::{Figure, Mark, Series},
    sampling::{Mean, fen, joined, stream, tasks, unit},
    study::{Findings, Table},
};

const CITIES: u32 = 400;
/// Claims of each day of a week; the first stands for one claim in all.
const TURNOUTS: [u32; 12] = [0, 1, 5, 20, 100, 250, 500, 750, 1_000, 2_000, 5_000, 20_000];
const DAYS: u32 = 7;

/// One city under one turnout: awarded without carry, by independent packets, with carry, with rescue, after closing.
fn top_packet_city(
    plan: &PacketPlan,
    turnout: u32,
    words: &mut reward_core::WordStream,
) -> Result<Vec<f64>, Box<dyn Error>> {
    let only = u8::try_from(DAYS)?.min(1 + u8::try_from(crate::sampling::below(words, 7))?);
    let claims = |day: u8, words: &mut reward_core::WordStream| match turnout {
        0 => arrivals(u32::from(day == only), 0.0, words),
        n => arrivals(n, 0.0, words),
    };
    let mut carried = City::open(plan, false);
    let mut rescued = City::open(plan, true);
    for day in 1..=plan.rules().days() {
        let claims = claims(day, words);
        carried.play(&claims)?;
        rescued.play(&claims)?;
    }
    // Without carry the packet lies at one place of one day's deck, and is awarded if the day gets that far.
    let on_its_day = match turnout {
        0 => u32::from(plan.top_day() == only),
        n => n,
    };
    let place = plan
        .deck(plan.top_day(), DeckKind::Top)
        .and_then(|deck| deck.top_sequence());
    let sealed = place.is_some_and(|place| place < on_its_day);
    let awards = u32::try_from(rescued.awards.len())?;
    let independent = (0..awards).any(|_| unit(words) < 1.0 / 7_000.0);
    let facts = ClosingFacts {
        awards: &rescued.awards,
        awarded_on_last_day: rescued.on_last_day,
    };
    let outcome = closing_draw(plan.rules(), &city_seed(words), None, &facts)?;
    let closed = !matches!(outcome, JackpotOutcome::NoClaimant);
    let is_open = |city: &City<'_>| city.top != TopPacket::Sealed;
    Ok([
        sealed,
        independent,
        is_open(&carried),
        is_open(&rescued),
        closed,
    ]
    .map(|awarded| f64::from(u8::from(awarded)))
    .to_vec())
}

const NAMES: [&str; 5] = [
    "one place",
    "independent",
    "carry",
    "carry, rescue",
    "carry, rescue, closing draw",
];

/// A turnout in words, and the share of cities that theory gives each rule.
fn expected(turnout: u32) -> (String, [Option<f64>; 5]) {
    let what = if turnout == 0 {
        "1 claim in the week".to_owned()
    } else {
        format!("{turnout} claims a day")
    };
    let a_day = f64::from(turnout);
    let awards = if turnout == 0 {
        1.0
    } else {
        7.0 * a_day.min(1_000.0)
    };
    let one_place = if turnout == 0 {
        1.0 / 7_000.0
    } else {
        (a_day / 1_000.0).min(1.0)
    };
    let theory = [
        Some(one_place),
        Some(1.0 - (6_999.0 / 7_000.0_f64).powf(awards)),
        None,
        None,
        Some(1.0),
    ];
    (what, theory)
}

/// What the study does.
fn method_of_top_packet() -> String {
    format!(
        "{CITIES} cities for each turnout, 1,000 packets a day, released at once, claims spread over the day. *One place*: \
             the packet lies at one place of one day, theory min(1, claims/1,000). *Independent*: every award is it with \
             probability 1/7,000, theory 1 − (1 − 1/7,000)^awards. *Carry*, *rescue* and *closing draw* are the crate's \
             plan, rule of taking and `closing_draw`. Every day's sum is checked against the cap on the way."
    )
}

pub(super) fn top_packet(seed: u64) -> Result<Findings, Box<dyn Error>> {
    let rules = rules_with(Release::Immediate)?;
    let parts = tasks(CITIES, |city| -> Result<Vec<Mean>, String> {
        let mut words = stream(seed, "top-packet", city);
        let plan = PacketPlan::draw(&rules, &city_seed(&mut words));
        let mut means = Vec::new();
        for turnout in TURNOUTS {
            let awarded =
                top_packet_city(&plan, turnout, &mut words).map_err(|error| error.to_string())?;
            means.extend(awarded.into_iter().map(|value| Mean::from_iter([value])));
        }
        Ok(means)
    });
    let parts: Vec<Vec<Mean>> = parts.into_iter().collect::<Result<_, _>>()?;
    let means = joined(&parts);
    let mut findings = Findings {
        method: method_of_top_packet(),
        reading: "A packet that simply lies in a deck is lost with the part of the deck that nobody takes, and drawing it \
                  independently fails in a third of the cities however many come. Carry and rescue leave only \
                  cities in which nobody claims after the sealed moment of the last evening; the closing draw takes those \
                  too: 1.000 in every scenario with at least one claimant."
            .to_owned(),
        ..Findings::default()
    };
    let mut curves = vec![Vec::new(); 5];
    for (i, turnout) in TURNOUTS.into_iter().enumerate() {
        let (what, theory) = expected(turnout);
        for (j, (name, theory)) in NAMES.into_iter().zip(theory).enumerate() {
            let mean = &means[i * 5 + j];
            let what = format!("{what}: {name}");
            match theory {
                Some(p) => findings.compare(what, p, mean.mean(), mean.error_of_share(p)),
                None => findings.observe(what, mean.mean(), mean.error()),
            }
            curves[j].push((f64::from(turnout).max(1.0 / 7.0), mean.mean()));
        }
    }
    let marks = [Mark::Line, Mark::Line, Mark::Line, Mark::Line, Mark::Points];
    findings.figure = Some(
        Figure::new(
            "Share of cities that award the top packet",
            "claims a day (leftmost: one in the week)",
            "share of cities",
            NAMES
                .into_iter()
                .zip(marks)
                .zip(curves)
                .map(|((name, mark), curve)| Series::new(name, mark, curve))
                .collect(),
        )
        .log_x(),
    );
    Ok(findings)
}

/// What a release did over the cities of one scenario.
struct Outcome {
    service: DayService,
    paid: Mean,
    exhausted: Mean,
    days: f64,
}

fn outcome(
    seed: u64,
    cities: u32,
    release: Release,
    claims: u32,
    rush: f64,
) -> Result<Outcome, Box<dyn Error>> {
    let rules = rules_with(release)?;
    let parts = tasks(cities, |city| -> Result<Outcome, String> {
        let mut words = stream(seed, "release", city);
        let plan = PacketPlan::draw(&rules, &city_seed(&mut words));
        let mut own = Outcome {
            service: DayService::default(),
            paid: Mean::default(),
            exhausted: Mean::default(),
            days: f64::from(DAYS),
        };
        let mut open = City::open(&plan, true);
        for _ in 0..DAYS {
            let visits = open
                .play(&arrivals(claims, rush, &mut words))
                .map_err(|error| error.to_string())?;
            visits.iter().for_each(|visit| own.service.add(visit));
            if let Some(at) = DayService::exhausted_at(&visits) {
                own.exhausted.add(f64::from(at.ms()) / 3_600_000.0);
            }
        }
        own.paid.add(open.awards.iter().copied().map(fen).sum());
        Ok(own)
    });
    let mut all: Option<Outcome> = None;
    for part in parts {
        let part = part?;
        match &mut all {
            None => all = Some(part),
            Some(all) => {
                all.service.join(&part.service);
                all.paid.join(&part.paid);
                all.exhausted.join(&part.exhausted);
                all.days += part.days;
            }
        }
    }
    Ok(all.ok_or("no city")?)
}

const SCENARIOS: [(u32, f64); 4] = [(1_000, 0.1), (1_500, 0.3), (3_000, 0.3), (20_000, 0.3)];

fn curve(head_permille: u16, hours: u32) -> Release {
    Release::Curve {
        head_permille,
        full_at_ms: (hours * 3_600_000).min(86_399_999),
    }
}

const POLICIES: [(&str, Release); 3] = [
    ("immediate", Release::Immediate),
    ("linear", Release::Linear),
    ("curve 10 %, 20 h", RewardRules::JIANGSU_2020.release()),
];
const SCENARIO_HEADER: [&str; 10] = [
    "claims a day (rush)",
    "release",
    "paid, fen",
    "served",
    "money to scripts",
    "speed premium",
    "money in the first hour",
    "exhausted at",
    "Jain over hours",
    "envy, fen",
];

/// One line of the table of scenarios.
fn scenario(
    claims: u32,
    rush: f64,
    name: &str,
    outcome: &Outcome,
) -> Result<Vec<String>, Box<dyn Error>> {
    let service = &outcome.service;
    let exhausted = if outcome.exhausted.mean() > 0.0 {
        format!("{:.1} h", outcome.exhausted.mean())
    } else {
        "-".to_owned()
    };
    Ok(vec![
        format!("{claims} ({rush})"),
        name.to_owned(),
        format!("{:.0}", outcome.paid.mean()),
        format!("{:.3}", service.served()),
        format!("{:.3}", service.automatic_money()),
        service
            .speed_premium()
            .map_or("-".to_owned(), |premium| format!("{premium:.2}")),
        format!("{:.3}", service.money_in_hour(0)),
        exhausted,
        format!("{:.3}", service.jain_over_hours()?),
        format!("{:.0}", service.envy_over_hours()),
    ])
}

fn reading_of_release(rush_of_scripts: (f64, f64)) -> String {
    format!(
        "Under a rush the release decides, not the law of the amounts: with 3,000 claims a day scripts take {:.0} % of the \
         money if all of it lies there at 00:00, and {:.0} % under the preset curve. At the expected demand the curve costs \
         next to nothing. The frontier of curves shows the price of going further: less head start takes more from \
         scripts and leaves more unpaid on a quiet day. This holds for scripts that come with the rush and go; those that \
         try every minute are the subject of the study of adversaries.",
        100.0 * rush_of_scripts.0,
        100.0 * rush_of_scripts.1
    )
}

fn picture_of_release(bars: Vec<Vec<(f64, f64)>>) -> Figure {
    Figure::new(
        "Share of the money that scripts take, by release",
        "claims a day (share in the rush)",
        "share of the money",
        POLICIES
            .into_iter()
            .zip(bars)
            .map(|((name, _), bars)| Series::new(name, Mark::Bars, bars))
            .collect(),
    )
    .named(
        SCENARIOS
            .iter()
            .map(|(claims, rush)| format!("{claims} ({rush})"))
            .collect(),
    )
}

/// What the study does.
fn method_of_release() -> String {
    "120 cities of seven days for each line. A share of the day's claims, the rush, comes within five minutes of \
                 00:00, and four in five of these are scripts; the others follow a day's curve with 7 % of the claims \
                 before 07:00. A claim that comes before the next packet is released goes away and does not return, which \
                 flatters immediate release. Envy: mean amount of a visit in the best hour less that in the worst. \
                 When everything is taken, 999,600 of 1,000,000 fen are paid: 400 can never be."
            .to_owned()
}

pub(super) fn release(seed: u64) -> Result<Findings, Box<dyn Error>> {
    let mut findings = Findings {
        method: method_of_release(),
        ..Findings::default()
    };
    let (frontier, picture) = frontier(seed)?;
    let mut rows = Vec::new();
    let mut bars = vec![Vec::new(); POLICIES.len()];
    let mut rush_of_scripts = (0.0, 0.0);
    for (s, (claims, rush)) in SCENARIOS.into_iter().enumerate() {
        for (p, (name, release)) in POLICIES.into_iter().enumerate() {
            let outcome = outcome(seed, 120, release, claims, rush)?;
            let service = &outcome.service;
            if p == 0 && claims > 1_000 {
                findings.compare(
                    format!("{claims} claims a day, immediate: paid, fen"),
                    999_600.0,
                    outcome.paid.mean(),
                    outcome.paid.error(),
                );
                let served = 1_000.0 / f64::from(claims);
                findings.compare(
                    format!("{claims} claims a day, immediate: served"),
                    served,
                    service.served(),
                    0.0,
                );
            }
            rows.push(scenario(claims, rush, name, &outcome)?);
            bars[p].push((f64::from(u32::try_from(s)?), service.automatic_money()));
            if claims == 3_000 {
                match p {
                    0 => rush_of_scripts.0 = service.automatic_money(),
                    2 => rush_of_scripts.1 = service.automatic_money(),
                    _ => {}
                }
            }
        }
    }
    findings.tables = vec![
        Table {
            name: "scenarios",
            header: SCENARIO_HEADER.to_vec(),
            rows,
        },
        frontier,
    ];
    findings.second_figure = Some(picture);
    findings.reading = reading_of_release(rush_of_scripts);
    findings.figure = Some(picture_of_release(bars));
    Ok(findings)
}

/// Efficiency on an expected day against the share of scripts and envy under a rush, over curves.
fn frontier(seed: u64) -> Result<(Table, Figure), Box<dyn Error>> {
    let mut rows = Vec::new();
    let mut series = Vec::new();
    for hours in [12, 16, 20, 24] {
        let mut points = Vec::new();
        for head in [0, 50, 100, 200, 400] {
            let quiet = outcome(seed, 20, curve(head, hours), 1_000, 0.1)?;
            let rush = outcome(seed, 20, curve(head, hours), 3_000, 0.3)?;
            let unpaid = 999_600.0 - quiet.paid.mean();
            points.push((unpaid / 999_600.0, rush.service.automatic_money()));
            rows.push(vec![
                format!("{} %", f64::from(head) / 10.0),
                format!("{hours} h"),
                format!("{unpaid:.0}"),
                format!("{:.3}", quiet.service.served()),
                format!("{:.3}", rush.service.automatic_money()),
                format!("{:.0}", rush.service.envy_over_hours()),
                format!("{:.3}", rush.service.jain_over_hours()?),
            ]);
        }
        series.push(Series::new(
            format!("all released at {hours} h"),
            Mark::Line,
            points,
        ));
    }
    let picture = Figure::new(
        "Frontier of release curves: head start from 0 % (right) to 40 % (left)",
        "share of the money unpaid on a quiet day",
        "share to scripts under a rush",
        series,
    );
    let table = Table {
        name: "frontier",
        header: vec![
            "head start",
            "all released at",
            "unpaid, 1,000 claims (rush 0.1), fen",
            "served",
            "money to scripts, 3,000 claims (rush 0.3)",
            "envy, fen",
            "Jain over hours",
        ],
        rows,
    };
    Ok((table, picture))
}
