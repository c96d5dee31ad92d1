//! WeChat's tokens: kept in the database for every instance, refreshed when they age.

use chrono::{DateTime, Utc};
use wechat_adapter::{
    Request, Response, Secret,
    official::{
        CachedToken, FetchAccessToken, FetchJsTicket, IssuedToken, OfficialAction, OfficialError,
        TokenStatus,
    },
};

use super::{Error, Failure};
use crate::{
    app::App,
    contest::season,
    privacy::{Field, Place},
    store::tokens,
};

const ACCESS_TOKEN: &str = "access_token";
const JS_TICKET: &str = "jsapi_ticket";

/// Makes a call that needs the access token; a token WeChat no longer takes is
/// refreshed once and the call made again.
pub(crate) async fn with_access_token<T>(
    app: &App,
    request: impl Fn(&Secret) -> Request,
    parse: impl Fn(&Response) -> Result<T, OfficialError>,
) -> Result<T, Error> {
    let call = async |token: &Secret| {
        let response = app.wechat.http.send(request(token)).await;
        Ok::<_, Failure>(parse(&response?))
    };
    let token = access_token(app, FetchAccessToken::new()).await?;
    match call(&token).await? {
        Err(error) if error.action() == OfficialAction::RefreshToken => {
            // Somebody else may have renewed it while we were on the wire.
            let newer = kept(app, ACCESS_TOKEN)
                .await?
                .filter(|kept| !kept.same_as(&token));
            let token = match newer {
                Some(token) => token,
                None => access_token(app, FetchAccessToken::forced()).await?,
            };
            Ok(call(&token).await?.map_err(Failure::from)?)
        }
        outcome => Ok(outcome.map_err(Failure::from)?),
    }
}

/// The ticket with which pages are signed for the JS-SDK.
pub(crate) async fn js_ticket(app: &App) -> Result<Secret, Error> {
    if let Some(ticket) = kept(app, JS_TICKET).await? {
        return Ok(ticket);
    }
    let fetch = FetchJsTicket::new();
    let issued = with_access_token(
        app,
        |token| fetch.request(&app.wechat.official, token),
        FetchJsTicket::parse,
    )
    .await?;
    keep(app, JS_TICKET, issued).await
}

async fn access_token(app: &App, fetch: FetchAccessToken) -> Result<Secret, Error> {
    if fetch == FetchAccessToken::new()
        && let Some(token) = kept(app, ACCESS_TOKEN).await?
    {
        return Ok(token);
    }
    let request = fetch.request(&app.wechat.official);
    let response = app.wechat.http.send(request).await.map_err(Failure::from)?;
    let issued = FetchAccessToken::parse(&response).map_err(Failure::from)?;
    keep(app, ACCESS_TOKEN, issued).await
}

/// A stored token that still has life in it.
async fn kept(app: &App, name: &'static str) -> Result<Option<Secret>, Error> {
    let stored = app
        .store
        .read(move |read| Ok::<_, Error>(tokens::token(read, name)?))
        .await?;
    let Some((sealed, expires_ms)) = stored else {
        return Ok(None);
    };
    // A token that another key sealed is no token: the next one is fetched.
    let Some(token) = app
        .keys
        .open(&place(name), &sealed)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| Secret::new(text).ok())
    else {
        return Ok(None);
    };
    let expires = season::instant(expires_ms);
    let cached = CachedToken::new(token, obtained(expires), expires);
    Ok((cached.status(app.now()) == TokenStatus::Fresh).then(|| cached.token().clone()))
}

/// Tokens live two hours; only the share of their life that is left matters.
fn obtained(expires: DateTime<Utc>) -> DateTime<Utc> {
    expires - chrono::TimeDelta::hours(2)
}

async fn keep(app: &App, name: &'static str, issued: IssuedToken) -> Result<Secret, Error> {
    let cached = issued.obtained_at(app.now());
    let sealed = app.keys.seal(
        &place(name),
        cached.token().expose().as_bytes(),
        app.entropy.as_ref(),
    )?;
    let expires_ms = cached.expires_at().timestamp_millis();
    app.store
        .write(move |tx| Ok::<_, Error>(tokens::set_token(tx, name, &sealed, expires_ms)?))
        .await?;
    Ok(cached.token().clone())
}

fn place(name: &str) -> Place {
    Field::SharedToken.of(name)
}
