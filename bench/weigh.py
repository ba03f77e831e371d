"""By how many bytes a process grows that holds a kept text; a process of its own, for bench.text.

python -m bench.weigh FILE text|whole AUTHOR,...
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

from bench.traces import key_of

from tallystick.kernels import Sequence
from tallystick.state.snapshot import open_snapshot


def resident() -> int:
    """Bytes in memory."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def main(path: str, part: str, authors: str) -> None:
    """Say it."""
    saved = Path(path).read_bytes()
    numbers = list(map(int, authors.split(",")))
    gc.collect()
    before = resident()
    snapshot = open_snapshot(saved)
    held: list[object] = [snapshot.text()]
    if part == "whole":
        sequence = Sequence()
        for author in numbers:
            sequence.author(author, key_of(author))
        snapshot.fill(sequence)
        sequence.plan(0, 0)  # or the history may stay unread
        held = [sequence, sequence.text()]
    print(max(1, resident() - before))
    del held


if __name__ == "__main__":
    main(*sys.argv[1:])
