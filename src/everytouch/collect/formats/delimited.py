"""CSV and TSV files (RFC 4180 and what spreadsheets make of it) as tables of text columns."""

import csv
import io
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv

from everytouch.collect.formats.base import DAMAGED, TEXT, Reading, damaged, numbered, opened
from everytouch.collect.formats.text import AsUtf8, decided
from everytouch.collect.source import Input
from everytouch.errors import SourceError

DELIMITERS = ",;\t|"
LONGEST_HEADER = 4 << 20  # bytes in which the header must end
_PROBED = 20  # rows that decide between delimiters


def read_delimited(path: Path, given: Input, reading: Reading) -> Iterator[pa.Table]:
    """Read a CSV file; a row with too many or too few values is reported, not guessed.

    An empty cell is null, a quoted empty cell is an empty text. Blank lines are passed over.

    Raises:
        SourceError: the file is damaged, has no header, or is not in the given encoding.
    """
    encoding = decided(path, given.encoding, reading)
    head = _head(path, encoding)
    lines, start = _lines(head)
    sign = given.delimiter or _delimiter(lines, start)
    reading.notes["delimiter"] = {"\t": "tab"}.get(sign, sign)
    rows = [row for row, _ in itertools.islice(_rows(lines, sign), start + given.last_header)]
    header = [rows[start + number - 1] for number in given.header if start + number <= len(rows)]
    if not header or not any(cell.strip() for row in header for cell in row):
        raise SourceError(f"{path} has no header", "name the columns in the first row")
    names = numbered(header_names(header))
    skipped = _lines_of(lines, sign, start + given.last_header + given.skip)
    try:
        with opened(path) as file:
            yield from _parts(AsUtf8(file, encoding), names, sign, skipped, reading)
    except DAMAGED as error:
        raise damaged(path, error) from error
    except pa.ArrowInvalid as error:
        raise SourceError(f"{path} could not be read as CSV: {error}", "check the file") from error


def first_cells(path: Path, given: Input, reading: Reading, count: int) -> list[list[str]]:
    """Return the first rows of a CSV file as they are, header or not."""
    lines, start = _lines(_head(path, decided(path, given.encoding, reading)))
    sign = given.delimiter or _delimiter(lines, start)
    return [row for row, _ in itertools.islice(_rows(lines, sign), start, start + count)]


def header_names(rows: list[list[str]]) -> list[str]:
    """Return one name a column from header rows: a cell under a merged one carries both texts."""
    if len(rows) == 1:
        return rows[0]
    width = max(map(len, rows))
    filled = []
    for row in rows[:-1]:
        cells, last = [], ""
        for cell in [*row, *[""] * (width - len(row))]:
            last = cell.strip() or last
            cells.append(last)
        filled.append(cells)
    final = [cell.strip() for cell in [*rows[-1], *[""] * (width - len(rows[-1]))]]
    columns = zip(*filled, final, strict=True)
    return [": ".join(dict.fromkeys(part for part in cells if part)) for cells in columns]


def _head(path: Path, encoding: str) -> str:
    try:
        with opened(path) as file:
            return AsUtf8(file, encoding).read(LONGEST_HEADER).decode("utf-8", "ignore")
    except DAMAGED as error:
        raise damaged(path, error) from error


def _lines(head: str) -> tuple[list[str], int]:
    """Lines with their ends, and how many rows come before the first of the table."""
    lines = io.StringIO(head, newline="").readlines()
    if lines and lines[0].strip().strip('"').lower().startswith("sep="):
        return lines, 1
    return lines, 0


def _delimiter(lines: list[str], start: int) -> str:
    """The delimiter that parts the first rows most evenly; one inside quotes does not count."""
    if start:
        given = lines[0].strip().strip('"')[4:5]
        return given or "\t"
    best, score = ",", (0, 0)
    for sign in DELIMITERS:
        widths = [len(row) for row, _ in itertools.islice(_rows(lines, sign), _PROBED) if row]
        if not widths or max(widths) < 2:
            continue
        usual = max(set(widths), key=lambda width: (widths.count(width), width))
        if usual > 1 and (found := (widths.count(usual), usual)) > score:
            best, score = sign, found
    return best


