"""Whether the ledger is as it was written: every file compared, and what is damaged named."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from everytouch.errors import EverytouchError, WorkspaceError
from everytouch.ledger.erasure import erasures
from everytouch.ledger.expiry import expired_rows
from everytouch.ledger.intact import HINT, LOG, Log, hint_problem
from everytouch.ledger.inventory import Inventories, Inventory, Sums
from everytouch.ledger.schemas import TABLES
from everytouch.ledger.secret import MARK, raw_secret, read_secret
from everytouch.ledger.sums import strong_sum
from everytouch.ledger.tables import Tables
from everytouch.moments.api import COLUMNS

Pause = Callable[[], None]
CHANGED, GONE = "is not as it was written", "is missing"


@dataclass(frozen=True)
class Damage:
    """A file that is not as it was written.

    Attributes:
        path: within the workspace.
        what: is wrong with it.
        held: what it held, as far as that is known.
        sha256: of the file as it was written; empty where that is not known.
        needed: whether answers are read from it.
    """

    path: str
    what: str
    held: str = ""
    sha256: str = ""
    needed: bool = True


@dataclass
class Checked:
    """What a check found.

    Attributes:
        files: how many were compared.
        bytes: how large they are.
        damaged: what is damaged, by path.
        changed: files that people may edit and that were edited since the last check.
        notes: what is worth knowing, and no damage.
    """

    files: int = 0
    bytes: int = 0
    damaged: list[Damage] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def compare(self, path: Path, sums: Sums, damage: Damage) -> bool:
        """Compare a file with what was noted of it; false where it is damaged.

        Args:
            damage: what is to be said then.
        """
        try:
            found = path.stat().st_size, strong_sum(path)
        except OSError as error:
            gone = isinstance(error, FileNotFoundError)
            what = GONE if gone else f"cannot be read: {error.strerror}"
            self.damaged.append(replace(damage, what=what, sha256=sums.sha256))
            return False
        self.files, self.bytes = self.files + 1, self.bytes + found[0]
        if found != (sums.size, sums.sha256):
            self.damaged.append(replace(damage, sha256=sums.sha256))
            return False
        return True


def check_secret(folder: Path, checked: Checked) -> bool:
    """See that the secret is the one everything was sealed with; nothing can be checked without.

    Args:
        folder: of the workspace.
    """
    checked.files += 2
    try:
        read_secret(folder)
    except WorkspaceError as error:
        what, name = error.what, "secret"
    else:
        return True
    secret, held = raw_secret(folder), "the key of all people and moments"
    sealed = Inventories(folder / "ledger", secret) if secret else None
    if sealed and any(sealed.read(table).version >= 0 for table in TABLES):
        name, held = MARK.as_posix(), "which secret the ledger has"
    checked.damaged.append(Damage(name, f"{CHANGED} ({what})", held))
    return False


def check_tables(tables: Tables, checked: Checked, pause: Pause) -> None:
    """Compare all files of the ledger with the tables' inventories."""
    for name in TABLES:
        if not (tables.folder / name).exists() and not tables.intact.inventories.anew(name).lines:
            continue
        _Check(tables, name, checked, pause).run()


