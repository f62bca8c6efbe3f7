"""The readers by the name of their format."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa

from everytouch.collect.formats.base import Reading
from everytouch.collect.formats.delimited import read_delimited
from everytouch.collect.formats.documents import read_documents
from everytouch.collect.formats.ocel import read_ocel
from everytouch.collect.formats.spss import read_spss
from everytouch.collect.formats.workbook import read_workbook
from everytouch.collect.formats.xes import read_xes
from everytouch.collect.source import Input

Reader = Callable[[Path, Input, Reading], Iterator[pa.Table]]

READERS: dict[str, Reader] = {
    "csv": read_delimited,
    "json": read_documents,
    "ocel": read_ocel,
    "sav": read_spss,
    "xes": read_xes,
    "xlsx": read_workbook,
}
"""Parquet is not among them: its columns have types, and DuckDB reads it as it is."""
