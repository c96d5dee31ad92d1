//! Laws of drawing: unbiased choice, uniform order, pinned options, refusals.

use std::{collections::BTreeMap, convert::Infallible, num::NonZeroU32};

use proptest::prelude::*;
use quiz_core::{
    DrawError, DrawRule, Origin, Position, Quiz, QuizError,
    draw::{Bands, BandsError, Shown, below},
};
use rand::{SeedableRng as _, TryRng, rngs::ChaCha12Rng};

use crate::sample::{bank_of, jiangsu, numbered, question};

/// Gives the words it is made of, in order, then ones; counts those taken.
struct Words {
    words: Vec<u32>,
    n_taken: usize,
}

impl Words {
    fn new(words: &[u32]) -> Self {
        Self {
            words: words.to_vec(),
            n_taken: 0,
        }
    }
}

impl TryRng for Words {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let word = self.words.get(self.n_taken).copied().unwrap_or(u32::MAX);
        self.n_taken += 1;
        Ok(word)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from(self.try_next_u32()?))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.fill(0);
        Ok(())
    }
}

fn below_with(words: &[u32], n: u32) -> (u32, usize) {
    let mut words = Words::new(words);
    (
        below(&mut words, NonZeroU32::new(n).unwrap()),
        words.n_taken,
    )
}

#[test]
fn below_follows_its_published_definition() {
    assert_eq!(below_with(&[u32::MAX], 1), (0, 0));
    assert_eq!(below_with(&[u32::MAX], 10), (9, 1));
    assert_eq!(below_with(&[(1 << 31) + 1], 10), (5, 1));
    // 2^32 mod 10 = 6: a low half below 6 is rejected, and 0 * 10 has the low half 0.
    assert_eq!(below_with(&[0, 0, 858_993_460], 10), (2, 3));
    // A power of two divides 2^32: nothing is rejected.
    assert_eq!(below_with(&[0], 16), (0, 1));
    assert_eq!(below_with(&[u32::MAX], u32::MAX), (u32::MAX - 1, 1));
}

/// Every residue is met equally often: exact for n dividing 2^32 - r once r words are rejected.
#[test]
fn below_accepts_equally_many_words_for_every_answer() {
    let n = 6_u32;
    let rejected = (1_u64 << 32) % u64::from(n);
    let per_answer = ((1_u64 << 32) - rejected) / u64::from(n);
    // Words whose product with n falls in one answer form one interval; count it by its ends.
    for answer in 0..u64::from(n) {
        let first = (answer << 32).div_ceil(u64::from(n));
        let end = ((answer + 1) << 32).div_ceil(u64::from(n));
        let refused = (first..first + 2)
            .filter(|x| (x * u64::from(n)) % (1 << 32) < rejected)
            .count();
        assert_eq!(end - first - u64::try_from(refused).unwrap(), per_answer);
    }
}

fn rng(seed: u8) -> ChaCha12Rng {
    ChaCha12Rng::from_seed([seed; 32])
}

/// Pearson's statistic against equal expectation.
fn chi_square(counts: impl Iterator<Item = u32> + Clone) -> f64 {
    let n = f64::from(u32::try_from(counts.clone().count()).unwrap());
    let expected = f64::from(counts.clone().sum::<u32>()) / n;
    counts
        .map(|count| (f64::from(count) - expected).powi(2) / expected)
        .sum()
}

/// 99 degrees of freedom: the statistic exceeds 149 once in a thousand seeds.
#[test]
fn every_question_is_drawn_equally_often() {
    for rule in [
        DrawRule::JIANGSU_2020,
        DrawRule::Stratified {
            province: 5,
            city: 5,
        },
    ] {
        let (bank, mut rng) = (jiangsu(), rng(1));
        let mut counts = vec![0_u32; 100];
        for _ in 0..4_000 {
            for item in Quiz::draw(&bank, rule, &mut rng).unwrap().items() {
                counts[usize::from(item.question.get())] += 1;
            }
        }
        let statistic = chi_square(counts.into_iter());
        assert!(statistic < 149.0, "{rule:?}: {statistic}");
    }
}

