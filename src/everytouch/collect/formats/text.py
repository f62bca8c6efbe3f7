"""Encodings of text files: found from the bytes, and read as UTF-8 from then on."""

import codecs
from pathlib import Path
from typing import IO

from everytouch.collect.formats.base import DAMAGED, Reading, damaged, opened
from everytouch.errors import SourceError

AUTO = "auto"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NAMES = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "cp1252": "Windows-1252"}
_CHUNK = 1 << 20


def encoding_of(path: Path) -> str:
    """Return the encoding of a text file, from its byte order mark and then from all its bytes.

    Text that is not UTF-8 is taken as Windows-1252, what spreadsheets in Europe and America write,
    and as Latin-1 where a byte has no meaning in Windows-1252.

    Raises:
        SourceError: the file is damaged.
    """
    try:
        with opened(path) as file:
            start = file.read(4)
            for mark, name in _BOMS:
                if start.startswith(mark):
                    return name
            if name := _without_mark(start):
                return name
            fits = {"utf-8": codecs.getincrementaldecoder("utf-8")(),
                    "cp1252": codecs.getincrementaldecoder("cp1252")()}  # fmt: skip
            chunk = start
            while chunk:
                for name in [*fits]:
                    if not _decodes(fits[name], chunk):
                        del fits[name]
                chunk = file.read(_CHUNK)
            if "utf-8" in fits and not _decodes(fits["utf-8"], b"", final=True):
                del fits["utf-8"]
    except DAMAGED as error:
        raise damaged(path, error) from error
    return next(iter(fits), "latin-1")


def _without_mark(start: bytes) -> str:
    """Recognise UTF-16 without a mark: every other byte of the first characters is zero."""
    if len(start) == 4 and start[1] == 0 == start[3] and start[0] and start[2]:
        return "utf-16-le"
    if len(start) == 4 and start[0] == 0 == start[2] and start[1] and start[3]:
        return "utf-16-be"
    return ""


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def decided(path: Path, given: str, reading: Reading) -> str:
    """Return the encoding to read a file with: the one that is given, else the one found.

    Raises:
        SourceError: the encoding is unknown, or the file is damaged.
    """
    if given == AUTO:
        found = encoding_of(path)
        reading.notes["encoding"] = _NAMES.get(found, found.upper())
        return found
    try:
        name = codecs.lookup(given).name
    except (LookupError, ValueError) as error:  # a NUL in it is a ValueError
        raise SourceError(
            f"encoding {given!r} is unknown", 'use a name such as "utf-8", "cp1252" or "utf-16"'
        ) from error
    return "utf-8-sig" if name == "utf-8" else name


class AsUtf8:
    """A binary file that gives another encoding's text as UTF-8, without a byte order mark.

    Args:
        file: open for reading bytes.
        encoding: as Python names it.
    """

    def __init__(self, file: IO[bytes], encoding: str) -> None:
        self._file, self._encoding = file, encoding
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._ready = b""
        self.closed = False

    def read(self, size: int = -1) -> bytes:
        """Read at most ``size`` bytes, all when negative.

        Raises:
            SourceError: the bytes are not text in this encoding.
        """
        while size < 0 or len(self._ready) < size:
            chunk = self._file.read(_CHUNK)
            try:
                self._ready += self._decoder.decode(chunk, not chunk).encode()
            except UnicodeError as error:
                raise SourceError(
                    f"the text is not {_NAMES.get(self._encoding, self._encoding)}: {error}",
                    'name its encoding, e.g. encoding = "cp1252"',
                ) from error
            if not chunk:
                break
        size = len(self._ready) if size < 0 else size
        given, self._ready = self._ready[:size], self._ready[size:]
        return given

    def close(self) -> None:
        """Close the file below."""
        self.closed = True
        self._file.close()
