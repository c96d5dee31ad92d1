//! A Gantt chart in letters of one width each.

use unicode_width::UnicodeWidthStr as _;

use super::{hull, is_derived, lanes, month_starts};
use crate::day::CivilDay;
use crate::edition::Edition;
use crate::phase::{Phase, ScheduledPhase};
use crate::table::{on_one_line, padded};

impl Edition {
    /// Draws the edition for a terminal of some columns, one line for each city.
    ///
    /// `#` is a contest, `-` a preheat, `=` a stage, `?` one that was never published; they are narrow in every font, unlike block elements.
    /// A letter stands for one day, or for more where the edition is longer than the columns; the last line says for how many.
    /// Names keep their full width, and at least ten columns are drawn beside them, however narrow the terminal is.
    #[must_use]
    pub fn gantt_text(&self, n_columns: usize) -> String {
        let lanes = lanes(self);
        let widths = lanes.iter().map(|lane| on_one_line(lane.name).width());
        let label = widths.max().unwrap_or(0).saturating_add(2);
        let hull = hull(self);
        let first = hull.first_day();
        let n_days = usize::try_from(hull.n_days()).unwrap_or(usize::MAX);
        let n_cells = n_columns.saturating_sub(label).max(10);
        let days_per_cell = n_days.div_ceil(n_cells).max(1);
        let n_cells = n_days.div_ceil(days_per_cell);
        let cell_of = |day: CivilDay| {
            let offset = usize::try_from(first.days_until(day)).unwrap_or(0);
            offset.checked_div(days_per_cell).unwrap_or(0)
        };
        let mut text = padded("", label);
        text.push_str(&months(first, hull.last_day(), cell_of));
        text.push('\n');
        for lane in &lanes {
            let mut cells = vec![' '; n_cells];
            let mut bars = lane.bars.clone();
            // The contest is drawn over a preheat that shares its cell.
            bars.sort_by_key(|scheduled| matches!(scheduled.phase(), Phase::Contest(_)));
            for scheduled in bars {
                let window = scheduled.window();
                let (from, to) = (cell_of(window.first_day()), cell_of(window.last_day()));
                if let Some(cells) = cells.get_mut(from..=to) {
                    cells.fill(letter(scheduled));
                }
            }
            let cells: String = cells.into_iter().collect();
            text.push_str(&padded(&on_one_line(lane.name), label));
            text.push_str(cells.trim_end());
            text.push('\n');
        }
        text.push_str(&format!(
            "# 竞赛  - 预热  = 宣传、总结  ? 推定  每格{days_per_cell}天\n"
        ));
        text
    }
}

fn letter(scheduled: &ScheduledPhase) -> char {
    match scheduled.phase() {
        _ if is_derived(scheduled) => '?',
        Phase::Contest(_) => '#',
        Phase::Preheat(_) => '-',
        Phase::Publicity | Phase::Summary => '=',
    }
}

/// The names of the months where they begin, as far as there is room.
fn months(first: CivilDay, last: CivilDay, cell_of: impl Fn(CivilDay) -> usize) -> String {
    let mut line = String::new();
    for begin in month_starts(first, last) {
        let (cell, width) = (cell_of(begin), line.width());
        if width <= cell || line.is_empty() {
            line.push_str(&" ".repeat(cell.saturating_sub(width)));
            line.push_str(&format!("{}月 ", begin.month()));
        }
    }
    line.trim_end().into()
}
