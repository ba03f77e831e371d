"""Everything the laws hold for. A type or a kind of view that is not here fails collection."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.laws import ledger_oracle, oracle, record_oracle, text_oracle
from tests.laws.world import AUTHORS, RATING, MemorySource, Phase, World

from tallystick.fields import Counter, Flag, List, Map, Multi, Set, Text
from tallystick.kernels import encode_item
from tallystick.state import ledger
from tallystick.state.ops import Draft, Target
from tallystick.state.source import CONTENT, ChangeRange, Spans
from tallystick.state.titles import create_frame, transfer_frame
from tallystick.state.types import TYPES
from tallystick.state.view import View
from tallystick.state.views import REDUCERS, Views
from tallystick.state.views_fold import fold, fold_event
from tallystick.state.views_ledger import LedgerView
from tallystick.state.views_places import PlacesView
from tallystick.state.views_records import RecordsView
from tallystick.state.views_sum import GroupSum
from tallystick.state.views_texts import TextsView
from tallystick.state.views_titles import TitlesView
from tallystick.store.adapter import Adapter

PLACES = ("a", "b")
VALUES: tuple[Any, ...] = (None, 1, "x", {"k": [1.5, b"\x00"]}, True, "x")


# --- how each type is written -------------------------------------------------------------------


def place_for(what: int) -> str:
    """Mostly the same place: that is where things happen."""
    return PLACES[what == 3]


def write_register(world: World, author: bytes, whom: int, what: int) -> None:
    edit = world.edit(author).set(place_for(what), VALUES[what])
    if what == 4:
        edit.set(PLACES[whom % 2], VALUES[what - 1])
    world.write_edit(author, edit)


def write_flag(world: World, author: bytes, whom: int, what: int) -> None:
    edit = world.edit(author)
    (edit.enable if what % 2 else edit.disable)(place_for(what))
    if what == 4:
        edit.disable(PLACES[whom % 2])
    world.write_edit(author, edit)


def write_set(world: World, author: bytes, whom: int, what: int) -> None:
    place, element = place_for(what), VALUES[what]
    edit = world.edit(author)
    there = {op.encoded for op in edit.live((place,), "set") if op.verb == 4}
    if whom >= 1 and encode_item(element, floats=True) in there:
        edit.remove(place, element)
    else:
        edit.add(place, element)
        if what == 4:
            edit.remove(place, element).add(place, "again")
    world.write_edit(author, edit)


def write_counter(world: World, author: bytes, whom: int, what: int) -> None:
    edit = world.edit(author).inc(place_for(what), (1, -1, 5, 2**62, -(2**62), 1)[what])
    if whom == 2:
        edit.inc(PLACES[0], 3)
    world.write_edit(author, edit)


def write_record(world: World, author: bytes, whom: int, what: int) -> None:
    edit = world.edit(author)
    (edit.create, edit.delete, edit.restore)[what % 3](place_for(what))
    if what == 4:
        edit.set(PLACES[0], 1).delete(PLACES[whom % 2])
    world.write_edit(author, edit)


def write_text(world: World, author: bytes, whom: int, what: int) -> None:
    write_sequence(world, author, whom, what, "text")


def write_list(world: World, author: bytes, whom: int, what: int) -> None:
    write_sequence(world, author, whom, what, "list")


def write_mark(world: World, author: bytes, whom: int, what: int) -> None:
    """Text now and then; mostly marks of two names on stretches of it, of odd ones too."""
    place, turn = (PLACES[0],), len(world.events)
    sees = text_oracle.Writer(world, author, place, "text")
    if len(sees.known) < 4 or (what == 0 and whom):
        index = turn % (len(sees.shown) + 1)
        hangs, names = sees.between(index)
        refs = tuple(Target(*world.at(id), id, at) for id, at in names)
        drafts = [Draft(7, place, refs, (5, hangs), "abcde")]
        if what == 0 and sees.shown:
            id, at = sees.shown[turn % len(sees.shown)]
            drafts.append(Draft(8, place, (Target(*world.at(id), id, at),), (1 + whom,)))
    else:
        how = (13, 5, 15, 7, 1, 4, 0)[turn % 7]
        chars = sees.known if what == 5 else sees.shown or sees.known
        first = turn * 5 % len(chars)
        last = min(first + 1 + what, len(chars) - 1)
        ends = [chars[first]] * (how & 1) + [chars[last]] * (how >> 2 & 1)
        path = (*place, "bu"[whom == 2])
        over = text_oracle.live_marks(world, author, path, place)
        names = ends + (over if what != 3 else over[:1] * 2)
        refs = tuple(Target(*world.at(id), id, at) for id, at in names)
        said = (True, None, "x", 1, True, None)[what]
        drafts = [Draft(11, path, refs, (how,), said)]
    edit = world.edit(author)
    edit.drafts += drafts
    world.write_edit(author, edit)


def write_sequence(
    world: World, author: bytes, whom: int, what: int, type_: str, *, at: tuple[str, ...] = ()
) -> None:
    """Mostly an insert between neighbours; deletions; two at once; what names odd characters."""
    place = at or (place_for(what),)
    sees = text_oracle.Writer(world, author, place, type_)
    verbs = (7, 8) if type_ == "text" else (9, 10)
    turn = len(world.events)

    def target(name: tuple[bytes, int]) -> Target:
        event = world.events[name[0]]
        return Target(event.author, event.seq, event.id, name[1])

    def insert(said: Any) -> Draft:
        hangs, names = sees.between(turn * 7 % (len(sees.shown) + 1))
        if what == 5 and sees.known:
            hangs, names = 1 + turn % 4, [sees.known[n % len(sees.known)] for n in (turn, whom)]
            names = names[: {3: 2}.get(hangs, 1)]
        refs = tuple(map(target, names))
        return Draft(verbs[0], place, refs, (len(said), hangs), said)

    def delete() -> Draft:
        names = (sees.shown[turn % len(sees.shown)], sees.shown[whom % len(sees.shown)])
        return Draft(verbs[1], place, tuple(map(target, names)), (1 + what, 1))

    said: Any = ("a", "bc", "d€f", "𝄞", "xyz", "q")[what]
    said = said if type_ == "text" else [VALUES[n % len(VALUES)] for n in range(len(said))]
    drafts = [delete() if sees.shown and whom == 1 else insert(said)]
    if what == 4:
        own = (1, (1,)) if drafts[0].verb == verbs[0] else (0, ())
        drafts.append(Draft(verbs[0], place, own[1], (len(said), own[0]), said))
    edit = world.edit(author)
    edit.drafts += drafts
    world.write_edit(author, edit)


class Entry:
    """A record of the laws' collection."""

    title: str
    on: Flag
    tags: Set
    total: Counter
    body: Text
    steps: List
    both: Multi
    inner: Inner
    by: Map
    size: int = 7


