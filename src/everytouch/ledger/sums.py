"""Checksums of files: a strong one against tampering, a fast one for each reading.

SHA-256 cannot be forged and is compared by ``verify``. XXH3 takes a tenth of the time and finds
every kind of decay: it is compared the first time a process reads a file. Both are kept in an
inventory that is sealed under the workspace's secret.
"""

import hashlib
from pathlib import Path

import xxhash

Stamp = tuple[str, int, int, int]
_CHUNK = 1 << 20
_whole: dict[Stamp, str] = {}
"""Files this process has read as a whole, and their fast sums then."""


def strong_sum(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fast_sum(path: Path) -> str:
    """XXH3 (128 bits) of a file, in hexadecimal."""
    found, room = xxhash.xxh3_128(), bytearray(_CHUNK)
    with path.open("rb", buffering=0) as file:
        while size := file.readinto(room):
            found.update(memoryview(room)[:size])
    return found.hexdigest()


def known_sum(path: Path) -> str:
    """The fast sum; read once for as long as the file is not written to.

    Raises:
        OSError: the file is gone or cannot be read.
    """
    stamp = _stamp(path)
    if stamp not in _whole:
        _whole[stamp] = fast_sum(path)
    return _whole[stamp]


def _stamp(path: Path) -> Stamp:
    about = path.stat()
    return str(path), about.st_size, about.st_mtime_ns, about.st_ino
