"""The write-ahead log: what was answered for is on disk, in order, until the ledger holds it.

A folder of segments. One is open and written by one process; a sealed one is never changed and
is removed once the ledger holds it. A frame is a mark, its length, its CRC-32 and its bytes, so
what a crash has torn off at the end is recognised and was never answered for, and what a disk has
changed costs no other frame. The CRC begins with the log's seed: nobody who sends bytes can send
a frame. All frames that wait are written, and made durable, together (group commit).
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
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TextIO

from everytouch.errors import LedgerError
from everytouch.journal.disk import Appender

MAGIC = b"ETLOG002"
SEGMENT = 64 << 20  # bytes from which a segment is sealed
AGE = 0.4  # seconds after which one that holds something is sealed
LOOK = 0.05  # seconds between two looks whether the reader waits
WAITING = 64 << 20  # bytes that may wait to be written
MARK = b"\xe7FR\xa0"
_FRAME, _SEED = struct.Struct("<4sII"), struct.Struct("<I")
HEAD = len(MAGIC) + _SEED.size  # bytes before the first frame
_OPEN, _SEALED, DAMAGED = ".open", ".sealed", ".damaged"


Group = tuple[Sequence[bytes], Sequence[Any], int]
"""Frames with their heads, tickets, bytes."""


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
        self._queue: queue.SimpleQueue[Group | None] = queue.SimpleQueue()
        self._counting = threading.Lock()
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
        self.extend([payload], [ticket])

    def extend(self, payloads: Sequence[bytes], tickets: Sequence[Any]) -> None:
        """Write frames as one group, where nothing else waits; raises LogFullError."""
        size = sum(map(len, payloads))
        seed, pack = self._seed, _FRAME.pack
        parts = [
            part for one in payloads for part in (pack(MARK, len(one), zlib.crc32(one, seed)), one)
        ]
        with self._counting:
            if self._waiting + size > WAITING:
                raise LogFullError("the log cannot be written as fast as events come", "send later")
            self._waiting += size
        self._queue.put((parts, tickets, size))

    @property
    def waiting(self) -> int:
        """Bytes that are not on disk yet."""
        return self._waiting

    def close(self) -> None:
        """Write what waits, and end."""
        self._queue.put(None)
        self._thread.join()
        self._file.close()
        self._lock.close()

    def _begin(self) -> None:
        """Open the next segment, before the one before it is sealed: numbers never come again."""
        numbers = [int(path.stem) for path in self.folder.glob("[0-9]*.*")]
        path = self.folder / f"{max(numbers, default=0) + 1:012d}{_OPEN}"
        file = Appender(path)
        try:
            file.append([MAGIC + _SEED.pack(self._seed)])
            _sync(self.folder)
        except OSError:
            file.close()
            path.unlink(missing_ok=True)
            raise
        self._path, self._file, self._since = path, file, time.monotonic()

    def _run(self) -> None:
        ended = False
        while not ended:
            frames, tickets, ended = self._gather()
            if frames:
                self._write(frames, tickets)
            if self._file.size > HEAD and (ended or self._due()):
                self._roll()
            self._seal_closed()

    def _gather(self) -> tuple[list[bytes], list[Any], bool]:
        """All that waits, at least for a while; and whether it is the last."""
        frames: list[bytes] = []
        tickets: list[Any] = []
        took, ended = 0, False
        with contextlib.suppress(queue.Empty):
            item = self._queue.get(timeout=AGE)
            while item is not None:
                frames += item[0]
                tickets += item[1]
                took += item[2]
                item = self._queue.get_nowait()
            ended = True
        with self._counting:
            self._waiting -= took
        return frames, tickets, ended

    def _write(self, frames: list[bytes], tickets: list[Any]) -> None:
        if self._file.size == HEAD:
            self._since = time.monotonic()
        self.failure = None
        try:
            self._file.append(frames)
        except OSError as error:
            self.failure = error
            self._abandon()
        self._done(tickets, self.failure)

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
        self._closed.append((before, file.size))
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
    _, good, _ = _scan(path)
    _seal(path, good)


def _seal(path: Path, size: int) -> None:
    """Give a segment its last length and name; an empty one goes."""
    if size > HEAD:
        with path.open("r+b") as file:
            file.truncate(size)
            os.fsync(file.fileno())
        path.rename(path.with_suffix(_SEALED))
    else:
        path.unlink()
    _sync(path.parent)


def _sync(folder: Path) -> None:
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
        _sync(folder)
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
    found, whole, damaged = _scan(path)
    return found, damaged + (path.stat().st_size - whole if path.suffix == _SEALED else 0)


def set_aside(path: Path) -> Path:
    """Keep a damaged segment, for who may read more of it; it is not read again."""
    aside = path.with_suffix(DAMAGED)
    path.rename(aside)
    _sync(path.parent)
    return aside


def damaged(folder: Path) -> list[Path]:
    """Segments that were set aside."""
    return sorted(folder.glob(f"*{DAMAGED}"))


def _scan(path: Path) -> tuple[list[bytes], int, int]:
    """Whole payloads, the byte after the last of them, and bytes before that which are none.

    After a frame that is not what it was, the next one is looked for by its mark.
    """
    content = path.read_bytes()
    if len(content) < HEAD or content[: len(MAGIC)] != MAGIC:
        return [], min(len(content), HEAD), 0
    (seed,) = _SEED.unpack_from(content, len(MAGIC))
    found, at, whole, wrong = list[bytes](), HEAD, HEAD, 0
    while 0 <= at <= len(content) - _FRAME.size:
        mark, size, check = _FRAME.unpack_from(content, at)
        start = at + _FRAME.size
        payload = content[start : start + size]
        if mark != MARK or len(payload) < size or zlib.crc32(payload, seed) != check:
            at = content.find(MARK, at + 1)
            continue
        wrong += at - whole
        found.append(payload)
        at = whole = start + size
    return found, whole, wrong
