"""Files that raised what is no code, or took what their size does not account for."""

from __future__ import annotations

import subprocess
import sys

import pytest
from tests.model.replica_world import key_of

from tallystick.errors import BadInput, StoreError
from tallystick.identity.keyfile import read_key, write_key


@pytest.fixture
def sealed(tmp_path):
    path = tmp_path / "a.key"
    write_key(path, key_of("sealed"), passphrase="open", cost=1)
    return path


@pytest.mark.parametrize("cost", ["17 1 1", "16 1 1", "20 16 1", "20 9 1", "1 0 1", "0 1 1"])
def test_scrypt_parameters_that_no_machine_should_meet_are_malformed(sealed, cost):
    lines = sealed.read_text().split("\n")
    lines[2] = " ".join(["scrypt", cost, lines[2].split(" ")[-1]])
    sealed.write_text("\n".join(lines))
    with pytest.raises(BadInput) as refused:
        read_key(sealed, passphrase="open")
    assert refused.value.code == "key/malformed"


SMALL = """
import resource, sys
from pathlib import Path
from tallystick.errors import StoreError
from tallystick.identity.keyfile import read_key
pages = int(Path("/proc/self/statm").read_text().split()[0]) if Path("/proc").is_dir() else 0
limit = pages * resource.getpagesize() + (64 << 20)
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
try:
    read_key(Path(sys.argv[1]), passphrase="open")
except StoreError as error:
    sys.exit(error.code)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of memory are Linux's")
def test_a_key_that_asks_for_more_memory_than_there_is_says_so(sealed):
    lines = sealed.read_text().split("\n")
    lines[2] = " ".join(["scrypt 20 8 1", lines[2].split(" ")[-1]])
    sealed.write_text("\n".join(lines))
    done = subprocess.run(
        [sys.executable, "-c", SMALL, str(sealed)], capture_output=True, text=True
    )
    assert done.stderr.strip() == "store/io"
    assert StoreError("store/io").exit_code == 1
