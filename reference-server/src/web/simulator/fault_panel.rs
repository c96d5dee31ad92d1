//! The switches of the fault panel, and the rules behind each.

use serde::Deserialize;
use wechat_adapter::simulator::{Fault, FaultRule, Operation};

use crate::rail::Rail;

/// A switch of the fault panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum FaultChoice {
    None,
    Slow,
    AnswerLost,
    Balance,
    Processing,
    Certificate,
    Token,
    CallbackTwice,
    CallbackLost,
}

impl FaultChoice {
    /// Every switch, in the order of the panel.
    pub(super) const ALL: [Self; 9] = [
        Self::None,
        Self::Slow,
        Self::AnswerLost,
        Self::Balance,
        Self::Processing,
        Self::Certificate,
        Self::Token,
        Self::CallbackTwice,
        Self::CallbackLost,
    ];

    /// The switch's word in the form.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Slow => "slow",
            Self::AnswerLost => "answer_lost",
            Self::Balance => "balance",
            Self::Processing => "processing",
            Self::Certificate => "certificate",
            Self::Token => "token",
            Self::CallbackTwice => "callback_twice",
            Self::CallbackLost => "callback_lost",
        }
    }

    /// What the switch says.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::None => "一切正常",
            Self::Slow => "微信变慢（3 秒）",
            Self::AnswerLost => "发了红包但答复丢失",
            Self::Balance => "余额不足",
            Self::Processing => "处理中（20 秒）",
            Self::Certificate => "证书错误",
            Self::Token => "令牌失效一次",
            Self::CallbackTwice => "回调重复",
            Self::CallbackLost => "回调丢失",
        }
    }

    /// The rules it sets for a season on this rail.
    pub(super) fn rules(self, rail: Rail) -> Vec<FaultRule> {
        let send = match rail {
            Rail::RedPacket => Operation::SendRedPacket,
            Rail::Transfer => Operation::CreateTransfer,
        };
        let pay = |fault| FaultRule::always(fault).on(send);
        match self {
            Self::None => Vec::new(),
            Self::Slow => vec![pay(Fault::Delay {
                milliseconds: 3_000,
            })],
            Self::AnswerLost => vec![pay(Fault::ExecuteThenDrop)],
            Self::Balance => vec![pay(Fault::NotEnough)],
            Self::Processing => vec![pay(Fault::Processing { seconds: 20 })],
            Self::Certificate => vec![pay(match rail {
                Rail::RedPacket => Fault::CertificateError,
                Rail::Transfer => Fault::V3Error {
                    status: 401,
                    code: "SIGN_ERROR".to_owned(),
                },
            })],
            Self::Token => vec![FaultRule::once(Fault::InvalidateToken)],
            Self::CallbackTwice => vec![FaultRule::always(Fault::DuplicateCallbacks)],
            Self::CallbackLost => vec![FaultRule::always(Fault::LoseCallback)],
        }
    }

    /// Whether its rules are those in force.
    pub(super) fn is_on(self, in_force: &[FaultRule], rail: Rail) -> bool {
        let kinds = |rules: &[FaultRule]| -> Vec<Fault> {
            rules.iter().map(|rule| rule.fault.clone()).collect()
        };
        kinds(&self.rules(rail)) == kinds(in_force)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_switch_is_on_after_it_was_pressed() {
        for rail in Rail::ALL {
            for pressed in FaultChoice::ALL {
                let rules = pressed.rules(rail);
                let on: Vec<_> = FaultChoice::ALL
                    .into_iter()
                    .filter(|choice| choice.is_on(&rules, rail))
                    .collect();
                assert_eq!(on, [pressed]);
            }
        }
    }
}
