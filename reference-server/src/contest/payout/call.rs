//! What goes to WeChat and what its answer says, whichever the rail.

use reward_core::{AnswerFacts, PersonRefusal, QueryClass, RailFault, ReplyClass};
use wechat_adapter::{
    Request, Response, TransportError,
    pay::{PayAction, PayError, QueryRedPacket, v3::ConfirmCall},
};

use super::{red_packet, transfer};
use crate::{
    app::App,
    contest::{Error, Failure, order::Order},
    rail::Rail,
};

/// What came back over the line, if anything did.
pub(super) type Heard = Result<Response, TransportError>;

/// What WeChat's answer to a sending says.
pub(super) struct Answer {
    pub(super) class: ReplyClass,
    pub(super) evidence: String,
    /// What opens the confirm page, when the person has to confirm.
    pub(super) confirm: Option<ConfirmCall>,
    /// Why a person should look, beyond what the table asks for.
    pub(super) page: Option<String>,
}

/// What WeChat's answer to a question says; nothing follows from one without a class.
pub(super) struct Finding {
    pub(super) class: Option<QueryClass>,
    pub(super) evidence: String,
    /// Why a person should look, beyond what the table asks for.
    pub(super) page: Option<String>,
}

/// The request that sends an order; everything but nonce, instant and signature is the same at every sending.
pub(super) fn sending(app: &App, order: &Order) -> Result<Request, Error> {
    match order {
        Order::RedPacket(order) => red_packet::sending(app, order),
        Order::Transfer(order) => transfer::sending(app, order),
    }
}

/// The request that asks what became of an order.
pub(super) fn question(app: &App, order: &Order) -> Result<Request, Error> {
    match order {
        Order::RedPacket(order) => red_packet::question(app, order),
        Order::Transfer(order) => transfer::question(app, order),
    }
}

/// The request that asks a rail about an order that never was: WeChat must not know it.
///
/// # Errors
/// A defect when the merchant has no such rail.
pub(crate) fn question_about_nothing(app: &App, rail: Rail) -> Result<Request, Error> {
    let never = app.keys.content_number(&["preflight", "never sent"]);
    let number = never.parse().map_err(Failure::defect)?;
    match rail {
        Rail::RedPacket => red_packet::question_about(app, number),
        Rail::Transfer => transfer::question_about(app, number),
    }
}

/// Whether WeChat said, as it must, that it knows nothing of that order; what it said otherwise.
pub(crate) fn knows_nothing(app: &App, rail: Rail, response: &Response) -> Result<(), String> {
    let refusal = match rail {
        Rail::RedPacket => QueryRedPacket::parse(response).map(drop),
        Rail::Transfer => match transfer::parse_record(app, response) {
            Ok(record) => record.map(drop),
            Err(error) => return Err(error.to_string()),
        },
    };
    match refusal {
        Err(error) if error.action() == PayAction::NotVisible => Ok(()),
        Err(error) => Err(error.to_string()),
        Ok(()) => Err("WeChat knows an order that was never sent".to_owned()),
    }
}

/// Reads the answer to a sending.
pub(super) fn reply(app: &App, order: &Order, heard: Heard) -> Result<Answer, Error> {
    let response = match heard {
        Ok(response) => response,
        // Perhaps nothing left this machine, but only the table may draw conclusions from that.
        Err(error) => return Ok(Answer::of(ReplyClass::NoDefiniteResult, error.to_string())),
    };
    match order {
        Order::RedPacket(order) => Ok(red_packet::reply(order, &response)),
        Order::Transfer(order) => transfer::reply(app, order, &response),
    }
}

/// Reads the answer to a question.
pub(super) fn finding(app: &App, order: &Order, heard: Heard) -> Result<Finding, Error> {
    let response = match heard {
        Ok(response) => response,
        Err(error) => return Ok(Finding::of(None, error.to_string())),
    };
    match order {
        Order::RedPacket(order) => Ok(red_packet::finding(order, &response)),
        Order::Transfer(order) => transfer::finding(app, order, &response),
    }
}

