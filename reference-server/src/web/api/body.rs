//! What the API takes and answers.

use std::collections::BTreeMap;

use quiz_core::Origin;
use reward_core::{ChanceKind, MoneyState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    app::App,
    contest::{
        attempt::{Outcome, Paper, ReviewItem},
        claim::{Offer, Packet},
        pause::Subject,
        season::{CityStage, MoneyBand, MoneyShown, MoneyTold, NextCity, Stage},
    },
    web::{moment::rfc3339, wording},
};

/// What is on.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct ContestBody {
    /// `contest`, `paused`, `preheat`, `before`, `between` or `after`.
    phase: &'static str,
    /// The contest's clock, RFC 3339.
    now: String,
    /// The open city.
    city: Option<CityBody>,
    /// The city that opens next.
    next: Option<NextCityBody>,
}

/// The open city.
#[derive(Debug, Serialize, ToSchema)]
struct CityBody {
    slug: String,
    name: String,
    /// 1-based place in the rotation.
    ordinal: u16,
    /// 1-based day of its week.
    day: u32,
    /// RFC 3339, inclusive.
    opens: String,
    /// RFC 3339, exclusive.
    closes: String,
    /// The organiser's sentence while no papers are drawn.
    paused: Option<String>,
    /// The sentence while no packets are opened.
    claims_paused: Option<String>,
    /// The sentence while packets are not sent.
    payouts_paused: Option<String>,
    /// The sentence while bringing a friend earns nothing.
    referral_paused: Option<String>,
    money: MoneyBody,
}

/// What a claim would meet.
#[derive(Debug, Serialize, ToSchema)]
struct MoneyBody {
    /// `available`, `not-released`, `day-exhausted` or `city-exhausted`.
    state: &'static str,
    /// What is left of the day: `plenty`, `over-half`, `little` or `none`; absent where the season tells the sum, or nothing.
    band: Option<&'static str>,
    /// What is left of the day, in fen, where the season tells it.
    left_fen: Option<u64>,
    /// When the next packet is released or the next day begins, RFC 3339.
    available_from: Option<String>,
}

/// The city that opens next.
#[derive(Debug, Serialize, ToSchema)]
struct NextCityBody {
    slug: String,
    name: String,
    /// RFC 3339.
    opens: String,
    /// Whether its preheat has begun.
    preheat: bool,
}

impl ContestBody {
    pub(super) fn of(stage: Stage, shown: MoneyShown) -> Self {
        let phase = match (&stage.current, &stage.next) {
            (Some(city), _) if city.paused(Subject::Quiz).is_some() => "paused",
            (Some(_), _) => "contest",
            (None, Some(next)) if next.preheat => "preheat",
            (None, _) if stage.before_first => "before",
            (None, _) if stage.after_last => "after",
            (None, _) => "between",
        };
        Self {
            phase,
            now: rfc3339(stage.now),
            city: stage.current.map(|city| CityBody::of(city, shown)),
            next: stage.next.map(Into::into),
        }
    }
}

impl CityBody {
    fn of(city: CityStage, shown: MoneyShown) -> Self {
        let (state, available_from) = match city.money.state {
            MoneyState::Available => ("available", None),
            MoneyState::NotReleasedUntil(at) => ("not-released", Some(at)),
            MoneyState::DayExhausted { next_day } => ("day-exhausted", next_day),
            MoneyState::CityExhausted => ("city-exhausted", None),
        };
        let (band, left_fen) = match city.money.told(shown) {
            MoneyTold::Band(MoneyBand::Plenty) => (Some("plenty"), None),
            MoneyTold::Band(MoneyBand::OverHalf) => (Some("over-half"), None),
            MoneyTold::Band(MoneyBand::Little) => (Some("little"), None),
            MoneyTold::Band(MoneyBand::None) => (Some("none"), None),
            MoneyTold::Exact { left_fen, .. } => (None, Some(left_fen)),
            MoneyTold::Nothing => (None, None),
        };
        let paused = |subject| city.paused(subject).map(str::to_owned);
        Self {
            paused: paused(Subject::Quiz),
            claims_paused: paused(Subject::Claims),
            payouts_paused: paused(Subject::Payouts),
            referral_paused: paused(Subject::Referral),
            opens: rfc3339(city.opens),
            closes: rfc3339(city.closes),
            slug: city.slug,
            name: city.name,
            ordinal: city.ordinal,
            day: city.day,
            money: MoneyBody {
                state,
                band,
                left_fen,
                available_from: available_from.map(rfc3339),
            },
        }
    }
}

