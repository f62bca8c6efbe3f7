"""The audit log: who did what about whom, when. Lines are only ever added, each sealing the last.

Every line carries the SHA-256 of the seal before it and of its own content, so that a line
changed, taken out or put in between breaks the chain from there on.
"""

import datetime
import fcntl
import getpass
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from everytouch.errors import LedgerError

FILE = "audit.jsonl"
_BLOCK = 65_536


@dataclass(frozen=True)
class Entry:
    """One line of the log; ``number`` counts from 1."""

    number: int
    at: str
    who: str
    action: str
    subject: str
    seal: str


def audit(folder: Path, action: str, subject: str, who: str = "") -> None:
    """Add a line to the audit log of a workspace; it is on disk when this returns.

    Args:
        who: the acting person; the system's user when empty.
    """
    with (folder / FILE).open("a+b") as log:
        fcntl.flock(log, fcntl.LOCK_EX)
        before = _last(log)
        line: dict[str, Any] = {
            "number": before.number + 1 if before else 1,
            "at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "who": who or getpass.getuser(),
            "action": action,
            "subject": subject,
        }
        line["seal"] = _seal(before.seal if before else "", line)
        log.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
        log.flush()


def entries(folder: Path, before: int | None = None) -> Iterator[Entry]:
    """Lines, the newest first; those of a lower number than ``before``, when given."""
    path = folder / FILE
    if not path.exists():
        return
    with path.open("rb") as log:
        for raw in _backwards(log):
            entry = _entry(raw)
            if before is None or entry.number < before:
                yield entry


def broken(folder: Path) -> int | None:
    """Number of the first line that does not fit the ones before it; None where all do."""
    path, seal, number = folder / FILE, "", 0
    if not path.exists():
        return None
    with path.open("rb") as log:
        for number, raw in enumerate(log, 1):
            try:
                line = json.loads(raw)
                fits = line["number"] == number and line.pop("seal") == _seal(seal, line)
                seal = json.loads(raw)["seal"]
            except (ValueError, KeyError, TypeError):
                fits = False
            if not fits:
                return number
    return None


def _seal(before: str, line: dict[str, Any]) -> str:
    content = json.dumps(line, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256((before + content).encode()).hexdigest()


def _last(log: IO[bytes]) -> Entry | None:
    raw = next(_backwards(log), None)
    return _entry(raw) if raw else None


def _entry(raw: bytes) -> Entry:
    try:
        return Entry(**json.loads(raw))
    except (ValueError, TypeError) as error:
        raise LedgerError(
            f"the audit log holds a line that is none: {raw[:80]!r}",
            f"keep the file {FILE} elsewhere as evidence; a new one is begun without it",
        ) from error


def _backwards(log: IO[bytes]) -> Iterator[bytes]:
    """Whole lines from the end of a file to its beginning."""
    end, rest = log.seek(0, 2), b""
    while end > 0:
        start = max(0, end - _BLOCK)
        log.seek(start)
        lines = (log.read(end - start) + rest).split(b"\n")
        rest, end = lines[0], start
        yield from (line for line in reversed(lines[1:]) if line)
    if rest:
        yield rest
