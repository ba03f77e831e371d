"""Every named attack and every named bug of others, with what is run against it.

    @attack("backdated events after a ban", source="Matrix, MSC4289")
    def backdated(run: Run) -> None: ...

A row is a function of a ``Run``: a seed, its own randomness, a place for what it saw. It forges,
lies or cuts, and asserts what a replica owes its owner; an assertion that fails is a breach. The
same function runs with a few seeds in pytest and with hundreds from the command line.

Law: what a run does depends on its seed alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Final

from tallystick.errors import CODES, Rejected

MODULES: Final = ("forged_bytes", "bounds", "floods", "merges", "histories", "deliveries", "values")
"""Where rows are written: one module per group."""
RSS_MIB_MAX: Final = 512
"""Ceiling of a row's process when it is run from the command line, interpreter included."""


@dataclass
class Run:
    """One run of one row.

    Args:
        seed: what everything depends on.
        folder: an empty folder of its own, for rows that need files.
    """

    name: str
    seed: int
    folder: Path
    random: Random = field(init=False)
    codes: Counter[str] = field(default_factory=Counter)
    """How often each code was the answer."""
    work: Counter[str] = field(default_factory=Counter)
    """What was counted: rows, messages, calls."""

    def __post_init__(self) -> None:
        self.random = Random(f"{self.name}/{self.seed}")

    def saw(self, found: Iterable[Rejected | str | None]) -> set[str]:
        """Notes codes of what was refused; they are all known ones."""
        codes = [one.code if isinstance(one, Rejected) else one or "" for one in found]
        assert all(code in CODES for code in codes if code), codes
        self.codes.update(codes)
        return set(codes)

    def key(self, name: object) -> str:
        """A name for a key that no other run has."""
        return f"{self.name}/{self.seed}/{name}"


@dataclass(frozen=True)
class Attack:
    """One row.

    Args:
        name: as ``README.md`` beside this file has it.
        table: "attack" or "bug".
        source: where it happened to somebody.
        seeds: how many pytest runs.
    """

    name: str
    table: str
    source: str
    seeds: int
    act: Callable[[Run], None]


ATTACKS: Final[dict[str, Attack]] = {}


def attack(
    name: str, *, source: str, table: str = "attack", seeds: int = 2
) -> Callable[[Callable[[Run], None]], Callable[[Run], None]]:
    """Enrols a row."""

    def enrol(act: Callable[[Run], None]) -> Callable[[Run], None]:
        assert name not in ATTACKS, name
        ATTACKS[name] = Attack(name, table, source, seeds, act)
        return act

    return enrol


def bug(name: str, *, source: str, seeds: int = 2):
    """Enrols a row of the bugs of others."""
    return attack(name, source=source, table="bug", seeds=seeds)


def everything() -> dict[str, Attack]:
    """All rows, their modules imported."""
    for module in MODULES:
        import_module(f"tests.attacks.{module}")
    return ATTACKS
