"""Appending to a file past the page cache: what is read once after need not lie in it."""

import contextlib
import errno
import fcntl
import mmap
import os
from collections.abc import Sequence
from pathlib import Path

BLOCK = 4096  # bytes; what disks and file systems write at once
ROOM = 1 << 20  # bytes that are handed over at once
_DIRECT = getattr(os, "O_DIRECT", 0)


class Appender:
    """The end of a new file.

    Whole blocks go straight to the disk, the last one filled up with zeros and written again with
    what comes next. That takes half of the time, and of the work, of the way through the page
    cache and an ``fdatasync``. File systems without it are written to as usual. Who reads the
    file tells the zeros from what was written; ``size`` is where they begin.

    Args:
        path: of the file; it must not be there yet.

    Attributes:
        file: its descriptor.
        size: bytes that are durable.
    """

    def __init__(self, path: Path) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_DSYNC  # durable, in one call
        try:
            self.file = os.open(path, flags | _DIRECT, 0o600)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            path.unlink(missing_ok=True)  # some make it before they say that they cannot
            self.file = os.open(path, flags, 0o600)
        self._room = mmap.mmap(-1, ROOM)  # on a page's edge, as direct writing wants it
        self._last = b""  # of the block that is not full yet
        self.size = 0

    def append(self, parts: Sequence[bytes]) -> None:
        """Write; durable when it returns. After an OSError, ``cut`` before anything else."""
        whole = memoryview(b"".join((self._last, *parts)))
        begin = self.size - len(self._last)
        for at in range(0, len(whole), ROOM):
            part = whole[at : at + ROOM]
            self._room[: len(part)] = part
            end = -(-len(part) // BLOCK) * BLOCK
            self._room[len(part) : end] = bytes(end - len(part))
            self._write(end, begin + at)
        self.size = begin + len(whole)
        self._last = bytes(whole[len(whole) - self.size % BLOCK :])

    def cut(self) -> None:
        """Take away what came after the last that is durable."""
        os.ftruncate(self.file, self.size)

    def close(self) -> None:
        """No more is written."""
        os.close(self.file)

    def _write(self, length: int, at: int) -> None:
        with memoryview(self._room) as room:
            done = 0
            while done < length:
                try:
                    wrote = os.pwrite(self.file, room[done:length], at + done)
                except OSError as error:
                    if error.errno != errno.EINVAL or not self._as_usual():
                        raise
                    continue
                if wrote < BLOCK:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                done += wrote - wrote % BLOCK

    def _as_usual(self) -> bool:
        """Go through the page cache from now on; whether that is another way than before."""
        flags = fcntl.fcntl(self.file, fcntl.F_GETFL)
        if not flags & _DIRECT:
            return False
        with contextlib.suppress(OSError):
            fcntl.fcntl(self.file, fcntl.F_SETFL, flags & ~_DIRECT)
            return True
        return False
