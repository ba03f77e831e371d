"""What the vectors of the ledger hold: frames, and worlds with what they come to.

The evaluator here is the definition of ``ledger.md`` word for word; it shares nothing with
Tallystick's code.

Reads: spec/plain.py, spec/story.py, spec/vector_ledger_frames.py. Read by: spec/make_vectors.py.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from plain import Link, cbor, digest
from story import Placed, ids, state_hash
from vector_ledger_frames import (
    ANA,
    ASSET,
    BEN,
    CY,
    DELEGATE,
    DI,
    ISSUE,
    MOST,
    REFUND,
    TRANSFER,
    frames,
    legs,
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Event(Placed):
    """One event of a story. All of its frame is good by itself."""

    kind: str
    frame: dict[str, Any]

    @property
    def moves(self) -> list[tuple[bytes, bytes, int]]:
        """(account, asset, amount) of an issue or transfer."""
        f = self.frame
        if self.kind == ISSUE:
            return [(f["to"], f["asset"].digest, f["amount"])]
        if "legs" in f:
            return [(account, asset.digest, amount) for account, asset, amount in f["legs"]]
        asset, amount = f["asset"].digest, f["amount"]
        return [(f["from"], asset, -amount), (f["to"], asset, amount)]

    @property
    def assets(self) -> set[bytes]:
        """Assets that are named."""
        if self.kind in (ISSUE, TRANSFER):
            return {asset for _, asset, _ in self.moves}
        return {self.frame["asset"].digest} if "asset" in self.frame else set()

    @property
    def leave(self) -> set[bytes]:
        """Delegations that are named."""
        named = self.frame.get("delegations", [])
        return {link.digest for link in [*named, *self._given("delegation")]}

    @property
    def back(self) -> set[bytes]:
        """What is given back."""
        return {link.digest for link in self._given("transfer")}

    def _given(self, name: str) -> list[Link]:
        return [self.frame[name]] if name in self.frame else []

    @property
    def grounds(self) -> set[bytes]:
        """Every event that is named."""
        return self.assets | self.leave | self.back

    @property
    def void(self) -> str | None:
        """By what is named, in the order of the page."""
        there = {one.id: one for one in self.past if one.void is None}
        if not self.grounds <= set(there):
            return "void/ground"
        if any(there[id].kind != DELEGATE for id in self.leave):
            return "void/ground"
        if any(there[id].kind not in (ISSUE, TRANSFER) for id in self.back):
            return "void/ground"
        if any(there[id].kind != ASSET for id in self.assets):
            return "void/asset"
        if self.kind == ISSUE:
            declared = there[self.frame["asset"].digest]
            return None if self.author in issuers(declared) else "void/issuer"
        letters = [there[id] for id in self.leave]
        if self.kind == TRANSFER:
            paying = [leg for leg in self.moves if leg[2] < 0 and leg[0] != self.author]
            good = all(any(self.may(leg, one) for one in letters) for leg in paying)
            return None if good else "void/payer"
        if self.kind == REFUND:
            moves = there[self.frame["transfer"].digest].moves
            others = [leg for leg in moves if leg[2] > 0 and leg[0] != self.author]
            good = all(any(self.may(leg, one) for one in letters) for leg in others)
            return None if good and bool(others) == bool(letters) else "void/payee"
        return None

    def may(self, leg: tuple[bytes, bytes, int], letter: Event) -> bool:
        """Whether a delegation lets the author act for an account."""
        whose = letter.author == leg[0] and letter.frame["to"] == self.author
        return whose and letter.assets <= {leg[1]}


def issuers(declared: Event) -> list[bytes]:
    """Who may issue an asset."""
    return list(declared.frame.get("issuers", [declared.author]))


class World:
    """A history as one policy has it: without some events, and all events of some people."""

    def __init__(self, events: list[Event], out: set[str]) -> None:
        self.events = sorted(events, key=lambda event: event.canonical)
        self.by_id = {event.id: event for event in events}
        self.out = {digest(name) for name in out}

    def counts(self, event: Event, given: bytes | None = None) -> bool:
        """Whether an event counts, or would if ``given`` did."""
        if event.void or event.id in self.out or event.author in self.out:
            return False
        return all(self.counts(self.by_id[id]) for id in event.grounds - {given})

    def refunds(self, move: Event) -> list[Event]:
        """Refunds of a move that are not void."""
        return [one for one in self.events if move.id in one.back and one.void is None]

    def has_effect(self, move: Event) -> bool:
        """It counts, and no refund of it does."""
        return self.counts(move) and not any(map(self.counts, self.refunds(move)))

    @property
    def moves(self) -> list[Event]:
        """Moves that are not void, in canonical order."""
        return [e for e in self.events if e.kind in (ISSUE, TRANSFER) and e.void is None]

    def lines(self, account: bytes, asset: bytes) -> list[tuple[Event, int, int]]:
        """(event, amount, balance after it) of one account in one asset."""
        found, balance = [], 0
        for event in self.moves:
            for amount in [a for who, what, a in event.moves if (who, what) == (account, asset)]:
                balance += amount if self.has_effect(event) else 0
                found.append((event, amount, balance))
        return found

    def debt(self, account: bytes, asset: bytes, left: int) -> dict[str, object]:
        """What a debt comes from."""
        causes = []
        whole = left
        for event, amount, _ in self.lines(account, asset):
            would = any(self.counts(one, event.id) for one in self.refunds(event))
            if amount < 0 or self.counts(event) or would or not left:
                continue
            payers = [who for who, what, a in event.moves if what == asset and a < 0]
            payer = payers[0] if len(payers) == 1 else event.author
            causes.append([event.id.hex(), payer.hex(), str(min(amount, left))])
            left -= min(amount, left)
        return {
            "account": account.hex(), "asset": asset.hex(), "amount": str(whole),
            "causes": causes, "overdraft": str(left),
        }  # fmt: skip

    def answer(self) -> dict[str, object]:
        """State, statements and debts."""
        pairs = sorted({(who, what) for event in self.moves for who, what, _ in event.moves})
        statements = {pair: self.lines(*pair) for pair in pairs}
        ends = {pair: lines[-1][2] for pair, lines in statements.items()}
        issued: Counter[bytes] = Counter()
        for event in self.moves:
            if event.kind == ISSUE and self.has_effect(event):
                issued[event.moves[0][1]] += event.moves[0][2]
        declared = [e for e in self.events if e.kind == ASSET and self.counts(e)]
        state = {
            "assets": [
                [Link(e.id), e.frame["code"], e.frame["precision"], wide(issued[e.id])]
                for e in sorted(declared, key=lambda event: event.id)
            ],
            "balances": [[who, Link(what), wide(n)] for (who, what), n in ends.items() if n],
        }
        for id in {what for _, what in pairs}:
            assert sum(n for (_, what), n in ends.items() if what == id) == issued[id]
        return {
            "counted": ids(self.events, [e.name for e in self.events if self.counts(e)]),
            "state": cbor(state).hex(),
            "hash": state_hash("ledger", state),
            "statements": [
                {
                    "account": who.hex(), "asset": what.hex(),
                    "lines": [self.line(*line) for line in statements[who, what]],
                }
                for who, what in pairs
            ],
            "debts": [self.debt(*pair, -end) for pair, end in ends.items() if end < 0],
        }  # fmt: skip

    def line(self, event: Event, amount: int, balance: int) -> dict[str, object]:
        """One line of a statement."""
        back = [one.name for one in self.refunds(event) if self.counts(one)]
        return {
            "event": event.id.hex(), "amount": str(amount), "counts": self.counts(event),
            "refunds": ids(self.events, back), "balance": str(balance),
        }  # fmt: skip


def wide(total: int) -> int | bytes:
    """A sum as an item holds it."""
    return total if -(2**63) <= total < 2**63 else total.to_bytes(16, "big", signed=True)


# --- stories ------------------------------------------------------------------------------------

Story = tuple[list[Event], dict[str, set[str]]]
"""Events, and policies by name: the events and people who do not count."""


def link(event: Event) -> Link:
    """Its name in a frame."""
    return Link(event.id)


def asset(name: str, author: bytes, **more: Any) -> Event:
    """A declaration."""
    frame = {"code": name.upper(), "precision": 2, **more}
    return Event(name, author, ASSET, frame)


def issue(name: str, of: Event, to: bytes, amount: int, **more: Any) -> Event:
    """An issue by the declaration's author."""
    frame = {"asset": link(of), "to": to, "amount": amount}
    return Event(name, more.pop("author", of.author), ISSUE, frame, **seen(of, more))


