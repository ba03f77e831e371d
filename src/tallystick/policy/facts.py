"""What the judge may know of a log, and what it says about it: facts in, spans and flips out.

    line 0   0 1 2 3 4 5 6          one line per chain, and one more per side after a split;
                   │                a line names its own seqs [first_seq, size), what is before
    line 1         └ 3 4            them is its base's: line 1 has base 0, first_seq 3

Law: the judge sees ids, authors, seqs, kinds, and which events stand on or go over which; never
content, clock or arrival.

Reads: nothing. Read by: standing, counting, judge, replica.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple, Protocol

from tallystick.policy.statement import Cut, Statement


class EventFact(NamedTuple):
    """One stored event: complete, valid, perhaps void."""

    id: bytes
    author: bytes
    seq: int
    kind: str
    line: int
    void: str | None = None


class LineFact(NamedTuple):
    """One chain, or one side after a split; own seqs are [first_seq, size)."""

    line: int
    author: bytes
    base: int | None
    first_seq: int
    size: int
    side: bytes = b""


class Span(NamedTuple):
    """Events begin..end (seqs, end exclusive) of a line.

    Args:
        kinds: only events of these kinds; None means every kind.
        without: ids inside the range that are not meant.
    """

    line: int
    begin: int
    end: int
    kinds: frozenset[str] | None = None
    without: frozenset[bytes] = frozenset()


Why = tuple[str, *tuple[bytes, ...]]
"""The nearest reason of a flip."""


class Flip(NamedTuple):
    """Events that start (+1) or stop (-1) counting, and why.

    ``cause``: ``("arrived",)``, ``("statement", id)``, ``("equivocation", author)``,
    ``("ground", event id)``, ``("stance",)`` or ``("policy",)``.
    """

    span: Span
    weight: int
    cause: Why


def nearest_cause(new: Sequence[Statement], equivocations: Mapping[bytes, int]) -> Why:
    """The nearest reason an update can name for what flips without one of its own."""
    if len(new) == 1 and not equivocations:
        return ("statement", new[0].id)
    if len(equivocations) == 1 and not new:
        return ("equivocation", *equivocations)
    return ("policy",)


class Facts(Protocol):
    """What the judge asks of a log. Only complete, valid events are known."""

    def event(self, id: bytes) -> EventFact | None:
        """The event, or None when it is not here."""

    def lines(self, author: bytes) -> Sequence[LineFact]:
        """All lines of an author, a base before those that split from it."""

    def line(self, line: int) -> LineFact:
        """One line."""

    def ids_on(self, line: int, begin: int, end: int) -> Sequence[bytes]:
        """Ids of seqs begin..end-1 of a line."""

    def kinds(self) -> Iterable[str]:
        """Kinds that occur in the log."""

    def everyone(self) -> Iterable[bytes]:
        """Every author with a line in the log."""

    def voids(self, author: bytes) -> Sequence[bytes]:
        """Ids of the author's void events."""

    def grounds(self, id: bytes) -> Sequence[bytes]:
        """Events the event stands on."""

    def stands_on(self, id: bytes) -> Sequence[bytes]:
        """Events that stand on the event."""

    def restitution(self, id: bytes) -> str | None:
        """The asset type whose rule of restitution says whether the event's grounds are asked for.

        None: they always are.
        """

    def stood_on(self, line: int, begin: int, end: int) -> Sequence[bytes]:
        """Events that events of the range stand on, each once; few where many stand on one."""

    def standing_in(self, ground: bytes, line: int, begin: int, end: int) -> Sequence[bytes]:
        """Events of the range that stand on the event."""

    def leaning(self, line: int, begin: int, end: int) -> Sequence[bytes]:
        """Events (anywhere) that stand on an event of the range."""

    def over(self, id: bytes) -> Sequence[bytes]:
        """Other events that the event's ops go over; none if one of its ops goes over nothing."""

    def followers(self, id: bytes) -> Sequence[bytes]:
        """Events with an op that goes over one of the event's; some without may be among them."""

    def going_over(
        self, line: int, begin: int, end: int, named: AbstractSet[tuple[bytes, int]]
    ) -> Sequence[bytes]:
        """Events of the range with an op that goes over one of some events, by (author, seq).

        Others may be among them.
        """


class ActedFacts(Facts, Protocol):
    """Facts, and who is who for one viewer."""

    def actor(self, author: bytes) -> bytes:
        """The actor an author key belongs to; any 32 bytes have one."""

    def authors(self, actor: bytes) -> Sequence[bytes]:
        """The keys of an actor."""


def prefixes(cut: Cut, actor: bytes, facts: ActedFacts) -> tuple[dict[int, int], list[bytes]]:
    """How many leading seqs of each line a cut names, and the authors of entries not here.

    An entry stands for its event and that event's ancestors in its own chain. Entries of other
    actors' keys, of unknown events, or that misstate author or seq name nothing.
    """
    lengths: dict[int, int] = {}
    absent: list[bytes] = []
    keys = facts.authors(actor)
    for author, seq, id in cut:
        if author not in keys:
            continue
        fact = facts.event(id)
        if fact is None:
            absent.append(author)
        elif fact.author == author and fact.seq == seq:
            _down(lengths, fact.line, seq + 1, facts)
    return lengths, absent


def _down(lengths: dict[int, int], line: int, length: int, facts: Facts) -> None:
    """Notes a prefix of a line and, through its bases, everything before it."""
    at: int | None = line
    while at is not None:
        lengths[at] = max(lengths.get(at, 0), length)
        fact = facts.line(at)
        length, at = fact.first_seq, fact.base


def side_of(id: bytes, author: bytes, facts: Facts) -> dict[int, int] | None:
    """What counts of a split chain when one side is chosen: its way down, and what grows from it.

    Args:
        id: the first event of the side after its last split.

    Returns:
        Leading seqs per line; None when the event is not here or another author's.
    """
    fact = facts.event(id)
    if fact is None or fact.author != author:
        return None
    lengths: dict[int, int] = {}
    _down(lengths, fact.line, fact.seq + 1, facts)
    kept = {fact.line}
    lengths[fact.line] = END
    for line in facts.lines(author):
        after = fact.seq if line.base == fact.line else -1
        if line.base in kept and line.first_seq > after:
            kept.add(line.line)
            lengths[line.line] = END
    return lengths


END: int = 2**63
"""Beyond every seq: a reach without an end."""
Reach = int | dict[int, int]
"""How far an author's lines count: seqs below it. One number for all lines, or one per line."""


def reach_at(reach: Reach, line: int) -> int:
    """How far one line counts."""
    return reach if isinstance(reach, int) else reach.get(line, 0)


def nearer(a: Reach, b: Reach) -> Reach:
    """The smaller of two reaches, line by line."""
    if isinstance(a, int):
        if isinstance(b, int):
            return min(a, b)
        a, b = b, a
    return {line: min(length, reach_at(b, line)) for line, length in a.items()}
