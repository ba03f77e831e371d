"""Write the vectors of chains, names and notes, or with ``--check`` say whether they are fresh.

    python spec/make_chain_vectors.py [--check]

As with the other makers, nothing here is shared with Tallystick's own code, and the same bytes
come out on every run.

Reads: spec/vector_chains.py, vector_names.py, vector_validity.py. Read by: tests/conformance.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from vector_chains import equivocation, heads, slices
from vector_names import names, notes
from vector_validity import validity

FOLDER = Path(__file__).resolve().parent / "vectors"
MAKERS = {
    "heads": heads,
    "slices": slices,
    "equivocation": equivocation,
    "did": names,
    "notes": notes,
    "validity": validity,
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
