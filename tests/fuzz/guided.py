"""The guided engine: Atheris follows coverage of our Python code, with our mutators beside its own.

``python -m tests.fuzz.guided TARGET RUNS SEED FOLDER`` is started by ``python -m tests.fuzz
--engine guided``, one process a target, because Atheris never gives one back. New inputs come to
stand in FOLDER; the last line on stdout is the run's result.

Law: nothing else in the project imports Atheris, so that it may be missing.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from random import Random

import atheris

with atheris.instrument_imports(include=["tallystick"]):
    from tests.fuzz.engine import Crash, Result, attempt, corpus_of, keep
    from tests.fuzz.mutate import MUTATORS
    from tests.fuzz.targets import TARGETS

BYTES_MAX = 4096


class Guided:
    """One target under Atheris.

    Args:
        name: of the target.
        runs: inputs before the process ends; 0 lets libFuzzer decide.
        seed: printed with the result.
    """

    def __init__(self, name: str, *, runs: int, seed: int) -> None:
        self.target = TARGETS[name]
        self.runs, self.seed = runs, seed
        self.result = Result(name, "guided")
        self.pool = corpus_of(self.target)
        self.given = tempfile.TemporaryDirectory()
        for number, data in enumerate(self.pool):
            Path(self.given.name, f"{number:04}").write_bytes(data)
        self.begun = time.monotonic()

    def one(self, data: bytes) -> None:
        """What libFuzzer calls; ends the process after the last input or at the first crash."""
        data = bytes(data)
        outcome = attempt(self.target, data)
        self.result.runs += 1
        if isinstance(outcome, Crash):
            self.result.crashes.append(outcome)
            print(f"{outcome.trace}\nkept: {keep(self.target, outcome)}", file=sys.stderr)
            self.end()
        if outcome not in self.result.outcomes:
            self.pool.append(data)
        self.result.outcomes[outcome] += 1
        if self.result.runs == self.runs:
            self.end()

    def mutate(self, data: bytes, size: int, seed: int) -> bytes:
        """By grammar half of the time, as libFuzzer likes otherwise."""
        if seed & 1:
            return atheris.Mutate(data, size)
        return MUTATORS[self.target.shape](Random(seed), bytes(data), self.pool)[:size]

    def end(self) -> None:
        """Says how it went; Atheris has no other way out."""
        self.result.seconds = time.monotonic() - self.begun
        self.result.corpus = len(self.pool)
        self.given.cleanup()
        print(json.dumps(self.result.line(self.seed)), flush=True)
        os._exit(1 if self.result.crashes else 0)


def main(name: str, runs: int, seed: int, folder: str, *options: str) -> None:
    """Sets Atheris going; does not return."""
    guided = Guided(name, runs=runs, seed=seed)
    arguments = [f"-seed={seed + 1}", f"-max_len={BYTES_MAX}", "-verbosity=0", *options]
    atheris.Setup(
        [sys.argv[0], *arguments, folder, guided.given.name],
        guided.one,
        custom_mutator=guided.mutate,
        enable_python_coverage=True,
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:])
