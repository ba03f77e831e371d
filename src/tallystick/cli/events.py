"""Events: write them, read them back, see how they hang together.

Reads: replica, graph.layout. Read by: cli.app.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any, Final

import click

from tallystick.cli.common import LOG, STORE, json_value, opened, read_text, verb
from tallystick.cli.output import Output, clean, shown, table
from tallystick.errors import BadInput

GRAPH_EVENTS: Final = 200
SHORT_CHARS: Final = 16
"""Of an id in a table: enough to be a unique prefix in any log people read by eye."""


@verb("write")
@STORE
@click.argument("kind")
@click.argument("content", required=False, metavar="[JSON]")
@click.option("--frame", metavar="JSON", help="What the event does, for kinds that have a frame.")
@LOG
def write_verb(
    out: Output, store: str, kind: str, content: str | None, frame: str | None, log: str | None
) -> None:
    """Write one event of KIND, or with - (or nothing) one per line of stdin, as one commit."""
    if content is None and frame is None and sys.stdin.isatty():
        raise BadInput("usage/argument", "there is nothing to write", hint="give JSON, or pipe it")
    if content == "-" or (content is None and frame is None):
        values = [
            json_value(line, where=f"line {number}")
            for number, line in enumerate(read_text("-").split("\n"), 1)
            if line.strip()
        ]
        with opened(store, log) as replica:
            ids = replica.write_many([(kind, value) for value in values]) if values else []
    else:
        value = None if content is None else json_value(content, where="JSON")
        framed = None if frame is None else json_value(frame, where="--frame")
        with opened(store, log) as replica:
            ids = [replica.write(kind, value, frame=framed)]
    out.result({"id": ids[-1] if ids else None, "ids": ids}, ids)


@verb("history")
@STORE
@click.option("--limit", type=click.IntRange(min=1), help="At most so many.")
@click.option("--newest", is_flag=True, help="The last ones, where --limit leaves some out.")
@click.option("--author", metavar="ACTOR", help="Only what this author wrote.")
@click.option("--kind", help="Only events of this kind.")
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
    """List events, each with whether it counts for you."""
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
            # An event of a framed kind says what it does in its frame.
            one.content if one.content is not None else one.frame,
        )
        for one in events
    ]
    return table(("", "event", "author", "seq", "kind", "content"), rows)


@verb("show")
@STORE
@click.argument("event")
@LOG
def show_verb(out: Output, store: str, event: str, log: str | None) -> None:
    """Show one event in full: header, body, and why it counts or does not."""
    with opened(store, log) as replica:
        one = replica.show(event)
    data = one.as_dict()
    rows = dict(data, time=f"{data['time']} (claims {moment(data['time'])})", counts=one.verdict)
    rows.pop("verdict", None)
    if not one.verdict:
        rows["counts"] = "yes" if one.counts else "no"
    width = max(len(name) for name in rows)
    out.result(data, [f"{name:<{width}}  {shown(value)}" for name, value in rows.items()])


def moment(ms: int) -> str:
    """A claimed time as people write it; the number itself if no calendar has it."""
    try:
        return datetime.fromtimestamp(ms / 1000, tz=UTC).isoformat(timespec="milliseconds")
    except (OverflowError, OSError, ValueError):
        return str(ms)


@verb("heads")
@STORE
@LOG
def heads_verb(out: Output, store: str, log: str | None) -> None:
    """List the events that no other event builds upon."""
    with opened(store, log) as replica:
        heads = replica.heads()
        names = {did: name for name, did in replica.names().items()}
    out.result({"heads": [one.as_dict() for one in heads]}, listing(heads, names))


@verb("graph")
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
    """Draw who built upon what."""
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


@verb("digest")
@STORE
@LOG
def digest_verb(out: Output, store: str, log: str | None) -> None:
    """Print the log checkpoint: one hash over all chains. Equal digests, equal logs."""
    with opened(store, log) as replica:
        digest = replica.digest()
        out.result({"digest": digest, "log": replica.log}, digest)
