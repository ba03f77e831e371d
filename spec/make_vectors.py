"""Write the test vectors of the formats, or with ``--check`` say whether they are up to date.

    python spec/make_vectors.py [--check] [NAME ...]         all files, or those named

The makers share no code with Tallystick: they are a second implementation of the pages beside
them, written to be slow and plain. The same bytes come out on every run.

Reads: the vector makers beside it. Read by: tests/conformance.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from vector_chains import equivocation, heads, slices
from vector_items import items
from vector_ledger import ledger
from vector_names import names, notes
from vector_ops import ops
from vector_packs import packs
from vector_policy import policy, statements
from vector_signatures import signatures
from vector_sync import sync
from vector_titles import titles
from vector_trees import graph, merkle
from vector_validity import validity

FOLDER = Path(__file__).resolve().parent / "vectors"
MAKERS = {
    "items": items,
    "did": names,
    "ed25519": signatures,
    "merkle": merkle,
    "packs": packs,
    "heads": heads,
    "notes": notes,
    "slices": slices,
    "graph": graph,
    "validity": validity,
    "equivocation": equivocation,
    "statements": statements,
    "policy": policy,
    "ops": ops,
    "ledger": ledger,
    "titles": titles,
    "sync": sync,
}


def main(arguments: list[str]) -> int:
    """Exit code: 0, or 1 when ``--check`` finds a file that differs or nobody makes a name."""
    chosen = [name for name in arguments if name != "--check"] or list(MAKERS)
    if unknown := set(chosen) - set(MAKERS):
        print(f"nobody makes {', '.join(sorted(unknown))}, but {', '.join(sorted(MAKERS))}")
        return 1
    stale = []
    for name in chosen:
        path = FOLDER / f"{name}.json"
        text = json.dumps(MAKERS[name](), indent=1, ensure_ascii=True) + "\n"
        if "--check" not in arguments:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(path.name)
    if stale:
        print("not what the makers make:", *stale)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
