//! Is x in the past of y? Exact answers for many pairs over one graph.
//!
//! The longest chain through the graph is taken, and for each row is noted
//!
//! ```text
//! chain   c0 ─ c1 ─ c2 ─ c3 ─ c4        up(x)    the first c that has x in its past: c2
//!            \         /                down(x)  the last c in the past of x: c0
//!             ── x ──
//! ```
//!
//! Then `up(x) <= down(y)` says yes: x is below c[up(x)], which is below c[down(y)], which is below
//! y. And x below y makes `up(x) <= up(y)`, `down(x) <= down(y)` and level(x) < level(y): where one
//! of them fails, the answer is no. What is left open, a twentieth of random pairs in a graph of
//! branches and merges, is answered 64 pairs at a time: every y marks itself with a bit of its own,
//! one sweep hands the bits of each row to its parents, and every x looks whether its bit came.
//!
//! More chains leave fewer pairs open, but each costs more than the sweep that it saves.
//!
//! **Law:** the same answers as `graph_ancestry` in `tallystick/kernels/reference/graph.py`; an
//! index changes how long it takes, never what is said.
//! Source: chain covers, Jagadish 1990.

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::columns::{Bytes, bad, read_u32};
use crate::graph::Graph;

/// Pairs of one sweep: a bit each.
const MARKS: usize = u64::BITS as usize;
/// Below so many questions the index costs more than it saves.
const INDEX_QUESTIONS_MIN: usize = 8;

/// u8[q]: for each pair (x, y) of `queries`, 1 when x is y or an ancestor of y, else 0.
#[pyfunction]
pub fn graph_ancestry<'py>(
    py: Python<'py>,
    offsets: Bytes,
    parents: Bytes,
    queries: Bytes,
) -> PyResult<Bound<'py, PyBytes>> {
    let queries = read_u32(&queries)?;
    let (pairs, rest) = queries.as_chunks::<2>();
    if !rest.is_empty() {
        return bad("queries are pairs of rows");
    }
    let graph = Graph::new(&offsets, &parents)?;
    graph.check(&queries)?;
    let answers = py.detach(|| {
        let index = Index::new(&graph, pairs.len() >= INDEX_QUESTIONS_MIN);
        answer(&graph, &index, pairs)
    });
    Ok(PyBytes::new(py, &answers))
}

/// A pair that the index leaves open, and where its answer goes.
#[derive(Clone, Copy)]
struct Open {
    x: u32,
    y: u32,
    at: usize,
}

/// One byte for each pair: what the index knows, then what sweeps find out.
fn answer(graph: &Graph, index: &Index, pairs: &[[u32; 2]]) -> Vec<u8> {
    let mut answers = vec![0; pairs.len()];
    let mut open = Vec::new();
    for (at, &[x, y]) in pairs.iter().enumerate() {
        match index.known(x, y) {
            Some(known) => answers[at] = u8::from(known),
            None => open.push(Open { x, y, at }),
        }
    }
    open.sort_unstable_by_key(|pair| pair.y); // near each other in the graph: short sweeps
    for together in open.chunks(MARKS) {
        sweep(graph, together, &mut answers);
    }
    answers
}

/// Answer up to 64 pairs by one pass from the highest y down to the lowest x.
fn sweep(graph: &Graph, open: &[Open], answers: &mut [u8]) {
    let first = open.iter().map(|pair| pair.x).min().unwrap_or(0);
    let last = open.iter().map(|pair| pair.y).max().unwrap_or(0);
    let mut marks = vec![0_u64; (last - first) as usize + 1];
    for (bit, pair) in open.iter().enumerate() {
        marks[(pair.y - first) as usize] |= 1 << bit;
    }
    for row in (first..=last).rev() {
        let of_row = marks[(row - first) as usize];
        if of_row != 0 {
            for &parent in graph.of(row) {
                if parent >= first {
                    marks[(parent - first) as usize] |= of_row;
                }
            }
        }
    }
    for (bit, pair) in open.iter().enumerate() {
        answers[pair.at] = u8::from(marks[(pair.x - first) as usize] >> bit & 1 == 1);
    }
}

/// One row's place along the chain.
#[derive(Clone, Copy)]
struct Place {
    /// Index of the first of the chain that has the row in its past, or the chain's length.
    up: u32,
    /// 1 + index of the last of the chain in the row's past, or 0.
    down: u32,
}

struct Index {
    levels: Vec<u32>,
    /// Empty without a chain.
    places: Vec<Place>,
}

impl Index {
    fn new(graph: &Graph, has_chain: bool) -> Self {
        let levels = graph.levels();
        let places =
            if has_chain { place_rows(graph, &longest_chain(graph, &levels)) } else { vec![] };
        Index { levels, places }
    }

    /// The answer, when the index alone has it.
    fn known(&self, x: u32, y: u32) -> Option<bool> {
        if x == y {
            return Some(true);
        }
        let (x, y) = (x as usize, y as usize);
        if x > y || self.levels[x] >= self.levels[y] {
            return Some(false);
        }
        let (of_x, of_y) = (self.places.get(x)?, self.places.get(y)?);
        if of_x.up < of_y.down {
            return Some(true);
        }
        if of_x.up > of_y.up || of_x.down > of_y.down {
            return Some(false);
        }
        None
    }
}

/// The longest way through the graph, from its root upwards.
fn longest_chain(graph: &Graph, levels: &[u32]) -> Vec<u32> {
    let mut chain = Vec::new();
    let mut next = graph.rows().max_by_key(|&row| levels[row as usize]);
    while let Some(row) = next {
        chain.push(row);
        next = graph.of(row).iter().copied().max_by_key(|&parent| levels[parent as usize]);
    }
    chain.reverse();
    chain
}

/// Every row's place along a chain: `down` from parents to children, `up` the other way.
fn place_rows(graph: &Graph, chain: &[u32]) -> Vec<Place> {
    let length = u32::try_from(chain.len()).expect("a chain has no more than all rows");
    let mut places = vec![Place { up: length, down: 0 }; graph.len()];
    for (index, &row) in (0..length).zip(chain) {
        places[row as usize] = Place { up: index, down: index + 1 };
    }
    for row in graph.rows() {
        let below = graph.of(row).iter().map(|&parent| places[parent as usize].down).max();
        let down = &mut places[row as usize].down;
        *down = (*down).max(below.unwrap_or(0));
    }
    for row in graph.rows().rev() {
        let above = places[row as usize].up;
        for &parent in graph.of(row) {
            let up = &mut places[parent as usize].up;
            *up = (*up).min(above);
        }
    }
    places
}
