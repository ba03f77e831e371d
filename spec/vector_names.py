"""Names of keys and events, signed notes and proof files.

Reads: spec/plain.py, spec/vector_chains.py, spec/vector_trees.py. Read by:
spec/make_vectors.py.
Source: published notes of https://c2sp.org/signed-note and golang.org/x/mod/sumdb/note; the
checkpoint of https://c2sp.org/tlog-cosignature; keys of RFC 8032 section 7.1.
"""

from __future__ import annotations

from hashlib import sha256

import curve
from plain import digest
from vector_chains import ALICE, BOB, Key, base64_of, cid_of, did_of, text_of, written
from vector_trees import path

RFC_8032 = [
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
]

PUBLISHED = [
    {
        "name": "the example of signed-note",
        "key": "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "note": "This is an example message.\n\n— example.com/foo "
        "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72Ineya"
        "QM=\n",
    },
    {
        "name": "the example of the Go package",
        "key": "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "note": "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n\n— PeterNeumann "
        "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJ"
        "nAM=\n",
    },
]

FRAMED = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2"
    "q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2"
    "oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)


def names() -> dict[str, object]:
    """did:key of keys and CIDs of events, both ways."""
    publics = [bytes.fromhex(text) for text in RFC_8032] + [ALICE.public, BOB.public]
    digests = [bytes(32), b"\xff" * 32, sha256(b"\xa0").digest(), digest("event")]
    did, cid = did_of(ALICE.public), cid_of(digest("event"))
    last = "abcdefghijklmnopqrstuvwxyz234567"
    return {
        "about": "Keys as did:key and event ids as CIDs: one text each, and texts that are none.",
        "keys": [{"public": public.hex(), "did": did_of(public)} for public in publics],
        "not_keys": [
            {"name": "nothing", "text": ""},
            {"name": "a character short", "text": did[:-1]},
            {"name": "a character long", "text": did + "1"},
            {"name": "another method", "text": did.replace("did:key", "did:web")},
            {"name": "another multibase", "text": did.replace(":z", ":m")},
            {"name": "a character base58 leaves out", "text": did[:-1] + "0"},
            {"name": "another kind of key", "text": did.replace(":z6Mk", ":z6LS")},
            {"name": "a key of small order", "text": did_of(b"\x01" + bytes(31))},
            {"name": "a key that is not canonical", "text": did_of(b"\xff" * 31 + b"\x7f")},
        ],
        "events": [{"digest": found.hex(), "cid": cid_of(found)} for found in digests],
        "not_events": [
            {"name": "nothing", "text": ""},
            {"name": "a character short", "text": cid[:-1]},
            {"name": "a character long", "text": cid + "a"},
            {"name": "upper case", "text": cid.upper()},
            {"name": "another codec", "text": "bafkrei" + cid[7:]},
            {"name": "bits after the end", "text": cid[:-1] + last[last.index(cid[-1]) | 1]},
            {"name": "a character base32 leaves out", "text": cid[:-1] + "1"},
            {"name": "CIDv0", "text": "QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn"},
        ],
    }


def key_id(name: str, algorithm: int, public: bytes) -> bytes:
    """The four bytes that say which key signed."""
    return sha256(name.encode() + b"\n" + bytes([algorithm]) + public).digest()[:4]


def line(name: str, algorithm: int, key: Key, signature: bytes) -> str:
    """A signature line."""
    return f"— {name} {base64_of(key_id(name, algorithm, key.public) + signature)}\n"


def key_text(name: str, algorithm: int, key: Key) -> str:
    """A key in one line."""
    number = key_id(name, algorithm, key.public).hex()
    return f"{name}+{number}+{base64_of(bytes([algorithm]) + key.public)}"


def witnessed(text: str, name: str, key: Key, time: int) -> str:
    """A cosignature line."""
    message = f"cosignature/v1\ntime {time}\n{text}"
    return line(name, 4, key, time.to_bytes(8, "big") + key.sign(message.encode()))


