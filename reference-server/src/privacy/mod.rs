//! The keys of a season, and everything that is encrypted or keyed with them.
//!
//! | what | from where | how long |
//! |---|---|---|
//! | order numbers, claimants, papers, tokens of attempts, cookies, plans, organisers' links | the master key | the season |
//! | the index of openids | `index-1.key` | the season, then destroyed |
//! | sealed values that name a person | `people-N.key` | rotated at will, then destroyed |
//! | sealed values of the contest | `contest-N.key` | rotated at will |
//! | backups | a key of their own, which wraps nothing else | as long as a backup is kept |
//!
//! What the master key gives is never rotated: a number that changed would pay twice.
//! Each use has a key of its own derived from it (HKDF-SHA-256, RFC 5869), so that no key
//! serves two purposes; one of them wraps the key files.
//!
//! | file | what |
//! |---|---|
//! | `file` | key files |
//! | `ring` | keys that seal and open, old and new |
//! | `stream` | files sealed as they are written: backups |
//! | `suite` | ciphers and hashes |
//! | `sm` | the Chinese national ones, with the feature `sm` |

mod file;
mod ring;
#[cfg(feature = "sm")]
mod sm;
mod stream;
mod suite;

use std::fmt;

use aws_lc_rs::{hkdf, hmac};
use zeroize::Zeroizing;

pub use file::{KeyFile, KeyFileError, RingName, destroy, expect_private, put};
use ring::Ring;
pub use ring::version_of;
pub use stream::{BackupKey, NotSealed, OpeningReader, SealingWriter};
pub use suite::Suite;
use suite::{Hash, Secret};

use crate::entropy::Entropy;

/// Base 32 without letters that are mistaken for each other (Crockford's alphabet).
const BASE32: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A sealed value that cannot be opened: another key, another place, or altered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed value cannot be opened with this key in this place")]
pub struct Unsealable;

/// The keys of what names persons are destroyed: nothing of it can be sealed, opened or found again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the keys of personal data are destroyed")]
pub struct Destroyed;

/// The columns that are sealed: each value of each of them, by the ring of its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a sealed column that a rotation forgets is lost with its old key"
)]
pub enum Field {
    /// A frozen bank's questions; the row is its digest.
    BankContent,
    /// What an office is writing of its half of a bank; the row is its city.
    BankDraft,
    /// A plan's seed; the row is its city.
    PlanSeed,
    /// A token every instance shares; the row is its name.
    SharedToken,
    /// A person's openid; the row is the person.
    Openid,
    /// A payment's frozen request; the row is its order number.
    PaymentRequest,
    /// What opens WeChat's confirm page; the row is the payment's order number.
    PaymentPackage,
    /// A platform certificate of WeChat Pay's; the row is its serial. No secret, but nobody's to forge.
    PlatformCertificate,
    /// The secret of an organiser's second factor; the row is the organiser.
    OrganiserTotp,
    /// A secret of the account or the merchant that was given at the console; the row is its own name.
    GivenSecret,
}

impl Field {
    /// Every sealed column.
    pub const ALL: [Self; 10] = [
        Self::BankContent,
        Self::PlanSeed,
        Self::SharedToken,
        Self::Openid,
        Self::PaymentRequest,
        Self::PaymentPackage,
        Self::PlatformCertificate,
        Self::OrganiserTotp,
        Self::GivenSecret,
        Self::BankDraft,
    ];

    /// The ring whose keys seal it.
    #[must_use]
    pub const fn ring(self) -> RingName {
        match self {
            Self::BankContent
            | Self::BankDraft
            | Self::PlanSeed
            | Self::SharedToken
            | Self::PlatformCertificate
            | Self::OrganiserTotp
            | Self::GivenSecret => RingName::Contest,
            Self::Openid | Self::PaymentRequest | Self::PaymentPackage => RingName::People,
        }
    }

