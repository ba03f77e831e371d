//! Streams of sequences: what is read is written again, and what is taken in can be saved, loaded,
//! taken out and put back; what is refused leaves nothing behind.

use super::stream::{read, write};
use super::taking::inserted;
use super::{Refusal, Sequence};
use crate::fuzz::Verdict;

/// Characters an input may insert: more would only be slow.
const CHARS_MAX: u128 = 3_000;
const REFUSED: u8 = 1;

fn fresh() -> Sequence {
    let mut sequence = Sequence::default();
    for author in 0..4_u8 {
        sequence.author(u64::from(author), vec![author / 2], vec![author]);
    }
    sequence
}

/// See above.
pub fn law(data: &[u8]) -> Verdict {
    let mut sequence = fresh();
    let Ok(stream) = read(data) else {
        assert!(matches!(sequence.merge(data, "", true), Err(Refusal::Value(_))));
        return (REFUSED, 0);
    };
    let again = read(&write(&stream.spans, &stream.runs)).expect("what was written");
    assert_eq!((&again.spans, &again.runs), (&stream.spans, &stream.runs));
    let count = inserted(&stream.runs).min(CHARS_MAX) as usize;
    let text: String = ('a'..='z').cycle().take(count).collect();
    if sequence.merge(data, &text, true).is_err() {
        assert!(sequence.is_empty() && sequence.save() == fresh().save());
        return (REFUSED, 1);
    }
    let whole = sequence.save();
    let (stream, shown, hidden, out) = &whole;
    let mut loaded = fresh();
    loaded.load(stream, shown, hidden, out).expect("what was saved");
    assert_eq!(loaded.save(), whole);
    assert_eq!(loaded.all_ids(), sequence.all_ids());
    for events in [(0, 1 << 61), (0, 3), (2, 5)] {
        let without = sequence.text_as(&[events]);
        sequence.count(&[events], false);
        assert_eq!(sequence.text(true), without);
        sequence.count(&[events], true);
        assert!(sequence.save() == whole);
    }
    (0, whole.0.len().min(40) as u64)
}
