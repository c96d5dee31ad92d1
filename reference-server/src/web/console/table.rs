//! The one table of the console's routes; the router and the matrix in the documents are made from it.
//!
//! | file | what it is |
//! |---|---|
//! | `tests` | that the table says who may use what |

use std::sync::Arc;

use axum::routing::{MethodRouter, get, post};

use super::{
    accounts, api, audit_log, bank, bank_api, bank_draft, bank_draft_api, bank_files, bank_item,
    bank_review, books, books_api, budget, bulletin, bulletin_api, bulletin_files, city_page,
    city_picture, codes, decisions, edition, edition_api, honour, honour_api, incidents, money_api,
    overview, pause, pause_api, payments, preflight, report, schedule, settings, settings_api,
    sign_in, statistics, statistics_api,
};
use crate::{
    app::App,
    contest::organiser::{Role, Roles},
};

/// How a route is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    /// It shows something and changes nothing.
    Get,
    /// It changes something.
    Post,
}

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Anybody: it is on the way to a session.
    Anybody,
    /// Whoever is signed in.
    SignedIn,
    /// Whoever has one of these roles.
    Roles(&'static [Role]),
}

/// What a route's data belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// To nobody in particular, or to the caller.
    Own,
    /// To the whole province: nobody who is bound to a city.
    Province,
    /// To the city that the path names as `{city}`: another city's editor finds nothing.
    City,
}

/// A route.
pub(super) struct Entry {
    /// How it is asked.
    pub(super) verb: Verb,
    /// Its path, with parameters in braces.
    pub(super) path: &'static str,
    /// Who may use it.
    pub(super) access: Access,
    /// What its data belong to.
    pub(super) scope: Scope,
    /// Whether it wants the second factor of the last five minutes.
    pub(super) wants_step_up: bool,
    /// Whether a file may come with it.
    pub(super) takes_file: bool,
    /// Who answers.
    pub(super) answer: fn() -> MethodRouter<Arc<App>>,
}

impl Entry {
    /// A route that shows something.
    const fn shows(
        path: &'static str,
        access: Access,
        scope: Scope,
        answer: fn() -> MethodRouter<Arc<App>>,
    ) -> Self {
        Self {
            verb: Verb::Get,
            path,
            access,
            scope,
            wants_step_up: false,
            takes_file: false,
            answer,
        }
    }

    /// A route that changes something.
    const fn does(
        path: &'static str,
        access: Access,
        scope: Scope,
        answer: fn() -> MethodRouter<Arc<App>>,
    ) -> Self {
        Self {
            verb: Verb::Post,
            ..Self::shows(path, access, scope, answer)
        }
    }

    /// The same, for whoever has just shown the second factor.
    const fn after_step_up(self) -> Self {
        Self {
            wants_step_up: true,
            ..self
        }
    }

    /// The same with a file.
    const fn with_file(self) -> Self {
        Self {
            takes_file: true,
            ..self
        }
    }

    /// Whether somebody of these roles may use it.
    pub(super) fn allows(&self, roles: &Roles) -> bool {
        match self.access {
            Access::Anybody | Access::SignedIn => true,
            Access::Roles(wanted) => roles.has_any(wanted),
        }
    }

    /// What the matrix says of a role.
    fn mark(&self, role: Role) -> &'static str {
        match (self.access, role) {
            (Access::Anybody, _) => "anybody",
            (Access::SignedIn, _) => "yes",
            (Access::Roles(wanted), role) if !wanted.contains(&role) => "",
            (Access::Roles(_), Role::CityEditor) => "own city",
            (Access::Roles(_), _) => "yes",
        }
    }

    /// Whether it is a call of the JSON interface.
    pub(super) fn is_api(&self) -> bool {
        self.path.starts_with("/api/")
    }
}

const ANYBODY: Access = Access::Anybody;
const SIGNED_IN: Access = Access::SignedIn;
const OWN: Scope = Scope::Own;
const PROVINCE: Scope = Scope::Province;
const CITY: Scope = Scope::City;
/// Every role: reading what concerns the whole contest.
const EVERYBODY: Access = Access::Roles(&Role::ALL);
/// Everybody who is not bound to a city.
const PROVINCIAL: Access = Access::Roles(&[
    Role::ProvinceAdmin,
    Role::ContentApprover,
    Role::FinanceOperator,
    Role::FinanceApprover,
    Role::Auditor,
    Role::SecurityAdmin,
]);
/// Whoever looks after accounts.
const SECURITY: Access = Access::Roles(&[Role::SecurityAdmin]);
/// Whoever may see the accounts.
const SEE_ACCOUNTS: Access = Access::Roles(&[Role::SecurityAdmin, Role::Auditor]);

