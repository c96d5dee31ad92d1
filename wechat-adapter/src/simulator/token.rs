//! Access tokens: two spaces of them, each with WeChat's rules for renewal and overlap.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::calendar::{beijing_date, later};
use super::identifier::Identifiers;

const LIFETIME: TimeDelta = TimeDelta::seconds(7200);
/// How long the old token still works after a renewal.
const OVERLAP: TimeDelta = TimeDelta::seconds(300);
/// Forced renewals closer together than this change nothing.
const FORCE_INTERVAL: TimeDelta = TimeDelta::seconds(30);
const FORCES_PER_DAY: u32 = 20;
const TOKEN_LENGTH: usize = 136;

#[derive(Debug, Clone)]
pub(super) struct Issued {
    pub(super) token: String,
    issued_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

impl Issued {
    /// What is left of the token, in whole seconds.
    pub(super) fn seconds_left(&self, now: DateTime<Utc>) -> i64 {
        self.expires_at
            .signed_duration_since(now)
            .num_seconds()
            .max(0)
    }
}

/// How a token looks to a call that carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Valid,
    Expired,
    Unknown,
}

/// One space of tokens: the current one and the one before.
#[derive(Debug, Default)]
pub(super) struct TokenSpace {
    current: Option<Issued>,
    previous: Option<Issued>,
    forced: Option<(DateTime<Utc>, NaiveDate, u32)>,
}

impl TokenSpace {
    /// A new token each time; the one before works five minutes longer.
    pub(super) fn renew(&mut self, identifiers: &mut Identifiers, now: DateTime<Utc>) -> Issued {
        let issued = Issued {
            token: identifiers.text("access_token", TOKEN_LENGTH),
            issued_at: now,
            expires_at: later(now, LIFETIME),
        };
        self.previous = self.current.take().map(|mut old| {
            old.expires_at = old.expires_at.min(later(now, OVERLAP));
            old
        });
        self.current = Some(issued.clone());
        issued
    }

    /// The same token until five minutes before its end, then a new one.
    pub(super) fn stable(&mut self, identifiers: &mut Identifiers, now: DateTime<Utc>) -> Issued {
        match &self.current {
            Some(current)
                if later(now, OVERLAP) < current.expires_at && current.issued_at <= now =>
            {
                current.clone()
            }
            _ => self.renew(identifiers, now),
        }
    }

    /// A new token that kills the old one; `None` when this was done 20 times today.
    pub(super) fn force(
        &mut self,
        identifiers: &mut Identifiers,
        now: DateTime<Utc>,
    ) -> Option<Issued> {
        let today = beijing_date(now);
        let used = match self.forced {
            Some((at, _, _)) if now < later(at, FORCE_INTERVAL) => {
                return Some(self.stable(identifiers, now));
            }
            Some((_, date, used)) if date == today => used,
            _ => 0,
        };
        if used >= FORCES_PER_DAY {
            return None;
        }
        self.forced = Some((now, today, used.saturating_add(1)));
        self.kill();
        Some(self.renew(identifiers, now))
    }

    pub(super) fn kill(&mut self) {
        self.current = None;
        self.previous = None;
    }

    pub(super) fn standing(&self, token: &str, now: DateTime<Utc>) -> Standing {
        let known = [&self.current, &self.previous]
            .into_iter()
            .flatten()
            .find(|issued| issued.token == token);
        match known {
            Some(issued) if now < issued.expires_at => Standing::Valid,
            Some(_) => Standing::Expired,
            None => Standing::Unknown,
        }
    }
}
