"""Titles at the front door: things of which there is one, owned, passed on, and claimed back.

    saw = ana.titles.create("saw", type="tool")       ana.titles.owner(saw)     did:key:... (Ana's)
    ana.titles.transfer(saw, "ben")                   ana.titles.why(saw)       Saw is ben's: ...
    ben.titles.give_back(saw)                         ana.titles.claims()       who lost what

A title goes by the id of its create (or a prefix, or the id of any of its ops), or by its name
where one thing alone is called so.

Law: what is asked is answered under the policy and at the version of the reading it is asked of;
whoever lost something by a transfer that does not hold is named with whom they had it from.

Reads: state.views_titles, state.title_chain, replica.{reading, accusing, title_reports}.
Read by: replica.reading, replica.reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from tallystick.chain.event_proof import event_proof
from tallystick.errors import Ambiguous, BadInput, NotFound
from tallystick.event.event import read_part
from tallystick.event.header import Header
from tallystick.event.ids import cid_text, parse_cid
from tallystick.graph.order import canonical_key
from tallystick.identity.did import did_key, parse_did_key
from tallystick.kernels import PART_WHOLE, encode_item
from tallystick.replica.accusing import shown
from tallystick.replica.arguments import checked
from tallystick.replica.title_reports import CLAIMS, Claim, TitleInfo, TitleStep, TitleWhy
from tallystick.replica.writing import Row
from tallystick.state.title_chain import ShownOp, title_chain
from tallystick.state.titles import CREATE, TRANSFER, create_frame, is_asset_type, transfer_frame
from tallystick.state.view import Db
from tallystick.state.views_titles import NAME, Holding, OpRow, TitlesView
from tallystick.store.rows import EventRow

if TYPE_CHECKING:
    from tallystick.replica.reading import Reading
    from tallystick.replica.reads import Reads

SHOWN_MAX = 8
"""Transfers told in a sentence before the rest is only counted."""


@checked
class TitleReads:
    """Who owns what, in one reading."""

    def __init__(self, reading: Reading) -> None:
        self._given = reading

    @property
    def _reading(self) -> Reading:
        return self._given

    def owner(self, title: str) -> str | None:
        """The did:key of who owns a thing, None when nobody does.

        Raises:
            NotFound, BadInput, Ambiguous: usage/*.
        """
        return self.show(title).owner

    def show(self, title: str) -> TitleInfo:
        """One thing. Raises as ``owner``."""
        with self._reading.within(NAME) as found:
            here = _Here(self._reading, *found)
            return here.info(here.find(title))

    def owned_by(self, actor: str, *, type: str | None = None) -> list[TitleInfo]:
        """What one author key owns; by name."""
        did = did_key(self._reading.names.author(actor))
        return self._listed(did, type)

    def _listed(self, owner: str | None, type_: str | None) -> list[TitleInfo]:
        with self._reading.within(NAME) as found:
            here = _Here(self._reading, *found)
            infos = [here.info(op) for op in here.held(owner) if type_ in (None, op.type)]
        return sorted(infos, key=lambda info: (info.name or "", info.id))

    def chain(self, title: str) -> list[TitleStep]:
        """Every op of a thing, counted or not, in canonical order. Raises as ``owner``."""
        with self._reading.within(NAME) as found:
            here = _Here(self._reading, *found)
            return here.steps(here.find(title))

    def claims(
        self, title: str | None = None, *, of: str | None = None, against: str | None = None
    ) -> list[Claim]:
        """Who lost a thing by a transfer that does not hold, and to whom they may turn.

        A buyer whose transfer does not count, or lost to an earlier sale, has a claim against the
        seller. Under ``keep`` a thing that was passed on stays passed on: then it is the one it
        came from who has a claim against the buyer. Claims of people this policy does not heed
        are left out.

        Cost: a verdict for each transfer that does not count.
        """
        with self._reading.within(NAME) as found:
            here = _Here(self._reading, *found)
            create = None if title is None else here.find(title)
            claims = list(here.claims(create))
        names = self._reading.names
        for wanted, field in ((of, "claimant"), (against, "against")):
            if wanted is not None:
                did = did_key(names.author(wanted))
                claims = [claim for claim in claims if getattr(claim, field) == did]
        return claims

    def why(self, title: str) -> TitleWhy:
        """Why somebody owns a thing: ``str`` of it is for people. Raises as ``owner``."""
        with self._reading.within(NAME) as found:
            return _Here(self._reading, *found).why(title)

    def prove(self, title: str) -> str:
        """The chain of title as a file that a stranger checks offline (``check_title_chain``).

        Raises:
            NotFound: usage/not-found, also when a head covers events that are not here.
        """
        with self._reading.within(NAME) as found:
            here = _Here(self._reading, *found)
            return here.prove(here.find(title))

    def list(self, *, type: str | None = None) -> list[TitleInfo]:
        """Everything that somebody or, being contested, nobody owns; by name.

        Args:
            type: only things of this asset type.
        """
        return self._listed(None, type)


@checked
class Titles(TitleReads):
    """Titles of a replica: its own reading, and the verbs that write."""

    def __init__(self, replica: Reads, append: Callable[[Sequence[Row]], list[str]]) -> None:
        self._replica = replica
        self._append = append

    @property
    def _reading(self) -> Reading:
        return self._replica.reading()

    def create(
        self, name: str, *, type: str = "thing", to: str | None = None, memo: str | None = None
    ) -> str:
        """Begins a thing; its title.

        Args:
            type: asset type, by which restitution is chosen: text like a kind, 64 bytes at most.
            to: whose it is; the writer's by default.

        Raises:
            BadInput: usage/argument.
        """
        if not is_asset_type(type):
            raise BadInput("usage/argument", where="type", expected="text like a kind", got=type)
        did = self._replica.did if to is None else self._replica.resolve(to)
        frame = create_frame(type, None if did == self._replica.did else parse_did_key(did))
        words = {"name": name} | ({} if memo is None else {"memo": memo})
        return self._append([Row(CREATE, frame=frame, content=encode_item(words))])[0]

    def transfer(
        self, title: str, to: str, *, memo: str | None = None, over: str | None = None
    ) -> str:
        """Passes a thing on; the transfer's id.

        Args:
            over: the op to pass it on from, which must name the writer as owner; by default the
                live one. Passing on from an op that is not live any more sells a thing twice.

        Raises:
            BadInput: void/owner, when it is not the writer's. As ``owner`` besides.
        """
        key = self._reading.names.author(to)
        with self._reading.within(NAME) as found:
            here = _Here(self._reading, *found)
            create = here.find(title)
            op = here.mine(create) if over is None else here.named(over, create)
        return self._pass_on(create, op, key, memo)

    def give_back(self, title: str, *, memo: str | None = None) -> str:
        """Passes a thing back to the one it was had from; the transfer's id. Raises as above."""
        with self._reading.within(NAME) as found:
            here = _Here(self._reading, *found)
            create = here.find(title)
            op = here.mine(create)
        if op.author == op.holder:
            raise BadInput(
                "usage/argument", "there is nobody to give it back to",
                where=title, hint="Pass it on with transfer.",
            )  # fmt: skip
        return self._pass_on(create, op, op.author, memo)

    def _pass_on(self, create: OpRow, over: OpRow, to: bytes, memo: str | None) -> str:
        words = b"" if memo is None else encode_item({"memo": memo})
        frame = transfer_frame(create.event, over.event, to)
        return self._append([Row(TRANSFER, frame=frame, content=words)])[0]


class _Here:
    """One reading's titles, inside one snapshot of the store."""

    def __init__(self, reading: Reading, view: Any, db: Db) -> None:
        assert isinstance(view, TitlesView)
        self.reading, self.view, self.db = reading, view, db
        self.source = reading.log.source
        self.store = reading.log.store
        self._called = reading.names.called

    # --- which is meant -------------------------------------------------------------------------

    def op(self, row: int) -> OpRow:
        """The op of a row that is known to hold one."""
        kept = self.view.ops(self.db, "row = ?", (row,))
        return kept[0] if kept else next(op for op in self._later() if op.row == row)

    def find(self, title: str) -> OpRow:
        """The create of the title that is meant."""
        if self.reading.names.is_event(title):
            return self.op(self._op_of(title).title)
        creates = [op for op in self._every() if op.over is None and self.name(op) == title]
        creates = [op for op in creates if self._holding(op).live] or creates
        if not creates:
            raise NotFound("usage/not-found", f"nothing here is called {title[:80]!r}")
        if len(creates) > 1:
            ids = ", ".join(cid_text(op.event) for op in creates[:4])
            raise Ambiguous("usage/ambiguous", got=ids, hint="Name it by its id.")
        return creates[0]

    def _op_of(self, target: str) -> OpRow:
        row = self.reading.names.event(target)
        for op in (*self.view.ops(self.db, "row = ?", (row,)), *self._later()):
            if op.row == row and self.reading.holds(op.event):
                return op
        raise NotFound("usage/not-found", "that event is no title's here", got=target)

    def mine(self, create: OpRow) -> OpRow:
        """The live op of a title that names the replica's owner."""
        me, found = self.reading.log.owner.public, self._holding(create)
        mine = [op for op in found.live if op.holder == me]
        if not mine:
            owner = "nobody" if found.owner is None else self._called(found.owner)
            raise BadInput(
                "void/owner", "only its owner can pass a title on", got=owner,
                where=cid_text(create.event),
            )  # fmt: skip
        return found.since if found.since is not None and found.since in mine else mine[0]

    def named(self, over: str, create: OpRow) -> OpRow:
        """An op that the replica's owner says to pass on from."""
        op, me = self._op_of(over), self.reading.log.owner.public
        if op.title != create.row or op.holder != me:
            raise BadInput("void/owner", where=over, got=did_key(op.holder))
        return op

    # --- what is there --------------------------------------------------------------------------

    def _later(self) -> list[OpRow]:
        return self.view.later(self.db, self.source)

    def _every(self, where: str = "1", params: Sequence[int] = ()) -> list[OpRow]:
        """All ops in the version that is read, counted or not, by row."""
        kept = self.view.ops(self.db, where, params)
        return [op for op in (*kept, *self._later()) if self.reading.holds(op.event)]

    def _of(self, create: OpRow) -> list[OpRow]:
        """All ops of one title."""
        return [op for op in self._every("title = ?", (create.row,)) if op.title == create.row]

    def _holding(self, create: OpRow) -> Holding:
        return self.view.holding(self.db, self.source, create.row)

    def _event(self, op: OpRow) -> EventRow:
        return self.store.event(op.row)

    def _word(self, op: OpRow, name: str) -> str | None:
        """A text of an op's content, None where there is none that can be read."""
        content = self._event(op).content
        item = None if content is None else read_part(content, floats=True)
        word = item.get(name) if isinstance(item, dict) else None
        return word if isinstance(word, str) else None

    def name(self, create: OpRow) -> str | None:
        """What a thing is called by who made it."""
        return self._word(create, "name")

    def info(self, create: OpRow) -> TitleInfo:
        """One thing."""
        found, since = self._holding(create), None
        if found.since is not None:
            since = self._event(found.since)
        assert create.type is not None, "a create has a type"
        return TitleInfo(
            id=cid_text(create.event),
            type=create.type,
            name=self.name(create),
            owner=None if found.owner is None else did_key(found.owner),
            contested=found.contested,
            claimants=tuple(sorted({did_key(op.holder) for op in found.live})),
            since=None if since is None else cid_text(since.id),
            time=None if since is None else since.time,
            rule=self.reading.policy.restitution.get(create.type, "return"),
        )

    def held(self, owner: str | None = None, *, contested: bool = False) -> list[OpRow]:
        """The creates of titles that have live ops, by row: all, one owner's, contested ones."""
        return self.view.creates(self.db, self.source, owner=owner, contested=contested)

    def steps(self, create: OpRow) -> list[TitleStep]:
        """Every op of a thing in canonical order."""
        ops = {op.row: op for op in self._of(create)}
        leading = {op.row for op in self._line(ops, self._holding(create).since)}
        events = [self._event(op) for op in ops.values()]
        return [
            TitleStep(
                event=cid_text(event.id),
                over=None if (over := ops[event.row].over) is None else cid_text(ops[over].event),
                by=did_key(event.author),
                to=did_key(ops[event.row].holder),
                time=event.time,
                memo=self._word(ops[event.row], "memo"),
                counts=ops[event.row].included,
                live=ops[event.row].live,
                holds=event.row in leading,
                why="" if ops[event.row].included else self._reason(ops[event.row])[1],
            )
            for event in sorted(events, key=canonical_key)
        ]

    @staticmethod
    def _line(ops: dict[int, OpRow], last: OpRow | None) -> list[OpRow]:
        """The ops from the create to one of them."""
        found: list[OpRow] = []
        while last is not None:
            found.append(last)
            last = None if last.over is None else ops[last.over]
        return found[::-1]

    def _reason(self, op: OpRow) -> tuple[str, str]:
        """Why an op does not count: the rule, and in words."""
        verdict = self.reading.judge.event_verdict(op.event, thorough=False)
        said = self.reading.in_words(verdict, lambda id: "it" if id == op.event else self._told(id))
        return verdict.reason, said.removeprefix("it does not count; ").rstrip(".")

    def _told(self, subject: bytes) -> str:
        """An actor's name, or a title event in words."""
        row = self.source.row_of(subject)
        for op in [] if row is None else self.view.ops(self.db, "row = ?", (row,)):
            return self._deed(op)
        return self.reading.name_of(subject)

    def _deed(self, op: OpRow) -> str:
        by, to = self._called(op.author), self._called(op.holder)
        if op.over is not None:
            return f"the transfer from {by} to {to}"
        return f"its creation by {by}" if op.author == op.holder else f"its creation for {to}"

    # --- claims ---------------------------------------------------------------------------------

    def claims(self, create: OpRow | None) -> Iterator[Claim]:
        """Who lost what, of one thing or of all; in order of arrival here."""
        out = self._every("NOT included") if create is None else self._of(create)
        for op in out:
            if op.included or op.over is None:
                continue
            rule, words = self._reason(op)
            told = f"{self._deed(op)} does not count, {words}"
            if op.blocked:
                told += "; what was passed on after it is kept"
                yield from self._claim(op, (op.author, op.holder), "kept", told)
            else:
                reason = "ungrounded" if rule == "ungrounded" else "undone"
                yield from self._claim(op, (op.holder, op.author), reason, told)
        for title in self.held(contested=True) if create is None else [create]:
            found = self._holding(title)
            for op, first, seller in found.lost:
                if not op.included or op.holder in (seller, found.owner):
                    continue
                if first is None:
                    reason, told = "two-histories", f"{self._called(seller)} sold in two histories"
                else:
                    reason, told = "sold-twice", f"{self._deed(first)} came first"
                yield from self._claim(op, (op.holder, op.author), reason, told)

    def _claim(
        self, op: OpRow, who: tuple[bytes, bytes], reason: str, told: str
    ) -> Iterator[Claim]:
        claimant, against = who
        heeded = self.reading.judge.actor_verdict(claimant, TRANSFER, thorough=False)
        if claimant == against or not (heeded.included or heeded.partly):
            return
        assert reason in CLAIMS, reason
        create = self.op(op.title)
        name = self.name(create)
        have = "have" if self._called(claimant) == "you" else "has"
        yield Claim(
            title=cid_text(create.event),
            name=name,
            claimant=did_key(claimant),
            against=did_key(against),
            transfer=cid_text(op.event),
            reason=reason,
            sentence=_sentence(
                f"{self._called(claimant)} {have} a claim against {self._called(against)}"
                f" for {name or 'it'}: {told}"
            ),
        )

    # --- why ------------------------------------------------------------------------------------

    def why(self, title: str) -> TitleWhy:
        """The answer in sentences."""
        create = self.find(title)
        info, found = self.info(create), self._holding(create)
        ops = {op.row: op for op in self._of(create)}
        name = info.name or "It"
        sentences = []
        if found.owner is None:
            sentences.append(f"Nobody owns {name}.")
        else:
            told = self._history(self._line(ops, found.since))
            owner = self._called(found.owner)
            whose = "yours" if owner == "you" else f"{owner}'s"
            sentences.append(_sentence(f"{name} is {whose}, because {told}"))
        if found.contested:
            sentences.append(self._contest(found))
        out = [op for op in ops.values() if not op.included]
        for op in out[:SHOWN_MAX]:
            covered = "; it was passed on, and that is kept" if op.blocked else ""
            why = f"{self._deed(op)} does not count, {self._reason(op)[1]}{covered}"
            sentences.append(_sentence(why))
        if len(out) > SHOWN_MAX:
            sentences.append(f"{len(out) - SHOWN_MAX} more do not count.")
        return TitleWhy(info, tuple(sentences), tuple(self.steps(create)))

    def _history(self, line: Sequence[OpRow]) -> str:
        """Who made a thing and passed it on to whom: each was the owner named before."""
        first, *rest = line
        by, to = self._called(first.author), self._called(first.holder)
        text = f"{by} made it" if by == to else f"{by} made it for {to}"
        left = len(rest) - SHOWN_MAX
        if left > 0:
            text += f", it was passed on {left} times, at last to {self._called(rest[left].author)}"
        for number, op in enumerate(rest[max(0, left) :]):
            who = " and" if by == to and left <= 0 and not number else ", who"
            text += f"{who} passed it to {self._called(op.holder)}"
        return text

    def _contest(self, found: Holding) -> str:
        """What is contested, and who holds it meanwhile."""
        seller = self._called(found.lost[0].seller)
        buyers = sorted({self._called(op.holder) for op in found.live})
        among = f"{', '.join(buyers[:-1])} and {buyers[-1]}"
        if found.owner is None:
            told = f"{seller} sold it in two histories; it is contested by {among}"
            return _sentence(told)
        owner = self._called(found.owner)
        holds = "hold" if owner == "you" else "holds"
        return _sentence(
            f"{seller} sold it twice; it is contested by {among}, and {owner} {holds} it"
            " meanwhile, by the sale that came first"
        )

    # --- proof ----------------------------------------------------------------------------------

    def prove(self, create: OpRow) -> str:
        """The chain of title as a file."""
        found = self._holding(create)
        ops = {op.event: op for op in self._of(create)}
        shown_ops = []
        for step in self.steps(create):
            op = ops[parse_cid(step.event)]
            event = self._event(op)
            side = shown(self.store, self.store.line(event.line), event.seq)
            whole = event.part == PART_WHOLE
            shown_ops.append(
                ShownOp(
                    proof=event_proof(Header.decode(side.header), side.head, side.path),
                    frame=event.frame,
                    seal=event.seal,
                    content=event.content if whole else None,
                    counts=step.counts,
                    why=step.why,
                )
            )
        return title_chain(
            shown_ops,
            log=self.reading.log.id,
            title=create.event,
            holds=None if found.since is None else found.since.event,
            owner=found.owner,
            policy=self.reading.policy.hash,
        )


def _sentence(text: str) -> str:
    """With a full stop, and a capital where it does not begin with somebody's own word."""
    begins = text.startswith(("you ", "the ", "its "))
    return f"{text[0].upper() if begins else text[0]}{text[1:]}."
