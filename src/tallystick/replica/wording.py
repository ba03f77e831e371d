"""Keys and values of views in words, and words as keys: ``Ana's EUR``, ``the owner of saw``.

    ledger    did:key/bafyrei...  ─► Ana's EUR            1250  ─► 12.50
    titles    bafyrei...          ─► the owner of saw     did:key ─► Ana
    others    did:key:...         ─► total of Ana         5     ─► 5

Law: words are for sentences alone; data keeps keys and values as they are.

Reads: state, replica.{names, openlog, reading}. Read by: replica.{preview, comparing, polling,
believing, answers}.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from tallystick.errors import BadInput
from tallystick.event.ids import cid_text, parse_cid, short
from tallystick.identity.did import PREFIX, did_key, parse_did_key
from tallystick.replica.ledger_reading import find_asset
from tallystick.replica.names import Names
from tallystick.replica.openlog import PLACES, OpenLog
from tallystick.replica.reading import Reading
from tallystick.replica.supposing import WHOLE
from tallystick.state.amounts import amount_text
from tallystick.state.explain import shown
from tallystick.state.views_ledger import NAME as LEDGER
from tallystick.state.views_ledger import LedgerView
from tallystick.state.views_ledger_read import LedgerTables
from tallystick.state.views_titles import NAME as TITLES

NAMED = frozenset((LEDGER, TITLES))
"""Views whose keys and values people call otherwise than the view does."""
NOTHING = "nothing"
NOBODY = "nobody"


class Wording:
    """What keys and values of views are called, looked up once each."""

    def __init__(self, log: OpenLog, names: Names) -> None:
        self._log, self._names = log, names
        self._called: dict[str, str] = {}

    def what(self, view: str, key: str) -> str:
        """What a key of a view is about."""
        if key == WHOLE:
            return view
        if view == LEDGER:
            account, _, asset = key.partition("/")
            return f"{_of(self._actor(account))} {self._codes.get(asset, (asset, 0))[0]}"
        if view == TITLES:
            return f"the owner of {self._thing(key)}"
        return key if view == PLACES else f"{view} of {self._actor(key)}"

    def value(self, view: str, key: str, value: Any) -> str:
        """A value of a view under a key; ``nothing`` or ``nobody`` where there is none."""
        if view == LEDGER:
            precision = self._codes.get(key.partition("/")[2], ("", 0))[1]
            return amount_text(value or 0, precision)
        if view == TITLES:
            return NOBODY if value is None else self._actor(value)
        return NOTHING if value is None else shown(value)

    def _actor(self, text: str) -> str:
        """A did:key by its name, everything else as it is."""
        if text not in self._called:
            try:
                key = parse_did_key(text) if text.startswith(PREFIX) else None
            except BadInput:
                key = None
            self._called[text] = text if key is None else self._names.called(key)
        return self._called[text]

    @cached_property
    def _codes(self) -> dict[str, tuple[str, int]]:
        """Id of an asset -> its code, with the id where codes are the same, and its precision."""
        there = Reading(self._log, self._names).ledger.assets(everything=True)
        codes = [one.code for one in there]
        return {
            one.id: (
                one.code
                if codes.count(one.code) == 1
                else f"{one.code} ({short(parse_cid(one.id))})",
                one.precision,
            )
            for one in there
        }

    def _thing(self, id: str) -> str:
        name = Reading(self._log, self._names).titles.show(id).name
        return name or short(parse_cid(id))


def key_of(log: OpenLog, names: Names, subject: str, view: str | None) -> str:
    """The key of a view that a subject names: ``Ana`` or ``Ana/EUR`` of the ledger, a thing.

    Raises:
        NotFound, Ambiguous: usage/*.
    """
    reading = Reading(log, names)
    if view == LEDGER:
        account, _, asset = subject.partition("/")
        with reading.within(LEDGER) as (found, db):
            assert isinstance(found, LedgerView)
            one = find_asset(LedgerTables(found, db, log.source), asset or None)
        return f"{did_key(names.author(account))}/{cid_text(one.event)}"
    return reading.titles.show(subject).id if view == TITLES else subject


def _of(name: str) -> str:
    return "your" if name == "you" else f"{name}'s"
