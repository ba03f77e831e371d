//! Items and Python objects: the half of the codec that needs the interpreter.
//!
//! The Python class of links is handed over once (`set_link_type`) and is the only Python object
//! kept between calls.
//!
//! **Law:** `decode_item(encode_item(x)) == x`; whatever is refused becomes `ItemError(status,
//! where)`, with a path such as `$.a[3]` when encoding and `byte N` when decoding.

use std::fmt::Write;
use std::sync::RwLock;

use pyo3::exceptions::{PyException, PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyByteArray, PyBytes, PyDict, PyFloat, PyInt, PyList, PyMemoryView, PyString, PyTuple,
    PyType,
};

use crate::codec::{Build, DEPTH_MAX, Fault, LINK_HEAD, NULL, Walker, major, put_head};
use crate::columns::{Bytes, Digest};
use crate::status;

pyo3::create_exception!(tallystick_native, ItemError, PyException, "(status, where)");

/// `ItemError(status, where)`, also as attributes.
pub fn item_error(py: Python, status: u8, place: &str) -> PyErr {
    let error = ItemError::new_err((status, place.to_owned()));
    let value = error.value(py);
    let told = value.setattr("status", status).and_then(|()| value.setattr("where", place));
    told.err().unwrap_or(error)
}

static LINK: RwLock<Option<Py<PyType>>> = RwLock::new(None);

/// The class whose instances are links: made with one digest, told by their `digest`.
#[pyfunction]
#[allow(clippy::missing_panics_doc)] // no code panics while it holds the lock
pub fn set_link_type(cls: Bound<PyType>) {
    let before = LINK.write().expect("never poisoned").replace(cls.unbind());
    drop(before); // after the lock: dropping a class may run Python code
}

fn link_type(py: Python) -> PyResult<Bound<PyType>> {
    let found = LINK.read().expect("never poisoned");
    let cls = found.as_ref().map(|cls| cls.bind(py).clone());
    cls.ok_or_else(|| PyRuntimeError::new_err("set_link_type was not called"))
}

fn is_link(value: &Bound<PyAny>) -> PyResult<bool> {
    value.is_instance(link_type(value.py())?.as_any())
}

// --- Encoding -----------------------------------------------------------------------------------

/// Why a value has no encoding.
enum Refusal {
    /// The value's fault; the path is written from its end, as the calls return.
    Item(u8, Vec<Step>),
    /// Python's.
    Python(PyErr),
}

/// One step of a path.
enum Step {
    Index(usize),
    Key(String),
}

impl From<PyErr> for Refusal {
    fn from(error: PyErr) -> Self {
        Refusal::Python(error)
    }
}

type Put = Result<(), Refusal>;

fn refuse(status: u8) -> Put {
    Err(Refusal::Item(status, Vec::new()))
}

/// The one encoding of a value.
#[pyfunction]
#[pyo3(signature = (value, *, floats = false))]
pub fn encode_item<'py>(
    py: Python<'py>,
    value: &Bound<'py, PyAny>,
    floats: bool,
) -> PyResult<Bound<'py, PyBytes>> {
    let mut encoder = Encoder { out: Vec::with_capacity(128), floats };
    match encoder.put(value, 1) {
        Ok(()) => Ok(PyBytes::new(py, &encoder.out)),
        Err(Refusal::Python(error)) => Err(error),
        Err(Refusal::Item(status, steps)) => Err(item_error(py, status, &path(&steps))),
    }
}

fn path(steps: &[Step]) -> String {
    let mut path = String::from("$");
    for step in steps.iter().rev() {
        let written = match step {
            Step::Index(index) => write!(path, "[{index}]"),
            Step::Key(key) => write!(path, ".{key}"),
        };
        written.expect("writing to a string does not fail");
    }
    path
}

struct Encoder {
    out: Vec<u8>,
    floats: bool,
}

impl Encoder {
    fn put(&mut self, value: &Bound<PyAny>, depth: usize) -> Put {
        if depth > DEPTH_MAX {
            return refuse(status::TOO_DEEP);
        }
        if let Ok(text) = value.cast::<PyString>() {
            self.put_text(text)
        } else if value.is_none() {
            self.out.push(NULL);
            Ok(())
        } else if let Ok(truth) = value.cast::<PyBool>() {
            self.out.push(if truth.is_true() { 0xf5 } else { 0xf4 });
            Ok(())
        } else if let Ok(number) = value.cast::<PyInt>() {
            self.put_int(number)
        } else if let Ok(bytes) = value.cast::<PyBytes>() {
            self.put_bytes(bytes.as_bytes());
            Ok(())
        } else if let Ok(list) = value.cast::<PyList>() {
            self.put_list(list.len(), list.iter(), depth)
        } else if let Ok(map) = value.cast::<PyDict>() {
            self.put_map(map, depth)
        } else if let Ok(tuple) = value.cast::<PyTuple>() {
            self.put_list(tuple.len(), tuple.iter(), depth)
        } else {
            self.put_rare(value)
        }
    }

    /// What is neither common nor able to hold other values.
    fn put_rare(&mut self, value: &Bound<PyAny>) -> Put {
        if let Ok(number) = value.cast::<PyFloat>() {
            let number = number.value();
            if !(self.floats && number.is_finite()) {
                return refuse(status::FLOAT);
            }
            self.out.push(0xfb);
            self.out.extend_from_slice(&number.to_be_bytes());
            Ok(())
        } else if value.is_instance_of::<PyByteArray>() || value.is_instance_of::<PyMemoryView>() {
            let bytes = value.extract::<Bytes>()?;
            self.put_bytes(&bytes);
            Ok(())
        } else if is_link(value)? {
            let digest = value.getattr("digest")?;
            let digest = digest.extract::<Bytes>()?;
            if digest.len() != 32 {
                return Err(PyTypeError::new_err("a link's digest is 32 bytes").into());
            }
            self.out.extend_from_slice(&LINK_HEAD);
            self.out.extend_from_slice(&digest);
            Ok(())
        } else {
            refuse(status::UNENCODABLE)
        }
    }