def pay(name: str, of: Event, who: bytes, to: bytes, amount: int, **more: Any) -> Event:
    """A payment from the author's account, or by leave."""
    leave = more.pop("leave", None)
    frame = {"from": who, "to": to, "amount": amount, "asset": link(of)}
    frame |= {} if leave is None else {"delegation": link(leave)}
    return Event(name, more.pop("author", who), TRANSFER, frame, **seen(of, more))


def refund(name: str, author: bytes, move: Event, **more: Any) -> Event:
    """Something given back."""
    leave = more.pop("leave", None)
    frame = {"transfer": link(move)} | ({} if leave is None else {"delegation": link(leave)})
    return Event(name, author, REFUND, frame, **seen(move, more))


def let(name: str, author: bytes, to: bytes, of: Event | None = None, **more: Any) -> Event:
    """A delegation."""
    frame = {"to": to} | ({} if of is None else {"asset": link(of)})
    return Event(name, author, DELEGATE, frame, **more)


def seen(named: Event, more: dict[str, Any]) -> dict[str, Any]:
    """What is named is in the past, unless something else is said to be."""
    prev = more.get("prev")
    there = prev is not None and named in {prev, *prev.past}
    return more if there or "deps" in more else {**more, "deps": (named,)}


def stories() -> dict[str, Story]:
    """The histories."""
    return {
        "paid, spent, and partly given back": hand_to_hand(),
        "refunds from two devices": two_devices(),
        "an issuer who is not heeded": banned_issuer(),
        "several legs, and leave to act": legs_and_leave(),
        "payments at the same time": at_once(),
        "sums beyond 64 bits": large(),
        "void by what they name": wrong(),
    }


