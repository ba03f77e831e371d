"""Policies in words: what is said in one, how two differ, how mine came to be, and a copy of it.

    #3 · now · 4f1c09aa · bob        the third of my history, mine today, one by its hash, Bob's

Law: two policies differ by what they say of the same thing, whoever says it and in which event;
what a change flipped is read from the feed, where it was written with the change.

Reads: policy, store, replica.{openlog, names, saying}. Read by: replica.trusts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tallystick.errors import BadInput, NotFound
from tallystick.event.ids import cid_text
from tallystick.identity.did import did_key
from tallystick.policy.policy import RETURN, Policy
from tallystick.policy.scope import ANY
from tallystick.policy.statement import EVENT, SLOT, Statement, holding, statement_frame
from tallystick.replica.judging import CONTENT
from tallystick.replica.names import Names
from tallystick.replica.openlog import OpenLog
from tallystick.replica.trust_reports import PolicyChange, PolicyDiff, PolicySays

PARAMETERS = ("stance", "threshold", "max_depth", "fork_rule", "restitution", "erasers")
HASH_CHARS_MIN = 8
NOW = "now"
_ARRIVED = "arrived"
_FEED_CHUNK = 10_000


# --- in words -----------------------------------------------------------------------------------


def says(policy: Policy, names: Names) -> tuple[PolicySays, ...]:
    """What a policy says, one line a statement, in its order."""
    return tuple(
        PolicySays(
            say=in_words(s, names),
            verb=s.verb,
            target=cid_text(s.target) if SLOT[s.verb] == EVENT else did_key(s.target),
            scope=s.scope,
            private=s.private,
            statement=cid_text(s.id),
        )
        for s in policy.statements
    )


def in_words(s: Statement, names: Names) -> str:
    """``adopt bob with weight 2 and depth 1, as of a point, for review/*``."""
    text = f"{s.verb} {names.words(s.target)}"
    sizes = [
        f"{name} {value}"
        for name, value, usual in (("weight", s.weight, 1), ("depth", s.depth, 0))
        if value != usual
    ]
    if sizes:
        text += " with " + " and ".join(sizes)
    if s.cut is not None:
        text += ", sparing what came up to a cut"
    if s.as_of is not None:
        text += ", as of a point"
    if s.cascade:
        text += ", with what builds on it"
    if s.scope != ANY:
        text += f", for {s.scope}"
    return text


def diff(before: Policy, after: Policy, names: Names) -> PolicyDiff:
    """What two policies say otherwise, and with which other parameters."""
    parameters = {}
    for name in PARAMETERS:
        a, b = getattr(before, name), getattr(after, name)
        if a != b:
            parameters[name] = (_plain(a), _plain(b))
    was, now = _by_matter(before), _by_matter(after)
    changed, gone, new = [], [], []
    for matter in [*was, *(matter for matter in now if matter not in was)]:
        a, b = was.get(matter), now.get(matter)
        if a is not None and b is not None:
            if _meaning(a) != _meaning(b):
                changed.append((in_words(a, names), in_words(b, names)))
        elif a is not None:
            gone.append(in_words(a, names))
        elif b is not None:
            new.append(in_words(b, names))
    return PolicyDiff(
        before.hash.hex(), after.hash.hex(), parameters, tuple(gone), tuple(new), tuple(changed)
    )


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [did_key(one) for one in value]
    return value


def _by_matter(policy: Policy) -> dict[tuple[int, bytes, str], Statement]:
    """What is spoken of -> the policy's latest word; the later of two, as in judging."""
    return {(SLOT[s.verb], s.target, s.scope): s for s in policy.statements}


def _meaning(s: Statement) -> tuple[str, bytes]:
    """The statement without who says it; which dispute an answer answers is no part of it."""
    return statement_frame(s._replace(dispute=None))


def with_parameters(
    policy: Policy, *, restitution: Mapping[str, str] | None = None, **given: Any
) -> Policy:
    """A policy with other parameters; what is None stays as it is, and so do types not named.

    Raises:
        BadInput: policy/parameter.
    """
    chosen = {name: value for name, value in given.items() if value is not None}
    if restitution is not None:
        rules = {**policy.restitution, **restitution}
        chosen["restitution"] = {t: rule for t, rule in rules.items() if rule != RETURN}
    return replace(policy, **chosen)


# --- which policy -------------------------------------------------------------------------------


def find_policy(log: OpenLog, names: Names, wanted: str) -> Policy:
    """The policy a text names: ``now``, ``#N`` of my history, a hash, or an actor's published one.

    Raises:
        NotFound: usage/not-found. BadInput: usage/argument.
    """
    if wanted == NOW:
        return log.policy
    history = log.store.policy_history(log.no)
    if wanted.startswith("#"):
        number = wanted[1:]
        fits = number.isascii() and number.isdecimal() and len(number) < HASH_CHARS_MIN
        found = [row for row in history if fits and row.no == int(number)]
        if not found:
            raise NotFound(
                "usage/not-found", "the history has no policy of that number", got=wanted,
                expected=f"#1 to #{len(history)}" if history else None,
            )  # fmt: skip
        return Policy.from_bytes(found[0].document)
    if len(wanted) >= HASH_CHARS_MIN and set(wanted) <= set("0123456789abcdef"):
        for policy in (log.policy, *(Policy.from_bytes(row.document) for row in history)):
            if policy.hash.hex().startswith(wanted):
                return policy
    viewer = names.author(wanted)
    if viewer == log.owner.public:
        return log.policy
    said = [s for s in log.judging.public_statements() if s.voter == viewer]
    return Policy(viewer, log.id, statements=holding(said))


# --- how it came to be --------------------------------------------------------------------------


def history(log: OpenLog, names: Names) -> list[PolicyChange]:
    """Every change of my policy, oldest first; what left it as it was is passed over.

    Cost: O(changes of the policy, and of the feed they wrote).
    """
    found = []
    before = Policy(log.owner.public, log.id)
    with log.store.read():
        for row in log.store.policy_history(log.no):
            policy = Policy.from_bytes(row.document)
            if policy.hash == before.hash:
                continue
            change = diff(before, policy, names)
            lost, gained = _flipped(log, row.since, row.pos)
            found.append(
                PolicyChange(
                    number=row.no,
                    changed=row.changed_ms,
                    hash=policy.hash.hex(),
                    change=change,
                    events_lost=lost,
                    events_gained=gained,
                )
            )
            before = policy
    return found


def _flipped(log: OpenLog, begin: int, end: int) -> tuple[int, int]:
    """Events that stopped and started counting in a stretch of the feed, arrivals left aside."""
    lost = gained = 0
    while begin < end:
        ranges = log.store.feed_read(log.no, begin, min(end - begin, _FEED_CHUNK))
        if not ranges:
            break
        for one in ranges:
            if one.cause in (_ARRIVED, CONTENT):
                continue
            if one.weight < 0:
                lost += one.count
            else:
                gained += one.count
        begin = ranges[-1].pos + ranges[-1].count
    return lost, gained


# --- a copy -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Carried:
    """What of a policy can be said in another log.

    Args:
        policy: the parameters there, over what is said there already.
        said: the statements to make there, in order; those that hold there already left out.
        left: what stays behind, and why.
    """

    policy: Policy
    said: tuple[Statement, ...]
    left: tuple[tuple[Statement, str], ...]


def carried(source: Policy, target: Policy) -> Carried:
    """What of one policy means something in another log of the same viewer."""
    if source.viewer != target.viewer:
        raise BadInput("usage/argument", "a policy is copied between logs of one viewer")
    there = {matter: _meaning(s) for matter, s in _by_matter(target).items()}
    private = {matter for matter, s in _by_matter(target).items() if s.private}
    said, left = [], []
    for s in source.statements:
        matter = (SLOT[s.verb], s.target, s.scope)
        if SLOT[s.verb] == EVENT:
            left.append((s, "it is about an event of this log"))
        elif s.cut is not None or s.as_of is not None:
            left.append((s, "it names a point in this log"))
        elif there.get(matter) == _meaning(s):
            continue
        elif matter in private and not s.private:
            left.append((s, "your private word there says otherwise, and would still hold"))
        else:
            said.append(s)
    rule = target.fork_rule if source.fork_rule.startswith("side:") else source.fork_rule
    policy = Policy(
        target.viewer,
        target.log,
        stance=source.stance,
        threshold=source.threshold,
        max_depth=source.max_depth,
        fork_rule=rule,
        restitution=source.restitution,
        erasers=source.erasers,
        statements=target.statements,
    )
    return Carried(policy, tuple(said), tuple(left))


def left_in_words(left: Sequence[tuple[Statement, str]], names: Names) -> tuple[str, ...]:
    """``exclude bafy...: it is about an event of this log``."""
    return tuple(f"{in_words(s, names)}: {why}" for s, why in left)
