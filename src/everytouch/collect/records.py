"""From the columns of a SELECT to the columns of a record, value by value where it must be."""

import difflib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from everytouch.collect.inputs import reading
from everytouch.collect.nobody import Notes, identified
from everytouch.collect.source import Statement
from everytouch.errors import SourceError
from everytouch.moments.api import COLUMNS, Column, Kind, Vocabulary, find_broken, schema

_SQL_TYPES = {
    pa.string(): "VARCHAR",
    pa.float64(): "DOUBLE",
    pa.int64(): "BIGINT",
    pa.bool_(): "BOOLEAN",
    pa.timestamp("us", tz="UTC"): "TIMESTAMPTZ",
    pa.decimal128(18, 4): "DECIMAL(18,4)",
    pa.list_(pa.string()): "VARCHAR[]",
}
# What Python can say of a time; SQL knows infinity, and years beyond.
_EARLIEST, _LATEST = "TIMESTAMPTZ '0001-01-02 00:00Z'", "TIMESTAMPTZ '9999-12-30 00:00Z'"
_TEXT = pa.string()
_FAILED = "failed:"  # prefix of the columns that hold what could not be converted


@dataclass(frozen=True)
class Sorted:
    """A batch of records: those that hold, and by row number those that do not, with reasons.

    Attributes:
        dropped: how many are links of nobody, which are neither.
        notes: identifiers that identify nobody, and how often each was given.
    """

    good: pa.Table
    broken: dict[int, tuple[dict[str, Any], str]]
    dropped: int = 0
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
        part for column in COLUMNS[statement.kind] for part in _expressions(column, given)
    )
    with reading(f"the SELECT {statement.name!r}"):
        reader = con.sql(
            f"SELECT {wanted} FROM (\n{statement.sql.rstrip().rstrip(';')}\n) AS given"
        )
        yield from reader.to_arrow_reader(batch_rows)


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
    """Rows of text, as ``as_text`` gives them: records that hold, and those that do not."""
    statement = Statement(kind, "given rows", "SELECT * FROM given_rows")
    needed = {column.name for column in COLUMNS[kind] if column.required}
    given = [n for n in rows.column_names if n in needed or rows[n].null_count < len(rows)]
    rows = rows.select(given)  # what nobody gave need not be read
    with duckdb.connect(config={"threads": 2}) as con:
        con.execute("SET TimeZone = 'UTC'")
        con.register("given_rows", rows)
        whole = pa.Table.from_batches(records(con, statement, len(rows))).combine_chunks()
    return sort_out(whole.to_batches()[0], statement, words)


def sort_out(batch: pa.RecordBatch, statement: Statement, words: Vocabulary) -> Sorted:
    """Cast to the record's schema and part the records that hold from those that do not."""
    table = pa.Table.from_batches([batch])
    wanted = schema(statement.kind)
    typed = table.select(wanted.names).cast(wanted)
    known = identified(typed, statement.kind, words.nobody)
    reasons = find_broken(known.table, statement.kind, words)
    for row, reason in known.reasons.items():
        reasons[row] = "; ".join(filter(None, [reason, reasons.get(row)]))
    originals: dict[int, dict[str, Any]] = {}
    for column in COLUMNS[statement.kind]:
        name = _FAILED + column.name
        if name not in table.column_names or table[name].null_count == len(table):
            continue
        for row in pc.indices_nonzero(pc.is_valid(table[name])).to_pylist():
            text = table[name][row].as_py()
            originals.setdefault(row, {})[column.name] = text
            reasons[row] = _unconverted(column, text, reasons.get(row))
    if not reasons and known.dropped is None:
        return Sorted(known.table, {}, 0, known.notes)
    broken = {
        row: (typed.slice(row, 1).to_pylist()[0] | originals.get(row, {}), reason)
        for row, reason in sorted(reasons.items())
    }
    gone = np.zeros(len(typed), np.bool_) if known.dropped is None else known.dropped.copy()
    gone[list(broken)] = False
    good = ~gone
    good[list(broken)] = False
    return Sorted(known.table.filter(pa.array(good)), broken, int(gone.sum()), known.notes)


def _unconverted(column: Column, text: str, earlier: str | None) -> str:
    said = f"{column.name} {text!r} is no {_SQL_TYPES[column.type].lower()}"
    others = [r for r in (earlier or "").split("; ") if r and r != f"{column.name} is missing"]
    return "; ".join([*others, said])


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


def _expressions(column: Column, given: dict[str, str]) -> list[str]:
    """SQL for a record's column, and for what of it could not be converted."""
    target, name = _SQL_TYPES[column.type], f'"{column.name}"'
    if column.name not in given:
        default = "NULL" if column.default is None else f"'{column.default}'"
        return [f"CAST({default} AS {target}) AS {name}"]
    has = given[column.name]
    if target == "VARCHAR[]" and not has.endswith("[]"):
        return [f"CASE WHEN {name} IS NOT NULL THEN [CAST({name} AS VARCHAR)] END AS {name}"]
    if column.name == "properties" and has != "VARCHAR":
        return [f"CAST(to_json({name}) AS VARCHAR) AS {name}"]
    value = f"TRY_CAST({name} AS {target})"
    if target == "TIMESTAMPTZ":
        value = f"CASE WHEN {value} BETWEEN {_EARLIEST} AND {_LATEST} THEN {value} END"
    filled = value if column.default is None else f"coalesce({value}, '{column.default}')"
    if target in ("VARCHAR", has):
        return [f"{filled} AS {name}"]
    failed = f"CASE WHEN {value} IS NULL THEN nullif(trim(CAST({name} AS VARCHAR)), '') END"
    return [f"{filled} AS {name}", f'{failed} AS "{_FAILED}{column.name}"']
