"""Sheets of workbooks, XLSX and XLS, as tables of text columns."""

import datetime
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError

import pyarrow as pa

from everytouch.collect.formats.archive import bounded, check_archive
from everytouch.collect.formats.base import TEXT, Reading, in_parts, numbered
from everytouch.collect.formats.delimited import header_names
from everytouch.collect.source import Input
from everytouch.errors import SourceError
from everytouch.later import Later

if TYPE_CHECKING:
    import openpyxl
    import python_calamine as calamine
    from openpyxl.utils import exceptions
else:
    openpyxl, exceptions = Later("openpyxl"), Later("openpyxl.utils.exceptions")
    calamine = Later("python_calamine")

_OLE = b"\xd0\xcf\x11\xe0"
_MIDNIGHT = datetime.time()
Cells = Iterator[tuple[Any, ...]]


def read_workbook(path: Path, given: Input, _reading: Reading) -> Iterator[pa.Table]:
    """Read every row and column of a sheet, whatever size the sheet says it has.

    Numbers are the text of their value, dates and times ISO 8601 without a zone, durations
    seconds. Empty rows are passed over. A formula without a stored value is empty.

    Raises:
        SourceError: no workbook, no such sheet, or no header.
    """
    yield from _tables(_cells(path, given), path, given)


def raw_rows(path: Path, given: Input) -> Iterator[tuple[str | None, ...]]:
    """Yield the rows of a sheet as text, header or not."""
    return (tuple(map(_text, row)) for row in _cells(path, given))


def _cells(path: Path, given: Input) -> Cells:
    with path.open("rb") as file:
        old = file.read(4) == _OLE
    return bounded(_old(path, given) if old else _new(path, given), path)


def sheets(path: Path) -> list[str]:
    """Return the names of a workbook's sheets."""
    with path.open("rb") as file:
        old = file.read(4) == _OLE
    if old:
        return list(_old_book(path).sheet_names)
    book = _new_book(path)
    try:
        return list(book.sheetnames)
    finally:
        book.close()


def _tables(rows: Cells, path: Path, given: Input) -> Iterator[pa.Table]:
    header: list[list[str]] = []
    first = given.header[0]
    for number in range(1, given.last_header + 1):
        cells = [_text(cell) or "" for cell in next(rows, ())]
        if number >= first and number in given.header:
            header.append(cells)
    if not any(cell.strip() for row in header for cell in row):
        raise SourceError(f"{path} has no header row", "name the columns in the first row")
    for _ in range(given.skip):
        next(rows, ())
    names = header_names(header)
    wanted = [place for place, name in enumerate(names) if name.strip()]

    def table(part: list[tuple[Any, ...]]) -> pa.Table:
        width = max(len(names), *map(len, part))
        places = wanted + [
            at for at in range(width)
            if at not in wanted and any(at < len(row) and row[at] is not None for row in part)
        ]  # fmt: skip
        every = numbered([*names, *[""] * (width - len(names))])
        columns = [
            pa.array([row[at] if at < len(row) else None for row in part], TEXT)
            for at in sorted(places)
        ]
        return pa.table(columns, [every[at] for at in sorted(places)])

    texts = (tuple(map(_text, row)) for row in rows)
    filled = (row for row in texts if any(cell is not None for cell in row))
    some = False
    for part in in_parts(filled, table):
        some = True
        yield part
    if not some:
        yield pa.table({name: pa.array([], TEXT) for name in numbered(names)})


def _new_book(path: Path) -> Any:
    try:
        check_archive(path)
        return openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (exceptions.InvalidFileException, zipfile.BadZipFile, KeyError, OSError) as error:
        raise SourceError(f"{path} is not a workbook: {error}", "save it as .xlsx") from error


def _new(path: Path, given: Input) -> Cells:
    book = _new_book(path)
    try:
        names = book.sheetnames
        _check_sheet(path, given, names)
        sheet = book[given.sheet] if given.sheet else book.worksheets[0]
        sheet.reset_dimensions()
        merged = _merged(path, sheet, given.last_header)
        for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
            if number > _ROWS or len(row) > _COLUMNS:
                raise SourceError(f"{path} has a cell beyond XFD1048576", "save it again in Excel")
            yield _under(merged, number, row) if number in merged else row
    except (ValueError, TypeError, IndexError, KeyError, ParseError) as error:
        raise SourceError(f"{path} is damaged: {error}", "save it again in Excel") from error
    finally:
        book.close()


def _check_sheet(path: Path, given: Input, names: list[str]) -> None:
    if given.sheet is not None and given.sheet not in names:
        raise SourceError(f"{path} has no sheet {given.sheet!r}", f"use one of: {', '.join(names)}")


_MERGE = re.compile(
    rb'<mergeCell\s[^<>]{0,200}?\bref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"'
)
_ROWS, _COLUMNS = 1_048_576, 16_384  # of a sheet; Excel writes no more


def _merged(path: Path, sheet: Any, last: int) -> dict[int, list[tuple[int, int]]]:
    """Of the header's rows the columns that are merged: row → (first, last), from 0.

    Only several columns of one row: openpyxl does not read merged cells of a streamed sheet.
    """
    with zipfile.ZipFile(path) as packed, packed.open(sheet._worksheet_path) as file:
        found = _MERGE.findall(file.read())
    rows: dict[int, list[tuple[int, int]]] = {}
    for first, top, end, _ in found:
        at = _place(first), min(_place(end), _COLUMNS - 1)
        if int(top) <= last and at[0] < at[1]:
            rows.setdefault(int(top), []).append(at)
    return rows


def _place(letters: bytes) -> int:
    place = 0
    for letter in letters:
        place = place * 26 + letter - 64
    return place - 1


def _under(merged: dict[int, list[tuple[int, int]]], number: int, row: Any) -> tuple[Any, ...]:
    """A row of the header with each merged cell's text in all of its columns."""
    cells = list(row)
    for first, last in merged[number]:
        cells += [None] * (last + 1 - len(cells))
        cells[first : last + 1] = [cells[first]] * (last + 1 - first)
    return tuple(cells)


def _old_book(path: Path) -> Any:
    try:
        return calamine.CalamineWorkbook.from_path(str(path))
    except (calamine.CalamineError, OSError) as error:
        raise SourceError(f"{path} is not a workbook: {error}", "save it as .xlsx") from error


def _old(path: Path, given: Input) -> Cells:
    book = _old_book(path)
    names = list(book.sheet_names)
    _check_sheet(path, given, names)
    sheet = book.get_sheet_by_name(given.sheet or names[0])
    for row in sheet.to_python(skip_empty_area=False):
        yield tuple(None if cell == "" else cell for cell in row)


def _text(cell: Any) -> str | None:
    if cell is None:
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, datetime.datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, datetime.timedelta):
        return _number(cell.total_seconds())
    if isinstance(cell, float):
        return _number(cell)
    return str(cell)


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)
