//! Runs: what their parts are, and when two are one.
//!
//! **Law:** the same as `Run` in `tallystick/kernels/stream.py`, so that what is
//! saved is the same bytes.

use super::stream::{Kind, Name, Run};

impl Run {
    /// The last event it is of.
    pub fn last_event(&self) -> u64 {
        if self.each { self.event + self.count - 1 } else { self.event }
    }

    /// Nothing after it is of an earlier event, or of this one and a smaller index.
    pub fn end(&self) -> Name {
        match (self.each, self.kind.inserts()) {
            (true, inserts) => (self.last_event(), self.index + u64::from(inserts)),
            (false, true) => (self.event, self.index + self.count),
            (false, false) => (self.event, self.index),
        }
    }

    /// The name of its nth character; of a deletion the event and index it is of.
    pub fn at(&self, nth: u64) -> Name {
        if self.each {
            (self.event + nth, self.index)
        } else if self.kind.inserts() {
            (self.event, self.index + nth)
        } else {
            (self.event, self.index)
        }
    }

    /// What the nth deletion deletes.
    pub fn target(&self, nth: u64) -> Option<Name> {
        let (event, index) = self.first;
        let moved = |from: u64| {
            if self.kind == Kind::Delete { Some(from + nth) } else { from.checked_sub(nth) }
        };
        if self.step { Some((moved(event)?, index)) } else { Some((event, moved(index)?)) }
    }

    /// What comes after all of an insert, as its writer saw it.
    pub fn after(&self) -> Name {
        if self.kind == Kind::LeftOf { self.first } else { self.right }
    }

    /// The same, in the one way that a single character is written.
    pub fn normal(mut self) -> Run {
        if self.count == 1 {
            self.kind = self.kind.min(Kind::Delete);
            self.each = false;
            self.step = false;
        }
        self
    }

    /// What of it one event wrote.
    pub fn of(&self, event: u64) -> Option<Run> {
        if !(self.event..=self.last_event()).contains(&event) {
            return None;
        }
        let nth = event - self.event;
        if !self.each || self.count == 1 {
            return Some(*self);
        }
        let one = Run { each: false, step: false, next: false, event, count: 1, ..*self };
        Some(if !self.kind.inserts() {
            Run { kind: Kind::Delete, first: self.target(nth)?, ..one }
        } else if nth == 0 {
            Run { next: self.next, ..one }
        } else {
            Run { kind: Kind::RightOf, first: self.at(nth - 1), right: self.after(), ..one }
        })
    }

    /// One run for both when `other` goes on where this one ends.
    pub fn joined(&self, other: &Run) -> Option<Run> {
        let inserts = self.kind.inserts();
        if inserts != other.kind.inserts() || other.event - self.event > self.count {
            return None;
        }
        // Of all ways but one the event of what follows, or its first target, is another one.
        let each = other.event != self.event;
        let step = !inserts && other.first.0 != self.first.0;
        let kind = if inserts {
            self.kind
        } else if other.first < self.first {
            Kind::DeleteBack
        } else {
            Kind::Delete
        };
        let long = Run { count: self.count + other.count, each, kind, step, ..*self };
        (self.is_part(&long, 0) && other.is_part(&long, self.count)).then_some(long)
    }

    /// Whether this is what `long` has from its `start` on.
    fn is_part(&self, long: &Run, start: u64) -> bool {
        if (self.event, self.index) != long.at(start) {
            return false;
        }
        if self.count > 1 && self.each != long.each {
            return false;
        }
        if self.kind.inserts() {
            return start == 0
                || (self.kind == Kind::RightOf
                    && self.first == long.at(start - 1)
                    && self.right == long.after());
        }
        if self.count > 1 && (self.kind, self.step) != (long.kind, long.step) {
            return false;
        }
        Some(self.first) == long.target(start)
    }
}
