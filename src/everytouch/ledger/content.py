"""What a record says, as one number: equal records have equal content, whenever they came.

Part of the content are the columns that a source gives, except for the id, which is part of the
key, and the sequence, which may be the record's place in a file. A column without a value adds
nothing, so a column that records get later leaves the content of earlier ones as it was.

The time of a record is kept apart. Over HTTP it depends on the sender's clock and on when an
event is sent again, so there a time alone makes no difference.
"""

import functools
import hashlib
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit
from numpy.typing import NDArray

from everytouch.moments.api import COLUMNS, Keys, Kind

UNKNOWN = 0
"""Content of a record that was stored before contents were: to be computed from its row."""

_TIME = "occurred_at"
_APART = ("id", "sequence", _TIME)
_UNORDERED = ("also",)  # lists that say the same in any order
_K1, _K2 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xFF51AFD7ED558CCD)
_K3 = np.uint64(0xC4CEB9FE1A85EC53)
_HALF = np.uint64(32)
_SEPARATOR = "\x1f"
_NONE = np.zeros(0, np.uint8)
Hashes = NDArray[np.uint64]


@njit(cache=True, nogil=True, inline="always")
def _mixed(word: Any) -> Any:  # pragma: no cover - compiled
    word = (word ^ (word >> np.uint64(33))) * _K2
    word = (word ^ (word >> np.uint64(33))) * _K3
    return word ^ (word >> np.uint64(33))


@njit(cache=True, nogil=True)
def _texts(data: Any, offsets: Any, seed: Any, out: Any) -> None:  # pragma: no cover - compiled
    """Hash the strings of an Arrow buffer."""
    for row in range(len(offsets) - 1):
        start, stop = np.int64(offsets[row]), np.int64(offsets[row + 1])
        whole = start + ((stop - start) // 8) * 8
        state = seed ^ (np.uint64(stop - start) * _K1)
        position = start
        while position < whole:
            word = np.uint64(0)
            for i in range(8):
                word |= np.uint64(data[position + i]) << np.uint64(8 * i)
            state = (state ^ word) * _K2
            state ^= state >> _HALF
            position += 8
        word = np.uint64(0)
        for i in range(stop - whole):
            word |= np.uint64(data[whole + i]) << np.uint64(8 * i)
        out[row] = _mixed((state ^ word) * _K1)


@njit(cache=True, nogil=True)
def _words(values: Any, width: Any, seed: Any, out: Any) -> None:  # pragma: no cover - compiled
    """Hash values of ``width`` words of 64 bits."""
    for row in range(len(out)):
        state = seed
        for i in range(width):
            state = (state ^ values[row * width + i]) * _K2
            state ^= state >> _HALF
        out[row] = _mixed(state * _K1)


@njit(cache=True, nogil=True)
def _lists(elements: Any, offsets: Any, ordered: Any, out: Any) -> None:
    # pragma: no cover - compiled
    """Put the hashes of the elements of each list together."""
    for row in range(len(offsets) - 1):
        start, stop = offsets[row], offsets[row + 1]
        state = np.uint64(stop - start)
        for i in range(start, stop):
            place = np.uint64(i - start + 1) if ordered else np.uint64(0)
            state += _mixed(elements[i] ^ (place * _K1))
        out[row] = _mixed(state)


def content_of(kind: Kind, rows: pa.Table, secret: bytes) -> Keys:
    """Return the content of records without their time, never ``UNKNOWN``, (n,).

    Args:
        rows: with all columns of the record; others are not looked at.
        secret: the workspace's, without which a content says nothing.
    """
    total = np.full(len(rows), np.frombuffer(secret, "<u8")[0], np.uint64)
    for name in (column.name for column in COLUMNS[kind] if column.name not in _APART):
        values = rows[name]
        if kind == "traits" and name == "value":
            values = _without_once(rows["id"], values)
        if values.null_count < len(values):
            total += _column(values, _seed(name, secret), name not in _UNORDERED)
    content = total.view(np.int64)
    content[content == UNKNOWN] = 1
    return content


def _without_once(ids: pa.Array, values: pa.Array) -> pa.Array:
    """Values of traits, without those of which only the first that ever came counts.

    Another value of such a trait is nothing new, and no conflict with the first.
    """
    once = pc.starts_with(ids, f"once{_SEPARATOR}")
    return pc.if_else(pc.fill_null(once, False), pa.scalar(None, values.type), values)


def with_time(content: Keys, rows: pa.Table) -> Keys:
    """Return contents that differ where the time of records does."""
    both = content + _column(rows[_TIME], _K1, ordered=True).view(np.int64)
    both[both == UNKNOWN] = 1
    return both


@functools.lru_cache(maxsize=128)
def _seed(name: str, secret: bytes) -> np.uint64:
    """Return the seed of a column, so that a value in another column is another value."""
    digest = hashlib.blake2b(name.encode(), digest_size=8, key=secret).digest()
    return np.uint64(int.from_bytes(digest, "little"))


def _column(values: pa.Array | pa.ChunkedArray, seed: np.uint64, ordered: bool) -> Hashes:
    """Return the hash of each value, 0 for one that is missing."""
    array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    hashes = _valued(array, seed, ordered)
    if array.null_count:
        hashes[pc.is_null(array).to_numpy(zero_copy_only=False)] = 0
    return hashes


def _valued(array: pa.Array, seed: np.uint64, ordered: bool) -> Hashes:
    out, kind = np.zeros(len(array), np.uint64), array.type
    if pa.types.is_list(kind):
        lengths = pc.fill_null(pc.list_value_length(array), 0).to_numpy(zero_copy_only=False)
        elements = _column(pc.list_flatten(array), seed, ordered=True)
        _lists(elements, np.append(0, np.cumsum(lengths)), ordered, out)
    elif pa.types.is_string(kind):
        _, offsets, data = array.buffers()
        edges = np.frombuffer(offsets, np.int32)[array.offset : array.offset + len(array) + 1]
        octets = np.frombuffer(data, np.uint8) if data is not None and data.size else _NONE
        _texts(octets, edges, seed, out)
    else:
        words, width = _numbers(array)
        _words(words, width, seed, out)
    return out


def _numbers(array: pa.Array) -> tuple[Hashes, int]:
    """Return the words of numbers, and how many each has; equal numbers have equal words."""
    if pa.types.is_decimal(array.type):
        words = np.frombuffer(array.buffers()[1], np.uint64)
        return words[2 * array.offset : 2 * (array.offset + len(array))], 2
    if pa.types.is_floating(array.type):
        values = pc.fill_null(array, 0.0).to_numpy(zero_copy_only=False) + 0.0  # no negative zero
        values[np.isnan(values)] = np.nan  # one of them
        return values.view(np.uint64), 1
    values = array if pa.types.is_boolean(array.type) else array.view(pa.int64())
    whole = pc.fill_null(values.cast(pa.int64()), 0).to_numpy(zero_copy_only=False)
    return whole.view(np.uint64), 1
