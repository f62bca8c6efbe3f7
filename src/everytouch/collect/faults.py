"""What of a batch could not be understood, row by row; and its local times in UTC."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from everytouch.collect.casts import FAILED, LOCAL, WORDS
from everytouch.collect.columns.model import MARK, marked
from everytouch.collect.columns.zones import to_utc
from everytouch.moments.api import COLUMNS, Kind

_BYTE = MARK.encode()[0]
_MARKS = re.compile(f"{MARK}[^{MARK}]*{MARK}")


class Fault(NamedTuple):
    """A value that was not understood.

    Attributes:
        text: as it was given.
    """

    row: int
    column: str
    text: Any
    reason: str


def in_utc(table: pa.Table, kind: Kind, zone: str) -> tuple[pa.Table, list[Fault], int]:
    """Return a batch with its local times in UTC, those that do not exist, and how many are twice.

    Args:
        zone: of times that name none.
    """
    faults: list[Fault] = []
    ambiguous = 0
    for column in COLUMNS[kind]:
        name = LOCAL + column.name
        if name not in table.column_names or table[name].null_count == len(table):
            continue
        given = table[name].combine_chunks()
        here = np.flatnonzero(pc.is_valid(given).to_numpy(zero_copy_only=False))
        local = given.drop_null().cast(pa.int64()).to_numpy()
        found = to_utc(local, zone)
        ambiguous += int(found.ambiguous.sum())
        for at in np.flatnonzero(found.missing):
            text = str(given[int(here[at])].as_py())
            why = f"{column.name} {text!r} does not exist in {zone}, where clocks were put forward"
            faults.append(Fault(int(here[at]), column.name, text, why))
        times = table[column.name].cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
        values = pc.fill_null(times, 0).to_numpy().copy()
        valid = pc.is_valid(times).to_numpy(zero_copy_only=False).copy()
        values[here], valid[here] = found.utc, ~found.missing
        whole = pa.array(values, pa.timestamp("us", tz="UTC"), mask=~valid)
        table = table.set_column(table.column_names.index(column.name), column.name, whole)
    return table, faults, ambiguous


def unmarked(table: pa.Table) -> pa.Table:
    """Return a batch whose properties have values as they were written, understood or not."""
    if "properties" not in table.column_names or not _may_mark(table["properties"]):
        return table
    at = table.column_names.index("properties")
    plain = pc.replace_substring_regex(table["properties"], f"{MARK}[^{MARK}]*{MARK}", "")
    return table.set_column(at, "properties", plain)


def faults(table: pa.Table, kind: Kind) -> Iterator[Fault]:
    """Yield the values that their column's format or the record's type does not understand."""
    for column in COLUMNS[kind]:
        failed = FAILED + column.name
        if failed in table.column_names:
            for row, text in _values(table[failed]):
                yield Fault(row, column.name, *_why(column.name, text, WORDS[column.type]))
        elif pa.types.is_string(column.type) or pa.types.is_list(column.type):
            given = table[column.name]
            if not _may_mark(given):
                continue
            texts = given.cast(pa.string()) if pa.types.is_string(column.type) else _joined(given)
            hits = pc.fill_null(pc.match_substring(texts, MARK), False)
            for row in pc.indices_nonzero(hits).to_pylist():
                yield Fault(row, column.name, *_why(column.name, texts[row].as_py(), "understood"))


def _may_mark(texts: pa.ChunkedArray) -> bool:
    """Whether a mark may be in texts, or lists of them: a look at their bytes, all at once."""
    for chunk in texts.chunks:
        flat = chunk.values if pa.types.is_list(chunk.type) else chunk
        octets = flat.buffers()[-1]
        if octets is not None and (np.frombuffer(octets, np.uint8) == _BYTE).any():
            return True
    return False


def _joined(lists: pa.ChunkedArray) -> pa.Array:
    return pc.binary_join(lists.combine_chunks().cast(pa.list_(pa.string())), " ")


def _values(texts: pa.ChunkedArray) -> Iterator[tuple[int, str]]:
    if texts.null_count < len(texts):
        for row in pc.indices_nonzero(pc.is_valid(texts)).to_pylist():
            yield row, texts[row].as_py()


def _why(name: str, text: str, wanted: str) -> tuple[str, str]:
    """The value as it was written, and why it is not understood."""
    if found := marked(text):
        wanted = found[0]
        text = _MARKS.sub("", text)
    return text, f"{name} {text!r} is not {wanted}"
