//! A sequence of characters that many people write, and of which anybody's part can be taken out.
//!
//! ```text
//! python     the class          taking    merging streams       stream, runs   what was written
//! loading    save, load         writing   plan, edit            names          events and authors
//! reading    text, ids          counting  what counts           tree, order    where it lies
//!                               chars     the characters        deletions      by whom
//! ```
//!
//! Characters have numbers in the order they came; side by side they are handled as one. Numbers
//! ascend as names do, so what an event inserted is a range of them.
//!
//! **Law:** results, refusals and saved bytes are those of
//! `tallystick/kernels/reference/sequence.py`; no recursion on what others wrote, and nothing is
//! allocated on the word of a count. Source: spec/sequence.md.

#![allow(clippy::cast_possible_truncation)] // there are fewer than 2^31 characters: see `merge`

mod chars;
mod counting;
mod deletions;
#[cfg(test)]
#[path = "../fuzz/sequence.rs"]
pub mod law;
mod loading;
mod names;
mod order;
pub mod python;
mod reading;
mod runs;
mod starts;
pub mod stream;
mod taking;
mod tree;
mod writing;

use chars::Chars;
use counting::Ranges;
use deletions::Deletions;
use names::{Authors, Names};
use order::Order;
use stream::{Name, Run};
use tree::Tree;

/// That a character's event does not count: a bit above all counts of deletions.
const OUT: u32 = 1 << 31;
/// Characters there can be.
const TOTAL_MAX: usize = (1 << 31) - 1;

/// Why a call is refused.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// `ValueError`.
    Value(String),
    /// `IndexError`.
    Index(String),
    /// `KeyError`: no character has this name.
    Key(Name),
}

/// See above.
type Outcome<T> = Result<T, Refusal>;

fn bad<T>(message: impl Into<String>) -> Outcome<T> {
    Err(Refusal::Value(message.into()))
}

/// The sequence.
#[derive(Clone, Default)]
pub struct Sequence {
    authors: Authors,
    runs: Vec<Run>,
    names: Names,
    tree: Tree,
    order: Order,
    chars: Chars,
    /// Of each character how many events that count delete it; and OUT.
    struck: Vec<u32>,
    deletions: Deletions,
    /// Events that do not count.
    out: Ranges,
    /// Event and index of what is written next, if an event is begun.
    writing: Option<Name>,
}
