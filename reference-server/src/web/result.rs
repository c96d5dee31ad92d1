//! `/result/{id}`: the marks, the packet on offer, answers and explanations.

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    extract::{Path, State},
    response::Response,
    routing::get,
};
use chrono::{DateTime, Utc};

use super::{
    error::PageError,
    frame::{self, Frame},
    moment,
    session::SignedIn,
    share::Profile,
    wording,
};
use crate::{
    app::App,
    contest::{
        Refusal,
        attempt::{self, Outcome, ReviewItem},
        claim::Offer,
    },
};

/// The length of the ring around the score, 2π × 68.
const RING: u32 = 427;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/result/{id}", get(result))
}

/// What the card under the score offers.
struct OfferView {
    title: String,
    detail: String,
    action: OfferAction,
}

#[derive(PartialEq, Eq)]
enum OfferAction {
    Claim,
    Link(OfferLink),
    None,
}

#[derive(PartialEq, Eq)]
struct OfferLink {
    href: String,
    label: &'static str,
}

pub(super) struct ReviewView {
    pub(super) number: u16,
    pub(super) stem: String,
    pub(super) right: bool,
    /// Whether it is right by the key, without any correction.
    pub(super) right_by_key: bool,
    /// What was wrong with the question, if anything was.
    pub(super) note: Option<String>,
    pub(super) chosen: String,
    pub(super) key: String,
    pub(super) explanation: Option<String>,
    pub(super) source: Option<String>,
}

#[derive(Template)]
#[template(path = "result.html")]
struct ResultPage {
    frame: Frame,
    id: String,
    score: u16,
    /// Right answers that only a correction counts.
    n_raised: u16,
    of: u16,
    arc: u32,
    headline: &'static str,
    offer: OfferView,
    can_retry: bool,
    referral_on: bool,
    review: Vec<ReviewView>,
}

async fn result(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    signed_in: SignedIn,
) -> Result<Response, PageError> {
    let outcome = attempt::outcome(&app, &signed_in.person, &id).await?;
    let is_open = app.season.edition().contest_at(app.now()).is_some();
    Ok(frame::personal(&ResultPage {
        frame: Frame::of(&app, &signed_in.visitor),
        score: outcome.score,
        n_raised: outcome.score.saturating_sub(outcome.score_by_keys),
        of: outcome.of,
        arc: RING * u32::from(outcome.score) / u32::from(outcome.of.max(1)),
        headline: wording::headline(outcome.score, outcome.of, outcome.passed),
        offer: offer(&app, &outcome),
        can_retry: is_open,
        referral_on: Profile::of(&app.season).rewards_friends(),
        review: outcome.review.into_iter().map(review).collect(),
        id: outcome.id,
    }))
}

fn offer(app: &App, outcome: &Outcome) -> OfferView {
    match &outcome.offer {
        Offer::MayClaim => OfferView {
            title: "您获得 1 次拆红包机会".to_owned(),
            detail: format!("{} · 与信用同行", outcome.city_name),
            action: OfferAction::Claim,
        },
        Offer::Claimed(packet) => OfferView {
            title: format!("您的红包已领取（{} 元）", packet.amount),
            detail: outcome.city_name.clone(),
            action: OfferAction::Link(OfferLink {
                href: format!("/packet/{}", packet.award),
                label: "查看红包",
            }),
        },
        Offer::Refused(refusal) => {
            let said = wording::refusal(refusal);
            OfferView {
                title: said.title,
                detail: match kept_until(app, outcome, refusal) {
                    Some(until) => format!("{}资格保留到 {}。", said.detail, moment::end(until)),
                    None => said.detail,
                },
                action: match said.step {
                    wording::Step::Quiz | wording::Step::Home => OfferAction::None,
                    step => OfferAction::Link(OfferLink {
                        href: step.href().to_owned(),
                        label: step.label(),
                    }),
                },
            }
        }
        Offer::NotPassed => OfferView {
            title: format!(
                "再答对 {} 题就能通过",
                app.season.pass_mark.right().saturating_sub(outcome.score)
            ),
            detail: "看看解析，再来一次，不限次数。".to_owned(),
            action: OfferAction::None,
        },
    }
}

/// Until when a pass that has to wait can still become a packet: its city's end.
fn kept_until(app: &App, outcome: &Outcome, refusal: &Refusal) -> Option<DateTime<Utc>> {
    use reward_core::Refusal as No;
    let waits = matches!(
        refusal,
        Refusal::Paused { .. }
            | Refusal::Claim(No::DayExhausted { next_day: Some(_) } | No::NotReleasedUntil { .. })
    );
    let edition = app.season.edition();
    let mut rounds = edition.rounds().iter();
    let round = rounds.find(|round| round.city().slug().as_str() == outcome.city_slug)?;
    waits.then(|| round.window().end())
}

/// One marked item in words.
pub(super) fn review(item: ReviewItem) -> ReviewView {
    let written = |letter: char| {
        let text = item
            .options
            .iter()
            .find(|(position, _)| *position == letter)
            .map_or("", |(_, text)| text.as_str());
        format!("{letter}. {text}")
    };
    ReviewView {
        chosen: item.chosen.map_or_else(|| "未作答".to_owned(), &written),
        key: written(item.key),
        number: item.ordinal,
        stem: item.stem,
        right: item.right,
        right_by_key: item.right_by_key,
        note: item.correction.as_ref().map(wording::correction),
        explanation: item.explanation,
        source: item.source,
    }
}