    /// Table and column.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BankContent => "bank.content",
            Self::BankDraft => "bank_draft.content",
            Self::PlanSeed => "city.plan_seed",
            Self::SharedToken => "shared_token.value",
            Self::Openid => "person.openid",
            Self::PaymentRequest => "payment.request",
            Self::PaymentPackage => "payment.package",
            Self::PlatformCertificate => "platform_certificate.pem",
            Self::OrganiserTotp => "organiser.totp",
            Self::GivenSecret => "secret.value",
        }
    }

    /// The place of one row's value.
    #[must_use]
    pub fn of(self, row: &str) -> Place {
        Place {
            field: self,
            row: row.to_owned(),
        }
    }
}

/// Where a sealed value stands; elsewhere it does not open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    field: Field,
    row: String,
}

impl Place {
    /// The data a value is bound to: table, column, row, key version and suite.
    fn bound_to(&self, tag: &str) -> Vec<u8> {
        format!("{}|{}|{tag}", self.field.name(), self.row).into_bytes()
    }
}

/// The secret of a season, of which the file of the master key holds the only copy: never rotated.
pub struct SeasonSecret {
    prk: hkdf::Prk,
    fingerprint: String,
}

impl fmt::Debug for SeasonSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SeasonSecret([redacted])")
    }
}

impl SeasonSecret {
    /// The secret of a master key.
    #[must_use]
    pub fn new(master: &[u8; 32]) -> Self {
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"quiz-contest keys 1");
        Self {
            prk: salt.extract(master),
            fingerprint: fingerprint(master),
        }
    }

    fn key(&self, purpose: &[u8]) -> Secret {
        Zeroizing::new(expand::<32>(&self.prk, purpose))
    }
}

/// A key as rows and reports name it: never by its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyName {
    /// `season`, or the ring's name.
    pub ring: &'static str,
    /// From 1.
    pub version: u32,
    /// What tells it from every other key.
    pub fingerprint: String,
}

/// The key of the index of openids.
struct Index {
    version: u32,
    fingerprint: String,
    hash: Hash,
}

/// The keys of one season.
pub struct Keys {
    season_fingerprint: String,
    contest: Ring,
    people: Ring,
    index: Option<Index>,
    bill: hmac::Key,
    attempt: hmac::Key,
    claimant: hmac::Key,
    paper: hmac::Key,
    organiser: hmac::Key,
    season_seed: [u8; 32],
    session: [u8; 64],
}

impl fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Keys([redacted])")
    }
}

impl Keys {
    /// Every key from one secret, for worlds that are thrown away: a demo, a rehearsal, a test.
    ///
    /// # Panics
    /// Never: each ring has one key, and it is its own.
    #[must_use]
    pub fn derive(master: &[u8; 32]) -> Self {
        let season = SeasonSecret::new(master);
        let first = |ring| Some(KeyFile::derived(&season, ring));
        Self::new(
            &season,
            vec![first(RingName::Contest)],
            vec![first(RingName::People)],
            first(RingName::Index),
        )
        .expect("each ring has one key, and it is its own")
    }

