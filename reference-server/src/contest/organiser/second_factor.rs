//! Codes of an authenticator (RFC 6238: six digits, 30 seconds, HMAC-SHA-1), and recovery codes.

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use totp_rs::{Algorithm, Builder, Secret, Totp};
use zeroize::Zeroizing;

use super::super::Failure;
use crate::entropy::Entropy;

/// Seconds for which one code stands.
const STEP_SECONDS: u64 = 30;
/// Recovery codes given at a time.
const N_RECOVERY_CODES: usize = 10;
/// Bytes of an authenticator's secret (RFC 4226, section 4: 160 bits).
pub(super) const SECRET_BYTES: usize = 20;

/// An authenticator: what the phone and the server share.
pub(super) struct Authenticator(Totp);

impl Authenticator {
    /// The authenticator of this secret, which may be shown as a code on a screen to this organiser.
    pub(super) fn new(secret: &[u8], issuer: &str, organiser: &str) -> Result<Self, Failure> {
        Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(6)
            .with_skew(1)
            .with_step_duration(STEP_SECONDS)
            .with_secret(Secret::from(secret.to_vec()))
            .with_issuer(Some(issuer.to_owned()))
            .with_account_name(organiser)
            .build()
            .map(Self)
            .map_err(Failure::defect)
    }

    /// The step whose code this is, if it is one of the present step or of a neighbour.
    pub(super) fn step_of(&self, code: &str, now: DateTime<Utc>) -> Option<i64> {
        let code: String = code.chars().filter(|letter| *letter != ' ').collect();
        let step = self.0.check(&code, seconds(now))?;
        i64::try_from(step).ok()
    }

    /// The code of the present step.
    pub(super) fn code_at(&self, now: DateTime<Utc>) -> String {
        self.0.generate(seconds(now)).to_string()
    }

    /// What an authenticator application reads from a QR code.
    pub(super) fn url(&self) -> Result<String, Failure> {
        self.0.to_url().map_err(Failure::defect)
    }

    /// The secret as somebody types it: base 32.
    pub(super) fn typed(&self) -> String {
        self.0.secret().to_base32()
    }
}

fn seconds(at: DateTime<Utc>) -> u64 {
    u64::try_from(at.timestamp()).unwrap_or(0)
}

/// New recovery codes, as they are shown once.
pub(super) fn recovery_codes(entropy: &dyn Entropy) -> Vec<Zeroizing<String>> {
    let code = |_nth| Zeroizing::new(entropy.alphanumeric(16).to_uppercase());
    (0..N_RECOVERY_CODES).map(code).collect()
}

/// What is kept of a recovery code: 16 of 36 characters need no slow digest.
pub(super) fn recovery_hash(organiser: &str, code: &str) -> String {
    let code: String = code
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_uppercase())
        .collect();
    let mut hasher = Sha256::new();
    hasher.update(b"recovery code\0");
    hasher.update(organiser.as_bytes());
    hasher.update(b"\0");
    hasher.update(code.as_bytes());
    hex::encode(hasher.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SeededEntropy;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).expect("an instant")
    }

    #[test]
    fn codes_are_those_of_rfc_6238() {
        // Appendix B has eight digits; six are the last six of them.
        let authenticator =
            Authenticator::new(b"12345678901234567890", "issuer", "somebody").expect("a secret");
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(authenticator.code_at(at(seconds)), code);
            assert_eq!(authenticator.step_of(code, at(seconds)), Some(seconds / 30));
        }
    }

    #[test]
    fn a_code_stands_for_its_step_and_the_neighbours_and_no_longer() {
        let authenticator =
            Authenticator::new(b"12345678901234567890", "issuer", "somebody").expect("a secret");
        let step = 37_037_037;
        let code = authenticator.code_at(at(step * 30 + 7));
        for (offset, is_taken) in [
            (-31, false),
            (-30, true),
            (0, true),
            (59, true),
            (60, false),
        ] {
            let found = authenticator.step_of(&code, at(step * 30 + offset));
            assert_eq!(found, is_taken.then_some(step), "{offset}");
        }
        let spaced = format!("{} {}", &code[..3], &code[3..]);
        assert_eq!(authenticator.step_of(&spaced, at(step * 30)), Some(step));
        for wrong in ["", "12345", "1234567", "abcdef", "１２３４５６"] {
            assert_eq!(authenticator.step_of(wrong, at(step * 30)), None, "{wrong}");
        }
    }

    #[test]
    fn recovery_codes_differ_and_may_be_typed_as_one_likes() {
        let codes = recovery_codes(&SeededEntropy::new(1));
        let mut hashes: Vec<String> = codes.iter().map(|code| recovery_hash("a", code)).collect();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), N_RECOVERY_CODES);
        let [first, ..] = codes.as_slice() else {
            panic!("no code");
        };
        let typed = format!(" {}-{}", first[..8].to_lowercase(), &first[8..]);
        assert_eq!(recovery_hash("a", &typed), recovery_hash("a", first));
        assert_ne!(recovery_hash("b", first), recovery_hash("a", first));
    }
}
