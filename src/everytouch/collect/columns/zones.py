"""Local times of a zone in UTC: exact, with gaps refused and repeated hours counted."""

import datetime
import functools
import zoneinfo
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_UTC = datetime.UTC
_FIRST, _LAST = (
    datetime.datetime(1901, 1, 1, tzinfo=_UTC),
    datetime.datetime(2101, 1, 1, tzinfo=_UTC),
)
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=_UTC)
_SECOND, _DAY = 1_000_000, 86_400_000_000
Micros = NDArray[np.int64]


@dataclass
class Tally:
    """Counts local times that happen twice."""

    ambiguous: int = 0


@dataclass(frozen=True)
class Local:
    """Local times in UTC.

    Attributes:
        utc: microseconds since 1970, (n,); of a time that does not exist, the end of the gap.
        ambiguous: which happen twice, as when summer time ends; the earlier is taken.
        missing: which do not exist, as when summer time begins. A midnight that does not exist
            is the start of its day and not among them.
    """

    utc: Micros
    ambiguous: NDArray[np.bool_]
    missing: NDArray[np.bool_]


@functools.cache
def _segments(zone: str) -> tuple[Micros, Micros, Micros]:
    """Of each stretch with one offset: its start and end in local time, and the offset, in µs."""
    info = zoneinfo.ZoneInfo(zone)
    changes, offsets = [_FIRST], [_offset(info, _FIRST)]
    day, step = _FIRST, datetime.timedelta(days=1)
    while day < _LAST:
        after = day + step
        if _offset(info, after) != offsets[-1]:
            changes.append(_change(info, day, after))
            offsets.append(_offset(info, after))
        day = after
    starts = np.array([_micros(change) for change in changes], np.int64)
    ends = np.append(starts[1:], _micros(_LAST) + 366 * _DAY)
    shift = np.array(offsets, np.int64) * _SECOND
    return starts + shift, ends + shift, shift


def _offset(info: zoneinfo.ZoneInfo, when: datetime.datetime) -> int:
    found = when.astimezone(info).utcoffset()
    return int(found.total_seconds()) if found is not None else 0


def _change(
    info: zoneinfo.ZoneInfo, low: datetime.datetime, high: datetime.datetime
) -> datetime.datetime:
    """The second at which the offset changes."""
    before = _offset(info, low)
    while (high - low).total_seconds() > 1:
        middle = low + datetime.timedelta(seconds=(high - low).total_seconds() // 2)
        low, high = (middle, high) if _offset(info, middle) == before else (low, middle)
    return high


def _micros(when: datetime.datetime) -> int:
    return (when - _EPOCH) // datetime.timedelta(microseconds=1)


def to_utc(local: Micros, zone: str) -> Local:
    """Return local times of a zone in UTC.

    Args:
        local: microseconds since 1970 as the clock on the wall shows them, (n,).
        zone: IANA name.
    """
    starts, ends, shift = _segments(zone)
    at = np.maximum(np.searchsorted(starts, local, side="right") - 1, 0)
    before = np.maximum(at - 1, 0)
    twice = (at > 0) & (local < ends[before])
    gap = local >= ends[at]
    utc = local - shift[np.where(twice, before, at)]
    utc = np.where(gap, ends[at] - shift[at], utc)
    return Local(utc, twice, gap & (local % _DAY != 0))


def one_to_utc(local: datetime.datetime, zone: str, tally: Tally) -> datetime.datetime | None:
    """Return one local time in UTC; None where it does not exist."""
    micros = (local.replace(tzinfo=_UTC) - _EPOCH) // datetime.timedelta(microseconds=1)
    found = to_utc(np.array([micros], np.int64), zone)
    if found.missing[0]:
        return None
    tally.ambiguous += int(found.ambiguous[0])
    return _EPOCH + datetime.timedelta(microseconds=int(found.utc[0]))