/// Whoever approves what editors hand in.
const APPROVE_CONTENT: Access = Access::Roles(&[Role::ContentApprover]);

/// Whoever speaks for a city.
const PUBLISH: Access = Access::Roles(&[Role::ProvinceAdmin, Role::CityEditor]);

/// Whoever may see how questions are answered, and with it their keys.
const SEE_ITEMS: Access = Access::Roles(&[
    Role::ProvinceAdmin,
    Role::CityEditor,
    Role::ContentApprover,
    Role::Auditor,
]);

/// Whoever decides about the award and the timetable; not about what they proposed themselves.
const APPROVE_SEASON: Access = Access::Roles(&[Role::ProvinceAdmin, Role::ContentApprover]);
/// Whoever runs the season.
const RUN: Access = Access::Roles(&[Role::ProvinceAdmin]);
/// Whoever may stop money from going out, at once and alone.
const STOP_MONEY: Access = Access::Roles(&[
    Role::ProvinceAdmin,
    Role::FinanceOperator,
    Role::FinanceApprover,
]);
/// Whoever proposes what is done about money.
const PROPOSE_MONEY: Access = Access::Roles(&[Role::FinanceOperator]);
/// Whoever approves what is done about money.
const APPROVE_MONEY: Access = Access::Roles(&[Role::FinanceApprover]);

/// Whoever sees a bank with its keys.
const SEE_BANK: Access = Access::Roles(bank::READERS);
/// Whoever proposes what is done about a bank.
const MAKE_BANK: Access = Access::Roles(bank::MAKERS);
/// Whoever decides about it.
const CHECK_BANK: Access = Access::Roles(bank::CHECKERS);

/// Whoever may read the audit log.
const SEE_LOG: Access = Access::Roles(&[
    Role::ProvinceAdmin,
    Role::FinanceOperator,
    Role::FinanceApprover,
    Role::Auditor,
    Role::SecurityAdmin,
]);

/// Whoever may see a city's budget and postings.
const SEE_BUDGET: Access = Access::Roles(&[
    Role::ProvinceAdmin,
    Role::CityEditor,
    Role::FinanceOperator,
    Role::FinanceApprover,
    Role::Auditor,
]);
/// Whoever may see single payments.
const SEE_MONEY: Access = Access::Roles(&[
    Role::ProvinceAdmin,
    Role::FinanceOperator,
    Role::FinanceApprover,
    Role::Auditor,
]);
/// Either half of finance.
const FINANCE: Access = Access::Roles(&[Role::FinanceOperator, Role::FinanceApprover]);
/// Whoever sees what the season runs with.
const SEE_SETUP: Access = Access::Roles(&[Role::ProvinceAdmin, Role::SecurityAdmin, Role::Auditor]);
/// Whoever has it tried out.
const TRY_SETUP: Access = Access::Roles(&[Role::ProvinceAdmin, Role::SecurityAdmin]);

