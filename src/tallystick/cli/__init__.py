"""The command ``tally``: the same verbs as the Python face, for shells and people.

    app        the table of verbs, lazy loading, errors to exit codes
    output     data to stdout, talk to stderr, ``--json``, progress
    common     arguments that many verbs share; opening a store
    stores · events · exchange · trust · values · demos      the verbs

Law: data goes to stdout and talk to stderr; every verb has ``--json``; exit codes are 0 ok,
1 failed, 2 usage, 3 verification failed, 4 key needed, 5 peer unreachable, 130 interrupted; a
traceback never reaches a person.

Reads: replica, demo. Read by: people and scripts.
"""

from __future__ import annotations

from tallystick.cli.app import tally as main

__all__ = ["main"]
