//! Messages that the account sends on its own: customer service, template, subscription notice.

use serde_json::{Map, Value, json};

use crate::endpoint::post_json;
use crate::http::{Request, Response};
use crate::id::OpenId;
use crate::official::Official;
use crate::official::action::OfficialError;
use crate::official::answer::Answer;
use crate::secret::Secret;

/// What a customer-service message shows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CustomerContent {
    /// A text, at most 2,048 bytes.
    Text(String),
    /// A picture uploaded before, by its `media_id`.
    Image {
        /// The picture.
        media_id: String,
    },
    /// One card; more than one is refused (`45008`).
    Card(NewsCard),
    /// A question with answers to press; the answer arrives as a text with the answer's number.
    Menu {
        /// Above the answers.
        head: String,
        /// Number and text of each answer.
        answers: Vec<(String, String)>,
        /// Below the answers.
        tail: String,
    },
}

/// A card with a title, a line and a picture, that opens a page.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the vendor's card has these four"
)]
pub struct NewsCard {
    /// The title.
    pub title: String,
    /// The line below it.
    pub description: String,
    /// The page.
    pub url: String,
    /// The picture's address; may be empty.
    pub picture_url: String,
}

/// The call that writes to a person who was active lately.
///
/// Allowed after the person's act: 5 within 48 hours of a message, 3 within one minute of a follow, a menu press or a scan.
/// Beyond it `45015` (time) and `45047` (number) answer. 500,000 a day.
///
/// Source: <https://developers.weixin.qq.com/doc/service/guide/product/message/Service_Center_messages.html>, read 2026-08.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendCustomerMessage {
    to: OpenId,
    content: CustomerContent,
}

impl SendCustomerMessage {
    /// A message to one person.
    #[must_use]
    pub const fn new(to: OpenId, content: CustomerContent) -> Self {
        Self { to, content }
    }

    /// The request; its address contains the token and is not to be logged.
    ///
    /// Repeating it sends another message: there is no idempotency key here.
    #[must_use]
    pub fn request(&self, official: &Official, access_token: &Secret) -> Request {
        let (kind, content) = match &self.content {
            CustomerContent::Text(text) => ("text", json!({"content": text})),
            CustomerContent::Image { media_id } => ("image", json!({"media_id": media_id})),
            CustomerContent::Card(card) => (
                "news",
                json!({"articles": [{
                    "title": card.title, "description": card.description,
                    "url": card.url, "picurl": card.picture_url,
                }]}),
            ),
            CustomerContent::Menu {
                head,
                answers,
                tail,
            } => {
                let list: Vec<Value> = answers
                    .iter()
                    .map(|(id, content)| json!({"id": id, "content": content}))
                    .collect();
                (
                    "msgmenu",
                    json!({"head_content": head, "list": list, "tail_content": tail}),
                )
            }
        };
        let mut body = Map::new();
        body.insert("touser".to_owned(), self.to.as_str().into());
        body.insert("msgtype".to_owned(), kind.into());
        body.insert(kind.to_owned(), content);
        post(
            official,
            "/cgi-bin/message/custom/send",
            access_token,
            &Value::Object(body),
        )
    }

    /// Reads the answer.
    ///
    /// # Errors
    /// [`OfficialError`]; [`OfficialAction::PersonUnreachable`](crate::official::OfficialAction::PersonUnreachable) when the
    /// allowance is used up.
    pub fn parse(response: &Response) -> Result<(), OfficialError> {
        Answer::read(response, |_| Ok(()))
    }
}

/// Where a notice leads when it is pressed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoticeTarget {
    /// Nowhere.
    Nothing,
    /// A page.
    Page(String),
    /// A mini program and a page in it.
    MiniProgram {
        /// Its identifier.
        app_id: String,
        /// The page.
        page: String,
    },
}

/// The call that sends a template message: service notices only, never marketing; certified service accounts, 100,000 a day.
///
/// The delivery is reported by a push ([`Event::TemplateSent`](crate::official::Event::TemplateSent)).
///
/// Source: <https://developers.weixin.qq.com/doc/service/api/notify/template/api_sendtemplatemessage.html>, read 2026-08.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendTemplate {
    to: OpenId,
    template_id: String,
    target: NoticeTarget,
    fields: Vec<(String, String)>,
    once_key: Option<String>,
}

