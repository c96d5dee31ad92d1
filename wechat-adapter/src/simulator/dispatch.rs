//! One request from arrival to answer: the fault that meets it, the work, the fault that meets the answer.

use std::time::Duration;

use ::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};

use super::config::SimulatorConfig;
use super::fault::{Fault, Target};
use super::oauth::{AuthorizeOutcome, authorize};
use super::official;
use super::operation::Operation;
use super::packet::{Course, Order};
use super::pay::{self, Refusal, refused};
use super::v3_bill;
use super::v3_call::{self, Outcome, V3};
use super::v3_seal::Flaw;
use super::wire::{self, Call, redirect, text};
use super::world::World;
use super::xml;
use crate::{Response, TransportError};

/// What became of a request.
#[derive(Debug)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a host that ignored one of the three would not simulate the network"
)]
pub enum Handled {
    /// Send this answer.
    Answer(Response),
    /// Hold this answer back for `delay`, then send it; a caller with less patience learns nothing.
    Late {
        /// The answer.
        answer: Response,
        /// How long it is held back.
        delay: Duration,
    },
    /// Cut the connection without an answer.
    Dropped {
        /// Whether the request took effect all the same; the caller must not learn this.
        executed: bool,
    },
}

/// Answers that are held back longer than this are lost to a client, as with a real one's time-out.
const CLIENT_PATIENCE: Duration = Duration::from_secs(10);

impl Handled {
    /// What a client in the same process learns; a delay it would outlast is not waited for.
    ///
    /// # Errors
    /// [`TransportError::TimedOut`] for an answer held back for ten seconds or more;
    /// [`TransportError::ConnectionLost`] for a dropped connection, whether or not the request took effect.
    pub fn heard_by_a_client(self) -> Result<Response, TransportError> {
        match self {
            Self::Answer(answer) => Ok(answer),
            Self::Late { answer, delay } if delay < CLIENT_PATIENCE => Ok(answer),
            Self::Late { .. } => Err(TransportError::TimedOut),
            Self::Dropped { .. } => Err(TransportError::ConnectionLost(
                "cut by the simulator".to_owned(),
            )),
        }
    }
}

/// A `sendredpack` body after the checks that need no memory.
pub(super) type CheckedOrder = Option<Result<Order, Refusal>>;

struct Executed {
    answer: Response,
    /// Whether anything took effect.
    effective: bool,
}

/// Answers `call`; `order` is its body when it sends a packet.
pub(super) fn respond(
    config: &SimulatorConfig,
    v3: Option<V3<'_>>,
    world: &mut World,
    call: &Call<'_>,
    order: CheckedOrder,
    now: DateTime<Utc>,
) -> Handled {
    if call.operation.is_post() != (call.method == ::http::Method::POST) {
        return Handled::Answer(wrong_method(world, call, now));
    }
    let fault = world.faults.draw(Target {
        operation: call.operation,
        path: Some(call.path),
        openid: call.openid(),
        bill_number: call.bill_number(),
        landed: call.bill_number().is_some_and(|number| {
            world.packets.get(number).is_some() || world.transfers.get(number).is_some()
        }),
    });
    if call.operation.is_v3() {
        return respond_v3(config, v3, world, call, fault, now);
    }
    if let Some(fault) = &fault
        && let Some(handled) = before(config, world, call, &order, fault, now)
    {
        return handled;
    }
    let course = course(fault.as_ref());
    let executed = execute(config, world, call, order, course, now);
    after(config, world, call, fault, executed)
}

