//! Laws of setting a real season up: what would fail a payment later fails the start.

use std::{
    fs,
    path::{Path, PathBuf},
};

use reference_server::{
    app::App,
    config::{Config, ConfigError, DatabaseConfig, EditionName, ScopeName, TrialConfig},
    privacy::{KeyFileError, Suite},
    rail::Rail,
    setup::{self, SetupError},
    store::StoreError,
};
use reward_core::ChannelProfile;
use tempfile::TempDir;

/// The configuration of a real season in a folder of its own, without any secret.
pub(super) fn config(dir: &TempDir, send_name: &str) -> Config {
    for folder in ["content/cities", "content/banks"] {
        fs::create_dir_all(dir.path().join(folder)).unwrap();
    }
    let path = dir.path().join("contest.toml");
    let text = format!(
        r#"
listen = "127.0.0.1:8080"
public_url = "https://contest.example.cn"
data_dir = "data"
content_dir = "content"

[season]
name = "jiangsu-2020"
edition = "postponed"

[official]
account_name = "苏信服"
app_id = "wx5a1f0c3d7e9b2468"
app_secret_file = "app-secret"
callback_token_file = "callback-token"
encoding_aes_key_file = "encoding-aes-key"

[merchant]
merchant_id = "1900000109"

[merchant.red_packet]
key_file = "merchant-key"
identity_file = "identity.pem"
send_name = "{send_name}"
wishing = "守信有礼，与信用同行"
act_name = "信用知识竞答"
scene_id = "PRODUCT_2"
client_ip = "192.0.2.1"
"#
    );
    fs::write(&path, text).unwrap();
    Config::read(&path).unwrap()
}

fn start(config: &Config) -> Result<std::sync::Arc<App>, SetupError> {
    let office_program = PathBuf::from(env!("CARGO_BIN_EXE_reference-server"));
    setup::real(config, office_program)
}

#[test]
fn a_send_name_too_long_for_wechat_is_refused_at_the_start() {
    // Ten Han characters are 30 bytes, eleven are 33; WeChat takes 32.
    for (send_name, fits) in [
        ("江苏省信用管理办公室", true),
        ("江苏省信用管理办公室室", false),
        ("abcdefghijklmnopqrstuvwxyz012345", true),
        ("abcdefghijklmnopqrstuvwxyz0123456", false),
    ] {
        let dir = TempDir::new().unwrap();
        let error = start(&config(&dir, send_name)).unwrap_err();
        match error {
            SetupError::Config(ConfigError::Value { field, problem }) => {
                assert!(!fits, "{send_name}: {problem}");
                assert_eq!(field, "merchant.red_packet");
                assert!(problem.contains("send_name"), "{problem}");
            }
            // The wording was taken; the first secret is looked for after it.
            SetupError::Config(ConfigError::Unreadable { path, .. }) => {
                assert!(fits, "{send_name}: {}", path.display());
                assert!(path.ends_with("app-secret"));
            }
            other => panic!("{send_name}: {other}"),
        }
    }
}

/// Every key file of a season that states none.
const KEYS: [&str; 4] = ["master.key", "contest-1.key", "people-1.key", "index-1.key"];

/// Writes a key file as its owner must have it.
fn write_private(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o400)).unwrap();
}

#[test]
fn a_database_without_one_of_its_keys_is_refused_and_no_new_key_is_made() {
    let dir = TempDir::new().unwrap();
    let config = config(&dir, "江苏省信用办");
    drop(start(&config).unwrap_err());
    assert!(config.data_dir.join("contest.db").exists());
    for name in KEYS {
        let key = config.data_dir.join(name);
        let first = fs::read_to_string(&key).unwrap();
        fs::remove_file(&key).unwrap();
        for _ in 0..2 {
            let error = start(&config).unwrap_err();
            assert!(
                matches!(&error, SetupError::KeyLost { path } if *path == key),
                "{error}"
            );
            assert!(!key.exists());
        }
        // The key that belongs to it opens it again; the start fails further on, for want of secrets.
        write_private(&key, &first);
        assert!(matches!(
            start(&config).unwrap_err(),
            SetupError::Config(ConfigError::Unreadable { .. })
        ));
        assert_eq!(fs::read_to_string(&key).unwrap(), first);
    }
}

