"""Checksums of the files of trails, so that a changed bit is never counted.

Trails are derived: what is damaged is rebuilt from the ledger. A fast checksum is enough.
"""

from pathlib import Path

import xxhash

from everytouch.ledger.api import fast_sum, known_sum

_SUMS = "sums"


def write_sums(place: Path) -> None:
    """Note the checksums of all files of a bucket, and that of this note in its first line."""
    text = "".join(f"{fast_sum(path)} {path.name}\n" for path in sorted(place.glob("*.npy")))
    (place / _SUMS).write_bytes(_sealed(text))


def check(place: Path) -> None:
    """See that a bucket's files are as they were written; each is read once by a process.

    Raises:
        ValueError: one is not, or there are others.
        OSError: one is gone.
    """
    text = "".join(f"{known_sum(path)} {path.name}\n" for path in sorted(place.glob("*.npy")))
    if (place / _SUMS).read_bytes() != _sealed(text):
        raise ValueError(f"the trails in {place} are not as they were written")


def wrong(place: Path) -> list[Path]:
    """The files of a bucket that are not as they were written, all of them read again."""
    found = {path.name: fast_sum(path) for path in place.glob("*.npy")}
    try:
        said = (place / _SUMS).read_bytes()
        text = said.partition(b"\n")[2].decode("ascii")
        noted = {name: one for one, name in (line.split(" ") for line in text.splitlines())}
    except (OSError, ValueError):
        return [place / _SUMS]
    if said != _sealed(text):
        return [place / _SUMS]
    names = sorted(noted.keys() | found.keys())
    return [place / name for name in names if noted.get(name) != found.get(name)]


def _sealed(text: str) -> bytes:
    content = text.encode("ascii")
    return xxhash.xxh3_128_hexdigest(content).encode() + b"\n" + content
