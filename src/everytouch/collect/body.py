"""The body of a request, within its limits while it streams in."""

import zlib
from collections.abc import AsyncIterable
from dataclasses import dataclass


class TooLargeError(ValueError):
    """The body is over a limit."""


class BadEncodingError(ValueError):
    """The body is not encoded as it says."""


@dataclass(frozen=True)
class Limits:
    """What one request may bring.

    Attributes:
        body: bytes as they are sent.
        unpacked: bytes after decompression.
        events: in one request.
        event: bytes of one event.
        discarded: bytes that are read of a body that is too large, so that its sender comes to
            read the answer; who sends more is cut off.
    """

    body: int = 10 << 20
    unpacked: int = 50 << 20
    events: int = 10_000
    event: int = 1 << 20
    discarded: int = 100 << 20


_WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
_GZIP = _WINDOWS["gzip"]
_BLOCK = 1 << 14  # bytes per step: what follows a member is copied, so that little is copied


async def read(chunks: AsyncIterable[bytes], encoding: str, limits: Limits) -> bytes:
    """Return the whole body, decompressed.

    Raises:
        TooLargeError: more comes than there may; nothing more is kept then.
        BadEncodingError: an encoding that is unknown, or not what the body is in.
    """
    unpacking = _unpacking(encoding, limits)
    sent, parts, size = 0, list[bytes](), 0
    async for chunk in chunks:
        sent += len(chunk)
        if sent > limits.discarded:
            break
        if sent > limits.body or size > limits.unpacked:
            parts.clear()
            continue
        part = unpacking.add(bytes(chunk)) if unpacking else bytes(chunk)
        size += len(part)
        parts.append(part)
    if sent > limits.body:
        raise TooLargeError(f"the body is over {limits.body} bytes")
    if size > limits.unpacked:
        raise TooLargeError(f"the body is over {limits.unpacked} bytes, unpacked")
    if unpacking is not None:
        unpacking.check_whole()
    return b"".join(parts)


def unpack(packed: bytes, limits: Limits) -> bytes:
    """Decompress what a script compressed itself, as gzip.

    Raises:
        TooLargeError: it is too large, unpacked.
        BadEncodingError: it is not gzip, or not whole.
    """
    unpacking = Unpacking(_GZIP, limits)
    whole = unpacking.add(packed)
    if len(whole) > limits.unpacked:
        raise TooLargeError(f"the body is over {limits.unpacked} bytes, unpacked")
    unpacking.check_whole()
    return whole


class Unpacking:
    """Decompress a body as it comes: every member of a gzip file, zero padding after the last.

    Args:
        window: of zlib, which says the format.
        limits: at most one byte more than ``unpacked`` is made: a bomb is not unpacked further.
            A body has as many members as a request may have events, at most.
    """

    def __init__(self, window: int, limits: Limits) -> None:
        self._window, self._most = window, limits.events
        self._room = limits.unpacked + 1
        self._members = 1
        self._current = zlib.decompressobj(window)

    def add(self, chunk: bytes) -> bytes:
        """Return what the next bytes of the body hold.

        Raises:
            BadEncodingError: they are not compressed as the body says.
            TooLargeError: the body has too many members.
        """
        parts = list[bytes]()
        for start in range(0, len(chunk), _BLOCK):
            block = chunk[start : start + _BLOCK]
            while block and self._room:
                if self._current.eof and not (block := self._next_member(block)):
                    break
                part = self._step(block)
                self._room -= len(part)
                parts.append(part)
                block = self._current.unused_data
        return b"".join(parts)

    def check_whole(self) -> None:
        """Raise BadEncodingError where the body ends before its last member does."""
        if not self._current.eof:
            raise BadEncodingError("the compressed body ends too early")

    def _next_member(self, block: bytes) -> bytes:
        """Begin the member that starts in a block; return the block from there on."""
        block = block.lstrip(b"\x00") if self._window == _GZIP else b""
        if block:
            self._members += 1
            if self._members > self._most:
                raise TooLargeError(f"the body has more than {self._most} gzip members")
            self._current = zlib.decompressobj(self._window)
        return block

    def _step(self, block: bytes) -> bytes:
        try:
            return self._current.decompress(block, self._room)
        except zlib.error as error:
            raise BadEncodingError(f"the body is not compressed as it says: {error}") from error


def _unpacking(encoding: str, limits: Limits) -> Unpacking | None:
    names = [name.strip().lower() for name in encoding.split(",") if name.strip()]
    names = [name for name in names if name != "identity"]
    if len(names) > 1 or (names and names[0] not in _WINDOWS):
        raise BadEncodingError(f"content-encoding {encoding!r} is unknown: use gzip")
    return Unpacking(_WINDOWS[names[0]], limits) if names else None
