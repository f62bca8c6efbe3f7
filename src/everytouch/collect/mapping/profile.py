"""What the columns of a file hold: how many values, which ones, the first as they are written."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import duckdb

from everytouch.collect.columns.model import marked
from everytouch.collect.connection import in_time, reading
from everytouch.collect.inputs import opened
from everytouch.collect.mapping.model import Plan
from everytouch.collect.mapping.sql import quoted
from everytouch.collect.source import Input, Source
from everytouch.settings import Settings

VALUES, FIRST, LONGEST, SECONDS = 300, 4, 300, 300.0


@dataclass(frozen=True)
class ColumnProfile:
    """A column of a table.

    Attributes:
        filled: rows with a value.
        different: how many different values.
        first: the first different values, in the file's order.
        values: the most frequent values and how often each is there.
    """

    name: str
    filled: int = 0
    different: int = 0
    first: tuple[str, ...] = ()
    values: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class TableProfile:
    """A table of a plan: its rows and its columns."""

    name: str
    rows: int
    columns: tuple[ColumnProfile, ...]

    def column(self, name: str) -> ColumnProfile:
        """Return a column; one without values where the table has none of that name."""
        return next((one for one in self.columns if one.name == name), ColumnProfile(name))


def profiles(plan: Plan, settings: Settings) -> tuple[TableProfile, ...]:
    """Return what the tables of a plan hold: inputs as they are written, others as prepared.

    Raises:
        SourceError: the file cannot be read.
    """
    if plan.definition:
        return ()
    raw = tuple(replace(one, columns={}) for one in plan.inputs)
    names = [one.name for one in plan.inputs]
    found = _profiled(raw, plan, names, "", settings)
    made = sorted({one.table for one in plan.mappings} - set(names))
    if made:
        before = "WITH " + ", ".join(f"{quoted(n)} AS (\n{sql}\n)" for n, sql in plan.tables)
        found += _profiled(plan.inputs, plan, made, before + "\n", settings)
    return found


def _profiled(
    inputs: Sequence[Input], plan: Plan, names: Sequence[str], before: str, settings: Settings
) -> tuple[TableProfile, ...]:
    path = plan.inputs[0].paths[0]
    source = Source("profile", path, plan.timezone, None, tuple(inputs), ())
    with (
        opened(source, settings) as files,
        reading(f"a look at {path.name}"),
        in_time(files.con, SECONDS),
    ):
        return tuple(_table(files.con, name, before) for name in names)


def _table(con: duckdb.DuckDBPyConnection, name: str, before: str) -> TableProfile:
    rows = con.sql(f"{before}SELECT * FROM {quoted(name)}")
    columns = tuple(rows.columns)
    count = con.execute(f"{before}SELECT count(*) FROM {quoted(name)}").fetchall()[0][0]
    return TableProfile(name, int(count), tuple(_column(con, name, before, c) for c in columns))


def _column(con: duckdb.DuckDBPyConnection, table: str, before: str, column: str) -> ColumnProfile:
    cell = f"left(trim(CAST({quoted(column)} AS VARCHAR)), {LONGEST})"
    filled = f"FROM (SELECT {cell} AS cell FROM {quoted(table)}) WHERE cell <> ''"
    found = con.execute(
        f"{before}SELECT cell, count(*) AS n, count(*) OVER (), sum(count(*)) OVER () "
        f"{filled} GROUP BY cell ORDER BY n DESC, cell LIMIT {VALUES}"
    ).fetchall()
    if not found:
        return ColumnProfile(column)
    head = con.execute(f"{before}SELECT cell {filled} LIMIT 50").fetchall()
    first = tuple(dict.fromkeys(_plain(cell) for (cell,) in head))[:FIRST]
    values = tuple((_plain(cell), int(count)) for cell, count, *_ in found)
    return ColumnProfile(column, int(found[0][3]), int(found[0][2]), first, values)


def _plain(text: str) -> str:
    """A value as it was written, also where its format did not understand it."""
    found = marked(text)
    return found[1] if found else text
