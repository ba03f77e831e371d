"""What Byzantine authors do with their keys.

Law: a wile is a function of what the liar's faces hold and of the act's own randomness.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

from tests.simulation.forge import Draw, accusation, end_at, forge, ids, word
from tests.simulation.liar import FACES, Liar
from tests.simulation.person import BEGAN_MS

from tallystick.chain.commit import ChainEnd
from tallystick.chain.equivocation import KIND as EQUIVOCATION
from tallystick.errors import TallyError
from tallystick.identity.did import parse_did_key
from tallystick.limits import DEPS_MAX

if TYPE_CHECKING:
    from tests.simulation.world import World

Wile = Callable[["World", Liar, Random], None]
WILES: dict[str, Wile] = {}


def wile(function: Wile) -> Wile:
    WILES[function.__name__] = function
    return function


def in_log(liar: Liar) -> list[int]:
    return [at for at in range(FACES) if liar.joined(at)]


def note(rng: Random, **more: object) -> Draw:
    time = BEGAN_MS + rng.randrange(10**7)
    return Draw(content={"n": rng.randrange(1000)}, **{"time": time, **more})


@wile
def lie_to(world: World, liar: Liar, rng: Random) -> None:
    """Calls somebody, once or to stay."""
    near = world.neighbours(liar.number)
    if near:
        liar.call(rng.choice(near), live=rng.random() < 0.4)


@wile
def babble(world: World, liar: Liar, rng: Random) -> None:
    """Pushes what it has to whoever is connected live."""
    liar.push()


@wile
def equivocate(world: World, liar: Liar, rng: Random) -> None:
    """Two histories of one key from one event on, each shown to half the world."""
    key = rng.choice(liar.keys)
    for at in in_log(liar):
        face = liar.faces[at]
        end = end_at(face, key.public)
        if rng.random() < 0.5 and end.size:
            end = end_at(face, key.public, rng.randrange(end.size), line=0)
        draws = [note(rng) for _ in range(rng.randint(1, 4))]
        if rng.random() < 0.5:
            draws[-1] = word(rng.choice(("ban", "adopt")), _somebody(world, rng))
        face.receive([forge(face, key, end, draws, rng)[0]])
    liar.push()


@wile
def backdate(world: World, liar: Liar, rng: Random) -> None:
    """An event that claims to be old: by its time, by naming nobody, or on an old event."""
    key = rng.choice(liar.keys)
    for at in in_log(liar)[:1]:
        face = liar.faces[at]
        end = end_at(face, key.public)
        if rng.random() < 0.3 and end.size > 1:
            end = end_at(face, key.public, rng.randrange(1, end.size), line=0)
        draws = [note(rng, time=rng.choice((0, 1, BEGAN_MS - 10**11)))]
        draws.append(word(rng.choice(("ban", "allow")), _somebody(world, rng)))
        face.receive([forge(face, key, end, draws, rng)[0]])


@wile
def flood(world: World, liar: Liar, rng: Random) -> None:
    """Many events at once, or one by one."""
    key = rng.choice(liar.keys)
    for at in in_log(liar):
        face, end = liar.faces[at], end_at(liar.faces[at], key.public)
        if rng.random() < 0.5:
            face.receive([forge(face, key, end, [note(rng) for _ in range(150)], rng)[0]])
            continue
        for _ in range(20):
            one, end = forge(face, key, end, [note(rng)], rng)
            face.receive([one])
    liar.push()


@wile
def wide(world: World, liar: Liar, rng: Random) -> None:
    """As many parents as a header may name, whether they are heads or not."""
    key = rng.choice(liar.keys)
    for at in in_log(liar)[:1]:
        face = liar.faces[at]
        known = [id for id in ids(face) if not _is_of(face, id, key.public)]
        deps = tuple(rng.sample(known, min(DEPS_MAX, len(known))))
        end = end_at(face, key.public)
        face.receive([forge(face, key, end, [note(rng, deps=deps)], rng)[0]])


@wile
def deep(world: World, liar: Liar, rng: Random) -> None:
    """Two keys that name each other's last event, again and again."""
    first, second = rng.sample(liar.keys, 2)
    for at in in_log(liar)[:1]:
        face, last = liar.faces[at], ()
        for turn in range(24):
            key = (first, second)[turn % 2]
            end = end_at(face, key.public)
            one, after = forge(face, key, end, [note(rng, deps=last)], rng)
            face.receive([one])
            last = (after.last_id,)
    liar.push()


