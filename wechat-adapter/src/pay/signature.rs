//! The signature of WeChat Pay version 2: sorted parameters, the key at the end, a digest in upper case.

use aws_lc_rs::hmac;
use md5::{Digest, Md5};

use crate::secret::Secret;

/// The digest of a version 2 signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignType {
    /// MD5, the only one that red packets know.
    Md5,
    /// HMAC-SHA256 keyed with the same key, for calls that have a `sign_type`.
    HmacSha256,
}

/// Signs `parameters` with the merchant's key of version 2.
///
/// Parameters with an empty value and one named `sign` do not take part.
/// Names are sorted by byte (`re_openid` before `remark`), values are raw UTF-8, neither XML-escaped nor percent-encoded.
/// Cost is that of sorting the names.
///
/// Source: <https://pay.weixin.qq.com/wiki/doc/api/tools/cash_coupon.php?chapter=4_3>.
///
/// ```
/// use wechat_adapter::Secret;
/// use wechat_adapter::pay::{SignType, sign};
/// let key = Secret::new("192006250b4c09247ec02edce69f6a2d")?;
/// let parameters = [
///     ("appid", "wxd930ea5d5a258f4f"), ("mch_id", "10000100"), ("device_info", "1000"),
///     ("body", "test"), ("nonce_str", "ibuaiVcKdpRxkhJA"),
/// ];
/// assert_eq!(sign(&parameters, &key, SignType::Md5), "9A0A8659F005D6984697E2CA0A9CF3B7");
/// # Ok::<(), wechat_adapter::InvalidSecret>(())
/// ```
#[must_use]
pub fn sign(parameters: &[(&str, &str)], key: &Secret, sign_type: SignType) -> String {
    let source = parameters_to_sign(parameters);
    // The key goes from its own place into the digest: no other copy of it has to be overwritten.
    let secret = key.expose().as_bytes();
    match sign_type {
        SignType::Md5 => {
            let mut digest = Md5::new();
            digest.update(source.as_bytes());
            digest.update(secret);
            upper_case::<32>(&digest.finalize())
        }
        SignType::HmacSha256 => {
            let hmac_key = hmac::Key::new(hmac::HMAC_SHA256, secret);
            let mut context = hmac::Context::with_key(&hmac_key);
            context.update(source.as_bytes());
            context.update(secret);
            upper_case::<64>(context.sign().as_ref())
        }
    }
}

/// Upper-case hexadecimal of a digest with half as many bytes as there are digits.
fn upper_case<const DIGITS: usize>(digest: &[u8]) -> String {
    let mut digits = [b'0'; DIGITS];
    let _ = hex::encode_to_slice(digest, &mut digits);
    digits.make_ascii_uppercase();
    String::from_utf8_lossy(&digits).into_owned()
}

/// What is signed, up to the key itself.
fn parameters_to_sign(parameters: &[(&str, &str)]) -> String {
    let takes_part = |(name, value): &&(&str, &str)| *name != "sign" && !value.is_empty();
    // The calls of this crate have fewer parameters than this, and sort them without an allocation.
    let mut few = [("", ""); 32];
    let mut many = Vec::new();
    let signed = if parameters.len() <= few.len() {
        let mut count = 0_usize;
        for (slot, parameter) in few.iter_mut().zip(parameters.iter().filter(takes_part)) {
            *slot = *parameter;
            count = count.saturating_add(1);
        }
        few.get_mut(..count).unwrap_or_default()
    } else {
        many.extend(parameters.iter().filter(takes_part));
        many.as_mut_slice()
    };
    signed.sort_unstable();
    let length = signed
        .iter()
        .map(|(name, value)| name.len().saturating_add(value.len()).saturating_add(2))
        .fold(4, usize::saturating_add);
    let mut source = String::with_capacity(length);
    for (name, value) in signed {
        source.push_str(name);
        source.push('=');
        source.push_str(value);
        source.push('&');
    }
    source.push_str("key=");
    source
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_stability_names_are_sorted_by_byte() {
        let names = [
            "wxappid",
            "wishing",
            "total_num",
            "total_amount",
            "send_name",
            "remark",
            "re_openid",
            "mch_id",
            "mch_billno",
            "client_ip",
            "act_name",
        ];
        let parameters: Vec<(&str, &str)> = names.iter().map(|&name| (name, "1")).collect();
        assert_eq!(
            parameters_to_sign(&parameters),
            "act_name=1&client_ip=1&mch_billno=1&mch_id=1&re_openid=1&remark=1&send_name=1\
             &total_amount=1&total_num=1&wishing=1&wxappid=1&key="
        );
    }

    #[test]
    fn any_number_of_parameters_is_signed_the_same_way() {
        let key = Secret::new("192006250b4c09247ec02edce69f6a2d").unwrap();
        let names: Vec<String> = (0..40).map(|number| format!("n{number:02}")).collect();
        for count in [0, 1, 31, 32, 33, 40] {
            let parameters: Vec<(&str, &str)> = names
                .iter()
                .rev()
                .take(count)
                .map(|name| (name.as_str(), "v"))
                .collect();
            let mut source: Vec<String> = parameters
                .iter()
                .map(|(name, value)| format!("{name}={value}&"))
                .collect();
            source.sort();
            assert_eq!(parameters_to_sign(&parameters), source.concat() + "key=");
            assert_eq!(sign(&parameters, &key, SignType::Md5).len(), 32);
            assert_eq!(sign(&parameters, &key, SignType::HmacSha256).len(), 64);
        }
    }
}
