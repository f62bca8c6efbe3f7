"""When a scheduled source runs: an interval, or a time of day in a time zone."""

import datetime
import re
import zoneinfo
from dataclasses import dataclass

from everytouch.errors import SourceError
from everytouch.settings import TIMEZONES

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DURATION = re.compile(r"([1-9]\d{0,5})\s*([smhd])")
_CLOCK = re.compile(r"(?:(daily)|(?:weekly )?(%s)) (\d{1,2}):(\d{2})" % "|".join(DAYS))  # noqa: UP031
_FIRST_RETRY, _LAST_RETRY = datetime.timedelta(minutes=1), datetime.timedelta(hours=6)


def duration(text: str, place: str) -> datetime.timedelta:
    """Read a duration such as 30s, 15m, 1h or 2d.

    Raises:
        SourceError: it is no duration.
    """
    found = _DURATION.fullmatch(text.strip().lower())
    if not found:
        raise SourceError(
            f"{place}: invalid duration {text!r}", "write a number and s, m, h or d, as in 15m"
        )
    return datetime.timedelta(**{_UNITS[found[2]]: int(found[1])})


@dataclass(frozen=True)
class Schedule:
    """A repeating time.

    Attributes:
        text: as the source file states it.
        every: the interval, when it is one.
        at: the time of day, when it is one.
        weekday: 0 for Monday; every day when None.
    """

    text: str
    zone: zoneinfo.ZoneInfo
    every: datetime.timedelta | None = None
    at: datetime.time | None = None
    weekday: int | None = None

    def after(self, moment: datetime.datetime) -> datetime.datetime:
        """Return the first time later than ``moment``, in UTC.

        A time of day that the clock change skips is replaced by the same time an hour later;
        one that comes twice counts once, at its first occurrence.
        """
        if self.every is not None:
            return moment + self.every
        assert self.at is not None  # noqa: S101 - one of the two is always given
        day = moment.astimezone(self.zone).date() - datetime.timedelta(days=1)
        while True:
            local = datetime.datetime.combine(day, self.at, self.zone)
            found = local.astimezone(datetime.UTC)
            if found > moment and self.weekday in (None, day.weekday()):
                return found
            day += datetime.timedelta(days=1)


def read_schedule(text: object, zone: object, place: str) -> Schedule:
    """Read ``every`` of a source: 15m, 1h, daily 03:00, monday 03:00.

    Raises:
        SourceError: the interval, the time or the time zone is invalid.
    """
    if zone not in TIMEZONES:
        raise SourceError(
            f"{place}: unknown time zone {zone!r}", "use an IANA name, as in Europe/Berlin"
        )
    if not isinstance(text, str):
        raise SourceError(f"{place}: every is missing", 'add every = "15m" or "daily 03:00"')
    named = zoneinfo.ZoneInfo(str(zone))
    clock = _CLOCK.fullmatch(text.strip().lower())
    if clock:
        return _clock(text, clock, named, place)
    if not _DURATION.fullmatch(text.strip().lower()):
        raise SourceError(
            f"{place}: invalid schedule {text!r}",
            "write an interval, as in 15m or 1h, or a time, as in daily 03:00 or monday 03:00",
        )
    return Schedule(text, named, every=duration(text, place))


def _clock(text: str, found: re.Match[str], zone: zoneinfo.ZoneInfo, place: str) -> Schedule:
    hour, minute = int(found[3]), int(found[4])
    if hour > 23 or minute > 59:
        raise SourceError(f"{place}: invalid time in {text!r}", "write a time from 00:00 to 23:59")
    weekday = DAYS.index(found[2]) if found[2] else None
    return Schedule(text, zone, at=datetime.time(hour, minute), weekday=weekday)


def retry_after(failures: int) -> datetime.timedelta:
    """Return how long to wait after so many failed runs in a row: 1 minute, doubled each time."""
    doubled: datetime.timedelta = _FIRST_RETRY * 2 ** min(failures - 1, 16)
    return min(doubled, _LAST_RETRY)
