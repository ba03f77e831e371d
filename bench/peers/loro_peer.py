"""Loro, from Python: rows 15 to 18 and 20. A commit is a txn; what is saved is a snapshot."""

import sys
from typing import Any

import loro
from answering import answer
from texts import History, Made, timed, weigh, weighed


def fresh(peer: int = 0) -> Any:
    """An empty document."""
    doc = loro.LoroDoc()
    doc.peer_id = peer + 1
    return doc


def read(doc: Any) -> str:
    """Its text."""
    text: str = doc.get_text("t").to_string()
    return text


def edit(text: Any, patches: list[Any]) -> None:
    """Patches, cut to what is there."""
    length = text.len_unicode
    for at, gone, new in patches:
        start = min(at, length)
        deleted = min(gone, length - start)
        if deleted:
            text.delete(start, deleted)
        if new:
            text.insert(start, new)
        length += len(new) - deleted


def make(txns: list[Any]) -> Made:
    """Typed by as many replicas as there are authors; one author's updates are not kept apart."""
    updates: list[bytes] = []
    docs: dict[int, Any] = {}
    alone = len({txn["author"] for txn in txns}) == 1
    for txn in txns:
        author = txn["author"]
        if author not in docs:
            docs[author] = fresh(author)
        doc = docs[author]
        if txn["lacks"] and not alone:
            doc.import_batch([updates[n] for n in txn["lacks"]])
        before = None if alone else doc.oplog_vv
        edit(doc.get_text("t"), txn["patches"])
        doc.commit()
        if before is not None:
            updates.append(doc.export(loro.ExportMode.Updates(before)))
    last = docs[txns[-1]["author"]]
    whole = last.export(loro.ExportMode.Updates(loro.VersionVector()))
    return updates, whole, last.export(loro.ExportMode.Snapshot())


HISTORIES: dict[str, History] = {}


def prepare(of: str, path: str) -> dict[str, int]:
    """Type a trace."""
    HISTORIES[of] = History(__file__, path, make)
    return {"bytes": len(HISTORIES[of].saved)}


def loaded(saved: bytes) -> tuple[Any, str]:
    """A saved text, readable."""
    doc = fresh()
    doc.import_(saved)
    return doc, read(doc)


def load(of: str) -> dict[str, list[float]]:
    """From saved bytes to text."""
    return timed(lambda: loaded(HISTORIES[of].saved))


def merge(of: str) -> dict[str, list[float]]:
    """The whole history as one update."""
    return timed(lambda: loaded(HISTORIES[of].whole))


def each(of: str) -> dict[str, list[float]]:
    """One update after the other."""

    def work() -> None:
        doc = fresh()
        for update in HISTORIES[of].updates:
            doc.import_(update)
        read(doc)

    return timed(work)


def local(of: str) -> dict[str, list[float]]:
    """All patches typed, one call each, committed together."""
    patches = [patch for txn in HISTORIES[of].txns for patch in txn["patches"]]

    def work() -> None:
        doc = fresh()
        text = doc.get_text("t")
        for at, gone, new in patches:
            if gone:
                text.delete(at, gone)
            if new:
                text.insert(at, new)
        doc.commit()

    return timed(work)


def memory(of: str) -> dict[str, int]:
    """Of a loaded text."""
    return weighed(__file__, HISTORIES[of].saved, sys.argv[1])


if sys.argv[2:3] == ["weigh"]:
    weigh(loaded)
else:
    works = {"prepare": prepare, "load": load, "merge": merge, "each": each, "local": local}
    answer(works | {"memory": memory})
