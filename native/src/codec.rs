//! Strict DAG-CBOR: every value has one encoding, and only that one is read back.
//!
//! ```text
//! head = major (3 bits) | info (5 bits) [argument: 0, 1, 2, 4 or 8 bytes, the fewest that do]
//!
//! major 0 uint   1 negative   2 bytes   3 text   4 list   5 map   6 tag 42 only   7 see below
//! link  = d8 2a  58 25  00 01 71 12 20  digest(32)        an item of its own type
//! false f4   true f5   null f6   float fb + 8 bytes, finite, only where floats are allowed
//! ```
//!
//! One walker reads items; what it builds is handed in: nothing when items are only checked,
//! Python objects when they are decoded (`objects.rs`).
//!
//! **Law:** the same values, and the same first fault, as
//! `tallystick/kernels/reference/codec.py`. Nothing is allocated on the word of the bytes.
//! Source: RFC 8949; <https://ipld.io/specs/codecs/dag-cbor/spec/> ("strictness").

use std::cmp::Ordering;

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::columns::{Bytes, Digest, read_offsets};
use crate::status;

/// Levels of nesting; a scalar alone is one.
pub const DEPTH_MAX: usize = 32;
/// Tag 42, bytes(37), identity multibase 00, `CIDv1`, dag-cbor, sha2-256, 32 bytes.
pub const LINK_HEAD: [u8; 9] = [0xd8, 0x2a, 0x58, 0x25, 0x00, 0x01, 0x71, 0x12, 0x20];
/// A whole link.
pub const LINK_BYTES: usize = LINK_HEAD.len() + 32;
/// null
pub const NULL: u8 = 0xf6;

/// The eight major types.
pub mod major {
    #![allow(missing_docs)]
    pub const UINT: u8 = 0;
    pub const NEGATIVE: u8 = 1;
    pub const BYTES: u8 = 2;
    pub const TEXT: u8 = 3;
    pub const LIST: u8 = 4;
    pub const MAP: u8 = 5;
    pub const TAG: u8 = 6;
    pub const SIMPLE: u8 = 7;
}

/// Bad data: what is wrong, and the first byte of the item it concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// One of `status`.
    pub status: u8,
    /// Offset into the walker's data.
    pub at: usize,
}

/// The head of an item in its shortest form.
pub fn put_head(out: &mut Vec<u8>, major: u8, argument: u64) {
    let top = major << 5;
    let bytes = argument.to_be_bytes();
    match argument {
        0..=23 => out.push(top | bytes[7]),
        24..=0xff => out.extend_from_slice(&[top | 0x18, bytes[7]]),
        0x100..=0xffff => {
            out.push(top | 0x19);
            out.extend_from_slice(&bytes[6..]);
        }
        0x1_0000..=0xffff_ffff => {
            out.push(top | 0x1a);
            out.extend_from_slice(&bytes[4..]);
        }
        _ => {
            out.push(top | 0x1b);
            out.extend_from_slice(&bytes);
        }
    }
}

/// The argument of the head at `at`, and where the head ends. There must be a byte at `at`.
pub fn read_head(data: &[u8], at: usize) -> Result<(u64, usize), Fault> {
    let fault = |status| Err(Fault { status, at });
    let first = data[at];
    let info = first & 0x1f;
    if info < 24 {
        return Ok((u64::from(info), at + 1));
    }
    if info > 27 {
        let endless = info == 31 && (major::BYTES..=major::MAP).contains(&(first >> 5));
        return fault(if endless { status::INDEFINITE } else { status::BAD_TYPE });
    }
    let width = 1_usize << (info - 24);
    let Some(bytes) = data.get(at + 1..at + 1 + width) else {
        return fault(status::TRUNCATED);
    };
    let argument = bytes.iter().fold(0, |number, &byte| number << 8 | u64::from(byte));
    let least = if width == 1 { 24 } else { 1 << (4 * width) };
    if argument < least {
        return fault(status::NOT_SHORTEST);
    }
    Ok((argument, at + 1 + width))
}

