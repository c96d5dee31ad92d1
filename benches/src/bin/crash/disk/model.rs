//! A disk in memory that forgets at a power cut whatever nobody asked it to keep.
//!
//! Every file and folder has two states: what programs see, and what is on the platter.
//! A write reaches the platter when its file is synced; a new, renamed or removed name when its folder is.
//! A cut throws the rest away, or lets a part of it survive, torn at the edges of sectors, as a seed says.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::{OsStr, OsString},
};

use rand::{RngExt as _, rngs::ChaCha12Rng};

/// The folder that everything is in.
pub(crate) const ROOT: u64 = 1;

/// What is not on the platter yet, of one file.
#[derive(Debug, Clone)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Resize(usize),
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Write { at, bytes } => {
                let end = at.saturating_add(bytes.len());
                if content.len() < end {
                    content.resize(end, 0);
                }
                if let Some(place) = content.get_mut(*at..end) {
                    place.copy_from_slice(bytes);
                }
            }
            Self::Resize(length) => content.resize(*length, 0),
        }
    }

    /// The part of it that is within one sector, as writes of their own.
    fn torn(&self, sector: usize) -> Vec<Self> {
        let Self::Write { at, bytes } = self else {
            return vec![self.clone()];
        };
        let (mut parts, mut from) = (Vec::new(), 0);
        while from < bytes.len() {
            let begin = at.saturating_add(from);
            let edge = (begin / sector).saturating_add(1).saturating_mul(sector);
            let to = from
                .saturating_add(edge.saturating_sub(begin))
                .min(bytes.len());
            let part = bytes.get(from..to).unwrap_or_default().to_vec();
            parts.push(Self::Write {
                at: begin,
                bytes: part,
            });
            from = to;
        }
        parts
    }
}

#[derive(Debug, Default)]
struct File {
    seen: Vec<u8>,
    kept: Vec<u8>,
    changes: Vec<Change>,
}

/// A change of names; a renaming is one.
#[derive(Debug, Clone)]
enum Naming {
    Given(OsString, u64),
    Taken(OsString),
    Renamed(OsString, OsString, u64),
}

#[derive(Debug, Default)]
struct Folder {
    seen: BTreeMap<OsString, u64>,
    kept: BTreeMap<OsString, u64>,
    namings: Vec<Naming>,
}

impl Naming {
    fn apply(&self, names: &mut BTreeMap<OsString, u64>) {
        match self {
            Self::Given(name, node) => drop(names.insert(name.clone(), *node)),
            Self::Taken(name) => drop(names.remove(name)),
            Self::Renamed(from, to, node) => {
                names.remove(from);
                names.insert(to.clone(), *node);
            }
        }
    }
}

#[derive(Debug)]
enum Node {
    File(File),
    Folder(Folder),
}

/// Which call is made to fail, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The power goes: this call and all later ones fail until the disk is mounted again.
    Cut,
    /// This call fails with an I/O error.
    Io,
    /// This call and all later ones that need room fail: the disk is full.
    Full,
    /// Half of what this call brings is written.
    Short,
}

/// What of the unsynced survives a cut.
#[derive(Debug)]
pub(crate) enum Survival<'a> {
    /// Nothing.
    Nothing,
    /// A random part, torn at sectors of so many bytes.
    Some {
        words: &'a mut ChaCha12Rng,
        sector: usize,
    },
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Done,
    Short,
    Io,
    Full,
}

/// The disk.
#[derive(Debug)]
pub(crate) struct Disk {
    nodes: BTreeMap<u64, Node>,
    n_numbered: u64,
    /// Calls left until the trouble.
    trouble: Option<(u64, Trouble)>,
    /// Only calls about files whose names end so count.
    counts_only: Option<&'static str>,
    is_struck: bool,
    is_dead: bool,
    is_full: bool,
    /// Whether a sync is answered and not done: a disk that lies, for the examination of the test itself.
    is_lying: bool,
}

impl Disk {
    pub(crate) fn new(is_lying: bool) -> Self {
        Self {
            nodes: BTreeMap::from([(ROOT, Node::Folder(Folder::default()))]),
            n_numbered: ROOT,
            trouble: None,
            counts_only: None,
            is_struck: false,
            is_dead: false,
            is_full: false,
            is_lying,
        }
    }

