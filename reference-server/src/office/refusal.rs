//! Why the content of a file is refused.

use serde::{Deserialize, Serialize};

use super::limits::{
    MOST_CELL_CHARACTERS, MOST_COLUMNS, MOST_ENTRIES, MOST_PARAGRAPHS, MOST_RATIO, MOST_ROWS,
    MOST_UNPACKED_BYTES,
};

/// Why the content of a file is refused; travels from the child process to the server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Refusal {
    /// The archive has more entries than [`MOST_ENTRIES`].
    #[error("the archive has {found} entries where at most {MOST_ENTRIES} are read")]
    TooManyEntries {
        /// Number of entries.
        found: usize,
    },
    /// The entries are more than [`MOST_UNPACKED_BYTES`].
    #[error("unpacked it exceeds {MOST_UNPACKED_BYTES} bytes")]
    TooLargeUnpacked,
    /// The entries are more than [`MOST_RATIO`] times the file.
    #[error("unpacked it exceeds {MOST_RATIO} times its size")]
    TooDense,
    /// Something stands below row [`MOST_ROWS`].
    #[error("row {row} of {table:?} holds something where at most {MOST_ROWS} rows are read")]
    TooManyRows {
        /// Name of the sheet or table.
        table: String,
        /// The row, counted from 1.
        row: usize,
    },
    /// Something stands to the right of column [`MOST_COLUMNS`].
    #[error(
        "row {row} of {table:?} holds something in column {column} where at most {MOST_COLUMNS} columns are read"
    )]
    TooManyColumns {
        /// Name of the sheet or table.
        table: String,
        /// The row, counted from 1.
        row: usize,
        /// The column, counted from 1.
        column: usize,
    },
    /// A cell is longer than [`MOST_CELL_CHARACTERS`].
    #[error(
        "row {row}, column {column} of {table:?} is longer than {MOST_CELL_CHARACTERS} characters"
    )]
    CellTooLong {
        /// Name of the sheet or table.
        table: String,
        /// The row, counted from 1.
        row: usize,
        /// The column, counted from 1.
        column: usize,
    },
    /// A text has more paragraphs than [`MOST_PARAGRAPHS`].
    #[error("it has more than {MOST_PARAGRAPHS} paragraphs")]
    TooManyParagraphs,
    /// A paragraph is longer than [`MOST_CELL_CHARACTERS`].
    #[error("paragraph {paragraph} is longer than {MOST_CELL_CHARACTERS} characters")]
    ParagraphTooLong {
        /// The paragraph, counted from 1.
        paragraph: usize,
    },
    /// An old workbook does not tell how a fraction is shown: 0.05 may be 5%.
    #[error(
        "row {row}, column {column} of {table:?} is the number {value}, shown in a way an old workbook does not tell"
    )]
    UnshownNumber {
        /// Name of the sheet.
        table: String,
        /// The row, counted from 1.
        row: usize,
        /// The column, counted from 1.
        column: usize,
        /// The number as stored.
        value: String,
    },
    /// A quotation mark opens a cell of a text table and none closes it.
    #[error("the quotation mark that opens in row {row} is never closed")]
    UnclosedQuote {
        /// The row, counted from 1.
        row: usize,
    },
    /// The bytes are text in no known encoding.
    #[error("the text is neither UTF-8, UTF-16 with a byte order mark, nor GB18030")]
    UnknownEncoding,
    /// The file has a password, or is of the old format under a new ending.
    #[error("it is locked by a password or of an older format than its ending says")]
    Locked,
    /// A part every such file has is not there.
    #[error("it has no part {part:?}")]
    MissingPart {
        /// The part.
        part: String,
    },
    /// A part is not what it should be.
    #[error("its part {part:?} is damaged: {detail}")]
    Malformed {
        /// The part.
        part: String,
        /// What its reader said.
        detail: String,
    },
}

impl Refusal {
    /// What is wrong and what to do about it, in Chinese, for organisers.
    #[must_use]
    pub fn message_zh(&self) -> String {
        match self {
            Self::TooManyEntries { found } => format!(
                "文件内含{found}个部件，超过{MOST_ENTRIES}个。请新建一个文件，只复制题目后再上传。"
            ),
            Self::TooLargeUnpacked | Self::TooDense => {
                "文件展开后过大。请新建一个文件，只复制题目后再上传。".to_owned()
            }
            Self::TooManyRows { table, row } => {
                format!("“{table}”第{row}行有内容，超过{MOST_ROWS}行。请删除多余的行后再上传。")
            }
            Self::TooManyColumns { table, row, column } => format!(
                "“{table}”第{row}行第{column}列有内容，超过{MOST_COLUMNS}列。请删除多余的列后再上传。"
            ),
            Self::CellTooLong { table, row, column } => format!(
                "“{table}”第{row}行第{column}列超过{MOST_CELL_CHARACTERS}字。请检查该单元格（文本文件请检查引号是否成对）。"
            ),
            Self::TooManyParagraphs => {
                format!("正文超过{MOST_PARAGRAPHS}段。请新建一个文件，只复制题目后再上传。")
            }
            Self::ParagraphTooLong { paragraph } => {
                format!("第{paragraph}段超过{MOST_CELL_CHARACTERS}字。请分段后再上传。")
            }
            Self::UnshownNumber {
                table,
                row,
                column,
                value,
            } => format!(
                "“{table}”第{row}行第{column}列的数值为{value}，旧格式无法确认其显示形式（如0.05与5%）。请用 Excel 或 WPS 另存为 .xlsx 后再上传。"
            ),
            Self::UnclosedQuote { row } => {
                format!("第{row}行的引号没有成对。请补上后引号后再上传。")
            }
            Self::UnknownEncoding => {
                "无法识别文字编码。请另存为 UTF-8 编码的文本后再上传。".to_owned()
            }
            Self::Locked => {
                "文件已加密，或实为旧格式。请取消密码，并另存为 .xlsx 或 .docx 后再上传。"
                    .to_owned()
            }
            Self::MissingPart { .. } | Self::Malformed { .. } => {
                "文件已损坏。请用 Office 或 WPS 打开并重新保存后再上传。".to_owned()
            }
        }
    }
}
