//! What is still to happen, in order; with a data folder it outlives the process.
//!
//! Each finished entry is one line of `progress.jsonl`: its number, and what it led to.
//! The first entries follow from the seed, so the same folder always gives back the
//! same agenda. An entry that was cut off by a kill is not in the file and is done again.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::{self, BufRead as _, BufReader, Write as _},
    path::Path,
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{RehearsalError, citizens::CitizenId};

/// What a citizen does next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub(super) enum Step {
    /// Follows the account and leaves it again, before anything begins.
    FollowAndLeave,
    /// Comes: follows, maybe by a friend's code, logs in and takes a paper.
    Arrive {
        /// The scene of the code.
        scene: Option<String>,
    },
    /// Takes another paper.
    Start {
        /// Papers taken before in this go.
        n_before: u32,
    },
    /// Hands a paper in.
    Submit {
        /// The attempt's token.
        token: String,
        /// Letters by question number.
        answers: BTreeMap<String, String>,
        /// How many of them are right, by the citizen's own count.
        n_right: u32,
        /// Papers taken before in this go.
        n_before: u32,
    },
    /// Opens a red packet on the page.
    Claim {
        /// How often the server said "later".
        n_before: u32,
        /// The key of a press that was not answered; it is used again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
    },
    /// Makes a poster and sends it to friends.
    Share,
    /// Opens what lies in the dialogue with the account.
    Open {
        /// How often nothing was there yet.
        n_before: u32,
    },
    /// Leaves the account.
    Unfollow,
    /// Follows again, by somebody's code if any is known.
    ComeBack,
}

impl Step {
    /// In a word, for what is counted.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::FollowAndLeave | Self::Arrive { .. } | Self::ComeBack => "arrival",
            Self::Start { .. } => "paper",
            Self::Submit { .. } => "submission",
            Self::Claim { .. } => "claim",
            Self::Share => "poster",
            Self::Open { .. } => "opening",
            Self::Unfollow => "departure",
        }
    }
}

/// One entry of the agenda.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// When.
    pub(super) at: DateTime<Utc>,
    /// Who.
    pub(super) citizen: CitizenId,
    /// What.
    pub(super) step: Step,
}

/// What an entry led to.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Outcome {
    /// What follows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) next: Vec<Entry>,
    /// Refusals the citizen saw.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) refused: Vec<String>,
    /// Answers that nobody should ever see.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) strange: Vec<String>,
    /// The sharer whose new friend this is, as the citizens count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) brought_by: Option<CitizenId>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    done: u64,
    #[serde(flatten)]
    outcome: Outcome,
}

/// The parameters a folder belongs to.
#[derive(Serialize, Deserialize, PartialEq, Eq)]
struct Heading {
    rehearsal: String,
}

/// Entries in the order of their instants; entries of one instant by citizen, then by number.
#[derive(Debug)]
pub(super) struct Agenda {
    entries: BTreeMap<(DateTime<Utc>, CitizenId, u64), Step>,
    places: BTreeMap<u64, (DateTime<Utc>, CitizenId)>,
    n_numbered: u64,
    n_done: u64,
    log: Option<File>,
}

impl Agenda {
    pub(super) fn new(first: Vec<Entry>) -> Self {
        let mut agenda = Self {
            entries: BTreeMap::new(),
            places: BTreeMap::new(),
            n_numbered: 0,
            n_done: 0,
            log: None,
        };
        agenda.add(first);
        agenda
    }

    /// Reads back what `path` says was done, tells `seen` about each, and goes on writing there.
    ///
    /// The file begins with the heading that [`take_folder`] has put there.
    pub(super) fn remember(
        &mut self,
        path: &Path,
        mut seen: impl FnMut(Outcome),
    ) -> Result<(), RehearsalError> {
        let lines: Vec<serde_json::Value> = intact_lines(path)?;
        let log = OpenOptions::new().append(true).open(path)?;
        for line in lines.into_iter().skip(1) {
            let line: Line = read_value(path, line)?;
            if let Some((at, citizen)) = self.places.remove(&line.done) {
                self.entries.remove(&(at, citizen, line.done));
            }
            self.n_done = self.n_done.saturating_add(1);
            self.add(line.outcome.next.clone());
            seen(line.outcome);
        }
        self.log = Some(log);
        Ok(())
    }

    fn add(&mut self, entries: Vec<Entry>) {
        for Entry { at, citizen, step } in entries {
            let number = self.n_numbered;
            self.n_numbered = self.n_numbered.saturating_add(1);
            self.places.insert(number, (at, citizen));
            self.entries.insert((at, citizen, number), step);
        }
    }

    /// The next entry with its number; it stays on the agenda until [`Agenda::finish`].
    pub(super) fn first(&self) -> Option<(u64, Entry)> {
        let (&(at, citizen, number), step) = self.entries.first_key_value()?;
        let step = step.clone();
        Some((number, Entry { at, citizen, step }))
    }

    /// The next entries until an instant, each of another citizen, with their numbers.
    pub(super) fn together(&self, until: DateTime<Utc>, n_max: usize) -> Vec<(u64, Entry)> {
        let mut found: Vec<(u64, Entry)> = Vec::new();
        for (&(at, citizen, number), step) in &self.entries {
            if at > until || found.len() >= n_max {
                break;
            }
            if found
                .iter()
                .all(|(_number, entry)| entry.citizen != citizen)
            {
                let step = step.clone();
                found.push((number, Entry { at, citizen, step }));
            }
        }
        found
    }

