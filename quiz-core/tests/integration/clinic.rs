//! Each finding about questions and sets of questions: the smallest input that raises it, and a near one that does not.

use chrono::NaiveDate;
use quiz_core::{
    BankSize, Finding, FindingCode,
    FindingCode::*,
    Position, Question, QuestionDraft,
    lint::{Candidates, OLD_LAW_DAYS, examine, key_stands_at, longest_option_is_key},
};

use crate::sample::{draft, placed, question};

fn found(province: Vec<Question>, city: Vec<Question>, on: Option<NaiveDate>) -> Vec<Finding> {
    let size = BankSize {
        province: province.len().try_into().unwrap(),
        city: city.len().try_into().unwrap(),
    };
    let (province, city) = (placed(province), placed(city));
    examine(&Candidates {
        province: &province,
        city: &city,
        size,
        on,
    })
}

fn raises(code: FindingCode, questions: Vec<Question>) -> bool {
    found(questions, Vec::new(), None)
        .iter()
        .any(|f| f.code == code)
}

/// A stem and its options; the key is A.
type Asked = (&'static str, &'static [&'static str]);

/// Code, the question that raises it, and a near one that does not.
const QUESTIONS: &[(FindingCode, Asked, Asked)] = &[
    (
        TwoOptions,
        ("问", &["甲", "乙"]),
        ("问", &["甲", "乙", "丙"]),
    ),
    (
        ThreeOptions,
        ("问", &["甲", "乙", "丙"]),
        ("问", &["甲", "乙", "丙", "丁"]),
    ),
    (
        LettersInOption,
        ("问", &["甲", "乙", "丙", "A和B"]),
        ("问", &["甲", "乙", "丙", "A级"]),
    ),
    (
        AllOfTheAboveNotLast,
        ("问", &["以上都对", "甲"]),
        ("问", &["甲", "以上都对"]),
    ),
    (OptionIsLetter, ("问", &["甲", "Ａ"]), ("问", &["甲", "AA"])),
    (
        NearlySameOptions,
        ("问", &["10日", "10日。"]),
        ("问", &["10.日", "10日"]),
    ),
    (
        NearlySameOptions,
        ("问", &["CA", "СА"]),
        ("问", &["CA", "CB"]),
    ),
    (
        LookAlikeCharacters,
        ("\u{2F42}件", &["甲", "乙"]),
        ("文件", &["甲", "乙"]),
    ),
    (
        LookAlikeCharacters,
        ("问", &["\u{2ED3}", "乙"]),
        ("问", &["长", "乙"]),
    ),
    (
        FullWidthCharacters,
        ("问", &["１", "乙"]),
        ("问（）", &["1", "乙"]),
    ),
    (
        KeyInStem,
        ("共（A）位", &["16", "18"]),
        ("共（ ）位", &["16", "18"]),
    ),
    (
        KeyInStem,
        ("信用代码共18位（√）", &["对", "错"]),
        ("信用代码共18位（√）", &["甲", "乙"]),
    ),
    (
        OtherKeyInStem,
        ("共（ B ）位", &["16", "18"]),
        ("共（ A ）位", &["16", "18"]),
    ),
    (
        KeyWordsInStem,
        ("社会信用体系的核心是", &["社会信用", "资金"]),
        ("社会信用体系的核心是", &["社会信用", "社会信用体系"]),
    ),
];

#[test]
fn each_finding_about_one_question_is_raised_by_its_trigger_only() {
    for (code, trigger, near) in QUESTIONS.iter().copied() {
        let has = |(stem, choices)| raises(code, vec![question(stem, choices, Position::A)]);
        assert!(has(trigger), "{code:?} by {trigger:?}");
        assert!(!has(near), "{code:?} by {near:?}");
    }
}

#[test]
fn what_is_missing_is_found_and_what_is_there_is_not() {
    let bare = draft("问", &["甲", "乙"], Position::A);
    let full = QuestionDraft {
        explanation: Some("因".to_owned()),
        source: Some("《条例》".to_owned()),
        law_as_of: NaiveDate::from_ymd_opt(2020, 4, 22),
        ..bare.clone()
    };
    let [bare, full] = [bare, full].map(|draft| vec![Question::new(draft).unwrap()]);
    for code in [MissingExplanation, MissingSource, MissingLawAsOf] {
        assert!(raises(code, bare.clone()), "{code:?}");
        assert!(!raises(code, full.clone()), "{code:?}");
    }
}

#[test]
fn the_day_of_the_law_is_neither_old_nor_after_the_day_of_use() {
    let use_day = NaiveDate::from_ymd_opt(2020, 4, 22).unwrap();
    let codes = |age: i64, on| {
        let law_as_of = Some(use_day - chrono::Duration::days(age));
        let question = Question::new(QuestionDraft {
            law_as_of,
            ..draft("问", &["甲", "乙"], Position::A)
        });
        found(vec![question.unwrap()], Vec::new(), on)
            .iter()
            .map(|f| f.code)
            .filter(|code| [OldLawAsOf, LawAsOfAfterUse].contains(code))
            .collect::<Vec<_>>()
    };
    assert_eq!(codes(OLD_LAW_DAYS + 1, Some(use_day)), [OldLawAsOf]);
    assert_eq!(codes(OLD_LAW_DAYS, Some(use_day)), []);
    assert_eq!(codes(0, Some(use_day)), []);
    assert_eq!(codes(-1, Some(use_day)), [LawAsOfAfterUse]);
    assert_eq!(codes(OLD_LAW_DAYS + 1, None), []);
}

/// In a set of 11,917 published questions 12 of 13 letters in a bracket were no leak but names of things.
#[test]
fn letters_that_name_things_are_no_leak() {
    let options = ["1/2", "1/4", "1/8", "3/4"];
    for stem in [
        "已知事件（A）的概率为0.5，则其对立事件的概率是",
        "集合（A）有2个元素，其子集的个数为",
        "某植物高茎基因（A）对矮茎基因（a）为显性，杂合体自交后代中高茎占",
        "基因型（AA）与（aa）杂交，子二代中纯合体占",
        "直线（A）与直线（B）相交，所成的角为",
        "若矩阵（A）可逆，则其行列式为",
        "血型（A）与血型（B）的父母，其子女为O型的可能是",
        "在三角形中，角（A）的正弦值为",
        "维生素（A）缺乏时，暗适应时间延长的倍数是",
        "企业（A）被列入失信名单，其股东B承担的份额是",
        "如图（A）所示，阴影部分的面积为",
        "方案（A）的收益率比基准高出",
    ] {
        let codes: Vec<_> = found(
            vec![question(stem, &options, Position::A)],
            Vec::new(),
            None,
        )
        .iter()
        .map(|f| f.code)
        .filter(|code| [KeyInStem, OtherKeyInStem].contains(code))
        .collect();
        assert_eq!(codes, [], "{stem}");
    }
    let leak = question(
        "失信信息的公示期最短为（A）。",
        &["三个月", "一年"],
        Position::A,
    );
    assert!(raises(KeyInStem, vec![leak]));
}

#[test]
fn nearly_the_same_questions_are_told_with_their_similarity() {
    let first = || {
        question(
            "失信信息的公示期最长为（ ）。",
            &["三年", "五年"],
            Position::A,
        )
    };
    let near = || question("失信信息公示期最长为（ ）", &["三年", "五年"], Position::A);
    let other = || question("信用修复的条件是（ ）。", &["三年", "五年"], Position::A);
    let in_half = found(vec![first(), near()], Vec::new(), None);
    let finding = in_half
        .iter()
        .find(|f| f.code == NearDuplicateInHalf)
        .unwrap();
    assert_eq!(finding.similarity_percent, Some(76));
    assert_eq!(finding.related.as_ref().map(|place| place.row), Some(1));
    assert!(finding.to_string().ends_with("76 % alike"));
    assert!(finding.message_zh().contains("相似度76%"));
    let across = |city| {
        found(vec![first()], vec![city], None)
            .iter()
            .any(|f| f.code == NearDuplicateAcrossHalves)
    };
    assert!(across(near()));
    assert!(!across(other()));
    assert!(
        !across(first()),
        "the same question is a duplicate, not a near one"
    );
    assert!(!raises(NearDuplicateInHalf, vec![first(), other()]));
}

#[test]
fn a_contradiction_is_found_behind_an_unlike_question_with_the_same_stem() {
    let asked = |choices: &[&str], key| question("下列正确的是（ ）", choices, key);
    let questions = vec![
        asked(&["甲", "乙"], Position::A),
        asked(&["丙", "丁"], Position::A),
        asked(&["丁", "丙"], Position::A),
    ];
    let findings = found(questions, Vec::new(), None);
    let finding = findings
        .iter()
        .find(|f| f.code == ContradictoryKeys)
        .unwrap();
    assert_eq!(
        (finding.place.row, finding.related.as_ref().unwrap().row),
        (3, 2)
    );
}

/// Four of four at one chance in four: 1/256 is below one in a hundred, three of three is 1/64.
#[test]
fn a_longest_option_that_is_always_the_key_is_found_from_four_questions() {
    let longest = |n: usize, key| {
        (0..n)
            .map(|i| question(&format!("问{i}"), &["甲甲", "乙", "丙", "丁"], key))
            .collect::<Vec<_>>()
    };
    assert!(raises(LongestOptionIsKey, longest(4, Position::A)));
    assert!(!raises(LongestOptionIsKey, longest(3, Position::A)));
    assert!(!raises(LongestOptionIsKey, longest(4, Position::B)));
    let found = longest_option_is_key(longest(4, Position::A).iter());
    assert_eq!(
        (found.n_items, found.n_keys, found.chance_millionths),
        (4, 4, 3906)
    );
    let tie = question("问", &["甲甲", "乙乙"], Position::A);
    assert_eq!(longest_option_is_key([tie].iter()).n_items, 0);
}

/// Five of five at one place, four places looked at: 4/1024 is below one in a hundred, 4/256 is not.
#[test]
fn a_key_that_always_stands_at_one_place_is_found_from_five_questions() {
    let at = |n: usize, key: fn(usize) -> usize| {
        (0..n)
            .map(|i| {
                let key = Position::from_index(key(i)).unwrap();
                question(&format!("问{i}"), &["甲", "乙", "丙", "丁"], key)
            })
            .collect::<Vec<_>>()
    };
    assert!(raises(KeyPlacesUneven, at(5, |_| 2)));
    assert!(!raises(KeyPlacesUneven, at(4, |_| 2)));
    assert!(!raises(KeyPlacesUneven, at(8, |i| i % 4)));
    let found = key_stands_at(at(5, |_| 2).iter(), Position::C);
    assert_eq!(
        (found.n_items, found.n_keys, found.chance_millionths),
        (5, 5, 977)
    );
}

/// Against the sum over all outcomes of items with two, three and four options.
#[test]
fn the_chance_of_a_pattern_is_the_sum_over_all_outcomes() {
    let n_options = [2, 3, 4, 4, 3, 2, 6, 5];
    let texts = ["甲甲", "乙", "丙", "丁", "戊", "己"];
    for n_hits in 0..=n_options.len() {
        let questions: Vec<Question> = n_options
            .iter()
            .enumerate()
            .map(|(i, n)| {
                let key = if i < n_hits { Position::A } else { Position::B };
                question(&format!("问{i}"), &texts[..*n], key)
            })
            .collect();
        let mut tail = 0.0;
        for outcome in 0..1_u32 << n_options.len() {
            let hit = |i: usize| outcome >> i & 1 == 1;
            if usize::try_from(outcome.count_ones()).unwrap() >= n_hits {
                tail += n_options
                    .iter()
                    .enumerate()
                    .map(|(i, n)| {
                        let p = 1.0 / f64::from(u32::try_from(*n).unwrap());
                        if hit(i) { p } else { 1.0 - p }
                    })
                    .product::<f64>();
            }
        }
        let found = longest_option_is_key(questions.iter());
        assert_eq!(found.n_keys, n_hits);
        assert!((f64::from(found.chance_millionths) - tail * 1e6).abs() <= 0.5 + 1e-6);
    }
}

#[test]
fn twelve_thousand_questions_have_an_exact_chance_too() {
    let questions: Vec<Question> = (0..12_000_usize)
        .map(|i| {
            let key = Position::from_index(i % 4).unwrap();
            question(&format!("问{i}"), &["甲甲", "乙", "丙", "丁"], key)
        })
        .collect();
    let found = longest_option_is_key(questions.iter());
    // 3000 of 12000 at 1/4: one half and half the weight of the mean, 1/2 + 1/(2 * 47.434 * 2.5066), with the
    // skewness of the binomial in the third digit.
    assert!(
        (503_000..506_500).contains(&found.chance_millionths),
        "{found:?}"
    );
}
