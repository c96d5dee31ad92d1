//! What an office has handed in and written, and the questions that come of it.
//!
//! The file is kept as it was read, and what somebody has mended beside it: a row is read anew
//! each time, so a finding stands at its row and cell until the row is mended, left out, or
//! uploaded again.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use quiz_core::{
    MAX_CHOICES, Position, Question, QuestionDraft, QuestionError, Severity,
    import::{Import, Place, Positioned, table::Role, table::Sheet},
};
use serde::{Deserialize, Serialize};

use crate::{
    contest::sealed::StoredQuestion,
    office::{self, OfficeContent, SheetLayout, Titles},
};

/// The longest part of a question that is written by hand, in characters.
const PART_CHARACTERS: usize = 2_000;
/// Lines of a text that are shown around what could not be read.
const LINES_AROUND: usize = 12;
/// The name of the sheet on which questions stand that are in no file.
const WRITTEN: &str = "补写";
/// What the key of an item on that sheet begins with.
const WRITTEN_KEY: &str = "new";

/// What an office has handed in and written.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Draft {
    /// The name of the file.
    pub(super) file: String,
    /// What it shows; empty when there is none.
    pub(super) content: OfficeContent,
    /// How columns are read, by their titles; kept for the next file of the office.
    pub(super) titles: BTreeMap<String, String>,
    /// What was mended, by the key of the item.
    edits: BTreeMap<String, Edit>,
    /// Questions that are in no file.
    added: Vec<StoredQuestion>,
}

/// What somebody did about a row.
#[derive(Debug, Clone, Serialize, Deserialize)]
enum Edit {
    /// It is this question.
    Written(StoredQuestion),
    /// It is left out.
    Left,
}

/// What an item of a draft is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// It stands in the file so.
    Read,
    /// It was mended.
    Mended,
    /// It is in no file.
    Added,
    /// A row of which no question came.
    Broken,
    /// It is left out.
    Left,
}

/// A question of a draft, or a row of which none came.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    /// What names it in its draft.
    pub(crate) key: String,
    /// Where it stands.
    pub(crate) place: Place,
    /// What it is.
    pub(crate) state: State,
    /// The question, unless the row is broken.
    pub(crate) question: Option<Question>,
    /// Its number in the half, if it counts.
    pub(crate) number: Option<usize>,
}

/// The questions that come of a draft.
pub(crate) struct Reading {
    /// Everything, in the order of the file; what was added last.
    pub(crate) items: Vec<Item>,
    /// The questions that count, and what is found in the rows that nobody has mended.
    pub(crate) import: Import,
    /// The rows of the file.
    pub(crate) sheets: Vec<Sheet>,
    /// How its columns are read.
    pub(crate) layouts: Vec<SheetLayout>,
}

impl Draft {
    /// A draft without a word.
    pub(super) const fn blank() -> Self {
        Self {
            file: String::new(),
            content: OfficeContent::Text(Vec::new()),
            titles: BTreeMap::new(),
            edits: BTreeMap::new(),
            added: Vec::new(),
        }
    }

    /// A draft of a file that was read; columns are read as those of the file before it.
    pub(super) fn of_file(self, file: String, content: OfficeContent) -> Self {
        Self {
            file,
            content,
            titles: self.titles,
            ..Self::blank()
        }
    }

    /// A draft that begins with these questions.
    pub(super) fn of_questions(questions: &[Question]) -> Self {
        Self {
            added: questions.iter().map(StoredQuestion::of).collect(),
            ..Self::blank()
        }
    }

    fn has_file(&self) -> bool {
        !matches!(&self.content, OfficeContent::Text(blocks) if blocks.is_empty())
    }

