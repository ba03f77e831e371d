//! The header of an event: thirteen fields, one encoding, and the rules it keeps by itself.
//!
//! ```text
//! 8d                                  array(13)
//!  0  version      01
//!  1  log          link | f6          null: this is the genesis event
//!  2  author       58 20 key(32)
//!  3  seq          uint
//!  4  prev         link | f6          null: seq is 0
//!  5  deps         80+n | 98 n, links ascending by digest
//!  6  lamport      uint               0: this is the genesis event
//!  7  time         uint, ms since 1970
//!  8  kind         text
//!  9  schema       link | f6
//! 10  frame size   uint
//! 11  content size uint
//! 12  body         58 20 digest(32)
//! ```
//!
//! **Law:** the same verdict, and the same first broken rule, as
//! `tallystick/kernels/reference/header.py`. Reading copies nothing but the fields' numbers.

use crate::codec::{
    Fault, LINK_BYTES, LINK_HEAD, NULL, Nothing, Walker, major, put_head, read_head,
};
use crate::columns::Digest;
use crate::status;
use crate::verify::is_key;

const VERSION: i64 = 1;
const HEADER_BYTES_MAX: usize = 4 * 1024;
const BODY_BYTES_MAX: u64 = 1024 * 1024;
const DEPS_MAX: usize = 32;
const KIND_BYTES_MAX: usize = 64;
const GENESIS_KIND: &str = "log/create";
const FIELDS: u8 = 13;

/// A header's fields after the version. Numbers below 0 stand for any that is out of range.
pub struct Header<'a, Deps> {
    /// None in the genesis event.
    pub log: Option<&'a Digest>,
    /// The key.
    pub author: &'a Digest,
    /// Place in the author's chain.
    pub seq: i64,
    /// None at seq 0.
    pub prev: Option<&'a Digest>,
    /// As `Deps` says.
    pub deps: Deps,
    /// 1 + the greatest of the parents'.
    pub lamport: i64,
    /// Milliseconds since 1970, as claimed.
    pub time: i64,
    /// Words with slashes.
    pub kind: &'a str,
    /// None when the content has no schema.
    pub schema: Option<&'a Digest>,
    /// Bytes.
    pub frame_size: i64,
    /// Bytes.
    pub content_size: i64,
    /// The commitment.
    pub body: &'a Digest,
}

/// The digests of a header's deps, wherever they stand.
pub trait Deps: Copy {
    /// In their order.
    fn digests(&self) -> impl ExactSizeIterator<Item = &Digest>;
}

impl Deps for &[Digest] {
    fn digests(&self) -> impl ExactSizeIterator<Item = &Digest> {
        self.iter()
    }
}

/// Links as they stand in an encoded header: each is a head and a digest.
impl Deps for &[[u8; LINK_BYTES]] {
    fn digests(&self) -> impl ExactSizeIterator<Item = &Digest> {
        self.iter().map(|link| link.last_chunk().expect("a link ends in a digest"))
    }
}

impl<D: Deps> Header<'_, D> {
    /// Append the canonical bytes. Numbers are written as if they were unsigned.
    pub fn encode(&self, out: &mut Vec<u8>) {
        put_head(out, major::LIST, u64::from(FIELDS));
        put_head(out, major::UINT, VERSION.cast_unsigned());
        put_link(out, self.log);
        put_digest(out, self.author);
        put_head(out, major::UINT, self.seq.cast_unsigned());
        put_link(out, self.prev);
        let deps = self.deps.digests();
        put_head(out, major::LIST, deps.len() as u64);
        for dep in deps {
            put_link(out, Some(dep));
        }
        put_head(out, major::UINT, self.lamport.cast_unsigned());
        put_head(out, major::UINT, self.time.cast_unsigned());
        put_head(out, major::TEXT, self.kind.len() as u64);
        out.extend_from_slice(self.kind.as_bytes());
        put_link(out, self.schema);
        put_head(out, major::UINT, self.frame_size.cast_unsigned());
        put_head(out, major::UINT, self.content_size.cast_unsigned());
        put_digest(out, self.body);
    }

    /// The first rule the header breaks, or OK. `size`: of its encoding, in bytes.
    pub fn broken_rule(&self, size: usize) -> u8 {
        let numbers = [self.seq, self.lamport, self.time, self.frame_size, self.content_size];
        if numbers.iter().any(|&number| number < 0) {
            return status::UINT_RANGE;
        }
        let body_size = self.frame_size.cast_unsigned() + self.content_size.cast_unsigned();
        if size > HEADER_BYTES_MAX || body_size > BODY_BYTES_MAX {
            return status::TOO_LARGE;
        }
        if !is_kind(self.kind.as_bytes()) {
            return status::KIND;
        }
        if !(self.is_genesis() || self.is_later()) {
            return status::GENESIS;
        }
        if self.prev.is_none() != (self.seq == 0) {
            return status::PREV;
        }
        let deps = self.deps.digests();
        if deps.len() > DEPS_MAX || !deps.is_sorted_by(|a, b| a < b) {
            return status::DEPS;
        }
        if !is_key(self.author) {
            return status::AUTHOR_KEY;
        }
        status::OK
    }

    /// The one event without a log, and so without parents.
    fn is_genesis(&self) -> bool {
        let alone = self.seq == 0 && self.lamport == 0 && self.deps.digests().len() == 0;
        alone && self.log.is_none() && self.kind == GENESIS_KIND
    }

    /// Any other event: it stands in a log and above its parents.
    fn is_later(&self) -> bool {
        self.log.is_some() && self.lamport > 0 && self.kind != GENESIS_KIND
    }
}