@dataclass
class _Check:
    """The check of one table."""

    tables: Tables
    table: str
    checked: Checked
    pause: Pause

    def run(self) -> None:
        """Compare inventory, log and data."""
        inventory = self._inventory()
        whole = self._log(inventory)
        self._data(inventory, self._active() if whole else None)

    def _inventory(self) -> Inventory:
        inventories = self.tables.intact.inventories
        inventory, path = inventories.anew(self.table), inventories.path(self.table)
        name = self._name(path)
        self.checked.files += path.exists()
        if inventory.line or inventory.torn:
            what = f"line {inventory.line} {CHANGED}" if inventory.line else "ends in torn bytes"
            held = f"checksums of the files of {self.table}"
            self.checked.damaged.append(Damage(name, what, held, needed=False))
        if not inventory.lines:
            self.checked.notes.append(f"{self.table} has no checksums yet")
        elif inventory.taken_up:
            self.checked.notes.append(
                f"{self.table}: its first checksums are of {inventory.taken_up[:16]}, "
                "so older damage is not noticed"
            )
        return inventory

    def _name(self, path: Path) -> str:
        return path.relative_to(self.tables.folder.parent).as_posix()

    def _log(self, inventory: Inventory) -> bool:
        """Compare the log; false where the newest version cannot be read."""
        folder, whole = self.tables.folder / self.table, True
        log = Log.of(folder)
        needed = {f"{LOG}/{name}" for name in log.needed}
        ahead = range(log.version + 1, inventory.version + 1)
        needed |= {f"{LOG}/{number:020}.json" for number in ahead}
        noted = {name for name in inventory.files if name.startswith(LOG)} - {f"{LOG}/{HINT}"}
        for name in sorted(needed | noted):
            path = folder / name
            if not (path.exists() or name in needed):
                continue  # Delta removes what is older than its newest checkpoint
            self.pause()
            used = name in needed and not _spare(log, path.name)
            held = f"a commit of {self.table}" if used else f"an earlier commit of {self.table}"
            damage = Damage(self._name(path), CHANGED, held, needed=used)
            if name in inventory.files:
                whole &= self.checked.compare(path, inventory.files[name], damage)
            elif not path.exists():
                self.checked.damaged.append(replace(damage, what=GONE))
                whole = False
        return self._hint(log, inventory) and whole

    def _hint(self, log: Log, inventory: Inventory) -> bool:
        path = log.folder / HINT
        self.checked.files += path.exists()
        wrong = hint_problem(log, inventory)
        if not path.exists() and f"{LOG}/{HINT}" in inventory.files:
            wrong = GONE
        if wrong:
            held = "which checkpoint is the newest"
            self.checked.damaged.append(Damage(self._name(path), wrong, held, needed=False))
        return not wrong

    def _active(self) -> set[str] | None:
        """The data files of the newest version; None where it cannot be read."""
        folder = self.tables.folder / self.table
        try:
            uris = DeltaTable(str(folder)).file_uris()
        except (DeltaError, OSError) as error:
            self.checked.damaged.append(Damage(self._name(folder), f"cannot be read: {error}"))
            return None
        return {Path(uri).name for uri in uris}

    def _data(self, inventory: Inventory, active: set[str] | None) -> None:
        folder = self.tables.folder / self.table
        noted = {name for name in inventory.files if not name.startswith(LOG)}
        for name in sorted(noted | (active or set())):
            path, sums = folder / name, inventory.files.get(name)
            used = active is None or name in active
            if not (used or path.exists()):
                continue
            self.pause()
            held = _held(self.table, sums) if sums else f"rows of {self.table}"
            held += "" if used else "; no answer reads it any more"
            damage = Damage(self._name(path), CHANGED, held, needed=used)
            if sums:
                self.checked.compare(path, sums, damage)
            elif not path.exists():
                self.checked.damaged.append(replace(damage, what=GONE))
            else:
                self.checked.notes.append(f"{self._name(path)} has no checksum yet")


def _spare(log: Log, name: str) -> bool:
    """Whether it is a checkpoint of what the commits say as well."""
    return name in log.checkpoints.values() and log.commits == frozenset(range(log.version + 1))


def _held(table: str, sums: Sums) -> str:
    rows = "1 row" if sums.rows == 1 else f"{sums.rows:,} rows"
    sources = " to ".join(sums.sources)
    times = " to ".join(time[:16] for time in sums.times)
    return (
        f"{rows} of {table}" + (f" from {sources}" * bool(sources)) + (f", {times}" * bool(times))
    )


def check_receipts(tables: Tables, checked: Checked) -> None:
    """Compare what imports say they stored with what is there."""
    told = "SELECT kind, sum(coalesce(stored, 0))::BIGINT AS n FROM ledger GROUP BY kind"
    try:
        stored = {row["kind"]: row["n"] for row in tables.query("imports", told).to_pylist()}
        erased = Counter[str]()
        for one in erasures(tables):
            erased.update(json.loads(one.text)["removed"])
        erased.update(expired_rows(tables))
        rows = {kind: _rows(tables, kind) for kind in COLUMNS}
    except EverytouchError:
        return  # what cannot be read is named already
    for kind, count in rows.items():
        lost = stored.get(kind, 0) - count - erased[kind]
        if lost > 0:
            what = f"lacks {lost:,} of the {stored[kind]:,} rows that imports stored"
            checked.damaged.append(Damage(f"ledger/{kind}", what))


def _rows(tables: Tables, kind: str) -> int:
    counted = tables.query(kind, "SELECT count(*) AS n FROM ledger", every=True)
    return int(counted["n"][0].as_py())
