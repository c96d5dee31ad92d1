//! The menu of the account: the wanted one, the present one, and the step between.

use serde_json::{Value, json};

use crate::endpoint::{get, post_json};
use crate::error::Unreadable;
use crate::http::{Request, Response};
use crate::official::Official;
use crate::official::action::{OfficialAction, OfficialError};
use crate::official::answer::Answer;
use crate::secret::Secret;

/// What pressing a menu item does.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MenuAction {
    /// Opens a page.
    View {
        /// Its address, at most 1,024 bytes.
        url: String,
    },
    /// Causes a push with a key.
    Click {
        /// The key, at most 128 bytes.
        key: String,
    },
    /// Opens a mini program.
    MiniProgram {
        /// Its identifier.
        app_id: String,
        /// The page in it.
        page: String,
        /// The page for clients that are too old.
        url: String,
    },
}

/// One item: it acts, or it opens up to five that act.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MenuItem {
    /// An item that acts.
    Leaf {
        /// What it is called, at most 60 bytes.
        name: String,
        /// What it does.
        action: MenuAction,
    },
    /// An item that opens others.
    Branch {
        /// What it is called, at most 16 bytes.
        name: String,
        /// One to five items.
        leaves: Vec<(String, MenuAction)>,
    },
}

/// A menu as WeChat accepts it: one to three items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Menu {
    items: Vec<MenuItem>,
}

/// Why items are not a menu.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidMenu {
    /// There are no items, or too many.
    #[error("menu level has {count} items, 1 to {maximum} are allowed")]
    Count {
        /// How many there are.
        count: usize,
        /// How many may be.
        maximum: usize,
    },
    /// A text is empty or too long.
    #[error("{field} has {length_bytes} bytes, 1 to {maximum} are allowed")]
    TextLength {
        /// Which text.
        field: &'static str,
        /// Length of the refused text, in bytes.
        length_bytes: usize,
        /// Longest length allowed, in bytes.
        maximum: usize,
    },
}

/// The step from the present menu to the wanted one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the menu is right or has to be made"
)]
pub enum MenuStep {
    /// The present menu is the wanted one.
    Keep,
    /// Create the wanted one, which replaces the present one.
    Create,
}

impl Menu {
    /// Checks the items.
    ///
    /// Source: <https://developers.weixin.qq.com/doc/service/guide/product/menu/Creating_Custom-Defined_Menu.html>, read 2026-08.
    ///
    /// # Errors
    /// [`InvalidMenu`] when a level has no item or too many, or a text is empty or too long.
    pub fn new(items: Vec<MenuItem>) -> Result<Self, InvalidMenu> {
        check_count(items.len(), 3)?;
        for item in &items {
            match item {
                MenuItem::Leaf { name, action } => {
                    check_text("name", name, 60)?;
                    check_action(action)?;
                }
                MenuItem::Branch { name, leaves } => {
                    check_text("name", name, 16)?;
                    check_count(leaves.len(), 5)?;
                    for (name, action) in leaves {
                        check_text("name", name, 60)?;
                        check_action(action)?;
                    }
                }
            }
        }
        Ok(Self { items })
    }

    /// The menu as it is sent, as JSON: the same for the same menu, so that a digest of it tells one menu from another.
    #[must_use]
    pub fn written(&self) -> String {
        self.buttons().to_string()
    }

    /// The step from `present` to this menu; `present` is what [`FetchMenu`] read.
    ///
    /// Running it at every change of city is safe: it asks for a creation only when something differs.
    #[must_use]
    pub fn step_from(&self, present: &PresentMenu) -> MenuStep {
        if present.buttons.as_ref() == Some(&normal(&self.buttons())) {
            MenuStep::Keep
        } else {
            MenuStep::Create
        }
    }

    fn buttons(&self) -> Value {
        let button = |item: &MenuItem| match item {
            MenuItem::Leaf { name, action } => leaf(name, action),
            MenuItem::Branch { name, leaves } => {
                let leaves: Vec<Value> = leaves
                    .iter()
                    .map(|(name, action)| leaf(name, action))
                    .collect();
                json!({"name": name, "sub_button": leaves})
            }
        };
        self.items.iter().map(button).collect()
    }
}

fn leaf(name: &str, action: &MenuAction) -> Value {
    match action {
        MenuAction::View { url } => json!({"type": "view", "name": name, "url": url}),
        MenuAction::Click { key } => json!({"type": "click", "name": name, "key": key}),
        MenuAction::MiniProgram { app_id, page, url } => json!({
            "type": "miniprogram", "name": name, "appid": app_id, "pagepath": page, "url": url,
        }),
    }
}

