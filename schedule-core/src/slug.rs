//! Slugs: the short ASCII names by which editions, cities and districts are addressed.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

/// Why a text is not a slug.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SlugError {
    /// The text is empty.
    #[error("a slug must not be empty")]
    Empty,
    /// The text is longer than 64 bytes.
    #[error("a slug has at most 64 bytes, this one has {n_bytes}")]
    TooLong {
        /// Length of the refused text, in bytes.
        n_bytes: usize,
    },
    /// The text holds a character other than `a`–`z`, `0`–`9` and `-`.
    #[error("a slug holds only a-z, 0-9 and '-', not {character:?}")]
    ForbiddenCharacter {
        /// The first refused character.
        character: char,
    },
    /// The text begins or ends with a hyphen, or has two in a row.
    #[error("hyphens of a slug stand singly between letters or digits: {slug:?}")]
    MisplacedHyphen {
        /// The refused text.
        slug: String,
    },
}

const MAX_BYTES: usize = 64;

fn check(text: &str) -> Result<(), SlugError> {
    if text.is_empty() {
        return Err(SlugError::Empty);
    }
    if text.len() > MAX_BYTES {
        return Err(SlugError::TooLong {
            n_bytes: text.len(),
        });
    }
    let forbidden = |c: &char| !matches!(c, 'a'..='z' | '0'..='9' | '-');
    if let Some(character) = text.chars().find(forbidden) {
        return Err(SlugError::ForbiddenCharacter { character });
    }
    if text.split('-').any(str::is_empty) {
        return Err(SlugError::MisplacedHyphen { slug: text.into() });
    }
    Ok(())
}

macro_rules! slug {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// One to 64 bytes of `a`–`z`, `0`–`9` and single inner hyphens, so it is safe in an address, a file name and a log.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
        pub struct $name(String);

        impl $name {
            /// Checks a text and makes it a slug.
            ///
            /// # Errors
            ///
            /// [`SlugError`], one variant per broken rule.
            pub fn new(text: impl Into<String>) -> Result<Self, SlugError> {
                let text = text.into();
                check(&text)?;
                Ok(Self(text))
            }

            /// Returns the slug as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = SlugError;

            fn from_str(text: &str) -> Result<Self, SlugError> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = SlugError;

            fn try_from(text: String) -> Result<Self, SlugError> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(slug: $name) -> Self {
                slug.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        // Eq, Ord and Hash are derived over the one text field, as `Borrow` demands.
        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

slug! {
    /// Names an edition, such as `jiangsu-2020-postponed`.
    EditionSlug
}
slug! {
    /// Names a city within its province, such as `nanjing`.
    CitySlug
}
slug! {
    /// Names a district within its city, such as `xuanwu`.
    ///
    /// Two cities may each have a district of the same name: both Nanjing and Xuzhou have a `gulou`.
    DistrictSlug
}

/// Slugs of this crate's own constants, whose validity the tests establish.
impl CitySlug {
    pub(crate) fn of_preset(text: &'static str) -> Self {
        Self(text.into())
    }
}

impl DistrictSlug {
    pub(crate) fn of_preset(text: &'static str) -> Self {
        Self(text.into())
    }
}

impl EditionSlug {
    pub(crate) fn of_preset(text: &'static str) -> Self {
        Self(text.into())
    }
}
