"""What two sides lack of each other, from a vector, from wants, or from samples of split chains.

    own line ●●●●●●●●●●○○      size 12     theirs ●●●●●●●●●●          have = 10: send 2
    own line ●●●●●●            size 6      theirs ●●●●●●●●●●          want (6, check at 6)
    own line ●●●●●●○○○○        size 10     theirs ●●●●●●◆◆◆◆◆◆◆◆      checks differ: a split chain
                                                        │    │ │││
             samples at size - 1, - 2, - 4, - 8:        6   10 ... the last that agrees ends what
                                                       both have

Law: pure arithmetic over what is held and what was said; a lie of the peer's changes only what is
sent to it.

Reads: sync.holdings, sync.messages, sync.vector, limits. Read by: sync.side.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tallystick.limits import SYNC_LINES_MAX
from tallystick.sync.holdings import Holdings, LineKey, Record
from tallystick.sync.messages import Lines, LineSamples
from tallystick.sync.vector import CHECK_BYTES, TAG_BYTES, Entry, Keyed, Vector, by_author
from tallystick.sync.vector import sample_seqs as _sample_seqs

NOTHING: Final = Entry(bytes(CHECK_BYTES), 0, split=False)
"""What is said of an author of whom one holds nothing."""

Groups = Mapping[bytes, Sequence[Record]]
"""author -> his lines"""


@dataclass(slots=True)
class Comparison:
    """What follows from what the peer said.

    Args:
        have: line -> leading events the peer holds; lines not named it lacks whole.
        wants: tag -> what is held here of an author of whom the peer holds more.
        split: authors whose lines have to be compared by samples; ``have`` holds them back.
    """

    have: dict[LineKey, int] = field(default_factory=dict)
    wants: dict[bytes, Entry] = field(default_factory=dict)
    split: list[bytes] = field(default_factory=list)


def compare(
    keyed: Keyed, holdings: Holdings, records: Sequence[Record], vector: Vector, agreed: Groups
) -> Comparison:
    """Own records against the peer's vector.

    Args:
        records: own ones, without the authors either side declines.
        agreed: the state the vector is relative to, by author; empty for a full vector.

    Cost: a hash an author, and for each author of whom more is held here the root at the peer's
    size.
    """
    own = by_author(records)
    found = Comparison()
    tags = keyed.tags(author for author in own if author not in agreed)
    theirs = {tags[tag]: entry for tag, entry in vector.named.items() if tag in tags}
    found.wants = {tag: NOTHING for tag in vector.named if tag not in tags}
    unchanged: set[bytes] = set()
    for place, (author, group) in enumerate(agreed.items()):
        if author not in own:
            if place not in vector.changed or vector.changed[place].size:
                found.wants[keyed.tag(author)] = NOTHING
        elif place in vector.changed:
            theirs[author] = vector.changed[place]
        elif tuple(own[author]) == tuple(group):
            unchanged.add(author)
        else:
            theirs[author] = keyed.entry(group)
    for author, group in own.items():
        if author in unchanged:
            found.have |= whole(group)
        elif author in theirs:
            _judge(keyed, holdings, group, theirs[author], found)
    return found


def have_of_wants(
    keyed: Keyed,
    holdings: Holdings,
    records: Sequence[Record],
    wants: Mapping[bytes, Entry],
    tags: Mapping[bytes, bytes],
    *,
    shown: Mapping[LineKey, int],
) -> Comparison:
    """Own records against what the peer says it holds of the authors it wants more of.

    Of who is not wanted the peer holds what it was shown; what has come since goes along, because
    what is wanted may rest on it. A tag nobody here has is passed over: it may be an author's who
    was declined in the meantime.

    Args:
        shown: the records the peer was told of.
    """
    found = Comparison(have=dict(shown))
    own = by_author(records)
    for tag, entry in wants.items():
        author = tags.get(tag)
        if author is None:
            continue
        if entry.size == 0:
            for record in own[author]:
                found.have.pop(record.key, None)
        else:
            _judge(keyed, holdings, own[author], entry, found)
            found.wants.clear()  # the peer holds no more than it was told of
    return found


def lines_message(keyed: Keyed, holdings: Holdings, group: Sequence[Record]) -> Lines:
    """All lines known of one author, with samples of their ids."""
    lines = []
    for record in group[:SYNC_LINES_MAX]:
        ids = holdings.ids_at(record.author, record.side, _sample_seqs(record.size))
        lines.append(LineSamples(record.size, b"".join(keyed.sample(one) for one in ids)))
    return Lines(keyed.tag(group[0].author), tuple(lines))


def have_of_lines(
    keyed: Keyed, holdings: Holdings, group: Sequence[Record], lines: Sequence[LineSamples]
) -> dict[LineKey, int]:
    """How much of each own line of an author the peer holds, by samples of the peer's lines.

    Cost: what lines share is looked up once, so no more than the events held of the author, and
    no more than 64 samples a line of the peer's for each own line.
    """
    said: dict[int, set[bytes]] = {}
    for line in lines:
        for place, seq in enumerate(_sample_seqs(line.size)):
            sample = line.samples[place * TAG_BYTES : (place + 1) * TAG_BYTES]
            said.setdefault(seq, set()).add(sample)
    everywhere = sorted(said)
    bases = {record.side: holdings.base_of(*record.key) for record in group}
    agreeing: dict[bytes, list[int]] = {}
    for record in group:
        base = bases[record.side]
        first = bisect_left(everywhere, base[1] if base else 0)
        seqs = everywhere[first : bisect_left(everywhere, record.size)]
        ids = holdings.ids_at(record.author, record.side, seqs)
        agreeing[record.side] = [
            seq for seq, one in zip(seqs, ids, strict=True) if keyed.sample(one) in said[seq]
        ]
    return {record.key: _greatest(record, agreeing, bases) + 1 for record in group}


def _greatest(
    record: Record,
    agreeing: Mapping[bytes, Sequence[int]],
    bases: Mapping[bytes, tuple[bytes, int] | None],
) -> int:
    """The greatest seq of a line at which a sample agreed, on itself or what it grows on; or -1."""
    side, end = record.side, record.size
    while True:
        seqs = agreeing.get(side, ())
        found = bisect_left(seqs, end)
        if found:
            return seqs[found - 1]
        base = bases.get(side)
        if base is None:
            return -1
        side, end = base[0], min(end, base[1])


def whole(records: Iterable[Record]) -> dict[LineKey, int]:
    """``have`` of a peer that holds all of these."""
    return {record.key: record.size for record in records}


def _judge(
    keyed: Keyed, holdings: Holdings, group: Sequence[Record], entry: Entry, found: Comparison
) -> None:
    """One author of whom both sides hold something."""
    own = keyed.entry(group)
    found.have |= whole(group)
    if own == entry or entry.size == 0:
        return
    if own.split or entry.split:
        found.split.append(group[0].author)
    elif own.size < entry.size:
        found.wants[keyed.tag(group[0].author)] = own
    else:
        record = group[0]
        root = holdings.root_at(record.author, record.side, entry.size)
        if keyed.check(root) == entry.check:
            found.have[record.key] = entry.size
        else:
            found.split.append(record.author)
