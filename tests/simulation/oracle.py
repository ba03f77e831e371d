"""The naive oracles over what one replica holds: judgement, accounts and things, from a list.

    history ─► Oracle (tests/model): who counts
            └► Books: filter, add up, walk: balances, debts with causes, owners

Written from spec/ledger.md and spec/titles.md; frames are read as they are, and what an event
stands on is what its frame names.

Law: nothing here asks a view, or what a store keeps about grounds.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from functools import cache, cached_property
from typing import Any, NamedTuple

from tests.model.policy_oracle import Oracle
from tests.simulation.person import Person

from tallystick.event.ids import cid_text, parse_cid
from tallystick.identity.did import did_key, parse_did_key
from tallystick.policy import Policy
from tallystick.replica.reports import EventInfo
from tallystick.testing.world import Event

MOVES = ("ledger/issue", "ledger/transfer")
TITLES = ("title/create", "title/transfer")
Key = tuple[str, str]
"""did:key of an account, id of an asset."""


def named_by(event: EventInfo) -> list[str]:
    """Ids of what an event of a market stands on, none if it is void."""
    frame: Any = event.frame
    if event.void or not event.kind.startswith(("ledger/", "title/")):
        return []
    names = ("transfer", "asset", "delegation", "title", "over")
    links = [frame[name] for name in names if name in frame]
    links += [asset for _, asset, _ in frame.get("legs", ())] + frame.get("delegations", [])
    return list(dict.fromkeys(cid_text(one.digest) for one in links))


def legs_of(event: EventInfo) -> list[tuple[str, str, int]]:
    """(account, asset, amount) of a move."""
    frame: Any = event.frame
    if "legs" in frame:
        return [(did_key(who), cid_text(asset.digest), n) for who, asset, n in frame["legs"]]
    asset, amount = cid_text(frame["asset"].digest), frame["amount"]
    given = [(did_key(frame["from"]), asset, -amount)] if "from" in frame else []
    return [*given, (did_key(frame["to"]), asset, amount)]


def oracle_of(
    one: Person, policy: Policy | None = None, *, standing_alone: Iterable[str] = ()
) -> Oracle:
    """Judgement over everything that is here.

    Args:
        standing_alone: events whose grounds are taken to count.
    """
    log, alone = one.replica._log, set(standing_alone)
    statements = {s.id: s for s in log.judging.public_statements()}
    history = one.replica.history()
    types = {event.id: event.frame["type"] for event in history
             if event.kind == "title/create" and not event.void}  # fmt: skip
    events = [
        Event(
            id := parse_cid(event.id),
            parse_did_key(event.author),
            event.seq,
            parse_cid(event.prev) if event.prev else b"",
            event.kind,
            event.void,
            tuple(map(parse_cid, named_by(event) if event.id not in alone else ())),
            statements.get(id),
            type=types[named_by(event)[0]]
            if event.kind == "title/transfer" and not event.void
            else None,
        )
        for event in history
    ]
    return Oracle(policy or log.policy, events, log.judging.equivocations())


class Cause(NamedTuple):
    """A payment in that does not count, and how much of a debt it explains."""

    event: str
    payers: tuple[str, ...]
    amount: int


class Holder(NamedTuple):
    """Of a thing that has live ops: its owner, whether it is contested, what is live."""

    owner: str | None
    contested: bool
    live: frozenset[str]


class Books:
    """Args:
    counts: event id -> whether it counts.
    would: ids of refunds -> which of them would count if what they give back did.
    """

    def __init__(
        self, one: Person, counts: Callable[[str], bool],
        would: Callable[[list[str]], set[str]],
    ) -> None:  # fmt: skip
        every = one.replica.history()
        here = [event for event in every if not event.void]
        self._prev = {event.id: event.prev for event in every}
        self.events = {event.id: event for event in here}
        self.counts, self._would = cache(counts), would
        self.moves = {event.id: legs_of(event) for event in here if event.kind in MOVES}
        self.refunds: dict[str, list[str]] = defaultdict(list)
        for event in here:
            if event.kind == "ledger/refund":
                self.refunds[cid_text(event.frame["transfer"].digest)].append(event.id)
        self.ops = {event.id: named_by(event)[-1:] for event in here if event.kind in TITLES}

    # --- accounts -------------------------------------------------------------------------------

    def given_back(self, id: str) -> list[str]:
        """The refunds of a move that count."""
        return [refund for refund in self.refunds.get(id, ()) if self.counts(refund)]

    @cached_property
    def effective(self) -> list[str]:
        """Moves that have effect."""
        return [id for id in self.moves if self.counts(id) and not self.given_back(id)]

    @cached_property
    def held(self) -> dict[Key, int]:
        """Balances that are not 0."""
        sums: Counter[Key] = Counter()
        for id in self.effective:
            for account, asset, amount in self.moves[id]:
                sums[account, asset] += amount
        return {key: amount for key, amount in sums.items() if amount}

    @cached_property
    def issued(self) -> dict[str, int]:
        """Asset -> what there is of it."""
        sums: Counter[str] = Counter()
        for id in self.effective:
            if self.events[id].kind == "ledger/issue":
                ((_, asset, amount),) = self.moves[id]
                sums[asset] += amount
        return dict(sums)

    def touching(self, key: Key) -> list[str]:
        """Moves of an account in an asset, counted or not."""
        return [id for id, legs in self.moves.items() if key in [leg[:2] for leg in legs]]

    def causes(self, key: Key) -> tuple[list[Cause], int]:
        """What a debt comes from, and what is left of it: overdraft."""
        left = -self.held[key]
        out = [id for id in self.touching(key) if not self.counts(id)]
        would = self._would([refund for id in out for refund in self.refunds.get(id, ())])
        found = []
        for id in out:
            came = sum(n for who, asset, n in self.moves[id] if (who, asset) == key)
            back = [r for r in self.refunds.get(id, ()) if r in would or self.counts(r)]
            if came > 0 and left and not back:
                found.append(Cause(id, self._payers(id, key[1]), min(came, left)))
                left -= found[-1].amount
        return found, left

    def _payers(self, id: str, asset: str) -> tuple[str, ...]:
        paid = {who for who, of, amount in self.moves[id] if of == asset and amount < 0}
        return tuple(paid) if len(paid) == 1 else (self.events[id].author,)

    # --- things ---------------------------------------------------------------------------------

    @cached_property
    def above(self) -> dict[str, list[str]]:
        """Op -> the ops over it, in canonical order."""
        found: dict[str, list[str]] = defaultdict(list)
        for id, below in self.ops.items():
            for over in below:
                found[over].append(id)
        return found

    def bears(self, id: str) -> bool:
        """Whether an op counts, or is covered by one that does, or that is covered."""
        return self.counts(id) or any(map(self.bears, self.above[id]))

    def live(self, id: str) -> bool:
        """Whether it counts and nothing covers it."""
        return self.counts(id) and not any(map(self.bears, self.above[id]))

    def named_owner(self, id: str) -> str:
        event = self.events[id]
        to = event.frame.get("to")
        return event.author if to is None else did_key(to)

    @cached_property
    def things(self) -> dict[str, Holder]:
        """Every title with live ops."""
        return {
            id: found
            for id, below in self.ops.items()
            if not below and (found := self._holder(id)).live
        }

    def ops_of(self, title: str) -> list[str]:
        """The ops of a thing, each after the one it is over."""
        found = [title]
        for id in found:
            found += self.above[id]
        return found

    def _holder(self, title: str) -> Holder:
        live = frozenset(filter(self.live, self.ops_of(title)))
        owners = {self.named_owner(id) for id in live}
        if len(owners) < 2:
            return Holder(next(iter(owners), None), False, live)
        return Holder(self._walk(title)[0], True, live)

    def lost(self, title: str) -> set[tuple[str, str, str]]:
        """(op, buyer, seller) of sales of a contested thing that lead elsewhere than its holder."""
        owner, ways = self._walk(title)
        found = set()
        for sale in ways:
            first = self.events[sale].author
            for id in filter(self.counts, self.ops_of(sale)):
                buyer, seller = self.named_owner(id), self.events[id].author
                if buyer not in (first, owner):
                    found.add((id, buyer, seller))
        return found

    def _walk(self, title: str) -> tuple[str | None, list[str]]:
        """The holder among several, and the sales that do not lead there."""
        at, ways = title, list[str]()
        while sales := [id for id in self.above[at] if self.bears(id)]:
            if not all(sales[0] in self._chain(id) for id in sales[1:]):
                return None, ways + sales
            at, ways = sales[0], ways + sales[1:]
        return self.named_owner(at), ways

    def _chain(self, id: str) -> set[str]:
        """The events before one in its author's chain."""
        found: set[str] = set()
        while (before := self._prev.get(id)) is not None:
            found.add(before)
            id = before
        return found
