"""Inputs out of other inputs: the deterministic engine's mutator, blind and by grammar.

    bytes   flips, cuts, repeats, splices, numbers at their bounds         knows nothing
    item    one node of a DAG-CBOR item replaced, moved, wrapped, misdeclared; items inside byte
            strings too, and the lengths around them still fit             the rest stays valid
    pack    one event's header or body changed, then sealed and linked again, or not
    text    lines, numbers, words and base64 digits of a text format

Law: the same seed and the same corpus give the same inputs, on every machine and every run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from hashlib import sha256
from random import Random
from typing import NamedTuple

from tallystick.kernels import Pack
from tallystick.kernels.reference import open_pack
from tallystick.kernels.reference.codec import encode_head
from tallystick.kernels.reference.packs import commit_bodies

INPUT_BYTES_MAX = 64 * 1024
"""Longer inputs are cut: floods have tests of their own."""
NUMBERS = (
    *(0, 1, 2, 3, 7, 8, 23, 24, 31, 32, 33, 64, 255, 256, 4095, 4096, 4097, 65_535, 65_536),
    *(2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**53, 2**62, 2**63 - 2, 2**63 - 1, 2**63, 2**64 - 1),
)
BYTES_LIKE, TEXT, LIST, MAP = 2, 3, 4, 5

Mutator = Callable[[Random, bytes, Sequence[bytes]], bytes]


def pick(random: Random, size: int) -> int:
    """A number below ``size``; several times as fast as ``randrange``."""
    return int(random.random() * size)


# --- blind --------------------------------------------------------------------------------------


def _flip(random: Random, data: bytes, _pool: Sequence[bytes]) -> bytes:
    at = pick(random, len(data))
    return data[:at] + bytes((data[at] ^ 1 << pick(random, 8),)) + data[at + 1 :]


def _byte(random: Random, data: bytes, _pool: Sequence[bytes]) -> bytes:
    at = pick(random, len(data))
    return data[:at] + bytes((pick(random, 256),)) + data[at + 1 :]


def _cut(random: Random, data: bytes, _pool: Sequence[bytes]) -> bytes:
    return data[: pick(random, len(data))]


def _remove(random: Random, data: bytes, _pool: Sequence[bytes]) -> bytes:
    at = pick(random, len(data))
    return data[:at] + data[at + 1 + pick(random, min(40, len(data) - at)) :]


def _insert(random: Random, data: bytes, _pool: Sequence[bytes]) -> bytes:
    at = pick(random, len(data) + 1)
    return data[:at] + random.randbytes(1 + pick(random, 9)) + data[at:]


def _repeat(random: Random, data: bytes, _pool: Sequence[bytes]) -> bytes:
    at = pick(random, len(data))
    part = data[at : at + 1 + pick(random, 70)]
    return data[:at] + part * (1 + pick(random, 5)) + data[at:]


def _splice(random: Random, data: bytes, pool: Sequence[bytes]) -> bytes:
    other = pool[pick(random, len(pool))]
    if not other:
        return data
    return data[: pick(random, len(data) + 1)] + other[pick(random, len(other)) :]


def _number(random: Random, data: bytes, _pool: Sequence[bytes]) -> bytes:
    width = (1, 2, 4, 8)[pick(random, 4)]
    number = NUMBERS[pick(random, len(NUMBERS))] & (1 << 8 * width) - 1
    at = pick(random, len(data))
    order = "big" if random.random() < 0.7 else "little"
    return data[:at] + number.to_bytes(width, order) + data[at + width :]


_BLIND = (_flip, _byte, _cut, _remove, _insert, _repeat, _splice, _number)


def mutate_bytes(random: Random, data: bytes, pool: Sequence[bytes]) -> bytes:
    """One to four blind changes."""
    for _ in range((1, 1, 1, 2, 3, 4)[pick(random, 6)]):
        if not data:
            return random.randbytes(pick(random, 12))
        data = _BLIND[pick(random, len(_BLIND))](random, data, pool)
    return data[:INPUT_BYTES_MAX]


# --- items --------------------------------------------------------------------------------------


class Node(NamedTuple):
    """Where one item stands in the bytes: ``start`` its head, ``body`` what follows the head."""

    start: int
    body: int
    end: int
    major: int
    argument: int
    parent: int
    """Index of the node around it; -1 for none."""
    inside: bool
    """Whether the node around it is a byte string that holds this item whole."""


class _NoItemError(Exception):
    """The bytes are no item; never leaves this module."""


def _read(data: bytes, at: int, end: int, parent: int, nodes: list[Node], *, inside=False) -> int:
    if at >= end or len(nodes) > 4000:
        raise _NoItemError
    first = data[at]
    major, info = first >> 5, first & 31
    if info < 24:
        argument, body = info, at + 1
    elif info < 28:
        width = 1 << info - 24
        argument, body = int.from_bytes(data[at + 1 : at + 1 + width], "big"), at + 1 + width
    else:
        raise _NoItemError
    index = len(nodes)
    nodes.append(Node(at, body, body, major, argument, parent, inside))
    stop = body
    if major in (BYTES_LIKE, TEXT):
        stop = body + argument
    elif major in (LIST, MAP):
        for _ in range(argument if major == LIST else 2 * argument):
            stop = _read(data, stop, end, index, nodes)
    elif major == 6:
        stop = _read(data, body, end, index, nodes)
    if stop > end:
        raise _NoItemError
    nodes[index] = nodes[index]._replace(end=stop)
    if major == BYTES_LIKE and argument > 2 and data[body] >> 5 in (LIST, MAP):
        inner = nodes[:]
        try:
            if _read(data, body, stop, index, inner, inside=True) == stop:
                nodes[:] = inner
        except _NoItemError:
            pass
    return stop


@lru_cache(maxsize=20_000)
def nodes_of(data: bytes) -> tuple[Node, ...]:
    """Every node of an item, the outermost first; none when the bytes are not one item."""
    nodes: list[Node] = []
    try:
        if _read(data, 0, len(data), -1, nodes) == len(data):
            return tuple(nodes)
    except (_NoItemError, RecursionError):
        pass
    return ()


def replaced(data: bytes, nodes: Sequence[Node], index: int, new: bytes) -> bytes:
    """The item with one node written anew; byte strings around it get their length put right."""
    node = nodes[index]
    out = data[: node.start] + new + data[node.end :]
    while index >= 0:
        node = nodes[index]
        if node.inside:
            around = nodes[node.parent]
            size = around.argument + len(out) - len(data)
            out = out[: around.start] + encode_head(around.major, size) + out[around.body :]
        index = node.parent
    return out


def scalar(random: Random) -> bytes:
    """Some short item, or a head alone."""
    kind = pick(random, 8)
    number = NUMBERS[pick(random, len(NUMBERS))]
    if kind < 3:
        return encode_head(kind & 1, number)
    if kind == 3:
        size = (0, 1, 2, 8, 16, 31, 32, 33, 64)[pick(random, 9)]
        return encode_head(BYTES_LIKE, size) + random.randbytes(size)
    if kind == 4:
        word = ("", "a", "é", "\U0001f600", "trust/ban", "*", "me", "a" * 65)[pick(random, 8)]
        return encode_head(TEXT, len(word.encode())) + word.encode()
    if kind == 5:
        return bytes.fromhex("d82a58250001711220") + random.randbytes(32)
    if kind == 6:
        floats = ("fb3ff8000000000000", "fb7ff0000000000000", "f97e00", "fb8000000000000000", "fa")
        return bytes.fromhex(floats[pick(random, 5)])
    return (b"\xf4", b"\xf5", b"\xf6", b"\xf7", b"\x80", b"\xa0", b"\x9f\xff", b"\x40")[
        pick(random, 8)
    ]


def _head(random: Random, data: bytes, node: Node) -> bytes:
    """The node under a head that is not its own."""
    body = data[node.body : node.end]
    top, argument = node.major << 5, node.argument
    match pick(random, 5):
        case 0:
            return bytes((top | 24 + pick(random, 4),)) + body
        case 1:
            width = pick(random, 4)
            wide = argument & (1 << (8 << width)) - 1
            return bytes((top | 24 + width,)) + wide.to_bytes(1 << width, "big") + body
        case 2:
            return bytes((top | 31,)) + body + b"\xff"
        case 3:
            return encode_head(node.major, NUMBERS[pick(random, len(NUMBERS))]) + body
        case _:
            return encode_head(pick(random, 7), argument) + body


def _children(nodes: Sequence[Node], index: int) -> list[Node]:
    return [node for node in nodes if node.parent == index and not node.inside]


def _family(random: Random, data: bytes, nodes: Sequence[Node], index: int) -> bytes:
    """A list or map with an entry more or less, twice, or in another order."""
    step = 2 if nodes[index].major == MAP else 1
    parts = [data[node.start : node.end] for node in _children(nodes, index)]
    entries = [b"".join(parts[at : at + step]) for at in range(0, len(parts), step)]
    if not entries:
        entries = [scalar(random)]
    at, other = pick(random, len(entries)), pick(random, len(entries))
    match pick(random, 4):
        case 0:
            del entries[at]
        case 1:
            entries.insert(at, entries[other])
        case 2:
            entries[at], entries[other] = entries[other], entries[at]
        case _:
            entries[at] = entries[at] * (2 + pick(random, 3))
    return encode_head(nodes[index].major, len(entries)) + b"".join(entries)


def _string(random: Random, data: bytes, node: Node) -> bytes:
    """A byte or text string of another length or with other bytes, under a head that fits."""
    was = data[node.body : node.end]
    match pick(random, 6):
        case 0:
            new = was[:-1]
        case 1:
            new = was + bytes((pick(random, 256),))
        case 2:
            new = was + was
        case 3:
            new = b""
        case 4:
            new = random.randbytes(len(was))
        case _:
            new = mutate_bytes(random, was, [was])
    return encode_head(node.major, len(new)) + new


def node_anew(
    random: Random, data: bytes, nodes: Sequence[Node], index: int, pool: Sequence[bytes]
):
    """What to put in a node's place."""
    node = nodes[index]
    choice = pick(random, 10)
    if choice < 3 and node.major in (BYTES_LIKE, TEXT):
        return _string(random, data, node)
    if choice < 4 and node.major in (LIST, MAP):
        return _family(random, data, nodes, index)
    if choice < 4 and node.major < 2:
        near = node.argument + (-1, 1, -2, 2)[pick(random, 4)]
        return encode_head(node.major, near if 0 <= near < 2**64 else 0)
    if choice < 6:
        return scalar(random)
    if choice == 6:
        other = pool[pick(random, len(pool))]
        found = nodes_of(other)
        if found:
            donor = found[pick(random, len(found))]
            return other[donor.start : donor.end]
        return scalar(random)
    if choice == 7:
        deep = (1, 1, 2, 30, 31, 32, 33, 40)[pick(random, 8)]
        return b"\x81" * deep + data[node.start : node.end]
    if choice == 8 and node.parent >= 0 and nodes[node.parent].major in (LIST, MAP):
        return data[node.start : node.end] * 2  # one entry more than the head around it says
    return _head(random, data, node)


