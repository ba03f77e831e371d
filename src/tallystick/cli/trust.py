"""Trust: say whom and what you heed, see what that changes, ask where people stand.

    ban TARGET ──► what would change (stderr) ──► asked ──► said: an event, or a private row

Law: nothing is said before what it changes has been shown, and agreed to.

Reads: replica. Read by: cli.app.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import click

from tallystick.cli.common import AS, LOG, SCOPE, STORE, TARGET, moment, opened, verb
from tallystick.cli.output import Output, table
from tallystick.cli.policy_group import parameters, policy_verb, rules_of

__all__ = ["policy_verb", "standing_verb", "verdict_verb", "what_if_verb"]
DECLINED: Final = 1
STATEMENTS: Final = {
    "ban": "Do not heed an actor, from now on and in the past.",
    "allow": "Heed an actor, whatever others further away say.",
    "exclude": "Do not let one event count.",
    "include": "Let one event count, whatever others say.",
    "retract": "Take back an event of your own.",
    "restore": "Let an event you took back count again.",
    "adopt": "Let an actor's statements count for you.",
    "dispute": "Claim that an event is wrong, for others to judge.",
    "uphold": "Agree with a dispute: its event does not count for you.",
    "dismiss": "Disagree with a dispute: its event counts for you.",
    "withdraw": "Take back a statement, as if it had never been made.",
}
MORE: Final = {
    "ban": "Sums, records and folds become as if its events had never been. With --cut, events up "
    "to the one named are spared. Your own word is final for you; for others it counts as far as "
    "they adopt you.",
    "allow": "Settles for you what people you adopt say against an actor.",
    "exclude": "The event stays in the log; it counts for nobody whose policy heeds this.",
    "include": "Also of an actor who is banned. It does not outrank its author's own retract.",
    "retract": "For everyone, as long as you are heeded: undo. Statements are taken back with "
    "withdraw instead.",
    "restore": "Redo: the latest of retract and restore about an event holds.",
    "adopt": "Its bans, allows and excludes count for you, one vote per branch; with --depth also "
    "those of people it adopts, at most as far as your policy's own depth. --weight 0 says no: not "
    "even by way of others.",
    "dispute": "By itself it changes nothing: those who heed the people that uphold it no longer "
    "count the event. Say what is wrong with --claim, what should be done with --remedy, and name "
    "what speaks for it with --evidence. A date to answer by is advice.",
    "uphold": "TARGET is the dispute. It is your own exclude of the event, and holds whatever "
    "becomes of the dispute.",
    "dismiss": "TARGET is the dispute. It is your own include of the event, and holds whatever "
    "becomes of the dispute.",
    "withdraw": "TARGET is the statement's id, or an actor: then your latest word about it. What "
    "you said before it holds again.",
}
EVENT: Final = """"$(tally write ana.tally note/text '"hello"')\""""
DISPUTE: Final = f'"$(tally dispute ana.tally {EVENT} --claim "never sent" --yes)"'
EXAMPLES: Final = {
    "ban": "tally ban ana.tally eve --reason 'praises her own shop' --yes",
    "allow": "tally allow ana.tally eve --scope 'chat/*' --yes",
    "exclude": f"tally exclude ana.tally {EVENT} --yes",
    "include": f"tally include ana.tally {EVENT} --private --yes",
    "retract": f"tally retract ana.tally {EVENT} --yes",
    "restore": f"tally restore ana.tally {EVENT} --yes",
    "adopt": "tally adopt ana.tally bob --depth 1 --yes",
    "dispute": f"tally dispute ana.tally {EVENT} --claim 'never sent' --remedy refund --yes",
    "uphold": f"tally uphold ana.tally {DISPUTE} --yes",
    "dismiss": f"tally dismiss ana.tally {DISPUTE} --yes",
    "withdraw": "tally ban ana.tally eve --yes && tally withdraw ana.tally eve --yes",
}
OF_OWN: Final = {"retract", "restore"}
"""They are about one's own events: kept private they would be known to nobody."""
SCOPED: Final = {"ban", "allow", "exclude", "include", "adopt"}


def options_of(name: str) -> list[Callable[[Any], Any]]:
    """The options that make sense for one statement."""
    options: list[Callable[[Any], Any]] = []
    if name in SCOPED:
        options.append(SCOPE)
    if name == "ban":
        spared = "Spare this event and its chain before it (again for more chains)."
        options.append(click.option("--cut", multiple=True, metavar="EVENT", help=spared))
    if name == "exclude":
        built_on = "Take along what was built on it and on nothing that counts."
        options.append(click.option("--cascade", is_flag=True, help=built_on))
    if name == "adopt":
        pinned = "Adopt as of this event of theirs (again for more chains)."
        options += [
            click.option(
                "--weight", type=int, default=1, show_default=True, help="Of the vote; 0 = no."
            ),
            click.option(
                "--depth", type=int, default=0, show_default=True, help="How far beyond the actor."
            ),
            click.option("--as-of", multiple=True, metavar="EVENT", help=pinned),
        ]
    if name == "dispute":
        until = "Until when you hope for an answer: a date, or milliseconds; it decides nothing."
        return [
            click.option("--claim", help="What is wrong; everyone who has the log reads it."),
            click.option("--remedy", help="What should be done about it."),
            click.option("--evidence", multiple=True, metavar="EVENT", help="Speaks for it."),
            click.option("--answer-by", metavar="TIME", help=until),
        ]
    return [*options, click.option("--reason", help="In words; everyone who has the log reads it.")]


