//! RFC 6962 trees over 32-byte digests: grown in batches, rooted, proven, verified.
//!
//! ```text
//! size 7 = 111b          root = node(A, node(B, c))
//!     A       B    c     peaks = A ‖ B ‖ c, one perfect subtree per binary digit that is set,
//!    / \      /\   |     the largest first
//!   01 23    45 .. 6
//!
//! leaves [3, 7) are covered by the perfect subtrees 3, 45 and 6: a range
//! ```
//!
//! **Law:** the same bytes as `tallystick/kernels/reference/merkle.py`, however the leaves are cut
//! into batches. Source: RFC 6962 section 2.1; RFC 9162 section 2.1.4.2.

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::columns::{
    Bytes, Digest, Uint, bad, expect_rows, read_offsets, read_u32, read_u64, split, write_u32,
};
use crate::hash::{leaf, node, sha256};
use crate::status;

/// New peaks of a tree of `size` leaves with `peaks` after `leaves` (32 * k digests).
#[pyfunction]
pub fn merkle_append<'py>(
    py: Python<'py>,
    size: Uint,
    peaks: Bytes,
    leaves: Bytes,
) -> PyResult<Bound<'py, PyBytes>> {
    let size = size.0;
    let old = split::<32>(&peaks)?;
    expect_rows("peaks", old.len(), size.count_ones() as usize)?;
    let added = split::<32>(&leaves)?;
    if size.checked_add(added.len() as u64).is_none() {
        return bad(format!("a tree of 2^64 leaves or more: {size} and {}", added.len()));
    }
    let grown = py.detach(|| append(size, old, added));
    Ok(PyBytes::new(py, grown.as_flattened()))
}

/// Binary addition, where a carry is a hash.
fn append(size: u64, peaks: &[Digest], leaves: &[Digest]) -> Vec<Digest> {
    let mut stack = Vec::with_capacity(65);
    stack.extend_from_slice(peaks);
    for (count, digest) in (size..).zip(leaves) {
        let mut top = leaf(digest);
        for _ in 0..count.trailing_ones() {
            let left = stack.pop().expect("a peak for every binary digit that is set");
            top = node(&left, &top);
        }
        stack.push(top);
    }
    stack
}

/// Peaks folded from the right; SHA-256 of nothing for the empty tree.
#[pyfunction]
pub fn merkle_root<'py>(py: Python<'py>, peaks: Bytes) -> PyResult<Bound<'py, PyBytes>> {
    let mut nodes = split::<32>(&peaks)?.iter().rev();
    let root = match nodes.next() {
        None => sha256(&[]),
        Some(last) => nodes.fold(*last, |right, left| node(left, &right)),
    };
    Ok(PyBytes::new(py, &root))
}

/// Hashes of the perfect subtrees of 2^level leaves each, left to right.
#[pyfunction]
pub fn merkle_nodes<'py>(
    py: Python<'py>,
    leaves: Bytes,
    level: Uint,
) -> PyResult<Bound<'py, PyBytes>> {
    let level = level.0;
    if level >= 64 {
        return bad(format!("level {level}"));
    }
    let leaves = split::<32>(&leaves)?;
    if !(leaves.len() as u64).is_multiple_of(1 << level) {
        return bad(format!("{} leaves are no multiple of 2^{level}", leaves.len()));
    }
    if leaves.is_empty() {
        return Ok(PyBytes::new(py, b""));
    }
    let nodes = py.detach(|| {
        // A span of up to 2^10 leaves is done at a time, so that what is hashed stays in the cache.
        let low = level.min(10);
        let mut nodes: Vec<Digest> = leaves.chunks(1 << low).map(subtree).collect();
        for _ in low..level {
            nodes = pair_up(&nodes);
        }
        nodes
    });
    Ok(PyBytes::new(py, nodes.as_flattened()))
}

/// Hashes of the fewest perfect, aligned subtrees that cover [begin, begin + n), left to right.
#[pyfunction]
pub fn merkle_range<'py>(
    py: Python<'py>,
    leaves: Bytes,
    begin: Uint,
) -> PyResult<Bound<'py, PyBytes>> {
    let begin = begin.0;
    let leaves = split::<32>(&leaves)?;
    let Some(end) = begin.checked_add(leaves.len() as u64) else {
        return bad(format!("{} leaves from {begin} end at 2^64 or beyond", leaves.len()));
    };
    let nodes: Vec<Digest> = py.detach(|| {
        let mut rest = leaves;
        let subtrees = cover(begin, end).map(|(level, _)| {
            let (these, others) = rest.split_at(1 << level);
            rest = others;
            subtree(these)
        });
        subtrees.collect()
    });
    Ok(PyBytes::new(py, nodes.as_flattened()))
}

