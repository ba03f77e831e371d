"""Collections of records, and texts: documents that many people edit.

    tally records define ana.tally todos todo.json ──► add, edit, find, delete, restore, history
    tally text splice ana.tally doc/body 0 'Hello' ──► show, mark, blame, replay
    tally undo ana.tally ──► redo

Reads: replica. Read by: cli.app.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from tallystick.cli.common import AS, LOG, STORE, json_value, opened, verb, word_or_json
from tallystick.cli.output import Output, shown, table
from tallystick.errors import BadInput

if TYPE_CHECKING:
    from tallystick.replica.replica import Replica

COLLECTION = click.argument("collection")
RECORD = click.argument("record")
PLACE = click.argument("place")
FIELDS = click.argument("fields", nargs=-1, metavar="FIELD=VALUE...")
AT = click.option("--at", "version", metavar="VERSION", help="As of an earlier version.")
SCHEMA: Final = '{"properties": {"title": {"type": "string"}, "notes": {"x-crdt": "text"}}}'
DEFINE: Final = f"echo '{SCHEMA}' > todo.json && tally records define ana.tally todos todo.json"
ADD: Final = f"{DEFINE} && tally records add ana.tally todos --id milk title='buy milk'"
EDIT: Final = "tally records edit ana.tally todos milk"
FIND: Final = "tally records find ana.tally todos --order title"
HELLO: Final = "tally text splice ana.tally doc/body 0 Hello"


@click.group("records")
def records_verb() -> None:
    """Documents: collections of records, each field of a type of its own.

    A collection is given a schema once in every store that reads it; it is a table in SQL, too.
    """


@verb("define", group=records_verb, example=DEFINE)
@STORE
@COLLECTION
@click.argument("schema", type=click.Path(dir_okay=False))
@click.option("--index", "indexes", multiple=True, metavar="FIELD", help="Find quickly by it.")
@LOG
def define_records_verb(
    out: Output, store: str, collection: str, schema: str, *, indexes: tuple[str, ...],
    log: str | None,
) -> None:  # fmt: skip
    """Give a collection its schema, a JSON Schema.

    "x-crdt" says what a field is: register (the default), multi, timed, flag, off-flag, counter,
    set, list, text, map; an object with properties is fields within fields. Another schema later
    on reads the same history anew.
    """
    with opened(store, log) as replica:
        try:
            text = Path(schema).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(
                "usage/argument", where="SCHEMA", expected="a file of JSON", got=error
            ) from error
        wanted = json_value(text, where=schema)
        found = replica.collection(collection, wanted, indexes=indexes)
        result = {"collection": collection, "records": len(found)}
    out.result(result, f"{collection}: {result['records']} records")


@verb("list", group=records_verb, example=f"{DEFINE} && tally records list ana.tally")
@STORE
@LOG
def list_records_verb(out: Output, store: str, log: str | None) -> None:
    """List the collections that have a schema here."""
    with opened(store, log) as replica:
        found = [
            {"collection": name, "records": len(replica.collection(name))}
            for name in replica.collections()
        ]
    rows = [(one["collection"], one["records"]) for one in found]
    out.result(found, table(("collection", "records"), rows) if rows else ["no collections"])


@verb("add", group=records_verb, example=ADD)
@STORE
@COLLECTION
@FIELDS
@click.option("--id", "key", metavar="ID", help="Of the record; random if not given.")
@LOG
def add_record_verb(
    out: Output, store: str, collection: str, fields: tuple[str, ...], *, key: str | None,
    log: str | None,
) -> None:  # fmt: skip
    """Add a record; prints its id.

    A VALUE is JSON, or a bare word.
    """
    wanted = assignments(fields)
    with opened(store, log, writes=True) as replica:
        made = replica.collection(collection).add(key, **wanted)
    out.result({"record": made}, made)


@verb("edit", group=records_verb, example=f"{ADD} && {EDIT} notes='two litres'")
@STORE
@COLLECTION
@RECORD
@FIELDS
@LOG
def edit_record_verb(
    out: Output, store: str, collection: str, record: str, fields: tuple[str, ...], log: str | None
) -> None:
    """Make fields of a record read other values, as one event.

    Of texts, lists, sets and counters what differs is written, so that what others wrote stays.
    """
    wanted = assignments(fields)
    with opened(store, log, writes=True) as replica:
        with replica.collection(collection).edit(record) as one:
            one.update(wanted)
        found = replica.collection(collection).get(record)
    out.result(plain(found), lines_of(found))


@verb("show", group=records_verb, example=f"{ADD} && tally records show ana.tally todos milk")
@STORE
@COLLECTION
@RECORD
@AT
@LOG
def show_record_verb(
    out: Output, store: str, collection: str, record: str, *, version: str | None, log: str | None
) -> int:
    """Show a record, every field on a line."""
    with opened(store, log) as replica:
        found = reading_of(replica, collection, version).get(record)
    if found is None:
        raise BadInput(
            "state/record", "there is no such record", where=f"{collection}/{record}",
            hint="`tally records find` lists those there are.",
        )  # fmt: skip
    out.result(plain(found), lines_of(found))
    return 0


@verb("find", group=records_verb, example=f"{ADD} && {FIND}")
@STORE
@COLLECTION
@click.option("--where", metavar="JSON", help='{"done": false, "priority": {">": 2}}')
@click.option("--order", multiple=True, metavar="FIELD", help="-FIELD is descending.")
@click.option("--limit", type=int, metavar="N", help="At most so many.")
@AT
@LOG
def find_records_verb(
    out: Output, store: str, collection: str, *, where: str | None, order: tuple[str, ...],
    limit: int | None, version: str | None, log: str | None,
) -> None:  # fmt: skip
    """List records, all or those that fit.

    Operators: = != < <= > >= in contains.
    """
    selector = None if where is None else json_value(where, where="--where")
    if selector is not None and not isinstance(selector, dict):
        raise BadInput("usage/argument", where="--where", expected="a JSON object", got=where)
    with opened(store, log) as replica:
        found = reading_of(replica, collection, version).find(selector, order=order, limit=limit)
    names = list(found[0]) if found else []
    rows = [tuple(short(one.get(name)) for name in names) for one in found]
    out.result(found, table(tuple(names), rows) if rows else ["no records"])


@verb("delete", group=records_verb, example=f"{ADD} && tally records delete ana.tally todos milk")
@STORE
@COLLECTION
@RECORD
@LOG
def delete_record_verb(
    out: Output, store: str, collection: str, record: str, log: str | None
) -> None:
    """Say that a record is not there any more.

    Its fields are kept, unseen; restore brings them back, with what others wrote meanwhile.
    """
    with opened(store, log, writes=True) as replica:
        made = replica.collection(collection).delete(record)
    out.result({"id": made}, made)


@verb(
    "restore", group=records_verb,
    example=f"{ADD} && tally records delete ana.tally todos milk"
    " && tally records restore ana.tally todos milk",
)  # fmt: skip
@STORE
@COLLECTION
@RECORD
@LOG
def restore_record_verb(
    out: Output, store: str, collection: str, record: str, log: str | None
) -> None:
    """Say that a deleted record is there again."""
    with opened(store, log, writes=True) as replica:
        made = replica.collection(collection).restore(record)
    out.result({"id": made}, made)


@verb("history", group=records_verb, example=f"{ADD} && tally records history ana.tally todos milk")
@STORE
@COLLECTION
@RECORD
@LOG
def record_history_verb(
    out: Output, store: str, collection: str, record: str, log: str | None
) -> None:
    """Show what every event did to a record, counted or not."""
    with opened(store, log) as replica:
        found = replica.collection(collection).history(record)
        rows = [
            (
                replica.called(one["author"]),
                one["what"],
                one["place"].partition("/")[2],
                "" if one["counts"] else "does not count",
            )
            for one in found
        ]
    out.result(found, table(("by", "what", "where", ""), rows) if rows else ["nothing"])


# --- texts ---------------------------------------------------------------------------------------


@click.group("text")
def text_verb() -> None:
    """Texts that many people write, character by character."""


@verb("show", group=text_verb, example=f"{HELLO} && tally text show ana.tally doc/body")
@STORE
@PLACE
@AS
@AT
@LOG
def show_text_verb(
    out: Output, store: str, place: str, *, as_actor: str | None, version: str | None,
    log: str | None,
) -> None:  # fmt: skip
    """Show a text: as you read it, as others do, or as it was."""
    with opened(store, log) as replica:
        if version is not None:
            reading: Any = replica.at(version)
        else:
            reading = replica if as_actor is None else replica.as_seen_by(as_actor)
        found = reading.view("texts", key=place)
    if not isinstance(found, str):
        raise BadInput("state/place", "there is no text", where=place)
    out.result({"place": place, "text": found}, found)


@verb("splice", group=text_verb, example=HELLO)
@STORE
@PLACE
@click.argument("position")
@click.argument("text", default="")
@click.option("--delete", "deleted", type=int, default=0, metavar="N", help="Delete so many first.")
@LOG
def splice_verb(
    out: Output, store: str, place: str, position: str, text: str, *, deleted: int,
    log: str | None,
) -> None:  # fmt: skip
    """Delete characters of a text at POSITION, insert TEXT there.

    Positions count characters (Unicode scalar values) of the text as you read it.
    """
    with opened(store, log, writes=True) as replica:
        made = replica.splice(place, number(position, "POSITION"), deleted, text)
        found = replica.view("texts", key=place)
    out.result({"id": made, "text": found}, shown(found) if found is not None else "")


@verb("mark", group=text_verb, example=f"{HELLO} && tally text mark ana.tally doc/body 0 5 bold")
@STORE
@PLACE
@click.argument("start")
@click.argument("end")
@click.argument("name")
@click.argument("value", default="true")
@click.option("--fixed", is_flag=True, help="It does not grow with what is typed after it.")
@LOG
def mark_verb(
    out: Output, store: str, place: str, start: str, end: str, *, name: str, value: str,
    fixed: bool, log: str | None,
) -> None:  # fmt: skip
    """Mark characters START to END of a text.

    NAME is bold, link, comment-7...; VALUE is JSON or a bare word, and null takes the mark off.
    """
    wanted = word_or_json(value)
    with opened(store, log, writes=True) as replica:
        first, last = number(start, "START"), number(end, "END")
        made = replica.mark(place, first, last, name, value=wanted, grows=not fixed)
    out.result({"id": made}, made)


@verb("blame", group=text_verb, example=f"{HELLO} && tally text blame ana.tally doc/body")
@STORE
@PLACE
@LOG
def blame_verb(out: Output, store: str, place: str, log: str | None) -> None:
    """Show who wrote what a text or list shows."""
    with opened(store, log) as replica:
        found = replica.blame(place)
        rows = [(replica.called(run.author), shown(run.said), run.event) for run in found]
    out.result([run.as_dict() for run in found], table(("by", "wrote", "event"), rows))


@verb("replay", group=text_verb, example=f"{HELLO} && tally text replay ana.tally doc/body")
@STORE
@PLACE
@LOG
def replay_verb(out: Output, store: str, place: str, log: str | None) -> None:
    """Show how a text came about, event by event."""
    with opened(store, log) as replica:
        found = list(replica.replay(place))
        rows = [
            (replica.called(step.author), ", ".join(map(short, step.what)), short(step.text))
            for step in found
        ]
    out.result([step.as_dict() for step in found], table(("by", "what", "text"), rows))


# --- undo ----------------------------------------------------------------------------------------

STEPS = click.option("--steps", type=int, default=1, metavar="N", help="So many steps.")
GROUP_MS = click.option(
    "--group-ms", type=int, default=300, metavar="MS",
    help="Edits closer together than this are one step.", show_default=True,
)  # fmt: skip


@verb("undo", example=f"{HELLO} && tally undo ana.tally")
@STORE
@STEPS
@GROUP_MS
@LOG
def undo_verb(out: Output, store: str, *, steps: int, group_ms: int, log: str | None) -> None:
    """Take your own last edits back.

    What others wrote stays; redo restores them, until you edit something else.
    """
    with opened(store, log, writes=True) as replica:
        found = replica.undo_manager(group_ms=group_ms).undo(steps)
    out.result({"edits": found}, f"{edits(found)} taken back" if found else "nothing to undo")


@verb("redo", example=f"{HELLO} && tally undo ana.tally && tally redo ana.tally")
@STORE
@STEPS
@GROUP_MS
@LOG
def redo_verb(out: Output, store: str, *, steps: int, group_ms: int, log: str | None) -> None:
    """Restore the edits that you undid last."""
    with opened(store, log, writes=True) as replica:
        found = replica.undo_manager(group_ms=group_ms).redo(steps)
    out.result({"edits": found}, f"{edits(found)} restored" if found else "nothing to redo")


def edits(found: tuple[str, ...]) -> str:
    """How many."""
    return f"{len(found)} edit{'' if len(found) == 1 else 's'}"


# --- what they share -----------------------------------------------------------------------------


def assignments(words: tuple[str, ...]) -> dict[str, Any]:
    """``title=milk`` and so on; a value is JSON or a bare word. Raises BadInput usage/argument."""
    found = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise BadInput("usage/argument", expected="FIELD=VALUE", got=word)
        found[name] = word_or_json(value)
    return found


def number(text: str, where: str) -> int:
    """A whole number. Raises BadInput usage/argument."""
    try:
        return int(text)
    except ValueError:
        raise BadInput("usage/argument", where=where, expected="a whole number", got=text) from None


def reading_of(replica: Replica, collection: str, version: str | None) -> Any:
    """A collection as it reads now, or as of a version."""
    found = replica.collection(collection)
    return found if version is None else found.at(version)


def plain(record: Any) -> Any:
    """A record with null for what is absent."""
    from tallystick.state.views_records import plain as without_absent

    return without_absent(record)


def lines_of(record: dict[str, Any]) -> list[str]:
    """A field on a line."""
    width = max(map(len, record))
    return [f"{name:{width}}  {short(value)}" for name, value in record.items()]


def short(value: Any) -> str:
    """A value in a cell; long ones are cut."""
    text = "" if value is None else shown(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
