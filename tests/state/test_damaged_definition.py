"""A stored definition of a view that a flipped bit has changed: said with a code, never a crash."""

from __future__ import annotations

import pytest
from tests.model.replica_world import replica

from tallystick import fold
from tallystick.errors import StoreError


@fold(kinds="note")
def count(state, event):
    return {"n": state.get("n", 0) + 1}


@pytest.mark.parametrize(("name", "word"), [("count", "kinds"), ("stars", "amount")])
def test_a_view_whose_definition_was_damaged_is_refused_with_a_code(name, word):
    one = replica("ada")
    one.write("note", 1)
    one.view(count)
    one.define_sum("stars", kind="rate", key="target", amount="stars")
    spoilt = f"{word[:-1]}{chr(ord(word[-1]) ^ 1)}".encode()
    with one._store.write():
        for table_name, definition in one._store.db.rows("SELECT name, definition FROM view"):
            if table_name == name:
                one._store.db.execute(
                    "UPDATE view SET definition = ? WHERE name = ?",
                    (definition.replace(word.encode(), spoilt), name),
                )
    asks = {
        "count": lambda: one.view(count),
        "stars": lambda: one.define_sum("stars", kind="rate", key="target", amount="stars"),
    }
    with pytest.raises(StoreError) as error:
        asks[name]()
    assert error.value.code == "store/damaged"