    /// The questions that come of it.
    pub(crate) fn read(&self) -> Reading {
        let titles: Titles = self
            .titles
            .iter()
            .filter_map(|(title, role)| Some((title.clone(), Role::of_title(role)?)))
            .collect();
        let mut reading = Reading {
            items: Vec::new(),
            import: Import::default(),
            sheets: Vec::new(),
            layouts: Vec::new(),
        };
        if self.has_file() {
            let content = self.content.clone();
            let recognised = office::recognise_content(&self.file, content, &titles);
            reading.import = recognised.import;
            reading.sheets = recognised.sheets;
            reading.layouts = recognised.layouts;
            self.lay_over(&mut reading);
        }
        self.add_written(&mut reading);
        let mut number = 0_usize;
        for item in &mut reading.items {
            let counts = item.question.is_some() && item.state != State::Left;
            if counts {
                number = number.saturating_add(1);
                item.number = Some(number);
            }
        }
        reading.import.questions = reading.counting();
        reading
    }

    /// Lays what was mended over what was read.
    fn lay_over(&self, reading: &mut Reading) {
        let sheets = &reading.sheets;
        let mut n_in_row: BTreeMap<String, usize> = BTreeMap::new();
        let mut items = Vec::new();
        for question in &reading.import.questions {
            let row = row_key(sheets, &question.place);
            let nth = n_in_row.entry(row.clone()).or_default();
            *nth = nth.saturating_add(1);
            let key = if *nth == 1 {
                row
            } else {
                format!("{row}-{nth}")
            };
            items.push(self.item(key, &question.place, Some(&question.value)));
        }
        let mut broken = BTreeSet::new();
        for finding in &reading.import.findings {
            let key = row_key(sheets, &finding.place);
            let is_error = finding.severity() == Severity::Error;
            if is_error && !n_in_row.contains_key(&key) && broken.insert(key.clone()) {
                items.push(self.item(key, &finding.place.whole_row(), None));
            }
        }
        items.sort_by_key(|item| (sheet_index(sheets, &item.place), item.place.row));
        reading.import.findings.retain(|finding| {
            // What concerns the file stands at no row of its own.
            !self.edits.contains_key(&row_key(sheets, &finding.place))
        });
        reading.items = items;
    }

    fn item(&self, key: String, place: &Place, read: Option<&Question>) -> Item {
        let (state, question) = match self.edits.get(&key) {
            Some(Edit::Left) => (State::Left, read.cloned()),
            Some(Edit::Written(stored)) => match stored.clone().question() {
                Some(question) => (State::Mended, Some(question)),
                None => (State::Broken, None),
            },
            None if read.is_some() => (State::Read, read.cloned()),
            None => (State::Broken, None),
        };
        Item {
            key,
            place: place.whole_row(),
            state,
            question,
            number: None,
        }
    }

    fn add_written(&self, reading: &mut Reading) {
        for (row, stored) in (1..).zip(&self.added) {
            let key = format!("{WRITTEN_KEY}-{row}");
            let place = Place {
                file: self.file.clone(),
                sheet: Some(WRITTEN.to_owned()),
                row,
                column: None,
            };
            let is_left = matches!(self.edits.get(&key), Some(Edit::Left));
            reading.items.push(Item {
                key,
                place,
                state: if is_left { State::Left } else { State::Added },
                question: stored.clone().question(),
                number: None,
            });
        }
    }

    /// Writes an item's question; `false` when the draft has no such item.
    pub(super) fn write(&mut self, key: &str, question: &Question) -> bool {
        let stored = StoredQuestion::of(question);
        if let Some(slot) = added_index(key).and_then(|index| self.added.get_mut(index)) {
            *slot = stored;
            self.edits.remove(key);
            return true;
        }
        if !self.has_item(key) {
            return false;
        }
        self.edits.insert(key.to_owned(), Edit::Written(stored));
        true
    }

    /// Adds a question that is in no file.
    pub(super) fn add(&mut self, question: &Question) {
        self.added.push(StoredQuestion::of(question));
    }

    /// Leaves an item out; `false` when the draft has no such item.
    pub(super) fn leave(&mut self, key: &str) -> bool {
        let has = self.has_item(key);
        if has {
            self.edits.insert(key.to_owned(), Edit::Left);
        }
        has
    }

    /// Takes an item back in, as the file has it; `false` when it was not left out.
    pub(super) fn take_back(&mut self, key: &str) -> bool {
        let is_left = matches!(self.edits.get(key), Some(Edit::Left));
        if is_left {
            self.edits.remove(key);
        }
        is_left
    }

