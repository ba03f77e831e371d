"""What a target is, and the engine that needs nothing but Python: seeded, and the same every run.

    corpus ─► pool ─► mutate ─► target.run(bytes) ─► outcome: "ok ..." or the code of a refusal
               ▲                      │
               └── an outcome that was not seen before    anything raised: a crash, kept as a file

Law: ``run_plain(target, runs=N, seed=S)`` tries the same inputs wherever and however often it runs.
"""

from __future__ import annotations

import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

from tests.fuzz.mutate import MUTATORS, pick

from tallystick.errors import CODES, TallyError
from tallystick.kernels import active_name

HERE = Path(__file__).resolve().parent
CORPUS = HERE / "corpus"
FOUND = HERE / "found"
KEPT_MAX = 400
"""Inputs a run adds to its pool."""
CRASHES_MAX = 10
"""Different crashes before a run gives up."""
ERROR_CHARS_PER_BYTE = 16
ERROR_CHARS = 8 * 1024


@dataclass(frozen=True, slots=True)
class Target:
    """One decoder, and the law it is held against.

    Args:
        name: as it is asked for.
        run: judges one input; returns "ok..." or the code it was refused with, raises (an
            assertion or anything else) when the law is broken.
        seeds: good inputs to begin with; the committed corpus comes on top.
        shape: which mutator fits (``mutate.MUTATORS``).
        ci_runs: inputs tried by the tests; a few seconds for all targets together.
        states: whether the target works on stores and sessions, so that a million takes days.
    """

    name: str
    run: Callable[[bytes], str]
    seeds: Callable[[], Sequence[bytes]]
    shape: str = "bytes"
    ci_runs: int = 1500
    states: bool = False


@dataclass(frozen=True, slots=True)
class Crash:
    """An input that broke a law; ``where`` tells crashes apart."""

    data: bytes
    where: str
    trace: str


@dataclass(slots=True)
class Result:
    """What a run came to."""

    target: str
    engine: str
    runs: int = 0
    seconds: float = 0.0
    outcomes: Counter[str] = field(default_factory=Counter)
    corpus: int = 0
    crashes: list[Crash] = field(default_factory=list)

    @property
    def accepted(self) -> int:
        """Inputs that were good."""
        return sum(count for word, count in self.outcomes.items() if word.startswith("ok"))

    def line(self, seed: int) -> dict[str, object]:
        """The run as one line of a table; counts of several runs may be added up."""
        return {
            "target": self.target,
            "engine": self.engine,
            "kernels": active_name,
            "seed": seed,
            "runs": self.runs,
            "accepted": self.accepted,
            "outcomes": len(self.outcomes),
            "per_second": round(self.runs / self.seconds) if self.seconds else 0,
            "corpus": self.corpus,
            "crashes": len(self.crashes),
        }


def refusal(error: TallyError, data: bytes) -> str:
    """The code of an honest refusal, whose words are in proportion to the input."""
    assert error.code in CODES, error.code
    assert len(str(error)) <= ERROR_CHARS_PER_BYTE * len(data) + ERROR_CHARS, len(str(error))
    return error.code


def corpus_of(target: Target) -> list[bytes]:
    """Seeds and committed inputs, each once, in a fixed order."""
    folder = CORPUS / target.name
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    found = [*target.seeds(), *(path.read_bytes() for path in files)]
    return list(dict.fromkeys(found)) or [b""]


def inputs(target: Target, pool: list[bytes], random: Random) -> Iterator[bytes]:
    """The pool as it is, then changed inputs without end; what is added to the pool takes part."""
    yield from list(pool)
    mutate = MUTATORS[target.shape]
    while True:
        yield mutate(random, pool[pick(random, len(pool))], pool)


def attempt(target: Target, data: bytes) -> str | Crash:
    """The outcome of one input, or the crash it caused."""
    try:
        return target.run(data)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001  # a Rust panic is no Exception
        return crash_of(data, error)


def crash_of(data: bytes, error: BaseException) -> Crash:
    """The crash as a value, told by where it happened."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{Path(one.filename).name}:{one.lineno}" for one in frames[-2:]]
    where = f"{type(error).__name__} at {' < '.join(reversed(places))}"
    return Crash(data, where, "".join(traceback.format_exception(error)))


def run_plain(target: Target, *, runs: int, seed: int, clock: Callable[[], float] = time.monotonic):
    """Tries so many inputs; see the module's law. ``clock`` only measures the rate."""
    result = Result(target.name, "plain")
    random = Random(f"{target.name}/{seed}")
    pool = corpus_of(target)
    kept = 0
    begun = clock()
    for data in inputs(target, pool, random):
        if result.runs >= runs or len(result.crashes) >= CRASHES_MAX:
            break
        outcome = attempt(target, data)
        result.runs += 1
        if isinstance(outcome, Crash):
            if outcome.where not in {one.where for one in result.crashes}:
                result.crashes.append(outcome)
            continue
        if outcome not in result.outcomes and kept < KEPT_MAX and result.runs > len(pool):
            pool.append(data)
            kept += 1
        result.outcomes[outcome] += 1
    result.seconds = clock() - begun
    result.corpus = len(pool)
    return result


def shrunk(target: Target, crash: Crash, *, tries: int = 2000) -> Crash:
    """The smallest input found by leaving out stretches that still crashes at the same place."""
    best, step = crash, max(1, len(crash.data) // 2)
    while step and tries > 0:
        at = 0
        while at < len(best.data) and tries > 0:
            tries -= 1
            found = attempt(target, best.data[:at] + best.data[at + step :])
            if isinstance(found, Crash) and found.where == best.where:
                best = found
            else:
                at += step
        step //= 2
    return best


def keep(target: Target, crash: Crash, folder: Path | None = None) -> Path:
    """Writes the crash's input to a file, to be replayed and made a test of."""
    folder = folder or FOUND
    folder.mkdir(exist_ok=True)
    path = folder / f"{target.name}-{sha256(crash.data).hexdigest()[:12]}.bin"
    path.write_bytes(crash.data)
    return path


def words(value: Any) -> str:
    """A type's name, to make outcomes of."""
    return type(value).__name__
