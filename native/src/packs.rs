//! Columns of events sealed into a pack, bodies committed to, headers rebuilt.
//!
//! ```text
//! pack  = event*
//! event = part(1)  header  [ frame ]  [ part 1: salt_f(16) C(32) | part 2: seed(16) content ]
//!
//! salt_f ‖ salt_c = SHA-256(seed)      F = SHA-256(salt_f ‖ frame)   C = SHA-256(salt_c ‖ content)
//! id = SHA-256(header)              body = SHA-256("tallystick/body/1" ‖ 00 ‖ F ‖ C)
//! ```
//!
//! **Law:** the same bytes as `tallystick/kernels/reference/packs.py`.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::columns::{
    Bytes, Digest, Uint, bad, expect_rows, read_offsets, read_parts, read_u32, read_u64, split,
    write_u32,
};
use crate::hash::sha256;
use crate::header::Header;
use crate::objects::item_error;
use crate::status;

/// Events in one pack.
pub const EVENTS_MAX: usize = 4096;
/// A seed, and each of the two salts made of it.
pub const SEED_BYTES: usize = 16;
/// The last part byte: header, frame, seed and content.
pub const PART_WHOLE: u8 = 2;
const BODY_PREFIX: &[u8] = b"tallystick/body/1\0";

/// 16 bytes that nobody can guess.
pub type Seed = [u8; SEED_BYTES];

/// What a header and a skeleton say of a body.
pub struct Commitment {
    /// SHA-256(prefix ‖ F ‖ C), the header's word.
    pub body: Digest,
    /// The salt of the frame.
    pub salt_f: Seed,
    /// The salted hash of the content.
    pub c: Digest,
}

/// Commit to a whole body.
pub fn commit(frame: &[u8], content: &[u8], seed: &Seed) -> Commitment {
    let salts = sha256(&[seed]);
    let (salt_f, salt_c) = salts.split_at(SEED_BYTES);
    let salt_f = salt_f.try_into().expect("half of 32 bytes");
    let c = sha256(&[salt_c, content]);
    Commitment { body: commit_skeleton(frame, &salt_f, &c), salt_f, c }
}

/// The commitment, from a frame and what stands for its content.
pub fn commit_skeleton(frame: &[u8], salt_f: &Seed, c: &Digest) -> Digest {
    sha256(&[BODY_PREFIX, &sha256(&[salt_f, frame]), c])
}

/// (bodies 32 * n, `salts_f` 16 * n, C 32 * n) of n frames, contents and seeds.
#[pyfunction]
#[allow(clippy::type_complexity)] // three columns
pub fn commit_bodies<'py>(
    py: Python<'py>,
    frames: &Bound<'py, PyAny>,
    contents: &Bound<'py, PyAny>,
    seeds: Bytes,
) -> PyResult<(Bound<'py, PyBytes>, Bound<'py, PyBytes>, Bound<'py, PyBytes>)> {
    let seeds = split::<SEED_BYTES>(&seeds)?;
    let (frames, contents) = (read_parts(frames)?, read_parts(contents)?);
    expect_rows("frames", frames.len(), seeds.len())?;
    expect_rows("contents", contents.len(), seeds.len())?;
    let rows: Vec<(&[u8], &[u8], &Seed)> = frames
        .iter()
        .zip(&contents)
        .zip(seeds)
        .map(|((frame, content), seed)| (&**frame, &**content, seed))
        .collect();
    let (bodies, salts, hashes) = py.detach(|| {
        let mut bodies = Vec::with_capacity(rows.len());
        let mut salts = Vec::with_capacity(rows.len());
        let mut hashes = Vec::with_capacity(rows.len());
        for (frame, content, seed) in rows {
            let found = commit(frame, content, seed);
            bodies.push(found.body);
            salts.push(found.salt_f);
            hashes.push(found.c);
        }
        (bodies, salts, hashes)
    });
    Ok((
        PyBytes::new(py, bodies.as_flattened()),
        PyBytes::new(py, salts.as_flattened()),
        PyBytes::new(py, hashes.as_flattened()),
    ))
}

// --- Where in a chain ---------------------------------------------------------------------------

/// The log, author and position that the events of one pack share or start from.
struct Place<'a> {
    log: Option<&'a Digest>,
    author: &'a Digest,
    seq: u64,
    prev: Option<&'a Digest>,
}