    fn has_item(&self, key: &str) -> bool {
        self.read().items.iter().any(|item| item.key == key)
    }
}

impl Reading {
    fn counting(&self) -> Vec<Positioned<Question>> {
        let counting = self.items.iter().filter(|item| item.state != State::Left);
        counting
            .filter_map(|item| {
                Some(Positioned {
                    place: item.place.clone(),
                    value: item.question.clone()?,
                })
            })
            .collect()
    }

    /// The questions that count, in order.
    pub(crate) fn questions(&self) -> Vec<Question> {
        let counting = self.import.questions.iter();
        counting.map(|at| at.value.clone()).collect()
    }

    /// The item of this key.
    pub(crate) fn item(&self, key: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.key == key)
    }

    /// The words of an item, for whoever mends it: of its question, or what can be made out in its row.
    pub(crate) fn words(&self, item: &Item) -> Words {
        if let Some(question) = &item.question {
            return Words::of(question);
        }
        let sheet = self.sheets.get(sheet_index(&self.sheets, &item.place));
        let layout = self
            .layouts
            .iter()
            .find(|layout| layout.name == item.place.sheet);
        match (sheet, layout) {
            (Some(sheet), Some(layout)) => Words::of_cells(layout, cells(sheet, item.place.row)),
            (Some(_sheet), None) => Words::of_lines(&self.original(item)),
            (None, _) => Words::default(),
        }
    }

    /// The words of the file at an item: the cells of its row, or the lines of its question, from
    /// the number before its stem up to the next item.
    pub(crate) fn original(&self, item: &Item) -> Vec<String> {
        let index = sheet_index(&self.sheets, &item.place);
        let Some(sheet) = self.sheets.get(index) else {
            return Vec::new();
        };
        let is_table = self
            .layouts
            .iter()
            .any(|layout| layout.name == item.place.sheet);
        if is_table {
            let cells = cells(sheet, item.place.row).iter();
            return cells
                .filter(|cell| !cell.trim().is_empty())
                .cloned()
                .collect();
        }
        let rows = self
            .items
            .iter()
            .filter(|other| other.place.sheet == item.place.sheet)
            .map(|other| other.place.row);
        let rows: BTreeSet<u32> = rows.collect();
        let here = item.place.row;
        let next = rows.iter().find(|row| **row > here);
        let next = next.copied().unwrap_or(u32::MAX);
        let line = |row: u32| {
            let index = usize::try_from(row.checked_sub(sheet.first_row)?).ok()?;
            sheet.rows.get(index)
        };
        // What is wrong may be said of a line further down, such as that of the key.
        let is_stem = |row: &u32| {
            let first = line(*row).and_then(|cells| cells.first());
            first.is_some_and(|text| text.trim_start().starts_with(|c: char| c.is_ascii_digit()))
        };
        let mut back = (sheet.first_row..=here).rev();
        let is_own = |row: &u32| *row == here || !rows.contains(row);
        let first = back.by_ref().take_while(is_own).find(is_stem);
        let lines = (first.unwrap_or(here)..next).map_while(line);
        lines
            .filter_map(|cells| cells.first())
            .filter(|line| !line.trim().is_empty())
            .take(LINES_AROUND)
            .cloned()
            .collect()
    }
}

fn cells(sheet: &Sheet, row: u32) -> &[String] {
    let index = row.checked_sub(sheet.first_row);
    let index = index.and_then(|index| usize::try_from(index).ok());
    let row = index.and_then(|index| sheet.rows.get(index));
    row.map(Vec::as_slice).unwrap_or_default()
}

/// Where the sheet of a place stands among those of its file; after them all when it is none of them.
fn sheet_index(sheets: &[Sheet], place: &Place) -> usize {
    let mut sheets = sheets.iter();
    let n_sheets = sheets.len();
    let found = sheets.position(|sheet| sheet.name == place.sheet);
    found.unwrap_or(n_sheets)
}

fn row_key(sheets: &[Sheet], place: &Place) -> String {
    format!("{}-{}", sheet_index(sheets, place), place.row)
}

