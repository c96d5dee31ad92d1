//! Pictures for a city's page: uploaded, and shown to organisers before anybody else sees them.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Multipart, Path, State, multipart::MultipartRejection, rejection::JsonRejection},
    http::{StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{city_page, error, gate::Signed};
use crate::{
    app::App,
    contest::{
        organiser::Refused,
        page_picture::{self, Uploaded},
    },
    web::api::{problem::Problem, rejected},
};

/// A picture as organisers see it.
pub(super) const PAGE: &str = "/console/cities/{city}/page/picture/{picture}";
/// Where one is uploaded.
pub(super) const UPLOAD: &str = "/console/cities/{city}/page/pictures";
/// The same as a call.
pub(super) const API: &str = "/api/v1/console/cities/{city}/page/pictures";

/// Where organisers find a picture whose content has this name.
pub(super) fn address(city: &str, digest: &str) -> String {
    let file = format!("{digest}.jpg");
    PAGE.replace("{city}", city).replace("{picture}", &file)
}

/// A picture of a city's page, published or not.
pub(super) async fn picture(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path((city, name)): Path<(String, String)>,
) -> Response {
    let digest = name.strip_suffix(".jpg").unwrap_or_default();
    match page_picture::jpeg(&app, &city, digest).await {
        Ok(Some(jpeg)) => {
            let headers = [
                (header::CONTENT_TYPE, "image/jpeg"),
                (
                    header::CACHE_CONTROL,
                    "private, max-age=31536000, immutable",
                ),
            ];
            (headers, jpeg).into_response()
        }
        Ok(None) => error::answer(&app, Some(&organiser), false, Refused::NotFound.into()),
        Err(failed) => error::answer(&app, Some(&organiser), false, failed),
    }
}

pub(super) async fn upload(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    sent: Result<Multipart, MultipartRejection>,
) -> Response {
    let Some(file) = file_of(sent).await else {
        let (title, detail) = (
            "没有收到图片".to_owned(),
            "请重新选择文件再上传。".to_owned(),
        );
        let page = error::page(&app, Some(&organiser), title, detail);
        return error::with_status(StatusCode::BAD_REQUEST, page);
    };
    match page_picture::upload(&app, &city, file, &organiser).await {
        Ok(_picture) => Redirect::to(&city_page::PAGE.replace("{city}", &city)).into_response(),
        Err(failed) => error::answer(&app, Some(&organiser), false, failed),
    }
}

async fn file_of(sent: Result<Multipart, MultipartRejection>) -> Option<Vec<u8>> {
    let mut sent = sent.ok()?;
    while let Some(field) = sent.next_field().await.ok()? {
        if field.name() == Some("file") {
            let bytes = field.bytes().await.ok()?.to_vec();
            return (!bytes.is_empty()).then_some(bytes);
        }
    }
    None
}

/// A picture that a text may show.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct PagePictureBody {
    /// What a text writes to show it: `![words](name)`.
    name: String,
    /// Where organisers find it.
    address: String,
    /// In pixels; only of uploaded ones.
    width: Option<u32>,
    /// In pixels; only of uploaded ones.
    height: Option<u32>,
}

impl PagePictureBody {
    pub(super) fn of(city: &str, name: &str, digest: &str) -> Self {
        Self {
            name: name.to_owned(),
            address: address(city, digest),
            width: None,
            height: None,
        }
    }

    pub(super) fn uploaded(city: &str, picture: &Uploaded) -> Self {
        Self {
            width: Some(picture.width),
            height: Some(picture.height),
            ..Self::of(city, &picture.name, &picture.name)
        }
    }
}

/// A picture as a call hands it in.
#[derive(Deserialize, ToSchema)]
pub(in crate::web) struct NewPagePictureBody {
    /// A JPEG, PNG or WebP file of at most 2 MiB, in Base64.
    file: String,
}

/// Keeps a picture for a city's page; it is written anew, and the same one again changes nothing.
#[utoipa::path(post, path = API, tag = "console", request_body = NewPagePictureBody,
    params(("city" = String, Path, description = "The city's slug")),
    responses((status = 201, body = PagePictureBody), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(in crate::web) async fn call(
    State(app): State<Arc<App>>,
    Signed(organiser): Signed,
    Path(city): Path<String>,
    body: Result<Json<NewPagePictureBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(rejected)?;
    let no_file = |_error| Problem::malformed("a file is written in Base64");
    let file = STANDARD.decode(body.file.as_bytes()).map_err(no_file)?;
    Ok(
        match page_picture::upload(&app, &city, file, &organiser).await {
            Ok(picture) => {
                let body = PagePictureBody::uploaded(&city, &picture);
                (StatusCode::CREATED, Json(body)).into_response()
            }
            Err(failed) => error::answer(&app, Some(&organiser), true, failed),
        },
    )
}
