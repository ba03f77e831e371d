//! Columns read and written: little-endian bytes on one side, Rust slices on the other.
//!
//! **Law:** a column of the wrong length, or with offsets that run backwards or past the end, is a
//! bad call, told by `ValueError` before any work is done; a value of the wrong type by
//! `TypeError`. Nothing here looks at data from peers.

use std::ops::Deref;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyInt, PyMemoryView};

/// Bytes of SHA-256, of an Ed25519 key, of a Merkle hash.
pub const DIGEST_BYTES: usize = 32;

/// A digest by value.
pub type Digest = [u8; DIGEST_BYTES];

/// `ValueError(message)`, for `?`.
pub fn bad<T>(message: impl Into<String>) -> PyResult<T> {
    Err(PyValueError::new_err(message.into()))
}

/// What a caller hands in as bytes: borrowed where Python cannot change it, else copied.
pub enum Bytes<'py> {
    /// `bytes`: immutable, so it may be read while the GIL is released.
    Borrowed(Bound<'py, PyBytes>),
    /// A copy of a `bytearray` or `memoryview`, which another thread might write to.
    Owned(Vec<u8>),
}

impl Deref for Bytes<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Bytes::Borrowed(bytes) => bytes.as_bytes(),
            Bytes::Owned(bytes) => bytes,
        }
    }
}

impl<'py> FromPyObject<'_, 'py> for Bytes<'py> {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(bytes) = value.cast::<PyBytes>() {
            return Ok(Bytes::Borrowed(bytes.to_owned()));
        }
        if let Ok(bytes) = value.cast::<PyByteArray>() {
            return Ok(Bytes::Owned(bytes.to_vec()));
        }
        if value.cast::<PyMemoryView>().is_ok() {
            let copy = value.py().get_type::<PyBytes>().call1((value,))?;
            return Ok(Bytes::Borrowed(copy.cast_into::<PyBytes>()?));
        }
        let kind = value.get_type().name()?.to_string();
        Err(PyTypeError::new_err(format!("bytes expected, {kind} got")))
    }
}

/// An `int` in [0, 2^64); anything else that is an `int` is a `ValueError`.
#[derive(Clone, Copy)]
pub struct Uint(pub u64);

impl<'py> FromPyObject<'_, 'py> for Uint {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let number = value.cast::<PyInt>()?;
        match number.extract::<u64>() {
            Ok(number) => Ok(Uint(number)),
            Err(_) => bad(format!("a number in [0, 2^64) expected, {} got", &*number)),
        }
    }
}

/// The items of a sequence of bytes.
pub fn read_parts<'py>(parts: &Bound<'py, PyAny>) -> PyResult<Vec<Bytes<'py>>> {
    parts.try_iter()?.map(|part| part?.extract::<Bytes>()).collect()
}

/// Cut a column of fixed-width items apart.
pub fn split<const WIDTH: usize>(column: &[u8]) -> PyResult<&[[u8; WIDTH]]> {
    let (items, rest) = column.as_chunks::<WIDTH>();
    if rest.is_empty() {
        return Ok(items);
    }
    bad(format!("a column of {WIDTH}-byte items has {} bytes", column.len()))
}

/// The numbers of a u32 column.
pub fn read_u32(column: &[u8]) -> PyResult<Vec<u32>> {
    Ok(split::<4>(column)?.iter().map(|&item| u32::from_le_bytes(item)).collect())
}

/// The numbers of a u64 column.
pub fn read_u64(column: &[u8]) -> PyResult<Vec<u64>> {
    Ok(split::<8>(column)?.iter().map(|&item| u64::from_le_bytes(item)).collect())
}

/// Offsets `o[0] <= o[1] <= ... <= limit`, at least one; n + 1 of them cut out n spans.
pub fn read_offsets(column: &[u8], limit: usize) -> PyResult<Vec<u32>> {
    let offsets = read_u32(column)?;
    let Some(&last) = offsets.last() else {
        return bad("a column of offsets holds n + 1 numbers, so at least one");
    };
    if !offsets.is_sorted() {
        return bad("offsets run backwards");
    }
    if last as usize > limit {
        return bad(format!("an offset of {last} lies beyond {limit}"));
    }
    Ok(offsets)
}

/// Columns of one batch have equal length.
pub fn expect_rows(name: &str, got: usize, rows: usize) -> PyResult<()> {
    if got == rows {
        return Ok(());
    }
    bad(format!("{name}: {rows} rows expected, {got} got"))
}

/// A u32 column.
pub fn write_u32(numbers: &[u32]) -> Vec<u8> {
    let mut column = Vec::with_capacity(numbers.len() * 4);
    for number in numbers {
        column.extend_from_slice(&number.to_le_bytes());
    }
    column
}

/// A u64 column.
pub fn write_u64(numbers: &[u64]) -> Vec<u8> {
    let mut column = Vec::with_capacity(numbers.len() * 8);
    for number in numbers {
        column.extend_from_slice(&number.to_le_bytes());
    }
    column
}