/// What a walker makes of the items it reads.
pub trait Build {
    /// One item.
    type Value;
    /// A list being read.
    type List;
    /// A map being read.
    type Map;
    /// Faults, and whatever building may meet.
    type Error: From<Fault>;

    /// null
    fn null(&mut self) -> Self::Value;
    /// false or true
    fn bool(&mut self, value: bool) -> Self::Value;
    /// An integer.
    fn int(&mut self, value: i64) -> Self::Value;
    /// A finite float.
    fn float(&mut self, value: f64) -> Self::Value;
    /// A byte string.
    fn bytes(&mut self, value: &[u8]) -> Self::Value;
    /// Text.
    fn text(&mut self, value: &str) -> Self::Value;
    /// A link.
    fn link(&mut self, digest: &Digest) -> Result<Self::Value, Self::Error>;
    /// An empty list.
    fn list(&mut self) -> Self::List;
    /// One more entry.
    fn push(&mut self, list: &mut Self::List, entry: Self::Value);
    /// The list is complete.
    fn end_list(&mut self, list: Self::List) -> Result<Self::Value, Self::Error>;
    /// An empty map.
    fn map(&mut self) -> Self::Map;
    /// One more pair.
    fn put(
        &mut self,
        map: &mut Self::Map,
        key: &str,
        entry: Self::Value,
    ) -> Result<(), Self::Error>;
    /// The map is complete.
    fn end_map(&mut self, map: Self::Map) -> Self::Value;
}

/// Reads items from left to right and tells the first fault.
pub struct Walker<'a, B> {
    data: &'a [u8],
    at: usize,
    floats: bool,
    build: B,
}

impl<'a, B: Build> Walker<'a, B> {
    /// A walker whose next item begins at `at`.
    pub fn new(data: &'a [u8], at: usize, floats: bool, build: B) -> Self {
        Walker { data, at, floats, build }
    }

    /// Exactly one item, with nothing after it.
    pub fn whole(mut self) -> Result<B::Value, B::Error> {
        let value = self.item(1)?;
        if self.at != self.data.len() {
            return fault(status::TRAILING, self.at);
        }
        Ok(value)
    }

    /// The next item, which stands at this depth.
    pub fn item(&mut self, depth: usize) -> Result<B::Value, B::Error> {
        let at = self.at;
        let Some(&first) = self.data.get(at) else {
            return fault(status::TRUNCATED, at);
        };
        if depth > DEPTH_MAX {
            return fault(status::TOO_DEEP, at);
        }
        let kind = first >> 5;
        if kind == major::SIMPLE {
            return self.simple(first);
        }
        let (argument, after) = read_head(self.data, at)?;
        match kind {
            major::TAG => return self.link(argument),
            major::UINT | major::NEGATIVE => {
                let Ok(number) = i64::try_from(argument) else {
                    return fault(status::INT_RANGE, at);
                };
                self.at = after;
                let number = if kind == major::UINT { number } else { !number };
                return Ok(self.build.int(number));
            }
            _ => {}
        }
        // The rest promises `argument` bytes, or entries of at least one byte, or pairs of two.
        let room = (self.data.len() - after) / if kind == major::MAP { 2 } else { 1 };
        let size = match usize::try_from(argument) {
            Ok(size) if size <= room => size,
            _ => return fault(status::TRUNCATED, at),
        };
        self.at = after;
        match kind {
            major::BYTES => {
                let bytes = self.take(size);
                Ok(self.build.bytes(bytes))
            }
            major::TEXT => {
                let text = self.text(size, at)?;
                Ok(self.build.text(text))
            }
            major::LIST => self.list(size, depth),
            _ => self.map(size, depth),
        }
    }

