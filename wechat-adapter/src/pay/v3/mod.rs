//! WeChat Pay version 3: transfers that the person confirms, keys side by side, notifications, bills.
//!
//! Every request is signed with the merchant's RSA key, every answer and notification by WeChat's.
//! An answer that WeChat did not sign leaves the outcome unknown.

mod answer;
mod certificates;
mod credentials;
mod echo;
mod fund_flow;
mod fund_flow_file;
mod notification;
mod order;
mod pem;
mod query;
mod resource;
mod sealed_name;
mod state;
mod transfer;
mod wechat_keys;

pub use certificates::DownloadCertificates;
pub use credentials::{
    Credentials, Freshness, InvalidMerchantKey, InvalidSerial, MerchantKey, RequestError,
};
pub use echo::SecurityEcho;
pub use fund_flow::{BillError, FundAccount, FundFlowTicket, RequestFundFlow};
pub use fund_flow_file::{FlowDirection, FundFlow, FundFlowBill, FundFlowSums, InvalidBill};
pub use notification::{Notification, NotificationContent, NotificationError};
pub use order::{InvalidTransfer, ReceiveStyle, SceneReport, TransferOrder, TransferScene};
pub use pem::certificate_term;
pub use query::{CancelTransfer, Cancellation, QueryTransfer, TransferRecord};
pub use resource::{ApiV3Key, InvalidApiV3Key, UndecryptableResource};
pub use sealed_name::{NameError, SealedName};
pub use state::{FailClass, FailReason, TransferState};
pub use transfer::{ConfirmCall, CreateTransfer, CreatedTransfer};
pub use wechat_keys::{HeldCertificate, InvalidWeChatKey, SignatureProblem, WeChatKeys};
