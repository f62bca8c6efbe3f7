"""Calendar days, weeks and months of the data, in a time zone."""

import datetime
import zoneinfo
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from everytouch.trails.model import Trails
from everytouch.trails.scope import microseconds

Every = Literal["day", "week", "month"]
EVERY: tuple[str, ...] = get_args(Every)
_NAMES = {"day": "%Y-%m-%d", "week": "%G-W%V", "month": "%Y-%m"}


def month_edges(
    trails: Trails, zone: zoneinfo.ZoneInfo
) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Names (YYYY-MM) of the months from the first moment to the last, and their first µs."""
    names, edges = period_edges(trails, zone, "month")
    return names, edges[:-1]


def period_edges(
    trails: Trails, zone: zoneinfo.ZoneInfo, every: Every
) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Names of the periods from the first moment to the last, and their edges.

    Weeks begin on Monday and are named by ISO 8601 (2026-W09).

    Returns:
        p names, and the first microseconds of the periods and of the one after: (p + 1,).
    """
    if trails.first is None or trails.last is None:
        return (), np.zeros(1, np.int64)
    first, last = trails.first.astimezone(zone).date(), trails.last.astimezone(zone).date()
    days = [_begin(first, every)]
    while days[-1] <= last:
        days.append(_next(days[-1], every))
    starts = [datetime.datetime.combine(day, datetime.time(), zone) for day in days]
    return (
        tuple(day.strftime(_NAMES[every]) for day in days[:-1]),
        np.array([microseconds(start) for start in starts]),
    )


def _begin(day: datetime.date, every: Every) -> datetime.date:
    if every == "month":
        return day.replace(day=1)
    return day - datetime.timedelta(days=day.weekday() if every == "week" else 0)


def _next(day: datetime.date, every: Every) -> datetime.date:
    if every == "month":
        return day.replace(year=day.year + day.month // 12, month=day.month % 12 + 1)
    return day + datetime.timedelta(days=7 if every == "week" else 1)
