"""One status byte per row: what a kernel says of bad data.

Law: bad *data* is a status, a bad *call* is an exception. The numbers are part of the kernels'
ABI (``native/src/status.rs`` lists the same ones; a test compares them) and never reach a file or
a peer, where codes are text.

Reads: nothing. Read by: both kernels and whoever turns a status into an error or ``Rejected``.
"""

from __future__ import annotations

from typing import Final

OK: Final = 0
TRUNCATED: Final = 1
TRAILING: Final = 2
NOT_SHORTEST: Final = 3
INDEFINITE: Final = 4
KEYS_UNSORTED: Final = 5
KEY_DUPLICATE: Final = 6
KEY_NOT_TEXT: Final = 7
NOT_UTF8: Final = 8
TOO_DEEP: Final = 9
INT_RANGE: Final = 10
FLOAT: Final = 11
BAD_LINK: Final = 12
BAD_TYPE: Final = 13
UNENCODABLE: Final = 14
SHAPE: Final = 20
VERSION: Final = 21
TOO_LARGE: Final = 22
KIND: Final = 23
UINT_RANGE: Final = 24
GENESIS: Final = 25
PREV: Final = 26
DEPS: Final = 27
AUTHOR_KEY: Final = 28
OTHER_LOG: Final = 29
BODY_MISMATCH: Final = 30
CHAIN_AUTHOR: Final = 31
CHAIN_SEQ: Final = 32
CHAIN_LINK: Final = 33
TOO_MANY: Final = 34
SIGNATURE: Final = 35
PROOF: Final = 36
FRAME: Final = 37

CODE: Final[dict[int, str]] = {
    TRUNCATED: "codec/truncated",
    TRAILING: "codec/trailing",
    NOT_SHORTEST: "codec/not-shortest",
    INDEFINITE: "codec/indefinite",
    KEYS_UNSORTED: "codec/keys-unsorted",
    KEY_DUPLICATE: "codec/key-duplicate",
    KEY_NOT_TEXT: "codec/key-not-text",
    NOT_UTF8: "codec/not-utf8",
    TOO_DEEP: "codec/too-deep",
    INT_RANGE: "codec/int-range",
    FLOAT: "codec/float",
    BAD_LINK: "codec/bad-link",
    BAD_TYPE: "codec/bad-type",
    UNENCODABLE: "codec/unencodable",
    SHAPE: "event/shape",
    VERSION: "event/version",
    TOO_LARGE: "event/too-large",
    KIND: "event/kind",
    UINT_RANGE: "event/uint-range",
    GENESIS: "event/genesis",
    PREV: "event/prev",
    DEPS: "event/deps",
    AUTHOR_KEY: "event/author-key",
    OTHER_LOG: "event/other-log",
    BODY_MISMATCH: "event/body-mismatch",
    CHAIN_AUTHOR: "chain/author",
    CHAIN_SEQ: "chain/seq",
    CHAIN_LINK: "chain/link",
    TOO_MANY: "chain/too-many",
    SIGNATURE: "chain/signature",
    PROOF: "chain/root",
    FRAME: "void/frame",
}
"""Status byte -> error code (``errors.CODES``)."""
