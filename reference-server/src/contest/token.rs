//! WeChat's tokens: kept in the database for every instance, fetched by one of them at a time.
//!
//! `TokenKeeper` decides; its state is the token's row, read and written under one
//! transaction. A token that WeChat refuses is never renewed by force: that would kill the
//! token of whoever renewed it meanwhile, and `stable_token` gives the current one anyway.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use tokio::time::{Instant, sleep};
use wechat_adapter::{
    Request, Response, Secret,
    official::{
        AfterRefusal, BorrowedToken, CachedToken, FetchAccessToken, FetchJsTicket, Fetched,
        IssuedToken, OfficialAction, OfficialError, TokenKeeper, TokenStep,
    },
};

use super::{Error, Failure};
use crate::{
    app::App,
    contest::season,
    crash_point::{Point, reach},
    privacy::{Field, Keys},
    store::{
        Tx,
        tokens::{self, TokenRow},
    },
};

/// How often the row is looked at while another instance fetches.
const POLL: Duration = Duration::from_millis(50);
/// How long one request waits for somebody else's fetch.
const PATIENCE: Duration = Duration::from_secs(8);

/// The tokens that are shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shared {
    AccessToken,
    JsTicket,
}

impl Shared {
    const fn name(self) -> &'static str {
        match self {
            Self::AccessToken => "access_token",
            Self::JsTicket => "jsapi_ticket",
        }
    }
}

/// Makes a call that needs the access token; a token WeChat no longer takes is replaced
/// once and the call made again.
pub(crate) async fn with_access_token<T>(
    app: &App,
    request: impl Fn(&Secret) -> Request,
    parse: impl Fn(&Response) -> Result<T, OfficialError>,
) -> Result<T, Error> {
    let call = async |token: &BorrowedToken| {
        let response = app.wechat.http.send(request(token.token())).await;
        Ok::<_, Failure>(parse(&response?))
    };
    let token = borrow(app, Shared::AccessToken, None, fetch_access_token).await?;
    match call(&token).await? {
        Err(error) if error.action() == OfficialAction::RefreshToken => {
            let token = borrow(app, Shared::AccessToken, Some(token), fetch_access_token).await?;
            Ok(call(&token).await?.map_err(Failure::from)?)
        }
        outcome => Ok(outcome.map_err(Failure::from)?),
    }
}

/// The ticket with which pages are signed for the JS-SDK.
pub(crate) async fn js_ticket(app: &App) -> Result<Secret, Error> {
    let ticket = borrow(app, Shared::JsTicket, None, fetch_js_ticket).await?;
    Ok(ticket.token().clone())
}

async fn fetch_access_token(app: &App) -> Result<IssuedToken, Error> {
    let request = FetchAccessToken::new().request(&app.wechat.official);
    let response = app.wechat.http.send(request).await.map_err(Failure::from)?;
    Ok(FetchAccessToken::parse(&response).map_err(Failure::from)?)
}

async fn fetch_js_ticket(app: &App) -> Result<IssuedToken, Error> {
    let fetch = FetchJsTicket::new();
    with_access_token(
        app,
        |token| fetch.request(&app.wechat.official, token),
        FetchJsTicket::parse,
    )
    .await
}

/// A token to be used now; fetched by this task, or by whoever is at it already.
///
/// `refused` is the token of the call before, which WeChat did not take.
async fn borrow(
    app: &App,
    shared: Shared,
    refused: Option<BorrowedToken>,
    fetch: impl AsyncFn(&App) -> Result<IssuedToken, Error>,
) -> Result<BorrowedToken, Error> {
    let turn = match shared {
        Shared::AccessToken => &app.memory.token_turn,
        Shared::JsTicket => &app.memory.ticket_turn,
    };
    let mut aging = None;
    if refused.is_none() {
        match kept(app, shared).await? {
            TokenStep::Use(token) => return Ok(token),
            TokenStep::UseAndFetch(token) => aging = Some(token),
            TokenStep::Fetch | TokenStep::Wait { .. } => {}
        }
    }
    // One task of this process at a time looks further; the others find what it brought, or
    // go on with what is still good.
    let _turn = match (turn.try_lock(), aging) {
        (Ok(turn), _) => turn,
        (Err(_taken), Some(token)) => return Ok(token),
        (Err(_taken), None) => turn.lock().await,
    };
    let refused = refused.map(Arc::new);
    let begun = Instant::now();
    loop {
        let asked_at = app.now();
        match step(app, shared, refused.clone(), asked_at).await? {
            Turn::Step(TokenStep::Use(token)) => return Ok(token),
            Turn::Step(TokenStep::UseAndFetch(token)) => {
                return Ok(match fetch(app).await {
                    Ok(issued) => keep(app, shared, issued, asked_at).await?,
                    Err(error) => {
                        tracing::warn!(%error, token = shared.name(), "a token could not be renewed in time; the old one still works");
                        fetch_failed(app, shared).await?;
                        token
                    }
                });
            }
            Turn::Step(TokenStep::Fetch) => match fetch(app).await {
                Ok(issued) => return keep(app, shared, issued, asked_at).await,
                Err(error) => {
                    fetch_failed(app, shared).await?;
                    return Err(error);
                }
            },
            Turn::Step(TokenStep::Wait { .. }) if begun.elapsed() < PATIENCE => sleep(POLL).await,
            Turn::Step(TokenStep::Wait { .. }) | Turn::Resting => {
                return Err(Failure::NoToken.into());
            }
        }
    }
}

