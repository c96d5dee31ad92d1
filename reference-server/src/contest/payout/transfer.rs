//! Merchant transfers: the calls of version 3, in the table's words.
//!
//! Waiting for the person's confirmation is "sent", success is "received"; whatever ends
//! otherwise never pays, and nobody having confirmed in time counts as returned.

use reward_core::{PersonRefusal, QueryClass, ReplyClass};
use wechat_adapter::{
    BillNumber, Request, Response,
    pay::{
        PayError,
        v3::{
            CreateTransfer, CreatedTransfer, FailClass, Freshness, QueryTransfer, TransferOrder,
            TransferRecord, TransferState,
        },
    },
};

use super::{
    call::{Answer, Finding},
    nonce,
};
use crate::{
    app::{App, PayV3},
    contest::{Error, Failure, platform_keys},
};

pub(super) fn v3(app: &App) -> Result<&PayV3, Failure> {
    let v3 = app.wechat.pay_v3.as_ref();
    v3.ok_or_else(|| Failure::defect("transfers are not set up any more"))
}

fn fresh(app: &App) -> Result<Freshness, Error> {
    Ok(Freshness {
        now: app.now(),
        nonce: nonce(app)?,
    })
}

pub(super) fn sending(app: &App, order: &TransferOrder) -> Result<Request, Error> {
    let v3 = v3(app)?;
    let call = CreateTransfer::new(order.clone()).map_err(Failure::defect)?;
    let request = call.request(&v3.credentials, &platform_keys::ring(app, v3), &fresh(app)?);
    Ok(request.map_err(Failure::defect)?)
}

pub(super) fn question(app: &App, order: &TransferOrder) -> Result<Request, Error> {
    asking(app, &QueryTransfer::of(order))
}

/// The question about a number of this merchant.
pub(super) fn question_about(app: &App, number: BillNumber) -> Result<Request, Error> {
    let merchant_id = app.wechat.merchant_id.clone();
    asking(app, &QueryTransfer::by_bill_number(&number, merchant_id))
}

fn asking(app: &App, query: &QueryTransfer) -> Result<Request, Error> {
    let v3 = v3(app)?;
    let request = query.request(&v3.credentials, &platform_keys::ring(app, v3), &fresh(app)?);
    Ok(request.map_err(Failure::defect)?)
}

/// WeChat's record of a transfer, as an answer signed by WeChat gives it.
pub(super) fn parse_record(
    app: &App,
    response: &Response,
) -> Result<Result<TransferRecord, PayError>, Error> {
    let keys = platform_keys::ring(app, v3(app)?);
    Ok(QueryTransfer::parse(response, &keys, app.now()))
}

pub(super) fn reply(
    app: &App,
    order: &TransferOrder,
    response: &Response,
) -> Result<Answer, Error> {
    let keys = platform_keys::ring(app, v3(app)?);
    Ok(match CreateTransfer::parse(response, &keys, app.now()) {
        Ok(created) => accepted(order, &created),
        Err(error) => Answer::refused(&error),
    })
}

fn accepted(order: &TransferOrder, created: &CreatedTransfer) -> Answer {
    let class = match created.state {
        TransferState::WaitUserConfirm | TransferState::Success => ReplyClass::Accepted {
            echo_equal: created.bill_number == order.bill_number,
        },
        // The money is being locked, or a repetition met a number that is further on: a query tells.
        TransferState::Accepted
        | TransferState::Processing
        | TransferState::Transferring
        | TransferState::Cancelling => ReplyClass::Processing,
        TransferState::Failed | TransferState::Cancelled => {
            ReplyClass::RefusedForPerson(PersonRefusal::FinallyFailed)
        }
        _ => ReplyClass::UnknownCode,
    };
    let evidence = format!("{:?} {}", created.state, created.transfer_number);
    Answer {
        confirm: created.confirm_call(order),
        ..Answer::of(class, evidence)
    }
}

pub(super) fn finding(
    app: &App,
    order: &TransferOrder,
    response: &Response,
) -> Result<Finding, Error> {
    Ok(match parse_record(app, response)? {
        Ok(record) if !record.echoes(order) => Finding::of_another(format!(
            "{} fen under {}",
            record.amount_fen,
            super::tail(record.bill_number.as_str())
        )),
        Ok(record) => found(&record),
        Err(error) => Finding::refused(&error),
    })
}

fn found(record: &TransferRecord) -> Finding {
    let reason = record.fail_reason.as_ref();
    let fail_class = reason.map(|reason| reason.class());
    let class = match record.state {
        TransferState::Accepted | TransferState::Processing | TransferState::Cancelling => {
            Some(QueryClass::Processing)
        }
        // Confirmed and on its way; the person may confirm again should it not arrive.
        TransferState::WaitUserConfirm | TransferState::Transferring => {
            Some(QueryClass::AwaitingRecipient)
        }
        TransferState::Success => Some(QueryClass::Received),
        TransferState::Failed if fail_class == Some(FailClass::Overdue) => {
            Some(QueryClass::Refunded)
        }
        TransferState::Failed | TransferState::Cancelled => Some(QueryClass::Failed),
        _ => None,
    };
    let word = reason.map_or("", |reason| reason.as_str());
    let mut finding = Finding::of(class, format!("{:?} {word}", record.state));
    if fail_class == Some(FailClass::Merchant) {
        finding.page = Some(format!("the merchant's set-up fails transfers: {word}"));
    }
    finding
}
