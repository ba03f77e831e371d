"""``tally policy``: what you judge by, how it came to be, how it differs, and a copy of it.

Law: ``copy`` shows what would be said elsewhere before it asks.

Reads: replica. Read by: cli.trust.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from tallystick.cli.common import LOG, STORE, day, opened, verb
from tallystick.cli.output import Output, pairs, table

if TYPE_CHECKING:
    from tallystick.policy import Policy

DECLINED: Final = 1
SHORT: Final = 16
"""Characters of an id in a table: enough to be a TARGET."""


def parameters(function: Any) -> Any:
    """The options that are a policy's parameters."""
    stance = "Heed unless banned, or only if invited."
    threshold = "Weight of branches that bans somebody; at least 1."
    titles = "Of titles: return or keep (again)."
    for option in (
        click.option("--restitution", multiple=True, metavar="TYPE=RULE", help=titles),
        click.option("--fork-rule", metavar="RULE", help="both, prefix, none or side:HEX."),
        click.option("--max-depth", type=int, help="How far adoption reaches."),
        click.option("--threshold", type=int, help=threshold),
        click.option("--stance", metavar="open|invited", help=stance),
    ):
        function = option(function)
    return function


def rules_of(restitution: tuple[str, ...]) -> dict[str, str] | None:
    """``TYPE=RULE`` as the library takes them; None when there are none."""
    return dict(pair.partition("=")[::2] for pair in restitution) or None


@click.group("policy")
def policy_verb() -> None:
    """Show what you judge by, set it, compare it, copy it.

    A policy is its parameters and what you say of people and events; its hash stands for both.
    """


@verb("show", group=policy_verb, example="tally policy show ana.tally")
@STORE
@click.argument("policy", default="now")
@LOG
def policy_show_verb(out: Output, store: str, policy: str, log: str | None) -> None:
    """Show a policy's parameters, its hash, and what it says.

    POLICY is now (yours, the default), #N of its history, the first characters of a hash, or an
    ACTOR: the policy that the published statements of somebody else make.
    """
    with opened(store, log) as replica:
        found = policy_facts(replica.find_policy(policy))
        said = replica.policy_says(policy)
    rows = [(one.say, "private" if one.private else "", one.statement[:SHORT]) for one in said]
    lines = [*pairs(found), *(table(("says", "", "statement"), rows) if rows else [])]
    out.result(found | {"says": [one.as_dict() for one in said]}, lines)


@verb(
    "set",
    group=policy_verb,
    example="tally policy set ana.tally --threshold 2 && tally policy set ana.tally --threshold 1",
)
@STORE
@parameters
@LOG
def policy_set_verb(
    out: Output, store: str, log: str | None, *, restitution: tuple[str, ...], **given: Any
) -> None:
    """Set parameters; what is left out stays as it is.

    They are yours alone and never sent. tally what-if policy asks without setting. What becomes of
    a thing when a transfer of it stops counting: return gives it back to its owner from before,
    keep leaves it with whoever it was passed on to.
    """
    with opened(store, log) as replica:
        effect = replica.set_policy(**given, restitution=rules_of(restitution))
        found = policy_facts(replica.policy)
    changed = {"events_lost": effect.events_lost, "events_gained": effect.events_gained}
    out.result(found | changed, str(effect))


@verb("diff", group=policy_verb, example="tally policy diff ana.tally bob now")
@STORE
@click.argument("before")
@click.argument("after", default="now")
@LOG
def policy_diff_verb(out: Output, store: str, before: str, after: str, log: str | None) -> None:
    """Say how two policies differ.

    Each is now, #N of your policy's history, the first characters of a hash, or an ACTOR. A line
    with - is said before alone, with + after alone, with ~ otherwise.
    """
    with opened(store, log) as replica:
        found = replica.policy_diff(before, after)
    lines = found.sentences() or "both say the same"
    out.result(found.as_dict() | {"same": found.is_empty}, lines)


@verb("history", group=policy_verb, example="tally policy history ana.tally")
@STORE
@LOG
def policy_history_verb(out: Output, store: str, log: str | None) -> None:
    """List how your policy came to be, and what each change flipped.

    By this machine's clock; with the number of a change, tally policy diff and show go back to it.
    """
    with opened(store, log) as replica:
        found = replica.policy_history()
    rows = [
        (
            f"#{one.number}",
            day(one.changed),
            "; ".join(one.change.sentences()),
            f"{one.events_lost} out, {one.events_gained} in",
            one.hash[:SHORT],
        )
        for one in found
    ]
    data = {"history": [one.as_dict() for one in found]}
    out.result(data, table(("change", "when", "what", "events", "hash"), rows))


@verb(
    "copy",
    group=policy_verb,
    example="tally log create ana.tally garden && "
    "tally policy copy ana.tally garden --log market --yes",
)
@STORE
@click.argument("to", metavar="LOG")
@click.option("--preview", is_flag=True, help="Show what would be said there, and say nothing.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@LOG
def policy_copy_verb(
    out: Output, store: str, to: str, log: str | None, *, preview: bool, yes: bool
) -> int:
    """Say in another log of the store what you say of people here.

    With the same parameters; what is private stays private. Words about single events, and those
    that name a point in this log, stay behind.
    """
    with opened(store, log, writes=not preview) as replica:
        plan = replica.copy_policy(to, show_only=True)
        if preview:
            out.result(plan.as_dict(), plan.sentences())
            return 0
        for line in plan.sentences():
            out.talk(line)
        if not (yes or out.confirm(f"say this in {to}?")):
            out.talk("nothing was said")
            out.result(plan.as_dict(), ())
            return DECLINED
        done = replica.copy_policy(to)
    out.result(done.as_dict(), list(done.ids))
    return 0


def policy_facts(policy: Policy) -> dict[str, Any]:
    """A policy's parameters as plain data."""
    return {
        "hash": policy.hash.hex(),
        "stance": policy.stance,
        "threshold": policy.threshold,
        "max_depth": policy.max_depth,
        "fork_rule": policy.fork_rule,
        "restitution": dict(policy.restitution),
        "statements": len(policy.statements),
    }
