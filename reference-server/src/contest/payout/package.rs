//! What opens WeChat's confirm page: kept sealed beside the payment while the person has to confirm.
//!
//! No query gives it again. When the answer that carried it was lost, or came before the money
//! was locked, the same order is sent once more: WeChat makes one bill of a number, and answers
//! with its present state.

use reward_core::PayoutState;
use wechat_adapter::pay::v3::ConfirmCall;

use super::{
    call,
    step::{Driven, keep_package},
};
use crate::{
    app::App,
    contest::{Error, Failure, order::Order, silence},
    privacy::{Field, Keys},
    rail::Rail,
    store::payments::{self, PaymentRow},
};

/// The call of the confirm page, sealed for the payment's row.
pub(super) fn seal(
    app: &App,
    row: &PaymentRow,
    confirm: Option<&ConfirmCall>,
) -> Result<Option<String>, Error> {
    let Some(confirm) = confirm else {
        return Ok(None);
    };
    let json = serde_json::to_vec(confirm).map_err(Failure::defect)?;
    let place = Field::PaymentPackage.of(&row.bill_number);
    let sealed = app.keys.seal(&place, &json, app.entropy.as_ref())?;
    Ok(Some(sealed))
}

/// What the person's page gives to WeChat to open the confirm page.
///
/// # Errors
/// [`Failure::Unreadable`] for a value that was not sealed here.
pub(crate) fn confirmation(
    keys: &Keys,
    bill_number: &str,
    sealed: &str,
) -> Result<ConfirmCall, Failure> {
    let unreadable = || Failure::Unreadable {
        what: "payment.package",
    };
    let json = keys.open(&Field::PaymentPackage.of(bill_number), sealed);
    let json = json.map_err(|_unsealable| unreadable())?;
    serde_json::from_slice(&json).map_err(|_error| unreadable())
}

/// Sends the order of a waiting transfer once more when what opens its confirm page is not known.
///
/// Only while the number is young enough to be sent at all, and within the rail's second.
pub(super) async fn fetch(app: &App, driven: Driven, order: &Order) -> Result<(), Error> {
    let (channel, _policy) = app.season.payout_terms(driven.rail);
    let now = app.now();
    let is_young = driven.payout.first_sent_at().is_some_and(|first| {
        now.signed_duration_since(first).num_seconds() < i64::from(channel.number_reuse_seconds)
    });
    let is_missing = driven.rail == Rail::Transfer
        && driven.row.package_sealed.is_none()
        && matches!(driven.payout.state(), PayoutState::Sent { .. });
    if !is_missing || !is_young {
        return Ok(());
    }
    let rail = driven.rail.name();
    let (second, now_ms) = (now.timestamp(), now.timestamp_millis());
    let per_second = channel.sends_per_second;
    let may_leave = app
        .store
        .write(move |tx| {
            let taken = payments::take_sending(tx, rail, second, per_second, now_ms)?;
            Ok::<_, Error>(taken)
        })
        .await?;
    if !may_leave {
        return Ok(());
    }
    let request = call::sending(app, order)?;
    let heard = silence::exchange(app, request).await;
    let answer = call::reply(app, order, heard)?;
    let package = seal(app, &driven.row, answer.confirm.as_ref())?;
    if let Some(package) = package {
        keep_package(app, driven.row, package, answer.evidence).await?;
    }
    Ok(())
}
