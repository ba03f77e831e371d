"""What every store does, whatever it is kept in; subclasses say how to make one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.store.world import World, key, put

from tallystick import kernels
from tallystick.errors import BadInput, NotFound, UsageError
from tallystick.kernels import PART_SKELETON, PART_WHOLE
from tallystick.store import FeedRange, StatementRow, Store

A, B, C = key(1), key(2), key(3)


class StoreCases:
    def make(self, tmp_path) -> Store:
        raise NotImplementedError

    @pytest.fixture
    def store(self, tmp_path):
        with self.make(tmp_path) as store:
            yield store

    @pytest.fixture
    def world(self, store):
        world = World()
        put(store, world.genesis(A))
        return world

    # --- transactions ---

    def test_a_failed_write_leaves_nothing_behind_and_no_cache(self, store, world):
        pack = world.pack(B, 3)

        def fail() -> None:
            with store.write():
                put(store, pack)
                _ = 1 / 0

        with pytest.raises(ZeroDivisionError):
            fail()
        assert store.next_row == 2
        assert store.find_author(B) is None
        assert store.rows_of([pack.id(0)]) == [None]
        assert put(store, pack) == 2

    def test_a_swallowed_inner_failure_fails_the_outer_block(self, store):
        def fail() -> None:
            with store.write():
                store.set_petname("x", A)
                _ = 1 / 0

        def swallow() -> None:
            with store.write(), pytest.raises(ZeroDivisionError):
                fail()

        with pytest.raises(AssertionError):
            swallow()
        assert store.petnames() == {}

    def test_nothing_is_written_outside_a_write_block(self, store):
        with pytest.raises(AssertionError):
            store.set_petname("x", A)

    def test_a_closed_store_says_so(self, store):
        store.close()
        with pytest.raises(UsageError) as caught, store.read():
            pass
        assert caught.value.code == "usage/closed"

    # --- logs, authors, kinds ---

    def test_logs_are_found_by_id_and_number(self, store, world):
        (log,) = store.logs()
        assert (log.id, log.name, log.purpose) == (world.log, "n", "p")
        assert store.log_no(world.log) == log.no
        with pytest.raises(NotFound):
            store.log_no(bytes(32))

    def test_names_keep_their_numbers(self, store):
        with store.write():
            numbers = [store.kind_no(kind) for kind in ("a", "b", "a")]
        assert numbers[0] == numbers[2] != numbers[1]
        assert [store.kind_name(no) for no in numbers] == ["a", "b", "a"]
        assert store.find_kind("c") is None

    # --- events ---

    def test_events_come_back_as_they_went_in(self, store, world):
        pack = world.pack(B, 4, deps={2: [world.log]}, schema=b"s" * 32)
        row = put(store, pack, voids={3: "void/frame"})
        events = store.events(row, 9)
        assert [event.id for event in events] == [pack.id(at) for at in range(4)]
        assert [event.seq for event in events] == [0, 1, 2, 3]
        assert {event.author for event in events} == {B}
        assert [event.deps for event in events] == [(), (), (1,), ()]
        assert [event.void for event in events] == [None, None, None, "void/frame"]
        third = events[2]
        assert (third.kind, third.schema, third.part) == ("record/edit", b"s" * 32, PART_WHOLE)
        assert (third.frame, third.erased) == (b"\x81\x01", False)
        assert store.event(row + 2) == third
        assert list(store.iter_events([(row + 2, 1), (row, 1)])) == [third, events[0]]

    def test_parents_are_prev_then_deps_and_the_genesis_event_for_seq_0(self, store, world):
        first = put(store, world.pack(B, 2))
        other = put(store, world.pack(C, 2, deps={1: [world.tips[B][1]]}))
        assert store.parents(1) == ()
        assert store.parents(first) == (1,)
        assert store.parents(first + 1) == (first,)
        assert store.parents(other + 1) == (other, first + 1)
        assert store.prev_row(store.event(first)) is None

    def test_packs_are_rebuilt_byte_for_byte(self, store, world):
        data = b""
        for count in (1, 3, 300, 2, 513):
            pack = world.pack(B, count, deps={count // 2: [world.log]})
            put(store, world.pack(A, 1))
            put(store, pack)
            data += pack.data
        line = store.find_line(1, B)
        assert store.read_pack(line.no, 0, line.size) == data
        part = store.read_pack(line.no, 250, 310)
        opened = kernels.open_pack(part, log=world.log, author=B)
        assert opened.stopped is None
        assert part in data
        genesis = store.read_pack(store.find_line(1, A).no, 0, 3)
        assert kernels.open_pack(genesis, author=A).count == 3

    def test_a_skeleton_goes_without_content_and_still_opens(self, store, world):
        pack = world.pack(B, 3)
        put(store, pack)
        line = store.find_line(1, B)
        data = store.read_pack(line.no, 0, 3, skeleton=lambda event: event.seq == 1)
        opened = kernels.open_pack(data, log=world.log, author=B)
        assert opened.ids == pack.ids
        assert list(opened.part) == [PART_WHOLE, PART_SKELETON, PART_WHOLE]
        assert list(opened.body_status) == [0, 0, 0]

    def test_content_may_come_late_only_if_it_is_the_right_one(self, store, world):
        pack = world.pack(B, 2)
        seeds = [pack.data[at : at + 16] for at in memoryview(pack.seal_start).cast("I")]
        put(store, pack)
        line = store.find_line(1, B)
        data = store.read_pack(line.no, 0, 2, skeleton=lambda _: True)
        with Store.memory() as other:
            put(other, kernels.open_pack(store.read_pack(1, 0, 1), author=A))
            row = put(other, kernels.open_pack(data, log=world.log, author=B))
            assert other.event(row).content is None
            assert other.event(row).content_size == 2
            with other.write():
                with pytest.raises(BadInput):
                    other.set_content(row, seed=seeds[0], content=b"\x61z")
                other.set_content(row, seed=seeds[0], content=store.event(row).content)
            assert other.event(row) == store.event(row)
            assert other.event(row + 1).content is None

    def test_erasing_leaves_a_skeleton_with_the_same_id(self, store, world):
        pack = world.pack(B, 2)
        row = put(store, pack)
        with store.write():
            store.erase_content(row)
        event = store.event(row)
        assert (event.content, event.erased, len(event.seal)) == (None, True, 48)
        line = store.find_line(1, B)
        opened = kernels.open_pack(store.read_pack(line.no, 0, 2), log=world.log, author=B)
        assert opened.ids == pack.ids
        assert list(opened.part) == [PART_SKELETON, PART_WHOLE]
        assert list(store.scan(line.no)) == []

    # --- lines ---

    def test_an_outdated_line_is_refused(self, store, world):
        put(store, world.pack(B, 1))
        line = store.find_line(1, B)
        put(store, world.pack(B, 1))
        with pytest.raises(AssertionError), store.write():
            store.insert(line, world.pack(B, 1), 0, 1)

    def test_events_without_a_head_are_not_kept(self, store, world):
        with pytest.raises(AssertionError), store.write():
            store.insert(store.add_line(1, B), world.pack(B, 1), 0, 1)
        assert store.lines(1, B) == []

    def test_a_side_shares_its_base_and_goes_its_own_way(self, store, world):
        main = world.pack(B, 6)
        split = (3, main.id(2), world.lamports[main.id(2)])
        put(store, main)
        side = world.pack(B, 2, tip=split)
        base = store.find_line(1, B)
        with store.write():
            line = store.add_line(
                1,
                B,
                side=side.id(0),
                base=base.no,
                first_seq=3,
                peaks=store.peaks_at(base.no, 3),
                last_id=main.id(2),
                lamport=split[2],
            )
        row = put(store, side, line=line)
        assert [store.row_at(line.no, seq) for seq in range(5)] == [2, 3, 4, row, row + 1]
        assert store.leaf_ids(line.no, 0, 5) == main.ids[:96] + side.ids
        assert store.line(line.no).peaks == kernels.merkle_append(0, b"", main.ids[:96] + side.ids)
        assert store.read_pack(line.no, 2, 5) == store.read_pack(base.no, 2, 3) + side.data
        assert store.parents(row) == (4,)
        assert list(store.scan(line.no)) == []
        assert [x.no for x in store.lines(1, B)] == [base.no, line.no]
        with store.write():
            store.set_line(store.line(base.no)._replace(side=main.id(3)))
            assert store.find_line(1, B) is None
            assert store.find_line(1, B, main.id(3)).no == base.no

    def test_proofs_across_kept_levels_agree_with_the_leaves(self, store, world):
        ids = b""
        for count in (250, 5, 1, 256, 700, 1):
            pack = world.pack(B, count)
            put(store, pack)
            ids += pack.ids
        line = store.find_line(1, B)
        for size in (0, 1, 255, 256, 257, 511, 512, 1000, 1213):
            assert store.peaks_at(line.no, size) == kernels.merkle_append(0, b"", ids[: 32 * size])
        for level in range(11):
            leaves = ids[: 32 << level]
            assert store.node(line.no, level, 0) == kernels.merkle_nodes(leaves, level)

    # --- feed ---

    def test_the_feed_is_gap_free_and_read_from_anywhere(self, store):
        with store.write():
            assert store.feed_append(1, [(5, 3), (8, 2)], weight=1, cause="a") == 5
            assert store.feed_append(1, [(10, 1)], weight=1, cause="a") == 6
            assert store.feed_append(1, [(20, 2), (5, 1)], weight=-1, cause="b") == 9
            assert store.feed_append(2, [(1, 1)], weight=1) == 1
        assert store.feed_read(1, 0, 100) == [
            FeedRange(0, 5, 6, 1, "a"),
            FeedRange(6, 20, 2, -1, "b"),
            FeedRange(8, 5, 1, -1, "b"),
        ]
        assert store.feed_read(1, 4, 3) == [
            FeedRange(4, 9, 2, 1, "a"),
            FeedRange(6, 20, 1, -1, "b"),
        ]
        assert store.feed_read(1, 9, 3) == []
        assert store.feed_end(1) == 9
        assert store.feed_end(3) == 0

    # --- pending, arrival ---

    def test_pending_slices_are_found_by_what_they_wait_for_and_bounded(self, store):
        with store.write():
            for at in range(5):
                store.add_pending(
                    1, B, seq=at, count=2, slice=bytes(10), waits_for=bytes([at % 2]) * 32,
                    peer=b"p", received_ms=at,
                )  # fmt: skip
        assert [row.seq for row in store.pending_for(1, [b"\x01" * 32])] == [1, 3]
        assert store.pending_for(2, [b"\x01" * 32]) == []
        assert store.pending_stats(b"p") == (10, 50)
        assert store.pending_stats(b"q") == (0, 0)
        assert set(store.pending_wants(1)) == {bytes(32), b"\x01" * 32}
        with store.write():
            assert store.trim_pending(b"p", author=A, events_max=1, bytes_max=1) == 0
            assert store.trim_pending(b"p", author=B, events_max=8, bytes_max=1000) == 2
            assert store.trim_pending(b"p", events_max=6, bytes_max=1000) == 2
        assert [row.seq for row in store.pending_of(1, B)] == [2, 3, 4]
        with store.write():
            store.drop_pending([row.no for row in store.pending_of(1)])
        assert store.pending_stats() == (0, 0)

    def test_arrivals_say_when_and_whence(self, store, world):
        first = store.next_row
        with store.write():
            for count, received_ms, peer in ((3, 10, b""), (2, 10, b""), (1, 20, b"p")):
                row = put(store, world.pack(B, count))
                store.record_arrival(row, received_ms=received_ms, peer=peer)
        assert store.arrival(first + 4).row == first
        assert (store.arrival(first + 5).peer, store.arrival(first + 5).received_ms) == (b"p", 20)
        assert store.arrival(first + 6) is None
        assert store.received_end(9) == 1
        assert store.received_end(10) == store.received_end(19) == first + 5
        assert store.received_end(20) == first + 6

    # --- what was judged, heard, named ---

    def test_notes_are_read_as_they_were_set(self, store):
        said = StatementRow(7, b"i" * 32, A, 3, 5, "ban", B, b"\xf6")
        with store.write():
            store.add_statements(1, [said, replace(said, row=9)])
            assert store.add_private(1, kind="trust/ban", frame=b"f", reason="r") == 1
            assert store.add_private(1, kind="trust/ban", frame=b"g") == 2
            store.set_policy(1, b"one", pos=0, changed_ms=5)
            store.set_policy(1, b"two", pos=9, changed_ms=6)
            store.set_petname("bob", B)
            store.set_petname("eve", C)
            store.set_petname("eve", None)
            store.set_peer(b"k", 1, checkpoint=b"c", vector=b"v")
            store.set_view(1, "v", definition=b"d", policy=b"h", pos=4)
            store.keep(0, "x", b"y")
        assert store.statements(1) == [said, replace(said, row=9)]
        assert store.statements(1, 7) == [replace(said, row=9)]
        assert store.statements(2) == []
        assert [row.frame for row in store.privates(1)] == [b"f", b"g"]
        assert store.policy(1) == b"two"
        assert store.policy(2) is None
        assert [(row.pos, row.document) for row in store.policy_history(1)] == [
            (0, b"one"),
            (9, b"two"),
        ]
        assert store.petnames() == {"bob": B}
        assert store.peer(b"k", 1) == (b"c", b"v")
        assert store.peer(b"k", 2) is None
        assert [view.pos for view in store.views(1)] == [4]
        assert store.kept(0, "x") == b"y"
        assert store.kept(1, "x") is None

    def test_an_equivocation_is_kept_once_whichever_side_is_named_first(self, store):
        with store.write():
            assert store.add_equivocation(1, B, seq=3, id_a=b"b", id_b=b"a", frame=b"f")
            assert not store.add_equivocation(1, B, seq=3, id_a=b"a", id_b=b"b", frame=b"g")
        (row,) = store.equivocations(1, B)
        assert (row.id_a, row.id_b, row.frame) == (b"a", b"b", b"f")
        assert store.equivocations(1, C) == []
