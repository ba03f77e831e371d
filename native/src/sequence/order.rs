//! The order of all characters: a B-tree over entries, which are characters numbered in a row that
//! lie side by side and are all shown or all hidden.
//!
//! ```text
//! inner    [ kids | how many each shows ]        a place by position: down, subtracting
//! leaf     [ entry entry entry ... ] -> next     a place by number: home[number], then a scan
//! entry    first number, how many, hidden or not
//! ```
//!
//! Entries join again where they can. Leaves never become empty, and are not merged: hiding only
//! joins entries inside one leaf, and a sweep builds all anew.
//!
//! **Law:** the walk of the leaves is the order; sums above are those of the leaves below.

/// No character: before all as a left end, after all as a right one.
pub const ROOT: u32 = u32::MAX;
/// Entries of a leaf, kids of an inner node.
const FAN: usize = 32;
/// What a node is filled with when all is built at once: some room is left.
const FILL: usize = 24;
const HIDDEN: u32 = 1 << 31;
const NONE: u32 = u32::MAX;

/// Characters `start`, `start + 1`... side by side.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Entry {
    pub start: u32,
    /// How many; the highest bit says that they are hidden.
    size: u32,
}

impl Entry {
    /// So many from `start` on.
    pub fn new(start: u32, len: u32, shown: bool) -> Self {
        Entry { start, size: len | if shown { 0 } else { HIDDEN } }
    }

    /// How many.
    pub fn len(self) -> u32 {
        self.size & !HIDDEN
    }

    /// Whether they are shown.
    pub fn shown(self) -> bool {
        self.size & HIDDEN == 0
    }

    /// The number after its last.
    pub fn end(self) -> u32 {
        self.start + self.len()
    }

    fn visible(self) -> u32 {
        if self.shown() { self.size } else { 0 }
    }

    /// Whether another is the rest of it.
    pub fn goes_on(self, next: Entry) -> bool {
        self.end() == next.start && self.shown() == next.shown()
    }

    /// The same, longer.
    pub fn grown(self, by: u32) -> Entry {
        Entry { start: self.start, size: self.size + by }
    }
}

#[derive(Clone)]
struct Leaf {
    entries: [Entry; FAN],
    used: usize,
    parent: u32,
    next: u32,
}

#[derive(Clone)]
struct Inner {
    kids: [u32; FAN],
    shown: [u32; FAN],
    used: usize,
    parent: u32,
    /// Whether its kids are leaves.
    lowest: bool,
}

/// A character: its leaf, its entry there, and which of the entry's it is.
#[derive(Clone, Copy, Debug)]
pub struct Spot {
    leaf: u32,
    at: usize,
    off: u32,
}

/// Where characters go.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    /// Before all others.
    Front,
    /// Before a character.
    Before(u32),
    /// After a character.
    After(u32),
}

/// The order.
#[derive(Clone)]
pub struct Order {
    leaves: Vec<Leaf>,
    inners: Vec<Inner>,
    root: u32,
    /// The leaf of each character.
    home: Vec<u32>,
    /// How many are shown.
    pub shown: u32,
    /// How many entries there are, about.
    pub entries: usize,
}

impl Default for Order {
    fn default() -> Self {
        let mut order = Order {
            leaves: Vec::new(),
            inners: Vec::new(),
            root: 0,
            home: Vec::new(),
            shown: 0,
            entries: 0,
        };
        order.rebuild(&[]);
        order
    }
}

impl Order {
    fn leaf(&self, leaf: u32) -> &Leaf {
        &self.leaves[leaf as usize]
    }

    fn entry(&self, spot: Spot) -> Entry {
        self.leaves[spot.leaf as usize].entries[spot.at]
    }

    // --- looking up ----------------------------------------------------------------------------

    /// Where a character is.
    pub fn spot(&self, number: u32) -> Spot {
        let leaf = self.home[number as usize];
        let home = &self.leaves[leaf as usize];
        let holds = |entry: &Entry| number.wrapping_sub(entry.start) < entry.len();
        let at = home.entries[..home.used].iter().position(holds).expect("it is in its home");
        Spot { leaf, at, off: number - home.entries[at].start }
    }

    /// The character shown at a position, which is below `shown`.
    pub fn shown_at(&self, position: u32) -> u32 {
        let mut rest = position;
        let mut node = self.root;
        loop {
            let inner = &self.inners[node as usize];
            let mut at = 0;
            while rest >= inner.shown[at] {
                rest -= inner.shown[at];
                at += 1;
            }
            node = inner.kids[at];
            if inner.lowest {
                break;
            }
        }
        for entry in &self.leaves[node as usize].entries {
            if rest < entry.visible() {
                return entry.start + rest;
            }
            rest -= entry.visible();
        }
        unreachable!("sums are those of the leaves")
    }