/// (level, index) of the fewest perfect, aligned subtrees over the leaves [begin, end).
fn cover(mut begin: u64, end: u64) -> impl Iterator<Item = (u32, u64)> {
    std::iter::from_fn(move || {
        let level = (end - begin).checked_ilog2()?.min(begin.trailing_zeros());
        let index = begin >> level;
        begin += 1 << level;
        Some((level, index))
    })
}

/// The hash of a perfect subtree.
fn subtree(leaves: &[Digest]) -> Digest {
    let grown = append(0, &[], leaves);
    assert_eq!(grown.len(), 1, "a perfect subtree has one peak");
    grown[0]
}

/// One level up; a last node without a partner is left out.
fn pair_up(nodes: &[Digest]) -> Vec<Digest> {
    nodes.as_chunks::<2>().0.iter().map(|[left, right]| node(left, right)).collect()
}

/// RFC 6962 inclusion proofs in the tree of all `leaves`: (hashes, u32[k + 1] offsets in hashes).
#[pyfunction]
pub fn merkle_prove<'py>(
    py: Python<'py>,
    leaves: Bytes,
    indices: Bytes,
) -> PyResult<(Bound<'py, PyBytes>, Bound<'py, PyBytes>)> {
    let leaves = split::<32>(&leaves)?;
    let indices = read_u32(&indices)?;
    if let Some(index) = indices.iter().find(|&&index| index as usize >= leaves.len()) {
        return bad(format!("leaf {index} of a tree of {}", leaves.len()));
    }
    let (proofs, offsets) = py.detach(|| prove(leaves, &indices));
    let Some(offsets) = offsets else {
        return bad("proofs of 2^32 hashes or more");
    };
    Ok((PyBytes::new(py, proofs.as_flattened()), PyBytes::new(py, &write_u32(&offsets))))
}

/// The proofs' hashes and offsets; None for the latter when they do not fit u32.
fn prove(leaves: &[Digest], indices: &[u32]) -> (Vec<Digest>, Option<Vec<u32>>) {
    let mut levels: Vec<Vec<Digest>> = vec![leaves.iter().map(leaf).collect()];
    while let Some(below) = levels.last().filter(|below| below.len() > 1) {
        let mut above = pair_up(below);
        if below.len() % 2 == 1 {
            above.extend(below.last());
        }
        levels.push(above);
    }
    let mut proofs = Vec::with_capacity(indices.len() * levels.len());
    let mut ends = vec![0];
    for &index in indices {
        let siblings = levels.iter().enumerate().map(|(height, nodes)| {
            let place = index as usize >> height;
            nodes.get(place ^ 1)
        });
        proofs.extend(siblings.flatten());
        ends.push(proofs.len());
    }
    let offsets = ends.into_iter().map(|end| u32::try_from(end).ok()).collect();
    (proofs, offsets)
}

/// u8[k]: OK or PROOF, does each leaf's proof lead to `root`?
#[pyfunction]
pub fn merkle_verify<'py>(
    py: Python<'py>,
    root: Bytes,
    size: Uint,
    leaves: Bytes,
    indices: Bytes,
    proofs: Bytes,
    offsets: Bytes,
) -> PyResult<Bound<'py, PyBytes>> {
    let Ok(root) = Digest::try_from(&*root) else {
        return bad(format!("a root of {} bytes", root.len()));
    };
    let hashes = split::<32>(&proofs)?;
    let spans = read_offsets(&offsets, hashes.len())?;
    let leaves = split::<32>(&leaves)?;
    let rows = read_u64(&indices)?;
    expect_rows("indices", rows.len(), leaves.len())?;
    expect_rows("offsets", spans.len(), leaves.len() + 1)?;
    let statuses: Vec<u8> = py.detach(|| {
        let spans = spans.windows(2).map(|span| &hashes[span[0] as usize..span[1] as usize]);
        leaves
            .iter()
            .zip(rows)
            .zip(spans)
            .map(|((digest, index), proof)| {
                let reached = climb(leaf(digest), index, size.0, proof);
                if reached == Some(root) { status::OK } else { status::PROOF }
            })
            .collect()
    });
    Ok(PyBytes::new(py, &statuses))
}

/// The root that a proof leads to, or None when it has not exactly the hashes it needs.
fn climb(leaf: Digest, mut index: u64, mut size: u64, proof: &[Digest]) -> Option<Digest> {
    if index >= size {
        return None;
    }
    let mut top = leaf;
    let mut siblings = proof.iter();
    while size > 1 {
        // Without a sibling it is alone on its level, and moves up as it is.
        if index ^ 1 < size {
            let sibling = siblings.next()?;
            top = if index & 1 == 1 { node(sibling, &top) } else { node(&top, sibling) };
        }
        index >>= 1;
        size = size.div_ceil(2);
    }
    siblings.next().is_none().then_some(top)
}