/// As above, for the rules that need more than the bank; the person of the fresh draws has seen a quiz before.
#[test]
fn every_question_is_drawn_equally_often_by_the_rules_that_know_more() {
    let (bank, mut rng) = (jiangsu(), rng(6));
    let facilities: Vec<u16> = (0..100_u16).map(|i| i * 37 % 100 * 10).collect();
    let bands = Bands::by_facility(&bank, &facilities, 7).unwrap();
    let mut balanced = vec![0_u32; 100];
    let mut fresh = vec![0_u32; 100];
    for _ in 0..4_000 {
        let quiz = Quiz::draw_balanced(&bank, &bands, 10, &mut rng).unwrap();
        for item in quiz.items() {
            balanced[usize::from(item.question.get())] += 1;
        }
        let mut shown = Shown::nothing(&bank);
        shown.record(&quiz).unwrap();
        let next = Quiz::draw_fresh(&bank, DrawRule::JIANGSU_2020, &shown, &mut rng).unwrap();
        for item in next.items() {
            assert_eq!(shown.times(item.question), 0, "seen before");
            fresh[usize::from(item.question.get())] += 1;
        }
    }
    for counts in [balanced, fresh] {
        let statistic = chi_square(counts.into_iter());
        assert!(statistic < 149.0, "{statistic}");
    }
}

/// Ten quizzes of ten show a bank of a hundred once; the eleventh begins anew.
#[test]
fn a_person_meets_the_whole_bank_before_any_question_again() {
    for rule in [
        DrawRule::JIANGSU_2020,
        DrawRule::Stratified {
            province: 5,
            city: 5,
        },
    ] {
        let (bank, mut rng) = (jiangsu(), rng(7));
        let mut shown = Shown::nothing(&bank);
        for n_quizzes in 1..=11_u32 {
            let quiz = Quiz::draw_fresh(&bank, rule, &shown, &mut rng).unwrap();
            shown.record(&quiz).unwrap();
            let times = |t| {
                bank.questions()
                    .filter(|(id, _)| shown.times(*id) == t)
                    .count()
            };
            let met = (n_quizzes * 10).min(100);
            assert_eq!(times(0), usize::try_from(100 - met).unwrap());
            assert_eq!(times(2), if n_quizzes == 11 { 10 } else { 0 });
        }
    }
}

/// Seven of ten when seven unseen are left: all seven, and three of those seen.
#[test]
fn when_too_few_are_unseen_all_of_them_are_drawn() {
    let bank = bank_of((0..17).map(numbered).collect(), Vec::new());
    let mut rng = rng(8);
    let mut shown = Shown::nothing(&bank);
    let first = Quiz::draw(&bank, DrawRule::JIANGSU_2020, &mut rng).unwrap();
    shown.record(&first).unwrap();
    let second = Quiz::draw_fresh(&bank, DrawRule::JIANGSU_2020, &shown, &mut rng).unwrap();
    let n_again = second
        .items()
        .iter()
        .filter(|item| shown.times(item.question) == 1)
        .count();
    assert_eq!((second.n_items(), n_again), (10, 3));
}

#[test]
fn every_balanced_draw_has_its_share_of_every_band() {
    let (bank, mut rng) = (jiangsu(), rng(9));
    let facilities: Vec<u16> = (0..100_u16).map(|i| 1000 - i * 10).collect();
    let five = Bands::by_facility(&bank, &facilities, 5).unwrap();
    let seven = Bands::by_facility(&bank, &facilities, 7).unwrap();
    assert_eq!(
        seven.bands().iter().map(Vec::len).collect::<Vec<_>>(),
        [14, 14, 14, 14, 14, 15, 15]
    );
    assert!(
        seven.bands()[0].iter().all(|id| id.get() < 14),
        "easiest first"
    );
    for _ in 0..200 {
        for (bands, share) in [(&five, 2..=2), (&seven, 1..=2)] {
            let quiz = Quiz::draw_balanced(&bank, bands, 10, &mut rng).unwrap();
            for band in bands.bands() {
                let n = quiz
                    .items()
                    .iter()
                    .filter(|item| band.contains(&item.question))
                    .count();
                assert!(share.contains(&n), "{n} of one band");
            }
        }
    }
}

