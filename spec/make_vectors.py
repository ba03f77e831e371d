"""Write the test vectors of the formats, or with ``--check`` say whether they are up to date.

    python spec/make_vectors.py [--check]

The makers share no code with Tallystick: they are a second implementation of the pages beside
them, written to be slow and plain. The same bytes come out on every run.

Reads: the vector makers beside it. Read by: tests/conformance.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from vector_items import items
from vector_packs import packs
from vector_signatures import signatures
from vector_trees import graph, merkle

FOLDER = Path(__file__).resolve().parent / "vectors"
MAKERS = {
    "items": items,
    "packs": packs,
    "merkle": merkle,
    "ed25519": signatures,
    "graph": graph,
}


def main(arguments: list[str]) -> int:
    """Exit code: 0, or 1 when ``--check`` finds a file that differs."""
    stale = []
    for name, make in MAKERS.items():
        path = FOLDER / f"{name}.json"
        text = json.dumps(make(), indent=1, ensure_ascii=True) + "\n"
        if "--check" in arguments:
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                stale.append(path.name)
        else:
            path.write_text(text, encoding="utf-8")
    if stale:
        print("not what the makers make:", *stale)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
