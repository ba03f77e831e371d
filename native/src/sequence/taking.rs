//! Taking in what others wrote.

use super::chars::Pieces;
use super::deletions::{Deletion, Found};
use super::names::span_at;
use super::order::{Place, ROOT, Spot};
use super::stream::{Kind, NOBODY, Name, Run, Span, Stream, read};
use super::tree::{Around, Hook};
use super::{OUT, Outcome, Sequence, TOTAL_MAX, bad};

impl Sequence {
    /// Say who an author is.
    pub fn author(&mut self, number: u64, key: Vec<u8>, side: Vec<u8>) {
        self.authors.put(number, key, side);
    }

    /// Take in the events of a stream; all of them or none.
    pub fn merge(&mut self, stream: &[u8], text: &str, counted: bool) -> Outcome<()> {
        let stream = read(stream).or_else(bad)?;
        self.take_in(&stream, text, counted)
    }

    /// The same, of a stream that was read.
    pub fn take_in(&mut self, stream: &Stream, text: &str, counted: bool) -> Outcome<()> {
        let pieces = Pieces::new(text);
        let inserted = inserted(&stream.runs);
        if inserted != pieces.chars as u128 {
            return bad("a text of another length than the inserts have");
        }
        self.check(&stream.spans, &stream.runs)?;
        if pieces.chars > TOTAL_MAX - self.names.total as usize {
            return bad("more characters than a sequence holds");
        }
        for span in &stream.spans {
            self.authors.join(*span);
            if !counted {
                self.out.put(span.event..span.end(), true);
            }
            self.writing = None;
        }
        self.chars.push(text);
        self.struck.reserve(pieces.chars);
        self.order.reserve(pieces.chars);
        self.tree.reserve(pieces.chars);
        for run in &stream.runs {
            if run.kind.inserts() {
                self.insert(*run);
            } else {
                self.delete(*run);
            }
        }
        Ok(())
    }

    /// Whether events are later than those here, by somebody known, and runs are of them.
    pub fn check(&self, spans: &[Span], runs: &[Run]) -> Outcome<()> {
        let mut end = self.authors.end();
        for span in spans {
            if !self.authors.knows(span.author)
                || span.event < end
                || span.count == 0
                || !span.is_bounded()
            {
                return bad(format!("events from {} on: out of order, or by nobody", span.event));
            }
            end = span.end();
        }
        for run in runs {
            let last = run.last_event();
            if span_at(spans, run.event).is_none_or(|at| last >= spans[at].end()) {
                return bad(format!("a run of events {} to {last}, in no span", run.event));
            }
        }
        Ok(())
    }

    fn number(&self, name: Name) -> u32 {
        if name == NOBODY { ROOT } else { self.names.number(name).unwrap_or(ROOT) }
    }

    /// The name of a character; of none nobody's.
    pub fn name(&self, number: u32) -> Name {
        if number == ROOT { NOBODY } else { self.names.name(number) }
    }

    /// Put in the characters of a run, whose text is there already.
    pub fn insert(&mut self, run: Run) {
        let parent = self.number(run.first);
        let spot = (parent != ROOT).then(|| (parent, self.order.spot(parent)));
        let neighbour = match spot {
            Some((_, spot)) => self.order.next_from(spot),
            None => self.order.next(ROOT),
        };
        let right = if run.next { neighbour } else { self.number(run.right) };
        self.put(run, parent, right, neighbour, spot);
    }

    /// Put in the characters of a run: what it hangs from, its right origin, what follows the one
    /// and where that is, if these are known.
    pub fn put(
        &mut self,
        run: Run,
        parent: u32,
        right: u32,
        neighbour: u32,
        spot: Option<(u32, Spot)>,
    ) {
        let left = run.kind == Kind::LeftOf && parent != ROOT;
        let hook = Hook {
            parent,
            left,
            origin: if left { ROOT } else { right },
            after: if left { parent } else { right },
        };
        self.keep(Run {
            kind: if left { Kind::LeftOf } else { Kind::RightOf },
            first: if parent == ROOT { NOBODY } else { run.first },
            right: if left { NOBODY } else { self.name(right) },
            next: !left && right == neighbour && right != ROOT,
            ..run
        });
        let count = run.count as u32;
        self.names.push((run.event, run.index), count, run.each);
        let around = Around { order: &self.order, names: &self.names, authors: &self.authors };
        let place = self.tree.hang(hook, count, &around);
        let first = self.struck.len();
        let end = first + count as usize;
        if self.out.touches(run.event..run.last_event() + 1) {
            self.insert_partly_out(&run, place);
            return;
        }
        self.struck.resize(end, 0);
        self.order.insert(place, count, true, spot);
    }

    /// The same where some of its events do not count.
    fn insert_partly_out(&mut self, run: &Run, place: Place) {
        let first = self.struck.len() as u32;
        self.order.insert(place, run.count as u32, true, None);
        for nth in 0..run.count {
            let is_out = self.out.has(run.at(nth).0);
            self.struck.push(if is_out { OUT } else { 0 });
        }
        self.hide_struck(first, self.struck.len() as u32);
    }

    /// Hide what is struck among characters that are all shown so far.
    fn hide_struck(&mut self, first: u32, end: u32) {
        let mut at = first;
        while at < end {
            let begin = at;
            while at < end && self.struck[at as usize] != 0 {
                at += 1;
            }
            if begin < at {
                self.order.flip(begin, at);
            }
            at += 1;
        }
    }

    /// Let a run delete what of its targets is here.
    pub fn delete(&mut self, run: Run) {
        self.keep(run);
        let mut found = Found::new(run);
        while let Some(deletion) = found.next(&self.names) {
            self.enact(deletion);
        }
    }

    /// Keep a deletion, and hide what its events delete, if they count.
    fn enact(&mut self, deletion: Deletion) {
        self.deletions.push(deletion);
        if !self.out.touches(deletion.events()) {
            self.strike(deletion.part(&deletion.events()), true, true);
            return;
        }
        for (event, part) in deletion.pieces() {
            if !self.out.has(event) {
                self.strike(part, true, true);
            }
        }
    }

    /// Let one event delete characters whose numbers are known.
    pub fn delete_here(&mut self, run: Run, target: u32) {
        self.keep(run);
        self.enact(Deletion::new(run.event, target, run.count as u32));
    }

    /// One more event that counts deletes some characters, or one less; the order learns of it,
    /// unless it is built anew anyway.
    pub fn strike(&mut self, part: std::ops::Range<u32>, more: bool, tell: bool) {
        let mut at = part.start;
        while at < part.end {
            let begin = at;
            while at < part.end {
                let struck = &mut self.struck[at as usize];
                let flips = *struck == u32::from(!more);
                *struck = if more { *struck + 1 } else { *struck - 1 };
                if !flips {
                    break;
                }
                at += 1;
            }
            if tell && begin < at {
                self.order.flip(begin, at);
            }
            at += 1;
        }
    }

    /// A run goes on from the one before where it can, so that what is saved stays small.
    fn keep(&mut self, run: Run) {
        if let Some(last) = self.runs.last_mut()
            && let Some(both) = last.joined(&run)
            && self.authors.span_at(last.event) == self.authors.span_at(run.event)
        {
            *last = both;
            return;
        }
        self.runs.push(run.normal());
    }
}

/// How many characters runs insert.
pub fn inserted(runs: &[Run]) -> u128 {
    runs.iter().filter(|run| run.kind.inserts()).map(|run| u128::from(run.count)).sum()
}
