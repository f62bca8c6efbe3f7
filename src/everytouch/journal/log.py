"""The write-ahead log: what was answered for is on disk, in order, until the ledger holds it.

A folder of segments. One is open and written by one process; a sealed one is never changed and
is removed once the ledger holds it. A frame is a mark, its length, its checksum and its bytes, so
what a crash has torn off at the end is recognised and was never answered for, and what a disk has
changed costs no other frame. The checksum begins with the log's seed: nobody who sends bytes can
send a frame. All frames that wait are written, and made durable, together (group commit); a group
begins with a block of its own, and what is left of its last block is zeros.
"""

import contextlib
import fcntl
import os
import queue
import struct
import threading
import time
import uuid
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import xxhash

from everytouch.errors import LedgerError
from everytouch.journal.disk import BLOCK, Appender, Room, whole

MAGIC = b"ETLOG003"
_OLD = b"ETLOG002"  # with CRC-32, and no zeros between groups
GROUP = 1 << 20  # bytes that are written at once: more would leave the processor's caches
SPARE = 4  # rooms that are kept for what comes
SEGMENT = 64 << 20  # bytes from which a segment is sealed
AGE = 0.4  # seconds after which one that holds something is sealed
LOOK = 0.05  # seconds between two looks whether the reader waits
WAITING = 64 << 20  # bytes that may wait to be written
MARK = b"\xe7FR\xa0"
_FRAME, _SEED = struct.Struct("<4sII"), struct.Struct("<I")
HEAD = len(MAGIC) + _SEED.size  # bytes that say what a segment is
_OPEN, _SEALED, DAMAGED = ".open", ".sealed", ".damaged"


@dataclass
class _Group:
    """What is written at once.

    Attributes:
        size: bytes of its payloads.
        queued: the writing thread has been told of it.
    """

    room: Room
    tickets: list[Any] = field(default_factory=list)
    size: int = 0
    queued: bool = False


class LogFullError(LedgerError):
    """More waits to be written than there is room for."""


class Log:
    """The writing end; one process has it.

    Args:
        folder: of the segments; made where it is missing.
        done: told, from the writing thread, of each group: what came with its frames, and None
            once they are durable, or what kept them from being written.

    Raises:
        LedgerError: another process writes to it.
        OSError: it cannot be written.
    """

    def __init__(self, folder: Path, done: Callable[[list[Any], OSError | None], None]) -> None:
        self.folder, self._done, self._lock = folder, done, lock(folder)
        self._queue: queue.SimpleQueue[_Group | None] = queue.SimpleQueue()
        self._laid: _Group | None = None
        self._gate = threading.Lock()
        self._spare: list[Room] = []
        self._waiting, self._looked = 0, 0.0
        self._closed: list[tuple[Path, int]] = []
        self.failure: OSError | None = None
        try:
            self._seed = zlib.crc32(identity(folder).encode("ascii"))
            self._begin()
            for path in sorted(folder.glob(f"*{_OPEN}")):
                if path != self._path:  # of a process that is gone
                    _recover(path)
        except OSError:
            self._lock.close()
            raise
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    def append(self, payload: bytes, ticket: Any) -> None:
        """Write a frame; ``done`` is told of its ticket.

        Raises:
            LogFullError: too much waits already.
        """
        self.lay(payload, ticket)
        self.flush()

    def lay(self, payload: bytes, ticket: Any) -> None:
        """Put a frame to what is written with the next ``flush``; raises LogFullError."""
        head = _head(payload, self._seed)
        with self._gate:
            if self._waiting + len(payload) > WAITING:
                raise LogFullError("the log cannot be written as fast as events come", "send later")
            self._waiting += len(payload)
            if self._laid is not None and self._laid.size + len(payload) > GROUP:
                self._queue_up()
                self._laid = None
            if self._laid is None:
                self._laid = _Group(self._spare.pop() if self._spare else Room())
            self._laid.room.lay(head, payload)
            self._laid.tickets.append(ticket)
            self._laid.size += len(payload)

    def flush(self) -> None:
        """Have written what was laid; what is laid until that is begun goes with it."""
        with self._gate:
            self._queue_up()

    @property
    def waiting(self) -> int:
        """Bytes that are not on disk yet."""
        return self._waiting

    def close(self) -> None:
        """Write what waits, and end."""
        self.flush()
        self._queue.put(None)
        self._thread.join()
        self._file.close()
        self._lock.close()

    def _queue_up(self) -> None:
        if self._laid is not None and not self._laid.queued:
            self._laid.queued = True
            self._queue.put(self._laid)

    def _begin(self) -> None:
        """Open the next segment, before the one before it is sealed: numbers never come again."""
        numbers = [int(path.stem) for path in self.folder.glob("[0-9]*.*")]
        path = self.folder / f"{max(numbers, default=0) + 1:012d}{_OPEN}"
        file = Appender(path)
        try:
            head = Room()
            head.lay(MAGIC, _SEED.pack(self._seed))
            file.append(head)
            sync(self.folder)
        except OSError:
            file.close()
            path.unlink(missing_ok=True)
            raise
        self._path, self._file, self._since = path, file, time.monotonic()

    def _run(self) -> None:
        ended = False
        while not ended:
            with contextlib.suppress(queue.Empty):
                group = self._queue.get(timeout=AGE)
                ended = group is None
                if group is not None:
                    self._write(group)
            if self._file.size > BLOCK and (ended or self._due()):
                self._roll()
            self._seal_closed()

    def _write(self, group: _Group) -> None:
        with self._gate:
            if self._laid is group:
                self._laid = None  # what comes now is the next
        if self._file.size == BLOCK:
            self._since = time.monotonic()
        self.failure = None
        try:
            self._file.append(group.room)
        except OSError as error:
            self.failure = error
            self._abandon()
        with self._gate:
            self._waiting -= group.size
            if group.room.clear() and len(self._spare) < SPARE:
                self._spare.append(group.room)
        self._done(group.tickets, self.failure)

    def _abandon(self) -> None:
        """Nothing after the last durable frame counts; what a failed sync left is not trusted."""
        try:
            self._file.cut()
            self._roll()
        except OSError as error:
            self.failure = error

    def _due(self) -> bool:
        """Sealed when it is large, or old while the reader waits for more."""
        if self._file.size >= SEGMENT:
            return True
        now = time.monotonic()
        if now - self._since < AGE or now - self._looked < LOOK:
            return False
        self._looked = now
        return not any(self.folder.glob(f"*{_SEALED}"))

    def _roll(self) -> None:
        before, file = self._path, self._file
        try:
            self._begin()
        except OSError as error:
            self.failure = error  # the old one is still open: it is tried again with the next group
            return
        self._closed.append((before, file.size if file.size > BLOCK else 0))
        file.close()

    def _seal_closed(self) -> None:
        """Seal what was rolled; what cannot be renamed now is tried again."""
        while self._closed:
            try:
                _seal(*self._closed[0])
            except OSError as error:
                self.failure = error
                if self._closed[0][0].exists():
                    return
            self._closed.pop(0)


