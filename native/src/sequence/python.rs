//! The class as Python sees it: arguments are read, then the sequence is locked, then it works.
//!
//! What was loaded stays undecoded until something else than its text is asked for. Big batches
//! run without the GIL; who waits for the lock meanwhile has let go of the GIL too.

use std::sync::{Mutex, MutexGuard};

use pyo3::exceptions::{PyIndexError, PyKeyError, PyRuntimeError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::{MutexExt, PyOnceLock};
use pyo3::types::{PyBytes, PyInt, PyList, PyString, PyTuple, PyType};

use super::stream::{NOBODY, Name, Run};
use super::writing::{Plan, Stretch};
use super::{Refusal, Sequence};
use crate::columns::{Bytes, Uint, bad, expect_rows, read_u32};

/// Streams longer than this are taken in without the GIL.
const BIG_BYTES: usize = 2_000;

static RUN: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// The class that `Sequence.written` makes runs of; handed over once.
#[pyfunction]
pub fn set_run_type(py: Python<'_>, cls: Bound<'_, PyType>) {
    let _ = RUN.set(py, cls.unbind());
}

impl From<Refusal> for PyErr {
    fn from(refusal: Refusal) -> PyErr {
        match refusal {
            Refusal::Value(message) => PyValueError::new_err(message),
            Refusal::Index(message) => PyIndexError::new_err(message),
            Refusal::Key(name) => PyKeyError::new_err(name),
        }
    }
}

/// An `int` that may lie anywhere: what no name has is no name, what is no position is none.
struct Any(Option<u64>, bool);

impl<'py> FromPyObject<'_, 'py> for Any {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(number) = value.extract::<u64>() {
            return Ok(Any(Some(number), false));
        }
        let number = value.cast::<PyInt>()?;
        Ok(Any(None, number.lt(0)?))
    }
}

impl Any {
    /// Beyond every name when it is none.
    fn far(&self) -> u64 {
        self.0.unwrap_or(u64::MAX)
    }

    /// Cut to what there is.
    fn clipped(&self) -> u64 {
        if self.1 { 0 } else { self.far() }
    }
}

/// Pairs (first, how many) of events.
struct Pairs(Vec<(u64, u64)>);

impl<'py> FromPyObject<'_, 'py> for Pairs {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let mut pairs = Vec::new();
        for pair in value.try_iter()? {
            let (Uint(first), Uint(many)) = pair?.extract()?;
            pairs.push((first, many));
        }
        Ok(Pairs(pairs))
    }
}

/// Events, sorted; what is no number of an event is none.
struct Events(Vec<u64>);

impl<'py> FromPyObject<'_, 'py> for Events {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let mut events = Vec::new();
        for event in value.try_iter()? {
            events.push(event?.extract::<Any>()?.far());
        }
        events.sort_unstable();
        Ok(Events(events))
    }
}

/// What was loaded, as it was handed in.
struct Pending {
    stream: Py<PyBytes>,
    shown: Py<PyString>,
    hidden: Py<PyString>,
    out: Vec<(u64, u64)>,
}

#[derive(Default)]
struct Inner {
    sequence: Sequence,
    pending: Option<Pending>,
    /// What is shown, until something changes.
    text: Option<Py<PyString>>,
}

impl Inner {
    /// The sequence, with all that was loaded taken in.
    fn ready(&mut self, py: Python<'_>) -> PyResult<&mut Sequence> {
        if let Some(pending) = &self.pending {
            let stream = pending.stream.bind(py).as_bytes();
            let (shown, hidden) = (pending.shown.bind(py), pending.hidden.bind(py));
            let (shown, hidden) = (shown.to_str()?, hidden.to_str()?);
            let (sequence, out) = (&mut self.sequence, &pending.out);
            py.detach(|| sequence.load(stream, shown, hidden, out))?;
            self.pending = None;
        }
        Ok(&mut self.sequence)
    }

    /// The same, to be changed.
    fn changing(&mut self, py: Python<'_>) -> PyResult<&mut Sequence> {
        self.ready(py)?;
        self.text = None;
        Ok(&mut self.sequence)
    }
}

/// An empty sequence.
#[pyclass(frozen, name = "Sequence", module = "tallystick_native")]
#[derive(Default)]
pub struct PySequence {
    inner: Mutex<Inner>,
}

