"""Titles: things of which there is one; who owns them, and who has a claim.

    tally title create ana.tally saw ──► transfer, chain, claims, prove ──► check

Reads: replica, state.title_chain (to check a file). Read by: cli.app.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from tallystick.cli.common import AS, LOG, STORE, day, opened, verb
from tallystick.cli.output import Output, table
from tallystick.errors import BadInput

if TYPE_CHECKING:
    from tallystick.replica.replica import Replica
    from tallystick.replica.titles import TitleReads

TITLE = click.argument("title")
MEMO = click.option("--memo", metavar="TEXT", help="In words; everyone who has the log reads it.")
SAW: Final = "tally title create ana.tally saw"
LENT: Final = """tally title create ana.tally ladder --to bob && tally sync bob.tally ana.tally"""


@click.group("title")
def title_verb() -> None:
    """Own things of which there is one, and pass them on.

    A TITLE is the id of what created it, or a prefix, or a name that one thing alone has.
    """


@verb("create", group=title_verb, example=f"{SAW} --type tool")
@STORE
@click.argument("name")
@click.option("--type", "type_", default="thing", show_default=True, help="Its asset type.")
@click.option("--to", metavar="ACTOR", help="Whose it is, if not yours.")
@MEMO
@LOG
def create_verb(
    out: Output, store: str, name: str, *, type_: str, to: str | None, memo: str | None,
    log: str | None,
) -> None:  # fmt: skip
    """Create a title to a thing; prints it.

    Anybody may create any; whom to believe is your policy's business. By its type you choose what
    becomes of it when a transfer stops counting: tally policy set --restitution TYPE=keep.
    """
    with opened(store, log, writes=True) as replica:
        title = replica.titles.create(name, type=type_, to=to, memo=memo)
    out.result({"title": title}, title)


@verb("transfer", group=title_verb, example=f"{SAW} && tally title transfer ana.tally saw bob")
@STORE
@TITLE
@click.argument("to", metavar="ACTOR")
@click.option("--over", metavar="EVENT", help="Pass it on from this op of it, live or not.")
@MEMO
@LOG
def transfer_verb(
    out: Output, store: str, title: str, to: str, *, over: str | None, memo: str | None,
    log: str | None,
) -> None:  # fmt: skip
    """Pass a thing on to an ACTOR; prints the transfer.

    Only its owner can, under the policy of the store.
    """
    with opened(store, log, writes=True) as replica:
        event = replica.titles.transfer(title, to, memo=memo, over=over)
    out.result({"transfer": event}, event)


@verb("give-back", group=title_verb, example=f"{LENT} && tally title give-back bob.tally ladder")
@STORE
@TITLE
@MEMO
@LOG
def give_back_verb(
    out: Output, store: str, title: str, *, memo: str | None, log: str | None
) -> None:
    """Pass a thing back to whom you had it from.

    If it was made for you, that is who made it. Prints the transfer.
    """
    with opened(store, log, writes=True) as replica:
        event = replica.titles.give_back(title, memo=memo)
    out.result({"transfer": event}, event)


@verb("show", group=title_verb, example=f"{SAW} && tally title show ana.tally saw")
@STORE
@TITLE
@AS
@LOG
def show_verb(out: Output, store: str, title: str, as_actor: str | None, log: str | None) -> None:
    """Show a thing: its owner, and whether it is contested."""
    with opened(store, log) as replica:
        found = titles_of(replica, as_actor).show(title).as_dict()
    out.result(found)


@verb("list", group=title_verb, example="tally title list ana.tally --of me")
@STORE
@click.option("--of", metavar="ACTOR", help="Only what this actor owns.")
@click.option("--type", "type_", metavar="TYPE", help="Only things of this asset type.")
@AS
@LOG
def list_verb(
    out: Output, store: str, *, of: str | None, type_: str | None, as_actor: str | None,
    log: str | None,
) -> None:  # fmt: skip
    """List things and their owners."""
    with opened(store, log) as replica:
        titles = titles_of(replica, as_actor)
        found = titles.list(type=type_) if of is None else titles.owned_by(of, type=type_)
        rows = [
            (
                one.name,
                one.type,
                "nobody" if one.owner is None else called(replica, one.owner),
                "contested" if one.contested else "",
                one.id,
            )
            for one in found
        ]
    lines = table(("name", "type", "owner", "", "title"), rows) if rows else ["nothing"]
    out.result([one.as_dict() for one in found], lines)


@verb("chain", group=title_verb, example=f"{SAW} && tally title chain ana.tally saw")
@STORE
@TITLE
@AS
@LOG
def chain_verb(out: Output, store: str, title: str, as_actor: str | None, log: str | None) -> None:
    """List everything that happened to a thing, counted or not.

    A star marks what leads to its present owner.
    """
    with opened(store, log) as replica:
        steps = titles_of(replica, as_actor).chain(title)
        rows = [
            (
                "*" if one.holds else "",
                day(one.time),
                called(replica, one.by),
                called(replica, one.to),
                "counts" if one.counts else f"no: {one.why}",
                one.event,
            )
            for one in steps
        ]
    head = ("", "claims the day", "by", "to", "counts", "event")
    out.result([one.as_dict() for one in steps], table(head, rows))


@verb("claims", group=title_verb, example="tally title claims ana.tally --of me")
@STORE
@click.argument("title", required=False)
@click.option("--of", metavar="ACTOR", help="Only claims of this actor.")
@click.option("--against", metavar="ACTOR", help="Only claims against this actor.")
@AS
@LOG
def claims_verb(
    out: Output, store: str, title: str | None, *, of: str | None, against: str | None,
    as_actor: str | None, log: str | None,
) -> None:  # fmt: skip
    """List who lost a thing by a transfer that does not hold.

    A buyer has a claim against the seller; where what was passed on is kept, the one it came from
    has a claim against the buyer. Claims of people you do not heed are left out.
    """
    with opened(store, log) as replica:
        found = titles_of(replica, as_actor).claims(title, of=of, against=against)
    out.result([one.as_dict() for one in found], [str(one) for one in found] or ["no claims"])


@verb("why", group=title_verb, example=f"{SAW} && tally title why ana.tally saw")
@STORE
@TITLE
@AS
@LOG
def why_verb(out: Output, store: str, title: str, as_actor: str | None, log: str | None) -> None:
    """Say why somebody owns a thing."""
    with opened(store, log) as replica:
        found = titles_of(replica, as_actor).why(title)
    out.result(found.as_dict(), found.sentences)


@verb("prove", group=title_verb, example=f"{SAW} && tally title prove ana.tally saw saw.title")
@STORE
@TITLE
@click.argument("file", type=click.Path(dir_okay=False))
@LOG
def prove_verb(out: Output, store: str, title: str, file: str, log: str | None) -> None:
    """Write a thing's chain of title into a FILE.

    Anybody can check it, offline. A file that is there already is not overwritten.
    """
    with opened(store, log) as replica:
        text = replica.titles.prove(title)
    with Path(file).open("x", encoding="utf-8") as chain:
        chain.write(text + "\n")
    data = {"file": file, "bytes": len(text.encode()) + 1}
    out.result(data, f"{data['bytes']} bytes in {file}")


@verb(
    "check",
    group=title_verb,
    example=f"{SAW} && tally title prove ana.tally saw saw.title && tally title check saw.title",
)
@click.argument("file", type=click.Path(dir_okay=False))
def check_verb(out: Output, file: str) -> None:
    """Check a chain of title in a FILE; needs no store.

    Exit 3 when something in it does not prove itself. What it shows: who signed which transfer,
    each of them the owner before. Which transfers count is the word of who made the file, and
    that nothing was left out cannot be shown.
    """
    from dataclasses import asdict

    from tallystick.state.title_chain import check_title_chain

    found = check_title_chain(Path(file).read_bytes())
    leading = {one.event for one in found.line}
    rows = [
        ("*" if one.event in leading else "", day(one.time), one.by, one.to,
         "counts" if one.counts else f"no: {one.why}")
        for one in found.ops
    ]  # fmt: skip
    lines = table(("", "claims the day", "signed by", "to", "the maker says"), rows)
    name = next((one.name for one in found.ops if one.name), None) or found.title
    owner = "nobody" if found.owner is None else found.owner
    lines.append(f"every signature holds; by the policy of who made this, {name} is of {owner}")
    out.result(asdict(found), lines)


def titles_of(replica: Replica, as_actor: str | None) -> TitleReads:
    """Titles as the replica's owner or somebody else sees them."""
    return replica.titles if as_actor is None else replica.as_seen_by(as_actor).titles


def called(replica: Replica, did: str) -> str:
    """How an actor is called; a did that no author can have, which a frame may name, as it is."""
    try:
        return replica.called(did)
    except BadInput:
        return did
