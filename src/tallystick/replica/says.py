"""Statements: what I say about people and events, and what it would change.

Law: a statement is previewed by what it would really do; my own word is final.

Reads: replica.writes, replica.saying, replica.preview, policy. Read by: replica.reads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tallystick.chain.equivocation import KIND as EQUIVOCATION
from tallystick.event.ids import cid_text
from tallystick.policy import Flip, Say
from tallystick.policy import say as says
from tallystick.replica.accusing import equivocation_frame
from tallystick.replica.openlog import Taken
from tallystick.replica.policies import with_parameters
from tallystick.replica.preview import actors_moved, counts, what_if
from tallystick.replica.reports import (
    Receipt,
    WhatIf,
)
from tallystick.replica.saying import in_words, resolve, to_row
from tallystick.replica.writes import Writes
from tallystick.replica.writing import Row


class Says(Writes):
    """The verbs that say whom and what to heed."""

    def say(self, statement: Say, *, private: bool = False) -> Receipt:
        """Makes a statement: public in one's own chain, or private in this store alone.

        Raises:
            BadInput: policy/target, policy/scope. NotFound, Ambiguous: usage/*.
        """
        log, words = self._log, ""
        resolved = resolve(statement, log, self._names, private=private)
        words = in_words(resolved, log, self._names)
        actors = actors_moved(log.judging.what_if(resolved), self._names)
        if private:
            said: list[bytes] = []

            def act() -> Sequence[Flip]:
                kept, flips = log.judging.say_private(resolved)
                said.append(kept.id)
                return flips

            taken = log.change(act)
        else:
            said, taken = log.append([to_row(resolved)])
        return Receipt(cid_text(said[0]), private, self._effect(words, actors, taken))

    def ban(self, actor: str, *, private: bool = False, **options: Any) -> Receipt:
        """Do not heed an actor, from now on and historically (``tallystick.ban``)."""
        return self.say(says.ban(actor, **options), private=private)

    def allow(self, actor: str, *, private: bool = False, **options: Any) -> Receipt:
        """Heed an actor whatever others say (``tallystick.allow``)."""
        return self.say(says.allow(actor, **options), private=private)

    def adopt(self, actor: str, *, private: bool = False, **options: Any) -> Receipt:
        """Let an actor's statements count for me (``tallystick.adopt``)."""
        return self.say(says.adopt(actor, **options), private=private)

    def exclude(self, event: str, *, private: bool = False, **options: Any) -> Receipt:
        """Do not count one event (``tallystick.exclude``)."""
        return self.say(says.exclude(event, **options), private=private)

    def include(self, event: str, *, private: bool = False, **options: Any) -> Receipt:
        """Count one event, even of a banned author (``tallystick.include``)."""
        return self.say(says.include(event, **options), private=private)

    def retract(self, event: str, **options: Any) -> Receipt:
        """Undo an event of one's own (``tallystick.retract``)."""
        return self.say(says.retract(event, **options))

    def restore(self, event: str, **options: Any) -> Receipt:
        """Redo an event of one's own (``tallystick.restore``)."""
        return self.say(says.restore(event, **options))

    def dispute(self, event: str, claim: str | None = None, **options: Any) -> Receipt:
        """Claim that an event is wrong, for others to judge (``tallystick.dispute``).

        Args:
            options: ``remedy`` (what should be done), ``evidence`` (events), ``answer_by`` (claimed
                milliseconds; advice).
        """
        return self.say(says.dispute(event, claim, **options))

    def uphold(self, dispute: str, *, private: bool = False, **options: Any) -> Receipt:
        """Agree with a dispute: the event it is about does not count for me."""
        return self.say(says.uphold(dispute, **options), private=private)

    def dismiss(self, dispute: str, *, private: bool = False, **options: Any) -> Receipt:
        """Disagree with a dispute: the event it is about counts for me."""
        return self.say(says.dismiss(dispute, **options), private=private)

    def withdraw(self, statement: str | Receipt, **options: Any) -> Receipt:
        """Take a statement back: by its id or receipt, or one's last about an actor.

        A private one is taken back privately: no event ever names it.
        """
        target = statement.id if isinstance(statement, Receipt) else statement
        wanted = says.withdraw(target, **options)
        id = resolve(wanted, self._log, self._names).target
        private = any(s.id == id and s.private for s in self._log.judging.mine)
        return self.say(wanted, private=private)

    def prove_equivocation(self, actor: str) -> str:
        """Publishes the proof that an actor signed two histories; the event's id.

        It takes effect for everybody who receives it, whoever publishes it.

        Raises:
            NotFound: usage/not-found, when two histories of the actor are not here.
        """
        log = self._log
        frame = equivocation_frame(self._store, log.no, self._names.author(actor))
        return self._append([Row(EQUIVOCATION, frame=frame)])[0]

    def set_policy(
        self,
        *,
        stance: str | None = None,
        threshold: int | None = None,
        max_depth: int | None = None,
        fork_rule: str | None = None,
        restitution: Mapping[str, str] | None = None,
    ) -> WhatIf:
        """Other parameters for the policy kept here; what is left out stays as it is.

        Args:
            stance: ``open`` (heeded unless banned) or ``invited`` (heeded when somebody says so).
            threshold: weight of branches at which a tally bans, at least 1.
            max_depth: greatest adoption distance.
            fork_rule: what counts of a split chain: ``both``, ``prefix``, ``none``, ``side:<hex>``.
            restitution: asset type -> ``return`` or ``keep``; types not named stay as they are.

        Raises:
            BadInput: policy/parameter.

        Cost: from scratch over all statements; then what changes.
        """
        log = self._log
        policy = with_parameters(
            log.policy,
            stance=stance,
            threshold=threshold,
            max_depth=max_depth,
            fork_rule=fork_rule,
            restitution=restitution,
        )
        taken = log.change(lambda: log.judging.set_policy(policy))
        return self._effect("policy", (), taken)

    def what_if(self, statement: Say, *, private: bool = False) -> WhatIf:
        """What a statement would change: standings, events, values. Changes nothing."""
        return what_if(
            resolve(statement, self._log, self._names, private=private), self._log, self._names
        )

    def _effect(self, words: str, actors: tuple[dict[str, Any], ...], taken: Taken) -> WhatIf:
        lost, gained = counts(taken.flips, self._log)
        return WhatIf(words, actors, lost, gained, ())
