//! Faults on demand: which calls go wrong, how, and how often.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::identifier::per_mille_draw;
use super::operation::Operation;
use super::v3_seal::Flaw;

/// One way a call or a push goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Fault {
    /// The connection is cut before anything happens.
    DropBeforeExecute,
    /// The call takes effect, then the connection is cut.
    ExecuteThenDrop,
    /// The call takes effect at once; its answer is held back.
    Delay {
        /// For how long, in milliseconds.
        milliseconds: u64,
    },
    /// HTTP 500, nothing happens.
    Status500,
    /// The call takes effect, then HTTP 500.
    ExecuteThenStatus500,
    /// The call takes effect; the second half of its answer is missing.
    GarbledBody,
    /// The call takes effect; the bytes of its answer are all there, in an order that means nothing.
    ScrambledBody,
    /// The call takes effect; the fields of its answer come in reverse order, with one among them that no document lists.
    ReorderedFields,
    /// An `err_code` (pay) or `errcode` (official) that no document lists; nothing happens.
    UnknownErrCode,
    /// `SYSTEMERROR` on the first call of each bill number, nothing happens; later calls of the number go through.
    SystemErrorThenSuccess,
    /// The packet is accepted, yet the answer is `SYSTEMERROR`.
    SystemErrorExecuted,
    /// The answer is `PROCESSING`; the packet is delivered later.
    Processing {
        /// After how long it is delivered, in seconds.
        seconds: u32,
    },
    /// The packet is accepted, stays `SENDING` for 24 hours, then is `FAILED`.
    SendingThenFailed,
    /// `NOTENOUGH`, nothing happens.
    NotEnough,
    /// `NOTENOUGH`, nothing happens, until the merchant tops the balance up.
    NotEnoughUntilTopUp,
    /// `FREQ_LIMIT`, nothing happens.
    FreqLimit,
    /// `NO_AUTH`: risk control blocks the receiver; nothing happens.
    NoAuth,
    /// `SENDNUM_LIMIT`, nothing happens.
    SendNumLimit,
    /// `SEND_FAILED`: this number is finally dead, and every later call of it says so too.
    SendFailed,
    /// `CA_ERROR`: the merchant's certificate is refused; nothing happens.
    CertificateError,
    /// Any other `err_code` (pay), nothing happens.
    PayError {
        /// The `err_code` to answer.
        err_code: String,
    },
    /// The account's access tokens die at once: the call is answered 40001, and a token fetched later works.
    InvalidateToken,
    /// Any other `errcode` (official), for example 45009 or -1; nothing happens.
    OfficialError {
        /// The `errcode` to answer.
        errcode: i64,
    },
    /// Any refusal of version 3, nothing happens.
    V3Error {
        /// The HTTP status.
        status: u16,
        /// The `code`.
        code: String,
    },
    /// The transfer is accepted and fails once the person has confirmed it.
    TransferFails {
        /// The `fail_reason`.
        fail_reason: String,
    },
    /// The certificate is announced with an end that has passed.
    ExpiredCertificate,
    /// The call takes effect; its answer, or a notification, names a serial that nobody has.
    WrongSerial,
    /// The call takes effect; its answer, or a notification, is signed over other bytes.
    WrongAnswerSignature,
    /// The call takes effect; its answer, or a notification, is one of WeChat's probes.
    ProbeSignature,
    /// The call takes effect; the clock that signs is off.
    ClockSkew {
        /// By how much, in seconds; positive is ahead.
        seconds: i32,
    },
    /// Every push is delivered twice.
    DuplicateCallbacks,
    /// The push comes after the one that follows it, or after ten seconds when none does.
    ReorderCallbacks,
    /// The push is signed with a wrong token.
    WrongCallbackSignature,
    /// The push never leaves WeChat.
    LoseCallback,
    /// WeChat has banned the application's link: the authorize page says so and leads nowhere.
    LinkBanned,
}