#[test]
fn bands_and_histories_that_do_not_fit_are_refused_without_taking_a_word() {
    let (bank, other) = (jiangsu(), bank_of(vec![numbered(0)], Vec::new()));
    let count = BandsError::Count {
        given: 1,
        n_questions: 100,
    };
    assert_eq!(Bands::by_level(&bank, &[1]), Err(count));
    assert_eq!(Bands::by_facility(&bank, &[1], 1), Err(count));
    let refused = |permille, n_bands| Bands::by_facility(&other, &[permille], n_bands).unwrap_err();
    let question = other.questions().next().unwrap().0;
    assert_eq!(
        refused(1001, 1),
        BandsError::Facility {
            question,
            permille: 1001
        }
    );
    for n_bands in [0, 2] {
        assert_eq!(
            refused(1000, n_bands),
            BandsError::BandCount {
                n_bands,
                n_questions: 1
            }
        );
    }
    let bands = Bands::by_facility(&other, &[1000], 1).unwrap();
    let mut shown = Shown::nothing(&other);
    let mut words = Words::new(&[]);
    let mismatch = DrawError::OtherBank {
        expected: other.digest(),
        given: bank.digest(),
    };
    assert_eq!(
        Quiz::draw_balanced(&bank, &bands, 1, &mut words),
        Err(mismatch)
    );
    let rule = DrawRule::Simple { n: 1 };
    assert_eq!(
        Quiz::draw_fresh(&bank, rule, &shown, &mut words),
        Err(mismatch)
    );
    assert_eq!(
        Quiz::draw_balanced(&other, &bands, 0, &mut words),
        Err(DrawError::NoQuestions)
    );
    let too_small = DrawError::BankTooSmall {
        asked: 2,
        available: 1,
    };
    assert_eq!(
        Quiz::draw_balanced(&other, &bands, 2, &mut words),
        Err(too_small)
    );
    assert_eq!(words.n_taken, 0);
    let quiz = Quiz::draw(&bank, rule, &mut words).unwrap();
    assert!(matches!(
        shown.record(&quiz),
        Err(QuizError::OtherBank { .. })
    ));
    assert_eq!(shown, Shown::nothing(&other));
}

/// 5 * 4 * 3 = 60 ordered outcomes, 59 degrees of freedom: above 99 once in a thousand seeds.
#[test]
fn every_order_of_a_draw_is_equally_likely() {
    let bank = bank_of(
        (0..3).map(numbered).collect(),
        (3..5).map(numbered).collect(),
    );
    let mut rng = rng(2);
    let mut counts = BTreeMap::<Vec<u16>, u32>::new();
    for _ in 0..12_000 {
        let quiz = Quiz::draw(&bank, DrawRule::Simple { n: 3 }, &mut rng).unwrap();
        *counts
            .entry(
                quiz.items()
                    .iter()
                    .map(|item| item.question.get())
                    .collect(),
            )
            .or_default() += 1;
    }
    assert_eq!(counts.len(), 60);
    assert!(chi_square(counts.into_values().collect::<Vec<_>>().into_iter()) < 99.0);
}

/// 2 of 2 and 1 of 2, in any order: 2 * 3! = 12 outcomes, 11 degrees of freedom: above 31.3 once in a thousand seeds.
#[test]
fn a_stratified_draw_mixes_its_halves_uniformly() {
    let bank = bank_of(
        (0..2).map(numbered).collect(),
        (2..4).map(numbered).collect(),
    );
    let mut rng = rng(3);
    let mut counts = BTreeMap::<Vec<u16>, u32>::new();
    for _ in 0..12_000 {
        let quiz = Quiz::draw(
            &bank,
            DrawRule::Stratified {
                province: 2,
                city: 1,
            },
            &mut rng,
        )
        .unwrap();
        *counts
            .entry(
                quiz.items()
                    .iter()
                    .map(|item| item.question.get())
                    .collect(),
            )
            .or_default() += 1;
    }
    assert_eq!(counts.len(), 12);
    assert!(chi_square(counts.into_values().collect::<Vec<_>>().into_iter()) < 31.3);
}

/// 4! = 24 orders, 23 degrees of freedom: above 49.7 once in a thousand seeds.
#[test]
fn every_order_of_options_is_equally_likely() {
    let bank = bank_of(vec![numbered(0)], Vec::new());
    let mut rng = rng(4);
    let mut counts = BTreeMap::<Vec<Position>, u32>::new();
    for _ in 0..12_000 {
        let quiz = Quiz::draw(&bank, DrawRule::Simple { n: 1 }, &mut rng).unwrap();
        *counts
            .entry(quiz.items()[0].option_order.iter().collect::<Vec<_>>())
            .or_default() += 1;
    }
    assert_eq!(counts.len(), 24);
    assert!(chi_square(counts.into_values().collect::<Vec<_>>().into_iter()) < 49.7);
}

