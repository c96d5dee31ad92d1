//! Commitment, root, receipts, log and audit: what fits passes, and every flipped bit is noticed.

use chrono::{DateTime, Utc};
use reward_core::{
    Assurance, AuditFault, AuditReport, AwardEntry, AwardLog, BeaconError, BeaconSource,
    BeaconValue, Claimant, DailyHead, DeckKind, Disclosed, EntryFault, Fen, LogError, LogHead,
    Next, PacketPlan, ParseReceiptError, PlanRoot, PlanSeed, Published, Receipt, ReceiptFault,
    RewardRules, SealedPlan, SeasonSeed, SeedCommitment, audit, canonical_spec,
    canonical_spec_with_beacon,
};

/// The published file of one city, as the example `publish_a_city` prints it.
pub(crate) const CITY: &str = include_str!("../../vectors/city.json");
const RULES: RewardRules = RewardRules::JIANGSU_2020;

/// A played city, read from the published file.
struct City {
    beacon: BeaconSource,
    value: BeaconValue,
    commitment: SeedCommitment,
    root: PlanRoot,
    opens: DateTime<Utc>,
    seed: PlanSeed,
    heads: Vec<DailyHead>,
    log: Vec<AwardEntry>,
    receipts: Vec<String>,
    spec: String,
}

impl City {
    fn read() -> Self {
        let json: serde_json::Value = serde_json::from_str(CITY).unwrap();
        let text = |name: &str| json[name].as_str().unwrap().to_owned();
        let lines = |name: &str| -> Vec<String> {
            let lines = json[name].as_array().unwrap().iter();
            lines
                .map(|line| line.as_str().unwrap().to_owned())
                .collect()
        };
        let beacon = text("spec").lines().last().unwrap()["beacon ".len()..].to_owned();
        Self {
            beacon: beacon.parse().unwrap(),
            value: text("beacon_value").parse().unwrap(),
            commitment: text("commitment").parse().unwrap(),
            root: text("root").parse().unwrap(),
            opens: DateTime::from_timestamp_millis(json["opens_ms"].as_i64().unwrap()).unwrap(),
            seed: PlanSeed::from_bytes(text("seed").parse::<LogHead>().unwrap().to_bytes()),
            heads: lines("heads")
                .iter()
                .map(|line| line.parse().unwrap())
                .collect(),
            log: lines("log")
                .iter()
                .map(|line| line.parse().unwrap())
                .collect(),
            receipts: lines("receipts"),
            spec: text("spec"),
        }
    }

    fn audit(&self) -> Result<AuditReport, AuditFault> {
        audit(
            &Published {
                rules: RULES,
                beacon: Some(self.beacon.clone()),
                commitment: self.commitment,
                root: self.root,
                opens: self.opens,
                heads: &self.heads,
            },
            &Disclosed {
                seed: self.seed.clone(),
                beacon: Some(self.value.clone()),
                log: &self.log,
            },
        )
    }

    fn sealed(&self) -> SealedPlan {
        let effective = self.seed.mixed_with(&RULES, &self.beacon, &self.value);
        SealedPlan::new(PacketPlan::draw(&RULES, &effective), &effective)
    }

    /// The heads that an organiser would publish who wrote this log.
    fn publish_anew(&mut self) {
        let mut log = AwardLog::open(self.root);
        let mut heads = Vec::new();
        for day in 1..=RULES.days() {
            for entry in self.log.iter().filter(|entry| entry.day == day) {
                log.append(entry).unwrap();
            }
            heads.push(log.daily_head(day));
        }
        self.heads = heads;
    }
}

/// Every text that differs from this one in exactly one bit and is still UTF-8.
fn flipped(text: &str) -> impl Iterator<Item = String> {
    (0..text.len() * 8).filter_map(|bit| {
        let mut bytes = text.as_bytes().to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        String::from_utf8(bytes).ok()
    })
}

#[test]
fn value_stability_of_a_published_city() {
    let city = City::read();
    assert_eq!(
        city.seed,
        SeasonSeed::from_bytes([7; 32]).city_seed("nanjing")
    );
    assert_eq!(city.spec, canonical_spec_with_beacon(&RULES, &city.beacon));
    assert_eq!(
        city.root.to_string(),
        "d94d55b7df5e05c1280d4d0c707c9061ea99558ce1fc7c930e24b539d1dc22eb"
    );
    let sealed = city.sealed();
    assert_eq!(sealed.root(), city.root);
    for text in &city.receipts {
        let receipt: Receipt = text.parse().unwrap();
        let again = sealed.receipt(receipt.day(), receipt.deck(), receipt.sequence());
        assert_eq!(again.unwrap().to_string(), *text);
    }
    let report = city.audit().unwrap();
    assert_eq!(report.assurance, Assurance::Mixed);
    assert_eq!(report.awards, 280);
    assert_eq!(report.awarded_by_day.len(), 7);
    let total = Fen::checked_sum(city.log.iter().map(|entry| entry.amount));
    assert_eq!(Fen::checked_sum(report.awarded_by_day), total);
    let top = usize::try_from(report.top_packet.unwrap()).unwrap();
    assert_eq!(city.log[top].amount, Fen::new(10_000));
}

