//! Laws of the statistics, and figures published by others.

use proptest::prelude::*;
use quiz_core::{
    Answers, Attempt, DrawRule, Position, QuestionBank, Quiz, QuizError,
    statistics::{
        AnswerTally, FirstAttempts, ItemFlag, LeastCounts, Mark, analyse_tallies, item_moments,
        pairwise_alpha,
    },
};
use rand::{SeedableRng as _, rngs::ChaCha12Rng};

use crate::sample::{bank_of, jiangsu, numbered};

fn close(found: f64, expected: f64, within: f64) {
    assert!(
        (found - expected).abs() <= within,
        "{found} beside {expected}"
    );
}

fn complete_rows(rows: &[Vec<f64>]) -> Vec<Vec<Mark>> {
    let row = |row: &Vec<f64>| {
        row.iter()
            .enumerate()
            .map(|(item, mark)| Mark { item, mark: *mark })
            .collect()
    };
    rows.iter().map(row).collect()
}

/// Marks of 22 attempts at the 13 items that vary, of the quiz by which Moodle tests its statistics report
/// (`mod/quiz/report/statistics/tests`, `mdl_question_states.csv`, slots 8 to 20; slots 1 to 7 are 0 throughout).
const MOODLE_MARKS: &str = "
5.5 .3 .9 1 .3 1 0 0 1 1 0 0 1
1 .9 .9 .3 .3 1 0 0 1 0 1 0 1
2.5 1 .9 .3 1 0 0 1 1 1 1 1 1
4 .3 .9 1 .3 0 0 0 0 1 0 0 1
3 .9 .3 .9 1 0 1 0 0 1 1 1 0
4.5 .9 1 1 .9 0 1 1 1 0 0 0 0
3 .3 .3 .3 .3 1 0 1 1 1 1 1 1
6 .9 .9 1 .3 0 1 1 1 1 0 0 1
.5 .9 1 .9 .3 0 1 1 0 1 1 0 1
5.5 .9 1 .9 .3 1 1 0 0 1 0 0 0
2.5 .9 1 1 .9 0 1 0 0 1 0 0 1
4 .9 .3 .9 1 0 1 1 1 1 1 0 1
4 .9 .3 .3 1 1 1 1 0 0 1 1 0
3 1 1 .3 1 0 1 0 1 1 1 1 0
1 1 .9 .3 .3 1 0 1 0 0 0 0 0
1 .3 .3 .3 .9 0 0 0 1 0 0 0 1
1.5 1 .3 .9 1 1 1 0 1 1 0 0 0
4 .9 1 .9 1 0 1 1 1 0 1 0 0
2 .9 .9 .3 .9 0 1 0 0 0 0 0 0
1 1 .3 .3 .3 0 1 1 0 1 0 0 0
6 .9 1 1 .9 0 0 0 1 0 0 1 1
7 .9 .3 .3 .3 1 0 1 1 1 1 0 0";

/// Facility in per cent of the maximum (8 for the first item, 1 for the others), standard deviation in thousandths,
/// discrimination in per cent, as expected there (`statistics_test.php`; worked out by its authors in a spreadsheet).
const MOODLE_FIGURES: [(f64, f64, f64); 13] = [
    (41.19318182, 1912.733589, 25.88327077),
    (81.36363636, 251.2738111, 1.170256965),
    (71.36363636, 322.6312277, -4.207816809),
    (65.45454545, 333.4199022, 28.16930644),
    (65.90909091, 337.5811591, -2.513606859),
    (36.36363636, 492.3659639, -12.99017581),
    (59.09090909, 503.2362797, -8.900638238),
    (50.0, 511.7663157, 8.670004606),
    (59.09090909, 503.2362797, 29.63337745),
    (63.63636364, 492.3659639, 15.18945843),
    (45.45454545, 509.6471914, 16.21079629),
    (27.27272727, 455.8423058, 15.52451404),
    (50.0, 511.7663157, -8.396734802),
];

#[test]
fn facility_spread_and_discrimination_are_those_moodle_publishes() {
    let rows: Vec<Vec<f64>> = MOODLE_MARKS
        .trim()
        .lines()
        .map(|line| line.split(' ').map(|mark| mark.parse().unwrap()).collect())
        .collect();
    let found = item_moments(&complete_rows(&rows), MOODLE_FIGURES.len());
    for (item, (facility, sd, discrimination)) in MOODLE_FIGURES.iter().enumerate() {
        let moments = found[item].unwrap();
        let maximum = if item == 0 { 8.0 } else { 1.0 };
        assert_eq!(moments.n, 22);
        close(moments.mean / maximum * 100.0, *facility, 1e-6);
        close(moments.standard_deviation.unwrap() * 1000.0, *sd, 1e-6);
        close(
            moments.discrimination.unwrap() * 100.0,
            *discrimination,
            1e-6,
        );
    }
}

