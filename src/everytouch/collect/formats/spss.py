"""SPSS system files (.sav) as tables of text columns."""

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from everytouch.collect.formats.base import ROWS_OF_A_PART, TEXT, Reading, numbered
from everytouch.collect.source import Input
from everytouch.errors import SourceError
from everytouch.later import Later

if TYPE_CHECKING:
    import pyreadstat
else:
    pyreadstat = Later("pyreadstat")


def read_spss(path: Path, _given: Input, _reading: Reading) -> Iterator[pa.Table]:
    """Read a system file: codes as numbers, not labels; user-missing codes as they are.

    Raises:
        SourceError: the file is damaged or no SPSS file.
    """
    try:
        parts = pyreadstat.read_file_in_chunks(
            pyreadstat.read_sav, str(path), chunksize=ROWS_OF_A_PART,
            output_format="dict", user_missing=True,
        )  # fmt: skip
        for values, meta in parts:
            names = list(meta.column_names)
            columns = [pa.array(list(map(_text, values[name])), TEXT) for name in names]
            yield pa.table(columns, numbered(names))
    except pyreadstat.ReadstatError as error:
        raise SourceError(f"{path} is not an SPSS file: {error}", "save it as .sav") from error


def _text(value: Any) -> str | None:
    if value is None or value != value:
        return None
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ")
    return str(value) or None
