"""What a replica makes of events that are invalid by their parents, or void by what they name."""

from __future__ import annotations

from itertools import permutations

from tests.model.replica_world import world

from tallystick.chain.slice import Slice, decode_slice
from tallystick.event.ids import cid_text


def test_invalid_chains_end_where_the_vectors_say_and_void_events_are_void(vectors):
    found = vectors("validity")
    log = bytes.fromhex(found["log"])
    for case in found["cases"]:
        slices = [decode_slice(bytes.fromhex(one), log=log) for one in case["slices"]]
        assert all(isinstance(one, Slice) for one in slices), case["name"]
        for order in permutations(slices):
            (replica,) = world(1)
            before = sum(one.events for one in replica.logs() if one.id == cid_text(log))
            taken = replica.receive(list(order), log=log)
            replica.bind(log)
            events = replica.history()
            assert before + len(events) == case["stored"], case["name"]
            told = sorted([one.subject.hex(), one.code] for one in taken.rejected)
            assert told == sorted(case["rejected"]), case["name"]
            void = {event.id: event.void for event in events if event.void}
            expected = {cid_text(bytes.fromhex(k)): code for k, code in case["void"].items()}
            assert void == expected, case["name"]
            assert not any(event.counts for event in events if event.void)
            replica.close()
