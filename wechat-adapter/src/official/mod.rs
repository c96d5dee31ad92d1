//! The Official Account: callbacks, web login, tokens, people, QR codes, messages, menu, quotas, the script interface of pages.

mod access_token;
mod action;
mod answer;
mod callback;
mod callback_address;
mod central_token;
mod envelope;
mod event;
mod js_sdk;
mod mass_message;
mod menu;
mod message;
mod oauth;
mod qr_code;
mod quota;
mod reply;
mod signature;
mod token_keeper;
mod user;

use crate::endpoint::Endpoints;
use crate::id::AppId;
use crate::secret::Secret;

pub use access_token::{
    CachedToken, FetchAccessToken, FetchClassicToken, IssuedToken, TokenStatus,
};
pub use action::{OfficialAction, OfficialError};
pub use callback::{CallbackConfigError, CallbackError, CallbackMode, CallbackVerifier};
pub use callback_address::{CallbackAddresses, FetchCallbackAddresses};
pub use central_token::CentralTokenService;
pub use envelope::{EncodingAesKey, Envelope, EnvelopeError, InvalidEncodingAesKey};
pub use event::{Event, NoticeEntry, NoticeOccasion, Push, PushFormat, TemplateOutcome};
pub use js_sdk::{FetchJsTicket, InvalidPageUrl, JsConfig, JsSigner};
pub use mass_message::{InvalidMassMessage, MassReceipt, SendToEveryone};
pub use menu::{
    CreateMenu, DeleteMenu, FetchMenu, InvalidMenu, Menu, MenuAction, MenuItem, MenuStep,
    PresentMenu,
};
pub use message::{
    CustomerContent, NewsCard, NoticeTarget, SendCustomerMessage, SendNotice, SendTemplate,
};
pub use oauth::{
    AuthorizeUrl, CheckGrant, ExchangeCode, FetchProfile, InvalidState, OAuthGrant, OAuthReturn,
    OAuthReturnError, OAuthScope, OAuthState, Profile, RenewGrant, SnapshotPerson,
};
pub use qr_code::{CreateQrCode, InvalidPermanentScene, PermanentScene, QrTicket};
pub use quota::{ClearQuota, ExplainRequest, QueryQuota, Quota};
pub use reply::{Reply, ReplyContent, ReplyError};
pub use signature::{signature, signature_matches};
pub use token_keeper::{AfterRefusal, BorrowedToken, Fetched, TokenKeeper, TokenStep};
pub use user::{FetchUser, FetchUsers, FollowerPage, InvalidBatch, ListFollowers, User};

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
