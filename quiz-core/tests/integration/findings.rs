//! Each finding: the smallest input that raises it, and a near one that does not.

use quiz_core::{
    BankSize, DrawRule, FindingCode,
    FindingCode::*,
    PassMark, Position, Question, QuestionDraft,
    import::MOST_FINDINGS,
    lint::{Candidates, GuessFloor, MOST_TWO_OPTION_QUESTIONS, examine},
};

use crate::sample::{bank_of, codes, draft, numbered, placed, question, read_table, read_text};

const HEADER: [&str; 6] = ["题目", "选项A", "选项B", "选项C", "答案", "题型"];

fn table_has(code: FindingCode, row: [&str; 6]) -> bool {
    codes(&read_table(&[&HEADER, &row])).contains(&code)
}

/// Code, a row that raises it, and a near row that does not.
const ROWS: &[(FindingCode, [&str; 6], [&str; 6])] = &[
    (
        UnsupportedType,
        ["问", "甲", "乙", "", "A", "判断题"],
        ["问", "甲", "乙", "", "A", "选择题"],
    ),
    (
        TypeNotUnderstood,
        ["问", "甲", "乙", "", "A", "7"],
        ["问", "甲", "乙", "", "A", ""],
    ),
    (
        MissingStem,
        [" ", "甲", "乙", "", "A", ""],
        ["问", "甲", "乙", "", "A", ""],
    ),
    (
        MissingOptions,
        ["问", "甲", "", "", "A", ""],
        ["问", "甲", "乙", "", "A", ""],
    ),
    (
        EmptyOption,
        ["问", "甲", "", "丙", "A", ""],
        ["问", "甲", "乙", "", "A", ""],
    ),
    (
        SameOptions,
        ["问", "1", "１", "", "A", ""],
        ["问", "AA", "aa", "", "A", ""],
    ),
    (
        MissingKey,
        ["问", "甲", "乙", "", "", ""],
        ["问（A）", "甲", "乙", "", "", ""],
    ),
    (
        SeveralKeys,
        ["问", "甲", "乙", "", "A,B", ""],
        ["问", "甲", "乙", "A,B,C", "A", ""],
    ),
    (
        KeyOutsideOptions,
        ["问", "甲", "乙", "", "C", ""],
        ["问", "甲", "乙", "丙", "C", ""],
    ),
    (
        KeyNotUnderstood,
        ["问", "甲", "乙", "", "见附件", ""],
        ["问", "甲", "乙", "", "乙", ""],
    ),
    (
        AmbiguousKey,
        ["问", "2", "1", "3", "1", ""],
        ["问", "1", "2", "3", "1", ""],
    ),
    (
        KeyAlsoOptionText,
        ["问", "AA", "A", "", "A", ""],
        ["问", "AA", "B", "", "B", ""],
    ),
    (
        KeyReadFromNumber,
        ["问", "甲", "乙", "", "2", ""],
        ["问", "甲", "乙", "", "B", ""],
    ),
    (
        KeyReadFromMark,
        ["问", "对", "错", "", "√", ""],
        ["问", "对", "错", "", "A", ""],
    ),
    (
        KeyReadFromText,
        ["问", "甲", "乙", "", "乙", ""],
        ["问", "甲", "乙", "", "B", ""],
    ),
    (
        KeyReadFromBracket,
        ["问（B）", "甲", "乙", "", "", ""],
        ["问（B）", "甲", "乙", "", "B", ""],
    ),
    (
        KeyReadFromOption,
        ["问", "甲(正确答案)", "乙", "", "", ""],
        ["问", "甲(正确)", "乙", "", "A", ""],
    ),
    (
        ConflictingKeys,
        ["问", "甲(正确答案)", "乙", "", "B", ""],
        ["问", "甲(正确答案)", "乙", "", "A", ""],
    ),
    (
        LabelRemoved,
        ["问", "A.甲", "B.乙", "", "A", ""],
        ["问", "A.甲", "乙", "", "A", ""],
    ),
    (
        TypeTagRemoved,
        ["问[单选题]", "甲", "乙", "", "A", ""],
        ["问[难题是什么]", "甲", "乙", "", "A", ""],
    ),
];

#[test]
fn each_finding_about_a_row_is_raised_by_its_trigger_only() {
    for (code, trigger, near) in ROWS.iter().copied() {
        assert!(table_has(code, trigger), "{code:?} by {trigger:?}");
        assert!(!table_has(code, near), "{code:?} by {near:?}");
    }
}

