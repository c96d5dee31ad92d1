//! A trial: the server of a season beside a simulated WeChat of another process, on whose clock the contest runs.
//!
//! Nobody is paid, so a trial must not be taken for a season: both ends are on this machine
//! or at least not behind https, every page says what it is, and a database belongs to one
//! or the other for ever.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use wechat_adapter::{HttpClient, TransportError};

use crate::{
    clock::Clock,
    config::{Config, ConfigError, TrialConfig},
};

/// What the name of a trial's season begins with; no season's may.
const MARK: &str = "trial-";

/// Why a trial could not begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrialError {
    /// Nobody answers at the address.
    #[error("no simulated WeChat at {url}: {source}")]
    Unreachable {
        /// The address.
        url: String,
        /// Why.
        source: TransportError,
    },
    /// Somebody answers, who is no simulated WeChat.
    #[error("{url} is no simulated WeChat: it tells no time")]
    NotSimulated {
        /// The address.
        url: String,
    },
}

#[derive(Deserialize)]
struct Told {
    now: DateTime<Utc>,
}

/// How far the simulated WeChat's clock is ahead of `own`, to the length of one request.
///
/// # Errors
/// [`TrialError`] when no simulated WeChat answers.
pub async fn ahead(
    trial: &TrialConfig,
    http: &dyn HttpClient,
    own: &dyn Clock,
) -> Result<TimeDelta, TrialError> {
    let url = trial.wechat_url.trim_end_matches('/').to_owned();
    let not_simulated = || TrialError::NotSimulated { url: url.clone() };
    let request = http::Request::get(format!("{url}/simulator/api/clock"))
        .body(Vec::new())
        .map_err(|_malformed| not_simulated())?;
    let answer = http
        .send(request)
        .await
        .map_err(|source| TrialError::Unreachable {
            url: url.clone(),
            source,
        })?;
    let told: Told = serde_json::from_slice(answer.body()).map_err(|_no_clock| not_simulated())?;
    Ok(told.now.signed_duration_since(own.now()))
}

/// The name of the season that the database keeps: a trial's is never a season's.
///
/// # Errors
/// [`ConfigError::Value`] for a configuration in which a trial and a season cannot be told apart.
pub fn season_name(config: &Config) -> Result<String, ConfigError> {
    let name = &config.season.name;
    let refused = |field, problem: String| Err(ConfigError::Value { field, problem });
    let Some(trial) = &config.trial else {
        if name.starts_with(MARK) {
            let problem = format!("a name that begins with {MARK:?} is a trial's");
            return refused("season.name", problem);
        }
        return Ok(name.clone());
    };
    if config.public_url.starts_with("https://") {
        let problem = "an address of https is a season's; in a trial nobody is paid, take [trial] out of the file or serve it by http".to_owned();
        return refused("public_url", problem);
    }
    if !is_on_this_machine(&trial.wechat_url) {
        let problem = format!(
            "{:?} is not an http address of this machine, such as http://127.0.0.1:9000",
            trial.wechat_url
        );
        return refused("trial.wechat_url", problem);
    }
    Ok(format!("{MARK}{name}"))
}

fn is_on_this_machine(url: &str) -> bool {
    let Ok(uri) = url.parse::<http::Uri>() else {
        return false;
    };
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let address = host.parse::<std::net::IpAddr>();
    uri.scheme_str() == Some("http")
        && (host == "localhost" || address.is_ok_and(|address| address.is_loopback()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_http_address_of_this_machine_is_one() {
        for good in [
            "http://127.0.0.1:9000",
            "http://localhost:9000/",
            "http://[::1]:9000",
            "http://127.8.9.1",
        ] {
            assert!(is_on_this_machine(good), "{good}");
        }
        for bad in [
            "https://127.0.0.1:9000",
            "http://192.0.2.1:9000",
            "http://127.0.0.1.example.cn",
            "http://127.0.0.1@example.cn",
            "https://api.mch.weixin.qq.com",
            "127.0.0.1:9000",
            "",
        ] {
            assert!(!is_on_this_machine(bad), "{bad}");
        }
    }
}
