"""What honest people do: they write, say, judge, change their minds, and call each other.

Law: a deed is a function of its person's replica and of the act's own randomness; what a replica
refuses, it refuses with one of the codes named here.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Any

from tests.simulation.person import Person

if TYPE_CHECKING:
    from tests.simulation.world import World

REFUSED = {"policy/target", "state/place", "usage/not-found", "void/target"}
"""What may be refused to anybody who picks events and people at random."""
SCOPES = ("*", "*", "*", "note/text", "record/*", "review/*")
Deed = Callable[["World", Person, Random], Any]
DEEDS: dict[str, Deed] = {}


def deed(function: Deed) -> Deed:
    DEEDS[function.__name__] = function
    return function


def refusals(one: Person) -> set[str]:
    """Codes that may come; a key that wrote on after a backup is refused writing."""
    return REFUSED | {"chain/restored"} if one.two_histories else REFUSED


def do(one: Person, act: Callable[[Any], Any]) -> Any:
    """Does it, in the one log there is, unless the store is behind and its person careful."""
    if not one.joined or one.catching_up:
        return None
    return one.do(act, refused=refusals(one))


@deed
def write(world: World, one: Person, rng: Random) -> None:
    text = "x" * rng.choice((0, 5, 40, 900))
    do(one, lambda r: r.write("note/text", {"n": rng.randrange(1000), "text": text}))


@deed
def write_many(world: World, one: Person, rng: Random) -> None:
    rows = [("note/text", {"n": n}) for n in range(rng.choice((2, 3, 7, 20)))]
    do(one, lambda r: r.write_many(rows))


@deed
def rate(world: World, one: Person, rng: Random) -> None:
    content = {"target": f"film {rng.randrange(4)}", "stars": rng.randint(-5, 5)}
    do(one, lambda r: r.write("review/rate", content))


@deed
def edit(world: World, one: Person, rng: Random) -> None:
    verb = rng.choice(("set", "set", "add", "add", "remove", "inc", "enable", "disable"))
    record, value = rng.randrange(3), rng.randrange(4)
    if verb in ("enable", "disable"):
        do(one, lambda r: getattr(r, verb)(f"{record}/flag"))
    elif verb == "inc":
        do(one, lambda r: r.inc(f"{record}/count", value + 1))
    elif verb == "set":
        do(one, lambda r: r.set(f"{record}/title", f"word {value}"))
    else:
        do(one, lambda r: getattr(r, verb)(f"{record}/tags", value))


@deed
def say(world: World, one: Person, rng: Random) -> None:
    """A word about somebody; privately in a fifth of the cases."""
    verb = rng.choice(("ban", "ban", "allow", "adopt", "adopt", "adopt"))
    about = rng.choice(world.known())
    options: dict[str, Any] = {"scope": rng.choice(SCOPES)}
    options |= private(world, one, rng)
    if verb == "adopt":
        options |= {"weight": rng.choice((0, 1, 1, 2)), "depth": rng.randrange(3)}
    if rng.random() < 0.25:
        name = {"ban": "cut", "adopt": "as_of"}.get(verb)
        events = one.replica.history(author=about) if one.joined else []
        if name and events:
            options[name] = [rng.choice(events).id]
    do(one, lambda r: getattr(r, verb)(about, **options))


@deed
def judge(world: World, one: Person, rng: Random) -> None:
    """A word about an event or an earlier word, often the last of one's own."""
    verb = rng.choice(("exclude", "include", "retract", "restore", "withdraw", "withdraw"))
    if not one.joined:
        return
    own = verb in ("retract", "restore", "withdraw") and rng.random() < 0.8
    events = one.replica.history(author=one.did if own else None)
    if not events:
        return
    target = rng.choice(events[-12:] if rng.random() < 0.6 else events).id
    options: dict[str, Any] = {}
    if verb in ("exclude", "include"):
        options = private(world, one, rng)
        if verb == "exclude":
            options["cascade"] = rng.random() < 0.3
    do(one, lambda r: getattr(r, verb)(target, **options))


def private(world: World, one: Person, rng: Random) -> dict[str, Any]:
    """Private words carry a mark that no byte on any wire may show."""
    if rng.random() >= 0.2:
        return {"private": False}
    mark = f"secret {rng.getrandbits(96):024x}"
    world.secrets.add(mark.encode())
    return {"private": True, "reason": mark}


@deed
def policy(world: World, one: Person, rng: Random) -> None:
    choices = {
        "stance": rng.choice(("open", "open", "invited")),
        "threshold": rng.randint(1, 3),
        "max_depth": rng.randint(0, 3),
        "fork_rule": rng.choice(("both", "prefix", "none")),
    }
    given = {name: value for name, value in choices.items() if rng.random() < 0.5}
    if one.joined:
        do(one, lambda r: r.set_policy(**given))


def peer_of(world: World, one: Person, rng: Random) -> int | None:
    near = world.neighbours(one.number)
    return rng.choice(near) if near else None


@deed
def sync(world: World, one: Person, rng: Random) -> None:
    peer = peer_of(world, one, rng)
    if peer is not None:
        one.call(peer, live=False)


@deed
def follow(world: World, one: Person, rng: Random) -> None:
    peer = peer_of(world, one, rng)
    if peer is not None:
        one.call(peer, live=True)


@deed
def hang_up(world: World, one: Person, rng: Random) -> None:
    live = [talk for talk in one.talks if talk.live]
    if live:
        rng.choice(live).close()


@deed
def cut(world: World, one: Person, rng: Random) -> None:
    """Connections break: those there are, and a new one in the middle of what it says."""
    for talk in list(one.talks):
        if rng.random() < 0.5:
            talk.cut()
    peer = peer_of(world, one, rng)
    if peer is not None:
        talk = one.call(peer, live=rng.random() < 0.5)
        if talk is not None:
            world.timeline.after(rng.randint(1, 400), talk.cut)