/// Number of people with each pattern of right answers to section 6 of the Law School Admission Test
/// (Bock and Lieberman, "Fitting a Response Model for n Dichotomously Scored Items", Psychometrika 35, 1970);
/// the first item is the leftmost binary digit of the index.
const LSAT_6: [usize; 32] = [
    3, 6, 2, 11, 1, 1, 3, 4, 1, 8, 0, 16, 0, 3, 2, 15, 10, 29, 14, 81, 3, 28, 15, 80, 16, 56, 21,
    173, 11, 61, 28, 298,
];

/// Facility, its standard error and item-rest correlation by numpy 2 (`mean`, `std(ddof=1) / sqrt(n)`, `corrcoef`).
const LSAT_6_FIGURES: [(f64, f64, f64); 5] = [
    (0.924, 0.008_384_169_266_796, 0.112_832_688_922_342),
    (0.709, 0.014_370_995_982_378, 0.153_178_120_116_530),
    (0.553, 0.015_730_176_046_009, 0.172_778_943_291_089),
    (0.763, 0.013_454_070_462_578, 0.144_428_095_247_094),
    (0.87, 0.010_640_169_792_499, 0.121_596_402_547_096),
];

fn lsat_6() -> Vec<Vec<Mark>> {
    let mut rows = Vec::new();
    for (pattern, n) in LSAT_6.iter().enumerate() {
        let row: Vec<f64> = (0..5)
            .map(|i| {
                if pattern >> (4 - i) & 1 == 1 {
                    1.0
                } else {
                    0.0
                }
            })
            .collect();
        rows.extend(std::iter::repeat_n(row, *n));
    }
    complete_rows(&rows)
}

#[test]
fn the_law_school_test_has_its_known_figures() {
    let attempts = lsat_6();
    assert_eq!(attempts.len(), 1000);
    for (moments, (facility, error, discrimination)) in
        item_moments(&attempts, 5).into_iter().zip(LSAT_6_FIGURES)
    {
        let moments = moments.unwrap();
        close(moments.mean, facility, 1e-12);
        close(moments.standard_error.unwrap(), error, 1e-12);
        close(moments.discrimination.unwrap(), discrimination, 1e-12);
    }
}

/// By numpy 2: `k / (k - 1) * (1 - trace(C) / sum(C))` with `C = cov(X)`.
#[test]
fn alpha_of_complete_rows_is_cronbachs() {
    let alpha = pairwise_alpha(&lsat_6(), 2).unwrap();
    close(alpha.value, 0.294_997_192_215_944, 1e-12);
    close(alpha.n_items, 5.0, 0.0);
    assert_eq!((alpha.n_pairs, alpha.n_pairs_left_out), (10, 0));
}

#[test]
fn pairs_that_met_too_seldom_do_not_count_in_alpha() {
    let rows = [[1., 1.], [0., 0.], [1., 0.], [0., 1.], [1., 1.]].map(|row| row.to_vec());
    let mut attempts = complete_rows(&rows);
    let mark = |item, mark| Mark { item, mark };
    attempts.push(vec![mark(0, 1.0), mark(2, 1.0)]);
    let alpha = pairwise_alpha(&attempts, 5).unwrap();
    assert_eq!((alpha.n_pairs, alpha.n_pairs_left_out), (1, 1));
    assert_eq!(pairwise_alpha(&attempts, 6), None);
    assert_eq!(pairwise_alpha(&[], 2), None);
    assert_eq!(
        pairwise_alpha(&attempts[..1], 0),
        None,
        "one attempt has no covariance"
    );
}

