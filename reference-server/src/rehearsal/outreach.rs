//! What the account says of its own accord while a season is rehearsed, and what became of it.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use wechat_adapter::simulator::{Operation, Simulator};

use crate::{
    app::App,
    contest::{
        Error,
        outreach::{self, announcement, chance},
        season,
    },
    store::outreach as rows,
};

/// How often the worker looks at it; a real one looks every two seconds.
const BEAT: TimeDelta = TimeDelta::hours(1);
/// In whose name drafts are released.
const OFFICE: &str = "rehearsal";

/// When the account next says what is due.
#[derive(Debug)]
pub(super) struct Outreach {
    next: DateTime<Utc>,
}

impl Outreach {
    /// From this instant on.
    pub(super) fn from(start: DateTime<Utc>) -> Self {
        Self { next: start }
    }

    /// When it is next looked at.
    pub(super) fn next(&self) -> DateTime<Utc> {
        self.next
    }

    /// Says everything that is due; the office's people release what was drafted.
    pub(super) async fn beat(&mut self, app: &App) -> Result<(), Error> {
        self.next = app.now() + BEAT;
        if let Some(city) = season::open_slug(app) {
            let drafted = announcement::of_city(app, &city).await?;
            if drafted.is_some_and(|drafted| drafted.released_by.is_none()) {
                announcement::release(app, &city, OFFICE).await?;
            }
        }
        outreach::do_due(app).await?;
        while chance::is_due(app).await? {
            outreach::do_due(app).await?;
        }
        Ok(())
    }
}

/// What the account said of its own accord.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OutreachReport {
    /// Messages about chances by what became of them, such as `sent notice` or `dropped used`.
    pub messages: BTreeMap<String, u64>,
    /// Announcements by what became of them.
    pub announcements: BTreeMap<String, u64>,
    /// How often the menu was set.
    pub n_menus: u64,
}

impl OutreachReport {
    /// Counts the rows.
    pub(super) async fn of(app: &App, simulator: &Simulator) -> Result<Self, Error> {
        let (messages, announcements) = app
            .store
            .read(|read| {
                Ok::<_, Error>((
                    rows::count_chance_messages(read)?,
                    rows::count_announcements(read)?,
                ))
            })
            .await?;
        Ok(Self {
            messages: messages.into_iter().collect(),
            announcements: announcements.into_iter().collect(),
            n_menus: simulator
                .calls()
                .get(&Operation::CreateMenu)
                .copied()
                .unwrap_or(0),
        })
    }

    /// Every count with its name, for the table.
    pub(super) fn counts(&self) -> BTreeMap<String, u64> {
        let named = |of: &str, counts: &BTreeMap<String, u64>| -> Vec<(String, u64)> {
            let counts = counts.iter();
            counts
                .map(|(name, count)| (format!("{of}: {name}"), *count))
                .collect()
        };
        let mut all: BTreeMap<String, u64> = named("message about a chance", &self.messages)
            .into_iter()
            .collect();
        all.extend(named("announcement", &self.announcements));
        all.insert("menu: set".to_owned(), self.n_menus);
        all
    }
}