impl SendTemplate {
    /// A message of a template, with the value of each of its fields.
    #[must_use]
    pub fn new(to: OpenId, template_id: impl Into<String>, fields: Vec<(String, String)>) -> Self {
        Self {
            to,
            template_id: template_id.into(),
            target: NoticeTarget::Nothing,
            fields,
            once_key: None,
        }
    }

    /// The same leading to `target`.
    #[must_use]
    pub fn with_target(self, target: NoticeTarget) -> Self {
        Self { target, ..self }
    }

    /// The same with a key by which WeChat drops repetitions for about ten minutes (`client_msg_id`): with it a repetition is safe.
    #[must_use]
    pub fn once(self, key: impl Into<String>) -> Self {
        Self {
            once_key: Some(key.into()),
            ..self
        }
    }

    /// The request; its address contains the token and is not to be logged.
    #[must_use]
    pub fn request(&self, official: &Official, access_token: &Secret) -> Request {
        let mut body = notice(&self.to, &self.template_id, &self.fields);
        match &self.target {
            NoticeTarget::Nothing => {}
            NoticeTarget::Page(url) => drop(body.insert("url".to_owned(), url.as_str().into())),
            NoticeTarget::MiniProgram { app_id, page } => drop(body.insert(
                "miniprogram".to_owned(),
                json!({"appid": app_id, "pagepath": page}),
            )),
        }
        if let Some(key) = &self.once_key {
            body.insert("client_msg_id".to_owned(), key.as_str().into());
        }
        post(
            official,
            "/cgi-bin/message/template/send",
            access_token,
            &Value::Object(body),
        )
    }

    /// Reads the answer: the number under which the delivery will be reported.
    ///
    /// # Errors
    /// [`OfficialError`].
    pub fn parse(response: &Response) -> Result<String, OfficialError> {
        Answer::read(response, |answer| {
            answer
                .required_integer("msgid")
                .map(|number| number.to_string())
        })
    }
}

/// The call that sends a subscription notice, for which the person gave consent on a page.
///
/// Each consent is good for one notice; without one `43101` answers.
///
/// Source: <https://developers.weixin.qq.com/doc/service/api/notify/notify/api_sendnewsubscribemsg.html>, read 2026-08.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendNotice {
    to: OpenId,
    template_id: String,
    target: NoticeTarget,
    fields: Vec<(String, String)>,
}

impl SendNotice {
    /// A notice of a template, with the value of each of its fields.
    #[must_use]
    pub fn new(to: OpenId, template_id: impl Into<String>, fields: Vec<(String, String)>) -> Self {
        Self {
            to,
            template_id: template_id.into(),
            target: NoticeTarget::Nothing,
            fields,
        }
    }

    /// The same leading to `target`.
    #[must_use]
    pub fn with_target(self, target: NoticeTarget) -> Self {
        Self { target, ..self }
    }

    /// The request; its address contains the token and is not to be logged.
    #[must_use]
    pub fn request(&self, official: &Official, access_token: &Secret) -> Request {
        let mut body = notice(&self.to, &self.template_id, &self.fields);
        match &self.target {
            NoticeTarget::Nothing => {}
            NoticeTarget::Page(url) => drop(body.insert("page".to_owned(), url.as_str().into())),
            NoticeTarget::MiniProgram { app_id, page } => drop(body.insert(
                "miniprogram".to_owned(),
                json!({"appid": app_id, "pagepath": page}),
            )),
        }
        post(
            official,
            "/cgi-bin/message/subscribe/bizsend",
            access_token,
            &Value::Object(body),
        )
    }

    /// Reads the answer.
    ///
    /// # Errors
    /// [`OfficialError`].
    pub fn parse(response: &Response) -> Result<(), OfficialError> {
        Answer::read(response, |_| Ok(()))
    }
}

fn notice(to: &OpenId, template_id: &str, fields: &[(String, String)]) -> Map<String, Value> {
    let data: Map<String, Value> = fields
        .iter()
        .map(|(name, value)| (name.clone(), json!({"value": value})))
        .collect();
    let mut body = Map::new();
    body.insert("touser".to_owned(), to.as_str().into());
    body.insert("template_id".to_owned(), template_id.into());
    body.insert("data".to_owned(), Value::Object(data));
    body
}

fn post(official: &Official, path: &str, access_token: &Secret, body: &Value) -> Request {
    post_json(
        official.endpoints().official(),
        path,
        &[("access_token", access_token.expose())],
        body,
    )
}