/// Version 3: every answer is signed, refusals too, and faults meet body or signature.
fn respond_v3(
    config: &SimulatorConfig,
    v3: Option<V3<'_>>,
    world: &mut World,
    call: &Call<'_>,
    fault: Option<Fault>,
    now: DateTime<Utc>,
) -> Handled {
    let Some(v3) = v3 else {
        return Handled::Answer(text(StatusCode::NOT_FOUND, "no such endpoint"));
    };
    match &fault {
        Some(Fault::DropBeforeExecute) => return Handled::Dropped { executed: false },
        Some(Fault::Status500) => return Handled::Answer(internal_error()),
        Some(_) | None => {}
    }
    if call.operation == Operation::DownloadBill {
        return meet_answer(fault, v3_bill::download(config, world, call), true);
    }
    let outcome = fault
        .as_ref()
        .and_then(Outcome::of_fault)
        .unwrap_or_else(|| v3_call::execute(v3, config, world, call, fault.as_ref(), now));
    let executed = outcome.effective;
    let shown = if executed && fault == Some(Fault::SystemErrorExecuted) {
        Outcome::refused(500, "SYSTEM_ERROR", "simulated")
    } else {
        outcome
    };
    let flaw = fault.as_ref().map_or_else(Flaw::default, Fault::flaw);
    let answer = v3_call::signed(v3, world, call, &shown, flaw, now);
    meet_answer(fault, answer, executed)
}

/// The faults that meet an answer on its way, whatever it says.
fn meet_answer(fault: Option<Fault>, answer: Response, executed: bool) -> Handled {
    match fault {
        Some(Fault::ExecuteThenDrop) => Handled::Dropped { executed },
        Some(Fault::Delay { milliseconds }) => Handled::Late {
            answer,
            delay: Duration::from_millis(milliseconds),
        },
        Some(Fault::ExecuteThenStatus500) => Handled::Answer(internal_error()),
        Some(Fault::GarbledBody) => Handled::Answer(halved(answer)),
        Some(Fault::ScrambledBody) => Handled::Answer(scrambled(answer)),
        Some(_) | None => Handled::Answer(answer),
    }
}

fn wrong_method(world: &mut World, call: &Call<'_>, now: DateTime<Utc>) -> Response {
    let (code, message) = match (call.operation.is_official(), call.operation.is_post()) {
        (false, _) => return text(StatusCode::METHOD_NOT_ALLOWED, "wrong method"),
        (true, true) => (43002, "require POST method"),
        (true, false) => (43001, "require GET method"),
    };
    wire::json(&world.refusals.refuse(call, code, message, now))
}

/// The faults that keep a call from taking effect.
fn before(
    config: &SimulatorConfig,
    world: &mut World,
    call: &Call<'_>,
    order: &CheckedOrder,
    fault: &Fault,
    now: DateTime<Utc>,
) -> Option<Handled> {
    if *fault == Fault::DropBeforeExecute {
        return Some(Handled::Dropped { executed: false });
    }
    if *fault == Fault::Status500 {
        return Some(Handled::Answer(internal_error()));
    }
    if *fault == Fault::LinkBanned {
        return Some(Handled::Answer(banned()));
    }
    let official_code = if *fault == Fault::InvalidateToken {
        world.stable_tokens.kill();
        world.tokens.kill();
        Some(40_001)
    } else if let Fault::OfficialError { errcode } = fault {
        Some(*errcode)
    } else if call.operation.is_pay() {
        None
    } else {
        fault.refusal().map(|_| 99_999)
    };
    if let Some(code) = official_code {
        let message = if *fault == Fault::InvalidateToken {
            "invalid credential, access_token is invalid or not latest"
        } else {
            "simulated"
        };
        let body = world.refusals.refuse(call, code, message, now);
        return Some(Handled::Answer(wire::json(&body)));
    }
    let err_code = fault.refusal()?;
    let refusal = match order {
        Some(Err(refusal)) => refusal.clone(),
        Some(Ok(_)) | None => refused(err_code, "simulated"),
    };
    if call.operation == Operation::QueryRedPacket {
        return Some(Handled::Answer(refusal.answer()));
    }
    if let Some(number) = call.bill_number() {
        world.counters.note_refusal(number.to_owned(), now);
    }
    let answer = pay::send_answer(config, call.fields.as_ref(), world, &Err(refusal));
    Some(Handled::Answer(answer))
}

