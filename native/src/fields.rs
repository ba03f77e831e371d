//! Named fields out of many maps, as columns: what sums need of a content, and nothing else of it.
//!
//! **Law:** the same columns as `tallystick/kernels/reference/fields.py`; a value is told exactly
//! when the whole item is good.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyInt, PyList, PyString, PyTuple};

use crate::codec::{Nothing, Walker, major, read_head};
use crate::columns::read_parts;

/// For each name a list with the whole number, text or bytes each map has under it, else None.
#[pyfunction]
#[pyo3(signature = (items, names, *, floats = false))]
pub fn read_fields<'py>(
    py: Python<'py>,
    items: &Bound<'py, PyAny>,
    names: &Bound<'py, PyAny>,
    floats: bool,
) -> PyResult<Bound<'py, PyTuple>> {
    // Half of the work is making Python objects, so the GIL is kept.
    let names: Vec<String> =
        names.try_iter()?.map(|name| name?.extract()).collect::<PyResult<_>>()?;
    let columns: Vec<_> = names.iter().map(|_| PyList::empty(py)).collect();
    let mut found: Vec<Option<&[u8]>> = Vec::with_capacity(names.len());
    for item in &read_parts(items)? {
        found.clear();
        found.resize(names.len(), None);
        let walked = Walker::new(item, 0, floats, Nothing).entries(|key, value| {
            for (slot, _) in found.iter_mut().zip(&names).filter(|(_, name)| *name == key) {
                *slot = Some(value);
            }
        });
        for (column, value) in columns.iter().zip(&found) {
            column.append(value.filter(|_| walked.is_ok()).and_then(|value| scalar(py, value)))?;
        }
    }
    PyTuple::new(py, columns)
}

/// A good item as a Python object, if it is a whole number, text or bytes.
fn scalar<'py>(py: Python<'py>, item: &[u8]) -> Option<Bound<'py, PyAny>> {
    let kind = item.first()? >> 5;
    if kind > major::TEXT {
        return None;
    }
    let (argument, after) = read_head(item, 0).ok()?;
    Some(match kind {
        major::UINT => PyInt::new(py, argument).into_any(),
        major::NEGATIVE => PyInt::new(py, !i64::try_from(argument).ok()?).into_any(),
        major::BYTES => PyBytes::new(py, &item[after..]).into_any(),
        _ => PyString::new(py, str::from_utf8(&item[after..]).ok()?).into_any(),
    })
}
