"""From a comma-separated file, plain or gzipped, to a log in a store: what all loaders share.

    file ──read_rows──► rows ──in_batches──► slices ──take_in──► store

Law: a file is read whole or refused with a code; what a row means is its loader's affair.

Reads: demo.builder, replica, errors. Read by: demo.otc, demo.git.
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

from tallystick.chain.slice import Slice
from tallystick.demo.builder import LogBuilder
from tallystick.errors import BadInput, NotFound
from tallystick.replica.replica import Progress, Replica

Row = TypeVar("Row")
Batch = tuple[int, list[Slice]]
"""Rows done so far, and the events that came since the batch before."""


def read_rows(path: str | Path, what: str) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of every row that is not empty.

    Raises:
        NotFound: no such file.
        BadInput: ``usage/argument``, when it is not such a file at all.
    """
    file = Path(path)
    if not file.is_file():
        raise NotFound("usage/not-found", f"no file {file}", hint=f"Name {what}.")
    try:
        raw = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        text = raw.decode("ascii")
    except (OSError, EOFError, UnicodeDecodeError, ValueError, zlib.error) as error:
        raise BadInput("usage/argument", f"{file.name} is not {what}", got=error) from None
    line = 0
    try:
        for line, row in enumerate(csv.reader(io.StringIO(text)), start=1):
            if row:
                yield line, row
    except csv.Error as error:
        where = f"line {line + 1}"
        raise BadInput(
            "usage/argument", f"{file.name} is not {what}", got=error, where=where
        ) from None


def in_batches(
    builder: LogBuilder, rows: Iterable[Row], add: Callable[[int, Row], object], *, size: int
) -> Iterator[Batch]:
    """The log as batches of slices, parents before children; ``add`` appends a numbered row."""
    done = 0
    for number, row in enumerate(rows):
        add(number, row)
        done = number + 1
        if done % size == 0:
            yield done, list(builder.slices())
    if done % size or not done:
        yield done, list(builder.slices())


def take_in(
    replica: Replica,
    batches: Iterable[Batch],
    *,
    total: int,
    what: str,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Stores a log that was built; once more changes nothing.

    Returns:
        ``{"events", "authors", "seconds"}``: what the log holds of them, and how long it took.
    """
    started = monotonic()
    events = 0
    authors: set[bytes] = set()
    for done, batch in batches:
        taken = replica.receive(batch, log=batch[0].log)
        assert not taken.rejected, taken.rejected[:3]
        events += taken.accepted + taken.known
        authors.update(one.author for one in batch)
        replica.bind(batch[0].log)
        if progress is not None:
            progress(done, total, what)
    return {"events": events, "authors": len(authors), "seconds": monotonic() - started}
