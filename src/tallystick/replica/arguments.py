"""Arguments of the front door, held against what its methods say they take.

    @checked
    class Replica: ...          replica.write(5)  ->  BadInput usage/argument, "kind"

Law: a value of another type, text that is not Unicode, a number SQLite cannot hold or a path with
a NUL in it is refused with a code before anything is touched; annotations are the only list.

Reads: errors. Read by: replica.replica, replica.reading, and what lists no more than a limit.
"""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from tallystick.errors import BadInput
from tallystick.limits import INT_MAX, INT_MIN

C = TypeVar("C", bound=type)
F = TypeVar("F", bound=Callable[..., Any])
SHOWN_CHARS = 80


def checked(cls: C) -> C:
    """A class whose public methods refuse arguments of other types than their annotations."""
    for name in dir(cls):
        found = inspect.getattr_static(cls, name)
        if not name.startswith("_") and inspect.isfunction(found):
            setattr(cls, name, checking(found))
    return cls


def checking(method: F) -> F:
    """A function that refuses arguments of other types than its annotations."""
    signature = inspect.signature(method)

    @functools.cache
    def wanted() -> dict[str, Any]:
        hints = get_type_hints(inspect.unwrap(method))
        return {name: hints[name] for name in signature.parameters if name in hints}

    required = sum(
        one.default is one.empty and one.kind is one.POSITIONAL_OR_KEYWORD
        for one in signature.parameters.values()
    )
    positional = [
        name for name, one in signature.parameters.items() if one.kind is one.POSITIONAL_OR_KEYWORD
    ]

    @functools.wraps(method)
    def checks(*args: Any, **kwargs: Any) -> Any:
        hints = wanted()
        if not kwargs and required <= len(args) <= len(positional):  # the usual case, and hot
            given = dict(zip(positional, args, strict=False))
        else:
            given = signature.bind(*args, **kwargs).arguments  # raises what Python raises
        for name, value in given.items():
            if name in hints and name not in _VARIADIC:
                check_argument(name, value, hints[name])
        return method(*args, **kwargs)

    return cast(F, checks)


_VARIADIC = frozenset(("options",))
"""Options handed on to a function that checks them itself."""


def check_argument(name: str, value: object, hint: Any) -> None:
    """Raises BadInput usage/argument when a value is not what a type hint asks for."""
    if not fits(value, hint):
        raise BadInput(
            "usage/argument", where=name, expected=_words(hint), got=repr(value)[:SHOWN_CHARS]
        )


def check_limit(limit: int | None, most: int | None = None) -> None:
    """Raises BadInput usage/argument for a ``limit`` that is less than 1 or more than ``most``."""
    if limit is None or (limit >= 1 and (most is None or limit <= most)):
        return
    expected = "1 or more" if most is None else f"1 to {most}"
    raise BadInput("usage/argument", where="limit", expected=expected, got=limit)


def fits(value: object, hint: Any) -> bool:
    """Whether a value is of a type, as far as that can be seen from outside."""
    return _test(hint)(value)


Test = Callable[[Any], bool]


@functools.cache
def _test(hint: Any) -> Test:
    """What a type hint asks of a value. Made once: a batch is tested row by row."""
    origin = get_origin(hint)
    if hint is Any or isinstance(hint, TypeVar):
        return _anything
    if origin in (Union, types.UnionType):
        options = get_args(hint)
        if Path in options:
            tests = [_is_path, *(_test(one) for one in options if one not in (str, Path))]
        else:
            tests = [_test(option) for option in options]
        return lambda value: any(test(value) for test in tests)
    if hint is None or hint is types.NoneType:
        return lambda value: value is None
    if origin in (Sequence, list, tuple):
        return _sequence_test(get_args(hint))
    if origin is not None:
        return callable if origin is Callable else lambda value: isinstance(value, origin)
    if hint is int:
        return _is_int
    if hint is str:
        return _is_text
    if not isinstance(hint, type):
        return _anything
    return lambda value: isinstance(value, hint)


def _anything(_value: object) -> bool:
    return True


def _sequence_test(of: tuple[Any, ...]) -> Test:
    (each,) = of if len(of) == 1 else (Any,)
    test = _row_test(get_args(each)) if get_origin(each) is tuple else _test(each)

    def is_sequence(value: object) -> bool:
        if isinstance(value, str | bytes | bytearray) or not isinstance(value, Sequence):
            return False
        return test is _anything or all(map(test, value))

    return is_sequence


def _row_test(parts: tuple[Any, ...]) -> Test:
    tests = [(at, test) for at, part in enumerate(parts) if (test := _test(part)) is not _anything]
    count = len(parts)

    def is_row(row: object) -> bool:
        if not isinstance(row, tuple | list) or len(row) != count:
            return False
        for at, test in tests:  # noqa: SIM110  # all() would make a generator for every row
            if not test(row[at]):
                return False
        return True

    return is_row


def _is_path(value: object) -> bool:
    return isinstance(value, str | Path) and _is_text(str(value)) and "\0" not in str(value)


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and INT_MIN <= value <= INT_MAX


def _is_text(value: object) -> bool:
    if not isinstance(value, str):
        return False
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _words(hint: Any) -> str:
    return getattr(hint, "__name__", None) or str(hint).replace("typing.", "")
