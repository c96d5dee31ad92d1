//! Secrets given at the console, as a server takes them at its next start: in place of the very file they were given for.

use std::{fs, path::PathBuf, sync::Arc};

use reference_server::{
    app::App,
    config::Config,
    contest::{
        organiser::{Error, Organiser, Refused, Role},
        secrets::{self, Verdict},
    },
    settings::{SecretName, SecretSlot},
    setup,
};
use tempfile::TempDir;
use wechat_adapter::{
    AppId, Secret,
    official::{CallbackMode, CallbackVerifier},
    simulator::SimulatorConfig,
};

use super::{rail_pauses::finance, setup::config};
use crate::engine::is_server;

/// A configuration with all of its files.
fn season(dir: &TempDir) -> Config {
    let config = config(dir, "江苏省信用办");
    for (name, text) in [
        ("app-secret", "5f1e2d3c4b5a69788796a5b4c3d2e1f0"),
        ("callback-token", "token"),
        ("encoding-aes-key", SimulatorConfig::REHEARSAL_AES_KEY),
        ("merchant-key", "0123456789abcdef0123456789abcdef"),
        ("identity.pem", include_str!("identity.pem")),
    ] {
        fs::write(dir.path().join(name), text).unwrap();
    }
    config
}

/// A server that starts now.
async fn start(config: &Config) -> Arc<App> {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_reference-server"));
    let app = setup::real(config, program).unwrap();
    setup::with_given(app, config).await.unwrap()
}

async fn give(
    app: &App,
    name: SecretName,
    value: &str,
    by: &Organiser,
) -> Result<Option<i64>, Error> {
    secrets::give(app, name, value.to_owned().into(), "rotation", by).await
}

/// Whether callbacks signed with this token are taken.
fn takes(app: &App, token: &str) -> bool {
    let id = AppId::new("wx5a1f0c3d7e9b2468").unwrap();
    let token = Secret::new(token).unwrap();
    let key = Secret::new(SimulatorConfig::REHEARSAL_AES_KEY).unwrap();
    let wechat = CallbackVerifier::new(id, token, Some(&key), CallbackMode::Encrypted).unwrap();
    let query = wechat.address_test(1, "nonce", "echo");
    app.wechat.callback.verify_url(&query).is_ok()
}

fn slot(app: &App, name: SecretName) -> SecretSlot {
    app.settings.secret(name).unwrap().clone()
}

#[tokio::test]
async fn a_value_given_at_the_console_is_taken_at_the_next_start_until_the_file_changes() {
    if is_server() {
        println!("SKIPPED: the season of this test lies in a file");
        return;
    }
    let dir = TempDir::new().unwrap();
    let config = season(&dir);
    let app = start(&config).await;
    let security = finance("sec", Role::SecurityAdmin);
    let token = SecretName::CallbackToken;
    for bad in ["", "no", "with blanks in it", &"x".repeat(33)] {
        let refused = give(&app, token, bad, &security).await;
        assert!(
            matches!(refused, Err(Error::Refused(Refused::SecretForm(_)))),
            "{bad}: {refused:?}"
        );
    }
    assert_eq!(
        give(&app, token, " fresher\n", &security).await.unwrap(),
        None
    );
    // This process goes on with what it has, and says so.
    let board = secrets::board(&app).await.unwrap();
    let of = |board: &secrets::Board| {
        let mut slots = board.slots.iter();
        slots.find(|slot| slot.slot.name == token).unwrap().clone()
    };
    assert!(of(&board).wants_restart());
    assert!(takes(&app, "token") && !takes(&app, "fresher"));
    drop(app);
    let app = start(&config).await;
    assert!(takes(&app, "fresher") && !takes(&app, "token"));
    assert!(slot(&app, token).is_given);
    assert!(!of(&secrets::board(&app).await.unwrap()).wants_restart());
    // Given again, the first value is forgotten.
    assert_eq!(
        give(&app, token, "freshest", &security).await.unwrap(),
        None
    );
    drop(app);
    let app = start(&config).await;
    assert!(takes(&app, "freshest"));
    drop(app);
    // The operator's hand came later, so the file counts.
    fs::write(dir.path().join("callback-token"), "byhand").unwrap();
    let app = start(&config).await;
    assert!(takes(&app, "byhand"));
    let now = of(&secrets::board(&app).await.unwrap());
    assert!(!now.slot.is_given && !now.kept.clone().unwrap().counts && !now.wants_restart());
}

#[tokio::test]
async fn a_payments_secret_is_taken_once_two_persons_agree() {
    if is_server() {
        println!("SKIPPED: the season of this test lies in a file");
        return;
    }
    let dir = TempDir::new().unwrap();
    let config = season(&dir);
    let app = start(&config).await;
    let (maker, checker) = (
        finance("sec", Role::SecurityAdmin),
        finance("chief", Role::ProvinceAdmin),
    );
    let name = SecretName::RedPacketKey;
    let value = "fedcba9876543210fedcba9876543210";
    let first = slot(&app, name).in_use;
    // Nothing that the configuration has no place for.
    let v3 = give(&app, SecretName::ApiV3Key, value, &maker).await;
    assert!(
        matches!(v3, Err(Error::Refused(Refused::NotFound))),
        "{v3:?}"
    );
    let number = give(&app, name, value, &maker).await.unwrap().unwrap();
    let again = give(&app, name, value, &maker).await;
    assert!(matches!(
        again,
        Err(Error::Refused(Refused::AlreadyProposed))
    ));
    drop(app);
    let app = start(&config).await;
    assert_eq!(slot(&app, name).in_use, first, "nobody has agreed yet");
    let waiting = secrets::board(&app).await.unwrap().waiting.remove(0);
    assert_eq!((waiting.proposal, waiting.name), (number, name));
    let word = (number, waiting.digest.as_str(), "seen");
    let own = secrets::decide(&app, word, Verdict::Approve, &maker).await;
    assert!(matches!(own, Err(Error::Refused(Refused::SamePerson))));
    secrets::decide(&app, word, Verdict::Approve, &checker)
        .await
        .unwrap();
    let twice = secrets::decide(&app, word, Verdict::Reject, &checker).await;
    assert!(matches!(twice, Err(Error::Refused(Refused::NotWaiting))));
    drop(app);
    let app = start(&config).await;
    let slot = slot(&app, name);
    assert!(slot.is_given);
    assert_eq!(slot.in_use, Some(waiting.fingerprint));
    let number = give(&app, name, &value.replace('f', "e"), &maker).await;
    let number = number.unwrap().unwrap();
    let waiting = secrets::board(&app).await.unwrap().waiting.remove(0);
    let word = (number, waiting.digest.as_str(), "a mistake");
    secrets::decide(&app, word, Verdict::Withdraw, &maker)
        .await
        .unwrap();
    assert_eq!(secrets::board(&app).await.unwrap().waiting, []);
}