    /// How many are shown before a character.
    pub fn shown_before(&self, number: u32) -> u32 {
        let spot = self.spot(number);
        let leaf = self.leaf(spot.leaf);
        let mut before: u32 = leaf.entries[..spot.at].iter().map(|entry| entry.visible()).sum();
        if self.entry(spot).shown() {
            before += spot.off;
        }
        let (mut kid, mut parent) = (spot.leaf, leaf.parent);
        while parent != NONE {
            let inner = &self.inners[parent as usize];
            before += inner.shown[..inner.slot(kid)].iter().sum::<u32>();
            (kid, parent) = (parent, inner.parent);
        }
        before
    }

    /// The character after one; after ROOT the first.
    pub fn next(&self, number: u32) -> u32 {
        if number == ROOT {
            return self.walk().next().map_or(ROOT, |entry| entry.start);
        }
        self.next_from(self.spot(number))
    }

    /// The character after the one at a spot.
    pub fn next_from(&self, spot: Spot) -> u32 {
        let entry = self.entry(spot);
        if spot.off + 1 < entry.len() {
            return entry.start + spot.off + 1;
        }
        let leaf = self.leaf(spot.leaf);
        if spot.at + 1 < leaf.used {
            return leaf.entries[spot.at + 1].start;
        }
        if leaf.next == NONE { ROOT } else { self.leaf(leaf.next).entries[0].start }
    }

    /// Make room for more characters.
    pub fn reserve(&mut self, count: usize) {
        self.home.reserve(count);
    }

    /// Whether one character lies before another one.
    pub fn is_before(&self, one: u32, other: u32) -> bool {
        let (a, b) = (self.spot(one), self.spot(other));
        if a.leaf == b.leaf {
            return (a.at, a.off) < (b.at, b.off);
        }
        let (mut kids, mut above) =
            ((a.leaf, b.leaf), (self.leaf(a.leaf).parent, self.leaf(b.leaf).parent));
        while above.0 != above.1 {
            kids = above;
            above = (self.inners[above.0 as usize].parent, self.inners[above.1 as usize].parent);
        }
        let inner = &self.inners[above.0 as usize];
        inner.slot(kids.0) < inner.slot(kids.1)
    }