/// Buttons without what WeChat adds to them: an empty `sub_button`.
fn normal(buttons: &Value) -> Value {
    match buttons {
        Value::Array(items) => items.iter().map(normal).collect(),
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, value)| {
                *name != "sub_button" || value.as_array().is_none_or(|list| !list.is_empty())
            })
            .map(|(name, value)| (name.clone(), normal(value)))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => buttons.clone(),
    }
}

fn check_count(count: usize, maximum: usize) -> Result<(), InvalidMenu> {
    if count == 0 || count > maximum {
        Err(InvalidMenu::Count { count, maximum })
    } else {
        Ok(())
    }
}

fn check_text(field: &'static str, text: &str, maximum: usize) -> Result<(), InvalidMenu> {
    let length_bytes = text.len();
    if length_bytes == 0 || length_bytes > maximum {
        Err(InvalidMenu::TextLength {
            field,
            length_bytes,
            maximum,
        })
    } else {
        Ok(())
    }
}

fn check_action(action: &MenuAction) -> Result<(), InvalidMenu> {
    match action {
        MenuAction::View { url } => check_text("url", url, 1_024),
        MenuAction::Click { key } => check_text("key", key, 128),
        MenuAction::MiniProgram { app_id, page, url } => {
            check_text("appid", app_id, 32)?;
            check_text("pagepath", page, 1_024)?;
            check_text("url", url, 1_024)
        }
    }
}

/// The call that replaces the menu; 1,000 a day. Phones show it within about five minutes.
///
/// Source: <https://developers.weixin.qq.com/doc/service/api/custommenu/api_createcustommenu.html>, read 2026-08.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateMenu {
    menu: Menu,
}

impl CreateMenu {
    /// A call for `menu`.
    #[must_use]
    pub const fn new(menu: Menu) -> Self {
        Self { menu }
    }

    /// The request; its address contains the token and is not to be logged.
    #[must_use]
    pub fn request(&self, official: &Official, access_token: &Secret) -> Request {
        post_json(
            official.endpoints().official(),
            "/cgi-bin/menu/create",
            &[("access_token", access_token.expose())],
            &json!({"button": self.menu.buttons()}),
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

/// The call that reads the present menu; 10,000 a day.
///
/// Source: <https://developers.weixin.qq.com/doc/service/api/custommenu/api_getmenu.html>, read 2026-08.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct FetchMenu;

/// The present menu, as far as it matters whether it is the wanted one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresentMenu {
    buttons: Option<Value>,
}

impl PresentMenu {
    /// Whether there is a menu.
    #[must_use]
    pub const fn exists(&self) -> bool {
        self.buttons.is_some()
    }
}

impl FetchMenu {
    /// The call.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }

    /// The request; its address contains the token and is not to be logged.
    #[must_use]
    pub fn request(&self, official: &Official, access_token: &Secret) -> Request {
        get(
            official.endpoints().official(),
            "/cgi-bin/menu/get",
            &[("access_token", access_token.expose())],
        )
    }

    /// Reads the answer; `46003`, there is none, is an answer too.
    ///
    /// # Errors
    /// [`OfficialError`].
    pub fn parse(response: &Response) -> Result<PresentMenu, OfficialError> {
        let read = Answer::read(response, |answer| {
            let buttons = answer
                .value("menu")
                .and_then(|menu| menu.get("button"))
                .ok_or(Unreadable::MissingField { field: "menu" })?;
            Ok(PresentMenu {
                buttons: Some(normal(buttons)),
            })
        });
        match read {
            Err(error) if error.action() == OfficialAction::NoMenu => {
                Ok(PresentMenu { buttons: None })
            }
            other => other,
        }
    }
}

/// The call that removes the menu; 1,000 a day.
///
/// Source: <https://developers.weixin.qq.com/doc/service/api/custommenu/api_deletemenu.html>, read 2026-08.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct DeleteMenu;

impl DeleteMenu {
    /// The call.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }

    /// The request; its address contains the token and is not to be logged.
    #[must_use]
    pub fn request(&self, official: &Official, access_token: &Secret) -> Request {
        get(
            official.endpoints().official(),
            "/cgi-bin/menu/delete",
            &[("access_token", access_token.expose())],
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
