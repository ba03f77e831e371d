//! Keeping: what is saved, and taking it in again.

use super::chars::Pieces;
use super::stream::{read, write};
use super::taking::inserted;
use super::{Outcome, Sequence, bad};

/// Stream, text shown, the other characters in order, what does not count.
pub type Saved = (Vec<u8>, String, String, Vec<(u64, u64)>);

impl Sequence {
    /// See above.
    pub fn save(&self) -> Saved {
        let stream = write(&self.authors.spans, &self.runs);
        (stream, self.text(true), self.text(false), self.out.pairs())
    }

    /// Whether there is nothing in it but authors.
    pub fn is_empty(&self) -> bool {
        self.authors.spans.is_empty()
    }

    /// Take in what was saved, into a sequence where nothing is.
    pub fn load(
        &mut self,
        stream: &[u8],
        shown: &str,
        hidden: &str,
        out: &[(u64, u64)],
    ) -> Outcome<()> {
        let stream = read(stream).or_else(bad)?;
        let (mut first, mut rest) = (Pieces::new(shown), Pieces::new(hidden));
        let count = first.chars + rest.chars;
        if inserted(&stream.runs) != count as u128 {
            return bad("texts of another length than the inserts have");
        }
        let mut made = Sequence { authors: self.authors.clone(), ..Sequence::default() };
        made.take_in(&stream, &"?".repeat(count), true)?;
        made.count(out, false);
        if made.shown() != first.chars {
            return bad("texts of other lengths than what is shown and what is not");
        }
        for entry in made.order.walk() {
            let from = if entry.shown() { &mut first } else { &mut rest };
            made.chars.set(entry.start, from.take(entry.len() as usize));
        }
        *self = made;
        Ok(())
    }
}
