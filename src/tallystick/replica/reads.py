"""Asking: values, verdicts, history, versions, other people's eyes.

Law: reading changes nothing that anybody can see; every answer names the policy it is under.

Reads: replica.says, replica.reading, store. Read by: replica.trusts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tallystick.errors import BadInput
from tallystick.policy import Policy, holding
from tallystick.policy.actors import own_words
from tallystick.policy.scope import covers
from tallystick.replica.arguments import check_limit
from tallystick.replica.changing import ChangeInfo, changes_since
from tallystick.replica.collections import Collection
from tallystick.replica.explained import Explained
from tallystick.replica.infos import event_infos
from tallystick.replica.openlog import PLACES, OpenLog
from tallystick.replica.reading import Reading
from tallystick.replica.replaying import NOW, replay, text_diff
from tallystick.replica.reports import (
    BlameInfo,
    EventInfo,
    ReplayStep,
    SqlResult,
    TextChange,
    VerdictInfo,
    ViewInfo,
)
from tallystick.replica.says import Says
from tallystick.replica.title_reports import TitleWhy
from tallystick.replica.titles import Titles
from tallystick.replica.undoing import GROUP_MS, UndoManager
from tallystick.replica.versions import find_version
from tallystick.state.resolving import Resolver, Resolvers
from tallystick.state.titles import is_asset_type
from tallystick.state.view import View
from tallystick.state.views_records import RecordsView
from tallystick.state.views_sum import GroupSum
from tallystick.store.lookups import canonical_rows
from tallystick.sync.log_checkpoint import log_checkpoint

RECORD_ID_BYTES = 10
"""Of a record's id that nobody chose: 80 random bits, 20 hexadecimal digits."""