fn put_link(out: &mut Vec<u8>, digest: Option<&Digest>) {
    match digest {
        None => out.push(NULL),
        Some(digest) => {
            out.extend_from_slice(&LINK_HEAD);
            out.extend_from_slice(digest);
        }
    }
}

fn put_digest(out: &mut Vec<u8>, digest: &Digest) {
    put_head(out, major::BYTES, 32);
    out.extend_from_slice(digest);
}

/// `[a-z0-9-]+(/[a-z0-9-]+)*`, of at most 64 bytes.
fn is_kind(kind: &[u8]) -> bool {
    let is_word = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    kind.len() <= KIND_BYTES_MAX
        && kind.split(|&byte| byte == b'/').all(|word| !word.is_empty() && word.iter().all(is_word))
}

/// A header as it stands in a pack.
pub type Read<'a> = Header<'a, &'a [[u8; LINK_BYTES]]>;

/// The header that begins at `at` and where it ends, or the status of what is wrong with it.
pub fn decode(data: &[u8], at: usize) -> Result<(Read<'_>, usize), u8> {
    if let Some((version, header, end)) = read(data, at) {
        return if version == VERSION { Ok((header, end)) } else { Err(status::VERSION) };
    }
    // Something is wrong: either with the item as such, or else with its shape.
    match Walker::new(data, at, false, Nothing).item(1) {
        Err(Fault { status, .. }) => Err(status),
        Ok(()) => Err(status::SHAPE),
    }
}

/// Version, header and end, exactly when the bytes are canonical and have a header's shape.
fn read(data: &[u8], at: usize) -> Option<(i64, Read<'_>, usize)> {
    let mut reader = Reader { data, at };
    if reader.head(major::LIST)? != u64::from(FIELDS) {
        return None;
    }
    let version = reader.int()?;
    let header = Header {
        log: reader.link_or_null()?,
        author: reader.digest()?,
        seq: reader.int()?,
        prev: reader.link_or_null()?,
        deps: reader.links()?,
        lamport: reader.int()?,
        time: reader.int()?,
        kind: reader.text()?,
        schema: reader.link_or_null()?,
        frame_size: reader.int()?,
        content_size: reader.int()?,
        body: reader.digest()?,
    };
    Some((version, header, reader.at))
}

/// Reads fields of known types; None as soon as one is anything else.
struct Reader<'a> {
    data: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn head(&mut self, kind: u8) -> Option<u64> {
        if self.data.get(self.at)? >> 5 != kind {
            return None;
        }
        let (argument, after) = read_head(self.data, self.at).ok()?;
        self.at = after;
        Some(argument)
    }

    fn take(&mut self, size: u64) -> Option<&'a [u8]> {
        let end = self.at.checked_add(usize::try_from(size).ok()?)?;
        let bytes = self.data.get(self.at..end)?;
        self.at = end;
        Some(bytes)
    }

    fn int(&mut self) -> Option<i64> {
        if *self.data.get(self.at)? >> 5 == major::NEGATIVE {
            return Some(!i64::try_from(self.head(major::NEGATIVE)?).ok()?);
        }
        i64::try_from(self.head(major::UINT)?).ok()
    }

    fn digest(&mut self) -> Option<&'a Digest> {
        let size = self.head(major::BYTES)?;
        self.take(size)?.try_into().ok()
    }

    fn text(&mut self) -> Option<&'a str> {
        let size = self.head(major::TEXT)?;
        str::from_utf8(self.take(size)?).ok()
    }

    #[allow(clippy::option_option)] // the outer one is for bytes that are neither
    fn link_or_null(&mut self) -> Option<Option<&'a Digest>> {
        if *self.data.get(self.at)? == NULL {
            self.at += 1;
            return Some(None);
        }
        let link = self.take(LINK_BYTES as u64)?;
        link.strip_prefix(&LINK_HEAD)?.try_into().ok().map(Some)
    }

    fn links(&mut self) -> Option<&'a [[u8; LINK_BYTES]]> {
        let size = self.head(major::LIST)?.checked_mul(LINK_BYTES as u64)?;
        let (links, _) = self.take(size)?.as_chunks();
        links.iter().all(|link| link.starts_with(&LINK_HEAD)).then_some(links)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_words_with_slashes_between() {
        let longest = "k".repeat(KIND_BYTES_MAX);
        for good in ["a", "log/create", "a-b/0-9/c", &longest] {
            assert!(is_kind(good.as_bytes()), "{good}");
        }
        let too_long = "k".repeat(KIND_BYTES_MAX + 1);
        for bad in ["", "/", "a/", "/a", "a//b", "A", "a_b", "a b", "a\n", "\u{e9}", &too_long] {
            assert!(!is_kind(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn what_is_written_is_read_back_and_nothing_shorter_is() {
        let (log, author, prev, body) = ([1; 32], [2; 32], [3; 32], [4; 32]);
        let deps = [[5; 32], [6; 32]];
        let header = Header {
            log: Some(&log),
            author: &author,
            seq: 300,
            prev: Some(&prev),
            deps: &deps[..],
            lamport: 70_000,
            time: 1_700_000_000_000,
            kind: "record/edit",
            schema: None,
            frame_size: 30,
            content_size: 40,
            body: &body,
        };
        let mut out = Vec::new();
        header.encode(&mut out);
        let (read, end) = decode(&out, 0).map_err(|status| status.to_string()).unwrap();
        assert_eq!((read.broken_rule(end), end), (status::OK, out.len()));
        let mut again = Vec::new();
        read.encode(&mut again);
        assert_eq!(again, out);
        for size in 0..out.len() {
            assert!(matches!(decode(&out[..size], 0), Err(status::TRUNCATED)));
        }
    }
}
