"""What this replica has decided, heard and named: statements, policy, petnames, peers, views.

Plain rows; no rule of any room is applied here.

Law: what was set last is what is read, in the same transaction as everything else.

Reads: store/pending. Read by: replica, policy and state through it, sync, cli.
"""

from __future__ import annotations

from collections.abc import Iterable

from tallystick.store.crc import INSERT_VIEW, insert_into
from tallystick.store.pending import Pending
from tallystick.store.rows import EquivocationRow, PolicyRow, PrivateRow, StatementRow, ViewRow


class Notes(Pending):
    """The tables statement, private_statement, policy, petname, peer, equivocation, view, kept."""

    # --- statements ---

    def add_statements(self, log_no: int, statements: Iterable[StatementRow]) -> None:
        """Keep decoded trust events; one that is there already is replaced."""
        self._must_write()
        self.db.executemany(
            insert_into("statement", verb="INSERT OR REPLACE"),
            [
                (log_no, x.row, x.id, x.voter, x.seq, x.lamport, x.verb, x.target, x.detail)
                for x in statements
            ],
        )

    def statements(
        self, log_no: int, after_row: int = 0, *, voter: bytes | None = None
    ) -> list[StatementRow]:
        """Decoded trust events of a log (of one voter) in rows beyond ``after_row``, in order."""
        found = self.db.rows(
            "SELECT row, id, voter, seq, lamport, verb, target, detail FROM statement"
            " WHERE log = ?1 AND row > ?2 AND (?3 IS NULL OR voter = ?3) ORDER BY row",
            (log_no, after_row, voter),
        )
        return [StatementRow(*values) for values in found]

    def add_private(self, log_no: int, *, kind: str, frame: bytes, reason: str = "") -> int:
        """Keep a statement that is never sent; returns its number, counted from 1 in each log."""
        self._must_write()
        found = self.db.row(
            "SELECT coalesce(max(no), 0) + 1 FROM private_statement WHERE log = ?", (log_no,)
        )
        assert found is not None
        self.db.execute(
            insert_into("private_statement"),
            (log_no, found[0], kind, frame, reason),
        )
        return int(found[0])

    def privates(self, log_no: int) -> list[PrivateRow]:
        """All private statements of a log, by number."""
        found = self.db.rows(
            "SELECT no, kind, frame, reason FROM private_statement WHERE log = ? ORDER BY no",
            (log_no,),
        )
        return [PrivateRow(*values) for values in found]

    # --- policy ---

    def policy(self, log_no: int) -> bytes | None:
        """The policy document in force for a log, None while none was set."""
        found = self.db.row("SELECT document FROM policy WHERE log = ?", (log_no,))
        return None if found is None else bytes(found[0])

    def set_policy(
        self, log_no: int, document: bytes, *, pos: int, changed_ms: int, since: int | None = None
    ) -> None:
        """Put a policy document in force from feed position ``pos`` on; the history grows.

        Args:
            since: where the feed was before what the change flipped; ``pos`` when it flipped none.
        """
        self._must_write()
        self.db.execute(insert_into("policy", verb="INSERT OR REPLACE"), (log_no, document))
        found = self.db.row(
            "SELECT coalesce(max(no), 0) + 1 FROM policy_history WHERE log = ?", (log_no,)
        )
        assert found is not None
        begin = pos if since is None else since
        self.db.execute(
            insert_into("policy_history"), (log_no, found[0], pos, begin, changed_ms, document)
        )

    def policy_history(self, log_no: int) -> list[PolicyRow]:
        """Every policy that was in force, oldest first."""
        found = self.db.rows(
            "SELECT no, pos, since, changed_ms, document FROM policy_history"
            " WHERE log = ? ORDER BY no",
            (log_no,),
        )
        return [PolicyRow(*values) for values in found]

    # --- petnames, peers ---

    def petnames(self) -> dict[str, bytes]:
        """Local names for authors."""
        return dict(self.db.rows("SELECT name, author FROM petname ORDER BY name"))

    def set_petname(self, name: str, author: bytes | None) -> None:
        """Name an author (key), or take the name away (None)."""
        self._must_write()
        if author is None:
            self.db.execute("DELETE FROM petname WHERE name = ?", (name,))
        else:
            self.db.execute(insert_into("petname", verb="INSERT OR REPLACE"), (name, author))

    def peer(self, key: bytes, log_no: int) -> tuple[bytes, bytes] | None:
        """(checkpoint, vector) last acknowledged with a peer about a log."""
        found = self.db.row(
            "SELECT checkpoint, vector FROM peer WHERE key = ? AND log = ?", (key, log_no)
        )
        return None if found is None else (bytes(found[0]), bytes(found[1]))

    def set_peer(self, key: bytes, log_no: int, *, checkpoint: bytes, vector: bytes) -> None:
        """Remember what was acknowledged with a peer."""
        self._must_write()
        self.db.execute(
            insert_into("peer", verb="INSERT OR REPLACE"), (key, log_no, checkpoint, vector)
        )

    # --- equivocations ---

    def add_equivocation(
        self, log_no: int, author: bytes, *, seq: int, id_a: bytes, id_b: bytes, frame: bytes
    ) -> bool:
        """Keep a proof that an author wrote two events at one seq; False when it was known."""
        self._must_write()
        low, high = sorted((id_a, id_b))
        key = (log_no, author, seq, low, high)
        known = self.db.row(
            "SELECT 1 FROM equivocation WHERE log = ? AND author = ? AND seq = ? AND id_a = ?"
            " AND id_b = ?",
            key,
        )
        if known is not None:
            return False
        self.db.execute(insert_into("equivocation"), (*key, frame))
        return True

    def equivocations(self, log_no: int, author: bytes | None = None) -> list[EquivocationRow]:
        """Proven equivocations in a log, of one author or of all."""
        found = self.db.rows(
            "SELECT author, seq, id_a, id_b, frame FROM equivocation WHERE log = ?1"
            " AND (?2 IS NULL OR author = ?2) ORDER BY author, seq, id_a, id_b",
            (log_no, author),
        )
        return [EquivocationRow(*values) for values in found]

    # --- views, kept values ---

    def views(self, log_no: int) -> list[ViewRow]:
        """Every view of a log; what it holds is in tables of state's own."""
        found = self.db.rows(
            "SELECT name, definition, policy, pos FROM view WHERE log = ? ORDER BY name", (log_no,)
        )
        return [ViewRow(*values) for values in found]

    def set_view(
        self, log_no: int, name: str, *, definition: bytes, policy: bytes, pos: int
    ) -> None:
        """Keep a view's definition, the hash of its policy, and the changes it has taken in."""
        self._must_write()
        self.db.execute(INSERT_VIEW, (log_no, name, definition, policy, pos))

    def drop_view(self, log_no: int, name: str) -> None:
        """Forget a view; its own tables are state's to drop."""
        self._must_write()
        self.db.execute("DELETE FROM view WHERE log = ? AND name = ?", (log_no, name))

    def kept(self, log_no: int, name: str) -> bytes | None:
        """A small value another room keeps beside a log (0: beside the store)."""
        found = self.db.row("SELECT value FROM kept WHERE log = ? AND name = ?", (log_no, name))
        return None if found is None else bytes(found[0])

    def keep(self, log_no: int, name: str, value: bytes | None) -> None:
        """Keep a small value beside a log (0: beside the store), or forget it (None)."""
        self._must_write()
        if value is None:
            self.db.execute("DELETE FROM kept WHERE log = ? AND name = ?", (log_no, name))
        else:
            self.db.execute(insert_into("kept", verb="INSERT OR REPLACE"), (log_no, name, value))