class Inner:
    n: int


Entry.__annotations__["inner"] = Inner


def write_entry(world: World, author: bytes, whom: int, what: int) -> None:
    """Records come and go; their fields are written, there or not, known to the schema or not."""
    turn = len(world.events)
    place = ("a", ("r", "s")[turn % 3 == 0])
    if what == 0:
        edit = world.edit(author)
        (edit.create, edit.create, edit.delete, edit.restore)[(turn + whom) % 4](place)
        world.write_edit(author, edit.set((*place, "title"), f"t{turn}"))
    elif what in {1, 2}:
        field, type_ = (("body", "text"), ("steps", "list"))[what - 1]
        write_sequence(world, author, whom, turn % 6, type_, at=(*place, field))
    else:
        edit = world.edit(author)
        name = ("size", "both", "other", "title")[turn % 4]
        edit.set((*place, name), VALUES[(turn + what) % 6])
        if what == 3:
            (edit.enable if whom else edit.disable)((*place, "on"))
            edit.inc((*place, "total"), 1 + whom)
        elif what == 4:
            edit.add((*place, "tags"), VALUES[whom]).entry((*place, "by"), "xy"[whom % 2], turn)
            if turn % 5 == 0:  # what no map wrote, under the name of a hash
                edit.set((*place, "by", "odd"), VALUES[turn % 6])
        else:
            edit.set((*place, "inner", "n"), turn).set((*place, "odd", "deep"), whom)
        world.write_edit(author, edit)


def write_rating(world: World, author: bytes, whom: int, what: int) -> None:
    content: Any = {"target": "abc"[whom], "rating": what - 2}
    if what == 4:
        content = ({"target": "a"}, {"target": 1, "rating": 1}, {"rating": True})[whom]
    world.write(author, RATING, b"", b"" if (what, whom) == (5, 2) else encode_item(content))


