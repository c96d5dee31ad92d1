//! The published file of a city: audited from its text alone, and every altered character is noticed.

use proptest::prelude::*;
use reward_core::{
    Assurance, AuditFault, AwardEntry, AwardLog, BeaconSource, BeaconValue, CityFile,
    CityFileFault, ClaimScope, Claimant, DAY_MS, DayOffset, DayProgress, DeckKind, Fen, Next,
    PacketBounds, PacketPlan, ParseSpecError, ReferralPolicy, Release, Residual, RewardRules,
    RewardTerms, SealedPlan, SeasonSeed, SeedCommitment, canonical_spec,
    canonical_spec_with_beacon, next_packet, parse_canonical_spec,
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

fn small_rules() -> RewardRules {
    RewardRules::new(RewardTerms {
        pool: Fen::new(800),
        daily_cap: Fen::new(400),
        days: 2,
        bounds: PacketBounds::new(Fen::new(10), Fen::new(200)).unwrap(),
        top_packet: Fen::new(200),
        packets_per_day: 4,
        release: Release::Immediate,
        claim_scope: ClaimScope::City,
        referral: ReferralPolicy::Off,
        residual: Residual::Unspendable,
    })
    .unwrap()
}

/// A city of two days with four packets each, two of them awarded on each day.
fn small_city() -> CityFile {
    let rules = small_rules();
    let seed = SeasonSeed::from_bytes([7; 32]).city_seed("suzhou");
    let source: BeaconSource = "dice".parse().unwrap();
    let value: BeaconValue = "6".parse().unwrap();
    let effective = seed.mixed_with(&rules, &source, &value);
    let sealed = SealedPlan::new(PacketPlan::draw(&rules, &effective), &effective);
    let plan = sealed.plan();
    let (mut chain, mut log, mut heads, mut receipts) = (
        AwardLog::open(sealed.root()),
        Vec::new(),
        Vec::new(),
        Vec::new(),
    );
    let mut top_awarded = false;
    for day in 1..=2_u8 {
        let deck = plan.deck_for(day, top_awarded);
        let rule = plan.day_rule(day, deck).unwrap();
        let mut progress = DayProgress {
            taken: 0,
            top_taken: false,
        };
        for now in [0, DAY_MS / 2] {
            let offset = DayOffset::from_ms(now).unwrap();
            let Next::Take { sequence } = next_packet(&rule, progress, offset).unwrap() else {
                panic!("all packets are released");
            };
            let entry = AwardEntry {
                number: chain.entries(),
                decided_ms: i64::from(day - 1) * i64::from(DAY_MS) + i64::from(now) - 28_800_000,
                day,
                deck,
                sequence,
                amount: plan.deck(day, deck).unwrap().amount(sequence).unwrap(),
                claimant: Claimant::from_bytes([day; 16]),
            };
            chain.append(&entry).unwrap();
            log.push(entry.to_string());
            let receipt = sealed.receipt(day, deck, sequence).unwrap();
            receipts.push(receipt.to_string());
            progress.taken += 1;
            progress.top_taken |= rule.top_sequence == Some(sequence);
        }
        top_awarded |= deck == DeckKind::Top && progress.top_taken;
        heads.push(chain.daily_head(day).to_string());
    }
    CityFile {
        city: "suzhou".to_owned(),
        spec: canonical_spec_with_beacon(&rules, &source),
        commitment: SeedCommitment::with_beacon(&seed, &rules, &source).to_string(),
        beacon_value: Some(value.as_str().to_owned()),
        root: sealed.root().to_string(),
        opens_ms: -28_800_000,
        heads,
        receipts,
        log,
        seed: seed
            .reveal()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect(),
    }
}

/// Every text of the file that is checked.
fn texts(city: &mut CityFile) -> Vec<&mut String> {
    let single = [
        &mut city.spec,
        &mut city.commitment,
        &mut city.root,
        &mut city.seed,
    ];
    let lines = [&mut city.heads, &mut city.receipts, &mut city.log];
    single
        .into_iter()
        .chain(&mut city.beacon_value)
        .chain(lines.into_iter().flatten())
        .collect()
}

/// Specification, commitment, root, seed, public value, every receipt, every entry of the log and every head, bit by bit.
#[test]
fn every_flipped_bit_of_a_whole_city_is_noticed() {
    let city = small_city();
    assert_eq!(city.audit().unwrap().awards, 4);
    let mut flipped = 0_u32;
    for text in 0..texts(&mut city.clone()).len() {
        for bit in 0..texts(&mut city.clone())[text].len() * 8 {
            let mut changed = city.clone();
            let mut texts = texts(&mut changed);
            let mut bytes = texts[text].clone().into_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            // What is no text any more cannot be read as one.
            if let Ok(damaged) = String::from_utf8(bytes) {
                texts[text].clone_from(&damaged);
                assert!(changed.audit().is_err(), "{damaged}");
            }
            flipped += 1;
        }
    }
    assert!(flipped > 10_000);
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
