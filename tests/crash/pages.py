"""What each byte of a SQLite file is: part of a cell, of a page's own numbers, or of nothing.

    page   header │ cell pointers │ ... gap ... │ cell │ freeblock │ cell │ cell

Law: a byte called free is one that no reader of the file format looks at.

Source: https://www.sqlite.org/fileformat2.html.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

PAGE = 4096
LEAF_TABLE, INTERIOR_TABLE, LEAF_INDEX, INTERIOR_INDEX = 0x0D, 0x05, 0x0A, 0x02
FILE_HEADER = 100


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: bytes begin..end-1 of the file; the row it is, on leaves of tables with rowids."""

    begin: int
    end: int
    row: int | None
    overflow: int = 0
    spilled: int = 0


def varint(data: bytes, at: int) -> tuple[int, int]:
    """(value, offset after it)."""
    value = 0
    for step in range(9):
        byte = data[at + step]
        if step == 8:
            return value << 8 | byte, at + 9
        value = value << 7 | byte & 127
        if byte < 128:
            return value, at + step + 1
    raise AssertionError("a varint has an end")


def local_size(payload: int, *, table: bool) -> int:
    """How much of a payload lies in its page."""
    most = PAGE - 35 if table else (PAGE - 12) * 64 // 255 - 23
    if payload <= most:
        return payload
    least = (PAGE - 12) * 32 // 255 - 23
    fits = least + (payload - least) % (PAGE - 4)
    return fits if fits <= most else least


def cells(image: bytes, page: int) -> list[Cell]:
    """The cells of a b-tree page (counted from 1)."""
    start = (page - 1) * PAGE
    head = start + (FILE_HEADER if page == 1 else 0)
    kind = image[head]
    count = int.from_bytes(image[head + 3 : head + 5], "big")
    pointers = head + (8 if kind in (LEAF_TABLE, LEAF_INDEX) else 12)
    found = []
    for number in range(count):
        at = pointers + 2 * number
        begin = start + int.from_bytes(image[at : at + 2], "big")
        at = begin + (4 if kind in (INTERIOR_TABLE, INTERIOR_INDEX) else 0)
        if kind == INTERIOR_TABLE:
            _, at = varint(image, at)
            found.append(Cell(begin, at, None))
            continue
        payload, at = varint(image, at)
        row = None
        if kind == LEAF_TABLE:
            row, at = varint(image, at)
        local = local_size(payload, table=kind == LEAF_TABLE)
        end, overflow = at + local, 0
        if local < payload:
            overflow = int.from_bytes(image[end : end + 4], "big")
            end += 4
        found.append(Cell(begin, max(end, begin + 4), row, overflow, payload - local))
    return found


def chain(image: bytes, cell: Cell) -> Iterator[tuple[int, int]]:
    """The used stretches (begin, end) of a cell's overflow pages."""
    page, left = cell.overflow, cell.spilled
    while page:
        start = (page - 1) * PAGE
        used = min(left, PAGE - 4)
        yield start, start + 4 + used
        left -= used
        page = int.from_bytes(image[start : start + 4], "big")


def used_bytes(image: bytes, btrees: set[int], freelist: set[int]) -> bytearray:
    """1 for every byte that a reader of the format may look at.

    Args:
        btrees: pages of tables and indexes. freelist: its trunk pages; its leaves hold nothing.
    """
    used = bytearray(len(image))
    used[:FILE_HEADER] = b"\x01" * FILE_HEADER
    for page in sorted(btrees):
        start = (page - 1) * PAGE
        head = start + (FILE_HEADER if page == 1 else 0)
        leaf = image[head] in (LEAF_TABLE, LEAF_INDEX)
        count = int.from_bytes(image[head + 3 : head + 5], "big")
        _mark(used, head, head + (8 if leaf else 12) + 2 * count)
        free = int.from_bytes(image[head + 1 : head + 3], "big")
        while free:
            _mark(used, start + free, start + free + 4)
            free = int.from_bytes(image[start + free : start + free + 2], "big")
        for cell in cells(image, page):
            _mark(used, cell.begin, cell.end)
            for begin, end in chain(image, cell):
                _mark(used, begin, end)
    for page in freelist:
        start = (page - 1) * PAGE
        count = int.from_bytes(image[start + 4 : start + 8], "big")
        _mark(used, start, start + 8 + 4 * count)
    return used


def trunks(image: bytes) -> set[int]:
    """Trunk pages of the freelist."""
    found, page = set(), int.from_bytes(image[32:36], "big")
    while page:
        found.add(page)
        start = (page - 1) * PAGE
        page = int.from_bytes(image[start : start + 4], "big")
    return found


def _mark(used: bytearray, begin: int, end: int) -> None:
    used[begin:end] = b"\x01" * (end - begin)
