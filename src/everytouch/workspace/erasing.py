"""Erasing somebody from what lies beside the ledger; what cannot be erased is named.

The files people edit, the sealed audit log and files that are not Everytouch's stay as they are.
The certificate says where the person is still named, so that somebody can decide.
"""

import contextlib
import gzip
import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq

from everytouch.collect.api import remove_stale
from everytouch.journal import api as journal
from everytouch.ledger.api import Words

_EMPTIED = ("uploads", "known", "fetched/staged")
_STORE, _JOBS = "app.sqlite3", "web_job"
_NOT_READ = ("ledger", "trails", "cache")  # masked as tables; derived; of no person
_LOOKED_IN = (
    "files uploaded or fetched and not yet imported, copies of killed imports",
    "the log: events that wait in it, and damaged segments",
    "every other file of the workspace",
)
_BY_HAND = "people keep this file: edit it by hand"
_WHY = {
    "audit.jsonl": "the audit log is sealed, and kept as evidence",
    "log": "it waits to be loaded: start the collector, then look through the quarantine",
    _STORE: "records of the app's users are changed by an administrator",
}


def looked_in(folder: Path) -> tuple[str, ...]:
    """Where somebody is sought beside the ledger."""
    jobs = ("what the app's jobs were given and said",) if (folder / _STORE).is_file() else ()
    return (*_LOOKED_IN, *jobs)


def erase_beside(folder: Path, words: Words) -> tuple[str, ...]:
    """Erase somebody from files and store beside the ledger; what was done."""
    done = [text for name in _EMPTIED if (text := _emptied(folder, name))]
    if count := remove_stale():
        done.append(f"copies of {count} killed imports removed")
    done += [
        f"log/{path.name}: overwritten {count} times"
        for path in journal.damaged(folder / "log")
        if (count := _overwrite(path, words))
    ]
    if (folder / _STORE).is_file():
        done += _jobs(folder / _STORE, words)
    return tuple(done)


def _jobs(store: Path, words: Words) -> list[str]:
    try:
        count = _mask_jobs(store, words)
    except sqlite3.Error as error:  # it is in use: what is left in it is named
        return [f"{_STORE}: jobs could not be masked: {error}"]
    return [f"{_STORE}: masked in {count} jobs"] if count else []


def left(folder: Path, words: Words) -> tuple[str, ...]:
    """Where somebody is still named beside the ledger, and why."""
    found = []
    for path in _files(folder):
        name = path.relative_to(folder).as_posix()
        count = sum(words.count(text) for text in _texts(path))
        if count:
            why = _WHY.get(name) or _WHY.get(path.relative_to(folder).parts[0])
            found.append(
                f"{name}: {count} times; {why or 'people keep this file: edit it by hand'}"
            )
    return tuple(found)


def _emptied(folder: Path, name: str) -> str:
    files = [path for path in (folder / name).rglob("*") if path.is_file()]
    shutil.rmtree(folder / name, ignore_errors=True)
    return f"{name}: {len(files)} files removed" if files else ""


def _overwrite(path: Path, words: Words) -> int:
    """Overwrite the words in a file that nobody reads any more; all else stays in its place."""
    count = 0

    def stars(found: "re.Match[bytes]") -> bytes:
        nonlocal count
        count += 1
        return b"*" * len(found[0])

    content = path.read_bytes()
    for word in words.sought:
        content = re.sub(re.escape(word.encode()), stars, content, flags=re.IGNORECASE)
    if count:
        path.write_bytes(content)
    return count


def _mask_jobs(store: Path, words: Words) -> int:
    """Mask the words in what jobs were given and said."""
    columns, count = ("payload", "progress", "result"), 0
    with contextlib.closing(sqlite3.connect(store, timeout=30)) as con:
        if not con.execute("SELECT 1 FROM sqlite_master WHERE name = ?", [_JOBS]).fetchone():
            return 0
        con.execute("PRAGMA secure_delete = ON")
        rows = con.execute(f"SELECT id, payload, progress, result FROM {_JOBS}").fetchall()
        for number, *texts in rows:
            if any(words.count(text) for text in texts):
                count += 1
                new = [json.dumps(words.masked(json.loads(text))) for text in texts]
                sets = ", ".join(f"{name} = ?" for name in columns)
                con.execute(f"UPDATE {_JOBS} SET {sets} WHERE id = ?", [*new, number])
        con.commit()
        if count:
            con.execute("VACUUM")
            con.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return count


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).parts
        if path.is_file() and not path.is_symlink() and inside[0] not in _NOT_READ:
            yield path


def _texts(path: Path) -> Iterator[str]:
    """What a file says, part by part, unpacked where it is packed."""
    try:
        if path.suffix == ".parquet":
            with pq.ParquetFile(path) as file:
                yield from (json.dumps(b.to_pylist(), default=str) for b in file.iter_batches())
        elif path.suffix == ".sqlite3":
            yield from _values(path)
        elif path.suffix == ".gz":
            with gzip.open(path) as packed:
                yield packed.read().decode("utf-8", "replace")
        else:
            yield path.read_bytes().decode("utf-8", "replace")
    except (OSError, ValueError, EOFError, sqlite3.Error):
        return


def _values(store: Path) -> Iterator[str]:
    address = f"{store.resolve().as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(address, uri=True, timeout=30)) as con:
        yield from con.iterdump()
