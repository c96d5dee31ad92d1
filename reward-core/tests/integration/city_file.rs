//! The published file of a city: audited from its text alone, and every altered character is noticed.

use proptest::prelude::*;
use reward_core::{
    Assurance, AuditFault, CityFile, CityFileFault, ClaimScope, Fen, PacketBounds, ParseSpecError,
    ReferralPolicy, Residual, RewardRules, RewardTerms, canonical_spec, canonical_spec_with_beacon,
    parse_canonical_spec,
};

use crate::{pacing::releases, proof::CITY};

fn city() -> CityFile {
    let json: serde_json::Value = serde_json::from_str(CITY).unwrap();
    let text = |name: &str| json[name].as_str().unwrap().to_owned();
    let lines = |name: &str| -> Vec<String> {
        let lines = json[name].as_array().unwrap().iter();
        lines
            .map(|line| line.as_str().unwrap().to_owned())
            .collect()
    };
    CityFile {
        city: "nanjing".to_owned(),
        spec: text("spec"),
        commitment: text("commitment"),
        beacon_value: Some(text("beacon_value")),
        root: text("root"),
        opens_ms: json["opens_ms"].as_i64().unwrap(),
        heads: lines("heads"),
        receipts: lines("receipts"),
        log: lines("log"),
        seed: text("seed"),
    }
}

#[test]
fn a_published_file_is_audited_from_its_text() {
    let report = city().audit().unwrap();
    assert_eq!(report.assurance, Assurance::Mixed);
    assert_eq!(report.awards, 280);
    assert!(report.top_packet.is_some());
}

#[cfg(feature = "serde")]
#[test]
fn the_file_is_the_documented_json() {
    let read: CityFile = serde_json::from_str(CITY).unwrap();
    let expected = CityFile {
        city: String::new(),
        ..city()
    };
    assert_eq!(read, expected);
    let again: CityFile = serde_json::from_str(&serde_json::to_string(&read).unwrap()).unwrap();
    assert_eq!(again, read);
}

#[test]
fn a_fault_names_its_field_and_line() {
    let fault = |change: fn(&mut CityFile)| {
        let mut file = city();
        change(&mut file);
        file.audit().unwrap_err().to_string()
    };
    assert_eq!(
        fault(|file| file.spec = file.spec.replace("days 7", "days 07")),
        "spec: the text is not the canonical form of what it says"
    );
    assert!(fault(|file| file.root.truncate(63)).starts_with("root: "));
    assert_eq!(
        fault(|file| file.log[6] = file.log[6].replace(' ', "  ")),
        "log, line 7: the column decided_ms cannot be read"
    );
    assert_eq!(
        fault(|file| file.heads.truncate(6)),
        "40 entries are covered by no published head"
    );
    assert_eq!(
        fault(|file| file.beacon_value = None),
        "a public value was announced or disclosed, but not both"
    );
    assert!(
        fault(|file| file.receipts[1] = file.receipts[0].replace("day ", "day 1"))
            .starts_with("receipt 2: ")
    );
    let mut other = city();
    other.seed.replace_range(..1, "f");
    assert!(matches!(
        other.audit(),
        Err(CityFileFault::Audit(AuditFault::Commitment { .. }))
    ));
}

#[test]
fn a_specification_is_read_line_by_line() {
    let text = canonical_spec(&RewardRules::JIANGSU_2020);
    let names = text.lines().map(|line| line.split(' ').next().unwrap());
    for (number, name) in (1_u32..).zip(names) {
        let damaged: String = (1_u32..)
            .zip(text.lines())
            .map(|(at, line)| {
                if at == number {
                    "x\n".to_owned()
                } else {
                    format!("{line}\n")
                }
            })
            .collect();
        let expected = format!("line {number}: {name} is missing or cannot be read");
        assert_eq!(
            parse_canonical_spec(&damaged).unwrap_err().to_string(),
            expected
        );
    }
    let more = format!("{text}residual unspendable\n");
    assert!(matches!(
        parse_canonical_spec(&more),
        Err(ParseSpecError::Line { line: 13, .. })
    ));
    let impossible = text.replace("pool_fen 1000000", "pool_fen 1");
    assert!(matches!(
        parse_canonical_spec(&impossible),
        Err(ParseSpecError::Rules(_))
    ));
}

proptest! {
    #[test]
    fn what_is_printed_is_read_back(
        packets in 1_u32..5_000,
        days in 1_u8..60,
        mean in 11_u64..5_000,
        release in releases(),
        is_city in any::<bool>(),
        is_referred in any::<bool>(),
        source in proptest::option::of("[!-~][ -~]{0,40}"),
    ) {
        let daily_cap = Fen::new(mean * u64::from(packets) + 10_000);
        let terms = RewardTerms {
            pool: Fen::new(daily_cap.get() * u64::from(days) + 400),
            daily_cap,
            days,
            bounds: PacketBounds::new(Fen::new(10), Fen::new(10_000)).unwrap(),
            top_packet: Fen::new(10_000),
            packets_per_day: packets,
            release,
            claim_scope: if is_city { ClaimScope::City } else { ClaimScope::Season },
            referral: if is_referred { ReferralPolicy::OnePerNewFollower } else { ReferralPolicy::Off },
            residual: Residual::Unspendable,
        };
        let Ok(rules) = RewardRules::new(terms) else {
            return Err(TestCaseError::reject("terms that contradict each other"));
        };
        let source = source.map(|source| source.parse().unwrap());
        let text = source.as_ref().map_or_else(
            || canonical_spec(&rules),
            |source| canonical_spec_with_beacon(&rules, source),
        );
        prop_assert_eq!(parse_canonical_spec(&text), Ok((rules, source)));
    }

    #[test]
    fn every_altered_character_is_noticed(
        field in 0_usize..8,
        place in any::<prop::sample::Index>(),
        line in any::<prop::sample::Index>(),
        bit in 0_u8..7,
    ) {
        let mut file = city();
        let text = match field {
            0 => &mut file.spec,
            1 => &mut file.commitment,
            2 => file.beacon_value.as_mut().unwrap(),
            3 => &mut file.root,
            4 => line.get_mut(&mut file.heads),
            5 => line.get_mut(&mut file.receipts),
            6 => line.get_mut(&mut file.log),
            _ => &mut file.seed,
        };
        let at = place.index(text.len());
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 1 << bit;
        *text = String::from_utf8(bytes).unwrap();
        prop_assert!(file.audit().is_err());
    }
}
