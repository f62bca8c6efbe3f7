"""The ledger's Delta tables: their schemas, and the only code that commits to them."""

import datetime
import fcntl
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import (
    ColumnProperties,
    CommitProperties,
    DeltaTable,
    Transaction,
    WriterProperties,
    write_deltalake,
)
from deltalake.exceptions import DeltaError

from everytouch.errors import DamageError, LedgerError, WorkspaceError
from everytouch.ledger.history import appended
from everytouch.ledger.intact import Intact
from everytouch.ledger.noting import note
from everytouch.ledger.schemas import LATER, TABLES
from everytouch.ledger.secret import mark_secret
from everytouch.ledger.session import session
from everytouch.ledger.versions import Newest, fitted, newest_of
from everytouch.moments.api import COLUMNS

# What differs from row to row gains nothing from a dictionary, and writes slower and larger.
_EACH_ITS_OWN = ("key_first", "key_second", "content", "party_key", "other_key", "id")
_WRITER = WriterProperties(
    compression="ZSTD",
    compression_level=1,
    max_row_group_size=250_000,
    column_properties=dict.fromkeys(_EACH_ITS_OWN, ColumnProperties(dictionary_enabled=False)),
)
# A ledger that is older than a column takes the column in.
_APPEND: dict[str, Any] = {"writer_properties": _WRITER, "schema_mode": "merge"}

# Logs keep the least and greatest value of these columns only: never of an identifier.
_STATISTICS = {"delta.dataSkippingStatsColumns": "key_first"}


log = logging.getLogger("everytouch.ledger")


