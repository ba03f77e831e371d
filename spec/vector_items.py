"""Items: the one encoding of each value, and every way an item can be wrong.

Reads: spec/plain.py. Read by: spec/make_vectors.py.
"""

from __future__ import annotations

import struct

from plain import Link, cbor, digest

LINK = "d82a58250001711220" + digest("link").hex()

VALUES: list[tuple[str, object]] = [
    ("null", None),
    ("false", False),
    ("true", True),
    *((f"integer {n}", n) for n in (0, 23, 24, 255, 256, 65535, 65536, 2**32 - 1, 2**32)),
    *((f"integer {n}", n) for n in (-1, -24, -25, -256, -257, -65537, -(2**32) - 1)),
    ("the greatest integer", 2**63 - 1),
    ("the smallest integer", -(2**63)),
    ("no bytes", b""),
    ("24 bytes", bytes(range(24))),
    ("300 bytes", bytes(300)),
    ("bytes shaped like a CIDv1, with the multibase zero", bytes.fromhex(LINK[8:])),
    ("bytes shaped like a CIDv1", bytes.fromhex(LINK[10:])),
    ("bytes shaped like a CIDv0", b"\x12\x20" + digest("v0")),
    ("bytes shaped like an encoded link", bytes.fromhex(LINK)),
    ("no text", ""),
    ("text beyond ASCII", "žluťoučký 鯉 🐟"),
    ("text of 24 bytes", "x" * 24),
    ("text with a zero", "a\x00b"),
    ("text that is not in NFC stays as it is", "e\u0301"),
    ("a link", Link(digest("link"))),
    ("an empty list", []),
    ("a nested list", [1, [2, [3, []]], None]),
    ("a list of 24", list(range(24))),
    ("an empty map", {}),
    ("keys sort by length first", {"b": 1, "aa": 2, "": 0, "a": 3}),
    ("keys sort by bytes, not by letters", {"z": 1, "é": 2, "ab": 3, "Z": 4}),
    ("a map of everything", {"n": None, "b": b"\x00", "l": Link(digest("x")), "m": {"k": [True]}}),
]

FLOATS = [0.0, -0.0, 1.0, 1.5, -1e308, 5e-324, 1 / 3]

INVALID: list[tuple[str, str, str, int]] = [
    ("nothing at all", "", "codec/truncated", 0),
    ("half an integer", "19ff", "codec/truncated", 0),
    ("too few bytes", "4201", "codec/truncated", 0),
    ("too little text", "626b", "codec/truncated", 0),
    ("a list without its entry", "81", "codec/truncated", 0),
    ("a list whose second entry is cut", "82011901", "codec/truncated", 2),
    ("a list of 2^63 - 1 entries", "9b7fffffffffffffff", "codec/truncated", 0),
    ("a map of 2^64 - 1 pairs", "bbffffffffffffffff", "codec/truncated", 0),
    ("bytes of 2^32 bytes", "5b0000000100000000", "codec/truncated", 0),
    ("a map without its value", "a16161", "codec/truncated", 3),
    ("a map whose second key is missing", "a261610041", "codec/key-not-text", 4),
    ("a map with room for one pair of two", "a2616100", "codec/truncated", 0),
    ("half a link", LINK[:20], "codec/truncated", 0),
    ("a tag and nothing", "d82a", "codec/truncated", 0),
    ("two items", "0000", "codec/trailing", 1),
    ("a list and a byte", "8100f6", "codec/trailing", 2),
    ("0 in two bytes", "1800", "codec/not-shortest", 0),
    ("23 in two bytes", "1817", "codec/not-shortest", 0),
    ("255 in three bytes", "1900ff", "codec/not-shortest", 0),
    ("65535 in five bytes", "1a0000ffff", "codec/not-shortest", 0),
    ("2^32 - 1 in nine bytes", "1b00000000ffffffff", "codec/not-shortest", 0),
    ("-1 in two bytes", "3800", "codec/not-shortest", 0),
    ("a length in two bytes", "580100", "codec/not-shortest", 0),
    ("a text's length in two bytes", "780161", "codec/not-shortest", 0),
    ("a list's length in two bytes", "980100", "codec/not-shortest", 0),
    ("a map's length in two bytes", "b801616100", "codec/not-shortest", 0),
    ("a key's length in two bytes", "a178016100", "codec/not-shortest", 1),
    ("tag 42 in three bytes", "d9002a" + LINK[4:], "codec/not-shortest", 0),
    ("endless bytes", "5f4100ff", "codec/indefinite", 0),
    ("endless text", "7f6161ff", "codec/indefinite", 0),
    ("an endless list", "9f00ff", "codec/indefinite", 0),
    ("an endless map", "bf616100ff", "codec/indefinite", 0),
    ("an end without a beginning", "ff", "codec/indefinite", 0),
    ("longer key first", "a262616100616200", "codec/keys-unsorted", 5),
    ("keys out of order", "a2616200616100", "codec/keys-unsorted", 4),
    ("a key twice", "a2616100616101", "codec/key-duplicate", 4),
    ("a number as key", "a10000", "codec/key-not-text", 1),
    ("bytes as key", "a1416100", "codec/key-not-text", 1),
    ("a stray continuation byte", "6180", "codec/not-utf8", 0),
    ("text of Latin-1", "61e9", "codec/not-utf8", 0),
    ("a surrogate in text", "63eda080", "codec/not-utf8", 0),
    ("an overlong slash", "62c0af", "codec/not-utf8", 0),
    ("beyond U+10FFFF", "64f4908080", "codec/not-utf8", 0),
    ("a key that is not UTF-8", "a161ff00", "codec/not-utf8", 1),
    ("a scalar on level 33", "81" * 32 + "00", "codec/too-deep", 32),
    ("an empty list on level 33", "81" * 32 + "80", "codec/too-deep", 32),
    ("a map on level 33", "a16161" * 32 + "a0", "codec/too-deep", 96),
    ("a thousand lists", "81" * 1000 + "80", "codec/too-deep", 32),
    ("2^63", "1b8000000000000000", "codec/int-range", 0),
    ("2^64 - 1", "1bffffffffffffffff", "codec/int-range", 0),
    ("-2^63 - 1", "3b8000000000000000", "codec/int-range", 0),
    ("a 16-bit float", "f93c00", "codec/float", 0),
    ("a 32-bit float", "fa3f800000", "codec/float", 0),
    ("a 64-bit float where none is allowed", "fb3ff0000000000000", "codec/float", 0),
    ("tag 42 of text", "d82a6161", "codec/bad-link", 0),
    ("tag 42 of short bytes", "d82a420001", "codec/bad-link", 0),
    ("a link without the multibase zero", "d82a5824" + LINK[10:], "codec/bad-link", 0),
    ("a link to raw bytes", LINK.replace("0171", "0155", 1), "codec/bad-link", 0),
    ("a link by another hash", LINK.replace("711220", "711320", 1), "codec/bad-link", 0),
    ("a CIDv0", "d82a5823001220" + digest("v0").hex(), "codec/bad-link", 0),
    ("a date", "c11a514b67b0", "codec/bad-type", 0),
    ("a big number", "c249010000000000000000", "codec/bad-type", 0),
    ("tag 55799", "d9d9f700", "codec/bad-type", 0),
    ("undefined", "f7", "codec/bad-type", 0),
    ("simple value 0", "e0", "codec/bad-type", 0),
    ("simple value 255", "f8ff", "codec/bad-type", 0),
    ("true in two bytes", "f815", "codec/bad-type", 0),
    ("reserved head 28", "1c", "codec/bad-type", 0),
    ("reserved head 30 of a list", "9e", "codec/bad-type", 0),
    ("an endless integer", "1f", "codec/bad-type", 0),
    ("an endless tag", "df", "codec/bad-type", 0),
]

