//! The word stream equals the published cipher, and its integers are unbiased.

use std::num::NonZeroU32;

use reward_core::WordStream;

fn counting_key() -> [u8; 32] {
    let mut key = [0; 32];
    for (byte, value) in key.iter_mut().zip(0..) {
        *byte = value;
    }
    key
}

fn words(seed: [u8; 32], count: usize) -> Vec<u32> {
    let mut stream = WordStream::new(seed);
    (0..count).map(|_| stream.next_word()).collect()
}

/// The vectors were computed from the definition of the cipher in another language, not by this crate.
#[test]
fn value_stability_words_are_the_chacha12_keystream() {
    let zero = words([0; 32], 1_026);
    assert_eq!(
        zero[..6],
        [
            0x6a9a_f49b,
            0x53f9_5507,
            0x12ce_1f81,
            0xd583_265f,
            0xbbc3_2904,
            0x1474_e049
        ]
    );
    // Across the first and the 64th block boundary.
    assert_eq!(
        zero[14..18],
        [0x2fe8_0b61, 0xbe26_1341, 0x4188_d50b, 0xfe74_3e20]
    );
    assert_eq!(
        zero[1_022..],
        [0x7646_fe64, 0x74b1_c9e2, 0x6c4a_8ae7, 0x6dfb_b905]
    );
    let counting = words(counting_key(), 1_026);
    assert_eq!(
        counting[..4],
        [0xfff9_31f2, 0x5ec6_7ad1, 0x25f3_0544, 0xaa40_e9d7]
    );
    assert_eq!(
        counting[1_022..],
        [0x73b7_c52e, 0x59aa_1d63, 0xfc53_af7f, 0x373e_0cf8]
    );
}

/// Same source as the words.
#[test]
fn value_stability_integers_below_a_limit() {
    let mut stream = WordStream::new(counting_key());
    let limits = [
        1,
        2,
        3,
        7,
        10,
        1_000,
        19_800_000,
        0x8000_0001,
        0x8000_0001,
        0x8000_0001,
        0x8000_0001,
        u32::MAX,
    ];
    let drawn: Vec<u32> = limits
        .iter()
        .map(|&n| stream.below(NonZeroU32::new(n).unwrap()))
        .collect();
    assert_eq!(
        drawn,
        [
            0,
            0,
            0,
            4,
            1,
            735,
            15_143_291,
            453_840_236,
            72_982_572,
            1_337_869_025,
            712_076_052,
            2_597_595_268
        ]
    );
}

/// With `n = 3 * 2^30` a multiplication without rejection would favour every third value two to one.
#[test]
fn residues_of_a_limit_far_from_a_power_of_two_are_equally_likely() {
    let n = NonZeroU32::new(3 << 30).unwrap();
    let mut stream = WordStream::new([5; 32]);
    let mut counts = [0_i64; 3];
    for _ in 0..30_000 {
        let drawn = stream.below(n);
        assert!(drawn < n.get());
        counts[usize::try_from(drawn % 3).unwrap()] += 1;
    }
    for count in counts {
        assert!((count - 10_000).abs() < 450, "{counts:?}");
    }
}

#[test]
fn debug_shows_no_state() {
    assert_eq!(
        format!("{:?}", WordStream::new([9; 32])),
        "WordStream([redacted])"
    );
}
