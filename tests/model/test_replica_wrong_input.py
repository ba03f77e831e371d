"""Every method of the front door, given what it was not made for: a coded error and no trace."""

from __future__ import annotations

import inspect
import threading
from contextlib import AbstractContextManager
from functools import partial

import pytest
from tests.model.replica_world import check, key_of, refusal, replica, stamp

import tallystick
from tallystick.errors import CODES
from tallystick.replica.reading import Reading
from tallystick.replica.replica import Batch, Replica

UNKNOWN_EVENT = "bafyreigh2akiscaildc22aqz7qcpfp7lkldd6mfhqyeyxyxlgmxcx5ctqy"
JUNK = [
    None, True, 0, 5, -1, 2**63, 2**70, -(2**70), 1.5, float("nan"), b"", b"x" * 32, "", " ", "x",
    "a b", "a//b", "/", "\0", "a\0b", "\ud800", "did:key:", "did:key:z6Mk", "did:key:z6Mkzzzzzzzz",
    key_of("stranger").did, "bafyrei", "bafyreiaaaaaaaa", "bafyrei!!!!!!!!", UNKNOWN_EVENT,
    UNKNOWN_EVENT.upper(), "me", "*", "trust/*", "claimed:", "claimed:²", "claimed:" + "9" * 5000,
    "received:soon", "tcp://", "tcp://127.0.0.1:1", "http://x", "x" * 70_000, [], [1], ["x"], (),
    [("note", 1, 2)], [(1, 2)], {}, {"a": object()}, {1: 2}, object(), {"a"}, "SELECT",
    "DELETE FROM log", "SELECT 1; SELECT 2", "SELECT x'00', 1e999",
]  # fmt: skip
VALID = {
    "kind": "note", "content": {"a": 1}, "frame": None, "rows": [("note", 1)], "place": "a/b",
    "value": 1, "element": 1, "amount": 1, "private": False,
    "statement": tallystick.ban("stranger"), "options": {},
    "name": "places", "key": None, "subject": "a/title", "view": None, "type": None,
    "as_actor": None, "threshold": 1, "max_depth": 1, "scope": None, "then": False, "limit": 1,
    "order": "canonical", "author": None, "newest": False, "query": "SELECT 1", "params": (),
    "log": None, "progress": None, "ready": None, "ended": None, "slices": [], "purpose": "",
    "petname": "friend", "version": "claimed:1", "at": None, "listen": "tcp://127.0.0.1:0",
    "url": "tcp://127.0.0.1:1", "other": None, "target": "stranger", "actor": "stranger",
    "stance": "open", "fork_rule": "both", "restitution": None, "called": None, "verdict": None,
    "dispute": UNKNOWN_EVENT, "claim": None, "among": None, "before": "now", "after": "now",
    "since": 0, "to": "other", "show_only": True, "policy_a": "me", "policy_b": "me", "now": None,
    "quiet_ms": None, "which": "now", "status": None, "about": None, "by": None, "event": None,
    "schema": {"properties": {"a": {}}}, "indexes": [], "resolvers": {}, "resolver": None,
    "position": 0, "deleted": 0, "text": "x", "elements": [1], "start": 0, "end": 1, "grows": True,
    "everything": False, "who": "stranger", "side": UNKNOWN_EVENT, "group_ms": 300,
}  # fmt: skip
SAYING = {"ban", "allow", "adopt", "exclude", "include", "retract", "restore", "withdraw"}
OPTIONS = {
    "scope": ["*"],
    "reason": [None],
    "cut": [None],
    "weight": [1],
    "depth": [0],
    "as_of": [None],
}
SKIPPED = {"close", "under", "ledger_with"}
METHODS = sorted(
    name
    for name, _ in inspect.getmembers(Replica, inspect.isfunction)
    if not name.startswith("_") and name not in SKIPPED
)


def busy() -> Replica:
    one, other = replica("ada"), replica("stranger")
    one.create_log("log")
    one.write("note", {"n": 1})
    one.set("a/title", "one")
    one.add("a/tags", "x")
    one.splice("a/b", 0, 0, "text")
    one.sql("SELECT 1")  # the table of texts is brought up to date when somebody asks
    one.inc("a/count")
    other.sync(one)
    other.write("note", "hello")
    one.sync(other)
    one.name_actor(other.did, "stranger")
    return one