impl Fault {
    /// Whether the fault can happen to `operation` at all.
    #[must_use]
    pub const fn applies_to(&self, operation: Operation) -> bool {
        match self {
            Self::DropBeforeExecute
            | Self::ExecuteThenDrop
            | Self::Delay { .. }
            | Self::Status500
            | Self::ExecuteThenStatus500
            | Self::GarbledBody
            | Self::ScrambledBody => {
                !matches!(operation, Operation::Callback | Operation::TransferNotice)
            }
            Self::UnknownErrCode | Self::ReorderedFields => {
                operation.is_pay() || operation.is_official() || operation.is_v3()
            }
            Self::V3Error { .. } => operation.is_v3(),
            Self::TransferFails { .. } => matches!(operation, Operation::CreateTransfer),
            Self::WrongSerial
            | Self::WrongAnswerSignature
            | Self::ProbeSignature
            | Self::ClockSkew { .. } => {
                operation.is_v3() || matches!(operation, Operation::TransferNotice)
            }
            Self::SystemErrorThenSuccess
            | Self::SystemErrorExecuted
            | Self::Processing { .. }
            | Self::NotEnough
            | Self::NotEnoughUntilTopUp
            | Self::NoAuth => matches!(
                operation,
                Operation::SendRedPacket | Operation::CreateTransfer
            ),
            Self::SendingThenFailed | Self::SendNumLimit | Self::SendFailed => {
                matches!(operation, Operation::SendRedPacket)
            }
            Self::FreqLimit => operation.is_pay() || operation.is_v3(),
            Self::CertificateError | Self::PayError { .. } => operation.is_pay(),
            Self::InvalidateToken => operation.needs_access_token(),
            Self::OfficialError { .. } => operation.is_official(),
            Self::WrongCallbackSignature | Self::ReorderCallbacks => {
                matches!(operation, Operation::Callback)
            }
            Self::LinkBanned => matches!(operation, Operation::Authorize),
            Self::ExpiredCertificate => matches!(operation, Operation::Certificates),
            Self::DuplicateCallbacks | Self::LoseCallback => {
                matches!(operation, Operation::Callback | Operation::TransferNotice)
            }
        }
    }

    /// Whether the fault would deny an order that was accepted before; WeChat never does that.
    const fn denies_the_past(&self) -> bool {
        matches!(
            self,
            Self::NotEnough
                | Self::NotEnoughUntilTopUp
                | Self::NoAuth
                | Self::SendNumLimit
                | Self::SendFailed
                | Self::PayError { .. }
                | Self::Processing { .. }
                | Self::SendingThenFailed
                | Self::TransferFails { .. }
        )
    }

    /// What the fault does to a signature of WeChat's.
    pub(super) fn flaw(&self) -> Flaw {
        let skew_seconds = if let Self::ClockSkew { seconds } = self {
            i64::from(*seconds)
        } else {
            0
        };
        Flaw {
            wrong_serial: *self == Self::WrongSerial,
            wrong_signature: *self == Self::WrongAnswerSignature,
            probe: *self == Self::ProbeSignature,
            reordered: *self == Self::ReorderedFields,
            skew_seconds,
        }
    }

    /// The `err_code` that a pay call is refused with while nothing happens.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the others refuse nothing by a code of version 2"
    )]
    pub(super) fn refusal(&self) -> Option<&str> {
        match self {
            Self::UnknownErrCode => Some("ERR_268458547"),
            Self::SystemErrorThenSuccess => Some("SYSTEMERROR"),
            Self::NotEnough | Self::NotEnoughUntilTopUp => Some("NOTENOUGH"),
            Self::FreqLimit => Some("FREQ_LIMIT"),
            Self::NoAuth => Some("NO_AUTH"),
            Self::SendNumLimit => Some("SENDNUM_LIMIT"),
            Self::CertificateError => Some("CA_ERROR"),
            Self::PayError { err_code } => Some(err_code),
            _ => None,
        }
    }
}

/// When a fault happens: every condition that is given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the host writes it field by field, with `..FaultRule::always(fault)` for the rest"
)]
pub struct FaultRule {
    /// Only calls of this operation; `None` for every operation the fault applies to.
    #[serde(default)]
    pub operation: Option<Operation>,
    /// Only calls of exactly this path, without the simulator's prefix.
    #[serde(default)]
    pub path: Option<String>,
    /// Only calls and pushes about this person.
    #[serde(default)]
    pub openid: Option<String>,
    /// Only calls about this packet.
    #[serde(default)]
    pub bill_number: Option<String>,
    /// How many of a thousand matching calls, drawn from the seed; 1000 is all of them.
    #[serde(default = "all")]
    pub per_mille: u16,
    /// Only the matching call with this number, counted from 1.
    #[serde(default)]
    pub nth: Option<u64>,
    /// How often the fault may still happen; `None` for no end.
    #[serde(default)]
    pub remaining: Option<u32>,
    /// What happens.
    pub fault: Fault,
}

const fn all() -> u16 {
    1000
}

