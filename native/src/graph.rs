//! Questions about the graph of events: levels, order, heads, vectors; ancestry is next door.
//!
//! ```text
//! rows 0..n-1, parents before children; the parents of row i are parents[o[i]:o[i+1]]
//!
//!     0 ── 1 ── 3        offsets  0 0 1 2 4
//!      └── 2 ──┘         parents  0 0 1 2
//! ```
//!
//! **Law:** the same answers as `tallystick/kernels/reference/graph.py`.

use pyo3::exceptions::PyMemoryError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::columns::{
    Bytes, Digest, Uint, bad, expect_rows, read_offsets, read_u32, read_u64, split, write_u32,
    write_u64,
};

/// Parent lists, checked once: every parent is a smaller row.
pub struct Graph {
    offsets: Vec<u32>,
    parents: Vec<u32>,
}

impl Graph {
    /// Read from columns; `ValueError` when they do not fit or a child comes before its parent.
    pub fn new(offsets: &[u8], parents: &[u8]) -> PyResult<Self> {
        let parents = read_u32(parents)?;
        let offsets = read_offsets(offsets, parents.len())?;
        if offsets.len() - 1 > u32::MAX as usize {
            return bad("2^32 rows or more");
        }
        let graph = Graph { offsets, parents };
        match graph.rows().find(|&row| graph.of(row).iter().any(|&parent| parent >= row)) {
            Some(row) => bad(format!("row {row} comes before one of its parents")),
            None => Ok(graph),
        }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// All rows, parents first.
    #[allow(clippy::cast_possible_truncation)] // `new` has compared
    pub fn rows(&self) -> std::ops::Range<u32> {
        0..self.len() as u32
    }

    /// Parents of a row.
    pub fn of(&self, row: u32) -> &[u32] {
        let row = row as usize;
        &self.parents[self.offsets[row] as usize..self.offsets[row + 1] as usize]
    }

    /// Longest way to a root, per row.
    pub fn levels(&self) -> Vec<u32> {
        let mut levels: Vec<u32> = Vec::with_capacity(self.len());
        for row in self.rows() {
            let above = self.of(row).iter().map(|&parent| levels[parent as usize] + 1).max();
            levels.push(above.unwrap_or(0));
        }
        levels
    }

    /// Rows a caller names are rows there are.
    pub fn check(&self, rows: &[u32]) -> PyResult<()> {
        if rows.iter().any(|&row| row as usize >= self.len()) {
            return bad(format!("a row beyond the graph's {}", self.len()));
        }
        Ok(())
    }
}

/// u64[n]: 0 for roots, else 1 + the greatest of the parents'.
#[pyfunction]
pub fn graph_lamports<'py>(
    py: Python<'py>,
    offsets: Bytes,
    parents: Bytes,
) -> PyResult<Bound<'py, PyBytes>> {
    let graph = Graph::new(&offsets, &parents)?;
    let lamports = py.detach(|| {
        let levels = graph.levels();
        write_u64(&levels.into_iter().map(u64::from).collect::<Vec<_>>())
    });
    Ok(PyBytes::new(py, &lamports))
}

/// u32[n]: the rows in canonical order, by (lamport, author, seq, id).
#[pyfunction]
pub fn graph_order<'py>(
    py: Python<'py>,
    lamports: Bytes,
    authors: Bytes,
    seqs: Bytes,
    ids: Bytes,
) -> PyResult<Bound<'py, PyBytes>> {
    let lamports = read_u64(&lamports)?;
    let seqs = read_u64(&seqs)?;
    let (authors, ids) = (split::<32>(&authors)?, split::<32>(&ids)?);
    expect_rows("authors", authors.len(), lamports.len())?;
    expect_rows("seqs", seqs.len(), lamports.len())?;
    expect_rows("ids", ids.len(), lamports.len())?;
    let order = py.detach(|| order(&lamports, authors, &seqs, ids));
    match order {
        Some(order) => Ok(PyBytes::new(py, &write_u32(&order))),
        None => bad("2^32 rows or more"),
    }
}

