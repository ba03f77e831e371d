"""git as a peer: row 3. A repository of commits by fast-import, cloned over its own protocol."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

MESSAGE = "x" * 200


class Git:
    """One repository, and its clones."""

    name = "git"

    def __init__(self, place: Path) -> None:
        self._place = place
        self._serial = count()
        self._env = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        self._repository = place / "filled.git"

    def ask(self, do: str, **given: Any) -> dict[str, Any]:
        """``fill`` or ``replicate``."""
        found: dict[str, Any] = getattr(self, do)(**given)
        return found

    def fill(self, count: int) -> dict[str, Any]:
        """So many commits by ten authors, each with a message of 200 bytes and no files."""
        self._git("init", "--quiet", "--bare", str(self._repository))
        stream = b"".join(_commits(count))
        self._git("--git-dir", str(self._repository), "fast-import", "--quiet", stdin=stream)
        return {}

    def replicate(self) -> dict[str, Any]:
        """A clone: everything is sent, hashed and indexed at the other end."""
        clone = str(self._place / f"clone{next(self._serial)}.git")
        begin = time.perf_counter()
        self._git("clone", "--quiet", "--bare", f"file://{self._repository}", clone)
        return {"seconds": [time.perf_counter() - begin]}

    def close(self) -> None:
        """Nothing runs."""

    def _git(self, *words: str, stdin: bytes | None = None) -> None:
        subprocess.run(["git", *words], env=self._env, input=stdin, check=True, capture_output=True)


def _commits(count: int) -> Iterator[bytes]:
    """A fast-import stream: one branch."""
    for n in range(count):
        who = f"author{n % 10} <{n % 10}@example.org> {1_700_000_000 + n} +0000"
        yield (
            f"commit refs/heads/main\nmark :{n + 1}\n"
            f"committer {who}\ndata {len(MESSAGE)}\n{MESSAGE}\n"
        ).encode()
        if n:
            yield f"from :{n}\n".encode()
        yield b"\n"
