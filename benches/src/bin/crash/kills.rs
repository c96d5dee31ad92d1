//! `kill -9` at random instants while the program works, and at every one of its named points.

use std::time::Duration;

use rand::{RngExt as _, SeedableRng as _, rngs::ChaCha12Rng};
use tempfile::TempDir;

use crate::{
    program::{End, Incarnation, Program, Season},
    tally::Tally,
};

/// Working on after the start for at most so long before a kill.
const WORK_AT_MOST_MS: u64 = 120;
/// One kill in so many comes at any moment of the start itself.
const EARLY_ONE_IN: u32 = 5;
/// A season that is crashed more often than this gets a quiet end.
const CRASHES_OF_A_SEASON: u64 = 60;
/// A point is reached at most so often before it ends the process.
const REACHED_AT_MOST: u64 = 12;
/// Seasons that may end without a point being reached before it counts as never hit.
const FRUITLESS_SEASONS: u64 = 3;
/// Broken promises after which a run stops.
const ENOUGH_BROKEN: usize = 3;

/// A folder for a season; it stays when a promise is broken in it.
pub(crate) fn folder() -> Result<TempDir, String> {
    tempfile::Builder::new()
        .prefix("crash-")
        .tempdir()
        .map_err(|error| error.to_string())
}

/// Notes how an incarnation ended; whether the season goes on.
pub(crate) fn note(
    tally: &mut Tally,
    incarnation: &Incarnation,
    end: End,
    season: &Season<'_>,
) -> bool {
    tally.restarted(incarnation.went_on_after);
    let what = match end {
        End::Killed => {
            tally.n_crashes += 1;
            return true;
        }
        End::Over => return false,
        End::GaveUp(what) | End::Broken(what) => what,
    };
    tally.broken.push(format!(
        "season {} in {}: {what}",
        season.seed(),
        season.folder().display()
    ));
    false
}

/// Plays a season to its quiet end, if it is not broken already, and looks at what it left.
pub(crate) fn conclude(
    tally: &mut Tally,
    season: &mut Season<'_>,
    folder: TempDir,
) -> Result<(), String> {
    let n_broken = tally.broken.len();
    let (end, incarnation) = season.play_on(None)?;
    if matches!(end, End::Killed) {
        tally.broken.push(format!(
            "season {} was killed by somebody else",
            season.seed()
        ));
    }
    note(tally, &incarnation, end, season);
    if let Err(what) = season.integrity() {
        tally
            .broken
            .push(format!("season {}: {what}", season.seed()));
    }
    tally.n_seasons += 1;
    tally.n_acknowledged += u64::try_from(season.n_acknowledged()).unwrap_or(0);
    if tally.broken.len() > n_broken && tally.keeps_folders {
        // For whoever looks for the reason.
        drop(folder.keep());
    }
    Ok(())
}

/// So many kills at random instants.
pub(crate) fn at_random(
    program: &Program,
    what: &str,
    n_kills: u64,
    seed: u64,
) -> Result<Tally, String> {
    let mut words = ChaCha12Rng::seed_from_u64(seed);
    let mut tally = Tally::new(format!("kill -9 at random, {what}"), seed);
    let mut season_seed = seed;
    while tally.n_crashes < n_kills && tally.broken.len() < ENOUGH_BROKEN {
        season_seed += 1;
        let folder = folder()?;
        let mut season = program.season(folder.path(), season_seed);
        let mut start_ms = 1_500;
        for nth in 0..CRASHES_OF_A_SEASON.min(n_kills - tally.n_crashes) {
            let mut incarnation = season.start(None)?;
            // The first one has nothing to go on with.
            let ended = if nth == 0 || words.random_range(0..EARLY_ONE_IN) == 0 {
                incarnation.listen(Duration::from_millis(words.random_range(0..=start_ms)))
            } else {
                incarnation.listen_until_it_goes_on()
                    || incarnation.listen(Duration::from_millis(
                        words.random_range(0..WORK_AT_MOST_MS),
                    ))
            };
            if let Some(after) = incarnation.went_on_after {
                start_ms = u64::try_from(after.as_millis()).unwrap_or(start_ms);
            }
            let end = if ended {
                incarnation.wait()?
            } else {
                incarnation.kill()?
            };
            if !note(&mut tally, &incarnation, end, &season) {
                break;
            }
        }
        conclude(&mut tally, &mut season, folder)?;
    }
    Ok(tally)
}

/// So many crashes at each named point, in their order, through as many seasons as it takes.
pub(crate) fn at_points(
    program: &Program,
    what: &str,
    n_each: u64,
    seed: u64,
) -> Result<Tally, String> {
    let mut words = ChaCha12Rng::seed_from_u64(seed);
    let mut tally = Tally::new(format!("crash at named points, {what}"), seed);
    let mut season_seed = seed;
    let mut place = folder()?;
    let mut season = program.season(place.path(), season_seed);
    for point in program.points()? {
        let (mut n_hit, mut n_fruitless) = (0, 0);
        while n_hit < n_each && n_fruitless < FRUITLESS_SEASONS {
            let most = if n_fruitless > 0 {
                1
            } else {
                REACHED_AT_MOST.min(1 + n_hit)
            };
            let nth = words.random_range(1..=most);
            let (end, incarnation) = season.play_on(Some((&point, nth)))?;
            if note(&mut tally, &incarnation, end, &season) {
                tally.count(&point);
                (n_hit, n_fruitless) = (n_hit + 1, 0);
                continue;
            }
            // The season is over, or broken: the next one.
            n_fruitless += 1;
            conclude(&mut tally, &mut season, place)?;
            if tally.broken.len() >= ENOUGH_BROKEN {
                return Ok(tally);
            }
            season_seed += 1;
            place = folder()?;
            season = program.season(place.path(), season_seed);
        }
        if n_hit < n_each {
            let missed = format!("{point} was reached {n_hit} times and not {n_each}");
            tally.broken.push(missed);
        }
    }
    conclude(&mut tally, &mut season, place)?;
    Ok(tally)
}
