"""A replica: one store, one owner, and one log at a time, for people and programs.

    with tallystick.open("notes.tally", create=True) as replica:
        replica.write("note/text", {"text": "hello"})
        replica.sync("tcp://127.0.0.1:7400")
        replica.why("todos/1/title")

Law: what a method returned is durable; ids are text here (CID, did:key), and whatever can be said
of an event or an actor can be asked: why, since when, according to whom, and what if.

Reads: replica.*, policy, state, sync. Read by: users, cli, demo, aio.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from tallystick.chain.commit import ChainEnd, prepare
from tallystick.chain.slice import Slice
from tallystick.errors import BadInput, NotFound, StoreError, UsageError
from tallystick.event.ids import cid_text
from tallystick.event.rules import CREATE, log_content
from tallystick.identity.did import did_key
from tallystick.kernels import Draft, encode_item
from tallystick.limits import DIGEST_BYTES, SEED_BYTES
from tallystick.policy import Flip, Policy, Say, holding
from tallystick.policy import say as says
from tallystick.replica import checking, syncing
from tallystick.replica.endpoint import StoreEndpoint
from tallystick.replica.infos import event_infos
from tallystick.replica.kinds import is_ruled, void_code
from tallystick.replica.names import Names
from tallystick.replica.openlog import PLACES, Means, OpenLog, Taken
from tallystick.replica.owner import Owner, key_path
from tallystick.replica.preview import counts, what_if
from tallystick.replica.reading import Explained, Reading
from tallystick.replica.reports import (
    EventInfo,
    LogInfo,
    Receipt,
    SqlResult,
    SyncReport,
    VerdictInfo,
    VerifyReport,
    ViewInfo,
    WhatIf,
)
from tallystick.replica.saying import in_words, resolve, to_row
from tallystick.replica.serving import follow_peer, serve_store
from tallystick.replica.versions import find_version
from tallystick.replica.writing import Row
from tallystick.state.edits import Edit
from tallystick.state.ops import KIND as EDIT
from tallystick.state.ops import Target
from tallystick.state.types import LiveOp
from tallystick.state.view import View
from tallystick.state.views_places import PlacesView
from tallystick.state.views_places_read import live_ops
from tallystick.state.views_sum import GroupSum
from tallystick.store.lookups import canonical_rows, totals
from tallystick.store.store import Store
from tallystick.sync.bundle import read_bundle, write_bundle
from tallystick.sync.log_checkpoint import log_checkpoint
from tallystick.sync.meter import Report

Progress = Callable[[int, int | None, str], None]


class Batch:
    """Events that become one commit when the ``with`` block ends; nothing if it raises."""

    def __init__(self, replica: Replica) -> None:
        self._replica = replica
        self.rows: list[Row] = []
        self.ids: list[str] = []
        """Their ids, once the block has ended."""

    def write(self, kind: str, content: Any = None, *, frame: Any = None) -> None:
        """One more event."""
        self.rows.append(event_row(kind, content, frame))


class Replica:
    """One store and its owner, bound to one log. Made by ``tallystick.open``.

    Args:
        log: id or name of the log, when the store holds several.
    """

    def __init__(
        self, store: Store, path: Path | None, owner: Owner, *, means: Means, log: str | None = None
    ) -> None:
        self._store = store
        self._owner = owner
        self._means = means
        self._wanted = log
        self._logs: dict[bytes, OpenLog] = {}
        self._names = Names(store, owner.public)
        self.path = path

    # --- what it is -----------------------------------------------------------------------------

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Replica {self.path} of {self.did}>"

    def close(self) -> None:
        """Closes the store. Closing twice is fine."""
        self._logs.clear()
        self._store.close()

    @property
    def did(self) -> str:
        """The owner's author key."""
        return did_key(self._owner.public)

    @property
    def needs_passphrase(self) -> bool:
        """Whether writing will fail for want of a passphrase."""
        return self._owner.needs_passphrase

    @property
    def name(self) -> str | None:
        """The owner's own petname, if there is one."""
        found = [n for n, key in self._store.petnames().items() if key == self._owner.public]
        return found[0] if found else None

    @property
    def log(self) -> str | None:
        """Id of the log this replica is bound to; None while the store holds none."""
        return None if not self._store.logs() else cid_text(self._log.id)

    @property
    def policy(self) -> Policy:
        """The policy in force; its ``hash`` stands for it."""
        return self._log.policy

    def logs(self) -> list[LogInfo]:
        """Every log of the store."""
        found = []
        for log in self._store.logs():
            events, authors = totals(self._store, log.no)
            found.append(LogInfo(cid_text(log.id), log.name, log.purpose, events, authors))
        return found

    def create_log(self, name: str, purpose: str = "") -> str:
        """A new log; its author has no rights in it. Returns its id, and binds this replica to it.

        Raises:
            BadInput: usage/argument, for a name that is empty or taken.
        """
        if not name or any(log.name == name for log in self._store.logs()):
            raise BadInput("usage/argument", "a log needs a name of its own", got=repr(name))
        log_id = self._genesis(name, purpose)
        self._wanted = cid_text(log_id)
        return self._wanted

    def bind(self, log: bytes) -> None:
        """From here on this replica means one log of its store.

        Raises:
            NotFound: usage/not-found.
        """
        self._wanted = cid_text(self._store.log(self._store.log_no(log)).id)

    # --- writing --------------------------------------------------------------------------------

    def write(self, kind: str, content: Any = None, *, frame: Any = None) -> str:
        """Writes one event, durable when this returns; its id.

        Args:
            kind: ``[a-z0-9-]+(/[a-z0-9-]+)*``; the kinds the formats fix are checked by their rule.
            content: plain data: what it says. Personal data belongs here; it can be erased.
            frame: plain data without floats: what the event does, of kinds that have one.

        Raises:
            BadInput: codec/*, event/*, void/*. KeyNeeded. ChainError: chain/restored.
        """
        return self._append([event_row(kind, content, frame)])[0]

    def write_many(self, rows: Sequence[tuple[str, Any]]) -> list[str]:
        """Writes events as one transaction, at most 4,096 to a commit; their ids."""
        return self._append([event_row(kind, content, None) for kind, content in rows])

    @contextmanager
    def batch(self) -> Iterator[Batch]:
        """Several events as one commit: ``with replica.batch() as b: b.write(...)``."""
        batch = Batch(self)
        yield batch
        batch.ids = self._append(batch.rows)

    @contextmanager
    def edit(self) -> Iterator[Edit]:
        """Several ops at places as one event: ``with replica.edit() as e: e.set(...)``."""
        edit = Edit(self._live)
        yield edit
        if edit.drafts:
            self._write_edit(edit)

    def set(self, place: str, value: Any) -> str:
        """Writes a register; the id of the edit."""
        return self._write_edit(Edit(self._live).set(place, value))

    def add(self, place: str, element: Any) -> str:
        """Puts an element into a set."""
        return self._write_edit(Edit(self._live).add(place, element))

    def remove(self, place: str, element: Any) -> str:
        """Takes an element out of a set. Raises BadInput state/place if it is not there."""
        return self._write_edit(Edit(self._live).remove(place, element))

    def inc(self, place: str, amount: int = 1) -> str:
        """Adds to a counter; the amount may be negative, not 0."""
        return self._write_edit(Edit(self._live).inc(place, amount))

    def enable(self, place: str) -> str:
        """Switches a flag on."""
        return self._write_edit(Edit(self._live).enable(place))

    def disable(self, place: str) -> str:
        """Switches a flag off."""
        return self._write_edit(Edit(self._live).disable(place))

    # --- statements -----------------------------------------------------------------------------

    def say(self, statement: Say, *, private: bool = False) -> Receipt:
        """Makes a statement: public in one's own chain, or private in this store alone.

        Raises:
            BadInput: policy/target, policy/scope. NotFound, Ambiguous: usage/*.
        """
        log, words = self._log, ""
        resolved = resolve(statement, log, self._names, private=private)
        words = in_words(resolved, self._names)
        if private:
            said: list[bytes] = []

            def act() -> Sequence[Flip]:
                kept, flips = log.judging.say_private(resolved)
                said.append(kept.id)
                return flips

            taken = log.change(act)
        else:
            said, taken = log.append([to_row(resolved)])
        return Receipt(cid_text(said[0]), private, self._effect(words, taken))

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

    def withdraw(self, statement: str | Receipt, **options: Any) -> Receipt:
        """Take a statement back: by its id or receipt, or one's last about an actor."""
        private = False
        target = statement.id if isinstance(statement, Receipt) else statement
        if isinstance(statement, Receipt):
            private = statement.private
        elif self._names.is_event(target):
            id = self._names.event_id(target)
            private = any(s.id == id and s.private for s in self._log.judging.mine)
        return self.say(says.withdraw(target, **options), private=private)

    def what_if(self, statement: Say, *, private: bool = False) -> WhatIf:
        """What a statement would change: standings, events, values. Changes nothing."""
        return what_if(
            resolve(statement, self._log, self._names, private=private), self._log, self._names
        )

    # --- reading --------------------------------------------------------------------------------

    def reading(self) -> Reading:
        """The owner's own reading of everything that is here."""
        return Reading(self._log, self._names)

    def view(self, name: str | View = PLACES, *, key: str | None = None) -> Any:
        """The state of a view (or fold), or one key of it."""
        return self.reading().view(name, key=key)

    def why(
        self, subject: str, *, view: str | View | None = None, type: str | None = None
    ) -> Explained | VerdictInfo:
        """Why a place, or a key of a view, is what it is; why an event or actor counts."""
        if view is None and (self._names.is_event(subject) or subject.startswith("did:key:")):
            return self.verdict(subject)
        return self.reading().why(subject, view=view, type=type)

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
                raise BadInput("state/version", expected="received:TIME", got=version)
            history = self._store.policy_history(log.no)
            past = [row for row in history if row.changed_ms <= found.received_ms]
            policy = Policy(self._owner.public, log.id)
            if past:
                policy = Policy.from_bytes(past[-1].document)
        return Reading(log, self._names, policy=policy, version=found)

    def as_seen_by(
        self, actor: str, *, threshold: int | None = None, max_depth: int | None = None
    ) -> Reading:
        """The state under the policy an actor's published statements make."""
        return self._reading_as(actor, threshold, max_depth)

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
        """Events of the log, counted or not, in canonical order or in order of arrival."""
        if order not in ("canonical", "arrival"):
            raise BadInput("usage/argument", expected="canonical or arrival", got=repr(order))
        kind_no = None if kind is None else self._store.find_kind(kind)
        author_no = None
        if author is not None:
            author_no = self._store.find_author(self._names.author(author))
        if (kind is not None and kind_no is None) or (author is not None and author_no is None):
            return []
        rows = canonical_rows(
            self._store, self._log.no, author=author_no, kind=kind_no, limit=limit,
            newest=newest, arrival=order == "arrival",
        )  # fmt: skip
        return self._infos(rows)

    def show(self, target: str) -> EventInfo:
        """One event, with its verdict in a sentence."""
        row = self._names.event(target)
        (info,) = self._infos([row])
        verdict = self._log.judging.judge.event_verdict(self._store.ids_at([row])[0])
        return replace(info, verdict=verdict.sentence(self._names.words))

    def heads(self) -> list[EventInfo]:
        """The events that count and that no other such event has in its past."""
        return self._infos(self._log.tips.exact())

    def graph(self, *, limit: int | None = None) -> list[EventInfo]:
        """The newest events with their parents, parents first: what pictures are drawn from."""
        rows = canonical_rows(self._store, self._log.no, limit=limit, newest=True)
        return self._infos(rows)

    def digest(self) -> str:
        """Root of the log checkpoint, hex: equal on replicas that hold the same events."""
        return log_checkpoint(self._log.holdings.records()).hex()

    def views(self) -> list[ViewInfo]:
        """The views of the log."""
        end = self._store.feed_end(self._log.no)
        return [
            ViewInfo(row.name, row.reducer, row.version, row.pos, end - row.pos)
            for row in self._log.views.list()
        ]

    def define_sum(
        self, name: str, *, kind: str, key: str | None = "target", amount: str | None = "rating"
    ) -> None:
        """A view that sums a field of the contents of one kind, per value of another field."""
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

    # --- sharing --------------------------------------------------------------------------------

    def sync(
        self,
        other: Replica | str | Path,
        *,
        log: str | None = None,
        progress: Progress | None = None,
    ) -> SyncReport:
        """Exchanges with another replica, store file or ``tcp://host:port`` what either lacks.

        A store without a log joins the other's.

        Raises:
            PeerUnreachable, UsageError: sync/*. What was verified until then is kept.
        """
        wanted = self._log_id(log, joining=True)
        ours = self._endpoint(wanted)
        if isinstance(other, Replica):
            return self._sync_store(other, ours, wanted, progress)
        if isinstance(other, str) and "://" in other:
            report = syncing.sync_tcp(
                ours, other, log=wanted, entropy=self._means.entropy, progress=progress
            )
        else:
            with open_replica(other, means=self._means) as opened:
                return self._sync_store(opened, ours, wanted, progress)
        self._drop_hollow()
        return report

    def serve(
        self,
        listen: str = "tcp://127.0.0.1:7400",
        *,
        log: str | None = None,
        ready: Callable[[str], None] | None = None,
        ended: Callable[[SyncReport], None] | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        """Answers peers and pushes what is new to live ones, until ``stop`` is set.

        Args:
            ready: told the address once it listens (port 0 lets the system choose).
            ended: told of every session that ran to its end.
        """
        wanted = None if log is None else self._log_id(log)

        def over(report: Report) -> None:
            if ended is not None and report.code is None:
                ended(syncing.sync_report(report))

        syncing.in_loop(
            serve_store(
                self._store,
                self._endpoint(wanted),
                self._open_log,
                listen,
                entropy=self._means.entropy,
                log=wanted,
                ready=ready,
                ended=over,
                stop=stop or threading.Event(),
            )
        )

    def follow(self, url: str, *, log: str | None = None, stop: threading.Event) -> SyncReport:
        """Stays connected to a peer, exchanging what is new as it comes, until ``stop`` is set."""
        wanted = self._log_id(log, joining=True)
        report = syncing.in_loop(
            follow_peer(
                self._store,
                self._endpoint(wanted),
                self._open_log,
                url,
                entropy=self._means.entropy,
                log=wanted,
                stop=stop,
            )
        )
        return syncing.sync_report(report)

    def receive(self, slices: Sequence[Slice], *, log: bytes | None = None) -> Taken:
        """Takes in slices from anywhere, as sync does; joins the log when it is new here."""
        wanted = log if log is not None else self._log.id
        if self._store.find_log(wanted) is None:
            with self._store.write():
                self._store.add_log(wanted, name="", purpose="")
        return self._open_log(wanted).receive(slices)

    def export(self, path: str | Path) -> SyncReport:
        """Writes everything of the log into a bundle file; never over a file that is there."""
        file_path = Path(path)
        try:
            with file_path.open("xb") as file, self._store.read():
                report = write_bundle(self._log.holdings, file)
        except FileExistsError:
            raise StoreError("store/exists", "a file is there already", where=path) from None
        except OSError as error:
            raise StoreError("store/io", where=path, got=error.strerror) from error
        return syncing.bundle_report(report, reading=False)

    def import_bundle(self, path: str | Path, *, log: str | None = None) -> SyncReport:
        """Takes in a bundle file, verified like a session.

        Raises:
            BadInput: sync/bundle, for a file that is none or is cut off; what came before is kept.
        """
        endpoint = self._endpoint(self._log_id(log, joining=True))
        try:
            with Path(path).open("rb") as file:
                report = read_bundle(file, endpoint, peer=f"file:{Path(path).name}")
        except FileNotFoundError:
            raise NotFound("usage/not-found", "no such file", where=path) from None
        except OSError as error:
            raise StoreError("store/io", where=path, got=error.strerror) from error
        finally:
            self._drop_hollow()
        return syncing.bundle_report(report, reading=True)

    def verify(self, *, progress: Progress | None = None) -> VerifyReport:
        """Re-checks everything from bytes: headers, links, trees, signatures."""
        return checking.verify_store(
            self._store, clock=lambda: self._means.now() / 1000, progress=progress
        )

    def doctor(self) -> dict[str, Any]:
        """What runs here and what is in the store."""
        return checking.facts_about(self._store)

    # --- names ----------------------------------------------------------------------------------

    def names(self) -> dict[str, str]:
        """Petname -> did:key."""
        return {name: did_key(key) for name, key in self._store.petnames().items()}

    def name_actor(self, actor: str, petname: str) -> None:
        """Calls an actor by a name of one's own choosing, in this store alone."""
        if not petname or petname.startswith(("did:", "bafy", "z6Mk")) or petname == "me":
            raise BadInput("usage/argument", "that cannot be a petname", got=repr(petname))
        key = self._names.author(actor)
        with self._store.write():
            self._store.set_petname(petname, key)

    def resolve(self, target: str) -> str:
        """The full id (event) or did:key (actor) that a TARGET means."""
        if self._names.is_event(target):
            return cid_text(self._names.event_id(target))
        return did_key(self._names.author(target))

    def called(self, actor: str) -> str:
        """How an actor is called in sentences."""
        return self._names.called(self._names.author(actor))

    # --- inside ---------------------------------------------------------------------------------

    @property
    def _log(self) -> OpenLog:
        with self._store.read():  # notices what other processes wrote
            wanted = self._log_id(self._wanted)
        return self._open_log(wanted)

    def _open_log(self, log: bytes) -> OpenLog:
        found = self._logs.get(log)
        if found is None:
            no = self._store.log_no(log)
            found = OpenLog(self._store, no, owner=self._owner, means=self._means)
            self._logs[log] = found
        return found

    def _log_id(self, wanted: str | None, *, joining: bool = False) -> Any:
        """The log that is meant; with ``joining`` None or an id that is not here yet will do."""
        wanted = wanted if wanted is not None else self._wanted
        logs = self._store.logs()
        if wanted is not None:
            for log in logs:
                if wanted in (log.name, cid_text(log.id)):
                    return log.id
            if joining:
                return self._names.event_id(wanted)
            raise NotFound(
                "usage/not-found", "no log here is called that", got=wanted,
                expected=", ".join(log.name for log in logs) or None,
            )  # fmt: skip
        if len(logs) > 1:
            raise UsageError(
                "usage/several-logs", expected=", ".join(log.name for log in logs),
                hint="Name one with --log (or log=...).",
            )  # fmt: skip
        if logs:
            return logs[0].id
        if joining:
            return None
        raise UsageError(
            "usage/no-log", hint="Write something, create a log, or sync with a peer first."
        )

    def _genesis(self, name: str, purpose: str) -> bytes:
        draft = Draft(
            lamports=[0],
            times=[self._means.now()],
            kinds=[CREATE],
            deps=[b""],
            schemas=[b""],
            frames=[b""],
            contents=[log_content(name, purpose)],
            seeds=[self._means.entropy(SEED_BYTES)],
        )
        commit = prepare(self._owner.key(), b"", ChainEnd(), draft)
        log = commit.opened.log
        one = Slice(log, self._owner.public, 0, 1, commit.pack, commit.head, b"")
        with self._store.write():
            self._store.add_log(log, name=name, purpose=purpose)
            self._open_log(log).receive([one])
        return log

    def _append(self, rows: Sequence[Row]) -> list[str]:
        if not rows:
            return []
        if not self._store.logs():
            self.create_log(self.path.stem if self.path is not None else "log")
        ids, _ = self._log.append(rows)
        return [cid_text(id) for id in ids]

    def _live(self, place: Sequence[str], type_: str) -> Sequence[LiveOp]:
        view = self._log.views.get(PLACES)
        assert isinstance(view, PlacesView)
        return live_ops(view, self._store.db, place, type_)

    def _write_edit(self, edit: Edit) -> str:
        frame, content = edit.build(side_of=self._side_of)
        targets = {target.id for draft in edit.drafts for target in draft.over}
        names = tuple(row for row in self._store.rows_of(sorted(targets)) if row is not None)
        return self._append([Row(EDIT, frame=frame, content=content, names=names)])[0]

    def _side_of(self, target: Target) -> bytes | None:
        """Which side of a split chain a target is on, where its author and seq do not say."""
        lines = self._store.lines(self._log.no, target.author)
        if len(lines) < 2:  # noqa: PLR2004
            return None
        row = self._store.row_of(target.id)
        assert row is not None, "a target is a live op of this replica"
        line = self._store.line(self._store.links(row)[0])
        rows = {self._store.row_at(one.no, target.seq) for one in lines if one.size > target.seq}
        return self._store.ids_at([self._store.row_at(line.no, line.size - 1)])[0] if (
            len(rows) > 1
        ) else None

    def _reading_as(
        self, actor: str | None, threshold: int | None, max_depth: int | None
    ) -> Reading:
        given = {"threshold": threshold, "max_depth": max_depth}
        options: dict[str, Any] = {k: v for k, v in given.items() if v is not None}
        log = self._log
        if actor is None:
            if not options:
                return self.reading()
            return Reading(log, self._names, policy=replace(log.policy, **options))
        viewer = self._names.author(actor)
        said = [s for s in log.judging.public_statements() if s.voter == viewer]
        policy = Policy(viewer, log.id, statements=holding(said), **options)
        return Reading(log, self._names, policy=policy)

    def _endpoint(self, only: bytes | None) -> StoreEndpoint:
        return StoreEndpoint(self._store, self._open_log, only=only)

    def _sync_store(
        self, other: Replica, ours: StoreEndpoint, log: bytes | None, progress: Progress | None
    ) -> SyncReport:
        names = (str(self.path or self.did), str(other.path or other.did))
        try:
            return syncing.sync_stores(
                ours,
                other._endpoint(None),  # noqa: SLF001  # the other end of the same class
                log=log,
                names=names,
                entropy=self._means.entropy,
                progress=progress,
            )
        finally:
            self._drop_hollow()
            other._drop_hollow()  # noqa: SLF001

    def _drop_hollow(self) -> None:
        """Forgets a log that was joined and of which nothing came."""
        for log in self._store.logs():
            if not self._store.lines(log.no) and not self._store.pending_of(log.no):
                with self._store.write():
                    self._store.drop_log(log.no)
                self._logs.pop(log.id, None)

    def _infos(self, rows: Sequence[int]) -> list[EventInfo]:
        events = list(self._store.iter_events((row, 1) for row in rows))
        return event_infos(self._store, events, self._log.judging.judge.counts)

    def _effect(self, words: str, taken: Taken) -> WhatIf:
        lost, gained = counts(taken.flips, self._log)
        return WhatIf(words, (), lost, gained, ())


def event_row(kind: str, content: Any, frame: Any) -> Row:
    """Plain data as an event's row. Raises BadInput codec/*, void/*."""
    row = Row(
        kind,
        frame=b"" if frame is None else encode_item(frame),
        content=b"" if content is None else encode_item(content, floats=True),
    )
    if kind == CREATE:
        raise BadInput("event/genesis", hint="Use create_log (tally log create).")
    if is_ruled(kind):
        code = void_code(
            kind, frame=row.frame, content_size=len(row.content), log=bytes(DIGEST_BYTES)
        )
        if code is not None and code != "void/proof":
            raise BadInput(
                code, f"an event of kind {kind} with that frame would count for nobody", got=frame,
                hint="Use the verb that writes it (ban, set, ...), or a kind of your own.",
            )  # fmt: skip
    return row


def open_replica(
    path: str | Path,
    *,
    means: Means,
    create: bool = False,
    name: str | None = None,
    log: str | None = None,
    passphrase: str | None = None,
) -> Replica:
    """Opens a store, or makes one. See ``tallystick.open``."""
    file = Path(path)
    if create and not file.exists():
        return create_replica(file, means=means, name=name, passphrase=passphrase, log=log)
    store = Store.open(file)
    try:
        owner = Owner.of(store, key_path(file), passphrase=passphrase)
    except BaseException:
        store.close()
        raise
    replica = Replica(store, file, owner, means=means, log=log)
    if name is not None and replica.name != name:
        replica.name_actor(replica.did, name)
    return replica


def create_replica(
    path: Path,
    *,
    means: Means,
    name: str | None = None,
    log: str | None = None,
    passphrase: str | None = None,
) -> Replica:
    """A new store and its key beside it; nothing is left behind if either cannot be made."""
    if key_path(path).exists():
        raise StoreError("key/exists", where=key_path(path), hint="Move the key file away first.")
    store = Store.create(path, now=means.now())
    try:
        owner = Owner.create(store, key_path(path), passphrase=passphrase)
    except BaseException:
        store.close()
        for left in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))):
            left.unlink(missing_ok=True)
        raise
    replica = Replica(store, path, owner, means=means, log=log)
    if name is not None:
        replica.name_actor(replica.did, name)
    return replica


__all__ = ["Batch", "Replica", "create_replica", "open_replica"]
