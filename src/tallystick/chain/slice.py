"""A slice: consecutive events of one chain, under that chain's newest head, and what connects them.

    chain      0 ............ seq ......... seq + count ............ head.size
                              └─── pack ───┘└──── proof ────────────┘
    receiver   has peaks of seq + skip, appends the new ids, then folds in
    proof      = hashes of decompose(seq + count, head.size): the root must be the head's

    wire       [author, seq, count, head size, head root, head signature, proof, pack]
               DAG-CBOR; the log is the session's

The order of the checks, each cheaper than what follows it is worth:

    decode_slice  shape and bounds   ──►  check_heads  one batch of signatures for many slices
    open_slice    events as columns  ──►  prove_slice  the chain's link and the head's root

Law: events are accepted exactly when they follow what the receiver holds and hash to the root that
their author signed; whatever a peer sends, the answer is a value.

Reads: chain.head, proofs.merkle, kernels, limits, errors. Read by: store, sync, replica.
Source: spec/slices.md.
"""

from __future__ import annotations

from dataclasses import dataclass

from tallystick.chain.head import Head
from tallystick.errors import BadInput, Rejected
from tallystick.kernels import (
    Pack,
    decode_item,
    encode_item,
    merkle_append,
    merkle_root,
    open_pack,
    status,
)
from tallystick.limits import (
    DIGEST_BYTES,
    MESSAGE_BYTES_MAX,
    SIGNATURE_BYTES,
    SLICE_EVENTS_MAX,
    UINT_MAX,
)
from tallystick.proofs.merkle import decompose, extend_peaks

_FIELDS = 8


@dataclass(frozen=True, slots=True)
class Slice:
    """Consecutive events of one chain.

    Args:
        log: 32 bytes.
        author: 32 bytes.
        seq: of the first event.
        count: events, 1 to 4,096.
        pack: their bytes (``kernels.columns``).
        head: the chain's head, of ``seq + count`` events or more.
        proof: hashes of ``decompose(seq + count, head.size)``, 32 bytes each.
    """

    log: bytes
    author: bytes
    seq: int
    count: int
    pack: bytes
    head: Head
    proof: bytes

    @property
    def end(self) -> int:
        """The seq after the last event."""
        return self.seq + self.count


def slice_value(one: Slice) -> list[object]:
    """The slice as plain data, to stand inside a message."""
    head = one.head
    return [
        one.author,
        one.seq,
        one.count,
        head.size,
        head.root,
        head.signature,
        one.proof,
        one.pack,
    ]


def encode_slice(one: Slice) -> bytes:
    """The wire form of one slice."""
    return encode_item(slice_value(one))


def decode_slice(data: bytes, *, log: bytes) -> Slice | Rejected:
    """Read the wire form; nothing but shape and bounds is checked.

    Args:
        data: at most 4 MiB.
        log: the session's log.
    """
    if len(data) > MESSAGE_BYTES_MAX:
        return Rejected(b"", "sync/message-size", f"a slice of {len(data)} bytes")
    try:
        value = decode_item(data)
    except BadInput as error:
        return Rejected(b"", error.code, str(error))
    return slice_from_value(value, log=log)


def slice_from_value(value: object, *, log: bytes) -> Slice | Rejected:
    """Read ``slice_value``'s plain data out of a decoded message; shape and bounds only."""
    match value:
        case [
            bytes(author),
            int(seq),
            int(count),
            int(size),
            bytes(root),
            bytes(signature),
            bytes(proof),
            bytes(pack),
        ] if (
            len(author) == len(root) == DIGEST_BYTES
            and len(signature) == SIGNATURE_BYTES
            and not any(isinstance(number, bool) for number in (seq, count, size))
            and min(seq, count, size) >= 0
        ):
            pass
        case _:
            return Rejected(b"", "sync/message-shape", f"a slice is a list of {_FIELDS} fields")
    if not 1 <= count <= SLICE_EVENTS_MAX:
        return Rejected(author, "chain/too-many", f"a slice of {count} events")
    end = seq + count
    if end > size or size > UINT_MAX:
        return Rejected(author, "chain/head-size", f"events up to {end}, a head of {size}")
    if len(proof) != DIGEST_BYTES * len(decompose(end, size)):
        return Rejected(author, "chain/root", f"{len(proof)} bytes of proof from {end} to {size}")
    return Slice(log, author, seq, count, pack, Head(size, root, signature), proof)


