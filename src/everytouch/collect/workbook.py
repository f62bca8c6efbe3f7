"""XLSX sheets as tables of text columns."""

import datetime
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from everytouch.errors import SourceError
from everytouch.later import Later

if TYPE_CHECKING:
    import openpyxl
    from openpyxl.utils import exceptions
else:
    openpyxl, exceptions = Later("openpyxl"), Later("openpyxl.utils.exceptions")


def read_xlsx(path: Path, sheet: str | None = None) -> pa.Table:
    """A sheet whose first row names the columns; every cell as text, dates as ISO 8601.

    Raises:
        SourceError: no workbook, no such sheet, or no header.
    """
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (
        exceptions.InvalidFileException,
        zipfile.BadZipFile,
        KeyError,
        OSError,
    ) as error:
        raise SourceError(f"{path} is no XLSX workbook: {error}", "save it as .xlsx") from error
    try:
        if sheet is not None and sheet not in book.sheetnames:
            raise SourceError(
                f"{path} has no sheet {sheet!r}", f"use one of: {', '.join(book.sheetnames)}"
            )
        rows = (book[sheet] if sheet else book.worksheets[0]).iter_rows(values_only=True)
        names = [str(cell) if cell is not None else "" for cell in next(rows, ())]
        if not any(names):
            raise SourceError(f"{path} has no header row", "name the columns in the first row")
        cells = [[_text(cell) for cell in row] for row in rows]
    finally:
        book.close()
    columns = {
        name: pa.array([row[i] if i < len(row) else None for row in cells], pa.string())
        for i, name in enumerate(names)
        if name
    }
    return pa.table(columns)


def _text(cell: Any) -> str | None:
    if cell is None:
        return None
    if isinstance(cell, datetime.datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
