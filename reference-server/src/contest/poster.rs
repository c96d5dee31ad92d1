//! A person's own code and QR, and the signature that lets a page offer sharing.

use chrono::TimeDelta;
use reward_core::ReferralPolicy;
use wechat_adapter::{
    Nonce, SceneStr,
    official::{CreateQrCode, JsConfig},
};

use super::{Error, Failure, PersonId, Refusal, pause::Subject, token};
use crate::{
    app::App,
    store::{
        awards, pauses,
        people::{self, InviteRow},
    },
};

/// What a personal poster shows.
#[derive(Debug, Clone)]
pub struct Poster {
    /// The person's code: the scene of his QR.
    pub code: String,
    /// What the QR encodes.
    pub qr_url: String,
    /// Friends who followed for the first time by this code.
    pub n_invited: usize,
    /// Chances among them that no packet has used.
    pub n_chances: usize,
    /// Whether bringing a friend earns a chance; without it the poster promises nothing.
    pub referral_on: bool,
    /// The organiser's sentence while bringing a friend earns nothing for now.
    pub referral_paused: Option<String>,
    /// The city that is open now.
    pub city_name: Option<String>,
}

/// The person's poster; the QR is made by WeChat once and renewed before it expires.
///
/// # Errors
/// Refuses with [`Refusal::NotFollowing`]; fails when WeChat makes no QR.
pub async fn poster(app: &App, person: &PersonId) -> Result<Poster, Error> {
    if !super::follow::is_following(app, person).await? {
        return Err(Refusal::NotFollowing.into());
    }
    let invite = ensure_invite(app, person).await?;
    let qr_url = match live_qr(app, &invite) {
        Some(url) => url,
        None => make_qr(app, &invite.code).await?,
    };
    let who = person.clone();
    let edition = app.season.edition();
    let credited = edition
        .contest_at(app.now())
        .or_else(|| edition.next_opening(app.now()));
    let credited = credited.map(|round| round.city().slug().as_str().to_owned());
    let (chances, paused) = app
        .store
        .read(move |read| {
            let paused = match &credited {
                Some(city) => pauses::sentence(read, city, Subject::Referral.name())?,
                None => None,
            };
            let chances = awards::referral_chances(read, who.as_str())?;
            Ok::<_, Error>((chances, paused))
        })
        .await?;
    let referral_on = app.season.rules.referral() != ReferralPolicy::Off;
    Ok(Poster {
        code: invite.code,
        qr_url,
        n_invited: chances.len(),
        n_chances: chances.iter().filter(|chance| !chance.used).count(),
        referral_paused: paused.filter(|_sentence| referral_on),
        referral_on,
        city_name: app
            .season
            .edition()
            .contest_at(app.now())
            .map(|round| round.city().name().to_owned()),
    })
}

/// What a page needs to call the JS-SDK; only pages of our own host are signed.
///
/// # Errors
/// Refuses with [`Refusal::NotFound`] for a page of another host.
pub async fn share_signature(app: &App, page_url: &str) -> Result<JsConfig, Error> {
    let ticket = token::js_ticket(app).await?;
    let nonce = Nonce::new(app.entropy.alphanumeric(16)).map_err(Failure::defect)?;
    app.wechat
        .js
        .sign(&ticket, page_url, &nonce, app.now())
        .map_err(|_error| Refusal::NotFound.into())
}

async fn ensure_invite(app: &App, person: &PersonId) -> Result<InviteRow, Error> {
    let code = format!("i{}", app.entropy.alphanumeric(12));
    let (who, now_ms) = (person.clone(), app.now().timestamp_millis());
    app.store
        .write(move |tx| {
            people::ensure_invite(tx, &code, who.as_str(), now_ms)?;
            Ok::<_, Error>(people::invite_of(&tx.read(), who.as_str())?)
        })
        .await?
        .ok_or_else(|| {
            Failure::Defect {
                what: "an invite that was just written is not there".to_owned(),
            }
            .into()
        })
}

/// The QR made before, if it outlives the day.
fn live_qr(app: &App, invite: &InviteRow) -> Option<String> {
    let tomorrow_ms = (app.now() + TimeDelta::days(1)).timestamp_millis();
    invite
        .qr_expires_ms
        .is_some_and(|expires_ms| expires_ms > tomorrow_ms)
        .then(|| invite.qr_url.clone())
        .flatten()
}

async fn make_qr(app: &App, code: &str) -> Result<String, Error> {
    let scene = SceneStr::new(code).map_err(Failure::defect)?;
    let lifetime_seconds = CreateQrCode::MAX_LIFETIME_SECONDS;
    let create = CreateQrCode::Temporary {
        scene,
        lifetime_seconds,
    };
    let ticket = token::with_access_token(
        app,
        |token| create.request(&app.wechat.official, token),
        CreateQrCode::parse,
    )
    .await?;
    let expires = app.now() + TimeDelta::seconds(i64::from(lifetime_seconds));
    let (code, url) = (code.to_owned(), ticket.url.clone());
    app.store
        .write(move |tx| {
            Ok::<_, Error>(people::set_invite_qr(
                tx,
                &code,
                &url,
                expires.timestamp_millis(),
            )?)
        })
        .await?;
    Ok(ticket.url)
}
