//! Writing: positions become names.

use std::collections::HashSet;

use super::order::{ROOT, Spot};
use super::stream::{Kind, LIMIT, NOBODY, Name, Run, Span};
use super::{OUT, Outcome, Refusal, Sequence, TOTAL_MAX, bad};

/// (event, index, count): characters (event, index), (event, index + 1)...
pub type Stretch = (u64, u64, u64);

/// What an edit would name: what it hangs from and how, its right origin, what it deletes.
pub struct Plan {
    pub left: bool,
    pub first: Name,
    pub right: Name,
    pub gone: Vec<Stretch>,
}

/// The same by numbers; and what follows the character that is shown before, and where that is.
struct Aim {
    left: bool,
    parent: u32,
    right: u32,
    neighbour: u32,
    spot: Option<(u32, Spot)>,
}

impl Sequence {
    fn fits(position: u64, deleted: u64, shown: u64) -> Outcome<()> {
        if position.checked_add(deleted).is_some_and(|end| end <= shown) {
            return Ok(());
        }
        let message = format!("{position} + {deleted} is beyond the {shown} characters shown");
        Err(Refusal::Index(message))
    }

    /// What an edit at a position would name. `outside`: events, sorted, that are not in the
    /// writer's past.
    pub fn plan(&self, position: u64, deleted: u64, outside: &[u64]) -> Outcome<Plan> {
        let aim = self.aim(position, deleted, outside)?;
        let gone = self.ids(position, position + deleted);
        let (first, right) = (self.name(aim.parent), self.name(aim.right));
        Ok(Plan { left: aim.left, first, right, gone })
    }

    /// Where what is inserted at a position hangs.
    fn aim(&self, position: u64, deleted: u64, outside: &[u64]) -> Outcome<Aim> {
        Self::fits(position, deleted, u64::from(self.order.shown))?;
        let before = match position {
            0 => None,
            _ => Some(self.order.shown_at(position as u32 - 1)),
        };
        let spot = before.map(|number| (number, self.order.spot(number)));
        let (left, neighbour) = match spot {
            Some((number, spot)) => (number, self.order.next_from(spot)),
            None => (ROOT, self.order.next(ROOT)),
        };
        let right = if outside.is_empty() { neighbour } else { self.right_of(left, outside) };
        let (parent, left, right) = self.tree.between(left, right);
        Ok(Aim { left, parent, right, neighbour, spot })
    }

    /// The next character after one that is in the writer's past.
    fn right_of(&self, left: u32, outside: &[u64]) -> u32 {
        for entry in self.order.entries_after(left) {
            let mut number = entry.start;
            while number < entry.end() {
                let (event, _) = self.names.name(number);
                if outside.binary_search(&event).is_err() {
                    return number;
                }
                let (row, each) = self.names.row(number);
                number = if each { number + 1 } else { row.end };
            }
        }
        ROOT
    }

    /// Events that do not count, of the characters that follow what is shown before a position, up
    /// to the next whose event counts.
    pub fn gap(&self, position: u64) -> Outcome<Vec<u64>> {
        Self::fits(position, 0, u64::from(self.order.shown))?;
        let left = if position == 0 { ROOT } else { self.order.shown_at(position as u32 - 1) };
        let (mut found, mut seen) = (Vec::new(), HashSet::new());
        for entry in self.order.entries_after(left) {
            for number in entry.start..entry.end() {
                if self.struck[number as usize] & OUT == 0 {
                    return Ok(found);
                }
                let (event, _) = self.names.name(number);
                if found.last() != Some(&event) && seen.insert(event) {
                    found.push(event);
                }
            }
        }
        Ok(found)
    }

    /// What is edited from now on is of this event.
    pub fn begin(&mut self, event: u64, author: u64, seq: u64, index: u64) -> Outcome<()> {
        if index >= LIMIT {
            return bad(format!("index {index} is beyond 2^62"));
        }
        match self.writing {
            Some((current, next)) if current == event => {
                if index < next {
                    return bad(format!("index {index} of event {event}, where {next} is next"));
                }
            }
            _ => {
                let span = Span { event, count: 1, author, seq };
                self.check(&[span], &[])?;
                self.authors.join(span);
            }
        }
        self.writing = Some((event, index));
        Ok(())
    }

    /// Delete characters from a position on, then insert some there.
    pub fn edit(
        &mut self,
        position: u64,
        deleted: u64,
        text: &str,
        outside: &[u64],
    ) -> Outcome<()> {
        let count = if text.is_ascii() { text.len() } else { text.chars().count() };
        self.room(count as u64, 1)?;
        let aim = self.aim(position, deleted, outside)?;
        self.write(&aim, position, deleted, count as u64);
        if count > 0 {
            self.chars.push(text);
        }
        Ok(())
    }

    /// The event that is begun, if so many characters and edits fit into it.
    fn room(&self, chars: u64, edits: u64) -> Outcome<u64> {
        let Some((event, index)) = self.writing else {
            return bad("no event was begun, or one came since");
        };
        if chars > TOTAL_MAX as u64 - u64::from(self.names.total) {
            return bad("more characters than a sequence holds");
        }
        if index + chars + edits > LIMIT {
            return bad("more than an event holds");
        }
        Ok(event)
    }

    fn write(&mut self, aim: &Aim, position: u64, deleted: u64, count: u64) {
        let (event, mut index) = self.writing.expect("there is room in an event");
        let kind = Kind::Delete;
        let (first, right) = (NOBODY, NOBODY);
        let one =
            Run { kind, each: false, step: false, next: false, event, index, count, first, right };
        let mut spot = aim.spot;
        if deleted > 0 {
            for ((of, at, many), number) in self.found(position, position + deleted) {
                self.delete_here(Run { first: (of, at), count: many, ..one }, number);
            }
            index += 1;
            spot = None; // entries moved
        }
        if count > 0 {
            let kind = if aim.left { Kind::LeftOf } else { Kind::RightOf };
            let run = Run { kind, index, first: self.name(aim.parent), ..one };
            self.put(run, aim.parent, aim.right, aim.neighbour, spot);
        }
        self.writing = Some((event, index + count));
    }

    /// Several edits of (position, deleted, inserted), whose texts are one: all of them or none.
    pub fn edit_many(&mut self, edits: &[[u32; 3]], text: &str) -> Outcome<()> {
        let chars = if text.is_ascii() { text.len() } else { text.chars().count() };
        let event = self.room(chars as u64, edits.len() as u64)?;
        let counts = !self.out.has(event);
        let mut shown = u64::from(self.order.shown);
        let mut inserted = 0;
        for &[position, deleted, count] in edits {
            Self::fits(u64::from(position), u64::from(deleted), shown)?;
            if counts {
                shown = shown + u64::from(count) - u64::from(deleted);
            }
            inserted += u64::from(count);
        }
        if inserted != chars as u64 {
            return bad("a text of another length than the edits insert");
        }
        self.chars.push(text);
        for &[position, deleted, count] in edits {
            let (position, deleted) = (u64::from(position), u64::from(deleted));
            let aim = self.aim(position, deleted, &[])?;
            self.write(&aim, position, deleted, u64::from(count));
        }
        Ok(())
    }

    /// The runs of one event, in its order.
    pub fn written(&self, event: u64) -> Vec<Run> {
        let start = self.runs.partition_point(|run| run.last_event() < event);
        self.runs[start..]
            .iter()
            .take_while(|run| run.event <= event)
            .filter_map(|run| run.of(event))
            .collect()
    }
}
