"""JSON and JSON lines as tables of text columns.

Every scalar is read as its source text, a nested value as the JSON it is written in: no type is
guessed, so a number keeps its digits and an id its form. A key that first appears late is a
column like any other.
"""

import io
import itertools
import json
from collections.abc import Iterable, Iterator
from operator import itemgetter
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from everytouch.collect.formats.base import (
    DAMAGED,
    ROWS_OF_A_PART,
    TEXT,
    Reading,
    damaged,
    numbered,
    opened,
    together,
)
from everytouch.collect.formats.text import AsUtf8, decided
from everytouch.collect.source import Input
from everytouch.errors import SourceError

VALUE = "value"  # the column of rows that are no objects
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_loose = msgspec.json.Decoder(dict[str, Any], float_hook=str)
_exact = msgspec.json.Decoder(dict[str, msgspec.Raw])
_items = msgspec.json.Decoder(list[msgspec.Raw])
_string = msgspec.json.Decoder(str)
Row = dict[str, Any]
_NONE = {type(None)}
_START = 1 << 20
MOST_NAMES = 2_000
_BLOCK = 1 << 18  # what is decoded at once still fits the processor's cache


def read_documents(path: Path, given: Input, reading: Reading) -> Iterator[pa.Table]:
    """Read JSON: one object a line, an array, or an array under a key of the top object.

    A line that is no JSON object is reported with its number.

    Raises:
        SourceError: the file is damaged, or holds no list of objects.
    """
    encoding = decided(path, given.encoding, reading)
    try:
        with opened(path) as raw:
            file = AsUtf8(raw, encoding)
            start = file.read(_START)
            rows = _rows(start, file, given, path, reading)
            yield from together(_parts(rows))
    except DAMAGED as error:
        raise damaged(path, error) from error


def _rows(
    start: bytes, file: AsUtf8, given: Input, path: Path, reading: Reading
) -> Iterator[list[Row]]:
    """Rows of the form that the file has, part by part."""
    first = start.lstrip()[:1]
    if not given.records and first not in (b"[", b"") and _is_lines(start):
        return _of_lines(start, file, reading)
    whole = start + file.read()
    if first == b"[" and not given.records:
        return _of_items(_array(whole, path), reading)
    if first == b"{":
        return _of_object(whole, given, path, reading)
    raise SourceError(f"{path} holds no JSON objects", "give an array, or one object a line")


def _is_lines(start: bytes) -> bool:
    """Whether the first line that is not blank is a JSON value of its own, and more follow it."""
    first, _, rest = start.lstrip().partition(b"\n")
    if not rest.strip():
        return False
    try:
        msgspec.json.decode(first)
    except _UNREADABLE:
        # A broken first line among lines, not the beginning of a pretty-printed object.
        return len(first.strip()) > 1 and rest.lstrip()[:1] == b"{"
    return True


def _of_lines(start: bytes, file: AsUtf8 | io.BytesIO, reading: Reading) -> Iterator[list[Row]]:
    number = 1
    for block in _blocks(start, file):
        rows = _plain(block)
        yield _each(block.split(b"\n"), number, reading) if rows is None else rows
        number += block.count(b"\n") + 1


def _blocks(start: bytes, file: AsUtf8 | io.BytesIO) -> Iterator[bytes]:
    """The whole lines of a file, many at a time."""
    held: list[bytes] = []  # of a line whose end has not come yet
    chunk = start
    while chunk:
        lines, end, rest = chunk.rpartition(b"\n")
        if end:
            yield b"".join([*held, lines])
            held.clear()
        held.append(rest)
        chunk = file.read(_BLOCK)
    yield b"".join(held)


def _plain(block: bytes) -> list[Row] | None:
    """The rows of lines, all read at once; None where a line wants a look of its own.

    The library also takes an object over several lines and several in a line, so there must be as
    many lines as objects, each line beginning one.
    """
    try:
        rows: list[Row] = _loose.decode_lines(block)
    except _UNREADABLE:
        return None
    lines = block.count(b"\n") + 1
    begun = block.startswith(b"{") + block.count(b"\n{")
    plain = len(rows) == lines == begun == block.count(b"{") and b"[" not in block
    return rows if plain else None


def _each(lines: Iterable[bytes], number: int, reading: Reading) -> list[Row]:
    """The rows of lines, read one by one."""
    rows = (_row(line, place, reading) for place, line in enumerate(lines, number))
    return [row for row in rows if row is not None]