/// An item that everybody answers right, alone in hard company or in easy company, tells nothing; one whose
/// answer follows ability has the same discrimination whatever company the draw gave it.
#[test]
fn the_luck_of_the_draw_does_not_leak_into_the_rest_score() {
    // Item 0 is met with the easy item 1 or with the hard item 2; able people know 0 and, half of them, 2.
    let mark = |item, mark| Mark { item, mark };
    let mut attempts = Vec::new();
    for able in [0.0, 1.0] {
        for _ in 0..10 {
            attempts.push(vec![mark(0, able), mark(1, 1.0)]);
            attempts.push(vec![mark(0, able), mark(2, 0.0)]);
        }
    }
    let moments = item_moments(&attempts, 3);
    assert_eq!(
        moments[0].unwrap().discrimination,
        None,
        "centred, the rest never varies"
    );
    let lone = item_moments(&attempts, 4)[3];
    assert_eq!(lone, None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// On complete rows the standardised rest score gives the classical item-rest correlation.
    #[test]
    fn on_complete_rows_discrimination_is_the_plain_item_rest_correlation(
        rows in proptest::collection::vec(proptest::collection::vec(0_u8..=1, 4), 3..30),
    ) {
        let rows: Vec<Vec<f64>> = rows.iter().map(|r| r.iter().map(|m| f64::from(*m)).collect()).collect();
        let n = f64::from(u32::try_from(rows.len()).unwrap());
        for (item, moments) in item_moments(&complete_rows(&rows), 4).into_iter().enumerate() {
            let x: Vec<f64> = rows.iter().map(|r| r[item]).collect();
            let y: Vec<f64> = rows.iter().map(|r| r.iter().sum::<f64>() - r[item]).collect();
            let (mx, my) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
            let product = |a: &[f64], ma: f64, b: &[f64], mb: f64| -> f64 { a.iter().zip(b).map(|(a, b)| (a - ma) * (b - mb)).sum() };
            let (xx, yy, xy) = (product(&x, mx, &x, mx), product(&y, my, &y, my), product(&x, mx, &y, my));
            match moments.unwrap().discrimination {
                Some(found) => close(found, xy / (xx * yy).sqrt(), 1e-9),
                None => prop_assert!(xx < 1e-9 || yy < 1e-9),
            }
        }
    }
}

/// People answer right with their ability, which goes evenly from 0 to 1; question 3 has a wrong key in the file.
fn simulated(bank: &QuestionBank, n_people: u32) -> FirstAttempts<u32> {
    let mut rng = ChaCha12Rng::from_seed([5; 32]);
    let mut first_attempts = FirstAttempts::new(bank);
    for person in 0..n_people {
        let quiz = Quiz::draw(bank, DrawRule::JIANGSU_2020, &mut rng).unwrap();
        let mut attempt = Attempt::new(quiz.clone());
        for (ordinal, item) in quiz.ordinals().zip(quiz.items()) {
            let written_key = bank.question(item.question).unwrap().key();
            let true_key = if item.question.get() == 3 {
                Position::A
            } else {
                written_key
            };
            let knows = u64::from(rng.next_u32()) * u64::from(n_people) < u64::from(person) << 32;
            let others = Position::ALL[..4].iter().filter(|p| **p != true_key);
            let guess = *others
                .clone()
                .nth(usize::try_from(rng.next_u32() % 3).unwrap())
                .unwrap();
            let written = if knows { true_key } else { guess };
            attempt
                .answer(ordinal, item.option_order.shown(written).unwrap())
                .unwrap();
        }
        let submitted = attempt.submit(bank).unwrap();
        assert!(
            first_attempts
                .record(person, bank, submitted.quiz(), submitted.answers())
                .unwrap()
        );
    }
    first_attempts
}

#[test]
fn a_wrong_key_is_told_and_right_ones_are_not() {
    let bank = jiangsu();
    assert_eq!(
        bank.question(quiz_core::QuestionId::new(3)).unwrap().key(),
        Position::D
    );
    let analysis = simulated(&bank, 3_000)
        .analyse(&bank, LeastCounts::USUAL)
        .unwrap();
    let wrong: Vec<u16> = analysis
        .items
        .iter()
        .filter(|item| {
            item.flags
                .iter()
                .any(|f| matches!(f, ItemFlag::ProbableWrongKey { .. }))
        })
        .map(|item| item.item)
        .collect();
    assert_eq!(wrong, [3]);
    let item = &analysis.items[3];
    assert!(item.flags.contains(&ItemFlag::ProbableWrongKey {
        option: Position::A
    }));
    assert!(item.flags.contains(&ItemFlag::NegativeDiscrimination));
    assert!(item.moments.unwrap().discrimination.unwrap() < -0.2);
    let good = &analysis.items[4];
    assert!(good.moments.unwrap().discrimination.unwrap() > 0.4);
    assert_eq!(good.flags, []);
    let key = good.options.iter().find(|option| option.is_key).unwrap();
    assert!(key.upper > key.middle && key.middle > key.lower);
    assert_eq!(good.question().get(), 4);
}

#[test]
fn every_showing_is_counted_once_and_exposure_adds_up() {
    let bank = jiangsu();
    let analysis = simulated(&bank, 400)
        .analyse(&bank, LeastCounts::USUAL)
        .unwrap();
    assert_eq!(analysis.n_attempts, 400);
    assert_eq!(
        analysis
            .items
            .iter()
            .map(|item| item.n_shown)
            .sum::<usize>(),
        4_000
    );
    close(
        analysis.items.iter().map(|item| item.exposure).sum(),
        10.0,
        1e-9,
    );
    for item in &analysis.items {
        let chosen: usize = item.options.iter().map(|option| option.total()).sum();
        assert_eq!(chosen + item.n_unanswered, item.n_shown);
        assert_eq!(item.moments.map_or(0, |moments| moments.n), item.n_shown);
    }
    assert!(analysis.alpha.is_none_or(|alpha| alpha.n_pairs < 4_950));
}

#[test]
fn only_the_first_attempt_of_a_person_counts() {
    let bank = bank_of(vec![numbered(0), numbered(1)], Vec::new());
    let quiz = Quiz::draw(
        &bank,
        DrawRule::Simple { n: 2 },
        &mut ChaCha12Rng::from_seed([1; 32]),
    )
    .unwrap();
    let mut attempts = FirstAttempts::new(&bank);
    assert!(attempts.is_empty());
    assert_eq!(
        attempts.record("a", &bank, &quiz, &Answers::new()),
        Ok(true)
    );
    let mut second = Attempt::new(quiz.clone());
    for ordinal in quiz.ordinals() {
        second.answer(ordinal, Position::A).unwrap();
    }
    assert_eq!(
        attempts.record("a", &bank, &quiz, second.answers()),
        Ok(false)
    );
    assert_eq!(
        attempts.record("b", &bank, &quiz, &Answers::new()),
        Ok(true)
    );
    assert_eq!(attempts.len(), 2);
    let analysis = attempts.analyse(&bank, LeastCounts::USUAL).unwrap();
    assert!(
        analysis
            .items
            .iter()
            .all(|item| item.n_unanswered == 2 && item.n_shown == 2)
    );
}

#[test]
fn attempts_at_another_bank_are_refused() {
    let (bank, other) = (jiangsu(), bank_of(vec![numbered(0)], Vec::new()));
    let quiz = Quiz::draw(
        &bank,
        DrawRule::JIANGSU_2020,
        &mut ChaCha12Rng::from_seed([1; 32]),
    )
    .unwrap();
    let mut attempts = FirstAttempts::new(&other);
    let refused = Err(QuizError::OtherBank {
        drawn_from: other.digest(),
        given: bank.digest(),
    });
    assert_eq!(attempts.record(1, &bank, &quiz, &Answers::new()), refused);
    assert!(attempts.is_empty());
    assert!(attempts.analyse(&bank, LeastCounts::USUAL).is_err());
}

/// Facility 96 of 100 is too easy and 95 is not; 19 is too hard and 20 is not; four choices of 100 are idle, five are not.
#[test]
fn flags_have_their_edges_where_they_say() {
    let bank = bank_of(vec![numbered(0)], Vec::new());
    let flags = |chosen: [u32; 4]| {
        let mut attempts = FirstAttempts::new(&bank);
        let mut person = 0;
        for (written, n) in Position::ALL.into_iter().zip(chosen) {
            for _ in 0..n {
                let mut rng = ChaCha12Rng::from_seed([9; 32]);
                let quiz = Quiz::draw(&bank, DrawRule::Simple { n: 1 }, &mut rng).unwrap();
                let ordinal = quiz.ordinals().next().unwrap();
                let shown = quiz.items()[0].option_order.shown(written).unwrap();
                let mut attempt = Attempt::new(quiz);
                attempt.answer(ordinal, shown).unwrap();
                attempts
                    .record(person, &bank, attempt.quiz(), attempt.answers())
                    .unwrap();
                person += 1;
            }
        }
        attempts.analyse(&bank, LeastCounts::USUAL).unwrap().items[0]
            .flags
            .clone()
    };
    let idle = |option| ItemFlag::IdleDistractor { option };
    let (b, c, d) = (idle(Position::B), idle(Position::C), idle(Position::D));
    assert_eq!(flags([96, 4, 0, 0]), [ItemFlag::TooEasy, b, c, d]);
    assert_eq!(flags([95, 5, 0, 0]), [c, d]);
    assert_eq!(flags([19, 27, 27, 27]), [ItemFlag::TooHard]);
    assert_eq!(flags([20, 26, 27, 27]), []);
    assert_eq!(flags([0, 49, 0, 0]), [], "too few attempts for a flag");
}

/// Counts of a simulated contest: what each attempt chose, with its score.
fn tallied(bank: &QuestionBank, n_people: u32) -> Vec<AnswerTally> {
    let mut rng = ChaCha12Rng::from_seed([7; 32]);
    let mut tallies = Vec::new();
    for person in 0..n_people {
        let quiz = Quiz::draw(bank, DrawRule::JIANGSU_2020, &mut rng).unwrap();
        let mut answers = Vec::new();
        for item in quiz.items() {
            let key = bank.question(item.question).unwrap().key();
            let knows = u64::from(rng.next_u32()) * u64::from(n_people) < u64::from(person) << 32;
            let others = Position::ALL[..4].iter().filter(|place| **place != key);
            let guess = *others
                .clone()
                .nth(usize::try_from(rng.next_u32() % 3).unwrap())
                .unwrap();
            answers.push((item.question.get(), if knows { key } else { guess }, knows));
        }
        let score = u16::try_from(
            answers
                .iter()
                .filter(|(_item, _chosen, knows)| *knows)
                .count(),
        )
        .unwrap();
        tallies.extend(
            answers
                .into_iter()
                .map(|(item, chosen, _knows)| AnswerTally {
                    item,
                    chosen: Some(chosen),
                    score,
                    n: 1,
                }),
        );
    }
    tallies
}

#[test]
fn counts_added_up_say_the_same_as_counts_one_by_one() {
    let bank = jiangsu();
    let single = tallied(&bank, 600);
    let mut sums = std::collections::BTreeMap::new();
    for tally in &single {
        *sums
            .entry((tally.item, tally.chosen, tally.score))
            .or_insert(0) += tally.n;
    }
    let added: Vec<AnswerTally> = sums
        .into_iter()
        .map(|((item, chosen, score), n)| AnswerTally {
            item,
            chosen,
            score,
            n,
        })
        .collect();
    assert!(added.len() < single.len());
    let one = analyse_tallies(&bank, 600, &single, LeastCounts::USUAL);
    let other = analyse_tallies(&bank, 600, &added, LeastCounts::USUAL);
    assert_eq!(one.n_attempts, other.n_attempts);
    for (one, other) in one.items.iter().zip(&other.items) {
        assert_eq!(
            (one.n_shown, &one.options, &one.flags),
            (other.n_shown, &other.options, &other.flags)
        );
        let (a, b) = (one.moments.unwrap(), other.moments.unwrap());
        close(a.mean, b.mean, 1e-12);
        close(a.discrimination.unwrap(), b.discrimination.unwrap(), 1e-9);
    }
    let all: usize = other.items.iter().map(|item| item.n_shown).sum();
    assert_eq!(all, 6_000);
}

/// Of four attempts with scores 2, 1, 1, 0 at two questions: classical figures, worked out by hand.
#[test]
fn figures_of_counts_are_the_classical_ones() {
    let bank = bank_of(vec![numbered(0), numbered(1)], Vec::new());
    let key = |item| {
        bank.question(quiz_core::QuestionId::new(item))
            .unwrap()
            .key()
    };
    let wrong = |item| Position::ALL.into_iter().find(|place| *place != key(item));
    let tally = |item, chosen, score| AnswerTally {
        item,
        chosen,
        score,
        n: 1,
    };
    let tallies = [
        tally(0, Some(key(0)), 2),
        tally(1, Some(key(1)), 2),
        tally(0, Some(key(0)), 1),
        tally(1, wrong(1), 1),
        tally(0, wrong(0), 1),
        tally(1, Some(key(1)), 1),
        tally(0, None, 0),
        tally(1, wrong(1), 0),
        tally(9, None, 0),
    ];
    let analysis = analyse_tallies(&bank, 4, &tallies, LeastCounts::USUAL);
    assert_eq!(
        analysis.items.len(),
        2,
        "what is beyond the bank is passed over"
    );
    let first = &analysis.items[0];
    assert_eq!((first.n_shown, first.n_unanswered), (4, 1));
    let moments = first.moments.unwrap();
    close(moments.mean, 0.5, 1e-12);
    // Marks 1, 1, 0, 0 beside rest scores 1, 0, 1, 0: nothing to do with each other.
    close(moments.discrimination.unwrap(), 0.0, 1e-12);
    assert!(analysis.alpha.is_none());
    let nobody = analyse_tallies(&bank, 0, &[], LeastCounts::USUAL);
    assert!(
        nobody
            .items
            .iter()
            .all(|item| item.n_shown == 0 && item.moments.is_none())
    );
}
