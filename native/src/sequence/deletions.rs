//! Deletions: which events delete which characters, so that they can count or not.

use std::ops::Range;

use super::names::Names;
use super::stream::{Kind, Run};

/// Characters side by side by number, deleted by one event or by as many events, one each.
#[derive(Clone, Copy)]
pub struct Deletion {
    event: u64,
    each: bool,
    target: u32,
    back: bool,
    count: u32,
}

impl Deletion {
    /// By one event, of some characters from one on.
    pub fn new(event: u64, target: u32, count: u32) -> Self {
        Deletion { event, each: false, target, back: false, count }
    }

    /// Its events.
    pub fn events(&self) -> Range<u64> {
        self.event..self.end()
    }

    fn end(&self) -> u64 {
        if self.each { self.event + u64::from(self.count) } else { self.event + 1 }
    }

    /// Its characters, with the event that deletes them: one each, or one for all.
    pub fn pieces(&self) -> impl Iterator<Item = (u64, Range<u32>)> + use<> {
        let one = *self;
        let steps = if one.each { one.count } else { 1 };
        (0..steps).map(move |nth| {
            let event = one.event + u64::from(nth);
            (event, one.part(&(event..event + 1)))
        })
    }

    fn goes_on(&self, next: &Deletion) -> Option<Deletion> {
        let fits = |each: bool, back: bool| {
            let alike = |one: &Deletion| one.count == 1 || (one.each, one.back) == (each, back);
            let event = self.event + if each { u64::from(self.count) } else { 0 };
            let target = if back {
                self.target.checked_sub(self.count)
            } else {
                Some(self.target + self.count)
            };
            alike(self) && alike(next) && event == next.event && target == Some(next.target)
        };
        let ways = [(false, false), (false, true), (true, false), (true, true)];
        let (each, back) = ways.into_iter().find(|&(each, back)| fits(each, back))?;
        Some(Deletion { each, back, count: self.count + next.count, ..*self })
    }

    /// The characters that some of its events delete.
    pub fn part(&self, events: &Range<u64>) -> Range<u32> {
        let (from, to) = (events.start.max(self.event), events.end.min(self.end()));
        if from >= to {
            return 0..0;
        }
        let (low, high) = if self.each {
            ((from - self.event) as u32, (to - self.event) as u32)
        } else {
            (0, self.count)
        };
        if self.back {
            self.target + 1 - high..self.target + 1 - low
        } else {
            self.target + low..self.target + high
        }
    }
}

/// All deletions, by event.
#[derive(Clone, Default)]
pub struct Deletions(Vec<Deletion>);

impl Deletions {
    /// Keep one, of the last event or a later one.
    pub fn push(&mut self, deletion: Deletion) {
        if let Some(last) = self.0.last_mut()
            && let Some(both) = last.goes_on(&deletion)
        {
            *last = both;
            return;
        }
        self.0.push(deletion);
    }

    /// Stretches of characters that some events delete; those that two delete, twice.
    pub fn of_events(&self, events: Range<u64>) -> impl Iterator<Item = Range<u32>> + '_ {
        let start = self.0.partition_point(|one| one.end() <= events.start);
        self.0[start..]
            .iter()
            .take_while({
                let end = events.end;
                move |one| one.event < end
            })
            .map(move |one| one.part(&events))
    }
}

/// What of a run's targets is here, each with the events it is deleted by.
///
/// Costs as many steps as there are stretches of names among them, however many it speaks of.
pub struct Found {
    run: Run,
    nth: u64,
}

impl Found {
    /// Of a run that deletes.
    pub fn new(run: Run) -> Self {
        Found { run, nth: 0 }
    }

    /// The next ones that are side by side.
    pub fn next(&mut self, names: &Names) -> Option<Deletion> {
        let run = &self.run;
        let back = run.kind == Kind::DeleteBack;
        while self.nth < run.count {
            let target = run.target(self.nth)?;
            let Some(number) = names.number(target) else {
                self.nth += next_there(names, run, target, back).filter(|&steps| steps > 0)?;
                continue;
            };
            let (row, each) = names.row(number);
            let alike = if back { number - row.start + 1 } else { row.end - number };
            let left = u32::try_from(run.count - self.nth).unwrap_or(u32::MAX);
            let count = if each == run.step { alike.min(left) } else { 1 };
            let event = if run.each { run.event + self.nth } else { run.event };
            self.nth += u64::from(count);
            return Some(Deletion { event, each: run.each, target: number, back, count });
        }
        None
    }
}

/// How many targets to pass over from one that is not here to one that may be.
fn next_there(names: &Names, run: &Run, (event, index): (u64, u64), back: bool) -> Option<u64> {
    let near = names.below((event, index));
    let near = if back { near.checked_sub(1)? } else { near };
    if near >= names.total {
        return None;
    }
    let (found, at) = names.name(near);
    if !run.step {
        return (found == event).then(|| at.abs_diff(index));
    }
    // The same index in another event: not before that event; in it, if it has the index at all.
    let far = found.abs_diff(event);
    Some(far.max(1))
}
