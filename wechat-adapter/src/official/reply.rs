//! The passive reply: what is given back in the answer to a push.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::id::Nonce;
use crate::official::callback::CallbackVerifier;
use crate::official::envelope::EnvelopeError;
use crate::official::event::{Push, PushFormat};
use crate::official::message::NewsCard;
use crate::official::signature::signature;
use crate::xml::{self, Node};

/// The body that answers a push, and its `Content-Type`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reply {
    /// Value of the header `Content-Type`.
    pub content_type: &'static str,
    /// Bytes of the body.
    pub body: Vec<u8>,
}

/// Why a text cannot be given back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplyError {
    /// The text is empty or longer than WeChat shows.
    #[error(
        "reply has {length_bytes} bytes, 1 to {} are allowed",
        Reply::MAX_TEXT_BYTES
    )]
    TextLength {
        /// Length of the refused text, in bytes.
        length_bytes: usize,
    },
    /// The push was encrypted and this verifier has no key.
    #[error("push was encrypted, but no key is configured")]
    KeyMissing,
    /// The text could not be encrypted.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
}

/// What a passive reply shows.
///
/// Source: <https://developers.weixin.qq.com/doc/service/guide/product/message/Passive_user_reply_message.html>, read 2026-08.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReplyContent {
    /// A text, at most 2,048 bytes.
    Text(String),
    /// A picture uploaded before.
    Image {
        /// The picture.
        media_id: String,
    },
    /// A voice uploaded before.
    Voice {
        /// The voice.
        media_id: String,
    },
    /// A video uploaded before.
    Video {
        /// The video.
        media_id: String,
        /// Its title.
        title: String,
        /// The line below it.
        description: String,
    },
    /// One card; since 2018-10-12 more are not shown in answer to a person.
    Card(NewsCard),
    /// Hands the person over to human agents.
    HumanAgent,
}

impl ReplyContent {
    const fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Image { .. } => "image",
            Self::Voice { .. } => "voice",
            Self::Video { .. } => "video",
            Self::Card(_) => "news",
            Self::HumanAgent => "transfer_customer_service",
        }
    }

    /// The fields beside the envelope's.
    fn nodes(&self) -> Vec<Node<'_>> {
        let media = |media_id| Node::Leaf("MediaId", media_id);
        match self {
            Self::Text(text) => vec![Node::Leaf("Content", text)],
            Self::Image { media_id } => vec![Node::Branch("Image", vec![media(media_id)])],
            Self::Voice { media_id } => vec![Node::Branch("Voice", vec![media(media_id)])],
            Self::Video {
                media_id,
                title,
                description,
            } => vec![Node::Branch(
                "Video",
                vec![
                    media(media_id),
                    Node::Leaf("Title", title),
                    Node::Leaf("Description", description),
                ],
            )],
            Self::Card(card) => {
                let item = Node::Branch(
                    "item",
                    vec![
                        Node::Leaf("Title", &card.title),
                        Node::Leaf("Description", &card.description),
                        Node::Leaf("PicUrl", &card.picture_url),
                        Node::Leaf("Url", &card.url),
                    ],
                );
                vec![
                    Node::Leaf("ArticleCount", "1"),
                    Node::Branch("Articles", vec![item]),
                ]
            }
            Self::HumanAgent => Vec::new(),
        }
    }
}

impl Reply {
    /// The longest text accepted, in bytes.
    pub const MAX_TEXT_BYTES: usize = 2_048;

    /// The answer that ends the delivery and shows nothing to the person: never encrypted.
    #[must_use]
    pub fn success() -> Self {
        Self {
            content_type: "text/plain; charset=utf-8",
            body: b"success".to_vec(),
        }
    }
}

impl CallbackVerifier {
    /// A text shown to the person of `push`: [`CallbackVerifier::reply`] with [`ReplyContent::Text`].
    ///
    /// # Errors
    /// [`ReplyError`] when the text is empty or too long, or cannot be encrypted.
    pub fn text_reply(
        &self,
        push: &Push,
        text: &str,
        now: DateTime<Utc>,
        nonce: &Nonce,
        random: [u8; 16],
    ) -> Result<Reply, ReplyError> {
        let content = ReplyContent::Text(text.to_owned());
        self.reply(push, &content, now, nonce, random)
    }

