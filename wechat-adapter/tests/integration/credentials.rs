//! Identifiers, secrets and addresses: what they accept, and what they never show.

use wechat_adapter::official::Official;
use wechat_adapter::pay::Merchant;
use wechat_adapter::{
    AppId, BaseUrl, BillNumber, Endpoints, InvalidBaseUrl, InvalidId, InvalidSecret, OpenId,
    SceneStr, Secret,
};

#[test]
fn a_bill_number_holds_28_letters_and_digits() {
    assert!(BillNumber::new("0".repeat(28)).is_ok());
    assert_eq!(
        BillNumber::new("0".repeat(29)),
        Err(InvalidId::TooLong {
            kind: "BillNumber",
            length: 29,
            maximum: 28
        })
    );
    assert_eq!(
        BillNumber::new("12-3"),
        Err(InvalidId::Character {
            kind: "BillNumber",
            character: '-'
        })
    );
    assert_eq!(
        BillNumber::new(""),
        Err(InvalidId::Empty { kind: "BillNumber" })
    );
}

#[test]
fn a_scene_is_counted_in_characters() {
    assert!(SceneStr::new("城".repeat(64)).is_ok());
    assert!(SceneStr::new("城".repeat(65)).is_err());
    assert!(SceneStr::new("a\nb").is_err());
}

#[test]
fn an_identifier_is_checked_when_it_is_read_back() {
    let openid: OpenId = serde_json::from_str(r#""o-1_2""#).unwrap();
    assert_eq!(serde_json::to_string(&openid).unwrap(), r#""o-1_2""#);
    assert!(serde_json::from_str::<OpenId>(r#""o 1""#).is_err());
    assert!(serde_json::from_str::<OpenId>(r#""""#).is_err());
}

#[test]
fn no_credential_prints_a_character_of_itself() {
    let secret = || Secret::new("hunter2hunter2").unwrap();
    let printed = [
        format!("{:?}", secret()),
        format!("{:?}", Merchant::new(secret(), Endpoints::wechat())),
        format!(
            "{:?}",
            Official::new(AppId::new("wx1").unwrap(), secret(), Endpoints::wechat())
        ),
    ];
    for text in printed {
        assert!(text.contains("redacted"), "{text}");
        assert!(!text.contains("hunter"), "{text}");
    }
}

#[test]
fn a_secret_is_neither_empty_nor_endless() {
    assert_eq!(Secret::new("").unwrap_err(), InvalidSecret::Empty);
    assert!(Secret::new("a".repeat(Secret::MAX_BYTES)).is_ok());
    let length_bytes = Secret::MAX_BYTES + 1;
    assert_eq!(
        Secret::new("a".repeat(length_bytes)).unwrap_err(),
        InvalidSecret::TooLong { length_bytes }
    );
    assert!(serde_json::from_str::<Secret>(r#""""#).is_err());
}

#[test]
fn a_base_address_is_absolute_and_bare() {
    assert_eq!(
        BaseUrl::new("http://h:1/a/b//").unwrap().as_str(),
        "http://h:1/a/b"
    );
    for address in ["", "/a", "h/a", "ftp://h", "http://", "https://h/a b"] {
        assert!(
            matches!(
                BaseUrl::new(address),
                Err(InvalidBaseUrl::NotAbsolute { .. })
            ),
            "{address}"
        );
    }
    for address in ["http://h?a=1", "http://h#a", "http://u@h"] {
        assert!(
            matches!(BaseUrl::new(address), Err(InvalidBaseUrl::NotBare { .. })),
            "{address}"
        );
    }
    assert!(matches!(
        BaseUrl::new(&format!("http://{}", "h".repeat(2_048))),
        Err(InvalidBaseUrl::TooLong {
            length_bytes: 2_055
        })
    ));
}

#[test]
fn one_family_can_move_without_the_others() {
    let moved =
        Endpoints::wechat().with_pay(BaseUrl::new("https://api2.mch.weixin.qq.com").unwrap());
    assert_eq!(moved.pay().as_str(), "https://api2.mch.weixin.qq.com");
    assert_eq!(moved.official(), Endpoints::wechat().official());
    assert_eq!(moved.open(), Endpoints::wechat().open());
    assert_eq!(moved.mp(), Endpoints::wechat().mp());
}
