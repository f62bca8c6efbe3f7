"""Whether a workbook is worth opening: what it unpacks to, and how many cells its rows have."""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from everytouch.errors import SourceError

MOST_UNPACKED = 2 << 30
MOST_PARTS = 5_000
SMALL = 20 << 20  # bytes that may be packed as tightly as they are
RATIO = 100  # times its size that a part may unpack to; text of real tables reaches some 30
MOST_TEXTS = 512 << 20  # bytes of the shared strings, which are held in memory
MOST_CELLS = 200_000_000
REMEDY = "split it, or save it as CSV"
_TEXTS = "sharedstrings.xml"


def check_archive(path: Path) -> None:
    """Raise where a workbook unpacks to more than can be read; by what its parts say they have.

    No more than that is ever unpacked of a part.

    Raises:
        SourceError: it does.
        BadZipFile: it is no archive.
    """
    with zipfile.ZipFile(path) as packed:
        parts = packed.infolist()
    if len(parts) > MOST_PARTS:
        raise SourceError(f"{path} has {len(parts):,} parts", REMEDY)
    size = sum(part.file_size for part in parts)
    if size > MOST_UNPACKED:
        raise SourceError(f"{path} unpacks to {size:,} bytes", REMEDY)
    for part in parts:
        name, size = part.filename, part.file_size
        if size > max(SMALL, RATIO * part.compress_size):
            raise SourceError(f"{name} in {path} unpacks to {size:,} bytes", REMEDY)
        if name.lower().endswith(_TEXTS) and size > MOST_TEXTS:
            raise SourceError(f"the texts of {path} unpack to {size:,} bytes", REMEDY)


def bounded(rows: Iterator[tuple[Any, ...]], path: Path) -> Iterator[tuple[Any, ...]]:
    """Yield rows until they have too many cells: one cell may lie at the far end of each row.

    Raises:
        SourceError: they have.
    """
    cells = 0
    for row in rows:
        cells += len(row) or 1
        if cells > MOST_CELLS:
            raise SourceError(f"{path} has over {MOST_CELLS:,} cells in a sheet", REMEDY)
        yield row
