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
    let source = zeroize::Zeroizing::new(string_to_sign(parameters, key));
    let mut signature = match sign_type {
        SignType::Md5 => hex::encode(Md5::digest(source.as_bytes())),
        SignType::HmacSha256 => {
            let hmac_key = hmac::Key::new(hmac::HMAC_SHA256, key.expose().as_bytes());
            hex::encode(hmac::sign(&hmac_key, source.as_bytes()))
        }
    };
    signature.make_ascii_uppercase();
    signature
}

fn string_to_sign(parameters: &[(&str, &str)], key: &Secret) -> String {
    let mut signed: Vec<(&str, &str)> = parameters
        .iter()
        .copied()
        .filter(|(name, value)| *name != "sign" && !value.is_empty())
        .collect();
    signed.sort_unstable();
    let mut source = String::new();
    for (name, value) in signed {
        source.push_str(name);
        source.push('=');
        source.push_str(value);
        source.push('&');
    }
    source.push_str("key=");
    source.push_str(key.expose());
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
        let key = Secret::new("k").unwrap();
        assert_eq!(
            string_to_sign(&parameters, &key),
            "act_name=1&client_ip=1&mch_billno=1&mch_id=1&re_openid=1&remark=1&send_name=1\
             &total_amount=1&total_num=1&wishing=1&wxappid=1&key=k"
        );
    }
}
