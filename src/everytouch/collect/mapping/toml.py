"""A source as TOML, for the next import and for the command line."""

from typing import Any

import tomlkit

from everytouch.collect.source import Input, Source
from everytouch.moments.api import KINDS


def dumps(source: Source, comment: str = "", *, beside: bool = False) -> str:
    """Return the source file that imports the same.

    Args:
        comment: its first line.
        beside: whether its files lie beside it, and are named without their folders.
    """
    document = tomlkit.document()
    if comment:
        document.add(tomlkit.comment(comment))
    document["name"], document["timezone"] = source.name, source.timezone
    if source.versions != "first":
        document["versions"] = source.versions
    inputs = tomlkit.table(is_super_table=True)
    for given in source.inputs:
        inputs[given.name] = _input(given, beside)
    document["inputs"] = inputs
    for kind in KINDS:
        statements = [one for one in source.statements if one.kind == kind]
        if statements:
            document[kind] = _tables([{"name": s.name, "sql": s.sql} for s in statements])
    if source.left_out:
        document["left_out"] = _tables(
            [{"reason": o.reason, "sql": o.sql} for o in source.left_out]
        )
    return tomlkit.dumps(document)


def _tables(rows: list[dict[str, str]]) -> Any:
    listed = tomlkit.aot()
    for row in rows:
        table = tomlkit.table()
        for key, value in row.items():
            table[key] = tomlkit.string(value, multiline="\n" in value)
        listed.append(table)
    return listed


def _input(given: Input, beside: bool) -> Any:
    table = tomlkit.table()
    paths = [path.name if beside else str(path.resolve()) for path in given.paths]
    table["path"] = paths[0] if len(paths) == 1 else paths
    table["format"] = given.format
    blank = Input(given.name, given.paths, given.format)
    for key in ("encoding", "delimiter", "sheet", "skip", "records", "footer"):
        if getattr(given, key) != getattr(blank, key):
            table[key] = getattr(given, key)
    if given.header != blank.header:
        table["header"] = list(given.header)
    formats = {name: form.as_toml() for name, form in given.columns.items()}
    if any(formats.values()):
        columns = tomlkit.table()
        for name, form in formats.items():
            if form:
                columns[name] = _inline(form)
        table["columns"] = columns
    return table


def _inline(form: dict[str, Any]) -> Any:
    found = tomlkit.inline_table()
    for key, value in form.items():
        found[key] = _inline(value) if isinstance(value, dict) else value
    return found
