//! One payout in every state, reached by events alone.

use chrono::{DateTime, TimeDelta, Utc};
use reward_core::{
    ChannelProfile, Event, EvidenceId, Fen, Jitter, OperatorId, Payout, PayoutPolicy, Permit,
    PersonRefusal, QueryClass, Refused, ReplyClass, Resolution, Transition, WorkerId,
};

pub(crate) const AMOUNT: Fen = Fen::new(1_428);
pub(crate) const WORKER: WorkerId = WorkerId::new(7);
pub(crate) const HOUR: i64 = 3_600;

/// Seconds after the opening of Nanjing, 2020-05-06 00:00 in Shanghai.
pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_588_694_400, 0).unwrap() + TimeDelta::seconds(seconds)
}

pub(crate) fn step(payout: &Payout, event: Event, seconds: i64) -> Result<Transition, Refused> {
    payout.step(
        event,
        at(seconds),
        &ChannelProfile::red_packet_default(),
        &PayoutPolicy::PUBLISHED,
        Jitter::NONE,
    )
}

pub(crate) fn due() -> Event {
    Event::Due {
        worker: WORKER,
        permit: Permit::Granted,
    }
}

pub(crate) fn reply(payout: &Payout, class: ReplyClass) -> Event {
    Event::Reply {
        worker: WORKER,
        version: payout.version(),
        class,
    }
}

pub(crate) fn answer(class: QueryClass, seconds: i64) -> Event {
    Event::QueryResult {
        class,
        issued_at: at(seconds),
    }
}

pub(crate) fn operator(resolution: Resolution) -> Event {
    Event::Operator {
        maker: OperatorId::new(1),
        checker: OperatorId::new(2),
        evidence: EvidenceId::new(9),
        resolution,
    }
}

pub(crate) fn reserved() -> Payout {
    Payout::reserve(AMOUNT, at(0)).unwrap().0
}

/// Sent at second 1.
pub(crate) fn in_flight() -> Payout {
    step(&reserved(), due(), 1).unwrap().next
}

/// Answered at second 2.
pub(crate) fn replied(class: ReplyClass) -> Payout {
    let payout = in_flight();
    step(&payout, reply(&payout, class), 2).unwrap().next
}

pub(crate) fn unknown() -> Payout {
    replied(ReplyClass::NoDefiniteResult)
}

pub(crate) fn refused() -> Payout {
    replied(ReplyClass::RefusedForPerson(PersonRefusal::NotAuthorised))
}

pub(crate) fn deferred() -> Payout {
    replied(ReplyClass::TooFast)
}

pub(crate) fn sent() -> Payout {
    replied(ReplyClass::Accepted { echo_equal: true })
}

pub(crate) fn held() -> Payout {
    replied(ReplyClass::ParametersDiffer)
}

/// Answered at second 30.
pub(crate) fn queried(payout: &Payout, class: QueryClass) -> Payout {
    step(payout, answer(class, 30), 30).unwrap().next
}

pub(crate) fn refunding() -> Payout {
    queried(&sent(), QueryClass::Refunding)
}

pub(crate) fn received() -> Payout {
    queried(&sent(), QueryClass::Received)
}

pub(crate) fn refunded() -> Payout {
    queried(&sent(), QueryClass::Refunded)
}

pub(crate) fn dead() -> Payout {
    queried(&unknown(), QueryClass::Failed)
}

/// Every state; the refused unknown is a column of its own.
pub(crate) fn one_of_each() -> [(&'static str, Payout); 11] {
    [
        ("reserved", reserved()),
        ("in_flight", in_flight()),
        ("unknown", unknown()),
        ("unknown, refused", refused()),
        ("deferred", deferred()),
        ("sent", sent()),
        ("refunding", refunding()),
        ("held", held()),
        ("received", received()),
        ("refunded", refunded()),
        ("dead", dead()),
    ]
}