def mutate_item(random: Random, data: bytes, pool: Sequence[bytes]) -> bytes:
    """Mostly one node changed, sometimes two, sometimes bytes after all."""
    if random.random() < 0.2:
        return mutate_bytes(random, data, pool)
    for _ in range((1, 1, 2)[pick(random, 3)]):
        nodes = nodes_of(data)
        if not nodes:
            return mutate_bytes(random, data, pool)
        index = pick(random, len(nodes))
        data = replaced(data, nodes, index, node_anew(random, data, nodes, index, pool))
    return data[:INPUT_BYTES_MAX]


# --- packs --------------------------------------------------------------------------------------

HEADER_FRAME, HEADER_CONTENT, HEADER_BODY, HEADER_PREV = 10, 11, 12, 4


class Parts(NamedTuple):
    """One event of a pack."""

    part: int
    header: bytes
    frame: bytes
    seal: bytes
    content: bytes


@lru_cache(maxsize=2_000)
def parts_of(data: bytes, author: bytes) -> tuple[Parts, ...]:
    """The events of a pack that open, as pieces."""
    return pieces(open_pack(data, author=author))


def pieces(pack: Pack) -> tuple[Parts, ...]:
    """The events of an opened pack, cut out of its bytes."""
    data = pack.data
    column = {
        name: memoryview(getattr(pack, name)).cast("I")
        for name in ("header_start", "header_size", "frame_start", "seal_start", "content_start")
    }
    ends = [start - 1 for start in column["header_start"][1:]]
    ends.append(pack.stopped[2] if pack.stopped else len(data))
    found = []
    for row, end in enumerate(ends[: pack.count]):
        begin = column["header_start"][row]
        frame, seal, content = (
            column[name][row] for name in ("frame_start", "seal_start", "content_start")
        )
        found.append(
            Parts(
                data[begin - 1],
                data[begin : begin + column["header_size"][row]],
                data[frame:seal],
                data[seal:content],
                data[content:end],
            )
        )
    return tuple(found)


