"""The audit log: who did what about whom, when. Lines are only ever added, each sealing the last.

Every line is sealed under the workspace's secret, over the seal before it and its own content; a
small file beside the log, the head, names the last line. A line that was changed, taken out or put
in is found by that, and so is a log that was cut off (see ``proof``).
"""

import contextlib
import datetime
import fcntl
import getpass
import io
import json
import os
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import IO

from everytouch.journal.api import sync
from everytouch.ledger.seals import (
    FILE,
    HEAD,
    START,
    TORN,
    Entry,
    Head,
    Keys,
    read_line,
    written,
)

REPAIRED = "repair audit log"
"""What a line says that follows a torn one."""
HEADLESS = "audit head missing"
"""What a line says before which the head was missing, damaged or too old."""
_ITSELF = "everytouch"
_LOCK = ".audit.lock"
_BLOCK = 65_536
_MEANWHILE: ContextVar[list[str] | None] = ContextVar("audited", default=None)


class Actor(str):
    """Who acts, as the log's ``who``, with the id and the name of a user of the app.

    Attributes:
        user: the id, which stays when the address changes.
        name: the name at this time.
    """

    user: str
    name: str

    def __new__(cls, who: str, user: str = "", name: str = "") -> "Actor":
        """Make a text that knows more."""
        made = super().__new__(cls, who)
        made.user, made.name = user, name
        return made


def audit(folder: Path, action: str, subject: str, who: str = "") -> None:
    """Add a line to the audit log of a workspace; it is on disk when this returns.

    What a crash has torn off the end of the log is moved to a file beside it.

    Args:
        who: the acting person, as an ``Actor`` where more is known; the system's user when empty.

    Raises:
        WorkspaceError: the workspace's secret is gone or damaged.
    """
    keys = Keys(folder)
    with steady(folder), _opened(folder) as log:
        torn = _repair(log, folder)
        head, doubt = _place(log, folder, keys)
        if doubt:
            head = _add(log, folder, keys, head, (HEADLESS, doubt, _ITSELF))
        if torn:
            said = f"{torn} torn bytes are moved to {TORN}"
            head = _add(log, folder, keys, head, (REPAIRED, said, _ITSELF))
        _add(log, folder, keys, head, (action, subject, who or getpass.getuser()))
    if (meanwhile := _MEANWHILE.get()) is not None:
        meanwhile.append(action)


@contextlib.contextmanager
def audited() -> Iterator[list[str]]:
    """Collect the actions that are written to the log meanwhile, by this thread."""
    actions: list[str] = []
    token = _MEANWHILE.set(actions)
    try:
        yield actions
    finally:
        _MEANWHILE.reset(token)


def entries(folder: Path, before: int | None = None) -> Iterator[Entry]:
    """Lines, the newest first; those of a lower number than ``before``, when given.

    What is no line is passed over: ``proof`` names it.
    """
    path = folder / FILE
    if not path.exists():
        return
    with path.open("rb") as log:
        for _, raw in _backwards(log):
            entry = read_line(raw) if raw.endswith(b"\n") else None
            if entry and (before is None or entry.number < before):
                yield entry


@contextlib.contextmanager
def steady(folder: Path) -> Iterator[None]:
    """Log and head stay as they are meanwhile, but for who holds this."""
    with (folder / _LOCK).open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def _opened(folder: Path) -> Iterator[IO[bytes]]:
    path = folder / FILE
    fresh = not path.exists()
    with path.open("a+b") as log:
        if fresh:
            sync(folder)
        yield log


def _repair(log: IO[bytes], folder: Path) -> int:
    """Move what is no line from the end of the log to a file of its own; how many bytes."""
    end = good = log.seek(0, 2)
    for start, raw in _backwards(log):
        if raw.endswith(b"\n") and read_line(raw):
            break
        good = start
    if good == end:
        return 0
    log.seek(good)
    note = {"at": _now(), "torn": log.read().decode("utf-8", "surrogateescape")}
    with (folder / TORN).open("ab") as kept:
        kept.write(json.dumps(note).encode() + b"\n")
        kept.flush()
        os.fsync(kept.fileno())
    sync(folder)
    log.truncate(good)
    os.fsync(log.fileno())
    return end - good


def _place(log: IO[bytes], folder: Path, keys: Keys) -> tuple[Head, str]:
    """The line after which the next one comes, and what is doubtful about it.

    A log that lacks lines of the head goes on after the head's, so that they are missed for ever.
    """
    _, raw = next(_backwards(log), (0, b""))
    last, head = read_line(raw), keys.head(folder)
    end = Head(last.number, last.seal) if last else Head(0, START)
    if head is None:
        begun = (folder / HEAD).exists() or (last is not None and last.before)
        keys.write_head(folder, end)  # first, so that no line under the secret is without a head
        return end, f"line {end.number} was the last one" if begun else ""
    if last is None or head == end or not keys.fits(last, raw) or last.number <= head.number:
        return head, ""
    keys.write_head(folder, end)
    if last.number == head.number + 1 and last.before == head.seal:
        return end, ""  # a crash came between line and head
    return end, f"it named line {head.number}, and line {end.number} was the last one"


def _add(log: IO[bytes], folder: Path, keys: Keys, head: Head, said: tuple[str, str, str]) -> Head:
    """Write a line, then the head that names it."""
    action, subject, who = said
    user, name = (who.user, who.name) if isinstance(who, Actor) else ("", "")
    entry = Entry(head.number + 1, _now(), str(who), action, subject, "", user, name, head.seal)
    entry = keys.sealed(entry)
    log.write(written(entry) + b"\n")
    log.flush()
    os.fsync(log.fileno())
    made = Head(entry.number, entry.seal)
    keys.write_head(folder, made)
    return made


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def _backwards(log: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Lines with their ends, from the last to the first, and where each begins."""
    start, rest = log.seek(0, 2), b""
    while start > 0:
        size = min(_BLOCK, start)
        start -= size
        log.seek(start)
        lines = [*io.BytesIO(log.read(size) + rest)]
        rest, place = lines[0], start + sum(map(len, lines))
        for line in reversed(lines[1:]):
            place -= len(line)
            yield place, line
    if rest:
        yield 0, rest