fn added_index(key: &str) -> Option<usize> {
    let (word, row) = key.split_once('-')?;
    (word == WRITTEN_KEY)
        .then(|| row.parse::<usize>().ok()?.checked_sub(1))
        .flatten()
}

/// A question as somebody types it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Words {
    /// The stem.
    pub(crate) stem: String,
    /// The options from A on; those behind the last are empty.
    pub(crate) choices: Vec<String>,
    /// The letter of the right one.
    pub(crate) key: String,
    /// Why it is right.
    pub(crate) explanation: String,
    /// What the question rests on.
    pub(crate) source: String,
    /// The day on which the law stood so, as 2020-04-22.
    pub(crate) law_as_of: String,
}

/// What is wrong with a question as somebody types it: the part, and a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unfit {
    /// The part: `stem`, an option's letter, `key` and so on.
    pub(crate) part: String,
    /// What is wrong with it.
    pub(crate) problem: String,
}

impl Unfit {
    fn new(part: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            part: part.into(),
            problem: problem.into(),
        }
    }
}

impl Words {
    /// The words of a question.
    pub(crate) fn of(question: &Question) -> Self {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let day = question.law_as_of();
        Self {
            stem: question.stem().to_owned(),
            choices: question
                .choices()
                .iter()
                .map(|choice| choice.text().to_owned())
                .collect(),
            key: question.key().letter().to_string(),
            explanation: text(question.explanation()),
            source: text(question.source()),
            law_as_of: day.map_or_else(String::new, |day| day.to_string()),
        }
    }

    /// What the cells of a row say by their columns.
    fn of_cells(layout: &SheetLayout, cells: &[String]) -> Self {
        let mut words = Self::default();
        words.choices.resize(MAX_CHOICES, String::new());
        let letters = |letter: &str| {
            letter.bytes().fold(0_usize, |sum, byte| {
                let digit = usize::from(byte.saturating_sub(b'A')).saturating_add(1);
                sum.saturating_mul(26).saturating_add(digit)
            })
        };
        for column in &layout.columns {
            let index = letters(&column.letter).checked_sub(1);
            let Some(cell) = index.and_then(|index| cells.get(index)) else {
                continue;
            };
            let cell = cell.trim().to_owned();
            match column.role {
                Some(Role::Stem) => words.stem = cell,
                Some(Role::Key) => words.key = cell,
                Some(Role::Explanation) => words.explanation = cell,
                Some(Role::Source) => words.source = cell,
                Some(Role::LawAsOf) => words.law_as_of = cell,
                Some(Role::Option(nth)) => {
                    if let Some(choice) = words.choices.get_mut(nth) {
                        *choice = cell;
                    }
                }
                Some(Role::IsKey(_) | Role::Options | Role::Kind | Role::Ignored) | None => {}
            }
        }
        words
    }

    /// What can be made out in lines of a text: a stem, then lettered options and a key.
    fn of_lines(lines: &[String]) -> Self {
        let mut words = Self::default();
        for line in lines.iter().map(|line| line.trim()) {
            let mut letters = line.chars();
            let first = letters.next().and_then(Position::from_letter);
            let rest = letters.as_str();
            let option = rest.strip_prefix(['.', '、', '．', ')', '）', ' ', ':', '：']);
            let key = ["答案", "正确答案", "参考答案", "【答案】"]
                .iter()
                .find_map(|word| line.strip_prefix(word));
            match (first, option, key) {
                (Some(_letter), Some(option), _) if words.choices.len() < MAX_CHOICES => {
                    words.choices.push(option.trim().to_owned());
                }
                (_, _, Some(key)) => {
                    let key = key.trim_start_matches([':', '：', ' ']);
                    key.trim().clone_into(&mut words.key);
                }
                _ if words.stem.is_empty() => line.clone_into(&mut words.stem),
                _ => {}
            }
        }
        words
    }