impl From<NextCity> for NextCityBody {
    fn from(next: NextCity) -> Self {
        Self {
            opens: rfc3339(next.opens),
            slug: next.slug,
            name: next.name,
            preheat: next.preheat,
        }
    }
}

/// A drawn paper: no key, no explanation, no stable identifier of a question.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct PaperBody {
    /// Signed and opaque; names the paper when it is handed in.
    attempt_id: String,
    city: String,
    city_name: String,
    /// Until when it can be handed in, exclusive, RFC 3339.
    closes: String,
    items: Vec<ItemBody>,
}

/// One question.
#[derive(Debug, Serialize, ToSchema)]
struct ItemBody {
    /// 1-based.
    ordinal: u16,
    stem: String,
    /// `province` or `city`: which half of the bank it is from.
    origin: &'static str,
    options: Vec<OptionBody>,
    /// Why the question is void, if it is: it counts as right whatever is answered.
    void: Option<String>,
}

/// One option.
#[derive(Debug, Serialize, ToSchema)]
struct OptionBody {
    /// `A` to `F`, in this paper only.
    position: String,
    text: String,
}

fn options(options: impl IntoIterator<Item = (char, String)>) -> Vec<OptionBody> {
    options
        .into_iter()
        .map(|(position, text)| OptionBody {
            position: position.to_string(),
            text,
        })
        .collect()
}

fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Province => "province",
        Origin::City => "city",
    }
}

impl From<Paper> for PaperBody {
    fn from(paper: Paper) -> Self {
        let void = |number: u16| {
            let void = paper.void.iter().find(|void| void.ordinal == number);
            void.map(|void| void.reason.clone())
        };
        let items = paper.items.into_iter().map(|item| ItemBody {
            ordinal: item.ordinal.number(),
            void: void(item.ordinal.number()),
            stem: item.stem,
            origin: origin(item.origin),
            options: options(
                item.options
                    .into_iter()
                    .map(|(position, text)| (position.letter(), text)),
            ),
        });
        Self {
            attempt_id: paper.attempt,
            city: paper.city_slug,
            city_name: paper.city_name,
            closes: rfc3339(paper.closes),
            items: items.collect(),
        }
    }
}

/// The answers of a paper.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct SubmissionBody {
    /// The question's number to the option's letter, such as `{"1": "A"}`; a missing one is left open.
    pub(super) answers: BTreeMap<String, String>,
}

/// A marked paper.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct OutcomeBody {
    /// Names the attempt from now on, for example in a claim.
    attempt_id: String,
    city: String,
    /// Right answers, with those that a correction counts as right.
    score: u16,
    /// Right answers by the keys alone.
    score_by_keys: u16,
    of: u16,
    passed: bool,
    /// RFC 3339.
    submitted: String,
    offer: OfferBody,
    review: Vec<ReviewBody>,
}

/// Whether the attempt opens a packet.
#[derive(Debug, Serialize, ToSchema)]
struct OfferBody {
    /// `may-claim`, `claimed`, `not-passed`, or the code of what stands against it.
    state: &'static str,
    /// What stands against it, in one sentence.
    reason: Option<String>,
    packet: Option<PacketBody>,
}

/// One question with its key.
#[derive(Debug, Serialize, ToSchema)]
struct ReviewBody {
    ordinal: u16,
    origin: &'static str,
    stem: String,
    options: Vec<OptionBody>,
    chosen: Option<String>,
    key: String,
    /// Whether the answer counts as right, by the key or by a correction.
    right: bool,
    /// What was wrong with the question, if anything was.
    correction: Option<ItemCorrectionBody>,
    explanation: Option<String>,
    source: Option<String>,
}

/// What was wrong with a question.
#[derive(Debug, Serialize, ToSchema)]
struct ItemCorrectionBody {
    /// Letters of the options that count beside the key, in this paper; none when the question is
    /// void, which counts as right for everybody.
    accepted: Vec<String>,
    reason: String,
}