/// RFC 6962 consistency proofs for (first, second) sizes: (hashes, u32[k + 1] offsets in hashes).
#[pyfunction]
pub fn merkle_consistency<'py>(
    py: Python<'py>,
    leaves: Bytes,
    sizes: Bytes,
) -> PyResult<(Bound<'py, PyBytes>, Bound<'py, PyBytes>)> {
    let leaves = split::<32>(&leaves)?;
    let pairs = read_pairs(&sizes)?;
    let fits =
        |[first, second]: [u64; 2]| 0 < first && first <= second && second <= leaves.len() as u64;
    if let Some([first, second]) = pairs.iter().find(|pair| !fits(**pair)) {
        return bad(format!("from {first} to {second} leaves, of {}", leaves.len()));
    }
    let (proofs, offsets) = py.detach(|| {
        let needed = pairs.iter().map(|pair| to_place(pair[1])).max().unwrap_or(0);
        let tree = Subtrees::of(&leaves[..needed]);
        let mut proofs = Vec::new();
        let mut ends = vec![0];
        for &[first, second] in &pairs {
            tree.push_consistency(first, second, &mut proofs);
            ends.push(proofs.len());
        }
        let offsets: Option<Vec<u32>> =
            ends.into_iter().map(|end| u32::try_from(end).ok()).collect();
        (proofs, offsets)
    });
    let Some(offsets) = offsets else {
        return bad("proofs of 2^32 hashes or more");
    };
    Ok((PyBytes::new(py, proofs.as_flattened()), PyBytes::new(py, &write_u32(&offsets))))
}

/// The pairs of a u64[2k] column.
fn read_pairs(column: &[u8]) -> PyResult<Vec<[u64; 2]>> {
    let numbers = read_u64(column)?;
    let (pairs, rest) = numbers.as_chunks::<2>();
    if rest.is_empty() {
        return Ok(pairs.to_vec());
    }
    bad(format!("a column of pairs has {} numbers", numbers.len()))
}

/// A number that is no greater than that of the leaves in memory.
fn to_place(number: u64) -> usize {
    usize::try_from(number).expect("a place among leaves that are here")
}

/// All perfect subtrees over some leaves, level by level: of any size up to theirs, any tree.
struct Subtrees(Vec<Vec<Digest>>);

impl Subtrees {
    fn of(leaves: &[Digest]) -> Self {
        let mut levels: Vec<Vec<Digest>> = vec![leaves.iter().map(leaf).collect()];
        while let Some(below) = levels.last().filter(|below| below.len() > 1) {
            levels.push(pair_up(below));
        }
        Subtrees(levels)
    }

    /// The root over the leaves [begin, end), a subtree of an RFC 6962 tree and not empty.
    fn root(&self, begin: u64, end: u64) -> Digest {
        let peaks: Vec<&Digest> = cover(begin, end)
            .map(|(level, index)| &self.0[level as usize][to_place(index)])
            .collect();
        let (last, others) = peaks.split_last().expect("a subtree has leaves");
        others.iter().rev().fold(**last, |right, left| node(left, &right))
    }

    /// PROOF(first, D[second]). Of its hashes one at most is not of a perfect subtree.
    fn push_consistency(&self, first: u64, second: u64, proofs: &mut Vec<Digest>) {
        let start = proofs.len();
        let (mut begin, mut end) = (0, second);
        while first != end {
            let middle = begin + (1 << (end - begin - 1).ilog2());
            if first <= middle {
                proofs.push(self.root(middle, end));
                end = middle;
            } else {
                proofs.push(self.root(begin, middle));
                begin = middle;
            }
        }
        // At 0 the old tree is itself a perfect subtree, and the verifier has its root.
        if begin > 0 {
            proofs.push(self.root(begin, end));
        }
        proofs[start..].reverse();
    }
}

