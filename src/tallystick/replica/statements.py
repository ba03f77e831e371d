"""Trust events as the judge reads them: out of new rows, and out of the store's table.

    new rows ─► parse frame ─► void? ─► Statement ─► statement table (decoded once, for ever)
                                           └──────► judge

Law: what the table holds is what the frames say; a statement whose target stands in its past and
may not be named is void for everyone.

Reads: policy.statement, store, kernels. Read by: replica.judging.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tallystick.chain.equivocation import KIND as EQUIVOCATION
from tallystick.chain.equivocation import verify_equivocation
from tallystick.kernels import Link, decode_item, encode_item
from tallystick.policy.scope import ANY
from tallystick.policy.statement import (
    ACTOR_KINDS,
    SLOT,
    Cut,
    CutEntry,
    Statement,
    check_target,
    parse_statement,
)
from tallystick.store.rows import EventRow, StatementRow
from tallystick.store.store import Store

TRUST = "trust/"
VERBS_BY_NUMBER = tuple(SLOT)
_CHECKED = ("retract", "restore", "withdraw", "repair")
"""Verbs whose target decides whether they are void."""


@dataclass(slots=True)
class News:
    """What new rows say about standing."""

    statements: list[Statement] = field(default_factory=list)
    splits: dict[bytes, int] = field(default_factory=dict)
    """author -> smallest seq of a proven equivocation"""
    voids: dict[int, str] = field(default_factory=dict)
    """row -> code, found only now because the rule looks at the target"""


def is_watched(kind: str) -> bool:
    """Kinds that move standing."""
    return kind.startswith(TRUST) or kind in ACTOR_KINDS or kind == EQUIVOCATION


def read_rows(
    store: Store,
    log_no: int,
    log_id: bytes,
    rows: Sequence[int],
    *,
    in_past: Callable[[int, int], bool],
) -> News:
    """Reads watched rows that were just stored, and keeps their statements in the table.

    Args:
        in_past: (x, y) -> whether row x is an ancestor of row y.
    """
    news = News()
    kept: list[StatementRow] = []
    for event in store.iter_events((row, 1) for row in rows):
        if event.void is not None:
            continue
        if event.kind == EQUIVOCATION:
            _read_proof(store, log_no, log_id, event, news)
            continue
        statement = parse_statement(
            event.kind, event.frame, id=event.id, voter=event.author, seq=event.seq
        )
        assert isinstance(statement, Statement), "void statements were marked when stored"
        code = _target_code(store, statement, event, in_past)
        if code is not None:
            store.set_void(event.row, code)
            news.voids[event.row] = code
            continue
        statement = statement._replace(lamport=event.lamport)
        news.statements.append(statement)
        kept.append(to_row(statement, event.row))
    store.add_statements(log_no, kept)
    return news


def _read_proof(store: Store, log_no: int, log_id: bytes, event: EventRow, news: News) -> None:
    found = verify_equivocation(event.frame, log_id)
    assert not isinstance(found, str), "void proofs were marked when stored"
    store.add_equivocation(
        log_no, found.author, seq=found.seq, id_a=found.id_a, id_b=found.id_b, frame=event.frame
    )
    news.splits[found.author] = min(found.seq, news.splits.get(found.author, found.seq))


def _target_code(
    store: Store, statement: Statement, event: EventRow, in_past: Callable[[int, int], bool]
) -> str | None:
    if statement.verb not in _CHECKED:
        return None
    row = store.row_of(statement.target)
    if row is None or not in_past(row, event.row):
        return None
    target = store.event(row)
    return check_target(
        statement.verb, same_key=target.author == event.author, target_kind=target.kind
    )


def to_row(statement: Statement, row: int) -> StatementRow:
    """A statement as the table keeps it; ``detail`` is empty when everything is at its default."""
    s = statement
    detail = b""
    plain = s.scope == ANY and s.weight == 1 and not s.depth and not s.cascade
    plain = plain and s.verb != "dispute" and s.dispute is None
    if not plain or s.cut is not None or s.as_of is not None:
        cuts = (_cut_item(s.cut), _cut_item(s.as_of))
        matter = [s.dispute, s.remedy, list(s.evidence), s.answer_by]
        detail = encode_item([s.scope, s.weight, s.depth, *cuts, s.cascade, *matter])
    return StatementRow(row, s.id, s.voter, s.seq, s.lamport, s.verb, s.target, detail)


def from_row(row: StatementRow) -> Statement:
    """A statement out of the table."""
    if not row.detail:
        return Statement(row.id, row.voter, row.seq, row.verb, row.target, lamport=row.lamport)
    detail = decode_item(row.detail)
    assert isinstance(detail, list)
    scope, weight, depth, cut, as_of, cascade, dispute, remedy, evidence, answer_by = detail
    return Statement(
        row.id,
        row.voter,
        row.seq,
        row.verb,
        row.target,
        scope,
        _item_cut(cut),
        weight,
        depth,
        _item_cut(as_of),
        cascade,
        dispute=dispute,
        remedy=remedy,
        evidence=tuple(evidence),
        answer_by=answer_by,
        lamport=row.lamport,
    )


def _cut_item(cut: Cut | None) -> object:
    return None if cut is None else [[author, seq, Link(id)] for author, seq, id in cut]


def _item_cut(item: object) -> Cut | None:
    if item is None:
        return None
    assert isinstance(item, list)
    return tuple(CutEntry(author, seq, link.digest) for author, seq, link in item)
