//! Archives: measured as a whole before any part of them is parsed.

use std::io::{self, Cursor, Read};

use zip::{ZipArchive, result::ZipError};

use super::{
    limits::{MOST_ENTRIES, MOST_RATIO, MOST_UNPACKED_BYTES},
    refusal::Refusal,
};

/// Whether the bytes begin as an archive does.
pub(super) fn is_archive(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK")
}

/// Whether the bytes begin as a file of the formats before 2007 does, or a locked one of today.
fn is_compound(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0])
}

/// An archive whose entries, unpacked to their ends, were within the limits.
#[derive(Debug)]
pub(super) struct MeasuredArchive<'bytes> {
    archive: ZipArchive<Cursor<&'bytes [u8]>>,
}

impl<'bytes> MeasuredArchive<'bytes> {
    /// Measures the archive: number of entries, then declared sizes, then true sizes.
    ///
    /// Costs the unpacking of everything, at most [`MOST_UNPACKED_BYTES`], and no memory.
    pub(super) fn open(bytes: &'bytes [u8]) -> Result<Self, Refusal> {
        if is_compound(bytes) {
            return Err(Refusal::Locked);
        }
        let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|e| damaged("", &e))?;
        let found = archive.len();
        if found > MOST_ENTRIES {
            return Err(Refusal::TooManyEntries { found });
        }
        let allowance = Allowance::of(bytes);
        let mut declared: u64 = 0;
        for index in 0..found {
            let entry = archive.by_index_raw(index).map_err(|e| damaged("", &e))?;
            declared = declared.saturating_add(entry.size());
        }
        allowance.check(declared)?;
        let mut unpacked: u64 = 0;
        for index in 0..found {
            let entry = archive.by_index(index).map_err(|e| damaged("", &e))?;
            let part = entry.name().map_or_else(|_| String::new(), Into::into);
            let left = allowance.most.saturating_sub(unpacked).saturating_add(1);
            let n_bytes =
                io::copy(&mut entry.take(left), &mut io::sink()).map_err(|e| damaged(&part, &e))?;
            unpacked = unpacked.saturating_add(n_bytes);
            allowance.check(unpacked)?;
        }
        Ok(Self { archive })
    }

    /// The bytes of a part; `None` if there is no such part.
    pub(super) fn part(&mut self, name: &str) -> Result<Option<Vec<u8>>, Refusal> {
        let entry = match self.archive.by_name(name) {
            Ok(entry) => entry,
            Err(ZipError::FileNotFound) => return Ok(None),
            Err(error) => return Err(damaged(name, &error)),
        };
        let mut bytes = Vec::new();
        entry
            .take(MOST_UNPACKED_BYTES)
            .read_to_end(&mut bytes)
            .map_err(|e| damaged(name, &e))?;
        Ok(Some(bytes))
    }

    /// The names of all parts, in order.
    pub(super) fn parts(&self) -> Vec<String> {
        let names = self.archive.file_names().filter_map(Result::ok);
        let mut parts: Vec<String> = names.map(Into::into).collect();
        parts.sort();
        parts
    }

    /// The bytes of a part that must be there.
    pub(super) fn required_part(&mut self, name: &str) -> Result<Vec<u8>, Refusal> {
        self.part(name)?.ok_or_else(|| Refusal::MissingPart {
            part: name.to_owned(),
        })
    }
}

/// How much an archive may unpack to.
struct Allowance {
    most: u64,
    by_ratio: bool,
}

impl Allowance {
    fn of(bytes: &[u8]) -> Self {
        let packed = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let most = packed.saturating_mul(MOST_RATIO);
        Self {
            most: most.min(MOST_UNPACKED_BYTES),
            by_ratio: most < MOST_UNPACKED_BYTES,
        }
    }

    const fn check(&self, n_bytes: u64) -> Result<(), Refusal> {
        if n_bytes <= self.most {
            Ok(())
        } else if self.by_ratio {
            Err(Refusal::TooDense)
        } else {
            Err(Refusal::TooLargeUnpacked)
        }
    }
}

fn damaged(part: &str, error: &dyn std::error::Error) -> Refusal {
    Refusal::Malformed {
        part: part.to_owned(),
        detail: error.to_string(),
    }
}