    /// Lets something go wrong at the `nth` call from now, counted from 1; calls that only read are not counted.
    pub(crate) fn expect(&mut self, trouble: Trouble, nth: u64, counts_only: Option<&'static str>) {
        self.trouble = Some((nth.max(1), trouble));
        self.counts_only = counts_only;
        self.is_struck = false;
    }

    /// Whether it has gone wrong.
    pub(crate) fn is_struck(&self) -> bool {
        self.is_struck
    }

    /// What the power's return finds; nothing goes wrong from then on.
    pub(crate) fn recover(&mut self, cut: Option<Survival<'_>>) {
        if let Some(mut survival) = cut {
            for node in self.nodes.values_mut() {
                match node {
                    Node::File(file) => file.cut(&mut survival),
                    Node::Folder(folder) => folder.cut(&mut survival),
                }
            }
        }
        self.forget_unnamed();
        self.trouble = None;
        self.is_struck = false;
        self.is_dead = false;
        self.is_full = false;
    }

    fn forget_unnamed(&mut self) {
        let mut named = BTreeSet::from([ROOT]);
        let mut open = vec![ROOT];
        while let Some(node) = open.pop() {
            if let Some(Node::Folder(folder)) = self.nodes.get(&node) {
                for child in folder.seen.values().chain(folder.kept.values()) {
                    if named.insert(*child) {
                        open.push(*child);
                    }
                }
            }
        }
        self.nodes.retain(|node, _| named.contains(node));
    }

    /// What becomes of a call that changes something, about a file of this name.
    pub(crate) fn fate(&mut self, node: u64, needs_room: bool) -> Fate {
        if self.is_dead {
            return Fate::Io;
        }
        let counts = self.counts_only.is_none_or(|end| {
            self.name_of(node)
                .is_some_and(|name| name.as_encoded_bytes().ends_with(end.as_bytes()))
        });
        if counts && let Some((n_left, trouble)) = &mut self.trouble {
            *n_left = n_left.saturating_sub(1);
            if *n_left == 0 {
                let trouble = *trouble;
                self.trouble = None;
                self.is_struck = true;
                match trouble {
                    Trouble::Cut => {
                        self.is_dead = true;
                        return Fate::Io;
                    }
                    Trouble::Io => return Fate::Io,
                    Trouble::Full => self.is_full = true,
                    Trouble::Short => return Fate::Short,
                }
            }
        }
        if self.is_full && needs_room {
            return Fate::Full;
        }
        Fate::Done
    }

    /// Whether the power is off.
    pub(crate) fn is_dead(&self) -> bool {
        self.is_dead
    }

    fn name_of(&self, node: u64) -> Option<&OsStr> {
        self.nodes.values().find_map(|parent| match parent {
            Node::Folder(folder) => folder
                .seen
                .iter()
                .find(|(_, child)| **child == node)
                .map(|(name, _)| name.as_os_str()),
            Node::File(_) => None,
        })
    }

    fn folder(&mut self, node: u64) -> Option<&mut Folder> {
        match self.nodes.get_mut(&node) {
            Some(Node::Folder(folder)) => Some(folder),
            _ => None,
        }
    }

    fn file(&mut self, node: u64) -> Option<&mut File> {
        match self.nodes.get_mut(&node) {
            Some(Node::File(file)) => Some(file),
            _ => None,
        }
    }

    /// The node of a name.
    pub(crate) fn look_up(&self, parent: u64, name: &OsStr) -> Option<u64> {
        match self.nodes.get(&parent)? {
            Node::Folder(folder) => folder.seen.get(name).copied(),
            Node::File(_) => None,
        }
    }

    /// Length of a file in bytes; `None` of a folder; outer `None` when there is no such node.
    pub(crate) fn length(&self, node: u64) -> Option<Option<usize>> {
        Some(match self.nodes.get(&node)? {
            Node::File(file) => Some(file.seen.len()),
            Node::Folder(_) => None,
        })
    }

