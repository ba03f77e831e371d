"""What the text peers share: a trace as the bench wrote it, clocks, weighing in a fresh process.

A file is {"txns": [{author, parents, lacks, patches}, ...]}: ``lacks`` are the txns that the
author's replica must take in first, so that it sees exactly the txn's past.
"""

import gc
import hashlib
import json
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Made = tuple[list[bytes], bytes, bytes]
KEPT = Path(__file__).resolve().parents[2] / ".bench" / "texts"
PAGE = os.sysconf("SC_PAGE_SIZE")


class History:
    """A trace as one peer typed it: its txns, an update of each, all in one, and what it saves.

    Typing takes some of them a minute, so what came out is kept beside the peers.
    """

    def __init__(self, script: str, path: str, make: Callable[[list[Any]], Made]) -> None:
        data = Path(path).read_bytes()
        self.txns: list[Any] = json.loads(data)["txns"]
        name = hashlib.sha256(data + Path(script).read_bytes()).hexdigest()[:32]
        kept = KEPT / name
        if not kept.exists():
            KEPT.mkdir(parents=True, exist_ok=True)
            partial = kept.with_suffix(f".{os.getpid()}")
            partial.write_bytes(pickle.dumps(make(self.txns)))
            partial.replace(kept)
        self.updates, self.whole, self.saved = pickle.loads(kept.read_bytes())


def timed(work: Callable[[], object]) -> dict[str, list[float]]:
    """Seconds of one run, the collector having been round and off."""
    gc.collect()
    gc.disable()
    begin = time.perf_counter()
    work()
    took = time.perf_counter() - begin
    gc.enable()
    return {"seconds": [took]}


def resident() -> int:
    """Bytes in memory of this process."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE


def weighed(script: str, saved: bytes, place: str) -> dict[str, int]:
    """Bytes by which a fresh process grows that loads a text and reads it."""
    path = Path(place) / "weighed"
    path.write_bytes(saved)
    command = [sys.executable, script, place, "weigh", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {"bytes": int(done.stdout)}


def weigh(load: Callable[[bytes], Any]) -> None:
    """The other half of it: what ``load`` gives is held while memory is looked at."""
    saved = Path(sys.argv[3]).read_bytes()
    gc.collect()
    before = resident()
    held = load(saved)
    print(resident() - before)
    del held
