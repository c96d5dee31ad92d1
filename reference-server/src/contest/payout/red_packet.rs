//! Cash red packets: the calls of version 2, in the table's words.

use reward_core::{QueryClass, ReplyClass};
use wechat_adapter::{
    BillNumber, Request, Response,
    pay::{QueryRedPacket, RedPacketOrder, RedPacketState, SendRedPacket},
};

use super::{
    call::{Answer, Finding},
    nonce,
};
use crate::{
    app::{App, RedPackets},
    contest::{Error, Failure},
};

fn packets(app: &App) -> Result<&RedPackets, Failure> {
    let packets = app.wechat.red_packets.as_ref();
    packets.ok_or_else(|| Failure::defect("red packets are not set up any more"))
}

pub(super) fn sending(app: &App, order: &RedPacketOrder) -> Result<Request, Error> {
    let call = SendRedPacket::new(order.clone()).map_err(Failure::defect)?;
    Ok(call.request(&packets(app)?.merchant, &nonce(app)?))
}

pub(super) fn question(app: &App, order: &RedPacketOrder) -> Result<Request, Error> {
    Ok(QueryRedPacket::of(order).request(&packets(app)?.merchant, &nonce(app)?))
}

/// The question about a number of this merchant and account.
pub(super) fn question_about(app: &App, number: BillNumber) -> Result<Request, Error> {
    let (merchant_id, app_id) = (&app.wechat.merchant_id, app.wechat.official.app_id());
    let query = QueryRedPacket::new(number, merchant_id.clone(), app_id.clone());
    Ok(query.request(&packets(app)?.merchant, &nonce(app)?))
}

pub(super) fn reply(order: &RedPacketOrder, response: &Response) -> Answer {
    match SendRedPacket::parse(response) {
        Ok(accepted) => {
            let number = accepted.wechat_number.as_deref().unwrap_or("-");
            Answer::of(
                ReplyClass::Accepted {
                    echo_equal: accepted.echoes(order),
                },
                format!("SUCCESS {number}"),
            )
        }
        Err(error) => Answer::refused(&error),
    }
}

pub(super) fn finding(order: &RedPacketOrder, response: &Response) -> Finding {
    match QueryRedPacket::parse(response) {
        Ok(record) if record.amount_fen != order.amount_fen => {
            Finding::of_another(format!("{} fen", record.amount_fen))
        }
        Ok(record) => Finding::of(query_class(&record.state), format!("{:?}", record.state)),
        Err(error) => Finding::refused(&error),
    }
}

fn query_class(state: &RedPacketState) -> Option<QueryClass> {
    Some(match state {
        RedPacketState::Sending => QueryClass::Processing,
        RedPacketState::Sent => QueryClass::AwaitingRecipient,
        RedPacketState::Received => QueryClass::Received,
        RedPacketState::Failed => QueryClass::Failed,
        RedPacketState::Refunding => QueryClass::Refunding,
        RedPacketState::Refunded => QueryClass::Refunded,
        _ => return None,
    })
}
