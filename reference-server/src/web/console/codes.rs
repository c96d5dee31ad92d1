//! QR codes of the contest, of a city and of its districts: on a page for print, as files, and all in one.

use std::{
    io::{self, Cursor, Write as _},
    sync::Arc,
};

use askama::Template;
use axum::{
    Json,
    extract::{Path, Query, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zip::{ZipWriter, result::ZipError, write::SimpleFileOptions};

use super::{
    error,
    frame::Frame,
    gate::Signed,
    list::{Cell, Kind, List, columns},
};
use crate::{
    app::App,
    contest::{
        Failure,
        organiser::{Error, Refused},
        statistics,
    },
    web::{api::problem::Problem, frame, qr_code::QrCode},
};

/// The page of a city.
pub(super) const PAGE: &str = "/console/cities/{city}/codes";
/// One code as a file.
pub(super) const FILE: &str = "/console/cities/{city}/codes/file";
/// All of them in one file.
pub(super) const ALL: &str = "/console/cities/{city}/codes/all";
/// The same as a call.
pub(super) const API: &str = "/api/v1/console/cities/{city}/codes";

/// A code: what it is of, what stands under it, and where it leads.
struct Code {
    /// `contest`, `city`, or the slug of a district.
    of: String,
    name: String,
    address: String,
}

/// Every code of a city, the contest's first, and whether some district has none yet.
///
/// A district's is the one that WeChat has made for it: whoever scans it follows, and is counted there.
async fn codes(app: &App, slug: &str) -> Result<(Vec<Code>, bool), Error> {
    let districts = statistics::district_codes(app, slug).await?;
    let is_missing = districts.iter().any(|code| code.qr_url.is_none());
    let (url, city) = (&app.public_url, app.season.city_name(slug));
    let mut codes = vec![
        Code {
            of: "contest".to_owned(),
            name: format!("{}信用知识有奖竞答", app.season.province.name()),
            address: format!("{url}/"),
        },
        Code {
            of: "city".to_owned(),
            name: city.clone(),
            address: format!("{url}/city/{slug}"),
        },
    ];
    codes.extend(districts.into_iter().filter_map(|district| {
        Some(Code {
            name: format!("{city} {}", district.name),
            address: district.qr_url?,
            of: district.district,
        })
    }));
    Ok((codes, is_missing))
}

/// A code as the page shows it.
struct Drawn {
    of: String,
    name: String,
    address: String,
    svg: String,
}

#[derive(Template)]
#[template(path = "console/codes.html")]
struct CodesPage {
    frame: Frame,
    city: String,
    path: String,
    codes: Vec<Drawn>,
    /// Whether some district has no code yet.
    is_missing: bool,
}

/// A city's codes.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
) -> Response {
    let (codes, is_missing) = match codes(&app, &city).await {
        Ok(found) => found,
        Err(failed) => return error::answer(&app, Some(&organiser), false, failed),
    };
    let drawn = codes.into_iter().filter_map(|code| {
        Some(Drawn {
            svg: QrCode::of(&code.address)?.svg(&code.name),
            of: code.of,
            name: code.name,
            address: code.address,
        })
    });
    frame::personal(&CodesPage {
        frame: Frame::of_city(&app, Some(&organiser), PAGE, Some(&city)),
        path: PAGE.replace("{city}", &city),
        codes: drawn.collect(),
        is_missing,
        city: app.season.city_name(&city),
    })
}

/// Which code, in which form.
#[derive(Deserialize)]
pub(super) struct Wanted {
    /// `contest`, `city`, or the slug of a district.
    of: Option<String>,
    /// `svg` or `png`.
    form: Option<Form>,
}

/// How a code is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Form {
    Svg,
    Png,
}