class Tables:
    """The tables of one ledger folder.

    Records have versions: what is read are those that count, unless ``every`` is asked for.
    Before a file is read it is compared with the table's inventory; what is not as it was
    written raises a DamageError.

    Args:
        known_at: read records as they were known then.
    """

    def __init__(self, folder: Path, known_at: datetime.datetime | None = None) -> None:
        self.folder, self.known_at, self.intact = folder, known_at, Intact(folder)

    def create(self) -> None:
        """Make every table that is not there yet."""
        for name in TABLES:
            self._create(name)
        mark_secret(self.folder.parent)

    def _create(self, name: str) -> None:
        if not self.exists(name):
            known = _STATISTICS if "key_first" in TABLES[name].names else {}
            DeltaTable.create(str(self.folder / name), TABLES[name], configuration=known)
            note(self.intact, name)

    def exists(self, name: str) -> bool:
        """Whether a table was ever made."""
        there = DeltaTable.is_deltatable(str(self.folder / name))
        return bool(there) or self.intact.inventory(name).version >= 0

    def open(self, name: str) -> DeltaTable:
        """The newest version of a table.

        Raises:
            DamageError: its log is not as it was written.
            LedgerError: the folder holds no readable table.
        """
        self.intact.check_log(name)
        try:
            return DeltaTable(str(self.folder / name))
        except (DeltaError, OSError) as error:
            raise LedgerError(
                f"ledger table {self.folder / name} cannot be read: {error}",
                "restore the folder from a backup",
            ) from error

    @contextmanager
    def changing(self, name: str) -> Iterator[DeltaTable]:
        """A table whose rows are rewritten; what is damaged is not written on.

        Raises:
            DamageError: a file of the table is not as it was written.
            LedgerError: it cannot be written.
        """
        self.files(name)
        try:
            yield self.open(name)
            note(self.intact, name)
        except (DeltaError, OSError) as error:
            raise LedgerError(
                f"the table {name} could not be written: {error}",
                "check space and rights of the ledger folder, then do it again",
            ) from error

    def append(self, name: str, rows: pa.Table, stamp: tuple[str, int] | None = None) -> None:
        """Commit rows in one Delta transaction; nothing is written for no rows.

        Args:
            stamp: who commits and the number of the commit, kept with the transaction.
        """
        if not len(rows):
            return
        self.intact.check_log(name)
        said = CommitProperties(app_transactions=[Transaction(*stamp)]) if stamp else None
        try:
            write_deltalake(
                str(self.folder / name), rows, mode="append", commit_properties=said, **_APPEND
            )
            note(self.intact, name)
        except (DeltaError, OSError) as error:
            raise LedgerError(
                f"{len(rows)} rows could not be committed to {name}: {error}",
                "check space and rights of the ledger folder, then run the import again: "
                "what is stored already is not stored twice",
            ) from error

    def delete(self, name: str, condition: str) -> None:
        """Delete the rows that meet an SQL condition built of trusted values."""
        with self.changing(name) as table:
            table.delete(condition)

    def version(self, name: str) -> int:
        """Version of the table; it grows with every commit.

        Read off the names in its log, as a commit is a file: every page asks, and reading the
        log itself takes as long as the rest of the page.

        Raises:
            DamageError: there were newer versions.
        """
        version = self.intact.version(name)
        return version if version >= 0 or name in LATER else int(self.open(name).version())

    def snapshot(self, name: str) -> tuple[int, list[Path]]:
        """The newest version of a table, and its files then."""
        table = self.open(name)
        return int(table.version()), self._whole(name, self._paths(name, table))

    def _paths(self, name: str, table: DeltaTable) -> list[Path]:
        """The data files of a table. Delta's addresses write spaces as %20; its names are plain."""
        return [self.folder / name / uri.rpartition("/")[2] for uri in table.file_uris()]

    def _whole(self, name: str, paths: list[Path]) -> list[Path]:
        self.intact.check_data(name, paths)
        return paths

    def appended(self, name: str, since: int, until: int) -> list[Path] | None:
        """Files with the rows added between two versions; None where rows went, or files."""
        logs = self.folder / name / "_delta_log"
        try:
            commits = (logs / f"{number:020}.json" for number in range(since + 1, until + 1))
            self.intact.check_data(name, commits)
            found = appended(self.folder / name, since, until)
            return found and self._whole(name, found)
        except DamageError:  # of what the newest version may not need any more
            return None

    def stamped(self, name: str, who: str) -> int:
        """Number of the last commit of somebody who stamps them; -1 where there is none."""
        found = self.open(name).transaction_version(who)
        return -1 if found is None else int(found)

    def compact(self, name: str) -> None:
        """Put small files together; older versions stay until they are vacuumed."""
        with self.changing(name) as table:
            table.optimize.compact(writer_properties=_WRITER)

    def take_up(self) -> int:
        """Note what a crash, or a version without inventories, left unnoted; how many files.

        The caller holds the ledger's lock.
        """
        count = sum(note(self.intact, name) for name in TABLES if self.exists(name))
        mark_secret(self.folder.parent)
        if count:
            log.warning("%d files had no checksum: it was noted as they are now", count)
        return count

    def files(self, name: str) -> list[Path]:
        """Active Parquet files of a table, as delta-rs names them."""
        if name in LATER and not self.exists(name):
            return []
        return self._whole(name, self._paths(name, self.open(name)))

    def newest(self, name: str, files: list[Path]) -> Newest:
        """Return which versions count among the rows of some files."""
        return newest_of(files, self.known_at) if name in COLUMNS else Newest()

    def batches(
        self, name: str, columns: list[str], *, every: bool = False
    ) -> Iterator[pa.RecordBatch]:
        """The rows of a table in batches, only these columns."""
        return self.batches_of(name, self.files(name), columns, every=every)

    def batches_of(
        self, name: str, files: list[Path], columns: list[str], *, every: bool = False
    ) -> Iterator[pa.RecordBatch]:
        """The rows of some files of a table, in the table's own types.

        Args:
            every: also earlier versions; else those that count among the rows of these files.
        """
        newest = Newest() if every else self.newest(name, files)
        needed = list(dict.fromkeys([*columns, *newest.columns]))
        wanted = pa.schema([TABLES[name].field(column) for column in needed])
        for path in files:
            with pq.ParquetFile(path) as file:
                for batch in file.iter_batches(250_000, columns=needed):
                    yield newest.counting(fitted(batch, wanted)).select(columns)

    def read(self, name: str, columns: list[str], *, every: bool = False) -> pa.Table:
        """These columns of a whole table."""
        return self.read_of(name, self.files(name), columns, every=every)

    def read_of(
        self, name: str, files: list[Path], columns: list[str], *, every: bool = False
    ) -> pa.Table:
        """These columns of some files of a table."""
        wanted = pa.schema([TABLES[name].field(column) for column in columns])
        return pa.Table.from_batches(self.batches_of(name, files, columns, every=every), wanted)

    def query(
        self,
        name: str,
        sql: str,
        parameters: list[Any] | dict[str, Any] | None = None,
        rows: pa.Table | None = None,
        *,
        every: bool = False,
    ) -> pa.Table:
        """Run SQL over one table, which the SQL names ``ledger``; values are bound.

        Args:
            rows: only these rows of it, as ``of`` gave them.
            every: also earlier versions.
        """
        with session(2 if rows is None else 1) as con:
            if rows is not None:
                con.register("ledger", rows)
            else:
                self._show(con, name, every)
            answer: pa.Table = con.sql(sql, params=parameters or []).to_arrow_table()
        return answer

    def _show(self, con: duckdb.DuckDBPyConnection, name: str, every: bool) -> None:
        """Make a table the view ``ledger``."""
        files = self.files(name)
        if not files:
            con.register("ledger", TABLES[name].empty_table())
            return
        rows = con.read_parquet(list(map(str, files)), union_by_name=True)
        added = [f'NULL AS "{n}"' for n in TABLES[name].names if n not in rows.columns]
        shown = rows.project(", ".join(["*", *added])).sql_query()
        con.execute(f"CREATE TEMP VIEW _rows AS {shown}")
        newest = Newest() if every else self.newest(name, files)
        con.execute(f"CREATE TEMP VIEW ledger AS FROM _rows WHERE {newest.condition(con, '_rows')}")

    def of(self, name: str, column: str, keys: list[int], *, every: bool = False) -> pa.Table:
        """The rows whose ``column`` of integers is one of ``keys``.

        Only that column is read of every row group, and the others of those that hold a match:
        for the rows of one party much quicker than SQL over all columns.

        Args:
            every: also earlier versions.
        """
        wanted, sought = TABLES[name], np.array(keys, np.int64)
        parts, files = [], self.files(name)
        for path in files:
            with pq.ParquetFile(path) as file:
                for group in range(file.num_row_groups):
                    values = file.read_row_group(group, columns=[column])[column].to_numpy()
                    rows = np.flatnonzero(np.isin(values, sought))
                    if len(rows):
                        whole = file.read_row_group(group, columns=wanted.names)
                        parts.append(fitted(whole, wanted).take(pa.array(rows)))
        found = pa.concat_tables(parts) if parts else wanted.empty_table()
        return found if every else self.newest(name, files).counting(found)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the ledger's single-writer lock; the system frees it if the process dies.

        Raises:
            WorkspaceError: another process is writing, or the ledger is read as known earlier.
        """
        if self.known_at is not None:
            raise WorkspaceError(
                f"the ledger as it was known at {self.known_at:%Y-%m-%d %H:%M} is read only",
                "write to the workspace itself",
            )
        with self.locked():
            for name in LATER:
                self._create(name)
            self.take_up()
            yield

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock, also of a ledger that is damaged.

        Raises:
            WorkspaceError: another process is writing.
        """
        with (self.folder / ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise WorkspaceError(
                    f"another process is writing to {self.folder}", "wait until it has ended"
                ) from error
            yield
