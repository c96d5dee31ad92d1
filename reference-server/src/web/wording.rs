//! A sentence for every refusal and every state: what happened, and what the person can do now.

use chrono::{DateTime, Utc};
use reward_core::{BaseUse, ChanceKind, ClaimScope};

use super::moment;
use crate::contest::{
    Refusal,
    attempt::ItemCorrection,
    claim::{Packet, PacketState},
    pause::Subject,
};

/// What a person reads instead of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sentence {
    /// What happened.
    pub(super) title: String,
    /// Why, or what comes next; may be empty.
    pub(super) detail: String,
    /// What to do now.
    pub(super) step: Step,
}

/// What a person can do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Home,
    Quiz,
    Follow,
    Me,
    Stations,
    Login,
    Verify,
}

impl Step {
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Home => "回到首页",
            Self::Quiz => "去答题",
            Self::Follow => "去关注",
            Self::Me => "查看我的竞答",
            Self::Stations => "查看赛程",
            Self::Login => "重新进入",
            Self::Verify => "公开核验",
        }
    }

    pub(super) fn href(self) -> &'static str {
        match self {
            Self::Home => "/",
            Self::Quiz => "/quiz",
            Self::Follow => "/follow",
            Self::Me => "/me",
            Self::Stations => "/#stations",
            Self::Login => "/login?next=/",
            Self::Verify => "/verify",
        }
    }
}

fn sentence(title: impl Into<String>, detail: impl Into<String>, step: Step) -> Sentence {
    Sentence {
        title: title.into(),
        detail: detail.into(),
        step,
    }
}

/// The sentence of a use case's refusal.
pub(super) fn refusal(refusal: &Refusal) -> Sentence {
    match refusal {
        Refusal::Claim(claim) => claim_refusal(claim),
        Refusal::NotFollowing => not_following(),
        Refusal::NoCityOpen {
            next_opens: Some(opens),
        } => sentence(
            "现在没有城市在竞赛",
            format!("下一站 {} 开赛。", moment::minute(*opens)),
            Step::Stations,
        ),
        Refusal::NoCityOpen { next_opens: None } => all_over(),
        Refusal::CityClosed { closed } => sentence(
            format!("本市竞赛已于 {}结束", moment::end(*closed)),
            "本次答题未能计入，之前的成绩都还在。",
            Step::Home,
        ),
        Refusal::Paused { subject, sentence } => stopped(*subject, sentence),
        Refusal::UnknownAttempt => sentence(
            "这份题目打不开了",
            "它可能属于另一个微信号，请重新抽题。",
            Step::Quiz,
        ),
        Refusal::UnknownAnswer { ordinal } => sentence(
            format!("第 {ordinal} 题的答案没有看懂"),
            "请回到题目再选一次。",
            Step::Quiz,
        ),
        Refusal::KeyReused => sentence(
            "这次请求和之前的不一样",
            "同一个请求编号已用于另一次答题，请换一个编号再试。",
            Step::Me,
        ),
        Refusal::TooFast { retry_after_s } => sentence(
            format!("您点得太快了，歇 {retry_after_s} 秒再试"),
            "答案没有丢。",
            Step::Home,
        ),
        Refusal::LoginRefused => sentence(
            "需要微信授权才能记录成绩",
            "授权只用来区分参与者，不读取昵称和头像。",
            Step::Login,
        ),
        Refusal::SnapshotUser => sentence(
            "您正在预览页面",
            "请点右下角“使用完整服务”，再开始答题。",
            Step::Home,
        ),
        Refusal::NotDisclosed { from } => sentence(
            "本市的种子和发放记录还没有公布",
            format!("{} 公布，承诺值现在就可以看。", moment::minute(*from)),
            Step::Verify,
        ),
        Refusal::DistrictFixed => sentence(
            "所在的区不能再改了",
            "您已拆过本市的红包，统计以拆红包前的选择为准。",
            Step::Me,
        ),
        Refusal::PacketUnderway => sentence(
            "还有红包在路上",
            "等它到账或退回后再删除，红包发放要用到您的微信编号。",
            Step::Me,
        ),
        Refusal::RecordsDestroyed => long_over(),
        Refusal::UnknownCity => sentence("没有找到这座城市", "请从赛程里选一座。", Step::Stations),
        Refusal::NotFound => sentence("没有找到这一页", "它可能属于另一个微信号。", Step::Home),
    }
}

