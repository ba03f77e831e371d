"""State figures: events taken in per second by each kind of view, and authors left out.

    .venv/bin/python bench/state.py [--events 200000] [--json]

Events are in memory and read by columns, so that what is timed is the views and SQLite. A bare
``SELECT key, SUM(amount) ... GROUP BY key`` over the same rows stands beside them: what computing
anew costs at the least. One author in ten thousand events is left out and taken back ("few"),
then one who wrote a tenth of everything ("many").
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from hashlib import sha256

from tallystick import kernels
from tallystick.kernels import encode_item
from tallystick.state.ops import KIND, Draft, Target, build
from tallystick.state.source import ChangeRange, Spans
from tallystick.state.view import View
from tallystick.state.views import evaluate
from tallystick.state.views_fold import fold
from tallystick.state.views_places import PlacesView
from tallystick.state.views_sum import GroupSum
from tallystick.store.adapter import Adapter
from tallystick.store.rows import EventRow

AUTHORS = [sha256(bytes([n])).digest() for n in range(50)]
RATING = "rating/rate"


class Columns:
    """Events as lists, in the order of arrival; rows begin at 1."""

    def __init__(self, kind: str, frames: Sequence[bytes], contents: Sequence[bytes]) -> None:
        count = len(frames)
        self.kind, self.frames, self.contents = kind, frames, contents
        few, rest = AUTHORS[0], AUTHORS[2:]
        self.authors = [
            few if n % 10_000 == 7 else AUTHORS[1] if n % 10 == 3 else rest[n * 7919 % len(rest)]
            for n in range(count)
        ]
        self.seqs = [0] * count
        seen = dict.fromkeys(AUTHORS, 0)
        for n, author in enumerate(self.authors):
            self.seqs[n] = seen[author]
            seen[author] += 1
        self.rows = {
            (a, s): n + 1 for n, (a, s) in enumerate(zip(self.authors, self.seqs, strict=True))
        }

    def events(self, row: int, count: int) -> list[EventRow]:
        """As ``EventSource``."""
        return [
            EventRow(
                n, 1, 1, self.authors[n - 1], self.seqs[n - 1], n.to_bytes(32, "big"), n, n,
                self.kind, None, (), 2, self.frames[n - 1], b"", self.contents[n - 1], 0, None,
                False,
            )
            for n in range(row, min(row + count, self.end_row()))
        ]  # fmt: skip

    def iter_rows(self, first_row: int, end_row: int) -> list[EventRow]:
        """As ``EventSource``."""
        return self.events(first_row, end_row - first_row)

    def bodies(
        self, ranges: Sequence[tuple[int, int]], *, kind: str
    ) -> list[tuple[int, bytes, bytes, bytes | None, bool]]:
        """As ``EventSource``."""
        if kind != self.kind:
            return []
        return [
            (n, self.authors[n - 1], self.frames[n - 1], self.contents[n - 1], False)
            for row, count in ranges
            for n in range(row, row + count)
        ]

    def end_row(self) -> int:
        """As ``EventSource``."""
        return len(self.frames) + 1

    def row_of(self, id: bytes) -> int | None:
        """As ``EventSource``."""
        return int.from_bytes(id, "big")

    def resolve(self, author: bytes, seq: int, *, at_row: int, side: bytes | None) -> int | None:
        """As ``EventSource``: everything before is in the past."""
        del at_row, side
        return self.rows.get((author, seq))

    def of(self, author: bytes) -> list[tuple[int, int]]:
        """The rows of one author, as ranges."""
        return Spans((n + 1, 1) for n, a in enumerate(self.authors) if a == author).ranges


def ratings(count: int) -> Columns:
    """Ratings of a thousand targets."""
    contents = [
        encode_item({"target": f"did:key:z6Mk{n * 31 % 1000:044}", "rating": n % 21 - 10})
        for n in range(count)
    ]
    return Columns(RATING, [b""] * count, contents)


def counters(count: int) -> Columns:
    """Increments of a hundred counters."""
    frames = [
        build([Draft(6, ("n", str(n * 31 % 100)), numbers=(n % 5 + 1,))])[0] for n in range(count)
    ]
    return Columns(KIND, frames, [b""] * count)


def registers(count: int) -> Columns:
    """Writes of a thousand registers, each over the one before."""
    made = Columns(KIND, [b""] * count, [b""] * count)
    last: dict[int, int] = {}
    frames, contents = [], []
    for n in range(count):
        place = n * 31 % 1000
        before = last.get(place)
        over = () if before is None else (Target(made.authors[before], made.seqs[before], b"", 0),)
        frame, content = build([Draft(1, ("r", str(place)), over, value=n)])
        frames.append(frame)
        contents.append(content)
        last[place] = n
    made.frames, made.contents = frames, contents
    return made


@fold(kinds=RATING)
def totals(state: dict, event: object) -> None:  # type: ignore[type-arg]
    """The same sum as a fold."""
    target = event.content["target"]  # type: ignore[attr-defined]
    state[target] = state.get(target, 0) + event.content["rating"]  # type: ignore[attr-defined]


def seconds(work: Callable[[], object]) -> float:
    """How long it takes, once."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def left_out(view: View, db: Adapter, source: Columns, author: bytes) -> float:
    """Median seconds of leaving an author out, and of taking them back."""
    times = []
    for _ in range(3):
        for weight in (-1, 1):
            changes = [ChangeRange(0, row, count, weight, "s") for row, count in source.of(author)]
            db.begin(write=True)
            times.append(seconds(lambda: view.apply(db, source, changes)))  # noqa: B023
            db.commit()
    return statistics.median(times)


