"""``python -m tallystick.cli``: the command ``tally`` where no script is installed.

Reads: cli. Read by: the interpreter.
"""

from __future__ import annotations

from tallystick.cli import main

main(prog_name="tally")
