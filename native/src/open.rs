//! A pack opened into columns: the only way in, for what we wrote as for what peers send.
//!
//! Of each event is asked, in this order: the part byte, the header's bytes and rules
//! (`header.rs`), its log, its author, its place in the chain, the bytes of its body. The first
//! event that fails ends the pack. Last comes the body's commitment, which never ends anything:
//! the sender, not the author, is at fault.
//!
//! **Law:** the same columns as `tallystick/kernels/reference/packs.py`; one pass over the bytes,
//! and no allocation that the bytes did not pay for.

use std::collections::HashMap;
use std::hash::Hash;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyTuple};

use crate::columns::{Bytes, DIGEST_BYTES, Digest, bad, write_u32, write_u64};
use crate::hash::sha256;
use crate::header::{Deps, Read, decode};
use crate::packs::{EVENTS_MAX, PART_WHOLE, SEED_BYTES, Seed, commit, commit_skeleton, optional};
use crate::status;

const PART_HEADER: u8 = 0;
const PART_SKELETON: u8 = 1;

/// The fields of a `Pack`, in their order.
#[pyfunction]
#[pyo3(signature = (data, *, log = None, author))]
pub fn open_pack<'py>(
    py: Python<'py>,
    data: &Bound<'py, PyAny>,
    log: Option<Bytes>,
    author: Bytes,
) -> PyResult<Bound<'py, PyTuple>> {
    let log = optional(log.as_deref().unwrap_or_default(), "a log")?;
    let Ok(author) = Digest::try_from(&*author) else {
        return bad(format!("an author of {} bytes", author.len()));
    };
    let data = match data.extract::<Bytes>()? {
        Bytes::Borrowed(data) => data,
        Bytes::Owned(copy) => PyBytes::new(py, &copy),
    };
    let bytes = data.as_bytes();
    if u32::try_from(bytes.len()).is_err() {
        return bad(format!("a pack of {} bytes; columns count up to 2^32", bytes.len()));
    }
    let mut opened = Opened::new(bytes, log.copied(), author);
    let stopped = py.detach(|| opened.take_all());
    opened.into_tuple(&data, stopped)
}

/// Distinct values, numbered in order of appearance.
struct Numbered<T> {
    values: Vec<T>,
    numbers: HashMap<T, u32>,
}

impl<T: Copy + Eq + Hash> Numbered<T> {
    fn new() -> Self {
        Numbered { values: Vec::new(), numbers: HashMap::new() }
    }

    /// The value's number. Runs of equal values, and the first few, cost no hashing.
    fn number(&mut self, value: T) -> u32 {
        let next = u32::try_from(self.values.len()).expect("fewer than events in a pack");
        for (number, known) in (0..next.min(4)).zip(&self.values) {
            if *known == value {
                return number;
            }
        }
        let number = *self.numbers.entry(value).or_insert(next);
        if number == next {
            self.values.push(value);
        }
        number
    }
}

/// Where the parts of an event's body lie.
struct Parts {
    part: u8,
    frame: u32,
    seal: u32,
    content: u32,
    matches: bool,
}

/// The events taken from a pack so far.
struct Opened<'a> {
    data: &'a [u8],
    at: usize,
    log: Option<Digest>,
    author: Digest,
    /// Of the event to come, once there was a first one.
    next_seq: i64,
    seq: i64,
    prev: Option<Digest>,
    ids: Vec<Digest>,
    lamports: Vec<u64>,
    times: Vec<u64>,
    kinds: Numbered<&'a str>,
    kind: Vec<u32>,
    schemas: Numbered<&'a Digest>,
    schema: Vec<u32>,
    dep_offsets: Vec<u32>,
    deps: Vec<Digest>,
    bodies: Vec<Digest>,
    header_start: Vec<u32>,
    header_size: Vec<u32>,
    part: Vec<u8>,
    body_status: Vec<u8>,
    frame_start: Vec<u32>,
    frame_size: Vec<u32>,
    seal_start: Vec<u32>,
    content_start: Vec<u32>,
    content_size: Vec<u32>,
}

