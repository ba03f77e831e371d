"""Events shown under their heads, and the proof that somebody signed two histories.

    line a   ... s ... size ─── head a        header of s, path to the head, head: one side
    line b   ... s ... size ─── head b        the same of the other

Law: only what verifies offline is handed out; a proof is the same fact whoever makes it.

Reads: chain.equivocation, proofs.merkle, store. Read by: replica.says, replica.titles.
Source: spec/equivocation.md.
"""

from __future__ import annotations

from tallystick.chain.equivocation import Side, prove_equivocation
from tallystick.chain.head import Head
from tallystick.errors import NotFound
from tallystick.identity.did import did_key
from tallystick.proofs.merkle import decompose, inclusion_proof
from tallystick.store.rows import LineRow
from tallystick.store.store import Store


def equivocation_frame(store: Store, log_no: int, author: bytes) -> bytes:
    """The frame of a ``proof/equivocation`` event about an author.

    Raises:
        NotFound: usage/not-found, when no two events of one seq are here.
        VerificationError: chain/no-proof.
    """
    lines = store.lines(log_no, author)
    for line in lines:
        if line.base is None and line is lines[0]:
            continue
        seq = line.first_seq
        for other in lines:
            if other.no == line.no or other.size <= seq:
                continue
            if store.row_at(other.no, seq) != store.row_at(line.no, seq):
                sides = (shown(store, line, seq), shown(store, other, seq))
                return prove_equivocation(*sides, log=store.log(log_no).id)[0]
    raise NotFound(
        "usage/not-found", "no two histories of this author are here", got=did_key(author)
    )


def shown(store: Store, line: LineRow, seq: int) -> Side:
    """One event of a line with the path to the line's head: what a stranger can check.

    Raises:
        NotFound: usage/not-found, when the head covers events that are not here.
    """
    event = store.event(store.row_at(line.no, seq))
    behind = dict(
        zip(
            decompose(line.size, line.head_size),
            (line.head_proof[at : at + 32] for at in range(0, len(line.head_proof), 32)),
            strict=True,
        )
    )

    def node(level: int, index: int) -> bytes:
        """A hash of the head's tree: made of stored leaves, or one that came with the head."""
        if (index + 1) << level <= line.size:
            return store.node(line.no, level, index)
        found = behind.get((level, index))
        if found is None:
            raise NotFound(
                "usage/not-found",
                "a head of this author covers events that are not here",
                got=did_key(line.author),
                hint="Sync with a peer that has them.",
            )
        return found

    path = inclusion_proof(seq, line.head_size, node)
    head = Head(line.head_size, line.head_root, line.head_signature)
    return Side(store.header(event), path, head)