    /// The next `size` bytes, known to be there.
    fn take(&mut self, size: usize) -> &'a [u8] {
        let start = self.at;
        self.at += size;
        &self.data[start..self.at]
    }

    /// The next `size` bytes as text of the item at `at`.
    fn text(&mut self, size: usize, at: usize) -> Result<&'a str, Fault> {
        str::from_utf8(self.take(size)).map_err(|_| Fault { status: status::NOT_UTF8, at })
    }

    fn simple(&mut self, first: u8) -> Result<B::Value, B::Error> {
        let at = self.at;
        self.at += 1;
        match first {
            0xf4 | 0xf5 => Ok(self.build.bool(first == 0xf5)),
            NULL => Ok(self.build.null()),
            0xfb if self.floats => {
                let Some(bytes) = self.data[at + 1..].first_chunk::<8>() else {
                    return fault(status::TRUNCATED, at);
                };
                let number = f64::from_be_bytes(*bytes);
                if !number.is_finite() {
                    return fault(status::FLOAT, at);
                }
                self.at += 8;
                Ok(self.build.float(number))
            }
            0xf9..=0xfb => fault(status::FLOAT, at),
            0xff => fault(status::INDEFINITE, at),
            _ => fault(status::BAD_TYPE, at),
        }
    }

    fn link(&mut self, tag: u64) -> Result<B::Value, B::Error> {
        let at = self.at;
        if tag != 42 {
            return fault(status::BAD_TYPE, at);
        }
        let rest = &self.data[at..];
        let head = &rest[..rest.len().min(LINK_HEAD.len())];
        if !LINK_HEAD.starts_with(head) {
            return fault(status::BAD_LINK, at);
        }
        let Some(digest) = rest.get(LINK_HEAD.len()..).and_then(|rest| rest.first_chunk()) else {
            return fault(status::TRUNCATED, at);
        };
        self.at += LINK_BYTES;
        self.build.link(digest)
    }

    fn list(&mut self, size: usize, depth: usize) -> Result<B::Value, B::Error> {
        let mut list = self.build.list();
        for _ in 0..size {
            let entry = self.item(depth + 1)?;
            self.build.push(&mut list, entry);
        }
        self.build.end_list(list)
    }

    fn map(&mut self, pairs: usize, depth: usize) -> Result<B::Value, B::Error> {
        let mut map = self.build.map();
        let mut last: Option<&str> = None;
        for _ in 0..pairs {
            let key = self.key_after(last)?;
            last = Some(key);
            let entry = self.item(depth + 1)?;
            self.build.put(&mut map, key, entry)?;
        }
        Ok(self.build.end_map(map))
    }

    /// The next key of a map, which must come after the one before it.
    fn key_after(&mut self, last: Option<&str>) -> Result<&'a str, Fault> {
        let at = self.at;
        let key = self.key()?;
        match last.map(|last| (key.len(), key).cmp(&(last.len(), last))) {
            Some(Ordering::Equal) => fault(status::KEY_DUPLICATE, at),
            Some(Ordering::Less) => fault(status::KEYS_UNSORTED, at),
            _ => Ok(key),
        }
    }

    fn key(&mut self) -> Result<&'a str, Fault> {
        let at = self.at;
        let Some(&first) = self.data.get(at) else {
            return Err(Fault { status: status::TRUNCATED, at });
        };
        if first >> 5 != major::TEXT {
            return Err(Fault { status: status::KEY_NOT_TEXT, at });
        }
        let (argument, after) = read_head(self.data, at)?;
        let size = match usize::try_from(argument) {
            Ok(size) if size <= self.data.len() - after => size,
            _ => return Err(Fault { status: status::TRUNCATED, at }),
        };
        self.at = after;
        self.text(size, at)
    }
}

fn fault<T, E: From<Fault>>(status: u8, at: usize) -> Result<T, E> {
    Err(Fault { status, at }.into())
}

/// Builds nothing: for those who only ask whether items are good.
pub struct Nothing;

impl Build for Nothing {
    type Value = ();
    type List = ();
    type Map = ();
    type Error = Fault;

