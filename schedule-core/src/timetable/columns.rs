//! Which column of a table holds what, by the words of its heading.

use super::cells::CellRow;
use super::finding::{Finding, Matter};
use super::token;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    Number,
    Dates,
    Contest,
    Preheat,
}

/// The positions of the columns that are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) number: Option<usize>,
    pub(super) dates: usize,
    pub(super) contest: usize,
    pub(super) preheat: Option<usize>,
}

impl Columns {
    /// The order of the published tables, for a table without heading that begins in this column.
    pub(super) fn usual(first: usize) -> Self {
        Self {
            number: Some(first),
            dates: first.saturating_add(1),
            contest: first.saturating_add(2),
            preheat: Some(first.saturating_add(3)),
        }
    }

    /// Reads a row as a heading; `None` unless it has dates and contests.
    pub(super) fn of_heading(row: &CellRow) -> Option<(Self, Vec<Finding>)> {
        let mut found: [Option<usize>; 4] = [None; 4];
        let mut findings = Vec::new();
        for cell in row.cells().iter().filter(|cell| !cell.text.is_empty()) {
            let mut report = |matter| {
                findings.push(Finding {
                    place: cell.place,
                    matter,
                });
            };
            let Some(meaning) = meaning(&cell.text) else {
                report(Matter::NotRead {
                    text: cell.text.clone(),
                });
                continue;
            };
            let slot = match meaning {
                Meaning::Number => found.first_mut(),
                Meaning::Dates => found.get_mut(1),
                Meaning::Contest => found.get_mut(2),
                Meaning::Preheat => found.get_mut(3),
            };
            match slot {
                Some(slot @ None) => *slot = Some(cell.column),
                _ => report(Matter::DuplicateColumn {
                    name: cell.text.clone(),
                }),
            }
        }
        let [number, Some(dates), Some(contest), preheat] = found else {
            return None;
        };
        let columns = Self {
            number,
            dates,
            contest,
            preheat,
        };
        Some((columns, findings))
    }

    pub(super) fn are_read(&self, column: usize) -> bool {
        let read = [
            self.number,
            Some(self.dates),
            Some(self.contest),
            self.preheat,
        ];
        read.contains(&Some(column))
    }
}

/// The original plan heads its columns 竞赛时段 and 预热时段, so the stage weighs more than the span.
fn meaning(heading: &str) -> Option<Meaning> {
    let letters = heading.chars().filter(|letter| !letter.is_whitespace());
    let heading: String = letters.map(token::half_width).collect();
    // A heading is short; a sentence that mentions a contest is none.
    if heading.chars().count() > 12 || heading.contains(|letter: char| letter.is_ascii_digit()) {
        return None;
    }
    let has = |words: &[&str]| words.iter().any(|word| heading.contains(word));
    if has(&["预热"]) {
        Some(Meaning::Preheat)
    } else if has(&["日期", "时间", "起止"]) {
        Some(Meaning::Dates)
    } else if has(&["竞赛", "比赛", "答题", "城市", "地区", "设区市"]) {
        Some(Meaning::Contest)
    } else if has(&["序号", "编号", "场次", "周次", "期次", "批次", "轮次"]) {
        Some(Meaning::Number)
    } else {
        None
    }
}
