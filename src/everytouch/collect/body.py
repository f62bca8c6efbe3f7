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


async def read(chunks: AsyncIterable[bytes], encoding: str, limits: Limits) -> bytes:
    """The whole body, decompressed.

    Raises:
        TooLargeError: more comes than there may; nothing more is kept then.
        BadEncodingError: an encoding that is unknown, or not what the body is in.
    """
    names = [name.strip().lower() for name in encoding.split(",") if name.strip()]
    names = [name for name in names if name != "identity"]
    if len(names) > 1 or (names and names[0] not in _WINDOWS):
        raise BadEncodingError(f"content-encoding {encoding!r} is unknown: use gzip")
    unpack = zlib.decompressobj(_WINDOWS[names[0]]) if names else None
    sent, parts, size = 0, list[bytes](), 0
    async for chunk in chunks:
        sent += len(chunk)
        if sent > limits.discarded:
            break
        if sent > limits.body or size > limits.unpacked:
            parts.clear()
            continue
        part = _unpacked(unpack, chunk, limits.unpacked - size + 1) if unpack else bytes(chunk)
        size += len(part)
        parts.append(part)
    if sent > limits.body:
        raise TooLargeError(f"the body is over {limits.body} bytes")
    if size > limits.unpacked:
        raise TooLargeError(f"the body is over {limits.unpacked} bytes, unpacked")
    if unpack is not None and not unpack.eof:
        raise BadEncodingError("the compressed body ends too early")
    return b"".join(parts)


def unpack(packed: bytes, limits: Limits) -> bytes:
    """What a script compressed itself, as gzip.

    Raises:
        TooLargeError: it is too large, unpacked.
        BadEncodingError: it is not gzip, or not whole.
    """
    one = zlib.decompressobj(_WINDOWS["gzip"])
    whole = _unpacked(one, packed, limits.unpacked + 1)
    if len(whole) > limits.unpacked:
        raise TooLargeError(f"the body is over {limits.unpacked} bytes, unpacked")
    if not one.eof:
        raise BadEncodingError("the compressed body ends too early")
    return whole


def _unpacked(unpack: "zlib._Decompress", chunk: bytes, room: int) -> bytes:
    """At most ``room`` bytes of it: a bomb is not unpacked further than that."""
    try:
        return unpack.decompress(chunk, room)
    except zlib.error as error:
        raise BadEncodingError(f"the body is not compressed as it says: {error}") from error