INVALID_FLOATS: list[tuple[str, str, str, int]] = [
    ("not a number", "fb7ff8000000000000", "codec/float", 0),
    ("infinity", "fb7ff0000000000000", "codec/float", 0),
    ("minus infinity", "fbfff0000000000000", "codec/float", 0),
    ("a 16-bit float", "f93c00", "codec/float", 0),
    ("a 32-bit float", "fa3f800000", "codec/float", 0),
    ("half a float", "fb3ff00000", "codec/truncated", 0),
]


def deep(levels: int) -> list[object]:
    """Lists in lists."""
    value: list[object] = []
    for _ in range(levels - 1):
        value = [value]
    return value


def as_json(value: object) -> object:
    """A value so that any JSON reader keeps it apart: text, list, null, booleans as they are."""
    match value:
        case None | bool() | str():
            return value
        case int():
            return {"int": str(value)}
        case bytes():
            return {"bytes": value.hex()}
        case Link():
            return {"link": value.digest.hex()}
        case list():
            return [as_json(entry) for entry in value]
        case dict():
            return {"map": [[key, as_json(entry)] for key, entry in value.items()]}
    raise TypeError(value)


def items() -> dict[str, object]:
    """The whole file."""
    valid = [
        {"name": name, "hex": cbor(value).hex(), "value": as_json(value)}
        for name, value in [*VALUES, ("32 levels", deep(32))]
    ]
    floats = []
    for number in FLOATS:
        raw = struct.pack(">d", number).hex()
        floats.append({"name": f"{number!r}", "hex": "fb" + raw, "value": {"float": raw}})
    return {
        "about": "One strict DAG-CBOR item each. `at` is the byte of the item at fault.",
        "valid": valid,
        "valid_where_floats_are_allowed": floats,
        "invalid": [dict(zip(("name", "hex", "code", "at"), row, strict=True)) for row in INVALID],
        "invalid_where_floats_are_allowed": [
            dict(zip(("name", "hex", "code", "at"), row, strict=True)) for row in INVALID_FLOATS
        ],
        "unencodable": [
            {"name": "2^63", "value": {"int": str(2**63)}, "code": "codec/int-range", "at": "$"},
            {
                "name": "-2^63 - 1, inside",
                "value": {"map": [["a", [None, {"int": str(-(2**63) - 1)}]]]},
                "code": "codec/int-range",
                "at": "$.a[1]",
            },
            {
                "name": "33 levels",
                "value": as_json(deep(33)),
                "code": "codec/too-deep",
                "at": "$" + "[0]" * 32,
            },
        ],
    }
