"""Whether a workspace is as it was written, file by file; and restoring what is damaged."""

import contextlib
import datetime
import json
import sqlite3
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from everytouch.collect.api import Keys
from everytouch.errors import EverytouchError, LedgerError, WorkspaceError
from everytouch.journal import api as journal
from everytouch.ledger import api as ledger
from everytouch.ledger.api import Checked, Damage, audit
from everytouch.trails import api as trails_room
from everytouch.workspace.base import KNOWN, LOG, Base

VERIFIED = "verified.json"
_STORES = ("app.sqlite3", "fetched/state.sqlite3")


@dataclass(frozen=True)
class Verified:
    """What a check of a workspace found.

    Attributes:
        at: when it ended.
        files: how many files were compared.
        bytes: how large those of the ledger are.
        damaged: what is damaged still.
        restored: what was, and how it was restored, by path.
        changed: files that were edited since the last check.
        notes: what is worth knowing, and no damage.
    """

    at: datetime.datetime
    files: int
    bytes: int
    damaged: tuple[Damage, ...]
    restored: dict[str, str]
    changed: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Whether nothing is damaged."""
        return not self.damaged


class Verifying(Base):
    """Checking what is stored."""

    def verify(
        self, *, restore: bool = False, pause: Callable[[], None] = lambda: None
    ) -> Verified:
        """Compare every file of the workspace with what was written. Audited.

        Damaged trails are rebuilt. What has no checksums yet gets them.

        Args:
            restore: put back what is damaged from known backups, or from what is whole.
            pause: called before each file of the ledger, by who lets others go first.

        Raises:
            WorkspaceError: another process is writing, and something is to be restored.
        """
        found, restored = self._compared(pause), dict[str, str]()
        if any(map(_may_pass, found.damaged)):  # somebody may have been writing, or erasing
            still = {one.path for one in replace(self)._compared(pause).damaged}
            found.damaged = [
                one for one in found.damaged if one.path in still or not _may_pass(one)
            ]
        if restore and found.damaged:
            with self.tables.locked():
                restored = ledger.repair(replace(self).tables, found.damaged)
            changed = found.changed
            found = replace(self)._compared(pause)
            found.changed = changed
        self._take_up(found)
        self._renew_trails(found)
        done = Verified(
            datetime.datetime.now(datetime.UTC),
            found.files,
            found.bytes,
            tuple(sorted(set(found.damaged), key=lambda one: one.path)),
            restored,
            tuple(found.changed),
            tuple(found.notes),
        )
        self._note_verified(done)
        return done

    def ledger_problem(self) -> str:
        """Why the ledger cannot be read or written, in a word or two; empty where it can.

        Only what is quickly told: ``verify`` compares everything.
        """
        try:
            ledger.read_secret(self.path)
            for name in ledger.TABLES:
                self.tables.version(name)
        except LedgerError:
            return "damaged"
        except WorkspaceError:
            return "secret missing or damaged"
        return journal.unwritable(self.path / "ledger")

    def last_verified(self) -> Verified | None:
        """What the last check found; None where there was none."""
        try:
            said = json.loads((self.path / VERIFIED).read_text(encoding="utf-8"))
            said["at"] = datetime.datetime.fromisoformat(said["at"])
            said["damaged"] = tuple(Damage(**one) for one in said["damaged"])
            return Verified(**said | {n: tuple(said[n]) for n in ("changed", "notes")})
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def _compared(self, pause: Callable[[], None]) -> Checked:
        found = Checked()
        self._check_readable(found)
        if not ledger.check_secret(self.path, found):
            return found
        ledger.check_tables(self.tables, found, pause)
        if not found.damaged:
            ledger.check_receipts(self.tables, found)
        ledger.check_belongings(self.path, found)
        self._check_audit(found)
        self._check_log(found)
        for name in _STORES:
            if (self.path / name).is_file():
                _check_store(self.path, name, found)
        return found

    def _check_readable(self, found: Checked) -> None:
        """See that what people edit can be read."""
        reads: dict[str, Callable[[], object]] = {
            "everytouch.toml": lambda: (self.settings, self.retention_rules),
            "catalogue.yaml": lambda: self.catalogue,
            "rules.yaml": lambda: self.rules,
            "keys.json": lambda: Keys(self.path).all(),
        }
        for name, read in reads.items():
            try:
                read()
            except EverytouchError as error:
                found.damaged.append(Damage(name, f"cannot be read: {error.what}"))

    def _check_audit(self, found: Checked) -> None:
        proof = ledger.prove(self.path)
        for problem in proof.problems:
            name = "audit.head" if "the head" in problem.text else "audit.jsonl"
            found.damaged.append(Damage(name, problem.text, "who did what"))
        found.notes += [f"audit.jsonl: {note}" for note in proof.notes]

    def _check_log(self, found: Checked) -> None:
        for path in journal.segments(self.path / LOG):
            with contextlib.suppress(FileNotFoundError):  # the ledger holds it by now
                found.files += 1
                if count := journal.unreadable(path):
                    held = "events that the ledger does not have yet"
                    what = f"{count:,} bytes are no whole event: damaged, or torn by a crash"
                    found.damaged.append(Damage(f"{LOG}/{path.name}", what, held))
        for path in journal.damaged(self.path / LOG):
            found.notes.append(f"{LOG}/{path.name} was set aside, as parts of it are damaged")

    def _take_up(self, found: Checked) -> None:
        """Note checksums of what has none, unless somebody else is writing."""
        with contextlib.suppress(EverytouchError, OSError), self.tables.locked():
            if count := self.tables.take_up():
                found.notes.append(f"{count:,} files without checksums: noted as they are now")

    def _renew_trails(self, found: Checked) -> None:
        """Remove damaged trails; the next question builds them from the ledger."""
        for folder in (self.path / "trails", *(self.path / KNOWN).glob("*")):
            for path in trails_room.remove_damaged(folder):
                name = path.relative_to(self.path).as_posix()
                found.notes.append(f"{name} was damaged: trails are rebuilt from the ledger")

    def _note_verified(self, done: Verified) -> None:
        said = json.dumps({**asdict(done), "at": done.at.isoformat(timespec="seconds")})
        count = f"{len(done.damaged)} damaged" if done.damaged else "whole"
        with contextlib.suppress(OSError):
            self._replace(VERIFIED, said)
        with contextlib.suppress(EverytouchError):
            audit(self.path, "verify workspace", f"{done.files} files, {count}", self.who)


def _may_pass(damage: Damage) -> bool:
    """Whether it may have looked damaged for a moment, while it was written or removed."""
    first, _, rest = damage.path.partition("/")
    return first == LOG or (first == "ledger" and not rest.startswith("inventory/"))


def _check_store(folder: Path, name: str, found: Checked) -> None:
    """Have SQLite check the structure of a store."""
    try:
        address = f"{(folder / name).resolve().as_uri()}?mode=ro"
        with contextlib.closing(sqlite3.connect(address, uri=True, timeout=30)) as store:
            (said,) = store.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.Error as error:
        said = str(error)
    if said != "ok":
        found.damaged.append(Damage(name, f"SQLite says: {said}"))
