//! Measures of fairness against closed forms, printed tables and full enumeration.

use reward_core::{
    DayOffset, Fen, PacketBounds, Split as _, SplitSpec, Uniform, WordStream,
    metrics::{
        Amounts, DayService, Feature, MetricsError, RankTally, SlopeTest, SwapBet, Visit,
        chi_square_p, halves_ks_p, kolmogorov_p, ln_gamma, normal_p, normal_quantile,
        permutation_p,
    },
};

#[track_caller]
fn near(found: f64, expected: f64, tolerance: f64) {
    assert!(
        (found - expected).abs() <= tolerance,
        "{found} is not {expected} within {tolerance}"
    );
}

/// Midpoints of `n` equally likely pieces of a law, by its quantile function.
fn quantiles(n: u32, quantile: impl Fn(f64) -> f64) -> Amounts {
    let at = |i: u32| (f64::from(i) + 0.5) / f64::from(n);
    Amounts::new((0..n).map(|i| quantile(at(i)))).unwrap()
}

/// Cowell, "Measuring Inequality": closed forms for the usual laws of income.
#[test]
fn indices_of_known_laws_are_their_closed_forms() {
    let exponential = quantiles(200_000, |p| -(1.0 - p).ln());
    near(exponential.gini(), 0.5, 1e-4);
    near(exponential.theil(), 1.0 - 0.577_215_664_9, 1e-4);
    near(exponential.jain(), 0.5, 1e-4);
    near(
        exponential.atkinson(1.0),
        1.0 - (-0.577_215_664_9_f64).exp(),
        1e-4,
    );
    // The top tenth of an exponential law holds 0.1 (1 + ln 10).
    near(exponential.top_share(0.1), 0.1 * (1.0 + 10_f64.ln()), 1e-4);
    let flat = quantiles(200_000, |p| p);
    near(flat.gini(), 1.0 / 3.0, 1e-6);
    near(flat.jain(), 0.75, 1e-6);
    near(flat.atkinson(2.0), 1.0, 0.2);
    near(flat.atkinson(0.5), 1.0 / 9.0, 1e-6);
    let sigma = 0.8_f64;
    let log_normal = quantiles(100_000, |p| (sigma * normal_quantile(p)).exp());
    near(log_normal.theil(), sigma * sigma / 2.0, 2e-3);
    near(
        log_normal.atkinson(1.0),
        1.0 - (-sigma * sigma / 2.0).exp(),
        1e-4,
    );
    let gini = 1.0 - normal_p(sigma / 2_f64.sqrt());
    near(log_normal.gini(), gini, 1e-4);
}

/// DEC TR-301: if `k` of `n` get equal shares and the others nothing, the index is `k / n`.
#[test]
fn jain_of_k_served_among_n_is_k_over_n() {
    for k in 1..=10_u32 {
        let amounts = Amounts::new((0..10).map(|i| f64::from(u32::from(i < k)))).unwrap();
        near(amounts.jain(), f64::from(k) / 10.0, 1e-12);
        near(amounts.gini(), 1.0 - f64::from(k) / 10.0, 1e-12);
        near(amounts.theil(), (10.0 / f64::from(k)).ln(), 1e-12);
        near(amounts.max_over_mean(), 10.0 / f64::from(k), 1e-12);
    }
}

#[test]
fn equal_amounts_have_no_inequality_and_the_unit_is_of_no_matter() {
    let equal = Amounts::of_fen([Fen::new(143); 7]).unwrap();
    for index in [
        equal.gini(),
        equal.theil(),
        equal.atkinson(0.5),
        equal.atkinson(1.0),
    ] {
        near(index, 0.0, 1e-12);
    }
    near(equal.jain(), 1.0, 1e-12);
    near(equal.mean(), 143.0, 1e-12);
    let values = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0];
    let (one, other) = (
        Amounts::new(values).unwrap(),
        Amounts::new(values.map(|x| x * 700.0)).unwrap(),
    );
    near(one.gini(), other.gini(), 1e-12);
    near(one.theil(), other.theil(), 1e-12);
    near(one.atkinson(0.7), other.atkinson(0.7), 1e-12);
    // Half the mean absolute difference of two draws, over the mean, from the definition.
    let differences: f64 = values
        .iter()
        .flat_map(|a| values.map(|b| (a - b).abs()))
        .sum();
    near(one.gini(), differences / 2.0 / 64.0 / (31.0 / 8.0), 1e-12);
}

#[test]
fn what_is_no_set_of_amounts_is_refused() {
    assert_eq!(Amounts::new([]), Err(MetricsError::Empty));
    assert_eq!(Amounts::new([0.0, 0.0]), Err(MetricsError::AllZero));
    let found = -1.0;
    assert_eq!(
        Amounts::new([1.0, found]),
        Err(MetricsError::NotAnAmount { found })
    );
    assert!(Amounts::new([f64::NAN]).is_err());
    assert!(Amounts::new([f64::INFINITY]).is_err());
}

