//! Is x in the past of y? Exact answers for many pairs over one graph.
//!
//! Some long chains through the graph are chosen, and for each row is noted
//!
//! ```text
//! chain   c0 ─ c1 ─ c2 ─ c3 ─ c4        up(x)    the first c that has x in its past: c2
//!            \         /                down(x)  the last c in the past of x: c0
//!             ── x ──
//! ```
//!
//! Then `up(x) <= down(y)` says yes: x is below c[up(x)], which is below c[down(y)], which is below
//! y. And x below y makes `up(x) <= up(y)`, `down(x) <= down(y)` and level(x) < level(y): where one
//! of them fails, the answer is no. What is left open is walked, from y towards the roots, each row
//! on the way asked the same first, so that whole regions are answered or left out at once.
//!
//! **Law:** the same answers as `graph_ancestry` in `tallystick/kernels/reference/graph.py`; an
//! index changes how long it takes, never what is said.
//! Source: chain covers, Jagadish 1990; pruned search as in GRAIL, Yildirim et al. 2010.

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::columns::{Bytes, bad, read_u32};
use crate::graph::Graph;

/// Chains in the index; each costs one pass over the graph and 8 bytes a row.
const CHAINS: usize = 4;
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
        let chains = if pairs.len() < INDEX_QUESTIONS_MIN { 0 } else { CHAINS };
        let mut index = Index::new(&graph, chains);
        pairs.iter().map(|&[x, y]| u8::from(index.is_ancestor(x, y))).collect::<Vec<_>>()
    });
    Ok(PyBytes::new(py, &answers))
}

/// One row's place along one chain.
#[derive(Clone, Copy)]
struct Place {
    /// Index of the first of the chain that has the row in its past, or the chain's length.
    up: u32,
    /// 1 + index of the last of the chain in the row's past, or 0.
    down: u32,
}

type Places = [Place; CHAINS];

struct Index<'a> {
    graph: &'a Graph,
    levels: Vec<u32>,
    places: Vec<Places>,
    /// The question at which a row was last walked over.
    walked: Vec<u32>,
    question: u32,
    waiting: Vec<u32>,
}

impl<'a> Index<'a> {
    fn new(graph: &'a Graph, chains: usize) -> Self {
        // A chain that is not there says neither yes nor no.
        let mut places = vec![[Place { up: 1, down: 0 }; CHAINS]; graph.len()];
        let mut is_covered = vec![false; graph.len()];
        for number in 0..chains {
            let chain = longest_chain(graph, &is_covered);
            for &row in &chain {
                is_covered[row as usize] = true;
            }
            place_rows(graph, &chain, number, &mut places);
        }
        Index {
            graph,
            levels: graph.levels(),
            places,
            walked: vec![0; graph.len()],
            question: 0,
            waiting: Vec::new(),
        }
    }

    fn is_ancestor(&mut self, x: u32, y: u32) -> bool {
        if let Some(answer) = self.known(x, y) {
            return answer;
        }
        self.question = self.question.wrapping_add(1);
        if self.question == 0 {
            self.walked.fill(0);
            self.question = 1;
        }
        self.waiting.clear();
        self.waiting.push(y);
        while let Some(row) = self.waiting.pop() {
            for &parent in self.graph.of(row) {
                let walked = &mut self.walked[parent as usize];
                if *walked == self.question {
                    continue;
                }
                *walked = self.question;
                match self.known(x, parent) {
                    Some(true) => return true,
                    Some(false) => {}
                    None => self.waiting.push(parent),
                }
            }
        }
        false
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
        for (of_x, of_y) in self.places[x].iter().zip(&self.places[y]) {
            if of_x.up < of_y.down {
                return Some(true);
            }
            if of_x.up > of_y.up || of_x.down > of_y.down {
                return Some(false);
            }
        }
        None
    }
}

/// A way through the graph with the most rows that are not covered yet, from its root upwards.
fn longest_chain(graph: &Graph, is_covered: &[bool]) -> Vec<u32> {
    let mut weights: Vec<u32> = Vec::with_capacity(graph.len());
    for row in graph.rows() {
        let below = graph.of(row).iter().map(|&parent| weights[parent as usize]).max();
        weights.push(below.unwrap_or(0) + u32::from(!is_covered[row as usize]));
    }
    let mut chain = Vec::new();
    let mut next = graph.rows().max_by_key(|&row| weights[row as usize]);
    while let Some(row) = next {
        chain.push(row);
        next = graph.of(row).iter().copied().max_by_key(|&parent| weights[parent as usize]);
    }
    chain.reverse();
    chain
}

/// Note every row's place along a chain: `down` from parents to children, `up` the other way.
fn place_rows(graph: &Graph, chain: &[u32], number: usize, places: &mut [Places]) {
    let length = u32::try_from(chain.len()).expect("a chain has no more than all rows");
    for place in places.iter_mut() {
        place[number] = Place { up: length, down: 0 };
    }
    for (index, &row) in (0..length).zip(chain) {
        places[row as usize][number] = Place { up: index, down: index + 1 };
    }
    for row in graph.rows() {
        let below = graph.of(row).iter().map(|&parent| places[parent as usize][number].down).max();
        let down = &mut places[row as usize][number].down;
        *down = (*down).max(below.unwrap_or(0));
    }
    for row in graph.rows().rev() {
        let above = places[row as usize][number].up;
        for &parent in graph.of(row) {
            let up = &mut places[parent as usize][number].up;
            *up = (*up).min(above);
        }
    }
}
