//! Characters have numbers 0, 1, 2... in the order they came, and names (event, index).
//!
//! ```text
//! numbers   0 1 2 3   4 5 6 7 8      names ascend with numbers, so a stretch is its first name
//! events    7 7 7 7   9 10 11 12 13  and whether it counts indices up or events
//! ```
//!
//! Events are of authors: spans of them, one after the other.

use std::cell::Cell;
use std::collections::HashMap;
use std::ops::Range;

use super::starts::Starts;
use super::stream::{Name, Span};

/// Consecutive characters: (event, index), (event, index + 1)... or (event + 1, index)...
#[derive(Clone, Copy)]
struct Stretch {
    event: u64,
    index: u64,
    each: bool,
}

impl Stretch {
    fn at(&self, nth: u32) -> Name {
        let nth = u64::from(nth);
        if self.each { (self.event + nth, self.index) } else { (self.event, self.index + nth) }
    }

    /// How many of its names, which may be without end, come before one.
    fn before(&self, (event, index): Name) -> u64 {
        if self.each {
            (event + u64::from(index > self.index)).saturating_sub(self.event)
        } else if event == self.event {
            index.saturating_sub(self.index)
        } else if event > self.event {
            u64::MAX
        } else {
            0
        }
    }
}

/// The names of all characters.
#[derive(Clone, Default)]
pub struct Names {
    /// The first name of each stretch; apart from the rest, as they are searched.
    firsts: Vec<Name>,
    /// The first number of each stretch, and whether it counts events.
    others: Vec<(u32, bool)>,
    starts: Starts,
    /// The stretch that was found last: the next is often near.
    found: Cell<usize>,
    /// How many there are.
    pub total: u32,
}

impl Names {
    /// Name the next characters, above all names so far.
    pub fn push(&mut self, (event, index): Name, count: u32, each: bool) {
        let goes_on = self.others.last().and_then(|&(start, its)| {
            let size = self.total - start;
            let last = self.stretch(self.others.len() - 1);
            let way = event != last.event;
            let fits = (size == 1 || its == way)
                && (count == 1 || each == way)
                && Stretch { each: way, ..last }.at(size) == (event, index);
            fits.then_some(way)
        });
        self.starts.push(goes_on.is_none(), count);
        if let (Some(way), Some((_, each))) = (goes_on, self.others.last_mut()) {
            *each = way;
        } else {
            self.firsts.push((event, index));
            self.others.push((self.total, each && count > 1));
        }
        self.total += count;
    }

    fn stretch(&self, at: usize) -> Stretch {
        let (event, index) = self.firsts[at];
        Stretch { event, index, each: self.others[at].1 }
    }

    fn end(&self, at: usize) -> u32 {
        self.others.get(at + 1).map_or(self.total, |next| next.0)
    }

    /// The name of a character.
    pub fn name(&self, number: u32) -> Name {
        let at = self.starts.stretch(number);
        self.stretch(at).at(number - self.others[at].0)
    }

    /// The characters named in a row that one is among, and whether they are of as many events.
    pub fn row(&self, number: u32) -> (Range<u32>, bool) {
        let at = self.starts.stretch(number);
        let (start, each) = self.others[at];
        (start..self.end(at), each)
    }

    /// How many characters have names below one.
    pub fn below(&self, name: Name) -> u32 {
        let holds = |at: usize| {
            self.firsts.get(at).is_some_and(|first| *first <= name)
                && self.firsts.get(at + 1).is_none_or(|next| *next > name)
        };
        let last = self.found.get();
        let near =
            [self.firsts.len().wrapping_sub(1), last, last + 1].into_iter().find(|&at| holds(at));
        let at = match near {
            Some(at) => at,
            None => match self.firsts.partition_point(|first| *first <= name).checked_sub(1) {
                Some(at) => at,
                None => return 0,
            },
        };
        self.found.set(at);
        let start = self.others[at].0;
        let size = self.end(at) - start;
        let before = self.stretch(at).before(name);
        start + u32::try_from(before).map_or(size, |before| before.min(size))
    }

    /// The character of a name.
    pub fn number(&self, name: Name) -> Option<u32> {
        let found = self.below(name);
        (found < self.total && self.name(found) == name).then_some(found)
    }

    /// The characters that some events inserted.
    pub fn of_events(&self, events: Range<u64>) -> Range<u32> {
        self.below((events.start, 0))..self.below((events.end, 0))
    }
}

/// What siblings are sorted by: (key, seq, side, index).
pub type Id<'a> = (&'a [u8], u64, &'a [u8], u64);

/// Who wrote which events, and who they are.
#[derive(Clone, Default)]
pub struct Authors {
    keys: HashMap<u64, (Vec<u8>, Vec<u8>)>,
    /// Ascending.
    pub spans: Vec<Span>,
}

impl Authors {
    /// Say who an author is.
    pub fn put(&mut self, number: u64, key: Vec<u8>, side: Vec<u8>) {
        self.keys.insert(number, (key, side));
    }

    /// Whether somebody spoke of an author.
    pub fn knows(&self, number: u64) -> bool {
        self.keys.contains_key(&number)
    }

    /// The event after the last.
    pub fn end(&self) -> u64 {
        self.spans.last().map_or(0, Span::end)
    }

    /// Add a span after all others.
    pub fn join(&mut self, span: Span) {
        match self.spans.last_mut() {
            Some(last) if last.goes_on(&span) => last.count += span.count,
            _ => self.spans.push(span),
        }
    }

    /// Which span an event is in, by its number.
    pub fn span_at(&self, event: u64) -> Option<usize> {
        span_at(&self.spans, event)
    }

    /// What the character of a name is sorted by.
    pub fn id(&self, (event, index): Name) -> Id<'_> {
        let span = &self.spans[self.span_at(event).expect("characters are of events in spans")];
        let (key, side) = &self.keys[&span.author];
        (key, span.seq + (event - span.event), side, index)
    }

    /// The parts of a range of events that are here.
    pub fn known(&self, events: Range<u64>) -> impl Iterator<Item = Range<u64>> + '_ {
        let start = self.spans.partition_point(|span| span.end() <= events.start);
        let end = events.end;
        self.spans[start..].iter().take_while(move |span| span.event < end).filter_map(
            move |span| {
                let part = span.event.max(events.start)..span.end().min(end);
                (!part.is_empty()).then_some(part)
            },
        )
    }
}

/// Which of ascending spans an event is in.
pub fn span_at(spans: &[Span], event: u64) -> Option<usize> {
    let after = match spans.last() {
        Some(last) if last.event <= event => spans.len(),
        _ => spans.partition_point(|span| span.event <= event),
    };
    after.checked_sub(1).filter(|&at| event < spans[at].end())
}
