//! A drawn plan under one root: what is published before a city opens, and the receipts it vouches for.

use std::fmt;

use super::{
    merkle::{self, Hash, Tree},
    receipt::{Receipt, Salt},
};
use crate::{
    Deck, DeckKind, Fen, PacketPlan, PlanSeed, RewardRules,
    commitment::kind_byte,
    digest::{digest_text, sha256},
};

const ROOT_TAG: &[u8] = b"reward-core/plan-root/1\0";
/// With the deck's seed and a sequence this is 55 bytes, the most that SHA-256 takes in one block.
const SALT_TAG: &[u8] = b"reward-core/salt/1\0";

/// The root of a city's sealed packets: `SHA-256("reward-core/plan-root/1\0" || leaves || tree root)`.
///
/// `leaves` is the number of packets of all decks as big-endian `u32`.
/// Whoever published it can neither add, drop, change nor exchange a packet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlanRoot([u8; 32]);

digest_text!(PlanRoot);

impl PlanRoot {
    pub(super) fn of_tree(leaves: u32, tree_root: &Hash) -> Self {
        Self(sha256(&[ROOT_TAG, &leaves.to_be_bytes(), tree_root]))
    }
}

/// A plan with a salt for every packet and a tree over all of them.
///
/// Leaves stand by day, the plain deck first, then by sequence, as in [`PacketPlan::packets`].
/// A leaf is `SHA-256(0x00 || day || kind || sequence || amount || salt)`: day and kind one byte each (0 plain, 1 top),
/// the sequence a big-endian `u32`, the amount in fen a big-endian `u64`, the salt 16 bytes; [`Receipt`] shows one.
/// A salt is the first 16 bytes of `SHA-256("reward-core/salt/1\0" || deck seed || sequence)`, with the deck seed of
/// [`PacketPlan`], step 2; without it the few thousand possible amounts of a leaf could be tried out.
/// Nodes and shape are those of RFC 6962.
///
/// `Debug` shows nothing that is sealed.
///
/// ```
/// use reward_core::{DeckKind, PacketPlan, PlanSeed, RewardRules, SealedPlan};
///
/// let (rules, seed) = (RewardRules::JIANGSU_2020, PlanSeed::from_bytes([7; 32]));
/// let sealed = SealedPlan::new(PacketPlan::draw(&rules, &seed), &seed);
/// let root = sealed.root(); // published before the city opens
///
/// let receipt = sealed.receipt(1, DeckKind::Plain, 0).expect("day 1 has a first packet");
/// assert_eq!(receipt.verify(&rules, &root), Ok(())); // by the claimant, at once
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct SealedPlan {
    plan: PacketPlan,
    seed: PlanSeed,
    tree: Tree,
}

impl SealedPlan {
    /// Seals a plan with the seed it was drawn from; linear in the packets, three hashes each.
    ///
    /// With a beacon this is the effective seed of [`PlanSeed::mixed_with`].
    #[must_use]
    pub fn new(plan: PacketPlan, seed: &PlanSeed) -> Self {
        let leaves = plan.decks().iter().flat_map(|deck| leaves(deck, seed));
        let tree = Tree::over(leaves.collect());
        Self {
            plan,
            seed: seed.clone(),
            tree,
        }
    }

    /// Returns the plan.
    #[must_use]
    pub const fn plan(&self) -> &PacketPlan {
        &self.plan
    }

    /// Returns the root to publish before the city opens.
    #[must_use]
    pub fn root(&self) -> PlanRoot {
        PlanRoot::of_tree(self.tree.leaves(), &self.tree.root())
    }

    /// Returns the receipt of one packet, or `None` if the plan has no such packet; about `log2` of all packets.
    ///
    /// It reveals this packet and nothing about any other.
    #[must_use]
    pub fn receipt(&self, day: u8, deck: DeckKind, sequence: u32) -> Option<Receipt> {
        let amount = self.plan.deck(day, deck)?.amount(sequence)?;
        let index = leaf_index(self.plan.rules(), day, deck, sequence)?;
        let salt = salt(&self.seed.deck_stream_seed(day, deck), sequence);
        let path = self.tree.path(index)?;
        Some(Receipt::assembled(day, deck, sequence, amount, salt, path))
    }
}

impl fmt::Debug for SealedPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedPlan")
            .field("plan", &self.plan)
            .field("root", &self.root())
            .finish_non_exhaustive()
    }
}

fn leaves(deck: &Deck, seed: &PlanSeed) -> impl Iterator<Item = Hash> {
    let (day, kind) = (deck.day(), deck.kind());
    let deck_seed = seed.deck_stream_seed(day, kind);
    (0..).zip(deck.amounts()).map(move |(sequence, &amount)| {
        leaf(day, kind, sequence, amount, &salt(&deck_seed, sequence))
    })
}

fn salt(deck_seed: &[u8; 32], sequence: u32) -> Salt {
    let [salt, _] = halves(sha256(&[SALT_TAG, deck_seed, &sequence.to_be_bytes()]));
    salt
}

fn halves(bytes: [u8; 32]) -> [Salt; 2] {
    let (front, back) = bytes.split_at(16);
    [front, back].map(|half| half.try_into().unwrap_or_default())
}

/// Hash of one packet's leaf.
pub(super) fn leaf(day: u8, deck: DeckKind, sequence: u32, amount: Fen, salt: &Salt) -> Hash {
    let mut bytes = [0_u8; 30];
    let sequence = sequence.to_be_bytes();
    let amount = amount.get().to_be_bytes();
    let content = [day, kind_byte(deck)].into_iter().chain(sequence);
    for (slot, byte) in bytes.iter_mut().zip(content.chain(amount).chain(*salt)) {
        *slot = byte;
    }
    merkle::leaf(&bytes)
}

/// Place of a packet among the leaves, or `None` if the rules know no such packet.
pub(super) fn leaf_index(
    rules: &RewardRules,
    day: u8,
    deck: DeckKind,
    sequence: u32,
) -> Option<u32> {
    let packets = rules.packets_per_day();
    if day == 0 || day > rules.days() || sequence >= packets {
        return None;
    }
    let decks_before = u32::from(day)
        .checked_sub(1)?
        .checked_mul(2)?
        .checked_add(u32::from(kind_byte(deck)))?;
    decks_before.checked_mul(packets)?.checked_add(sequence)
}

/// Number of leaves of a city, or `None` beyond `u32::MAX`.
pub(super) fn leaf_count(rules: &RewardRules) -> Option<u32> {
    u32::from(rules.days())
        .checked_mul(2)?
        .checked_mul(rules.packets_per_day())
}