    /// The season's keys, each ring with the sealing key first; `None` is a key that was destroyed.
    ///
    /// With one of the people's keys or the index destroyed, all of them count as destroyed.
    ///
    /// # Errors
    /// [`KeyFileError::OtherRing`] and [`KeyFileError::TwiceTheSame`].
    pub fn new(
        season: &SeasonSecret,
        contest: Vec<Option<KeyFile>>,
        people: Vec<Option<KeyFile>>,
        index: Option<KeyFile>,
    ) -> Result<Self, KeyFileError> {
        let contest: Vec<KeyFile> = contest.into_iter().flatten().collect();
        let n_people = people.len();
        let people: Vec<KeyFile> = people.into_iter().flatten().collect();
        let is_whole = index.is_some() && people.len() == n_people;
        let tag =
            |purpose: &[u8]| hmac::Key::new(hmac::HMAC_SHA256, season.key(purpose).as_slice());
        let index = index.filter(|_index| is_whole);
        if let Some(file) = &index
            && file.ring() != RingName::Index
        {
            return Err(KeyFileError::OtherRing {
                expected: RingName::Index,
                found: file.ring(),
            });
        }
        Ok(Self {
            season_fingerprint: season.fingerprint.clone(),
            contest: Ring::new(RingName::Contest, &contest)?,
            people: if is_whole {
                Ring::new(RingName::People, &people)?
            } else {
                Ring::destroyed()
            },
            index: index.map(|file| Index {
                version: file.version(),
                fingerprint: file.fingerprint(),
                hash: Hash::new(file.suite(), file.secret()),
            }),
            bill: tag(b"bill number"),
            attempt: tag(b"attempt token"),
            claimant: tag(b"claimant"),
            paper: tag(b"paper"),
            organiser: tag(b"organiser"),
            season_seed: expand(&season.prk, b"packet plan"),
            session: expand(&season.prk, b"session cookie"),
        })
    }

    /// Every key in hand by its name, the season's first.
    #[must_use]
    pub fn names(&self) -> Vec<KeyName> {
        let name = |ring, version, fingerprint: &str| KeyName {
            ring,
            version,
            fingerprint: fingerprint.to_owned(),
        };
        let mut names = vec![name("season", 1, &self.season_fingerprint)];
        for (ring, keys) in [
            (RingName::Contest, &self.contest),
            (RingName::People, &self.people),
        ] {
            let keys = keys.keys();
            names.extend(keys.map(|key| name(ring.name(), key.version, &key.fingerprint)));
        }
        if let Some(index) = &self.index {
            let ring = RingName::Index.name();
            names.push(name(ring, index.version, &index.fingerprint));
        }
        names
    }

    /// Versions that open a column's values, the sealing one first, each with what its values begin with
    /// before a dot; none once the keys are destroyed.
    #[must_use]
    pub fn tags(&self, field: Field) -> Vec<(u32, String)> {
        let keys = self.ring(field).keys();
        keys.map(|key| (key.version, key.tag())).collect()
    }

    /// Whether the keys of what names persons are destroyed.
    #[must_use]
    pub fn people_are_forgotten(&self) -> bool {
        self.index.is_none()
    }

    fn ring(&self, field: Field) -> &Ring {
        match field.ring() {
            RingName::People => &self.people,
            RingName::Contest | RingName::Index => &self.contest,
        }
    }

