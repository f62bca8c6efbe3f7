"""Restoring what is damaged: the same file from a known backup, or what the rest makes good."""

import os
import shutil
import tarfile
from contextlib import suppress
from pathlib import Path

from everytouch.journal.api import sync
from everytouch.ledger.backup import backups
from everytouch.ledger.inventory import FOLDER
from everytouch.ledger.noting import note_again
from everytouch.ledger.schemas import TABLES
from everytouch.ledger.secret import MARK, fits_mark, mark_secret
from everytouch.ledger.sums import strong_sum
from everytouch.ledger.tables import Tables
from everytouch.ledger.verify import Damage


def repair(tables: Tables, damaged: list[Damage]) -> dict[str, str]:
    """Restore damaged files where that is possible; how, by path. The caller holds the lock."""
    folder = tables.folder.parent
    done = {one.path: how for one in damaged if (how := _from_backups(folder, one))}
    if any(one.path == MARK.as_posix() for one in damaged):
        mark_secret(folder, again=True)
        done[MARK.as_posix()] = "rewritten: all inventories are sealed with the secret"
    left = [one for one in damaged if one.path not in done]
    for table in TABLES:
        mine = [one for one in left if one.path in _files_of(folder, table)]
        done |= _from_rest(tables, table, mine)
    return done


def _files_of(folder: Path, table: str) -> set[str]:
    paths = [*(folder / "ledger" / table).rglob("*"), folder / "ledger" / FOLDER / f"{table}.jsonl"]
    return {path.relative_to(folder).as_posix() for path in paths}


def _from_backups(folder: Path, damage: Damage) -> str:
    """Put the same file back from the newest backup that holds it."""
    if not damage.sha256 and damage.path != "secret":
        return ""
    target = folder / damage.path
    fresh = target.with_name(f".{target.name}.restoring")
    for backup in backups(folder):
        with suppress(OSError, tarfile.TarError, KeyError):
            _take_out(backup, damage.path, fresh)
            same = fits_mark(folder, fresh) if damage.path == "secret" else False
            if same or strong_sum(fresh) == damage.sha256:
                fresh.replace(target)
                sync(target.parent)
                return f"restored from {backup.name}"
    fresh.unlink(missing_ok=True)
    return ""


def _take_out(backup: Path, name: str, target: Path) -> None:
    """Write a file of a backup to a place; it is on disk then."""
    with tarfile.open(backup) as tar:
        content = tar.extractfile(name)
        if content is None:
            raise KeyError(name)
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            shutil.copyfileobj(content, file)
            file.flush()
            os.fsync(file.fileno())


def _from_rest(tables: Tables, table: str, damaged: list[Damage]) -> dict[str, str]:
    """Remove files of a table that nothing needs, and note its inventory anew.

    Where something is damaged that is needed, all is kept for who may read more of it.
    """
    if not damaged or any(one.needed for one in damaged):
        return {}
    folder, done = tables.folder.parent, dict[str, str]()
    inventory = tables.intact.inventories.path(table)
    for one in damaged:
        if folder / one.path == inventory:
            done[one.path] = "noted again: every file it still knew is as it was written"
        else:
            (folder / one.path).unlink(missing_ok=True)
            done[one.path] = "removed: nothing needs it"
    note_again(tables.intact, table)
    return done