def hand_to_hand() -> Story:
    """Ben spends what Ana paid him."""
    eur = asset("eur", ANA)
    made = issue("made", eur, ANA, 100, prev=eur)
    first = pay("first", eur, ANA, BEN, 40, prev=made)
    more = pay("more", eur, ANA, BEN, 10, prev=first)
    spent = pay("spent", eur, BEN, CY, 45, deps=(more,))
    extra = pay("extra", eur, BEN, CY, 20, prev=spent)
    back = refund("back", CY, extra)
    again = pay("again", eur, CY, DI, 50, prev=back)
    return [eur, made, first, more, spent, extra, back, again], {
        "everyone": set(),
        "without the first payment": {"first"},
        "with it again": set(),
        "without both": {"first", "more"},
        "without Ana": {"ana"},
        "without Ben": {"ben"},
        "without the refund": {"back"},
        "without what was given back": {"extra"},
        "without the asset": {"eur"},
    }


def two_devices() -> Story:
    """Cy's phone and computer both give one payment back."""
    eur = asset("eur", ANA)
    made = issue("made", eur, BEN, 50, prev=eur)
    paid = pay("paid", eur, BEN, CY, 30, deps=(made,))
    spent = pay("spent", eur, CY, DI, 30, deps=(paid,))
    phone = refund("phone", CY, paid, prev=spent)
    computer = refund("computer", CY, paid, prev=spent)
    return [eur, made, paid, spent, phone, computer], {
        "everyone": set(),
        "without one": {"phone"},
        "without either": {"phone", "computer"},
        "without the payment": {"paid"},
        "without the payment and one refund": {"paid", "phone"},
        "without all three": {"paid", "phone", "computer"},
        "without the issue, either": {"made", "paid", "phone", "computer"},
        "all again": set(),
    }


