//! Reading timetables as offices print them, and saying by line and column what is wrong or odd.
//!
//! ```
//! use schedule_core::timetable::Reader;
//! use schedule_core::{EditionSlug, jiangsu};
//!
//! let text = "序号\t日期\t竞赛\t预热
//! 1\t２月２２日～２８日\t\t无锡市
//! 3\t2月29日—3月6日\t无锡\t
//! ";
//! let reader = Reader::new(EditionSlug::new("wuxi-2020")?, "无锡专场", jiangsu(), 2020);
//! let reading = reader.read_text(text);
//! let findings: Vec<String> = reading.findings().iter().map(ToString::to_string).collect();
//! assert_eq!(findings, [
//!     "line 3, column 1: row numbers skip from 1 to 3; kept as printed",
//!     "line 3, column 3: 2020-02-29 exists in leap years only",
//! ]);
//! let edition = reading.into_edition().map_err(|findings| findings[0].to_string())?;
//! assert_eq!(edition.rows()[1].label(), "3");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod cells;
mod columns;
mod dating;
mod finding;
mod grammar;
mod token;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

pub use cells::CellRow;
use cells::{Cell, Delimiter};
use columns::Columns;
use dating::{Dating, Notes};
pub use finding::{Finding, Matter, Place, Severity};

use crate::builder::EditionBuilder;
use crate::city::Province;
use crate::edition::Edition;
use crate::phase::{Phase, Provenance};
use crate::slug::{CitySlug, EditionSlug};
use crate::window::Window;
use crate::zone::Zone;

/// Reads timetables of one province and year.
///
/// It takes tables with tabs, pipes, commas or aligned by spaces, and rows of cells out of a sheet.
/// The columns are found by the words of the heading; without one they are number, dates, contest, preheat.
/// Dates may be written `2月29日—3月6日`, `2月8日—14日`, `2.29-3.6`, `2020/2/29~2020/3/6`, `2020-02-29至2020-03-06` or `二月八日`, with any dash or tilde, in full-width digits, with weekdays, and with times up to 24:00.
/// Nothing printed is ever renumbered or mended: what is odd is a warning, what cannot be read is an error.
#[derive(Clone, Debug)]
pub struct Reader {
    slug: EditionSlug,
    title: String,
    province: Province,
    /// `None` for a name that two cities could be meant by.
    cities: BTreeMap<String, Option<CitySlug>>,
    year: i32,
    zone: Zone,
}

/// What was read: the edition if there is one, and every finding.
#[derive(Clone, Debug)]
pub struct Reading {
    edition: Option<Edition>,
    findings: Vec<Finding>,
    n_rows: usize,
}

impl Reading {
    /// Returns the edition, unless some finding is an error.
    #[must_use]
    pub const fn edition(&self) -> Option<&Edition> {
        self.edition.as_ref()
    }

    /// Returns every finding, by place.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Returns how many printed rows were found, readable or not; headings are not counted.
    #[must_use]
    pub const fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Returns the edition.
    ///
    /// # Errors
    ///
    /// Every [`Finding`], at least one of them an error.
    pub fn into_edition(self) -> Result<Edition, Vec<Finding>> {
        self.edition.ok_or(self.findings)
    }
}

impl Reader {
    /// Makes a reader of an edition's timetable; `year` is that of its first row, where none is printed.
    #[must_use]
    pub fn new(slug: EditionSlug, title: impl Into<String>, province: Province, year: i32) -> Self {
        let mut cities: BTreeMap<String, Option<CitySlug>> = BTreeMap::new();
        for city in province.cities() {
            let slug = city.slug();
            let name = compact(city.name());
            let short = ["市", "自治州", "州", "地区", "盟"]
                .iter()
                .find_map(|suffix| name.strip_suffix(suffix))
                .filter(|short| short.chars().count() > 1)
                .map(String::from);
            for name in [Some(name.clone()), short, Some(slug.as_str().into())]
                .into_iter()
                .flatten()
            {
                cities
                    .entry(name)
                    .and_modify(|known| *known = known.take().filter(|known| known == slug))
                    .or_insert_with(|| Some(slug.clone()));
            }
        }
        Self {
            slug,
            title: title.into(),
            province,
            cities,
            year,
            zone: Zone::CHINA,
        }
    }