/// u8[k]: OK or PROOF, is each row's first tree a prefix of its second?
#[pyfunction]
pub fn merkle_verify_consistency<'py>(
    py: Python<'py>,
    sizes: Bytes,
    first_roots: Bytes,
    second_roots: Bytes,
    proofs: Bytes,
    offsets: Bytes,
) -> PyResult<Bound<'py, PyBytes>> {
    let pairs = read_pairs(&sizes)?;
    let old = split::<32>(&first_roots)?;
    let new = split::<32>(&second_roots)?;
    let hashes = split::<32>(&proofs)?;
    let spans = read_offsets(&offsets, hashes.len())?;
    expect_rows("first_roots", old.len(), pairs.len())?;
    expect_rows("second_roots", new.len(), pairs.len())?;
    expect_rows("offsets", spans.len(), pairs.len() + 1)?;
    let statuses: Vec<u8> = py.detach(|| {
        let spans = spans.windows(2).map(|span| &hashes[span[0] as usize..span[1] as usize]);
        pairs
            .iter()
            .zip(old.iter().zip(new))
            .zip(spans)
            .map(|((&[first, second], (old, new)), proof)| {
                let good = is_prefix(first, second, old, new, proof);
                if good { status::OK } else { status::PROOF }
            })
            .collect()
    });
    Ok(PyBytes::new(py, &statuses))
}

/// RFC 9162 section 2.1.4.2.
fn is_prefix(first: u64, second: u64, old: &Digest, new: &Digest, proof: &[Digest]) -> bool {
    if first == 0 || first > second {
        return false;
    }
    if first == second {
        return proof.is_empty() && old == new;
    }
    let mut path = proof.iter();
    // The root of a power of two is a node of the second tree, so the proof leaves it out.
    let start = if first.is_power_of_two() { Some(old) } else { path.next() };
    let Some(start) = start else {
        return false;
    };
    let shift = (first - 1).trailing_ones();
    let (mut below, mut last) = ((first - 1) >> shift, (second - 1) >> shift);
    let (mut old_top, mut new_top) = (*start, *start);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if below & 1 == 1 || below == last {
            old_top = node(sibling, &old_top);
            new_top = node(sibling, &new_top);
            while below & 1 == 0 && below != 0 {
                below >>= 1;
                last >>= 1;
            }
        } else {
            new_top = node(&new_top, sibling);
        }
        below >>= 1;
        last >>= 1;
    }
    last == 0 && old_top == *old && new_top == *new
}

#[cfg(test)]
#[path = "fuzz/tree.rs"]
pub mod law;

#[cfg(test)]
mod tests {
    use super::*;

    fn digests(count: u8) -> Vec<Digest> {
        (0..count).map(|number| [number; 32]).collect()
    }

    #[test]
    fn peaks_do_not_depend_on_how_leaves_are_cut_into_batches() {
        let leaves = digests(23);
        let whole = append(0, &[], &leaves);
        for cut in 0..=23 {
            let first = append(0, &[], &leaves[..cut]);
            assert_eq!(append(cut as u64, &first, &leaves[cut..]), whole);
        }
    }

    #[test]
    fn every_proof_verifies_at_its_own_place_only() {
        let leaves = digests(11);
        let peaks = append(0, &[], &leaves);
        let (last, others) = peaks.split_last().unwrap();
        let root = others.iter().rev().fold(*last, |right, left| node(left, &right));
        let (proofs, offsets) = prove(&leaves, &(0..11).collect::<Vec<_>>());
        let offsets = offsets.unwrap();
        for (row, digest) in leaves.iter().enumerate() {
            let proof = &proofs[offsets[row] as usize..offsets[row + 1] as usize];
            for index in 0..12 {
                let reached = climb(leaf(digest), index, 11, proof);
                assert_eq!(reached == Some(root), index == row as u64);
            }
        }
    }

    #[test]
    fn a_tree_is_a_prefix_of_those_grown_from_it_and_of_no_other() {
        let leaves = digests(19);
        let tree = Subtrees::of(&leaves);
        let other = Subtrees::of(&[&[[99; 32]], &leaves[1..]].concat());
        for (first, second) in (1..=19).flat_map(|second| (1..=second).map(move |n| (n, second))) {
            let (old, new) = (tree.root(0, first), tree.root(0, second));
            let mut proof = Vec::new();
            tree.push_consistency(first, second, &mut proof);
            assert!(is_prefix(first, second, &old, &new, &proof));
            assert!(!is_prefix(first, second, &other.root(0, first), &new, &proof));
            assert!(!is_prefix(first, second, &old, &other.root(0, second), &proof));
        }
    }

    #[test]
    fn a_range_ends_where_it_should_at_the_end_of_the_numbers() {
        assert_eq!(cover(3, 11).collect::<Vec<_>>(), [(0, 3), (2, 1), (1, 4), (0, 10)]);
        assert_eq!(cover(u64::MAX - 1, u64::MAX).collect::<Vec<_>>(), [(0, u64::MAX - 1)]);
        assert_eq!(cover(0, u64::MAX).count(), 64);
        assert_eq!(cover(7, 7).count(), 0);
    }
}
