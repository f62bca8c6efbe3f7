"""Keys of moments and parties: SipHash-2-4 with 128 bits of output, under the workspace's secret.

Keyed, so that nobody who can send an identifier can make it collide with somebody else's.
Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012).
"""

from typing import Any

import numpy as np
import pyarrow as pa
from numba import njit
from numpy.typing import NDArray

Keys = NDArray[np.int64]


@njit(cache=True, nogil=True, inline="always")
def _round(v0: Any, v1: Any, v2: Any, v3: Any) -> Any:  # pragma: no cover - compiled
    v0 += v1
    v1 = (v1 << np.uint64(13)) | (v1 >> np.uint64(51))
    v1 ^= v0
    v0 = (v0 << np.uint64(32)) | (v0 >> np.uint64(32))
    v2 += v3
    v3 = (v3 << np.uint64(16)) | (v3 >> np.uint64(48))
    v3 ^= v2
    v0 += v3
    v3 = (v3 << np.uint64(21)) | (v3 >> np.uint64(43))
    v3 ^= v0
    v2 += v1
    v1 = (v1 << np.uint64(17)) | (v1 >> np.uint64(47))
    v1 ^= v2
    v2 = (v2 << np.uint64(32)) | (v2 >> np.uint64(32))
    return v0, v1, v2, v3


@njit(cache=True, nogil=True)
def _siphash(data: Any, offsets: Any, k0: Any, k1: Any, high: Any, low: Any) -> None:
    # pragma: no cover - compiled
    for row in range(len(offsets) - 1):
        start, stop = offsets[row], offsets[row + 1]
        length = stop - start
        v0 = k0 ^ np.uint64(0x736F6D6570736575)
        v1 = k1 ^ np.uint64(0x646F72616E646F6D) ^ np.uint64(0xEE)
        v2 = k0 ^ np.uint64(0x6C7967656E657261)
        v3 = k1 ^ np.uint64(0x7465646279746573)
        whole = start + (length // 8) * 8
        position = start
        while position < whole:
            word = np.uint64(0)
            for i in range(8):
                word |= np.uint64(data[position + i]) << np.uint64(8 * i)
            v3 ^= word
            for _ in range(2):
                v0, v1, v2, v3 = _round(v0, v1, v2, v3)
            v0 ^= word
            position += 8
        word = np.uint64(length & 255) << np.uint64(56)
        for i in range(stop - whole):
            word |= np.uint64(data[whole + i]) << np.uint64(8 * i)
        v3 ^= word
        for _ in range(2):
            v0, v1, v2, v3 = _round(v0, v1, v2, v3)
        v0 ^= word
        v2 ^= np.uint64(0xEE)
        for _ in range(4):
            v0, v1, v2, v3 = _round(v0, v1, v2, v3)
        low[row] = v0 ^ v1 ^ v2 ^ v3
        v1 ^= np.uint64(0xDD)
        for _ in range(4):
            v0, v1, v2, v3 = _round(v0, v1, v2, v3)
        high[row] = v0 ^ v1 ^ v2 ^ v3


def hash_strings(strings: pa.Array, secret: bytes) -> tuple[Keys, Keys]:
    """128-bit keys of strings as two int64 arrays (first and second half of the output).

    Args:
        strings: Arrow strings, (n,); a null counts as the empty string.
        secret: 16 bytes.
    """
    array = strings.combine_chunks() if isinstance(strings, pa.ChunkedArray) else strings
    array = array.cast(pa.large_string())
    _, offsets, data = array.buffers()
    n = len(array)
    edges = np.frombuffer(offsets, np.int64)[array.offset : array.offset + n + 1]
    octets = np.frombuffer(data, np.uint8) if data is not None and len(data) else _NONE
    first, second = np.empty(n, np.uint64), np.empty(n, np.uint64)
    k0, k1 = np.frombuffer(secret, "<u8")
    if n:
        _siphash(octets, edges, k0, k1, second, first)
    return first.view(np.int64), second.view(np.int64)


_NONE = np.zeros(0, np.uint8)