    /// Names and nodes of a folder.
    pub(crate) fn names(&self, node: u64) -> Vec<(OsString, u64)> {
        match self.nodes.get(&node) {
            Some(Node::Folder(folder)) => folder
                .seen
                .iter()
                .map(|(name, node)| (name.clone(), *node))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Names and contents of the files at the top, as programs see them.
    pub(crate) fn files(&self) -> Vec<(OsString, Vec<u8>)> {
        let names = self.names(ROOT).into_iter();
        names
            .filter_map(|(name, node)| match self.nodes.get(&node)? {
                Node::File(file) => Some((name, file.seen.clone())),
                Node::Folder(_) => None,
            })
            .collect()
    }

    /// Makes an empty file.
    pub(crate) fn create(&mut self, parent: u64, name: &OsStr) -> Option<u64> {
        let node = self.n_numbered.saturating_add(1);
        let folder = self.folder(parent)?;
        folder.name(Naming::Given(name.to_owned(), node));
        self.n_numbered = node;
        self.nodes.insert(node, Node::File(File::default()));
        Some(node)
    }

    /// Takes a name away; whoever has the file open goes on with it.
    pub(crate) fn unlink(&mut self, parent: u64, name: &OsStr) -> Option<()> {
        let folder = self.folder(parent)?;
        folder.seen.get(name)?;
        folder.name(Naming::Taken(name.to_owned()));
        Some(())
    }

    /// Renames within a folder.
    pub(crate) fn rename(&mut self, parent: u64, from: &OsStr, to: &OsStr) -> Option<()> {
        let folder = self.folder(parent)?;
        let node = *folder.seen.get(from)?;
        folder.name(Naming::Renamed(from.to_owned(), to.to_owned(), node));
        Some(())
    }

    /// What programs see of a file.
    pub(crate) fn read(&self, node: u64, at: usize, length: usize) -> Option<&[u8]> {
        match self.nodes.get(&node)? {
            Node::File(file) => {
                let at = at.min(file.seen.len());
                let end = at.saturating_add(length).min(file.seen.len());
                file.seen.get(at..end)
            }
            Node::Folder(_) => None,
        }
    }

    pub(crate) fn write(&mut self, node: u64, at: usize, bytes: &[u8]) -> Option<()> {
        let bytes = bytes.to_vec();
        self.file(node)?.change(Change::Write { at, bytes });
        Some(())
    }

    pub(crate) fn resize(&mut self, node: u64, length: usize) -> Option<()> {
        self.file(node)?.change(Change::Resize(length));
        Some(())
    }

    /// Puts on the platter what programs see of a file or a folder.
    pub(crate) fn sync(&mut self, node: u64) -> Option<()> {
        let is_lying = self.is_lying;
        match self.nodes.get_mut(&node)? {
            _ if is_lying => {}
            Node::File(file) => {
                for change in file.changes.drain(..) {
                    change.apply(&mut file.kept);
                }
            }
            Node::Folder(folder) => {
                folder.namings.clear();
                folder.kept.clone_from(&folder.seen);
            }
        }
        Some(())
    }
}

impl File {
    fn change(&mut self, change: Change) {
        change.apply(&mut self.seen);
        self.changes.push(change);
    }

    fn cut(&mut self, survival: &mut Survival<'_>) {
        if let Survival::Some { words, sector } = survival {
            for change in &self.changes {
                // A third is lost, a third survives, a third is torn.
                match words.random_range(0..3_u8) {
                    0 => {}
                    1 => change.apply(&mut self.kept),
                    _ => {
                        for part in change.torn(*sector) {
                            if words.random_range(0..2_u8) == 0 {
                                part.apply(&mut self.kept);
                            }
                        }
                    }
                }
            }
        }
        self.changes.clear();
        self.seen.clone_from(&self.kept);
    }
}

impl Folder {
    fn name(&mut self, naming: Naming) {
        naming.apply(&mut self.seen);
        self.namings.push(naming);
    }

    /// Of names, a beginning survives: file systems keep them in order.
    fn cut(&mut self, survival: &mut Survival<'_>) {
        if let Survival::Some { words, .. } = survival {
            let n_kept = words.random_range(0..=self.namings.len());
            for naming in self.namings.iter().take(n_kept) {
                naming.apply(&mut self.kept);
            }
        }
        self.namings.clear();
        self.seen.clone_from(&self.kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng as _;

    fn with_file(is_lying: bool) -> (Disk, u64) {
        let mut disk = Disk::new(is_lying);
        let file = disk.create(ROOT, OsStr::new("a")).expect("a file");
        (disk, file)
    }

    #[test]
    fn a_write_survives_a_cut_only_with_its_file_and_its_name_synced() {
        for (syncs_file, syncs_folder) in
            [(false, false), (false, true), (true, false), (true, true)]
        {
            let (mut disk, file) = with_file(false);
            disk.write(file, 0, b"money").expect("a file");
            if syncs_file {
                disk.sync(file).expect("a file");
            }
            if syncs_folder {
                disk.sync(ROOT).expect("a folder");
            }
            disk.recover(Some(Survival::Nothing));
            let found = disk.look_up(ROOT, OsStr::new("a"));
            assert_eq!(found.is_some(), syncs_folder);
            let content = found
                .and_then(|file| disk.read(file, 0, 9))
                .unwrap_or_default();
            let kept = syncs_file && syncs_folder;
            assert_eq!(content, if kept { &b"money"[..] } else { &b""[..] });
        }
    }

    #[test]
    fn a_lying_disk_keeps_nothing() {
        let (mut disk, file) = with_file(true);
        disk.write(file, 0, b"money").expect("a file");
        disk.sync(file).expect("a file");
        disk.sync(ROOT).expect("a folder");
        disk.recover(Some(Survival::Nothing));
        assert_eq!(disk.look_up(ROOT, OsStr::new("a")), None);
    }

    #[test]
    fn a_removed_name_comes_back_unless_its_folder_was_synced() {
        let (mut disk, file) = with_file(false);
        disk.write(file, 0, b"log").expect("a file");
        disk.sync(file).expect("a file");
        disk.sync(ROOT).expect("a folder");
        disk.unlink(ROOT, OsStr::new("a")).expect("a name");
        assert_eq!(disk.look_up(ROOT, OsStr::new("a")), None);
        disk.recover(Some(Survival::Nothing));
        let file = disk.look_up(ROOT, OsStr::new("a")).expect("the name");
        assert_eq!(disk.read(file, 0, 9), Some(&b"log"[..]));
    }

    #[test]
    fn what_survives_in_part_is_torn_at_sectors_and_never_within_one() {
        let mut n_torn = 0;
        for seed in 0..64 {
            let (mut disk, file) = with_file(false);
            disk.resize(file, 4096).expect("a file");
            disk.sync(file).expect("a file");
            disk.sync(ROOT).expect("a folder");
            disk.write(file, 0, &[1; 4096]).expect("a file");
            let mut words = ChaCha12Rng::seed_from_u64(seed);
            let words = &mut words;
            disk.recover(Some(Survival::Some { words, sector: 512 }));
            let content = disk.read(file, 0, 4096).expect("a file").to_vec();
            let sectors: Vec<u8> = content.chunks(512).map(|sector| sector[0]).collect();
            for (sector, first) in content.chunks(512).zip(&sectors) {
                assert!(sector.iter().all(|byte| byte == first));
            }
            n_torn += usize::from(sectors.contains(&0) && sectors.contains(&1));
        }
        assert!((8..40).contains(&n_torn), "{n_torn}");
    }

    #[test]
    fn the_call_that_was_asked_for_fails_and_the_next_one_only_after_a_cut_or_without_room() {
        let fates = |trouble, needs_room| {
            let (mut disk, file) = with_file(false);
            disk.expect(trouble, 2, None);
            [(); 3].map(|()| disk.fate(file, needs_room))
        };
        assert_eq!(fates(Trouble::Io, true), [Fate::Done, Fate::Io, Fate::Done]);
        assert_eq!(fates(Trouble::Cut, true), [Fate::Done, Fate::Io, Fate::Io]);
        assert_eq!(
            fates(Trouble::Full, true),
            [Fate::Done, Fate::Full, Fate::Full]
        );
        assert_eq!(fates(Trouble::Full, false), [Fate::Done; 3]);
        assert_eq!(
            fates(Trouble::Short, true),
            [Fate::Done, Fate::Short, Fate::Done]
        );
    }

    #[test]
    fn only_calls_about_the_named_file_count_when_one_is_named() {
        let (mut disk, file) = with_file(false);
        let other = disk.create(ROOT, OsStr::new("b")).expect("a file");
        disk.expect(Trouble::Io, 1, Some("b"));
        assert_eq!(disk.fate(file, true), Fate::Done);
        assert_eq!(disk.fate(other, true), Fate::Io);
    }
}