#[test]
fn without_a_beacon_the_audit_promises_less() {
    let seed = PlanSeed::from_bytes([3; 32]);
    let root = SealedPlan::new(PacketPlan::draw(&RULES, &seed), &seed).root();
    let mut published = Published {
        rules: RULES,
        beacon: None,
        commitment: SeedCommitment::new(&seed, &RULES),
        root,
        opens: DateTime::UNIX_EPOCH,
        heads: &[],
    };
    let mut disclosed = Disclosed {
        seed,
        beacon: None,
        log: &[],
    };
    let report = audit(&published, &disclosed).unwrap();
    assert_eq!((report.assurance, report.awards), (Assurance::Committed, 0));
    assert!(Assurance::Committed < Assurance::Mixed);
    disclosed.beacon = Some("407".parse().unwrap());
    assert_eq!(
        audit(&published, &disclosed),
        Err(AuditFault::BeaconMissing)
    );
    disclosed.beacon = None;
    published.beacon = Some("a draw".parse().unwrap());
    assert_eq!(
        audit(&published, &disclosed),
        Err(AuditFault::BeaconMissing)
    );
}

/// The canonical bytes of every form that a line can take.
#[test]
fn value_stability_of_the_canonical_specification() {
    let source: BeaconSource = "drand quicknet round 1".parse().unwrap();
    let golden = include_str!("../../vectors/spec.txt");
    assert_eq!(canonical_spec_with_beacon(&RULES, &source), golden);
    let without = golden.strip_suffix("beacon drand quicknet round 1\n");
    assert_eq!(Some(canonical_spec(&RULES).as_str()), without);
}

#[test]
fn source_and_value_of_a_beacon_are_one_printable_line() {
    let parse = |text: &str| text.parse::<BeaconValue>().map(|value| value.to_string());
    assert_eq!(parse("0 7 ~"), Ok("0 7 ~".to_owned()));
    assert_eq!(parse(""), Err(BeaconError::Length { bytes: 0 }));
    let long = "x".repeat(1_024);
    assert_eq!(parse(&long), Ok(long.clone()));
    let longer = long + "x";
    assert_eq!(parse(&longer), Err(BeaconError::Length { bytes: 1_025 }));
    for found in ['\n', '\u{7f}', '七', '\t'] {
        let text = format!("a{found}");
        assert_eq!(parse(&text), Err(BeaconError::NotPrintable { found }));
    }
}

/// Neither value, source nor rules can be moved into one another.
#[test]
fn the_effective_seed_depends_on_seed_rules_source_and_value() {
    let seed = PlanSeed::from_bytes([1; 32]);
    let mixed = |seed: &PlanSeed, rules: &RewardRules, source: &str, value: &str| {
        seed.mixed_with(rules, &source.parse().unwrap(), &value.parse().unwrap())
    };
    let mut terms = RULES.terms();
    terms.days = 6;
    let other_rules = RewardRules::new(terms).unwrap();
    let other_seed = PlanSeed::from_bytes([2; 32]);
    let all = [
        mixed(&seed, &RULES, "a", "bc"),
        mixed(&seed, &RULES, "ab", "c"),
        mixed(&seed, &RULES, "a", "bd"),
        mixed(&seed, &other_rules, "a", "bc"),
        mixed(&other_seed, &RULES, "a", "bc"),
        seed.clone(),
    ];
    for (i, left) in all.iter().enumerate() {
        assert!(all.iter().skip(i + 1).all(|right| left != right), "{i}");
    }
}

#[test]
fn every_packet_of_every_deck_has_a_receipt_that_verifies() {
    let sealed = City::read().sealed();
    let root = sealed.root();
    let mut receipts = 0;
    for packet in sealed.plan().packets() {
        let receipt = sealed
            .receipt(packet.day, packet.deck, packet.sequence)
            .unwrap();
        assert_eq!(receipt.amount(), packet.amount);
        assert_eq!(receipt.verify(&RULES, &root), Ok(()));
        receipts += 1;
    }
    assert_eq!(receipts, 14_000);
    assert_eq!(sealed.receipt(0, DeckKind::Plain, 0), None);
    assert_eq!(sealed.receipt(8, DeckKind::Plain, 0), None);
    assert_eq!(sealed.receipt(7, DeckKind::Top, 1_000), None);
}