def _field(header: bytes, number: int, new: bytes) -> bytes:
    """The header with one of its fields written anew, if it has that many."""
    nodes = nodes_of(header)
    fields = [index for index, node in enumerate(nodes) if node.parent == 0]
    if not nodes or number >= len(fields):
        return header
    return replaced(header, nodes, fields[number], new)


def _sealed(one: Parts) -> Parts:
    """The event with sizes and commitment that fit its body."""
    header = _field(one.header, HEADER_FRAME, encode_head(0, len(one.frame)))
    header = _field(header, HEADER_CONTENT, encode_head(0, len(one.content)))
    if one.part == 2 and len(one.seal) == 16:
        body = commit_bodies([one.frame], [one.content], one.seal)[0]
        header = _field(header, HEADER_BODY, b"\x58\x20" + body)
    return one._replace(header=header)


def _event_anew(random: Random, one: Parts, pool: Sequence[bytes]) -> Parts:
    match pick(random, 8):
        case 0:
            changed = one._replace(frame=mutate_item(random, one.frame, [one.frame or b"\x80"]))
            return _sealed(changed) if random.random() < 0.7 else changed
        case 1:
            changed = one._replace(content=mutate_bytes(random, one.content, pool))
            return _sealed(changed) if random.random() < 0.7 else changed
        case 2:
            return one._replace(part=pick(random, 4))
        case 3:
            return one._replace(seal=mutate_bytes(random, one.seal, [one.seal or b"\0"]))
        case _:
            return one._replace(header=mutate_item(random, one.header, [one.header]))


