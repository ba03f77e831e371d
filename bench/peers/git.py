"""git as a peer: rows 3 and 11. Commits by fast-import, cloned and fetched by its own protocol."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

MESSAGE = "x" * 200
COUNTED = '#!/bin/sh\ntee "$1" | git upload-pack "$2" | tee "$3"\n'
"""A transport that keeps what went through it."""


class Git:
    """One repository, and its clones."""

    name = "git"

    def __init__(self, place: Path) -> None:
        self._place = place
        self._serial = count()
        self._env = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        self._repository = place

    def ask(self, do: str, **given: Any) -> dict[str, Any]:
        """``fill``, ``replicate`` or ``equal``."""
        found: dict[str, Any] = getattr(self, do)(**given)
        return found

    def fill(self, count: int) -> dict[str, Any]:
        """So many commits by ten authors, each with a message of 200 bytes and no files."""
        self._repository = self._place / f"filled{next(self._serial)}.git"
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

    def equal(self) -> dict[str, Any]:
        """A fetch when there is nothing new: the bytes of both ways."""
        self.replicate()
        clone = max(self._place.glob("clone*.git"), key=lambda path: path.stat().st_mtime)
        asked, answered = self._place / "asked", self._place / "answered"
        script = self._place / "counted"
        script.write_text(COUNTED, encoding="ascii")
        script.chmod(0o755)
        url = f"ext::{script} {asked} {self._repository} {answered}"
        allowed = ("-c", "protocol.ext.allow=always", "--git-dir", str(clone))
        self._git(*allowed, "fetch", "--quiet", url, "refs/heads/main:refs/heads/main")
        return {"bytes": asked.stat().st_size + answered.stat().st_size}

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
