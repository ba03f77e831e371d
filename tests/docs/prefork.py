"""A ``tally`` whose process is forked from one that has imported everything: a tenth of the time.

    tally sync ... ──► this file, run by a bare interpreter: hands its streams, folder, words
                                    │  (one UNIX socket, one connection for each command)
                                    ▼
                       a server with all rooms imported ──► fork ──► the command itself

Every command still is a process of its own, with its own streams, folder and exit code, so that a
shell's pipes, loops and ``$(...)`` are what they are for people. What differs is how it starts and
that signals do not reach it: tests of those start ``python -m tallystick.cli``.

Usage: ``python prefork.py SOCKET`` serves; ``python -IS prefork.py SOCKET WORD ...`` is a command.
"""

from __future__ import annotations

import array
import os
import socket
import sys

STREAMS = 3
REQUEST_BYTES_MAX = 1 << 20


def ask(place: str, words: list[str]) -> int:
    """A command: its exit code."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(place)
        folder = os.getcwd()  # noqa: PTH109 - importing pathlib costs more than all of this
        settings = [f"{name}={value}" for name, value in os.environ.items()]
        parts = [folder, str(len(words)), *words, *settings]
        data = b"\0".join(os.fsencode(part) for part in parts)
        streams = array.array("i", range(STREAMS))
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, streams)]
        line.sendmsg([len(data).to_bytes(4, "little")], rights)
        line.sendall(data)
        said = line.recv(1)
    return said[0] if said else 70  # the process died without a word


def serve(place: str) -> None:
    """Imports every room, says so by a line, and forks until it is killed."""
    import importlib
    import pkgutil
    import signal

    import tallystick

    for room in pkgutil.walk_packages(tallystick.__path__, "tallystick."):
        if not room.name.endswith("__main__"):
            importlib.import_module(room.name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for what is forked
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(place)
        door.listen()
        print("ready", flush=True)
        while True:
            line, _ = door.accept()
            if os.fork() == 0:
                door.close()
                become(line)
            line.close()


def become(line: socket.socket) -> None:
    """In the forked process: takes over what was handed, runs the command, says how it ended."""
    import signal
    import traceback

    from tallystick.cli import main

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    size, streams, _, _ = socket.recv_fds(line, 4, STREAMS)
    for ours, theirs in enumerate(streams):
        os.dup2(theirs, ours)
        os.close(theirs)
    sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w", 1)
    wanted = int.from_bytes(size, "little")
    assert wanted <= REQUEST_BYTES_MAX
    data = b""
    while len(data) < wanted:
        data += line.recv(wanted - len(data))
    folder, count, *rest = (os.fsdecode(part) for part in data.split(b"\0"))
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(setting.split("=", 1) for setting in rest[int(count) :])
    code = 1
    try:
        main(rest[: int(count)], prog_name="tally")
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - as the interpreter itself would
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        line.sendall(bytes([code]))
        os._exit(code)


if __name__ == "__main__":
    if sys.flags.isolated:
        sys.exit(ask(sys.argv[1], sys.argv[2:]))
    serve(sys.argv[1])