impl PySequence {
    fn lock(&self, py: Python<'_>) -> PyResult<MutexGuard<'_, Inner>> {
        let broken = |_| PyRuntimeError::new_err("a sequence whose work was cut off");
        if let Ok(inner) = self.inner.try_lock() {
            return Ok(inner);
        }
        self.inner.lock_py_attached(py).map_err(broken)
    }
}

fn name_or_none(py: Python<'_>, name: Name) -> PyResult<Bound<'_, PyAny>> {
    if name == NOBODY {
        Ok(py.None().into_bound(py))
    } else {
        Ok(name.into_pyobject(py)?.into_any())
    }
}

#[pymethods]
impl PySequence {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    /// Say who an author is.
    #[pyo3(signature = (number, key, side=None))]
    fn author(
        &self,
        py: Python<'_>,
        number: Uint,
        key: Bytes,
        side: Option<Bytes>,
    ) -> PyResult<()> {
        let side = side.map_or(Vec::new(), |side| side.to_vec());
        self.lock(py)?.sequence.author(number.0, key.to_vec(), side);
        Ok(())
    }

    /// Take in the events of a stream.
    #[pyo3(signature = (stream, text=None, *, counted=true))]
    fn merge(
        &self,
        py: Python<'_>,
        stream: Bytes,
        text: Option<&str>,
        counted: bool,
    ) -> PyResult<()> {
        let text = text.unwrap_or("");
        let mut inner = self.lock(py)?;
        let sequence = inner.changing(py)?;
        if stream.len() < BIG_BYTES && text.len() < BIG_BYTES {
            return Ok(sequence.merge(&stream, text, counted)?);
        }
        let stream = &stream[..];
        Ok(py.detach(|| sequence.merge(stream, text, counted))?)
    }

    /// Other characters from one on.
    fn set_text(&self, py: Python<'_>, event: Any, index: Any, text: &str) -> PyResult<()> {
        Ok(self.lock(py)?.changing(py)?.set_text(event.far(), index.far(), text)?)
    }

    /// Events start or cease to count.
    #[pyo3(signature = (events, *, on))]
    fn count(&self, py: Python<'_>, events: Pairs, on: bool) -> PyResult<()> {
        let mut inner = self.lock(py)?;
        let sequence = inner.changing(py)?;
        py.detach(|| sequence.count(&events.0, on));
        Ok(())
    }

    /// What an edit at a position would name.
    #[pyo3(signature = (position, deleted, outside=None))]
    fn plan<'py>(
        &self,
        py: Python<'py>,
        position: Any,
        deleted: Any,
        outside: Option<Events>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let outside = outside.map_or(Vec::new(), |outside| outside.0);
        let mut inner = self.lock(py)?;
        let Plan { left, first, right, gone } =
            inner.ready(py)?.plan(position.far(), deleted.far(), &outside)?;
        let (first, right) = (name_or_none(py, first)?, name_or_none(py, right)?);
        (u8::from(left), first, right, gone).into_pyobject(py)
    }

    /// Events that do not count, of the characters that follow a position.
    fn gap(&self, py: Python<'_>, position: Any) -> PyResult<Vec<u64>> {
        Ok(self.lock(py)?.ready(py)?.gap(position.far())?)
    }

    /// What is edited from now on is of this event.
    #[pyo3(signature = (event, author, seq, index=None))]
    fn begin(
        &self,
        py: Python<'_>,
        event: Uint,
        author: Uint,
        seq: Uint,
        index: Option<Uint>,
    ) -> PyResult<()> {
        let index = index.map_or(0, |index| index.0);
        Ok(self.lock(py)?.ready(py)?.begin(event.0, author.0, seq.0, index)?)
    }

    /// Delete characters from a position on, then insert some there.
    #[pyo3(signature = (position, deleted, text, outside=None))]
    fn edit(
        &self,
        py: Python<'_>,
        position: Any,
        deleted: Any,
        text: &str,
        outside: Option<Events>,
    ) -> PyResult<()> {
        let outside = outside.map_or(Vec::new(), |outside| outside.0);
        let mut inner = self.lock(py)?;
        Ok(inner.changing(py)?.edit(position.far(), deleted.far(), text, &outside)?)
    }

    /// Several edits, columns of u32 each.
    fn edit_many(
        &self,
        py: Python<'_>,
        positions: Bytes,
        deleted: Bytes,
        inserted: Bytes,
        text: &str,
    ) -> PyResult<()> {
        let columns = [read_u32(&positions)?, read_u32(&deleted)?, read_u32(&inserted)?];
        let rows = columns[0].len();
        expect_rows("deleted", columns[1].len(), rows)?;
        expect_rows("inserted", columns[2].len(), rows)?;
        let edits: Vec<[u32; 3]> =
            (0..rows).map(|row| [0, 1, 2].map(|column: usize| columns[column][row])).collect();
        let mut inner = self.lock(py)?;
        let sequence = inner.changing(py)?;
        Ok(py.detach(|| sequence.edit_many(&edits, text))?)
    }

    /// The runs of one event, in its order.
    fn written<'py>(&self, py: Python<'py>, event: Any) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let runs = self.lock(py)?.ready(py)?.written(event.far());
        let Some(cls) = RUN.get(py) else {
            return Err(PyTypeError::new_err("no class of runs was handed over"));
        };
        let made = |run: Run| {
            let (first, right) = (name_or_none(py, run.first)?, name_or_none(py, run.right)?);
            let (event, index, count) = (run.event, run.index, run.count);
            let kind = run.kind as u8;
            cls.bind(py)
                .call1((kind, event, index, count, run.each, first, right, run.step, run.next))
        };
        runs.into_iter().map(made).collect()
    }

    /// Another one that is the same.
    fn clone(&self, py: Python<'_>) -> PyResult<Self> {
        let mut inner = self.lock(py)?;
        let sequence = inner.ready(py)?.clone();
        Ok(PySequence { inner: Mutex::new(Inner { sequence, ..Inner::default() }) })
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        let inner = self.lock(py)?;
        match &inner.pending {
            Some(pending) => pending.shown.bind(py).len(),
            None => Ok(inner.sequence.shown()),
        }
    }

    /// How many characters there are, shown or not.
    #[getter]
    fn total(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.lock(py)?.ready(py)?.total())
    }

    /// What is shown.
    fn text(&self, py: Python<'_>) -> PyResult<Py<PyString>> {
        let mut inner = self.lock(py)?;
        if let Some(text) = &inner.text {
            return Ok(text.clone_ref(py));
        }
        let text = PyString::new(py, &inner.sequence.text(true)).unbind();
        inner.text = Some(text.clone_ref(py));
        Ok(text)
    }

    /// What would be shown if these events were all that do not count.
    fn text_as(&self, py: Python<'_>, out: Pairs) -> PyResult<String> {
        Ok(self.lock(py)?.ready(py)?.text_as(&out.0))
    }

    /// The names of the characters shown from `start` to `end`, in stretches.
    fn ids(&self, py: Python<'_>, start: Any, end: Any) -> PyResult<Vec<Stretch>> {
        Ok(self.lock(py)?.ready(py)?.ids(start.clipped(), end.clipped()))
    }

    /// The names of all characters in order, in stretches; and whether they are shown.
    fn all_ids(&self, py: Python<'_>) -> PyResult<Vec<(u64, u64, u64, bool)>> {
        Ok(self.lock(py)?.ready(py)?.all_ids())
    }

    /// How many characters are shown before one, and whether it is shown.
    fn position(&self, py: Python<'_>, event: Any, index: Any) -> PyResult<(u32, bool)> {
        Ok(self.lock(py)?.ready(py)?.position(event.far(), index.far())?)
    }

    /// Stream, text shown, the other characters in order, what does not count.
    fn save<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let mut inner = self.lock(py)?;
        let sequence = inner.ready(py)?;
        let (stream, shown, hidden, out) = py.detach(move || sequence.save());
        let out = PyList::new(py, out)?;
        (PyBytes::new(py, &stream), shown, hidden, out).into_pyobject(py)
    }

    /// Take in what was saved, into a sequence where nothing is.
    fn load(
        &self,
        py: Python<'_>,
        stream: Bytes,
        shown: Bound<'_, PyString>,
        hidden: Bound<'_, PyString>,
        out: Pairs,
    ) -> PyResult<()> {
        let stream = match stream {
            Bytes::Borrowed(bytes) => bytes.unbind(),
            Bytes::Owned(bytes) => PyBytes::new(py, &bytes).unbind(),
        };
        let mut inner = self.lock(py)?;
        if inner.pending.is_some() || !inner.sequence.is_empty() {
            return bad("something is in it already");
        }
        inner.text = Some(shown.clone().unbind());
        let (shown, hidden) = (shown.unbind(), hidden.unbind());
        inner.pending = Some(Pending { stream, shown, hidden, out: out.0 });
        Ok(())
    }
}
