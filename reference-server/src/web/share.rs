//! What leaves the contest when somebody shares it: the card's words, the poster's words, and what may be said of friends.
//!
//! `WeChat` forbids rewards for sharing, pressure to share, and promises in front of a
//! gate. So a card and a poster name the subject and never money, and what a friend
//! earns is said only to the person himself, and only where the season grants it.

use reward_core::ReferralPolicy;

use crate::app::Season;

/// How far the season goes beyond what the platform allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Profile {
    /// Nothing is earned by bringing friends, and no page speaks of it.
    Strict,
    /// A new follower brought by a poster earns one chance, as the office commissioned it.
    AsCommissioned,
}

impl Profile {
    /// The profile of a season.
    pub(super) fn of(season: &Season) -> Self {
        match season.rules.referral() {
            ReferralPolicy::Off => Self::Strict,
            ReferralPolicy::OnePerNewFollower => Self::AsCommissioned,
        }
    }

    /// Whether bringing a friend earns a chance.
    pub(super) fn rewards_friends(self) -> bool {
        self == Self::AsCommissioned
    }

    /// The poster page's title.
    pub(super) fn poster_title(self) -> &'static str {
        match self {
            Self::Strict => "我的海报",
            Self::AsCommissioned => "我的邀请海报",
        }
    }

    /// What can be done with the poster.
    pub(super) fn poster_hint(self) -> &'static str {
        match self {
            Self::Strict => "长按图片可以保存",
            Self::AsCommissioned => "长按图片，保存或发给好友",
        }
    }

    /// What a friend earns; nothing is promised where nothing is granted.
    pub(super) fn promise(self, account: &str) -> Option<String> {
        self.rewards_friends().then(|| {
            format!(
                "好友首次关注“{account}”后，您增加 1 次答题拆红包的机会。已关注过的好友不计入。"
            )
        })
    }
}

/// The title of a shared card.
pub(super) const CARD_TITLE: &str = "与信用同行 筑梦新时代 · 信用知识有奖竞答";

/// The line under the title of a shared card.
pub(super) fn card_line(n_questions: u16) -> String {
    format!("每次 {n_questions} 题，不限时，不限次数")
}

/// The last line of a poster.
pub(super) fn poster_call(account: &str, n_questions: u16) -> String {
    format!("关注“{account}” · 答 {n_questions} 题学信用")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contest::outreach::{announcement, chance};

    /// Pressure, gates and bargains, as the platform's rules name them.
    const PRESSURE: [&str; 14] = [
        "分享后",
        "转发",
        "集赞",
        "点赞",
        "助力",
        "砍",
        "马上抢",
        "手慢无",
        "快来",
        "赶紧",
        "必须",
        "分享到",
        "拼手气",
        "限时抢",
    ];
    /// A promise of money to whoever sees the card.
    const MONEY: [&str; 6] = ["红包", "元", "钱", "机会", "领", "赚"];

    fn found(text: &str, words: &[&'static str]) -> Vec<&'static str> {
        words
            .iter()
            .copied()
            .filter(|word| text.contains(word))
            .collect()
    }

    #[test]
    fn what_is_shared_names_the_subject_and_never_money_or_pressure() {
        for text in [
            CARD_TITLE.to_owned(),
            card_line(10),
            poster_call("苏信服", 10),
        ] {
            assert_eq!(found(&text, &MONEY), [""; 0], "{text}");
            assert_eq!(found(&text, &PRESSURE), [""; 0], "{text}");
        }
    }

    #[test]
    fn a_strict_season_promises_nothing_and_no_season_presses() {
        for profile in [Profile::Strict, Profile::AsCommissioned] {
            let promise = profile.promise("苏信服");
            assert_eq!(promise.is_some(), profile == Profile::AsCommissioned);
            for text in [profile.poster_title(), profile.poster_hint()] {
                assert_eq!(found(text, &PRESSURE), [""; 0], "{text}");
                if profile == Profile::Strict {
                    assert_eq!(found(text, &["邀请", "好友"]), [""; 0], "{text}");
                }
            }
            assert_eq!(found(&promise.unwrap_or_default(), &PRESSURE), [""; 0]);
        }
    }

    #[test]
    fn what_the_account_says_of_its_own_accord_presses_nobody() {
        for text in [
            chance::sentence(2, "盐城市", "https://example.cn"),
            chance::short_sentence(12),
            announcement::content([10, 5], "苏信服", "盐城市", "https://example.cn"),
        ] {
            assert_eq!(found(&text, &PRESSURE), [""; 0], "{text}");
            assert_eq!(found(&text, &["元", "钱", "赚", "！"]), [""; 0], "{text}");
        }
        assert!(chance::short_sentence(999).chars().count() <= 20);
    }
}
