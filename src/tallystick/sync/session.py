"""One sync session as a state machine: messages in, messages and slices out, no I/O.

    initiator                                      responder
    OPENING    ── Hello(log, root) ─────────────►  OPENING
               ◄───────────────────────── Same ──             equal: done after one round trip
               ◄──────── VectorOf(root, sizes) ──  TALKING    or, of very many authors:
                                                              RangesOf, Split, Leaves
    TALKING    ── Want(sizes of what grew) ─────►
               ── Slices ... Sent ──────────────►             both directions at once,
               ◄────────────── Slices ... Sent ──             parents before children
               ── Bye(root) ────────────────────►
    CLOSED     ◄──────────────────── Bye(root) ──  CLOSED     or LIVE: both stay and push

Beside these: Lines (a chain of which the two sides know different sides; each says what it knows,
once), Contents (bodies that are missing), Ack (opens the window of messages in flight).

How the end is found: every ask (Want, Lines, Contents) is counted; ``Sent(n)`` says "after n of
your asks I have nothing left to send". A side is quiet when it has said so for all asks it saw,
and has heard so for all it made. Asks are made only with the vectors or leaves, or in answer to an
ask, so quiet is for ever.

Law: nothing a peer sends raises or makes this side send it what it was seen to hold; what a
session accepted is durable whenever it ends, so a new session goes on where this one stopped.

Reads: chain.slice, sync.{side, flow, budget, holdings, messages, meter}, limits. Read by: drivers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from tallystick.chain.slice import Slice, slice_from_value
from tallystick.errors import Rejected
from tallystick.limits import (
    MESSAGE_BYTES_MAX,
    SYNC_CONTENTS_MAX,
    SYNC_PUSHES_MAX,
    SYNC_REJECTED_MAX,
    SYNC_SPANS_MAX,
    SYNC_VECTOR_BYTES_MAX,
    SYNC_WINDOW_MESSAGES,
)
from tallystick.sync import messages as m
from tallystick.sync.budget import Budget, Spending
from tallystick.sync.compare import Comparison
from tallystick.sync.flow import Outgoing
from tallystick.sync.holdings import Agreed, Endpoint, Outcome, Record
from tallystick.sync.log_checkpoint import log_checkpoint
from tallystick.sync.meter import Meter, Report
from tallystick.sync.side import Side
from tallystick.sync.vector import NONCE_BYTES, encode_wants


class State(Enum):
    """Where a session stands."""

    OPENING = "opening"
    TALKING = "talking"
    LIVE = "live"
    CLOSED = "closed"


@dataclass(slots=True)
class Step:
    """What the driver has to do now.

    Args:
        send: messages, in order, without their length in front.
        slices: one message's slices to ingest; then call ``Session.ingested``. None: nothing.
        rejected: what was refused in this step.
        done: the session is over once ``send`` is sent.
        code: why it ended early.
    """

    send: list[bytes] = field(default_factory=list)
    slices: list[Slice] | None = None
    rejected: list[Rejected] = field(default_factory=list)
    done: bool = False
    code: str | None = None


@dataclass(slots=True)
class _Asks:
    """Questions counted, on both sides, and up to which of them each has answered."""

    made: int = 0
    seen: int = 0
    answered: int = -1
    heard: int = -1

    @property
    def quiet(self) -> bool:
        """Whether both have nothing left to send."""
        return self.answered == self.seen and self.heard == self.made


class Session:
    """One side of one sync session over one log.

    Args:
        endpoint: the store.
        initiator: who speaks first.
        peer: a name for the other end, for its budget and the state remembered with it.
        nonce: 8 fresh random bytes; only the responder's are used.
        log: the log meant; None: the only one of this store, or of the peer's.
        live: stay connected and push, if the peer wants that too.
        budget: what the peer may use up.
        vector_bytes: the longest vector said to a peer who understands ranges.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        initiator: bool,
        peer: str,
        nonce: bytes,
        log: bytes | None = None,
        live: bool = False,
        budget: Budget | None = None,
        vector_bytes: int = SYNC_VECTOR_BYTES_MAX,
    ) -> None:
        if len(nonce) != NONCE_BYTES:
            raise ValueError(f"a nonce of {len(nonce)} bytes")
        self.state = State.OPENING
        self.meter = Meter()
        self.peer = peer
        self._side = Side(endpoint, log=log, peer=peer, vector_bytes=vector_bytes)
        self._initiator = initiator
        self._nonce = nonce
        self._spending = Spending(budget or Budget())
        self._flags = m.LIVE if live else 0
        self._live = False
        self._out = Outgoing(self.meter)
        self._asks = _Asks()
        self._awaits: type[m.Split | m.Leaves] | None = None
        self._bodies = b""
        self._logs_told = self._want_seen = False
        self._contents_left = SYNC_CONTENTS_MAX
        self._lines_sent: set[bytes] = set()
        self._lines_seen: set[bytes] = set()
        self._ingesting = False
        self._taken_in = self._acked = 0
        self._agreed: Agreed | None = None
        self._peer_root: bytes | None = None
        self._rejected: list[Rejected] = []
        self._pending = 0
        self._code: str | None = None
        self._by_peer = False

    @property
    def log(self) -> bytes | None:
        """The log that is synced, once it is known."""
        return self._side.log

    # --- what the driver calls ------------------------------------------------------------------

    def start(self) -> Step:
        """The first message of the initiator; nothing for the responder."""
        step = Step()
        if self._initiator:
            if self._side.log is None:
                logs = self._side.endpoint.logs()
                if len(logs) > 1:
                    return self._end(step, "sync/several-logs")
                self._side.log = logs[0] if logs else None
            self._send(step, self._side.hello(self._flags))
        return step

    def receive(self, data: bytes) -> Step:
        """One message of the peer's. Never raises because of its bytes."""
        step = Step()
        if self.state is State.CLOSED:
            return self._end(step, self._code)
        assert not self._ingesting, "ingested() comes before the next message"
        self.meter.received(len(data))
        if self.meter.bytes_in > self._spending.budget.bytes_in:
            return self._drop(step, "sync/budget")
        message = m.decode(data)
        if isinstance(message, Rejected):
            return self._refuse(step, message)
        self._dispatch(step, message)
        code = self._spending.over()
        return self._pump(step) if code is None else self._drop(step, code)

    def ingested(self, outcome: Outcome) -> Step:
        """What became of the slices of the last step."""
        step = Step()
        if self.state is State.CLOSED:
            return self._end(step, self._code)
        assert self._ingesting, "there was something to ingest"
        self._ingesting = False
        self._taken_in += 1
        self.meter.events_in += outcome.accepted
        self._pending = outcome.pending
        self._reject(step, outcome.rejected)
        code = self._spending.settle(outcome)
        if code is not None:
            return self._drop(step, code)
        if self._taken_in - self._acked >= SYNC_WINDOW_MESSAGES // 2:
            self._acked = self._taken_in
            self._send(step, m.Ack(self._taken_in))
        return self._pump(step)

    def push(self, slices: Sequence[Slice]) -> Step:
        """New slices for a live peer: sent now, or when the window opens."""
        step = Step()
        if self.state is State.CLOSED:
            return self._end(step, self._code)
        allowed = self._side.allowed(slices)
        if self._out.queued >= SYNC_PUSHES_MAX:
            return self._drop(step, "sync/budget")
        if allowed:
            self._out.add(iter([allowed]))
        return self._pump(step)

    def close(self) -> Step:
        """Ends the session from this side: regularly when it is live, otherwise early."""
        step = Step()
        if self.state is not State.LIVE:
            return self._drop(step, "sync/closed")
        self._live = False
        self._say_bye(step)
        return step

    def lost(self) -> None:
        """The transport broke; nothing can be said any more."""
        if self.state is not State.CLOSED:
            # Who has said and heard Bye is closed: anything else is an early end.
            self._end(Step(), "sync/closed")

    def report(self) -> Report:
        """How it went so far."""
        own = self._agreed.root if self._agreed is not None else None
        return Report(
            log=self._side.log,
            meter=self.meter,
            equal=None if self._peer_root is None or own is None else own == self._peer_root,
            pending=self._pending,
            rejected=tuple(self._rejected),
            code=self._code,
            by_peer=self._by_peer,
        )

    # --- what the peer says ---------------------------------------------------------------------

    def _dispatch(self, step: Step, message: m.Message) -> None:
        """Every message has its state and its side; anything else ends the session."""
        opening, talking = self.state is State.OPENING, self.state is State.TALKING
        begun = self._awaits is not None
        answered = opening and self._initiator and not begun
        match message:
            case m.Bye():
                self._on_bye(step, message)
            case m.Hello() if opening and not self._initiator and not begun:
                self._on_hello(step, message)
            case m.Logs() if answered and self._side.log is None:
                self._on_logs(step, message)
            case m.Same() if answered and self._side.log is not None:
                self._on_same(step, message)
            case m.VectorOf() if answered and self._side.log is not None:
                self._on_vector(step, message)
            case m.RangesOf() if answered and self._side.log is not None:
                self._on_ranges(step, message)
            case m.Split() if self._awaits is m.Split:
                self._on_split(step, message)
            case m.Leaves() if self._awaits is m.Leaves:
                self._on_leaves(step, message)
            case m.Want() if talking and not self._initiator and not self._want_seen:
                self._want_seen = True
                self._asks.seen += 1
                self._follow(step, self._side.read_want(message))
            case m.Lines() if talking and message.tag not in self._lines_seen:
                self._on_lines(step, message)
            case m.Contents() if talking and self._contents_left:
                self._on_contents(message)
            case m.Slices() if not opening:
                self._on_slices(step, message)
            case m.Ack(count) if self._out.acknowledge(count):
                pass
            case m.Sent(asks) if talking and self._asks.heard < asks <= self._asks.made:
                self._asks.heard = asks
            case _:
                self._drop(step, "sync/unexpected")

    def _on_hello(self, step: Step, hello: m.Hello) -> None:
        if hello.version < m.SYNC_VERSION:
            self._drop(step, "sync/version")
        elif hello.log is None:
            if self._logs_told:
                self._drop(step, "sync/unexpected")
                return
            self._logs_told = True
            log = self._side.log
            logs = (log,) if log is not None else tuple(self._side.endpoint.logs())
            self._send(step, m.Logs(logs))
        elif not self._side.find(hello):
            self._drop(step, "sync/no-common-log")
        else:
            self._live = bool(self._flags & hello.flags & m.LIVE)
            answer = self._side.answer(hello, nonce=self._nonce, flags=self._flags)
            self._bodies = hello.bodies
            if isinstance(answer, m.Same):
                self._send(step, answer)
                self._equal(step, hello.root)
            elif isinstance(answer, m.RangesOf):
                self._awaits = m.Split
                self._send(step, answer)
            else:
                self._talk(step, answer)

    def _on_logs(self, step: Step, logs: m.Logs) -> None:
        if len(logs.logs) != 1:
            self._drop(step, "sync/several-logs" if logs.logs else "sync/no-common-log")
            return
        self._side.log = logs.logs[0]
        self._send(step, self._side.hello(self._flags))

    def _on_same(self, step: Step, same: m.Same) -> None:
        if same.version != m.SYNC_VERSION:
            self._drop(step, "sync/version")
            return
        self._live = bool(self._flags & same.flags & m.LIVE)
        if self._side.holdings is None:
            # Both hold nothing of a log that only one of them knows by name.
            self._drop(step, "sync/no-common-log")
        else:
            self._equal(step, None)

    def _equal(self, step: Step, root: bytes | None) -> None:
        """Nothing to send either way."""
        records = tuple(self._side.records())
        self._agreed = Agreed(root or log_checkpoint(records), records)
        self._side.remember(self._agreed)
        if self._live:
            self.state = State.LIVE
        else:
            self._peer_root = self._agreed.root
            self._end(step, None)

    def _on_vector(self, step: Step, said: m.VectorOf) -> None:
        if self._answered(step, said):
            found = self._side.read_vector(said)
            if isinstance(found, Comparison):
                self._talk(step, None)
            self._follow(step, found)

    def _on_ranges(self, step: Step, said: m.RangesOf) -> None:
        if self._answered(step, said):
            self._awaits = m.Leaves
            self._send(step, self._side.read_ranges(said))

    def _on_split(self, step: Step, said: m.Split) -> None:
        found = self._side.read_split(said)
        if isinstance(found, Rejected):
            self._refuse(step, found)
        else:
            self._talk(step, found)

    def _on_leaves(self, step: Step, said: m.Leaves) -> None:
        found = self._side.read_leaves(said)
        if isinstance(found, Comparison):
            self._talk(step, None)
        self._follow(step, found, waited_for=True)

    def _answered(self, step: Step, said: m.VectorOf | m.RangesOf) -> bool:
        """Whether the responder's view can be read."""
        if said.version != m.SYNC_VERSION:
            self._drop(step, "sync/version")
            return False
        self._live = bool(self._flags & said.flags & m.LIVE)
        self._bodies = said.bodies
        return True

    def _talk(self, step: Step, last: m.VectorOf | m.Leaves | None) -> None:
        """Views are compared now, once this is said; what is missing may be asked for."""
        self._awaits = None
        self.state = State.TALKING
        if last is not None:
            self._send(step, last)
        self._ask_contents(step, self._bodies)

    def _follow(
        self, step: Step, found: Comparison | Rejected, *, waited_for: bool = False
    ) -> None:
        """Asks for what a comparison found wanting, and starts sending what the peer lacks.

        Args:
            waited_for: the peer sends nothing before it has heard what is wanted.
        """
        if isinstance(found, Rejected):
            self._refuse(step, found)
            return
        if found.wants or waited_for:
            self._ask(step, m.Want(encode_wants(found.wants)))
        for author in found.split:
            self._say_lines(step, author)
        flow = self._side.lacking(found.have)
        if flow is not None:
            self._out.add(flow)

    def _on_lines(self, step: Step, lines: m.Lines) -> None:
        self._lines_seen.add(lines.tag)
        self._asks.seen += 1
        author = self._side.author_of(lines.tag)
        if author is None:
            self._reject(step, [Rejected(b"", "sync/unexpected", "lines of an unknown author")])
            return
        self._say_lines(step, author)
        flow = self._side.lacking(self._side.read_lines(author, lines))
        if flow is not None:
            self._out.add(flow)

    def _on_contents(self, asked: m.Contents) -> None:
        # Only one that is full has another behind it.
        self._contents_left -= 1 if len(asked.spans) == SYNC_SPANS_MAX else self._contents_left
        self._asks.seen += 1
        flow = self._side.contents(asked)
        if flow is not None:
            self._out.add(flow)

    def _on_slices(self, step: Step, message: m.Slices) -> None:
        assert self._side.log is not None
        good: list[Slice] = []
        for value in message.slices:
            one = slice_from_value(value, log=self._side.log)
            if isinstance(one, Rejected):
                self._reject(step, [one])
            else:
                good.append(one)
                self.meter.events_received += one.count
                self.meter.pack_bytes_in += len(one.pack)
        code = self._side.admit(good)
        if code is not None:
            self._drop(step, code)
            return
        self._ingesting = True
        step.slices, refused = self._spending.admit(good)
        self._reject(step, refused)

    def _on_bye(self, step: Step, bye: m.Bye) -> None:
        if bye.code:
            self._by_peer = True
            self._end(step, bye.code)
        elif self.state is State.OPENING or self._peer_root is not None:
            self._drop(step, "sync/unexpected")
        else:
            self._peer_root = bye.root

    # --- what this side says --------------------------------------------------------------------

    def _send(self, step: Step, message: m.Message) -> None:
        if self.state is State.CLOSED:
            return  # what was said before it in this step was too long
        data = m.encode(message)
        if len(data) > MESSAGE_BYTES_MAX:
            self._drop(step, "sync/message-size")
            return
        question = isinstance(message, m.Hello | m.Split | m.Want | m.Lines | m.Contents | m.Sent)
        self.meter.sent(len(data), question=question)
        step.send.append(data)

    def _ask(self, step: Step, message: m.Want | m.Lines | m.Contents) -> None:
        self._asks.made += 1
        self._send(step, message)

    def _ask_contents(self, step: Step, theirs: bytes) -> None:
        for asked in self._side.contents_wanted(theirs):
            self._ask(step, asked)

    def _say_lines(self, step: Step, author: bytes) -> None:
        if author not in self._lines_sent:
            self._lines_sent.add(author)
            self._ask(step, self._side.lines_of(author))

    def _pump(self, step: Step) -> Step:
        """Sends as much as the window allows, then says what can be said."""
        if self.state in {State.OPENING, State.CLOSED}:
            return step
        step.send.extend(self._out.messages())
        if self._ingesting or not self._out.idle:
            return step
        asks = self._asks
        if self.state is State.TALKING:
            # The responder says it only after the initiator: a Want may still be on its way.
            if asks.answered != asks.seen and (self._initiator or asks.heard >= 0):
                asks.answered = asks.seen
                self._send(step, m.Sent(asks.seen))
            if asks.quiet:
                self._quiet(step)
        if self._peer_root is not None and (self.state is State.LIVE or self._agreed is not None):
            self._finish(step)
        return step

    def _quiet(self, step: Step) -> None:
        """Both directions are through."""
        if self._live:
            self.state = State.LIVE
        elif self._agreed is None:
            self._say_bye(step)

    def _say_bye(self, step: Step) -> None:
        records: tuple[Record, ...] = tuple(self._side.records())
        self._agreed = Agreed(log_checkpoint(records), records)
        self._send(step, m.Bye("", self._agreed.root))

    def _finish(self, step: Step) -> None:
        """Both have said Bye, or will have with this step."""
        if self.state is State.LIVE and self._live:
            self._say_bye(step)
        assert self._agreed is not None
        if self._pending:
            detail = f"{self._pending} events wait for parents the peer did not send"
            self._reject(step, [Rejected(b"", "sync/missing-parents", detail)])
        if self._agreed.root == self._peer_root:
            self._side.remember(self._agreed)
        self._end(step, None)

    def _reject(self, step: Step, rejected: Sequence[Rejected]) -> None:
        step.rejected.extend(rejected)
        self._spending.rejected += len(rejected)
        self._rejected.extend(rejected[: SYNC_REJECTED_MAX - len(self._rejected)])

    def _refuse(self, step: Step, rejected: Rejected) -> Step:
        """What cannot be read cannot be answered."""
        self._reject(step, [rejected])
        return self._drop(step, rejected.code)

    def _drop(self, step: Step, code: str) -> Step:
        """This side ends it, and says why."""
        if self.state is not State.CLOSED:
            bye = m.encode(m.Bye(code, b""))
            self.meter.sent(len(bye), question=False)
            step.send.append(bye)
        return self._end(step, code)

    def _end(self, step: Step, code: str | None) -> Step:
        if self.state is not State.CLOSED:
            self.state = State.CLOSED
            self._code = code
        self._out.clear()
        self._ingesting = False
        step.done, step.code, step.slices = True, self._code, None
        return step