/// Every route of the console. What does not stand here does not exist.
pub(super) static TABLE: &[Entry] = &[
    Entry::shows("/console", SIGNED_IN, OWN, || get(overview::home)),
    Entry::shows("/console/switch", SIGNED_IN, OWN, || get(overview::switch)),
    Entry::shows(overview::PAGE, EVERYBODY, CITY, || get(overview::page)),
    Entry::shows(overview::WALL, EVERYBODY, CITY, || get(overview::wall)),
    Entry::shows(overview::LIVE, EVERYBODY, CITY, || get(overview::live)),
    Entry::shows(statistics::PAGE, EVERYBODY, CITY, || get(statistics::page)),
    Entry::shows(statistics::ITEMS, SEE_ITEMS, CITY, || {
        get(statistics::items)
    }),
    Entry::shows(statistics::CODES, EVERYBODY, CITY, || {
        get(statistics::codes)
    }),
    Entry::does(statistics::CODES, PUBLISH, CITY, || {
        post(statistics::make_codes)
    }),
    Entry::shows(statistics::PICTURE, EVERYBODY, CITY, || {
        get(statistics::picture)
    }),
    Entry::shows(bulletin::LIST, EVERYBODY, CITY, || get(bulletin::list)),
    Entry::shows(bulletin::PAGE, EVERYBODY, CITY, || get(bulletin::page)),
    Entry::shows(bulletin::PICTURE, EVERYBODY, CITY, || {
        get(bulletin_files::picture)
    }),
    Entry::shows(bulletin::WORKBOOK, EVERYBODY, CITY, || {
        get(bulletin_files::workbook)
    }),
    Entry::does(bulletin::COUNT, PUBLISH, CITY, || post(bulletin::count)),
    Entry::does(bulletin::SIGN, PUBLISH, CITY, || post(bulletin::sign)).after_step_up(),
    Entry::shows(honour::PAGE, PROVINCIAL, PROVINCE, || get(honour::page)),
    Entry::does(honour::FORMULA, RUN, PROVINCE, || {
        post(honour::propose_formula)
    }),
    Entry::does(honour::RESULT, RUN, PROVINCE, || {
        post(honour::propose_result)
    }),
    Entry::does(honour::DECIDE, APPROVE_SEASON, PROVINCE, || {
        post(honour::decide)
    })
    .after_step_up(),
    Entry::shows(report::CITY, EVERYBODY, CITY, || get(report::city)),
    Entry::shows(report::CITY_BOOK, EVERYBODY, CITY, || {
        get(report::city_book)
    }),
    Entry::shows(report::SEASON, PROVINCIAL, PROVINCE, || get(report::season)),
    Entry::shows(report::SEASON_BOOK, PROVINCIAL, PROVINCE, || {
        get(report::season_book)
    }),
    Entry::shows(statistics::SEASON, PROVINCIAL, PROVINCE, || {
        get(statistics::season)
    }),
    Entry::shows(schedule::PAGE, EVERYBODY, OWN, || get(schedule::page)),
    Entry::shows(schedule::CALENDAR, EVERYBODY, OWN, || {
        get(schedule::calendar)
    }),
    Entry::shows(edition::EDIT, RUN, PROVINCE, || get(edition::edit)),
    Entry::does(edition::PREVIEW, RUN, PROVINCE, || post(edition::preview)),
    Entry::does(edition::UPLOAD, RUN, PROVINCE, || post(edition::upload)).with_file(),
    Entry::does(edition::PROPOSE, RUN, PROVINCE, || post(edition::propose)),
    Entry::does(edition::DECIDE, APPROVE_SEASON, PROVINCE, || {
        post(edition::decide)
    })
    .after_step_up(),
    Entry::shows(city_page::PAGE, EVERYBODY, CITY, || get(city_page::page)),
    Entry::does(city_page::PAGE, PUBLISH, CITY, || post(city_page::propose)),
    Entry::does(city_page::PREVIEW, PUBLISH, CITY, || {
        post(city_page::preview)
    }),
    Entry::shows(city_picture::PAGE, EVERYBODY, CITY, || {
        get(city_picture::picture)
    }),
    Entry::does(city_picture::UPLOAD, PUBLISH, CITY, || {
        post(city_picture::upload)
    })
    .with_file(),
    Entry::does(city_page::DECIDE, APPROVE_CONTENT, CITY, || {
        post(city_page::decide)
    }),
    Entry::does(city_page::WITHDRAW, PUBLISH, CITY, || {
        post(city_page::withdraw)
    }),
    Entry::shows(codes::PAGE, EVERYBODY, CITY, || get(codes::page)),
    Entry::shows(codes::FILE, EVERYBODY, CITY, || get(codes::file)),
    Entry::shows(codes::ALL, EVERYBODY, CITY, || get(codes::all)),
    Entry::shows(pause::PAGE, EVERYBODY, CITY, || get(pause::page)),
    Entry::does(pause::PAGE, RUN, CITY, || post(pause::begin)),
    Entry::does(pause::PAYOUTS, STOP_MONEY, CITY, || {
        post(pause::begin_payouts)
    }),
    Entry::does(pause::RESUME, RUN, CITY, || post(pause::resume)),
    Entry::does(pause::PROPOSE, PROPOSE_MONEY, CITY, || post(pause::propose)),
    Entry::does(pause::DECIDE, APPROVE_MONEY, CITY, || post(pause::decide)).after_step_up(),
    Entry::shows(budget::SEASON, SEE_MONEY, PROVINCE, || get(budget::season)),
    Entry::shows(budget::PAGE, SEE_BUDGET, CITY, || get(budget::page)),
    Entry::shows(budget::POSTINGS, SEE_BUDGET, CITY, || get(budget::postings)),
    Entry::shows(payments::STOPPED, SEE_MONEY, PROVINCE, || {
        get(payments::stopped)
    }),
    Entry::shows(payments::PAGE, SEE_MONEY, CITY, || get(payments::page)),
    Entry::shows(payments::ONE, SEE_MONEY, PROVINCE, || get(payments::one)),
    Entry::does(payments::QUERY, FINANCE, PROVINCE, || post(payments::query)),
    Entry::does(payments::HOLD, FINANCE, PROVINCE, || post(payments::hold)),
    Entry::does(payments::RESEND, PROPOSE_MONEY, PROVINCE, || {
        post(payments::resend)
    }),
    Entry::does(payments::RENEW, PROPOSE_MONEY, PROVINCE, || {
        post(payments::renew)
    }),
    Entry::does(payments::PAUSE, STOP_MONEY, PROVINCE, || {
        post(payments::pause)
    }),
    Entry::does(payments::RESUME, PROPOSE_MONEY, PROVINCE, || {
        post(payments::resume)
    }),
    Entry::shows(decisions::PAGE, SEE_MONEY, PROVINCE, || {
        get(decisions::page)
    }),
    Entry::does(decisions::APPROVE, APPROVE_MONEY, PROVINCE, || {
        post(decisions::approve)
    })
    .after_step_up(),
    Entry::does(decisions::REJECT, APPROVE_MONEY, PROVINCE, || {
        post(decisions::reject)
    }),
    Entry::does(decisions::WITHDRAW, PROPOSE_MONEY, PROVINCE, || {
        post(decisions::withdraw)
    }),
    Entry::shows(books::PAGE, SEE_MONEY, PROVINCE, || get(books::page)),
    Entry::shows(books::DAY, SEE_MONEY, PROVINCE, || get(books::day)),
    Entry::does(books::CLOSE, PROPOSE_MONEY, PROVINCE, || post(books::close)),
    Entry::does(books::BILLS, PROPOSE_MONEY, PROVINCE, || {
        post(books::hand_in)
    })
    .with_file(),
    Entry::does(books::RECONCILE, FINANCE, PROVINCE, || {
        post(books::reconcile)
    }),
    Entry::shows(incidents::PAGE, SEE_MONEY, PROVINCE, || {
        get(incidents::page)
    }),
    Entry::shows(incidents::ONE, SEE_MONEY, PROVINCE, || get(incidents::one)),
    Entry::does(incidents::TAKE, FINANCE, PROVINCE, || post(incidents::take)),
    Entry::does(incidents::PROPOSE, PROPOSE_MONEY, PROVINCE, || {
        post(incidents::propose)
    }),
    Entry::shows(books::SEAL, SEE_BUDGET, CITY, || get(books::seal)),
    Entry::does(books::SEAL, PROPOSE_MONEY, CITY, || {
        post(books::propose_seal)
    }),
    Entry::shows(books::TAX, FINANCE, PROVINCE, || get(books::tax)).after_step_up(),
    Entry::shows(bank::PAGE, SEE_BANK, CITY, || get(bank::page)),
    Entry::shows(bank::QUESTION, SEE_BANK, CITY, || get(bank::question)),
    Entry::does(bank::CORRECT, MAKE_BANK, CITY, || post(bank::correct)),
    Entry::does(bank::APPROVE, CHECK_BANK, CITY, || post(bank::approve)),
    Entry::does(bank::REJECT, CHECK_BANK, CITY, || post(bank::reject)),
    Entry::does(bank::WITHDRAW, MAKE_BANK, CITY, || post(bank::withdraw)),
    Entry::shows(bank::GAINS, SEE_BANK, CITY, || get(bank::gains)),
    Entry::shows(preflight::PAGE, SEE_SETUP, PROVINCE, || {
        get(preflight::page)
    }),
    Entry::does(preflight::PAGE, TRY_SETUP, PROVINCE, || {
        post(preflight::make)
    }),
    Entry::shows(settings::PAGE, SEE_SETUP, PROVINCE, || get(settings::page)),
    Entry::does(settings::TRY, TRY_SETUP, PROVINCE, || {
        post(settings::attempt)
    }),
    Entry::does(settings::GIVE, SECURITY, PROVINCE, || post(settings::give)).after_step_up(),
    Entry::does(settings::DECIDE, TRY_SETUP, PROVINCE, || {
        post(settings::decide)
    })
    .after_step_up(),
    Entry::shows(bank_draft::DESK, SEE_BANK, CITY, || get(bank_draft::page)),
    Entry::does(bank_draft::DESK, MAKE_BANK, CITY, || {
        post(bank_draft::hand_in)
    })
    .with_file(),
    Entry::does(bank_draft::COLUMNS, MAKE_BANK, CITY, || {
        post(bank_draft::choose)
    }),
    Entry::shows(bank_draft::ADD, SEE_BANK, CITY, || get(bank_item::ask)),
    Entry::does(bank_draft::ADD, MAKE_BANK, CITY, || post(bank_item::add)),
    Entry::shows(bank_draft::ITEM, SEE_BANK, CITY, || get(bank_item::item)),
    Entry::does(bank_draft::ITEM, MAKE_BANK, CITY, || post(bank_item::write)),
    Entry::does(bank_draft::LEAVE, MAKE_BANK, CITY, || {
        post(bank_item::leave)
    }),
    Entry::does(bank_draft::TAKE_BACK, MAKE_BANK, CITY, || {
        post(bank_item::take_back)
    }),
    Entry::shows(bank_draft::WORKBOOK, SEE_BANK, CITY, || {
        get(bank_files::workbook)
    }),
    Entry::shows(bank_draft::TEMPLATE, SEE_BANK, CITY, || {
        get(bank_files::template)
    }),
    Entry::shows(bank_draft::PREVIEW, SEE_BANK, CITY, || {
        get(bank_files::preview)
    }),
    Entry::does(bank_draft::SUBMIT, MAKE_BANK, CITY, || {
        post(bank_draft::submit)
    }),
    Entry::shows(bank_review::PAGE, SEE_BANK, CITY, || get(bank_review::page)),
    Entry::does(bank_review::DECIDE, CHECK_BANK, CITY, || {
        post(bank_review::decide)
    }),
    Entry::does(bank_review::WITHDRAW, MAKE_BANK, CITY, || {
        post(bank_review::withdraw)
    }),
    Entry::shows(audit_log::PAGE, SEE_LOG, PROVINCE, || get(audit_log::page)),
    Entry::shows(audit_log::WHOLE, SEE_LOG, PROVINCE, || {
        get(audit_log::whole)
    }),
    Entry::shows("/console/sign-in", ANYBODY, OWN, || get(sign_in::page)),
    Entry::does("/console/sign-in", ANYBODY, OWN, || post(sign_in::enter)),
    Entry::shows("/console/setup/{token}", ANYBODY, OWN, || {
        get(sign_in::invited)
    }),
    Entry::does("/console/setup/{token}", ANYBODY, OWN, || {
        post(sign_in::set_up)
    }),
    Entry::does("/console/sign-out", SIGNED_IN, OWN, || post(sign_in::leave)),
    Entry::shows("/console/step-up", SIGNED_IN, OWN, || {
        get(sign_in::ask_again)
    }),
    Entry::does("/console/step-up", SIGNED_IN, OWN, || {
        post(sign_in::step_up)
    }),
    Entry::shows("/console/account", SIGNED_IN, OWN, || get(accounts::own)),
    Entry::shows("/console/accounts", SEE_ACCOUNTS, PROVINCE, || {
        get(accounts::all)
    }),
    Entry::shows("/console/accounts/new", SECURITY, PROVINCE, || {
        get(accounts::ask)
    })
    .after_step_up(),
    Entry::does("/console/accounts/new", SECURITY, PROVINCE, || {
        post(accounts::make)
    })
    .after_step_up(),
    Entry::shows("/console/accounts/{name}", SECURITY, PROVINCE, || {
        get(accounts::one)
    })
    .after_step_up(),
    Entry::does(
        "/console/accounts/{name}/disable",
        SECURITY,
        PROVINCE,
        || post(accounts::disable),
    )
    .after_step_up(),
    Entry::does("/console/accounts/{name}/reset", SECURITY, PROVINCE, || {
        post(accounts::reset)
    })
    .after_step_up(),
    Entry::shows(api::ME, SIGNED_IN, OWN, || get(api::me)),
    Entry::shows(api::ACCOUNTS, SEE_ACCOUNTS, PROVINCE, || get(api::accounts)),
    Entry::does(api::ACCOUNTS, SECURITY, PROVINCE, || {
        post(api::make_account)
    })
    .after_step_up(),
    Entry::does(api::DISABLE, SECURITY, PROVINCE, || {
        post(api::disable_account)
    })
    .after_step_up(),
    Entry::does(api::RESET, SECURITY, PROVINCE, || post(api::reset_account)).after_step_up(),
    Entry::shows(api::OVERVIEW, EVERYBODY, CITY, || get(api::overview)),
    Entry::shows(statistics_api::CITY, EVERYBODY, CITY, || {
        get(statistics_api::of_city)
    }),
    Entry::shows(statistics_api::ITEMS, SEE_ITEMS, CITY, || {
        get(statistics_api::items)
    }),
    Entry::shows(statistics_api::CODES, EVERYBODY, CITY, || {
        get(statistics_api::codes)
    }),
    Entry::does(statistics_api::CODES, PUBLISH, CITY, || {
        post(statistics_api::make_codes)
    }),
    Entry::shows(bulletin_api::LIST, EVERYBODY, CITY, || {
        get(bulletin_api::list)
    }),
    Entry::shows(bulletin_api::ONE, EVERYBODY, CITY, || {
        get(bulletin_api::one)
    }),
    Entry::does(bulletin_api::COUNT, PUBLISH, CITY, || {
        post(bulletin_api::count)
    }),
    Entry::does(bulletin_api::SIGN, PUBLISH, CITY, || {
        post(bulletin_api::sign)
    })
    .after_step_up(),
    Entry::shows(honour_api::PAGE, PROVINCIAL, PROVINCE, || {
        get(honour_api::award)
    }),
    Entry::does(honour_api::FORMULA, RUN, PROVINCE, || {
        post(honour_api::propose_formula)
    }),
    Entry::does(honour_api::RESULT, RUN, PROVINCE, || {
        post(honour_api::propose_result)
    }),
    Entry::does(honour_api::DECIDE, APPROVE_SEASON, PROVINCE, || {
        post(honour_api::decide)
    })
    .after_step_up(),
    Entry::shows(statistics_api::SEASON, PROVINCIAL, PROVINCE, || {
        get(statistics_api::of_season)
    }),
    Entry::shows(schedule::API, EVERYBODY, OWN, || get(schedule::call)),
    Entry::does(edition_api::READ, RUN, PROVINCE, || {
        post(edition_api::call_read)
    })
    .with_file(),
    Entry::does(edition_api::PREVIEW, RUN, PROVINCE, || {
        post(edition_api::call_preview)
    }),
    Entry::does(edition_api::PROPOSE, RUN, PROVINCE, || {
        post(edition_api::call_propose)
    }),
    Entry::does(edition_api::DECIDE, APPROVE_SEASON, PROVINCE, || {
        post(edition_api::call_decide)
    })
    .after_step_up(),
    Entry::shows(city_page::API, EVERYBODY, CITY, || get(city_page::call)),
    Entry::does(city_page::API, PUBLISH, CITY, || {
        post(city_page::call_propose)
    }),
    Entry::does(city_page::API_CHECK, PUBLISH, CITY, || {
        post(city_page::call_check)
    }),
    Entry::does(city_picture::API, PUBLISH, CITY, || {
        post(city_picture::call)
    })
    .with_file(),
    Entry::does(city_page::API_DECIDE, APPROVE_CONTENT, CITY, || {
        post(city_page::call_decide)
    }),
    Entry::shows(codes::API, EVERYBODY, CITY, || get(codes::call)),
    Entry::shows(pause_api::BOARD, EVERYBODY, CITY, || get(pause_api::board)),
    Entry::does(pause_api::BOARD, RUN, CITY, || post(pause_api::begin)),
    Entry::does(pause_api::PAYOUTS, STOP_MONEY, CITY, || {
        post(pause_api::begin_payouts)
    }),
    Entry::does(pause_api::RESUME, RUN, CITY, || post(pause_api::resume)),
    Entry::does(pause_api::PROPOSE, PROPOSE_MONEY, CITY, || {
        post(pause_api::propose)
    }),
    Entry::does(pause_api::DECIDE, APPROVE_MONEY, CITY, || {
        post(pause_api::decide)
    })
    .after_step_up(),
    Entry::shows(bank_api::CORRECTIONS, SEE_BANK, CITY, || {
        get(bank_api::corrections)
    }),
    Entry::does(bank_api::CORRECTIONS, MAKE_BANK, CITY, || {
        post(bank_api::propose)
    }),
    Entry::does(bank_api::APPROVE, CHECK_BANK, CITY, || {
        post(bank_api::approve)
    }),
    Entry::does(bank_api::REJECT, CHECK_BANK, CITY, || {
        post(bank_api::reject)
    }),
    Entry::does(bank_api::WITHDRAW, MAKE_BANK, CITY, || {
        post(bank_api::withdraw)
    }),
    Entry::shows(bank_api::GAINS, SEE_BANK, CITY, || get(bank_api::gains)),
    Entry::shows(preflight::API, SEE_SETUP, PROVINCE, || get(preflight::call)),
    Entry::does(preflight::API, TRY_SETUP, PROVINCE, || {
        post(preflight::call_make)
    }),
    Entry::shows(settings_api::SETTINGS, SEE_SETUP, PROVINCE, || {
        get(settings_api::settings)
    }),
    Entry::does(settings_api::TRY, TRY_SETUP, PROVINCE, || {
        post(settings_api::attempt)
    }),
    Entry::does(settings_api::GIVE, SECURITY, PROVINCE, || {
        post(settings_api::give)
    })
    .after_step_up(),
    Entry::does(settings_api::DECIDE, TRY_SETUP, PROVINCE, || {
        post(settings_api::decide)
    })
    .after_step_up(),
    Entry::shows(bank_draft_api::DRAFT, SEE_BANK, CITY, || {
        get(bank_draft_api::draft)
    }),
    Entry::does(bank_draft_api::DRAFT, MAKE_BANK, CITY, || {
        post(bank_draft_api::hand_in)
    })
    .with_file(),
    Entry::does(bank_draft_api::COLUMNS, MAKE_BANK, CITY, || {
        post(bank_draft_api::choose)
    }),
    Entry::does(bank_draft_api::ADD, MAKE_BANK, CITY, || {
        post(bank_draft_api::add)
    }),
    Entry::does(bank_draft_api::ITEM, MAKE_BANK, CITY, || {
        post(bank_draft_api::write)
    }),
    Entry::does(bank_draft_api::LEAVE, MAKE_BANK, CITY, || {
        post(bank_draft_api::leave)
    }),
    Entry::does(bank_draft_api::TAKE_BACK, MAKE_BANK, CITY, || {
        post(bank_draft_api::take_back)
    }),
    Entry::shows(bank_draft_api::PREVIEW, SEE_BANK, CITY, || {
        get(bank_draft_api::preview)
    }),
    Entry::does(bank_draft_api::SUBMIT, MAKE_BANK, CITY, || {
        post(bank_draft_api::submit)
    }),
    Entry::shows(bank_draft_api::REVIEW, SEE_BANK, CITY, || {
        get(bank_draft_api::review)
    }),
    Entry::does(bank_draft_api::DECIDE, CHECK_BANK, CITY, || {
        post(bank_draft_api::decide)
    }),
    Entry::does(bank_draft_api::WITHDRAW, MAKE_BANK, CITY, || {
        post(bank_draft_api::withdraw)
    }),
    Entry::shows(api::AUDIT_LOG, SEE_LOG, PROVINCE, || get(api::audit_log)),
    Entry::shows(money_api::BUDGET, SEE_BUDGET, CITY, || {
        get(money_api::budget)
    }),
    Entry::shows(money_api::POSTINGS, SEE_BUDGET, CITY, || {
        get(money_api::postings)
    }),
    Entry::shows(money_api::PAYMENTS, SEE_MONEY, CITY, || {
        get(money_api::payments)
    }),
    Entry::shows(money_api::STOPPED, SEE_MONEY, PROVINCE, || {
        get(money_api::stopped)
    }),
    Entry::shows(money_api::PAYMENT, SEE_MONEY, PROVINCE, || {
        get(money_api::payment)
    }),
    Entry::does(money_api::QUERY, FINANCE, PROVINCE, || {
        post(money_api::query)
    }),
    Entry::does(money_api::HOLD, FINANCE, PROVINCE, || post(money_api::hold)),
    Entry::does(money_api::RESEND, PROPOSE_MONEY, PROVINCE, || {
        post(money_api::resend)
    }),
    Entry::does(money_api::RENEW, PROPOSE_MONEY, PROVINCE, || {
        post(money_api::renew)
    }),
    Entry::does(money_api::PAUSE, STOP_MONEY, PROVINCE, || {
        post(money_api::pause)
    }),
    Entry::does(money_api::RESUME, PROPOSE_MONEY, PROVINCE, || {
        post(money_api::resume)
    }),
    Entry::shows(money_api::DECISIONS, SEE_MONEY, PROVINCE, || {
        get(money_api::waiting)
    }),
    Entry::does(money_api::APPROVE, APPROVE_MONEY, PROVINCE, || {
        post(money_api::approve)
    })
    .after_step_up(),
    Entry::does(money_api::REJECT, APPROVE_MONEY, PROVINCE, || {
        post(money_api::reject)
    }),
    Entry::does(money_api::WITHDRAW, PROPOSE_MONEY, PROVINCE, || {
        post(money_api::withdraw)
    }),
    Entry::shows(books_api::BOOKS, SEE_MONEY, PROVINCE, || {
        get(books_api::books)
    }),
    Entry::shows(books_api::DAY, SEE_MONEY, PROVINCE, || get(books_api::day)),
    Entry::does(books_api::CLOSE, PROPOSE_MONEY, PROVINCE, || {
        post(books_api::close)
    }),
    Entry::does(books_api::BILLS, PROPOSE_MONEY, PROVINCE, || {
        post(books_api::hand_in)
    })
    .with_file(),
    Entry::does(books_api::RECONCILE, FINANCE, PROVINCE, || {
        post(books_api::reconcile)
    }),
    Entry::shows(books_api::INCIDENTS, SEE_MONEY, PROVINCE, || {
        get(books_api::incidents)
    }),
    Entry::shows(books_api::INCIDENT, SEE_MONEY, PROVINCE, || {
        get(books_api::incident)
    }),
    Entry::does(books_api::TAKE, FINANCE, PROVINCE, || post(books_api::take)),
    Entry::does(books_api::PROPOSE, PROPOSE_MONEY, PROVINCE, || {
        post(books_api::propose)
    }),
    Entry::shows(books_api::SEAL, SEE_BUDGET, CITY, || get(books_api::seal)),
    Entry::does(books_api::SEAL, PROPOSE_MONEY, CITY, || {
        post(books_api::propose_seal)
    }),
    Entry::shows(books_api::TAX, FINANCE, PROVINCE, || get(books_api::tax)).after_step_up(),
];