def linked(events: Sequence[Parts]) -> list[Parts]:
    """The events with each one's ``prev`` naming the one before."""
    out = list(events[:1])
    for one in events[1:]:
        before = bytes.fromhex("d82a58250001711220") + sha256(out[-1].header).digest()
        out.append(one._replace(header=_field(one.header, HEADER_PREV, before)))
    return out


def joined(events: Sequence[Parts]) -> bytes:
    """The pack of these events."""
    return b"".join(bytes((part,)) + b"".join(rest) for part, *rest in events)


def mutate_pack(random: Random, data: bytes, pool: Sequence[bytes]) -> bytes:
    """For inputs of an author key and a pack: some events changed, sealed, linked, moved."""
    author, pack = data[:32], data[32:]
    events = list(parts_of(pack, author)) if len(author) == 32 else []
    if not events or random.random() < 0.25:
        return mutate_bytes(random, data, pool)
    at = pick(random, len(events))
    match pick(random, 8):
        case 0:
            events.insert(at, events[pick(random, len(events))])
        case 1:
            del events[at]
        case 2:
            other = pool[pick(random, len(pool))]
            events += parts_of(other[32:], author)
        case _:
            events[at] = _event_anew(random, events[at], pool)
    if random.random() < 0.5:
        events = linked(events)
    return (author + joined(events))[:INPUT_BYTES_MAX]


