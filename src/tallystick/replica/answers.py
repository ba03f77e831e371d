"""Asking across policies: where two differ, what many make of one thing, what I believed when.

Law: asking changes nothing; every answer is what reading under the policies in question gives.

Reads: replica.{trusts, comparing, polling, believing, wording}. Read by: replica.shares.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from tallystick.errors import BadInput, NotFound
from tallystick.identity.did import did_key
from tallystick.policy import Policy, holding
from tallystick.policy.statement import EVENT, SLOT
from tallystick.replica.arguments import check_limit
from tallystick.replica.believing import Belief, beliefs
from tallystick.replica.comparing import ME, PUBLISHED, Comparison, Side, compare
from tallystick.replica.policies import with_parameters
from tallystick.replica.polling import Poll, poll
from tallystick.replica.trusts import Trusts
from tallystick.replica.versions import parse_time
from tallystick.replica.wording import NAMED, key_of
from tallystick.state.views_titles import NAME as TITLES

Answer = TypeVar("Answer")
POLLED_MAX = 1000
"""Policies asked in one poll."""


class Answers(Trusts):
    """The verbs that ask across policies."""

    def compare(
        self,
        policy_a: str | Policy,
        policy_b: str | Policy = ME,
        *,
        view: str | Sequence[str] | None = None,
    ) -> Comparison:
        """The values on which two policies differ, each with the events and verdicts behind it.

        Args:
            policy_a, policy_b: ``me``, ``me@TIME`` (mine as it was then), an actor (the policy
                that his published statements make), or a ``Policy``.
            view: name or names; None: every view.

        Raises:
            NotFound, Ambiguous: usage/*; state/view. BadInput: state/version.
        """
        views = [view] if isinstance(view, str) else view
        sides = (self._side(policy_a), self._side(policy_b))
        return compare(self._log, self._names, *sides, views=views)

    def what_if_policy(
        self,
        *,
        stance: str | None = None,
        threshold: int | None = None,
        max_depth: int | None = None,
        fork_rule: str | None = None,
        restitution: Mapping[str, str] | None = None,
    ) -> Comparison:
        """What other parameters would change, me as I am being the first side. Changes nothing.

        Args: as ``set_policy``'s.

        Raises:
            BadInput: policy/parameter.
        """
        given: dict[str, Any] = {
            "stance": stance,
            "threshold": threshold,
            "max_depth": max_depth,
            "fork_rule": fork_rule,
            "restitution": restitution,
        }
        label = ", ".join(f"{n} {value}" for n, value in given.items() if value is not None) or ME
        supposed = Side(label, with_parameters(self._log.policy, **given))
        return compare(self._log, self._names, self._side(ME), supposed)

    def poll(
        self,
        subject: str,
        *,
        among: Sequence[str] | None = None,
        view: str | None = None,
        limit: int = 200,
        threshold: int | None = None,
        max_depth: int | None = None,
    ) -> Poll:
        """Which values the published policies of others give, who gives them, and what decides.

        Args:
            subject: a place, a key of a view, an event or an actor; of the ledger ``ACCOUNT`` or
                ``ACCOUNT/ASSET``; of titles, or where no place is called so, a thing.
            among: actors; None: everybody who published an opinion, those with a vote for me
                first, then those who said most, at most ``limit``.
            threshold, max_depth: parameters to read the policies with; None: the defaults.

        Raises:
            NotFound, Ambiguous: usage/*, state/place. BadInput: state/view, usage/argument.
        """
        check_limit(limit, POLLED_MAX)
        if among is not None and not 1 <= len(among) <= POLLED_MAX:
            raise BadInput(
                "usage/argument", where="among", expected=f"1 to {POLLED_MAX}", got=len(among)
            )
        if view is None and subject in self._store.petnames():
            subject = did_key(self._names.author(subject))
        given = {"threshold": threshold, "max_depth": max_depth}
        options: dict[str, Any] = {k: v for k, v in given.items() if v is not None}
        if among is None:
            viewers = self._published(limit)
        else:
            viewers = list(dict.fromkeys(self._names.author(one) for one in among))
        said: dict[bytes, list[Any]] = {viewer: [] for viewer in viewers}
        for s in self._log.judging.public_statements():
            if s.voter in said:
                said[s.voter].append(s)
        policies = [
            Policy(viewer, self._log.id, statements=holding(said[viewer]), **options)
            for viewer in viewers
        ]
        return self._asked(
            subject, view, lambda key, of: poll(self._log, self._names, key, policies, view=of)
        )

    def beliefs(self, subject: str, *, view: str | None = None) -> list[Belief]:
        """What I believed about a place or a key of a view, since when, and what changed it.

        Args:
            subject: as of ``poll``, but no event or actor.

        Raises:
            NotFound: state/place, usage/not-found. Ambiguous. BadInput: state/view.
        """
        return self._asked(
            subject, view, lambda key, of: beliefs(self._log, self._names, key, view=of)
        )

    # --- inside ---------------------------------------------------------------------------------

    def _asked(
        self, subject: str, view: str | None, ask: Callable[[str, str | None], Answer]
    ) -> Answer:
        """What is asked about a key, by the name that people call it."""
        if view in NAMED:
            return ask(key_of(self._log, self._names, subject, view), view)
        try:
            return ask(subject, view)
        except NotFound as error:
            if view is not None or error.code != "state/place":
                raise
            try:
                thing = key_of(self._log, self._names, subject, TITLES)
            except NotFound:
                raise error from None
            return ask(thing, TITLES)

    def _side(self, wanted: str | Policy) -> Side:
        if isinstance(wanted, Policy):
            return Side(self._names.called(wanted.viewer), wanted)
        name, at, time = wanted.partition("@")
        if name == ME and at:
            return Side(wanted, self._policy_then(parse_time(time)))
        if wanted == ME:
            return Side(ME, self._log.policy)
        policy = self.as_seen_by(wanted).policy
        is_mine = policy.viewer == self._owner.public
        return Side(PUBLISHED if is_mine else self._names.called(policy.viewer), policy)

    def _policy_then(self, time_ms: int) -> Policy:
        """My policy as it was when a time had passed, by this machine's clock."""
        past = [
            row for row in self._store.policy_history(self._log.no) if row.changed_ms <= time_ms
        ]
        if not past:
            return Policy(self._owner.public, self._log.id)
        return Policy.from_bytes(past[-1].document)

    def _published(self, limit: int) -> list[bytes]:
        """Who published an opinion: those with a vote for me first, then those who said most."""
        said = Counter(
            s.voter for s in self._log.judging.public_statements() if SLOT[s.verb] <= EVENT
        )
        ranks = self.reading().standing_data().rank
        far = max(ranks.values(), default=0) + 1
        ordered = sorted(said, key=lambda one: (ranks.get(one, far), -said[one], one))
        return ordered[:limit]
