"""What befalls people: bad links, wrong clocks, coming late and leaving.

Law: a trouble is a function of the world and of the act's own randomness.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

from tests.simulation.network import Weather
from tests.simulation.person import Person
from tests.simulation.plan import YEAR_MS
from tests.simulation.timeline import SECOND_MS

if TYPE_CHECKING:
    from tests.simulation.world import World

Trouble = Callable[["World", Person, Random], None]
TROUBLES: dict[str, Trouble] = {}


def trouble(function: Trouble) -> Trouble:
    TROUBLES[function.__name__] = function
    return function


@trouble
def weather(world: World, one: Person, rng: Random) -> None:
    """All links of somebody, or one direction of one, get worse."""
    bad = Weather(
        loss=rng.choice((0.0, 0.05, 0.3, 0.6)),
        twice=rng.choice((0.0, 0.1, 0.5)),
        delay_ms=rng.choice((1, 20, 150, 4_000)),
        jitter_ms=rng.choice((0, 30, 500, 9_000)),
    )
    near = world.neighbours(one.number)
    links = [(one.number, other) for other in near] + [(other, one.number) for other in near]
    if rng.random() < 0.4 and links:
        links = [rng.choice(links)]
    for link in links:
        world.network.weather[link] = bad


@trouble
def partition(world: World, one: Person, rng: Random) -> None:
    """Two groups that do not hear each other, for a while or until the network heals."""
    group = {n for n in range(world.plan.size) if rng.random() < 0.5} | {one.number}
    rest = set(range(world.plan.size)) - group
    across = {(a, b) for a in group for b in rest}
    _block(world, rng, across | {(b, a) for a, b in across})


@trouble
def one_way(world: World, one: Person, rng: Random) -> None:
    """Somebody is heard and does not hear, or the other way round."""
    others = [n for n in range(world.plan.size) if n != one.number]
    if rng.random() < 0.5:
        _block(world, rng, {(one.number, other) for other in others})
    else:
        _block(world, rng, {(other, one.number) for other in others})


def _block(world: World, rng: Random, links: set[tuple[int, int]]) -> None:
    world.network.blocked |= links
    length = rng.choice((5, 50, 200, 1_000)) * SECOND_MS
    world.timeline.after(length, lambda: world.network.blocked.difference_update(links))


@trouble
def heal(world: World, one: Person, rng: Random) -> None:
    world.network.heal()


@trouble
def clock(world: World, one: Person, rng: Random) -> None:
    """A clock jumps: by seconds or years, ahead or back."""
    one.skew_ms += rng.choice((rng.randint(-500, 500), rng.randint(-YEAR_MS, YEAR_MS)))


@trouble
def join(world: World, one: Person, rng: Random) -> None:
    if one.present:
        return
    one.begin()
    near = world.neighbours(one.number)
    joined = [n for n in near if (other := world.person(n)) and other.joined]
    if near:
        one.call(rng.choice(joined or near), live=rng.random() < 0.3)


@trouble
def leave(world: World, one: Person, rng: Random) -> None:
    """Goes for good; what only it held goes with it."""
    if one.present:
        one.down()
        one.present = False