#[test]
fn an_instance_on_a_server_never_makes_a_key_of_its_own() {
    let dir = TempDir::new().unwrap();
    let mut config = config(&dir, "江苏省信用办");
    config.database = Some(DatabaseConfig {
        url: "postgres://contest@127.0.0.1:1/contest".to_owned(),
        password_file: None,
        ca_file: None,
        unprotected: false,
    });
    for name in KEYS {
        let key = config.data_dir.join(name);
        let error = start(&config).unwrap_err();
        assert!(
            matches!(&error, SetupError::KeyNotShared { path } if *path == key),
            "{error}"
        );
        assert!(!key.exists());
        // Told to, it makes what is missing, once.
        let made = setup::make_keys(&config, Suite::AesSha2).unwrap();
        assert!(made.contains(&key));
        assert_eq!(
            setup::make_keys(&config, Suite::AesSha2).unwrap(),
            [""; 0].map(PathBuf::from)
        );
        assert!(matches!(
            start(&config).unwrap_err(),
            SetupError::Store(StoreError::Unreachable(_))
        ));
        if name != "index-1.key" {
            let next = KEYS[KEYS.iter().position(|known| *known == name).unwrap() + 1];
            fs::remove_file(config.data_dir.join(next)).unwrap();
        }
    }
    // Other keys are there that a new master key could not open.
    fs::remove_file(config.data_dir.join("master.key")).unwrap();
    let refused = setup::make_keys(&config, Suite::AesSha2).unwrap_err();
    assert!(matches!(refused, SetupError::KeyLost { .. }), "{refused}");
}

#[test]
fn a_key_that_is_cut_off_or_open_to_others_is_refused() {
    let dir = TempDir::new().unwrap();
    let config = config(&dir, "江苏省信用办");
    drop(start(&config).unwrap_err());
    for name in KEYS {
        let key = config.data_dir.join(name);
        let whole = fs::read_to_string(&key).unwrap();
        fs::remove_file(&key).unwrap();
        write_private(&key, &whole[..16]);
        assert!(
            matches!(
                start(&config).unwrap_err(),
                SetupError::MasterKey { .. } | SetupError::KeyFile(KeyFileError::Malformed { .. })
            ),
            "{name}"
        );
        fs::remove_file(&key).unwrap();
        write_private(&key, &whole);
        #[cfg(unix)]
        {
            let mode = |mode| {
                let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
                fs::set_permissions(&key, mode).unwrap();
            };
            mode(0o440);
            assert!(matches!(
                start(&config).unwrap_err(),
                SetupError::KeyFile(KeyFileError::OpenToOthers { .. })
            ));
            mode(0o400);
        }
    }
    // Under another master key nothing of it opens.
    let key = config.data_dir.join("master.key");
    fs::remove_file(&key).unwrap();
    write_private(&key, &"01".repeat(32));
    assert!(matches!(
        start(&config).unwrap_err(),
        SetupError::KeyFile(KeyFileError::OtherMaster { .. })
    ));
}

#[test]
fn a_ring_without_a_key_is_refused() {
    let dir = TempDir::new().unwrap();
    let mut config = config(&dir, "江苏省信用办");
    for field in ["keys.contest", "keys.people"] {
        let mut keys = config.key_files();
        if field == "keys.contest" {
            keys.contest.clear();
        } else {
            keys.people.clear();
        }
        config.keys = Some(keys);
        let error = start(&config).unwrap_err();
        assert!(
            matches!(&error, SetupError::Config(ConfigError::Value { field: named, .. }) if *named == field),
            "{error}"
        );
        config.keys = None;
    }
}

fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let pairs = pairs.iter();
    pairs
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

#[test]
fn the_environment_stands_over_the_file() {
    let dir = TempDir::new().unwrap();
    drop(config(&dir, "江苏省信用办"));
    let path = dir.path().join("contest.toml");
    let read = |pairs: &[(&str, &str)]| Config::read_with(&path, variables(pairs));
    let config = read(&[
        ("CONTEST_LISTEN", "127.0.0.1:9999"),
        ("CONTEST_PRIVATE_LISTEN", "127.0.0.1:9090"),
        ("CONTEST_SEASON__STRICT", "true"),
        ("CONTEST_MERCHANT__MERCHANT_ID", "1234567890"),
        ("CONTEST_LOG", "json"),
        ("PATH", "/bin"),
    ])
    .unwrap();
    assert_eq!(config.listen.port(), 9999);
    assert_eq!(config.private_listen.unwrap().port(), 9090);
    assert!(config.season.strict);
    assert_eq!(config.merchant.merchant_id, "1234567890");
    assert_eq!(config.season.name, "jiangsu-2020");
    for (variable, complaint) in [
        ("CONTEST_LISEN", "lisen"),
        ("CONTEST_SEASON__NAEM", "naem"),
        ("CONTEST_SEASON", "CONTEST_SEASON"),
        ("CONTEST_SAESON__NAME", "CONTEST_SAESON__NAME"),
        ("CONTEST_", "CONTEST_"),
    ] {
        let error = read(&[(variable, "x")]).unwrap_err().to_string();
        assert!(error.contains(complaint), "{variable}: {error}");
    }
}

