"""Two hundred people look at one market: whom they ban, where they agree, on whom they split.

    ratings ──► log ──┬──► the policy of each viewer ──► standing ──► agreement, splits ──► pictures
    payments ─────────┘
                      └──► the ledger, and the ten most banned leave it one by one ──► debts

Usage:
    python examples/bitcoin_otc/main.py --data DIR [--out DIR] [--viewers 200]
    python examples/bitcoin_otc/main.py --town 7        # a small town instead, without a file

Nothing is assumed: every step checks what it says, and the program ends with 0 only if all held.

Reads: community, agreement, money, pictures, tallystick. Read by: people.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, Self, TypeVar

from agreement import agreement, clustered, masks, overlap, splits
from community import Community, make_town, read_community
from money import Step, build, exclude_one_by_one, needed, payments
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

import tallystick
from tallystick.demo.loading import take_in

Item = TypeVar("Item")
MAX_DEPTH = 2
"""Whom the viewer adopts has a vote, and whom they adopt as far as the viewer's words reach."""
SPLIT_FROM = 0.05
"""A ban by fewer is their own affair; one that fewer do not share is a consensus."""
SHOWN = 30
BANNED = 10
"""So many of the most banned leave the ledger."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one viewer makes of everybody."""

    viewer: int | str
    banned: set[str]
    contested: set[str]
    voters: int


def main() -> int:
    """Runs the study; 0 when every check held."""
    options = _options()
    screen = Console(highlight=False, soft_wrap=True)
    community = make_town(options.town) if options.data is None else read_community(options.data)
    with tempfile.TemporaryDirectory() as place:
        with tallystick.init(Path(place) / "study.tally", name="student") as replica:
            load(replica, community)
            seen = look(replica, community, options.viewers)
            steps = pay(screen, replica, community)
        found = compare(community, seen) | {"money": [asdict(step) for step in steps]}
        tell(screen, community, found)
        if options.out is not None:
            options.out.mkdir(parents=True, exist_ok=True)
            (options.out / "findings.json").write_text(json.dumps(found, indent=1) + "\n")
            for path in draw(options.out, community, seen, found):
                screen.print(f"   drawn: {path}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--data", type=Path, help="folder with soc-sign-bitcoinotc.csv.gz")
    which.add_argument("--town", type=int, metavar="SEED", help="a small made-up town instead")
    parser.add_argument("--out", type=Path, help="where to write pictures and findings.json")
    parser.add_argument("--viewers", type=int, default=200, help="so many of the most active")
    return parser.parse_args()


# --- 1 the log ----------------------------------------------------------------------------------


def load(replica: tallystick.Replica, community: Community) -> None:
    """Ratings become events: the worst is a ban, good ones adopt and pay, lukewarm ones allow."""
    batches = build(community, needed(payments(community)))
    with _bar("storing ratings", len(community.ratings)) as bar:
        take_in(
            replica, batches, total=len(community.ratings), what="ratings",
            progress=lambda done, _total, _what: bar.told(done),
        )  # fmt: skip


# --- 2 the viewers ------------------------------------------------------------------------------


def look(replica: tallystick.Replica, community: Community, viewers: int) -> list[Seen]:
    """The standing of everybody, in the eyes of the most active people."""
    seen = []
    for viewer in _each(community.most_active(viewers), "looking through the eyes of"):
        found = replica.as_seen_by(community.did(viewer), max_depth=MAX_DEPTH).standing()
        contested = set(found["contested"])
        seen.append(Seen(viewer, set(found["banned"]), contested, len(found["rank"])))
    return seen


def pay(screen: Console, replica: tallystick.Replica, community: Community) -> list[Step]:
    """The most banned leave the ledger one by one; what is owed then."""
    banned = community.most_banned(BANNED)
    steps = []
    with _bar("excluding the most banned", 1 + len(banned)) as bar:
        for step in exclude_one_by_one(replica, community, banned):
            steps.append(step)
            bar.told(len(steps))
    screen.print(f"   {len(payments(community))} payments; what is owed as the most banned leave:")
    for step in steps:
        who = "nobody" if step.banned is None else f"{step.banned} ({step.payments} payments)"
        screen.print(f"      {who}: {step.debts} owed by {step.owing} accounts")
    return steps


# --- 3 what they make of it ---------------------------------------------------------------------


def compare(community: Community, seen: list[Seen]) -> dict[str, Any]:
    """Agreement of every two viewers, the order that shows it, and the actors who split them."""
    names = {community.did(user): str(user) for user in community.users()}
    banned = [one.banned for one in seen]
    verdicts = masks(banned, list(names))
    same, both = agreement(verdicts, len(names)), overlap(verdicts)
    assert all(same[n][n] == both[n][n] == 1 for n in range(len(seen)))
    pairs = [(a, b) for a in range(len(seen)) for b in range(a)]
    apart = [(actor, share) for actor, share in splits(banned)
             if SPLIT_FROM <= share <= 1 - SPLIT_FROM]  # fmt: skip
    _recount(seen, names, pairs, same)
    return {
        "community": community.title,
        "actors": len(names),
        "viewers": [str(one.viewer) for one in seen],
        "voters_median": median(one.voters for one in seen),
        "banned_median": median(len(one.banned) for one in seen),
        "banned_by_somebody": len(set().union(*banned)),
        "banned_by_all": len(set.intersection(*banned)),
        "agreement_median": median(same[a][b] for a, b in pairs),
        "agreement_least": min(same[a][b] for a, b in pairs),
        "overlap_median": median(both[a][b] for a, b in pairs),
        "order": clustered(both),
        "shared_bans": [[round(cell, 4) for cell in row] for row in both],
        "agreement": [[round(cell, 4) for cell in row] for row in same],
        "splits": [
            {
                "actor": names[actor],
                "ban": sum(actor in one.banned for one in seen),
                "contested": sum(actor in one.contested for one in seen),
            }
            for actor, _share in apart
        ],
    }