    /// Encrypts a value for one place; opening it elsewhere fails.
    ///
    /// # Errors
    /// [`Destroyed`].
    pub fn seal(
        &self,
        place: &Place,
        plain: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<String, Destroyed> {
        self.ring(place.field).seal(place, plain, entropy)
    }

    /// Decrypts what [`Keys::seal`] made for the same place, with any key of its ring.
    ///
    /// # Errors
    /// [`Unsealable`] when the key, the place or a bit differs.
    pub fn open(&self, place: &Place, sealed: &str) -> Result<Vec<u8>, Unsealable> {
        self.ring(place.field).open(place, sealed)
    }

    /// The keyed index of an openid: equality without the openid, 26 base-32 letters (130 bits).
    ///
    /// # Errors
    /// [`Destroyed`].
    pub fn openid_index(&self, openid: &str) -> Result<String, Destroyed> {
        let index = self.index.as_ref().ok_or(Destroyed)?;
        Ok(base32_letters(&index.hash.digest(openid.as_bytes()), 26))
    }

    /// A number derived from content: the same parts give the same number for ever.
    ///
    /// 28 base-32 letters (140 bits), which is what WeChat Pay takes as an order number.
    #[must_use]
    pub fn content_number(&self, parts: &[&str]) -> String {
        base32_letters(&tag_parts(&self.bill, parts), 28)
    }

    /// The authentication tag of an attempt token, 16 bytes.
    #[must_use]
    pub fn attempt_tag(&self, payload: &[u8]) -> [u8; 16] {
        let mut tag = [0; 16];
        let full = hmac::sign(&self.attempt, payload);
        for (to, from) in tag.iter_mut().zip(full.as_ref()) {
            *to = *from;
        }
        tag
    }

    /// Whether the tag belongs to the payload, in constant time.
    #[must_use]
    pub fn is_attempt_tag(&self, payload: &[u8], tag: &[u8]) -> bool {
        aws_lc_rs::constant_time::verify_slices_are_equal(&self.attempt_tag(payload), tag).is_ok()
    }

    /// Who got a packet, as the public log of a city names him: 16 bytes that link no two cities.
    #[must_use]
    pub fn claimant(&self, city: &str, person: &str) -> [u8; 16] {
        let mut claimant = [0; 16];
        for (to, from) in claimant
            .iter_mut()
            .zip(tag_parts(&self.claimant, &[city, person]))
        {
            *to = from;
        }
        claimant
    }

    /// The seed from which the paper of one attempt is drawn.
    #[must_use]
    pub fn paper_seed(&self, parts: &[&str]) -> [u8; 32] {
        let mut seed = [0; 32];
        for (to, from) in seed.iter_mut().zip(tag_parts(&self.paper, parts)) {
            *to = from;
        }
        seed
    }

    /// What organisers' links, forms and tries are known by: 32 bytes that only this season's servers can make.
    #[must_use]
    pub fn organiser_tag(&self, parts: &[&str]) -> [u8; 32] {
        let mut tag = [0; 32];
        for (to, from) in tag.iter_mut().zip(tag_parts(&self.organiser, parts)) {
            *to = from;
        }
        tag
    }

    /// What tells the value of a secret from others without telling anything of it, 8 hexadecimal digits: nobody
    /// can try values without the season's key.
    #[must_use]
    pub fn secret_fingerprint(&self, name: &str, value: &str) -> String {
        let tag = self.organiser_tag(&["secret", name, value]);
        hex::encode(tag.get(..4).unwrap_or_default())
    }

    /// The seed from which every city's packet plan is derived.
    #[must_use]
    pub fn season_seed(&self) -> [u8; 32] {
        self.season_seed
    }

    /// Key material for the encrypted session cookie.
    #[must_use]
    pub fn session_key(&self) -> &[u8; 64] {
        &self.session
    }
}

struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn expand<const N: usize>(prk: &hkdf::Prk, purpose: &[u8]) -> [u8; N] {
    let mut key = [0; N];
    prk.expand(&[purpose], Length(N))
        .and_then(|okm| okm.fill(&mut key))
        .expect("HKDF gives at most 255 blocks, these keys are one or two");
    key
}

/// HMAC over parts, each with its length in front, so that no two lists collide.
fn tag_parts(key: &hmac::Key, parts: &[&str]) -> Vec<u8> {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
        context.update(&length.to_be_bytes());
        context.update(part.as_bytes());
    }
    context.sign().as_ref().to_vec()
}

fn base32_letters(bytes: &[u8], length: usize) -> String {
    let mut text = String::with_capacity(length);
    let (mut bits, mut n_bits) = (0_u32, 0_u32);
    for &byte in bytes {
        bits = (bits << 8) | u32::from(byte);
        n_bits += 8;
        while n_bits >= 5 && text.len() < length {
            n_bits -= 5;
            let digit = usize::try_from((bits >> n_bits) & 31).unwrap_or(0);
            text.push(char::from(BASE32[digit]));
        }
    }
    text
}

/// What tells a secret from every other without telling anything of it: 16 hexadecimal digits.
fn fingerprint(secret: &[u8; 32]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let tag = hmac::sign(&key, b"quiz-contest key fingerprint");
    hex::encode(tag.as_ref().get(..8).unwrap_or_default())
}

#[cfg(test)]
mod tests;
