"""Where what is stored meets what I think of it: statements in, changes into the feed out.

    Stored ─► statements ─► judge.update ─► flips ─► row ranges ─► feed (same transaction)

Law: the feed's sum over an event is 1 exactly while the judge counts it; the policy document in
the store is the one the feed was made under.

Reads: policy, store, replica.facts, replica.statements. Read by: replica.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from tallystick.event.ids import cid_text
from tallystick.identity.did import did_key
from tallystick.policy.actors import own_words
from tallystick.policy.explain import Preview
from tallystick.policy.facts import Flip, Span
from tallystick.policy.judge import Judge
from tallystick.policy.policy import Policy
from tallystick.policy.statement import Statement, parse_statement, private_id, statement_frame
from tallystick.replica.facts import LogFacts
from tallystick.replica.grounds import GroundReader
from tallystick.replica.ingest import Stored
from tallystick.replica.statements import News, from_row, read_rows
from tallystick.store.lookups import rows_matching
from tallystick.store.store import Store

CONTENT = "content"
"""Cause of an event that leaves and enters again because its content came or went."""


class Judging:
    """The judge of one log under this replica's policy, and the feed it writes.

    Args:
        viewer: whose policy it is: the store's own author key.
        in_past: (x, y) -> whether row x is an ancestor of row y.
    """

    def __init__(
        self,
        store: Store,
        log_no: int,
        *,
        viewer: bytes,
        now: Callable[[], int],
        in_past: Callable[[int, int], bool],
    ) -> None:
        self._store = store
        self._log_no = log_no
        self._log_id = store.log(log_no).id
        self._viewer = viewer
        self._now = now
        self._in_past = in_past
        self._grounds = GroundReader(store, log_no)
        self._judge: Judge | None = None
        self._facts = LogFacts(store, log_no)
        self._mine: list[Statement] = []
        self._public: list[Statement] | None = None
        self._seen = -1

    @property
    def facts(self) -> LogFacts:
        """What judges of this log may know; shared by all policies."""
        self._refresh()
        return self._facts

    @property
    def judge(self) -> Judge:
        """The judge, loaded from the store's statements on first use."""
        self._refresh()
        if self._judge is None:
            self._judge = self.judge_under(self._load_policy())
            self._judge.said = self._mine
        return self._judge

    @property
    def policy(self) -> Policy:
        """The policy in force."""
        return self.judge.policy

    @property
    def mine(self) -> list[Statement]:
        """Everything the viewer ever said here, public and private."""
        assert self.judge is not None
        return list(self._mine)

    def judge_under(self, policy: Policy) -> Judge:
        """A judge of the same log under another policy."""
        statements = self.public_statements()
        return Judge(policy, self.facts, statements, self.equivocations())

    def public_statements(self) -> list[Statement]:
        """Every statement of the log, in order of arrival; decoded once, for all policies."""
        self._refresh()
        if self._public is None:
            self._public = [from_row(row) for row in self._store.statements(self._log_no)]
        return self._public

    def equivocations(self) -> dict[bytes, int]:
        """Author -> smallest seq at which two events are known or proven."""
        found: dict[bytes, int] = {}
        for row in self._store.equivocations(self._log_no):
            found[row.author] = min(row.seq, found.get(row.author, row.seq))
        sides = self._store.sides(self._log_no)
        roots = Counter(line.author for line in sides if line.base is None)
        for line in sides:
            if line.base is not None:
                seq = line.first_seq
            elif roots[line.author] > 1:  # nothing shared; its name may be that of a later split
                seq = 0
            else:
                seq = self._seq_of(line.side)
            found[line.author] = min(seq, found.get(line.author, seq))
        return found

    # --- what moves it --------------------------------------------------------------------------

    def prepare(self) -> None:
        """Loads the judge before a batch is stored; the caller holds the transaction."""
        assert self.judge is not None

    def absorb(self, stored: Stored) -> list[Flip]:
        """Judges what a batch stored; the caller holds the transaction that stored it.

        Returns what started or stopped counting; it is in the feed.
        """
        news = News()
        if stored.watched:
            news = read_rows(
                self._store, self._log_no, self._log_id, stored.watched, in_past=self._in_past
            )
        assert self._judge is not None, "prepare() comes before storing"
        assert self._is_fresh(), "the store was not left since prepare()"
        judge = self._judge
        grounds = self._grounds.read(stored.grounded)
        voids = stored.voids | news.voids | grounds.voids
        on_nothing = {(span.line, span.begin): set[int]() for span in stored.spans}
        self._facts.note_grounds(on_nothing | grounds.stood_on)
        if voids:
            self._facts.forget_voids(self._store.ids_at(sorted(voids)))
        if self._public is not None:
            self._public += news.statements
        splits = dict(stored.splits)
        for author, seq in news.splits.items():
            splits[author] = min(seq, splits.get(author, seq))
        policy = None
        if self._hear_myself(news.statements, splits):
            policy = judge.policy.with_statements(tuple(self._mine))
        flips = judge.update(
            statements=news.statements,
            arrived=self._spans(stored, voids),
            equivocations=splits,
            policy=policy,
        )
        known = {Span(span.line, span.begin, span.end): span.row for span in stored.spans}
        since = self._store.feed_end(self._log_no)
        self._emit(flips, known)
        if policy is not None:
            self._keep_policy(policy, since)
        if stored.upgraded:
            self._content_changed([row for row in stored.upgraded if row not in voids])
        return flips

    def say_private(self, statement: Statement) -> tuple[Statement, list[Flip]]:
        """Keeps a statement that is never sent, and judges by it; returns it with its id."""
        judge = self.judge
        kind, frame = statement_frame(statement)
        reason = statement.reason or ""
        no = self._store.add_private(self._log_no, kind=kind, frame=frame, reason=reason)
        said = statement._replace(id=private_id(self._viewer, no), seq=no, private=True)
        self._mine.append(said)
        if self._has_keys(self._mine):
            self._mine[:] = self._own_words(self._mine)
        return said, self.set_policy(judge.policy.with_statements(tuple(self._mine)))

    def _hear_myself(self, new: Sequence[Statement], splits: Mapping[bytes, int]) -> bool:
        """Takes in what I said, by any of my keys; whether there was anything.

        Cost: O(new), and O(statements of the log) when a key may have become or ceased to be mine.
        """
        facts = self.judge.facts
        keys = set(facts.authors(facts.actor(self._viewer)))
        mine = [s for s in new if s.voter in keys]
        linking = splits or any(s.verb == "key" for s in new)
        if len(keys) > 1 or (linking and self._has_keys((*self._mine, *mine))):
            if not mine and not linking:
                return False
            before = set(self._mine)
            self._mine[:] = self._own_words([s for s in self._mine if s.private])
            return set(self._mine) != before
        self._mine += mine
        return bool(mine)

    def _has_keys(self, mine: Iterable[Statement]) -> bool:
        return any(s.verb == "key" and s.voter == self._viewer for s in mine)

    def _own_words(self, more: Iterable[Statement]) -> list[Statement]:
        """All I said by any of my keys, and these (private ones, or those known already)."""
        public = self.public_statements()
        spoken = {s.id: s for s in (*public, *more)}.values()
        claims = [s for s in public if s.verb == "key"]
        return own_words(self._viewer, spoken, claims, self.equivocations())

    def set_policy(self, policy: Policy) -> list[Flip]:
        """Puts another policy in force; the caller holds the transaction."""
        flips = self.judge.update(policy=policy)
        since = self._store.feed_end(self._log_no)
        self._emit(flips)
        self._keep_policy(policy, since)
        return flips

    def what_if(self, statement: Statement) -> Preview:
        """What would change if the statement were made; changes nothing."""
        return self.judge.what_if(statement)

    def next_private(self) -> int:
        """The number the next private statement will get."""
        return 1 + max((row.no for row in self._store.privates(self._log_no)), default=0)

    def ranges(
        self, spans: Iterable[Span], known: Mapping[Span, int] | None = None
    ) -> list[tuple[int, int]]:
        """Rows of spans, as (row, count).

        Args:
            known: first rows of spans that were just stored, each in one piece.
        """
        found: list[tuple[int, int]] = []
        for span in spans:
            if known and span in known:
                found.append((known[span], span.end - span.begin))
                continue
            for row, count in self._store.ranges(span.line, span.begin, span.end):
                if span.kinds is None and not span.without:
                    found.append((row, count))
                else:
                    found += rows_matching(self._store, row, count, span.kinds, span.without)
        return found

    # --- inside ---------------------------------------------------------------------------------

    def _refresh(self) -> None:
        if not self._is_fresh():
            self._judge = self._public = None
            self._facts = LogFacts(self._store, self._log_no)
            self._seen = self._store.forgotten

    def _is_fresh(self) -> bool:
        return self._seen == self._store.forgotten

    def _load_policy(self) -> Policy:
        """The stored parameters, over my statements as log and store hold them now."""
        document = self._store.policy(self._log_no)
        base = Policy(self._viewer, self._log_id)
        if document is not None:
            base = Policy.from_bytes(document)
        rows = self._store.statements(self._log_no, voter=self._viewer)
        self._mine = [from_row(row) for row in rows]
        for row in self._store.privates(self._log_no):
            self._mine.append(self._private(row.no, row.kind, row.frame, row.reason))
        if self._has_keys(self._mine):
            self._mine = self._own_words(self._mine)
        return base.with_statements(tuple(self._mine))

    def _private(self, no: int, kind: str, frame: bytes, reason: str) -> Statement:
        found = parse_statement(
            kind, frame, id=private_id(self._viewer, no), voter=self._viewer, seq=no
        )
        assert isinstance(found, Statement), "a private statement was checked when it was made"
        return found._replace(private=True, reason=reason or None)

    def _keep_policy(self, policy: Policy, since: int) -> None:
        self._store.set_policy(
            self._log_no,
            policy.bytes(),
            pos=self._store.feed_end(self._log_no),
            changed_ms=self._now(),
            since=since,
        )

    def _spans(self, stored: Stored, voids: dict[int, str]) -> list[Span]:
        if not voids:
            return [Span(span.line, span.begin, span.end) for span in stored.spans]
        ids = dict(zip(sorted(voids), self._store.ids_at(sorted(voids)), strict=True))
        spans = []
        for line, begin, end, first, _ in stored.spans:
            rows = range(first, first + end - begin)
            without = frozenset(ids[row] for row in ids if row in rows)
            spans.append(Span(line, begin, end, None, without))
        return spans

    def _emit(self, flips: Sequence[Flip], known: Mapping[Span, int] | None = None) -> None:
        """Flips as changes; neighbours of one weight and cause become one entry."""
        at = 0
        while at < len(flips):
            end = at
            weight, cause = flips[at].weight, flips[at].cause
            while end < len(flips) and (flips[end].weight, flips[end].cause) == (weight, cause):
                end += 1
            ranges = self.ranges((flip.span for flip in flips[at:end]), known)
            self._store.feed_append(self._log_no, ranges, weight=weight, cause=cause_text(cause))
            at = end

    def _content_changed(self, rows: Sequence[int]) -> None:
        ids = self._store.ids_at(rows)
        counted = [
            (row, 1) for row, id in sorted(zip(rows, ids, strict=True)) if self.judge.counts(id)
        ]
        if counted:
            for weight in (-1, 1):
                self._store.feed_append(self._log_no, counted, weight=weight, cause=CONTENT)

    def _seq_of(self, id: bytes) -> int:
        row = self._store.row_of(id)
        assert row is not None, "a side is named by an event that is here"
        return self._store.links(row)[1]


def cause_text(cause: Sequence[str | bytes]) -> str:
    """A cause as the feed keeps it: ``arrived``, ``statement:<id>``, ``equivocation:<did>``."""
    kind, *about = cause
    assert isinstance(kind, str)
    if not about:
        return kind
    (subject,) = about
    assert isinstance(subject, bytes)
    name = did_key(subject) if kind == "equivocation" else cid_text(subject)
    return f"{kind}:{name}"
