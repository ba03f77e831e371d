"""A process that writes a store is killed; what it had said was durable is there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tallystick.store import Store

WRITER = """
import sys
from tallystick.store import Store
from tests.store.world import World, key, put

store, world = Store.create(sys.argv[1], now=0), World()
put(store, world.genesis())
while True:
    for author in (1, 2, 3):
        pack = world.pack(key(author), 40 + author, deps={1: [world.log]})
        put(store, pack)
        print(pack.id(pack.count - 1).hex(), flush=True)
    store.maintain()
"""
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("acknowledged", [1, 30, 250])
def test_what_was_acknowledged_survives_a_kill(tmp_path, acknowledged):
    path = tmp_path / "a.tally"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    ids = []
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, env=environment
    ) as writer:
        try:
            ids = [bytes.fromhex(writer.stdout.readline().decode()) for _ in range(acknowledged)]
        finally:
            os.kill(writer.pid, signal.SIGKILL)
            ids += [bytes.fromhex(line.decode()) for line in writer.stdout if len(line) == 65]
    assert len(ids) >= acknowledged
    with Store.open(path) as store:
        assert None not in store.rows_of(ids)
        for line in store.lines(1):
            assert list(store.scan(line.no)) == []
            assert line.head_size == line.size
        assert list(store.scan_index()) == []
        sizes = sum(line.size for line in store.lines(1))
        assert sizes == store.next_row - 1