def banned_issuer() -> Story:
    """Ben may issue Ana's hours; what he made went on."""
    hour = asset("hour", ANA, issuers=sorted([ANA, BEN]), precision=0)
    good = issue("good", hour, CY, 3, prev=hour)
    bad = issue("bad", hour, CY, 8, author=BEN)
    on = pay("on", hour, CY, DI, 10, deps=(good, bad))
    kept = pay("kept", hour, DI, ANA, 4, deps=(on,))
    back = refund("back", CY, bad, prev=on)
    return [hour, good, bad, on, kept, back], {
        "everyone": set(),
        "without Ben": {"ben"},
        "without Ben and the refund": {"ben", "back"},
        "without the refund": {"back"},
        "without Cy": {"cy"},
        "without Ana": {"ana"},
    }


def legs_and_leave() -> Story:
    """Ana acts for Cy; a swap; what several paid."""
    eur, hour = asset("eur", ANA), asset("hour", BEN)
    made = issue("made", eur, CY, 100, prev=eur)
    work = issue("work", hour, BEN, 60, prev=hour)
    leave = let("leave", CY, ANA, eur, deps=(eur,))
    every = let("every", BEN, ANA, prev=work)
    acted = pay("acted", eur, CY, DI, 25, author=ANA, leave=leave, prev=made, deps=(leave,))
    rows = legs(
        (CY, link(eur), -10), (BEN, link(eur), 10), (BEN, link(hour), -4), (CY, link(hour), 4)
    )
    swap = Event(
        "swap", ANA, TRANSFER,
        {"legs": rows, "delegations": sorted(map(link, (leave, every)), key=lambda x: x.digest)},
        prev=acted, deps=(every,),
    )  # fmt: skip
    rows = legs((CY, link(eur), -5), (ANA, link(eur), -5), (DI, link(eur), 10))
    both = Event("both", ANA, TRANSFER, {"legs": rows, "delegations": [link(leave)]}, prev=swap)
    spent = pay("spent", eur, DI, BEN, 35, deps=(both,))
    returned = refund("returned", ANA, swap, leave=every, prev=both)
    by_di = let("by di", DI, ANA, eur, prev=spent)
    undone = refund("undone", ANA, acted, leave=by_di, prev=returned, deps=(by_di,))
    return [
        eur,
        hour,
        made,
        work,
        leave,
        every,
        acted,
        swap,
        both,
        spent,
        returned,
        by_di,
        undone,
    ], {
        "everyone": set(),
        "without Cy's leave": {"leave"},
        "without Ben's leave": {"every"},
        "without Ana's acting": {"acted"},
        "without it and Di's leave": {"acted", "by di"},
        "without what both paid": {"both"},
        "without Di's leave": {"by di"},
        "without Ana": {"ana"},
    }


def at_once() -> Story:
    """Four people pay Di at one lamport: the balance runs by author."""
    eur = asset("eur", ANA)
    to_ben = issue("to ben", eur, BEN, 10, prev=eur)
    to_cy = issue("to cy", eur, CY, 10, prev=to_ben)
    one = pay("one", eur, BEN, DI, 1, deps=(to_cy,))
    two = pay("two", eur, CY, DI, 2, deps=(to_cy,))
    three = pay("three", eur, DI, BEN, 3, deps=(to_cy,))
    four = pay("four", eur, ANA, DI, 4, prev=to_cy)
    other = pay("other", eur, ANA, DI, 5, prev=to_cy)
    late = pay("late", eur, DI, CY, 6, prev=three, deps=(one, two, four))
    return [eur, to_ben, to_cy, one, two, three, four, other, late], {
        "everyone": set(),
        "without one": {"one"},
        "without one side": {"other"},
        "without two and four": {"two", "four"},
        "without Ana's payments": {"four", "other"},
    }


