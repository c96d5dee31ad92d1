//! What WeChat Pay tells unasked: believed by nobody, it makes the worker ask at once.

use http::HeaderMap;
use wechat_adapter::{
    Response,
    pay::v3::{
        Notification, NotificationContent, NotificationError, SignatureProblem, TransferRecord,
    },
};

use super::tail;
use crate::{
    app::App,
    contest::{Error, platform_keys},
    store::{
        Tx, audit,
        payments::{self, PaymentStep},
        people,
    },
};

/// Where WeChat Pay posts its notifications.
pub const NOTIFICATION_PATH: &str = "/wechat/pay/notification";

/// Why a notification was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotificationRefusal {
    /// This contest pays no transfers.
    #[error("this contest has no version 3 of WeChat Pay")]
    NotSetUp,
    /// It is not WeChat's, or not what WeChat writes.
    #[error(transparent)]
    NotAccepted(#[from] NotificationError),
    /// The database failed; WeChat tells again.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl NotificationRefusal {
    /// What WeChat is answered; `None` where there is nobody to answer.
    #[must_use]
    pub fn response(&self) -> Option<Response> {
        match self {
            Self::NotAccepted(error) => Some(error.response()),
            Self::NotSetUp | Self::Failed(_) => None,
        }
    }

    /// Whether it is one of WeChat's own tests of our checking, which should fail.
    #[must_use]
    pub fn is_probe(&self) -> bool {
        matches!(
            self,
            Self::NotAccepted(NotificationError::NotAuthentic(SignatureProblem::Probe))
        )
    }
}

/// Takes one notification: whoever signs it is checked, the same one again changes nothing,
/// and the payment it names is asked about at the worker's next beat.
///
/// # Errors
/// [`NotificationRefusal`], by what stands against it.
pub async fn receive(
    app: &App,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(), NotificationRefusal> {
    let v3 = app.wechat.pay_v3.as_ref();
    let v3 = v3.ok_or(NotificationRefusal::NotSetUp)?;
    let now = app.now();
    let told = Notification::receive(
        headers,
        body,
        &platform_keys::ring(app, v3),
        &v3.api_key,
        now,
    )?;
    let now_ms = now.timestamp_millis();
    app.store
        .write(move |tx| {
            if !people::insert_callback(tx, &format!("pay/{}", told.id), now_ms)? {
                return Ok(());
            }
            match &told.content {
                NotificationContent::Transfer(record) => news(tx, record, now_ms),
                _ => {
                    let event = &told.event_type;
                    tracing::warn!(event, "a notification of another kind was taken");
                    Ok(())
                }
            }
        })
        .await?;
    Ok(())
}

/// Makes a payment due at once, so that its end is asked for and not believed.
///
/// An ended payment is not asked about: only a contradiction would be news, and the bill tells that.
fn news(tx: &Tx<'_>, record: &TransferRecord, now_ms: i64) -> Result<(), Error> {
    let number = record.bill_number.as_str();
    let Some(row) = payments::payment(&tx.read(), number)? else {
        let detail = format!("bill=…{} is told of by WeChat and not ours", tail(number));
        tracing::error!(detail, "a person is needed");
        return Ok(audit::append(tx, now_ms, "worker", "page", &detail)?);
    };
    let is_asked_about = matches!(
        row.state.as_str(),
        "unknown" | "sent" | "refunding" | "deferred"
    );
    if !is_asked_about {
        return Ok(());
    }
    payments::advance(
        tx,
        &PaymentStep {
            bill_number: &row.bill_number,
            version_seen: row.version,
            machine_seen: &row.machine,
            state_before: &row.state,
            state_after: &row.state,
            due_ms: Some(now_ms),
            machine: &row.machine,
            request_sealed: &row.request_sealed,
            package_sealed: row.package_sealed.as_deref(),
            event: "told",
            evidence: Some(&format!("{:?}", record.state)),
            at_ms: now_ms,
        },
    )?;
    Ok(())
}
