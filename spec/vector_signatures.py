"""Ed25519: ordinary signatures, the published edge cases, and the grid of small-order points.

Reads: spec/curve.py. Read by: spec/make_vectors.py.
Source: RFC 8032 section 7.1; the twelve vectors of "Taming the many EdDSAs" (Chalkias, Garillot,
Nikolaenko, SSR 2020; ed25519-speccheck, Apache-2.0); the grid of "It's 255:19AM" (de Valence).
"""

from __future__ import annotations

import curve
from plain import digest

RFC_8032 = [
    ("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", ""),
    ("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "72"),
    ("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", "af82"),
]
RFC_8032_KEYS = [
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
]

SMALL = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03"
MIXED = "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43"
MIXED_2 = "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d"
PLAIN = "442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623"
MINUS_ONE = "ec" + "ff" * 31
M_0 = "8c93255d71dcab10e8f379c26200f3c7bd5f09d9bc3068d3ef4edeb4853022b6"
M_1 = "9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79"
M_2 = "aebf3f2601a0c8c5d39cc7d8911642f740b78168218da8471772b35f9d35b9ab"
M_4 = "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c"
M_6 = "85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40"
M_9 = "9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41"
M_10 = "e96b7021eb39c1a163b6da4e3093dcd3f21387da4cc4572be588fafae23c155b"
M_11 = "39a591f5321bbe07fd5a23dc2f39d025d74526615746727ceefd6e82ae65c06f"
S_1 = "a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04"
S_2 = "8c4bd45aecaca5b24fb97bc10ac27ac8751a7dfe1baff8b953ec9f5833ca260e"
RS_3 = (
    "9046a64750444938de19f227bb80485e92b83fdb4b6506c160484c016cc1852f"
    "87909e14428a7a1d62e9f22f3d3ad7802db02eb2e688b6c52fcd6648a98bd009"
)
RS_4 = (
    "160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed512"
    "5ec6bc982a269b723e0668e540911a9a6a58921d6925e434ab10aa7940551a09"
)
RS_5 = (
    "21122a84e0b5fca4052f5b1235c80a537878b38f3142356b2c2384ebad4668b7"
    "e40bc836dac0f71076f9abe3a53f9c03c1ceeeddb658d0030494ace586687405"
)
RS_6 = (
    "e96f66be976d82e60150baecff9906684aebb1ef181f67a7189ac78ea23b6c0e"
    "547f7690a0e2ddcd04d87dbc3490dc19b3b3052f7ff0538cb68afb369ba3a514"
)
RS_7 = (
    "8ce5b96c8f26d0ab6c47958c9e68b937104cd36e13c33566acd2fe8d38aa1942"
    "7e71f98a473474f2f13f06f97c20d58cc3f54b8bd0d272f42b695dd7e89a8c22"
)
S_8 = "03be9678ac102edcd92b0210bb34d7428d12ffc5df5f37e359941266a4e35f0f"
S_9 = "ca8c5b64cd208982aa38d4936621a4775aa233aa0505711d8fdcfdaa943d4908"
R_10 = "a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dc"

# name, key, signature, message, whether the cofactored and the cofactorless equation hold (on the
# bytes as sent; a slip of the pen above would show here), and our verdict.
SPECCHECK = [
    ("0: S = 0, A and R of small order", SMALL + "fa", SMALL + "7a" + "00" * 32, M_0, (1, 1), 0),
    ("1: A of small order, R mixed", SMALL + "fa", MIXED + S_1, M_1, (1, 1), 0),
    ("2: A mixed, R of small order", MIXED, SMALL + "fa" + S_2, M_2, (1, 1), 0),
    ("3: A and R mixed, both equations hold", MIXED_2, RS_3, M_1, (1, 1), 1),
    ("4: A and R mixed, only the cofactored holds", MIXED_2, RS_4, M_4, (1, 0), 0),
    ("5: A mixed, only the cofactored holds", MIXED_2, RS_5, M_4, (1, 0), 0),
    ("6: S > L", PLAIN, RS_6, M_6, (1, 1), 0),
    ("7: S far beyond L", PLAIN, RS_7, M_6, (1, 1), 0),
    ("8: R not canonical, hashed as reduced", MIXED, MINUS_ONE + S_8, M_6, (0, 0), 0),
    ("9: R not canonical, hashed as sent", MIXED, MINUS_ONE + S_9, M_9, (1, 1), 0),
    ("10: A not canonical, hashed as reduced", MINUS_ONE, R_10 + S_1, M_10, (1, 0), 0),
    ("11: A not canonical, hashed as sent", MINUS_ONE, R_10 + S_1, M_11, (1, 1), 0),
]


def entry(
    name: str, key: bytes, signature: bytes, message: bytes, *, ok: bool
) -> dict[str, object]:
    """One row of the file."""
    return {
        "name": name,
        "key": key.hex(),
        "signature": signature.hex(),
        "message": message.hex(),
        "ok": ok,
    }


def ordinary() -> list[dict[str, object]]:
    """Signatures of RFC 8032, and what becomes of one when a part of it is touched."""
    found = []
    for (seed, text), public in zip(RFC_8032, RFC_8032_KEYS, strict=True):
        secret = curve.secret_of(bytes.fromhex(seed))
        key, message = curve.public_key(secret), bytes.fromhex(text)
        assert key.hex() == public, "the curve is not Ed25519"
        signature = curve.sign(secret, key, message)
        found.append(entry(f"key of RFC 8032, message {text!r}", key, signature, message, ok=True))
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    other = bytes.fromhex(RFC_8032_KEYS[0])
    flipped = bytes([r[0] ^ 1]) + r[1:]
    touched = [
        ("another message", key, signature, message + b"\x00"),
        ("another key", other, signature, message),
        ("another R", key, flipped + signature[32:], message),
        ("another S", key, r + (s ^ 1).to_bytes(32, "little"), message),
        ("S + L", key, r + (s + curve.L).to_bytes(32, "little"), message),
        ("S = L", key, r + curve.L.to_bytes(32, "little"), message),
        ("S = 0", key, r + bytes(32), message),
        ("a top bit of S", key, r + (s | 1 << 255).to_bytes(32, "little"), message),
        ("all zero", bytes(32), bytes(64), message),
        ("A off the curve", (2).to_bytes(32, "little"), signature, message),
        ("R off the curve", key, (2).to_bytes(32, "little") + signature[32:], message),
        ("A with y = p + 3", (curve.P + 3).to_bytes(32, "little"), signature, message),
        ("R with y = p + 3", key, (curve.P + 3).to_bytes(32, "little") + signature[32:], message),
    ]
    assert curve.decode((2).to_bytes(32, "little")) is None, "2 is the y of a point"
    return found + [entry(*row, ok=False) for row in touched]


def torsion() -> list[dict[str, object]]:
    """A key with a torsion part: good exactly when that part cancels out of the equation."""
    order_8 = curve.decode(bytes.fromhex(SMALL + "7a"))
    assert order_8 is not None
    secret = curve.secret_of(digest("torsion"))
    key = curve.encode(curve.add(curve.times(secret, curve.BASE), order_8))
    found: dict[bool, dict[str, object]] = {}
    number = 0
    while len(found) < 2:
        message = digest(f"torsion {number}")
        signature = curve.sign(secret, key, message)
        ok = curve.challenge(key, signature[:32], message) % 8 == 0
        assert curve.equations(key, signature, message) == (True, ok)
        name = f"A mixed, k {'is' if ok else 'is not'} a multiple of 8"
        found.setdefault(ok, entry(name, key, signature, message, ok=ok))
        number += 1
    return [found[True], found[False]]


def speccheck() -> list[dict[str, object]]:
    """The twelve published edge cases."""
    found = []
    for name, key, signature, message, equations, ok in SPECCHECK:
        raw = tuple(map(bytes.fromhex, (key, signature, message)))
        assert curve.equations(*raw) == tuple(map(bool, equations)), name
        found.append(entry(f"speccheck {name}", *raw, ok=bool(ok)))
    return found


def signatures() -> dict[str, object]:
    """The whole file."""
    points = curve.small_order_encodings()
    grid = [entry("grid", a, r + bytes(32), b"Zcash", ok=False) for a in points for r in points]
    good = [bytes.fromhex(key) for key in [*RFC_8032_KEYS, MIXED, MIXED_2, PLAIN]]
    high = [(curve.P + n).to_bytes(32, "little") for n in (2, 3, 18)]
    high += [(curve.P + n | 1 << 255).to_bytes(32, "little") for n in (2, 18)]
    return {
        "about": "One strict rule: the bytes first, then the cofactorless equation.",
        "signatures": [*ordinary(), *torsion(), *speccheck()],
        "small_order_grid": [
            {"key": row["key"], "signature": row["signature"], "ok": False} for row in grid
        ],
        "small_order_grid_message": b"Zcash".hex(),
        "author_keys": [
            *({"key": key.hex(), "ok": True} for key in good),
            *({"key": key.hex(), "ok": False} for key in [*points, *high, good[0][:31], b""]),
            {"key": good[0].hex() + "00", "ok": False},
        ],
    }