impl Answer {
    pub(super) fn of(class: ReplyClass, evidence: String) -> Self {
        Self {
            class,
            evidence,
            confirm: None,
            page: None,
        }
    }

    /// A refusal in the table's words.
    pub(super) fn refused(error: &PayError) -> Self {
        let mut answer = Self::of(reply_class(error), error.to_string());
        if error.action() == PayAction::OrderInvalid {
            answer.page = Some("WeChat cannot execute this order as it stands".to_owned());
        }
        answer
    }
}

impl Finding {
    pub(super) fn of(class: Option<QueryClass>, evidence: String) -> Self {
        Self {
            class,
            evidence,
            page: None,
        }
    }

    /// A refused question.
    pub(super) fn refused(error: &PayError) -> Self {
        let is_absent = error.action() == PayAction::NotVisible;
        Self::of(is_absent.then_some(QueryClass::NotFound), error.to_string())
    }

    /// The answer as a comparison with the bills takes it; `None` when there was none.
    pub(super) fn facts(&self) -> Option<AnswerFacts> {
        match (self.class, &self.page) {
            (Some(class), _) => Some(AnswerFacts {
                class,
                same_terms: true,
            }),
            // A record of another payment tells nothing about this one but that it differs.
            (None, Some(_)) => Some(AnswerFacts {
                class: QueryClass::Processing,
                same_terms: false,
            }),
            (None, None) => None,
        }
    }

    /// A record of something else than we ordered: nothing follows from it, and a person looks.
    pub(super) fn of_another(evidence: String) -> Self {
        Self {
            page: Some(format!("another payment at WeChat: {evidence}")),
            ..Self::of(None, evidence)
        }
    }
}

/// WeChat's refusal of a sending, in the table's words.
fn reply_class(error: &PayError) -> ReplyClass {
    match error.action() {
        PayAction::RepeatSameNumber => ReplyClass::NoDefiniteResult,
        PayAction::QueryLater => ReplyClass::Processing,
        PayAction::SlowDown => ReplyClass::TooFast,
        PayAction::PersonDayLimit => ReplyClass::PersonDayLimit,
        PayAction::MerchantDayLimit => ReplyClass::MerchantDayLimit,
        PayAction::PauseForBalance => ReplyClass::RailBroken(RailFault::BalanceTooLow),
        PayAction::PauseForCertificate => ReplyClass::RailBroken(RailFault::Certificate),
        PayAction::PauseForRequest => ReplyClass::RailBroken(RailFault::Request),
        PayAction::PauseForAmount => ReplyClass::RailBroken(RailFault::AmountNotAllowed),
        PayAction::PauseForPermission => ReplyClass::RailBroken(RailFault::Account),
        // It may be a limit of the day, a switch of the console, or this person: one code for all.
        // Tried again tomorrow and under new numbers it outlives a mistake of ours, and it holds
        // nobody else up meanwhile, as a paused rail would.
        PayAction::OrderInvalid => ReplyClass::MerchantDayLimit,
        PayAction::OrderFailed => ReplyClass::RefusedForPerson(PersonRefusal::FinallyFailed),
        PayAction::PersonRefused => ReplyClass::RefusedForPerson(PersonRefusal::NotAuthorised),
        PayAction::PersonUnverified => ReplyClass::RefusedForPerson(PersonRefusal::NoRealName),
        PayAction::PersonUnknown => ReplyClass::RefusedForPerson(PersonRefusal::UnknownRecipient),
        PayAction::FreezeOrder => ReplyClass::ParametersDiffer,
        // An answer that could not be read or believed is no code at all; a code nobody knows is.
        PayAction::OutcomeUnknown if !matches!(error, PayError::Refused { .. }) => {
            ReplyClass::NoDefiniteResult
        }
        _ => ReplyClass::UnknownCode,
    }
}
