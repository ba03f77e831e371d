"""Vectors of sync: records and roots, session hashes, version vectors, ranges, every message.

Law: written from spec/sync.md alone; nothing of Tallystick's own code is imported.

Reads: spec/plain.py. Read by: spec/make_vectors.py.
"""

from __future__ import annotations

from hashlib import sha256

from plain import cbor, digest

Record = tuple[bytes, bytes, int, bytes]
"""author, side, size, root"""

LOG = digest("log")
NONCE = bytes(range(8))


def tree(leaves: list[bytes]) -> bytes:
    """RFC 6962's MTH, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return sha256(b"\x01" + tree(leaves[:k]) + tree(leaves[k:])).digest()


def record(name: str, size: int, side: str = "") -> Record:
    """A line that nobody wrote."""
    return (digest(name), digest(side) if side else b"", size, digest(f"{name} {side} {size}"))


def uvarint(number: int) -> bytes:
    """LEB128."""
    low = [number >> 7 * at & 0x7F for at in range(max(1, (number.bit_length() + 6) // 7))]
    return bytes([*(part | 0x80 for part in low[:-1]), low[-1]])


KEY = sha256(b"tallystick/vector/1\x00" + LOG + NONCE).digest()


def groups(records: list[Record]) -> dict[bytes, list[Record]]:
    """By author."""
    found: dict[bytes, list[Record]] = {}
    for one in records:
        found.setdefault(one[0], []).append(one)
    return found


def said(lines: list[Record]) -> bytes:
    """Check and size of one author."""
    if len(lines) == 1 and not lines[0][1]:
        _, _, size, root = lines[0]
        return sha256(KEY + b"r" + root).digest()[:2] + uvarint(size * 2)
    text = b"".join(side + size.to_bytes(8, "little") + root for _, side, size, root in lines)
    return sha256(KEY + b"s" + text).digest()[:2] + uvarint(len(lines) * 2 + 1)


def tag(author: bytes) -> bytes:
    """8 bytes for an author."""
    return sha256(KEY + b"a" + author).digest()[:8]


def full(records: list[Record]) -> bytes:
    """A full vector."""
    return b"".join(tag(author) + said(lines) for author, lines in groups(records).items())


def relative(records: list[Record], agreed: list[Record]) -> bytes:
    """A vector relative to an agreed state."""
    now, before = groups(records), groups(agreed)
    changed, skipped = [], 0
    for author, lines in before.items():
        if now.get(author) == lines:
            skipped += 1
        else:
            entry = said(now[author]) if author in now else bytes(3)
            changed.append(uvarint(skipped) + entry)
            skipped = 0
    fresh = b"".join(tag(author) + said(lines) for author, lines in now.items()
                     if author not in before)  # fmt: skip
    return uvarint(len(changed)) + b"".join(changed) + fresh


def shown(records: list[Record]) -> list[list[str]]:
    """Records as JSON."""
    return [
        [author.hex(), side.hex(), str(size), root.hex()] for author, side, size, root in records
    ]


SETS: dict[str, list[Record]] = {
    "nothing": [],
    "one author": [record("ada", 1)],
    "three authors": sorted([record("ada", 120), record("bob", 4096), record("eve", 2**40)]),
    "a split chain": sorted(
        [record("ada", 121), record("bob", 15, "left"), record("bob", 25, "right")]
    ),
    "a newcomer": sorted([record("ada", 120), record("bob", 4096), record("fay", 300)]),
}


def checkpoints() -> list[dict[str, object]]:
    """Record bytes and roots."""
    return [
        {
            "name": name,
            "records": shown(records),
            "encoded": [cbor(list(one)).hex() for one in records],
            "root": tree([sha256(cbor(list(one))).digest() for one in records]).hex(),
            "declined": [
                sha256(b"tallystick/declined/1\x00" + one[0]).digest()[:8].hex() for one in records
            ],
        }
        for name, records in SETS.items()
    ]


def vectors() -> list[dict[str, object]]:
    """Version vectors, full and relative."""
    agreed = SETS["three authors"]
    return [
        {
            "name": name,
            "records": shown(records),
            "full": full(records).hex(),
            "agreed": shown(agreed),
            "relative": relative(records, agreed).hex(),
        }
        for name, records in SETS.items()
    ]


def samples() -> list[dict[str, object]]:
    """Where lines are sampled, and what a sample is."""
    found = []
    for size in (1, 2, 3, 8, 100):
        seqs = [size - 2**power for power in range(64) if 2**power <= size]
        ids = [digest(f"event {seq}") for seq in seqs]
        hashed = [sha256(KEY + b"i" + one).digest()[:8].hex() for one in ids]
        found.append(
            {
                "size": str(size),
                "seqs": [str(seq) for seq in seqs],
                "ids": [one.hex() for one in ids],
                "samples": hashed,
            }
        )
    return found


def ranges() -> list[dict[str, object]]:
    """RangesOf, Split and Leaves between two sides, step by step."""
    few = sorted(record(f"author {number}", 1 + number % 7) for number in range(40))
    grown = sorted(
        record(f"author {number}", 1 + number % 7 + (number % 13 == 0)) for number in range(5, 44)
    )
    cases = {
        "nothing and three authors": ([], SETS["three authors"], 0, 0),
        "three authors and nothing": (SETS["three authors"], [], 0, 1),
        "a split chain on one side": (SETS["three authors"], SETS["a split chain"], 1, 1),
        "forty authors, each side lacks some": (few, grown, 2, 3),
        "forty authors, not cut up further": (few, grown, 3, 0),
        "equal": (few, few, 4, 2),
    }
    return [{"name": name, **conversation(*case)} for name, case in cases.items()]


def value(author: bytes, lines: list[Record]) -> int:
    """What an author adds to a range's sum."""
    text = b"".join(side + size.to_bytes(8, "little") + root for _, side, size, root in lines)
    return int.from_bytes(sha256(KEY + b"v" + author + text).digest()[:8], "little")


