//! A city's half of a bank, from a raw file to the opening.
//!
//! | file | what happens there |
//! |---|---|
//! | `examination` | what is found in question files, alone and against the province's |
//! | `words` | the same in the words that organisers read |
//! | `workbook` | the office's rows back as a workbook, with a column of problems |
//! | `draft` | what an office has handed in and written, and the questions that come of it |
//! | `desk` | a draft is begun, mended and looked at |
//! | `submission` | a draft becomes a bank: submitted by one person, approved by another, in force |

pub mod desk;
pub mod draft;
pub(crate) mod examination;
pub mod submission;
pub(crate) mod words;
pub(crate) mod workbook;