fn orders_of(choices: &[&str]) -> std::collections::BTreeSet<String> {
    let bank = bank_of(vec![question("问", choices, Position::A)], Vec::new());
    let mut rng = rng(5);
    (0..400)
        .map(|_| {
            let quiz = Quiz::draw(&bank, DrawRule::Simple { n: 1 }, &mut rng).unwrap();
            quiz.items()[0]
                .option_order
                .iter()
                .map(|p| p.letter())
                .collect()
        })
        .collect()
}

#[test]
fn options_about_all_others_stay_last() {
    for all in [
        "以上都是",
        "以上都对",
        "以上均正确。",
        "以上都不对",
        "以上皆非",
        "以上选项都正确",
        "都不是",
        "上述说法均不正确",
    ] {
        let orders = orders_of(&["甲", all, "丙", "丁"]);
        assert_eq!(orders.len(), 6, "{all}");
        assert!(
            orders.iter().all(|order| order.ends_with('B')),
            "{all}: {orders:?}"
        );
    }
    let two = orders_of(&["以上都对", "甲", "乙", "以上都不对"]);
    assert_eq!(two.into_iter().collect::<Vec<_>>(), ["BCAD", "CBAD"]);
}

#[test]
fn options_that_only_resemble_it_are_shuffled() {
    for plain in ["以上海为中心", "都市圈", "全国人大", "全部公开信息"] {
        assert_eq!(orders_of(&[plain, "乙", "丙"]).len(), 6, "{plain}");
    }
}

#[test]
fn options_that_name_others_by_letter_fix_the_order() {
    for lettered in ["A和B", "A、B都对", "AB", "仅A", "A，C", "选项A", "Ａ与Ｂ"] {
        assert_eq!(
            orders_of(&["甲", "乙", "丙", lettered])
                .into_iter()
                .collect::<Vec<_>>(),
            ["ABCD"],
            "{lettered}"
        );
    }
}

#[test]
fn grades_and_words_with_letters_do_not_fix_the_order() {
    for plain in ["AAA", "A级", "APP", "3A企业", "B2B", "CA证书"] {
        assert_eq!(orders_of(&[plain, "乙", "丙"]).len(), 6, "{plain}");
    }
}

#[test]
fn a_rule_the_bank_cannot_follow_is_refused_without_taking_a_word() {
    let bank = jiangsu();
    let mut words = Words::new(&[]);
    let mut refused = |rule| Quiz::draw(&bank, rule, &mut words).unwrap_err();
    assert_eq!(refused(DrawRule::Simple { n: 0 }), DrawError::NoQuestions);
    assert_eq!(
        refused(DrawRule::Stratified {
            province: 0,
            city: 0
        }),
        DrawError::NoQuestions
    );
    assert_eq!(
        refused(DrawRule::Simple { n: 101 }),
        DrawError::BankTooSmall {
            asked: 101,
            available: 100
        }
    );
    let half = DrawError::HalfTooSmall {
        origin: Origin::City,
        asked: 51,
        available: 50,
    };
    assert_eq!(
        refused(DrawRule::Stratified {
            province: 5,
            city: 51
        }),
        half
    );
    assert_eq!(words.n_taken, 0);
    assert_eq!(
        Quiz::draw(&bank, DrawRule::Simple { n: 100 }, &mut words)
            .unwrap()
            .n_items(),
        100
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// No question comes twice, every option comes once, and a stratified draw has what it asks of each half.
    #[test]
    fn every_draw_is_without_replacement(
        seed in any::<[u8; 32]>(), province in 0_u16..=12, city in 1_u16..=9, stratified in any::<bool>(),
    ) {
        let bank = bank_of((0..12).map(numbered).collect(), (12..21).map(numbered).collect());
        let rule = if stratified { DrawRule::Stratified { province, city } } else { DrawRule::Simple { n: province + city } };
        let quiz = Quiz::draw(&bank, rule, &mut ChaCha12Rng::from_seed(seed)).unwrap();
        prop_assert_eq!(quiz.n_items(), province + city);
        prop_assert_eq!(Quiz::restore(&bank, quiz.items().to_vec()), Ok(quiz.clone()));
        if stratified {
            let of_city = quiz.items().iter().filter(|item| bank.origin(item.question) == Some(Origin::City)).count();
            prop_assert_eq!(of_city, usize::from(city));
        }
    }
}
