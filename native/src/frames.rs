//! Frames of edits: from the bytes to authors and ops, or the word that they are no frame.
//!
//! ```text
//! frame   = [authors, ops]                                           canonical DAG-CBOR
//! authors = [ bytes32 | [bytes32, link], ... ]                       no two alike
//! op      = [ verb, place, over, number ... ]                        at least one op
//! place   = [ text, ... ]
//! over    = [ [author index, seq, op index] | [op index of this frame], ... ]
//! ```
//!
//! The shape is known, so the bytes are read once, from left to right, and what they say is built
//! on the way; a frame's bytes are copied only into the Python objects that leave.
//!
//! **Law:** the same tuples, and the same refusals, as `tallystick/kernels/reference/frames.py`.
//! Nothing is allocated on the word of the bytes. Source: spec/ops.md.

use std::collections::HashSet;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyInt, PyList, PyString, PyTuple};

use crate::codec::{LINK_BYTES, LINK_HEAD, major, read_head};
use crate::columns::{Digest, read_parts};
use crate::status;

/// The author index of a reference to the frame's own event.
const OWN: i64 = -1;
/// Up to so many authors, comparing each with each is the quickest.
const FEW_AUTHORS: usize = 8;

/// For each frame (authors, ops), or FRAME where the bytes have another shape.
#[pyfunction]
pub fn open_frames<'py>(
    py: Python<'py>,
    frames: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyList>> {
    // Nearly all of the work is making Python objects, so the GIL is kept.
    let opened = PyList::empty(py);
    for frame in &read_parts(frames)? {
        match open(py, frame) {
            Ok(parts) => opened.append(parts)?,
            Err(Stop::Shape) => opened.append(status::FRAME)?,
            Err(Stop::Python(error)) => return Err(error),
        }
    }
    Ok(opened)
}

/// Why a frame does not open.
enum Stop {
    /// Its bytes have another shape, or are not canonical.
    Shape,
    /// Python's.
    Python(PyErr),
}

impl From<PyErr> for Stop {
    fn from(error: PyErr) -> Self {
        Stop::Python(error)
    }
}

type Opening<T> = Result<T, Stop>;

fn demand(holds: bool) -> Opening<()> {
    if holds { Ok(()) } else { Err(Stop::Shape) }
}

fn open<'py>(py: Python<'py>, frame: &[u8]) -> Opening<Bound<'py, PyTuple>> {
    let mut reader = Reader { data: frame, at: 0 };
    demand(reader.list()? == 2)?;
    let (authors, count) = read_authors(py, &mut reader)?;
    let size = reader.list()?;
    demand(size > 0)?;
    let mut ops = Vec::new();
    for _ in 0..size {
        ops.push(read_op(py, &mut reader, count)?);
    }
    demand(reader.at == frame.len())?;
    Ok(PyTuple::new(py, [authors, PyTuple::new(py, ops)?])?)
}

/// The table of authors as Python has it, and how many they are.
fn read_authors<'py>(
    py: Python<'py>,
    reader: &mut Reader,
) -> Opening<(Bound<'py, PyTuple>, usize)> {
    let count = reader.list()?;
    let mut table = Vec::new();
    for _ in 0..count {
        let entry = if reader.next_is(major::LIST) {
            demand(reader.list()? == 2)?;
            let key = reader.key()?;
            (key, Some(reader.link()?))
        } else {
            (reader.key()?, None)
        };
        table.push(entry);
    }
    demand(are_distinct(&table))?;
    let mut authors = Vec::with_capacity(table.len());
    for (key, side) in table {
        let side = side.map(|side| PyBytes::new(py, side));
        authors.push((PyBytes::new(py, key), side).into_pyobject(py)?);
    }
    Ok((PyTuple::new(py, authors)?, count))
}

fn are_distinct(table: &[(&Digest, Option<&Digest>)]) -> bool {
    if table.len() <= FEW_AUTHORS {
        return (1..table.len()).all(|end| !table[..end].contains(&table[end]));
    }
    let mut seen = HashSet::new();
    table.iter().all(|entry| seen.insert(entry))
}

/// An op of a frame with so many authors.
fn read_op<'py>(
    py: Python<'py>,
    reader: &mut Reader,
    authors: usize,
) -> Opening<Bound<'py, PyTuple>> {
    let size = reader.list()?;
    demand(size >= 3)?;
    let verb = number(py, reader.uint()?);
    let mut place = Vec::new();
    for _ in 0..reader.list()? {
        place.push(PyString::new(py, reader.text()?));
    }
    let mut over = Vec::new();
    for _ in 0..reader.list()? {
        let [author, seq, at] = read_ref(reader, authors)?;
        over.push((author, seq, at).into_pyobject(py)?);
    }
    let mut numbers = Vec::new();
    for _ in 3..size {
        numbers.push(number(py, reader.int()?));
    }
    let (place, over) = (PyTuple::new(py, place)?, PyTuple::new(py, over)?);
    Ok((verb, place, over, PyTuple::new(py, numbers)?).into_pyobject(py)?)
}

