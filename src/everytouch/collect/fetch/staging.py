"""Rows of text written as a Parquet file that an import reads."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.parquet as pq

from everytouch.errors import SourceError

Row = Sequence[str | None]


class Staged:
    """A Parquet file of text columns, written chunk by chunk.

    Args:
        place: how messages name the source.
    """

    def __init__(self, path: Path, columns: Sequence[str], place: str) -> None:
        folded = [name.casefold() for name in columns]
        twice = sorted({name for name in columns if folded.count(name.casefold()) > 1})
        if twice:
            raise SourceError(
                f"{place}: several columns are named {', '.join(twice)}",
                "give each column its own name in the query",
            )
        self.path, self.rows = path, 0
        self._schema = pa.schema([pa.field(name, pa.string()) for name in columns])
        self._writer = pq.ParquetWriter(path, self._schema)

    def __enter__(self) -> "Staged":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._writer.close()

    def write(self, rows: Iterable[Row]) -> None:
        """Add rows, each with a value for every column."""
        listed = list(rows)
        columns = list(zip(*listed, strict=True)) if listed else [()] * len(self._schema)
        arrays = [pa.array(values, pa.string()) for values in columns]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))
        self.rows += len(listed)


def stage(path: Path, columns: Sequence[str], rows: Iterable[Row], place: str) -> Path:
    """Write rows as one file and return its path."""
    with Staged(path, columns, place) as out:
        out.write(rows)
    return path