PRIVATE: Final = click.option(
    "--private", is_flag=True, help="Keep it in your policy: it is never written into a log."
)


PREVIEW: Final = click.option(
    "--preview", is_flag=True, help="Show what you would inherit, and say nothing."
)


def built(name: str, target: str, given: dict[str, Any]) -> Any:
    """The statement as a value: options left out at their defaults."""
    import tallystick

    return getattr(tallystick, name)(target, **options_given(given))


def options_given(given: dict[str, Any]) -> dict[str, Any]:
    """Options as the library takes them, left out at their defaults."""
    wanted = {option: value for option, value in given.items() if value not in (None, ())}
    if "answer_by" in wanted:
        wanted["answer_by"] = moment(wanted["answer_by"], where="--answer-by")
    return wanted


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
        preview: bool = False,
        **given: Any,
    ) -> int:
        statement = built(name, target, given)
        with opened(store, log, writes=not (private or preview)) as replica:
            if name == "adopt":
                foretold = replica.preview_adopt(target, **options_given(given))
                if preview:
                    out.result(foretold.as_dict(), foretold.sentences())
                    return 0
                effect, lines = foretold.effect, foretold.sentences()
            else:
                effect = replica.what_if(statement, private=private)
                lines = effect.sentences()
            data = {"private": private, "effect": effect.as_dict()}
            for line in lines:
                out.talk(line)
            if not (yes or out.confirm(f"{name} {target}?")):
                out.talk("nothing was said")
                out.result({"id": None} | data, ())
                return DECLINED
            if name == "withdraw" and not private:
                # A private statement is withdrawn privately; the replica knows which it is.
                receipt = replica.withdraw(target, **given)
            else:
                receipt = replica.say(statement, private=private)
        out.result({"id": receipt.id} | data | {"private": receipt.private}, receipt.id)
        return 0

    shows = "Shows what it changes, then asks; --yes goes ahead. Prints the statement's id."
    say.__doc__ = f"{STATEMENTS[name]}\n\n{MORE[name]}\n\n{shows}"
    decorators = [
        *(STORE, TARGET, *options_of(name)),
        PRIVATE,
        *([PREVIEW] if name == "adopt" else []),
        click.option("--yes", "-y", is_flag=True, help="Do not ask."),
        LOG,
    ]
    function: Any = say
    for decorate in reversed(decorators):
        function = decorate(function)
    return verb(name, example=EXAMPLES[name])(function)


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
    """Show what a statement, or other parameters, would change.

    Standings, events and the values of every view, worked out for real and undone. Nothing is said.
    """


def what_if_of(name: str) -> None:
    """Adds ``what-if NAME``."""

    def ask(
        out: Output, store: str, target: str, log: str | None, *, private: bool, **given: Any
    ) -> None:
        statement = built(name, target, given)
        with opened(store, log) as replica:
            effect = replica.what_if(statement, private=private)
        out.result(effect.as_dict(), effect.sentences())

    ask.__doc__ = f"If: {STATEMENTS[name][0].lower()}{STATEMENTS[name][1:]}\n\nNothing is said."
    function: Any = ask
    for decorate in reversed([STORE, TARGET, *options_of(name), PRIVATE, LOG]):
        function = decorate(function)
    words = EXAMPLES[name].replace(f"tally {name} ", f"tally what-if {name} ")
    verb(name, group=what_if_verb, example=words.removesuffix(" --yes"))(function)


for _name in STATEMENTS:
    what_if_of(_name)


@verb(
    "policy",
    group=what_if_verb,
    example="tally what-if policy ana.tally --threshold 2 --max-depth 1",
)
@STORE
@parameters
@LOG
def what_if_policy_verb(
    out: Output, store: str, log: str | None, *, restitution: tuple[str, ...], **given: Any
) -> None:
    """If: judge by other parameters.

    Told as tally compare tells it, you as you are being one side. Nothing is set.
    """
    with opened(store, log) as replica:
        found = replica.what_if_policy(**given, restitution=rules_of(restitution))
    out.result(found.as_dict(), found.sentences())


@verb("standing", example="tally standing ana.tally --max-depth 2")
@STORE
@AS
@click.option("--threshold", type=int, help="Weight of bans, less allows, that bans somebody.")
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
    """List who has a vote for you, by rank, and who is banned.

    Rank 0 is you, 1 whom you adopt, and so on. With --as, the policy that the actor's published
    statements make; --threshold and --max-depth ask under other parameters.
    """
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


@verb("verdict", example="tally verdict ana.tally eve")
@STORE
@TARGET
@SCOPE
@LOG
def verdict_verb(out: Output, store: str, target: str, scope: str | None, log: str | None) -> None:
    """Say whether an actor or event counts for you, and why.

    With --json the causes: each statement, who made it, and whether it is necessary.
    """
    with opened(store, log) as replica:
        verdict = replica.verdict(target, scope=scope)
    out.result(verdict.as_dict(), verdict.sentence)
