//! The account's menu: created, read, removed, and pressed.

use serde_json::{Map, Value, json};

use super::official::Answer;
use super::push_message::Incident;
use super::view::MenuButton;
use super::wire::Call;

/// The kinds of items that lead somewhere.
const KINDS: [&str; 13] = [
    "click",
    "view",
    "miniprogram",
    "scancode_push",
    "scancode_waitmsg",
    "pic_sysphoto",
    "pic_photo_or_album",
    "pic_weixin",
    "location_select",
    "media_id",
    "view_limited",
    "article_id",
    "article_view_limited",
];

/// The buttons of a menu as they are read back, or the `errcode` of a menu that cannot be.
pub(super) fn create(menu: &mut Option<Value>, call: &Call<'_>) -> Answer {
    let body = call.json.as_ref().ok_or((47_001, "data format error"))?;
    if call.body.windows(2).any(|pair| pair == b"\\u") {
        return Err((40_033, "invalid charset, do not use \\uxxxx"));
    }
    let items = buttons(body.get("button"), 3, 16)?;
    *menu = Some(Value::Array(items));
    Ok(json!({"errcode": 0, "errmsg": "ok"}))
}

fn buttons(
    list: Option<&Value>,
    most: usize,
    name_bytes: usize,
) -> Result<Vec<Value>, (i64, &'static str)> {
    let list = list
        .and_then(Value::as_array)
        .filter(|list| (1..=most).contains(&list.len()))
        .ok_or((40_016, "invalid button size"))?;
    list.iter()
        .map(|item| {
            let item = item.as_object().ok_or((40_015, "invalid button type"))?;
            button(item, most, name_bytes)
        })
        .collect()
}

/// One item; a leaf gets the empty list of items that the platform adds.
fn button(
    item: &Map<String, Value>,
    most: usize,
    name_bytes: usize,
) -> Result<Value, (i64, &'static str)> {
    let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default();
    if !(1..=name_bytes).contains(&text("name").len()) {
        return Err((40_018, "invalid button name size"));
    }
    let mut item = item.clone();
    let below = item
        .get("sub_button")
        .filter(|below| below.as_array().is_none_or(|list| !list.is_empty()));
    let below = match below {
        None => {
            check_leaf(&item)?;
            Vec::new()
        }
        Some(_) if most == 5 => return Err((40_023, "invalid sub button size")),
        Some(below) => buttons(Some(below), 5, 60).map_err(|problem| match problem {
            (40_016, _) => (40_023, "invalid sub button size"),
            other => other,
        })?,
    };
    item.insert("sub_button".to_owned(), Value::Array(below));
    Ok(Value::Object(item))
}

fn check_leaf(item: &Map<String, Value>) -> Result<(), (i64, &'static str)> {
    let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default();
    match text("type") {
        "click" if !(1..=128).contains(&text("key").len()) => {
            Err((40_019, "invalid button key size"))
        }
        "view" if !(1..=1_024).contains(&text("url").len()) => {
            Err((40_020, "invalid button url size"))
        }
        kind if KINDS.contains(&kind) => Ok(()),
        _ => Err((40_015, "invalid button type")),
    }
}

/// Answers `menu/get`.
pub(super) fn fetch(menu: Option<&Value>) -> Answer {
    menu.map_or(Err((46_003, "menu no exist")), |buttons| {
        Ok(json!({"menu": {"button": buttons}}))
    })
}

/// The menu as a phone draws it; an item that neither opens a page nor has a key acts on nothing here.
pub(super) fn drawn(menu: Option<&Value>) -> Vec<MenuButton> {
    let items = menu.and_then(Value::as_array);
    items.into_iter().flatten().map(draw).collect()
}

fn draw(button: &Value) -> MenuButton {
    let text = |name: &str| button.get(name).and_then(Value::as_str).map(str::to_owned);
    MenuButton {
        name: text("name").unwrap_or_default(),
        url: text("url"),
        key: text("key"),
        below: drawn(button.get("sub_button")),
    }
}

/// What pressing an item tells the account: the item is named by its key, its address or its name.
pub(super) fn pressed(menu: Option<&Value>, item: &str) -> Option<Incident> {
    menu?
        .as_array()?
        .iter()
        .flat_map(|top| {
            let below = top.get("sub_button").and_then(Value::as_array);
            std::iter::once(top).chain(below.into_iter().flatten())
        })
        .find_map(|button| {
            let text = |name: &str| button.get(name).and_then(Value::as_str);
            let named = ["key", "url", "name"]
                .into_iter()
                .any(|name| text(name) == Some(item));
            match text("type").filter(|_| named)? {
                "click" => Some(Incident::Click(text("key")?.to_owned())),
                "view" => Some(Incident::View(text("url")?.to_owned())),
                _ => None,
            }
        })
}