impl FaultRule {
    /// `fault` on every call it applies to, without end.
    #[must_use]
    pub const fn always(fault: Fault) -> Self {
        Self {
            operation: None,
            path: None,
            openid: None,
            bill_number: None,
            per_mille: all(),
            nth: None,
            remaining: None,
            fault,
        }
    }

    /// `fault` on the next call it applies to, and never again.
    #[must_use]
    pub const fn once(fault: Fault) -> Self {
        let mut rule = Self::always(fault);
        rule.remaining = Some(1);
        rule
    }

    /// The same rule for one operation only.
    #[must_use]
    pub const fn on(mut self, operation: Operation) -> Self {
        self.operation = Some(operation);
        self
    }
}

/// What a call or push is about, for matching.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target<'a> {
    pub(super) operation: Operation,
    /// The path of a call, without the prefix.
    pub(super) path: Option<&'a str>,
    pub(super) openid: Option<&'a str>,
    pub(super) bill_number: Option<&'a str>,
    /// Whether the call repeats an order that was accepted before.
    pub(super) landed: bool,
}

#[derive(Debug)]
struct ActiveRule {
    rule: FaultRule,
    matched: u64,
    /// Bill numbers that have had their one failure.
    spent: BTreeSet<String>,
}

/// The rules in force and how far each has come.
#[derive(Debug)]
pub(super) struct Faults {
    seed: u64,
    active: Vec<ActiveRule>,
}

impl Faults {
    pub(super) const fn new(seed: u64) -> Self {
        Self {
            seed,
            active: Vec::new(),
        }
    }

    pub(super) fn replace(&mut self, rules: Vec<FaultRule>) {
        self.active = rules
            .into_iter()
            .map(|rule| ActiveRule {
                rule,
                matched: 0,
                spent: BTreeSet::new(),
            })
            .collect();
    }

    pub(super) fn rules(&self) -> Vec<FaultRule> {
        self.active
            .iter()
            .map(|active| active.rule.clone())
            .collect()
    }

    /// The fault that happens to `target`, by the first rule that says so.
    pub(super) fn draw(&mut self, target: Target<'_>) -> Option<Fault> {
        self.draw_among(target, |_| true)
    }

    /// The same among the rules whose fault `counts`; the others do not see the call.
    pub(super) fn draw_among(
        &mut self,
        target: Target<'_>,
        counts: impl Fn(&Fault) -> bool,
    ) -> Option<Fault> {
        let seed = self.seed;
        let mut number: u64 = 0;
        self.active.iter_mut().find_map(|active| {
            number = number.wrapping_add(1);
            counts(&active.rule.fault)
                .then(|| active.draw(seed, number, target))
                .flatten()
        })
    }

    /// Ends the shortages that last until the balance is topped up.
    pub(super) fn top_up(&mut self) {
        self.active
            .retain(|active| active.rule.fault != Fault::NotEnoughUntilTopUp);
    }
}

impl ActiveRule {
    fn draw(&mut self, seed: u64, number: u64, target: Target<'_>) -> Option<Fault> {
        if !self.matches(target) {
            return None;
        }
        self.matched = self.matched.wrapping_add(1);
        let due = self.rule.nth.is_none_or(|nth| nth == self.matched)
            && self.rule.remaining != Some(0)
            && (self.rule.per_mille >= all()
                || per_mille_draw(seed, number, self.matched) < u64::from(self.rule.per_mille));
        if !due || !self.spend(target) {
            return None;
        }
        if let Some(remaining) = &mut self.rule.remaining {
            *remaining = remaining.saturating_sub(1);
        }
        Some(self.rule.fault.clone())
    }

    fn matches(&self, target: Target<'_>) -> bool {
        let rule = &self.rule;
        rule.fault.applies_to(target.operation)
            && !(target.landed && rule.fault.denies_the_past())
            && rule
                .operation
                .is_none_or(|operation| operation == target.operation)
            && (rule.path.is_none() || rule.path.as_deref() == target.path)
            && (rule.openid.is_none() || rule.openid.as_deref() == target.openid)
            && (rule.bill_number.is_none() || rule.bill_number.as_deref() == target.bill_number)
    }

    /// False when the fault happens once per bill number and this number has had it.
    fn spend(&mut self, target: Target<'_>) -> bool {
        match (&self.rule.fault, target.bill_number) {
            (Fault::SystemErrorThenSuccess, Some(bill_number)) => {
                self.spent.insert(bill_number.to_owned())
            }
            _ => true,
        }
    }
}
