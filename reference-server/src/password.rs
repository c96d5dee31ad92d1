//! Passwords of organisers: Argon2id (RFC 9106), a few at a time.

use std::{fmt, sync::Arc};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// How many digests are made at once: each takes its memory and a core.
const N_AT_ONCE: usize = 2;

/// A digest could not be made, or a stored one is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a password's digest: {0}")]
pub struct PasswordError(String);

impl PasswordError {
    fn of(error: impl fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// What a digest costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever starts a server says which of these it is"
)]
pub enum PasswordCost {
    /// 64 MiB, three times: a season.
    Season,
    /// 19 MiB, twice, which is the least to be recommended: a demo, a rehearsal, a test.
    Least,
}

/// Makes digests and compares passwords with them, on threads of their own.
pub struct Passwords {
    argon2: Argon2<'static>,
    places: Semaphore,
}

impl fmt::Debug for Passwords {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Passwords").finish_non_exhaustive()
    }
}

impl Passwords {
    /// Passwords at a cost.
    ///
    /// # Panics
    /// Never: both costs are within Argon2's bounds.
    #[must_use]
    pub fn new(cost: PasswordCost) -> Arc<Self> {
        let (kibibytes, n_passes) = match cost {
            PasswordCost::Season => (64 * 1_024, 3),
            PasswordCost::Least => (19 * 1_024, 2),
        };
        let params =
            Params::new(kibibytes, n_passes, 1, None).expect("these costs are within the bounds");
        Arc::new(Self {
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            places: Semaphore::new(N_AT_ONCE),
        })
    }

    /// The digest of a password with this salt, as a string in PHC format.
    ///
    /// # Errors
    /// [`PasswordError`] when memory is short or the server stops.
    pub async fn digest(
        self: &Arc<Self>,
        password: Zeroizing<String>,
        salt: [u8; 16],
    ) -> Result<String, PasswordError> {
        self.work(move |argon2| {
            let digest: PasswordHash = argon2
                .hash_password_with_salt(password.as_bytes(), &salt)
                .map_err(PasswordError::of)?;
            Ok(digest.to_string())
        })
        .await
    }

    /// Whether this is the password of a digest; without a digest the work is done all the same,
    /// so that the time tells nobody which names there are.
    ///
    /// # Errors
    /// [`PasswordError`] for a digest that is none, and as [`Passwords::digest`].
    pub async fn is_right(
        self: &Arc<Self>,
        password: Zeroizing<String>,
        digest: Option<String>,
    ) -> Result<bool, PasswordError> {
        let Some(digest) = digest else {
            self.digest(password, [0; 16]).await?;
            return Ok(false);
        };
        self.work(move |argon2| {
            let digest = PasswordHash::new(&digest).map_err(PasswordError::of)?;
            Ok(argon2.verify_password(password.as_bytes(), &digest).is_ok())
        })
        .await
    }

    async fn work<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Argon2<'static>) -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let _place = self.places.acquire().await.map_err(PasswordError::of)?;
        let passwords = Arc::clone(self);
        tokio::task::spawn_blocking(move || work(&passwords.argon2))
            .await
            .map_err(PasswordError::of)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Zeroizing<String> {
        Zeroizing::new(text.to_owned())
    }

    #[tokio::test]
    async fn a_digest_is_of_one_password_and_tells_its_cost() {
        let passwords = Passwords::new(PasswordCost::Least);
        let digest = passwords
            .digest(secret("correct horse"), [7; 16])
            .await
            .expect("a digest");
        assert!(
            digest.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{digest}"
        );
        for (password, is_right) in [
            ("correct horse", true),
            ("correct horsf", false),
            ("", false),
        ] {
            let found = passwords
                .is_right(secret(password), Some(digest.clone()))
                .await;
            assert_eq!(found, Ok(is_right), "{password}");
        }
        // What a season digests is compared by its own cost, whoever compares.
        let other = Passwords::new(PasswordCost::Season);
        let found = other.is_right(secret("correct horse"), Some(digest)).await;
        assert_eq!(found, Ok(true));
        assert_eq!(other.is_right(secret("any"), None).await, Ok(false));
        let broken = Some("no digest".to_owned());
        assert!(other.is_right(secret("any"), broken).await.is_err());
    }
}