    fn null(&mut self) {}
    fn bool(&mut self, _: bool) {}
    fn int(&mut self, _: i64) {}
    fn float(&mut self, _: f64) {}
    fn bytes(&mut self, _: &[u8]) {}
    fn text(&mut self, _: &str) {}
    fn link(&mut self, _: &Digest) -> Result<(), Fault> {
        Ok(())
    }
    fn list(&mut self) {}
    fn push(&mut self, (): &mut (), (): ()) {}
    fn end_list(&mut self, (): ()) -> Result<(), Fault> {
        Ok(())
    }
    fn map(&mut self) {}
    fn put(&mut self, (): &mut (), _: &str, (): ()) -> Result<(), Fault> {
        Ok(())
    }
    fn end_map(&mut self, (): ()) {}
}

impl<'a> Walker<'a, Nothing> {
    /// Exactly one map, with nothing after it: tells each key, and the bytes of its value.
    pub fn entries(mut self, mut tell: impl FnMut(&'a str, &'a [u8])) -> Result<(), Fault> {
        let at = self.at;
        match self.data.get(at) {
            Some(first) if first >> 5 == major::MAP => {}
            Some(_) => return fault(status::BAD_TYPE, at),
            None => return fault(status::TRUNCATED, at),
        }
        let (mut pairs, after) = read_head(self.data, at)?;
        self.at = after;
        let mut last = None;
        while pairs > 0 {
            let key = self.key_after(last)?;
            let start = self.at;
            self.item(2)?;
            tell(key, &self.data[start..self.at]);
            last = Some(key);
            pairs -= 1;
        }
        if self.at != self.data.len() {
            return fault(status::TRAILING, self.at);
        }
        Ok(())
    }
}

/// The status of an item's bytes; an item of no bytes is OK.
fn check(item: &[u8], floats: bool) -> u8 {
    if item.is_empty() {
        return status::OK;
    }
    match Walker::new(item, 0, floats, Nothing).whole() {
        Ok(()) => status::OK,
        Err(fault) => fault.status,
    }
}

/// u8[n]: OK, or the status of the first fault, of each item `data[o[i]:o[i+1]]`.
#[pyfunction]
#[pyo3(signature = (data, offsets, *, floats = false))]
pub fn check_items<'py>(
    py: Python<'py>,
    data: Bytes,
    offsets: Bytes,
    floats: bool,
) -> PyResult<Bound<'py, PyBytes>> {
    let data = &*data;
    let spans = read_offsets(&offsets, data.len())?;
    let statuses: Vec<u8> = py.detach(|| {
        spans
            .windows(2)
            .map(|span| check(&data[span[0] as usize..span[1] as usize], floats))
            .collect()
    });
    Ok(PyBytes::new(py, &statuses))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_shortest_and_read_back() {
        for argument in [0, 23, 24, 255, 256, 65_535, 65_536, u64::MAX >> 32, 1 << 32, u64::MAX] {
            let mut out = Vec::new();
            put_head(&mut out, major::BYTES, argument);
            assert_eq!(read_head(&out, 0), Ok((argument, out.len())));
        }
        let fault = Err(Fault { status: status::NOT_SHORTEST, at: 0 });
        assert_eq!(read_head(&[0x18, 23], 0), fault);
        assert_eq!(read_head(&[0x19, 0, 255], 0), fault);
        assert_eq!(read_head(&[0x1a, 0, 0, 255, 255], 0), fault);
        assert_eq!(read_head(&[0x1b, 0, 0, 0, 0, 255, 255, 255, 255], 0), fault);
    }

    #[test]
    fn thirty_two_levels_are_enough_for_everybody() {
        let nested = |levels: usize| [vec![0x81; levels - 1], vec![0xf6]].concat();
        assert_eq!(check(&nested(32), false), status::OK);
        assert_eq!(check(&nested(33), false), status::TOO_DEEP);
        assert_eq!(check(&vec![0x81; 100_000], false), status::TOO_DEEP);
    }

    #[test]
    fn a_length_beyond_the_bytes_is_refused_at_once() {
        for major in major::BYTES..=major::MAP {
            let mut item = Vec::new();
            put_head(&mut item, major, u64::MAX);
            item.push(0);
            assert_eq!(check(&item, false), status::TRUNCATED);
        }
    }
}
