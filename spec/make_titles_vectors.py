"""Write the vectors of titles and states, or with ``--check`` say whether they are fresh.

    python spec/make_titles_vectors.py [--check]

Reads: spec/vector_titles.py. Read by: tests/conformance.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from vector_titles import titles

PATH = Path(__file__).resolve().parent / "vectors" / "titles.json"


def main(arguments: list[str]) -> int:
    """Exit code: 0, or 1 when ``--check`` finds a file that differs."""
    text = json.dumps(titles(), indent=1, ensure_ascii=True) + "\n"
    if "--check" not in arguments:
        PATH.write_text(text, encoding="utf-8")
    elif not PATH.exists() or PATH.read_text(encoding="utf-8") != text:
        print("not what the maker makes:", PATH.name)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
