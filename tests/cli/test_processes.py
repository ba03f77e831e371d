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


def tally(*words, cwd, **more):
    return subprocess.run(
        [*TALLY, *words], cwd=cwd, capture_output=True, text=True, timeout=60, check=False, **more
    )


def interruptible() -> None:
    """Ctrl-C reaches the process also where these tests run in a shell's background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def served(tmp_path):
    """Ana's store with one event, served on a free port; yields (process, url)."""
    assert tally("init", "ana.tally", cwd=tmp_path).returncode == 0
    assert tally("write", "ana.tally", "note/post", '"hi"', cwd=tmp_path).returncode == 0
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


def test_a_store_is_served_and_synced_over_tcp_and_stops_cleanly(served, tmp_path):
    process, url = served
    assert tally("init", "bob.tally", cwd=tmp_path).returncode == 0
    done = tally("sync", "bob.tally", url, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["events_in"] == 2
    assert tally("write", "bob.tally", "note/post", '"ho"', cwd=tmp_path).returncode == 0
    done = tally("sync", "bob.tally", url, "--json", cwd=tmp_path)
    report = json.loads(done.stdout)
    assert report["events_out"] == 1
    assert report["equal"] is True
    digests = {tally("digest", store, cwd=tmp_path).stdout for store in ("ana.tally", "bob.tally")}
    assert len(digests) == 1
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0
    talk = process.stderr.read().splitlines()
    assert len(talk) == 2
    assert "2 out" in talk[0]


def test_a_follower_stays_and_takes_what_is_new_until_it_is_told_to_stop(served, tmp_path):
    _, url = served
    assert tally("init", "bob.tally", cwd=tmp_path).returncode == 0
    command = [*TALLY, "sync", "bob.tally", url, "--follow", "--json"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as follower:
        try:
            wanted = tally("digest", "ana.tally", cwd=tmp_path).stdout
            assert reached("bob.tally", wanted, tmp_path)
            tally("write", "ana.tally", "note/post", '"more"', cwd=tmp_path)
            wanted = tally("digest", "ana.tally", cwd=tmp_path).stdout
            assert reached("bob.tally", wanted, tmp_path)
            follower.send_signal(signal.SIGTERM)
            assert follower.wait(timeout=20) == 0
            assert json.loads(follower.stdout.read())["events_in"] == 3
        finally:
            follower.kill()


def reached(store, wanted, home, tries=60):
    """Whether the store comes to that digest; each try is a process, which is wait enough."""
    return any(tally("digest", store, cwd=home).stdout == wanted for _ in range(tries))


def test_ctrl_c_on_a_server_is_exit_130_without_a_traceback(served):
    process, _ = served
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 130
    assert "Traceback" not in process.stderr.read()


def test_a_reader_that_goes_away_leaves_no_traceback(tmp_path):
    assert tally("init", "ana.tally", cwd=tmp_path).returncode == 0
    lines = "\n".join(f'"note {n}"' for n in range(3000))
    assert tally("write", "ana.tally", "note/post", cwd=tmp_path, input=lines).returncode == 0
    done = subprocess.run(
        f"{' '.join(TALLY)} history ana.tally | head -n 1",
        shell=True,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.split() == ["event", "author", "seq", "kind", "content"]
    assert "Traceback" not in done.stderr


def test_output_survives_a_terminal_that_knows_only_ascii(tmp_path):
    ascii_only = os.environ | {"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0"}
    assert tally("init", "ana.tally", cwd=tmp_path).returncode == 0
    said = tally("write", "ana.tally", "note/post", '"naïve ☃"', cwd=tmp_path)
    assert said.returncode == 0
    done = tally("history", "ana.tally", cwd=tmp_path, env=ascii_only)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_person_at_a_terminal_is_asked_for_the_passphrase_of_a_sealed_key(tmp_path, monkeypatch):
    import pty

    monkeypatch.setenv("TALLYSTICK_PASSPHRASE", "correct horse")
    assert tally("init", "a.tally", "--passphrase", cwd=tmp_path).returncode == 0
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
            out, err = asked.communicate(timeout=30)
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
