"""eventsourcing on SQLite: rows 1, 2 and 6. It opens the file with WAL; ``synchronous`` is FULL.

One aggregate takes all events, as an author's chain takes all of ours.
"""

import sys
import time
from pathlib import Path
from uuid import UUID

from answering import answer
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

TEXT = "a note of some length, as people write them"


class Account(Aggregate):
    """Notes and amounts."""

    def __init__(self) -> None:
        self.total = 0

    @event("Wrote")
    def write(self, text: str, n: int) -> None:
        """A note."""

    @event("Added")
    def add(self, target: str, rating: int) -> None:  # noqa: ARG002  # kept in the event
        """An amount."""
        self.total += rating


def application() -> Application:
    """A file of its own."""
    path = str(Path(sys.argv[1]) / "eventsourcing.db")
    return Application(env={"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": path})


APP = application()
NOTES = Account()
APP.save(NOTES)


def append(count: int) -> dict[str, list[float]]:
    """Events one by one, each saved."""
    took = []
    for n in range(count):
        begin = time.perf_counter()
        NOTES.write(text=TEXT, n=n)
        APP.save(NOTES)
        took.append(time.perf_counter() - begin)
    return {"seconds": took}


def commit(count: int, account: Account = NOTES) -> dict[str, list[float]]:
    """Events saved together."""
    begin = time.perf_counter()
    for n in range(count):
        account.add(target=f"somebody {n % 50}", rating=n % 21 - 10)
    APP.save(account)
    return {"seconds": [time.perf_counter() - begin]}


def fill(count: int) -> dict[str, str]:
    """An aggregate to be replayed."""
    account = Account()
    commit(count, account)
    return {"id": str(account.id)}


def replay(id: str) -> dict[str, list[float]]:
    """All its events, from the file into a fresh value."""
    begin = time.perf_counter()
    account = APP.repository.get(UUID(id))
    return {"seconds": [time.perf_counter() - begin], "version": account.version}


answer({"append": append, "commit": commit, "fill": fill, "replay": replay})