fn course(fault: Option<&Fault>) -> Course {
    match fault {
        Some(Fault::Processing { seconds }) => {
            Course::SentAfter(TimeDelta::seconds(i64::from(*seconds)))
        }
        Some(Fault::SendingThenFailed) => Course::FailsAfterADay,
        Some(Fault::SendFailed) => Course::FailsAtOnce,
        _ => Course::Sent,
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "everything else is the account's"
)]
fn execute(
    config: &SimulatorConfig,
    world: &mut World,
    call: &Call<'_>,
    order: CheckedOrder,
    course: Course,
    now: DateTime<Utc>,
) -> Executed {
    let answer = match call.operation {
        Operation::SendRedPacket => {
            let order = order.unwrap_or_else(|| Err(refused("XML_ERROR", "no body")));
            let outcome = order.and_then(|order| pay::place(config, world, order, course, now));
            return Executed {
                answer: pay::send_answer(config, call.fields.as_ref(), world, &outcome),
                effective: outcome.is_ok(),
            };
        }
        Operation::QueryRedPacket => pay::query(config, world, call.fields.as_ref(), now),
        Operation::Authorize => authorize_page(config, world, call, now),
        Operation::ShowQrCode => show_qr_code(world, call),
        _ => official::handle(config, world, call, now),
    };
    Executed {
        answer,
        effective: true,
    }
}

fn authorize_page(
    config: &SimulatorConfig,
    world: &mut World,
    call: &Call<'_>,
    now: DateTime<Utc>,
) -> Response {
    let denied = call.parameter("deny").is_some();
    match authorize(
        config,
        world,
        call.raw_query,
        call.parameter("as"),
        denied,
        now,
    ) {
        AuthorizeOutcome::Redirect(url) => redirect(&url),
        AuthorizeOutcome::ChoosePerson { .. } => text(
            StatusCode::MULTIPLE_CHOICES,
            "add as=<openid> to act for a person, or deny=1 to decline",
        ),
        AuthorizeOutcome::BadRequest(reason) => text(StatusCode::BAD_REQUEST, &reason),
        AuthorizeOutcome::Banned => banned(),
    }
}

fn show_qr_code(world: &World, call: &Call<'_>) -> Response {
    let code = call
        .parameter("ticket")
        .and_then(|ticket| world.qr_codes.by_ticket(ticket));
    match code {
        Some(code) => text(StatusCode::OK, &code.url),
        None => text(StatusCode::NOT_FOUND, "no such ticket"),
    }
}

/// The faults that meet the answer.
fn after(
    config: &SimulatorConfig,
    world: &World,
    call: &Call<'_>,
    fault: Option<Fault>,
    executed: Executed,
) -> Handled {
    let Executed { answer, effective } = executed;
    let denied = |err_code| {
        let refusal = Err(refused(err_code, "simulated"));
        Handled::Answer(pay::send_answer(
            config,
            call.fields.as_ref(),
            world,
            &refusal,
        ))
    };
    match fault {
        Some(Fault::SystemErrorExecuted) if effective => denied("SYSTEMERROR"),
        Some(Fault::Processing { .. }) if effective => denied("PROCESSING"),
        Some(Fault::SendFailed) if effective => denied("SEND_FAILED"),
        Some(Fault::ReorderedFields) => Handled::Answer(reordered(answer)),
        fault => meet_answer(fault, answer, effective),
    }
}

/// What WeChat shows instead of a page whose link it has banned.
fn banned() -> Response {
    text(StatusCode::FORBIDDEN, "已停止访问该网页")
}

fn internal_error() -> Response {
    text(StatusCode::INTERNAL_SERVER_ERROR, "simulated")
}

fn halved(answer: Response) -> Response {
    answer.map(|mut body| {
        let half = body.len().checked_div(2).unwrap_or(0);
        body.truncate(half);
        body
    })
}

/// Every byte is there, and nothing can be read.
fn scrambled(answer: Response) -> Response {
    answer.map(|mut body| {
        body.reverse();
        body.push(0xff);
        body
    })
}

/// The fields in another order, and one more.
fn reordered(answer: Response) -> Response {
    answer.map(|body| {
        let xml = std::str::from_utf8(&body).ok().and_then(xml::reordered);
        let json = || {
            serde_json::from_slice(&body)
                .ok()
                .map(|value| wire::reordered(&value))
        };
        xml.or_else(json).map_or(body.clone(), String::into_bytes)
    })
}
