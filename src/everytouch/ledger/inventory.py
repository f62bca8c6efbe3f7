"""The inventory of a table: size and sums of each of its files, noted after each commit, sealed.

A line is added once a commit is on disk, so after a crash the inventory may be behind the table;
the next writer takes up what is missing. An inventory that is ahead of its table is damage: files
of the table were removed. Each line is sealed by an HMAC under the workspace's secret, over the
line before it.
"""

import datetime
import functools
import hmac
import json
import os
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from everytouch.journal.api import sync
from everytouch.ledger.secret import read_secret
from everytouch.ledger.sums import fast_sum, strong_sum

FOLDER = "inventory"
_START = "0" * 64
_TIMES = ("occurred_at", "received_at", "started_at", "erased_at")


@dataclass(frozen=True)
class Sums:
    """What is known of a file.

    Attributes:
        rows: of a data file; -1 for one of the log.
        sources: the first and the last by name of those whose rows it holds.
        times: when the earliest and the latest of its rows happened.
    """

    size: int
    sha256: str
    xxh3: str
    rows: int = -1
    sources: tuple[str, ...] = ()
    times: tuple[str, ...] = ()


@dataclass
class Inventory:
    """What a table consists of, as far as it was noted.

    Attributes:
        version: of the table; -1 where nothing was noted.
        files: by name within the table's folder, each as it was written last.
        taken_up: when files were noted that had been there before, if that was.
        line: of the file that is not as it was written; 0 where all are.
        torn: bytes at the end that are no whole line.
        seal: of the last line.
        size: bytes of whole lines.
        lines: how many.
    """

    version: int = -1
    files: dict[str, Sums] = field(default_factory=dict)
    taken_up: str = ""
    line: int = 0
    torn: int = 0
    seal: str = _START
    size: int = 0
    lines: int = 0


class Inventories:
    """The inventories of a ledger's tables.

    Args:
        folder: of the ledger, whose workspace holds the secret.
        secret: of the workspace; read from there when left out.
    """

    def __init__(self, folder: Path, secret: bytes | None = None) -> None:
        self.folder, self._given = folder, secret
        self._known: dict[str, tuple[os.stat_result, Inventory]] = {}
        self._gate = threading.Lock()

    def path(self, table: str) -> Path:
        """Where the inventory of a table is."""
        return self.folder / FOLDER / f"{table}.jsonl"

    def read(self, table: str) -> Inventory:
        """The inventory of a table as it is now; only lines that are new are read."""
        path = self.path(table)
        with self._gate:
            try:
                about = path.stat()
            except FileNotFoundError:
                self._known.pop(table, None)
                return Inventory()
            before, found = self._known.get(table, (about, Inventory()))
            if before.st_ino != about.st_ino or about.st_size < found.size:
                found = Inventory()
            if not found.lines or _changed(before, about):
                found = self._go_on(table, path, found)
                self._known[table] = (about, found)
            return found

    def anew(self, table: str) -> Inventory:
        """The inventory of a table, every line read again."""
        self._known.pop(table, None)
        return self.read(table)

    def add(self, table: str, version: int, files: Mapping[str, Sums], *, old: bool) -> None:
        """Note files of a table that are on disk, and that it has this version now.

        Args:
            old: they had been there before, without anybody having noted them.
        """
        found = self.read(table)
        line = self._line(table, found.seal, version, files, old=old)
        path = self.path(table)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with path.open("ab") as file:
            file.truncate(found.size)  # what a crash has torn
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        if not found.size:
            sync(path.parent)

    def replace(self, table: str, version: int, files: Mapping[str, Sums], *, old: bool) -> None:
        """Begin the inventory of a table anew; the old or the new one is there."""
        path = self.path(table)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        fresh = path.with_suffix(".new")
        with fresh.open("wb") as file:
            file.write(self._line(table, _START, version, files, old=old))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        sync(path.parent)

    def _line(
        self, table: str, before: str, version: int, files: Mapping[str, Sums], *, old: bool
    ) -> bytes:
        said: dict[str, Any] = {
            "version": version,
            "files": {name: asdict(sums) for name, sums in files.items()},
        }
        if old:
            said["taken_up"] = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        content = json.dumps(said, ensure_ascii=False).encode()
        return f"{self._seal(table, before, content)} ".encode() + content + b"\n"

    def _seal(self, table: str, before: str, content: bytes) -> str:
        over = f"{table} {before} ".encode() + content
        return hmac.new(self._secret, over, "sha256").hexdigest()

    @functools.cached_property
    def _secret(self) -> bytes:
        secret = self._given or read_secret(self.folder.parent)
        return hmac.digest(secret, b"everytouch ledger inventory", "sha256")

    def _go_on(self, table: str, path: Path, before: Inventory) -> Inventory:
        """The inventory with the lines that came since; who holds the earlier one keeps it."""
        found = replace(before, files=dict(before.files))
        with path.open("rb") as file:
            file.seek(found.size)
            lines = file.read().split(b"\n")
        found.torn = len(lines.pop())
        for raw in lines:
            found.lines, found.size = found.lines + 1, found.size + len(raw) + 1
            seal, _, content = raw.partition(b" ")
            right = self._seal(table, found.seal, content)
            if hmac.compare_digest(right.encode(), seal):
                _take(json.loads(content), found)
                found.seal = right
            else:
                found.line = found.line or found.lines
        return found


def _changed(before: os.stat_result, now: os.stat_result) -> bool:
    return (before.st_mtime_ns, before.st_size) != (now.st_mtime_ns, now.st_size)


def _take(said: dict[str, Any], found: Inventory) -> None:
    """Put what a line says into an inventory."""
    found.version = int(said["version"])
    found.taken_up = said.get("taken_up", found.taken_up)
    for name, one in said["files"].items():
        pairs = {key: tuple(one[key]) for key in ("sources", "times")}
        found.files[name] = Sums(**one | pairs)


def noted(path: Path) -> Sums:
    """What is noted of a file; it is on disk when this returns.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        os.fsync(file.fileno())
    size, strong, fast = path.stat().st_size, strong_sum(path), fast_sum(path)
    if path.suffix != ".parquet" or path.parent.name == "_delta_log":
        return Sums(size, strong, fast)
    about = pq.read_metadata(path)
    sources, times = _ends(about, ("source",)), _ends(about, _TIMES)
    return Sums(size, strong, fast, about.num_rows, sources, times)


def _ends(about: pq.FileMetaData, names: tuple[str, ...]) -> tuple[str, ...]:
    """The least and the greatest value of the first of these columns that a file has."""
    place = next((about.schema.names.index(n) for n in names if n in about.schema.names), None)
    if place is None:
        return ()
    groups = (about.row_group(number).column(place) for number in range(about.num_row_groups))
    known = [g.statistics for g in groups if g.statistics is not None and g.statistics.has_min_max]
    if not known:
        return ()
    ends = min(one.min for one in known), max(one.max for one in known)
    return tuple(str(one) for one in dict.fromkeys(ends))
