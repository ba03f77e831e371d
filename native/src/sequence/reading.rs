//! Reading: the text, and the names of what is in it.

use super::order::Entry;
use super::writing::Stretch;
use super::{Outcome, Refusal, Sequence};

impl Sequence {
    /// How many characters are shown.
    pub fn shown(&self) -> usize {
        self.order.shown as usize
    }

    /// How many there are.
    pub fn total(&self) -> usize {
        self.names.total as usize
    }

    /// What is shown, or what is not.
    pub fn text(&self, shown: bool) -> String {
        let about = if shown { self.shown() } else { self.total() - self.shown() };
        let some = self.order.walk().filter(|entry| entry.shown() == shown);
        self.chars.text(some.map(|entry| (entry.start, entry.len())), about)
    }

    /// Other characters from one on, of which as many are here.
    pub fn set_text(&mut self, event: u64, index: u64, text: &str) -> Outcome<()> {
        let mut at = index;
        let mut rest = text.chars();
        let mut found = Vec::new();
        while !rest.as_str().is_empty() {
            let number = self.names.number((event, at)).ok_or(Refusal::Key((event, at)))?;
            let (row, each) = self.names.row(number);
            let many = if each { 1 } else { (row.end - number) as usize };
            let before = rest.as_str();
            let taken = rest.by_ref().take(many).count();
            found.push((number, &before[..before.len() - rest.as_str().len()]));
            at += taken as u64;
        }
        for (number, piece) in found {
            self.chars.set(number, piece);
        }
        Ok(())
    }

    /// The names of the characters of an entry, in stretches.
    fn stretches(&self, entry: Entry, mut take: impl FnMut(Stretch, u32)) {
        let mut number = entry.start;
        while number < entry.end() {
            let (event, index) = self.names.name(number);
            let (row, each) = self.names.row(number);
            let many = if each { 1 } else { row.end.min(entry.end()) - number };
            take((event, index, u64::from(many)), number);
            number += many;
        }
    }

    /// The names of the characters shown from `start` to `end`, in stretches.
    pub fn ids(&self, start: u64, end: u64) -> Vec<Stretch> {
        self.found(start, end).into_iter().map(|(stretch, _)| stretch).collect()
    }

    /// The same, each with the number of its first.
    pub fn found(&self, start: u64, end: u64) -> Vec<(Stretch, u32)> {
        let mut found: Vec<(Stretch, u32)> = Vec::new();
        let shown = u64::from(self.order.shown);
        let mut left = end.min(shown).saturating_sub(start) as u32;
        if left == 0 {
            return found;
        }
        for entry in self.order.entries_from(start as u32).filter(|entry| entry.shown()) {
            let some = left.min(entry.len());
            self.stretches(Entry::new(entry.start, some, true), |(event, index, many), number| {
                match found.last_mut() {
                    Some((last, _)) if (last.0, last.1 + last.2) == (event, index) => {
                        last.2 += many;
                    }
                    _ => found.push(((event, index, many), number)),
                }
            });
            left -= some;
            if left == 0 {
                break;
            }
        }
        found
    }

    /// The names of all characters in order, in stretches; and whether they are shown.
    pub fn all_ids(&self) -> Vec<(u64, u64, u64, bool)> {
        let mut found: Vec<(u64, u64, u64, bool)> = Vec::new();
        for entry in self.order.walk() {
            let shown = entry.shown();
            self.stretches(entry, |(event, index, many), _| match found.last_mut() {
                Some(last) if (last.0, last.1 + last.2, last.3) == (event, index, shown) => {
                    last.2 += many;
                }
                _ => found.push((event, index, many, shown)),
            });
        }
        found
    }

    /// How many characters are shown before one, and whether it is shown.
    pub fn position(&self, event: u64, index: u64) -> Outcome<(u32, bool)> {
        let number = self.names.number((event, index)).ok_or(Refusal::Key((event, index)))?;
        Ok((self.order.shown_before(number), self.struck[number as usize] == 0))
    }
}
