//! Power cuts and failing calls under the database's file.
//!
//! The file lies on a disk of ours, behind a link in the season's folder; citizens and the simulated WeChat are
//! outside and forget nothing.

use std::{fs, os::unix::fs::symlink, path::Path, time::Duration};

use rand::{RngExt as _, SeedableRng as _, rngs::ChaCha12Rng};
use tempfile::TempDir;

use crate::{
    disk::{Disk, Mount, Shared, Survival, Trouble},
    kills::{conclude, folder, note},
    program::{End, Incarnation, Program, Season, integrity},
    tally::Tally,
};

/// The file of the database in a season's folder.
const DATABASE: &str = "contest.db";
/// Between two looks at the disk.
const BETWEEN_LOOKS: Duration = Duration::from_millis(2);
/// Looks before a season counts as one that does not reach the trouble.
const N_LOOKS_MAX: u32 = 60_000;
/// How long the program may go on after a call failed.
const GOES_ON_FOR: Duration = Duration::from_millis(250);
/// Cuts of one season.
const CUTS_OF_A_SEASON: u64 = 40;
/// Broken promises after which a run stops.
const ENOUGH_BROKEN: usize = 3;

/// A season whose database lies on a disk of ours.
struct World<'a> {
    disk: Shared,
    /// Where the disk is mounted.
    mounted: TempDir,
    season: Season<'a>,
    folder: TempDir,
}

/// What is to go wrong under an incarnation.
#[derive(Debug, Clone, Copy)]
struct Expected {
    trouble: Trouble,
    /// At which call, counted from 1.
    nth: u64,
    /// Whether calls are counted only from where citizens go on, and not from the start.
    at_work: bool,
    /// Whether only calls about files whose names end so are counted.
    counts_only: Option<&'static str>,
}

/// What an incarnation met.
enum Met {
    /// The trouble, with the program still there or gone by itself.
    Trouble(Incarnation, Option<End>),
    /// Its own end.
    End(Incarnation, End),
}

impl<'a> World<'a> {
    fn new(program: &'a Program, seed: u64, is_lying: bool) -> Result<Self, String> {
        let (mounted, folder) = (folder()?, folder()?);
        let place = mounted.path().join(DATABASE);
        symlink(place, folder.path().join(DATABASE)).map_err(|error| error.to_string())?;
        Ok(Self {
            disk: Shared::new(Disk::new(is_lying)),
            mounted,
            season: program.season(folder.path(), seed),
            folder,
        })
    }

    fn mount(&self) -> Result<Mount, String> {
        Mount::on(self.mounted.path(), &self.disk)
            .map_err(|error| format!("the disk cannot be mounted: {error}"))
    }

    /// Runs the program until the expected trouble has come or it has ended.
    fn run(&mut self, expected: Expected) -> Result<Met, String> {
        let Expected {
            trouble,
            nth,
            at_work,
            counts_only,
        } = expected;
        let mut incarnation = self.season.start(None)?;
        if at_work && incarnation.listen_until_it_goes_on() {
            let end = incarnation.wait()?;
            return Ok(Met::End(incarnation, end));
        }
        self.disk.lock().expect(trouble, nth, counts_only);
        for _ in 0..N_LOOKS_MAX {
            let has_ended = incarnation.listen(BETWEEN_LOOKS);
            let is_struck = self.disk.lock().is_struck();
            match (is_struck, has_ended) {
                (true, false) => return Ok(Met::Trouble(incarnation, None)),
                (true, true) => {
                    let end = incarnation.wait()?;
                    return Ok(Met::Trouble(incarnation, Some(end)));
                }
                (false, true) => {
                    let end = incarnation.wait()?;
                    return Ok(Met::End(incarnation, end));
                }
                (false, false) => {}
            }
        }
        drop(incarnation.kill()?);
        Ok(Met::End(incarnation, End::Broken("it hung".to_owned())))
    }

    /// Whether the files as they lie on the disk are a whole database, without touching them.
    fn is_whole(&self) -> Result<(), String> {
        let copy = folder()?;
        let files = {
            let disk = self.disk.lock();
            disk.files()
        };
        for (name, content) in files {
            // Shared memory does not outlive its programs.
            if !name.as_encoded_bytes().ends_with(b"-shm") {
                fs::write(copy.path().join(name), content).map_err(|error| error.to_string())?;
            }
        }
        let database = copy.path().join(DATABASE);
        if database.exists() {
            integrity(&database)
        } else {
            Ok(())
        }
    }

    fn conclude(mut self, tally: &mut Tally) -> Result<(), String> {
        let mount = self.mount()?;
        let outcome = conclude(tally, &mut self.season, self.folder);
        mount.remove().map_err(|error| error.to_string())?;
        outcome
    }
}

/// The power goes at random calls; what was not synced is lost, or survives in torn parts.
pub(crate) fn cuts(
    program: &Program,
    n_cuts: u64,
    seed: u64,
    is_lying: bool,
) -> Result<Tally, String> {
    let mut words = ChaCha12Rng::seed_from_u64(seed);
    let what = if is_lying {
        "power cuts on a disk that lies"
    } else {
        "power cuts, SQLite"
    };
    let mut tally = Tally::new(what, seed);
    tally.keeps_folders = !is_lying;
    let mut season_seed = seed;
    while tally.n_crashes < n_cuts && tally.broken.len() < ENOUGH_BROKEN {
        season_seed += 1;
        let mut world = World::new(program, season_seed, is_lying)?;
        for nth in 0..CUTS_OF_A_SEASON.min(n_cuts - tally.n_crashes) {
            let first = nth == 0;
            let expected = random_cut(&mut words, first);
            let mount = world.mount()?;
            let goes_on = cut_once(&mut world, &mut tally, expected)?;
            mount.remove().map_err(|error| error.to_string())?;
            let survival = match words.random_range(0..3_u8) {
                0 => Survival::Nothing,
                1 => Survival::Some {
                    words: &mut words,
                    sector: 512,
                },
                _ => Survival::Some {
                    words: &mut words,
                    sector: 4096,
                },
            };
            world.disk.lock().recover(goes_on.then_some(survival));
            if let Err(what) = world.is_whole() {
                tally.broken.push(format!("season {season_seed}: {what}"));
            }
            if !goes_on || !tally.broken.is_empty() {
                break;
            }
        }
        world.conclude(&mut tally)?;
    }
    Ok(tally)
}