#[test]
fn each_finding_about_columns_is_raised_by_its_trigger_only() {
    let has =
        |code, header: &[&str], row: &[&str]| codes(&read_table(&[header, row])).contains(&code);
    let plain = (
        &["题目", "选项A", "选项B", "答案"][..],
        &["问", "甲", "乙", "A"][..],
    );
    let dated = ["题目", "选项A", "选项B", "答案", "时点"];
    let many = ["题目", "A", "B", "C", "D", "E", "F", "选项G", "答案"];
    for (code, header, row) in [
        (NoHeader, &["甲", "乙"][..], &["问", "甲"][..]),
        (
            UnknownColumn,
            &["题目", "选项A", "选项B", "答案", "审核人"],
            &["问", "甲", "乙", "A", "某"],
        ),
        (
            RepeatedColumn,
            &["题目", "选项A", "选项B", "答案", "正确答案"],
            &["问", "甲", "乙", "A", "A"],
        ),
        (
            DateNotUnderstood,
            &dated,
            &["问", "甲", "乙", "A", "2020年"],
        ),
        (
            TooManyOptions,
            &many,
            &["问", "1", "2", "3", "4", "5", "6", "7", "A"],
        ),
    ] {
        assert!(has(code, header, row), "{code:?}");
        assert!(!has(code, plain.0, plain.1), "{code:?}");
    }
    assert!(!has(
        DateNotUnderstood,
        &dated,
        &["问", "甲", "乙", "A", "2020年4月22日"]
    ));
    assert!(!has(
        TooManyOptions,
        &many,
        &["问", "1", "2", "3", "4", "5", "6", "", "A"]
    ));
}

#[test]
fn each_finding_about_running_text_is_raised_by_its_trigger_only() {
    let plain = "1.问\nA.甲\nB.乙\n答案:A\n解析:因";
    for (code, trigger) in [
        (NoQuestions, "通知"),
        (OptionOutOfOrder, "1.问\nA.甲\nC.乙\n答案:A"),
        (ConflictingKeys, "1.问\nA.甲\nB.乙\n答案:A\n答案:B"),
        (RepeatedField, "1.问\nA.甲\nB.乙\n答案:A\n解析:因\n解析:果"),
        (UnreadLine, "1.问\nA.甲\nB.乙\n答案:A\n附注"),
        (
            NumberingGap,
            "1.问\nA.甲\nB.乙\n答案:A\n3.又\nA.甲\nB.乙\n答案:A",
        ),
        (SplitOptions, "1.问\nA甲B乙C丙\n答案:A"),
        (
            SplitGlued,
            "1.问\nA.甲\nB.乙\n答案:A2.又\nA.甲\nB.乙\n答案:A",
        ),
        (JoinedLine, "1.问\n又问\nA.甲\nB.乙\n答案:A"),
        (SkippedLine, "1.问\nA.甲\n第1页\nB.乙\n答案:A"),
    ] {
        assert!(codes(&read_text(trigger)).contains(&code), "{code:?}");
        assert!(!codes(&read_text(plain)).contains(&code), "{code:?}");
    }
}

fn examined(province: Vec<Question>, city: Vec<Question>) -> Vec<FindingCode> {
    let size = BankSize {
        province: province.len().try_into().unwrap(),
        city: city.len().try_into().unwrap(),
    };
    let (province, city) = (placed(province), placed(city));
    examine(&Candidates {
        province: &province,
        city: &city,
        size,
        on: None,
    })
    .iter()
    .map(|f| f.code)
    .collect()
}

#[test]
fn a_complete_question_raises_nothing() {
    let complete = Question::new(QuestionDraft {
        explanation: Some("因".to_owned()),
        source: Some("《条例》".to_owned()),
        law_as_of: chrono::NaiveDate::from_ymd_opt(2020, 4, 22),
        ..draft(
            "问（2013年）（ ）",
            &["甲", "乙", "丙", "以上都对"],
            Position::A,
        )
    });
    assert_eq!(examined(vec![complete.unwrap()], Vec::new()), []);
    assert_eq!(
        examined(vec![numbered(0)], Vec::new()),
        [MissingExplanation, MissingSource, MissingLawAsOf]
    );
}