impl<'a> Opened<'a> {
    fn new(data: &'a [u8], log: Option<Digest>, author: Digest) -> Self {
        Opened {
            data,
            at: 0,
            log,
            author,
            next_seq: 0,
            seq: 0,
            prev: None,
            ids: Vec::new(),
            lamports: Vec::new(),
            times: Vec::new(),
            kinds: Numbered::new(),
            kind: Vec::new(),
            schemas: Numbered::new(),
            schema: Vec::new(),
            dep_offsets: vec![0],
            deps: Vec::new(),
            bodies: Vec::new(),
            header_start: Vec::new(),
            header_size: Vec::new(),
            part: Vec::new(),
            body_status: Vec::new(),
            frame_start: Vec::new(),
            frame_size: Vec::new(),
            seal_start: Vec::new(),
            content_start: Vec::new(),
            content_size: Vec::new(),
        }
    }

    /// Take events until the bytes or their validity end: (row, status, offset) if the latter.
    fn take_all(&mut self) -> Option<(usize, u8, usize)> {
        while self.at < self.data.len() {
            let row = self.ids.len();
            if row == EVENTS_MAX {
                return Some((row, status::TOO_MANY, self.at));
            }
            if let Err(status) = self.take() {
                return Some((row, status, self.at));
            }
        }
        None
    }

    /// Add the next event, or tell what is wrong with it.
    fn take(&mut self) -> Result<(), u8> {
        let part = self.data[self.at];
        if part > PART_WHOLE {
            return Err(status::SHAPE);
        }
        let start = self.at + 1;
        let (header, frame_at) = decode(self.data, start)?;
        match header.broken_rule(frame_at - start) {
            status::OK => {}
            broken => return Err(broken),
        }
        let id = sha256(&[&self.data[start..frame_at]]);
        let log = *header.log.unwrap_or(&id);
        match self.misplaced(&header, &log) {
            status::OK => {}
            misplaced => return Err(misplaced),
        }
        let (parts, end) = self.parts(part, &header, frame_at)?;
        if self.ids.is_empty() {
            self.seq = header.seq;
            self.prev = header.prev.copied();
        }
        self.log = Some(log);
        self.header_start.push(offset(start));
        self.header_size.push(offset(frame_at - start));
        self.push(&header, id, &parts);
        self.at = end;
        Ok(())
    }

    /// What is wrong with a valid header at this place, or OK.
    fn misplaced(&self, header: &Read, log: &Digest) -> u8 {
        if self.log.is_some_and(|known| known != *log) {
            return status::OTHER_LOG;
        }
        if *header.author != self.author {
            return status::CHAIN_AUTHOR;
        }
        if let Some(last) = self.ids.last() {
            if header.seq != self.next_seq {
                return status::CHAIN_SEQ;
            }
            if header.prev != Some(last) {
                return status::CHAIN_LINK;
            }
        }
        status::OK
    }

    /// Where the body lies, whether it is what the header commits to, and where the event ends.
    fn parts(&self, part: u8, header: &Read, frame_at: usize) -> Result<(Parts, usize), u8> {
        // A header that keeps its rules promises at most 1 MiB for both.
        let promised = |size: i64| usize::try_from(size).expect("a size within its rule");
        let frame_size = if part == PART_HEADER { 0 } else { promised(header.frame_size) };
        let content_size = if part == PART_WHOLE { promised(header.content_size) } else { 0 };
        let seal_size = match part {
            PART_HEADER => 0,
            PART_SKELETON => SEED_BYTES + DIGEST_BYTES,
            _ => SEED_BYTES,
        };
        let seal_at = frame_at + frame_size;
        let content_at = seal_at + seal_size;
        let end = content_at + content_size;
        if end > self.data.len() {
            return Err(status::TRUNCATED);
        }
        let frame = &self.data[frame_at..seal_at];
        let matches = match self.data[seal_at..content_at].split_first_chunk::<SEED_BYTES>() {
            None => true, // nothing came that could differ
            Some((salt, c)) if part == PART_SKELETON => matches_skeleton(header, frame, salt, c),
            Some((seed, _)) => {
                commit(frame, &self.data[content_at..end], seed).body == *header.body
            }
        };
        let parts = Parts {
            part,
            frame: offset(frame_at),
            seal: offset(seal_at),
            content: offset(content_at),
            matches,
        };
        Ok((parts, end))
    }

