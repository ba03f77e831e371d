"""Records of the laws' collection by the page: what every place reads, put together by hand."""

from __future__ import annotations

from tests.laws import oracle, text_oracle

EMPTY = {
    "title": None, "on": False, "tags": [], "total": 0, "body": "", "steps": [], "both": [],
    "by": {}, "size": 7,
}  # fmt: skip


def state(world, included, absent):
    """{record: {field: value}} of the records that exist, absent values null."""
    live, plain = values(world, included, absent)
    maps = [(p, what) for (p, t), what in live.items() if t == "register" and p[2:3] == ("by",)]
    there = {p[1] for p, t in live if len(p) == 2 and t == "record" and exists(live[p, t])}
    return {id: record(id, plain) | {"by": by(world, id, maps)} for id in there}


def values(world, included, absent):
    """What is live at every place below ``a``, and what each reads."""
    live = {(tuple(p), t): what for p, t, what in oracle.places(world, included, absent)}
    plain = {at: read(at[1], what) for at, what in live.items() if at[0][0] == "a"}
    for path, type_, what in text_oracle.state(world, included, absent):
        if type_ != "mark":
            said = (
                what if type_ == "text" else [v[0] if isinstance(v, list) else None for v in what]
            )
            plain[tuple(path), type_] = said
    return live, plain


def exists(ops):
    return ops[-1][0] != 13


def read(type_, what):
    """A place as it reads by default; of a register every value, the winner last."""
    if type_ == "counter":
        return what
    if type_ == "set":
        return [*what[0], *(None for _ in what[1])]
    if type_ == "flag":
        return any(op[0] == 2 for op in what)
    return [op[1][0] if isinstance(op[1], list) else None for op in what]


def by(world, id, maps):
    """Of each key the last write, under whichever hash; what tells no key stands under the hash."""
    writes = []
    for path, what in maps:
        for _, value, link, index in what if path[1] == id else ():
            event = world.events[link.digest]
            said = value[0] if isinstance(value, list) else None
            named = isinstance(said, list) and len(said) == 2 and isinstance(said[0], str)
            key, read = said if named else (path[3], None)
            writes.append(
                ((event.lamport, event.time, event.author, event.seq, event.id, index), key, read)
            )
    return {key: read for _, key, read in sorted(writes, key=lambda write: write[0])}


def record(id, plain):
    mine = {(p[2:], t): v for (p, t), v in plain.items() if p[:2] == ("a", id) and len(p) > 2}
    found = dict(EMPTY)
    types = {
        "title": "register", "on": "flag", "tags": "set", "total": "counter", "body": "text",
        "steps": "list", "both": "register", "size": "register",
    }  # fmt: skip
    for name, type_ in types.items():
        if ((name,), type_) in mine:
            value = mine[(name,), type_]
            found[name] = value[-1] if type_ == "register" and name != "both" else value
    inner = mine.get((("inner", "n"), "register"))
    found["inner"] = {"n": inner[-1] if inner else None}
    if (("other",), "register") in mine:
        found["other"] = mine[("other",), "register"][-1]
    if (("odd", "deep"), "register") in mine:
        found["odd"] = {"deep": mine[("odd", "deep"), "register"][-1]}
    return found