def _recover(path: Path) -> None:
    """Seal the segment of a process that is gone; what it has torn was never answered for."""
    found, good, _ = _scan(path)
    _seal(path, good if found else 0)


def _seal(path: Path, size: int) -> None:
    """Give a segment its last length and name; one that holds nothing, of no length, goes."""
    if size:
        with path.open("r+b") as file:
            file.truncate(size)
            os.fsync(file.fileno())
        path.rename(path.with_suffix(_SEALED))
    else:
        path.unlink()
    sync(path.parent)


def sync(folder: Path) -> None:
    """See that the names in a folder are on disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def lock(folder: Path) -> TextIO:
    """Be the one that writes, until what is given is closed.

    Raises:
        LedgerError: another process is.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = (folder / ".lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise LedgerError(
            f"another process writes to {folder}", "end it, or wait until it has ended"
        ) from error
    return file


def identity(folder: Path) -> str:
    """The log's own name, by which the ledger remembers what it has of it."""
    path = folder / "name"
    if not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = folder / ".name.new"
        fresh.write_text(uuid.uuid4().hex, encoding="ascii")
        fresh.replace(path)
        sync(folder)
    return path.read_text(encoding="ascii")


def sealed(folder: Path) -> list[Path]:
    """Segments that wait for the ledger, oldest first."""
    return sorted(folder.glob(f"*{_SEALED}"))


def segments(folder: Path) -> list[Path]:
    """All segments, also the one that is being written."""
    return sorted([*folder.glob(f"*{_SEALED}"), *folder.glob(f"*{_OPEN}")])


def frames(path: Path) -> tuple[list[bytes], int]:
    """The payloads of a segment, and the bytes of it that are none.

    What was torn off the end of a segment that is being written is not counted: it was never
    answered for.
    """
    found, good, damaged = _scan(path)
    return found, damaged + (path.stat().st_size - good if path.suffix == _SEALED else 0)


def set_aside(path: Path) -> Path:
    """Keep a damaged segment, for who may read more of it; it is not read again."""
    aside = path.with_suffix(DAMAGED)
    path.rename(aside)
    sync(path.parent)
    return aside


def damaged(folder: Path) -> list[Path]:
    """Segments that were set aside."""
    return sorted(folder.glob(f"*{DAMAGED}"))


def unreadable(path: Path) -> int:
    """Bytes of a segment that are none of its frames, those at its end included."""
    _, good, wrong = _scan(path)
    return wrong + len(path.read_bytes()[good:].rstrip(b"\0"))


def _scan(path: Path) -> tuple[list[bytes], int, int]:
    """Whole payloads, the byte after the last of them, and bytes before that which are damaged.

    After a frame that is not what it was, the next one is looked for by its mark.
    """
    content = path.read_bytes()
    if len(content) < HEAD or content[: len(MAGIC)] not in _CHECKS:
        return [], min(len(content), HEAD), 0
    (seed,) = _SEED.unpack_from(content, len(MAGIC))
    checked = _CHECKS[content[: len(MAGIC)]]
    found, wrong = list[bytes](), 0
    at = good = _filled(content, HEAD)
    while 0 <= at <= len(content) - _FRAME.size:
        mark, size, check = _FRAME.unpack_from(content, at)
        start = at + _FRAME.size
        payload = content[start : start + size]
        if mark != MARK or len(payload) < size or checked(payload, seed) != check:
            at = content.find(MARK, at + 1)
            continue
        wrong += at - good
        found.append(payload)
        at = good = _filled(content, start + size)
    return found, good, wrong


def _filled(content: bytes, at: int) -> int:
    """Behind the zeros to the end of a block, if that is what comes; there begins a group."""
    end = whole(at)
    return at if content[at:end].strip(b"\0") else min(end, len(content))


def _head(payload: bytes, seed: int) -> bytes:
    return _FRAME.pack(MARK, len(payload), _checked(payload, seed))


def _checked(payload: bytes, seed: int) -> int:
    """XXH3: a fifteenth of the time of CRC-32, and no fewer bits."""
    return xxhash.xxh3_64_intdigest(payload, seed) & 0xFFFFFFFF


_CHECKS: dict[bytes, Callable[[bytes, int], int]] = {MAGIC: _checked, _OLD: zlib.crc32}