class Reads(Says):
    """The verbs that ask."""

    def reading(self) -> Reading:
        """The owner's own reading of everything that is here."""
        return Reading(self._log, self._names)

    def view(self, name: str | View = PLACES, *, key: str | None = None) -> Any:
        """The state of a view (or fold), or one key of it."""
        return self.reading().view(name, key=key)

    def why(
        self, subject: str, *, view: str | View | None = None, type: str | None = None
    ) -> Explained | VerdictInfo | TitleWhy:
        """Why a place, or a key of a view, is what it is; why an event or actor counts."""
        return self.reading().why(subject, view=view, type=type)

    def collection(
        self,
        name: str,
        schema: Any = None,
        *,
        indexes: Sequence[str] = (),
        resolvers: Mapping[str, Resolver] | None = None,
        resolver: Resolver | None = None,
    ) -> Collection:
        """Documents of one kind, and a table of that name with a row for each.

        Args:
            schema: a class with type hints (``tallystick.fields``), or a JSON Schema in which
                ``x-crdt`` says what a field is; None is the one last given here. With another
                schema the table is made anew.
            indexes: fields to be found quickly by.
            resolvers: register (``owner``, ``address/city``) -> what its live values read: f gets
                a list of all that were written concurrently, the winner last.
            resolver: the same for all other registers of the schema.

        Raises:
            BadInput: state/schema, state/view. NotFound: state/view, for no schema and none kept.
        """
        self._edit()  # there is a log from now on
        log = self._log
        if schema is None:
            view = log.views.get(name)
            if not isinstance(view, RecordsView):
                raise BadInput("state/view", expected="a collection", got=name)
        else:
            view = RecordsView(name, schema=schema, indexes=indexes)
        if log.views.is_current(view):
            log.views.adopt(view)
        else:
            with self._store.write():
                log.views.attach(view)
                log.catch_up()
        return Collection(
            Reading(log, self._names), view, edit=self._edit, write=self._write_edit,
            fresh=lambda: self._means.entropy(RECORD_ID_BYTES).hex(), at=self.at,
            changes=lambda since: self.changes(name, since=since),
            resolvers=Resolvers(dict(resolvers or {}), resolver),
        )  # fmt: skip

    def changes(self, view: str | None = None, *, since: int = 0) -> tuple[int, list[ChangeInfo]]:
        """What changed in a view since a position: the next position, and the keys, sorted.

        At most 65,536 events are looked at by a call: ask on until the position stands still. A
        reader that begins now asks ``feed_end`` first.

        Args:
            view: its name (``places``, ``texts``, a collection...); None: ``places``.
            since: 0, or what the last call returned.

        Raises:
            BadInput: usage/argument, for a position that is none; state/view, for a view without
                keys. NotFound: state/view.
        """
        return changes_since(self._log, self._names, PLACES if view is None else view, since)

    def feed_end(self) -> int:
        """The position after the last change: from here on ``changes`` tells what is to come."""
        return self._store.feed_end(self._log.no)

    def collections(self) -> list[str]:
        """Names of the collections that were given a schema here."""
        return [row.name for row in self._log.views.list() if row.reducer == "records"]

    def blame(self, place: str) -> list[BlameInfo]:
        """Who wrote what a text or list shows, in stretches of one event each."""
        return self.reading().blame(place)

    def replay(self, place: str) -> Iterator[ReplayStep]:
        """How a text came to read as it does: each event that counts, in canonical order.

        Raises:
            NotFound, BadInput: state/place, where there is no text.

        Cost: the text, for each event; the log is read once.
        """
        return replay(self.reading(), place)

    def text_diff(self, place: str, before: str, after: str = NOW) -> list[TextChange]:
        """What has to be done to a text as it read at one version, so that it reads as at another.

        Characters are compared by who wrote them when, not by how they look: what was deleted and
        typed again is both.

        Args:
            before, after: versions, as ``at`` takes them; ``now`` is what is here.

        Raises:
            NotFound, BadInput: state/place, state/version, usage/*.
        """
        one, two = (
            self.reading() if version == NOW else self.at(version) for version in (before, after)
        )
        return text_diff(self.reading(), one, two, place)

    def undo_manager(self, *, group_ms: int = GROUP_MS) -> UndoManager:
        """Undo and redo of one's own edits in this log: ``undo.undo()``, ``undo.redo()``.

        Args:
            group_ms: edits whose claimed times are closer than this are one step; 0: each is its
                own.

        Raises:
            BadInput: usage/argument, for a time below 0.
        """
        if group_ms < 0:
            raise BadInput("usage/argument", where="group_ms", expected="0 or more", got=group_ms)

        def log(id: bytes | None) -> OpenLog | None:
            if id is None:
                return self._log if self._store.logs() else None
            self._store.notice()
            return self._open_log(id)

        return UndoManager(log, self._names, group_ms=group_ms)

    @property
    def titles(self) -> Titles:
        """Things of which there is one: create them, pass them on, ask who owns what."""
        return Titles(self, self._append)

    def standing(
        self,
        *,
        as_actor: str | None = None,
        threshold: int | None = None,
        max_depth: int | None = None,
        scope: str | None = None,
    ) -> dict[str, Any]:
        """Who has a vote, who is banned, whose standing is contested."""
        found = self._reading_as(as_actor, threshold, max_depth)
        return found.standing(scope)

    def verdict(self, target: str, *, scope: str | None = None) -> VerdictInfo:
        """Whether an actor is heeded or an event counts, and why."""
        return self.reading().verdict(target, scope=scope)

    def at(self, version: str, *, then: bool = False) -> Reading:
        """The state at a version (``replica.versions``), under today's policy.

        Args:
            then: under the policy that was in force when ``received:TIME`` had passed.
        """
        log = self._log
        found = find_version(self._store, log.no, self._names, version)
        policy = None
        if then:
            if found.received_ms is None:
                raise BadInput(
                    "state/version", "the policy of back then goes by a time, not by events",
                    expected="received:TIME", got=version,
                )  # fmt: skip
            history = self._store.policy_history(log.no)
            past = [row for row in history if row.changed_ms <= found.received_ms]
            policy = Policy(self._owner.public, log.id)
            if past:
                policy = Policy.from_bytes(past[-1].document)
        return Reading(log, self._names, policy=policy, version=found)

    def as_seen_by(
        self,
        actor: str,
        *,
        threshold: int | None = None,
        max_depth: int | None = None,
        at: str | None = None,
    ) -> Reading:
        """The state under the policy an actor's published statements make.

        Args:
            at: a version, as ``at`` takes it; judged by what the actor has said until today.
        """
        return self._reading_as(actor, threshold, max_depth, at)

    def under(self, policy: Policy) -> Reading:
        """The state under any policy."""
        return Reading(self._log, self._names, policy=policy)

    def state_hash(self, view: str | View | None = None) -> str:
        """Hex hash of a view's state, or of all views together."""
        return self.reading().state_hash(view)

    def history(
        self,
        *,
        order: str = "canonical",
        limit: int | None = None,
        author: str | None = None,
        kind: str | None = None,
        newest: bool = False,
    ) -> list[EventInfo]:
        """Events of the log, counted or not, in canonical order or in order of arrival.

        Args:
            kind: a kind, ``prefix/*`` or ``*``.
        """
        if order not in ("canonical", "arrival"):
            raise BadInput("usage/argument", expected="canonical or arrival", got=repr(order))
        check_limit(limit)
        kinds = None if kind is None else self._kinds(kind)
        author_no = None
        if author is not None:
            author_no = self._store.find_author(self._names.author(author))
        if kinds == [] or (author is not None and author_no is None):
            return []
        rows = canonical_rows(
            self._store,
            self._log.no,
            author=author_no,
            kinds=kinds,
            limit=limit,
            newest=newest,
            arrival=order == "arrival",
        )
        return self._infos(rows)

    def show(self, target: str) -> EventInfo:
        """One event, with its verdict in a sentence."""
        row = self._names.event(target)
        (info,) = self._infos([row])
        verdict = self._log.judging.judge.event_verdict(
            self._store.ids_at([row])[0], thorough=False
        )
        return replace(info, verdict=verdict.sentence(self._names.words))

    def heads(self) -> list[EventInfo]:
        """The events that count and that no other such event has in its past."""
        return self._infos(self._log.tips.exact())

    def graph(self, *, limit: int | None = None) -> list[EventInfo]:
        """The newest events with their parents, parents first: what pictures are drawn from."""
        check_limit(limit)
        rows = canonical_rows(self._store, self._log.no, limit=limit, newest=True)
        return self._infos(rows)

    def digest(self) -> str:
        """Root of the log checkpoint, hex: equal on replicas that hold the same events."""
        return log_checkpoint(self._log.holdings.records()).hex()

    def views(self) -> list[ViewInfo]:
        """The views of the log."""
        self._log.skim()
        end = self._store.feed_end(self._log.no)
        return [
            ViewInfo(row.name, row.reducer, row.version, row.pos, end - row.pos)
            for row in self._log.views.list()
        ]

    def define_sum(
        self, name: str, *, kind: str, key: str | None = "target", amount: str | None = "rating"
    ) -> None:
        """A view that sums a field of the contents of one kind, per value of another field.

        Raises:
            BadInput: event/kind, for what is no kind; state/view.
        """
        if not is_asset_type(kind):
            hint = "A sum is over one kind; a fold reads several." if "*" in kind else None
            raise BadInput("event/kind", where="kind", got=kind[:80], hint=hint)
        log, view = self._log, GroupSum(name, kind=kind, key=key, amount=amount)
        if log.views.is_current(view):
            log.views.adopt(view)
            return
        with self._store.write():
            log.views.attach(view)
            log.catch_up()

    def sql(self, query: str, params: Sequence[Any] = ()) -> SqlResult:
        """A read-only query over the store's tables and views."""
        with self._store.write():
            self._log.views.settle(self._log.source)
        columns, rows = self._store.db.read_only(query, params)
        return SqlResult(columns, rows)

    # --- inside -----------------------------------------------------------------------------------

    def _reading_as(
        self,
        actor: str | None,
        threshold: int | None,
        max_depth: int | None,
        at: str | None = None,
    ) -> Reading:
        given = {"threshold": threshold, "max_depth": max_depth}
        options: dict[str, Any] = {k: v for k, v in given.items() if v is not None}
        log = self._log
        if actor is None:
            if not options:
                return self.reading()
            return Reading(log, self._names, policy=replace(log.policy, **options))
        viewer = self._names.author(actor)
        public = log.judging.public_statements()
        claims = [s for s in public if s.verb == "key"]
        said = own_words(viewer, public, claims, log.judging.equivocations())
        policy = Policy(viewer, log.id, statements=holding(said), **options)
        version = None if at is None else find_version(self._store, log.no, self._names, at)
        return Reading(log, self._names, policy=policy, version=version)

    def _kinds(self, pattern: str) -> list[int]:
        """Numbers of the kinds that a kind, ``prefix/*`` or ``*`` means."""
        numbers = [
            self._store.find_kind(kind) for kind in self._store.kinds() if covers(pattern, kind)
        ]
        return [number for number in numbers if number is not None]

    def _infos(self, rows: Sequence[int]) -> list[EventInfo]:
        events = list(self._store.iter_events((row, 1) for row in rows))
        return event_infos(self._store, events, self._log.judging.judge.counts)
