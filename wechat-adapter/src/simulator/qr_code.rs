//! QR codes with a scene: tickets, their addresses and their end.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::calendar::later;
use super::identifier::Identifiers;

/// The longest life of a temporary QR code, in seconds: 30 days.
const MAX_EXPIRE_SECONDS: i64 = 2_592_000;
/// The life of a temporary QR code whose request names none, in seconds.
const DEFAULT_EXPIRE_SECONDS: i64 = 60;
/// How many permanent QR codes an account may have.
const MAX_PERMANENT: usize = 100_000;
/// Expired tickets are remembered this long, to say that they have expired.
const MEMORY: TimeDelta = TimeDelta::days(7);

#[derive(Debug, Clone)]
pub(super) struct QrCode {
    pub(super) ticket: String,
    pub(super) url: String,
    pub(super) scene: String,
    pub(super) expires_at: Option<DateTime<Utc>>,
}

/// A checked order for a QR code.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct QrCodeOrder {
    pub(super) scene: String,
    /// `None` for a permanent code.
    pub(super) expire_seconds: Option<i64>,
}

impl QrCodeOrder {
    /// Reads the body of `qrcode/create`; the error is the `errcode` to answer.
    pub(super) fn parse(body: &[u8]) -> Result<Self, (i64, &'static str)> {
        if body.is_empty() {
            return Err((44002, "empty post data"));
        }
        let order: Value =
            serde_json::from_slice(body).map_err(|_| (47001, "data format error"))?;
        if body.windows(2).any(|pair| pair == b"\\u") {
            return Err((40033, "invalid charset, do not use \\uxxxx"));
        }
        let scene = order.pointer("/action_info/scene");
        let number = || scene.and_then(|scene| scene.get("scene_id")?.as_u64());
        let name = || scene.and_then(|scene| scene.get("scene_str")?.as_str());
        let (scene, temporary) = match order.get("action_name").and_then(Value::as_str) {
            Some("QR_SCENE") => (
                number()
                    .filter(|id| (1..=u64::from(u32::MAX)).contains(id))
                    .map(|id| id.to_string()),
                true,
            ),
            Some("QR_STR_SCENE") => (name().map(str::to_owned), true),
            Some("QR_LIMIT_SCENE") => (
                number()
                    .filter(|id| (1..=100_000).contains(id))
                    .map(|id| id.to_string()),
                false,
            ),
            Some("QR_LIMIT_STR_SCENE") => (name().map(str::to_owned), false),
            _ => return Err((40052, "invalid action name")),
        };
        let scene = scene
            .filter(|scene| (1..=64).contains(&scene.chars().count()))
            .ok_or((40053, "invalid action info"))?;
        let expire_seconds = match (temporary, order.get("expire_seconds")) {
            (false, _) => None,
            (true, None) => Some(DEFAULT_EXPIRE_SECONDS),
            (true, Some(seconds)) => Some(
                seconds
                    .as_i64()
                    .filter(|seconds| (1..=MAX_EXPIRE_SECONDS).contains(seconds))
                    .ok_or((40097, "invalid args: expire_seconds"))?,
            ),
        };
        Ok(Self {
            scene,
            expire_seconds,
        })
    }
}

/// Every QR code that still means something.
#[derive(Debug)]
pub(super) struct QrCodes {
    url_base: String,
    by_ticket: BTreeMap<String, QrCode>,
    ticket_of_url: BTreeMap<String, String>,
    permanent: BTreeMap<String, String>,
    /// The newest ticket of each scene.
    newest: BTreeMap<String, String>,
    by_end: BTreeSet<(DateTime<Utc>, String)>,
}

impl QrCodes {
    /// `url_base` is the beginning of every address a QR code stands for.
    pub(super) const fn new(url_base: String) -> Self {
        Self {
            url_base,
            by_ticket: BTreeMap::new(),
            ticket_of_url: BTreeMap::new(),
            permanent: BTreeMap::new(),
            newest: BTreeMap::new(),
            by_end: BTreeSet::new(),
        }
    }

    /// The code for `order`: the same one again for a permanent scene; `None` when no permanent one is left.
    pub(super) fn create(
        &mut self,
        order: QrCodeOrder,
        identifiers: &mut Identifiers,
        now: DateTime<Utc>,
    ) -> Option<QrCode> {
        let expires_at = match order.expire_seconds {
            Some(seconds) => Some(later(now, TimeDelta::try_seconds(seconds)?)),
            None => {
                if let Some(ticket) = self.permanent.get(&order.scene) {
                    return self.by_ticket.get(ticket).cloned();
                }
                if self.permanent.len() >= MAX_PERMANENT {
                    return None;
                }
                None
            }
        };
        let code = QrCode {
            ticket: format!("gQ{}==", identifiers.text("qr ticket", 92)),
            url: format!("{}{}", self.url_base, identifiers.text("qr url", 22)),
            scene: order.scene,
            expires_at,
        };
        match expires_at {
            Some(end) => {
                self.by_end.insert((end, code.ticket.clone()));
            }
            None => {
                self.permanent
                    .insert(code.scene.clone(), code.ticket.clone());
            }
        }
        self.newest.insert(code.scene.clone(), code.ticket.clone());
        self.ticket_of_url
            .insert(code.url.clone(), code.ticket.clone());
        self.by_ticket.insert(code.ticket.clone(), code.clone());
        Some(code)
    }

    pub(super) fn by_ticket(&self, ticket: &str) -> Option<&QrCode> {
        self.by_ticket.get(ticket)
    }

    /// The code somebody scanned, given its ticket, its address or its scene.
    pub(super) fn scanned(&self, text: &str) -> Option<&QrCode> {
        let ticket = self
            .ticket_of_url
            .get(text)
            .or_else(|| self.newest.get(text))
            .map_or(text, String::as_str);
        self.by_ticket.get(ticket)
    }

    /// Forgets the codes that ended long ago.
    pub(super) fn forget(&mut self, now: DateTime<Utc>) {
        while let Some((end, _)) = self.by_end.first()
            && later(*end, MEMORY) <= now
            && let Some((_, ticket)) = self.by_end.pop_first()
        {
            let Some(code) = self.by_ticket.remove(&ticket) else {
                continue;
            };
            self.ticket_of_url.remove(&code.url);
            if self.newest.get(&code.scene) == Some(&ticket) {
                self.newest.remove(&code.scene);
            }
        }
    }
}
