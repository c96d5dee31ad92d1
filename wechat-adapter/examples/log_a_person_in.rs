//! Logs a person in against the simulator: the page, the return, the exchange.
#![expect(clippy::print_stdout, reason = "an example shows what it finds")]

use std::error::Error;

use wechat_adapter::official::{
    AuthorizeUrl, ExchangeCode, OAuthReturn, OAuthScope, OAuthState, Official,
};
use wechat_adapter::simulator::{AuthorizeOutcome, NewPerson, Simulator, SimulatorConfig};
use wechat_adapter::{AppId, BaseUrl, Endpoints, Secret};

fn main() -> Result<(), Box<dyn Error>> {
    let config = SimulatorConfig::rehearsal("http://127.0.0.1:8080", "http://127.0.0.1:8080/push");
    let base = BaseUrl::new("http://127.0.0.1:8080/simulator/wechat")?;
    let official = Official::new(
        AppId::new(config.app_id.as_str())?,
        Secret::new(config.app_secret.as_str())?,
        Endpoints::all_at(&base),
    );
    let simulator = Simulator::new(config)?;
    let now = "2026-05-06T02:00:00Z".parse()?;
    let person = simulator.create_person(NewPerson::named("Zhang San"), now)?;

    // 1. The application makes a state, keeps it in a cookie, and sends the browser to this page.
    let state = OAuthState::new("c2Vzc2lvbg7")?;
    let page = AuthorizeUrl::new(
        "https://contest.example/in",
        OAuthScope::Base,
        state.clone(),
    );
    println!("browser opens {}", page.url(&official));

    // 2. WeChat sends the browser back; here the simulator plays the person's phone.
    let url = page.url(&official);
    let query = url.split(['?', '#']).nth(1).unwrap_or_default();
    let back = simulator.authorize(query, Some(&person.openid), now);
    let AuthorizeOutcome::Redirect(back) = back else {
        return Err("the page did not send the browser back".into());
    };
    println!("browser returns to {back}");
    let query = back.split('?').nth(1).unwrap_or_default();
    let OAuthReturn::Granted { code, state: found } = OAuthReturn::parse(query)? else {
        return Err("the person declined".into());
    };
    if found != state {
        return Err("this return belongs to another browser".into());
    }

    // 3. The code is exchanged, once; a made-up person of a page preview is no login.
    let request = ExchangeCode::new(code).request(&official);
    let answer = simulator.handle(&request, now).heard_by_a_client()?;
    let grant = ExchangeCode::parse(&answer)?;
    println!("logged in: {}", grant.person()?);
    Ok(())
}