    /// The question that the words make.
    pub(super) fn question(&self, pinned: &[Position]) -> Result<Question, Unfit> {
        let mut choices: Vec<String> = self.choices.iter().map(|c| c.trim().to_owned()).collect();
        while choices.last().is_some_and(String::is_empty) {
            choices.pop();
        }
        let texts = [
            ("stem", &self.stem),
            ("explanation", &self.explanation),
            ("source", &self.source),
        ];
        let longest = |text: &str| text.chars().count() > PART_CHARACTERS;
        let choices_too = choices.iter().map(|choice| ("choices", choice));
        let long = texts
            .into_iter()
            .chain(choices_too)
            .find(|(_part, text)| longest(text))
            .map(|(part, _text)| part);
        if let Some(part) = long {
            return Err(Unfit::new(part, format!("最多 {PART_CHARACTERS} 个字")));
        }
        let mut letters = self.key.trim().chars();
        let key = match (letters.next(), letters.next()) {
            (Some(letter), None) => Position::from_letter(letter.to_ascii_uppercase()),
            _ => None,
        };
        let key = key.ok_or_else(|| Unfit::new("key", "请填一个选项的字母，例如 B"))?;
        let law_as_of = match self.law_as_of.trim() {
            "" => None,
            day => Some(
                day.parse::<NaiveDate>()
                    .map_err(|_no_day| Unfit::new("law_as_of", "请按 2020-04-22 的样子写日期"))?,
            ),
        };
        let text = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let question = Question::new(QuestionDraft {
            stem: self.stem.trim().to_owned(),
            choices,
            key,
            explanation: text(&self.explanation),
            source: text(&self.source),
            law_as_of,
        });
        let question = question.map_err(|error| unfit(&error))?;
        // Places stated in the file hold as long as the question has these options.
        Ok(question.clone().with_pinned(pinned).unwrap_or(question))
    }
}

