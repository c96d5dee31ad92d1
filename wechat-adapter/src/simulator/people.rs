//! The people, whom they follow, and what they read.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::calendar::later;
use super::error::SimulatorError;
use super::identifier::Identifiers;
use super::view::{Message, MessageContent, NewPerson};

/// How many messages of a dialogue are kept.
const DIALOGUE_LENGTH: usize = 50;

#[derive(Debug)]
pub(super) struct Follow {
    pub(super) at: DateTime<Utc>,
    pub(super) scene: Option<String>,
}

#[derive(Debug)]
pub(super) struct Person {
    pub(super) openid: String,
    pub(super) name: String,
    pub(super) snapshot_user: bool,
    /// Present while the person follows.
    pub(super) follow: Option<Follow>,
    /// The place of the last follow in the list of followers.
    pub(super) follow_order: u64,
    /// Serial numbers of the packets sent to the person.
    pub(super) packets: Vec<u64>,
    pub(super) dialogue: VecDeque<Message>,
    /// What the account may still write, and until when.
    allowances: Vec<(DateTime<Utc>, u32)>,
    /// How many notices of each template the person has agreed to.
    consents: BTreeMap<String, u32>,
    /// Packets sent on the latest Beijing day with any.
    sent_on: (NaiveDate, u32),
}

/// What a person does that lets the account write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Contact {
    /// Wrote: five messages within 48 hours.
    Wrote,
    /// Followed, pressed a menu item or scanned: three messages within a minute.
    Touched,
}

/// Why the account may not write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoAllowance {
    /// Nothing happened lately.
    OutOfTime,
    /// The messages are used up.
    UsedUp,
}

impl Person {
    pub(super) fn hear(&mut self, content: MessageContent, at: DateTime<Utc>) {
        if self.dialogue.len() >= DIALOGUE_LENGTH {
            self.dialogue.pop_front();
        }
        self.dialogue.push_back(Message { at, content });
    }

    /// Lets the account write after `contact`.
    pub(super) fn allow(&mut self, contact: Contact, now: DateTime<Utc>) {
        let (time, count) = match contact {
            Contact::Wrote => (TimeDelta::hours(48), 5),
            Contact::Touched => (TimeDelta::minutes(1), 3),
        };
        self.allowances.retain(|(until, _)| now < *until);
        self.allowances.push((later(now, time), count));
    }

    /// Uses one of the messages that the account may write.
    pub(super) fn use_allowance(&mut self, now: DateTime<Utc>) -> Result<(), NoAllowance> {
        self.allowances.retain(|(until, _)| now < *until);
        if self.allowances.is_empty() {
            return Err(NoAllowance::OutOfTime);
        }
        let left = self.allowances.iter_mut().find(|(_, left)| *left > 0);
        let (_, left) = left.ok_or(NoAllowance::UsedUp)?;
        *left = left.saturating_sub(1);
        Ok(())
    }

    /// The person agrees to one notice of a template.
    pub(super) fn consent(&mut self, template_id: &str) {
        let count = self.consents.entry(template_id.to_owned()).or_default();
        *count = count.saturating_add(1);
    }

    /// Uses one consent; false when there is none.
    pub(super) fn use_consent(&mut self, template_id: &str) -> bool {
        match self.consents.get_mut(template_id) {
            Some(count) if *count > 0 => {
                *count = count.saturating_sub(1);
                true
            }
            Some(_) | None => false,
        }
    }

    pub(super) fn packets_sent_on(&self, date: NaiveDate) -> u32 {
        let (last, count) = self.sent_on;
        if last == date { count } else { 0 }
    }

    pub(super) fn count_packet(&mut self, serial: u64, date: NaiveDate) {
        self.sent_on = (date, self.packets_sent_on(date).saturating_add(1));
        self.packets.push(serial);
    }
}

/// Everybody, by openid; the followers also in the order of following.
#[derive(Debug, Default)]
pub(super) struct People {
    by_openid: BTreeMap<String, Person>,
    in_order: Vec<String>,
    followers: BTreeMap<u64, String>,
    follows: u64,
}

