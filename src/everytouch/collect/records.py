"""From the columns of a SELECT to the columns of a record, value by value where it must be."""

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from everytouch.collect.casts import expressions
from everytouch.collect.connection import in_time, reading
from everytouch.collect.faults import faults, in_utc, unmarked
from everytouch.collect.nobody import Notes, identified
from everytouch.collect.source import Statement
from everytouch.errors import SourceError
from everytouch.ledger.api import session
from everytouch.moments.api import COLUMNS, Kind, Vocabulary, find_broken, schema

_TEXT = pa.string()


@dataclass(frozen=True)
class Sorted:
    """A batch of records: those that hold, and by row number those that do not, with reasons.

    Attributes:
        ambiguous: local times of records that happen twice; the earlier reading is taken.
        dropped: row numbers of links of nobody, which are neither.
        notes: identifiers that identify nobody, and how often each was given.
    """

    good: pa.Table
    broken: dict[int, tuple[dict[str, Any], str]]
    ambiguous: int = 0
    dropped: tuple[int, ...] = ()
    notes: Notes = field(default_factory=Counter)


def records(
    con: duckdb.DuckDBPyConnection, statement: Statement, batch_rows: int
) -> Iterator[pa.RecordBatch]:
    """Run a statement and yield its records in batches, every column of the record present.

    Raises:
        SourceError: the SELECT fails, or its columns are not those of the record.
    """
    with reading(f"the SELECT {statement.name!r}"):
        parsed = con.extract_statements(statement.sql)
        if len(parsed) != 1 or parsed[0].type != duckdb.StatementType.SELECT:
            raise SourceError(f"{statement.name!r} is not one SELECT", "give one SELECT alone")
        selected = con.sql(statement.sql)
        names = [name.lower() for name in selected.columns]  # as SQL compares them
        given = dict(zip(names, map(str, selected.types), strict=True))
    _check_columns(statement, given)
    wanted = ", ".join(
        part for column in COLUMNS[statement.kind] for part in expressions(column, given)
    )
    with reading(f"the SELECT {statement.name!r}"), in_time(con):
        reader = con.sql(
            f"SELECT {wanted} FROM (\n{statement.sql.rstrip().rstrip(';')}\n) AS given"
        )
        yield from _gathered(reader.to_arrow_reader(batch_rows), batch_rows)


def _gathered(batches: Iterable[pa.RecordBatch], least: int) -> Iterator[pa.RecordBatch]:
    """Yield batches of at least so many rows: DuckDB ends one with every file it reads."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        if sum(map(len, waiting)) >= least:
            yield pa.concat_batches(waiting)
            waiting = []
    if waiting:
        yield pa.concat_batches(waiting)


def as_text(kind: Kind, rows: Sequence[Any]) -> pa.Table:
    """Rows of text (and lists of text) as a table with the record's columns.

    Args:
        rows: mappings, or objects with the columns as attributes.
    """
    names = [column.name for column in COLUMNS[kind]]
    values: list[Sequence[Any]]
    if rows and isinstance(rows[0], Mapping):
        values = [[row.get(name) for row in rows] for name in names]
    else:
        values = list(zip(*map(attrgetter(*names), rows), strict=True))
    types = [one.type if pa.types.is_list(one.type) else _TEXT for one in COLUMNS[kind]]
    return pa.table(list(map(_column, values or [[]] * len(names), types)), names)


def _column(values: Sequence[Any], wanted: pa.DataType) -> pa.Array:
    try:
        return pa.array(values, wanted)
    except (pa.ArrowTypeError, pa.ArrowInvalid):  # numbers, or mended by hand
        if wanted == _TEXT:
            return pa.array([None if value is None else str(value) for value in values], wanted)
        return pa.array([_texts(value) for value in values], wanted)


def _texts(value: Any) -> list[str] | None:
    if value is None:
        return None
    return [str(item) for item in (value if isinstance(value, list) else [value])]


def typed(kind: Kind, rows: pa.Table, words: Vocabulary) -> Sorted:
    """Sort rows of text, as ``as_text`` gives them; times without a zone are UTC."""
    statement = Statement(kind, "given rows", "SELECT * FROM given_rows")
    needed = {column.name for column in COLUMNS[kind] if column.required}
    given = [n for n in rows.column_names if n in needed or rows[n].null_count < len(rows)]
    rows = rows.select(given)  # what nobody gave need not be read
    with session() as con:
        con.register("given_rows", rows)
        whole = pa.Table.from_batches(records(con, statement, len(rows))).combine_chunks()
    return sort_out(whole.to_batches()[0], kind, words, "UTC")


def sort_out(batch: pa.RecordBatch, kind: Kind, words: Vocabulary, zone: str) -> Sorted:
    """Put a batch into the record's schema and part the records that hold from the others.

    Args:
        zone: of times that name none.
    """
    table, gaps, ambiguous = in_utc(unmarked(pa.Table.from_batches([batch])), kind, zone)
    wanted = schema(kind)
    typed = table.select(wanted.names).cast(wanted)
    known = identified(typed, kind, words.nobody)
    reasons = find_broken(known.table, kind, words)
    for row, reason in known.reasons.items():
        reasons[row] = "; ".join(filter(None, [reason, reasons.get(row)]))
    originals: dict[int, dict[str, Any]] = {}
    for row, column, text, why in [*gaps, *faults(table, kind)]:
        others = [r for r in reasons.get(row, "").split("; ") if r and r != f"{column} is missing"]
        reasons[row] = "; ".join([*others, why])
        originals.setdefault(row, {})[column] = text
    if not reasons and known.dropped is None:
        return Sorted(known.table, {}, ambiguous, notes=known.notes)
    broken = {
        row: (typed.slice(row, 1).to_pylist()[0] | originals.get(row, {}), reason)
        for row, reason in sorted(reasons.items())
    }
    good = np.ones(len(typed), np.bool_) if known.dropped is None else ~known.dropped
    dropped = tuple(row for row in np.flatnonzero(~good).tolist() if row not in broken)
    good[list(broken)] = False
    return Sorted(known.table.filter(pa.array(good)), broken, ambiguous, dropped, known.notes)


def _check_columns(statement: Statement, given: dict[str, str]) -> None:
    known = {column.name: column for column in COLUMNS[statement.kind]}
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            raise SourceError(
                f"the SELECT {statement.name!r} gives a column {name!r}, "
                f"which {statement.kind} do not have",
                f"did you mean {near[0]!r}?" if near else f"use: {', '.join(known)}",
            )
    missing = [c.name for c in known.values() if c.required and c.name not in given]
    if missing:
        raise SourceError(
            f"the SELECT {statement.name!r} gives no {', '.join(missing)}",
            f"{statement.kind} need it: add … AS {missing[0]}",
        )