def _recount(
    seen: list[Seen], names: dict[str, str], pairs: list[tuple[int, int]], same: list[list[float]]
) -> None:
    """The matrix once more, the slow way, for some pairs."""
    for a, b in pairs[:: max(1, len(pairs) // 50)]:
        equal = sum((who in seen[a].banned) == (who in seen[b].banned) for who in names)
        assert abs(same[a][b] - equal / len(names)) < 1e-9, (a, b)


def tell(screen: Console, community: Community, found: dict[str, Any]) -> None:
    """The findings in sentences."""
    screen.print(f"[bold]{community.title}[/bold]: {len(community.ratings)} ratings,"
                 f" {found['actors']} actors, {len(found['viewers'])} viewers")  # fmt: skip
    screen.print(
        f"   half of the viewers heed {found['voters_median']:g} voters or more, and ban"
        f" {found['banned_median']:g} actors or more\n"
        f"   {found['banned_by_somebody']} actors are banned by somebody,"
        f" {found['banned_by_all']} by all viewers\n"
        f"   two viewers give the same verdict on {found['agreement_median']:.1%} of all actors"
        f" (median; the least alike: {found['agreement_least']:.1%})\n"
        f"   but of those whom either bans, both ban {found['overlap_median']:.0%} (median)\n"
        f"   {len(found['splits'])} actors split the viewers; the most even splits:"
    )
    for row in found["splits"][:5]:
        screen.print(f"      {row['actor']}: banned by {row['ban']}, contested for"
                     f" {row['contested']} of {len(found['viewers'])}")  # fmt: skip


# --- 4 pictures ---------------------------------------------------------------------------------


def draw(out: Path, community: Community, seen: list[Seen], found: dict[str, Any]) -> list[Path]:
    """All pictures; nothing, and a sentence, where matplotlib is not installed."""
    try:
        import pictures  # noqa: PLC0415  # matplotlib is an extra
    except ModuleNotFoundError as missing:
        print(f"   no pictures: {missing.name} is not installed (pip install 'tallystick[plots]')")
        return []
    order, names = found["order"], found["viewers"]
    labels = [names[n] for n in order]
    where = f"{len(labels)} most active viewers of {community.title}, alike ones side by side"
    paths = []
    alike = f"Any two agree about {found['agreement_median']:.0%} of all actors (median)"
    share = f"Of those whom either bans, both ban {found['overlap_median']:.0%} (median)"
    for name, said, bar in (
        ("agreement", alike, "share of all actors with the same verdict"),
        ("shared_bans", share, "of all whom either bans, the share both ban"),
    ):
        rows = [[found[name][a][b] for b in order] for a in order]
        paths += pictures.heat(out, name, rows, labels, title=f"{said}\n{where}", bar=bar)
    apart = sorted(found["splits"], key=lambda row: (row["ban"], row["actor"]))
    did = {str(user): community.did(user) for user in community.users()}
    cells = [
        [2 if (who := did[row["actor"]]) in seen[n].banned else who in seen[n].contested
         for row in apart]
        for n in order
    ]  # fmt: skip
    title = (
        f"{community.title}: {len(apart)} actors whom some ban and some heed;"
        " the same people split the same way"
    )
    paths += pictures.verdicts(out, "verdicts", cells, labels, [row["actor"] for row in apart],
                               title=title)  # fmt: skip
    bars = [
        (row["actor"], row["ban"], row["contested"], len(names) - row["ban"] - row["contested"])
        for row in found["splits"][:SHOWN]
    ]
    title = f"{community.title}: the {len(bars)} actors who split {len(names)} viewers most evenly"
    paths += pictures.shares(out, "splits", bars, title=title)
    steps = found["money"]
    last = steps[-1]
    title = (
        f"{community.title}: without the {len(steps) - 1} most banned, {last['owing']} accounts owe"
        f" {last['debts']:,}:\nwhat they were paid by them, and passed on"
    )
    return paths + pictures.steps(
        out, "debts", [step["banned"] or "everybody counts" for step in steps],
        [step["debts"] for step in steps], [step["owing"] for step in steps],
        title=title, unit="points",
    )  # fmt: skip


# --- bars ---------------------------------------------------------------------------------------


class _bar:  # noqa: N801  # used like a function
    """A progress bar on stderr; drawn only where somebody watches."""

    def __init__(self, what: str, total: int) -> None:
        columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bars = Progress(*columns, console=Console(stderr=True), transient=True,
                              disable=not sys.stderr.isatty())  # fmt: skip
        self._task = self._bars.add_task(what, total=total)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def told(self, done: int) -> None:
        """So many are done."""
        self._bars.update(self._task, completed=done)


def _each(items: Iterable[Item], what: str) -> Iterator[Item]:
    found = list(items)
    with _bar(what, len(found)) as bar:
        for done, item in enumerate(found, start=1):
            yield item
            bar.told(done)


if __name__ == "__main__":
    sys.exit(main())
