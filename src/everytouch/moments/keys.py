"""Keys of moments and parties: SipHash-2-4 with 128 bits of output, under the workspace's secret.

Keyed, so that nobody who can send an identifier can make it collide with somebody else's.
Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012).
"""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Keys = NDArray[np.int64]


def hash_strings(strings: pa.Array, secret: bytes) -> tuple[Keys, Keys]:
    """128-bit keys of strings as two int64 arrays (first and second half of the output).

    Args:
        strings: Arrow strings, (n,); a null counts as the empty string.
        secret: 16 bytes.
    """
    # numba takes a second to import, which a program that only takes events in does without.
    from everytouch.moments.siphash import siphash  # noqa: PLC0415

    array = strings.combine_chunks() if isinstance(strings, pa.ChunkedArray) else strings
    array = array.cast(pa.large_string())
    _, offsets, data = array.buffers()
    n = len(array)
    edges = np.frombuffer(offsets, np.int64)[array.offset : array.offset + n + 1]
    octets = np.frombuffer(data, np.uint8) if data is not None and len(data) else _NONE
    first, second = np.empty(n, np.uint64), np.empty(n, np.uint64)
    k0, k1 = np.frombuffer(secret, "<u8")
    if n:
        siphash(octets, edges, k0, k1, second, first)
    return first.view(np.int64), second.view(np.int64)


def key_name(key: int) -> str:
    """A key as it is written: sixteen hexadecimal digits."""
    return f"{key & (2**64 - 1):016x}"


_NONE = np.zeros(0, np.uint8)