    /// Strikes an entry out and adds what it led to.
    pub(super) fn finish(&mut self, number: u64, outcome: Outcome) -> Result<(), RehearsalError> {
        if let Some((at, citizen)) = self.places.remove(&number) {
            self.entries.remove(&(at, citizen, number));
        }
        self.n_done = self.n_done.saturating_add(1);
        let line = Line {
            done: number,
            outcome,
        };
        if let Some(log) = &mut self.log {
            write_line(log, &line)?;
        }
        self.add(line.outcome.next);
        Ok(())
    }

    /// How many entries are done and how many are known to be left.
    pub(super) fn counts(&self) -> (u64, u64) {
        let n_left = u64::try_from(self.entries.len()).unwrap_or(u64::MAX);
        (self.n_done, n_left)
    }
}

/// Makes a folder's progress file that of the rehearsal with this heading; returns whether it was so before.
///
/// The first thing a rehearsal does in a folder: with another seed nothing in it could be read.
pub(super) fn take_folder(path: &Path, heading: &str) -> Result<bool, RehearsalError> {
    let heading = Heading {
        rehearsal: heading.to_owned(),
    };
    if let Some(found) = intact_lines::<serde_json::Value>(path)?.into_iter().next() {
        let found: Heading = read_value(path, found)?;
        if found != heading {
            return Err(RehearsalError::OtherRehearsal {
                found: found.rehearsal,
                asked: heading.rehearsal,
            });
        }
        return Ok(true);
    }
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir)?;
    }
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    write_line(&mut file, &heading)?;
    Ok(false)
}

/// Appends one value as a line of JSON, in one write.
pub(super) fn write_line(file: &mut File, value: &impl Serialize) -> Result<(), RehearsalError> {
    let mut line = serde_json::to_string(value).map_err(io::Error::from)?;
    line.push('\n');
    Ok(file.write_all(line.as_bytes())?)
}

/// Every whole line of a file that need not exist; a torn last line is cut off.
pub(super) fn intact_lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, RehearsalError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let mut reader = BufReader::new(file);
    let (mut lines, mut n_bytes_intact, mut line) = (Vec::new(), 0_u64, Vec::new());
    loop {
        line.clear();
        let n_bytes = reader.read_until(b'\n', &mut line)?;
        if n_bytes == 0 {
            return Ok(lines);
        }
        if !line.ends_with(b"\n") {
            // A line that was never finished was never acted on.
            let file = OpenOptions::new().write(true).open(path)?;
            file.set_len(n_bytes_intact)?;
            return Ok(lines);
        }
        n_bytes_intact = n_bytes_intact.saturating_add(u64::try_from(n_bytes).unwrap_or(0));
        lines.push(
            serde_json::from_slice(&line).map_err(|source| RehearsalError::Damaged {
                path: path.to_owned(),
                source,
            })?,
        );
    }
}

fn read_value<T: DeserializeOwned>(
    path: &Path,
    value: serde_json::Value,
) -> Result<T, RehearsalError> {
    serde_json::from_value(value).map_err(|source| RehearsalError::Damaged {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(second: i64, number: u32) -> Entry {
        Entry {
            at: DateTime::from_timestamp(second, 0).expect("in range"),
            citizen: CitizenId { city: 1, number },
            step: Step::Share,
        }
    }

    fn order(agenda: &mut Agenda) -> Vec<u32> {
        let mut order = Vec::new();
        while let Some((number, entry)) = agenda.first() {
            order.push(entry.citizen.number);
            agenda
                .finish(number, Outcome::default())
                .expect("no file to fail");
        }
        order
    }

    #[test]
    fn entries_come_by_instant_then_by_citizen() {
        let mut agenda = Agenda::new(vec![entry(2, 1), entry(1, 9), entry(1, 3), entry(0, 5)]);
        assert_eq!(order(&mut agenda), [5, 3, 9, 1]);
        assert_eq!(agenda.counts(), (4, 0));
    }

    #[test]
    fn a_folder_gives_back_what_was_left_and_cuts_off_a_torn_line() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("progress.jsonl");
        let first = || vec![entry(1, 1), entry(2, 2), entry(3, 3)];
        let mut agenda = Agenda::new(first());
        assert!(!take_folder(&path, "one").expect("a new file"));
        agenda.remember(&path, |_| ()).expect("a new file");
        let (number, _) = agenda.first().expect("three entries");
        let outcome = Outcome {
            next: vec![entry(9, 7)],
            refused: vec!["not-following".to_owned()],
            ..Outcome::default()
        };
        agenda.finish(number, outcome).expect("written");
        drop(agenda);
        let mut file = OpenOptions::new()
            .append(true)
            .open(&path)
            .expect("it exists");
        file.write_all(b"{\"done\":1,\"ne").expect("written");

        assert!(take_folder(&path, "one").expect("the same rehearsal"));
        let mut again = Agenda::new(first());
        let mut refused = Vec::new();
        again
            .remember(&path, |outcome| refused.extend(outcome.refused))
            .expect("the torn line is no damage");
        assert_eq!(refused, ["not-following"]);
        assert_eq!(order(&mut again), [2, 3, 7]);
        let other = take_folder(&path, "two");
        assert!(matches!(other, Err(RehearsalError::OtherRehearsal { .. })));
    }
}
