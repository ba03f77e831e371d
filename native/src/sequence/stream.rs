//! The stream of a sequence: what was inserted and deleted, as varints, in the order it came in.
//!
//! ```text
//! stream  = count span* op*          span = skip events author seq
//! op      = code move index count ref*    ref = back index
//! ```
//!
//! **Law:** reads, writes and refuses what `tallystick/kernels/stream.py` does,
//! which says what the parts mean. Nothing is allocated on the word of the bytes.
//! Source: spec/sequence.md.

/// (event, index): a character by the event that inserted it.
pub type Name = (u64, u64);

/// No character: the start as what others hang from, the end as a right origin.
pub const NOBODY: Name = (u64::MAX, u64::MAX);
/// Every event, index and seq is below this, so that a difference of two fits a signed varint.
pub const LIMIT: u64 = 1 << 62;

const EACH: u64 = 1 << 2;
const LEFT: u64 = 1 << 3;
const RIGHT: u64 = 1 << 4;
const NEXT: u64 = 1 << 5;
const STEP: u64 = LEFT;
const VARINT_BITS: u32 = 63;

/// What a run does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// Inserts to the right of a character.
    RightOf,
    /// Inserts to the left of one.
    LeftOf,
    /// Deletes one and those that follow.
    Delete,
    /// Deletes one and those that precede.
    DeleteBack,
}

impl Kind {
    /// Whether it inserts.
    pub fn inserts(self) -> bool {
        self < Kind::Delete
    }
}

/// `count` events from `event` on, by one author, at `seq` and the next ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    pub event: u64,
    pub count: u64,
    pub author: u64,
    pub seq: u64,
}

impl Span {
    /// The event after its last.
    pub fn end(&self) -> u64 {
        self.event + self.count
    }

    /// Whether another is the rest of it.
    pub fn goes_on(&self, next: &Span) -> bool {
        (self.end(), self.author, self.seq + self.count) == (next.event, next.author, next.seq)
    }

    /// Whether all its numbers are below the limit.
    pub fn is_bounded(&self) -> bool {
        self.count <= LIMIT && self.event.max(self.seq) <= LIMIT - self.count
    }
}

/// `count` characters inserted one after the other, or deleted one after the other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Run {
    pub kind: Kind,
    pub each: bool,
    pub step: bool,
    pub next: bool,
    pub event: u64,
    pub index: u64,
    pub count: u64,
    pub first: Name,
    pub right: Name,
}

/// Why bytes are no stream.
pub type Fault = &'static str;

/// What a stream holds.
pub struct Stream {
    pub spans: Vec<Span>,
    pub runs: Vec<Run>,
}

/// Spans and runs of a stream.
pub fn read(data: &[u8]) -> Result<Stream, Fault> {
    let mut numbers = Numbers { data, at: 0 };
    let (mut spans, mut event) = (Vec::new(), 0);
    for _ in 0..numbers.take()? {
        let [skip, count, author, seq] =
            [numbers.take()?, numbers.take()?, numbers.take()?, numbers.take()?];
        let span = Span { event: event + skip, count, author, seq };
        if !span.is_bounded() {
            return Err("a number beyond 2^62");
        }
        event = span.end();
        spans.push(span);
    }
    let (mut runs, mut before) = (Vec::new(), (0, 0));
    while numbers.at < data.len() {
        let run = read_run(&mut numbers, before)?;
        before = run.end();
        runs.push(run);
    }
    Ok(Stream { spans, runs })
}

/// A run that comes after one that ended at an event and index.
fn read_run(numbers: &mut Numbers, before: Name) -> Result<Run, Fault> {
    let code = numbers.take()?;
    let [skip, index, count] = [numbers.take()?, numbers.take()?, numbers.take()?];
    let event = before.0 + skip;
    let kind = [Kind::RightOf, Kind::LeftOf, Kind::Delete, Kind::DeleteBack][(code & 3) as usize];
    if count < 1 || code >= NEXT << 1 || (kind != Kind::RightOf && code & (NEXT | RIGHT) != 0) {
        return Err("a run that cannot be");
    }
    if code & NEXT != 0 && code & RIGHT != 0 {
        return Err("a run with two right origins");
    }
    if count > LIMIT || event.max(index) > LIMIT - count {
        return Err("a number beyond 2^62");
    }
    if (event, index) < before {
        return Err("a run before the one before");
    }
    let deletes = !kind.inserts();
    let step = deletes && code & STEP != 0;
    let first = if deletes || code & LEFT != 0 { numbers.name(event)? } else { NOBODY };
    let right = if code & RIGHT != 0 { numbers.name(event)? } else { NOBODY };
    let reach = if step { first.0 } else { first.1 };
    let fits = match kind {
        Kind::Delete => reach <= LIMIT - count,
        Kind::DeleteBack => count - 1 <= reach,
        _ => true,
    };
    if !fits {
        return Err("a deletion of what cannot be");
    }
    let (each, next) = (code & EACH != 0, code & NEXT != 0);
    Ok(Run { kind, each, step, next, event, index, count, first, right })
}

struct Numbers<'a> {
    data: &'a [u8],
    at: usize,
}

impl Numbers<'_> {
    fn take(&mut self) -> Result<u64, Fault> {
        let (mut value, mut shift) = (0, 0);
        loop {
            let Some(&byte) = self.data.get(self.at).filter(|_| shift < VARINT_BITS) else {
                return Err("a stream cut off, or a number too long");
            };
            self.at += 1;
            value |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                return Ok(value);
            }
        }
    }

    /// A character by how far its event lies back, and its index.
    fn name(&mut self, event: u64) -> Result<Name, Fault> {
        let (value, index) = (self.take()?, self.take()?);
        let half = value >> 1;
        let found = if value & 1 == 0 { event.checked_sub(half) } else { Some(event + half + 1) };
        match found {
            Some(found) if found < LIMIT && index < LIMIT => Ok((found, index)),
            _ => Err("a reference to no event"),
        }
    }
}

/// The bytes of a stream.
pub fn write(spans: &[Span], runs: &[Run]) -> Vec<u8> {
    let mut out = Vec::with_capacity(runs.len() * 8 + spans.len() * 8 + 8);
    put(&mut out, spans.len() as u64);
    let mut event = 0;
    for span in spans {
        for number in [span.event - event, span.count, span.author, span.seq] {
            put(&mut out, number);
        }
        event = span.end();
    }
    let mut event = 0;
    for run in runs {
        let has = |name: Name, bit: u64| if name == NOBODY { 0 } else { bit };
        let right = if run.next { NOBODY } else { run.right };
        let code = run.kind as u64
            | if run.each { EACH } else { 0 }
            | if run.next { NEXT } else { 0 }
            | if !run.kind.inserts() && !run.step { 0 } else { has(run.first, LEFT) }
            | has(right, RIGHT);
        for number in [code, run.event - event, run.index, run.count] {
            put(&mut out, number);
        }
        for name in [run.first, right] {
            if name != NOBODY {
                let ahead = name.0 > run.event;
                let far = name.0.abs_diff(run.event) << 1;
                put(&mut out, if ahead { far - 1 } else { far });
                put(&mut out, name.1);
            }
        }
        event = run.last_event();
    }
    out
}

fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