impl OutcomeBody {
    pub(super) fn of(app: &App, outcome: Outcome) -> Self {
        let (state, reason, packet) = match outcome.offer {
            Offer::MayClaim => ("may-claim", None, None),
            Offer::Claimed(packet) => ("claimed", None, Some(PacketBody::of(app, packet))),
            Offer::NotPassed => ("not-passed", None, None),
            Offer::Refused(refusal) => {
                let said = wording::refusal(&refusal);
                (
                    refusal.code(),
                    Some(format!("{}。{}", said.title, said.detail)),
                    None,
                )
            }
        };
        Self {
            attempt_id: outcome.id,
            city: outcome.city_slug,
            score: outcome.score,
            score_by_keys: outcome.score_by_keys,
            of: outcome.of,
            passed: outcome.passed,
            submitted: rfc3339(outcome.submitted),
            offer: OfferBody {
                state,
                reason,
                packet,
            },
            review: outcome.review.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<ReviewItem> for ReviewBody {
    fn from(item: ReviewItem) -> Self {
        Self {
            ordinal: item.ordinal,
            origin: origin(item.origin),
            stem: item.stem,
            options: options(item.options),
            chosen: item.chosen.map(String::from),
            key: item.key.to_string(),
            right: item.right,
            correction: item.correction.map(|correction| ItemCorrectionBody {
                accepted: correction.accepted.iter().map(char::to_string).collect(),
                reason: correction.reason,
            }),
            explanation: item.explanation,
            source: item.source,
        }
    }
}

/// What a claim names; both parts make a repeated claim harmless.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct ClaimBody {
    /// The marked attempt to use; the oldest unused one when absent.
    #[serde(default)]
    pub(super) attempt_id: Option<String>,
}

/// A packet.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct PacketBody {
    /// The award's number.
    award: String,
    /// The amount in fen.
    amount_fen: u64,
    /// The amount in yuan, as it is shown.
    amount_yuan: String,
    city: String,
    city_name: String,
    /// `base` or `referral`.
    kind: &'static str,
    /// RFC 3339.
    decided: String,
    /// `granted`, `sending`, `awaiting-collection`, `awaiting-confirmation`, `received`, `returning`, `returned`, `on-hold` or `refused`.
    state: &'static str,
    /// The state as a person reads it.
    state_title: &'static str,
    /// What happens next, in one sentence.
    state_detail: String,
    /// The last four characters of WeChat's number.
    bill_tail: String,
    /// The organiser's sentence while a pause keeps it from being sent.
    paused: Option<String>,
    /// Until when it can be opened or confirmed in WeChat, RFC 3339.
    collect_until: Option<String>,
    /// What a page inside WeChat, or a mini program, hands to `requestMerchantTransfer`.
    confirmation: Option<ConfirmationBody>,
}

/// The arguments of `requestMerchantTransfer`, in the names that it expects.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::web) struct ConfirmationBody {
    mch_id: String,
    app_id: String,
    /// As it came from WeChat; never decode or encode it.
    package: String,
}

impl PacketBody {
    pub(super) fn of(app: &App, packet: Packet) -> Self {
        let account = &app.wechat.account_name;
        let (state_title, state_detail, _chip) = wording::packet(&packet, account);
        Self {
            amount_fen: packet.amount.get(),
            amount_yuan: packet.amount.to_string(),
            kind: kind(packet.kind),
            decided: rfc3339(packet.decided),
            state: packet.state.code(),
            state_title,
            state_detail,
            paused: packet.paused,
            collect_until: packet.collect_until.map(rfc3339),
            confirmation: packet.confirmation.map(|call| ConfirmationBody {
                mch_id: call.mch_id.as_str().to_owned(),
                app_id: call.app_id.as_str().to_owned(),
                package: call.package,
            }),
            award: packet.award,
            city: packet.city_slug,
            city_name: packet.city_name,
            bill_tail: packet.bill_tail,
        }
    }
}

/// The word of a chance's kind.
pub(super) fn kind(kind: ChanceKind) -> &'static str {
    match kind {
        ChanceKind::Base => "base",
        ChanceKind::Referral => "referral",
    }
}
