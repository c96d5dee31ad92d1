//! The access token of the account: fetched, kept, and renewed before it dies.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::endpoint::{get, post_json};
use crate::error::Unreadable;
use crate::http::{Request, Response};
use crate::official::Official;
use crate::official::action::OfficialError;
use crate::official::answer::Answer;
use crate::secret::Secret;

/// The call that fetches the account's access token (`stable_token`).
///
/// In normal mode every caller gets the same token until 5 minutes before its end, so instances need no lock to be correct.
/// Forcing gives a new token and kills the previous one: at most 20 times a day, 30 seconds apart.
///
/// Source: <https://developers.weixin.qq.com/doc/service/api/base/api_getstableaccesstoken.html>, read 2026-08.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FetchAccessToken {
    force_refresh: bool,
}

impl FetchAccessToken {
    /// Asks for the current token.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            force_refresh: false,
        }
    }

    /// Asks for a new token and the death of the current one: after a leak, by hand.
    #[must_use]
    pub const fn forced() -> Self {
        Self {
            force_refresh: true,
        }
    }

    /// The request; it contains the account's secret.
    #[must_use]
    pub fn request(&self, official: &Official) -> Request {
        let body = json!({
            "grant_type": "client_credential",
            "appid": official.app_id().as_str(),
            "secret": official.secret().expose(),
            "force_refresh": self.force_refresh,
        });
        post_json(
            official.endpoints().official(),
            "/cgi-bin/stable_token",
            &[],
            &body,
        )
    }

    /// Reads the answer.
    ///
    /// # Errors
    /// [`OfficialError`]; a failed call counts against the quota, so do not loop.
    pub fn parse(response: &Response) -> Result<IssuedToken, OfficialError> {
        Answer::read(response, |answer| IssuedToken::read(answer, "access_token"))
    }
}

/// The older call that fetches an access token (`token`): every call makes a new one, and the one before dies within 5 minutes.
///
/// For accounts whose other systems use it already; it shares nothing with [`FetchAccessToken`]. 2,000 a day.
/// With several instances it needs a lock, and [`TokenKeeper::adopt`](crate::official::TokenKeeper::adopt) decides by age.
///
/// Source: <https://developers.weixin.qq.com/doc/service/api/base/api_getaccesstoken.html>, read 2026-08.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct FetchClassicToken;

impl FetchClassicToken {
    /// The call.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }

    /// The request; its address contains the account's secret and is not to be logged.
    #[must_use]
    pub fn request(&self, official: &Official) -> Request {
        get(
            official.endpoints().official(),
            "/cgi-bin/token",
            &[
                ("grant_type", "client_credential"),
                ("appid", official.app_id().as_str()),
                ("secret", official.secret().expose()),
            ],
        )
    }

    /// Reads the answer.
    ///
    /// # Errors
    /// [`OfficialError`]; a failed call counts against the quota, so do not loop.
    pub fn parse(response: &Response) -> Result<IssuedToken, OfficialError> {
        Answer::read(response, |answer| IssuedToken::read(answer, "access_token"))
    }
}

/// A token or ticket as WeChat issued it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct IssuedToken {
    /// The token itself.
    pub token: Secret,
    /// How long it lives from now, in seconds; positive.
    pub lifetime_seconds: u32,
}

impl IssuedToken {
    /// A token that lives for `lifetime_seconds` from now.
    #[must_use]
    pub const fn new(token: Secret, lifetime_seconds: u32) -> Self {
        Self {
            token,
            lifetime_seconds,
        }
    }

    pub(super) fn read(answer: &Answer, field: &'static str) -> Result<Self, Unreadable> {
        let seconds = answer.required_integer("expires_in")?;
        let lifetime_seconds = u32::try_from(seconds)
            .ok()
            .filter(|&seconds| seconds > 0)
            .ok_or_else(|| Unreadable::invalid("expires_in", &seconds.to_string()))?;
        Ok(Self {
            token: answer.required_secret(field)?,
            lifetime_seconds,
        })
    }

    /// The token with the instants that follow from having obtained it at `now`.
    #[must_use]
    pub fn obtained_at(self, now: DateTime<Utc>) -> CachedToken {
        let lifetime = TimeDelta::seconds(i64::from(self.lifetime_seconds));
        CachedToken {
            token: self.token,
            obtained_at: now,
            expires_at: now.checked_add_signed(lifetime).unwrap_or(now),
        }
    }
}

/// A token kept for use, with the instants that say when to renew it.
///
/// The same discipline serves the access token and the ticket of pages.
#[derive(Debug, Clone)]
pub struct CachedToken {
    token: Secret,
    obtained_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

/// What a kept token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a token lives, ages or is dead")]
pub enum TokenStatus {
    /// Use it.
    Fresh,
    /// Use it, and fetch another one meanwhile.
    RenewalDue,
    /// Do not use it.
    Expired,
}

impl CachedToken {
    /// A token read back from a store.
    #[must_use]
    pub const fn new(token: Secret, obtained_at: DateTime<Utc>, expires_at: DateTime<Utc>) -> Self {
        Self {
            token,
            obtained_at,
            expires_at,
        }
    }

    /// The token itself.
    #[must_use]
    pub const fn token(&self) -> &Secret {
        &self.token
    }

    /// When it was obtained: the version by which an older answer cannot replace a newer one.
    #[must_use]
    pub const fn obtained_at(&self) -> DateTime<Utc> {
        self.obtained_at
    }

    /// When it dies.
    #[must_use]
    pub const fn expires_at(&self) -> DateTime<Utc> {
        self.expires_at
    }

    /// What it is good for at `now`: renewal is due one minute before its end, or after nine tenths of its life if that is sooner.
    #[must_use]
    pub fn status(&self, now: DateTime<Utc>) -> TokenStatus {
        if now >= self.expires_at {
            return TokenStatus::Expired;
        }
        let left = self.expires_at.signed_duration_since(now).num_seconds();
        let life = self
            .expires_at
            .signed_duration_since(self.obtained_at)
            .num_seconds();
        if left <= 60 || left.saturating_mul(10) <= life {
            TokenStatus::RenewalDue
        } else {
            TokenStatus::Fresh
        }
    }

    /// Whether a refusal of `failed` speaks of this token, so that it may be dropped; a newer one must stay.
    #[must_use]
    pub fn is(&self, failed: &Secret) -> bool {
        self.token.same_as(failed)
    }
}
