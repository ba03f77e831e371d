"""Write docs/errors.md out of the table of codes; ``--check`` only says whether it is fresh.

Law: the page and ``errors.CODES`` say the same.
"""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

from tallystick import errors

PAGE = Path(__file__).resolve().parent.parent / "docs" / "errors.md"
GROUPS = {
    "codec": "Encoding: one DAG-CBOR item, or the JSON it came from",
    "event": "Events: header and body",
    "chain": "Chains: links, heads, slices, appends",
    "sync": "Sync: sessions, peers, bundles",
    "void": "Void: an event that breaks its kind's own rule and counts for nobody",
    "proof": "Proofs: notes, checkpoints, cosignatures, proof files",
    "policy": "Policy: statements and parameters",
    "state": "State: places, folds, views",
    "store": "Store: the file",
    "key": "Keys",
    "usage": "Use: what was asked for cannot be meant",
}
INTRO = """# Errors

<!-- written by tools/errors_page.py out of src/tallystick/errors.py: change it there -->

Every error has a stable code. On the command line it is one line on stderr, or with `--json`
`{"error": {"code", "message", "expected", "got", "where", "hint"}}` on stdout; in Python it is a
`tallystick.errors.TallyError` with the same fields. Bad data from a peer raises nothing: it is
counted and reported as `Rejected(subject, code, detail)`, and nothing is stored of it.

| class | exit code | when |
|---|---|---|
"""


def page() -> str:
    """The whole page."""
    classes = [
        value
        for value in vars(errors).values()
        if inspect.isclass(value) and issubclass(value, errors.TallyError)
    ]
    text = INTRO
    for kind in classes:
        said = (kind.__doc__ or "").strip().splitlines()[0]
        text += f"| `{kind.__name__}` | {kind.exit_code} | {said} |\n"
    text += "\nOther exit codes: 0 all is well, 2 also for a mistyped command, 130 interrupted.\n"
    for group in dict.fromkeys(code.split("/")[0] for code in errors.CODES):
        text += f"\n## {GROUPS.get(group, group.capitalize())}\n\n| code | meaning |\n|---|---|\n"
        for code, meaning in errors.CODES.items():
            if code.startswith(f"{group}/"):
                text += f"| `{code}` | {meaning.replace('|', chr(92) + '|')} |\n"
    return text


def main() -> int:
    """Write or check; exit 1 if a check finds the page stale."""
    if "--check" in sys.argv[1:]:
        fresh = PAGE.exists() and PAGE.read_text(encoding="utf-8") == page()
        if not fresh:
            print("docs/errors.md is stale: python tools/errors_page.py", file=sys.stderr)
        return 0 if fresh else 1
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
