"""Calendar months of the data, in a time zone."""

import datetime
import zoneinfo

import numpy as np
from numpy.typing import NDArray

from everytouch.trails.model import Trails
from everytouch.trails.scope import microseconds


def month_edges(
    trails: Trails, zone: zoneinfo.ZoneInfo
) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Names (YYYY-MM) of the months from the first moment to the last, and their first µs."""
    if trails.first is None or trails.last is None:
        return (), np.zeros(0, np.int64)
    months = _months(trails.first.astimezone(zone), trails.last.astimezone(zone))
    return tuple(f"{m:%Y-%m}" for m in months), np.array([microseconds(m) for m in months])


def _months(first: datetime.datetime, last: datetime.datetime) -> list[datetime.datetime]:
    months, at = [], first.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while at <= last:
        months.append(at)
        at = at.replace(year=at.year + at.month // 12, month=at.month % 12 + 1)
    return months
