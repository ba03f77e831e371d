"""Together: disputes and their answers, as your policy reads them.

Law: a deadline is shown as overdue by this machine's clock, and decides nothing.

Reads: replica. Read by: cli.app.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from tallystick.cli.common import AS, LOG, SCOPE, STORE, day, opened, verb
from tallystick.cli.output import Output, pairs, table
from tallystick.cli.trust import EVENT, statement_verb
from tallystick.cli.trust_group import trust_verb

if TYPE_CHECKING:
    from tallystick.replica.trust_reports import ContestedInfo, DisputeInfo

__all__ = ["contested_verb", "disputes_verb", "trust_verb"]
dispute_verb = statement_verb("dispute")
uphold_verb = statement_verb("uphold")
dismiss_verb = statement_verb("dismiss")
STATUSES: Final = ("open", "upheld", "dismissed")
SHORT: Final = 16
"""Characters of an id in a table: enough to be a TARGET."""


@verb("disputes", example=f"tally dispute ana.tally {EVENT} --yes && tally disputes ana.tally")
@STORE
@click.argument("dispute", required=False)
@click.option("--status", type=click.Choice(STATUSES), help="Only these.")
@click.option("--mine", is_flag=True, help="Only about events of yours: yours to answer.")
@click.option("--by", metavar="ACTOR", help="Only those that this actor brought.")
@click.option("--event", metavar="EVENT", help="Only those about this event.")
@click.option("--all", "everything", is_flag=True, help="Also withdrawn ones, and of the banned.")
@click.option("--limit", type=int, default=1_000, show_default=True, help="At most so many.")
@AS
@LOG
def disputes_verb(
    out: Output,
    store: str,
    dispute: str | None,
    status: str | None,
    by: str | None,
    event: str | None,
    limit: int,
    as_actor: str | None,
    log: str | None,
    *,
    mine: bool,
    everything: bool,
) -> None:
    """List disputes and where they stand for you; one in full.

    A dispute is upheld or dismissed by your own word about its event, or when the branches that
    answer it reach your threshold; otherwise it is open. The oldest come first. With DISPUTE: who
    answered, through whom.
    """
    from tallystick.replica.means import system_means

    with opened(store, log) as replica:
        found = replica.disputes(
            status=status,
            about="me" if mine else None,
            by=by,
            event=event,
            dispute=dispute,
            everything=everything or dispute is not None,
            as_actor=as_actor,
            now=system_means().now(),
            limit=limit,
        )
    if dispute is not None and not found:
        from tallystick.errors import NotFound

        raise NotFound("usage/not-found", "no such dispute", got=dispute)
    data = [one.as_dict() for one in found]
    if dispute is not None:
        out.result(data[0], in_full(found[0]))
    else:
        out.result({"disputes": data}, listed(found))


def listed(found: list[DisputeInfo]) -> list[str]:
    """Disputes as a table, one a line."""
    head = ("status", "tally", "dispute", "by", "about", "kind", "of", "claim", "answer by")
    return table(head, [_row(one) for one in found])


def _row(one: DisputeInfo) -> tuple[Any, ...]:
    marks = [one.status, *(["contested"] if one.contested else [])]
    marks += ["withdrawn"] if one.withdrawn else []
    until = "" if one.answer_by is None else day(one.answer_by)
    return (
        ", ".join(marks),
        "your word" if one.mine else f"{one.tally:+d} of {one.threshold}",
        one.id[:SHORT],
        one.by_name,
        one.event[:SHORT],
        one.event_kind,
        one.event_author_name,
        one.claim,
        f"{until}, overdue" if one.overdue else until,
    )


def in_full(one: DisputeInfo) -> list[str]:
    """One dispute with everything about it, and what each branch says."""
    facts = {
        "dispute": one.id,
        "by": f"{one.by_name} on {day(one.time)}",
        "about": one.event,
        "which is": "not here"
        if one.event_kind is None
        else f"{one.event_kind} of {one.event_author_name}",
        "claim": one.claim,
        "remedy": one.remedy,
        "evidence": ", ".join(one.evidence) or None,
        "answer by": None if one.answer_by is None else day(one.answer_by),
        "status": one.sentence,
    }
    lines = pairs({name: value for name, value in facts.items() if value is not None})
    rows = [
        (
            vote["branch_name"],
            vote["voter_name"],
            vote["answer"],
            f"{vote['weight']:+d}",
            "yes" if vote["counted"] else "too far",
        )
        for vote in one.votes
    ]
    return lines + (table(("branch", "voter", "answer", "weight", "counts"), rows) if rows else [])


@verb("contested", example="tally contested ana.tally")
@STORE
@AS
@SCOPE
@LOG
def contested_verb(
    out: Output, store: str, as_actor: str | None, scope: str | None, log: str | None
) -> None:
    """List what people you heed clash about, and what settles it.

    Circles of bans among equals remove nobody; nor does a ban that an allow holds off. Each word
    offered was tried: what it settles, and what starts and stops counting with it.
    """
    with opened(store, log) as replica:
        found = replica.contested(scope=scope, as_actor=as_actor)
    lines = [line for one in found for line in clash_lines(one)]
    data = {"contested": [one.as_dict() for one in found]}
    out.result(data, lines or "nothing is contested")


def clash_lines(one: ContestedInfo) -> list[str]:
    """A clash in a sentence, then its options as a table."""
    rows = [
        (
            option["say"],
            ", ".join(option["settles"]),
            f"{option['events_lost']} out, {option['events_gained']} in",
            ", ".join(option["raises"]),
        )
        for option in one.options
    ]
    lines = table(("  your word", "settles", "events", "contested then"), rows)
    return [one.sentence, *(line if at == 0 else f"  {line}" for at, line in enumerate(lines))]
