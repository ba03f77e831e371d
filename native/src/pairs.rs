//! Pairs of the index of ids: the first eight bytes of an id, and the row it is in, in order.
//!
//! **Law:** the same bytes as `tallystick/kernels/reference/pairs.py`.

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::columns::{Bytes, DIGEST_BYTES, Uint, bad, split};

/// Bytes of an id in a pair.
const PREFIX_BYTES: usize = 8;
/// Bytes of a pair: prefix and row, both big-endian, so that bytes sort as numbers do.
const PAIR_BYTES: usize = PREFIX_BYTES + 4;

/// Sorted pairs of ids that lie in rows `first_row`, `first_row + 1`, ...
#[pyfunction]
pub fn index_pairs<'py>(
    py: Python<'py>,
    ids: Bytes,
    first_row: Uint,
) -> PyResult<Bound<'py, PyBytes>> {
    let ids = split::<DIGEST_BYTES>(&ids)?;
    let rows = first_row.0..first_row.0.saturating_add(ids.len() as u64);
    if rows.end > 1 << 32 {
        return bad(format!("rows end at 2^32, not at {}", rows.end));
    }
    let pairs = py.detach(|| {
        let mut pairs: Vec<[u8; PAIR_BYTES]> = Vec::with_capacity(ids.len());
        for (id, row) in ids.iter().zip(rows) {
            let mut pair = [0; PAIR_BYTES];
            pair[..PREFIX_BYTES].copy_from_slice(&id[..PREFIX_BYTES]);
            pair[PREFIX_BYTES..].copy_from_slice(&row.to_be_bytes()[4..]);
            pairs.push(pair);
        }
        pairs.sort_unstable();
        pairs
    });
    Ok(PyBytes::new(py, pairs.as_flattened()))
}

/// The pairs of several sorted columns as one.
#[pyfunction]
#[allow(clippy::stable_sort_primitive)] // it finds the sorted parts, the other does not
pub fn merge_pairs<'py>(py: Python<'py>, pairs: Bytes) -> PyResult<Bound<'py, PyBytes>> {
    let mut pairs = split::<PAIR_BYTES>(&pairs)?.to_vec();
    py.detach(|| pairs.sort());
    Ok(PyBytes::new(py, pairs.as_flattened()))
}
