//! How much an office file may be and how much it may cost to read, in one place.

use std::time::Duration;

/// Largest file, in bytes.
pub const MOST_FILE_BYTES: usize = 10 * 1024 * 1024;

/// Most entries of an archive; an ordinary workbook has about 12, a document about 20.
pub const MOST_ENTRIES: usize = 100;

/// Largest sum of unpacked entries, in bytes.
pub const MOST_UNPACKED_BYTES: u64 = 50 * 1024 * 1024;

/// Largest ratio of the unpacked entries to the file.
pub const MOST_RATIO: u64 = 100;

/// Last row of a table that may hold something, counted from 1.
pub const MOST_ROWS: usize = 20_000;

/// Last column of a table that may hold something, counted from 1.
pub const MOST_COLUMNS: usize = 40;

/// Most paragraphs of a document or lines of a text; 50 questions have about 450.
pub const MOST_PARAGRAPHS: usize = 20_000;

/// Longest cell or paragraph, in characters; what spreadsheets themselves allow a cell.
pub const MOST_CELL_CHARACTERS: usize = 32_767;

/// Memory of the child process, in bytes of address space.
pub const CHILD_MEMORY_BYTES: u64 = 512 * 1024 * 1024;

/// Processor time of the child process, in seconds.
pub const CHILD_PROCESSOR_SECONDS: u64 = 10;

/// Open files of the child process; it needs its three standard streams.
pub const CHILD_OPEN_FILES: u64 = 16;

/// Longest answer of the child process, in bytes.
pub const MOST_ANSWER_BYTES: usize = 32 * 1024 * 1024;

/// How long the server waits for the child process.
pub const LONGEST_READING: Duration = Duration::from_secs(15);
