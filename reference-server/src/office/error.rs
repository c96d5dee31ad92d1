//! Why a file gives no questions.

use std::{io, process::ExitStatus, time::Duration};

use quiz_core::Finding;

use super::{
    limits::{MOST_ANSWER_BYTES, MOST_FILE_BYTES},
    refusal::Refusal,
};

/// Why a file gives no questions.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OfficeError {
    /// A Word file of the format before 2007.
    #[error("{file}: a .doc file is not read; save it as .docx")]
    OldWord {
        /// The file.
        file: String,
    },
    /// The name ends in nothing this server reads.
    #[error(
        "{file}: only .xlsx, .xls, .ods, .csv, .tsv, .docx, .txt, .gift, .aiken, .xml (Moodle, QTI) and .zip (QTI) are read"
    )]
    UnknownEnding {
        /// The file.
        file: String,
    },
    /// The file is larger than [`MOST_FILE_BYTES`].
    #[error("{file}: {n_bytes} bytes where at most {MOST_FILE_BYTES} are read")]
    TooLarge {
        /// The file.
        file: String,
        /// Its size.
        n_bytes: usize,
    },
    /// The content is refused.
    #[error("{file}: {refusal}")]
    Refused {
        /// The file.
        file: String,
        /// Why.
        refusal: Refusal,
    },
    /// The child process cannot be started, fed or heard.
    #[error("{file}: the reading process cannot be used: {source}")]
    Process {
        /// The file.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// The child process ended without an answer: it ran into a limit, or failed.
    #[error("{file}: the reading process ended with {status}")]
    ReadingFailed {
        /// The file.
        file: String,
        /// How it ended.
        status: ExitStatus,
    },
    /// The child process took longer than the reader's patience.
    #[error("{file}: not read within {longest:?}")]
    TimedOut {
        /// The file.
        file: String,
        /// The patience.
        longest: Duration,
    },
    /// The child process said more than [`MOST_ANSWER_BYTES`].
    #[error("{file}: its content exceeds {MOST_ANSWER_BYTES} bytes")]
    AnswerTooLong {
        /// The file.
        file: String,
    },
    /// The child process said something else than an answer.
    #[error("{file}: the reading process does not answer as agreed: {source}")]
    Answer {
        /// The file.
        file: String,
        /// Why.
        source: serde_json::Error,
    },
    /// Questions were read, and at least one row is refused.
    #[error("{}: {}, and {n_more} more", first.place, first.code)]
    HasErrors {
        /// The first finding that is an error.
        first: Box<Finding>,
        /// Number of further errors.
        n_more: usize,
    },
}

impl OfficeError {
    /// What is wrong and what to do about it, in Chinese, for organisers.
    #[must_use]
    pub fn message_zh(&self) -> String {
        match self {
            Self::OldWord { file } => {
                format!("{file}：请用 Word 或 WPS 另存为 .docx 后再上传。")
            }
            Self::UnknownEnding { file } => {
                format!(
                    "{file}：只接收 .xlsx、.xls、.ods、.csv、.tsv、.docx、.txt、.gift、.aiken、.xml（Moodle、QTI）和 .zip（QTI）文件。"
                )
            }
            Self::TooLarge { file, .. } => format!(
                "{file}：文件超过{}兆字节。请删除图片等无关内容后再上传。",
                MOST_FILE_BYTES / 1024 / 1024
            ),
            Self::Refused { file, refusal } => format!("{file}：{}", refusal.message_zh()),
            Self::ReadingFailed { file, .. }
            | Self::TimedOut { file, .. }
            | Self::AnswerTooLong { file } => {
                format!("{file}：文件过大或已损坏，无法读取。请新建一个文件，只复制题目后再上传。")
            }
            Self::Process { file, .. } | Self::Answer { file, .. } => {
                format!("{file}：系统暂时无法读取文件，请联系技术支持。")
            }
            Self::HasErrors { first, n_more } => {
                let more = match n_more {
                    0 => String::new(),
                    more => format!("另有{more}处错误。"),
                };
                format!(
                    "{}：{}。{more}",
                    first.place.to_zh(),
                    first.code.message_zh()
                )
            }
        }
    }
}
