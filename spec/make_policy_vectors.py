"""Write the vectors of statements and policies, or with ``--check`` say whether they are fresh.

    python spec/make_policy_vectors.py [--check]

Reads: spec/vector_policy.py. Read by: tests/conformance.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from vector_policy import policy, statements

FOLDER = Path(__file__).resolve().parent / "vectors"
MADE = {"statements.json": statements, "policy.json": policy}


def main(arguments: list[str]) -> int:
    """Exit code: 0, or 1 when ``--check`` finds a file that differs."""
    stale = []
    for name, make in MADE.items():
        text = json.dumps(make(), indent=1, ensure_ascii=True) + "\n"
        path = FOLDER / name
        if "--check" not in arguments:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
    if stale:
        print("not what the maker makes:", ", ".join(stale))
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
