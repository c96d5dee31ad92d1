//! Laws of the keys: what opens where, what survives a rotation, what a destroyed key leaves.

use super::*;
use crate::entropy::SeededEntropy;

fn keys() -> Keys {
    Keys::derive(&[7; 32])
}

fn suites() -> Vec<Suite> {
    <Suite as clap::ValueEnum>::value_variants().to_vec()
}

fn file(ring: RingName, version: u32, suite: Suite) -> KeyFile {
    let path = format!("{ring}-{version}.key");
    let entropy = SeededEntropy::new(u64::from(version));
    KeyFile::generate(path.as_ref(), suite, &entropy).unwrap()
}

/// Keys whose people's ring lists these versions, the sealing one first.
fn with_people(people: &[(u32, Suite)]) -> Keys {
    let people = people.iter();
    let people = people.map(|(version, suite)| Some(file(RingName::People, *version, *suite)));
    Keys::new(
        &SeasonSecret::new(&[7; 32]),
        vec![Some(file(RingName::Contest, 1, Suite::AesSha2))],
        people.collect(),
        Some(file(RingName::Index, 1, Suite::AesSha2)),
    )
    .unwrap()
}

#[test]
fn a_sealed_value_opens_in_its_own_place_only() {
    let entropy = SeededEntropy::new(1);
    let place = Field::Openid.of("1");
    for suite in suites() {
        let keys = with_people(&[(1, suite)]);
        let sealed = keys.seal(&place, b"oABC", &entropy).unwrap();
        assert_eq!(version_of(&sealed), Some(1));
        assert_eq!(keys.open(&place, &sealed).as_deref(), Ok(&b"oABC"[..]));
        for other in [Field::Openid.of("2"), Field::PaymentRequest.of("1")] {
            assert_eq!(keys.open(&other, &sealed), Err(Unsealable));
        }
        assert_eq!(self::keys().open(&place, &sealed), Err(Unsealable));
        for index in 0..sealed.len() {
            let mut bytes = sealed.clone().into_bytes();
            bytes[index] = if bytes[index] == b'A' { b'B' } else { b'A' };
            if let Ok(altered) = String::from_utf8(bytes)
                && altered != sealed
            {
                assert_eq!(keys.open(&place, &altered), Err(Unsealable), "{index}");
            }
        }
    }
}

#[test]
fn every_listed_version_opens_and_the_first_one_seals() {
    let entropy = SeededEntropy::new(2);
    let place = Field::PaymentRequest.of("B");
    for newer in suites() {
        let old = with_people(&[(1, Suite::AesSha2)]);
        let both = with_people(&[(2, newer), (1, Suite::AesSha2)]);
        let new = with_people(&[(2, newer)]);
        let first = old.seal(&place, b"one", &entropy).unwrap();
        let second = both.seal(&place, b"two", &entropy).unwrap();
        assert_eq!(
            (version_of(&first), version_of(&second)),
            (Some(1), Some(2))
        );
        assert_eq!(both.open(&place, &first).as_deref(), Ok(&b"one"[..]));
        assert_eq!(both.open(&place, &second).as_deref(), Ok(&b"two"[..]));
        assert_eq!(new.open(&place, &second).as_deref(), Ok(&b"two"[..]));
        assert_eq!(new.open(&place, &first), Err(Unsealable));
        assert_eq!(old.open(&place, &second), Err(Unsealable));
        // A value does not open under the name of another version.
        let renamed = second.replacen('2', "1", 1);
        assert_eq!(both.open(&place, &renamed), Err(Unsealable));
    }
}

/// An order number that changed would pay twice; a cookie or token that changed would log people out.
#[test]
fn what_the_master_key_gives_does_not_change_when_field_keys_do() {
    let (old, new) = (
        with_people(&[(1, Suite::AesSha2)]),
        with_people(&[(3, Suite::AesSha2), (2, Suite::AesSha2)]),
    );
    assert_eq!(old.content_number(&["a"]), new.content_number(&["a"]));
    assert_eq!(old.attempt_tag(b"a"), new.attempt_tag(b"a"));
    assert_eq!(old.claimant("a", "b"), new.claimant("a", "b"));
    assert_eq!(old.paper_seed(&["a"]), new.paper_seed(&["a"]));
    assert_eq!(old.season_seed(), new.season_seed());
    assert_eq!(old.session_key(), new.session_key());
    assert_eq!(old.openid_index("o"), new.openid_index("o"));
    assert_eq!(old.names()[0], new.names()[0]);
}

#[test]
fn the_index_follows_its_own_key_and_suite() {
    let mut seen = std::collections::BTreeSet::new();
    for suite in suites() {
        let season = SeasonSecret::new(&[7; 32]);
        let index = Some(file(RingName::Index, 1, suite));
        let keys = Keys::new(&season, Vec::new(), Vec::new(), index).unwrap();
        let digest = keys.openid_index("oABC").unwrap();
        assert_eq!(digest.len(), 26);
        assert_eq!(keys.openid_index("oABC").unwrap(), digest);
        assert!(seen.insert(digest));
    }
}

