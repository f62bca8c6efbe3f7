"""Files as tables that DuckDB reads: text columns, staged as Parquet, understood by their formats.

Every format but Parquet goes through here, so that no value is changed on its way into SQL.
"""

from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from everytouch.collect.columns.model import understand
from everytouch.collect.formats.base import Reading, Unread
from everytouch.collect.formats.registry import READERS
from everytouch.collect.source import Input
from everytouch.errors import SourceError


@dataclass
class Staged:
    """An input as DuckDB reads it.

    Attributes:
        files: Parquet files, in the order of the rows.
        columns: names, in the order in which they first appear.
        unread: rows that could not be read.
        notes: what the readers assumed.
        ambiguous: local times that happen twice, by column.
        failed: values that their format does not understand, by column.
    """

    files: list[Path] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    ambiguous: dict[str, int] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)


def stage(given: Input, zone: str, spill: Path, most: int | None = None) -> Staged:
    """Read an input into Parquet files of text columns.

    Args:
        zone: for local times of columns with a format.
        spill: folder for the files.
        most: rows at which reading stops; all when left out.

    Raises:
        SourceError: a file cannot be read, or a column with a format is not in any of them.
    """
    if given.format == "parquet":
        if given.columns:
            raise SourceError(
                f"inputs.{given.name}: Parquet columns have types of their own",
                "convert them in the SELECT",
            )
        return Staged(list(given.paths), _typed_columns(given.paths))
    staged = Staged()
    for number, path in enumerate(given.paths):
        report = Reading(path.name)
        parts = READERS[given.format](path, given, report)
        with _Writer(spill, f"{given.name}-{number}") as writer:
            rows = 0
            for part in parts:
                wanted = part if most is None else part.slice(0, most - rows)
                writer.write(_understood(wanted, given, zone, staged))
                rows += len(wanted)
                if rows == most:
                    break
        staged.files += writer.files
        staged.unread += report.unread
        staged.notes |= report.notes
    if not staged.columns:
        why = f": row {staged.unread[0].row}: {staged.unread[0].reason}" if staged.unread else ""
        raise SourceError(
            f"{given.paths[0]} holds no rows that can be read{why}", "correct the file"
        )
    unknown = [name for name in given.columns if name not in staged.columns]
    if unknown:
        raise SourceError(
            f"inputs.{given.name}: there is no column {unknown[0]!r}",
            f"use one of: {', '.join(staged.columns)}",
        )
    return staged


def _typed_columns(paths: tuple[Path, ...]) -> list[str]:
    names: dict[str, None] = {}
    for path in paths:
        try:
            names |= dict.fromkeys(pq.read_schema(path).names)
        except (pa.ArrowException, OSError) as error:
            raise SourceError(
                f"{path} is not a Parquet file: {error}", "fetch the file again"
            ) from error
    return list(names)


def _understood(part: pa.Table, given: Input, zone: str, staged: Staged) -> pa.Table:
    """A part with each column that has a format in canonical form."""
    for name in part.column_names:
        if name not in staged.columns:
            staged.columns.append(name)
        form = given.columns.get(name)
        if form is None:
            continue
        found = understand(part[name].combine_chunks(), form, zone)
        place = part.column_names.index(name)
        part = part.set_column(place, name, found.values)
        staged.ambiguous[name] = staged.ambiguous.get(name, 0) + found.ambiguous
        staged.failed[name] = staged.failed.get(name, 0) + found.failed
    return part


class _Writer:
    """Writes parts one after the other: a new file whenever the columns change."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name
        self._writer: pq.ParquetWriter | None = None
        self.files: list[Path] = []

    def __enter__(self) -> "_Writer":
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def write(self, part: pa.Table) -> None:
        """Append a part."""
        if self._writer is None or self._writer.schema != part.schema:
            self._end()
            path = self._folder / f"{self._name}-{len(self.files)}.parquet"
            self._writer = pq.ParquetWriter(
                path, part.schema, compression="NONE", use_dictionary=False, write_statistics=False
            )
            self.files.append(path)
        self._writer.write_table(part)

    def _end(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