/// Printed tables: Abramowitz and Stegun 26.1 and 26.8, Smirnov 1948.
#[test]
fn tails_are_those_of_printed_tables() {
    for (statistic, freedom, p) in [
        (3.841_458_8, 1.0, 0.05),
        (11.070_497_7, 5.0, 0.05),
        (124.342_113, 100.0, 0.05),
        (149.449_253, 100.0, 0.001),
        (0.003_932_14, 1.0, 0.95),
        (67.327_563, 100.0, 0.995),
    ] {
        near(chi_square_p(statistic, freedom), p, 1e-6);
    }
    for (z, p) in [
        (0.0, 1.0),
        (1.0, 0.317_310_508),
        (3.0, 0.002_699_796),
        (6.0, 1.973_175e-9),
    ] {
        near(normal_p(z), p, p * 1e-6);
        near(normal_p(-z), p, p * 1e-6);
    }
    near(normal_quantile(0.975), 1.959_963_985, 1e-8);
    near(normal_quantile(0.001), -3.090_232_306, 1e-8);
    near(normal_quantile(1e-9), -5.997_807_015, 1e-7);
    near(kolmogorov_p(1.223_8), 0.10, 1e-4);
    near(kolmogorov_p(1.627_6), 0.01, 1e-5);
    near(kolmogorov_p(0.1), 1.0, 1e-12);
    near(ln_gamma(0.5), std::f64::consts::PI.sqrt().ln(), 1e-13);
    near(ln_gamma(101.0), 363.739_375_555_563_5, 1e-10);
    assert!(ln_gamma(0.0).is_nan() && normal_quantile(1.0).is_nan());
}

#[test]
fn a_tally_is_the_textbook_mean_and_variance_of_each_place() {
    let decks = [
        [3.0, 5.0, 4.0],
        [1.0, 9.0, 2.0],
        [6.0, 6.0, 0.0],
        [2.0, 2.0, 2.0],
    ];
    let (mut left, mut right) = (RankTally::new(3, 4.0), RankTally::new(3, 4.0));
    for deck in &decks[..1] {
        left.add(deck).unwrap();
    }
    for deck in &decks[1..] {
        right.add(deck).unwrap();
    }
    left.join(&right).unwrap();
    assert_eq!(left.decks(), 4);
    let line = left.line(0).unwrap();
    near(line.mean, 3.0, 1e-12);
    near(line.variance, 14.0 / 3.0, 1e-12);
    near(line.mean_error, (14.0_f64 / 12.0).sqrt(), 1e-12);
    // Fourth central moment (0 + 16 + 81 + 1) / 4, second 14 / 4.
    near(
        line.variance_error,
        ((98.0 / 4.0 - 12.25) / 4.0_f64).sqrt(),
        1e-12,
    );
    let shares = |pick: fn(&reward_core::metrics::RankLine) -> f64| {
        left.lines().iter().map(pick).collect::<Vec<_>>()
    };
    let third = 1.0 / 3.0;
    let luckiest = [0.5 + third, 1.0 + 1.0 + 0.5 + third, third];
    for (found, expected) in shares(|line| line.luckiest).into_iter().zip(luckiest) {
        near(found, expected / 4.0, 1e-12);
    }
    near(shares(|line| line.poorest).iter().sum(), 1.0, 1e-12);
    assert_eq!(
        left.add(&[1.0]),
        Err(MetricsError::Length {
            expected: 3,
            found: 1
        })
    );
    assert_eq!(RankTally::new(3, 0.0).line(0), None);
    // Three places at 95 %: each at 98.33 %.
    near(left.band_width(0.95), 2.394, 1e-3);
}

/// Every order of a deck of five, 120 in all.
#[test]
fn the_slope_over_all_permutations_has_mean_zero_and_the_stated_variance() {
    let deck = [1.0, 2.0, 7.0, 11.0, 30.0];
    for feature in [Feature::Level, Feature::Spread] {
        let (mut sum, mut squares, mut permutations) = (0.0, 0.0, 0.0);
        permute(&mut deck.to_vec(), 0, &mut |order| {
            let mut test = SlopeTest::new(feature);
            test.add(order);
            sum += test.z();
            squares += test.z() * test.z();
            permutations += 1.0;
        });
        near(permutations, 120.0, 0.0);
        near(sum, 0.0, 1e-9);
        near(squares / permutations, 1.0, 1e-9);
    }
}

fn permute(deck: &mut Vec<f64>, from: usize, visit: &mut impl FnMut(&[f64])) {
    if from == deck.len() {
        visit(deck);
    }
    for other in from..deck.len() {
        deck.swap(from, other);
        permute(deck, from + 1, visit);
        deck.swap(from, other);
    }
}

/// Every way in which three decks of four can be turned round or not, 8 in all.
#[test]
fn the_bet_is_fair_over_all_swaps() {
    let decks = [
        [1.0, 2.0, 3.0, 9.0],
        [4.0, 1.0, 8.0, 2.0],
        [5.0, 5.0, 1.0, 0.0],
    ];
    let mut sum = 0.0;
    for turned in 0..8_u32 {
        let mut bet = SwapBet::new(Feature::Level);
        for (i, deck) in (0..).zip(&decks) {
            let mut deck = deck.to_vec();
            if turned >> i & 1 == 1 {
                deck.reverse();
            }
            bet.add(&deck);
        }
        sum += bet.wealth();
    }
    near(sum / 8.0, 1.0, 1e-12);
}