    /// Reads dates as days of another zone than China's.
    #[must_use]
    pub const fn zone(mut self, zone: Zone) -> Self {
        self.zone = zone;
        self
    }

    /// Reads a text that holds one table; lines above it are titles, lines such as `宣传阶段：2月8日—21日` declare stages.
    ///
    /// Total: any text gives a reading. Costs O(n log n) for n characters.
    #[must_use]
    pub fn read_text(&self, text: &str) -> Reading {
        // Among the marks that divide cells, the one under which the table begins first: a cell may hold another table's marks.
        let cut = [Delimiter::Tab, Delimiter::Pipe, Delimiter::Comma]
            .into_iter()
            .filter_map(|delimiter| {
                let rows = cells::rows_of(text, delimiter);
                let start = rows.iter().find(|row| self.begins_table(row))?.number();
                Some((start, rows))
            })
            .min_by_key(|(start, _)| *start);
        if let Some((_, rows)) = cut {
            return self.read_rows(&rows);
        }
        let rows = cells::rows_of(text, Delimiter::Spaces);
        if rows.iter().any(|row| self.begins_table(row)) {
            return self.read_rows(&self.aligned(text, rows));
        }
        self.read_rows(&[])
    }

    /// Reads the rows of one sheet.
    ///
    /// Total: any rows give a reading.
    #[must_use]
    pub fn read_rows(&self, rows: &[CellRow]) -> Reading {
        let mut work = Work {
            reader: self,
            dating: Dating::new(self.zone, self.year),
            columns: None,
            builder: EditionBuilder::new(self.slug.clone(), &*self.title, self.province.clone()),
            rows: Vec::new(),
            place_by_label: BTreeMap::new(),
            place_by_start: BTreeMap::new(),
            above: None,
            findings: Vec::new(),
            n_rows: 0,
        };
        for row in rows.iter().filter(|row| !row.is_blank()) {
            work.read(row);
        }
        work.finish()
    }

    fn begins_table(&self, row: &CellRow) -> bool {
        self.heading(row).is_some() || self.first_without_heading(row).is_some()
    }

    /// Gives blank cells of an aligned table their columns back, by the heading or by nothing.
    fn aligned(&self, text: &str, rows: Vec<CellRow>) -> Vec<CellRow> {
        let lines: Vec<&str> = text
            .strip_prefix('\u{feff}')
            .unwrap_or(text)
            .lines()
            .collect();
        let Some(heading) = rows.iter().find(|row| self.heading(row).is_some()) else {
            return rows;
        };
        let line = |row: &CellRow| {
            let index = usize::try_from(row.number().saturating_sub(1)).ok()?;
            lines.get(index).copied()
        };
        let heading_line = line(heading).unwrap_or("");
        let below = |row: &&CellRow| row.number() > heading.number() && row.cells().len() > 1;
        rows.iter()
            .map(|row| match line(row) {
                Some(line) if below(&row) => cells::align(row, line, heading, heading_line),
                _ => row.clone(),
            })
            .collect()
    }

    /// A row that names a city or a range of days is none, even if it also says 日期: 盐城市 itself holds the word 城市.
    fn heading(&self, row: &CellRow) -> Option<(Columns, Vec<Finding>)> {
        let is_announced = |text: &str| {
            self.cities.contains_key(&compact(text))
                || Dating::new(self.zone, self.year).window(text).0.is_some()
        };
        if row.cells().iter().any(|cell| is_announced(&cell.text)) {
            return None;
        }
        Columns::of_heading(row)
    }

    /// The column in which a row begins that stands in the usual order under no heading.
    fn first_without_heading(&self, row: &CellRow) -> Option<usize> {
        let first = row.cells().first()?.column;
        let usual = Columns::usual(first);
        let (window, _) = Dating::new(self.zone, self.year).window(&row.cell(usual.dates)?.text);
        row.cell(usual.contest)?;
        window.map(|_| first)
    }
}

/// One table being read.
struct Work<'r> {
    reader: &'r Reader,
    dating: Dating,
    columns: Option<Columns>,
    /// With the stages; the rows follow when all are read.
    builder: EditionBuilder,
    rows: Vec<(String, Window, Vec<Phase>)>,
    /// Where the dates of a label's row stand; of several rows with one label, the last.
    place_by_label: BTreeMap<String, Place>,
    place_by_start: BTreeMap<DateTime<Utc>, Place>,
    /// Label and number of the row above.
    above: Option<(String, Option<u32>)>,
    findings: Vec<Finding>,
    n_rows: usize,
}

