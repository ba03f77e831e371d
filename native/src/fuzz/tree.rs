//! Tree proofs: `index(8) size(8) digest(32) root(32) proof`. No bytes make them panic; what is
//! proven of a tree made of the same bytes holds, and with a byte of it changed does not.

use super::{append, climb, is_prefix, leaf, node, prove};
use crate::columns::Digest;
use crate::fuzz::Verdict;
use crate::status;

fn word(data: &[u8], at: usize) -> u64 {
    data.get(at..at + 8).map_or(0, |part| u64::from_be_bytes(part.try_into().expect("eight")))
}

fn digest(data: &[u8], at: usize) -> Digest {
    let mut found = [0; 32];
    let part = data.get(at..).unwrap_or_default();
    let size = part.len().min(32);
    found[..size].copy_from_slice(&part[..size]);
    found
}

/// See above.
pub fn law(data: &[u8]) -> Verdict {
    let (index, size) = (word(data, 0), word(data, 8));
    let (entry, root) = (digest(data, 16), digest(data, 48));
    let proof: Vec<Digest> = data.get(80..).unwrap_or_default().as_chunks::<32>().0.to_vec();
    let holds = climb(leaf(&entry), index, size, &proof) == Some(root);
    let older = is_prefix(index, size, &entry, &root, &proof);
    assert!(!(holds || older) || proof.len() <= 65);
    tree(data);
    let status = if holds || older { 0 } else { status::PROOF };
    (status, u64::from(holds) * 2 + u64::from(older))
}

/// A tree whose leaves are the input's own bytes.
fn tree(data: &[u8]) {
    let leaves: Vec<Digest> = (0..data.len().min(40)).map(|at| digest(data, at)).collect();
    if leaves.is_empty() {
        return;
    }
    let count = leaves.len();
    let peaks = append(0, &[], &leaves);
    let (last, others) = peaks.split_last().expect("a leaf at least");
    let root = others.iter().rev().fold(*last, |right, left| node(left, &right));
    let index = usize::from(data[0]) % count;
    let (proof, _) = prove(&leaves, &[u32::try_from(index).expect("below 40")]);
    let reached = climb(leaf(&leaves[index]), index as u64, count as u64, &proof);
    assert_eq!(reached, Some(root));
    if let Some(first) = proof.first() {
        let mut spoilt = proof.clone();
        spoilt[0] = *first;
        spoilt[0][usize::from(data[0]) % 32] ^= 1;
        assert_ne!(climb(leaf(&leaves[index]), index as u64, count as u64, &spoilt), Some(root));
    }
}
