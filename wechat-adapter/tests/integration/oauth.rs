//! Web login: the address, the return, the exchange.

use wechat_adapter::official::{
    AuthorizeUrl, ExchangeCode, InvalidState, OAuthReturn, OAuthReturnError, OAuthScope,
    OAuthState, Official, OfficialAction,
};
use wechat_adapter::{AppId, AuthorizationCode, BaseUrl, Endpoints, Response, Secret};

fn official() -> Official {
    let base = BaseUrl::new("http://127.0.0.1:8080/simulator/wechat").unwrap();
    Official::new(
        AppId::new("wx1").unwrap(),
        Secret::new("s&=").unwrap(),
        Endpoints::all_at(&base),
    )
}

fn answer(body: &str) -> Response {
    http::Response::new(body.as_bytes().to_vec())
}

#[test]
fn value_stability_the_authorize_address_keeps_the_vendors_order() {
    let state = OAuthState::new("abc123").unwrap();
    let login = AuthorizeUrl::new("https://e.cn/登录 1?a=1&b=2", OAuthScope::UserInfo, state);
    assert_eq!(
        login.url(&official()),
        "http://127.0.0.1:8080/simulator/wechat/connect/oauth2/authorize?appid=wx1\
         &redirect_uri=https%3A%2F%2Fe.cn%2F%E7%99%BB%E5%BD%95%201%3Fa%3D1%26b%3D2\
         &response_type=code&scope=snsapi_userinfo&state=abc123#wechat_redirect"
    );
}

#[test]
fn a_state_is_1_to_128_letters_and_digits() {
    assert!(OAuthState::new("a".repeat(128)).is_ok());
    assert_eq!(
        OAuthState::new("").unwrap_err(),
        InvalidState::Length { length_bytes: 0 }
    );
    assert_eq!(
        OAuthState::new("a".repeat(129)).unwrap_err(),
        InvalidState::Length { length_bytes: 129 }
    );
    assert_eq!(
        OAuthState::new("a_b").unwrap_err(),
        InvalidState::Character { character: '_' }
    );
}

#[test]
fn a_state_matches_itself_only() {
    let state = OAuthState::new("abc").unwrap();
    assert!(state.matches(&OAuthState::new("abc").unwrap()));
    assert!(!state.matches(&OAuthState::new("abd").unwrap()));
    assert!(!state.matches(&OAuthState::new("abcd").unwrap()));
    assert_eq!(format!("{state:?}"), "OAuthState(redacted)");
}

#[test]
fn a_return_with_a_code_is_granted_and_without_denied() {
    let OAuthReturn::Granted { code, state } = OAuthReturn::parse("code=c%2B1&state=s1").unwrap()
    else {
        panic!("a code was given");
    };
    assert_eq!((code.as_str(), state.as_str()), ("c+1", "s1"));
    for query in ["state=s1", "code=&state=s1"] {
        let returned = OAuthReturn::parse(query).unwrap();
        assert!(matches!(returned, OAuthReturn::Denied { .. }));
        assert_eq!(returned.state().as_str(), "s1");
    }
}

#[test]
fn a_return_without_a_possible_state_or_code_is_refused() {
    assert_eq!(
        OAuthReturn::parse("code=c").unwrap_err(),
        OAuthReturnError::StateMissing
    );
    assert!(matches!(
        OAuthReturn::parse("code=c&state=%3Cscript%3E"),
        Err(OAuthReturnError::InvalidState(_))
    ));
    assert!(matches!(
        OAuthReturn::parse(&format!("state=s&code={}", "c".repeat(513))),
        Err(OAuthReturnError::InvalidCode(_))
    ));
}

#[test]
fn the_exchange_encodes_every_value() {
    let request = ExchangeCode::new(AuthorizationCode::new("c+1").unwrap()).request(&official());
    assert_eq!(request.method(), "GET");
    assert_eq!(
        request.uri(),
        "http://127.0.0.1:8080/simulator/wechat/sns/oauth2/access_token\
         ?appid=wx1&secret=s%26%3D&code=c%2B1&grant_type=authorization_code"
    );
}

#[test]
fn an_exchange_names_the_person() {
    let grant = ExchangeCode::parse(&answer(
        r#"{"access_token":"T","expires_in":7200,"refresh_token":"R","openid":"o1","scope":"snsapi_base","new_field":[1]}"#,
    ))
    .unwrap();
    assert_eq!(grant.openid.as_str(), "o1");
    assert_eq!(grant.access_token.expose(), "T");
    assert!(!grant.is_snapshot_user);
    assert_eq!(grant.union_id, None);
}

#[test]
fn a_made_up_person_is_recognised_in_either_notation() {
    for flag in ["1", "\"1\""] {
        let body = format!(r#"{{"access_token":"T","openid":"o1","is_snapshotuser":{flag}}}"#);
        assert!(
            ExchangeCode::parse(&answer(&body))
                .unwrap()
                .is_snapshot_user
        );
    }
}

#[test]
fn a_used_code_restarts_the_login() {
    for errcode in [40_029, 40_163, 42_003, 41_008] {
        let body = format!(r#"{{"errcode":{errcode},"errmsg":"code been used, rid: 1-2"}}"#);
        let refused = ExchangeCode::parse(&answer(&body)).unwrap_err();
        assert_eq!(refused.action(), OfficialAction::RestartLogin, "{errcode}");
    }
}
