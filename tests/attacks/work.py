"""Counts what a replica does, in units that are the same on every machine and in every run.

with Counted(replica) as work: ...
work.steps      SQLite's virtual machine, in hundreds of instructions
work.calls      functions called, Python's and C's
"""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any, Self

STEPS_OF = 100


class Counted:
    """Work done while the block runs.

    Args:
        one: whose store is watched.
    """

    def __init__(self, one: Any) -> None:
        self._db = one._store.db._db
        self.steps = 0
        self.calls = 0

    def __enter__(self) -> Self:
        self._before = sys.getprofile()
        self._db.set_progress_handler(self._step, STEPS_OF)
        sys.setprofile(self._call)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        sys.setprofile(self._before)
        self._db.set_progress_handler(None, 0)

    @property
    def work(self) -> int:
        """Both together; a hundred instructions weigh about as much as a call."""
        return self.steps + self.calls

    def _step(self) -> int:
        self.steps += 1
        return 0

    def _call(self, _frame: Any, event: str, _argument: Any) -> None:
        if event in ("call", "c_call"):
            self.calls += 1
