"""Events: write them, read them back, see how they hang together.

Reads: replica, graph.layout, event.ids, identity.did (for tables). Read by: cli.app.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any, Final

import click

from tallystick.cli.common import LOG, STORE, json_value, opened, read_text, verb
from tallystick.cli.output import Output, clean, pairs, shown, table
from tallystick.errors import BadInput
from tallystick.limits import DIGEST_BYTES

GRAPH_EVENTS: Final = 200
SHORT_CHARS: Final = 16
"""Of an id in a table: enough to be a unique prefix in any log people read by eye."""


@verb("write", example="""tally write ana.tally review/post '{"shop": "bread", "stars": 4}'""")
@STORE
@click.argument("kind")
@click.argument("content", required=False, metavar="[JSON]")
@click.option("--frame", metavar="JSON", help="What the event does, for kinds that have a frame.")
@LOG
def write_verb(
    out: Output, store: str, kind: str, content: str | None, frame: str | None, log: str | None
) -> None:
    """Write an event of KIND, or one per line of stdin.

    A kind is words with / between: note/text. JSON is what the event says; without it, or with -,
    each line of stdin is one event, and all of them are one commit: all are kept or none. Kinds
    that the formats fix (trust/..., record/...) are checked by their rule. A store without a log
    begins one. Prints the ids.
    """
    if content is None and frame is None and sys.stdin.isatty():
        raise BadInput("usage/argument", "there is nothing to write", hint="give JSON, or pipe it")
    if content == "-" or (content is None and frame is None):
        values = [
            json_value(line, where=f"line {number}")
            for number, line in enumerate(read_text("-").split("\n"), 1)
            if line.strip()
        ]
        with opened(store, log, writes=True) as replica:
            ids = replica.write_many([(kind, value) for value in values]) if values else []
    else:
        value = None if content is None else json_value(content, where="JSON")
        framed = None if frame is None else json_value(frame, where="--frame")
        with opened(store, log, writes=True) as replica:
            ids = [replica.write(kind, value, frame=framed)]
    out.result({"id": ids[-1] if ids else None, "ids": ids}, ids)


@verb("history", example="tally history ana.tally --kind 'review/*' --newest --limit 10")
@STORE
@click.option("--limit", type=click.IntRange(min=1), help="At most so many.")
@click.option("--newest", is_flag=True, help="The last ones, where --limit leaves some out.")
@click.option("--author", metavar="ACTOR", help="Only what this author wrote.")
@click.option("--kind", metavar="PATTERN", help="Only this kind, or those of prefix/*.")
@click.option(
    "--order",
    type=click.Choice(["canonical", "arrival"]),
    default="canonical",
    help="canonical: the same for everyone (default); arrival: as it came here.",
)
@LOG
def history_verb(
    out: Output,
    store: str,
    limit: int | None,
    author: str | None,
    kind: str | None,
    order: str,
    log: str | None,
    *,
    newest: bool,
) -> None:
    """List events, each with whether it counts for you.

    Marked with - is what does not count for you, with ! what counts for nobody (it breaks its
    kind's rule).
    """
    with opened(store, log) as replica:
        events = replica.history(order=order, limit=limit, author=author, kind=kind, newest=newest)
        names = {did: name for name, did in replica.names().items()}
        out.result({"events": [one.as_dict() for one in events]}, listing(events, names))


def listing(events: Any, names: dict[str, str]) -> list[str]:
    """Events as a table; ``-`` marks one that does not count, ``!`` one that is void."""
    rows = [
        (
            "!" if one.void else " " if one.counts else "-",
            one.id[:SHORT_CHARS],
            names.get(one.author, one.author[:SHORT_CHARS]),
            one.seq,
            one.kind,
            said(one, names),
        )
        for one in events
    ]
    return table(("", "event", "author", "seq", "kind", "content"), rows)


def said(one: Any, names: dict[str, str]) -> str:
    """What an event says: its frame with actors and events in short, then its content."""
    parts = []
    if isinstance(one.frame, dict):
        parts += [f"{key} {brief(value, names)}" for key, value in one.frame.items()]
    elif one.frame is not None:
        parts.append(shown(one.frame))
    if one.content is not None:
        parts.append(shown(one.content))
    return "  ".join(parts)


def brief(value: Any, names: dict[str, str]) -> str:
    """A value of a frame: keys of actors by name, links by their beginning, lists item by item."""
    from tallystick.event.ids import cid_text
    from tallystick.identity.did import did_key
    from tallystick.kernels import Link

    if isinstance(value, Link):
        return cid_text(value.digest)[:SHORT_CHARS]
    if isinstance(value, bytes) and len(value) == DIGEST_BYTES:
        did = did_key(value)
        return names.get(did, did[:SHORT_CHARS])
    if isinstance(value, list):
        return f"[{', '.join(brief(one, names) for one in value)}]"
    return shown(value)


@verb("show", example="""tally show ana.tally "$(tally write ana.tally note/text '"hello"')\"""")
@STORE
@click.argument("event")
@LOG
def show_verb(out: Output, store: str, event: str, log: str | None) -> None:
    """Show one event in full, and why it counts or does not.

    The time is what its author claims; order never depends on it.
    """
    with opened(store, log) as replica:
        one = replica.show(event)
    data = one.as_dict()
    rows = dict(data, time=f"{data['time']} (claims {moment(data['time'])})", counts=one.verdict)
    rows.pop("verdict", None)
    if not one.verdict:
        rows["counts"] = "yes" if one.counts else "no"
    out.result(data, pairs({name: value for name, value in rows.items() if value is not None}))


