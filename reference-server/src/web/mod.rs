//! HTTP: pages for citizens, a JSON API, WeChat's callback, the simulated phone.
//!
//! Handlers translate: cookies and forms into a use case's arguments, its result into a
//! page or a document. Rules and statements are in `contest` and below.
//!
//! | file | what it answers |
//! |---|---|
//! | `landing` | `/`, `/status`, `/text-size/…`: what is on |
//! | `city`, `rules`, `summary` | a city's page; the rules in force; what the closed cities came to |
//! | `login` | to WeChat and back; logging out |
//! | `join` | following and the privacy notice, before the first attempt |
//! | `quiz`, `result` | a paper; its marks and explanations |
//! | `packet` | claiming, and a packet's own page |
//! | `verify` | what anybody may check: commitments, roots, heads, a city's file, a packet's receipt |
//! | `me`, `mistakes`, `certificate`, `poster` | a person's records; what he got wrong; what he achieved; the poster |
//! | `personal` | the district; erasing one's data |
//! | `callback` | events pushed by WeChat |
//! | `api` | the same contest as JSON |
//! | `console` | the organisers' console |
//! | `simulator` | the drawn phone, WeChat's endpoints, the control interface |
//! | `frame`, `assets`, `qr_code`, `markdown`, `moment`, `wording`, `share` | what pages are made of |
//! | `session`, `error`, `observe`, `health` | what surrounds them |

mod api;
mod assets;
mod callback;
mod certificate;
mod city;
mod console;
mod error;
mod frame;
mod health;
mod join;
mod landing;
mod login;
mod markdown;
mod me;
mod mistakes;
mod moment;
mod observe;
mod packet;
mod personal;
mod poster;
mod qr_code;
mod quiz;
mod result;
mod rules;
mod session;
mod share;
mod simulator;
mod summary;
mod verify;
mod wording;

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use axum::{Router, extract::DefaultBodyLimit, http::StatusCode, middleware};
use tower::ServiceBuilder;
use tower_http::{
    CompressionLevel,
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer,
        predicate::{DefaultPredicate, NotForContentType, Predicate as _},
    },
    csrf::CsrfLayer,
    timeout::TimeoutLayer,
};

use crate::{
    app::App,
    contest::{Error, Failure, PersonId},
};

pub(crate) use console::harmless;
pub use console::matrix as console_matrix;
pub(crate) use console::wording::{act as act_words, payment_state, rail as rail_words};
pub use health::private_router;
pub use simulator::{SimulatedWeChat, keep_delivering, simulator_router};

/// The longest form, and the longest push of WeChat.
const FORM_BYTES: usize = 64 * 1024;
/// The longest JSON body.
const API_BYTES: usize = 16 * 1024;
/// How hard a page is compressed: smaller than by the usual step, for a fraction of a millisecond more.
const QUALITY: CompressionLevel = CompressionLevel::Precise(6);
/// A request that takes longer is given up.
const PATIENCE: Duration = Duration::from_secs(10);

/// Everything that is kept about a person, as the person's own export has it.
///
/// # Errors
/// Refuses with [`Refusal::NotFound`](crate::contest::Refusal::NotFound) when there is no such person.
pub async fn export_of(app: &App, person: &PersonId) -> Result<serde_json::Value, Error> {
    let body = me::export_of(app, person).await?;
    Ok(serde_json::to_value(body).map_err(Failure::defect)?)
}

/// Requests of citizens that are worked on at once.
const PLACES: usize = 1_024;

/// Every page, call and callback of the contest.
///
/// The simulator's routes are there only when the app has a simulator.
pub fn router(app: Arc<App>) -> Router {
    router_of_places(app, PLACES)
}

/// The same with another number of requests that are worked on at once; who comes then is asked to wait.
pub fn router_of_places(app: Arc<App>, n_places: usize) -> Router {
    let mut citizens = Router::new()
        .merge(pages().layer(DefaultBodyLimit::max(FORM_BYTES)))
        .merge(api::routes().layer(DefaultBodyLimit::max(API_BYTES)))
        .merge(console::routes(&app).layer(DefaultBodyLimit::max(FORM_BYTES)))
        .merge(callback::routes().layer(DefaultBodyLimit::max(FORM_BYTES)))
        .merge(health::routes())
        .merge(assets::routes());
    let host = SimulatedWeChat::of(&app);
    if let Some(host) = &host {
        let phone = simulator::phone_routes(host);
        citizens = citizens.merge(phone.layer(DefaultBodyLimit::max(FORM_BYTES)));
    }
    let citizens = citizens
        .fallback(|| async { StatusCode::NOT_FOUND })
        // From the outermost to the innermost; built as one, so that a route carries one layer.
        .layer(
            ServiceBuilder::new()
                .layer(middleware::from_fn_with_state(
                    observe::Gate::of_places(n_places),
                    observe::shed,
                ))
                .layer(CompressionLayer::new().quality(QUALITY).compress_when(
                    DefaultPredicate::new().and(NotForContentType::const_new("video/")),
                ))
                .layer(middleware::from_fn_with_state(
                    Arc::clone(&app),
                    error::explain,
                ))
                .layer(CatchPanicLayer::new())
                .layer(TimeoutLayer::with_status_code(
                    StatusCode::SERVICE_UNAVAILABLE,
                    PATIENCE,
                ))
                .layer(csrf(&app)),
        );
    let mut all = citizens;
    if let Some(host) = &host {
        // Its faults take their time and cut connections: none of the layers above.
        all = all.merge(simulator::wire_routes(host).layer(DefaultBodyLimit::max(FORM_BYTES)));
    }
    // The first visitor does not wait until every file is packed.
    LazyLock::force(&assets::ASSETS);
    all.layer(
        ServiceBuilder::new()
            .layer(middleware::from_fn_with_state(
                Arc::clone(&app),
                observe::number_and_log,
            ))
            .layer(middleware::from_fn_with_state(
                Arc::clone(&app),
                observe::secure,
            )),
    )
    .with_state(app)
}

fn pages() -> Router<Arc<App>> {
    Router::new()
        .merge(landing::routes())
        .merge(city::routes())
        .merge(rules::routes())
        .merge(summary::routes())
        .merge(login::routes())
        .merge(join::routes())
        .merge(quiz::routes())
        .merge(result::routes())
        .merge(packet::routes())
        .merge(verify::routes())
        .merge(me::routes())
        .merge(mistakes::routes())
        .merge(certificate::routes())
        .merge(personal::routes())
        .merge(poster::routes())
}

/// Requests that change something come from our own pages, or from programs that are no browser.
fn csrf(app: &App) -> CsrfLayer {
    CsrfLayer::new()
        .add_trusted_origin(&app.public_url)
        .unwrap_or_else(|error| {
            tracing::warn!(%error, "the public address is no origin; only the request's own host is trusted");
            CsrfLayer::new()
        })
}