def write_title(world: World, author: bytes, whom: int, what: int) -> None:
    """Mostly an owner passes on what is live; now and then twice, or what is somebody else's."""
    ops, _ = oracle.title_ops(world)
    seen = world.minds[author].seen
    state = oracle.titles(world, world.included(author), {})
    live = {link.digest for *_, links in state for link in links}
    mine = sorted(id for id in ops if id in seen and ops[id][3] == author)
    held = [id for id in mine if id in live]
    choice = mine if what == 4 else sorted(ops) if what == 5 else held
    if not choice or (what == 0 and whom == 0):
        frame = create_frame(VALUES[2], AUTHORS[whom] if AUTHORS[whom] != author else None)
        world.write(author, "title/create", frame, b"")
        return
    over = choice[(whom + len(world.events)) % len(choice)]
    title = ops[over][0] if (what, whom) != (5, 2) else over
    world.write(author, "title/transfer", transfer_frame(title, over, AUTHORS[whom]), b"")


def write_ledger(world: World, author: bytes, whom: int, what: int) -> None:
    """Mostly payments; issues, refunds, delegations, several legs, and what may not be done."""
    rules = ledger_oracle.Rules(world)
    assets, moves = rules.assets, rules.moves
    seen, other = world.minds[author].seen, AUTHORS[whom]
    known = sorted(assets if what == 5 else set(assets) & seen)
    turn = len(world.events)
    if not known or (what == 0 and whom == 0 and turn % 3 == 0):
        entry = ledger.Asset("EUR", whom, tuple(sorted({author, other})))
        world.write(author, ledger.ASSET, ledger.entry_frame(entry, author), b"")
        return
    asset = known[turn % len(known)]
    amount = (1, 5, 7, 2**62, 2**62, 3)[(turn + what) % 6]
    given = sorted(e.id for e in world.events.values() if e.kind == ledger.DELEGATE)
    received = sorted(
        id for id in moves if any(leg[0] == author and leg[2] > 0 for leg in moves[id])
    )
    entry: ledger.Entry
    if what == 1 and turn % 2:
        kind, entry = ledger.ISSUE, ledger.Issue((ledger.Leg(other, asset, amount),))
    elif what == 2 and author != other:
        kind, entry = ledger.DELEGATE, ledger.Delegate(other, asset if turn % 2 else None)
    elif moves and (what == 3 or (received and what in {0, 4})):
        back = (received or sorted(moves))[turn % len(received or moves)]
        by = given[turn % len(given)] if given and turn % 3 == 0 else None
        kind, entry = ledger.REFUND, ledger.Refund(back, by)
    else:
        fit = sorted(id for id, (_, to, _) in rules.delegations.items() if to == author)
        leave = (fit or given)[turn % len(fit or given)] if given else b""
        asked = what not in {0, 1, 2} and leave
        payer = world.events[leave].author if asked else author
        to = other if other != payer else AUTHORS[(AUTHORS.index(payer) + 1) % 3]
        legs = sorted((ledger.Leg(payer, asset, -amount), ledger.Leg(to, asset, amount)))
        if turn % 4 == 0 and len(known) > 1:
            second = known[(turn + 1) % len(known)]
            legs += [ledger.Leg(author, second, -3), ledger.Leg(to, second, 3)]
            legs = sorted({leg[:2]: leg for leg in legs}.values())
        by_ = (leave,) if payer != author else ()
        kind, entry = ledger.TRANSFER, ledger.Transfer(tuple(legs), by_)
    world.write(author, kind, ledger.entry_frame(entry, author), b"")


WRITERS: dict[str, Callable[[World, bytes, int, int], None]] = {
    "register": write_register,
    "flag": write_flag,
    "set": write_set,
    "counter": write_counter,
    "record": write_record,
    "text": write_text,
    "list": write_list,
    "mark": write_mark,
}
assert set(WRITERS) == set(TYPES), "every type needs a strategy here"


# --- the views, each with what it ought to be ---------------------------------------------------


@fold(kinds=RATING, key=lambda event: event.content["target"])
def book(state, event):
    """Not commutative: what came before matters."""
    content = event.content if isinstance(event.content, dict) else {"target": str(event.content)}
    name = str(content.get("target"))
    state[name] = [*state.get(name, [])[-4:], event.author[-4:], content.get("rating")]
    state["last"] = len(state) + 3 * state.get("last", 0) % 1009


def fold_oracle(world: World, included: set[bytes], absent: dict[bytes, bool]) -> Any:
    state: Any = {}
    order = oracle.canonical(world, included, RATING)
    source = MemorySource(world, [event.id for event in order])
    source.absent = absent
    source.rows = dict.fromkeys(world.events, 0)
    for row in range(1, 1 + len(order)):
        book.function(state, fold_event(source._row(row)))
    return state


