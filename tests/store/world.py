"""Chains for store tests: a genesis event and authors whose packs are sealed as real ones are."""

from __future__ import annotations

from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tallystick import kernels
from tallystick.kernels import Draft, Pack
from tallystick.store import LineRow, Store


def key(number: int) -> bytes:
    seed = number.to_bytes(32, "big")
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


class World:
    """Events that exist, by author: ids and lamports; ``pack`` writes more of them."""

    def __init__(self) -> None:
        self.log = b""
        self.tips: dict[bytes, tuple[int, bytes, int]] = {}
        self.lamports: dict[bytes, int] = {}
        self.made = 0

    def genesis(self, author: bytes = key(1)) -> Pack:
        return self.pack(author, 1)

    def pack(
        self,
        author: bytes,
        count: int,
        *,
        deps: dict[int, list[bytes]] | None = None,
        tip: tuple[int, bytes, int] | None = None,
        kind: str = "record/edit",
        schema: bytes = b"",
        content: bytes | None = None,
    ) -> Pack:
        """The author's next events; ``deps[i]`` are ids; ``tip`` writes a second side."""
        deps = deps or {}
        seq, prev, before = tip or self.tips.get(author, (0, b"", self.lamports.get(self.log, -1)))
        lamports = []
        for at in range(count):
            before = 1 + max(before, *(self.lamports[x] for x in deps.get(at, [])), before)
            lamports.append(before)
        first = not self.log
        seeds = [sha256(b"%d" % (self.made + at)).digest()[:16] for at in range(count)]
        self.made += count
        draft = Draft(
            lamports,
            [1_000 + at for at in range(count)],
            ["log/create"] if first else [kind] * count,
            [b"".join(sorted(deps.get(at, []))) for at in range(count)],
            [schema] * count,
            [b"" if first else b"\x81\x01"] * count,
            [content or b"\x61" + bytes([97 + at % 26]) for at in range(count)],
            seeds,
        )
        data = kernels.seal_pack(draft, log=self.log, author=author, seq=seq, prev=prev)
        pack = kernels.open_pack(data, log=self.log, author=author)
        assert pack.stopped is None
        self.log = pack.log
        for at in range(count):
            self.lamports[pack.id(at)] = lamports[at]
        if tip is None:
            self.tips[author] = (seq + count, pack.id(count - 1), lamports[-1])
        return pack


def under_head(store: Store, line_no: int) -> None:
    """Give a line a head that covers it (its signature is not the store's business)."""
    line = store.line(line_no)
    store.set_line(
        line._replace(
            head_size=line.size,
            head_root=kernels.merkle_root(line.peaks),
            head_signature=bytes(64),
            head_proof=b"",
        )
    )


def put(
    store: Store,
    pack: Pack,
    *,
    line: LineRow | None = None,
    begin: int = 0,
    end: int | None = None,
    voids: dict[int, str] | None = None,
) -> int:
    """Store a pack (or rows of it), its log and line made when new; returns the first row."""
    end = pack.count if end is None else end
    with store.write():
        log_no = store.find_log(pack.log)
        if log_no is None:
            log_no = store.add_log(pack.log, name="n", purpose="p")
        line = line or store.find_line(log_no, pack.author) or store.add_line(log_no, pack.author)
        offsets = memoryview(pack.dep_offsets).cast("I")
        parents = []
        for at in range(begin, end):
            ids = [pack.deps[32 * i : 32 * i + 32] for i in range(offsets[at], offsets[at + 1])]
            rows = store.rows_of(ids)
            assert None not in rows
            parents.append(tuple(row for row in rows if row is not None))
        row = store.insert(store.line(line.no), pack, begin, end, parents, voids=voids)
        under_head(store, line.no)
    return row