#[test]
fn every_flipped_bit_of_a_receipt_is_noticed() {
    let city = City::read();
    let text = &city.receipts[2];
    let verify = |text: &str, root: &PlanRoot| {
        let receipt: Receipt = text.parse().map_err(|_| ())?;
        receipt.verify(&RULES, root).map_err(|_| ())
    };
    assert_eq!(verify(text, &city.root), Ok(()));
    for changed in flipped(text) {
        assert_eq!(verify(&changed, &city.root), Err(()), "{changed:?}");
    }
    for bit in 0..256 {
        let mut bytes = city.root.to_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(verify(text, &PlanRoot::from_bytes(bytes)), Err(()));
    }
}

#[test]
fn a_receipt_under_other_rules_or_another_root_proves_nothing() {
    let city = City::read();
    let receipt: Receipt = city.receipts[0].parse().unwrap();
    let mut terms = RULES.terms();
    terms.packets_per_day = 100;
    let fewer = RewardRules::new(terms).unwrap();
    let (day, sequence) = (receipt.day(), receipt.sequence());
    let verdict = receipt.verify(&fewer, &city.root);
    assert!(
        matches!(
            verdict,
            Err(ReceiptFault::PathLength { .. } | ReceiptFault::OtherRoot { .. })
        ),
        "{verdict:?} for {sequence}"
    );
    terms = RULES.terms();
    terms.days = 6;
    let shorter = RewardRules::new(terms).unwrap();
    assert_eq!(day, 7);
    assert_eq!(
        receipt.verify(&shorter, &city.root),
        Err(ReceiptFault::NoSuchPacket { day, sequence })
    );
}

#[test]
fn a_receipt_is_read_in_its_canonical_form_only() {
    let text = City::read().receipts[0].clone();
    let parse = |text: &str| text.parse::<Receipt>().map(|receipt| receipt.to_string());
    assert_eq!(parse(&text), Ok(text.clone()));
    let canonical = Err(ParseReceiptError::NotCanonical);
    assert_eq!(parse(&text.replace("day 7", "day +7")), canonical);
    assert_eq!(parse(&text.replace("day 7", "day 07")), canonical);
    assert_eq!(parse(&format!("{text}\n")), canonical);
    assert_eq!(parse(text.trim_end()), canonical);
    assert_eq!(parse(&text.replace('\n', "\r\n")), canonical);
    assert_eq!(parse(""), Err(ParseReceiptError::Version));
    let line = |name| Err(ParseReceiptError::Line { name });
    assert_eq!(parse("reward-receipt 1\ndeck top\n"), line("day"));
    let value = |name| Err(ParseReceiptError::Value { name });
    assert_eq!(parse(&text.replace("day 7", "day 256")), value("day"));
    assert_eq!(parse(&text.replace("deck ", "deck x")), value("deck"));
    assert_eq!(parse(&text.replace("salt ", "salt 0")), value("salt"));
    assert_eq!(parse(&text.replace("path ", "path 0")), value("path"));
    let endless = text.replace("path ", &format!("path {}", "0".repeat(64 * 32)));
    assert_eq!(parse(&endless), value("path"));
}

/// First, middle and last entry stand for all: each goes through the same chain.
#[test]
fn every_flipped_bit_of_the_log_is_noticed() {
    let city = City::read();
    for at in [0, 140, 279] {
        for changed in flipped(&city.log[at].to_string()) {
            let Ok(entry) = changed.parse::<AwardEntry>() else {
                continue;
            };
            let mut log = city.log.clone();
            log[at] = entry;
            assert_ne!(
                head_of(&city.root, &log),
                Some(city.heads[6].head),
                "{changed}"
            );
        }
    }
    for at in 0..city.heads.len() {
        for changed in flipped(&city.heads[at].to_string()) {
            if let Ok(head) = changed.parse::<DailyHead>() {
                assert_ne!(head, city.heads[at], "{changed}");
            }
        }
    }
}

/// The head after all entries, or `None` if they are no log.
fn head_of(root: &PlanRoot, entries: &[AwardEntry]) -> Option<LogHead> {
    let mut log = AwardLog::open(*root);
    for entry in entries {
        log.append(entry).ok()?;
    }
    Some(log.head())
}

#[test]
fn every_flipped_bit_of_the_reveal_is_noticed() {
    let city = City::read();
    let verify = |seed: &PlanSeed, source: &BeaconSource| {
        SeedCommitment::with_beacon(seed, &RULES, source) == city.commitment
    };
    assert!(verify(&city.seed, &city.beacon));
    for bit in 0..256 {
        let mut bytes = city.seed.reveal();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(!verify(&PlanSeed::from_bytes(bytes), &city.beacon));
        let mut bytes = city.commitment.to_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert_ne!(SeedCommitment::from_bytes(bytes), city.commitment);
    }
    for changed in flipped(city.beacon.as_str()) {
        if let Ok(source) = changed.parse() {
            assert!(!verify(&city.seed, &source), "{changed}");
        }
    }
    for changed in flipped(city.value.as_str()) {
        let Ok(value) = changed.parse() else { continue };
        let mut city = City::read();
        city.value = value;
        assert!(
            matches!(city.audit(), Err(AuditFault::Root { .. })),
            "{changed}"
        );
    }
}

