"""How a peer's script talks: a JSON object a line in, one out; the last word ends it.

{"do": "append", "count": 100}   ──►   {"seconds": [0.0002, ...]}
{"error": "..."}                 ◄──   what went wrong, instead
"""

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any


def answer(works: Mapping[str, Callable[..., dict[str, Any]]]) -> None:
    """Do what standard input asks for, until it ends."""
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            found = works[asked.pop("do")](**asked)
        except Exception as error:  # noqa: BLE001  # told to whoever asked
            found = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(found), flush=True)