/// One code as a file for printers and posters.
pub(super) async fn file(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Response {
    let of = wanted.of.as_deref().unwrap_or("contest");
    let found = match codes(&app, &city).await {
        Ok((found, _is_missing)) => found,
        Err(failed) => return error::answer(&app, Some(&organiser), false, failed),
    };
    let Some(code) = found.into_iter().find(|code| code.of == of) else {
        return error::answer(&app, Some(&organiser), false, Refused::NotFound.into());
    };
    let (kind, ending, drawn) = match wanted.form.unwrap_or(Form::Svg) {
        Form::Svg => (
            "image/svg+xml",
            "svg",
            print_svg(&code).map(String::into_bytes),
        ),
        Form::Png => ("image/png", "png", print_png(&code)),
    };
    let Some(drawn) = drawn else {
        let failed = Failure::defect("an address is too long for a code");
        return error::answer(&app, Some(&organiser), false, failed.into());
    };
    attachment(kind, &format!("{city}-{of}.{ending}"), drawn)
}

fn attachment(kind: &'static str, name: &str, body: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
    ];
    (headers, body).into_response()
}

/// A code with its quiet zone, as a file of its own.
fn print_svg(code: &Code) -> Option<String> {
    Some(QrCode::of(&code.address)?.print_svg(&code.name))
}

fn print_png(code: &Code) -> Option<Vec<u8>> {
    QrCode::of(&code.address)?.png()
}

/// Every code of a city in both forms, with a list of where each leads.
pub(super) async fn all(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
) -> Response {
    let codes = match codes(&app, &city).await {
        Ok((codes, _is_missing)) => codes,
        Err(failed) => return error::answer(&app, Some(&organiser), false, failed),
    };
    match packed(&codes) {
        Ok(packed) => attachment("application/zip", &format!("{city}-codes.zip"), packed),
        Err(error) => {
            tracing::error!(%error, "the codes could not be packed");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn packed(codes: &[Code]) -> Result<Vec<u8>, ZipError> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    let mut rows = Vec::with_capacity(codes.len());
    for code in codes {
        if let (Some(svg), Some(png)) = (print_svg(code), print_png(code)) {
            zip.start_file(format!("{}.svg", code.of), options)?;
            zip.write_all(svg.as_bytes())?;
            zip.start_file(format!("{}.png", code.of), options)?;
            zip.write_all(&png)?;
            rows.push(
                [&code.of, &code.name, &code.address]
                    .map(Cell::text)
                    .to_vec(),
            );
        }
    }
    zip.start_file("list.csv", options)?;
    let kept = ["文件", "名称", "地址"].map(|label| (label, Kind::Text));
    let list = List::plain("二维码", columns(kept), rows, "");
    zip.write_all(&list.csv().map_err(io::Error::other)?)?;
    Ok(zip.finish()?.into_inner())
}

/// A code.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct CodeBody {
    /// `contest`, `city`, or the slug of a district.
    of: String,
    name: String,
    /// What the code encodes.
    address: String,
}

/// The codes of a city, of its districts, and of the contest.
#[utoipa::path(get, path = API, tag = "console",
    params(("city" = String, Path, description = "The city's slug")),
    responses((status = 200, body = [CodeBody]), (status = 401, body = Problem),
        (status = 404, body = Problem)))]
pub(in crate::web) async fn call(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
) -> Response {
    let codes = match codes(&app, &city).await {
        Ok((codes, _is_missing)) => codes,
        Err(failed) => return error::answer(&app, Some(&organiser), true, failed),
    };
    let bodies = codes.into_iter().map(|code| CodeBody {
        of: code.of,
        name: code.name,
        address: code.address,
    });
    Json(bodies.collect::<Vec<_>>()).into_response()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn the_file_of_all_has_both_forms_of_each_and_a_list() {
        let codes = ["contest", "gulou"].map(|of| Code {
            of: of.to_owned(),
            name: "南京市 鼓楼区".to_owned(),
            address: format!("https://example.invalid/from/nanjing/{of}"),
        });
        let packed = packed(&codes).expect("packed");
        let mut zip = zip::ZipArchive::new(Cursor::new(packed)).expect("a file");
        let names = zip.file_names();
        let mut names: Vec<String> = names
            .map(|name| name.expect("a name").into_owned())
            .collect();
        names.sort();
        assert_eq!(
            names,
            [
                "contest.png",
                "contest.svg",
                "gulou.png",
                "gulou.svg",
                "list.csv"
            ]
        );
        let mut list = String::new();
        let mut file = zip.by_name("list.csv").expect("a list");
        file.read_to_string(&mut list).expect("text");
        assert!(
            list.contains(
                r#""gulou","南京市 鼓楼区","https://example.invalid/from/nanjing/gulou""#
            )
        );
    }
}
