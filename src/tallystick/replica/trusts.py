"""Living together: disputes, clashes, first contact, as one policy reads them.

Law: asking changes nothing; what is told is what the judge counts, never more.

Reads: replica.{reads, clashing, meeting, policies, trust_graph}. Read by: replica.shares.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from tallystick.errors import BadInput
from tallystick.event.ids import cid_text
from tallystick.policy import Flip, Policy, Statement
from tallystick.policy import say as says
from tallystick.replica import policies
from tallystick.replica.acting import actor_info
from tallystick.replica.clashing import contested_infos
from tallystick.replica.meeting import adoptions, newcomers, preview_adopt
from tallystick.replica.openlog import OpenLog
from tallystick.replica.preview import counts
from tallystick.replica.reads import Reads
from tallystick.replica.reports import Receipt
from tallystick.replica.saying import to_row
from tallystick.replica.trust_graph import PEOPLE_MAX, trust_graph
from tallystick.replica.trust_reports import (
    ActorInfo,
    AdoptionInfo,
    AdoptPreview,
    ContestedInfo,
    DisputeInfo,
    NewcomerInfo,
    PolicyChange,
    PolicyCopy,
    PolicyDiff,
    PolicySays,
    TrustGraph,
)


class Trusts(Reads):
    """The verbs about what people make of each other."""

    def disputes(self, *, as_actor: str | None = None, **options: Any) -> list[DisputeInfo]:
        """Disputes with their status for me, oldest first.

        Args:
            as_actor: as the published statements of somebody else have it.
            options: ``status``, ``about``, ``by``, ``event``, ``dispute``, ``everything``, ``now``,
                ``limit``, as ``Reading.disputes`` takes them.
        """
        return self._reading_as(as_actor, None, None).disputes(**options)

    def contested(
        self, *, scope: str | None = None, as_actor: str | None = None
    ) -> list[ContestedInfo]:
        """What opinions I heed clash about, and which one word of mine would settle it.

        Args:
            scope: a kind, ``prefix/*`` or ``*``: the actors of that cell.
            as_actor: as the published statements of somebody else have it, and their words.

        Raises:
            BadInput: policy/scope. NotFound, Ambiguous: usage/*.

        Cost: two updates of the judge for each word tried.
        """
        return contested_infos(self._reading_as(as_actor, None, None), scope=scope)

    # --- first contact --------------------------------------------------------------------------

    def newcomers(self, *, since: int = 0, limit: int = 100) -> list[NewcomerInfo]:
        """People with events here who have no rank for me and of whom I said nothing, newest first.

        Args:
            since: milliseconds since 1970; only those whose first event came then or later.
            limit: at most so many, at least 1.

        Raises:
            BadInput: usage/argument.
        """
        return newcomers(self.reading(), since=since, limit=limit)

    def preview_adopt(self, actor: str, **options: Any) -> AdoptPreview:
        """The bans and exclusions I would inherit by adopting somebody, and what would change.

        Args:
            options: as ``tallystick.adopt`` takes them. Changes nothing.
        """
        return preview_adopt(says.adopt(actor, **options), self._log, self._names, self.reading())

    def adoptions(
        self, *, now: int | None = None, quiet_ms: int | None = None
    ) -> list[AdoptionInfo]:
        """Whom I adopt, and which of these lists are stale.

        Args:
            now: milliseconds since 1970 to count silence from.
            quiet_ms: how long somebody may say nothing before the adoption is called stale.

        Raises:
            BadInput: usage/argument, for ``quiet_ms`` without ``now``.
        """
        return adoptions(self.reading(), now=now, quiet_ms=quiet_ms)

    def trust_graph(
        self,
        *,
        scope: str | None = None,
        as_actor: str | None = None,
        limit: int | None = PEOPLE_MAX,
    ) -> TrustGraph:
        """Who counts for me, through whom, and who bans whom.

        Args:
            scope: a kind, ``prefix/*`` or ``*``: the cell to show.
            as_actor: as the published statements of somebody else have it.
            limit: at most so many people, nearest first, at least 1; None: all.

        Raises:
            BadInput: policy/scope, usage/argument.
        """
        return trust_graph(self._reading_as(as_actor, None, None), scope=scope, limit=limit)

    # --- actors ---------------------------------------------------------------------------------

    def link_key(self, key: str) -> Receipt:
        """Says that a key is another of mine; it holds once that key says the same of this one.

        Raises:
            BadInput: policy/target for this replica's own key. NotFound, Ambiguous: usage/*.
        """
        return self.say(says.Say("key", key))

    def repair(self, side: str) -> Receipt:
        """Chooses the side of another of my keys' split chain that counts, by an event of it.

        Raises:
            BadInput: policy/target when the event is not by another key of mine.
            NotFound, Ambiguous: usage/*.
        """
        return self.say(says.Say("repair", side))

    def actor(self, who: str) -> ActorInfo:
        """The keys of an actor, as I see it, and what was said to link them.

        Cost: O(statements of the log).
        """
        return actor_info(self.reading(), self._names.author(who))

    # --- policies -------------------------------------------------------------------------------

    def find_policy(self, which: str = policies.NOW) -> Policy:
        """A policy by what it is called.

        Args:
            which: ``now``, ``#N`` of ``policy_history``, the first characters of a hash, or an
                actor, whose published statements make a policy.

        Raises:
            NotFound, Ambiguous: usage/*.
        """
        return policies.find_policy(self._log, self._names, which)

    def policy_says(self, which: str = policies.NOW) -> tuple[PolicySays, ...]:
        """What a policy (as ``find_policy`` calls it) says, in words."""
        return policies.says(self.find_policy(which), self._names)

    def policy_diff(self, before: str, after: str = policies.NOW) -> PolicyDiff:
        """How two policies (as ``find_policy`` calls them) differ, whoever says what they say."""
        one, other = self.find_policy(before), self.find_policy(after)
        return policies.diff(one, other, self._names)

    def policy_history(self) -> list[PolicyChange]:
        """How my policy came to be: each change, when it was, and how many events it flipped."""
        return policies.history(self._log, self._names)

    def copy_policy(self, to: str, *, show_only: bool = False) -> PolicyCopy:
        """Says in another log of this store what I say of people here, by the same parameters.

        Public statements are said publicly there, private ones stay private. What is about single
        events, or names a point in this log, means nothing there and stays behind.

        Args:
            to: id or name of the log.
            show_only: change nothing.

        Raises:
            NotFound: usage/not-found. BadInput: usage/argument, for this log itself.
        """
        source, target = self._log, self._open_log(self._log_id(to))
        if source.id == target.id:
            raise BadInput("usage/argument", "that is the same log", got=to)
        plan = policies.carried(source.policy, target.policy)
        ids, lost, gained = [], 0, 0
        change = policies.diff(target.policy, plan.policy, self._names)
        if not show_only:
            takens = []
            public = [s for s in plan.said if not s.private]
            if public:
                said, taken = target.append([to_row(s) for s in public])
                ids += said
                takens.append(taken)
            private = [s for s in plan.said if s.private]
            takens += [target.change(partial(_keep, target, s, ids)) for s in private]
            policy = plan.policy.with_statements(tuple(target.judging.mine))
            if change.parameters:
                takens.append(target.change(lambda: target.judging.set_policy(policy)))
            for taken in takens:
                out, back = counts(taken.flips, target)
                lost, gained = lost + out, gained + back
        return PolicyCopy(
            log=cid_text(target.id),
            parameters=change.parameters,
            said=tuple(policies.in_words(s, self._names) for s in plan.said),
            left=policies.left_in_words(plan.left, self._names),
            ids=tuple(cid_text(id) for id in ids),
            events_lost=lost,
            events_gained=gained,
        )


def _keep(target: OpenLog, s: Statement, ids: list[bytes]) -> Sequence[Flip]:
    """Says something privately in another log."""
    kept, flips = target.judging.say_private(s)
    ids.append(kept.id)
    return flips
