"""The rows of the study: the ratings of Bitcoin-OTC, or a small town made from a seed.

The town is for machines that have no such file: two camps whose people trust their own and ban each
other's loudest, a few frauds whom both camps ban, and shopkeepers who deal with everybody.

Reads: tallystick.demo.otc. Read by: main.
Source: S. Kumar et al., "Edge weight prediction in weighted signed networks", ICDM 2016.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from tallystick.demo import otc
from tallystick.demo.builder import user_key

FILE = "soc-sign-bitcoinotc.csv.gz"
CAMPS = 2
CAMP_PEOPLE = 12
FRAUDS = 3
SHOPS = 4
ROUNDS = 3
MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Community:
    """Who rated whom, and what its people are called."""

    title: str
    namespace: str
    ratings: Sequence[otc.Rating]

    def did(self, user: int | str) -> str:
        """did:key of a user."""
        return _did(self.namespace, user)

    def users(self) -> list[int | str]:
        """Everybody who rates or is rated, as first met."""
        return list(dict.fromkeys(u for r in self.ratings for u in (r.source, r.target)))

    def most_active(self, count: int) -> list[int | str]:
        """Who rated most, the busiest first."""
        raters = Counter(rating.source for rating in self.ratings)
        return sorted(raters, key=lambda user: (-raters[user], str(user)))[:count]

    def most_banned(self, count: int) -> list[int | str]:
        """Whom most people gave the worst rating, and so banned."""
        bans = Counter(r.target for r in self.ratings if r.rating == otc.BAN_AT)
        return sorted(bans, key=lambda user: (-bans[user], str(user)))[:count]


@cache
def _did(namespace: str, user: int | str) -> str:
    """A key is derived once for each user, not for each rating."""
    return user_key(namespace, user).did


def read_community(data: Path) -> Community:
    """Bitcoin-OTC from a folder (or file) of data.

    Raises:
        NotFound, BadInput: when it is not there, or is not such a file.
    """
    places = (data / "bitcoin-otc" / FILE, data / FILE, data)
    file = next((place for place in places if place.is_file()), places[0])
    return Community("Bitcoin-OTC", "otc", otc.read_ratings(file))


def make_town(seed: int) -> Community:
    """A town of two camps; the same seed makes the same town."""
    chance = Random(seed)
    camps = [[f"{'ab'[c]}{n}" for n in range(CAMP_PEOPLE)] for c in range(CAMPS)]
    frauds = [f"fraud{n}" for n in range(FRAUDS)]
    shops = [f"shop{n}" for n in range(SHOPS)]
    rows: list[tuple[str, str, int]] = []
    for camp, other in (camps, camps[::-1]):
        for person in camp:
            rows += [(person, friend, 9) for friend in chance.sample(camp, 4) if friend != person]
            rows += [(person, shop, chance.randint(1, 5)) for shop in chance.sample(shops, 2)]
            if chance.random() < 0.6:
                rows.append((person, other[chance.randrange(3)], otc.BAN_AT))
    for fraud in frauds:
        people = [person for camp in camps for person in camp]
        rows += [(fraud, one, 10) for one in chance.sample(people, ROUNDS)]
        rows += [(one, fraud, 2) for one in chance.sample(people, ROUNDS)]
        rows += [(one, fraud, otc.BAN_AT) for one in chance.sample(people, 8)]
    for shop in shops:
        rows += [(shop, one, 3) for one in chance.sample(camps[0] + camps[1], ROUNDS)]
    ratings = [otc.Rating(s, t, r, n * MINUTE_MS) for n, (s, t, r) in enumerate(rows)]
    return Community(f"a town made from seed {seed}", "town", ratings)