@dataclass(frozen=True)
class Case:
    """One thing the laws hold for: how it is written, read, and what it ought to be."""

    write: Callable[[World, bytes, int, int], None]
    view: Callable[[], View]
    oracle: Callable[[World, set[bytes], dict[bytes, bool]], Any]
    reducer: str


def fresh_fold() -> View:
    return fold(kinds=RATING, key=book.key, name="book")(book.function)


CASES: dict[str, Case] = {
    **{
        name: Case(write, TextsView, text_oracle.state, "texts")
        if TYPES[name].sequence
        else Case(write, PlacesView, oracle.places, "places")
        for name, write in WRITERS.items()
    },
    "sum": Case(
        write_rating,
        lambda: GroupSum("reputation", kind=RATING),
        lambda world, included, absent: oracle.sums(world, included, absent, RATING),
        "sum",
    ),
    "fold": Case(write_rating, fresh_fold, fold_oracle, "fold"),
    "records": Case(
        write_entry, lambda: RecordsView("a", schema=Entry), record_oracle.state, "records"
    ),
    "ledger": Case(write_ledger, LedgerView, ledger_oracle.state, "ledger"),
    "title": Case(write_title, TitlesView, oracle.titles, "titles"),
}
assert {case.reducer for case in CASES.values()} == set(REDUCERS), "every kind of view needs a case"


class Site:
    """One replica as far as state can see: a source, a feed, a view that follows it."""

    def __init__(self, case: Case, source: MemorySource):
        self.case, self.source = case, source
        self.feed: list[ChangeRange] = []
        self.included: set[bytes] = set()
        self.db = Adapter(None, create=True)
        self.views = Views(self.db)
        self.view = self.views.attach(case.view())
        self.source.end = self.source.first

    def append(self, ids: set[bytes], weight: int, cause: str) -> None:
        pos = self.feed[-1].pos + self.feed[-1].count if self.feed else 0
        for row, count in Spans((self.source.rows[id], 1) for id in ids).ranges:
            self.feed.append(ChangeRange(pos, row, count, weight, cause))
            pos += count

    def judge(self, included: set[bytes]) -> None:
        """Append what leads from what counted to what counts now."""
        self.append(self.included - included, -1, "statement")
        self.append(included - self.included, 1, "arrived")
        self.included = set(included)

    def set_absent(self, absent: dict[bytes, bool]) -> None:
        """Contents come and go; events that count enter again."""
        changed = {i for i in self.source.rows if self.source.absent.get(i) != absent.get(i)}
        self.source.absent = dict(absent)
        self.append(changed & self.included, -1, CONTENT)
        self.append(changed & self.included, 1, CONTENT)

    def read_feed(self, pos: int, limit: int) -> list[ChangeRange]:
        return [change for change in self.feed if change.pos + change.count > pos][: limit or 1]

    def catch_up(self) -> None:
        self.views.catch_up(self.read_feed, self.source)

    def play(self, phases: list[Phase], *, lazy: bool = False) -> None:
        """Go through phases; at the end everything has arrived."""
        for i, phase in enumerate(phases):
            arrived = len(self.source.order) if i == len(phases) - 1 else phase.arrived
            end = min(self.source.first + arrived, self.source.first + len(self.source.order))
            self.source.end = max(self.source.end, end)
            self.judge(self.wanted(phase))
            if not lazy:
                self.catch_up()
        self.catch_up()

    def wanted(self, phase: Phase) -> set[bytes]:
        """The events that arrived and count in a phase."""
        world, order = self.source.world, self.source.order
        out = {sorted(world.events)[i] for i in phase.out_events if i < len(world.events)}
        authors = sorted({e.author for e in world.events.values()})
        out_authors = {authors[i] for i in phase.out_authors if i < len(authors)}
        there = order[: self.source.end - self.source.first]
        return {i for i in there if world.events[i].author not in out_authors and i not in out}

    def state(self) -> Any:
        return self.views.read(self.view.name, self.source)

    def expected(self) -> Any:
        return self.case.oracle(self.source.world, self.included, self.source.absent)

    def table(self) -> list[tuple[Any, ...]]:
        """The table for people, without what is this store's own."""
        self.views.settle(self.source)
        rows = self.db.rows(f"SELECT * FROM {self.view.table}")
        return sorted(
            (row[1:] if self.case.reducer in {"places", "texts"} else row for row in rows), key=repr
        )
