"""The first rows of a file as cells, before anybody knows which of them names the columns."""

import itertools
import re
from dataclasses import replace
from pathlib import Path

from everytouch.collect.formats.base import Reading
from everytouch.collect.formats.delimited import first_cells
from everytouch.collect.formats.workbook import raw_rows
from everytouch.collect.source import Input

LOOKED_AT = 15
_NUMERIC = re.compile(r"[-+]?[\d.,:/ %€$-]+")


def first_rows(path: Path, given: Input, count: int = LOOKED_AT) -> list[list[str]]:
    """Return the first rows of a CSV file or a sheet, header or not, as cells of text."""
    if given.format == "csv":
        return first_cells(path, given, Reading(path.name), count)
    rows = itertools.islice(raw_rows(path, given), count)
    return [[cell or "" for cell in row] for row in rows]


def with_header(given: Input) -> Input:
    """Return the input with the rows that name its columns, below titles and group headers.

    A row of groups above the header, as under merged cells, becomes part of the names.
    """
    if given.format not in ("csv", "xlsx") or given.header != (1,):
        return given
    rows = first_rows(given.paths[0], given)
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows]
    if not filled:
        return given
    wide = max(filled)
    for place, row in enumerate(rows):
        if filled[place] >= 0.7 * wide and _names(row):
            above = place > 0 and 1 < filled[place - 1] < filled[place] and _names(rows[place - 1])
            return replace(given, header=(place, place + 1) if above else (place + 1,))
    return given


def _names(row: list[str]) -> bool:
    """Whether the cells of a row can be names: texts that differ."""
    cells = [cell.strip() for cell in row if cell.strip()]
    texts = [cell for cell in cells if not _NUMERIC.fullmatch(cell)]
    return len(texts) >= 0.8 * len(cells) and len(set(cells)) >= 0.8 * len(cells)