def _rows(lines: list[str], sign: str) -> Iterator[tuple[list[str], int]]:
    """Rows of the first lines, and the line each ends on."""
    reader = csv.reader((line.replace("\0", " ") for line in lines), delimiter=sign)
    try:
        for row in reader:
            yield row, reader.line_num
    except csv.Error:
        return


def _lines_of(lines: list[str], sign: str, rows: int) -> list[str]:
    """The lines that the first rows take."""
    ends = [end for _, end in itertools.islice(_rows(lines, sign), rows)]
    return lines[: ends[-1] if ends else 0]


def _parts(
    file: AsUtf8, names: list[str], sign: str, skipped: list[str], reading: Reading
) -> Iterator[pa.Table]:
    """The rows after the header, in tables of bounded size."""
    rest = _Ended(file, sign.join([_END] * len(names)) + "\n")
    rest.pass_over(len("".join(skipped).encode()))
    rows, last = len(skipped), None
    for batch in pacsv.open_csv(
        io.BufferedReader(rest, 1 << 20),
        read_options=pacsv.ReadOptions(column_names=names, use_threads=False, block_size=8 << 20),
        parse_options=_parsing(names, sign, len(skipped), reading),
        convert_options=pacsv.ConvertOptions(
            column_types=dict.fromkeys(names, TEXT),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    ):
        if last is not None:
            yield last
            rows += len(last)
        last = pa.Table.from_batches([batch]) if len(batch) else last
    if last is not None:
        yield _without_end(last, rows, sign, reading)


def _parsing(names: list[str], sign: str, skipped: int, reading: Reading) -> pacsv.ParseOptions:
    def reject(row: Any) -> str:
        text = row.text.partition(_END)[0].rstrip("\r\n")
        why = f"row has {row.actual_columns} values where the header has {row.expected_columns}"
        if text.strip():
            opened = _END in row.text
            reading.reject((row.number or 0) + skipped, text, _OPEN if opened else why)
        return "skip"

    return pacsv.ParseOptions(
        delimiter=sign,
        newlines_in_values=True,
        ignore_empty_lines=len(names) > 1,
        invalid_row_handler=reject,
    )


def _without_end(last: pa.Table, rows: int, sign: str, reading: Reading) -> pa.Table:
    """The last rows without the one that marks the end; a row that swallowed it is reported."""
    cells = [last[name][-1].as_py() for name in last.column_names]
    if any(cell and _END in cell for cell in cells):
        if any(cell != _END for cell in cells):
            text = sign.join(cell or "" for cell in cells).partition(_END)[0].rstrip("\r\n")
            reading.reject(rows + len(last), text, _OPEN)
        return last.slice(0, len(last) - 1)
    return last


_END = "\ue001end\ue001"
_OPEN = "a quote is opened and not closed before the end of the file"


class _Ended(io.RawIOBase):
    """A file with one more row at its end: where it is missing later, a quote was left open.

    Args:
        end: the row.
    """

    def __init__(self, file: AsUtf8, end: str) -> None:
        super().__init__()
        self._file, self._end, self._last = file, end.encode(), b"\n"

    def readable(self) -> bool:
        return True

    def pass_over(self, size: int) -> None:
        """Skip bytes."""
        if size:
            self._last = self._file.read(size)[-1:] or self._last

    def readinto(self, buffer: Any) -> int:
        given = self._file.read(len(buffer) // 2)  # leaves room for the end
        if given:
            self._last = given[-1:]
        elif self._end:
            given = (b"" if self._last in b"\r\n" else b"\n") + self._end
            self._end = b""
        buffer[: len(given)] = given
        return len(given)