impl<'a> Place<'a> {
    /// Checked for lengths: `prev` is empty exactly when `seq` is 0.
    fn new(log: &'a [u8], author: &'a [u8], seq: u64, prev: &'a [u8]) -> PyResult<Self> {
        let log = optional(log, "log")?;
        let Ok(author) = author.try_into() else {
            return bad(format!("an author of {} bytes", author.len()));
        };
        let found = optional(prev, "prev")?;
        if found.is_none() != (seq == 0) {
            return bad(format!("prev of {} bytes at seq {seq}", prev.len()));
        }
        Ok(Place { log, author, seq, prev: found })
    }
}

/// 32 bytes, or none for no digest.
pub fn optional<'a>(digest: &'a [u8], name: &str) -> PyResult<Option<&'a Digest>> {
    match digest.try_into() {
        Ok(digest) => Ok(Some(digest)),
        Err(_) if digest.is_empty() => Ok(None),
        Err(_) => bad(format!("{name} of {} bytes", digest.len())),
    }
}

/// A `seq` that may be any `int` from 0 on; beyond u64 it is as much out of range as at its end.
fn read_seq(seq: &Bound<PyAny>) -> PyResult<u64> {
    if seq.lt(0)? {
        return bad(format!("seq {seq}"));
    }
    Ok(seq.extract::<Uint>().map_or(u64::MAX, |seq| seq.0))
}

// --- Sealing ------------------------------------------------------------------------------------

/// A draft's columns, as Rust sees them.
struct Draft<'py> {
    lamports: Vec<i64>,
    times: Vec<i64>,
    kinds: Vec<Bound<'py, PyString>>,
    deps: Vec<Bytes<'py>>,
    schemas: Vec<Bytes<'py>>,
    frames: Vec<Bytes<'py>>,
    contents: Vec<Bytes<'py>>,
    seeds: Vec<Bytes<'py>>,
}

/// One event of a draft.
struct Row<'a> {
    lamport: i64,
    time: i64,
    kind: &'a str,
    deps: &'a [Digest],
    schema: Option<&'a Digest>,
    frame: &'a [u8],
    content: &'a [u8],
    seed: &'a Seed,
}

impl<'py> Draft<'py> {
    fn new(draft: &Bound<'py, PyAny>) -> PyResult<Self> {
        let column = |name: &str| draft.getattr(name);
        let lamports = read_numbers(&column("lamports")?)?;
        let rows = lamports.len();
        if rows > EVENTS_MAX {
            return bad(format!("{rows} events, and at most {EVENTS_MAX} in a pack"));
        }
        let parts = |name: &str| -> PyResult<Vec<Bytes<'py>>> {
            let found = read_parts(&column(name)?)?;
            expect_rows(name, found.len(), rows)?;
            Ok(found)
        };
        let times = read_numbers(&column("times")?)?;
        expect_rows("times", times.len(), rows)?;
        let kinds = read_words(&column("kinds")?)?;
        expect_rows("kinds", kinds.len(), rows)?;
        Ok(Draft {
            lamports,
            times,
            kinds,
            deps: parts("deps")?,
            schemas: parts("schemas")?,
            frames: parts("frames")?,
            contents: parts("contents")?,
            seeds: parts("seeds")?,
        })
    }

    fn rows(&self) -> PyResult<Vec<Row<'_>>> {
        (0..self.lamports.len()).map(|row| self.row(row)).collect()
    }

    fn row(&self, row: usize) -> PyResult<Row<'_>> {
        let Ok(seed) = (&*self.seeds[row]).try_into() else {
            return bad(format!("a seed is {SEED_BYTES} bytes"));
        };
        Ok(Row {
            lamport: self.lamports[row],
            time: self.times[row],
            // A lone surrogate has no UTF-8, so it is no kind; nor is the empty text.
            kind: self.kinds[row].to_str().unwrap_or_default(),
            deps: split(&self.deps[row])?,
            schema: optional(&self.schemas[row], "schema")?,
            frame: &self.frames[row],
            content: &self.contents[row],
            seed,
        })
    }
}