fn all_over() -> Sentence {
    sentence(
        "全省竞赛已经结束",
        "感谢您的参与，成绩和红包记录都还在。",
        Step::Me,
    )
}

fn stopped(subject: Subject, words: &str) -> Sentence {
    sentence(paused(subject), words, Step::Home)
}

/// What stands still, as a headline above the organiser's sentence.
pub(super) fn paused(subject: Subject) -> &'static str {
    match subject {
        Subject::Quiz => "竞赛暂停中",
        Subject::Claims => "拆红包暂停中",
        Subject::Payouts => "红包发放暂停中",
        Subject::Referral => "邀请暂停中",
    }
}

fn long_over() -> Sentence {
    sentence(
        "本季的个人信息已经按期销毁",
        "活动结束已满保存期限，不能再登录；公布的记录仍然可以核对。",
        Step::Verify,
    )
}

/// The sentence of reward-core's refusal of a packet.
pub(super) fn claim_refusal(refusal: &reward_core::Refusal) -> Sentence {
    use reward_core::Refusal as No;
    match refusal {
        No::NotOpenYet { opens } => sentence(
            "本市还没有开赛",
            format!("{} 开赛，资格为您保留。", moment::minute(*opens)),
            Step::Stations,
        ),
        No::Closed { closed } => sentence(
            "本市竞赛已经结束",
            format!("已于 {}结束，红包不再发放。", moment::end(*closed)),
            Step::Home,
        ),
        No::Paused => sentence(
            "红包发放暂停中",
            "资格为您保留，恢复后可以再拆。",
            Step::Home,
        ),
        No::NotFollowing => not_following(),
        No::NotPassed => sentence(
            "还没有通过的答题",
            "答对的题数够了，就可以拆红包，不限次数。",
            Step::Quiz,
        ),
        No::AlreadyClaimed { used, scope } => already_claimed(*used, *scope),
        No::AnotherPassNeeded { chance } => sentence(
            match chance {
                ChanceKind::Base => "再通过一次就可以拆红包",
                ChanceKind::Referral => "您有 1 次邀请得来的机会",
            },
            "再答一次并通过，就可以拆。",
            Step::Quiz,
        ),
        No::NotReleasedUntil { at } => sentence(
            "这一批红包已领完",
            format!("下一批 {} 放出，资格为您保留。", moment::minute(*at)),
            Step::Home,
        ),
        No::DayExhausted { next_day: Some(at) } => sentence(
            "今日红包已发完，资格为您保留",
            format!("{} 继续发放，明日再来。", moment::minute(*at)),
            Step::Me,
        ),
        No::DayExhausted { next_day: None } | No::CityExhausted => sentence(
            "本市红包已全部发完",
            "感谢参与，答题和解析一直开放到本站结束。",
            Step::Quiz,
        ),
        _ => sentence("现在还不能拆红包", "请稍后再试，资格为您保留。", Step::Me),
    }
}

fn already_claimed(used: BaseUse, scope: ClaimScope) -> Sentence {
    let (at, place) = match used {
        BaseUse::Here { at } => (at, "本市"),
        BaseUse::Elsewhere { at } => (at, "另一座城市"),
    };
    let once = match scope {
        ClaimScope::Season => "每人在整个活动中可拆 1 次",
        ClaimScope::City => "每人在每座城市可拆 1 次",
    };
    sentence(
        "您已经拆过红包了",
        format!("{}在{place}拆过；{once}。", moment::minute(at)),
        Step::Me,
    )
}

fn not_following() -> Sentence {
    sentence(
        "关注公众号后即可继续",
        "关注后回到这里，答题和红包机会都会保留。",
        Step::Follow,
    )
}

