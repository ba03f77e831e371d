"""The command as people meet it: real processes, real sockets, real signals."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time

import pytest

import tallystick

TALLY = [sys.executable, "-m", "tallystick.cli"]
SECONDS = 120
"""How long something may take that takes one: only a machine that does much else needs them."""


def tally(*words, cwd, **more):
    """A process; what only prepares for one or looks at what it left uses `shell`."""
    return subprocess.run(
        [*TALLY, *words],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        **more,
    )


def interruptible() -> None:
    """Ctrl-C reaches the process also where these tests run in a shell's background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def served(tmp_path, shell):
    """Ana's store with one event, served on a free port; yields (process, url)."""
    shell.ok("init", "ana.tally")
    shell.ok("write", "ana.tally", "note/post", '"hi"')
    command = [*TALLY, "serve", "ana.tally", "--listen", "tcp://127.0.0.1:0", "--json"]
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=interruptible,  # noqa: PLW1509 - no other thread runs in a test's process
    ) as process:
        try:
            yield process, json.loads(process.stdout.readline())["listening"]
        finally:
            process.kill()


def test_a_store_is_served_and_synced_over_tcp_and_stops_cleanly(served, shell, tmp_path):
    process, url = served
    shell.ok("init", "bob.tally")
    done = tally("sync", "bob.tally", url, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["events_in"] == 2
    shell.ok("write", "bob.tally", "note/post", '"ho"')
    report = shell.ok("sync", "bob.tally", url)
    assert report["events_out"] == 1
    assert report["equal"] is True
    assert len({shell("digest", store).out for store in ("ana.tally", "bob.tally")}) == 1
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=SECONDS) == 0
    talk = process.stderr.read().splitlines()
    assert len(talk) == 2
    assert "2 out" in talk[0]


def test_a_follower_stays_and_takes_what_is_new_until_it_is_told_to_stop(served, shell, tmp_path):
    _, url = served
    shell.ok("init", "bob.tally")
    command = [*TALLY, "sync", "bob.tally", url, "--follow", "--json"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as follower:
        try:
            assert followed(shell, follower)
            shell.ok("write", "ana.tally", "note/post", '"more"')
            assert followed(shell, follower)
            follower.send_signal(signal.SIGTERM)
            assert follower.wait(timeout=SECONDS) == 0
            assert json.loads(follower.stdout.read())["events_in"] == 3
        finally:
            follower.kill()


def followed(shell, follower):
    """Whether Bob's store, which the follower fills, comes to hold what Ana's does."""
    wanted = shell("digest", "ana.tally").out
    for _ in range(10 * SECONDS):
        if shell("digest", "bob.tally").out == wanted:
            return True
        with pytest.raises(subprocess.TimeoutExpired):
            follower.wait(timeout=0.1)
    return False


def test_ctrl_c_on_a_server_is_exit_130_without_a_traceback(served):
    process, _ = served
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=SECONDS) == 130
    assert "Traceback" not in process.stderr.read()


def test_a_reader_that_goes_away_leaves_no_traceback(tmp_path, shell):
    shell.ok("init", "ana.tally")
    lines = "\n".join(f'"note {n}"' for n in range(3000))
    shell.ok("write", "ana.tally", "note/post", stdin=lines)
    done = subprocess.run(
        f"{' '.join(TALLY)} history ana.tally | head -n 1",
        shell=True,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.stdout.split() == ["event", "author", "seq", "kind", "content"]
    assert "Traceback" not in done.stderr


def test_output_survives_a_terminal_that_knows_only_ascii(tmp_path, shell):
    ascii_only = os.environ | {"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0"}
    shell.ok("init", "ana.tally")
    shell.ok("write", "ana.tally", "note/post", '"naïve ☃"')
    done = tally("history", "ana.tally", cwd=tmp_path, env=ascii_only)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_person_at_a_terminal_is_asked_for_the_passphrase_of_a_sealed_key(
    tmp_path, shell, monkeypatch
):
    import pty

    monkeypatch.setenv("TALLYSTICK_PASSPHRASE", "correct horse")
    shell.ok("init", "a.tally", "--passphrase")
    monkeypatch.delenv("TALLYSTICK_PASSPHRASE")
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*TALLY, "write", tmp_path / "a.tally", "note/n", "1"],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as asked:
        try:
            prompt = asked.stderr.read(len("passphrase of"))
            # What is typed before the terminal stops echoing is thrown away: type until it is read.
            for _ in range(200):
                if asked.poll() is not None:
                    break
                os.write(ours, b"correct horse\n")
                time.sleep(0.2)
            out, err = asked.communicate(timeout=SECONDS)
        finally:
            asked.kill()
            os.close(ours)
            os.close(theirs)
    assert prompt == b"passphrase of"
    assert asked.returncode == 0, err
    assert out.startswith(b"bafyrei")


def test_the_plain_verbs_work_inside_a_running_loop_as_notebooks_have(served, tmp_path):
    _, url = served

    async def cell():
        with tallystick.open(tmp_path / "notebook.tally", create=True) as replica:
            report = replica.sync(url)
            replica.write("note/n", 1)
            return report, replica.sync(url)

    first, second = asyncio.run(cell())
    assert first.equal
    assert (second.events_out, second.equal) == (1, True)