    /// What is shown to the person of `push`, in the notation and the mode that the push came in.
    ///
    /// `random` and `nonce` are fresh for every reply; they are used only when the push was encrypted.
    /// Give it only when it is ready at once; otherwise answer [`Reply::success`] and write to the person later.
    ///
    /// # Errors
    /// [`ReplyError`] when a text is empty or too long, or cannot be encrypted.
    pub fn reply(
        &self,
        push: &Push,
        content: &ReplyContent,
        now: DateTime<Utc>,
        nonce: &Nonce,
        random: [u8; 16],
    ) -> Result<Reply, ReplyError> {
        if let ReplyContent::Text(text) = content {
            let length_bytes = text.len();
            if length_bytes == 0 || length_bytes > Reply::MAX_TEXT_BYTES {
                return Err(ReplyError::TextLength { length_bytes });
            }
        }
        let timestamp = now.timestamp();
        let message = message(push, content, timestamp);
        let body = if push.encrypted {
            let envelope = self.envelope().ok_or(ReplyError::KeyMissing)?;
            let ciphertext = envelope.encrypt(&message, random)?;
            self.sealed(push.format, &ciphertext, timestamp, nonce)
        } else {
            message
        };
        Ok(Reply {
            content_type: match push.format {
                PushFormat::Xml => "text/xml; charset=utf-8",
                PushFormat::Json => "application/json; charset=utf-8",
            },
            body: body.into_bytes(),
        })
    }

    /// The signed document around a ciphertext.
    fn sealed(
        &self,
        format: PushFormat,
        ciphertext: &str,
        timestamp: i64,
        nonce: &Nonce,
    ) -> String {
        let seconds = timestamp.to_string();
        let parts = [self.token().expose(), &seconds, nonce.as_str(), ciphertext];
        let message_signature = signature(&parts);
        match format {
            PushFormat::Xml => xml::document([
                ("Encrypt", ciphertext),
                ("MsgSignature", &message_signature),
                ("TimeStamp", &seconds),
                ("Nonce", nonce.as_str()),
            ]),
            PushFormat::Json => serde_json::json!({
                "Encrypt": ciphertext,
                "MsgSignature": message_signature,
                "TimeStamp": timestamp,
                "Nonce": nonce.as_str(),
            })
            .to_string(),
        }
    }
}

/// The message in clear: sender and receiver of the push exchanged.
fn message(push: &Push, content: &ReplyContent, timestamp: i64) -> String {
    let seconds = timestamp.to_string();
    let mut nodes = vec![
        Node::Leaf("ToUserName", push.openid.as_str()),
        Node::Leaf("FromUserName", &push.account),
        Node::Leaf("CreateTime", &seconds),
        Node::Leaf("MsgType", content.kind()),
    ];
    nodes.extend(content.nodes());
    match push.format {
        PushFormat::Xml => xml::tree(&nodes),
        PushFormat::Json => {
            let mut object = json_object(&nodes);
            object.insert("CreateTime".to_owned(), timestamp.into());
            Value::Object(object).to_string()
        }
    }
}

/// The same names in JSON; the entries of a list are called `item` in XML and are an array here.
fn json_object(nodes: &[Node<'_>]) -> Map<String, Value> {
    let mut object = Map::new();
    for node in nodes {
        let (name, value) = match node {
            Node::Leaf(name, text) => (*name, Value::from(*text)),
            Node::Branch(name, children) => {
                let items: Vec<Value> = children
                    .iter()
                    .filter_map(|child| match child {
                        Node::Branch("item", fields) => Some(Value::Object(json_object(fields))),
                        Node::Branch(_, _) | Node::Leaf(_, _) => None,
                    })
                    .collect();
                let value = if items.is_empty() {
                    Value::Object(json_object(children))
                } else {
                    Value::Array(items)
                };
                (*name, value)
            }
        };
        object.insert(name.to_owned(), value);
    }
    object
}