impl Work<'_> {
    fn read(&mut self, row: &CellRow) {
        if let Some((columns, findings)) = self.reader.heading(row) {
            if self.columns.is_some() {
                self.report(place_of(row), Matter::SecondTable);
            } else {
                self.columns = Some(columns);
                self.findings.extend(findings);
            }
            return;
        }
        if self.read_stage(row) {
            return;
        }
        if self.columns.is_none() {
            let first = self.reader.first_without_heading(row);
            self.columns = first.map(Columns::usual);
        }
        // What stands above the table is its title.
        if let Some(columns) = self.columns.clone() {
            self.read_row(row, &columns);
        }
    }

    fn read_row(&mut self, row: &CellRow, columns: &Columns) {
        let text = |column: Option<usize>| {
            let cell = row.cell(column?)?;
            (!is_dash(&cell.text)).then_some(cell)
        };
        let contest = text(Some(columns.contest));
        let preheat = text(columns.preheat);
        let dates = text(Some(columns.dates));
        if dates.is_none() && contest.is_none() && preheat.is_none() {
            self.report(place_of(row), Matter::NotRead { text: row.text() });
            return;
        }
        self.n_rows = self.n_rows.saturating_add(1);
        for cell in row.cells() {
            if !columns.are_read(cell.column) && !is_dash(&cell.text) {
                let text = cell.text.clone();
                self.report(cell.place, Matter::NotRead { text });
            }
        }
        let label = columns.number.and_then(|column| row.cell(column));
        if columns.number.is_some() {
            self.check_number(row, label);
        }
        let phases = contest.into_iter().chain(preheat);
        let mut phases_read = Vec::new();
        for cell in phases {
            let is_preheat = Some(cell.column) == columns.preheat;
            phases_read.extend(self.phases(cell, is_preheat));
        }
        let Some(dates) = dates else {
            self.report(place_of(row), Matter::MissingDates);
            return;
        };
        let (window, notes) = self.dating.window(&dates.text);
        self.report_notes(dates, notes);
        if let Some(window) = window {
            let label = label.map_or(String::new(), |cell| cell.text.clone());
            self.place_by_label.insert(label.clone(), dates.place);
            self.place_by_start.insert(window.start(), dates.place);
            self.rows.push((label, window, phases_read));
        }
    }

    fn check_number(&mut self, row: &CellRow, label: Option<&Cell>) {
        let Some(label) = label.filter(|cell| !cell.text.is_empty()) else {
            self.report(place_of(row), Matter::NumberBlank);
            return;
        };
        let number = token::single_number(&label.text);
        let above = self.above.replace((label.text.clone(), number));
        let Some((above, before)) = above else {
            return;
        };
        match (before, number) {
            (Some(after), Some(before)) if before > after.saturating_add(1) => {
                self.report(label.place, Matter::NumbersMissing { after, before });
            }
            (Some(after), Some(before)) if before <= after => {
                let label_text = label.text.clone();
                let matter = Matter::NumberOutOfOrder {
                    above,
                    label: label_text,
                };
                self.report(label.place, matter);
            }
            (Some(_) | None, Some(_) | None) => {}
        }
    }

    fn phases(&mut self, cell: &Cell, is_preheat: bool) -> Vec<Phase> {
        let names = cell.text.split(['、', '，', ',', ';', '；', '/', '\n']);
        let names: Vec<String> = names.map(compact).filter(|n| !is_dash(n)).collect();
        let mut phases = Vec::new();
        for name in names {
            let phase = match name.as_str() {
                "前期宣传" | "宣传" | "宣传阶段" | "活动宣传" => {
                    Some(Phase::Publicity)
                }
                "总结" | "总结阶段" | "赛事总结" => Some(Phase::Summary),
                name => self.reader.cities.get(name).cloned().flatten().map(|city| {
                    if is_preheat {
                        Phase::Preheat(city)
                    } else {
                        Phase::Contest(city)
                    }
                }),
            };
            match phase {
                Some(phase) => phases.push(phase),
                None => self.report(cell.place, Matter::UnknownCity { text: name }),
            }
        }
        phases
    }

    /// Reads a line such as `总结阶段：2020年7月22日—29日（推定）`.
    fn read_stage(&mut self, row: &CellRow) -> bool {
        let mut filled = row.cells().iter().filter(|cell| !cell.text.is_empty());
        let (Some(cell), None) = (filled.next(), filled.next()) else {
            return false;
        };
        let stages = ["宣传阶段", "总结阶段"];
        let Some((name, at)) = stages
            .into_iter()
            .find_map(|name| Some((name, cell.text.find(name)?)))
        else {
            return false;
        };
        let rest = cell.text.get(at.saturating_add(name.len())..).unwrap_or("");
        let (rest, provenance) = match rest.strip_suffix("（推定）") {
            Some(rest) => (rest, Provenance::Derived),
            None => (rest, Provenance::Published),
        };
        let is_frame = |letter: char| matches!(letter, '：' | ':' | '（' | '）' | '(' | ')' | '。');
        let rest = rest.trim_matches(|letter: char| letter.is_whitespace() || is_frame(letter));
        if !rest.contains(|letter: char| letter.is_numeric() || letter == '月') {
            return false;
        }
        let (window, notes) = self.dating.aside(rest);
        for (_, matter) in notes {
            self.report(cell.place, matter);
        }
        if let Some(window) = window {
            let builder = self.builder.clone();
            self.builder = match name {
                "宣传阶段" => builder.publicity(window, provenance),
                _ => builder.summary(window, provenance),
            };
        }
        true
    }

    fn finish(mut self) -> Reading {
        if self.n_rows == 0 {
            self.report(Place::START, Matter::NoTable);
        }
        let mut edition = None;
        if self.is_readable() {
            let rows = std::mem::take(&mut self.rows).into_iter();
            let add = |builder: EditionBuilder, (label, window, phases)| {
                builder.row(label, window, phases)
            };
            let builder = rows.fold(self.builder.clone(), add);
            for fault in builder.faults() {
                let label = fault.row_label();
                let place = label.and_then(|label| self.place_by_label.get(label));
                let place = place.copied().unwrap_or(Place::START);
                self.report(place, Matter::Unsound(fault));
            }
            edition = builder.build().ok();
        }
        if let Some(edition) = &edition {
            self.remark(edition);
        }
        self.findings.sort_by_key(Finding::place);
        Reading {
            edition,
            findings: self.findings,
            n_rows: self.n_rows,
        }
    }

    fn is_readable(&self) -> bool {
        let mut severities = self.findings.iter().map(Finding::severity);
        severities.all(|severity| severity == Severity::Warning)
    }

    /// Gaps between contests, and cities without preheat where others have one.
    fn remark(&mut self, edition: &Edition) {
        let mut remarks = Vec::new();
        for gap in edition.gaps() {
            let n_days = gap.window().n_days();
            remarks.push((gap.before(), Matter::Gap { n_days }));
        }
        let rounds = edition.rounds();
        if rounds.iter().any(|round| round.preheat().is_some()) {
            for round in rounds.iter().filter(|round| round.preheat().is_none()) {
                let city = round.city().name().into();
                remarks.push((round, Matter::NoPreheat { city }));
            }
        }
        for (round, matter) in remarks {
            let place = self.place_by_start.get(&round.window().start());
            let place = place.copied().unwrap_or(Place::START);
            self.report(place, matter);
        }
    }

    fn report_notes(&mut self, cell: &Cell, notes: Notes) {
        for (offset, matter) in notes {
            self.report(cell.place_of(offset), matter);
        }
    }

    fn report(&mut self, place: Place, matter: Matter) {
        self.findings.push(Finding { place, matter });
    }
}

fn place_of(row: &CellRow) -> Place {
    let first = row.cells().iter().find(|cell| !cell.text.is_empty());
    first.map_or(
        Place {
            line: row.number(),
            column: 1,
        },
        |cell| cell.place,
    )
}

/// A cell in which nothing is announced.
fn is_dash(text: &str) -> bool {
    text == "无"
        || text
            .chars()
            .all(|l| matches!(l, '-' | '—' | '–' | '/' | '\\') || l.is_whitespace())
}

/// Without white space, which offices put inside short names, and in half-width letters.
fn compact(name: &str) -> String {
    let letters = name.chars().filter(|letter| !letter.is_whitespace());
    letters.map(token::half_width).collect()
}
