//! Inputs out of other inputs: blind changes, and changes of one node of an item.
//!
//! A node's change keeps what is around it whole: byte strings that hold it get a length that
//! fits, so that damage reaches what lies deep. A pack's events are sealed and linked again half of
//! the time, as their author could have done.

use crate::codec::{LINK_HEAD, major, put_head};
use crate::hash::sha256;
use crate::packs::{PART_WHOLE, commit};

const NUMBERS: [u64; 24] = [
    0,
    1,
    2,
    3,
    7,
    23,
    24,
    31,
    32,
    33,
    255,
    256,
    4095,
    4096,
    4097,
    65_535,
    65_536,
    0x7fff_ffff,
    0xffff_ffff,
    0x1_0000_0000,
    (1 << 63) - 2,
    (1 << 63) - 1,
    1 << 63,
    u64::MAX,
];

/// `SplitMix64`: small, quick, and the same everywhere.
pub struct Random(u64);

impl Random {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Random(seed.wrapping_mul(0x2545_f491_4f6c_dd1d).wrapping_add(1))
    }

    /// 64 bits.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number below `size`, which is not 0.
    pub fn pick(&mut self, size: usize) -> usize {
        usize::try_from(self.next() % (size as u64)).expect("below a usize")
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.byte()).collect()
    }

    fn number(&mut self) -> u64 {
        NUMBERS[self.pick(NUMBERS.len())]
    }
}

/// A new input for a target, out of its pool.
pub fn mutated(random: &mut Random, pool: &[Vec<u8>], name: &str) -> Vec<u8> {
    let mut input = pool[random.pick(pool.len())].clone();
    let by_grammar = random.pick(10) < 7;
    match name {
        "pack" if by_grammar => pack(random, &input, pool),
        "item" | "header" | "frame" if by_grammar => item(random, &input, pool),
        _ => {
            for _ in 0..=random.pick(4) {
                blind(random, &mut input, pool);
            }
            input
        }
    }
}

/// One change that knows nothing of what it changes.
fn blind(random: &mut Random, input: &mut Vec<u8>, pool: &[Vec<u8>]) {
    if input.is_empty() {
        let count = random.pick(12);
        *input = random.bytes(count);
        return;
    }
    let at = random.pick(input.len());
    match random.pick(8) {
        0 => input[at] ^= 1 << random.pick(8),
        1 => input[at] = random.byte(),
        2 => input.truncate(at),
        3 => {
            let end = (at + 1 + random.pick(40)).min(input.len());
            input.drain(at..end);
        }
        4 => {
            let count = 1 + random.pick(9);
            let new = random.bytes(count);
            input.splice(at..at, new);
        }
        5 => {
            let end = (at + 1 + random.pick(70)).min(input.len());
            let part = input[at..end].repeat(1 + random.pick(5));
            input.splice(at..at, part);
        }
        6 => {
            let other = &pool[random.pick(pool.len())];
            let from = if other.is_empty() { 0 } else { random.pick(other.len()) };
            input.truncate(at);
            input.extend_from_slice(&other[from..]);
        }
        _ => {
            let number = random.number().to_be_bytes();
            let width = 1 << random.pick(4);
            let end = (at + width).min(input.len());
            input.splice(at..end, number[8 - width..].iter().copied());
        }
    }
}

/// Where one item stands: its head, what follows it, its end, and the node around it.
#[derive(Clone, Copy)]
pub struct Node {
    start: usize,
    body: usize,
    end: usize,
    kind: u8,
    argument: u64,
    parent: Option<usize>,
    /// Whether the node around it is a byte string that holds this item whole.
    inside: bool,
}

/// Every node of an item, the outermost first; none when the bytes are not one item.
pub fn nodes(data: &[u8]) -> Vec<Node> {
    let mut found = Vec::new();
    match read(data, 0, data.len(), (None, false), &mut found) {
        Some(end) if end == data.len() => found,
        _ => Vec::new(),
    }
}

fn read(
    data: &[u8],
    at: usize,
    end: usize,
    around: (Option<usize>, bool),
    found: &mut Vec<Node>,
) -> Option<usize> {
    let first = *data.get(at).filter(|_| at < end && found.len() < 4_000)?;
    let (argument, body) = crate::codec::read_head(data, at).ok()?;
    let (kind, index) = (first >> 5, found.len());
    let (parent, inside) = around;
    found.push(Node { start: at, body, end: body, kind, argument, parent, inside });
    let mut stop = body;
    let count = usize::try_from(argument).ok()?;
    match kind {
        major::BYTES | major::TEXT => stop = body.checked_add(count)?,
        major::LIST | major::MAP => {
            for _ in 0..if kind == major::MAP { count.checked_mul(2)? } else { count } {
                stop = read(data, stop, end, (Some(index), false), found)?;
            }
        }
        major::TAG => stop = read(data, body, end, (Some(index), false), found)?,
        _ => {}
    }
    if stop > end {
        return None;
    }
    found[index].end = stop;
    if kind == major::BYTES && count > 2 && matches!(data[body] >> 5, major::LIST | major::MAP) {
        let before = found.len();
        if read(data, body, stop, (Some(index), true), found) != Some(stop) {
            found.truncate(before);
        }
    }
    Some(stop)
}

/// The item with one node written anew.
pub fn replaced(data: &[u8], nodes: &[Node], index: usize, new: &[u8]) -> Vec<u8> {
    let node = nodes[index];
    let mut out = [&data[..node.start], new, &data[node.end..]].concat();
    let mut at = Some(index);
    while let Some(node) = at.map(|index| nodes[index]) {
        if let (true, Some(parent)) = (node.inside, node.parent) {
            let around = nodes[parent];
            let size = around.argument + out.len() as u64 - data.len() as u64;
            let mut head = Vec::new();
            put_head(&mut head, around.kind, size);
            out.splice(around.start..around.body, head);
        }
        at = node.parent;
    }
    out
}

