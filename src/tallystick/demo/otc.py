"""The ratings of Bitcoin-OTC as a log: who rated whom, and what that says about trust.

    source,target,rating,time  ──►  rating/rate {target, rating}          one commit of the source
                                    + trust/ban    of the target   for -10
                                    + trust/adopt                  for 3..10 (depth 1 from 8 on)
                                    + trust/allow                  for 1 and 2

Law: the log depends on the file alone. Keys, seeds, times and parents are derived from it, so
every load on every kernel gives the same ids and the same log checkpoint. The private keys are
public knowledge; this log is for trying things out.

Reads: demo.builder, demo.loading, policy, replica. Read by: tour, cli.
Source: S. Kumar et al., "Edge weight prediction in weighted signed networks", ICDM 2016.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import partial
from pathlib import Path
from typing import Any

from tallystick.demo.builder import LogBuilder, user_key
from tallystick.demo.loading import Batch, in_batches, read_rows, take_in
from tallystick.errors import BadInput
from tallystick.identity.did import did_key
from tallystick.kernels import encode_item
from tallystick.limits import UINT_MAX
from tallystick.policy.statement import Statement, statement_frame
from tallystick.replica.replica import Progress, Replica

RATING_MIN, RATING_MAX = -10, 10
BAN_AT = -10
ADOPT_FROM = 3
DEPTH_FROM = 8
ROWS_A_BATCH = 4000
"""Rows built, signed and stored at a time: large enough that a signature covers many events."""


@dataclass(frozen=True, slots=True)
class Rating:
    """One row of the file; ``time_ms`` is milliseconds since 1970. Users are numbers or names."""

    source: int | str
    target: int | str
    rating: int
    time_ms: int


def user_did(user: int) -> str:
    """did:key of one user of the file."""
    return did_key(user_key("otc", user).public)


def read_ratings(path: str | Path) -> list[Rating]:
    """Rows of the file, plain or gzipped, with or without a header row.

    Raises:
        NotFound: no such file.
        BadInput: ``usage/argument`` with the line that is malformed; nothing is half read.
    """
    rows = read_rows(path, "a ratings file")
    return [_rating(row, line) for line, row in rows if not (line == 1 and _header(row))]


def _header(row: list[str]) -> bool:
    return [cell.strip().lower() for cell in row[:2]] == ["source", "target"]


def _rating(row: list[str], line: int) -> Rating:
    try:
        source, target, rating, time = row
        users, seconds = (int(source), int(target)), Decimal(time)
        # Looked at before it is an integer: 1e999999 has a million digits.
        fits = 0 <= seconds <= UINT_MAX // 1000
        found = Rating(*users, int(rating), int(seconds * 1000) if fits else 0)
        fits = fits and min(users) >= 0 and RATING_MIN <= found.rating <= RATING_MAX
    except (ValueError, InvalidOperation):
        fits = False
    if not fits:
        raise BadInput(
            "usage/argument",
            "a row is not a rating",
            expected=f"source,target,rating in [{RATING_MIN},{RATING_MAX}],seconds",
            got=",".join(row)[:80],
            where=f"line {line}",
        )
    return found


def add_rating(builder: LogBuilder, row: int, rating: Rating) -> None:
    """One row of the file: one commit of its source, one or two events."""
    source, target = builder.user(rating.source), builder.user(rating.target)
    content = encode_item({"target": target.did, "rating": rating.rating})
    builder.append(
        source,
        "rating/rate",
        content=content,
        time_ms=rating.time_ms,
        seed=(row, 0),
        deps=() if target is source else target.tip,
    )
    verb = statement_verb(rating.rating)
    if verb is not None:
        statement = Statement(b"", source.key.public, 0, verb, target.key.public)
        if rating.rating >= DEPTH_FROM:
            statement = statement._replace(depth=1)
        kind, frame = statement_frame(statement)
        builder.append(source, kind, frame=frame, time_ms=rating.time_ms, seed=(row, 1))


def statement_verb(rating: int) -> str | None:
    """What a rating says about whom to heed."""
    if rating == BAN_AT:
        return "ban"
    if rating >= ADOPT_FROM:
        return "adopt"
    return "allow" if rating > 0 else None


def build(
    ratings: Iterable[Rating], *, namespace: str = "otc", name: str = "bitcoin-otc"
) -> Iterator[Batch]:
    """The log as batches of slices, parents before children."""
    builder = LogBuilder(namespace, name)
    return in_batches(builder, ratings, partial(add_rating, builder), size=ROWS_A_BATCH)


def load(replica: Replica, file: str | Path, *, progress: Progress | None = None) -> dict[str, Any]:
    """Loads the ratings into a store as the log ``bitcoin-otc``, and sums them as ``reputation``.

    Loading twice changes nothing.

    Returns:
        ``{"events", "authors", "seconds"}``: what the log holds of them, and how long it took.

    Raises:
        NotFound, BadInput: as ``read_ratings``; the store is as it was.
    """
    ratings = read_ratings(file)
    done = take_in(replica, build(ratings), total=len(ratings), what="ratings", progress=progress)
    replica.define_sum("reputation", kind="rating/rate", key="target", amount="rating")
    return done
