//! Gantt charts of an edition: SVG for pages and letters, text for terminals.

mod svg;
mod text;

use crate::day::CivilDay;
use crate::edition::Edition;
use crate::phase::{Phase, Provenance, ScheduledPhase};
use crate::window::Window;

/// One line of a chart: a city with its preheat and its contest, or a stage.
struct Lane<'e> {
    name: &'e str,
    bars: Vec<&'e ScheduledPhase>,
}

/// Publicity first, then the cities in order of play, then the summary.
fn lanes(edition: &Edition) -> Vec<Lane<'_>> {
    let stage = |wanted: Phase| {
        let phases = edition.phases().iter();
        let bars: Vec<_> = phases
            .filter(|scheduled| *scheduled.phase() == wanted)
            .collect();
        let name = wanted.chinese_name();
        (!bars.is_empty()).then_some(Lane { name, bars })
    };
    let mut cities: Vec<Lane<'_>> = edition
        .rounds()
        .iter()
        .map(|round| Lane {
            name: round.city().name(),
            bars: Vec::new(),
        })
        .collect();
    for scheduled in edition.phases() {
        let round = scheduled
            .phase()
            .city()
            .and_then(|city| edition.round_of(city));
        let position = round.and_then(|round| usize::try_from(round.index()).ok()?.checked_sub(1));
        if let Some(lane) = position.and_then(|position| cities.get_mut(position)) {
            lane.bars.push(scheduled);
        }
    }
    let first = stage(Phase::Publicity).into_iter();
    first.chain(cities).chain(stage(Phase::Summary)).collect()
}

/// The window that holds every phase.
fn hull(edition: &Edition) -> Window {
    let windows = edition.phases().iter().map(ScheduledPhase::window);
    windows.fold(edition.season(), |hull, window| hull.hull(&window))
}

fn is_derived(scheduled: &ScheduledPhase) -> bool {
    scheduled.provenance() == Provenance::Derived
}

/// The first day shown and the first of each month after it.
fn month_starts(first: CivilDay, last: CivilDay) -> impl Iterator<Item = CivilDay> {
    let following = move |day: &CivilDay| {
        let (year, month) = match day.month() {
            12 => (day.year().saturating_add(1), 1),
            month => (day.year(), month.saturating_add(1)),
        };
        let next = CivilDay::from_ymd(year, month, 1).ok();
        next.filter(|day| *day <= last)
    };
    std::iter::successors(Some(first), following)
}