@wile
def withhold(world: World, liar: Liar, rng: Random) -> None:
    """A child without its parent; the parent comes later, or never."""
    parent_key, child_key = rng.sample(liar.keys, 2)
    for at in in_log(liar)[:1]:
        face = liar.faces[at]
        parent, after = forge(face, parent_key, end_at(face, parent_key.public), [note(rng)], rng)
        lamport = 1 + max(after.lamport, end_at(face, child_key.public).lamport)
        draw = note(rng, deps=(after.last_id,), lamport=lamport)
        liar.inject(forge(face, child_key, end_at(face, child_key.public), [draw], rng)[0])
        liar.withheld.append((at, parent))


@wile
def hand_over(world: World, liar: Liar, rng: Random) -> None:
    """A parent that was kept back."""
    if liar.withheld:
        at, parent = liar.withheld.pop(rng.randrange(len(liar.withheld)))
        liar.faces[at].receive([parent])
        liar.push()


@wile
def forge_events(world: World, liar: Liar, rng: Random) -> None:
    """Parents that never were, numbers that do not fit, a seq that is too far, another's head."""
    key = rng.choice(liar.keys)
    for at in in_log(liar)[:1]:
        face = liar.faces[at]
        end = end_at(face, key.public)
        for sort in rng.sample(("parents", "lamport", "ahead", "log"), 2):
            if sort == "parents":
                draw = note(rng, deps=(rng.randbytes(32),), lamport=rng.randrange(1, 99))
            elif sort == "lamport":
                draw = note(rng, lamport=rng.choice((0, end.lamport, end.lamport + 2, 2**62)))
            else:
                draw = note(rng)
            before = end
            if sort == "ahead":
                size = end.size + 2
                before = ChainEnd(size, rng.randbytes(32 * size.bit_count()), rng.randbytes(32), 9)
            try:
                one = forge(face, key, before, [draw], rng)[0]
            except (TallyError, ValueError):  # what cannot even be signed
                continue
            liar.inject(one)


@wile
def ban_war(world: World, liar: Liar, rng: Random) -> None:
    """Its keys adopt each other, ban each other in a ring, and ban everybody else."""
    for at in in_log(liar):
        face = liar.faces[at]
        for turn, key in enumerate(liar.keys):
            friend = liar.keys[(turn + 1) % len(liar.keys)].public
            draws = [
                word("adopt", friend, depth=rng.randrange(3)),
                word(rng.choice(("ban", "allow")), liar.keys[turn - 1].public),
                word("ban", _somebody(world, rng)),
                word("exclude", rng.choice(ids(face)), cascade=True),
                word("withdraw", rng.choice(ids(face))),
            ]
            chosen = rng.sample(draws, rng.randint(1, len(draws)))
            face.receive([forge(face, key, end_at(face, key.public), chosen, rng)[0]])
    liar.push()


@wile
def accuse(world: World, liar: Liar, rng: Random) -> None:
    """A proof of two histories that proves nothing; or a true one, about itself."""
    key = rng.choice(liar.keys)
    for at in in_log(liar):
        face = liar.faces[at]
        frame = accusation(face, _somebody(world, rng), key, rng)
        draws = [Draw(EQUIVOCATION, frame=frame), Draw("trust/ban", frame=rng.randbytes(9))]
        face.receive([forge(face, key, end_at(face, key.public), draws, rng)[0]])


def _somebody(world: World, rng: Random) -> bytes:
    return parse_did_key(rng.choice(world.known()))


def _is_of(face, id: bytes, author: bytes) -> bool:
    return face._store.event(face._store.row_of(id)).author == author
