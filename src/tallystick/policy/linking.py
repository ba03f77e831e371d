"""Linking: which pairs of keys count under one policy, found together with who judges them.

    every pair ──► actors ──► strata of `*` ──► pairs that nearer people exclude ──► actors ──► ...
                                                   until these are the actors it began with

Law: a pair is judged by people strictly nearer than whoever it would make one, so what a round
settles about the nearest no later round changes, and the last round's answer is the only one.

Reads: actors, book, standing. Read by: judge, glance.
Source: spec/policy.md, "Actors".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tallystick.policy.actors import ActorFacts, Actors, paired
from tallystick.policy.book import Book
from tallystick.policy.facts import Facts
from tallystick.policy.policy import Policy
from tallystick.policy.scope import ANY
from tallystick.policy.standing import Context, Strata
from tallystick.policy.statement import Statement

Links = tuple[int, frozenset[bytes], frozenset[tuple[bytes, int]]]
"""(claims, those that nearer people exclude, splits): what links between keys turn on."""


def settle(
    facts: ActorFacts,
    policy: Policy,
    statements: Sequence[Statement],
    equivocations: dict[bytes, int],
    supposed: frozenset[bytes] = frozenset(),
) -> tuple[Strata, Context, Links]:
    """Gives the facts the actors of a policy; the cell of ``*`` and all it was judged by.

    Cost: one evaluation of the cell where nobody speaks about pairs; else one per round, at most
    as many as there are pairs and levels.
    """
    claims = [s for s in statements if s.verb == "key"]
    facts.actors = paired(claims, equivocations)
    while True:
        book = Book(facts)
        book.write(statements)
        context = Context(facts, book, policy, equivocations, supposed)
        base = Strata(context, frozenset((ANY,)))
        links = links_of(context, base)
        actors = linked(context, links)
        if actors == facts.actors:
            return base, context, links
        facts.actors = actors


def links_of(context: Context, base: Strata) -> Links:
    """What links turn on, as the cell of ``*`` is now.

    Cost: O(claims or events spoken about, whichever are fewer, and proven splits).
    """
    claims = context.book.claims
    if not claims:
        return 0, frozenset(), frozenset()
    asked = claims.keys() & (base.words.keys() | context.supposed)
    out = frozenset(id for id in asked if not base.links(claims[id]))
    return len(claims), out, frozenset(context.equivocations.items())


def linked(context: Context, links: Links) -> Actors:
    """The actors that claims make, those left out that do not count."""
    return paired(context.book.claims.values(), context.equivocations, links[1])


def mended(context: Context, events: Iterable[bytes]) -> set[bytes]:
    """Authors of split chains about whose repairs, among these events, something changed."""
    by_id = context.book.by_id
    if not context.book.repairs:
        return set()
    return split_in(context.facts, (by_id[id] for id in events if id in by_id))


def split_in(facts: Facts, statements: Iterable[Statement]) -> set[bytes]:
    """Authors of the chains whose sides the repairs among some statements choose."""
    named = (s.target for s in statements if s.verb == "repair")
    return {fact.author for side in named if (fact := facts.event(side)) is not None}