/// Author index or `OWN`, seq, op index.
fn read_ref(reader: &mut Reader, authors: usize) -> Opening<[i64; 3]> {
    match reader.list()? {
        1 => Ok([OWN, 0, reader.uint()?]),
        3 => {
            let author = reader.uint()?;
            demand(usize::try_from(author).is_ok_and(|n| n < authors))?;
            Ok([author, reader.uint()?, reader.uint()?])
        }
        _ => Err(Stop::Shape),
    }
}

fn number(py: Python, value: i64) -> Bound<PyInt> {
    let Ok(number) = value.into_pyobject(py);
    number
}

/// Reads items whose type is known beforehand.
struct Reader<'a> {
    data: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Whether the next item is of this major type.
    fn next_is(&self, kind: u8) -> bool {
        self.data.get(self.at).is_some_and(|first| first >> 5 == kind)
    }

    /// The argument of the next head, which is of this major type.
    fn head(&mut self, kind: u8) -> Opening<u64> {
        demand(self.next_is(kind))?;
        let (argument, after) = read_head(self.data, self.at).map_err(|_| Stop::Shape)?;
        self.at = after;
        Ok(argument)
    }

    /// The argument of the next head: no more than the bytes that are left.
    fn size(&mut self, kind: u8) -> Opening<usize> {
        let argument = self.head(kind)?;
        let room = self.data.len() - self.at;
        usize::try_from(argument).ok().filter(|&size| size <= room).ok_or(Stop::Shape)
    }

    /// How many entries the list that begins here has.
    fn list(&mut self) -> Opening<usize> {
        self.size(major::LIST)
    }

    fn take(&mut self, kind: u8) -> Opening<&'a [u8]> {
        let size = self.size(kind)?;
        let start = self.at;
        self.at += size;
        Ok(&self.data[start..self.at])
    }

    fn text(&mut self) -> Opening<&'a str> {
        str::from_utf8(self.take(major::TEXT)?).map_err(|_| Stop::Shape)
    }

    fn key(&mut self) -> Opening<&'a Digest> {
        self.take(major::BYTES)?.try_into().map_err(|_| Stop::Shape)
    }

    fn link(&mut self) -> Opening<&'a Digest> {
        let rest = &self.data[self.at..];
        let digest = rest.strip_prefix(&LINK_HEAD).and_then(|rest| rest.first_chunk());
        self.at += LINK_BYTES; // past the end only where there is no digest, and reading ends
        digest.ok_or(Stop::Shape)
    }

    fn uint(&mut self) -> Opening<i64> {
        i64::try_from(self.head(major::UINT)?).map_err(|_| Stop::Shape)
    }

    fn int(&mut self) -> Opening<i64> {
        if self.next_is(major::UINT) {
            return self.uint();
        }
        let argument = self.head(major::NEGATIVE)?;
        i64::try_from(argument).map(|number| !number).map_err(|_| Stop::Shape)
    }
}

#[cfg(test)]
#[path = "fuzz/frame.rs"]
pub mod law;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_end_where_64_bits_do() {
        let read = |first: u8, argument: u64| {
            let data = [&[first][..], &argument.to_be_bytes()].concat();
            Reader { data: &data, at: 0 }.int().ok()
        };
        assert_eq!(read(0x1b, u64::MAX >> 1), Some(i64::MAX));
        assert_eq!(read(0x3b, u64::MAX >> 1), Some(i64::MIN));
        assert_eq!(read(0x1b, 1 << 63), None);
        assert_eq!(read(0x3b, 1 << 63), None);
    }

    #[test]
    fn a_list_longer_than_the_bytes_is_refused_at_once() {
        let data = [&[0x9b][..], &u64::MAX.to_be_bytes(), &[0]].concat();
        assert!(Reader { data: &data, at: 0 }.list().is_err());
        assert!(Reader { data: &[0x82, 0], at: 0 }.list().is_err());
        assert!(Reader { data: &[], at: 0 }.list().is_err());
    }

    #[test]
    fn authors_repeat_or_not_however_many_they_are() {
        let keys: Vec<Digest> = (0..20).map(|byte| [byte; 32]).collect();
        for count in 0..keys.len() {
            let mut table: Vec<_> = keys[..count].iter().map(|key| (key, None)).collect();
            table.extend(keys[..count].iter().map(|key| (key, Some(key))));
            assert!(are_distinct(&table));
            if let Some(&last) = table.last() {
                table.insert(0, last);
                assert!(!are_distinct(&table));
            }
        }
    }
}