type Damage = fn(&mut City);
type Expect = fn(&AuditFault) -> bool;

/// What somebody does to the published file, and the fault that must be named.
const TAMPERINGS: [(&str, Damage, Expect); 9] = [
    (
        "an entry left out",
        |city| {
            city.log.remove(5);
        },
        |fault| {
            matches!(
                fault,
                AuditFault::Log(LogError::Number {
                    expected: 5,
                    found: 6
                })
            )
        },
    ),
    (
        "an entry decided before its predecessor",
        |city| city.log[5].decided_ms = city.log[4].decided_ms - 1,
        |fault| matches!(fault, AuditFault::Log(LogError::BackInTime { number: 5 })),
    ),
    (
        "another claimant",
        |city| city.log[5].claimant = Claimant::from_bytes([9; 16]),
        |fault| matches!(fault, AuditFault::Head { day: 1, .. }),
    ),
    (
        "a head of another day",
        |city| city.heads.swap(1, 2),
        |fault| {
            matches!(
                fault,
                AuditFault::Head { day: 3, .. } | AuditFault::HeadOrder { .. }
            )
        },
    ),
    (
        "the last head never published",
        |city| {
            city.heads.pop();
        },
        |fault| matches!(fault, AuditFault::Uncovered { entries: 40 }),
    ),
    (
        "a packet out of turn, and heads to match",
        |city| {
            let amount = city
                .sealed()
                .plan()
                .deck(1, DeckKind::Plain)
                .unwrap()
                .amount(90);
            (city.log[5].sequence, city.log[5].amount) = (90, amount.unwrap());
            city.publish_anew();
        },
        |fault| {
            let expected = Next::Take { sequence: 5 };
            *fault
                == (AuditFault::Entry {
                    number: 5,
                    fault: EntryFault::Packet { expected },
                })
        },
    ),
    (
        "one fen more, and heads to match",
        |city| {
            city.log[7].amount = city.log[7].amount.checked_add(Fen::new(1)).unwrap();
            city.publish_anew();
        },
        |fault| {
            matches!(
                fault,
                AuditFault::Entry {
                    number: 7,
                    fault: EntryFault::Amount { .. }
                }
            )
        },
    ),
    (
        "an award before the city opened, and heads to match",
        |city| {
            city.log[0].decided_ms -= 1;
            city.publish_anew();
        },
        |fault| {
            matches!(
                fault,
                AuditFault::Entry {
                    number: 0,
                    fault: EntryFault::Day
                }
            )
        },
    ),
    (
        "the other deck, and heads to match",
        |city| {
            city.log[0].deck = DeckKind::Top;
            city.publish_anew();
        },
        |fault| {
            let expected = DeckKind::Plain;
            *fault
                == (AuditFault::Entry {
                    number: 0,
                    fault: EntryFault::Deck { expected },
                })
        },
    ),
];

#[test]
fn the_audit_names_what_was_tampered_with() {
    for (what, damage, expect) in TAMPERINGS {
        let mut city = City::read();
        damage(&mut city);
        let fault = city.audit().expect_err(what);
        assert!(expect(&fault), "{what}: {fault:?}");
    }
}

#[test]
fn a_log_takes_only_what_follows() {
    let city = City::read();
    let mut log = AwardLog::open(city.root);
    let (first, second) = (city.log[0], city.log[1]);
    log.append(&first).unwrap();
    let untouched = log.clone();
    assert_eq!(
        log.append(&first),
        Err(LogError::Number {
            expected: 1,
            found: 0
        })
    );
    let earlier_day = AwardEntry { day: 0, ..second };
    assert_eq!(
        log.append(&earlier_day),
        Err(LogError::BackADay { number: 1 })
    );
    assert_eq!(log, untouched, "a refused entry changes nothing");
    assert_eq!(log.append(&second), Ok(log.head()));
    assert_eq!(log.entries(), 2);
}

#[test]
fn logs_of_two_cities_never_share_a_head() {
    let city = City::read();
    let other = PlanRoot::from_bytes([0; 32]);
    assert_ne!(
        head_of(&city.root, &city.log[..1]),
        head_of(&other, &city.log[..1])
    );
    assert_ne!(LogHead::opening(&city.root), LogHead::opening(&other));
}

#[test]
fn debug_of_a_sealed_plan_reveals_no_amount() {
    let shown = format!("{:?}", City::read().sealed());
    assert!(shown.contains("root: PlanRoot(d94d"), "{shown}");
    assert!(!shown.contains("Fen(88)") && shown.len() < 3_000, "{shown}");
}
