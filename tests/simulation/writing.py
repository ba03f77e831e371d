"""What people and liars do with texts, lists and records in a hostile world.

    people   splice · splice_list · mark · write_record · edit_record · drop_record · rethink
    liars    type_twice (one key types at one place on both sides) · garble (made-up names of
             characters, spans, sides; contents other than announced, or kept back)

Law: people write at positions of what they read; what a replica refuses is refused with a code
that is expected. A liar's frame may name anything.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Any

from tests.laws.registry import Entry
from tests.simulation.deeds import do, judge
from tests.simulation.forge import Draw, end_at, forge, ids, without_bodies
from tests.simulation.liar import Liar
from tests.simulation.person import BEGAN_MS, Person
from tests.simulation.wiles import in_log

from tallystick.errors import TallyError
from tallystick.kernels import Link, encode_item
from tallystick.state.ops import KIND
from tallystick.state.types.mark import MARK
from tallystick.state.types.sequence import (
    DELETE_ITEMS,
    DELETE_TEXT,
    INSERT_ITEMS,
    INSERT_TEXT,
)
from tallystick.state.views_texts_read import value

if TYPE_CHECKING:
    from tests.simulation.world import World

TEXT, LIST, RECORDS = "page/body", "page/steps", "a"
"""A text with marks, a list, and the collection that the laws' oracle knows."""
WORDS = ("a", "be", "d€f", "𝄞", "well ", "yes, and no")
LONG = 120
"""A text this long is cut down: the oracle looks at every character."""
REFUSED = {"state/text", "state/record", "state/place", "chain/restored", "usage/not-found"}
SEGMENTS = {
    TEXT: ["page", "body"],
    LIST: ["page", "steps"],
    f"{RECORDS}/r/body": ["a", "r", "body"],
}

PENS: dict[str, Callable[[World, Person, Random], Any]] = {}
QUILLS: dict[str, Callable[[World, Liar, Random], Any]] = {}


def pen(function: Callable[[World, Person, Random], Any]) -> Callable[..., Any]:
    PENS[function.__name__] = function
    return function


def quill(function: Callable[[World, Liar, Random], Any]) -> Callable[..., Any]:
    QUILLS[function.__name__] = function
    return function


def write(one: Person, act: Callable[[Any], Any]) -> Any:
    """Does it, as a deed; where positions were read and it happens nothing comes between."""
    if one.joined and not one.catching_up:
        return one.do(act, refused=REFUSED)
    return None


def reads(one: Person, place: str) -> Any:
    """What a place shows its person; of no length while there is nothing."""
    log = one.replica._log
    view = log.views.get("texts")
    with log.store.read():
        return value(view, log.store.db, place, type_="list" if place == LIST else "text") or ""


# --- people -----------------------------------------------------------------------------------


@pen
def splice(world: World, one: Person, rng: Random) -> None:
    """Types, deletes, or both; now and then two things in one edit."""
    if not one.joined:
        return
    long = len(reads(one, TEXT))
    at = rng.randint(0, long)
    gone = min(long - at, 60 if long > LONG else rng.choice((0, 0, 0, 1, 3)))
    said = "" if long > LONG else rng.choice(WORDS)

    def twice(r: Any) -> None:
        with r.edit() as edit:
            edit.splice(TEXT, at, gone, said).splice(TEXT, at, 0, "!").set("page/title", said)

    write(one, twice if rng.random() < 0.2 else lambda r: r.splice(TEXT, at, gone, said))