    /// All entries in order.
    pub fn walk(&self) -> Walk<'_> {
        Walk { order: self, leaf: 0, at: 0, cut: 0 }
    }

    /// Entries after a character, beginning with the rest of its own; after ROOT all.
    pub fn entries_after(&self, number: u32) -> Walk<'_> {
        if number == ROOT {
            return self.walk();
        }
        let spot = self.spot(number);
        Walk { order: self, leaf: spot.leaf, at: spot.at, cut: spot.off + 1 }
    }

    /// Entries from the character shown at a position on, which may be the end.
    pub fn entries_from(&self, position: u32) -> Walk<'_> {
        if position >= self.shown {
            return Walk { order: self, leaf: NONE, at: 0, cut: 0 };
        }
        let spot = self.spot(self.shown_at(position));
        Walk { order: self, leaf: spot.leaf, at: spot.at, cut: spot.off }
    }

    // --- changing ------------------------------------------------------------------------------

    /// Put the next `len` characters somewhere, side by side. `after`: a character whose spot is
    /// known already.
    pub fn insert(&mut self, place: Place, len: u32, shown: bool, after: Option<(u32, Spot)>) {
        let start = self.home.len() as u32;
        let new = Entry::new(start, len, shown);
        let mut gap = match (place, after) {
            (Place::After(number), Some((known, spot))) if number == known => {
                Spot { off: spot.off + 1, ..spot }
            }
            _ => self.gap(place),
        };
        if gap.off > 0 && gap.off == self.entry(gap).len() && self.entry(gap).goes_on(new) {
            let entry = &mut self.leaves[gap.leaf as usize].entries[gap.at];
            *entry = entry.grown(len);
        } else {
            if self.leaf(gap.leaf).used + 2 > FAN {
                self.split_leaf(gap.leaf);
                gap = self.gap(place);
            }
            self.put(gap, new);
        }
        self.home.resize(self.home.len() + len as usize, gap.leaf);
        if shown {
            self.bump(gap.leaf, len, 0);
        }
    }

    /// A place as the gap before the `off`th character of an entry, or after its last.
    fn gap(&self, place: Place) -> Spot {
        match place {
            Place::Front => Spot { leaf: 0, at: 0, off: 0 },
            Place::Before(number) => self.spot(number),
            Place::After(number) => {
                let spot = self.spot(number);
                Spot { off: spot.off + 1, ..spot }
            }
        }
    }

    /// Put an entry into a gap of a leaf that has room for two more.
    fn put(&mut self, gap: Spot, new: Entry) {
        let leaf = &mut self.leaves[gap.leaf as usize];
        let Spot { at, off, .. } = gap;
        let cut = leaf.entries[at];
        if at < leaf.used && off > 0 && off < cut.len() {
            leaf.entries.copy_within(at + 1..leaf.used, at + 3);
            leaf.entries[at] = Entry::new(cut.start, off, cut.shown());
            leaf.entries[at + 1] = new;
            leaf.entries[at + 2] = Entry::new(cut.start + off, cut.len() - off, cut.shown());
            leaf.used += 2;
            self.entries += 2;
        } else {
            let at = at + usize::from(off > 0);
            leaf.entries.copy_within(at..leaf.used, at + 1);
            leaf.entries[at] = new;
            leaf.used += 1;
            self.entries += 1;
        }
    }

    /// Show what was hidden, or hide what was shown: `numbers`, all of which are one or the other.
    pub fn flip(&mut self, from: u32, to: u32) {
        let mut number = from;
        while number < to {
            let spot = self.spot(number);
            let entry = self.entry(spot);
            let some = (to - number).min(entry.len() - spot.off);
            if self.flip_part(spot, entry, some) {
                number += some;
            }
        }
    }

    /// Flip `some` characters of an entry; false when the leaf had to be split first.
    fn flip_part(&mut self, spot: Spot, entry: Entry, some: u32) -> bool {
        let Spot { leaf, at, off } = spot;
        let home = &mut self.leaves[leaf as usize];
        let rest = entry.len() - off - some;
        let mut mid = Entry::new(entry.start + off, some, !entry.shown());
        let (mut new, mut count) = ([Entry::default(); 3], 0);
        let (mut low, mut high) = (at, at + 1);
        if off > 0 {
            new[0] = Entry::new(entry.start, off, entry.shown());
            count = 1;
        } else if at > 0 && home.entries[at - 1].goes_on(mid) {
            low -= 1;
            mid = home.entries[low].grown(some);
        }
        if rest > 0 {
            new[count + 1] = Entry::new(entry.end() - rest, rest, entry.shown());
        } else if high < home.used && mid.goes_on(home.entries[high]) {
            mid = mid.grown(home.entries[high].len());
            high += 1;
        }
        new[count] = mid;
        count += 1 + usize::from(rest > 0);
        let used = home.used + count - (high - low);
        if used > FAN {
            self.split_leaf(leaf);
            return false;
        }
        home.entries.copy_within(high..home.used, low + count);
        home.entries[low..low + count].copy_from_slice(&new[..count]);
        self.entries = self.entries + used - home.used;
        home.used = used;
        let (more, less) = if entry.shown() { (0, some) } else { (some, 0) };
        self.bump(leaf, more, less);
        true
    }

    /// A leaf shows so many more, or fewer.
    fn bump(&mut self, leaf: u32, more: u32, less: u32) {
        self.shown = self.shown + more - less;
        let (mut kid, mut parent) = (leaf, self.leaf(leaf).parent);
        while parent != NONE {
            let inner = &mut self.inners[parent as usize];
            let slot = inner.slot(kid);
            inner.shown[slot] = inner.shown[slot] + more - less;
            (kid, parent) = (parent, inner.parent);
        }
    }

    fn split_leaf(&mut self, leaf: u32) {
        let new = self.leaves.len() as u32;
        let old = &mut self.leaves[leaf as usize];
        let half = old.used / 2;
        let mut right = Leaf { used: old.used - half, ..old.clone() };
        right.entries.copy_within(half..old.used, 0);
        old.used = half;
        old.next = new;
        let mut shown = 0;
        for entry in &right.entries[..right.used] {
            self.home[entry.start as usize..entry.end() as usize].fill(new);
            shown += entry.visible();
        }
        let parent = right.parent;
        self.leaves.push(right);
        self.add_kid(parent, leaf, new, shown);
    }

    /// Give an inner node a new kid after an old one, whose shown characters it takes over.
    fn add_kid(&mut self, parent: u32, old: u32, new: u32, shown: u32) {
        let mut parent = parent;
        if self.inners[parent as usize].used == FAN {
            self.split_inner(parent);
            parent = if self.inners[parent as usize].lowest {
                self.leaf(old).parent
            } else {
                self.inners[old as usize].parent
            };
        }
        let inner = &mut self.inners[parent as usize];
        let at = inner.slot(old) + 1;
        inner.kids.copy_within(at..inner.used, at + 1);
        inner.shown.copy_within(at..inner.used, at + 1);
        inner.kids[at] = new;
        inner.shown[at] = shown;
        inner.shown[at - 1] -= shown;
        inner.used += 1;
        if inner.lowest {
            self.leaves[new as usize].parent = parent;
        } else {
            self.inners[new as usize].parent = parent;
        }
    }

    /// Split an inner node, and those above it that are full as well.
    fn split_inner(&mut self, node: u32) {
        // The tree is as deep as a logarithm: eight levels hold all there can be.
        let above = self.inners[node as usize].parent;
        if above == NONE {
            let shown = self.shown_of(node);
            let mut root = Inner::new(false);
            (root.kids[0], root.shown[0], root.used) = (node, shown, 1);
            self.root = self.inners.len() as u32;
            self.inners[node as usize].parent = self.root;
            self.inners.push(root);
        }
        let new = self.inners.len() as u32;
        let old = &mut self.inners[node as usize];
        let half = old.used / 2;
        let mut right = old.clone();
        right.used = old.used - half;
        right.kids.copy_within(half..old.used, 0);
        right.shown.copy_within(half..old.used, 0);
        old.used = half;
        for &kid in &right.kids[..right.used] {
            if right.lowest {
                self.leaves[kid as usize].parent = new;
            } else {
                self.inners[kid as usize].parent = new;
            }
        }
        let parent = self.inners[node as usize].parent;
        self.inners.push(right);
        let shown = self.shown_of(new);
        self.add_kid(parent, node, new, shown);
    }

    fn shown_of(&self, node: u32) -> u32 {
        let inner = &self.inners[node as usize];
        inner.shown[..inner.used].iter().sum()
    }

    /// Build all anew from the entries in order.
    pub fn rebuild(&mut self, entries: &[Entry]) {
        self.leaves.clear();
        self.inners.clear();
        self.entries = entries.len();
        self.home.resize(entries.iter().map(|entry| entry.len() as usize).sum(), 0);
        let mut level = Vec::new();
        for part in entries.chunks(FILL) {
            let leaf = self.leaves.len() as u32;
            let mut home = Leaf::new();
            (home.used, home.next) = (part.len(), leaf + 1);
            home.entries[..part.len()].copy_from_slice(part);
            for entry in part {
                self.home[entry.start as usize..entry.end() as usize].fill(leaf);
            }
            level.push((leaf, part.iter().map(|entry| entry.visible()).sum()));
            self.leaves.push(home);
        }
        if level.is_empty() {
            self.leaves.push(Leaf::new());
            level.push((0, 0));
        }
        self.leaves.last_mut().expect("there is one").next = NONE;
        self.shown = level.iter().map(|&(_, shown): &(u32, u32)| shown).sum();
        let mut lowest = true;
        while lowest || level.len() > 1 {
            level = level.chunks(FILL).map(|kids| self.build_inner(kids, lowest)).collect();
            lowest = false;
        }
        self.root = level[0].0;
    }

    fn build_inner(&mut self, kids: &[(u32, u32)], lowest: bool) -> (u32, u32) {
        let node = self.inners.len() as u32;
        let mut inner = Inner::new(lowest);
        inner.used = kids.len();
        for (at, &(kid, shown)) in kids.iter().enumerate() {
            (inner.kids[at], inner.shown[at]) = (kid, shown);
            if lowest {
                self.leaves[kid as usize].parent = node;
            } else {
                self.inners[kid as usize].parent = node;
            }
        }
        self.inners.push(inner);
        (node, kids.iter().map(|&(_, shown)| shown).sum())
    }
}

impl Leaf {
    fn new() -> Self {
        Leaf { entries: [Entry::default(); FAN], used: 0, parent: NONE, next: NONE }
    }
}

impl Inner {
    fn new(lowest: bool) -> Self {
        Inner { kids: [NONE; FAN], shown: [0; FAN], used: 0, parent: NONE, lowest }
    }

    fn slot(&self, kid: u32) -> usize {
        self.kids[..self.used].iter().position(|&other| other == kid).expect("a kid of its parent")
    }
}

/// Entries one after the other.
pub struct Walk<'a> {
    order: &'a Order,
    leaf: u32,
    at: usize,
    /// How many of the first one's characters are passed over.
    cut: u32,
}

impl Iterator for Walk<'_> {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        loop {
            let leaf = self.order.leaves.get(self.leaf as usize)?;
            let Some(&entry) = leaf.entries[..leaf.used].get(self.at) else {
                (self.leaf, self.at) = (leaf.next, 0);
                continue;
            };
            self.at += 1;
            let cut = std::mem::take(&mut self.cut);
            if cut < entry.len() {
                return Some(Entry::new(entry.start + cut, entry.len() - cut, entry.shown()));
            }
        }
    }
}
