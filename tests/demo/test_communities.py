"""The demo logs are the same on every load and every kernel, and the tour's checks hold on them."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest

import tallystick
from tallystick.demo import market, otc
from tallystick.demo.community import OTC_FILE, find_community
from tallystick.demo.tour import run
from tallystick.errors import BadInput, NotFound

MARKET_DIGEST = "3507a5916002934905e6dbc8c3d225b19444f9dd8ed9e6b8860a50910d54cbc2"
OTC_DIGEST = "009409932efc4d5b5f8bae12709a66544aa5f9c458ff8607220311e81870734e"
OTC_EVENTS = 70_035
HEEDED = {35: (45, 50, 3), 2642: (195, 344, 73), 1810: (95, 324, 68)}
"""user -> (with a vote, banned, contested) at threshold 1, depth 2."""
DATA = Path(os.environ.get("TALLYSTICK_DATA", "../shared/data"))
FILE = DATA / "bitcoin-otc" / OTC_FILE
needs_data = pytest.mark.skipif(
    not FILE.is_file(), reason="the ratings of Bitcoin-OTC are not here"
)


def test_the_market_is_the_same_log_on_every_load(tmp_path: Path) -> None:
    """Nothing in a demo log is random."""
    with tallystick.open(tmp_path / "store", create=True) as replica:
        rows = market.ratings()
        for _, batch in otc.build(rows, namespace=market.NAMESPACE, name=market.NAME):
            replica.receive(batch, log=batch[0].log)
        assert replica.digest() == MARKET_DIGEST


def test_the_tour_of_the_market_holds(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Four processes serve, a ring syncs, three people judge, one ban comes and goes."""
    monkeypatch.chdir(tmp_path)
    assert run(None, as_json=True) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["digest"] == MARKET_DIGEST
    assert all(check["held"] for check in found["checks"])
    assert len(found["checks"]) > 10


@needs_data
@pytest.mark.slow
def test_bitcoin_otc_is_the_same_log_and_the_same_answers_everywhere(tmp_path: Path) -> None:
    """The real community: one log checkpoint, and who is heeded by whom."""
    with tallystick.open(tmp_path / "store", create=True) as replica:
        done = otc.load(replica, FILE)
        assert (done["events"], replica.digest()) == (OTC_EVENTS, OTC_DIGEST)
        for user, expected in HEEDED.items():
            seen = replica.standing(as_actor=otc.user_did(user), threshold=1, max_depth=2)
            assert tuple(len(seen[part]) for part in ("rank", "banned", "contested")) == expected
        again = otc.load(replica, FILE)
        assert (again["events"], replica.digest()) == (OTC_EVENTS, OTC_DIGEST)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("1,2,3", 1),
        ("source,target,rating,time\n1,2,11,100", 2),
        ("1,2,3,100\n1,x,3,100", 2),
        ("1,2,3,-5", 1),
        ("1,2,3,nan", 1),
        ("1,2,3,1e999", 1),
        ("-1,2,3,5", 1),
    ],
)
def test_a_malformed_row_is_named_and_nothing_is_loaded(
    tmp_path: Path, text: str, line: int
) -> None:
    """The store is as it was."""
    file = tmp_path / "ratings.csv"
    file.write_text(text)
    with tallystick.open(tmp_path / "store", create=True) as replica:
        with pytest.raises(BadInput) as refused:
            otc.load(replica, file)
        assert refused.value.code == "usage/argument"
        assert refused.value.where == f"line {line}"
        assert replica.logs() == []


def test_a_header_row_and_compression_change_nothing(tmp_path: Path) -> None:
    """Plain or gzipped, with or without names on top: the same rows."""
    plain, packed = tmp_path / "a.csv", tmp_path / "b.csv.gz"
    plain.write_text("1,2,3,100\n2,1,-10,101.5\n")
    packed.write_bytes(gzip.compress(b"source,target,rating,time\n1,2,3,100\n2,1,-10,101.5\n"))
    assert otc.read_ratings(plain) == otc.read_ratings(packed)
    assert otc.read_ratings(plain)[1].time_ms == 101_500


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    """Missing, or not text."""
    with pytest.raises(NotFound):
        otc.read_ratings(tmp_path / "nothing.csv")
    broken = tmp_path / "broken.csv.gz"
    broken.write_bytes(b"\x1f\x8bnot gzip")
    with pytest.raises(BadInput):
        otc.read_ratings(broken)


def test_together_the_first_holdings_are_the_whole_log() -> None:
    """What no replica holds could never be synced."""
    community = find_community(None)
    builder = community.build()
    holdings = community.holdings(builder)
    everybody = {user: builder.size_of(user) for user in community.users()}
    whole = builder.past({user: size for user, size in everybody.items() if size})
    for author, size in whole.items():
        assert max(held.get(author, 0) for held in holdings) == size
