"""What must be true of a store that was opened again, and what every transaction made of it.

Law: a recovered store *is* the outcome of one of its transactions, none that was acknowledged
left out; its rows, indexes, proofs, verdicts and views agree; it still syncs to the same digest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256

import apsw
from tests.disk.sim_disk import SimDisk
from tests.disk.vfs import NAME, mounted
from tests.model.replica_world import feed_sums

from tallystick.errors import TallyError
from tallystick.event.ids import parse_cid
from tallystick.replica.replica import Replica

TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"


def dump(disk: SimDisk, path: str) -> str:
    """A digest of every row of every table as a process would find them now; '' for no store."""
    copy = disk.clone()
    if path not in copy.names() or not copy.content(path):
        return ""
    db = apsw.Connection(mounted(copy) + path, apsw.SQLITE_OPEN_READWRITE, vfs=NAME)
    try:
        db.execute("PRAGMA locking_mode = EXCLUSIVE").fetchall()
        found = sha256()
        for (table,) in db.execute(TABLES).fetchall():
            rows = db.execute(f'SELECT * FROM "{table}"').fetchall()
            if rows:
                found.update(repr((table, rows)).encode())
        return found.hexdigest() if found.digest() != sha256().digest() else ""
    finally:
        db.close(force=True)


@dataclass
class Ledger:
    """What ana's transactions made of her store, in order.

    Args:
        states: digest after each transaction that ended well; the first is of nothing at all.
        unsure: whether the newest transaction that wrote something failed at its end: its outcome
            may be found or not.
    """

    path: str
    disk: SimDisk
    states: list[str] = field(default_factory=lambda: [""])
    unsure: bool = False

    def tap(self, adapter) -> None:
        """Watches a connection: every commit that returned is held against the disk later."""
        commit = adapter.commit

        def commits() -> None:
            before, sure = self.disk.ops, not self.unsure
            self.unsure = True
            commit()
            if self.disk.ops == before:  # nothing was written, so nothing was decided
                self.unsure = not sure
                return
            self.unsure = False
            watch, self.disk.watch = self.disk.watch, None
            self.states.append(dump(self.disk, self.path))
            self.disk.watch = watch

        adapter.commit = commits


def integrity(one: Replica) -> None:
    """SQLite's own look at pages, cells, indexes and constraints."""
    found = one._store.db.rows("PRAGMA integrity_check")
    assert found == [("ok",)], found[:3]


def check_log(one: Replica) -> None:
    """Rows, verdicts, feed, heads and views of the log a replica is bound to agree."""
    log, judge = one._log, one._log.judging.judge
    fresh = log.judging.judge_under(one.policy)
    sums = feed_sums(one)
    for (id,) in log.store.db.rows(
        "SELECT event.id FROM event JOIN line ON event.line = line.no WHERE log = ?", (log.no,)
    ):
        assert judge.counts(id) == fresh.counts(id) == (sums.get(id, 0) == 1), "verdict"
    scratch = one.under(one.policy)
    for name in [view.name for view in one.views()]:
        assert one.state_hash(name) == scratch.state_hash(name), f"view {name}"
    assert one.standing() == scratch.standing(), "standing"
    assert {view.behind for view in one.views()} <= {0}, "a view lags"


def check_store(one: Replica) -> None:
    """Everything that can be checked without anybody else."""
    integrity(one)
    verified = one.verify()
    assert verified.ok, verified.problems
    assert verified.events == one._store.next_row - 1, "events"
    wanted = one._wanted
    for log in one.logs():
        one._wanted = log.id
        check_log(one)
    one._wanted = wanted


def check_peers(one: Replica, peer: Replica, log: str) -> None:
    """One more exchange ends equal, and nobody has seen two histories of anybody."""
    report = one.sync(peer, log=log)
    codes = {one["code"] for one in report.rejected}
    assert codes <= {"sync/missing-parents"}, report.rejected  # the shelf's may still wait
    assert report.equal, report
    one._wanted = log
    assert one.digest() == peer.digest(), "digest"
    for replica in (one, peer):
        store = replica._store
        assert store.equivocations(store.log_no(parse_cid(log))) == [], "a second history"


def coded(act) -> TallyError | None:
    """The coded error with which an act was refused; any other exception passes."""
    try:
        act()
    except TallyError as error:
        return error
    return None
