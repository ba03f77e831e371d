//! The tree whose walk, left children, self, right children, is the order (`FugueMax`).
//!
//! ```text
//! left siblings    by id
//! right siblings   those whose right origin lies further right first, then by id
//! ```
//!
//! Most characters hang to the right of the one before and have its right origin. So a stretch of
//! them is one record, and only what hangs elsewhere is listed by what it hangs from.
//!
//! **Law:** where a character lies depends on the tree alone, never on the order of arrival.
//! Source: `tallystick/kernels/reference/sequence_order.py`.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::names::{Authors, Names};
use super::order::{Order, Place, ROOT};
use super::starts::Starts;

/// Characters of which each but the first hangs to the right of the one before.
#[derive(Clone)]
struct Record {
    start: u32,
    parent: u32,
    /// The right origin of the first; of a left child ROOT.
    origin: u32,
    /// The right origin of the others.
    after: u32,
    /// The first one up from the first, itself included, that is no left child.
    top: u32,
}

const LISTED_RIGHT: u8 = 1;
const LISTED_LEFT: u8 = 2;

/// Children of one side, in order; nearly always one.
#[derive(Clone)]
enum Children {
    One(u32),
    Some(Vec<u32>),
}

impl Children {
    fn list(&self) -> &[u32] {
        match self {
            Children::One(child) => std::slice::from_ref(child),
            Children::Some(list) => list,
        }
    }
}

/// Where a character hangs.
#[derive(Clone, Copy)]
pub struct Hook {
    pub parent: u32,
    pub left: bool,
    /// Of a right child its right origin, of a left child ROOT.
    pub origin: u32,
    /// What comes after all of a run that begins here.
    pub after: u32,
}

/// The tree.
#[derive(Clone, Default)]
pub struct Tree {
    records: Vec<Record>,
    starts: Starts,
    total: u32,
    /// Children in order, by (parent, side), unless the only one is the next in its record.
    listed: HashMap<u64, Children, BuildHasherDefault<Mixer>>,
    /// Of which characters children are listed.
    flags: Vec<u8>,
}

/// What deciding between siblings takes.
pub struct Around<'a> {
    pub order: &'a Order,
    pub names: &'a Names,
    pub authors: &'a Authors,
}

impl Tree {
    /// Hang the next `count` characters in, each but the first from the one before; where they go.
    pub fn hang(&mut self, hook: Hook, count: u32, around: &Around) -> Place {
        let Hook { parent, left, origin, after } = hook;
        let first = self.total;
        let flag = if left { LISTED_LEFT } else { LISTED_RIGHT };
        let is_listed = parent == ROOT || self.flags[parent as usize] & flag != 0;
        let next = if left || parent == ROOT { ROOT } else { self.next_in_record(parent) };
        self.total += count;
        self.flags.resize(self.total as usize, 0);
        let plain = if left {
            Place::Before(parent)
        } else if parent == ROOT {
            Place::Front
        } else {
            Place::After(parent)
        };
        if !is_listed && next == ROOT && !left && parent + 1 == first {
            let record = self.records.last().expect("the parent's");
            if record.after == after && origin == after {
                self.starts.push(false, count);
                return plain;
            }
        }
        let top = if left { self.top(parent) } else { first };
        self.records.push(Record { start: first, parent, origin, after, top });
        self.starts.push(true, count);
        if parent != ROOT {
            self.flags[parent as usize] |= flag;
        }
        let key = u64::from(parent) << 1 | u64::from(left);
        if next == ROOT && (!is_listed || (parent == ROOT && !self.listed.contains_key(&key))) {
            self.listed.insert(key, Children::One(first));
            return plain;
        }
        let siblings = self.listed.get(&key).map_or(&[][..], Children::list);
        let siblings = if next == ROOT { siblings } else { &[next][..] };
        let at = siblings.partition_point(|&other| self.precedes(other, first, around));
        let place = if left && at < siblings.len() {
            Place::Before(self.first_below(siblings[at]))
        } else if !left && at > 0 {
            Place::After(self.last_below(siblings[at - 1]))
        } else {
            plain
        };
        let mut list = match self.listed.remove(&key) {
            Some(Children::Some(list)) => list,
            Some(Children::One(one)) => vec![one],
            None => vec![next],
        };
        list.insert(at, first);
        self.listed.insert(key, Children::Some(list));
        place
    }

    /// Where a character between two neighbours hangs: its parent, whether to the left of it, and
    /// its right origin.
    pub fn between(&self, left: u32, right: u32) -> (u32, bool, u32) {
        if right != ROOT && self.parent(self.top(right)) == left {
            return (right, true, ROOT);
        }
        (left, false, right)
    }

    /// Make room for more characters.
    pub fn reserve(&mut self, count: usize) {
        self.flags.reserve(count);
    }

    fn record(&self, number: u32) -> &Record {
        &self.records[self.starts.stretch(number)]
    }

    /// The child of a character in its own record; ROOT when it is the last, or has others listed.
    fn next_in_record(&self, number: u32) -> u32 {
        let listed = self.flags[number as usize] & LISTED_RIGHT != 0;
        let next = number + 1;
        if listed || next >= self.total || self.starts.begins(next) { ROOT } else { next }
    }

    fn parent(&self, number: u32) -> u32 {
        if self.starts.begins(number) { self.record(number).parent } else { number - 1 }
    }

    fn top(&self, number: u32) -> u32 {
        if self.starts.begins(number) { self.record(number).top } else { number }
    }

    fn origin(&self, number: u32) -> u32 {
        let record = self.record(number);
        if record.start == number { record.origin } else { record.after }
    }

    fn precedes(&self, one: u32, other: u32, around: &Around) -> bool {
        let (ones, others) = (self.origin(one), self.origin(other));
        if ones != others {
            return others != ROOT && (ones == ROOT || around.order.is_before(others, ones));
        }
        let id = |number: u32| around.authors.id(around.names.name(number));
        id(one) < id(other)
    }

    fn children(&self, parent: u32, left: bool) -> &[u32] {
        let flag = if left { LISTED_LEFT } else { LISTED_RIGHT };
        if self.flags[parent as usize] & flag == 0 {
            return &[];
        }
        self.listed[&(u64::from(parent) << 1 | u64::from(left))].list()
    }

    /// The first character in order of a character and all below it.
    fn first_below(&self, number: u32) -> u32 {
        let mut found = number;
        while let Some(&child) = self.children(found, true).first() {
            found = child;
        }
        found
    }

    /// The last one.
    fn last_below(&self, number: u32) -> u32 {
        let mut found = number;
        loop {
            let end = self.record_end(found);
            let rest = &self.flags[found as usize..end as usize];
            let Some(off) = rest.iter().position(|flags| flags & LISTED_RIGHT != 0) else {
                return end - 1;
            };
            found += off as u32;
            found = *self.children(found, false).last().expect("listed children");
        }
    }

    fn record_end(&self, number: u32) -> u32 {
        let next = self.starts.stretch(number) + 1;
        self.records.get(next).map_or(self.total, |record| record.start)
    }
}

/// Mixes a small key: parents are numbers of our own, nobody chooses where they fall.
#[derive(Default)]
pub struct Mixer(u64);

impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = (self.0 ^ key).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }
}