/// What a packet says of its way: a word, a sentence, and the colour of its chip.
pub(super) fn packet(packet: &Packet, account: &str) -> (&'static str, String, &'static str) {
    match &packet.paused {
        Some(sentence) => (
            "暂停发放",
            format!("{sentence} 红包为您保留，恢复后自动发放。"),
            "",
        ),
        None => packet_state(
            packet.state,
            account,
            packet.collect_until,
            packet.sent_from,
        ),
    }
}

/// What a packet's state says: a word, a sentence, and the colour of its chip.
fn packet_state(
    state: PacketState,
    account: &str,
    collect_until: Option<DateTime<Utc>>,
    sent_from: Option<DateTime<Utc>>,
) -> (&'static str, String, &'static str) {
    match state {
        PacketState::Granted => (
            "已获得",
            match sent_from {
                Some(from) => format!("已获得，将于 {} 后发放。", moment::minute(from)),
                None => "已获得，正在排队发放。".to_owned(),
            },
            "",
        ),
        PacketState::Sending => (
            "发放中",
            "正在发到您的微信，一般几秒钟就到。".to_owned(),
            "",
        ),
        PacketState::AwaitingCollection => (
            "待领取",
            match collect_until {
                Some(until) => format!(
                    "请到“{account}”对话里点开红包，{} 前有效。",
                    moment::minute(until)
                ),
                None => format!("请到“{account}”对话里点开红包，24 小时内有效。"),
            },
            "",
        ),
        PacketState::AwaitingConfirmation => (
            "待确认",
            match collect_until {
                Some(until) => format!(
                    "还差一步：请在微信里打开本页，点“去微信确认收款”，{} 前有效。",
                    moment::minute(until)
                ),
                None => "还差一步：请在微信里打开本页，点“去微信确认收款”，24 小时内有效。".to_owned(),
            },
            "",
        ),
        PacketState::Received => ("已到账", "红包已存入您的微信零钱。".to_owned(), "chip-ok"),
        PacketState::Returning => (
            "退回中",
            "24 小时内没有领取，正在退回。".to_owned(),
            "chip-off",
        ),
        PacketState::Returned => (
            "已退回",
            "24 小时内没有领取，红包已退回。".to_owned(),
            "chip-off",
        ),
        PacketState::OnHold => (
            "核实中",
            "系统正在核实本次发放，红包为您保留，最迟 24 小时内给您结果；如有疑问可在公众号留言申诉。".to_owned(),
            "",
        ),
        PacketState::Refused => (
            "未能发放",
            "微信没有接受这次发放，请在公众号留言，我们人工核实。".to_owned(),
            "chip-off",
        ),
    }
}

/// Where a chance comes from.
pub(super) fn chance_kind(kind: ChanceKind) -> &'static str {
    match kind {
        ChanceKind::Base => "首次通过",
        ChanceKind::Referral => "邀请好友",
    }
}

/// The line under a score.
pub(super) fn headline(score: u16, of: u16, passed: bool) -> &'static str {
    if score >= of {
        "全部答对，了不起！"
    } else if !passed {
        "差一点就通过了，看看解析再来一次"
    } else if u32::from(score) * 10 >= u32::from(of) * 8 {
        "答得真棒，恭喜通过！"
    } else {
        "恭喜通过，获得拆红包资格"
    }
}

/// What was wrong with a question, after it was answered.
pub(super) fn correction(correction: &ItemCorrection) -> String {
    let what = if correction.is_void() {
        "此题已作废，全员按答对计。".to_owned()
    } else {
        let letters: Vec<String> = correction.accepted.iter().map(char::to_string).collect();
        format!("此题已更正，选 {} 的也按答对计。", letters.join("、"))
    };
    format!("{what}{}", because(&correction.reason))
}

/// What is said of a void question while it can still be answered.
pub(super) fn void_item(reason: &str) -> String {
    format!("此题已作废，答不答都按答对计。{}", because(reason))
}

