//! Banks and rows the other modules state their laws about.

use quiz_core::{
    BankSize, FindingCode, Halves, Position, Question, QuestionBank, QuestionDraft,
    import::{Import, Place, Positioned, office_text, table},
};

pub(crate) fn draft(stem: &str, choices: &[&str], key: Position) -> QuestionDraft {
    QuestionDraft {
        stem: stem.to_owned(),
        choices: choices.iter().map(|c| (*c).to_owned()).collect(),
        key,
        explanation: None,
        source: None,
        law_as_of: None,
    }
}

pub(crate) fn question(stem: &str, choices: &[&str], key: Position) -> Question {
    Question::new(draft(stem, choices, key)).unwrap()
}

/// Four options that name the question, so that shown texts can be traced; the key goes round.
pub(crate) fn numbered(number: usize) -> Question {
    let texts: Vec<String> = ["甲", "乙", "丙", "丁"]
        .iter()
        .map(|c| format!("{c}{number}"))
        .collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    question(
        &format!("第{number}问（ ）"),
        &texts,
        Position::from_index(number % 4).unwrap(),
    )
}

/// Questions as they stood in a file, one a row.
pub(crate) fn placed(questions: Vec<Question>) -> Vec<Positioned<Question>> {
    let place = |row| Place {
        file: "题库".to_owned(),
        sheet: None,
        row,
        column: None,
    };
    (1..)
        .zip(questions)
        .map(|(row, value)| Positioned {
            place: place(row),
            value,
        })
        .collect()
}

pub(crate) fn bank_of(province: Vec<Question>, city: Vec<Question>) -> QuestionBank {
    let size = BankSize {
        province: province.len().try_into().unwrap(),
        city: city.len().try_into().unwrap(),
    };
    QuestionBank::freeze(size, Halves { province, city }).unwrap()
}

pub(crate) fn jiangsu() -> QuestionBank {
    let halves = Halves {
        province: (0..50).map(numbered).collect(),
        city: (50..100).map(numbered).collect(),
    };
    QuestionBank::freeze(BankSize::JIANGSU_2020, halves).unwrap()
}

pub(crate) fn read_table(rows: &[&[&str]]) -> Import {
    table::read(&sheet(None, rows))
}

pub(crate) fn sheet(name: Option<&str>, rows: &[&[&str]]) -> table::Sheet {
    table::Sheet {
        file: "题库.xlsx".to_owned(),
        name: name.map(str::to_owned),
        first_row: 1,
        first_column: 1,
        rows: rows
            .iter()
            .map(|row| row.iter().map(|cell| (*cell).to_owned()).collect())
            .collect(),
    }
}

pub(crate) fn read_text(text: &str) -> Import {
    office_text::read(&office_text::Document {
        file: "题库.docx".to_owned(),
        paragraphs: text.lines().map(str::to_owned).collect(),
    })
}

pub(crate) fn codes(import: &Import) -> Vec<FindingCode> {
    import.findings.iter().map(|f| f.code).collect()
}

/// Stem, options and key letter, for comparing whole questions at once.
pub(crate) fn shape(question: &Question) -> (String, Vec<String>, Position) {
    let choices = question
        .choices()
        .iter()
        .map(|c| c.text().to_owned())
        .collect();
    (question.stem().to_owned(), choices, question.key())
}