/// The entry of a page.
pub(super) fn page(path: &str) -> Option<&'static Entry> {
    TABLE
        .iter()
        .find(|entry| entry.verb == Verb::Get && entry.path == path)
}

/// Whether somebody of these roles may send a form to this path.
pub(super) fn may_send(path: &str, roles: &Roles) -> bool {
    let mut entries = TABLE.iter();
    entries.any(|entry| entry.verb == Verb::Post && entry.path == path && entry.allows(roles))
}

/// Who may do what, as the documents print it: a row for each route, a column for each role.
#[must_use]
pub fn matrix() -> String {
    let roles = Role::ALL.map(Role::name).join(" | ");
    let mut lines = vec![
        format!("| method | path | belongs to | second factor again | {roles} |"),
        format!("|{}", "---|".repeat(Role::ALL.len().saturating_add(4))),
    ];
    for entry in TABLE {
        let verb = match entry.verb {
            Verb::Get => "GET",
            Verb::Post => "POST",
        };
        let scope = match entry.scope {
            Scope::Own => "the caller",
            Scope::Province => "the province",
            Scope::City => "a city",
        };
        let again = if entry.wants_step_up { "yes" } else { "" };
        let marks = Role::ALL.map(|role| entry.mark(role)).join(" | ");
        lines.push(format!(
            "| {verb} | `{}` | {scope} | {again} | {marks} |",
            entry.path
        ));
    }
    lines.push(String::new());
    lines.join("\n")
}

#[cfg(test)]
mod tests;
