"""A bundle: the messages of a sync in a file, for a stick, a mail, a backup.

    "tallystick-bundle/1" LF   magic
    frame [11, version, log, root]                 of whom, and where he stood
    frame [7, [slice, ...]] *                      in causal order, message by message
    frame [12, messages, events]                   without it the file was cut off

Law: reading verifies exactly what a live session verifies; a file that is cut off or damaged is
an error that says where, and what came before that place is kept.

Reads: sync.{flow, holdings, messages, meter, log_checkpoint}, chain.slice. Read by: replica.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final

from tallystick.chain.slice import Slice, open_slice, slice_from_value
from tallystick.errors import BadInput, Rejected
from tallystick.limits import DIGEST_BYTES, SYNC_REJECTED_MAX
from tallystick.sync import messages as m
from tallystick.sync.flow import Outgoing
from tallystick.sync.holdings import Endpoint, Holdings, LineKey, is_genesis
from tallystick.sync.log_checkpoint import log_checkpoint
from tallystick.sync.meter import Meter

MAGIC: Final = b"tallystick-bundle/1\n"


@dataclass(frozen=True, slots=True)
class BundleReport:
    """What was written or read.

    Args:
        log: whose events.
        root: the writer's log checkpoint.
        messages, events: of slices in the file.
        accepted: events that were new here (reading only).
        pending: events that wait for parents (reading only).
        size: bytes of the file.
        rejected: what was refused (reading only), at most ``limits.SYNC_REJECTED_MAX``.
    """

    log: bytes
    root: bytes
    messages: int
    events: int
    size: int
    accepted: int = 0
    pending: int = 0
    rejected: tuple[Rejected, ...] = ()


def write_bundle(
    holdings: Holdings, file: BinaryIO, *, have: Mapping[LineKey, int] | None = None
) -> BundleReport:
    """Writes what somebody lacks who holds the first ``have[line]`` events of each line.

    Args:
        have: what the reader is known to hold; nothing unless given.
    """
    meter = Meter()
    records = holdings.records()
    root = log_checkpoint(records)
    size = file.write(MAGIC)
    size += _write(file, m.encode(m.Bundle(m.SYNC_VERSION, holdings.log_id, root)))
    out = Outgoing(meter, window=None)
    out.add(holdings.slices_for(dict(have or {}), max_bytes=m.WINDOW_BYTES))
    for message in out.messages():
        size += _write(file, message)
    size += _write(file, m.encode(m.BundleEnd(out.sent, meter.events_out)))
    return BundleReport(holdings.log_id, root, out.sent, meter.events_out, size)


def bundle_log(file: BinaryIO) -> bytes:
    """Whose events the file holds; the file's place is moved.

    Raises:
        BadInput: sync/bundle.
    """
    return _read_header(file).log


def bundle_ends(file: BinaryIO, author: bytes) -> list[bytes]:
    """Ids of the last events of an author's slices in a file that was taken in: what it knew last.

    Raises:
        BadInput: sync/bundle.
    """
    log = _read_header(file).log
    found: list[bytes] = []
    for message in _Place(file).messages():
        if isinstance(message, m.Slices):
            for one in _slices(message.slices, log)[0]:
                pack = open_slice(one)[0] if one.author == author else None
                if pack is not None and pack.count:
                    found.append(pack.ids[-DIGEST_BYTES:])
    return found


def read_bundle(file: BinaryIO, endpoint: Endpoint, *, peer: str) -> BundleReport:
    """Takes in a bundle, batch by batch.

    Args:
        endpoint: joins the log if it does not know it yet and is willing to.
        peer: a name for the file, for what waits for parents.

    Raises:
        BadInput: sync/bundle (no bundle, cut off, damaged; what came before is kept),
            sync/no-common-log (the endpoint does not take part in this log).
    """
    header = _read_header(file)
    joined = endpoint.open(header.log) is not None
    place = _Place(file)
    messages = events = accepted = pending = 0
    rejected: list[Rejected] = []
    for message in place.messages():
        match message:
            case m.Slices(values):
                good, bad = _slices(values, header.log)
                messages += 1
                events += sum(one.count for one in good)
                if not joined:
                    _join(endpoint, header.log, good)
                    joined = True
                outcome = endpoint.receive(header.log, good, peer)
                accepted += outcome.accepted
                pending = outcome.pending
                rejected += [*bad, *outcome.rejected][: SYNC_REJECTED_MAX - len(rejected)]
            case m.BundleEnd(messages_said, events_said):
                if (messages_said, events_said) != (messages, events) and not rejected:
                    said = f"{messages_said} messages, {events_said} events"
                    got = f"{messages} messages, {events} events"
                    raise BadInput("sync/bundle", expected=said, got=got, where=place.where)
                if file.read(1):
                    raise BadInput("sync/bundle", "bytes follow the end", where=place.where)
                counts = (messages, events, file.tell())
                return BundleReport(
                    header.log, header.root, *counts, accepted, pending, tuple(rejected)
                )
            case _:
                raise place.damaged("a message that no bundle holds")
    raise place.damaged("the file ends before its end marker")


def _join(endpoint: Endpoint, log: bytes, first: Sequence[Slice]) -> None:
    """Takes part in the log, if the first message brings its genesis event."""
    if not any(is_genesis(one) for one in first):
        hint = "Import a bundle of the whole log first, or sync with a peer."
        raise BadInput("sync/no-common-log", where="bundle", got=log.hex(), hint=hint)
    if endpoint.join(log) is None:
        raise BadInput("sync/no-common-log", where="bundle", got=log.hex())


def _write(file: BinaryIO, message: bytes) -> int:
    return file.write(m.frame(message))


def _slices(values: tuple[object, ...], log: bytes) -> tuple[list[Slice], list[Rejected]]:
    read = [slice_from_value(value, log=log) for value in values]
    good = [one for one in read if isinstance(one, Slice)]
    return good, [one for one in read if isinstance(one, Rejected)]


def _read_header(file: BinaryIO) -> m.Bundle:
    if file.read(len(MAGIC)) != MAGIC:
        raise BadInput(
            "sync/bundle", "the file is not a bundle", hint="`tally export` writes bundles."
        )
    place = _Place(file)
    header = next(place.messages(), None)
    if not isinstance(header, m.Bundle):
        raise place.damaged("no header")
    if header.version != m.SYNC_VERSION:
        raise BadInput("sync/bundle", expected=f"version {m.SYNC_VERSION}", got=header.version)
    return header


class _Place:
    """Reads frames and knows where it is."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._at = file.tell()

    @property
    def where(self) -> str:
        return f"byte {self._at}"

    def damaged(self, why: str) -> BadInput:
        hint = "What came before this place was taken in; get the file again for the rest."
        return BadInput("sync/bundle", f"the bundle is damaged: {why}", where=self.where, hint=hint)

    def messages(self) -> Iterator[m.Message]:
        """Messages to the end of the file; raises ``damaged`` at the first that is none."""
        while head := self._file.read(m.LENGTH_BYTES):
            if len(head) < m.LENGTH_BYTES:
                raise self.damaged("cut off inside a length")
            length = m.frame_length(head)
            if isinstance(length, Rejected):
                raise self.damaged(length.detail)
            data = self._file.read(length)
            if len(data) < length:
                raise self.damaged("cut off inside a message")
            message = m.decode(data)
            if isinstance(message, Rejected):
                raise self.damaged(message.detail)
            yield message
            self._at = self._file.tell()
