//! Fingerprints of ranges of authors: what two replicas compare instead of whole vectors.
//!
//! ```text
//! tags, ascending      03.. 1f.. │ 52.. 60.. 7e.. │ (none) │ c4.. e9..       bits = 2
//! values                4    9   │  1    7    2   │        │  5    3
//! fingerprint            13      │       10       │   0    │     8      sum at end - at begin
//! ```
//!
//! **Law:** the same bytes as `tallystick/kernels/reference/reconcile.py`; nothing is kept between
//! two calls.

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::columns::{
    Bytes, Digest, Uint, bad, expect_rows, read_offsets, read_u32, read_u64, split, write_u32,
    write_u64,
};
use crate::hash::sha256;

const PREFIX_BITS_MAX: u64 = 32;

/// One author in one session: the tag as a number that sorts as its bytes do, and the row.
type Item = (u64, u32);

type Columns<'py> = (Bound<'py, PyBytes>, Bound<'py, PyBytes>, Bound<'py, PyBytes>);

/// Tags ascending, the row of each, and prefix sums of the values in that order.
#[pyfunction]
pub fn reconcile_items<'py>(
    py: Python<'py>,
    key: Bytes,
    authors: Bytes,
    lines: Bytes,
    offsets: Bytes,
) -> PyResult<Columns<'py>> {
    let Ok(key) = <&Digest>::try_from(&*key) else {
        return bad(format!("a key of {} bytes", key.len()));
    };
    let authors = split::<32>(&authors)?;
    let spans = read_offsets(&offsets, lines.len())?;
    expect_rows("offsets", spans.len(), authors.len() + 1)?;
    let Ok(count) = u32::try_from(authors.len()) else {
        return bad("2^32 authors or more");
    };
    let lines: &[u8] = &lines;
    let (tags, rows, sums) = py.detach(|| {
        let mut items: Vec<Item> = (0..count)
            .zip(authors)
            .map(|(row, author)| (u64::from_be_bytes(first_8(&[key, b"a", author])), row))
            .collect();
        items.sort_unstable();
        let sums = prefix_sums(items.iter().map(|&(_, row)| {
            let row = row as usize;
            let said = &lines[spans[row] as usize..spans[row + 1] as usize];
            u64::from_le_bytes(first_8(&[key, b"v", &authors[row], said]))
        }));
        let tags: Vec<[u8; 8]> = items.iter().map(|(tag, _)| tag.to_be_bytes()).collect();
        let rows: Vec<u32> = items.iter().map(|&(_, row)| row).collect();
        (tags, write_u32(&rows), write_u64(&sums))
    });
    Ok((PyBytes::new(py, tags.as_flattened()), PyBytes::new(py, &rows), PyBytes::new(py, &sums)))
}

/// The first bytes of SHA-256 over the parts one after the other.
fn first_8(parts: &[&[u8]]) -> [u8; 8] {
    let mut first = [0; 8];
    first.copy_from_slice(&sha256(parts)[..8]);
    first
}

/// 0, then the sum mod 2^64 up to and with each value.
fn prefix_sums(values: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut total: u64 = 0;
    let mut sums = vec![0];
    sums.extend(values.map(|value| {
        total = total.wrapping_add(value);
        total
    }));
    sums
}

/// (u32[2k] places where ranges begin and end, 4k bytes of fingerprints).
#[pyfunction]
pub fn reconcile_ranges<'py>(
    py: Python<'py>,
    tags: Bytes,
    sums: Bytes,
    prefixes: Bytes,
    bits: Uint,
) -> PyResult<(Bound<'py, PyBytes>, Bound<'py, PyBytes>)> {
    let bits = bits.0;
    if bits > PREFIX_BITS_MAX {
        return bad(format!("prefixes of {bits} bits"));
    }
    let tags = split::<8>(&tags)?;
    let sums = read_u64(&sums)?;
    expect_rows("sums", sums.len(), tags.len() + 1)?;
    let prefixes = read_u32(&prefixes)?;
    if prefixes.iter().any(|&prefix| u64::from(prefix) >> bits > 0) {
        return bad(format!("a prefix of more than {bits} bits"));
    }
    let Some((bounds, found)) = py.detach(|| ranges(tags, &sums, &prefixes, bits)) else {
        return bad("tags do not ascend");
    };
    Ok((PyBytes::new(py, &write_u32(&bounds)), PyBytes::new(py, &write_u32(&found))))
}

/// None when the tags do not ascend.
fn ranges(
    tags: &[[u8; 8]],
    sums: &[u64],
    prefixes: &[u32],
    bits: u64,
) -> Option<(Vec<u32>, Vec<u32>)> {
    if !tags.is_sorted() {
        return None;
    }
    let place = |prefix: u64| {
        // 2^64, the end of the last range, has no tag.
        let first = u128::from(prefix) << (64 - bits);
        tags.partition_point(|tag| u128::from(u64::from_be_bytes(*tag)) < first)
    };
    let mut bounds = Vec::with_capacity(2 * prefixes.len());
    let mut found = Vec::with_capacity(prefixes.len());
    for &prefix in prefixes {
        let (begin, end) = (place(u64::from(prefix)), place(u64::from(prefix) + 1));
        bounds.extend([begin, end].map(|at| u32::try_from(at).expect("fewer than 2^32 tags")));
        // Mod 2^32: the low half.
        let sum = sums[end].wrapping_sub(sums[begin]);
        found.push((sum & u64::from(u32::MAX)) as u32);
    }
    Some((bounds, found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_any_depth_cut_the_tags_into_parts_that_sum_to_the_whole() {
        let tags: Vec<[u8; 8]> =
            (0..=255_u64).map(|n| (n.wrapping_mul(0x0101_0101_0101_0101)).to_be_bytes()).collect();
        let sums = prefix_sums((0..256).map(|n| n * n));
        for bits in 0..=10 {
            let prefixes: Vec<u32> = (0..1 << bits).collect();
            let (bounds, found) = ranges(&tags, &sums, &prefixes, bits).unwrap();
            assert_eq!((bounds[0], bounds[bounds.len() - 1]), (0, 256));
            assert!(bounds[1..].chunks(2).all(|pair| pair.len() == 1 || pair[0] == pair[1]));
            assert_eq!(u64::from(found.iter().sum::<u32>()), sums[256]);
        }
    }

    #[test]
    fn the_last_range_ends_behind_the_greatest_tag() {
        let tags = [[0; 8], [255; 8]];
        let (bounds, found) = ranges(&tags, &[0, 5, u64::MAX], &[0, u32::MAX], 32).unwrap();
        assert_eq!((bounds, found), (vec![0, 1, 1, 2], vec![5, u32::MAX - 5]));
        assert!(ranges(&[[1; 8], [0; 8]], &[0, 1, 2], &[], 0).is_none());
    }
}
