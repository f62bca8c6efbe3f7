"""Appending to a file past the page cache: what is read once after need not lie in it."""

import contextlib
import errno
import fcntl
import mmap
import os
from pathlib import Path

BLOCK = 4096  # bytes; what disks and file systems write at once
ROOM = (1 << 20) + (1 << 16)  # bytes that mostly suffice for what is written at once
_DIRECT = getattr(os, "O_DIRECT", 0)


class Room:
    """Memory to lay out what is written: on a page's edge, as direct writing wants it.

    Attributes:
        size: bytes that lie in it.
    """

    def __init__(self) -> None:
        self._memory, self.size = mmap.mmap(-1, ROOM), 0

    def lay(self, *parts: bytes) -> None:
        """Put parts behind each other, and behind what is there."""
        end = self.size + sum(map(len, parts))
        if end > len(self._memory):
            larger = mmap.mmap(-1, whole(max(end, 2 * self.size)))
            larger[: self.size] = self._memory[: self.size]
            self._memory = larger
        for part in parts:
            self._memory[self.size : self.size + len(part)] = part
            self.size += len(part)

    def blocks(self) -> memoryview:
        """What lies in it, filled up with zeros to whole blocks."""
        end = whole(self.size)
        self._memory[self.size : end] = bytes(end - self.size)
        return memoryview(self._memory)[:end]

    def clear(self) -> bool:
        """Empty it; whether it is worth keeping: new memory takes as long to touch as to fill."""
        self.size = 0
        return len(self._memory) == ROOM


def unwritable(folder: Path) -> str:
    """Why nothing can be written to a folder; empty where it can."""
    try:
        if not folder.is_dir():
            return "missing"
        if not os.access(folder, os.W_OK | os.X_OK, effective_ids=True):
            return "read only"
        return "" if os.statvfs(folder).f_bavail else "disk full"
    except OSError as error:
        return error.strerror or "unknown"


def whole(size: int) -> int:
    """Bytes of the blocks that so many bytes take."""
    return -(-size // BLOCK) * BLOCK


class Appender:
    """The end of a new file.

    Whole blocks go straight to the disk. That takes half of the time, and of the work, of the way
    through the page cache and an ``fdatasync``. File systems without it are written to as usual.

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
        self.size = 0

    def append(self, room: Room) -> None:
        """Write what lies in it; durable when it returns. After an OSError, ``cut`` first."""
        done = 0
        with room.blocks() as blocks:
            while done < len(blocks):
                try:
                    wrote = os.pwrite(self.file, blocks[done:], self.size + done)
                except OSError as error:
                    if error.errno != errno.EINVAL or not self._as_usual():
                        raise
                    continue
                if wrote < BLOCK:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                done += wrote - wrote % BLOCK
        self.size += done

    def cut(self) -> None:
        """Take away what came after the last that is durable."""
        os.ftruncate(self.file, self.size)

    def close(self) -> None:
        """No more is written."""
        os.close(self.file)

    def _as_usual(self) -> bool:
        """Go through the page cache from now on; whether that is another way than before."""
        flags = fcntl.fcntl(self.file, fcntl.F_GETFL)
        if not flags & _DIRECT:
            return False
        with contextlib.suppress(OSError):
            fcntl.fcntl(self.file, fcntl.F_SETFL, flags & ~_DIRECT)
            return True
        return False