    fn put_text(&mut self, text: &Bound<PyString>) -> Put {
        let Ok(text) = text.to_str() else {
            return refuse(status::NOT_UTF8); // a lone surrogate
        };
        put_head(&mut self.out, major::TEXT, text.len() as u64);
        self.out.extend_from_slice(text.as_bytes());
        Ok(())
    }

    fn put_int(&mut self, number: &Bound<PyInt>) -> Put {
        let Ok(number) = number.extract::<i64>() else {
            return refuse(status::INT_RANGE);
        };
        let kind = if number < 0 { major::NEGATIVE } else { major::UINT };
        put_head(&mut self.out, kind, if number < 0 { !number } else { number }.cast_unsigned());
        Ok(())
    }

    fn put_bytes(&mut self, bytes: &[u8]) {
        put_head(&mut self.out, major::BYTES, bytes.len() as u64);
        self.out.extend_from_slice(bytes);
    }

    fn put_list<'py>(
        &mut self,
        size: usize,
        entries: impl Iterator<Item = Bound<'py, PyAny>>,
        depth: usize,
    ) -> Put {
        put_head(&mut self.out, major::LIST, size as u64);
        for (index, entry) in entries.enumerate() {
            self.put(&entry, depth + 1).map_err(|refusal| refusal.inside(|| Step::Index(index)))?;
        }
        Ok(())
    }

    fn put_map(&mut self, map: &Bound<PyDict>, depth: usize) -> Put {
        let pairs: Vec<_> = map.iter().collect();
        let mut keys = Vec::with_capacity(pairs.len());
        for (key, entry) in &pairs {
            let Ok(key) = key.cast::<PyString>() else {
                return refuse(status::UNENCODABLE);
            };
            let Ok(key) = key.to_str() else {
                return refuse(status::NOT_UTF8);
            };
            keys.push((key, entry));
        }
        keys.sort_unstable_by_key(|(key, _)| (key.len(), *key));
        put_head(&mut self.out, major::MAP, keys.len() as u64);
        for (key, entry) in keys {
            put_head(&mut self.out, major::TEXT, key.len() as u64);
            self.out.extend_from_slice(key.as_bytes());
            self.put(entry, depth + 1)
                .map_err(|refusal| refusal.inside(|| Step::Key(key.to_owned())))?;
        }
        Ok(())
    }
}

impl Refusal {
    /// The same, seen from one level further out.
    fn inside(mut self, step: impl FnOnce() -> Step) -> Self {
        if let Refusal::Item(_, steps) = &mut self {
            steps.push(step());
        }
        self
    }
}

// --- Decoding -----------------------------------------------------------------------------------

/// The value of exactly one item, with nothing after it.
#[pyfunction]
#[pyo3(signature = (data, *, floats = false))]
pub fn decode_item<'py>(
    py: Python<'py>,
    data: Bytes<'py>,
    floats: bool,
) -> PyResult<Bound<'py, PyAny>> {
    Walker::new(&data, 0, floats, Objects { py }).whole().map_err(|stop| match stop {
        Stop::Fault(fault) => item_error(py, fault.status, &format!("byte {}", fault.at)),
        Stop::Python(error) => error,
    })
}

/// Builds Python objects.
struct Objects<'py> {
    py: Python<'py>,
}

/// Why decoding ended early.
enum Stop {
    Fault(Fault),
    Python(PyErr),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Stop::Fault(fault)
    }
}

impl From<PyErr> for Stop {
    fn from(error: PyErr) -> Self {
        Stop::Python(error)
    }
}

impl<'py> Build for Objects<'py> {
    type Value = Bound<'py, PyAny>;
    type List = Vec<Bound<'py, PyAny>>;
    type Map = Bound<'py, PyDict>;
    type Error = Stop;

    fn null(&mut self) -> Self::Value {
        self.py.None().into_bound(self.py)
    }

    fn bool(&mut self, value: bool) -> Self::Value {
        PyBool::new(self.py, value).to_owned().into_any()
    }

    fn int(&mut self, value: i64) -> Self::Value {
        let Ok(number) = value.into_pyobject(self.py);
        number.into_any()
    }

    fn float(&mut self, value: f64) -> Self::Value {
        PyFloat::new(self.py, value).into_any()
    }

    fn bytes(&mut self, value: &[u8]) -> Self::Value {
        PyBytes::new(self.py, value).into_any()
    }

    fn text(&mut self, value: &str) -> Self::Value {
        PyString::new(self.py, value).into_any()
    }

    fn link(&mut self, digest: &Digest) -> Result<Self::Value, Stop> {
        Ok(link_type(self.py)?.call1((PyBytes::new(self.py, digest),))?)
    }

    fn list(&mut self) -> Self::List {
        Vec::new()
    }

    fn push(&mut self, list: &mut Self::List, entry: Self::Value) {
        list.push(entry);
    }

    fn end_list(&mut self, list: Self::List) -> Result<Self::Value, Stop> {
        Ok(PyList::new(self.py, list)?.into_any())
    }

    fn map(&mut self) -> Self::Map {
        PyDict::new(self.py)
    }

    fn put(&mut self, map: &mut Self::Map, key: &str, entry: Self::Value) -> Result<(), Stop> {
        Ok(map.set_item(key, entry)?)
    }

    fn end_map(&mut self, map: Self::Map) -> Self::Value {
        map.into_any()
    }
}
