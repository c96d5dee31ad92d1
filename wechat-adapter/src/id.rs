//! Identifiers that travel to and from WeChat, each checked once where it enters.

use std::fmt;
use std::str::FromStr;

/// Why a text is not the identifier it was taken for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidId {
    /// The text is empty.
    #[error("{kind} is empty")]
    Empty {
        /// The type that refused the text.
        kind: &'static str,
    },
    /// The text is longer than WeChat's field.
    #[error("{kind} has {length} characters, at most {maximum} are allowed")]
    TooLong {
        /// The type that refused the text.
        kind: &'static str,
        /// Length of the refused text, in characters.
        length: usize,
        /// Longest length allowed, in characters.
        maximum: usize,
    },
    /// The text holds a character that the field cannot carry.
    #[error("{kind} cannot hold the character {character:?}")]
    Character {
        /// The type that refused the text.
        kind: &'static str,
        /// The first refused character.
        character: char,
    },
}

fn check(
    kind: &'static str,
    text: &str,
    maximum: usize,
    allowed: fn(char) -> bool,
) -> Result<(), InvalidId> {
    if text.is_empty() {
        return Err(InvalidId::Empty { kind });
    }
    let length = text.chars().count();
    if length > maximum {
        return Err(InvalidId::TooLong {
            kind,
            length,
            maximum,
        });
    }
    match text.chars().find(|&character| !allowed(character)) {
        Some(character) => Err(InvalidId::Character { kind, character }),
        None => Ok(()),
    }
}

fn alphanumeric(character: char) -> bool {
    character.is_ascii_alphanumeric()
}

fn alphanumeric_dash(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-')
}

fn graphic_ascii(character: char) -> bool {
    character.is_ascii_graphic()
}

fn printable(character: char) -> bool {
    !character.is_control()
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $maximum:literal, $allowed:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The longest text accepted, in characters.
            pub const MAX_CHARACTERS: usize = $maximum;

            /// Checks `text` and keeps it unchanged.
            ///
            /// # Errors
            /// [`InvalidId`] when `text` is empty, longer than [`Self::MAX_CHARACTERS`], or holds a character outside the type's alphabet.
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidId> {
                let text = text.into();
                check(stringify!($name), &text, Self::MAX_CHARACTERS, $allowed)?;
                Ok(Self(text))
            }

            /// The text as WeChat writes it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

text_id! {
    /// The identifier of an Official Account (`wx…`), at most 32 of `[0-9A-Za-z_-]`.
    AppId, 32, alphanumeric_dash
}

text_id! {
    /// A person as one Official Account knows them, at most 64 of `[0-9A-Za-z_-]` (28 in practice).
    ///
    /// The same person has another `OpenId` under another account.
    OpenId, 64, alphanumeric_dash
}

text_id! {
    /// The number of a WeChat Pay merchant, at most 32 of `[0-9A-Za-z]`.
    MerchantId, 32, alphanumeric
}

text_id! {
    /// The merchant's own order number (`mch_billno`), at most 28 of `[0-9A-Za-z]`: the idempotency key of a payment.
    ///
    /// While the outcome of an order is unknown its number is never replaced: a new number is a new payment.
    BillNumber, 28, alphanumeric
}

text_id! {
    /// The parameter of a parametric QR code (`scene_str`), 1 to 64 characters without control characters.
    SceneStr, 64, printable
}

text_id! {
    /// A random text used once (`nonce_str`), at most 32 of `[0-9A-Za-z]`.
    Nonce, 32, alphanumeric
}

text_id! {
    /// The one-time code of a web login, at most 512 visible ASCII characters; valid for 5 minutes.
    AuthorizationCode, 512, graphic_ascii
}
