"""Judgement as slowly and plainly as it can be written: everything again, for every question.

Written from the specification's sentences alone. It looks at events as a list, follows `prev`, and
knows nothing of lines, spans, cells, levels or caches.
"""

from __future__ import annotations

from tests.model.cascade_oracle import is_taken

INFINITE = 10**9
AGAINST = {"ban", "exclude", "uphold"}
SLOT = {
    "ban": "standing", "allow": "standing", "adopt": "adoption",
    "exclude": "event", "include": "event", "uphold": "event", "dismiss": "event",
}  # fmt: skip


def matches(scope, kind):
    """Whether a scope is about a kind; ``*`` as a kind is a kind nothing else matches."""
    if scope == "*":
        return True
    if scope.endswith("/*"):
        return kind.startswith(scope[:-1])
    return scope == kind


class Cell:
    """Standing for one kind."""

    def __init__(self, oracle, kind):
        self.o, self.kind = oracle, kind
        self.voters = {}  # actor -> (rank, weight, depth, branch, readable event ids or None)
        self.memo = {}
        self.decided = {}  # actor -> rank of the voters that decided it
        self.banned = {}  # actor -> ids of its events that are spared
        self.run()

    def run(self):
        p = self.o.policy
        if self.kind == "*":
            self.regroup(-1)
        self.me = self.o.actor(p.viewer)
        self.settled = set(self.o.keys(self.me))  # keys whose actor is decided for good
        self.voters[self.me] = (0, INFINITE, p.max_depth, b"", None)
        rank = 0
        while any(v[0] == rank for v in self.voters.values()):
            if self.kind == "*":
                self.regroup(rank)
            said = {v: self.held(v) for v, place in self.voters.items() if place[0] <= rank}
            for actor in sorted(self.candidates(rank, said)):
                self.decide(actor, rank, said)
            for actor in self.targets(said, "adoption"):
                self.settled |= set(self.o.keys(actor))
            rank += 1
        if self.kind == "*":
            self.regroup(INFINITE)
        said = {v: self.held(v) for v in self.voters}
        self.said = said
        for actor in self.targets(said, "standing"):
            if actor not in self.decided and actor != self.me:
                self.ban_if(actor, said)

    def regroup(self, rank):
        """Who is who among those not decided yet, by voters up to a rank."""
        me = self.o.policy.viewer
        if rank < 0:
            self.settled, self.me = set(), me
            self.voters = {me: (0, INFINITE, 0, b"", None)}
        said = {v: self.held(v) for v, place in self.voters.items() if place[0] <= rank or rank < 0}
        claims = [
            s
            for s in self.o.statements
            if s.verb == "key"
            and s.seq < self.o.equivocations.get(s.voter, INFINITE)
            and self.word(s.id, said, rank) is not False
        ]
        linked = {(s.voter, s.target) for s in claims}
        keys = {k for pair in linked for k in pair} - self.settled
        groups = {k: {k} for k in keys}
        for a in keys:
            for b in keys:
                if (a, b) in linked and (b, a) in linked and groups[a] is not groups[b]:
                    groups[a] |= groups[b]
                    for k in groups[b]:
                        groups[k] = groups[a]
        for k in [k for k in self.o.names if k not in self.settled]:
            del self.o.names[k]
        self.o.names.update({k: min(group) for k, group in groups.items()})
        self.memo = {}
        if rank < 0:
            self.voters = {}

    def targets(self, said, slot):
        return {t for slots in said.values() for s, t in slots if s == slot}

    def candidates(self, rank, said):
        """actor -> the best way by which voters of this rank adopt it."""
        self.ways = {}
        for actor in self.targets(said, "adoption"):
            if actor in self.voters or actor in self.decided:
                continue
            mine = said[self.me].get(("adoption", actor))
            if mine is not None and mine.weight == 0:
                continue
            ways = []
            for v, slots in said.items():
                s = slots.get(("adoption", actor))
                vrank, weight, depth, branch, _ = self.voters[v]
                if s is None or vrank != rank or depth < 1 or s.weight == 0:
                    continue
                ways.append(
                    (
                        -min(weight, s.weight),
                        -min(depth - 1, s.depth),
                        branch or actor,
                        s.as_of is not None,
                        s.id,
                        s,
                    )
                )
            if ways:
                self.ways[actor] = min(ways)
        return self.ways

    def decide(self, actor, rank, said):
        weight, depth, branch, _, _, s = self.ways[actor]
        self.decided[actor] = rank
        readable = None if s.as_of is None else self.o.cut_ids(s.as_of, actor)
        spared = self.ban_if(actor, said)
        if spared is not None:
            if not spared:
                return
            readable = spared if readable is None else readable & spared
        self.voters[actor] = (rank + 1, -weight, -depth, branch, readable)

    def ban_if(self, actor, said):
        """None if not banned; otherwise the ids of the actor's events that are spared."""
        if not self.is_banned(actor, None, said):
            return None
        mine = [e.id for e in self.o.events.values() if self.o.actor(e.author) == actor]
        self.banned[actor] = {i for i in mine if not self.is_banned(actor, i, said)}
        return self.banned[actor]

    def is_banned(self, actor, event, said):
        mine = said[self.me].get(("standing", actor))
        if mine is not None:
            return mine.verb == "ban" and self.covers(mine, event, actor)
        total = self.total("standing", actor, said, event=event, actor=actor)
        return total >= self.o.policy.threshold

    def covers(self, s, event, actor):
        if s.verb not in AGAINST:
            return False
        return s.cut is None or event is None or event not in self.o.cut_ids(s.cut, actor)

    def branch_votes(self, slot, target, said, *, within, event=None, actor=None):
        """branch -> (rank, turn, -weight) of the one voter who speaks for it."""
        best = {}
        for v, slots in said.items():
            s = slots.get((slot, target))
            rank, weight, _, branch, _ = self.voters[v]
            if s is None or rank == 0 or rank > within:
                continue
            turn = 1 if s.verb not in AGAINST else 0 if self.covers(s, event, actor) else 2
            key = (rank, turn, -weight)
            best[branch] = min(best.get(branch, key), key)
        return best

    def total(self, slot, target, said, *, within=INFINITE, event=None, actor=None):
        votes = self.branch_votes(slot, target, said, within=within, event=event, actor=actor)
        return sum({0: -w, 1: w, 2: 0}[turn] for _, turn, w in votes.values())

    def is_contested(self, slot, target, event=None, actor=None):
        votes = self.branch_votes(
            slot, target, self.said, within=INFINITE, event=event, actor=actor
        )
        if (slot, target) in self.said[self.me]:
            return False
        return sum(-w for _, turn, w in votes.values() if turn == 0) >= self.o.policy.threshold

    # --- what one voter says ---

    def held(self, voter):
        if voter not in self.memo:  # what a voter says depends on strictly nearer ones only
            self.memo[voter] = self.held_anew(voter)
        return self.memo[voter]

    def held_anew(self, voter):
        if voter == self.me:
            return self.held_by_me()
        out = {}
        for s in sorted(self.o.statements, key=later):
            mine = self.o.actor(s.voter) == voter
            if not mine or s.verb not in SLOT or not matches(s.scope, self.kind):
                continue
            if SLOT[s.verb] != "event" and self.o.actor(s.target) == voter:
                continue
            if self.speaks(s, voter):
                out[self.slot(s)] = s
        return out

    def slot(self, s):
        slot = SLOT[s.verb]
        return slot, s.target if slot == "event" else self.o.actor(s.target)

    def speaks(self, s, voter):
        if not self.heard(s, voter):
            return False
        return not any(
            w.verb == "withdraw"
            and self.o.actor(w.voter) == voter
            and w.target == s.id
            and self.heard(w, voter)
            for w in self.o.statements
        )

    def heard(self, s, voter):
        rank, _, _, _, readable = self.voters[voter]
        if s.seq >= self.o.equivocations.get(s.voter, INFINITE):
            return False
        if readable is not None and s.id not in readable:
            return False
        said = {v: self.held(v) for v, place in self.voters.items() if place[0] < rank}
        return self.word(s.id, said, rank - 1) is not False

    def word(self, event, said, within):
        mine = said[self.me].get(("event", event))
        if mine is not None:
            return mine.verb not in AGAINST
        if self.total("event", event, said, within=within) >= self.o.policy.threshold:
            return False
        return None

    def held_by_me(self):
        out = {}
        excluded = set()
        for s in sorted(self.o.policy.statements, key=lambda s: (s.private, later(s)))[::-1]:
            if not matches(s.scope, self.kind) or s.id in excluded:
                continue
            if SLOT[s.verb] != "event" and self.o.actor(s.target) == self.me:
                continue
            if self.slot(s) not in out:
                out[self.slot(s)] = s
                if s.verb in AGAINST and SLOT[s.verb] == "event":
                    excluded.add(s.target)
        return out


