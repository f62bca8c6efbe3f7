"""Lines of the audit log and its head: their forms, and the seals under the workspace's secret.

Lines of older versions have no ``before`` and are sealed by a plain SHA-256, which anybody can
compute. All others are sealed by an HMAC, which only who knows the secret can.
"""

import hashlib
import hmac
import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from everytouch.journal.api import sync
from everytouch.ledger.secret import read_secret

FILE, HEAD, TORN = "audit.jsonl", "audit.head", "audit.torn"
START = "0" * 64
"""What the first line of a log is sealed after."""


@dataclass(frozen=True)
class Entry:
    """One line of the log.

    Attributes:
        number: counts from 1.
        who: who acted: an address, or the system's user.
        user: the id of a user of the app, which never changes; empty for anybody else.
        name: the name this user had then.
        before: the seal of the line before; empty in a line of an older version.
    """

    number: int
    at: str
    who: str
    action: str
    subject: str
    seal: str
    user: str = ""
    name: str = ""
    before: str = ""


@dataclass(frozen=True)
class Head:
    """Number and seal of a line: of the last one of the log, or of one noted elsewhere."""

    number: int
    seal: str


class Keys:
    """Seals of lines and of the head, under the secret of a workspace.

    Raises:
        WorkspaceError: the secret is gone or damaged.
    """

    def __init__(self, folder: Path) -> None:
        secret = read_secret(folder)
        self._line = hmac.digest(secret, b"everytouch audit line", "sha256")
        self._head = hmac.digest(secret, b"everytouch audit head", "sha256")

    def sealed(self, entry: Entry) -> Entry:
        """The same line with its seal."""
        content = _encoded(_content(entry))
        return replace(entry, seal=hmac.new(self._line, content, "sha256").hexdigest())

    def fits(self, entry: Entry, raw: bytes) -> bool:
        """Whether a line is, byte by byte, one that was sealed under this secret."""
        same = hmac.compare_digest(self.sealed(entry).seal.encode(), _bytes(entry.seal))
        return same and raw.rstrip(b"\n") == written(entry)

    def head(self, folder: Path) -> Head | None:
        """The head of the log; None where it is missing or not sealed under this secret."""
        try:
            found = json.loads((folder / HEAD).read_bytes())
            head = Head(int(found["number"]), str(found["seal"]))
            same = hmac.compare_digest(self._over(head).encode(), _bytes(str(found["mac"])))
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None
        return head if same else None

    def write_head(self, folder: Path, head: Head) -> None:
        """Replace the head; the old or the new one is always there, and it is on disk."""
        fresh = folder / f".{HEAD}.new"
        with fresh.open("wb") as file:
            file.write(_encoded({**asdict(head), "mac": self._over(head)}) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(folder / HEAD)
        sync(folder)

    def _over(self, head: Head) -> str:
        content = f"{head.number}:{head.seal}".encode("utf-8", "surrogatepass")
        return hmac.new(self._head, content, "sha256").hexdigest()


def written(entry: Entry) -> bytes:
    """A line as the file holds it, without the end of line."""
    return _encoded(_content(entry) | {"seal": entry.seal})


def read_line(raw: bytes) -> Entry | None:
    """The line that these bytes are; None where they are none."""
    try:
        entry = Entry(**json.loads(raw))
    except (ValueError, TypeError, RecursionError):
        return None
    texts = (v for k, v in vars(entry).items() if k != "number")
    whole = type(entry.number) is int and all(isinstance(text, str) for text in texts)
    return entry if whole else None


def plain_seal(before: str, entry: Entry) -> str:
    """The seal of a line of an older version."""
    line = {key: vars(entry)[key] for key in ("number", "at", "who", "action", "subject")}
    content = json.dumps(line, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(_bytes(before + content)).hexdigest()


def _content(entry: Entry) -> dict[str, Any]:
    """Everything but the seal; a user only where there is one."""
    line = {key: value for key, value in asdict(entry).items() if key != "seal"}
    return {k: v for k, v in line.items() if v or k not in ("user", "name", "before")}


def _encoded(content: dict[str, Any]) -> bytes:
    return _bytes(json.dumps(content, ensure_ascii=False))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
