//! PEM and the part of X.509 that a key ring needs: serial number, validity, public key.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, NaiveDateTime, Utc};
use zeroize::Zeroizing;

/// The longest PEM text that is read, in bytes.
const MAX_PEM_BYTES: usize = 16_384;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The bytes of the first block with this label (RFC 7468), or nothing.
pub(super) fn block(text: &str, label: &str) -> Option<Zeroizing<Vec<u8>>> {
    if text.len() > MAX_PEM_BYTES {
        return None;
    }
    let (_, after) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = after.split_once(&format!("-----END {label}-----"))?;
    let encoded: Zeroizing<String> =
        Zeroizing::new(body.chars().filter(|c| !c.is_ascii_whitespace()).collect());
    STANDARD.decode(encoded.as_bytes()).ok().map(Zeroizing::new)
}

/// What a certificate says about its key.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CertificateFields {
    /// Upper-case hexadecimal without zeros at the front.
    pub(super) serial: String,
    pub(super) valid_from: DateTime<Utc>,
    /// Exclusive.
    pub(super) valid_until: DateTime<Utc>,
    /// `SubjectPublicKeyInfo` in DER.
    pub(super) public_key: Vec<u8>,
}

/// Reads a certificate in DER (RFC 5280, section 4.1); its own signature is not looked at.
///
/// Whoever hands a certificate over vouches for it: the merchant console, or a download that decrypts.
pub(super) fn certificate(der: &[u8]) -> Option<CertificateFields> {
    let certificate = Element::first(der)?.content_of(SEQUENCE)?;
    let mut fields = Element::first(certificate)?.content_of(SEQUENCE)?;
    let mut next = || {
        let element = Element::first(fields)?;
        fields = element.rest;
        Some(element)
    };
    let mut serial = next()?;
    if serial.tag == VERSION {
        serial = next()?;
    }
    let serial = serial.content_of(INTEGER)?;
    let _algorithm = next()?;
    let _issuer = next()?;
    let validity = next()?.content_of(SEQUENCE)?;
    let _subject = next()?;
    let public_key = next()?;
    public_key.content_of(SEQUENCE)?;
    let from = Element::first(validity)?;
    let until = Element::first(from.rest)?;
    Some(CertificateFields {
        serial: normal_serial(&hex::encode(serial)),
        valid_from: time(&from)?,
        valid_until: time(&until)?,
        public_key: public_key.whole.to_vec(),
    })
}

/// From when until when the first certificate of a PEM text is valid, the end exclusive; nothing when it has none.
///
/// The merchant's own certificate ends as WeChat's do, and then no red packet leaves.
#[must_use]
pub fn certificate_term(pem: &str) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let fields = certificate(&block(pem, "CERTIFICATE")?)?;
    Some((fields.valid_from, fields.valid_until))
}

/// A serial as numbers compare: upper case, no zeros at the front; an identifier of a public key stays as it is.
pub(super) fn normal_serial(serial: &str) -> String {
    let upper = serial.trim().to_ascii_uppercase();
    match upper.trim_start_matches('0') {
        "" => upper,
        short => short.to_owned(),
    }
}

fn time(element: &Element<'_>) -> Option<DateTime<Utc>> {
    let text = std::str::from_utf8(element.content).ok()?;
    let full = match element.tag {
        // RFC 5280, section 4.1.2.5.1: two digits from 50 on are of the last century.
        UTC_TIME if text.get(..2)? >= "50" => format!("19{text}"),
        UTC_TIME => format!("20{text}"),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    NaiveDateTime::parse_from_str(&full, "%Y%m%d%H%M%SZ")
        .ok()
        .map(|time| time.and_utc())
}

/// One element of DER: its tag, its content, all of it, and what follows.
struct Element<'a> {
    tag: u8,
    content: &'a [u8],
    whole: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Element<'a> {
    /// The first element of `input`, with a length of at most two bytes.
    fn first(input: &'a [u8]) -> Option<Self> {
        let (&[tag, short], after) = input.split_first_chunk::<2>()?;
        let (length, header, after) = match short {
            0..=0x7f => (usize::from(short), 2_usize, after),
            0x81 => {
                let (&[length], after) = after.split_first_chunk::<1>()?;
                (usize::from(length), 3, after)
            }
            0x82 => {
                let (length, after) = after.split_first_chunk::<2>()?;
                (usize::from(u16::from_be_bytes(*length)), 4, after)
            }
            _ => return None,
        };
        let (content, rest) = after.split_at_checked(length)?;
        Some(Self {
            tag,
            content,
            whole: input.get(..header.checked_add(length)?)?,
            rest,
        })
    }

    fn content_of(&self, tag: u8) -> Option<&'a [u8]> {
        (self.tag == tag).then_some(self.content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serials_compare_as_numbers() {
        assert_eq!(normal_serial("00f576"), "F576");
        assert_eq!(normal_serial("0a"), "A");
        assert_eq!(normal_serial("PUB_KEY_ID_01"), "PUB_KEY_ID_01");
        assert_eq!(normal_serial("00"), "00");
    }

    #[test]
    fn an_element_longer_than_its_input_is_no_element() {
        assert!(Element::first(&[SEQUENCE, 2, 1]).is_none());
        assert!(Element::first(&[SEQUENCE, 0x82, 0xff]).is_none());
        assert!(Element::first(&[SEQUENCE, 0x80]).is_none());
        assert_eq!(Element::first(&[INTEGER, 1, 7, 9]).unwrap().rest, [9]);
    }

    #[test]
    fn a_two_digit_year_turns_at_fifty() {
        let at = |text: &str| {
            let mut der = vec![UTC_TIME, u8::try_from(text.len()).unwrap()];
            der.extend_from_slice(text.as_bytes());
            time(&Element::first(&der).unwrap()).unwrap().to_rfc3339()
        };
        assert_eq!(at("490101000000Z"), "2049-01-01T00:00:00+00:00");
        assert_eq!(at("500101000000Z"), "1950-01-01T00:00:00+00:00");
    }
}