fn head(kind: u8, argument: u64) -> Vec<u8> {
    let mut out = Vec::new();
    put_head(&mut out, kind, argument);
    out
}

/// A short item, or a head alone.
fn scalar(random: &mut Random) -> Vec<u8> {
    match random.pick(6) {
        0 => head(major::UINT, random.number()),
        1 => head(major::NEGATIVE, random.number()),
        2 => {
            let size = [0, 1, 8, 16, 31, 32, 33, 64][random.pick(8)];
            [head(major::BYTES, size as u64), random.bytes(size)].concat()
        }
        3 => {
            let word = ["", "a", "é", "log/create", "trust/ban", "A"][random.pick(6)];
            [head(major::TEXT, word.len() as u64), word.as_bytes().to_vec()].concat()
        }
        4 => [LINK_HEAD.to_vec(), random.bytes(32)].concat(),
        _ => vec![[0xf4, 0xf5, 0xf6, 0xf7, 0x80, 0xa0, 0x9f, 0xfb][random.pick(8)]],
    }
}

/// One node changed, or wrapped, or under a head that is not its own.
fn item(random: &mut Random, data: &[u8], pool: &[Vec<u8>]) -> Vec<u8> {
    let found = nodes(data);
    if found.is_empty() {
        let mut input = data.to_vec();
        blind(random, &mut input, pool);
        return input;
    }
    let index = random.pick(found.len());
    let node = found[index];
    let (was, body) = (&data[node.start..node.end], &data[node.body..node.end]);
    let new = match random.pick(9) {
        0 | 1 => scalar(random),
        2 => {
            let other = &pool[random.pick(pool.len())];
            let theirs = nodes(other);
            match theirs.get(random.pick(theirs.len().max(1))) {
                Some(donor) => other[donor.start..donor.end].to_vec(),
                None => scalar(random),
            }
        }
        3 => [vec![0x81; [1, 2, 30, 31, 32, 33][random.pick(6)]], was.to_vec()].concat(),
        4 => was.repeat(2),
        5 => [head(node.kind, random.number()), body.to_vec()].concat(),
        6 => [vec![node.kind << 5 | [24, 25, 26, 27, 31][random.pick(5)]], body.to_vec()].concat(),
        7 => {
            let near = [node.argument.wrapping_sub(1), node.argument.wrapping_add(1)];
            [head(node.kind, near[random.pick(2)]), body.to_vec()].concat()
        }
        _ => {
            let mut changed = body.to_vec();
            blind(random, &mut changed, pool);
            let fits = matches!(node.kind, major::BYTES | major::TEXT);
            let size = if fits { changed.len() as u64 } else { node.argument };
            [head(node.kind, size), changed].concat()
        }
    };
    replaced(data, &found, index, &new)
}

/// One event of a pack as pieces: part byte, header, frame, seal, content.
pub struct Event {
    /// The part byte.
    pub part: u8,
    /// Its bytes, as the three that follow.
    pub header: Vec<u8>,
    /// What the event does.
    pub frame: Vec<u8>,
    /// Seed, or salt and hash.
    pub seal: Vec<u8>,
    /// What it says.
    pub content: Vec<u8>,
}

fn with_field(header: &[u8], number: usize, new: &[u8]) -> Vec<u8> {
    let found = nodes(header);
    let fields: Vec<usize> =
        (0..found.len()).filter(|&index| found[index].parent == Some(0)).collect();
    match fields.get(number) {
        Some(&index) => replaced(header, &found, index, new),
        None => header.to_vec(),
    }
}

/// The event with sizes and a commitment that fit its body.
fn seal(event: &mut Event) {
    let frame = head(major::UINT, event.frame.len() as u64);
    let content = head(major::UINT, event.content.len() as u64);
    event.header = with_field(&with_field(&event.header, 10, &frame), 11, &content);
    if let (PART_WHOLE, Ok(seed)) = (event.part, event.seal.as_slice().try_into()) {
        let body = commit(&event.frame, &event.content, seed).body;
        event.header = with_field(&event.header, 12, &[&[0x58, 0x20], &body[..]].concat());
    }
}

/// An author's key and a pack: one event changed, then sealed and linked, or not.
fn pack(random: &mut Random, input: &[u8], pool: &[Vec<u8>]) -> Vec<u8> {
    let mut events = crate::open::law::events(input);
    if events.is_empty() {
        let mut input = input.to_vec();
        blind(random, &mut input, pool);
        return input;
    }
    let at = random.pick(events.len());
    let event = &mut events[at];
    match random.pick(8) {
        0 => event.part = random.byte() % 4,
        1 => event.frame = item(random, &event.frame, pool),
        2 => blind(random, &mut event.content, pool),
        3 => blind(random, &mut event.seal, pool),
        4 => {
            events.remove(at);
        }
        5 => {
            let more = crate::open::law::events(&pool[random.pick(pool.len())]);
            events.extend(more);
        }
        _ => event.header = item(random, &event.header, pool),
    }
    if random.pick(2) == 0 {
        let mut before: Option<Vec<u8>> = None;
        for event in &mut events {
            seal(event);
            if let Some(id) = before {
                event.header = with_field(&event.header, 4, &[&LINK_HEAD[..], &id].concat());
            }
            before = Some(sha256(&[&event.header]).to_vec());
        }
    }
    let mut out = input[..32].to_vec();
    for event in events {
        out.push(event.part);
        for piece in [event.header, event.frame, event.seal, event.content] {
            out.extend(piece);
        }
    }
    out
}
