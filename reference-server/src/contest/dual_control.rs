//! Two persons: who acts, and that the second is another than the first.

use reward_core::OperatorId;
use sha2::{Digest as _, Sha256};

/// Something that has to be given is not: a name, a reason, evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what} must be given")]
pub struct Missing {
    /// What is missing.
    pub what: &'static str,
}

/// The text without spaces around it.
///
/// # Errors
/// [`Missing`] when nothing is left.
pub(super) fn given(what: &'static str, text: &str) -> Result<String, Missing> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Missing { what });
    }
    Ok(text.to_owned())
}

/// A person as the payout machine tells persons apart, until there are accounts: a digest of the name.
pub(super) fn operator(name: &str) -> OperatorId {
    let digest: [u8; 32] = Sha256::digest(plain_name(name)).into();
    let (first, _rest) = digest.split_at(8);
    OperatorId::new(
        first
            .iter()
            .fold(0, |number, byte| (number << 8) | u64::from(*byte)),
    )
}

fn plain_name(name: &str) -> String {
    name.trim().to_lowercase()
}

/// Whether two names are one person's: spaces and capitals do not make another.
pub(super) fn same_person(one: &str, other: &str) -> bool {
    plain_name(one) == plain_name(other)
}
