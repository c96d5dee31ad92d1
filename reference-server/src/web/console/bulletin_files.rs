//! A bulletin as files: the picture for the work group, and the workbook.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, Query, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
};

use super::{
    bulletin::{Asked, LIST, View, shown, wanted},
    error,
    gate::Signed,
    list::{self, Cell, Kind, List, columns},
};
use crate::{app::App, contest::organiser::Organiser};

#[derive(Template)]
#[template(path = "console/bulletin.svg")]
struct PictureView {
    view: View,
    /// Of each tile: label, number and unit, note, and where it stands.
    tiles: Vec<(&'static str, String, String, i64)>,
    /// Of each district: name, number, and where its line stands.
    districts: Vec<(String, String, i64)>,
    /// Lines of the two paragraphs, and where each stands.
    lines: Vec<(String, i64)>,
    foot: i64,
    height: i64,
}

/// Characters of a line of the picture.
const LINE: usize = 34;

fn picture_of(view: View) -> PictureView {
    let mut y = 250_i64;
    let mut tiles = Vec::new();
    for (label, figure, unit, note) in &view.tiles {
        tiles.push((*label, format!("{figure} {unit}"), note.clone(), y));
        y = y.saturating_add(118);
    }
    y = y.saturating_add(40);
    let own = view
        .figures
        .districts
        .iter()
        .filter(|line| !line.name.is_empty());
    let mut districts = Vec::new();
    for line in own {
        districts.push((line.name.clone(), shown(&line.people).to_owned(), y));
        y = y.saturating_add(46);
    }
    y = y.saturating_add(40);
    let mut lines = Vec::new();
    for (heading, text) in paragraphs(&view) {
        for part in std::iter::once(format!("【{heading}】")).chain(wrapped(&text)) {
            lines.push((part, y));
            y = y.saturating_add(44);
        }
    }
    let foot = y.saturating_add(30);
    PictureView {
        view,
        tiles,
        districts,
        lines,
        foot,
        height: foot.saturating_add(150),
    }
}

fn paragraphs(view: &View) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    if let Some(signed) = &view.signed {
        for (heading, text) in [
            ("更正", &signed.correction),
            ("情况说明", &signed.situation),
            ("明日安排", &signed.outlook),
        ] {
            if !text.is_empty() {
                found.push((heading, text.clone()));
            }
        }
    }
    found.push(("明日", view.next.clone()));
    found
}

/// A text in lines of a picture.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let letters: Vec<char> = paragraph.chars().collect();
        lines.extend(
            letters
                .chunks(LINE)
                .map(|line| line.iter().collect::<String>()),
        );
    }
    lines
}

/// The bulletin as a picture for the work group.
pub(super) async fn picture(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let view = match view(&app, &organiser, &city, &asked).await {
        Ok(view) => view,
        Err(response) => return *response,
    };
    let name = format!("{}-{}", view.city, view.date);
    match picture_of(view).render() {
        Ok(svg) => {
            let headers = [
                (header::CONTENT_TYPE, "image/svg+xml".to_owned()),
                (
                    header::CONTENT_DISPOSITION,
                    list::inline(&format!("{name}.svg")),
                ),
            ];
            (headers, svg).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "a bulletin could not be drawn");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The bulletin as a workbook.
pub(super) async fn workbook(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let view = match view(&app, &organiser, &city, &asked).await {
        Ok(view) => view,
        Err(response) => return *response,
    };
    let name = format!("每日通报-{}-{}", view.city, view.date);
    list::book(&name, &[numbers(&view), hours(&view), view.districts()])
}

fn numbers(view: &View) -> List {
    let mut rows = vec![
        vec![
            Cell::text("城市"),
            Cell::text(view.city.as_str()),
            Cell::text(""),
        ],
        vec![
            Cell::text("日期"),
            Cell::text(view.date.as_str()),
            Cell::text(""),
        ],
        vec![
            Cell::text("版本"),
            Cell::text(view.version()),
            Cell::text(""),
        ],
        vec![
            Cell::text("统计时间"),
            Cell::text(view.counted.as_str()),
            Cell::text(""),
        ],
    ];
    let plain = |figure: &str| figure.replace(',', "");
    for (label, figure, unit, note) in &view.tiles {
        rows.push(vec![
            Cell::text(format!("{label}（{unit}）")),
            Cell::text(plain(figure)),
            Cell::text(note.as_str()),
        ]);
    }
    for (label, value) in &view.money {
        rows.push(vec![
            Cell::text(format!("{label}（元）")),
            Cell::text(plain(value)),
            Cell::text(""),
        ]);
    }
    for (label, value, _tone) in &view.checks {
        rows.push(vec![
            Cell::text(*label),
            Cell::text(value.as_str()),
            Cell::text(""),
        ]);
    }
    for (heading, text) in paragraphs(view) {
        rows.push(vec![Cell::text(heading), Cell::text(text), Cell::text("")]);
    }
    let mut last = |label: &str, value: String| {
        rows.push(vec![Cell::text(label), Cell::text(value), Cell::text("")]);
    };
    last(
        "审计日志",
        format!("第 {} 条 {}", view.audit_number, view.audit_hash),
    );
    if let Some(signed) = &view.signed {
        last("签发", format!("{} {}", signed.signed_name, view.signed_at));
        last("通报指纹", signed.digest.clone());
    }
    List::plain(
        "通报",
        columns([
            ("项目", Kind::Text),
            ("数值", Kind::Number),
            ("说明", Kind::Text),
        ]),
        rows,
        "",
    )
}

fn hours(view: &View) -> List {
    let rows = (0..)
        .zip(&view.figures.hours)
        .map(|(hour, (n_attempts, n_awards))| {
            let hour: i64 = hour;
            vec![
                Cell::text(format!("{hour:02}:00")),
                Cell::text(n_attempts.to_string()),
                Cell::text(n_awards.to_string()),
            ]
        });
    List::plain(
        "分时段",
        columns([
            ("时段", Kind::Text),
            ("交卷", Kind::Number),
            ("拆红包", Kind::Number),
        ]),
        rows.collect(),
        "",
    )
}

/// The bulletin asked for; the list of days where there is none.
async fn view(
    app: &App,
    organiser: &Organiser,
    city: &str,
    asked: &Asked,
) -> Result<View, Box<Response>> {
    match wanted(app, city, asked).await {
        Ok(Some((_day, Some(found)))) => Ok(View::of(app, &found)),
        Ok(_none) => {
            let list = Redirect::to(&LIST.replace("{city}", city));
            Err(Box::new(list.into_response()))
        }
        Err(failed) => Err(Box::new(error::answer(app, Some(organiser), false, failed))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_wrapped_by_characters_and_keeps_its_paragraphs() {
        let text = format!("{}\n短", "长".repeat(LINE + 1));
        assert_eq!(
            wrapped(&text),
            ["长".repeat(LINE), "长".to_owned(), "短".to_owned()]
        );
        assert!(wrapped("").is_empty());
    }
}
