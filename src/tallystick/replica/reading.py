"""A reading: what one policy makes of one version of a log. State, verdicts, and why.

    Reading(policy, version) ─► judge ─► what counts ─► views, standing, verdict, why, state_hash

The replica's own reading of the newest version uses the views kept in the store; any other is
reduced on a scratch database, from the same events, by the same code.

Law: same events and same policy give the same state hash, whoever reads and wherever.

Reads: policy, state, store, replica.{openlog, names, versions}. Read by: replica.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from typing import Any

from tallystick.errors import Ambiguous, BadInput, NotFound, UsageError
from tallystick.event.ids import cid_text
from tallystick.identity.did import PREFIX, did_key
from tallystick.policy.facts import Span
from tallystick.policy.judge import Judge
from tallystick.policy.policy import Policy
from tallystick.policy.scope import check_scope
from tallystick.policy.verdict import Standing, Verdict
from tallystick.replica.arguments import checked
from tallystick.replica.disputing import DISPUTES_MAX, disputes
from tallystick.replica.explained import Explained, cause_dict
from tallystick.replica.facts import LogFacts
from tallystick.replica.ledger_reading import LedgerReading
from tallystick.replica.names import Names
from tallystick.replica.openlog import PLACES, OpenLog
from tallystick.replica.reports import BlameInfo, VerdictInfo
from tallystick.replica.statements import from_row
from tallystick.replica.title_reports import TitleWhy
from tallystick.replica.titles import TitleReads
from tallystick.replica.trust_reports import DisputeInfo
from tallystick.replica.versions import FactsAt, Version, clip
from tallystick.state import views_places_read as places
from tallystick.state import views_texts_read as texts
from tallystick.state.places import parse_place, place_text
from tallystick.state.records import history as record_history
from tallystick.state.source import ChangeRange, Spans
from tallystick.state.view import Db, View, state_hash
from tallystick.state.views import STANDARD, evaluate
from tallystick.state.views_fold import Fold
from tallystick.state.views_ledger import NAME as LEDGER
from tallystick.state.views_ledger import LedgerView
from tallystick.state.views_places import PlacesView
from tallystick.state.views_sum import GroupSum
from tallystick.state.views_texts import NAME as TEXTS
from tallystick.state.views_texts import TextsView
from tallystick.state.views_titles import NAME as TITLES
from tallystick.state.views_titles import TitlesView
from tallystick.store.lookups import facts_at

NOTHING = object()
"""That a place has no value, not even null."""


@checked
class Reading:
    """One policy's answers about one version.

    Args:
        policy: None is the replica's own, judged and reduced already.
        version: None is everything that is here.
    """

    def __init__(
        self,
        log: OpenLog,
        names: Names,
        *,
        policy: Policy | None = None,
        version: Version | None = None,
    ) -> None:
        self._log = log
        self._names = names
        self._given = policy
        self._version = version
        self._judge: Judge | None = None
        self._ranges: list[tuple[int, int]] | None = None
        self._scratch: dict[str, tuple[View, Db]] = {}

    @property
    def log(self) -> OpenLog:
        """The log that is read."""
        return self._log

    # --- who is heeded --------------------------------------------------------------------------

    @property
    def policy(self) -> Policy:
        """The policy that is read under; its ``hash`` stands for it."""
        return self._log.policy if self._given is None else self._given

    @property
    def is_own(self) -> bool:
        """Whether this is the replica's own reading of the newest version."""
        return self._given is None and self._version is None

    @property
    def is_whole(self) -> bool:
        """Whether everything that is here is read, not a version."""
        return self._version is None

    @property
    def judge(self) -> Judge:
        """The judge behind it."""
        if self.is_own:
            return self._log.judging.judge
        if self._judge is None:
            if self._version is None:
                self._judge = self._log.judging.judge_under(self.policy)
            else:
                self._judge = self._judge_at(self._version)
        return self._judge

    @property
    def facts(self) -> LogFacts:
        """What the judge judges: the log, or as much of it as the version holds."""
        if self._version is None:
            return self._log.judging.facts
        return FactsAt(self._log.store, self._log.no, self._version.sizes)

    def standing(self, scope: str | None = None) -> dict[str, Any]:
        """``{"viewer", "rank": {actor: n}, "banned": [...], "contested": [...]}``, as did:key."""
        found = self.standing_data(scope)
        return {
            "viewer": did_key(found.viewer),
            "rank": {did_key(actor): rank for actor, rank in found.rank.items()},
            "banned": [did_key(actor) for actor in found.banned],
            "contested": [did_key(actor) for actor in found.contested],
        }

    def standing_data(self, scope: str | None = None) -> Standing:
        """The same with places and verdicts, keys as bytes. Raises BadInput policy/scope."""
        if scope is not None:
            check_scope(scope)
        with self._log.store.read():
            return self.judge.standing(scope)

    def verdict(self, target: str | bytes, *, scope: str | None = None) -> VerdictInfo:
        """Whether an actor is heeded or an event counts, and why."""
        if scope is not None:
            check_scope(scope)
        with self._log.store.read():
            if self._names.is_event(target):
                found = self.judge.event_verdict(self._names.event_id(target))
                subject = cid_text(found.subject)
            else:
                found = self.judge.actor_verdict(self._names.author(target), scope)
                subject = did_key(found.subject)
            return VerdictInfo(
                subject=subject,
                included=found.included,
                contested=found.contested,
                reason=found.reason,
                sentence=self.in_words(found),
                causes=tuple(cause_dict(cause) for cause in found.causes),
            )

    def disputes(
        self,
        *,
        status: str | None = None,
        about: str | None = None,
        by: str | None = None,
        event: str | None = None,
        dispute: str | None = None,
        everything: bool = False,
        now: int | None = None,
        limit: int | None = DISPUTES_MAX,
    ) -> list[DisputeInfo]:
        """Disputes and where they stand, oldest first.

        Args:
            status: ``open``, ``upheld`` or ``dismissed``; None: all.
            about: only about events of this actor; ``me``: those that are mine to answer.
            by: only those this actor brought.
            event: only about this event.
            dispute: only this one.
            everything: also those withdrawn, and those that do not count themselves.
            now: milliseconds since 1970 at which *overdue* is asked; None does not ask.
            limit: at most so many, at least 1; None: all.

        Raises:
            BadInput: usage/argument. NotFound, Ambiguous: usage/*.
        """
        return disputes(
            self,
            self._names,
            status=status,
            about=about,
            by=by,
            event=event,
            dispute=dispute,
            everything=everything,
            now=now,
            limit=limit,
        )

    def in_words(self, verdict: Verdict, called: Callable[[bytes], str] | None = None) -> str:
        """A verdict as a sentence; another viewer's own word is told as theirs, not as yours.

        Args:
            called: other names for actors and events than ``name_of``.
        """
        text = verdict.sentence(self.name_of if called is None else called)
        viewer = self.policy.viewer
        if viewer == self._log.owner.public:
            return text
        whose = self._names.called(viewer)
        for yours, theirs in _THEIRS.items():
            text = text.replace(yours, theirs.format(whose))
        return text

    def counts(self, id: bytes) -> bool:
        """Whether an event counts here."""
        with self._log.store.read():
            return self.judge.counts(id)

    def ranges(self) -> list[tuple[int, int]]:
        """Rows of everything that counts, as (row, count)."""
        if self._ranges is None or self.is_own:
            spans: Sequence[Span] = list(self.judge.counted())
            if self._version is not None:
                spans = clip(spans, self._version.sizes)
            self._ranges = sorted(self._log.ranges(spans))
        return self._ranges

    # --- what it adds up to ---------------------------------------------------------------------

    def view(self, name: str | View = PLACES, *, key: str | None = None) -> Any:
        """The state of a view, or one key of it (None where there is nothing).

        Args:
            name: of a stored view, or a fold or sum itself.
            key: of a view whose state is a map; a place for ``places`` (a text or list, too, is
                found there) and ``texts``.
        """
        self._ready(name)
        with self._log.store.read():
            view, db = self._find(name)
            if key is None:
                return shown(view, db)
            if isinstance(view, PlacesView):
                found = places.value(view, db, key, default=NOTHING)
                if found is not NOTHING:
                    return found
                self._ready(TEXTS)
                view, db = self._find(TEXTS)
            if isinstance(view, TextsView):
                return texts.value(view, db, key)
            if isinstance(view, GroupSum):
                return view.value(db, key)
            state = shown(view, db)
        if not isinstance(state, dict):
            raise BadInput("state/view", f"the state of {view.name} has no keys", got=repr(key))
        return state.get(key)

    def why(
        self, subject: str, *, view: str | View | None = None, type: str | None = None
    ) -> Explained | VerdictInfo | TitleWhy:
        """Why a place or a key of a view is what it is; an event or actor: its verdict.

        Without ``view`` the subject is an event or did:key, else a place, else a key of the one
        other view that knows it, else a petname, else the name of a thing.

        Args:
            view: ``ledger``: the subject is an account, or ``ACCOUNT/ASSET``, and the answer why
                it has or owes what it does; ``titles``: a thing, and why it is its owner's.

        Raises:
            NotFound: state/place. Ambiguous: usage/ambiguous, when several views know the key.
        """
        if not isinstance(subject, str):
            raise BadInput("usage/argument", expected="text", got=repr(subject)[:80])
        if view == LEDGER:
            account, _, asset = subject.partition("/")
            return self.ledger.why(account, asset or None)
        if view == TITLES:
            return self.titles.why(subject)
        if view is not None:
            return self._why(subject, view, type)
        if self._names.is_event(subject) or subject.startswith(PREFIX):
            return self.verdict(subject)
        try:
            return self._why_place(subject, type)
        except UsageError as error:
            if error.code != "state/place" or isinstance(error, Ambiguous) or type is not None:
                raise
            found = self._elsewhere(subject)
            if len(found) > 1:
                views = ", ".join(one.data.view for one in found)
                raise Ambiguous(
                    "usage/ambiguous", got=views, hint="Name one with --view (or view=...)."
                ) from None
            if found:
                return found[0]
            if subject in self._log.store.petnames():
                return self.verdict(subject)
            if self._is_title(subject):
                return self.titles.why(subject)
            raise

    def _why_place(self, subject: str, type: str | None) -> Explained:
        """Of a value at a place, or a text or list there."""
        if type in texts.SEQUENCES:
            return self._why(subject, TEXTS, type)
        try:
            return self._why(subject, PLACES, type)
        except NotFound:
            try:
                return self._why(subject, TEXTS, type)
            except (NotFound, BadInput):
                pass
            raise

    @contextmanager
    def places_and_texts(self) -> Iterator[tuple[tuple[PlacesView, Db], tuple[TextsView, Db]]]:
        """The two views that hold all places, each with its database, in one transaction."""
        self._ready(PLACES)
        self._ready(TEXTS)
        with self._log.store.read():
            (one, one_db), (two, two_db) = self._find(PLACES), self._find(TEXTS)
            assert isinstance(one, PlacesView) and isinstance(two, TextsView)  # noqa: PT018
            yield (one, one_db), (two, two_db)

    @contextmanager
    def view_and_db(self, name: str) -> Iterator[tuple[View, Db]]:
        """A view and its database, in one transaction."""
        self._ready(name)
        with self._log.store.read():
            yield self._find(name)

    def record_history(self, place: str) -> list[dict[str, Any]]:
        """What every event did to a record and its fields, counted or not, in canonical order.

        Raises:
            BadInput: state/place.
        """
        with self.places_and_texts() as (one, two):
            found = record_history(one, two, self._log.source, parse_place(place))
        return [
            {"place": place, "counts": self.counts(step.event), **step.as_dict()}
            for place, step in found
        ]

    def blame(self, place: str) -> list[BlameInfo]:
        """Who wrote what a text or list shows, in stretches of one event each.

        Raises:
            NotFound, BadInput: state/place, where there is no text or list.
        """
        self._ready(TEXTS)
        with self._log.store.read():
            view, db = self._find(TEXTS)
            assert isinstance(view, TextsView)
            _, name, no = texts.find_sequence(view, db, place)
            if name == "mark":
                raise BadInput(
                    "state/place", expected="a text or a list", got="a mark", where=place
                )
            runs = texts.blame(view, db, self._log.source, no)
            said = view.value(db, no, name)
        return [
            BlameInfo(
                run.start, run.end, said[run.start : run.end], did_key(run.author),
                cid_text(run.event), run.time,
            )
            for run in runs
        ]  # fmt: skip

    def _is_title(self, name: str) -> bool:
        """Whether things go by a name here."""
        try:
            self.titles.show(name)
        except Ambiguous:
            return True  # asked by its name, it says so
        except NotFound:
            return False
        return True

    def _elsewhere(self, key: str) -> list[Explained]:
        """What the other views say about a key they know.

        Cost: that of ``why`` in each of them.
        """
        found = []
        for row in self._log.views.list():
            if row.name in STANDARD or not row.attached or row.name in self._log.views.failed:
                continue
            try:
                one = self._why(key, row.name, None)
            except UsageError:  # a fold without keys, or one that this process does not have
                continue
            if one.data.live or one.data.excluded:
                found.append(one)
        return found

    def _why(self, subject: str, wanted: str | View, type: str | None) -> Explained:
        source = self._log.source
        self._ready(wanted)
        with self._log.store.read():
            found, db = self._find(wanted)
            if isinstance(found, PlacesView):
                explanation = places.why(found, db, source, subject, self.verdict_of, type_=type)
            elif isinstance(found, TextsView):
                explanation = texts.why(found, db, source, subject, self.verdict_of, type_=type)
            elif isinstance(found, GroupSum):
                if not self.is_own:
                    found, db = self._with_excluded(found)
                explanation = found.why(db, source, subject, self.verdict_of)
            elif not isinstance(found, Fold):
                raise BadInput("state/view", f"ask {found.name} by its name", got=subject)
            else:
                state = found.state(db)
                value = state.get(subject) if isinstance(state, dict) else state
                explanation = found.why(source, subject, value, self.verdict_of)
            if self._version is not None:
                then = self.facts
                known = [one for one in explanation.excluded if then.event(one.event) is not None]
                explanation = replace(explanation, excluded=tuple(known))
        return Explained(explanation, self)

    @property
    def ledger(self) -> LedgerReading:
        """Assets, balances, statements and debts."""
        return LedgerReading(lambda: self)

    @property
    def titles(self) -> TitleReads:
        """Who owns what."""
        return TitleReads(self)

    @contextmanager
    def within(self, name: str) -> Iterator[tuple[View, Db]]:
        """A stored view and the database it is in, to be read inside one snapshot."""
        self._ready(name)
        with self._log.store.read():
            yield self._find(name)

    def holds(self, id: bytes) -> bool:
        """Whether an event is in the version that is read, counted or not."""
        return self.facts.event(id) is not None

    @property
    def names(self) -> Names:
        """How actors and events are called here."""
        return self._names

    def state_hash(self, name: str | View | None = None) -> str:
        """Hex hash of a view's state; of all stored views together when none is named."""
        if name is not None:
            self._ready(name)
            with self._log.store.read():
                view, db = self._find(name)
                return state_hash(view, db).hex()
        known = [row.name for row in self._log.views.list() if row.attached]
        return combined_hash({name: self.state_hash(name) for name in known})

    def name_of(self, subject: bytes) -> str:
        """Words for an actor or event; ``you`` is the replica's owner, whoever is asked about."""
        return self._names.words(subject)

    # --- inside ---------------------------------------------------------------------------------

    def _with_excluded(self, view: GroupSum) -> tuple[GroupSum, Db]:
        """The sum on a scratch database that has seen what does not count, too."""
        name = f"{view.name} and what does not count"
        if name not in self._scratch:
            log, whole = self._log, view.anew()
            every = Spans((row, n) for row, n in log.ranges(self._everything()))
            db = evaluate(whole, log.source, every.ranges)
            out = every.without(Spans(self.ranges()))
            whole.apply(db, log.source, [ChangeRange(0, r, n, -1, "policy") for r, n in out.ranges])
            self._scratch[name] = (whole, db)
        found, db = self._scratch[name]
        assert isinstance(found, GroupSum)
        return found, db

    def _everything(self) -> list[Span]:
        """Every event of the version, counted or not."""
        lines = self._log.store.lines(self._log.no)
        spans = [Span(line.no, line.first_seq, line.size) for line in lines]
        return spans if self._version is None else clip(spans, self._version.sizes)

    def _ready(self, wanted: str | View) -> None:
        """What must be written before one snapshot is read: a view that is new here."""
        if not isinstance(wanted, str | View):
            raise BadInput("state/view", "that is not a view", got=repr(wanted)[:80])
        if isinstance(wanted, View) and self.is_own:
            self._attach(wanted)

    def _find(self, wanted: str | View) -> tuple[View, Db]:
        """A view and the database it is in, filled."""
        if self.is_own:
            return self._stored(wanted), self._log.store.db
        name = wanted if isinstance(wanted, str) else wanted.name
        if name not in self._scratch:
            view = (self._stored(name) if isinstance(wanted, str) else wanted).anew()
            self._scratch[name] = (view, evaluate(view, self._log.source, self.ranges()))
        view, db = self._scratch[name]
        view.load(db, self._log.source)
        return view, db

    def _stored(self, wanted: str | View) -> View:
        view = self._log.views.get(wanted if isinstance(wanted, str) else wanted.name)
        view.load(self._log.store.db, self._log.source)
        return view

    def _attach(self, view: View) -> None:
        views, store = self._log.views, self._log.store
        if views.is_current(view):
            views.adopt(view)
            self._log.skim()
            if views.pos(view.name) == store.feed_end(self._log.no):
                return
        with store.write():
            views.attach(view)
            self._log.catch_up()

    def _judge_at(self, version: Version) -> Judge:
        log = self._log
        rows = log.store.statements(log.no)
        placed = facts_at(log.store, [row.row for row in rows])
        statements = [
            from_row(row)
            for row, (_, line, seq, _, _) in zip(rows, placed, strict=True)
            if seq < version.sizes.get(line, 0)
        ]
        splits = {
            author: seq
            for author, seq in log.judging.equivocations().items()
            if sum(version.sizes.get(line.no, 0) > seq for line in log.store.lines(log.no, author))
            > 1
        }
        return Judge(self.policy, self.facts, statements, splits)

    def verdict_of(self, id: bytes) -> Verdict:
        """Whether and why one event counts; not every statement is tried alone."""
        return self.judge.event_verdict(id, thorough=False)


_THEIRS = {
    "your own word": "{}'s own word",
    "people you heed": "people {} heeds",
    "nobody you heed": "nobody {} heeds",
    "your policy's": "{}'s",
}
"""How the viewer's part in a verdict is told when the viewer is somebody else."""


def combined_hash(hashes: dict[str, str]) -> str:
    """One hash over the named hashes of several views."""
    text = "".join(f"{name} {digest}\n" for name, digest in sorted(hashes.items()))
    return sha256(b"tallystick/states/1\x00" + text.encode()).hexdigest()


def shown(view: View, db: Db) -> Any:
    """State as people read it: {place: value}, {key: total}, or what a fold returned.

    Of the ledger {account/asset: smallest units}, of titles {title: owner}.
    """
    if isinstance(view, GroupSum | LedgerView):
        return view.totals(db)
    if isinstance(view, TitlesView):
        return view.owners(db)
    if not isinstance(view, PlacesView):
        return view.state(db)
    found: dict[str, Any] = {}
    for place, type_ in view.places(db):
        name = place_text(place)
        if name in found:  # a second type at the same path
            name = f"{name} ({type_})"
        found[name] = places.value(view, db, place, type_=type_)
    return found
