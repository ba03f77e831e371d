"""Exchange with others: sync, serve, export, import.

Reads: replica. Read by: cli.app.
"""

from __future__ import annotations

import signal
import threading
from typing import Any, Final

import click

from tallystick.cli.common import LOG, STORE, opened, verb
from tallystick.cli.output import Output

LISTEN: Final = "tcp://127.0.0.1:7400"
COUNTED: Final = ("events_in", "events_out", "bytes_in", "bytes_out", "round_trips")


@verb("sync")
@STORE
@click.argument("peers", nargs=-1, required=True, metavar="PEER...")
@LOG
def sync_verb(out: Output, store: str, peers: tuple[str, ...], log: str | None) -> None:
    """Exchange with each PEER (a store file or tcp://HOST:PORT) what the other lacks.

    A store without a log joins the peer's; if the peer offers several, --log says which.
    """
    reports: list[dict[str, Any]] = []
    with opened(store) as replica, out.progress() as progress:
        for peer in peers:
            report = replica.sync(peer, log=log, progress=progress)
            reports.append({"peer": peer} | report.as_dict())
            if not out.as_json:
                out.result({}, sentence(reports[-1]))
    if out.as_json:
        data: dict[str, Any] = {name: sum(one[name] for one in reports) for name in COUNTED}
        data["equal"] = all(one["equal"] for one in reports)
        data["rejected"] = [bad for one in reports for bad in one["rejected"]]
        out.result(data | {"log": reports[-1]["log"], "peers": reports})


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


@verb("serve")
@STORE
@click.option("--listen", default=LISTEN, show_default=True, metavar="URL", help="Where.")
@LOG
def serve_verb(out: Output, store: str, listen: str, log: str | None) -> None:
    """Answer peers until stopped (Ctrl-C, or SIGTERM for a clean exit 0)."""
    stop = threading.Event()

    def ready(url: str) -> None:
        if out.as_json:
            out.result({"listening": url})
        else:
            out.talk(f"listening on {url}")

    before = signal.signal(signal.SIGTERM, lambda *_: stop.set())
    try:
        with opened(store, log) as replica:
            replica.serve(listen, ready=ready, stop=stop)
    finally:
        signal.signal(signal.SIGTERM, before)


@verb("export")
@STORE
@click.argument("file", type=click.Path(dir_okay=False))
@LOG
def export_verb(out: Output, store: str, file: str, log: str | None) -> None:
    """Write the whole log into a bundle FILE, for sneakernet, mail or backup."""
    with opened(store, log) as replica:
        report = replica.export(file)
    data = report if isinstance(report, dict) else report.as_dict()
    out.result({"file": file} | data)


@verb("import")
@STORE
@click.argument("file", type=click.Path(dir_okay=False))
@LOG
def import_verb(out: Output, store: str, file: str, log: str | None) -> None:
    """Take in what a bundle FILE holds; everything is verified as from any peer."""
    with opened(store) as replica:
        report = {"peer": file} | replica.import_bundle(file, log=log).as_dict()
    out.result(report, sentence(report))
