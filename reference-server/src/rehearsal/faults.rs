//! The weather of a rehearsal: a small share of WeChat's calls goes wrong.

use std::collections::BTreeMap;

use wechat_adapter::simulator::{Fault, FaultRule, Operation, Simulator};

use crate::rail::Rail;

/// More than any rehearsal uses up: what is missing from it is how often a fault happened.
pub(super) const PLENTY: u32 = 1_000_000_000;

/// Rules that hit the money path and the callbacks, each a few times in a thousand calls.
#[must_use]
pub fn mild(rail: Rail) -> Vec<FaultRule> {
    let rule = |operation, per_mille, fault| FaultRule {
        per_mille,
        remaining: Some(PLENTY),
        ..FaultRule::always(fault).on(operation)
    };
    let (send, query) = match rail {
        Rail::RedPacket => (Operation::SendRedPacket, Operation::QueryRedPacket),
        Rail::Transfer => (Operation::CreateTransfer, Operation::QueryTransfer),
    };
    let mut rules = vec![
        rule(send, 10, Fault::DropBeforeExecute),
        rule(send, 10, Fault::ExecuteThenDrop),
        rule(send, 10, Fault::SystemErrorThenSuccess),
        rule(send, 10, Fault::SystemErrorExecuted),
        rule(send, 10, Fault::Processing { seconds: 300 }),
        rule(send, 5, Fault::ExecuteThenStatus500),
        rule(send, 5, Fault::GarbledBody),
        rule(send, 5, Fault::FreqLimit),
        rule(query, 5, Fault::DropBeforeExecute),
        rule(query, 5, Fault::Status500),
        rule(Operation::CreateQrCode, 20, Fault::InvalidateToken),
        rule(Operation::Callback, 20, Fault::DuplicateCallbacks),
        rule(Operation::Callback, 10, Fault::LoseCallback),
    ];
    if rail == Rail::Transfer {
        let notice = Operation::TransferNotice;
        rules.extend([
            rule(send, 10, Fault::WrongAnswerSignature),
            rule(query, 5, Fault::WrongSerial),
            rule(notice, 100, Fault::LoseCallback),
            rule(notice, 50, Fault::DuplicateCallbacks),
            rule(notice, 20, Fault::ProbeSignature),
        ]);
    }
    rules
}

/// How often each rule has struck.
pub(super) fn hits(simulator: &Simulator) -> BTreeMap<String, u64> {
    let mut hits = BTreeMap::new();
    for rule in simulator.faults() {
        let operation = rule.operation.map(|operation| format!("{operation:?}"));
        let operation = operation.as_deref().unwrap_or("any call");
        let name = format!("{operation}: {:?}", rule.fault);
        let n_hits = rule.remaining.map_or(0, |left| PLENTY.saturating_sub(left));
        hits.insert(name, u64::from(n_hits));
    }
    hits
}