def held(records: list[Record], bits: int) -> dict[int, list[bytes]]:
    """Authors by the first bits of their tags, in the order of these."""
    found: dict[int, list[bytes]] = {}
    for author in sorted(groups(records), key=tag):
        found.setdefault(int.from_bytes(tag(author), "big") >> 64 - bits, []).append(author)
    return found


def total(records: list[Record], bits: int, prefix: int) -> bytes:
    """The sum of one range."""
    lines = groups(records)
    there = held(records, bits).get(prefix, [])
    return (sum(value(author, lines[author]) for author in there) % 2**32).to_bytes(4, "little")


def conversation(
    initiator: list[Record], responder: list[Record], bits: int, deeper: int
) -> dict[str, object]:
    """What the two say."""
    sums = [total(responder, bits, prefix) for prefix in range(2**bits)]
    cut, parts, skipped = b"", [], 0
    for prefix in range(2**bits):
        if total(initiator, bits, prefix) == sums[prefix]:
            skipped += 1
            continue
        inside = range(prefix << deeper, prefix + 1 << deeper)
        cut += uvarint(skipped)
        cut += b"".join(total(initiator, bits + deeper, part) for part in inside)
        parts += inside
        skipped = 0
    listed, lacked, skipped, lines = b"", [], 0, groups(responder)
    for part in parts:
        there = held(responder, bits + deeper).get(part, [])
        own, other = (total(side, bits + deeper, part) for side in (responder, initiator))
        if own == other or other == bytes(4):
            skipped += 1
            lacked += there if own != other else []
            continue
        entries = b"".join(tag(author) + said(lines[author]) for author in there)
        listed += uvarint(skipped) + uvarint(len(there)) + entries
        skipped = 0
    return {
        "initiator": shown(initiator),
        "responder": shown(responder),
        "bits": bits,
        "sums": b"".join(sums).hex(),
        "deeper": deeper,
        "ranges": cut.hex(),
        "parts": listed.hex(),
        "lacked": sorted(author.hex() for author in lacked),
    }