def large() -> Story:
    """More than a machine word, above 0 and below."""
    eur = asset("eur", ANA)
    made = [issue("made 0", eur, BEN, MOST, prev=eur)]
    for n in range(1, 4):
        made.append(issue(f"made {n}", eur, BEN, MOST, prev=made[-1]))
    spent = [pay("spent 0", eur, BEN, CY, MOST, deps=(made[-1],))]
    for n in range(1, 3):
        spent.append(pay(f"spent {n}", eur, BEN, CY, MOST, prev=spent[-1]))
    return [eur, *made, *spent], {
        "everyone": set(),
        "without three issues": {"made 1", "made 2", "made 3"},
        "without all": {"made 0", "made 1", "made 2", "made 3"},
        "without Ben": {"ben"},
    }


def wrong() -> Story:
    """Everything that only the events that are named show to be void; and what stands on it."""
    eur = asset("eur", ANA)
    hour = asset("hour", BEN, issuers=[CY])
    made = issue("made", eur, BEN, 20, prev=eur)
    leave = let("leave", BEN, CY, eur, prev=hour, deps=(eur,))
    paid = pay("paid", eur, BEN, CY, 5, prev=leave, deps=(made,))
    to_di = let("to di", BEN, DI, prev=paid)
    not_payee = refund("not payee", BEN, paid, prev=to_di)
    not_mine = issue("not mine", hour, BEN, 1, prev=not_payee)
    let_what = let("let what", ANA, DI, made, prev=made)
    known = (paid, let_what)
    forged = issue("forged", eur, CY, 99, author=CY, deps=known)
    no_asset = pay("no asset", made, CY, DI, 1, prev=forged)
    no_such = pay("no such", Event("nowhere", ANA, ASSET, {}), CY, DI, 1, prev=no_asset, deps=())
    taken = pay("taken", hour, BEN, DI, 1, author=CY, leave=leave, prev=no_such)
    third = pay("third", eur, ANA, DI, 1, author=CY, leave=leave, prev=taken)
    not_leave = pay("not leave", eur, BEN, DI, 1, author=CY, leave=made, prev=third)
    neither = pay("neither", made, BEN, DI, 1, author=CY, leave=eur, prev=not_leave)
    needless = refund("needless", CY, paid, leave=leave, prev=neither)
    of_leave = refund("of leave", CY, leave, prev=needless)
    on_forged = pay("on forged", eur, CY, DI, 1, prev=of_leave, deps=())
    of_void = refund("of void", CY, forged, prev=on_forged)
    unseen = pay("unseen", eur, DI, CY, 1, deps=())
    others = pay("others", eur, BEN, ANA, 1, author=DI, leave=leave, prev=unseen, deps=(to_di,))
    not_his = refund("not his", DI, paid, leave=to_di, prev=others)
    by_void = pay(
        "by void", eur, ANA, CY, 1, author=DI, leave=let_what, prev=not_his, deps=(let_what,)
    )
    return [
        eur, hour, made, leave, paid, to_di, not_payee, not_mine, let_what, forged, no_asset,
        no_such, taken, third, not_leave, neither, needless, of_leave, on_forged, of_void, unseen,
        others, not_his, by_void,
    ], {"everyone": set(), "without Ben": {"ben"}}  # fmt: skip


def described(name: str, story: Story) -> dict[str, object]:
    """A history as JSON, with what it comes to under each policy in turn."""
    events, policies = story
    return {
        "name": name,
        "events": [
            event.placed()
            | {"kind": event.kind, "frame": cbor(event.frame).hex(), "void": event.void}
            for event in events
        ],
        "answers": [
            {"name": policy, "out": sorted(digest(one).hex() for one in out)}
            | World(events, out).answer()
            for policy, out in policies.items()
        ],
    }


def ledger() -> dict[str, object]:
    """The whole file."""
    return {
        "frames": frames(),
        "worlds": [described(name, story) for name, story in stories().items()],
    }
