//! What the API answers about a person: attempts, chances, packets, the poster.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::body::{PacketBody, kind};
use crate::{
    app::App,
    contest::{
        personal::Particulars,
        poster::Poster,
        records::{AttemptLine, ChanceLine, ChanceState, Records},
    },
    web::{me, moment::rfc3339},
};

/// Everything the contest keeps about the caller.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct MeBody {
    following: bool,
    /// Whether the privacy notice was agreed to.
    consented: bool,
    /// The declared district: `city/district`, `elsewhere` or `undisclosed`.
    district: Option<String>,
    n_attempts: u32,
    best_score: u16,
    /// Friends who followed for the first time by the caller's poster.
    n_invited: usize,
    n_chances_open: usize,
    /// The latest 50, newest first; a person's export has all.
    attempts: Vec<AttemptBody>,
    chances: Vec<ChanceBody>,
    packets: Vec<PacketBody>,
}

/// One marked attempt.
#[derive(Debug, Serialize, ToSchema)]
struct AttemptBody {
    attempt_id: String,
    city: String,
    city_name: String,
    score: u16,
    of: u16,
    passed: bool,
    /// RFC 3339.
    submitted: String,
}

/// One chance.
#[derive(Debug, Serialize, ToSchema)]
struct ChanceBody {
    /// `base` or `referral`.
    kind: &'static str,
    /// Where it can be used; absent for the whole season.
    city_name: Option<String>,
    /// RFC 3339, exclusive.
    usable_until: Option<String>,
    /// `open`, `needs-pass`, `waiting`, `used` or `lapsed`.
    state: &'static str,
    /// What it waits for, or what became of it, in one sentence.
    reason: String,
    /// What it brought, in fen.
    amount_fen: Option<u64>,
}

impl MeBody {
    pub(in crate::web) fn of(app: &App, records: Records) -> Self {
        Self {
            following: records.following,
            consented: records.consented,
            district: records.district.map(|district| district.word()),
            n_attempts: records.n_attempts,
            best_score: records.best_score,
            n_invited: records.n_invited,
            n_chances_open: records.n_chances_open,
            attempts: records.attempts.into_iter().map(Into::into).collect(),
            chances: records.chances.into_iter().map(Into::into).collect(),
            packets: records
                .packets
                .into_iter()
                .map(|packet| PacketBody::of(app, packet))
                .collect(),
        }
    }
}

/// Everything the contest keeps about a person.
#[derive(Debug, Serialize)]
pub(in crate::web) struct ExportBody {
    /// Absent once it is erased.
    openid: Option<String>,
    /// RFC 3339, as the other instants.
    known_since: String,
    consented_at: Option<String>,
    first_followed_at: Option<String>,
    invite_code: Option<String>,
    /// What was answered in each attempt.
    answers: BTreeMap<String, String>,
    #[serde(flatten)]
    records: MeBody,
}

impl ExportBody {
    pub(in crate::web) fn of(app: &App, particulars: Particulars, records: Records) -> Self {
        Self {
            openid: particulars.openid,
            known_since: rfc3339(particulars.known_since),
            consented_at: particulars.consented.map(rfc3339),
            first_followed_at: particulars.first_followed.map(rfc3339),
            invite_code: particulars.invite_code,
            answers: particulars.answers,
            records: MeBody::of(app, records),
        }
    }
}

impl From<AttemptLine> for AttemptBody {
    fn from(line: AttemptLine) -> Self {
        Self {
            attempt_id: line.id,
            city: line.city_slug,
            city_name: line.city_name,
            score: line.score,
            of: line.of,
            passed: line.passed,
            submitted: rfc3339(line.submitted),
        }
    }
}

impl From<ChanceLine> for ChanceBody {
    fn from(line: ChanceLine) -> Self {
        let (state, amount_fen) = match line.state {
            ChanceState::Open => ("open", None),
            ChanceState::NeedsPass => ("needs-pass", None),
            ChanceState::Waiting(_) => ("waiting", None),
            ChanceState::Used { amount } => ("used", Some(amount.get())),
            ChanceState::Lapsed => ("lapsed", None),
        };
        let (_word, _chip, reason) = me::chance_words(&line.state);
        Self {
            kind: kind(line.kind),
            city_name: line.city_name,
            usable_until: line.usable_until.map(rfc3339),
            state,
            reason,
            amount_fen,
        }
    }
}

/// The caller's poster.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct PosterBody {
    /// The scene of the QR code.
    code: String,
    /// What the QR code encodes.
    qr_url: String,
    n_invited: usize,
    /// Chances among them that no packet has used.
    n_chances: usize,
    /// Whether bringing a friend earns a chance.
    referral_on: bool,
    /// The organiser's sentence while it earns nothing for now.
    referral_paused: Option<String>,
}

impl From<Poster> for PosterBody {
    fn from(poster: Poster) -> Self {
        Self {
            code: poster.code,
            qr_url: poster.qr_url,
            n_invited: poster.n_invited,
            n_chances: poster.n_chances,
            referral_on: poster.referral_on,
            referral_paused: poster.referral_paused,
        }
    }
}