def open_slice(one: Slice) -> tuple[Pack | None, list[Rejected]]:
    """The slice's valid events as columns, and what is wrong with the rest.

    Returns:
        the pack (None when no event of it can be used, ``count`` below ``one.count`` when it was
        cut at its first invalid event), and one ``Rejected`` for what ended it and one for every
        body that does not match its commitment; such an event stays, without the body.
    """
    pack = open_pack(one.pack, log=one.log, author=one.author)
    rejected: list[Rejected] = []
    if pack.count and pack.seq != one.seq:
        detail = f"events from {one.seq} announced, from {pack.seq} sent"
        return None, [Rejected(one.author, "chain/seq", detail)]
    if pack.count > one.count:
        detail = f"{one.count} events announced, {pack.count} sent"
        return None, [Rejected(one.author, "chain/too-many", detail)]
    if pack.stopped is not None:
        row, why, at = pack.stopped
        detail = f"event {one.seq + row} of the chain, byte {at} of the pack"
        rejected.append(Rejected(one.author, status.CODE[why], detail))
    elif pack.count < one.count:
        detail = f"{one.count} events announced, {pack.count} sent"
        rejected.append(Rejected(one.author, "codec/truncated", detail))
    if any(pack.body_status):
        rejected += [
            Rejected(pack.id(row), status.CODE[found], f"event {pack.seq + row} of the chain")
            for row, found in enumerate(pack.body_status)
            if found != status.OK
        ]
    return (pack if pack.count else None), rejected


def prove_slice(
    pack: Pack,
    *,
    skip: int,
    size_before: int,
    peaks_before: bytes,
    prev: bytes,
    one: Slice,
) -> bytes | Rejected:
    """Whether a slice's new events follow what is held and hash to the signed root.

    A pack that was cut at an invalid event proves nothing: the hashes between its end and the
    head's are those of events that could not be read. The valid events before the cut are then
    accepted only from somebody who serves them as a slice of their own, with the proof from their
    end. An honest peer does: it never stored what came after.

    Args:
        pack: what ``open_slice`` gave.
        skip: rows at the front that are held already, at most ``pack.count``.
        size_before: events held of the chain; the first new one has this seq.
        peaks_before: the compact range of these, 32 bytes a peak.
        prev: id of the last one held, b"" when none is.
        one: the slice; its head's signature is ``check_heads``'s to check.

    Returns:
        the compact range after the slice's last event, or chain/seq, chain/link or chain/root.

    Raises:
        ValueError: ``skip`` or ``peaks_before`` do not fit: the caller's own numbers.

    Cost: O(new events) leaf hashes, and O(log head.size) more.
    """
    if not 0 <= skip <= pack.count:
        raise ValueError(f"skip {skip} of {pack.count}")
    if pack.seq + skip != size_before:
        detail = f"event {size_before} must come next, not {pack.seq + skip}"
        return Rejected(one.author, "chain/seq", detail)
    before = pack.id(skip - 1) if skip else pack.prev
    if before != prev:
        detail = f"event {size_before} follows another event than the one held"
        return Rejected(one.author, "chain/link", detail)
    if pack.count != one.count:
        detail = f"only {pack.count} of {one.count} events could be read"
        return Rejected(one.author, "chain/root", detail)
    peaks = merkle_append(size_before, peaks_before, pack.ids[DIGEST_BYTES * skip :])
    grown = extend_peaks(one.end, peaks, one.head.size, one.proof)
    if grown is None or merkle_root(grown) != one.head.root:
        detail = f"events up to {one.end} are not those under the head of {one.head.size}"
        return Rejected(one.author, "chain/root", detail)
    return peaks