#[test]
fn a_configuration_is_told_without_its_secrets() {
    let dir = TempDir::new().unwrap();
    let config = config(&dir, "江苏省信用办");
    fs::write(&config.official.app_secret_file, "a-very-secret-secret\n").unwrap();
    let lines = config.lines();
    let line = |start: &str| lines.iter().find(|line| line.starts_with(start)).unwrap();
    assert_eq!(line("season.name"), "season.name = \"jiangsu-2020\"");
    assert!(line("official.app_secret_file").ends_with("# ***, 20 characters"));
    assert!(line("merchant.red_packet.key_file").ends_with("# cannot be read"));
    assert!(lines.iter().all(|line| !line.contains("very-secret")));
}

#[test]
fn a_trial_and_a_season_cannot_be_taken_for_each_other() {
    let dir = TempDir::new().unwrap();
    let season = config(&dir, "江苏省信用办");
    let trial = |change: fn(&mut Config)| {
        let mut config = season.clone();
        config.public_url = "http://127.0.0.1:8080".to_owned();
        config.trial = Some(TrialConfig {
            wechat_url: "http://127.0.0.1:9000".to_owned(),
        });
        change(&mut config);
        setup::try_config(&config)
    };
    let refused = |outcome: Result<(), SetupError>, wanted: &str| match outcome {
        Err(SetupError::Config(ConfigError::Value { field, .. })) => assert_eq!(field, wanted),
        other => panic!("{wanted}: {other:?}"),
    };
    // Nothing stands against it but the secrets, which are looked for last.
    let missing = trial(|_usual| ()).unwrap_err().to_string();
    assert!(missing.contains("app-secret"), "{missing}");
    let https = trial(|config| config.public_url = "https://contest.example.cn".to_owned());
    refused(https, "public_url");
    let elsewhere = trial(|config| {
        config.trial = Some(TrialConfig {
            wechat_url: "http://192.0.2.1:9000".to_owned(),
        });
    });
    refused(elsewhere, "trial.wechat_url");
    refused(
        trial(|config| {
            config.trial = None;
            config.season.name = "trial-jiangsu".to_owned();
        }),
        "season.name",
    );
    refused(
        trial(|config| {
            config.trial = None;
            config.content_dir = None;
        }),
        "content_dir",
    );
}

#[test]
fn config_check_says_what_cannot_be_used() {
    let dir = TempDir::new().unwrap();
    drop(config(&dir, "江苏省信用办"));
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_reference-server"))
        .args(["config", "check", "--config"])
        .arg(dir.path().join("contest.toml"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("season.edition = \"postponed\""));
    assert!(String::from_utf8_lossy(&output.stderr).contains("app-secret"));
}

/// The rules of a season with so many packets a day, when a merchant pays from `floor` on.
fn packets(stated: Option<u32>, channel: ChannelProfile) -> Result<(u32, u64), String> {
    let season = setup::jiangsu_2020(
        "jiangsu-2020",
        EditionName::Postponed,
        ScopeName::Season,
        false,
        stated,
        (Rail::RedPacket, channel),
    );
    let season = season.map_err(|error| error.to_string())?;
    let rules = season.rules;
    Ok((rules.packets_per_day(), rules.bounds().min().get()))
}

#[test]
fn a_day_has_as_many_packets_as_its_money_and_the_merchant_allow() {
    let (small, large) = (
        ChannelProfile::red_packet_with_scene(),
        ChannelProfile::red_packet_default(),
    );
    assert_eq!(packets(None, small), Ok((4_000, 10)));
    assert_eq!(packets(None, large), Ok((1_000, 100)));
    assert_eq!(packets(Some(1_300), large), Ok((1_300, 100)));
    let refused = packets(Some(1_500), large).unwrap_err();
    assert!(
        refused.starts_with("season.packets_per_day: 1500 packets"),
        "{refused}"
    );
    assert!(refused.contains("1.00 yuan"), "{refused}");
    // Beside the top packet 1,328 yuan are left, 13,280 packets of 0.10 yuan.
    assert!(packets(Some(13_281), small).is_ok());
    assert!(packets(Some(13_282), small).is_err());
    assert!(packets(Some(0), small).is_err());
}