/// What a look at the row says.
enum Turn {
    Step(TokenStep),
    /// The last fetch failed a moment ago, and each failed one counts against the quota.
    Resting,
}

/// What the row says, without taking anybody's turn.
async fn kept(app: &App, shared: Shared) -> Result<TokenStep, Error> {
    let row = app
        .store
        .read(move |read| Ok::<_, Error>(tokens::token(read, shared.name())?))
        .await?
        .unwrap_or_default();
    Ok(keeper(&app.keys, shared, &row).step(app.now()))
}

/// Asks the row what to do, and takes the turn of fetching in it if that is what is to be done.
async fn step(
    app: &App,
    shared: Shared,
    refused: Option<Arc<BorrowedToken>>,
    now: DateTime<Utc>,
) -> Result<Turn, Error> {
    let keys = Arc::clone(&app.keys);
    app.store
        .write(move |tx| {
            let mut row = tokens::token(&tx.read(), shared.name())?.unwrap_or_default();
            let mut keeper = keeper(&keys, shared, &row);
            let step = match &refused {
                Some(refused) => {
                    if keeper.refused(refused) == AfterRefusal::Stop {
                        return Err(Failure::NoToken.into());
                    }
                    keeper.step_for_repetition(now)
                }
                None => keeper.step(now),
            };
            if keeper.cached().is_none() {
                row.value_sealed.clear();
            }
            match step {
                TokenStep::Wait { .. } if row.fetch_failed => return Ok(Turn::Resting),
                TokenStep::Fetch | TokenStep::UseAndFetch(_) => {
                    row.fetching_until_ms = milliseconds(keeper.fetching_until());
                    row.fetch_failed = false;
                    tokens::set_token(tx, shared.name(), &row)?;
                }
                TokenStep::Use(_) | TokenStep::Wait { .. } => {}
            }
            Ok(Turn::Step(step))
        })
        .await
}

/// Keeps a fetched token, unless a newer one is there; gives the one that is.
async fn keep(
    app: &App,
    shared: Shared,
    issued: IssuedToken,
    asked_at: DateTime<Utc>,
) -> Result<BorrowedToken, Error> {
    reach(Point::TokenFetched);
    let sealed = app.keys.seal(
        &Field::SharedToken.of(shared.name()),
        issued.token.expose().as_bytes(),
        app.entropy.as_ref(),
    )?;
    let keys = Arc::clone(&app.keys);
    app.store
        .write(move |tx| kept_in_row(tx, &keys, shared, issued, sealed, asked_at))
        .await
}

fn kept_in_row(
    tx: &Tx<'_>,
    keys: &Keys,
    shared: Shared,
    issued: IssuedToken,
    sealed: String,
    asked_at: DateTime<Utc>,
) -> Result<BorrowedToken, Error> {
    let row = tokens::token(&tx.read(), shared.name())?.unwrap_or_default();
    let mut keeper = keeper(keys, shared, &row);
    if keeper.fetched(issued, asked_at) != Fetched::Older
        && let Some(cached) = keeper.cached()
    {
        let row = TokenRow {
            value_sealed: sealed,
            obtained_ms: Some(cached.obtained_at().timestamp_millis()),
            expires_ms: cached.expires_at().timestamp_millis(),
            fetching_until_ms: None,
            fetch_failed: false,
        };
        tokens::set_token(tx, shared.name(), &row)?;
    }
    match keeper.step(asked_at) {
        TokenStep::Use(token) | TokenStep::UseAndFetch(token) => Ok(token),
        TokenStep::Fetch | TokenStep::Wait { .. } => Err(Failure::NoToken.into()),
    }
}

/// Notes that a fetch failed, so that nobody fetches for a moment.
async fn fetch_failed(app: &App, shared: Shared) -> Result<(), Error> {
    let (keys, now) = (Arc::clone(&app.keys), app.now());
    app.store
        .write(move |tx| {
            let mut row = tokens::token(&tx.read(), shared.name())?.unwrap_or_default();
            let mut keeper = keeper(&keys, shared, &row);
            keeper.fetch_failed(now);
            row.fetching_until_ms = milliseconds(keeper.fetching_until());
            row.fetch_failed = true;
            Ok::<_, Error>(tokens::set_token(tx, shared.name(), &row)?)
        })
        .await
}

/// The keeper as the row has it; a token that another key sealed is no token.
fn keeper(keys: &Keys, shared: Shared, row: &TokenRow) -> TokenKeeper {
    let token = keys
        .open(&Field::SharedToken.of(shared.name()), &row.value_sealed)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| Secret::new(text).ok());
    let cached = token.zip(row.obtained_ms).map(|(token, obtained_ms)| {
        CachedToken::new(
            token,
            season::instant(obtained_ms),
            season::instant(row.expires_ms),
        )
    });
    TokenKeeper::resumed(cached, row.fetching_until_ms.map(season::instant))
}

fn milliseconds(instant: Option<DateTime<Utc>>) -> Option<i64> {
    instant.map(|instant| instant.timestamp_millis())
}
