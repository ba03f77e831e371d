"""Sharing: sync, serve, follow, bundles; and checking what is here.

Law: what was verified is kept, however a session ends; nothing else comes in.

Reads: replica.trusts, replica.{syncing, serving, endpoint, exporting, checking}. Read by:
replica.replica.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from tallystick.chain.slice import Slice
from tallystick.errors import BadInput, NotFound, StoreError
from tallystick.event.ids import cid_text
from tallystick.identity.did import did_key
from tallystick.limits import DIGEST_BYTES
from tallystick.replica import checking, syncing
from tallystick.replica.answers import Answers
from tallystick.replica.base import Progress
from tallystick.replica.endpoint import StoreEndpoint
from tallystick.replica.exporting import write_car
from tallystick.replica.meeting import cut_at, plain_cut
from tallystick.replica.openlog import Taken
from tallystick.replica.owner import Owner, key_path
from tallystick.replica.reports import CarReport, SyncReport, VerifyReport
from tallystick.replica.serving import follow_peer, serve_store
from tallystick.replica.trust_graph import PEOPLE_MAX
from tallystick.replica.trust_picture import picture
from tallystick.replica.trust_reports import StartInfo
from tallystick.store.store import Store
from tallystick.sync.bundle import bundle_ends, read_bundle, write_bundle
from tallystick.sync.meter import Report


class Shares(Answers):
    """The verbs that exchange with others."""

    def sync(
        self,
        other: Shares | str | Path,
        *,
        log: str | None = None,
        progress: Progress | None = None,
    ) -> SyncReport:
        """Exchanges with another replica, store file or ``tcp://host:port`` what either lacks.

        A store without a log joins the other's.

        Raises:
            PeerUnreachable, UsageError: sync/*. What was verified until then is kept.
        """
        if isinstance(other, Shares):
            return self._sync_store(other, log, progress)
        if not isinstance(other, str | Path):
            raise BadInput(
                "usage/argument", expected="a replica, a path or tcp://HOST:PORT",
                got=repr(other)[:80],
            )  # fmt: skip
        if isinstance(other, Path) or "://" not in other:
            with closing(self._opened(Path(other))) as opened:
                return self._sync_store(opened, log, progress)
        wanted = self._log_id(log, joining=True)
        report = syncing.sync_tcp(
            self._endpoint(wanted),
            other,
            log=wanted,
            entropy=self._means.entropy,
            progress=progress,
        )
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
        if len(wanted) != DIGEST_BYTES:
            raise BadInput("usage/argument", where="log", expected=f"{DIGEST_BYTES} bytes")
        if self._store.find_log(wanted) is None:
            with self._store.write():
                self._store.add_log(wanted, name="", purpose="")
        try:
            return self._open_log(wanted).receive(slices)
        finally:
            self._drop_hollow()

    def export(self, path: str | Path) -> SyncReport:
        """Writes everything of the log into a bundle file; never over a file that is there."""
        holdings = self._log.holdings
        with _new_file(path) as file, self._store.read():
            report = write_bundle(holdings, file)
        return syncing.bundle_report(report, reading=False)

    def export_car(self, path: str | Path, *, progress: Progress | None = None) -> CarReport:
        """Writes the headers of all events into a CAR file, for tools that read IPLD.

        Nothing that was said is in it, only who built upon what; see ``spec/car.md``. Never over
        a file that is there.
        """
        log_no = self._log.no
        with _new_file(path) as file, self._store.read():
            return write_car(self._store, log_no, file, progress=progress)

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

    def start_from(
        self, path: str | Path, actor: str, *, log: str | None = None, **options: Any
    ) -> StartInfo:
        """Takes in a bundle and shows what adopting somebody as of its cut would bring.

        ``adopt(actor, as_of=[one["event"] for one in start.cut])`` then does it; what the actor
        says later waits until it is adopted anew.

        Args:
            options: ``weight``, ``depth``, ``scope`` of the adoption, as ``tallystick.adopt``.

        Raises:
            BadInput: sync/bundle; usage/argument, when the file holds nothing by the actor.
        """
        report = self.import_bundle(path, log=log)
        author = self._names.author(actor)
        with Path(path).open("rb") as file:
            ends = bundle_ends(file, author)
        cut = cut_at(self._log.judging.facts, ends)
        if not cut:
            raise BadInput("usage/argument", "nothing of theirs is in the bundle", got=actor[:80])
        preview = self.preview_adopt(actor, as_of=cut, **options)
        return StartInfo(report, tuple(plain_cut(cut)), preview)

    def draw_trust_graph(
        self,
        path: str | Path,
        *,
        scope: str | None = None,
        as_actor: str | None = None,
        limit: int | None = PEOPLE_MAX,
    ) -> None:
        """Writes ``trust_graph`` as an SVG picture; never over a file that is there.

        Raises:
            StoreError: store/exists, store/io. BadInput: policy/scope, usage/argument.
        """
        found = self.trust_graph(scope=scope, as_actor=as_actor, limit=limit)
        drawn = picture(found).encode()
        with _new_file(path) as file:
            file.write(drawn)

    def verify(self, *, progress: Progress | None = None) -> VerifyReport:
        """Re-checks everything: pages, rows, headers, links, trees, signatures, views."""
        self._store.notice()  # a closed store says so; it is no damage
        report = checking.verify_store(
            self._store, clock=lambda: self._means.now() / 1000, progress=progress
        )
        if not report.ok:  # what is derived from damage says nothing
            return report
        found: list[dict[str, Any]] = []
        for log in self._store.logs():
            found += checking.verify_derived(log.id, self._open_log, self._names)
        return replace(report, problems=tuple(found))

    def doctor(self) -> dict[str, Any]:
        """What runs here and what is in the store."""
        return checking.facts_about(self._store)

    # --- inside -----------------------------------------------------------------------------------

    def decline(self, actor: str) -> list[str]:
        """Leaves an author out of syncs, of whom nothing is here yet; all who are left out.

        As soon as an event waits for a parent, nobody is left out: others built upon him.

        Raises:
            BadInput: policy/target, when events of his are here. NotFound, Ambiguous: usage/*.
        """
        author = self._names.author(actor)
        with self._store.write():
            self._log.choosing.decline(author)
        return self.declined()

    def accept(self, actor: str) -> list[str]:
        """Takes an author's events again; all who are still left out."""
        author = self._names.author(actor)
        with self._store.write():
            self._log.choosing.accept(author)
        return self.declined()

    def declined(self) -> list[str]:
        """Authors whom syncs leave out, while nothing waits for a parent."""
        return [did_key(author) for author in self._log.choosing.chosen()]

    def _opened(self, path: Path) -> Shares:
        """Another store of this machine, for the length of a sync."""
        store = Store.open(path, disk=self._means.disk)
        try:
            owner = Owner.of(store, key_path(path), passphrase=None)
        except BaseException:
            store.close()
            raise
        return Shares(store, path, owner, means=self._means)

    def _endpoint(self, only: bytes | None) -> StoreEndpoint:
        return StoreEndpoint(self._store, self._open_log, only=only)

    def _log_with(self, other: Shares, log: str | None) -> bytes | None:
        """The log to sync with a store of this machine; one new here may go by its name there."""
        wanted = log if log is not None else self._wanted
        logs = self._store.logs()
        if wanted is not None and all(wanted not in (one.name, cid_text(one.id)) for one in logs):
            theirs = [one.id for one in other._store.logs() if one.name == wanted]
            if len(theirs) == 1:
                return theirs[0]
        found: bytes | None = self._log_id(log, joining=True)
        return found

    def _sync_store(self, other: Shares, log: str | None, progress: Progress | None) -> SyncReport:
        names = (str(self.path or self.did), str(other.path or other.did))
        wanted = self._log_with(other, log)
        try:
            return syncing.sync_stores(
                self._endpoint(wanted),
                other._endpoint(None),  # the other end of the same class
                log=wanted,
                names=names,
                entropy=self._means.entropy,
                progress=progress,
            )
        finally:
            self._drop_hollow()
            other._drop_hollow()

    def _drop_hollow(self) -> None:
        """Forgets a log that was joined and of which nothing came."""
        for log in self._store.logs():
            if not self._store.lines(log.no) and not self._store.pending_of(log.no):
                views = self._open_log(log.id).views
                with self._store.write():
                    for view in views.list():
                        views.detach(view.name)
                    self._store.drop_log(log.no)
                self._logs.pop(log.id, None)


@contextmanager
def _new_file(path: str | Path) -> Iterator[BinaryIO]:
    """A file that was not there; what cannot be written to its end is taken away again.

    Raises:
        StoreError: store/exists, store/io.
    """
    place = Path(path)
    try:
        file = place.open("xb")
    except FileExistsError:
        raise StoreError("store/exists", "a file is there already", where=path) from None
    except OSError as error:
        raise StoreError("store/io", where=path, got=error.strerror) from error
    try:
        with file:
            yield file
    except BaseException as error:
        place.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise StoreError("store/io", where=path, got=error.strerror) from error
        raise