/// Where the power goes next; in the first start of a season nothing goes on yet, and much is written.
fn random_cut(words: &mut ChaCha12Rng, first: bool) -> Expected {
    let at_work = !first && words.random_range(0..4_u8) > 0;
    // One in four while pages go to their places: at a write into the main file.
    let main_only = words.random_range(0..4_u8) == 0;
    let power = match (first, main_only) {
        (true, _) => words.random_range(4..14_u32),
        (false, true) => words.random_range(0..6),
        (false, false) => words.random_range(0..9),
    };
    let nth = 1_u64 << power;
    Expected {
        trouble: Trouble::Cut,
        nth: nth + words.random_range(0..nth),
        at_work,
        counts_only: main_only.then_some(DATABASE),
    }
}

/// Runs until the cut; whether there was one.
fn cut_once(world: &mut World<'_>, tally: &mut Tally, expected: Expected) -> Result<bool, String> {
    match world.run(expected)? {
        Met::Trouble(mut incarnation, _end) => {
            // Dead already, or about to notice that its disk is gone.
            drop(incarnation.kill()?);
            tally.n_crashes += 1;
            tally.count(match (expected.at_work, expected.counts_only.is_some()) {
                (true, true) => "at a write into the main file, at work",
                (true, false) => "at any call, at work",
                (false, true) => "at a write into the main file, in the start",
                (false, false) => "at any call, in the start",
            });
            tally.restarted(incarnation.went_on_after);
            Ok(true)
        }
        Met::End(incarnation, end) => {
            note(tally, &incarnation, end, &world.season);
            Ok(false)
        }
    }
}

/// The `k`-th call fails, for every `k` up to a number, in each of three ways.
pub(crate) fn errors(program: &Program, k_max: u64, seed: u64) -> Result<Tally, String> {
    let mut words = ChaCha12Rng::seed_from_u64(seed);
    let mut tally = Tally::new("failing calls, SQLite", seed);
    let troubles = [
        (Trouble::Io, "an I/O error"),
        (Trouble::Full, "a full disk"),
        (Trouble::Short, "a short write"),
    ];
    let mut season_seed = seed;
    let mut world = World::new(program, season_seed, false)?;
    for k in 1..=k_max {
        for (trouble, name) in troubles {
            // One in four is counted from the start, the others from where the citizens are at work.
            let expected = Expected {
                trouble,
                nth: k,
                at_work: world.season.was_started() && words.random_range(0..4_u8) > 0,
                counts_only: None,
            };
            let mount = world.mount()?;
            let is_over = fail_once(&mut world, &mut tally, expected, name)?;
            mount.remove().map_err(|error| error.to_string())?;
            // Half of the machines are switched off and on after such a thing.
            let cut = (words.random_range(0..2_u8) == 0).then_some(Survival::Nothing);
            world.disk.lock().recover(cut);
            if let Err(what) = world.is_whole() {
                tally
                    .broken
                    .push(format!("season {season_seed}, {name} at call {k}: {what}"));
            }
            if is_over || !tally.broken.is_empty() {
                world.conclude(&mut tally)?;
                season_seed += 1;
                world = World::new(program, season_seed, false)?;
            }
            if tally.broken.len() >= ENOUGH_BROKEN {
                return Ok(tally);
            }
        }
    }
    world.conclude(&mut tally)?;
    Ok(tally)
}

/// Runs into the failing call and a little further; whether the season is over.
fn fail_once(
    world: &mut World<'_>,
    tally: &mut Tally,
    expected: Expected,
    name: &str,
) -> Result<bool, String> {
    match world.run(expected)? {
        Met::Trouble(mut incarnation, end) => {
            let end = match end {
                Some(end) => end,
                None if incarnation.listen(GOES_ON_FOR) => incarnation.wait()?,
                None => {
                    tally.count(&format!("{name}: it went on"));
                    incarnation.kill()?
                }
            };
            tally.restarted(incarnation.went_on_after);
            tally.n_crashes += 1;
            match end {
                End::Killed => {}
                End::Over => return Ok(true),
                End::GaveUp(_) => tally.count(&format!("{name}: it said so and ended")),
                End::Broken(what) => {
                    tally
                        .broken
                        .push(format!("season {}, {name}: {what}", world.season.seed()));
                }
            }
            Ok(false)
        }
        Met::End(incarnation, end) => {
            note(tally, &incarnation, end, &world.season);
            Ok(true)
        }
    }
}

/// Whether disks can be mounted here; why not.
pub(crate) fn can_mount() -> Result<(), String> {
    if !Path::new("/dev/fuse").exists() {
        return Err("there is no /dev/fuse on this machine".to_owned());
    }
    let place = folder()?;
    let mount = Mount::on(place.path(), &Shared::new(Disk::new(false)))
        .map_err(|error| format!("a disk cannot be mounted: {error}"))?;
    mount.remove().map_err(|error| error.to_string())
}
