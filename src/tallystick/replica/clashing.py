"""What is contested, as people read it: who says what of whom, and the words that would settle it.

Law: an option names what it was seen to settle; it is offered, never said.

Reads: policy.contested, replica.{reading, preview, trust_reports}. Read by: replica.trusts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tallystick.event.ids import cid_text
from tallystick.identity.did import did_key
from tallystick.policy.contested import Clash, Option, contested
from tallystick.policy.scope import check_scope
from tallystick.replica.preview import counts
from tallystick.replica.reading import Reading
from tallystick.replica.trust_reports import ContestedInfo

_DOES = {
    "ban": "bans",
    "allow": "allows",
    "exclude": "excludes",
    "include": "includes",
    "uphold": "upholds a dispute about",
    "dismiss": "dismisses a dispute about",
}


def contested_infos(reading: Reading, *, scope: str | None = None) -> list[ContestedInfo]:
    """Everything contested under a reading: circles of bans, then other actors, then events.

    Args:
        scope: whose cell's actors; None: that of ``*``.

    Raises:
        BadInput: policy/scope.

    Cost: two updates of the judge for each word tried.
    """
    if scope is not None:
        check_scope(scope)
    log = reading.log
    with log.store.read():
        said = log.judging.public_statements()
        found = contested(reading.judge, reading.facts, said, scope)
        return [_info(clash, reading) for clash in found]


def _info(clash: Clash, reading: Reading) -> ContestedInfo:
    called = reading.name_of
    clash = replace(clash, subjects=tuple(sorted(clash.subjects, key=called)))
    best = sorted(
        clash.options,
        key=lambda o: (-len(o.settles), len(o.raises), called(o.said.target), o.said.verb),
    )
    options = tuple(_option(option, reading) for option in best)
    return ContestedInfo(
        about=clash.about,
        subjects=tuple(_id(clash.about, one) for one in clash.subjects),
        names=tuple(called(one) for one in clash.subjects),
        votes=tuple(
            {
                "about": reading.name_of(subject),
                "voter": did_key(vote.voter),
                "voter_name": reading.name_of(vote.voter),
                "branch_name": reading.name_of(vote.place.branch),
                "says": vote.statement.verb,
                "statement": cid_text(vote.statement.id),
                "weight": vote.force,
            }
            for subject, votes in clash.votes.items()
            for vote in votes
            if vote.force
        ),
        options=options,
        settled_by_one=clash.is_settled_by_one,
        sentence=_sentence(clash, reading, options),
    )


def _id(about: str, subject: bytes) -> str:
    return cid_text(subject) if about == "event" else did_key(subject)


def _option(option: Option, reading: Reading) -> dict[str, Any]:
    about = "event" if option.said.verb in ("exclude", "include") else "actor"
    lost, gained = counts(option.flips, reading.log)
    return {
        "say": f"{option.said.verb} {reading.name_of(option.said.target)}",
        "verb": option.said.verb,
        "target": _id(about, option.said.target),
        "settles": [reading.name_of(one) for one in option.settles],
        "raises": [reading.name_of(one) for one in option.raises],
        "events_lost": lost,
        "events_gained": gained,
    }


def _sentence(clash: Clash, reading: Reading, options: tuple[dict[str, Any], ...]) -> str:
    called = reading.name_of
    if clash.about == "circle":
        names = [called(one) for one in clash.subjects]
        two = len(names) == 2
        each, none = ("", "neither") if two else (" in a circle", "none of them")
        what = f"{in_a_row(names)} ban each other{each}, and {none} is banned"
    else:
        (subject,) = clash.subjects
        said = [
            f"{called(vote.voter)} {_DOES[vote.statement.verb]} {called(subject)}"
            for vote in clash.votes[subject]
            if vote.force
        ]
        state = "which counts" if clash.about == "event" else "who is not banned"
        what = f"{in_a_row(said)}, {state}"
    if not options:
        return f"{what}; no single word settles any of it."
    if not clash.is_settled_by_one:
        return f"{what}; no single word settles all of it, {_words(options)} settles part."
    whole = set(map(called, clash.subjects))
    words = [option for option in options if whole <= set(option["settles"])]
    return f"{what}; one word of yours settles it: {_words(words)}."


def _words(options: Sequence[dict[str, Any]]) -> str:
    """``ban Ana or Ben``, ``allow or ban Ana, Ben or Cy``: words to choose from."""
    verbs: dict[tuple[str, ...], list[str]] = {}
    for verb in sorted({option["verb"] for option in options}):
        about = sorted({o["say"].partition(" ")[2] for o in options if o["verb"] == verb})
        verbs.setdefault(tuple(about), []).append(verb)
    said = [f"{' or '.join(v)} {in_a_row(list(about), 'or')}" for about, v in verbs.items()]
    return " or ".join(said)


def in_a_row(items: list[str], word: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return f"{', '.join(items[:-1])} {word} {items[-1]}" if len(items) > 1 else "".join(items)