def cosignatures() -> list[dict[str, object]]:
    """A checkpoint with a witness's line, and the same with that line spoilt."""
    witness, name = Key(digest("witness")), "witness.example/w"
    text = "example.com/log\n3\n" + base64_of(digest("root")) + "\n"
    own = line("example.com/log", 1, ALICE, ALICE.sign(text.encode()))
    good = witnessed(text, name, witness, 1_700_000_000)
    late = (1_700_000_001).to_bytes(8, "big") + witness.sign(text.encode())
    key = key_text(name, 4, witness)
    return [
        {"name": "a witness", "key": key, "note": f"{text}\n{own}{good}", "time": "1700000000"},
        {"name": "no line of the witness", "key": key, "note": f"{text}\n{own}", "time": None},
        {
            "name": "a signature without the domain",
            "key": key,
            "note": f"{text}\n{own}{line(name, 4, witness, late)}",
            "code": "proof/signature",
        },
    ]


def proof_files() -> list[dict[str, object]]:
    """Events as proof files, checked by nothing but the file."""
    chain = written(ALICE, 7)
    author, head = ALICE.public, chain.head(7)
    text = text_of(chain.log, author, 7, head.root)
    note = f"{text}\n{line(text.split(chr(10))[0], 1, ALICE, head.signature)}"

    def file(seq: int, *, index: int | None = None, header: bytes | None = None) -> str:
        hashes = "".join(base64_of(step) + "\n" for step in path(seq, chain.ids))
        extra = base64_of(chain.headers[seq] if header is None else header)
        shown = seq if index is None else index
        return f"c2sp.org/tlog-proof@v1\nextra {extra}\nindex {shown}\n{hashes}\n{note}"

    good = [
        {"name": f"event {seq}", "file": file(seq), "seq": str(seq), "id": chain.ids[seq].hex()}
        for seq in range(7)
    ]
    bad = [
        ("another header", file(3, header=chain.headers[4]), "proof/inclusion"),
        ("another index", file(3, index=4), "proof/inclusion"),
        (
            "an index with a zero before it",
            file(3).replace("index 3", "index 03"),
            "proof/malformed",
        ),
        ("another version", file(3).replace("@v1", "@v2"), "proof/malformed"),
        ("another size", file(3).replace("\n7\n", "\n8\n"), "proof/signature"),
        ("somebody else's header", file(0, header=written(BOB, 1).headers[0]), "proof/unknown-key"),
    ]
    return good + [{"name": name, "file": sent, "code": code} for name, sent, code in bad]


def notes() -> dict[str, object]:
    """Notes of others and ours, and texts that are none."""
    dash = "— example.com/foo "
    good = PUBLISHED[0]["note"]
    bad = [
        ("nothing", ""),
        ("no signature", "text\n\n"),
        ("no empty line", "text\n" + dash + "AAAAAAA=\n"),
        ("no newline at the end", good[:-1]),
        ("a hyphen", good.replace("—", "-")),
        ("a tab", good.replace("This is", "This\tis")),
        ("a carriage return", good.replace("message.\n", "message.\r\n")),
        ("a plus in the name", good.replace("com/foo", "com+foo")),
        ("no name", good.replace("example.com/foo", "")),
        ("no padding", good.replace("QM=\n", "QM\n")),
        ("bits after the end", good.replace("QM=\n", "QN=\n")),
        ("a key id and nothing more", f"text\n\n{dash}AAAAAA==\n"),
    ]
    return {
        "about": "Signed notes: published ones that must verify, one whose keys are not published "
        "and is only read, texts that are no notes, cosignatures, and proof files of events.",
        "published": PUBLISHED,
        "read_only": {"note": FRAMED, "size": "20852163", "time": "1679315147"},
        "malformed": [{"name": name, "note": text} for name, text in bad],
        "cosignatures": cosignatures(),
        "proof_files": proof_files(),
    }


assert curve.public_key(curve.secret_of(ALICE.seed)) == ALICE.public
