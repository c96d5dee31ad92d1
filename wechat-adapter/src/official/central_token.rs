//! A token service inside the organisation, for accounts that several systems share.

use http::HeaderValue;
use http::header::AUTHORIZATION;

use crate::endpoint::{BaseUrl, get};
use crate::http::{Request, Response};
use crate::official::access_token::IssuedToken;
use crate::official::action::OfficialError;
use crate::official::answer::Answer;
use crate::secret::Secret;

/// The call that asks the organisation's own token service instead of WeChat: `GET <base>/access_token`.
///
/// The answer is WeChat's own (`access_token`, `expires_in`), so that the service can be as simple as it likes.
/// An account whose token is fetched by two systems with `/cgi-bin/token` breaks both; one service fetches for all.
#[derive(Debug, Clone)]
pub struct CentralTokenService {
    base: BaseUrl,
    key: Option<Secret>,
}

impl CentralTokenService {
    /// A service at `base`; `key` is sent as a bearer token if there is one.
    #[must_use]
    pub const fn new(base: BaseUrl, key: Option<Secret>) -> Self {
        Self { base, key }
    }

    /// The request; it contains the key and is not to be logged.
    #[must_use]
    pub fn request(&self) -> Request {
        let mut request = get(&self.base, "/access_token", &[]);
        if let Some(key) = &self.key
            && let Ok(mut value) = HeaderValue::try_from(format!("Bearer {}", key.expose()))
        {
            value.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        request
    }

    /// Reads the answer.
    ///
    /// # Errors
    /// [`OfficialError`].
    pub fn parse(response: &Response) -> Result<IssuedToken, OfficialError> {
        Answer::read(response, |answer| IssuedToken::read(answer, "access_token"))
    }
}
