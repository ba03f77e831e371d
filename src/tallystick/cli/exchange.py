"""Exchange with others: sync, serve, export, import.

Reads: replica. Read by: cli.app.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import click

from tallystick.cli.common import LOG, STORE, opened, verb
from tallystick.cli.output import Output
from tallystick.errors import BadInput

if TYPE_CHECKING:
    from tallystick.replica.reports import SyncReport

LISTEN: Final = "tcp://127.0.0.1:7400"
VERIFICATION_FAILED: Final = 3
COUNTED: Final = ("events_in", "events_out", "bytes_in", "bytes_out", "round_trips")


@verb("sync", example="tally sync ana.tally bob.tally")
@STORE
@click.argument("peers", nargs=-1, required=True, metavar="PEER...")
@click.option("--follow", is_flag=True, help="Stay, and exchange what is new as it comes.")
@LOG
def sync_verb(
    out: Output, store: str, peers: tuple[str, ...], log: str | None, *, follow: bool
) -> int:
    """Exchange with each PEER what the other lacks.

    A PEER is a store file, or tcp://HOST:PORT where tally serve runs. A store without a log joins
    the peer's; if the peer offers several, --log says which (over TCP by its full id). What a peer
    sends that does not prove itself is rejected, not kept, and told: then the exit code is 3.
    """
    if follow and (len(peers) != 1 or "://" not in peers[0]):
        raise BadInput("usage/argument", "--follow takes one peer", expected="tcp://HOST:PORT")
    reports: list[dict[str, Any]] = []
    with opened(store) as replica, out.progress() as progress:
        for peer in peers:
            if follow:
                with until_stopped() as stop:
                    report = replica.follow(peer, log=log, stop=stop)
            else:
                report = replica.sync(peer, log=log, progress=progress)
            reports.append({"peer": peer} | report.as_dict())
            if not out.as_json:
                out.result({}, sentence(reports[-1]))
    if out.as_json:
        data: dict[str, Any] = {name: sum(one[name] for one in reports) for name in COUNTED}
        data["equal"] = all(one["equal"] for one in reports)
        data["rejected"] = [bad for one in reports for bad in one["rejected"]]
        out.result(data | {"log": reports[-1]["log"], "peers": reports})
    return VERIFICATION_FAILED if any(unproven(one) for one in reports) else 0


def unproven(report: dict[str, Any]) -> bool:
    """Whether something came that did not prove itself (a bound that was met is no such thing)."""
    return any(not one["code"].startswith("sync/") for one in report["rejected"])


@contextmanager
def until_stopped() -> Iterator[threading.Event]:
    """An event that SIGTERM sets: a clean end, exit 0. Ctrl-C stays an interruption."""
    stop = threading.Event()
    before = signal.signal(signal.SIGTERM, lambda *_: stop.set())
    try:
        yield stop
    finally:
        signal.signal(signal.SIGTERM, before)


def sentence(report: dict[str, Any]) -> list[str]:
    """One exchange as lines for a person."""
    lines = [
        "{peer}: {events_in} events in, {events_out} out; {bytes_in} bytes in, {bytes_out} out; "
        "{round_trips} round trips; {state}".format(
            **report, state="equal" if report["equal"] else "not equal yet"
        )
    ]
    if report.get("pending"):
        lines.append(f"  {report['pending']} events wait for their parents")
    lines += [
        f"  rejected {one.get('subject', '')}: {one.get('code', '')} {one.get('detail', '')}"
        for one in report["rejected"]
    ]
    return lines


@verb("serve", example="tally serve ana.tally --listen tcp://127.0.0.1:7400")
@STORE
@click.option("--listen", default=LISTEN, show_default=True, metavar="URL", help="Where.")
@LOG
def serve_verb(out: Output, store: str, listen: str, log: str | None) -> None:
    """Answer peers over TCP until stopped.

    SIGTERM ends it cleanly with exit 0; Ctrl-C interrupts it (130). Port 0 lets the system choose;
    the address is told once it listens. Whoever reaches it can read the log: a network that you
    do not trust needs a tunnel.
    """

    def ready(url: str) -> None:
        if out.as_json:
            out.result({"listening": url})
        else:
            out.talk(f"listening on {url}")

    def ended(report: SyncReport) -> None:
        for line in sentence({"peer": "a peer"} | report.as_dict()):
            out.talk(line)

    with until_stopped() as stop, opened(store) as replica:
        replica.serve(listen, log=log, ready=ready, ended=ended, stop=stop)


@verb("export", example="tally export ana.tally market.bundle")
@STORE
@click.argument("file", type=click.Path(dir_okay=False))
@click.option("--car", is_flag=True, help="Headers only, as a CAR file for IPLD tools.")
@LOG
def export_verb(out: Output, store: str, file: str, log: str | None, *, car: bool) -> None:
    """Write the whole log into a bundle FILE.

    For mail, a memory stick or a backup. Private statements, names and the key are not in it. A
    file that is there already is not overwritten.

    With --car FILE is a CAR: who built upon what, without what was said. It is for tools that
    follow links, and cannot be imported.
    """
    with opened(store, log) as replica:
        if car:
            with out.progress() as progress:
                done = replica.export_car(file, progress=progress)
            told = f"{done.events} headers under {done.roots} roots, {done.bytes} bytes, in {file}"
            out.result({"file": file} | done.as_dict(), told)
            return
        report = replica.export(file)
    text = f"{report.events_out} events, {report.bytes_out} bytes, in {file}"
    out.result({"file": file} | report.as_dict(), text)


@verb(
    "import",
    example="tally export ana.tally gift.bundle && tally import bob.tally gift.bundle",
)
@STORE
@click.argument("file", type=click.Path(dir_okay=False))
@LOG
def import_verb(out: Output, store: str, file: str, log: str | None) -> int:
    """Take in what a bundle FILE holds.

    Everything is verified as from any peer; exit 3 if something did not prove itself (the rest is
    kept). A store without a log joins the bundle's.
    """
    with opened(store) as replica:
        report = {"peer": file} | replica.import_bundle(file, log=log).as_dict()
    lines = [f"{file}: {report['events_in']} new events"]
    out.result(report, lines + sentence(report)[1:])
    return VERIFICATION_FAILED if unproven(report) else 0


@verb(
    "decline",
    example="tally decline ana.tally did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
)
@STORE
@click.argument("actor", required=False)
@click.option("--undo", is_flag=True, help="Take the actor's events again.")
@LOG
def decline_verb(
    out: Output, store: str, actor: str | None, log: str | None, *, undo: bool
) -> None:
    """Leave an ACTOR of whom nothing is here out of syncs.

    Without one, list who is left out. It saves the fetching and changes no answer. Once an event
    waits for one of theirs, somebody you keep has built upon them, and they are fetched after all.
    To stop heeding somebody whose events are here: ban.
    """
    if undo and actor is None:
        raise BadInput("usage/argument", "--undo takes an ACTOR", expected="tally decline --undo A")
    with opened(store, log) as replica:
        if actor is None:
            found = replica.declined()
        else:
            found = replica.accept(actor) if undo else replica.decline(actor)
    out.result({"declined": found}, found or ["nobody is declined"])