def later(s):
    """Canonical order."""
    return s.lamport, s.voter, s.seq, s.id


class Oracle:
    """Every question about one log under one policy, answered from scratch."""

    def __init__(self, policy, events, equivocations=None):
        self.policy = policy
        self.events = {e.id: e for e in events}
        self.statements = [e.statement for e in events if e.statement is not None]
        self.equivocations = equivocations or {}
        self.cells = {}
        self.names = {}  # key -> the smallest key of its actor, of those with several
        self.cell("*")
        self.first = events[0].id if events else b""

    def cell(self, kind):
        if kind not in self.cells:
            self.cells[kind] = Cell(self, kind)
        return self.cells[kind]

    def actor(self, key):
        return self.names.get(key, key)

    def keys(self, actor):
        return [k for k, name in self.names.items() if name == actor] or [actor]

    def way_down(self, id):
        """An event and its ancestors in its own chain."""
        out = set()
        while id in self.events:
            out.add(id)
            id = self.events[id].prev
        return out

    def cut_ids(self, cut, actor):
        out = set()
        for author, seq, id in cut:
            event = self.events.get(id)
            if (
                self.actor(author) == actor
                and event
                and event.author == author
                and event.seq == seq
            ):
                out |= self.way_down(id)
        return out

    # --- events ---

    def kind_of(self, event):
        if event.kind in ("trust/retract", "trust/restore"):
            target = self.events.get(event.statement.target)
            return "*" if target is None else self.plain(target.kind)
        return self.plain(event.kind)

    def plain(self, kind):
        return "*" if kind.startswith(("trust/", "actor/")) else kind

    def counts(self, id):
        return self.judge(id)[0]

    def judge(self, id):
        event, p = self.events[id], self.policy
        if id == self.policy.log:
            return True, "none"
        if event.void:
            return False, "void"
        kept = event.type is not None and p.restitution.get(event.type) == "keep"
        if not kept and not all(g in self.events and self.counts(g) for g in event.grounds):
            return False, "ungrounded"
        cell = self.cell(self.kind_of(event))
        if self.is_retracted(event, cell):
            return False, "retracted"
        return self.opinion(event, cell)

    def is_retracted(self, event, cell):
        if event.kind.startswith(("ledger/", "title/", "actor/", "trust/", "proof/", "log/")):
            return False
        said = [
            s
            for s in self.statements
            if s.verb in ("retract", "restore")
            and s.target == event.id
            and self.actor(s.voter) == self.actor(event.author)
            and self.stands(s, cell)
            and not any(
                w.verb == "withdraw"
                and w.target == s.id
                and self.actor(w.voter) == self.actor(s.voter)
                and self.stands(w, cell)
                for w in self.statements
            )
        ]
        return bool(said) and max(said, key=later).verb == "retract"

    def stands(self, s, cell):
        return self.opinion(self.events[s.id], cell)[0]

    def opinion(self, event, cell):
        if self.is_forked_off(event):
            return False, "equivocation"
        rank = cell.voters.get(self.actor(event.author), (INFINITE,))[0]
        strictly = event.kind.startswith(("trust/", "actor/"))
        word = cell.word(event.id, cell.said, rank - 1 if strictly else rank)
        mine = ("event", event.id) in cell.said[cell.me]
        if word is not None:
            return word, "my-word" if mine else "tally"
        if is_taken(self, event.id, rank):
            return False, "cascade"
        return self.heeded(event, cell)

    def heeded(self, event, cell):
        p, actor = self.policy, self.actor(event.author)
        if actor == cell.me:
            return True, "own"
        mine = cell.said[cell.me].get(("standing", actor))
        if actor in cell.banned and event.id not in cell.banned[actor]:
            return False, "author"
        if p.stance == "open" or actor in cell.voters or (mine and mine.verb == "allow"):
            return True, "author"
        total = cell.total("standing", actor, cell.said, event=event.id, actor=actor)
        return -total >= p.threshold, "stance"

    def is_forked_off(self, event):
        rule, seq = self.policy.fork_rule, self.equivocations.get(event.author)
        if seq is None:
            return False
        side = self.chosen(event.author)
        if side is not None:
            return event.id not in self.way_down(side.id) and side.id not in self.way_down(event.id)
        if rule == "prefix":
            return event.seq >= seq
        return rule == "none"

    def chosen(self, author):
        """The event whose side counts: the viewer's choice, else the latest repair that counts."""
        rule = self.policy.fork_rule
        if rule.startswith("side:"):
            side = self.events.get(bytes.fromhex(rule.removeprefix("side:")))
            if side is not None and side.author == author:
                return side
        repairs = [s for s in self.statements if s.verb == "repair" and self.mends(s, author)]
        return self.events[max(repairs, key=later).target] if repairs else None

    def mends(self, s, author):
        actor, cell = self.actor(author), self.cell("*")
        side = self.events.get(s.target)
        if side is None or side.author != author or s.voter == author:
            return False
        if self.actor(s.voter) != actor or s.seq >= self.equivocations.get(s.voter, INFINITE):
            return False
        word = cell.word(s.id, cell.said, cell.voters.get(actor, (INFINITE,))[0] - 1)
        return self.heeded(self.events[s.id], cell)[0] if word is None else word

    # --- standing ---

    def is_heeded(self, actor, kind="*"):
        """Whether an actor is heeded as a whole: what no cut spares."""
        p, cell = self.policy, self.cell(kind)
        actor = self.actor(actor)
        mine = cell.said[cell.me].get(("standing", actor))
        if actor == cell.me:
            return True
        if actor in cell.banned:
            return False
        if p.stance == "open" or actor in cell.voters or (mine and mine.verb == "allow"):
            return True
        return -cell.total("standing", actor, cell.said) >= p.threshold

    def standing(self, kind="*"):
        cell = self.cell(kind)
        rank = {actor: place[0] for actor, place in cell.voters.items()}
        targets = cell.targets(cell.said, "standing")
        contested = {
            t for t in targets if t not in cell.banned and cell.is_contested("standing", t)
        }
        return rank, set(cell.banned), contested

    def is_contested(self, id):
        """Whether an event that counts is contested."""
        event = self.events[id]
        cell = self.cell(self.kind_of(event))
        if ("event", id) in cell.said[cell.me] or id == self.policy.log:
            return False
        if not self.counts(id):
            return False
        return cell.is_contested("event", id) or cell.is_contested(
            "standing", self.actor(event.author), id, self.actor(event.author)
        )
