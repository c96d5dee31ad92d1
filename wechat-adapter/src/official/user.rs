//! Who follows the account: one person, and the list of all.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::endpoint::{get, post_json};
use crate::error::Unreadable;
use crate::http::{Request, Response};
use crate::id::{OpenId, SceneStr};
use crate::official::Official;
use crate::official::action::OfficialError;
use crate::official::answer::Answer;
use crate::secret::Secret;

/// The call that asks whether a person follows now, and how they came.
///
/// Source: <https://developers.weixin.qq.com/doc/service/api/usermanage/userinfo/api_userinfo.html>, read 2026-08.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchUser {
    openid: OpenId,
}

impl FetchUser {
    /// A question about one person.
    #[must_use]
    pub const fn new(openid: OpenId) -> Self {
        Self { openid }
    }

    /// The request; its address contains the token and is not to be logged.
    #[must_use]
    pub fn request(&self, official: &Official, access_token: &Secret) -> Request {
        get(
            official.endpoints().official(),
            "/cgi-bin/user/info",
            &[
                ("access_token", access_token.expose()),
                ("openid", self.openid.as_str()),
                ("lang", "zh_CN"),
            ],
        )
    }

    /// Reads the answer.
    ///
    /// # Errors
    /// [`OfficialError`].
    pub fn parse(response: &Response) -> Result<User, OfficialError> {
        Answer::read(response, User::read)
    }
}

/// The call that asks about up to 100 people at once.
///
/// Source: <https://developers.weixin.qq.com/doc/service/api/usermanage/userinfo/api_batchuserinfo.html>, read 2026-08.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchUsers {
    openids: Vec<OpenId>,
}

/// A number of people that one call cannot ask about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "call asks about {count} people, 1 to {} are allowed",
    FetchUsers::MAX_PEOPLE
)]
#[non_exhaustive]
pub struct InvalidBatch {
    /// How many people there are.
    pub count: usize,
}

impl FetchUsers {
    /// The most people of one call.
    pub const MAX_PEOPLE: usize = 100;

    /// A question about several people.
    ///
    /// # Errors
    /// [`InvalidBatch`] when there is nobody, or more than [`FetchUsers::MAX_PEOPLE`].
    pub fn new(openids: Vec<OpenId>) -> Result<Self, InvalidBatch> {
        let count = openids.len();
        if count == 0 || count > Self::MAX_PEOPLE {
            return Err(InvalidBatch { count });
        }
        Ok(Self { openids })
    }

    /// The request; its address contains the token and is not to be logged.
    #[must_use]
    pub fn request(&self, official: &Official, access_token: &Secret) -> Request {
        let people: Vec<Value> = self
            .openids
            .iter()
            .map(|openid| json!({"openid": openid.as_str(), "lang": "zh_CN"}))
            .collect();
        post_json(
            official.endpoints().official(),
            "/cgi-bin/user/info/batchget",
            &[("access_token", access_token.expose())],
            &json!({"user_list": people}),
        )
    }

    /// Reads the answer.
    ///
    /// # Errors
    /// [`OfficialError`]; one person that cannot be read makes the answer not understood.
    pub fn parse(response: &Response) -> Result<Vec<User>, OfficialError> {
        const FIELD: &str = "user_info_list";
        Answer::read(response, |answer| {
            answer
                .value(FIELD)
                .and_then(Value::as_array)
                .ok_or(Unreadable::MissingField { field: FIELD })?
                .iter()
                .map(|entry| User::read(&Answer::of(entry, FIELD)?))
                .collect()
        })
    }
}

/// What WeChat says about one person.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct User {
    /// The person.
    pub openid: OpenId,
    /// Whether the person follows the account now.
    pub following: bool,
    /// The last time the person followed: not the first, so it does not say who is new.
    pub last_followed_at: Option<DateTime<Utc>>,
    /// The person across the accounts of one open platform, if there is one.
    pub union_id: Option<String>,
    /// How the person came (`ADD_SCENE_…`), unchanged.
    pub way: Option<String>,
    /// The text parameter of the QR code by which the person came.
    pub scene: Option<SceneStr>,
    /// The number parameter of the QR code by which the person came; not zero.
    pub scene_number: Option<u32>,
}

impl User {
    fn read(answer: &Answer) -> Result<Self, Unreadable> {
        let openid = answer.required_text("openid")?;
        let last_followed_at = match answer.integer("subscribe_time")? {
            None | Some(0) => None,
            Some(seconds) => Some(
                DateTime::from_timestamp(seconds, 0)
                    .ok_or_else(|| Unreadable::invalid("subscribe_time", &seconds.to_string()))?,
            ),
        };
        Ok(Self {
            openid: OpenId::new(openid).map_err(|_| Unreadable::invalid("openid", openid))?,
            following: answer.required_integer("subscribe")? == 1,
            last_followed_at,
            union_id: answer.text("unionid").map(str::to_owned),
            way: answer.text("subscribe_scene").map(str::to_owned),
            scene: answer
                .text("qr_scene_str")
                .and_then(|scene| SceneStr::new(scene).ok()),
            scene_number: answer
                .integer("qr_scene")?
                .and_then(|scene| u32::try_from(scene).ok())
                .filter(|&scene| scene != 0),
        })
    }
}

/// The call that lists followers, up to 10,000 at a time, 500 times a day.
///
/// Run it to the end before a contest opens: whoever is in the list is not a new follower.
///
/// Source: <https://developers.weixin.qq.com/doc/service/api/usermanage/userinfo/api_getfans.html>, read 2026-08.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListFollowers {
    after: Option<OpenId>,
}

impl ListFollowers {
    /// The first page.
    #[must_use]
    pub const fn from_start() -> Self {
        Self { after: None }
    }

    /// The page after the last person of the page before.
    #[must_use]
    pub const fn after(openid: OpenId) -> Self {
        Self {
            after: Some(openid),
        }
    }

    /// The request; its address contains the token and is not to be logged.
    #[must_use]
    pub fn request(&self, official: &Official, access_token: &Secret) -> Request {
        let after = self.after.as_ref().map_or("", OpenId::as_str);
        get(
            official.endpoints().official(),
            "/cgi-bin/user/get",
            &[
                ("access_token", access_token.expose()),
                ("next_openid", after),
            ],
        )
    }

    /// Reads the answer.
    ///
    /// # Errors
    /// [`OfficialError`]; a person that is not an [`OpenId`] makes the page not understood, as a page with a gap misleads.
    pub fn parse(response: &Response) -> Result<FollowerPage, OfficialError> {
        Answer::read(response, |answer| {
            let invalid = |value: &Value| Unreadable::invalid("data", &value.to_string());
            let listed = answer.value("data").and_then(|data| data.get("openid"));
            let mut openids = Vec::new();
            for value in listed.and_then(Value::as_array).into_iter().flatten() {
                let text = value.as_str().ok_or_else(|| invalid(value))?;
                openids.push(OpenId::new(text).map_err(|_| invalid(value))?);
            }
            let total = answer.required_integer("total")?;
            Ok(FollowerPage {
                total: u64::try_from(total)
                    .map_err(|_| Unreadable::invalid("total", &total.to_string()))?,
                openids,
            })
        })
    }
}

/// One page of followers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FollowerPage {
    /// How many follow in all.
    pub total: u64,
    /// The people of this page; empty after the last one.
    pub openids: Vec<OpenId>,
}

impl FollowerPage {
    /// The call for the next page, or nothing when this one is empty.
    #[must_use]
    pub fn next(&self) -> Option<ListFollowers> {
        self.openids.last().cloned().map(ListFollowers::after)
    }
}
