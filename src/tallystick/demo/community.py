"""What the tour shows: a community's rows, what its people are called, through whose eyes to look.

Law: the tour takes the same steps whatever the community.

Reads: demo.otc, demo.market. Read by: tour.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tallystick.demo import market, otc
from tallystick.demo.builder import LogBuilder, User, user_key

OTC_FILE: Final = "soc-sign-bitcoinotc.csv.gz"
OTC_VIEWERS: Final = (35, 2642, 1810)
REPLICAS: Final = 4
PART: Final = (0.55, 0.7, 0.85, 1.0)
"""How much of the history each replica's people had lived through before they went offline."""


@dataclass(frozen=True, slots=True)
class Community:
    """A log to be built, and what people in it are called."""

    title: str
    namespace: str
    name: str
    ratings: Sequence[otc.Rating]
    viewers: Sequence[User]
    label: Callable[[User], str]

    def did(self, user: User) -> str:
        """did:key of a user."""
        return user_key(self.namespace, user).did

    def users(self) -> list[User]:
        """Everybody who rates or is rated, as first met."""
        return list(dict.fromkeys(u for r in self.ratings for u in (r.source, r.target)))

    def most_banned(self) -> User:
        """Whom most people banned, of those who rated others."""
        raters = {rating.source for rating in self.ratings}
        bans = Counter(r.target for r in self.ratings if r.rating == otc.BAN_AT)
        return max((u for u in bans if u in raters), key=lambda u: (bans[u], str(u)))

    def build(self, progress: Callable[[int], None] | None = None) -> LogBuilder:
        """Every event, in memory."""
        builder = LogBuilder(self.namespace, self.name)
        for row, rating in enumerate(self.ratings):
            otc.add_rating(builder, row, rating)
            if progress is not None and row % 500 == 0:
                progress(row)
        return builder

    def holdings(self, builder: LogBuilder) -> list[dict[bytes, int]]:
        """What each replica holds at first: the past of a quarter of the people, up to a day.

        What nobody would hold goes to the last one, so that together they know all of it.
        """
        users = self.users()
        found = []
        for place, part in enumerate(PART):
            lived = Counter[User]()
            for rating in self.ratings[: int(len(self.ratings) * part)]:
                lived[rating.source] += 1 + (otc.statement_verb(rating.rating) is not None)
            mine = [user for user in users[place::REPLICAS] if lived[user]]
            found.append(builder.past({user: lived[user] for user in mine}))
        everybody = {user: size for user in users if (size := builder.size_of(user))}
        missing = _missing(builder.past(everybody), found)
        found[-1] = builder.past(
            {u: n for u, n in everybody.items() if u in users[3::REPLICAS]}
            | {
                user: size
                for user, size in everybody.items()
                if user_key(self.namespace, user).public in missing
            }
        )
        return found


def _missing(
    everything: Mapping[bytes, int], holdings: Sequence[Mapping[bytes, int]]
) -> set[bytes]:
    """Authors of whom no replica holds the whole chain."""
    return {
        author
        for author, size in everything.items()
        if all(held.get(author, 0) < size for held in holdings)
    }


def find_community(data: Path | None) -> Community:
    """Bitcoin-OTC where its file can be found, else the street market.

    Raises:
        NotFound, BadInput: when ``data`` was given and holds no such file.
    """
    file = _otc_file(data)
    if file is None:
        return Community(
            "a street market (a story that ships with the project)",
            market.NAMESPACE,
            market.NAME,
            market.ratings(),
            market.VIEWERS,
            str,
        )
    return Community(
        "Bitcoin-OTC, ratings of a real marketplace with real fraud",
        "otc",
        "bitcoin-otc",
        otc.read_ratings(file),
        OTC_VIEWERS,
        lambda user: f"user {user}",
    )


def _otc_file(data: Path | None) -> Path | None:
    """The ratings file; one that was asked for must be there."""
    if data is not None:
        for place in (data / "bitcoin-otc" / OTC_FILE, data / OTC_FILE, data):
            if place.is_file():
                return place
        return data / "bitcoin-otc" / OTC_FILE
    usual = Path("..") / "shared" / "data" / "bitcoin-otc" / OTC_FILE
    return usual if usual.is_file() else None
