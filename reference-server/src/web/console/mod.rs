//! The organisers' console: one table of routes, one frame, one form, one list.
//!
//! A screen is added by a line in `table`, a line in the navigation of `frame`, a use case, and
//! a handler that fills a [`form::Form`] or a [`list::List`]. Who may do it is said in the table
//! and nowhere else; a handler that runs has been let through by `gate`.
//!
//! | file | what it is |
//! |---|---|
//! | `table` | every route with its method, who may use it, and whether it belongs to a city |
//! | `gate` | who asks, and whether they may; cookies, forms of our own, the second factor again |
//! | `frame` | what every page has around its content |
//! | `form` | the one form |
//! | `list` | the one list, its files included |
//! | `wording` | a sentence for every refusal, a word for every role |
//! | `error` | refusals and failures as pages |
//! | `sign_in` | signing in and out, the second factor again, setting an account up by its link |
//! | `overview`, `chart` | what is on in a city, kept up to date; its charts |
//! | `statistics` | who takes part, from where and when; how the questions are answered |
//! | `statistics_api` | the same as JSON |
//! | `city_page` | a city's page beside a phone that shows it, and its approval |
//! | `city_picture` | the pictures of such pages, uploaded and shown to organisers |
//! | `schedule` | the timetable in force as a chart, a table and a calendar file |
//! | `edition`, `edition_api` | another edition of it: drafted, compared, decided; the same as calls |
//! | `gantt` | a timetable as bars, or two over each other |
//! | `codes` | QR codes of the contest, of a city and of its districts |
//! | `pause`, `pause_api` | what of a city stands still, and who lets it go on; the same as calls |
//! | `bulletin`, `bulletin_files`, `bulletin_api` | a day counted, signed, and as picture and workbook |
//! | `honour`, `honour_api` | the organisation award: ranking, formula, result |
//! | `report` | the final report of a city and of the season |
//! | `preflight` | whether a season may open |
//! | `settings`, `settings_api` | what it runs with: secrets that go in, certificates, buttons that try; the same as calls |
//! | `audit_log` | the chain of events |
//! | `budget` | balance sheets and the postings behind them |
//! | `payments` | payments that stopped, those of a city, one with its timeline |
//! | `books` | reconciliation: bills, days, seals, lists for the tax office |
//! | `incidents` | what a person has to explain, and what is proposed about it |
//! | `decisions` | what waits for a second person about money |
//! | `sections` | a page of facts, lists and forms |
//! | `bank`, `bank_api` | the bank in use: corrections, and who gains by them; the same as JSON |
//! | `bank_draft`, `bank_item`, `bank_files`, `bank_review`, `bank_draft_api` | a half of a bank being written, and its approval; the same as JSON |
//! | `accounts` | one's own account, and everybody's |
//! | `api`, `money_api`, `books_api` | the same as JSON |

mod accounts;
pub(super) mod api;
mod audit_log;
mod bank;
pub(super) mod bank_api;
mod bank_draft;
pub(super) mod bank_draft_api;
mod bank_files;
mod bank_item;
mod bank_review;
mod books;
pub(super) mod books_api;
mod budget;
mod bulletin;
pub(super) mod bulletin_api;
mod bulletin_files;
mod chart;
pub(super) mod city_page;
pub(super) mod city_picture;
pub(super) mod codes;
mod decisions;
mod edition;
pub(super) mod edition_api;
mod error;
mod form;
mod frame;
mod gantt;
mod gate;
mod honour;
pub(super) mod honour_api;
mod incidents;
mod list;
pub(super) mod money_api;
mod overview;
mod pause;
pub(super) mod pause_api;
mod payments;
pub(super) mod preflight;
mod report;
pub(super) mod schedule;
mod sections;
mod settings;
pub(super) mod settings_api;
mod sign_in;
mod statistics;
pub(super) mod statistics_api;
mod table;
pub(super) mod wording;

use std::sync::Arc;

use axum::{Router, http::HeaderValue, http::header, middleware, response::Response};

use crate::app::App;

pub(crate) use list::harmless;
pub use table::matrix;

/// Every route of the console, each behind its own gate.
pub(super) fn routes(app: &Arc<App>) -> Router<Arc<App>> {
    table::TABLE
        .iter()
        .fold(Router::new(), |router, entry| {
            let gate = gate::Gate {
                app: Arc::clone(app),
                entry,
            };
            let answer = (entry.answer)();
            let guarded = answer.layer(middleware::from_fn_with_state(gate, gate::guard));
            router.route(entry.path, guarded)
        })
        .layer(middleware::map_response(kept_nowhere))
}

/// What the console shows belongs to one organiser and one instant.
async fn kept_nowhere(mut response: Response) -> Response {
    response.headers_mut().insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-store"),
    );
    response
}

/// The paths of the console's calls, for the document that describes them.
#[cfg(test)]
pub(super) fn calls() -> impl Iterator<Item = &'static str> {
    let calls = table::TABLE.iter().filter(|entry| entry.is_api());
    calls.map(|entry| entry.path)
}
