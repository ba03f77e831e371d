//! What counts: events start or cease to, one by one or by the thousand.

use std::ops::Range;

use super::order::Entry;
use super::{OUT, Sequence};

/// More changes than one in so many entries, and the order is built anew.
const SWEEP: usize = 6;

/// Sets of events: the numbers at which being in begins and ends, in turns.
#[derive(Clone, Default)]
pub struct Ranges(Vec<u64>);

impl Ranges {
    /// Whether a number is in.
    pub fn has(&self, number: u64) -> bool {
        self.0.partition_point(|&bound| bound <= number) % 2 == 1
    }

    /// Whether any of some numbers is in.
    pub fn touches(&self, numbers: Range<u64>) -> bool {
        if self.0.last().is_none_or(|&last| last <= numbers.start) {
            return false;
        }
        let at = self.0.partition_point(|&bound| bound <= numbers.start);
        at % 2 == 1 || self.0.get(at).is_some_and(|&bound| bound < numbers.end)
    }

    /// Put numbers in or take them out.
    pub fn put(&mut self, numbers: Range<u64>, is_in: bool) {
        let low = self.0.partition_point(|&bound| bound < numbers.start);
        let high = low + self.0[low..].partition_point(|&bound| bound <= numbers.end);
        let outside = usize::from(!is_in);
        let begins = (low % 2 == outside).then_some(numbers.start);
        let ends = (high % 2 == outside).then_some(numbers.end);
        self.0.splice(low..high, begins.into_iter().chain(ends));
    }

    /// The parts of a range that are in, or that are not.
    pub fn parts(&self, numbers: Range<u64>, is_in: bool) -> Vec<Range<u64>> {
        let mut found = Vec::new();
        let mut at = self.0.partition_point(|&bound| bound <= numbers.start);
        let mut from = numbers.start;
        while from < numbers.end {
            let to = self.0.get(at).map_or(numbers.end, |&bound| bound.min(numbers.end));
            if (at % 2 == 1) == is_in {
                found.push(from..to);
            }
            (from, at) = (to, at + 1);
        }
        found
    }

    /// All that are in, as (first, how many).
    pub fn pairs(&self) -> Vec<(u64, u64)> {
        self.0.as_chunks::<2>().0.iter().map(|[from, to]| (*from, to - from)).collect()
    }
}

impl Sequence {
    /// The parts of some ranges, (first, how many) each, that are events here.
    fn known(&self, events: &[(u64, u64)]) -> Vec<Range<u64>> {
        events
            .iter()
            .flat_map(|&(first, many)| self.authors.known(first..first.saturating_add(many)))
            .collect()
    }

    /// Events start or cease to count.
    pub fn count(&mut self, events: &[(u64, u64)], on: bool) {
        let mut changed = Vec::new();
        for known in self.known(events) {
            let parts = self.out.parts(known.clone(), on);
            if !parts.is_empty() {
                self.out.put(known, !on);
            }
            changed.extend(parts);
        }
        let mut steps = changed.len();
        if changed.len() * SWEEP < self.order.entries {
            steps += changed
                .iter()
                .map(|events| self.deletions.of_events(events.clone()).count())
                .sum::<usize>();
        }
        let sweep = steps * SWEEP > self.order.entries;
        for events in changed {
            let inserted = self.names.of_events(events.clone());
            self.touch(inserted, on, !sweep);
            let deleted: Vec<_> = self.deletions.of_events(events).collect();
            for part in deleted {
                self.strike(part, on, !sweep);
            }
        }
        if sweep {
            self.sweep();
        }
    }

    /// Characters' events start or cease to count.
    fn touch(&mut self, part: Range<u32>, on: bool, tell: bool) {
        let mut begin = part.start;
        for number in part.clone() {
            self.struck[number as usize] ^= OUT;
            if tell && self.struck[number as usize] & !OUT != 0 {
                if begin < number {
                    self.order.flip(begin, number);
                }
                begin = number + 1;
            }
        }
        debug_assert!(part.is_empty() || (self.struck[part.start as usize] & OUT == 0) == on);
        if tell && begin < part.end {
            self.order.flip(begin, part.end);
        }
    }

    /// Build the order anew: what is not struck is shown.
    fn sweep(&mut self) {
        let mut entries: Vec<Entry> = Vec::with_capacity(self.order.entries);
        for entry in self.order.walk() {
            let struck = &self.struck[entry.start as usize..entry.end() as usize];
            let mut start = entry.start;
            for part in struck.chunk_by(|one, other| (*one == 0) == (*other == 0)) {
                let new = Entry::new(start, part.len() as u32, part[0] == 0);
                start = new.end();
                match entries.last_mut() {
                    Some(last) if last.goes_on(new) => *last = last.grown(new.len()),
                    _ => entries.push(new),
                }
            }
        }
        self.order.rebuild(&entries);
    }

    /// What would be shown if these events were all that do not count.
    pub fn text_as(&self, out: &[(u64, u64)]) -> String {
        let mut gone = Ranges::default();
        for known in self.known(out) {
            gone.put(known, true);
        }
        let mut hidden = vec![false; self.names.total as usize];
        let mut hide = |part: Range<u32>| {
            hidden[part.start as usize..part.end as usize].fill(true);
        };
        for events in gone.parts(0..u64::MAX, true) {
            hide(self.names.of_events(events));
        }
        for events in gone.parts(0..u64::MAX, false) {
            self.deletions.of_events(events).for_each(&mut hide);
        }
        let stretches = self.order.walk().flat_map(|entry| {
            let part = &hidden[entry.start as usize..entry.end() as usize];
            let mut start = entry.start;
            part.chunk_by(|one, other| one == other).filter_map(move |some| {
                let stretch = (start, some.len() as u32);
                start += stretch.1;
                (!some[0]).then_some(stretch)
            })
        });
        self.chars.text(stretches, hidden.len())
    }
}

#[cfg(test)]
mod tests {
    use super::Ranges;

    #[test]
    fn ranges_hold_what_was_put_in_last() {
        let (mut ranges, mut plain) = (Ranges::default(), [false; 40]);
        let mut seed = 7_u64;
        let mut next = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) % below
        };
        for _ in 0..2_000 {
            let (from, is_in) = (next(39), next(2) == 0);
            let to = from + 1 + next(40 - from - 1).min(6);
            ranges.put(from..to, is_in);
            plain[from as usize..to as usize].fill(is_in);
            for (number, &expected) in plain.iter().enumerate() {
                assert_eq!(ranges.has(number as u64), expected);
            }
            let (low, high) = (next(20), 20 + next(20));
            let inside = &plain[low as usize..high as usize];
            assert_eq!(ranges.touches(low..high), inside.contains(&true));
            for way in [false, true] {
                let parts = ranges.parts(low..high, way);
                let count: u64 = parts.iter().map(|part| part.end - part.start).sum();
                assert_eq!(count, inside.iter().filter(|&&is_in| is_in == way).count() as u64);
            }
        }
    }
}
