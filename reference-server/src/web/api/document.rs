//! The OpenAPI 3.1 description of the calls, made from the code that answers them.

use axum::Json;
use utoipa::OpenApi;

use crate::web::console::{
    api as console, bank_api as bank, bank_draft_api as bank_draft, books_api as books,
    bulletin_api as bulletin, city_page, city_picture, codes, edition_api, honour_api as honour,
    money_api as money, pause_api as pause, preflight, schedule, settings_api as settings,
    statistics_api as statistics,
};

/// The whole description.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "信用知识有奖竞答",
        description = "Draw a paper, hand it in, open a red packet. Log in at `/login` first; the session is a cookie."
    ),
    paths(
        super::contest,
        super::start,
        super::submit,
        super::claim,
        super::me,
        super::poster,
        console::me,
        console::accounts,
        console::make_account,
        console::disable_account,
        console::reset_account,
        console::overview,
        console::audit_log,
        bank_draft::draft,
        bank_draft::hand_in,
        bank_draft::choose,
        bank_draft::add,
        bank_draft::write,
        bank_draft::leave,
        bank_draft::take_back,
        bank_draft::preview,
        bank_draft::submit,
        bank_draft::review,
        bank_draft::decide,
        bank_draft::withdraw,
        honour::award,
        honour::propose_formula,
        honour::propose_result,
        honour::decide,
        bulletin::list,
        bulletin::one,
        bulletin::count,
        bulletin::sign,
        statistics::of_city,
        statistics::items,
        statistics::codes,
        statistics::make_codes,
        statistics::of_season,
        preflight::call,
        preflight::call_make,
        settings::settings,
        settings::attempt,
        settings::give,
        settings::decide,
        schedule::call,
        edition_api::call_read,
        edition_api::call_preview,
        edition_api::call_propose,
        edition_api::call_decide,
        city_page::call,
        city_page::call_propose,
        city_page::call_check,
        city_page::call_decide,
        city_picture::call,
        codes::call,
        pause::board,
        pause::begin,
        pause::begin_payouts,
        pause::resume,
        pause::propose,
        pause::decide,
        money::budget,
        money::postings,
        money::payments,
        money::stopped,
        money::payment,
        money::query,
        money::hold,
        money::resend,
        money::renew,
        money::pause,
        money::resume,
        money::waiting,
        money::approve,
        money::reject,
        money::withdraw,
        books::books,
        books::day,
        books::close,
        books::reconcile,
        books::hand_in,
        books::incidents,
        books::incident,
        books::take,
        books::propose,
        books::seal,
        books::propose_seal,
        books::tax,
        bank::corrections,
        bank::propose,
        bank::approve,
        bank::reject,
        bank::withdraw,
        bank::gains
    )
)]
struct Document;

pub(super) async fn serve() -> Json<utoipa::openapi::OpenApi> {
    Json(Document::openapi())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_document_describes_exactly_the_calls_that_are_routed() {
        let described: BTreeSet<String> = Document::openapi().paths.paths.into_keys().collect();
        let routed: BTreeSet<String> = super::super::calls()
            .into_iter()
            .map(|(path, _)| path.to_owned())
            .chain(crate::web::console::calls().map(str::to_owned))
            .collect();
        assert_eq!(described, routed);
    }

    #[test]
    fn no_amount_and_no_instant_of_the_document_is_a_floating_point_number() {
        let text = serde_json::to_string(&Document::openapi()).expect("a document");
        assert!(
            !text.contains("\"double\"") && !text.contains("\"float\""),
            "{text}"
        );
    }
}
