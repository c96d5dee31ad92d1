//! The Official Account: callbacks, web login, tokens, people, QR codes, the script interface of pages.

mod access_token;
mod action;
mod answer;
mod callback;
mod envelope;
mod event;
mod js_sdk;
mod oauth;
mod qr_code;
mod reply;
mod signature;
mod user;

use crate::endpoint::Endpoints;
use crate::id::AppId;
use crate::secret::Secret;

pub use access_token::{CachedToken, FetchAccessToken, IssuedToken, TokenStatus};
pub use action::{OfficialAction, OfficialError};
pub use callback::{CallbackConfigError, CallbackError, CallbackMode, CallbackVerifier};
pub use envelope::{EncodingAesKey, Envelope, EnvelopeError, InvalidEncodingAesKey};
pub use event::{Event, Push, PushFormat};
pub use js_sdk::{FetchJsTicket, InvalidPageUrl, JsConfig, JsSigner};
pub use oauth::{
    AuthorizeUrl, ExchangeCode, InvalidState, OAuthGrant, OAuthReturn, OAuthReturnError,
    OAuthScope, OAuthState,
};
pub use qr_code::{CreateQrCode, QrTicket};
pub use reply::{Reply, ReplyError};
pub use signature::{signature, signature_matches};
pub use user::{FetchUser, FollowerPage, ListFollowers, User};

/// An Official Account as its developer knows it: who it is, its secret, and where its calls go.
#[derive(Debug, Clone)]
pub struct Official {
    app_id: AppId,
    secret: Secret,
    endpoints: Endpoints,
}

impl Official {
    /// An account with its `AppSecret`.
    #[must_use]
    pub const fn new(app_id: AppId, secret: Secret, endpoints: Endpoints) -> Self {
        Self {
            app_id,
            secret,
            endpoints,
        }
    }

    /// Who the account is.
    #[must_use]
    pub const fn app_id(&self) -> &AppId {
        &self.app_id
    }

    /// The `AppSecret`.
    #[must_use]
    pub const fn secret(&self) -> &Secret {
        &self.secret
    }

    /// Where the calls go.
    #[must_use]
    pub const fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }
}
