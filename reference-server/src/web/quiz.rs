//! `/quiz`: a paper is drawn, shown whole, and handed in.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{
    Form, Router,
    extract::{Path, State},
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use quiz_core::Origin;
use serde::Deserialize;

use super::{
    assets::ASSETS,
    error::PageError,
    frame::{self, Frame},
    session::{self, Jar, Name, SignedIn, Visitor},
    wording,
};
use crate::{
    app::App,
    contest::{
        Error, PersonId, Refusal,
        attempt::{self, Opened, Paper},
        follow, records,
    },
};

/// A drawn paper is offered again for a day.
const PAPER_SECONDS: i64 = 86_400;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/quiz", get(arrive).post(start))
        .route("/quiz/{token}", get(show).post(submit))
}

/// Which half of the bank a question is from.
pub(super) fn origin_label(origin: Origin) -> &'static str {
    match origin {
        Origin::Province => "省库",
        Origin::City => "市库",
    }
}

/// After a login: nothing is stored by drawing a paper, so a GET may do it.
async fn arrive(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    resume_or_begin(&app, &signed_in, &headers).await
}

#[derive(Deserialize)]
struct Start {
    /// Whether an open paper is to be given up.
    #[serde(default)]
    fresh: Option<u8>,
}

async fn start(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    headers: HeaderMap,
    Form(form): Form<Start>,
) -> Result<Response, PageError> {
    if form.fresh.is_some() {
        begin(&app, &signed_in.person, &headers).await
    } else {
        resume_or_begin(&app, &signed_in, &headers).await
    }
}

#[derive(Template)]
#[template(path = "resume.html")]
struct Resume {
    frame: Frame,
    token: String,
    id: String,
    city_name: String,
}

async fn resume_or_begin(
    app: &App,
    signed_in: &SignedIn,
    headers: &HeaderMap,
) -> Result<Response, PageError> {
    match open_paper(app, &signed_in.person, &signed_in.visitor).await? {
        Some(paper) => Ok(frame::personal(&Resume {
            frame: Frame::of(app, &signed_in.visitor),
            token: paper.attempt,
            id: paper.id,
            city_name: paper.city_name,
        })),
        None => begin(app, &signed_in.person, headers).await,
    }
}

/// The paper drawn last, if it is this person's and can still be handed in.
async fn open_paper(
    app: &App,
    person: &PersonId,
    visitor: &Visitor,
) -> Result<Option<Paper>, Error> {
    let Some(token) = &visitor.attempt else {
        return Ok(None);
    };
    match attempt::paper(app, person, token).await {
        Ok(Opened::Paper(paper)) if app.now() < paper.closes => Ok(Some(paper)),
        Ok(_) | Err(Error::Refused(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Draws a paper, or leads to what has to come first.
pub(super) async fn begin(
    app: &App,
    person: &PersonId,
    headers: &HeaderMap,
) -> Result<Response, PageError> {
    // Nobody is asked for anything while there is no contest to start.
    if app.season.edition().contest_at(app.now()).is_some() {
        if !records::has_consented(app, person).await? {
            return Ok(Redirect::to("/consent").into_response());
        }
        if !follow::is_following(app, person).await? {
            return Ok(Redirect::to("/follow").into_response());
        }
    }
    let paper = attempt::start(app, person).await?;
    Ok(Jar::of(app, headers)
        .set(Name::Attempt, &paper.attempt, PAPER_SECONDS)
        .redirect(&format!("/quiz/{}", paper.attempt)))
}

/// An item of a paper as a page shows it.
pub(super) struct ItemView {
    pub(super) number: u16,
    pub(super) origin: &'static str,
    pub(super) stem: String,
    /// Letter, words, and whether it was chosen before the session ran out.
    pub(super) options: Vec<(char, String, bool)>,
    /// What is said of a void question.
    pub(super) note: Option<String>,
}

#[derive(Template)]
#[template(path = "quiz.html")]
struct QuizPage {
    frame: Frame,
    quiz_css: &'static str,
    quiz_js: &'static str,
    token: String,
    id: String,
    city_name: String,
    items: Vec<ItemView>,
}

async fn show(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    signed_in: SignedIn,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let paper = match attempt::paper(&app, &signed_in.person, &token).await? {
        Opened::Submitted(id) => return Ok(Redirect::to(&format!("/result/{id}")).into_response()),
        Opened::Paper(paper) if app.now() >= paper.closes => {
            return Err(Refusal::CityClosed {
                closed: paper.closes,
            }
            .into());
        }
        Opened::Paper(paper) => paper,
    };
    let kept = Jar::of(&app, &headers).kept_answers(&token);
    let note = |number: u16| {
        let void = paper.void.iter().find(|void| void.ordinal == number);
        void.map(|void| wording::void_item(&void.reason))
    };
    let items = paper.items.into_iter().map(|item| {
        let chosen = kept.get(&item.ordinal.number().to_string()).copied();
        ItemView {
            number: item.ordinal.number(),
            note: note(item.ordinal.number()),
            origin: origin_label(item.origin),
            stem: item.stem,
            options: item
                .options
                .into_iter()
                .map(|(position, text)| {
                    let letter = position.letter();
                    (letter, text, chosen == Some(letter))
                })
                .collect(),
        }
    });
    Ok(frame::personal(&QuizPage {
        frame: Frame::of(&app, &signed_in.visitor),
        quiz_css: &ASSETS.quiz_css.text,
        quiz_js: &ASSETS.quiz_js.text,
        token: paper.attempt,
        id: paper.id,
        city_name: paper.city_name,
        items: items.collect(),
    }))
}

/// Whoever is not logged in any more logs in first and finds the answers where they were.
async fn submit(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    visitor: Visitor,
    headers: HeaderMap,
    Form(answers): Form<BTreeMap<String, String>>,
) -> Result<Response, PageError> {
    let jar = Jar::of(&app, &headers);
    let Some(person) = visitor.person else {
        let login = session::login_first(&visitor.path);
        return Ok(jar.keep_answers(&token, &answers).redirect(&login));
    };
    let outcome = attempt::submit(&app, &person, &token, &answers).await?;
    Ok(jar
        .forget(Name::Attempt)
        .forget(Name::Answers)
        .redirect(&format!("/result/{}", outcome.id)))
}
