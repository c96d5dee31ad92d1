//! What a season runs with, in a real browser: checked, tried, and a secret given by one and taken by another.

use chrono::TimeDelta;
use reference_server::{
    config::{Origin, Stated},
    contest::organiser::Role,
    settings::{SecretName, SecretSlot, Settings},
};

use super::{
    chromium::Chromium,
    contest::Contest,
    desk::{assert_usable, sign_in},
    phone::Phone,
};

/// A season on red packets, as a file configures it.
fn settings(contest: &Contest) -> Settings {
    let names = [
        SecretName::AppSecret,
        SecretName::CallbackToken,
        SecretName::EncodingAesKey,
        SecretName::RedPacketKey,
        SecretName::RedPacketIdentity,
    ];
    let slot = |name| SecretSlot {
        name,
        of_file: Some("5a1f0c3d".to_owned()),
        file_changed: Some(contest.app.now() - TimeDelta::days(30)),
        in_use: Some("5a1f0c3d".to_owned()),
        is_given: false,
    };
    let stated = |key: &str, value: &str, origin| Stated {
        key: key.to_owned(),
        value: value.to_owned(),
        origin,
    };
    Settings {
        secrets: names.map(slot).into(),
        stated: vec![
            stated("public_url", "https://contest.example.cn", Origin::File),
            stated("season.name", "jiangsu-2020", Origin::Environment),
            stated("season.strict", "false", Origin::Default),
            stated("merchant.merchant_id", "1900000109", Origin::File),
        ],
        certificate_ends: Some(contest.app.now() + TimeDelta::days(41)),
        ..Settings::default()
    }
}

#[test]
fn a_season_is_checked_and_a_secret_is_changed_by_two() {
    let Some(chromium) = Chromium::start() else {
        return;
    };
    let contest = Contest::at("2020-05-09 21:00:00");
    let url = contest.door_with_settings(settings(&contest));
    let [security, chief] =
        [("sec", Role::SecurityAdmin), ("chief", Role::ProvinceAdmin)].map(|(name, role)| {
            let desk = Phone::new(&chromium, &url);
            desk.size(1280, 900);
            sign_in(&contest, &desk, name, &contest.colleague(name, role));
            desk
        });
    security.open("/console/preflight");
    security.assert_says("谁也收不到钱");
    assert_usable(&security, "preflight");
    security.follow("form[action='/console/preflight'] .button");
    security.assert_says("开赛前检查");
    security.open("/console/settings");
    assert_usable(&security, "settings");
    let form = "form:has([type=password])";
    let give = || {
        security.fill(&format!("{form} [name=name]"), "red-packet-key");
        security.fill(
            &format!("{form} [name=value]"),
            "0123456789abcdef0123456789abcdef",
        );
        security.fill(&format!("{form} [name=reason]"), "商户平台换了密钥");
        security.follow(&format!("{form} .button"));
    };
    give();
    security.fill("[name=code]", &contest.fresh_code("sec"));
    security.follow(".form .button");
    give();
    security.assert_says("等另一人批准：更换商户 APIv2 密钥");
    chief.open("/console/settings");
    assert_usable(&chief, "settings-waiting");
    let approve = || {
        chief.fill("form:has([value=approve]) [name=reason]", "电话核对过指纹");
        chief.follow("form:has([value=approve]) .button");
    };
    approve();
    chief.fill("[name=code]", &contest.fresh_code("chief"));
    chief.follow(".form .button");
    approve();
    chief.assert_says("逐台重启服务器后生效");
    chief.follow("form:has([value=token]) .button");
    chief.assert_says("微信给出了令牌");
    assert_usable(&chief, "settings-tried");
    assert_eq!(chief.complaints(), Vec::<String>::new());
}