/// Numbers of a header; those that do not fit become -1, which is as far out of range.
fn read_numbers(column: &Bound<PyAny>) -> PyResult<Vec<i64>> {
    column
        .try_iter()?
        .map(|number| {
            let number = number?;
            match number.extract::<i64>() {
                Ok(number) => Ok(number),
                Err(error) if number.is_instance_of::<pyo3::types::PyInt>() => {
                    drop(error);
                    Ok(-1)
                }
                Err(error) => Err(error),
            }
        })
        .collect()
}

fn read_words<'py>(column: &Bound<'py, PyAny>) -> PyResult<Vec<Bound<'py, PyString>>> {
    column.try_iter()?.map(|word| Ok(word?.cast_into::<PyString>()?)).collect()
}

/// The pack of some new events of one chain, all of them whole.
#[pyfunction]
#[pyo3(signature = (draft, *, log, author, seq, prev))]
pub fn seal_pack<'py>(
    draft: &Bound<'py, PyAny>,
    log: Bytes,
    author: Bytes,
    seq: &Bound<'py, PyAny>,
    prev: Bytes,
) -> PyResult<Bound<'py, PyBytes>> {
    let py = draft.py();
    let draft = Draft::new(draft)?;
    let rows = draft.rows()?;
    let place = Place::new(&log, &author, read_seq(seq)?, &prev)?;
    match py.detach(|| seal(&rows, &place)) {
        Ok(pack) => Ok(PyBytes::new(py, &pack)),
        Err((row, status)) => Err(item_error(py, status, &format!("event {row}"))),
    }
}

/// The pack's bytes, or the first row that breaks a rule, and which.
fn seal(rows: &[Row], place: &Place) -> Result<Vec<u8>, (usize, u8)> {
    let bodies: usize = rows.iter().map(|row| row.frame.len() + row.content.len()).sum();
    let deps: usize = rows.iter().map(|row| row.deps.len()).sum();
    let mut out = Vec::with_capacity(bodies + 41 * deps + 320 * rows.len());
    let mut log = place.log.copied();
    let mut prev = place.prev.copied();
    for (number, row) in rows.iter().enumerate() {
        let body = commit(row.frame, row.content, row.seed).body;
        let header = Header {
            log: log.as_ref(),
            author: place.author,
            seq: place.seq.saturating_add(number as u64).try_into().unwrap_or(-1),
            prev: prev.as_ref(),
            deps: row.deps,
            lamport: row.lamport,
            time: row.time,
            kind: row.kind,
            schema: row.schema,
            frame_size: size(row.frame),
            content_size: size(row.content),
            body: &body,
        };
        out.push(PART_WHOLE);
        let start = out.len();
        header.encode(&mut out);
        match header.broken_rule(out.len() - start) {
            status::OK => {}
            broken => return Err((number, broken)),
        }
        let id = sha256(&[&out[start..]]);
        log = log.or(Some(id));
        prev = Some(id);
        out.extend_from_slice(row.frame);
        out.extend_from_slice(row.seed);
        out.extend_from_slice(row.content);
    }
    Ok(out)
}

fn size(part: &[u8]) -> i64 {
    i64::try_from(part.len()).expect("no slice is longer")
}

// --- Rebuilding ---------------------------------------------------------------------------------

/// The columns of headers that are stored apart.
struct Stored<'a> {
    lamports: Vec<u64>,
    times: Vec<u64>,
    kinds: Vec<&'a str>,
    kind: Vec<u32>,
    schemas: Vec<&'a Digest>,
    schema: Vec<u32>,
    spans: Vec<u32>,
    deps: &'a [Digest],
    frame_sizes: Vec<u32>,
    content_sizes: Vec<u32>,
    bodies: &'a [Digest],
}