    fn push(&mut self, header: &Read<'a>, id: Digest, parts: &Parts) {
        self.next_seq = header.seq.wrapping_add(1); // past 2^63 - 1 there is no valid seq
        self.ids.push(id);
        self.lamports.push(header.lamport.cast_unsigned());
        self.times.push(header.time.cast_unsigned());
        self.kind.push(self.kinds.number(header.kind));
        self.schema.push(header.schema.map_or(0, |digest| self.schemas.number(digest) + 1));
        self.deps.extend(header.deps.digests());
        self.dep_offsets.push(offset(self.deps.len()));
        self.bodies.push(*header.body);
        self.part.push(if parts.matches { parts.part } else { PART_HEADER });
        self.body_status.push(if parts.matches { status::OK } else { status::BODY_MISMATCH });
        self.frame_start.push(parts.frame);
        self.seal_start.push(parts.seal);
        self.content_start.push(parts.content);
        let word = |size: i64| u32::try_from(size).expect("a size within its rule");
        self.frame_size.push(word(header.frame_size));
        self.content_size.push(word(header.content_size));
    }

    fn into_tuple<'py>(
        self,
        data: &Bound<'py, PyBytes>,
        stopped: Option<(usize, u8, usize)>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let py = data.py();
        let bytes = |column: &[u8]| PyBytes::new(py, column).into_any();
        let optional = |digest: &Option<Digest>| bytes(digest.as_ref().map_or(&[], |d| &d[..]));
        let u32s = |column: &[u32]| bytes(&write_u32(column));
        let schemas = self.schemas.values.iter().map(|digest| bytes(&digest[..]));
        PyTuple::new(
            py,
            [
                data.clone().into_any(),
                optional(&self.log),
                bytes(&self.author),
                self.ids.len().into_pyobject(py)?.into_any(),
                self.seq.into_pyobject(py)?.into_any(),
                optional(&self.prev),
                bytes(self.ids.as_flattened()),
                bytes(&write_u64(&self.lamports)),
                bytes(&write_u64(&self.times)),
                PyList::new(py, &self.kinds.values)?.into_any(),
                u32s(&self.kind),
                PyList::new(py, schemas)?.into_any(),
                u32s(&self.schema),
                u32s(&self.dep_offsets),
                bytes(self.deps.as_flattened()),
                bytes(self.bodies.as_flattened()),
                u32s(&self.header_start),
                u32s(&self.header_size),
                bytes(&self.part),
                bytes(&self.body_status),
                u32s(&self.frame_start),
                u32s(&self.frame_size),
                u32s(&self.seal_start),
                u32s(&self.content_start),
                u32s(&self.content_size),
                stopped.into_pyobject(py)?.into_any(),
            ],
        )
    }
}

fn matches_skeleton(header: &Read, frame: &[u8], salt_f: &Seed, c: &[u8]) -> bool {
    let c = c.try_into().expect("a skeleton's seal is a salt and a digest");
    commit_skeleton(frame, salt_f, c) == *header.body
}

/// An offset into the data, which is shorter than 2^32.
fn offset(at: usize) -> u32 {
    u32::try_from(at).expect("data shorter than 2^32 bytes")
}

#[cfg(test)]
#[path = "fuzz/pack.rs"]
pub mod law;