/// An organiser's reason as the end of a sentence.
fn because(reason: &str) -> String {
    let stop = if reason.ends_with(['。', '！', '？', '.']) {
        ""
    } else {
        "。"
    };
    format!("原因：{reason}{stop}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at() -> DateTime<Utc> {
        "2020-05-13T00:00:00+08:00".parse().expect("an instant")
    }

    fn every_refusal() -> Vec<Refusal> {
        let mut all: Vec<Refusal> = reward_core::Refusal::one_of_each(at())
            .into_iter()
            .map(Refusal::Claim)
            .collect();
        all.extend([
            Refusal::Claim(reward_core::Refusal::DayExhausted { next_day: None }),
            Refusal::NotFollowing,
            Refusal::NoCityOpen {
                next_opens: Some(at()),
            },
            Refusal::NoCityOpen { next_opens: None },
            Refusal::CityClosed { closed: at() },
            Refusal::Paused {
                subject: Subject::Quiz,
                sentence: "系统维护，十点恢复。".to_owned(),
            },
            Refusal::UnknownAttempt,
            Refusal::UnknownAnswer {
                ordinal: "3".to_owned(),
            },
            Refusal::TooFast { retry_after_s: 60 },
            Refusal::KeyReused,
            Refusal::LoginRefused,
            Refusal::SnapshotUser,
            Refusal::NotDisclosed { from: at() },
            Refusal::DistrictFixed,
            Refusal::PacketUnderway,
            Refusal::RecordsDestroyed,
            Refusal::UnknownCity,
            Refusal::NotFound,
        ]);
        all
    }

    #[test]
    fn every_refusal_has_a_sentence_without_code_or_blame() {
        for no in every_refusal() {
            let said = refusal(&no);
            assert!(!said.title.is_empty() && !said.detail.is_empty(), "{no:?}");
            for word in ["非法", "失败", "error", "错误", "null", "!", "！"] {
                assert!(
                    !said.title.contains(word) && !said.detail.contains(word),
                    "{no:?}: {said:?}"
                );
            }
        }
    }

    #[test]
    fn no_two_reasons_against_a_packet_share_a_sentence() {
        let said: Vec<Sentence> = reward_core::Refusal::one_of_each(at())
            .iter()
            .map(claim_refusal)
            .collect();
        for (n, one) in said.iter().enumerate() {
            assert!(said.iter().skip(n + 1).all(|other| other != one), "{one:?}");
            assert_ne!(one.title, "现在还不能拆红包", "no sentence of its own");
        }
    }

    #[test]
    fn every_packet_state_has_a_word_of_its_own() {
        let words: std::collections::BTreeSet<_> = PacketState::ALL
            .into_iter()
            .map(|state| packet_state(state, "苏信服", Some(at()), None).0)
            .collect();
        assert_eq!(words.len(), PacketState::ALL.len());
    }

    #[test]
    fn a_correction_says_what_counts_and_why() {
        let said = |accepted: &[char], reason: &str| {
            correction(&ItemCorrection {
                accepted: accepted.to_vec(),
                reason: reason.to_owned(),
            })
        };
        let void = "此题已作废，全员按答对计。原因：题干缺了一行。";
        assert_eq!(said(&[], "题干缺了一行"), void);
        assert_eq!(said(&[], "题干缺了一行。"), void);
        let also = "此题已更正，选 B、D 的也按答对计。原因：条例已修订。";
        assert_eq!(said(&['B', 'D'], "条例已修订"), also);
        assert_eq!(
            void_item("印错"),
            "此题已作废，答不答都按答对计。原因：印错。"
        );
    }

    #[test]
    fn a_pass_is_praised_and_a_miss_is_encouraged() {
        assert_eq!(headline(10, 10, true), "全部答对，了不起！");
        assert_eq!(headline(8, 10, true), "答得真棒，恭喜通过！");
        assert_eq!(headline(5, 10, true), "恭喜通过，获得拆红包资格");
        assert_eq!(headline(4, 10, false), "差一点就通过了，看看解析再来一次");
    }
}