# --- text ---------------------------------------------------------------------------------------

WORDS = (
    *("", " ", "\n", "\n\n", "\t", "\0", "\x7f", "\u00a0", "\u2028", "\ufeff", "é", "\U0001f600"),
    *("~0", "~1", "~", "/", "//", "%", "+", "=", "==", "-", "--", "— ", ":", "*", "'", '"', "\\"),
    *("\\ud800", "{", "}", "[", "]", ",", "null", "true", "NaN", "Infinity", "1e999", "-0", "0x1"),
    *("did:key:z6Mk", "bafyrei", "me", '{"/":', '{"/": {"bytes": "AA"}}', "index ", "extra "),
    *("seed ", "scrypt 17 8 1 ", "sealed ", "public ", "\ud800", "tallystick-key 1", "claimed:"),
)


def _lines(random: Random, text: str) -> str:
    lines = text.split("\n")
    at, other = pick(random, len(lines)), pick(random, len(lines))
    match pick(random, 4):
        case 0:
            lines.insert(at, lines[other])
        case 1:
            del lines[at]
        case 2:
            lines[at], lines[other] = lines[other], lines[at]
        case _:
            lines[at] += lines[other]
    return "\n".join(lines)


def _digits(random: Random, text: str) -> str:
    """One run of digits replaced by a number at some bound."""
    at = pick(random, len(text))
    begin = end = next((row for row in range(at, len(text)) if text[row].isdigit()), at)
    while end < len(text) and text[end].isdigit():
        end += 1
    number = NUMBERS[pick(random, len(NUMBERS))]
    return text[:begin] + str(number + pick(random, 2)) + text[end:]


def mutate_text(random: Random, data: bytes, pool: Sequence[bytes]) -> bytes:
    """Lines, numbers, characters and words of a text; lone surrogates and bad bytes too."""
    text = data.decode("utf-8", "surrogateescape")
    for _ in range((1, 1, 2, 3)[pick(random, 4)]):
        choice = pick(random, 7) if text else 0
        at = pick(random, len(text) + 1)
        if choice == 0:
            text = text[:at] + WORDS[pick(random, len(WORDS))] + text[at:]
        elif choice == 1:
            text = _lines(random, text)
        elif choice == 2:
            text = _digits(random, text)
        elif choice == 3:
            text = text[:at] + text[at + 1 + pick(random, 4) :]
        elif choice == 4:
            text = text[:at] + chr(33 + pick(random, 94)) + text[at + 1 :]
        elif choice == 5:
            text = text[:at] + text[at : at + 2].swapcase() + text[at + 2 :]
        else:
            other = pool[pick(random, len(pool))].decode("utf-8", "surrogateescape")
            text = text[:at] + other[pick(random, len(other) + 1) :]
    found = text.encode("utf-8", "surrogatepass" if "\ud800" in text else "surrogateescape")
    return found[:INPUT_BYTES_MAX] if random.random() < 0.9 else mutate_bytes(random, found, pool)


MUTATORS: dict[str, Mutator] = {
    "bytes": mutate_bytes,
    "item": mutate_item,
    "pack": mutate_pack,
    "text": mutate_text,
}