fn unfit(error: &QuestionError) -> Unfit {
    match error {
        QuestionError::EmptyStem => Unfit::new("stem", "请写题干"),
        QuestionError::ChoiceCount { .. } => Unfit::new("choices", "请写 2 到 6 个选项"),
        QuestionError::EmptyChoice { position } => Unfit::new(
            position.letter(),
            format!("选项 {position} 是空的，而后面的选项不空"),
        ),
        QuestionError::SameChoice { first, second } => Unfit::new(
            second.letter(),
            format!("选项 {first} 和 {second} 是一样的"),
        ),
        QuestionError::KeyOutsideChoices { key, n_choices } => {
            Unfit::new("key", format!("答案是 {key}，而只有 {n_choices} 个选项"))
        }
        _ => Unfit::new("choices", "选项的位置不对"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::office::{Block, Table};

    fn sheet(rows: &[&[&str]]) -> OfficeContent {
        let cells = |row: &&[&str]| row.iter().map(|cell| (*cell).to_owned()).collect();
        OfficeContent::Sheets(vec![Table {
            name: Some("题库".to_owned()),
            rows: rows.iter().map(cells).collect(),
        }])
    }

    fn draft(rows: &[&[&str]]) -> Draft {
        Draft::blank().of_file("南京.xlsx".to_owned(), sheet(rows))
    }

    const HEADER: &[&str] = &["题目", "选项A", "选项B", "答案"];

    #[test]
    fn a_broken_row_is_an_item_until_it_is_mended_or_left_out() {
        let mut draft = draft(&[HEADER, &["甲", "一", "二", "A"], &["乙", "一", "二", "E"]]);
        let states = |draft: &Draft| -> Vec<State> {
            draft.read().items.iter().map(|item| item.state).collect()
        };
        assert_eq!(states(&draft), [State::Read, State::Broken]);
        let reading = draft.read();
        let words = reading.words(&reading.items[1]);
        assert_eq!((words.stem.as_str(), words.key.as_str()), ("乙", "E"));
        let unfit = words.question(&[]).unwrap_err();
        assert_eq!(unfit.part, "key");
        let key = "B".to_owned();
        let mended = Words { key, ..words }.question(&[]).unwrap();
        let item = reading.items[1].key.clone();
        assert!(draft.write(&item, &mended));
        assert_eq!(states(&draft), [State::Read, State::Mended]);
        assert_eq!(draft.read().questions().len(), 2);
        assert!(draft.read().import.findings.is_empty());
        assert!(draft.leave(&item) && draft.read().questions().len() == 1);
        assert!(draft.take_back(&item) && !draft.take_back(&item));
        assert_eq!(states(&draft), [State::Read, State::Broken]);
        assert!(!draft.write("7-99", &mended) && !draft.leave("nothing"));
    }

    #[test]
    fn titles_that_say_nothing_are_read_as_somebody_wants_and_remembered_for_the_next_file() {
        let rows: &[&[&str]] = &[
            &["考察内容", "甲项", "乙项", "正解"],
            &["一加一", "二", "三", "A"],
        ];
        let mut draft = draft(rows);
        assert!(draft.read().questions().is_empty());
        let wanted = [
            ("考察内容", "题目"),
            ("甲项", "选项A"),
            ("乙项", "选项B"),
            ("正解", "答案"),
        ];
        let own = wanted.map(|(title, role)| (title.to_owned(), role.to_owned()));
        draft.titles = own.into_iter().collect();
        let reading = draft.read();
        assert_eq!(reading.questions().len(), 1);
        assert_eq!(reading.items[0].place.row, 2);
        let titles: Vec<&str> = reading.layouts[0]
            .columns
            .iter()
            .map(|column| column.title.as_str())
            .collect();
        assert_eq!(titles, rows[0]);
        let next = draft.of_file("再传.xlsx".to_owned(), sheet(rows));
        assert_eq!(next.read().questions().len(), 1);
    }

    #[test]
    fn a_table_without_titles_is_read_by_its_letters_and_keeps_its_row_numbers() {
        let mut draft = draft(&[&["一加一", "二", "三", "A"], &["一加二", "二", "三", "E"]]);
        assert!(!draft.read().layouts[0].is_titled);
        for (letter, role) in [
            ("@A", "题目"),
            ("@B", "选项A"),
            ("@C", "选项B"),
            ("@D", "答案"),
        ] {
            draft.titles.insert(letter.to_owned(), role.to_owned());
        }
        let reading = draft.read();
        let rows: Vec<(State, u32)> = reading
            .items
            .iter()
            .map(|item| (item.state, item.place.row))
            .collect();
        assert_eq!(rows, [(State::Read, 1), (State::Broken, 2)]);
    }

    #[test]
    fn what_lines_of_a_text_say_stands_in_the_form() {
        let lines = ["3. 一加一（ ）", "A. 二", "B、三", "答案：E", "解析：略"];
        let text = lines.map(|line| Block::Paragraph(line.to_owned()));
        let draft = Draft::blank().of_file(
            "题.docx".to_owned(),
            OfficeContent::Text(text.into_iter().collect()),
        );
        let reading = draft.read();
        let broken = reading
            .items
            .iter()
            .find(|item| item.state == State::Broken);
        let words = reading.words(broken.unwrap());
        assert_eq!(words.choices, ["二", "三"]);
        assert_eq!(words.key, "E");
    }

    #[test]
    fn words_that_make_no_question_name_the_part() {
        let fit = Words {
            stem: "甲".to_owned(),
            choices: ["一", "二", "", ""].map(str::to_owned).to_vec(),
            key: "b".to_owned(),
            ..Words::default()
        };
        assert_eq!(fit.question(&[]).unwrap().key(), Position::B);
        let with = |change: fn(&mut Words)| {
            let mut words = fit.clone();
            change(&mut words);
            words.question(&[]).unwrap_err().part
        };
        assert_eq!(with(|words| words.stem.clear()), "stem");
        assert_eq!(with(|words| words.key = "AB".to_owned()), "key");
        assert_eq!(with(|words| words.key = "C".to_owned()), "key");
        assert_eq!(with(|words| words.choices.truncate(1)), "choices");
        assert_eq!(with(|words| words.choices[0].clear()), "A");
        assert_eq!(with(|words| words.choices[1] = "一".to_owned()), "B");
        assert_eq!(
            with(|words| words.law_as_of = "去年".to_owned()),
            "law_as_of"
        );
        assert_eq!(with(|words| words.stem = "字".repeat(2_001)), "stem");
    }
}