/// None when the rows do not fit u32.
fn order(lamports: &[u64], authors: &[Digest], seqs: &[u64], ids: &[Digest]) -> Option<Vec<u32>> {
    let count = u32::try_from(lamports.len()).ok()?;
    // Nearly all pairs differ in lamport or in the first half of the author's bytes.
    let mut keys: Vec<(u64, u64, u32)> = (0..count)
        .zip(lamports.iter().zip(authors))
        .map(|(row, (&lamport, author))| {
            let first = author.first_chunk().expect("a digest is longer");
            (lamport, u64::from_be_bytes(*first), row)
        })
        .collect();
    keys.sort_unstable_by(|a, b| {
        let rest = |row: u32| {
            let row = row as usize;
            (&authors[row], seqs[row], &ids[row], row)
        };
        (a.0, a.1).cmp(&(b.0, b.1)).then_with(|| rest(a.2).cmp(&rest(b.2)))
    });
    Some(keys.into_iter().map(|(_, _, row)| row).collect())
}

/// u32[k]: the rows that no row names as a parent, ascending.
#[pyfunction]
pub fn graph_heads<'py>(
    py: Python<'py>,
    offsets: Bytes,
    parents: Bytes,
) -> PyResult<Bound<'py, PyBytes>> {
    let graph = Graph::new(&offsets, &parents)?;
    let heads = py.detach(|| {
        let mut is_named = vec![false; graph.len()];
        for row in graph.rows() {
            for &parent in graph.of(row) {
                is_named[parent as usize] = true;
            }
        }
        let heads: Vec<u32> = graph.rows().filter(|&row| !is_named[row as usize]).collect();
        write_u32(&heads)
    });
    Ok(PyBytes::new(py, &heads))
}

/// u64[`chain_count`]: per chain, 1 + the greatest seq in the past of the tips; 0 for none.
#[pyfunction]
pub fn graph_vector<'py>(
    py: Python<'py>,
    offsets: Bytes,
    parents: Bytes,
    chains: Bytes,
    seqs: Bytes,
    tips: Bytes,
    chain_count: Uint,
) -> PyResult<Bound<'py, PyBytes>> {
    let chains = read_u32(&chains)?;
    let seqs = read_u64(&seqs)?;
    let tips = read_u32(&tips)?;
    let graph = Graph::new(&offsets, &parents)?;
    expect_rows("chains", chains.len(), graph.len())?;
    expect_rows("seqs", seqs.len(), graph.len())?;
    if chains.iter().any(|&chain| u64::from(chain) >= chain_count.0) {
        return bad(format!("a chain beyond the {} there are", chain_count.0));
    }
    graph.check(&tips)?;
    let mut counts = Vec::new();
    let size = usize::try_from(chain_count.0).unwrap_or(usize::MAX);
    if counts.try_reserve_exact(size).is_err() {
        return Err(PyMemoryError::new_err(format!("{size} chains")));
    }
    counts.resize(size, 0);
    py.detach(|| count_past(&graph, &chains, &seqs, &tips, &mut counts));
    Ok(PyBytes::new(py, &write_u64(&counts)))
}

/// Raise each chain's count to cover its rows in the past of the tips, the tips included.
fn count_past(graph: &Graph, chains: &[u32], seqs: &[u64], tips: &[u32], counts: &mut [u64]) {
    let Some(&newest) = tips.iter().max() else {
        return;
    };
    let mut is_past = vec![false; newest as usize + 1];
    for &tip in tips {
        is_past[tip as usize] = true;
    }
    for row in (0..=newest).rev() {
        let at = row as usize;
        if is_past[at] {
            let count = &mut counts[chains[at] as usize];
            *count = (*count).max(seqs[at].saturating_add(1));
            for &parent in graph.of(row) {
                is_past[parent as usize] = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_looks_at_lamport_author_seq_and_id_in_turn() {
        let late = |byte: u8| [[0; 31].as_slice(), &[byte]].concat().try_into().unwrap();
        let lamports = [2, 1, 1, 1, 1, 1];
        let authors = [late(0), late(9), late(1), late(1), late(1), [1; 32]];
        let seqs = [0, 0, 7, 5, 5, 0];
        let ids = [[0; 32], [0; 32], [0; 32], late(3), late(2), [0; 32]];
        assert_eq!(order(&lamports, &authors, &seqs, &ids), Some(vec![4, 3, 2, 1, 5, 0]));
    }
}
