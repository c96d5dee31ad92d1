//! The keeper of a shared token: one fetch, no older over newer, one repetition.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use wechat_adapter::official::{
    AfterRefusal, BorrowedToken, CentralTokenService, FetchClassicToken, Fetched, IssuedToken,
    Official, TokenKeeper, TokenStep,
};
use wechat_adapter::{AppId, BaseUrl, Endpoints, Response, Secret};

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_600_000_000, 0).unwrap() + TimeDelta::seconds(seconds)
}

fn issued(token: &str) -> IssuedToken {
    IssuedToken::new(Secret::new(token).unwrap(), 7_200)
}

fn used(step: TokenStep) -> BorrowedToken {
    match step {
        TokenStep::Use(borrowed) | TokenStep::UseAndFetch(borrowed) => borrowed,
        other => panic!("{other:?}"),
    }
}

#[test]
fn only_one_is_told_to_fetch_until_the_fetch_is_given_up() {
    let mut keeper = TokenKeeper::new(None);
    assert!(matches!(keeper.step(at(0)), TokenStep::Fetch));
    let until = at(TokenKeeper::FETCH_SECONDS);
    for seconds in [0, 1, TokenKeeper::FETCH_SECONDS - 1] {
        let step = keeper.step(at(seconds));
        assert!(matches!(step, TokenStep::Wait { until: found } if found == until));
    }
    assert!(matches!(keeper.step(until), TokenStep::Fetch));
}

#[test]
fn a_renewal_due_is_fetched_by_one_while_all_use_the_old_one() {
    let mut keeper = TokenKeeper::new(Some(issued("A").obtained_at(at(0))));
    assert!(matches!(keeper.step(at(6_479)), TokenStep::Use(_)));
    assert!(matches!(keeper.step(at(6_480)), TokenStep::UseAndFetch(_)));
    assert!(matches!(keeper.step(at(6_480)), TokenStep::Use(_)));
    assert_eq!(keeper.fetched(issued("B"), at(6_480)), Fetched::Kept);
    assert_eq!(used(keeper.step(at(6_481))).token().expose(), "B");
}

#[test]
fn a_failed_fetch_makes_everybody_pause() {
    let mut keeper = TokenKeeper::new(None);
    assert!(matches!(keeper.step(at(0)), TokenStep::Fetch));
    keeper.fetch_failed(at(1));
    assert!(matches!(keeper.step(at(5)), TokenStep::Wait { .. }));
    assert!(matches!(keeper.step(at(6)), TokenStep::Fetch));
}

#[test]
fn an_older_answer_never_replaces_a_newer_token() {
    let mut keeper = TokenKeeper::new(None);
    assert_eq!(keeper.fetched(issued("new"), at(10)), Fetched::Kept);
    assert_eq!(keeper.fetched(issued("old"), at(9)), Fetched::Older);
    assert_eq!(used(keeper.step(at(11))).token().expose(), "new");
}

#[test]
fn a_late_refusal_of_an_old_token_does_not_kill_the_new_one() {
    let mut keeper = TokenKeeper::new(Some(issued("old").obtained_at(at(0))));
    let old = used(keeper.step(at(1)));
    assert_eq!(keeper.fetched(issued("new"), at(2)), Fetched::Kept);
    assert_eq!(keeper.refused(&old), AfterRefusal::Repeat);
    let new = used(keeper.step_for_repetition(at(3)));
    assert_eq!(new.token().expose(), "new");
}

#[test]
fn a_call_is_repeated_once() {
    let mut keeper = TokenKeeper::new(Some(issued("A").obtained_at(at(0))));
    let first = used(keeper.step(at(1)));
    assert_eq!(keeper.refused(&first), AfterRefusal::Repeat);
    assert!(matches!(
        keeper.step_for_repetition(at(1)),
        TokenStep::Fetch
    ));
    assert_eq!(keeper.fetched(issued("B"), at(1)), Fetched::Kept);
    let second = used(keeper.step_for_repetition(at(2)));
    assert_eq!(keeper.refused(&second), AfterRefusal::Stop);
}

#[test]
fn the_refused_token_coming_back_is_noticed() {
    let mut keeper = TokenKeeper::new(Some(issued("A").obtained_at(at(0))));
    let borrowed = used(keeper.step(at(1)));
    keeper.refused(&borrowed);
    assert_eq!(keeper.fetched(issued("A"), at(2)), Fetched::SameAsRefused);
}

#[test]
fn the_older_call_asks_by_query() {
    let official = Official::new(
        AppId::new("wx1").unwrap(),
        Secret::new("s1").unwrap(),
        Endpoints::wechat(),
    );
    assert_eq!(
        FetchClassicToken::new().request(&official).uri(),
        "https://api.weixin.qq.com/cgi-bin/token?grant_type=client_credential&appid=wx1&secret=s1"
    );
}

#[test]
fn a_central_service_is_asked_with_its_key_and_answers_as_wechat_does() {
    let base = BaseUrl::new("https://tokens.example/wechat").unwrap();
    let service = CentralTokenService::new(base, Some(Secret::new("k1").unwrap()));
    let request = service.request();
    assert_eq!(request.uri(), "https://tokens.example/wechat/access_token");
    assert_eq!(request.headers()["Authorization"], "Bearer k1");
    assert!(!format!("{request:?}").contains("k1"));
    let answer: Response =
        http::Response::new(br#"{"access_token":"T","expires_in":"300"}"#.to_vec());
    let issued = CentralTokenService::parse(&answer).unwrap();
    assert_eq!(issued.lifetime_seconds, 300);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever happens in whatever order: never two fetches at once, and the token's version never goes back.
    #[test]
    fn fetches_are_single_and_versions_rise(events in prop::collection::vec((0_u8..5, 0_i64..40), 1..80)) {
        let mut keeper = TokenKeeper::new(None);
        let mut now = 0_i64;
        let mut fetch_from: Option<i64> = None;
        let mut borrowed: Option<BorrowedToken> = None;
        let mut version = None;
        for (index, (event, seconds)) in events.into_iter().enumerate() {
            now += seconds;
            match event {
                0 | 1 => match keeper.step(at(now)) {
                    TokenStep::Fetch => {
                        prop_assert!(fetch_from.is_none_or(|from| now >= from + TokenKeeper::FETCH_SECONDS));
                        fetch_from = Some(now);
                    }
                    TokenStep::UseAndFetch(token) => {
                        prop_assert!(fetch_from.is_none_or(|from| now >= from + TokenKeeper::FETCH_SECONDS));
                        fetch_from = Some(now);
                        borrowed = Some(token);
                    }
                    TokenStep::Use(token) => borrowed = Some(token),
                    TokenStep::Wait { until } => prop_assert!(until > at(now)),
                },
                2 => {
                    let asked = now - seconds;
                    if keeper.fetched(issued(&format!("T{index}")), at(asked)) != Fetched::Older {
                        fetch_from = None;
                    }
                }
                3 => {
                    keeper.fetch_failed(at(now));
                    fetch_from = None;
                }
                _ => {
                    if let Some(token) = borrowed.take() {
                        prop_assert_eq!(keeper.refused(&token), AfterRefusal::Repeat);
                        version = None;
                    }
                }
            }
            let found = keeper.cached().map(|cached| cached.obtained_at());
            prop_assert!(version.is_none() || found >= version);
            version = found;
        }
    }
}