#[test]
fn each_finding_about_one_question_is_raised_by_its_trigger() {
    for (code, stem, choices) in [
        (KeyInStem, "问（A）", &["甲", "乙", "丙", "丁"][..]),
        (TwoOptions, "问", &["甲", "乙"]),
        (ThreeOptions, "问", &["甲", "乙", "丙"]),
        (LettersInOption, "问", &["甲", "乙", "丙", "A和B"]),
        (AllOfTheAboveNotLast, "问", &["甲", "以上都对", "丙", "丁"]),
    ] {
        assert!(
            examined(vec![question(stem, choices, Position::A)], Vec::new()).contains(&code),
            "{code:?}"
        );
    }
}

#[test]
fn repeated_questions_are_told_apart_by_half_and_key() {
    let one = || question("问", &["甲", "乙"], Position::A);
    let other_key = question("问", &["甲", "乙"], Position::B);
    let unrelated = question("问", &["丙", "丁"], Position::A);
    let has = |province, city, code| examined(province, city).contains(&code);
    assert!(has(vec![one(), one()], vec![], DuplicateInHalf));
    assert!(has(vec![one()], vec![one()], DuplicateAcrossHalves));
    assert!(has(vec![one()], vec![other_key], ContradictoryKeys));
    let found = examined(vec![one()], vec![unrelated]);
    assert!(
        ![DuplicateInHalf, DuplicateAcrossHalves, ContradictoryKeys]
            .iter()
            .any(|code| found.contains(code))
    );
}

#[test]
fn halves_of_the_wrong_size_and_many_two_option_questions_are_found() {
    let city = placed(vec![numbered(1), numbered(2)]);
    let found = |size| {
        examine(&Candidates {
            province: &[],
            city: &city,
            size,
            on: None,
        })
        .iter()
        .map(|f| f.code)
        .collect::<Vec<_>>()
    };
    assert!(
        found(BankSize {
            province: 0,
            city: 3
        })
        .contains(&HalfTooSmall)
    );
    assert!(
        found(BankSize {
            province: 0,
            city: 1
        })
        .contains(&HalfTooLarge)
    );
    let two = |n: usize| {
        (0..n)
            .map(|i| question(&format!("问{i}"), &["甲", "乙"], Position::A))
            .collect()
    };
    assert!(examined(two(MOST_TWO_OPTION_QUESTIONS + 1), Vec::new()).contains(&GuessFloorHigh));
    assert!(!examined(two(MOST_TWO_OPTION_QUESTIONS), Vec::new()).contains(&GuessFloorHigh));
}

/// 40961/524288 for four options, 319/512 for two; 20 two-option questions of 100 lie between.
#[test]
fn the_guess_floor_is_the_binomial_tail() {
    let floor = |n_two: usize, rule| {
        let of = |i: usize| {
            if i < n_two {
                question(&format!("二{i}"), &["甲", "乙"], Position::A)
            } else {
                numbered(i)
            }
        };
        let bank = bank_of((0..50).map(of).collect(), (50..100).map(of).collect());
        GuessFloor::of(&bank, rule, PassMark::JIANGSU_2020)
            .unwrap()
            .millionths()
    };
    assert_eq!(floor(0, DrawRule::JIANGSU_2020), 78_127);
    assert_eq!(
        floor(
            0,
            DrawRule::Stratified {
                province: 5,
                city: 5
            }
        ),
        78_127
    );
    assert_eq!(floor(100, DrawRule::JIANGSU_2020), 623_047);
    assert!((145_000..155_000).contains(&floor(20, DrawRule::JIANGSU_2020)));
}

#[test]
fn a_file_with_too_many_findings_is_read_no_further() {
    let rows = |n: usize| {
        let text = vec!["1.一"; n].join("\n");
        codes(&read_text(&text)).contains(&TooManyFindings)
    };
    assert!(rows(MOST_FINDINGS + 2));
    assert!(!rows(1_000));
}

#[test]
fn every_code_has_its_own_sentence_in_both_languages() {
    let sentences = |of: fn(FindingCode) -> &'static str| {
        FindingCode::ALL
            .iter()
            .map(|code| of(*code))
            .collect::<std::collections::BTreeSet<_>>()
            .len()
    };
    assert_eq!(sentences(FindingCode::message), FindingCode::ALL.len());
    assert_eq!(sentences(FindingCode::message_zh), FindingCode::ALL.len());
}
