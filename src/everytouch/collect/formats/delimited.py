"""CSV and TSV files (RFC 4180 and what spreadsheets make of it) as tables of text columns."""

import csv
import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

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
            ends = _Ends(given.footer)
            for part in _parts(AsUtf8(file, encoding), names, sign, skipped, reading, ends):
                ends.rows += len(part)
                yield part
            ends.sort_out(reading)
    except DAMAGED as error:
        raise damaged(path, error) from error
    except pa.ArrowInvalid as error:
        raise SourceError(f"{path} could not be read as CSV: {error}", "check the file") from error


@dataclass
class _Ends:
    """Where the rows of a file end and its footer begins.

    Attributes:
        wanted: whether the file may have a footer.
        rows: how many were read.
        odd: rows that were not, in their order: number among all, and whether of one value.
        blank: numbers of rows of white space.
    """

    wanted: bool
    rows: int = 0
    odd: list[tuple[int, bool]] = field(default_factory=list)
    blank: list[int] = field(default_factory=list)

    def sort_out(self, reading: Reading) -> None:
        """Count lines of one value after the last row as the footer; they are not unreadable."""
        if not self.wanted:
            return
        last = self.rows
        for number in sorted([*self.blank, *(number for number, _ in self.odd)]):
            last += number <= last
        footer = [place for place, (number, one) in enumerate(self.odd) if number > last and one]
        reading.footer += len(footer)
        kept = set(range(len(self.odd))).difference(footer)
        first = len(reading.unread) - len(self.odd)
        reading.unread[first:] = [reading.unread[first + place] for place in sorted(kept)]


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
        rows = itertools.islice(_rows(lines, sign), _PROBED)
        widths = [len(row) for row, _ in rows if len(row) > 1]  # lines of a footer have one value
        found = max(((widths.count(width), width) for width in set(widths)), default=score)
        if found > score:
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
    file: AsUtf8, names: list[str], sign: str, skipped: list[str], reading: Reading, ends: _Ends
) -> Iterator[pa.Table]:
    """The rows after the header, in tables of bounded size."""

    def reject(row: Any) -> str:
        text = row.text if row.actual_columns < len(names) else row.text.rstrip("\r\n")
        if not text.strip():
            ends.blank.append(row.number or 0)
        else:
            number = (row.number or 0) + len(skipped)
            ends.odd.append((row.number or 0, row.actual_columns == 1))
            reading.reject(
                number, text,
                f"row has {row.actual_columns} values where the header has {row.expected_columns}",
            )  # fmt: skip
        return "skip"

    rest: IO[bytes] = io.BufferedReader(_Raw(file), 1 << 20)  # type: ignore[type-var,assignment]
    rest.read(len("".join(skipped).encode()))
    if not rest.peek(1):  # type: ignore[attr-defined]
        yield pa.table({name: pa.array([], TEXT) for name in names})
        return
    reader = pacsv.open_csv(
        rest,
        read_options=pacsv.ReadOptions(column_names=names, use_threads=False, block_size=8 << 20),
        parse_options=pacsv.ParseOptions(
            delimiter=sign,
            newlines_in_values=True,
            ignore_empty_lines=len(names) > 1,
            invalid_row_handler=reject,
        ),
        convert_options=pacsv.ConvertOptions(
            column_types=dict.fromkeys(names, TEXT),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    for batch in reader:
        yield pa.Table.from_batches([batch])


class _Raw(io.RawIOBase):
    """The converted file as the raw side of a buffered reader."""

    def __init__(self, file: AsUtf8) -> None:
        super().__init__()
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        given = self._file.read(len(buffer))
        buffer[: len(given)] = given
        return len(given)
