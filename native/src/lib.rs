//! The hot code of Tallystick: bytes in, columns out.
//!
//! ```text
//! codec    one DAG-CBOR item, walked      objects   ... as Python objects
//! header   one event's header             packs     columns -> pack       open   pack -> columns
//! merkle   RFC 6962 in batches            verify    Ed25519, one strict rule
//! graph    levels, order, heads           ancestry  who is in whose past
//! frames   the ops in an edit's frame     fields    named fields of many maps
//! reconcile  fingerprints of ranges       pairs     the index of ids
//! transfers  plain transfers in frames   hash    SHA-256
//! sequence   text that many write: its modules in a folder
//! columns  little-endian in and out       status    what is wrong with a row
//! ```
//!
//! **Law:** every function is pure (a sequence is a value that changes) and gives what its twin in
//! `tallystick/kernels/reference` gives. Bad data is a status byte or, for single items, an
//! `ItemError`; a bad call is a `ValueError` or `TypeError`; a panic would be a defect of ours and
//! reaches Python as an exception. Batches run without the GIL, unless they make Python objects. No
//! input or output, no clock, no randomness; of Python's objects only the classes of links and of
//! runs are kept.

mod ancestry;
mod codec;
mod columns;
mod fields;
mod frames;
#[cfg(test)]
mod fuzz;
mod graph;
mod hash;
mod header;
mod merkle;
mod objects;
mod open;
mod packs;
mod pairs;
mod reconcile;
mod sequence;
mod status;
mod transfers;
mod verify;

use pyo3::prelude::*;

/// The hot code of Tallystick. Private: used through `tallystick.kernels` alone.
#[pymodule]
mod tallystick_native {
    use pyo3::prelude::*;
    use pyo3::types::PyDict;

    #[pymodule_export]
    use crate::ancestry::graph_ancestry;
    #[pymodule_export]
    use crate::codec::check_items;
    #[pymodule_export]
    use crate::fields::read_fields;
    #[pymodule_export]
    use crate::frames::open_frames;
    #[pymodule_export]
    use crate::graph::{graph_heads, graph_lamports, graph_order, graph_vector};
    #[pymodule_export]
    use crate::merkle::{
        merkle_append, merkle_consistency, merkle_nodes, merkle_prove, merkle_range, merkle_root,
        merkle_verify, merkle_verify_consistency,
    };
    #[pymodule_export]
    use crate::objects::{ItemError, decode_item, encode_item, set_link_type};
    #[pymodule_export]
    use crate::open::open_pack;
    #[pymodule_export]
    use crate::packs::{commit_bodies, rebuild_headers, seal_pack};
    #[pymodule_export]
    use crate::pairs::{index_pairs, merge_pairs};
    #[pymodule_export]
    use crate::reconcile::{reconcile_items, reconcile_ranges};
    #[pymodule_export]
    use crate::sequence::python::{PySequence, set_run_type};
    #[pymodule_export]
    use crate::transfers::{open_transfers, post_transfers};
    #[pymodule_export]
    use crate::verify::{is_author_key, verify_signatures};

    /// Raised whenever functions' arguments, columns or status numbers change.
    #[pymodule_export]
    const ABI: u32 = 9;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        let statuses = PyDict::new(module.py());
        for (name, number) in crate::status::NAMES {
            statuses.set_item(name, number)?;
        }
        module.add("STATUSES", statuses)
    }
}