D, E = digest("root"), b"12345678"
MESSAGES: dict[str, list[object]] = {
    "Hello": [0, 1, LOG, D, E, b"", b"", 0],
    "Hello, live, with all fields": [0, 1, LOG, D, E, E, E + E, 1],
    "Hello, which logs are there": [0, 1, None, tree([]), b"", b"", b"", 0],
    "Logs": [1, [LOG, D]],
    "Logs, none": [1, []],
    "Same": [2, 1, 0],
    "VectorOf": [3, 1, D, E, NONCE, b"", b"", 0, full(SETS["three authors"])],
    "RangesOf": [16, 1, D, E, NONCE, b"", 0, 1, bytes(8)],
    "Split": [17, 1, b"\x00" + bytes(8)],
    "Leaves": [18, b"\x00\x01" + tag(digest("ada")) + b"\x00\x00\x02"],
    "Want": [4, tag(digest("ada")) + b"\x00\x00\x00"],
    "Lines": [5, E, [[3, E + E], [1, E]]],
    "Contents": [6, [[D, b"", 0, 3], [D, LOG, 7, 8]]],
    "Slices": [7, [[D, 0, 1, 1, D, bytes(64), b"", b"pack"]]],
    "Slices, one that is none": [7, [["not", "a", "slice"], None]],
    "Ack": [8, 4],
    "Sent": [9, 0],
    "Bye": [10, "", D],
    "Bye, early": [10, "sync/budget", b""],
    "Bundle": [11, 1, LOG, D],
    "BundleEnd": [12, 3, 4711],
}
REFUSED: dict[str, bytes] = {
    "no bytes": b"",
    "not an array": cbor({"a": 1}),
    "an empty array": cbor([]),
    "a type alone": cbor([2]),
    "an unknown type": cbor([13, 0]),
    "a reserved type": cbor([19, b""]),
    "sums of other ranges": cbor([16, 1, D, b"", NONCE, b"", 0, 1, bytes(4)]),
    "more ranges than 4,096": cbor([16, 1, D, b"", NONCE, b"", 0, 13, bytes(4 << 13)]),
    "more parts than 256": cbor([17, 9, b""]),
    "a type that is a truth value": cbor([True, 1, 0]),
    "a field too many": cbor([8, 4, 4]),
    "a negative count": cbor([8, -1]),
    "a long form": b"\x82\x08\x18\x04",
    "bytes behind the end": cbor([8, 4]) + b"\x00",
    "a log of 31 bytes": cbor([0, 1, bytes(31), D, b"", b"", b"", 0]),
    "a prefix of 7 bytes": cbor([0, 1, LOG, D, bytes(7), b"", b"", 0]),
    "declined of 9 bytes": cbor([0, 1, LOG, D, b"", b"", bytes(9), 0]),
    "a nonce of 7 bytes": cbor([3, 1, D, b"", bytes(7), b"", b"", 0, b""]),
    "samples of 9 bytes": cbor([5, E, [[3, bytes(9)]]]),
    "a stretch without events": cbor([6, [[D, b"", 3, 3]]]),
    "slices, none": cbor([7, []]),
    "a code nobody knows": cbor([10, "sync/because", b""]),
    "a root of 31 bytes": cbor([10, "", bytes(31)]),
}


def messages() -> list[dict[str, object]]:
    """Messages and their frames."""
    found = []
    for name, value in MESSAGES.items():
        encoded = cbor(value)
        framed = len(encoded).to_bytes(4, "big") + encoded
        found.append({"name": name, "message": encoded.hex(), "frame": framed.hex()})
    return found


def sync() -> dict[str, object]:
    """The whole file."""
    return {
        "about": "Sync (spec/sync.md). Bytes as hex, numbers as text; records are [author, side, "
        "size, root]. `vectors` and `samples` are keyed by `log` and `nonce`.",
        "log": LOG.hex(),
        "nonce": NONCE.hex(),
        "key": KEY.hex(),
        "checkpoints": checkpoints(),
        "vectors": vectors(),
        "samples": samples(),
        "ranges": ranges(),
        "messages": messages(),
        "refused": [{"name": name, "message": data.hex()} for name, data in REFUSED.items()],
    }