def moment(ms: int) -> str:
    """A claimed time as people write it; the number itself if no calendar has it."""
    try:
        return datetime.fromtimestamp(ms / 1000, tz=UTC).isoformat(timespec="milliseconds")
    except (OverflowError, OSError, ValueError):
        return str(ms)


@verb("heads", example="tally heads ana.tally")
@STORE
@LOG
def heads_verb(out: Output, store: str, log: str | None) -> None:
    """List the events that no other event builds upon.

    Of those that count for you. Their ids, with commas between, name this version of the log for
    tally view --at.
    """
    with opened(store, log) as replica:
        heads = replica.heads()
        names = {did: name for name, did in replica.names().items()}
    out.result({"heads": [one.as_dict() for one in heads]}, listing(heads, names))


@verb("graph", example="tally graph ana.tally --svg > graph.svg")
@STORE
@click.option("--ascii", "form", flag_value="ascii", default="ascii", help="For a terminal.")
@click.option("--dot", "form", flag_value="dot", help="For Graphviz.")
@click.option("--svg", "form", flag_value="svg", help="For a browser.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=GRAPH_EVENTS,
    show_default=True,
    help="The newest so many events.",
)
@LOG
def graph_verb(out: Output, store: str, form: str, limit: int, log: str | None) -> None:
    """Draw who built upon what, newest first.

    An event stands below everything that builds upon it; (out) marks what does not count for you.
    """
    from tallystick.graph import layout

    with opened(store, log) as replica:
        events = replica.graph(limit=limit)[::-1]
        names = {did: name for name, did in replica.names().items()}
        genesis = replica.log
    nodes = []
    for one in events:
        first = one.prev or (genesis if one.id != genesis else None)
        parents = tuple(dict.fromkeys(id for id in (first, *one.deps) if id))
        author = names.get(one.author, one.author[:SHORT_CHARS])
        label = clean(f"{one.id[:SHORT_CHARS]} {author} {one.seq} {one.kind}")
        nodes.append(layout.Node(one.id, parents, label if one.counts else f"{label} (out)"))
    placed = layout.layout(nodes)
    if form == "dot":
        text = layout.as_dot(nodes)
    else:
        text = layout.as_svg(placed) if form == "svg" else "\n".join(layout.as_text(placed))
    out.result({"form": form, "drawing": text}, text)


@verb("digest", example="tally digest ana.tally")
@STORE
@LOG
def digest_verb(out: Output, store: str, log: str | None) -> None:
    """Print the log checkpoint: one hash over all chains.

    Equal digests, equal logs: whatever anybody's policy says about them.
    """
    with opened(store, log) as replica:
        digest = replica.digest()
        out.result({"digest": digest, "log": replica.log}, digest)