impl People {
    pub(super) fn create(
        &mut self,
        person: NewPerson,
        identifiers: &mut Identifiers,
    ) -> Result<&Person, SimulatorError> {
        let openid = match person.openid {
            Some(openid) if is_openid(&openid) => openid,
            Some(openid) => return Err(SimulatorError::InvalidOpenid { openid }),
            None => format!("o{}", identifiers.text("openid", 27)),
        };
        if self.by_openid.contains_key(&openid) {
            return Err(SimulatorError::OpenidTaken { openid });
        }
        self.in_order.push(openid.clone());
        Ok(self.by_openid.entry(openid.clone()).or_insert(Person {
            openid,
            name: person.name,
            snapshot_user: person.snapshot_user,
            follow: None,
            follow_order: 0,
            packets: Vec::new(),
            dialogue: VecDeque::new(),
            allowances: Vec::new(),
            consents: BTreeMap::new(),
            sent_on: (NaiveDate::MIN, 0),
        }))
    }

    pub(super) fn get(&self, openid: &str) -> Option<&Person> {
        self.by_openid.get(openid)
    }

    pub(super) fn get_mut(&mut self, openid: &str) -> Option<&mut Person> {
        self.by_openid.get_mut(openid)
    }

    pub(super) fn find(&self, openid: &str) -> Result<&Person, SimulatorError> {
        self.get(openid).ok_or_else(|| unknown(openid))
    }

    pub(super) fn find_mut(&mut self, openid: &str) -> Result<&mut Person, SimulatorError> {
        self.get_mut(openid).ok_or_else(|| unknown(openid))
    }

    pub(super) fn count(&self) -> usize {
        self.in_order.len()
    }

    pub(super) fn follower_count(&self) -> usize {
        self.followers.len()
    }

    /// At most `limit` people in the order of creation, the first `skip` left out.
    pub(super) fn page(&self, skip: usize, limit: usize) -> impl Iterator<Item = &Person> {
        self.in_order
            .iter()
            .skip(skip)
            .take(limit)
            .filter_map(|openid| self.by_openid.get(openid))
    }

    /// Every follower reads `content`.
    pub(super) fn tell_followers(&mut self, content: &MessageContent, at: DateTime<Utc>) {
        for openid in self.followers.values() {
            if let Some(person) = self.by_openid.get_mut(openid) {
                person.hear(content.clone(), at);
            }
        }
    }

    /// At most `limit` followers in the order of following, after the given place.
    pub(super) fn followers_after(&self, order: u64, limit: usize) -> impl Iterator<Item = &str> {
        self.followers
            .range(order.saturating_add(1)..)
            .take(limit)
            .map(|(_, openid)| openid.as_str())
    }

    /// Makes the person a follower; false when they already are.
    pub(super) fn follow(
        &mut self,
        openid: &str,
        scene: Option<&str>,
        at: DateTime<Utc>,
    ) -> Result<bool, SimulatorError> {
        let order = self.follows.saturating_add(1);
        let person = self.find_mut(openid)?;
        if person.follow.is_some() {
            return Ok(false);
        }
        person.follow = Some(Follow {
            at,
            scene: scene.map(str::to_owned),
        });
        person.follow_order = order;
        self.follows = order;
        self.followers.insert(order, openid.to_owned());
        Ok(true)
    }

    /// Makes the person no follower; false when they are none.
    pub(super) fn unfollow(&mut self, openid: &str) -> Result<bool, SimulatorError> {
        let person = self.find_mut(openid)?;
        let followed = person.follow.take().is_some();
        let order = person.follow_order;
        person.allowances.clear();
        if followed {
            self.followers.remove(&order);
        }
        Ok(followed)
    }
}

fn unknown(openid: &str) -> SimulatorError {
    SimulatorError::UnknownPerson {
        openid: openid.to_owned(),
    }
}

fn is_openid(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}