def measure(name: str, view: View, source: Columns) -> list[dict[str, object]]:
    """One view over one source."""
    count = source.end_row() - 1
    db = Adapter(None, create=True)
    db.begin(write=True)
    took = seconds(lambda: evaluate(view, source, [(1, count)], db=db))
    db.commit()
    found: list[dict[str, object]] = [
        {"what": f"{name}: taken in", "value": round(count / took), "unit": "events/s"}
    ]
    for size, author in (("few", AUTHORS[0]), ("many", AUTHORS[1])):
        events = sum(n for _, n in source.of(author))
        took = left_out(view, db, source, author)
        label = f"{name}: {size} ({events}) left out or taken back"
        found.append({"what": label, "value": round(took * 1000, 2), "unit": "ms"})
    db.close()
    return found


def bare(source: Columns) -> dict[str, object]:
    """SQLite computing the sums of all ratings anew, decoded already."""
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE part (row INTEGER PRIMARY KEY, key INTEGER, amount INTEGER)")
    count = source.end_row() - 1
    rows = ((n, n * 31 % 1000, n % 21 - 10) for n in range(count))
    db.executemany("INSERT INTO part VALUES (?, ?, ?)", rows)
    query = "SELECT key, SUM(amount), COUNT(*) FROM part GROUP BY key"
    took = statistics.median(seconds(lambda: db.execute(query).fetchall()) for _ in range(3))
    db.close()
    return {"what": "bare SQLite, group by", "value": round(took * 1000, 2), "unit": "ms"}


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rated = ratings(options.events)
    found = [
        {"what": "kernels", "value": kernels.active_name, "unit": ""},
        {"what": "events", "value": options.events, "unit": ""},
        bare(rated),
        *measure("sum", GroupSum("reputation", kind=RATING), rated),
        *measure("counter", PlacesView(), counters(options.events)),
        *measure("fold", totals, ratings(options.events // 4)),
        *measure("register", PlacesView(), registers(options.events // 8)),
    ]
    for row in found:
        print(json.dumps(row) if options.json else f"{row['what']:56} {row['value']} {row['unit']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