#[test]
fn with_one_key_of_the_people_destroyed_all_of_them_count_as_destroyed() {
    let season = SeasonSecret::new(&[7; 32]);
    let person = || Some(file(RingName::People, 1, Suite::AesSha2));
    let index = || Some(file(RingName::Index, 1, Suite::AesSha2));
    let contest = || vec![Some(file(RingName::Contest, 1, Suite::AesSha2))];
    let entropy = SeededEntropy::new(3);
    let whole = Keys::new(&season, contest(), vec![person()], index()).unwrap();
    let openid = Field::Openid.of("1");
    let seed = Field::PlanSeed.of("nanjing");
    let sealed = whole.seal(&openid, b"oABC", &entropy).unwrap();
    let sealed_seed = whole.seal(&seed, b"seed", &entropy).unwrap();
    for (people, index) in [
        (vec![None], None),
        (vec![person()], None),
        (vec![person(), None], index()),
    ] {
        let keys = Keys::new(&season, contest(), people, index).unwrap();
        assert!(keys.people_are_forgotten());
        assert_eq!(keys.open(&openid, &sealed), Err(Unsealable));
        assert_eq!(keys.seal(&openid, b"oABC", &entropy), Err(Destroyed));
        assert_eq!(keys.openid_index("oABC"), Err(Destroyed));
        assert_eq!(keys.open(&seed, &sealed_seed).as_deref(), Ok(&b"seed"[..]));
        assert_eq!(keys.content_number(&["a"]), whole.content_number(&["a"]));
    }
}

#[test]
fn a_list_takes_its_own_keys_once_each() {
    let season = SeasonSecret::new(&[7; 32]);
    let key = |ring, version| Some(file(ring, version, Suite::AesSha2));
    let index = || key(RingName::Index, 1);
    let people = || vec![key(RingName::People, 1)];
    let mixed = Keys::new(&season, people(), people(), index()).unwrap_err();
    assert!(matches!(mixed, KeyFileError::OtherRing { .. }), "{mixed}");
    let index_too = Keys::new(&season, vec![index()], people(), index()).unwrap_err();
    assert!(matches!(index_too, KeyFileError::OtherRing { .. }));
    let no_index = Keys::new(&season, Vec::new(), people(), key(RingName::People, 2)).unwrap_err();
    assert!(matches!(no_index, KeyFileError::OtherRing { .. }));
    let twice = vec![key(RingName::Contest, 1), key(RingName::Contest, 1)];
    let twice = Keys::new(&season, twice, people(), index()).unwrap_err();
    assert!(matches!(
        twice,
        KeyFileError::TwiceTheSame { version: 1, .. }
    ));
}

#[test]
fn a_key_file_comes_back_under_its_own_master_key_and_name_only() {
    let dir = tempfile::tempdir().unwrap();
    let season = SeasonSecret::new(&[7; 32]);
    let entropy = SeededEntropy::new(4);
    for suite in suites() {
        let path = dir.path().join(suite.name()).join("people-12.key");
        let key = KeyFile::generate(&path, suite, &entropy).unwrap();
        key.write(&path, &season, &entropy).unwrap();
        assert!(key.write(&path, &season, &entropy).is_err());
        let read = KeyFile::read(&path, &season).unwrap().unwrap();
        assert_eq!(
            (
                read.ring(),
                read.version(),
                read.suite(),
                read.fingerprint()
            ),
            (RingName::People, 12, suite, key.fingerprint())
        );
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains(&hex::encode(key.secret().as_slice())));
        let other = SeasonSecret::new(&[8; 32]);
        let foreign = KeyFile::read(&path, &other).unwrap_err();
        assert!(matches!(foreign, KeyFileError::OtherMaster { .. }));
        let renamed = path.with_file_name("people-13.key");
        std::fs::rename(&path, &renamed).unwrap();
        let wrong = KeyFile::read(&renamed, &season).unwrap_err();
        assert!(matches!(wrong, KeyFileError::Malformed { .. }));
        destroy(&renamed).unwrap();
        destroy(&renamed).unwrap();
        assert!(KeyFile::read(&renamed, &season).unwrap().is_none());
    }
    for name in [
        "people.key",
        "people-0.key",
        "people-01.key",
        "persons-1.key",
        "people-1",
    ] {
        let error = KeyFile::generate(name.as_ref(), Suite::AesSha2, &entropy).unwrap_err();
        assert!(matches!(error, KeyFileError::Name { .. }), "{name}");
    }
}

#[cfg(unix)]
#[test]
fn a_key_file_that_others_may_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("contest-1.key");
    let season = SeasonSecret::new(&[7; 32]);
    let entropy = SeededEntropy::new(5);
    let key = KeyFile::generate(&path, Suite::AesSha2, &entropy).unwrap();
    key.write(&path, &season, &entropy).unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&path) & 0o777, 0o400);
    for bits in [0o440, 0o404, 0o660] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(bits)).unwrap();
        let refused = KeyFile::read(&path, &season).unwrap_err();
        assert!(matches!(refused, KeyFileError::OpenToOthers { mode, .. } if mode == bits));
    }
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert!(KeyFile::read(&path, &season).is_ok());
}

#[test]
fn value_stability_content_number() {
    let number = keys().content_number(&["nanjing", "P", "base", "", "1"]);
    assert_eq!(number.len(), 28);
    assert_eq!(
        number,
        keys().content_number(&["nanjing", "P", "base", "", "1"])
    );
    assert_ne!(
        number,
        keys().content_number(&["nanjing", "P", "base", "1", ""])
    );
    assert_ne!(
        number,
        keys().content_number(&["nanjingP", "", "base", "", "1"])
    );
}
