"""The ledger by its page: what is void, sums over a filtered list, statements, debts.

Written from spec/ledger.md, with nothing of the code that is tested.
"""

from __future__ import annotations

from collections import Counter

from tallystick.kernels import Link, decode_item


def in_order(world):
    return sorted(world.events.values(), key=lambda e: (e.lamport, e.author, e.seq, e.id))


class Rules:
    """Void rules, event by event, in an order in which what is named comes first."""

    def __init__(self, world):
        self.world = world
        self.assets, self.delegations, self.moves, self.refunds, self.void = {}, {}, {}, {}, {}
        self.named = {}
        for event in in_order(world):
            if event.kind.startswith("ledger/"):
                act = getattr(self, event.kind.removeprefix("ledger/"))
                code = act(event.id, event.author, decode_item(event.frame))
                if code:
                    self.void[event.id] = code

    def missing(self, me, named):
        """What an event names is not all there; what it names is noted."""
        self.named[me] = set(named)
        past = self.world.past[me]
        return any(one not in past or one in self.void for one in named)

    def lets(self, id, account, author, asset):
        fits = (account, author, None), (account, author, asset)
        return id in self.delegations and self.delegations[id] in fits

    def asset(self, id, me, frame):
        self.assets[id] = frame["code"], frame["precision"], frame.get("issuers", [me])

    def delegate(self, id, me, frame):
        asset = frame["asset"].digest if "asset" in frame else None
        if asset is not None and self.missing(id, [asset]):
            return "void/ground"
        if asset is not None and asset not in self.assets:
            return "void/asset"
        self.delegations[id] = me, frame["to"], asset
        return None

    def issue(self, id, me, frame):
        asset = frame["asset"].digest
        if frame["amount"] <= 0:
            return "void/value"
        if self.missing(id, [asset]):
            return "void/ground"
        if asset not in self.assets:
            return "void/asset"
        if me not in self.assets[asset][2]:
            return "void/issuer"
        self.moves[id] = [(frame["to"], asset, frame["amount"])]
        return None

    def transfer(self, id, me, frame):
        if "legs" in frame:
            legs = [(account, asset.digest, amount) for account, asset, amount in frame["legs"]]
            named = [one.digest for one in frame.get("delegations", ())]
        else:
            asset, amount = frame["asset"].digest, frame["amount"]
            legs = [(frame["from"], asset, -amount), (frame["to"], asset, amount)]
            named = [frame["delegation"].digest] if "delegation" in frame else []
            if amount <= 0 or frame["from"] == frame["to"]:
                return "void/value"
        if any(not amount for _, _, amount in legs):
            return "void/value"
        sums = Counter()
        for _, asset, amount in legs:
            sums[asset] += amount
        if any(sums.values()):
            return "void/legs"
        others = [leg for leg in legs if leg[2] < 0 and leg[0] != me]
        if others and not named:
            return "void/payer"
        if self.missing(id, [*sums, *named]):
            return "void/ground"
        if any(one not in self.delegations for one in named):
            return "void/ground"
        if any(asset not in self.assets for asset in sums):
            return "void/asset"
        for account, asset, _ in others:
            if not any(self.lets(one, account, me, asset) for one in named):
                return "void/payer"
        self.moves[id] = legs
        return None

    def refund(self, id, me, frame):
        back = frame["transfer"].digest
        named = [frame["delegation"].digest] if "delegation" in frame else []
        if self.missing(id, [back, *named]) or back not in self.moves:
            return "void/ground"
        if any(one not in self.delegations for one in named):
            return "void/ground"
        others = [leg for leg in self.moves[back] if leg[2] > 0 and leg[0] != me]
        if bool(others) != bool(named):
            return "void/payee"
        for account, asset, _ in others:
            if not self.lets(named[0], account, me, asset):
                return "void/payee"
        self.refunds[id] = back
        return None


class Told:
    """What is read of a world when all counts but ``out``, what is void and what stands on these.

    Args:
        out: says of an event's id whether the policy leaves it out.
    """

    def __init__(self, world, rules, out):
        self.world, self.rules, self.out = world, rules, out
        self.order = [event for event in in_order(world) if event.id in rules.moves]

    def counts(self, id, given=None):
        """Whether an event counts; or would, if ``given`` did."""
        if id in self.rules.void or self.out(id):
            return False
        named = self.rules.named.get(id, set()) - {given}
        return all(self.counts(one) for one in named)

    def back(self, id):
        """The refunds of a move."""
        return {refund for refund, move in self.rules.refunds.items() if move == id}

    def pairs(self):
        """Every account and asset that was ever moved."""
        return {leg[:2] for legs in self.rules.moves.values() for leg in legs}

    def statement(self, account, asset):
        """[(event id, amount, whether it counts, refunds that count, balance after it)]"""
        held, lines = 0, []
        for event in self.order:
            for leg in self.rules.moves[event.id]:
                if leg[:2] == (account, asset):
                    there = self.counts(event.id)
                    back = {one for one in self.back(event.id) if self.counts(one)}
                    held += leg[2] if there and not back else 0
                    lines.append((event.id, leg[2], there, back, held))
        return lines

    def debt(self, account, asset):
        """(amount, [(event id, because of whom, part)], overdraft) of an account below 0."""
        owed = left = -self.statement(account, asset)[-1][4]
        causes = []
        for id, amount, there, _, _ in self.statement(account, asset):
            would = any(self.counts(one, given=id) for one in self.back(id))
            if amount > 0 and not there and not would and left:
                causes.append((id, self.payer(id, asset), min(amount, left)))
                left -= min(amount, left)
        return owed, causes, left

    def payer(self, id, asset):
        """Who paid; of an issue, or of what several paid, the author."""
        who = {
            account for account, of, amount in self.rules.moves[id] if of == asset and amount < 0
        }
        return who.pop() if len(who) == 1 else self.world.events[id].author


def state(world, included, absent):
    """The state of the view ``ledger``."""
    rules = Rules(world)
    back = {rules.refunds[id] for id in rules.refunds if id in included}
    counted = {id: legs for id, legs in rules.moves.items() if id in included and id not in back}
    balances, issued = Counter(), Counter()
    for id, legs in counted.items():
        for account, asset, amount in legs:
            balances[account, asset] += amount
            if world.events[id].kind == "ledger/issue":
                issued[asset] += amount
    return {
        "assets": [
            [Link(id), code, precision, packed(issued[id])]
            for id, (code, precision, _) in sorted(rules.assets.items())
            if id in included
        ],
        "balances": [
            [account, Link(asset), packed(held)]
            for (account, asset), held in sorted(balances.items())
            if held
        ],
    }


def packed(total):
    """A sum as an item holds it."""
    return total if -(2**63) <= total < 2**63 else total.to_bytes(16, "big", signed=True)
