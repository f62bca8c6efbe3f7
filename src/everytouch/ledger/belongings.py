"""The files of a workspace beside its tables: what they were when they were last checked.

People edit some of them, and the app writes the others, so a file that differs has changed, which
is no damage. One that differs and was not written to since is damaged.
"""

import contextlib
import datetime
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from everytouch.ledger.inventory import Inventories, Sums, noted
from everytouch.ledger.verify import CHANGED, GONE, Checked, Damage

FILES = (
    "everytouch.toml", "catalogue.yaml", "rules.yaml", "keys.json", "signing.json", "signing.key",
    "backups.json", "log/name", "audit.torn", "app.sqlite3", "fetched/state.sqlite3",
)  # fmt: skip
FOLDERS = ("maps", "mappings", "sources", "surveys")
_NEVER = ("log/name", "signing.key")  # what is written once
_ALWAYS = ("app.sqlite3", "fetched/state.sqlite3")  # what changes all the time
_TABLE = "belongings"


def check_belongings(folder: Path, checked: Checked) -> None:
    """Compare a workspace's own files with the last check, and note them as they are now.

    What is damaged is not noted: the next check says so again.
    """
    inventories = Inventories(folder / "ledger")
    inventory = inventories.anew(_TABLE)
    if inventory.line or inventory.torn:
        name = inventories.path(_TABLE).relative_to(folder).as_posix()
        what = f"{CHANGED}: what changed since the last check is not known"
        checked.damaged.append(Damage(name, what))
    now = {name: _noted(folder / name) for name in _names(folder)}
    checked.files += len(now)
    for name, was in inventory.files.items():
        sums = now.get(name)
        if sums is not None and sums.sha256 == was.sha256:
            continue
        if _damaged(name, was, sums):
            what = GONE if sums is None else f"{CHANGED}, and nobody has written to it since"
            checked.damaged.append(Damage(name, what, sha256=was.sha256))
            now[name] = was
        elif name not in _ALWAYS:
            what = "was removed" if sums is None else "changed"
            checked.changed.append(f"{name} {what} since {was.times[1][:16]}")
    with contextlib.suppress(OSError):  # a copy that cannot be written to is checked as well
        inventories.replace(_TABLE, 0, now, old=False)


def forget_belongings(folder: Path) -> None:
    """Forget what was noted: of a workspace that was restored, which lacks some of it."""
    Inventories(folder / "ledger").path(_TABLE).unlink(missing_ok=True)


def _damaged(name: str, was: Sums, sums: Sums | None) -> bool:
    """Whether a file that differs cannot have been changed by people or the app."""
    return name in _NEVER or (sums is not None and sums.times[0] == was.times[0])


def _names(folder: Path) -> Iterator[str]:
    for name in FILES:
        if (folder / name).is_file():
            yield name
    for one in FOLDERS:
        paths = sorted((folder / one).rglob("*"))
        yield from (p.relative_to(folder).as_posix() for p in paths if p.is_file())


def _noted(path: Path) -> Sums:
    """What is noted of a file: also when it was written, and when that was looked at."""
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    return replace(noted(path), times=(str(path.stat().st_mtime_ns), now))