def _of_items(items: list[msgspec.Raw], reading: Reading) -> Iterator[list[Row]]:
    for first in range(0, len(items), ROWS_OF_A_PART):
        part = map(bytes, items[first : first + ROWS_OF_A_PART])
        yield _each(part, first + 1, reading)


def _of_object(whole: bytes, given: Input, path: Path, reading: Reading) -> Iterator[list[Row]]:
    """Rows of the array under a key; the object itself is the only row where it has none."""
    try:
        parts = _exact.decode(whole)
    except _UNREADABLE as error:
        if _is_lines(whole) and not given.records:  # the first line is longer than was looked at
            return _of_lines(whole, io.BytesIO(), reading)
        raise SourceError(f"{path} is not JSON: {error}", "check the file") from error
    for key in [k for k in given.records.split(".") if k]:
        if key not in parts:
            raise SourceError(
                f"{path} has no list {given.records!r}", f"use one of: {', '.join(arrays(parts))}"
            )
        if bytes(parts[key]).lstrip()[:1] == b"[":
            return _of_items(_array(bytes(parts[key]), path), reading)
        parts = _exact.decode(bytes(parts[key]))
    lists = arrays(parts)
    if len(lists) == 1 and _objects(bytes(parts[lists[0]])):
        reading.notes["records"] = lists[0]
        return _of_items(_array(bytes(parts[lists[0]]), path), reading)
    return iter((_each([whole.strip()], 1, reading),))


def arrays(parts: dict[str, msgspec.Raw]) -> list[str]:
    """Return the keys of an object whose values are arrays."""
    return [key for key, value in parts.items() if bytes(value).startswith(b"[")]


def _objects(array: bytes) -> bool:
    return array[1:].lstrip()[:1] in (b"{", b"]")


def _array(whole: bytes, path: Path) -> list[msgspec.Raw]:
    try:
        found: list[msgspec.Raw] = _items.decode(whole)
    except _UNREADABLE as error:
        raise SourceError(
            f"{path} is not JSON: {error}", "fetch the file again, or correct it there"
        ) from error
    return found


def _row(text: bytes, number: int, reading: Reading) -> Row | None:
    """One row; None where there is none, with a report where something else stands."""
    try:
        row: Row = _loose.decode(text)
    except _UNREADABLE as error:
        plain = text.strip()
        if plain and plain[:1] != b"{" and not _broken(plain):
            return {VALUE: as_text(plain)}
        if plain:
            said = text.decode("utf-8", "replace")
            reading.reject(number, said, f"not a JSON object: {error}")
        return None
    if text.count(b"{") > 1 or b"[" in text:
        nested = [name for name, value in row.items() if isinstance(value, dict | list)]
        exact = _exact.decode(text) if nested else {}
        row |= {name: bytes(exact[name]).decode() for name in nested}
    return row


def _broken(text: bytes) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return True
    return False


def as_text(value: bytes) -> str | None:
    """Return a JSON value as text: of a string its content, of anything else its source text."""
    if value[:1] == b'"':
        content: str = _string.decode(value)
        return content
    return None if value == b"null" else value.decode()


def _parts(parts: Iterable[list[Row]]) -> Iterator[pa.Table]:
    """Tables of text; the columns of a part are the keys that stand in it.

    Raises:
        SourceError: there are too many keys to be columns.
    """
    names: dict[str, str] = {}
    for part in filter(None, parts):
        keys = dict.fromkeys(itertools.chain.from_iterable(dict.fromkeys(map(tuple, part))))
        if new := [key for key in keys if key not in names]:
            if len(names) + len(new) > MOST_NAMES:
                raise SourceError(
                    f"its objects have over {MOST_NAMES:,} different names",
                    "write what differs from object to object as values, not as names",
                )
            names.update(zip([*names, *new], numbered([*names, *new]), strict=True))
        columns = list(map(_column, _by_key(part, keys)))
        yield pa.table(columns, [names[key] for key in keys])


def _by_key(rows: list[Row], keys: Iterable[str]) -> Iterator[list[Any]]:
    """The values of each key, one after the other."""
    for key in keys:
        try:
            yield list(map(itemgetter(key), rows))
        except KeyError:
            yield [row.get(key) for row in rows]


def _column(values: list[Any]) -> pa.Array:
    kinds = set(map(type, values)) - _NONE
    if kinds == {int}:
        try:
            return pa.array(values, pa.int64()).cast(TEXT)
        except (OverflowError, pa.ArrowInvalid):
            pass
    if kinds <= {str}:
        return pa.array(values, TEXT)
    return pa.array([_scalar(value) for value in values], TEXT)


def _scalar(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
