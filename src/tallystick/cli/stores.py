"""Stores and logs: make them, name people in them, query, check and describe them.

Reads: replica, store, kernels, errors. Read by: cli.app.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from tallystick.cli.common import LOG, STORE, TARGET, new_passphrase, opened, verb
from tallystick.cli.output import Output, pairs, table
from tallystick.errors import StoreError, VerificationError

VERIFICATION_FAILED: Final = 3


@verb("init", example="tally init ana.tally --name ana")
@STORE
@click.option("--name", help="What you call yourself; kept in the store, not in a log.")
@click.option("--passphrase", "locked", is_flag=True, help="Lock the key with a passphrase.")
def init_verb(out: Output, store: str, name: str | None, *, locked: bool) -> None:
    """Make a store and its key; no log yet.

    The key lies beside the store as STORE.key, readable by you alone. Who has it writes as you; a
    lost key is a lost author. With --passphrase it is sealed: TALLYSTICK_PASSPHRASE, or you when
    asked, unlock it for writing. Prints your did:key.
    """
    import tallystick

    passphrase = new_passphrase() if locked else None
    with tallystick.init(store, name=name, passphrase=passphrase) as replica:
        data = {"store": store, "key": f"{store}.key", "did": replica.did, "name": replica.name}
        out.talk(f"made {store}, and its key {store}.key: keep that file safe, and to yourself")
        out.result(data, replica.did)


@verb("id", example="tally id ana.tally")
@STORE
def id_verb(out: Output, store: str) -> None:
    """Show whose store it is: the did:key of its author.

    Others need it to name you: in statements, or to give you a name of their own.
    """
    from tallystick.identity.did import did_key
    from tallystick.replica.owner import Owner, key_path
    from tallystick.store.store import Store

    # Not through the replica: this needs no log, policy or view, and shells ask it often.
    path = Path(store)
    with Store.open(path) as kept:
        public = Owner.of(kept, key_path(path), passphrase=None).public
        names = [name for name, key in kept.petnames().items() if key == public]
    did = did_key(public)
    out.result({"did": did, "name": names[0] if names else None}, did)


@click.group("log")
def log_verb() -> None:
    """Make a log, or list those of a store.

    A log is what everybody wrote in one shared space; a store may hold several.
    """


@verb(
    "create", group=log_verb, example="tally log create ana.tally news --purpose 'who sells what'"
)
@STORE
@click.argument("name")
@click.option("--purpose", default="", help="What the log is for; part of its first event.")
def create_verb(out: Output, store: str, name: str, purpose: str) -> None:
    """Begin a log called NAME.

    Its first event gives it its id, and you no special rights. Everyone else joins it with their
    first tally sync or import.
    """
    with opened(store, writes=True) as replica:
        made = replica.create_log(name, purpose)
        out.result({"log": made, "name": name, "purpose": purpose}, made)


@verb("ls", group=log_verb, example="tally log ls ana.tally")
@STORE
def ls_verb(out: Output, store: str) -> None:
    """List the logs of a store: id, events, authors and name."""
    with opened(store) as replica:
        logs = [log.as_dict() for log in replica.logs()]
    rows = [(log["id"], log["events"], log["authors"], log["name"]) for log in logs]
    out.result({"logs": logs}, table(("log", "events", "authors", "name"), rows))


@verb("names", example="tally names ana.tally")
@STORE
def names_verb(out: Output, store: str) -> None:
    """List your own names for people; nobody else sees them."""
    with opened(store) as replica:
        names = replica.names()
    out.result({"names": names}, table(("name", "actor"), sorted(names.items())))


@verb("name", example='tally name ana.tally "$(tally id bob.tally)" bob')
@STORE
@TARGET
@click.argument("petname")
def name_verb(out: Output, store: str, target: str, petname: str) -> None:
    """Call an actor PETNAME from now on.

    Only you see it. A name means one actor: given to another, it leaves the first.
    """
    with opened(store) as replica:
        before = replica.names().get(petname)
        replica.name_actor(target, petname)
        did = replica.names()[petname]
    if before not in (None, did):
        out.talk(f"{petname} was {before} until now")
    out.result({"name": petname, "actor": did}, f"{petname} is {did}")


@verb("verify", example="tally verify ana.tally")
@STORE
@LOG
def verify_verb(out: Output, store: str, log: str | None) -> int:
    """Check every hash, link, tree and signature in the store.

    Everything is computed again from its bytes. Exit 3 if anything does not prove what it claims.
    """
    try:
        with opened(store, log) as replica, out.progress() as progress:
            report = replica.verify(progress=progress)
    except StoreError as error:
        if error.code != "store/damaged":
            raise
        raise VerificationError(
            error.code, error.message, got=error.got, where=error.where,
            hint="Restore a backup, then sync: peers send what it lacks.",
        ) from None  # fmt: skip
    data = report.as_dict() | {"ok": report.ok}
    lines = [
        f"{report.events} events in {report.chains} chains, {report.seconds:.1f} s: "
        + ("all prove what they claim" if report.ok else f"{len(report.problems)} problems")
    ]
    lines += ["  " + ", ".join(f"{k} {v}" for k, v in one.items()) for one in report.problems]
    out.result(data, lines)
    return 0 if report.ok else VERIFICATION_FAILED


@verb("doctor", example="tally doctor ana.tally")
@click.argument("store", required=False, type=click.Path(dir_okay=False))
def doctor_verb(out: Output, store: str | None) -> None:
    """Say what is in use, and what a store holds.

    Kernels and versions; of STORE how much there is of what, and how much room it takes.
    Kernels are the hot loops: native ones (Rust) if they could be built, else the reference ones
    in Python, which give the same answers, slower.
    """
    facts: dict[str, Any] = {}
    if store is None:
        facts = about_here()
    else:
        with opened(store) as replica:
            facts = replica.doctor()
    flat = {name: value for name, value in facts.items() if value is not None}
    held = dict(flat.pop("store", {}))
    tables = held.pop("tables", {})
    flat |= {f"store {name}": value for name, value in held.items()}
    flat |= {
        f"table {name}": f"{table['rows']} rows, {table['bytes']} bytes"
        for name, table in tables.items()
        if table["rows"]
    }
    lines = pairs(flat)
    if facts.get("kernels") == "reference":
        lines.append("the reference kernels give the same answers, slower: make native")
    out.result(facts, lines)


def about_here() -> dict[str, Any]:
    """What can be said without a store."""
    import platform

    import tallystick
    from tallystick import kernels

    return {
        "version": tallystick.__version__,
        "kernels": kernels.active_name,
        "why_not_native": kernels.why_not_native,
        "python": platform.python_version(),
        "platform": platform.platform(),
    }


@verb("completion", example="tally completion bash")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion_verb(out: Output, shell: str) -> None:
    """Print the completion script of SHELL.

    \b
    bash:  tally completion bash > ~/.local/share/bash-completion/completions/tally
    zsh:   tally completion zsh > "${fpath[1]}/_tally"
    fish:  tally completion fish > ~/.config/fish/completions/tally.fish
    """
    from click.shell_completion import get_completion_class

    from tallystick.cli.app import tally

    made = get_completion_class(shell)
    assert made is not None, shell
    # Click's bash class asks the installed bash for its version, and we only print.
    text = made(tally, {}, "tally", "_TALLY_COMPLETE")
    script = text.source_template % text.source_vars()
    out.result({"shell": shell, "script": script}, script)