fn uniform_decks(decks: u32, seed: u8) -> Vec<Vec<f64>> {
    let bounds = PacketBounds::new(Fen::new(10), Fen::new(10_000)).unwrap();
    let law = Uniform::new(SplitSpec::new(20, Fen::new(2_856), bounds).unwrap());
    let mut words = WordStream::new([seed; 32]);
    (0..decks)
        .map(|_| law.draw(&mut words).into_iter().map(real).collect())
        .collect()
}

fn real(amount: Fen) -> f64 {
    f64::from(u32::try_from(amount.get()).unwrap())
}

#[test]
fn the_tests_of_order_accept_the_uniform_law_and_find_a_planted_bias() {
    let fair = uniform_decks(200, 1);
    let mut rising = fair.clone();
    for deck in rising.iter_mut().step_by(3) {
        deck.sort_unstable_by(f64::total_cmp);
    }
    for (decks, is_fair) in [(&fair, true), (&rising, false)] {
        let mut words = WordStream::new([2; 32]);
        let permutation = permutation_p(decks, Feature::Spread, 199, &mut words).unwrap();
        let (mut slope, mut bet) = (
            SlopeTest::new(Feature::Spread),
            SwapBet::new(Feature::Level),
        );
        for deck in decks {
            slope.add(deck);
            bet.add(deck);
        }
        assert_eq!(permutation > 0.01, is_fair, "permutation {permutation}");
        assert_eq!(slope.z().abs() < 3.0, is_fair, "slope {}", slope.z());
        assert_eq!(halves_ks_p(decks).unwrap() > 0.01, is_fair);
        assert!(is_fair == (bet.wealth() < 20.0), "wealth {}", bet.wealth());
    }
}

/// 300 experiments of 8 decks each: about 15 should fall below 0.05.
#[test]
fn the_permutation_test_keeps_its_size() {
    let mut words = WordStream::new([3; 32]);
    let decks = uniform_decks(2_400, 4);
    let below = decks
        .chunks(8)
        .filter(|few| permutation_p(few, Feature::Level, 39, &mut words).unwrap() <= 0.05)
        .count();
    assert!((4..=30).contains(&below), "{below} of 300");
}

#[test]
fn decks_that_cannot_be_compared_are_refused() {
    let mut words = WordStream::new([0; 32]);
    let mut test = |decks: &[Vec<f64>]| permutation_p(decks, Feature::Level, 9, &mut words);
    assert_eq!(test(&[]), Err(MetricsError::Empty));
    let uneven = [vec![1.0, 2.0], vec![1.0]];
    assert_eq!(
        test(&uneven),
        Err(MetricsError::Length {
            expected: 2,
            found: 1
        })
    );
    assert_eq!(halves_ks_p(&[vec![1.0]]), Err(MetricsError::Empty));
}

fn visit(hour: u32, fen: Option<u64>, automatic: bool) -> Visit {
    Visit {
        at: DayOffset::from_ms(hour * 3_600_000).unwrap(),
        amount: fen.map(Fen::new),
        automatic,
    }
}

#[test]
fn service_is_counted_by_hour_and_by_who_came() {
    let visits = [
        visit(0, Some(300), true),
        visit(0, Some(100), true),
        visit(8, Some(400), false),
        visit(8, None, false),
        visit(20, None, false),
    ];
    let (mut service, mut rest) = (DayService::default(), DayService::default());
    visits[..2].iter().for_each(|visit| service.add(visit));
    visits[2..].iter().for_each(|visit| rest.add(visit));
    service.join(&rest);
    near(service.served(), 0.6, 1e-12);
    assert_eq!(service.paid(), Fen::new(800));
    near(service.money_in_hour(0), 0.5, 1e-12);
    near(service.automatic_money(), 0.5, 1e-12);
    near(service.speed_premium().unwrap(), 0.5 / 0.4, 1e-12);
    let rates = service.service_by_hour();
    assert_eq!(
        (rates[0], rates[8], rates[20], rates[1]),
        (Some(1.0), Some(0.5), Some(0.0), None)
    );
    near(
        service.jain_over_hours().unwrap(),
        2.25 / (3.0 * 1.25),
        1e-12,
    );
    near(service.envy_over_hours(), 200.0, 1e-12);
    let exhausted = DayService::exhausted_at(&visits).unwrap();
    assert_eq!(exhausted.ms(), 8 * 3_600_000);
    assert_eq!(DayService::exhausted_at(&visits[..3]), None);
    assert_eq!(DayService::exhausted_at(&[]), None);
}

#[test]
fn a_day_without_visits_has_no_premium_and_no_envy() {
    let service = DayService::default();
    near(service.served(), 1.0, 0.0);
    near(service.envy_over_hours(), 0.0, 0.0);
    assert_eq!(service.speed_premium(), None);
    assert_eq!(service.jain_over_hours(), Err(MetricsError::Empty));
    assert_eq!(DayOffset::MIDNIGHT.ms(), 0);
}