@pen
def splice_list(world: World, one: Person, rng: Random) -> None:
    if one.joined:
        long = len(reads(one, LIST))
        at = rng.randint(0, long)
        gone = min(long - at, 12 if long > LONG // 4 else rng.choice((0, 0, 1, 2)))
        said = [rng.choice((None, 1, "x", {"k": [1.5]})) for _ in range(rng.randint(0, 2))]
        write(one, lambda r: r.splice_list(LIST, at, gone, said))


@pen
def mark(world: World, one: Person, rng: Random) -> None:
    if one.joined:
        long = len(reads(one, TEXT))
        start, end = sorted((rng.randint(0, long), rng.randint(0, long)))
        name, value = rng.choice(("bold", "link")), rng.choice((True, True, "x", None))
        grows = rng.random() < 0.7
        write(one, lambda r: r.mark(TEXT, start, end, name, value=value, grows=grows))


@pen
def write_record(world: World, one: Person, rng: Random) -> None:
    id, fields = rng.choice("rst"), _fields(rng)
    write(one, lambda r: r.collection(RECORDS, Entry).upsert(id, fields))


@pen
def edit_record(world: World, one: Person, rng: Random) -> None:
    """Several changes of one record as one event."""

    def edit(r: Any) -> None:
        with r.collection(RECORDS, Entry).edit(rng.choice("rst")) as entry:
            entry.update(_fields(rng))
            entry.total.add(rng.choice((1, -1, 5)))
            entry.body.insert(0, rng.choice(WORDS))
            if rng.random() < 0.5:
                entry.inner.n = rng.randrange(9)

    write(one, edit)


def _fields(rng: Random) -> dict[str, Any]:
    """Some fields of a record: known to its schema or not."""
    every: dict[str, Any] = {
        "title": rng.choice(WORDS), "on": rng.random() < 0.5, "both": rng.randrange(5),
        "tags": rng.sample("abcd", 2), "body": "".join(rng.sample(WORDS, 2)),
        "steps": [rng.randrange(5) for _ in range(rng.randrange(4))], "size": rng.randrange(5),
        "by": {rng.choice("xy"): rng.randrange(5)}, "other": rng.choice(WORDS),
    }  # fmt: skip
    every.pop("by")  # keys of a map are written one by one: see edit_record
    return {name: value for name, value in every.items() if rng.random() < 0.4}


@pen
def drop_record(world: World, one: Person, rng: Random) -> None:
    verb, id = rng.choice(("delete", "restore")), rng.choice("rst")
    write(one, lambda r: getattr(r.collection(RECORDS, Entry), verb)(id))


@pen
def rethink(world: World, one: Person, rng: Random) -> None:
    """Takes an edit back, or does it again: mostly one's own; or a word about another's."""
    if not one.joined:
        return
    edits = [event for event in one.replica.history(kind=KIND) if event.author == one.did]
    if not edits or rng.random() < 0.3:
        judge(world, one, rng)
        return
    target = rng.choice(edits[-6:])
    verb = "retract" if target.counts else "restore"
    do(one, lambda r: getattr(r, verb)(target.id))


# --- liars ------------------------------------------------------------------------------------


def edit_draw(
    rng: Random, authors: list[Any], ops: list[tuple[list[Any], Any]], **more: Any
) -> Draw:
    """An edit as nobody would write it: (op, value in the content) pairs."""
    frame = encode_item([authors, [op for op, _ in ops]])
    content = [value for _, value in ops]
    time = BEGAN_MS + rng.randrange(10**7)
    return Draw(KIND, content=content, frame=frame, time=time, **more)


@quill
def type_twice(world: World, liar: Liar, rng: Random) -> None:
    """One key types at one place on two sides, which half of the world each is shown."""
    key, place = rng.choice(liar.keys), rng.choice(list(SEGMENTS))
    verb = INSERT_ITEMS if place == LIST else INSERT_TEXT
    back = rng.random() < 0.5
    for at in in_log(liar):
        face = liar.faces[at]
        end = end_at(face, key.public)
        if back and end.size:
            end = end_at(face, key.public, rng.randrange(end.size), line=0)
        draws = []
        for _ in range(rng.randint(1, 3)):
            said: Any = rng.choice(WORDS)
            said = list(said) if place == LIST else said
            over: list[Any] = [[0, end.size + len(draws) - 1, 0]] if draws else []
            op = [verb, SEGMENTS[place], over, len(said), rng.choice((1, 4)) if over else 0]
            draws.append(edit_draw(rng, [key.public] if over else [], [(op, said)]))
        face.receive([forge(face, key, end, draws, rng)[0]])
    liar.push()


@quill
def garble(world: World, liar: Liar, rng: Random) -> None:
    """Made-up origins, ranges, sides and marks; the content is another, or does not come."""
    key = rng.choice(liar.keys)
    for at in in_log(liar)[:1]:
        face = liar.faces[at]
        known = [face._store.event(face._store.row_of(id)) for id in ids(face)]
        authors = sorted({event.author for event in known} | {rng.randbytes(32)})
        entries: list[Any] = [
            author if rng.random() < 0.8 else [author, Link(rng.choice(known).id)]
            for author in rng.sample(authors, min(4, len(authors)))
        ]
        ops = [_garbled(rng, len(entries)) for _ in range(rng.randint(1, 6))]
        edits = [event for event in known if event.kind == KIND]
        deps = tuple(e.id for e in rng.sample(edits, min(3, len(edits))) if e.author != key.public)
        draw = edit_draw(rng, entries, ops, deps=deps if rng.random() < 0.8 else ())
        try:
            one = forge(face, key, end_at(face, key.public), [draw], rng)[0]
        except (TallyError, ValueError):  # what cannot even be signed
            continue
        if rng.random() < 0.4:
            liar.inject(without_bodies(one, rng))
        else:
            face.receive([one])
            liar.push()


def _garbled(rng: Random, entries: int) -> tuple[list[Any], Any]:
    """One op that names what may not be there, and its value."""

    def ref() -> list[int]:
        if rng.random() < 0.1:
            return [rng.choice((0, 1))]
        seq = rng.choice((0, 1, 2, 3, 5, 8, 2**40))
        return [rng.randrange(entries), seq, rng.choice((0, 0, 1, 2, 7, 2**19))]

    place = rng.choice(list(SEGMENTS))
    verbs = (INSERT_TEXT, INSERT_TEXT, DELETE_TEXT, MARK, INSERT_ITEMS, DELETE_ITEMS)
    verb = rng.choice(verbs)
    segments = SEGMENTS[place]
    if verb in (INSERT_TEXT, INSERT_ITEMS):
        how = rng.randrange(5)
        count = rng.choice((1, 1, 2, 4))
        over = [ref() for _ in range((0, 1, 1, 2, 1)[how])]
        said: Any = "z" * (count + rng.choice((0, 0, 0, 1)))
        return [verb, segments, over, count, how], said if verb == INSERT_TEXT else list(said)
    if verb == MARK:
        how = rng.randrange(16)
        over = [ref() for _ in range(rng.randint(0, 4))]
        return [verb, [*segments, "bold"], over, how], rng.choice((True, None, "x"))
    over = [ref() for _ in range(rng.randint(1, 3))]
    return [verb, segments, over, *(rng.choice((1, 2, 5, 300)) for _ in over)], None