impl Stored<'_> {
    fn check(&self) -> PyResult<()> {
        let rows = self.bodies.len();
        expect_rows("dep_offsets", self.spans.len(), rows + 1)?;
        expect_rows("lamports", self.lamports.len(), rows)?;
        expect_rows("times", self.times.len(), rows)?;
        expect_rows("kind", self.kind.len(), rows)?;
        expect_rows("schema", self.schema.len(), rows)?;
        expect_rows("frame_sizes", self.frame_sizes.len(), rows)?;
        expect_rows("content_sizes", self.content_sizes.len(), rows)?;
        let has_kinds = self.kind.iter().all(|&index| (index as usize) < self.kinds.len());
        let has_schemas = self.schema.iter().all(|&index| index as usize <= self.schemas.len());
        if has_kinds && has_schemas {
            return Ok(());
        }
        bad("an index beyond the kinds or schemas there are")
    }

    /// The headers' bytes, and where each begins and the last ends.
    fn rebuild(&self, place: &Place) -> (Vec<u8>, Vec<usize>) {
        let rows = self.bodies.len();
        let mut out = Vec::with_capacity(256 * rows + 41 * self.deps.len());
        let mut offsets = Vec::with_capacity(rows + 1);
        let mut log = place.log.copied();
        let mut prev = place.prev.copied();
        offsets.push(0);
        for row in 0..rows {
            let schema = (self.schema[row] as usize).checked_sub(1);
            let header = Header {
                log: log.as_ref(),
                author: place.author,
                seq: (place.seq + row as u64).cast_signed(),
                prev: prev.as_ref(),
                deps: &self.deps[self.spans[row] as usize..self.spans[row + 1] as usize],
                lamport: self.lamports[row].cast_signed(),
                time: self.times[row].cast_signed(),
                kind: self.kinds[self.kind[row] as usize],
                schema: schema.map(|index| self.schemas[index]),
                frame_size: self.frame_sizes[row].into(),
                content_size: self.content_sizes[row].into(),
                body: &self.bodies[row],
            };
            let start = out.len();
            header.encode(&mut out);
            let id = sha256(&[&out[start..]]);
            log = log.or(Some(id));
            prev = Some(id);
            offsets.push(out.len());
        }
        (out, offsets)
    }
}

/// Headers of consecutive events of one chain, one after the other, and u32[n + 1] offsets.
#[pyfunction]
#[pyo3(signature = (*, log, author, seq, prev, lamports, times, kinds, kind, schemas, schema,
    dep_offsets, deps, frame_sizes, content_sizes, bodies))]
#[allow(clippy::too_many_arguments)] // one for each column of a header
pub fn rebuild_headers<'py>(
    py: Python<'py>,
    log: Bytes,
    author: Bytes,
    seq: Uint,
    prev: Bytes,
    lamports: Bytes,
    times: Bytes,
    kinds: &Bound<'py, PyAny>,
    kind: Bytes,
    schemas: &Bound<'py, PyAny>,
    schema: Bytes,
    dep_offsets: Bytes,
    deps: Bytes,
    frame_sizes: Bytes,
    content_sizes: Bytes,
    bodies: Bytes,
) -> PyResult<(Bound<'py, PyBytes>, Bound<'py, PyBytes>)> {
    let place = Place::new(&log, &author, seq.0, &prev)?;
    let words = read_words(kinds)?;
    let shapes = read_parts(schemas)?;
    let deps = split(&deps)?;
    let stored = Stored {
        lamports: read_u64(&lamports)?,
        times: read_u64(&times)?,
        kinds: words.iter().map(|word| word.to_str()).collect::<PyResult<_>>()?,
        kind: read_u32(&kind)?,
        schemas: shapes.iter().map(|shape| one_digest(shape)).collect::<PyResult<_>>()?,
        schema: read_u32(&schema)?,
        spans: read_offsets(&dep_offsets, deps.len())?,
        deps,
        frame_sizes: read_u32(&frame_sizes)?,
        content_sizes: read_u32(&content_sizes)?,
        bodies: split(&bodies)?,
    };
    stored.check()?;
    if place.seq.checked_add(stored.bodies.len() as u64).is_none() {
        return bad(format!("seq {}", place.seq));
    }
    let (headers, offsets) = py.detach(|| stored.rebuild(&place));
    let offsets: Option<Vec<u32>> = offsets.into_iter().map(|at| at.try_into().ok()).collect();
    let Some(offsets) = offsets else {
        return bad("headers of 2^32 bytes or more");
    };
    Ok((PyBytes::new(py, &headers), PyBytes::new(py, &write_u32(&offsets))))
}

fn one_digest(digest: &[u8]) -> PyResult<&Digest> {
    match optional(digest, "schema")? {
        Some(digest) => Ok(digest),
        None => bad("schema of 0 bytes"),
    }
}
