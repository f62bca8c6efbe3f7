"""Noting what a table consists of, after each commit; only who holds the ledger's lock does."""

from pathlib import Path

from everytouch.errors import DamageError
from everytouch.journal.api import sync
from everytouch.ledger.intact import COMMIT, HINT, LOG, REMEDY, Intact, Log, hint_problem
from everytouch.ledger.inventory import Sums, noted
from everytouch.ledger.sums import known_sum
from everytouch.lines import json_lines


def note(intact: Intact, table: str) -> int:
    """Note the files that came since the last time; how many had been there before unnoted.

    Raises:
        DamageError: the inventory or the log is damaged, or commits are missing.
        OSError: it cannot be written.
    """
    folder, inventory = intact.folder / table, intact.inventory(table)
    intact.version(table)
    log = Log.of(folder)
    if wrong := hint_problem(log, inventory):
        raise DamageError(f"ledger/{table}/{LOG}/{HINT} {wrong}", REMEDY)
    names = _new_of_log(log, inventory.files)
    if not names:
        return 0
    old = inventory.version < 0 and log.version > 0
    files = {name: noted(folder / name) for name in (*_new_data(log, inventory.version), *names)}
    sync(folder)
    sync(log.folder)
    intact.inventories.add(table, log.version, files, old=old)
    return len(files) if old else 0


def note_again(intact: Intact, table: str) -> None:
    """Begin the inventory anew with the files that are left, as older ones were removed."""
    folder, inventory = intact.folder / table, intact.inventories.anew(table)
    log = Log.of(folder)
    names = [*_data(folder), *_of_log(log)]
    files = {
        name: inventory.files[name]
        if name in inventory.files and name != f"{LOG}/{HINT}"
        else noted(folder / name)
        for name in names
    }
    old = bool(inventory.taken_up or inventory.line)
    intact.inventories.replace(table, log.version, files, old=old)


def _of_log(log: Log) -> list[str]:
    paths = sorted(log.folder.iterdir())
    return [f"{LOG}/{p.name}" for p in paths if p.name == HINT or COMMIT.fullmatch(p.name)]


def _new_of_log(log: Log, files: dict[str, Sums]) -> list[str]:
    """Files of the log that are not noted, and the one that is written again."""
    hint = f"{LOG}/{HINT}"
    return [
        name
        for name in _of_log(log)
        if name not in files or (name == hint and known_sum(log.folder / HINT) != files[hint].xxh3)
    ]


def _data(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in sorted(folder.glob("*.parquet"))]


def _new_data(log: Log, since: int) -> list[str]:
    """Data files of the commits after a version; all that are there where a commit is gone."""
    folder, names = log.folder.parent, dict[str, None]()
    for version in range(since + 1, log.version + 1):
        if since < 0 or version not in log.commits:
            return _data(folder)
        actions = json_lines(log.folder / f"{version:020}.json")
        added = (action.get("add") for action in actions)
        names |= dict.fromkeys(one["path"] for one in added if one)
    return [name for name in names if (folder / name).exists()]
