"""A sequence as bytes, to be kept: what is shown can be read before the rest is looked at.

    snapshot = 01 sizes shown hidden stream out
    sizes    = of each of the four parts: length unpacked, length packed      varints (LEB128)
    shown    = the text shown, UTF-8          ┐
    hidden   = the other characters, UTF-8    │ each one zstd frame that says its length and ends
    stream   = as ``merge`` takes it          │ in a checksum
    out      = what does not count            ┘

Authors are not in it: whoever keeps it knows them by number.

Law: ``fill`` gives a sequence that answers as the one ``write_snapshot`` was given. Bytes that
are none raise ``BadInput``, and nothing is unpacked beyond what they announce and the bound allows.

Reads: kernels, limits, errors. Read by: state.views_texts_keep, bench.
Source: spec/sequence.md, "Snapshots"; RFC 8878 (zstd).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from zstandard import ZstdCompressor, ZstdDecompressor, ZstdError, get_frame_parameters

from tallystick.errors import BadInput
from tallystick.kernels import Sequence
from tallystick.kernels.varint import uvarint
from tallystick.limits import SNAPSHOT_BYTES_MAX

CODE: Final = "state/snapshot"
LEVEL: Final = 3
"""Of zstd: quick. 19 saves a tenth of the bytes and takes long."""
_VERSION: Final = 1
_VARINT_BITS: Final = 63
Ranges: TypeAlias = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Four parts, still packed.

    Args:
        sizes: of each part unpacked, in bytes.
        parts: shown, hidden, stream, out.
    """

    sizes: tuple[int, ...]
    parts: tuple[memoryview, ...]

    def text(self) -> str:
        """What is shown. Raises BadInput (``state/snapshot``)."""
        return _text(self._unpacked(0))

    def fill(self, sequence: Sequence) -> None:
        """Take everything into an empty sequence whose authors were spoken of.

        Raises:
            BadInput: ``state/snapshot``; the sequence is of no use then. A kernel may look at the
                history later, when it is needed, and say ``ValueError`` then.
        """
        shown, hidden, stream, out = map(self._unpacked, range(4))
        try:
            sequence.load(stream, _text(shown), _text(hidden), list(_read_out(out)))
        except ValueError as error:
            raise BadInput(CODE, got=error) from error

    def _unpacked(self, nth: int) -> bytes:
        size, part = self.sizes[nth], self.parts[nth]
        try:
            if get_frame_parameters(part).content_size != size:
                raise BadInput(CODE, expected=f"a part of {size} bytes", where=f"part {nth}")
            return ZstdDecompressor().decompress(part, allow_extra_data=False)
        except ZstdError as error:
            raise BadInput(CODE, got=error, where=f"part {nth}") from error


def write_snapshot(sequence: Sequence, *, level: int = LEVEL) -> bytes:
    """The bytes of a sequence.

    Args:
        level: of compression, 1 (quick) to 22 (small).

    Raises:
        BadInput: ``state/snapshot``, a sequence too large to be read again.
    """
    stream, shown, hidden, out = sequence.save()
    plain = [shown.encode(), hidden.encode(), stream, _write_out(out)]
    _check_size(sum(map(len, plain)))
    packer = ZstdCompressor(level=level, write_checksum=True)
    packed = [packer.compress(part) for part in plain]
    sizes = (len(part) for pair in zip(plain, packed, strict=True) for part in pair)
    return b"".join([bytes([_VERSION]), *map(uvarint, sizes), *packed])


def open_snapshot(data: bytes | memoryview) -> Snapshot:
    """Find the parts; unpacks none. Raises BadInput (``state/snapshot``)."""
    if not data or data[0] != _VERSION:
        raise BadInput(CODE, expected=f"version {_VERSION}", got=data[0] if data else "no bytes")
    numbers, at = [], 1
    for _ in range(8):
        number, at = _read_varint(data, at)
        numbers.append(number)
    sizes, lengths = tuple(numbers[::2]), numbers[1::2]
    _check_size(sum(sizes))
    if at + sum(lengths) != len(data):
        raise BadInput(CODE, expected=f"{at + sum(lengths)} bytes", got=len(data))
    parts = []
    for length in lengths:
        parts.append(memoryview(data)[at : at + length])
        at += length
    return Snapshot(sizes, tuple(parts))


def _check_size(size: int) -> None:
    if size > SNAPSHOT_BYTES_MAX:
        raise BadInput(CODE, expected=f"at most {SNAPSHOT_BYTES_MAX} bytes", got=size)


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise BadInput(CODE, got=error) from error


def _write_out(out: Iterable[tuple[int, int]]) -> bytes:
    """Ranges of events, ascending: how far each begins behind the one before, and its length."""
    parts, end = [], 0
    for first, many in out:
        parts += [uvarint(first - end), uvarint(many)]
        end = first + many
    return b"".join(parts)


def _read_out(data: bytes) -> Iterator[tuple[int, int]]:
    at = end = 0
    while at < len(data):
        gap, at = _read_varint(data, at)
        many, at = _read_varint(data, at)
        yield end + gap, many
        end += gap + many


def _read_varint(data: bytes | memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < _VARINT_BITS:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
    raise BadInput(CODE, expected="a number", where=f"byte {at}")
