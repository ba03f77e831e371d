"""Trust: say whom and what you heed, see what that changes, ask where people stand.

    ban TARGET ──► what would change (stderr) ──► asked ──► said: an event, or a private row

Law: nothing is said before what it changes has been shown, and agreed to.

Reads: replica. Read by: cli.app.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import click

from tallystick.cli.common import LOG, SCOPE, STORE, TARGET, opened, verb
from tallystick.cli.output import Output, table

DECLINED: Final = 1
STATEMENTS: Final = {
    "ban": "Do not heed an actor, from now on and in the past.",
    "allow": "Heed an actor, whatever others further away say.",
    "exclude": "Do not let one event count.",
    "include": "Let one event count, whatever others further away say.",
    "retract": "Take back an event of your own.",
    "restore": "Let an event you took back count again.",
    "adopt": "Let an actor's statements count for you (--weight 0: no longer).",
    "withdraw": "Take back a statement, as if it had never been made.",
}
SCOPED: Final = {"ban", "allow", "exclude", "include", "adopt"}


def options_of(name: str) -> list[Callable[[Any], Any]]:
    """The options that make sense for one statement."""
    options: list[Callable[[Any], Any]] = []
    if name in SCOPED:
        options.append(SCOPE)
    if name == "ban":
        spared = "Spare this event and its chain before it (again for more chains)."
        options.append(click.option("--cut", multiple=True, metavar="EVENT", help=spared))
    if name == "adopt":
        pinned = "Adopt as of this event of theirs (again for more chains)."
        options += [
            click.option("--weight", type=int, default=1, show_default=True, help="0 = not."),
            click.option("--depth", type=int, default=0, show_default=True, help="And theirs."),
            click.option("--as-of", multiple=True, metavar="EVENT", help=pinned),
        ]
    return [*options, click.option("--reason", help="In words; everyone who has the log reads it.")]


def built(name: str, target: str, given: dict[str, Any]) -> Any:
    """The statement as a value: options left out at their defaults."""
    import tallystick

    wanted = {option: value for option, value in given.items() if value not in (None, ())}
    return getattr(tallystick, name)(target, **wanted)


def statement_verb(name: str) -> click.Command:
    """The verb that makes one kind of statement."""

    def say(
        out: Output,
        store: str,
        target: str,
        log: str | None,
        *,
        private: bool,
        yes: bool,
        **given: Any,
    ) -> int:
        statement = built(name, target, given)
        with opened(store, log) as replica:
            effect = replica.what_if(statement, private=private)
            for line in effect.sentences():
                out.talk(line)
            if not (yes or out.confirm(f"{name} {target}?")):
                out.talk("nothing was said")
                return DECLINED
            if name == "withdraw" and not private:
                # A private statement is withdrawn privately; the replica knows which it is.
                receipt = replica.withdraw(target, **given)
            else:
                receipt = replica.say(statement, private=private)
        out.result(receipt.as_dict(), receipt.id)
        return 0

    say.__doc__ = f"{STATEMENTS[name]}\n\nShows what it changes, then asks."
    decorators = [
        *(STORE, TARGET, *options_of(name)),
        click.option(
            "--private", is_flag=True, help="Keep it in your policy: nobody else sees it."
        ),
        click.option("--yes", "-y", is_flag=True, help="Do not ask."),
        LOG,
    ]
    function: Any = say
    for decorate in reversed(decorators):
        function = decorate(function)
    return verb(name)(function)


ban_verb = statement_verb("ban")
allow_verb = statement_verb("allow")
exclude_verb = statement_verb("exclude")
include_verb = statement_verb("include")
retract_verb = statement_verb("retract")
restore_verb = statement_verb("restore")
adopt_verb = statement_verb("adopt")
withdraw_verb = statement_verb("withdraw")


@click.group("what-if")
def what_if_verb() -> None:
    """Show what a statement would change, and say nothing."""


def what_if_of(name: str) -> None:
    """Adds ``what-if NAME``."""

    def ask(out: Output, store: str, target: str, log: str | None, **given: Any) -> None:
        statement = built(name, target, given)
        with opened(store, log) as replica:
            effect = replica.what_if(statement)
        out.result(effect.as_dict(), effect.sentences())

    ask.__doc__ = f"What would change: {STATEMENTS[name][0].lower()}{STATEMENTS[name][1:]}"
    function: Any = ask
    for decorate in reversed([STORE, TARGET, *options_of(name), LOG]):
        function = decorate(function)
    verb(name, group=what_if_verb)(function)


for _name in STATEMENTS:
    what_if_of(_name)


@verb("standing")
@STORE
@click.option("--as", "as_actor", metavar="ACTOR", help="As seen by somebody else.")
@click.option("--threshold", type=int, help="Branches that ban somebody for you.")
@click.option("--max-depth", type=int, help="How far adoption reaches.")
@SCOPE
@LOG
def standing_verb(
    out: Output,
    store: str,
    as_actor: str | None,
    threshold: int | None,
    max_depth: int | None,
    scope: str | None,
    log: str | None,
) -> None:
    """List everyone with a vote by rank, and whom that leaves unheeded."""
    with opened(store, log) as replica:
        found = replica.standing(
            as_actor=as_actor, threshold=threshold, max_depth=max_depth, scope=scope
        )
        names = {did: name for name, did in replica.names().items()}
    ranks = sorted(found["rank"].items(), key=lambda pair: (pair[1], pair[0]))
    rows = [(f"rank {rank}", actor, names.get(actor)) for actor, rank in ranks]
    rows += [("banned", actor, names.get(actor)) for actor in found["banned"]]
    rows += [("contested", actor, names.get(actor)) for actor in found["contested"]]
    out.result(found, table(("standing", "actor", "name"), rows))


@verb("verdict")
@STORE
@TARGET
@LOG
def verdict_verb(out: Output, store: str, target: str, log: str | None) -> None:
    """Say whether an actor or event counts for you, and because of whom."""
    with opened(store, log) as replica:
        verdict = replica.verdict(target)
    out.result(verdict.as_dict(), verdict.sentence)
