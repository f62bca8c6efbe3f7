"""Figures to take away: CSV and XLSX. A value that a spreadsheet would run is made harmless."""

import csv
import datetime
import io
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import xlsxwriter

from everytouch.stats.intervals import Estimate, withheld
from everytouch.web.figure import Column, Figure

RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
Cell = str | int | float | datetime.datetime | None


def harmless(value: Any) -> Cell:
    """Text that begins like a formula gets an apostrophe before it."""
    if value is None or isinstance(value, int | float | datetime.datetime):
        return value
    if isinstance(value, Decimal):
        return float(value)
    text = str(value)
    return f"'{text}" if text.startswith(RISKY) else text


def table(figure: Figure) -> tuple[list[str], Iterator[list[Cell]]]:
    """Names and rows; an estimate becomes its value, both ends, and n."""
    names = [name for column in figure.columns for name in _names(column)]
    rows = (
        [cell for column in figure.columns for cell in _cells(column, row)] for row in figure.rows
    )
    return names, rows


def _names(column: Column) -> list[str]:
    title = str(column.title)
    if column.kind == "estimate":
        return [title, f"{title} (low)", f"{title} (high)", f"{title} (n)"]
    return [f"{title} (s)" if column.kind == "duration" else title]


def _cells(column: Column, row: Any) -> list[Cell]:
    value = column.read(row)
    if column.kind != "estimate":
        return [harmless(value)]
    if not isinstance(value, Estimate):
        return [harmless(value), None, None, None]
    if value.hidden:
        return [withheld(value), None, None, value.n]
    return [*(v * column.factor for v in (value.value, value.low, value.high)), value.n]


def basis_lines(figure: Figure, title: str, address: str) -> list[tuple[str, str]]:
    """What the figure rests on, to go with it."""
    lines = [("figure", title), ("address", address)]
    if figure.basis:
        lines += [
            (name, text)
            for name in ("formula", "denominator", "cut", "method", "order")
            if (text := getattr(figure.basis, name))
        ]
    return lines


def as_csv(figure: Figure) -> str:
    """UTF-8 CSV with a header, RFC 4180."""
    out = io.StringIO()
    writer = csv.writer(out)
    names, rows = table(figure)
    writer.writerow([harmless(name) for name in names])
    for row in rows:
        writer.writerow(
            [cell.isoformat() if isinstance(cell, datetime.datetime) else cell for cell in row]
        )
    return out.getvalue()


def as_xlsx(figure: Figure, title: str, address: str) -> bytes:
    """A workbook: the table on one sheet, what it rests on on another."""
    out = io.BytesIO()
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "nan_inf_to_errors": True,
        "remove_timezone": True,
    }
    with xlsxwriter.Workbook(out, options) as book:
        bold = book.add_format({"bold": True})
        time = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet, about = book.add_worksheet("Figure"), book.add_worksheet("About")
        names, rows = table(figure)
        sheet.write_row(0, 0, [harmless(name) for name in names], bold)
        for i, row in enumerate(rows, 1):
            for j, cell in enumerate(row):
                if isinstance(cell, datetime.datetime):
                    sheet.write_datetime(i, j, cell.astimezone(datetime.UTC), time)
                elif isinstance(cell, str):
                    sheet.write_string(i, j, cell)
                elif cell is not None:
                    sheet.write_number(i, j, cell)
        sheet.freeze_panes(1, 1)
        sheet.autofit()
        for i, (name, text) in enumerate(basis_lines(figure, title, address)):
            about.write_string(i, 0, name, bold)
            about.write_string(i, 1, str(harmless(text)))
        about.set_column(1, 1, 100)
    return out.getvalue()
