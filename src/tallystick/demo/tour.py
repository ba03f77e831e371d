"""The tour: one community, four replicas, three pairs of eyes, one ban, and every claim checked.

    1 hold      four stores with different parts of one log
    2 sync      each serves TCP; they sync round a ring until all log checkpoints are equal
    3 judge     three people's policies over the same events: different answers, each explained
    4 ban       one actor is banned live; what changes is shown; the ban is withdrawn
    5 checks    exit 0 only if all of them held

Law: nothing on the screen is asserted that was not checked; the same steps for every community.

Reads: demo.community, replica. Read by: cli.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

import tallystick
from tallystick.demo.community import REPLICAS, Community, find_community
from tallystick.replica.reading import Reading
from tallystick.replica.replica import Replica

ROUNDS_MAX = REPLICAS
SHOWN = 6
MAX_DEPTH = 2
SLICES_A_BATCH = 1_500
START_SECONDS = 30
NAMES = ("north", "east", "south", "west")


@dataclass(slots=True)
class Check:
    """One claim and whether it held."""

    claim: str
    held: bool


@dataclass(slots=True)
class Tour:
    """What was seen on the way; plain data at the end."""

    console: Console
    quiet: bool
    found: dict[str, Any] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)

    def check(self, claim: str, held: bool) -> None:  # noqa: FBT001  # a claim and its answer
        """Notes a claim; the tour goes on either way."""
        self.checks.append(Check(claim, held))

    def say(self, text: str = "") -> None:
        """A line for people."""
        if not self.quiet:
            self.console.print(text)

    def title(self, number: int, text: str) -> None:
        """The heading of a step."""
        self.say(f"\n[bold]{number}. {text}[/bold]")

    def table(self, table: Table) -> None:
        """A table for people."""
        if not self.quiet:
            self.console.print(table)

    @contextmanager
    def bar(self, what: str, total: int | None) -> Iterator[Any]:
        """A progress bar on stderr; drawn only where somebody watches."""
        watched = not self.quiet and sys.stderr.isatty()
        columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(
            *columns, console=Console(stderr=True), transient=True, disable=not watched
        ) as bars:
            task = bars.add_task(what, total=total)
            yield lambda done: bars.update(task, completed=done)


def run(data: Path | None, *, as_json: bool = False) -> int:
    """Takes the tour; 0 when every check held, 3 otherwise."""
    tour = Tour(Console(highlight=False), as_json)
    started = monotonic()
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="tally-tour-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        community = find_community(data)
        replicas = _hold(tour, community, folder, stack)
        _sync(tour, replicas, stack)
        _judge(tour, community, replicas[0])
        _ban(tour, community, replicas[0])
    tour.found["seconds"] = round(monotonic() - started, 1)
    return _conclude(tour)


# --- 1 ------------------------------------------------------------------------------------------


def _hold(tour: Tour, community: Community, folder: Path, stack: ExitStack) -> list[Replica]:
    tour.title(1, f"Four replicas, one log: {community.title}")
    with tour.bar("building the log", len(community.ratings)) as told:
        builder = community.build(told)
    holdings = community.holdings(builder)
    replicas = []
    table = Table("replica", "owner", "events", "of authors", "log checkpoint")
    total = sum(sum(sizes.values()) for sizes in holdings)
    with tour.bar("storing what each holds", total) as told:
        done = 0
        for name, sizes in zip(NAMES, holdings, strict=True):
            replica = stack.enter_context(tallystick.init(folder / f"{name}.tally", name=name))
            slices = list(builder.prefixes(sizes))
            taken = replica.receive(slices, log=builder.log)
            assert not taken.rejected, taken.rejected[:3]
            replica.bind(builder.log)
            for user in community.users():
                if len(community.ratings) < SLICES_A_BATCH:
                    replica.name_actor(community.did(user), community.label(user))
            replicas.append(replica)
            done += taken.accepted
            told(done)
            log = replica.logs()[0]
            digest = f"{replica.digest()[:12]}…"
            table.add_row(name, f"…{replica.did[-8:]}", str(log.events), str(log.authors), digest)
    tour.table(table)
    events = [replica.logs()[0].events for replica in replicas]
    tour.found["held"] = events
    tour.check("the replicas hold different events at first", len({*_digests(replicas)}) > 1)
    return replicas


def _digests(replicas: list[Replica]) -> list[str]:
    return [replica.digest() for replica in replicas]


# --- 2 ------------------------------------------------------------------------------------------


def _sync(tour: Tour, replicas: list[Replica], stack: ExitStack) -> None:
    tour.title(2, "Each serves TCP, and they sync round a ring until all are equal")
    urls = [_serve(replica, stack) for replica in replicas]
    syncs = []
    before = [replica.logs()[0].events for replica in replicas]
    with tour.bar("syncing", None) as told:
        for step in range(ROUNDS_MAX * REPLICAS):
            if len({*_digests(replicas)}) == 1:
                break
            mine, peer = step % REPLICAS, (step + 1) % REPLICAS
            report = replicas[mine].sync(urls[peer])
            syncs.append({"from": NAMES[mine], "to": NAMES[peer]} | report.as_dict())
            told(sum(sync["events_in"] + sync["events_out"] for sync in syncs))
            tour.say(
                f"   {NAMES[mine]} ⇄ {NAMES[peer]}: {report.events_in} events in,"
                f" {report.events_out} out, {_bytes(report.bytes_in + report.bytes_out)},"
                f" {report.round_trips} round trips"
            )
    digests = _digests(replicas)
    after = [replica.logs()[0].events for replica in replicas]
    tour.say(f"   all four hold {after[0]} events; log checkpoint {digests[0][:24]}…")
    again = replicas[0].sync(urls[1])
    tour.say(f"   once more: equal, {again.bytes_in + again.bytes_out} bytes")
    tour.found["syncs"] = syncs
    tour.found["digest"] = digests[0]
    tour.check("all four log checkpoints are equal", len(set(digests)) == 1)
    tour.check("nobody lost an event", all(a >= b for a, b in zip(after, before, strict=True)))
    tour.check("nothing was rejected", not any(sync["rejected"] for sync in syncs))


def _serve(replica: Replica, stack: ExitStack) -> str:
    """A process of its own that serves the replica's store; its address."""
    command = [
        sys.executable, "-m", "tallystick.cli", "serve", str(replica.path),
        "--listen", "tcp://127.0.0.1:0", "--json",
    ]  # fmt: skip
    process = subprocess.Popen(  # noqa: S603  # our own interpreter, our own module
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    stack.callback(_stop, process)
    assert process.stdout is not None
    line = process.stdout.readline()
    address: str = json.loads(line)["listening"]
    return address


def _stop(process: subprocess.Popen[str]) -> None:
    with process:  # closes the pipe and waits, whatever happens
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(START_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()


def _bytes(count: int) -> str:
    for unit, size in (("MB", 1_000_000), ("kB", 1_000)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"


# --- 3 ------------------------------------------------------------------------------------------


def _judge(tour: Tour, community: Community, replica: Replica) -> None:
    tour.title(3, "The same events under three people's policies (threshold 1, depth 2)")
    with tour.bar("adding up reputations", None):
        replica.define_sum("reputation", kind="rating/rate", key="target", amount="rating")
    names = {community.did(user): community.label(user) for user in community.users()}
    seen: dict[str, Reading] = {}
    table = Table("through the eyes of", "heeds the word of", "does not heed", "contested")
    tour.found["viewers"] = {}
    for user in community.viewers:
        label, did = community.label(user), community.did(user)
        with tour.bar(f"as {label}", None):
            reading = replica.as_seen_by(did, threshold=1, max_depth=MAX_DEPTH)
            standing = reading.standing()
        seen[label] = reading
        counts = [len(standing[part]) for part in ("rank", "banned", "contested")]
        table.add_row(label, *map(str, counts))
        tour.found["viewers"][label] = standing
        again = replica.as_seen_by(did, threshold=1, max_depth=MAX_DEPTH)
        same = again.policy.hash == reading.policy.hash and again.standing() == standing
        tour.check(f"{label}'s answers can be had again", same)
    tour.table(table)
    for label, reading in seen.items():
        _not_heeded(tour, label, reading, names)
    _reputations(tour, seen, names)


def people(count: int) -> str:
    """``1 person``, ``2 people``."""
    return f"{count} {'person' if count == 1 else 'people'}"


def _not_heeded(tour: Tour, label: str, reading: Reading, names: dict[str, str]) -> None:
    """Some people a viewer ends up not heeding, and why."""
    banned = reading.standing()["banned"]
    tour.say(f"\n   [bold]{escape(label)}[/bold] does not heed {people(len(banned))}, for example:")
    for did in banned[: SHOWN // 2]:
        verdict = reading.verdict(did)
        tour.say(f"     {escape(_named(verdict.sentence, names))}")
        tour.check(f"{label} can say why {names.get(did, did)} is not heeded", _explained(verdict))


def _named(sentence: str, names: dict[str, str]) -> str:
    """A sentence with the people called as the community calls them."""
    for did, name in names.items():
        sentence = sentence.replace(f"…{did[-8:]}", name)
    return sentence


def _explained(verdict: Any) -> bool:
    return not verdict.included and bool(verdict.causes) and bool(verdict.sentence)


def _reputations(tour: Tour, seen: dict[str, Reading], names: dict[str, str]) -> None:
    """The people on whom the three views differ most."""
    views = {}
    for label, reading in seen.items():
        with tour.bar(f"reputations as {label} sees them", None):
            views[label] = reading.view("reputation")
    everybody = sorted({did for totals in views.values() for did in totals})
    spread = {
        did: max(v.get(did, 0) for v in views.values()) - min(v.get(did, 0) for v in views.values())
        for did in everybody
    }
    most = sorted(everybody, key=lambda did: (-spread[did], did))[:SHOWN]
    table = Table("reputation of", *(f"to {label}" for label in seen))
    for did in most:
        table.add_row(names.get(did, did), *(str(v.get(did, 0)) for v in views.values()))
    tour.say("\n   Whose reputation differs most, although everybody holds the same events:")
    tour.table(table)
    hashes = {label: reading.state_hash("reputation") for label, reading in seen.items()}
    tour.found["reputation_hashes"] = hashes
    tour.check("different policies give different answers", len(set(hashes.values())) > 1)


# --- 4 ------------------------------------------------------------------------------------------


def _ban(tour: Tour, community: Community, replica: Replica) -> None:
    user = community.most_banned()
    label, did = community.label(user), community.did(user)
    names = {community.did(one): community.label(one) for one in community.users()}
    tour.title(4, f"The owner of {NAMES[0]} bans {label}, sees what changes, and takes it back")
    before, before_hash = replica.view("reputation"), replica.state_hash("reputation")
    supposed = replica.what_if(tallystick.ban(did))
    tour.say(
        f"   what if: {supposed.events_lost} events would stop counting,"
        f" {len(supposed.changes)} reputations would change"
    )
    receipt = replica.ban(did, reason="shown on the tour")
    during = replica.view("reputation")
    changed = {k for k in {*before, *during} if before.get(k) != during.get(k)}
    table = Table("reputation of", "before", "after the ban")
    for key in sorted(changed, key=lambda k: names.get(k, k))[:SHOWN]:
        table.add_row(names.get(key, key), str(before.get(key)), str(during.get(key)))
    tour.say(f"   banned: {receipt.effect.events_lost} events stopped counting, for example")
    tour.table(table)
    tour.say(f"   why: {escape(_named(replica.verdict(did).sentence, names))}")
    expected = {
        c["key"]: (c["before"], c["after"]) for c in supposed.changes if c["view"] == "reputation"
    }
    tour.check(
        "the ban did what what-if said",
        expected == {key: (before.get(key), during.get(key)) for key in changed},
    )
    tour.check("the ban changed something", receipt.effect.events_lost > 0)
    replica.withdraw(receipt)
    after_hash = replica.state_hash("reputation")
    tour.say(f"   withdrawn: state {after_hash[:24]}…, byte for byte as before")
    tour.found["ban"] = {"actor": did, "events": receipt.effect.events_lost, "state": after_hash}
    tour.check("withdrawing the ban restores the state exactly", after_hash == before_hash)
    tour.check("and every value with it", replica.view("reputation") == before)


# --- 5 ------------------------------------------------------------------------------------------


def _conclude(tour: Tour) -> int:
    failed = [check for check in tour.checks if not check.held]
    tour.found["checks"] = [{"claim": c.claim, "held": c.held} for c in tour.checks]
    if tour.quiet:
        tour.console.print_json(json.dumps(tour.found), indent=None)
    tour.title(5, f"{len(tour.checks)} checks, {len(tour.checks) - len(failed)} held")
    for check in failed:
        tour.say(f"   [red]did not hold:[/red] {escape(check.claim)}")
    if not failed:
        tour.say(f"   Nobody was asked, everybody can check. ({tour.found['seconds']} s)")
    return 3 if failed else 0
