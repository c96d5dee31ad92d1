//! Identifiers as WeChat makes them, derived from the seed and a counter so that a rehearsal can be repeated.

use super::seal::derive;

const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const DIGITS: &[u8; 10] = b"0123456789";
const HEX: &[u8; 16] = b"0123456789abcdef";

/// The source of every generated name, ticket, token and nonce.
#[derive(Debug)]
pub(super) struct Identifiers {
    seed: u64,
    issued: u64,
}

impl Identifiers {
    pub(super) const fn new(seed: u64) -> Self {
        Self { seed, issued: 0 }
    }

    /// `length` characters of `[0-9A-Za-z_-]`, never the same twice.
    pub(super) fn text(&mut self, label: &str, length: usize) -> String {
        self.issued = self.issued.wrapping_add(1);
        spell(
            self.seed,
            label,
            &self.issued.to_be_bytes(),
            URL_SAFE,
            length,
        )
    }

    /// `length` decimal digits.
    pub(super) fn digits(&mut self, label: &str, length: usize) -> String {
        self.issued = self.issued.wrapping_add(1);
        spell(self.seed, label, &self.issued.to_be_bytes(), DIGITS, length)
    }

    pub(super) fn bytes(&mut self, label: &str) -> [u8; 16] {
        self.issued = self.issued.wrapping_add(1);
        let derived = derive(&[
            &self.seed.to_be_bytes(),
            label.as_bytes(),
            &self.issued.to_be_bytes(),
        ]);
        derived.first_chunk().copied().unwrap_or_default()
    }
}

/// The account's own name, `gh_` and 12 hex digits, the same for the same seed and appid.
pub(super) fn account_id(seed: u64, app_id: &str) -> String {
    format!("gh_{}", spell(seed, "account", app_id.as_bytes(), HEX, 12))
}

/// The number WeChat gives a refused call, three groups of eight hex digits.
pub(super) fn request_id(seed: u64, number: u64) -> String {
    let digits = spell(seed, "rid", &number.to_be_bytes(), HEX, 24);
    let groups: Vec<&str> = [0..8, 8..16, 16..24]
        .into_iter()
        .filter_map(|range| digits.get(range))
        .collect();
    groups.join("-")
}

/// What opens the confirm page of a transfer; the same for the same number, whatever was asked before.
pub(super) fn package_info(seed: u64, bill_number: &str) -> String {
    let text = spell(seed, "package", bill_number.as_bytes(), URL_SAFE, 60);
    format!("{text}+/==")
}

/// The virtual openid a person shows in a snapshot page.
pub(super) fn snapshot_openid(seed: u64, openid: &str) -> String {
    format!(
        "o{}",
        spell(seed, "snapshot", openid.as_bytes(), URL_SAFE, 27)
    )
}

/// A number in `0..1000` that depends on the seed, the rule and the call.
pub(super) fn per_mille_draw(seed: u64, rule: u64, call: u64) -> u64 {
    let derived = derive(&[
        &seed.to_be_bytes(),
        b"fault",
        &rule.to_be_bytes(),
        &call.to_be_bytes(),
    ]);
    let word = derived.first_chunk().copied().map_or(0, u64::from_be_bytes);
    word.checked_rem(1000).unwrap_or(0)
}

fn spell(seed: u64, label: &str, source: &[u8], alphabet: &[u8], length: usize) -> String {
    let mut text = String::with_capacity(length);
    let mut block: u64 = 0;
    while text.len() < length {
        let bytes = derive(&[
            &seed.to_be_bytes(),
            label.as_bytes(),
            source,
            &block.to_be_bytes(),
        ]);
        for byte in bytes {
            if text.len() == length {
                break;
            }
            let index = usize::from(byte).checked_rem(alphabet.len()).unwrap_or(0);
            text.push(
                alphabet
                    .get(index)
                    .map_or('0', |&letter| char::from(letter)),
            );
        }
        block = block.wrapping_add(1);
    }
    text
}

/// A ticket for a scene that no QR code was ever made for.
pub(super) fn stand_in_ticket(seed: u64, scene: &str) -> String {
    format!(
        "gQ{}==",
        spell(seed, "stand-in", scene.as_bytes(), URL_SAFE, 92)
    )
}
