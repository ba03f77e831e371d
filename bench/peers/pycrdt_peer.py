"""pycrdt (yrs): rows 15 to 17, 19 and 20. A transaction is a txn; updates are what it emits.

It drops deleted text as it goes, so that it loads, merges and saves less than the others.
"""

import sys
from typing import Any

import pycrdt
from answering import answer
from texts import History, Made, timed, weigh, weighed

Doc: Any = pycrdt.Doc


def fresh(peer: int = 0) -> tuple[Any, Any]:
    """An empty document and its text."""
    doc = Doc(client_id=peer + 1)
    doc["t"] = text = pycrdt.Text()
    return doc, text


def edit(text: Any, patches: list[Any]) -> None:
    """Patches, cut to what is there."""
    length = len(text)
    for at, gone, new in patches:
        start = min(at, length)
        deleted = min(gone, length - start)
        if deleted:
            del text[start : start + deleted]
        if new:
            text.insert(start, new)
        length += len(new) - deleted


def make(txns: list[Any]) -> Made:
    """Typed by as many replicas as there are authors; the whole is what it saves."""
    updates: list[bytes] = []
    docs: dict[int, tuple[Any, Any]] = {}
    for txn in txns:
        author = txn["author"]
        if author not in docs:
            docs[author] = fresh(author)
        doc, text = docs[author]
        if txn["lacks"]:
            doc.apply_update(pycrdt.merge_updates(*[updates[n] for n in txn["lacks"]]))
        emitted: list[bytes] = []
        listening = doc.observe(lambda event, emitted=emitted: emitted.append(event.update))
        with doc.transaction():
            edit(text, txn["patches"])
        doc.unobserve(listening)
        updates.append(emitted[-1] if emitted else b"\x00\x00")
    saved = docs[txns[-1]["author"]][0].get_update()
    return updates, saved, saved


HISTORIES: dict[str, History] = {}


def prepare(of: str, path: str) -> dict[str, int]:
    """Type a trace."""
    HISTORIES[of] = History(__file__, path, make)
    return {"bytes": len(HISTORIES[of].saved)}


def loaded(saved: bytes) -> tuple[Any, str]:
    """A saved text, readable."""
    doc, text = fresh()
    doc.apply_update(saved)
    return doc, str(text)


def load(of: str) -> dict[str, list[float]]:
    """From saved bytes to text; it saves the history as one update."""
    return timed(lambda: loaded(HISTORIES[of].saved))


def each(of: str) -> dict[str, list[float]]:
    """One update after the other."""

    def work() -> None:
        doc, text = fresh()
        for update in HISTORIES[of].updates:
            doc.apply_update(update)
        str(text)

    return timed(work)


def every(step: Any) -> None:
    """As often as there is something."""
    while step():
        pass


def undo(of: str, author: int) -> dict[str, list[float]]:
    """Take back what an author typed, and put it back: two timings.

    Their updates must have come under an origin of their own from the start.
    """
    doc, text = fresh()
    manager = pycrdt.UndoManager(scopes=[text], capture_timeout_millis=1 << 40)
    manager.include_origin("them")
    history = HISTORIES[of]
    for txn, update in zip(history.txns, history.updates, strict=True):
        with doc.transaction(origin="them" if txn["author"] == author else "others"):
            doc.apply_update(update)
    before = str(text)
    found = timed(lambda: (every(manager.undo), str(text)))["seconds"]
    after = str(text)
    found += timed(lambda: (every(manager.redo), str(text)))["seconds"]
    return {"seconds": found, "lengths": [len(before), len(after), len(str(text))]}


def memory(of: str) -> dict[str, int]:
    """Of a loaded text."""
    return weighed(__file__, HISTORIES[of].saved, sys.argv[1])


if sys.argv[2:3] == ["weigh"]:
    weigh(loaded)
else:
    works = {"prepare": prepare, "load": load, "merge": load, "each": each, "undo": undo}
    answer(works | {"memory": memory})