def valid(name: str, parameter: str, one: Replica, folder):
    if parameter == "other":
        return replica("stranger")
    if parameter == "path":
        return folder / f"{name}.bundle"
    if parameter == "stop":
        stop = threading.Event()
        stop.set()
        return stop
    if parameter in ("event", "target") and name not in ("verdict", "resolve"):
        return one.history()[0].id
    if name == "define_sum":
        return {"name": "sums", "key": "target"}.get(parameter, "rating")
    if parameter == "statement" and name == "withdraw":
        return one.ban("stranger").id
    if parameter == "key" and name == "link_key":
        return "stranger"
    if name == "bind":
        return one._log.id
    if parameter == "policy":
        return one.policy
    if parameter == "name" and name == "create_log":
        return "another"
    return VALID[parameter]


def entered(found) -> None:
    """Goes through a batch or edit that a method returned."""
    if isinstance(found, AbstractContextManager) and not isinstance(found, Replica):
        with found as inner:
            if isinstance(inner, Batch):
                inner.write("note", 1)
            else:
                inner.set("a/b", 1)


def attempt(one: Replica, act) -> None:
    """Whatever it does, it does it, or says in a code why not and leaves no trace."""
    before = stamp(one)
    error = refusal(lambda: entered(act()))
    if error is not None:
        assert error.code in CODES
        assert str(error)
        assert stamp(one) == before


def parameters(method) -> list[str]:
    return [name for name in inspect.signature(method).parameters if name != "self"]


@pytest.mark.parametrize("name", METHODS)
def test_a_method_given_nonsense_refuses_it_with_a_code(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    one = busy()
    names = parameters(getattr(Replica, name))
    for wrong in names:
        if wrong == "options":
            continue
        for junk in JUNK:
            if wrong in ("progress", "stop") and junk is None:
                continue  # waiting for ever is what was asked for
            if name == "create_log" and len(one.logs()) > 1:
                one = busy()
            given = {
                p: junk if p == wrong else valid(name, p, one, tmp_path)
                for p in names
                if p != "options"
            }
            attempt(one, partial(getattr(one, name), **given))
    if len(one.logs()) == 1:
        check(one)


@pytest.mark.parametrize("name", sorted(SAYING))
@pytest.mark.parametrize("option", sorted(OPTIONS))
def test_a_statement_with_nonsense_in_it_is_refused_with_a_code(name, option):
    if option not in inspect.signature(getattr(tallystick, name)).parameters:
        return
    one = busy()
    target = "stranger" if name in ("ban", "allow", "adopt") else one.history(kind="note")[0].id
    for junk in JUNK:
        attempt(one, lambda junk=junk: getattr(one, name)(target, **{option: junk}))
        attempt(
            one, lambda junk=junk: one.what_if(getattr(tallystick, name)(target, **{option: junk}))
        )
    check(one)


@pytest.mark.parametrize(
    "name",
    sorted(
        name
        for name, _ in inspect.getmembers(Reading, inspect.isfunction)
        if not name.startswith("_") and name not in ("name_of", "counts", "standing_data")
    ),
)
def test_a_reading_asked_nonsense_refuses_it_with_a_code(name):
    one = busy()
    for reading in (one.reading(), one.as_seen_by("stranger"), one.at("claimed:1")):
        names = parameters(getattr(Reading, name))
        for wrong in names:
            for junk in JUNK:
                given = {p: junk if p == wrong else valid(name, p, one, None) for p in names}
                attempt(one, lambda given=given, r=reading: getattr(r, name)(**given))


@pytest.mark.parametrize("name", METHODS)
def test_a_closed_replica_says_so(name, tmp_path):
    one = busy()
    given = {
        p: valid(name, p, one, tmp_path)
        for p in parameters(getattr(Replica, name))
        if p != "options"
    }
    one.close()
    one.close()
    error = refusal(lambda: entered(getattr(one, name)(**given)))
    assert error is not None
    assert error.code == "usage/closed"


def open_and_close(path, **options) -> None:
    error = refusal(lambda: tallystick.open(path, **options).close())
    assert error is None or error.code in CODES


def test_a_path_that_is_none_is_refused_with_a_code(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for junk in JUNK:
        for create in (False, True):
            open_and_close(junk, create=create)
    for option in ("name", "log", "passphrase"):
        tried = JUNK[:8] if option == "passphrase" else JUNK
        for number, junk in enumerate(tried):
            open_and_close(tmp_path / f"{option}{number}", create=True, **{option: junk})
