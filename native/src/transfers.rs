//! Plain transfers out of many frames: who pays whom how much of what.
//!
//! ```text
//! a4  "to" bytes32   "from" bytes32   "asset" link   "amount" uint, at least 1
//! ```
//!
//! A map of these four has one encoding, so its bytes are compared and cut, not walked.
//!
//! **Law:** the same tuples, and the same `None`, as `tallystick/kernels/reference/transfers.py`.
//! Source: spec/ledger.md.

use std::collections::BTreeMap;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyInt, PyList};

use crate::codec::{LINK_HEAD, major, read_head};
use crate::columns::{Bytes, Digest, bad, expect_rows, read_parts, read_u64};

/// For each frame (from, to, asset, amount), or None where it is no plain transfer.
#[pyfunction]
pub fn open_transfers<'py>(
    py: Python<'py>,
    frames: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyList>> {
    // Nearly all of the work is making Python objects, so the GIL is kept.
    let opened = PyList::empty(py);
    let mut keys = Repeated(Vec::with_capacity(3));
    for frame in &read_parts(frames)? {
        let Some((from, to, asset, amount)) = open(frame) else {
            opened.append(py.None())?;
            continue;
        };
        let [from, to, asset] =
            [(0, from), (1, to), (2, asset)].map(|(n, key)| keys.at(py, n, key));
        opened.append((from, to, asset, PyInt::new(py, amount)))?;
    }
    Ok(opened)
}

/// Postings of plain transfers, by account and asset, and which frames are none.
///
/// A run is (account, asset, first lamport, its row, last lamport, total, postings), in the order
/// of (account, asset); postings are (lamport, row, amount), sorted, 64 bits each.
#[pyfunction]
pub fn post_transfers<'py>(
    py: Python<'py>,
    frames: &Bound<'py, PyAny>,
    lamports: Bytes,
    rows: Bytes,
) -> PyResult<(Bound<'py, PyList>, Vec<usize>)> {
    let frames = read_parts(frames)?;
    let (lamports, rows) = (numbers(&lamports)?, numbers(&rows)?);
    expect_rows("lamports", lamports.len(), frames.len())?;
    expect_rows("rows", rows.len(), frames.len())?;
    let mut postings: BTreeMap<(&Digest, &Digest), Vec<[i64; 3]>> = BTreeMap::new();
    let mut rest = Vec::new();
    for (at, frame) in frames.iter().enumerate() {
        let Some((from, to, asset, amount)) = open(frame) else {
            rest.push(at);
            continue;
        };
        for (account, amount) in [(from, -amount), (to, amount)] {
            let posting = [lamports[at], rows[at], amount];
            postings.entry((account, asset)).or_default().push(posting);
        }
    }
    let runs = PyList::empty(py);
    for ((account, asset), mut run) in postings {
        run.sort_unstable();
        let total: i128 = run.iter().map(|&[_, _, amount]| i128::from(amount)).sum();
        let packed: Vec<u8> =
            run.iter().flatten().flat_map(|number| number.to_le_bytes()).collect();
        let ([first, row, _], [last, _, _]) = (run[0], run[run.len() - 1]);
        let (account, asset) = (PyBytes::new(py, account), PyBytes::new(py, asset));
        runs.append((account, asset, first, row, last, total, PyBytes::new(py, &packed)))?;
    }
    Ok((runs, rest))
}

/// A column of numbers that fit into 63 bits.
fn numbers(column: &[u8]) -> PyResult<Vec<i64>> {
    let signed: Result<Vec<i64>, _> = read_u64(column)?.into_iter().map(i64::try_from).collect();
    signed.or_else(|_| bad("a number of 2^63 or more"))
}

fn open(frame: &[u8]) -> Option<(&Digest, &Digest, &Digest, i64)> {
    let (to, rest) = frame.strip_prefix(b"\xa4\x62to\x58\x20")?.split_first_chunk()?;
    let (from, rest) = rest.strip_prefix(b"\x64from\x58\x20")?.split_first_chunk()?;
    let rest = rest.strip_prefix(b"\x65asset")?.strip_prefix(&LINK_HEAD)?;
    let (asset, rest) = rest.split_first_chunk()?;
    let number = rest.strip_prefix(b"\x66amount")?;
    if number.first()? >> 5 != major::UINT {
        return None;
    }
    let (amount, end) = read_head(number, 0).ok()?;
    let amount = i64::try_from(amount).ok().filter(|&amount| amount > 0)?;
    (end == number.len()).then_some((from, to, asset, amount))
}

/// The bytes last seen at each of a few places, as Python has them: most come again at once.
struct Repeated<'py>(Vec<Bound<'py, PyBytes>>);

impl<'py> Repeated<'py> {
    fn at(&mut self, py: Python<'py>, place: usize, key: &Digest) -> Bound<'py, PyBytes> {
        match self.0.get_mut(place) {
            Some(last) if last.as_bytes() == key => {}
            Some(last) => *last = PyBytes::new(py, key),
            None => self.0.push(PyBytes::new(py, key)),
        }
        self.0[place].clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(amount: &[u8]) -> Vec<u8> {
        let (to, from, asset) = ([1; 32], [2; 32], [3; 32]);
        let parts: [&[u8]; 9] = [
            b"\xa4\x62to\x58\x20",
            &to,
            b"\x64from\x58\x20",
            &from,
            b"\x65asset",
            &LINK_HEAD,
            &asset,
            b"\x66amount",
            amount,
        ];
        parts.concat()
    }

    #[test]
    fn an_amount_is_one_whole_number_above_zero() {
        let good = |amount: &[u8]| open(&frame(amount)).map(|(.., amount)| amount);
        assert_eq!(good(&[1]), Some(1));
        assert_eq!(good(b"\x1b\x7f\xff\xff\xff\xff\xff\xff\xff"), Some(i64::MAX));
        for bad in [&b""[..], b"\x00", b"\x20", b"\x18\x05", b"\x1b\x80\0\0\0\0\0\0\0", b"\x01\x01"]
        {
            assert_eq!(good(bad), None);
        }
    }

    #[test]
    fn every_byte_but_those_of_keys_and_amount_is_fixed() {
        let good = frame(&[5]);
        assert_eq!(open(&good), Some((&[2; 32], &[1; 32], &[3; 32], 5)));
        let free = |at: usize| (6..38).contains(&at) || (45..77).contains(&at);
        for at in (0..good.len() - 1).filter(|&at| !free(at) && !(92..124).contains(&at)) {
            let mut changed = good.clone();
            changed[at] ^= 1;
            assert_eq!(open(&changed), None, "{at}");
            assert_eq!(open(&good[..at]), None, "{at}");
        }
    }
}
