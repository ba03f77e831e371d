"""Selectors: which records of a collection are meant, in SQL over its table or over plain data.

    {"done": False, "priority": {">": 2}}, order ["-priority", "title"], limit 10

Law: both ways find the same records in the same order.

Reads: state.{schema, views_records}. Read by: replica.collections.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from tallystick.errors import BadInput
from tallystick.event.jsonio import to_json
from tallystick.state.schema import Field, Schema
from tallystick.state.views_records import RecordsView, cell, quoted

Clause = tuple[str, str, Any]
"""Field, operator, operand."""
_SQL: Final = {"=": "IS", "!=": "IS NOT", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
OPERATORS: Final = (*_SQL, "in", "contains")


def select_sql(
    view: RecordsView, wanted: Mapping[str, Any], order: Sequence[str], limit: int | None
) -> tuple[str, list[Any]]:
    """A query for the ids of the records that are meant, and its parameters.

    Raises:
        BadInput: state/schema.
    """
    shape = view.shape
    params: list[Any] = []
    where = []
    for name, operator, operand in _clauses(shape, wanted):
        column, one = quoted(name), shape.fields.get(name)
        if operator == "in":
            params.append(to_json([_cell(one, value) for value in operand]))
            where.append(f"{column} IN (SELECT value FROM json_each(?))")
        elif operator == "contains":
            where.append(_contains_sql(column, one, operand, params))
        else:
            params.append(_cell(one, operand))
            where.append(f"{column} {_SQL[operator]} ?")
    by = [f"{quoted(name)} {way}" for name, way in _order(shape, order)]
    query = f"SELECT id FROM {view.people}"
    if where:
        query += f" WHERE {' AND '.join(where)}"
    query += f" ORDER BY {', '.join([*by, 'id'])}"
    if limit is not None:
        query += " LIMIT ?"
        params.append(limit)
    return query, params


def selects(
    found: Mapping[str, Mapping[str, Any]], shape: Schema, wanted: Mapping[str, Any],
    order: Sequence[str], limit: int | None,
) -> list[dict[str, Any]]:  # fmt: skip
    """The records that are meant, of plain data. Raises as ``select_sql``."""
    clauses = list(_clauses(shape, wanted))
    rows = [{"id": id, **value} for id, value in sorted(found.items())]
    rows = [row for row in rows if all(_fits(shape, row, clause) for clause in clauses)]
    for name, way in reversed(list(_order(shape, order))):
        rows.sort(key=_rank(shape, name), reverse=way == "DESC")
    return rows[:limit]


def _clauses(shape: Schema, wanted: Mapping[str, Any]) -> list[Clause]:
    found: list[Clause] = []
    for name, asked in wanted.items():
        _known(shape, name)
        several = asked if isinstance(asked, Mapping) else {"=": asked}
        for operator, operand in several.items():
            if operator not in OPERATORS:
                raise BadInput(
                    "state/schema", "a selector has no such operator", where=name,
                    expected=" or ".join(OPERATORS), got=repr(operator)[:80],
                )  # fmt: skip
            if operator == "in" and not isinstance(operand, list | tuple | set | frozenset):
                raise BadInput(
                    "state/schema", where=f"{name} in", expected="several values",
                    got=repr(operand)[:80],
                )  # fmt: skip
            found.append((name, operator, operand))
    return found


def _order(shape: Schema, order: Sequence[str]) -> list[tuple[str, str]]:
    found = []
    for entry in order:
        name = entry.removeprefix("-")
        _known(shape, name)
        found.append((name, "DESC" if entry.startswith("-") else "ASC"))
    return found


def _known(shape: Schema, name: Any) -> None:
    if name != "id" and name not in shape.fields:
        raise BadInput(
            "state/schema", "the schema has no such field", got=repr(name)[:80],
            expected=" or ".join(["id", *shape.fields]),
        )  # fmt: skip


def _cell(one: Field | None, value: Any) -> Any:
    return value if one is None else cell(one, value)


def _contains_sql(column: str, one: Field | None, operand: Any, params: list[Any]) -> str:
    if one is None or one.kind == "text" or (one.json == ("string",) and one.kind == "register"):
        params.append(str(operand))
        return f"instr({column}, ?) > 0"
    params.append(operand if isinstance(operand, str | int | float) else to_json(operand))
    what = "key" if one.kind in {"map", "record"} else "value"
    return f"EXISTS (SELECT 1 FROM json_each({column}) WHERE {what} IS ?)"


def _fits(shape: Schema, row: Mapping[str, Any], clause: Clause) -> bool:
    name, operator, operand = clause
    one = shape.fields.get(name)
    value = _cell(one, row[name])
    if operator == "in":
        return value is not None and value in [_cell(one, other) for other in operand]
    if operator == "contains":
        found = row[name]
        return found is not None and (str(operand) if isinstance(found, str) else operand) in found
    other = _cell(one, operand)
    if operator in {"=", "!="}:
        return (value == other) is (operator == "=")
    return value is not None and other is not None and _compare(operator, value, other)


def _compare(operator: str, one: Any, other: Any) -> bool:
    """As SQLite compares: numbers before texts."""
    ranks = [(isinstance(value, str), value) for value in (one, other)]
    tests: dict[str, Callable[[Any, Any], bool]] = {
        "<": lambda a, b: a < b, "<=": lambda a, b: a <= b,
        ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
    }  # fmt: skip
    return tests[operator](*ranks)


def _rank(shape: Schema, name: str) -> Callable[[Mapping[str, Any]], Any]:
    """As SQLite sorts: null, numbers, texts."""

    def rank(row: Mapping[str, Any]) -> tuple[int, Any]:
        value = _cell(shape.fields.get(name), row[name])
        if value is None:
            return 0, 0
        return (2, value) if isinstance(value, str) else (1, value)

    return rank
