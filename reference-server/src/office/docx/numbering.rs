//! Lists: the numbers Word writes before paragraphs and does not store in their text.

use std::collections::{BTreeMap, BTreeSet};

use quick_xml::events::BytesStart;

use super::{
    super::{
        refusal::Refusal,
        xml::{Visitor, attribute, number, walk},
    },
    numerals::Numerals,
};

/// Word's lists have nine levels.
const N_LEVELS: usize = 9;

/// Where a paragraph stands: in which list and at which 0-based level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ListPlace {
    pub(super) list: usize,
    pub(super) level: usize,
}

/// How one level of a list is written.
#[derive(Debug, Clone)]
struct Level {
    start: usize,
    numerals: Numerals,
    /// Text with `%1` for the number of the first level, and so on.
    text: String,
}

impl Default for Level {
    fn default() -> Self {
        Self {
            start: 1,
            numerals: Numerals::Decimal,
            text: String::new(),
        }
    }
}

/// A list in use: which kind it is, and what is different in it.
#[derive(Debug, Clone, Default)]
struct List {
    kind: usize,
    levels: BTreeMap<usize, Level>,
    starts: BTreeMap<usize, usize>,
}

/// The lists of a document and how far each has counted.
///
/// Lists of one kind count on from each other, unless one says where it starts.
#[derive(Debug, Default)]
pub(super) struct Numbering {
    kinds: BTreeMap<usize, BTreeMap<usize, Level>>,
    lists: BTreeMap<usize, List>,
    /// By kind and level, the last number written.
    last: BTreeMap<(usize, usize), usize>,
    begun: BTreeSet<usize>,
}

impl Numbering {
    pub(super) fn parse(xml: &str) -> Result<Self, Refusal> {
        let mut parser = Parser::default();
        walk("numbering.xml", xml, &mut parser)?;
        Ok(parser.numbering)
    }

    /// Counts a paragraph and writes what stands before it; empty for none and for bullets.
    pub(super) fn label(&mut self, place: ListPlace) -> String {
        let Some(list) = self.lists.get(&place.list).cloned() else {
            return String::new();
        };
        if place.level >= N_LEVELS {
            return String::new();
        }
        if self.begun.insert(place.list) {
            for level in list.starts.keys() {
                self.last.remove(&(list.kind, *level));
            }
        }
        let start = self.level(&list, place.level).start;
        let here = (list.kind, place.level);
        let number = self
            .last
            .get(&here)
            .map_or(start, |last| last.saturating_add(1));
        self.last.insert(here, number);
        for deeper in place.level.saturating_add(1)..N_LEVELS {
            self.last.remove(&(list.kind, deeper));
        }
        self.write(&list, place.level)
    }

    fn level(&self, list: &List, level: usize) -> Level {
        let kind = self.kinds.get(&list.kind);
        let own = list.levels.get(&level);
        let mut found = own
            .or_else(|| kind.and_then(|kind| kind.get(&level)))
            .cloned()
            .unwrap_or_default();
        if let Some(start) = list.starts.get(&level) {
            found.start = *start;
        }
        found
    }

    fn write(&self, list: &List, level: usize) -> String {
        let found = self.level(list, level);
        if found.numerals == Numerals::Silent {
            return String::new();
        }
        let mut label = found.text;
        for above in 0..=level {
            let holder = format!("%{}", above.saturating_add(1));
            if label.contains(&holder) {
                let described = self.level(list, above);
                let number = self.last.get(&(list.kind, above)).copied();
                let number = described.numerals.write(number.unwrap_or(described.start));
                label = label.replace(&holder, &number);
            }
        }
        label
    }
}

/// What is being read.
#[derive(Debug, Default)]
struct Parser {
    numbering: Numbering,
    kind: Option<usize>,
    list: Option<usize>,
    /// Level whose start is overridden.
    overridden: Option<usize>,
    level: Option<(usize, Level)>,
}

impl Visitor for Parser {
    fn start(&mut self, element: &BytesStart<'_>) -> Result<(), Refusal> {
        let value = || attribute(element, "val");
        match element.local_name().as_ref() {
            "abstractNum" => self.kind = number(element, "abstractNumId"),
            "num" => {
                self.list = number(element, "numId");
                if let Some(list) = self.list {
                    self.numbering.lists.insert(list, List::default());
                }
            }
            "abstractNumId" => {
                if let (Some(list), Some(kind)) = (self.open_list(), number(element, "val")) {
                    list.kind = kind;
                }
            }
            "lvlOverride" => self.overridden = number(element, "ilvl"),
            "startOverride" => {
                let overridden = self.overridden;
                if let (Some(list), Some(level), Some(start)) =
                    (self.open_list(), overridden, number(element, "val"))
                {
                    list.starts.insert(level, start);
                }
            }
            "lvl" => {
                self.level = number(element, "ilvl").map(|level| (level, Level::default()));
            }
            "start" => {
                if let (Some((_, level)), Some(start)) = (&mut self.level, number(element, "val")) {
                    level.start = start;
                }
            }
            "numFmt" => {
                if let (Some((_, level)), Some(format)) = (&mut self.level, value()) {
                    level.numerals = Numerals::parse(&format);
                }
            }
            "lvlText" => {
                if let (Some((_, level)), Some(text)) = (&mut self.level, value()) {
                    level.text = text;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, local_name: &str) -> Result<(), Refusal> {
        match local_name {
            "abstractNum" => self.kind = None,
            "num" => self.list = None,
            "lvlOverride" => self.overridden = None,
            "lvl" => {
                if let Some((index, level)) = self.level.take() {
                    if let Some(kind) = self.kind {
                        let levels = self.numbering.kinds.entry(kind).or_default();
                        levels.insert(index, level);
                    } else if let Some(list) = self.open_list() {
                        list.levels.insert(index, level);
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn characters(&mut self, _text: &str) {}
}

impl Parser {
    fn open_list(&mut self) -> Option<&mut List> {
        self.numbering.lists.get_mut(&self.list?)
    }
}
