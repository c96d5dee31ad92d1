//! The header of a sheet: which row names the columns, and what each column holds.

use super::{
    Column, Import,
    columns::{Role, role},
    table::{Sheet, place},
};
use crate::{
    Finding, FindingCode,
    folding::{fold, is_blank},
};

/// Columns of a sheet by role, with their 0-based index.
pub(super) struct Header {
    row_index: usize,
    columns: Vec<(Role, usize, Column)>,
    /// Whether a second row names the options under a merged title.
    has_subtitles: bool,
}

impl Header {
    /// The first row that names a column for the stem and one for options or the key.
    pub(super) fn find(sheet: &Sheet) -> Option<Self> {
        const SEARCHED_ROWS: usize = 50;
        let candidates = sheet.rows.iter().enumerate().take(SEARCHED_ROWS);
        candidates.into_iter().find_map(|(row_index, row)| {
            let columns = columns(sheet, row);
            let has = |wanted: fn(Role) -> bool| columns.iter().any(|(role, _, _)| wanted(*role));
            let is_header = has(|r| r == Role::Stem)
                && has(|r| matches!(r, Role::Option(_) | Role::Options | Role::Key));
            is_header.then(|| {
                Self {
                    row_index,
                    columns,
                    has_subtitles: false,
                }
                .with_subtitles(sheet)
            })
        })
    }

    /// Takes the letters of the options from the next row, where one merged title stands above them.
    fn with_subtitles(mut self, sheet: &Sheet) -> Self {
        let titles = sheet.rows.get(self.row_index);
        let title_at = |index: usize| {
            titles
                .and_then(|row| row.get(index))
                .is_some_and(|t| !is_blank(t))
        };
        let is_free = |index: usize| {
            let known = self.columns.iter().find(|(_, at, _)| *at == index);
            known.map_or(!title_at(index), |(role, _, _)| *role == Role::Options)
        };
        let Some(next) = sheet.rows.get(self.row_index.saturating_add(1)) else {
            return self;
        };
        let has_options = self
            .columns
            .iter()
            .any(|(role, _, _)| matches!(role, Role::Option(_)));
        let letters = columns(sheet, next);
        let all_free = letters
            .iter()
            .all(|(role, at, _)| matches!(role, Role::Option(_)) && is_free(*at));
        let n_filled = next.iter().filter(|cell| !is_blank(cell)).count();
        if has_options || letters.len() < 2 || !all_free || n_filled != letters.len() {
            return self;
        }
        self.columns.retain(|(role, _, _)| *role != Role::Options);
        self.columns.extend(letters);
        self.has_subtitles = true;
        self
    }

    /// 0-based index of the first row below the header.
    pub(super) fn first_data_row(&self) -> usize {
        self.row_index
            .saturating_add(1)
            .saturating_add(usize::from(self.has_subtitles))
    }

    /// The titles as written.
    pub(super) fn titles<'sheet>(&self, sheet: &'sheet Sheet) -> &'sheet [String] {
        let row = sheet.rows.get(self.row_index);
        row.map(Vec::as_slice).unwrap_or_default()
    }

    /// The first column with a role.
    pub(super) fn column(&self, wanted: Role) -> Option<(usize, &Column)> {
        self.columns
            .iter()
            .find(|(role, _, _)| *role == wanted)
            .map(|(_, index, column)| (*index, column))
    }

    /// One more than the highest index of an option; 0 if no column holds one.
    pub(super) fn n_options(&self) -> usize {
        let ends = self.columns.iter().filter_map(|(role, _, _)| match role {
            Role::Option(index) => Some(index.saturating_add(1)),
            Role::Stem
            | Role::Options
            | Role::IsKey(_)
            | Role::Key
            | Role::Explanation
            | Role::Source
            | Role::LawAsOf
            | Role::Kind
            | Role::Ignored => None,
        });
        ends.max().unwrap_or(0)
    }

    /// 0-based index of the row that names the columns.
    pub(super) const fn row_index(&self) -> usize {
        self.row_index
    }

    /// What the column with a 0-based index holds, if it is read: of two with one role, the first is.
    pub(super) fn role_at(&self, index: usize) -> Option<Role> {
        let (role, ..) = self.columns.iter().find(|(_, at, _)| *at == index)?;
        let is_read = self.column(*role).map(|(at, _)| at) == Some(index);
        (is_read || *role == Role::Ignored).then_some(*role)
    }

    /// Notes columns that are not read.
    pub(super) fn report(&self, sheet: &Sheet, import: &mut Import) {
        let titled = self.titles(sheet).iter().enumerate();
        for (index, title) in titled.filter(|(_, title)| !is_blank(title)) {
            let offset = u32::try_from(index).unwrap_or(u32::MAX);
            let column = Column::new(sheet.first_column.saturating_add(offset), title.trim());
            let known = self.columns.iter().find(|(_, at, _)| *at == index);
            let code = match known.map(|(role, _, _)| *role) {
                None if self.has_subtitles && fold(title).contains("选项") => continue,
                None => FindingCode::UnknownColumn,
                Some(Role::Ignored) => continue,
                Some(role) if self.column(role).map(|(at, _)| at) != Some(index) => {
                    FindingCode::RepeatedColumn
                }
                Some(_) => continue,
            };
            import.findings.push(Finding::new(
                code,
                place(sheet, self.row_index, Some(column)),
                title.trim(),
            ));
        }
    }
}

/// The cells of a row that are known titles.
fn columns(sheet: &Sheet, row: &[String]) -> Vec<(Role, usize, Column)> {
    const MOST_TITLES: usize = 256;
    let titled = row.iter().enumerate().take(MOST_TITLES);
    titled
        .filter_map(|(index, title)| {
            let offset = u32::try_from(index).ok()?;
            let column = Column::new(sheet.first_column.saturating_add(offset), title.trim());
            Some((role(title)?, index, column))
        })
        .collect()
}
