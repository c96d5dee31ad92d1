//! Laws of every edition, over random timetables and instants.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use schedule_core::{
    City, CitySlug, Edition, EditionBuilder, EditionSlug, Phase, Province, Window,
};

use crate::day;

/// One random round: minutes of gap before it, of contest, and of preheat before the contest (0: none).
type Shape = (i64, i64, i64);

/// A province of as many cities as there are rounds, played in order, with rows sorted by start.
fn edition_of(shapes: &[Shape]) -> Edition {
    let slug = |n| CitySlug::new(format!("city-{n}")).unwrap();
    let cities = (0..shapes.len()).map(|n| City::new(slug(n), format!("第{n}市"), vec![]).unwrap());
    let province = Province::new("某省", cities.collect()).unwrap();
    let mut now = day("2027-03-01").start();
    let mut rows = Vec::new();
    for (n, &(gap, contest, preheat)) in shapes.iter().enumerate() {
        let start = now + TimeDelta::minutes(gap);
        let end = start + TimeDelta::minutes(contest);
        rows.push((Window::new(start, end).unwrap(), Phase::Contest(slug(n))));
        if let Ok(window) = Window::new(start - TimeDelta::minutes(preheat), start) {
            rows.push((window, Phase::Preheat(slug(n))));
        }
        now = end;
    }
    rows.sort_by_key(|(window, _)| window.start());
    let builder = EditionBuilder::new(EditionSlug::new("random").unwrap(), "随机", province);
    let add = |builder: EditionBuilder, (window, phase)| builder.row("", window, [phase]);
    rows.into_iter().fold(builder, add).build().unwrap()
}

fn any_edition() -> impl Strategy<Value = Edition> {
    let gap = prop_oneof![2 => Just(0), 1 => 1_i64..5_000];
    let preheat = prop_oneof![1 => Just(0), 2 => 1_i64..30_000];
    prop::collection::vec((gap, 1_i64..20_000, preheat), 1..20).prop_map(|s| edition_of(&s))
}

/// Random instants, and every edge of the edition with its two neighbours a millisecond away.
fn instants_of(edition: &Edition, random_minutes: &[i64]) -> Vec<DateTime<Utc>> {
    let start = day("2027-03-01").start();
    let random = random_minutes
        .iter()
        .map(|&m| start + TimeDelta::minutes(m));
    let phases = edition.phases().iter();
    let edges = phases.flat_map(|s| [s.window().start(), s.window().end()]);
    let ms = TimeDelta::milliseconds(1);
    edges
        .flat_map(|edge| [edge - ms, edge, edge + ms])
        .chain(random)
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The binary searches give what looking at every phase gives, and never two contests.
    #[test]
    fn at_every_instant_at_most_one_contest_is_open(
        edition in any_edition(),
        random in prop::collection::vec(-50_000_i64..600_000, 20),
    ) {
        for instant in instants_of(&edition, &random) {
            let open: Vec<_> = edition.rounds().iter().filter(|r| r.window().contains(instant)).collect();
            prop_assert!(open.len() <= 1);
            prop_assert_eq!(edition.contest_at(instant), open.first().copied());
            let on: Vec<_> = edition.phases().iter().filter(|s| s.window().contains(instant)).collect();
            prop_assert_eq!(edition.phases_at(instant).collect::<Vec<_>>(), on);
            let preheat = edition.rounds().iter().find(|r| r.preheat().is_some_and(|w| w.contains(instant)));
            prop_assert_eq!(edition.preheat_at(instant), preheat);
            let next = edition.rounds().iter().find(|r| r.window().start() > instant);
            prop_assert_eq!(edition.next_opening(instant), next);
            let closed = edition.rounds().iter().rev().find(|r| r.window().end() <= instant);
            prop_assert_eq!(edition.last_closed(instant), closed);
        }
    }

    /// Where one window ends as the next begins, exactly one city is open, and it is the next.
    #[test]
    fn at_the_boundary_of_adjoining_contests_exactly_the_next_city_is_open(edition in any_edition()) {
        for (round, next) in edition.rounds().iter().zip(edition.rounds().iter().skip(1)) {
            let boundary = round.window().end();
            let last = boundary - TimeDelta::nanoseconds(1);
            prop_assert_eq!(edition.contest_at(last), Some(round));
            let adjoining = boundary == next.window().start();
            prop_assert_eq!(edition.contest_at(boundary), adjoining.then_some(next));
        }
    }

    /// Nothing changes before the next change, and something changes at it.
    #[test]
    fn the_phases_stay_until_the_next_change(
        edition in any_edition(),
        random in prop::collection::vec(-50_000_i64..600_000, 20),
    ) {
        for instant in instants_of(&edition, &random) {
            let on = |at| edition.phases_at(at).collect::<Vec<_>>();
            let Some(change) = edition.next_change(instant) else {
                prop_assert!(on(instant).is_empty());
                continue;
            };
            prop_assert!(change > instant);
            prop_assert_eq!(on(instant), on(change - TimeDelta::nanoseconds(1)));
            prop_assert_ne!(on(instant), on(change));
        }
    }

    /// Contests and gaps tile the season; indices count from one; neighbours are consistent.
    #[test]
    fn contests_and_gaps_tile_the_season(edition in any_edition()) {
        let contests = edition.rounds().iter().map(|r| r.window());
        let total: TimeDelta = contests.chain(edition.gaps().map(|gap| gap.window())).map(|w| w.duration()).sum();
        prop_assert_eq!(total, edition.season().duration());
        for (index, round) in (1..).zip(edition.rounds()) {
            prop_assert_eq!(round.index(), index);
            prop_assert_eq!(edition.round_of(round.city().slug()), Some(round));
            if let Some(next) = edition.next_round(round.city().slug()) {
                prop_assert_eq!(next.index(), index + 1);
                prop_assert_eq!(edition.previous_round(next.city().slug()), Some(round));
            }
        }
    }

    /// Taking an edition apart and building it again changes nothing.
    #[test]
    fn an_edition_survives_being_rebuilt(edition in any_edition()) {
        prop_assert_eq!(EditionBuilder::from(edition.clone()).build(), Ok(edition));
    }
}
