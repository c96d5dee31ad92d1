//! A Merkle tree over leaves of bytes, of the shape and with the prefixes of RFC 6962, section 2.1.
//!
//! `leaf = SHA-256(0x00 || bytes)`, `node = SHA-256(0x01 || left || right)`, and a tree without leaves is `SHA-256()`.
//! Why the prefixes: without them the 64 bytes of two neighbours could be offered as a leaf, and a receipt could be
//! forged for a packet that was never sealed.
//! Why this shape and no filling up with empty leaves: every leaf of the tree is a packet of the plan, and published
//! test vectors and verifiers exist.

use crate::digest::sha256;

pub(super) type Hash = [u8; 32];

/// All levels, the leaves first; a level has half of the one below, rounded up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tree {
    levels: Vec<Vec<Hash>>,
}

/// Hash of a leaf.
pub(super) fn leaf(bytes: &[u8]) -> Hash {
    sha256(&[&[0], bytes])
}

fn node(left: &Hash, right: &Hash) -> Hash {
    sha256(&[&[1], left, right])
}

impl Tree {
    /// Builds all levels; linear in the leaves.
    ///
    /// A last node without a neighbour moves up unchanged, which is the shape of RFC 6962.
    pub(super) fn over(leaves: Vec<Hash>) -> Self {
        let mut levels = vec![leaves];
        while let Some(below) = levels.last().filter(|level| level.len() > 1) {
            let above = below
                .chunks(2)
                .filter_map(|pair| match pair {
                    [left, right] => Some(node(left, right)),
                    rest => rest.first().copied(),
                })
                .collect();
            levels.push(above);
        }
        Self { levels }
    }

    pub(super) fn leaves(&self) -> u32 {
        self.levels
            .first()
            .and_then(|level| u32::try_from(level.len()).ok())
            .unwrap_or(0)
    }

    pub(super) fn root(&self) -> Hash {
        self.levels
            .last()
            .and_then(|level| level.first().copied())
            .unwrap_or_else(|| sha256(&[]))
    }

    /// The neighbours on the way from a leaf to the root, or `None` beyond the leaves; about `log2` of the leaves.
    pub(super) fn path(&self, index: u32) -> Option<Vec<Hash>> {
        let mut at = usize::try_from(index).ok()?;
        self.levels.first()?.get(at)?;
        let mut path = Vec::with_capacity(self.levels.len());
        for level in &self.levels {
            // Of an even place the neighbour is the next one, of an odd place the one before.
            path.extend(level.get(at ^ 1).copied());
            at /= 2;
        }
        Some(path)
    }
}

/// The root that a leaf and its path lead to, or `None` if the path has not the length of this place.
///
/// RFC 9162, section 2.1.3.2.
pub(super) fn root_from_path(leaf: Hash, index: u32, leaves: u32, path: &[Hash]) -> Option<Hash> {
    let mut last = leaves.checked_sub(1).filter(|&last| index <= last)?;
    let mut at = index;
    let mut neighbours = path.iter();
    let mut hash = leaf;
    while last > 0 {
        if at % 2 == 1 {
            hash = node(neighbours.next()?, &hash);
        } else if at < last {
            hash = node(&hash, neighbours.next()?);
        }
        at /= 2;
        last /= 2;
    }
    neighbours.next().is_none().then_some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::hexadecimal;

    /// The leaves and roots that implementations of Certificate Transparency share as reference.
    const REFERENCE: [(&[u8], &str); 8] = [
        (
            b"",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        ),
        (
            &[0x00],
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        ),
        (
            &[0x10],
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        ),
        (
            &[0x20, 0x21],
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ),
        (
            &[0x30, 0x31],
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        ),
        (
            &[0x40, 0x41, 0x42, 0x43],
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        ),
        (
            &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        ),
        (
            &[
                0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d,
                0x6e, 0x6f,
            ],
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ),
    ];

    fn tree(leaves: u32) -> Tree {
        Tree::over((0..leaves).map(|i| leaf(&i.to_be_bytes())).collect())
    }

    #[test]
    fn roots_are_those_of_the_certificate_transparency_reference() {
        let mut leaves = Vec::new();
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(hexadecimal(&Tree::over(Vec::new()).root()), empty);
        for (bytes, root) in REFERENCE {
            leaves.push(leaf(bytes));
            assert_eq!(hexadecimal(&Tree::over(leaves.clone()).root()), root);
        }
    }

    #[test]
    fn every_leaf_of_every_small_tree_leads_to_the_root_and_from_no_other_place() {
        for leaves in 1..70 {
            let tree = tree(leaves);
            for index in 0..leaves {
                let path = tree.path(index).unwrap();
                let from = |at| root_from_path(leaf(&index.to_be_bytes()), at, leaves, &path[..]);
                assert_eq!(from(index), Some(tree.root()), "{index} of {leaves}");
                for other in (0..=leaves).filter(|&other| other != index) {
                    assert_ne!(from(other), Some(tree.root()), "{index} of {leaves}");
                }
            }
            assert_eq!(tree.path(leaves), None);
        }
    }

    #[test]
    fn a_path_too_short_or_too_long_leads_nowhere() {
        let tree = tree(11);
        for index in 0..11_u32 {
            let own = leaf(&index.to_be_bytes());
            let mut path = tree.path(index).unwrap();
            let last = path.pop().unwrap();
            assert_eq!(root_from_path(own, index, 11, &path), None);
            path.extend([last, last]);
            assert_eq!(root_from_path(own, index, 11, &path), None);
        }
    }

    #[test]
    fn an_inner_node_is_no_leaf() {
        let leaves = [leaf(b"a"), leaf(b"b")];
        let joined = leaves.concat();
        assert_ne!(leaf(&joined), Tree::over(leaves.to_vec()).root());
    }
}
