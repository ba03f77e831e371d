//! Hostile bytes against the kernels' own functions, by the million; part of the tests alone.
//!
//! ```text
//! tests/fuzz/corpus/<target>/* ─► pool ─► mutate ─► law(input) ─► Verdict
//!                                  ▲                   │
//!                                  └── a new verdict   panic or broken law: the input is kept
//! ```
//!
//! `cargo test` tries a few of them. For more:
//!
//! ```text
//! TALLYSTICK_FUZZ_RUNS=1000000 TALLYSTICK_FUZZ_SEED=7 TALLYSTICK_FUZZ_TARGET=item \
//!   cargo test --profile fuzz --manifest-path native/Cargo.toml fuzz -- --nocapture
//! ```
//!
//! **Law:** the same seed and corpus try the same inputs. The inputs have the shapes of the targets
//! of the same names in `tests/fuzz`, so that both sides share one corpus.

mod header;
mod item;
pub mod mutate;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Instant;
use std::{env, fs, panic};

use mutate::{Random, mutated};

/// What became of an input: 0 for good, else the status it was refused with; and a detail, so
/// that inputs which go another way are kept.
pub type Verdict = (u8, u64);

/// A function that holds one input against a law, and panics when the law is broken.
type Law = fn(&[u8]) -> Verdict;

/// Name, law, and inputs when nobody asks for more: curves are slow where nothing is optimised.
type Target = (&'static str, Law, u64);

const TARGETS: &[Target] = &[
    ("item", item::law, 3_000),
    ("header", header::law, 3_000),
    ("pack", crate::open::law::law, 800),
    ("frame", crate::frames::law::law, 2_000),
    ("tree-proof", crate::merkle::law::law, 300),
    ("signature", crate::verify::law::law, 40),
    ("sequence", crate::sequence::law::law, 2_000),
];
/// Inputs a run adds to its pool.
const KEPT_MAX: usize = 2_000;
const INPUT_BYTES_MAX: usize = 64 * 1024;

fn setting<T: std::str::FromStr>(name: &str) -> Option<T> {
    env::var(format!("TALLYSTICK_FUZZ_{name}")).ok()?.parse().ok()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fuzz")
}

/// The committed inputs of a target; something small where only the crate is at hand.
fn corpus(name: &str) -> Vec<Vec<u8>> {
    let files = fs::read_dir(folder().join("corpus").join(name)).into_iter().flatten();
    let mut paths: Vec<PathBuf> = files.flatten().map(|file| file.path()).collect();
    paths.sort();
    let mut found: Vec<Vec<u8>> = paths.iter().flat_map(fs::read).collect();
    found.push(vec![0x82, 0xf6, 0x01]);
    found
}

/// Where an input that broke a law is kept, for the test of it.
fn keep(name: &str, input: &[u8]) -> PathBuf {
    let digest = crate::hash::sha256(&[input]);
    let hash = digest.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
    let found = folder().join("found");
    let path = found.join(format!("{name}-{hash:016x}.bin"));
    fs::create_dir_all(&found).and_then(|()| fs::write(&path, input)).expect("a place for crashes");
    path
}

/// Tries so many inputs; true when none broke the law.
fn run(name: &str, law: Law, runs: u64, seed: u64) -> bool {
    let begun = Instant::now();
    let mut pool = corpus(name);
    let (given, mut random) = (pool.len(), Random::new(seed));
    let mut verdicts = BTreeSet::new();
    let mut accepted = 0_u64;
    let mut tried = 0_u64;
    while tried < runs {
        let fresh = usize::try_from(tried).unwrap_or(usize::MAX);
        let input = if fresh < given {
            pool[fresh].clone()
        } else {
            let mut input = mutated(&mut random, &pool, name);
            input.truncate(INPUT_BYTES_MAX);
            input
        };
        tried += 1;
        let Ok(verdict) = panic::catch_unwind(|| law(&input)) else {
            println!("{name}: a law was broken by {}", keep(name, &input).display());
            return false;
        };
        accepted += u64::from(verdict.0 == 0);
        if verdicts.insert(verdict) && pool.len() < given + KEPT_MAX {
            pool.push(input);
        }
    }
    let seconds = begun.elapsed().as_secs_f64().max(1e-9);
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let rate = (tried as f64 / seconds) as u64;
    println!(
        "{{\"target\": \"{name}\", \"engine\": \"native\", \"kernels\": \"native\", \
         \"seed\": {seed}, \"runs\": {tried}, \"accepted\": {accepted}, \"outcomes\": {}, \
         \"per_second\": {rate}, \"corpus\": {}, \"crashes\": 0}}",
        verdicts.len(),
        pool.len(),
    );
    true
}

#[test]
fn no_input_breaks_a_law() {
    let asked: Option<u64> = setting("RUNS");
    let seed = setting("SEED").unwrap_or(0);
    let wanted: String = setting("TARGET").unwrap_or_default();
    let chosen = |target: &&Target| ["", "all", "quick", target.0].contains(&wanted.as_str());
    let broken: Vec<&str> = TARGETS
        .iter()
        .filter(chosen)
        .filter(|(name, law, few)| !run(name, *law, asked.unwrap_or(*few), seed))
        .map(|(name, _, _)| *name)
        .collect();
    assert!(broken.is_empty(), "broken: {broken:?}");
}

#[test]
fn a_broken_law_is_noticed() {
    let calm = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let fragile: Law = |input| {
        assert!(input.len() < 3 || input[2] != 0x17);
        (0, input.len() as u64)
    };
    assert!(!run("fragile", fragile, 1_000_000, 1));
    panic::set_hook(calm);
    let found = folder().join("found");
    for file in fs::read_dir(&found).into_iter().flatten().flatten() {
        if file.file_name().to_string_lossy().starts_with("fragile-") {
            fs::remove_file(file.path()).expect("it was just written");
        }
    }
    let _ = fs::remove_dir(found); // unless it holds something that matters
}
